"""Signal, noise and their ratio, of one explanation repeated.

Bogaert and Standaert (arXiv 2403.10275) define signal, noise and SNR of explanations for
univariate, first-order statistics; their formulas could not be read. Those here are *ours*, built
as their field builds them (signal is a variance of means, noise a mean of variances), with the
bias of finitely many repetitions taken off. For features i = 1 … n (tokens, lines or categories)
and repetitions s = 1 … S (seeds, bootstrap resamples, harmless rewrites) with weights e[s, i]:

    μ[i] = mean over s of e[s, i]          v[i] = variance over s of e[s, i], by S - 1
    noise  = mean over i of v[i]
    signal = variance over i of μ[i], by n - 1, less noise / S; not below 0
    SNR    = signal / noise

Signal and noise are in the squared unit of the weights; the SNR is a plain ratio, 0 to ∞. At 1,
half the variance of a single repetition is luck.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.lab.evaluate.bootstrap import Interval
from linewise.rationale.statistics.aggregators import Floats

_NAN = float("nan")
Ratio = Callable[[Floats], float]
"""An SNR of explanations (S, …), nan where it is undefined."""


@frozen
class SignalNoise:
    """Signal and noise in squared units of the weights; ``snr`` is nan if both are 0.

    ``reliability`` (0 to 1) is the correlation to expect between two single repetitions,
    SNR / (1 + SNR); ``reliability_of_mean`` that between the mean of these S repetitions and the
    mean of S others.
    """

    signal: float
    noise: float
    snr: float
    reliability: float
    reliability_of_mean: float


@frozen(eq=False)
class FeatureNoise:
    """Each feature's mean, variance (by S - 1) and z, (n,) each.

    ``z`` is by how many standard errors of its mean over the repetitions a feature stands out from
    the mean of all features; ±∞ where it never varies, nan if it also does not stand out.
    """

    mean: Floats
    variance: Floats
    z: Floats


def normalised(explanations: npt.ArrayLike) -> Floats:
    """Return explanations (S, n) with absolute weights that add up to 1 in each repetition.

    Repetitions by different models differ in scale, which says nothing of what they rest on. One
    that is 0 throughout stays so.
    """
    e = np.asarray(explanations, np.float64)
    size = np.abs(e).sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(e, size, out=np.zeros_like(e), where=size > 0))


def signal_noise(explanations: npt.ArrayLike) -> SignalNoise:
    """Return the first-order signal and noise of explanations (S, n), S ≥ 2 and n ≥ 2.

    Raises ValueError for fewer: one repetition has no noise, one feature no signal.
    """
    e = _repeated(explanations, features=2)
    noise = float(e.var(axis=0, ddof=1).mean())
    return _of(float(e.mean(axis=0).var(ddof=1)) - noise / len(e), noise, len(e))


def feature_noise(explanations: npt.ArrayLike) -> FeatureNoise:
    """Return how each feature of explanations (S, n), S ≥ 2, stands out from its own noise."""
    e = _repeated(explanations, features=1)
    mean, variance = e.mean(axis=0), e.var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (mean - mean.mean()) / np.sqrt(variance / len(e))
    return FeatureNoise(mean, variance, z)


def by_class(
    explanations: npt.ArrayLike, classes: npt.ArrayLike, count: int
) -> tuple[SignalNoise | None, ...]:
    """Return signal and noise among the features of each class 0 … ``count`` - 1.

    ``classes`` (n,) are the categories or the lines of the features (S, n). None stands for a
    class of fewer than two features.
    """
    e, of = np.asarray(explanations, np.float64), np.asarray(classes)
    parts = [e[:, of == each] for each in range(count)]
    return tuple(signal_noise(part) if part.shape[1] > 1 else None for part in parts)


def trace_ratio(explanations: npt.ArrayLike) -> SignalNoise:
    """Return the multivariate signal and noise of explanations (S, n, d), S ≥ 2 and n ≥ 2.

    Each of n items (lines, texts) is explained by a vector of d features (categories, say): the
    signal is the trace of the covariance of the items' mean vectors, the noise that of the mean
    covariance over repetitions, corrected as above. Directions that no single feature shows add
    up here. With d = 1 it is `signal_noise`. Raises ValueError for fewer.
    """
    e = _repeated(explanations, features=2)
    noise = float(e.var(axis=0, ddof=1).mean(axis=0).sum())
    return _of(float(e.mean(axis=0).var(axis=0, ddof=1).sum()) - noise / len(e), noise, len(e))


def rank_agreement(explanations: npt.ArrayLike) -> float:
    """Return the mean Spearman correlation, -1 to 1, over pairs of repetitions of (S, n).

    It asks only whether the order of the features is the same, so outliers and scale do not
    count. Kendall's W is (1 + (S - 1) ρ) / S of it. A repetition that ranks nothing, all weights
    being equal, is left out; nan if fewer than two remain.
    """
    # Only now: it takes longer to import than all that does without it to compute.
    from scipy import stats

    e = _repeated(explanations, features=2)
    ranks = stats.rankdata(e, axis=1)
    ranks = ranks[np.ptp(ranks, axis=1) > 0]
    if len(ranks) < 2:
        return _NAN
    every = np.corrcoef(ranks)
    return float(every[np.triu_indices(len(every), 1)].mean())


def rank_snr(explanations: npt.ArrayLike) -> float:
    """Return the rank-based SNR of explanations (S, n): ρ / (1 - ρ) of `rank_agreement`.

    That is the SNR whose reliability ρ is: on the scale of `SignalNoise.snr`, 0 to ∞.
    """
    rho = max(rank_agreement(explanations), 0.0)
    return rho / (1.0 - rho) if rho < 1.0 else float("inf")


def first_order_snr(explanations: npt.ArrayLike) -> float:
    """Return `SignalNoise.snr` of explanations (S, n)."""
    return signal_noise(explanations).snr


def with_interval(ratio: Ratio, explanations: npt.ArrayLike) -> Interval:
    """Return an SNR of explanations (S, …), S ≥ 3, with a 95 % interval over the repetitions.

    It is a jackknife interval of log(1 + SNR) with Student's t at S - 1 degrees of freedom: a
    bootstrap would draw repetitions twice, and twins look less noisy than they are. It says how
    well S repetitions determine the SNR of *these* features; nan where the SNR is not finite.
    """
    from scipy import stats

    e = _repeated(explanations, features=1)
    if len(e) < 3:
        raise ValueError("an interval of an SNR needs at least 3 repetitions")
    value = ratio(e)
    whole = np.log1p(value)
    left_out = np.log1p([ratio(np.delete(e, each, axis=0)) for each in range(len(e))])
    with np.errstate(invalid="ignore"):
        pseudo = len(e) * whole - (len(e) - 1) * left_out
    if not np.isfinite(pseudo).all():
        return Interval(value, _NAN, _NAN)
    margin = stats.t.ppf(0.975, len(e) - 1) * pseudo.std(ddof=1) / np.sqrt(len(e))
    low, high = np.expm1([max(whole - margin, 0.0), whole + margin])
    return Interval(value, float(low), float(high))


def _repeated(explanations: npt.ArrayLike, features: int) -> Floats:
    e = np.asarray(explanations, np.float64)
    if e.ndim < 2 or e.shape[0] < 2 or e.shape[1] < features:
        raise ValueError(
            f"noise needs at least 2 repetitions of at least {features} features, not {e.shape}"
        )
    return e


def _of(signal: float, noise: float, repetitions: int) -> SignalNoise:
    signal = max(signal, 0.0)
    without_noise = float("inf") if signal > 0 else _NAN
    snr = signal / noise if noise > 0 else without_noise
    return SignalNoise(signal, noise, snr, _reliability(snr), _reliability(repetitions * snr))


def _reliability(snr: float) -> float:
    return 1.0 if snr == float("inf") else snr / (1.0 + snr)
