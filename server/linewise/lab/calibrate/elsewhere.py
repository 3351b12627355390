"""Making a calibration hold elsewhere: what is tried, and how each try fares on unseen sources.

Every figure here comes from logits of a method that saw no label of the source, read by a
calibration that saw none either: what a user's own code will be to the shipped product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from linewise.errors import LabDataError
from linewise.lab.calibrate.scalers import fit
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.predictions import Predictions, joined
from linewise.probe.calibration import Platt
from linewise.probe.domain import Conditional, conditional_terms
from linewise.probe.prior_shift import estimated_rate, shifted

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Reading = Callable[[Predictions, Predictions], Floats]
"""From labelled predictions of known sources and those of another to its probabilities."""

ACCEPTABLE_ERROR = 0.05
"""The ECE up to which a probability is worth showing."""
_PENALTY = 10.0
_GRID = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def logits_of(each: Predictions) -> Floats:
    """Return the logits of predictions.

    Raises
    ------
    LabDataError
        If they have none.
    """
    if each.logit is None:
        raise LabDataError(f"{each.title}: has no logits to calibrate")
    return each.logit


def strangeness_of(each: Predictions) -> Floats:
    """Return the out-of-domain score of each item, 0 where the method has none."""
    return np.zeros(len(each)) if each.domain is None else each.domain


def lines_of(each: Predictions) -> Floats:
    """Return how many items (code lines, at line level) the document of each item has."""
    _, codes, counts = np.unique(each.document, return_inverse=True, return_counts=True)
    return counts[codes].astype(np.float64)


def fit_conditional(known: Predictions) -> Conditional:
    """Fit the calibration conditional on strangeness and length; every source weighs the same.

    Otherwise the largest source would decide how strange code is read.
    """
    terms = conditional_terms(logits_of(known), strangeness_of(known), lines_of(known))
    sources, codes, counts = np.unique(known.source, return_inverse=True, return_counts=True)
    weight = len(known) / (len(sources) * counts[codes])
    # Standardized for the penalty's sake only; undone in the weights.
    mean, scale = terms[:, :-1].mean(axis=0), terms[:, :-1].std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=_PENALTY, max_iter=1000)
    model.fit((terms[:, :-1] - mean) / scale, known.label, sample_weight=weight)
    slopes = model.coef_[0] / scale
    constant = float(model.intercept_[0] - slopes @ mean)
    return Conditional((*map(float, slopes), constant))


def scaled(known: Predictions, other: Predictions) -> Floats:
    """Read the other source by Platt scaling of the known ones."""
    return _platt(known)(logits_of(other))


def conditional(known: Predictions, other: Predictions) -> Floats:
    """Read it by the calibration conditional on strangeness and length."""
    made = fit_conditional(known)
    return made(logits_of(other), strangeness_of(other), lines_of(other))


def shifted_by_em(known: Predictions, other: Predictions) -> Floats:
    """Read it by Platt scaling, moved to the base rate that EM finds without labels."""
    p, rate = scaled(known, other), float(known.label.mean())
    return shifted(p, rate, estimated_rate(p, rate))


def shifted_by_rate(known: Predictions, other: Predictions) -> Floats:
    """Read it by Platt scaling, moved to its true base rate, as if a workspace knew its own."""
    rate = float(np.clip(other.label.mean(), 1e-6, 1.0 - 1e-6))
    return shifted(scaled(known, other), float(known.label.mean()), rate)


READINGS: dict[str, Reading] = {
    "platt": scaled,
    "conditional": conditional,
    "prior shift, EM": shifted_by_em,
    "prior shift, true rate": shifted_by_rate,
}


def transport(left_out: Mapping[str, Predictions]) -> dict[str, Any]:
    """Return how each reading fares on each source, calibrated on all the others.

    ``left_out`` holds, by source, predictions of a method that learned from the others. Sources of
    one class have no figures.

    Raises
    ------
    LabDataError
        If there are fewer than two sources.
    """
    if len(left_out) < 2:
        raise LabDataError("how a calibration fares elsewhere takes predictions for two sources")
    figures: dict[str, Any] = {}
    for source, other in left_out.items():
        known = joined([each for name, each in left_out.items() if name != source])
        figures[source] = {"items": len(other), "base_rate": round(float(other.label.mean()), 4)}
        if other.label.any() and not other.label.all():
            for name, reading in READINGS.items():
                p = reading(known, other)
                figures[source][name] = {
                    key: round(metric(other.label, p), 4) for key, metric in HEADLINE.items()
                }
    return figures


def risk_coverage(left_out: Mapping[str, Predictions], reading: Reading) -> list[dict[str, Any]]:
    """Return, by limit of strangeness, what is covered and how well, over all left-out sources.

    ``worst_ece`` is that of the source it is highest for (sources with 100 covered items).
    """
    readings = {
        source: reading(joined([each for name, each in left_out.items() if name != source]), other)
        for source, other in left_out.items()
    }
    strange = {source: strangeness_of(each) for source, each in left_out.items()}
    limits = np.quantile(np.concatenate(list(strange.values())), _GRID)
    rows = []
    for limit in limits.tolist():
        kept = {source: strange[source] <= limit for source in left_out}
        labels = np.concatenate([left_out[s].label[kept[s]] for s in left_out])
        p = np.concatenate([readings[s][kept[s]] for s in left_out])
        errors = [
            HEADLINE["ece"](left_out[s].label[kept[s]], readings[s][kept[s]])
            for s in left_out
            if kept[s].sum() >= 100
        ]
        rows.append(
            {
                "strangeness": round(limit, 4),
                "coverage": round(len(labels) / sum(map(len, left_out.values())), 4),
                "bss": _figure(HEADLINE["bss"](labels, p)),
                "ece": _figure(HEADLINE["ece"](labels, p)),
                "worst_ece": _figure(max(errors, default=float("nan"))),
            }
        )
    return rows


def abstain_above(rows: list[dict[str, Any]]) -> float:
    """Return the widest limit of strangeness below which even the worst source is calibrated.

    At most the greatest strangeness measured: of stranger code nothing is known. If no limit will
    do, the narrowest tried: what cannot be calibrated is then at least shown for the most familiar
    code only.
    """
    good = [
        row
        for row in rows
        if row["worst_ece"] is not None
        and row["worst_ece"] <= ACCEPTABLE_ERROR
        and (row["bss"] or 0.0) > 0.0
    ]
    if not good:
        return float(rows[0]["strangeness"])
    return float(max(good, key=lambda row: row["coverage"])["strangeness"])


def _platt(known: Predictions) -> Platt:
    made = fit("platt", logits_of(known), known.label, f"items of {known.title}")
    assert isinstance(made, Platt)  # noqa: S101 - by name
    return made


def _figure(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
