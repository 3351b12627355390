"""Scalers by name, and the choice among them on folds that share no problem."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

from linewise.errors import LabDataError
from linewise.lab.evaluate.metrics import HEADLINE, METRICS
from linewise.probe.calibration import Beta, Calibrator, Isotonic, Platt, sigmoid

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Fit = Callable[[Floats, Bools], Calibrator]

FOLDS = 5
CHOSEN_BY = "bss"
_STEPS = 512
"""At most so many points of an isotonic curve are kept."""


def fit_none(logits: Floats, labels: Bools) -> Platt:
    """Return the sigmoid itself."""
    return Platt(1.0, 0.0, float(labels.mean()), len(logits))


def fit_temperature(logits: Floats, labels: Bools) -> Platt:
    """Fit one slope by maximum likelihood (Guo et al. 2017); the intercept stays 0."""

    def loss(log_slope: float) -> float:
        return float(log_loss(labels, sigmoid(np.exp(log_slope) * logits)))

    found = minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded")
    return Platt(float(np.exp(found.x)), 0.0, float(labels.mean()), len(logits))


def fit_platt(logits: Floats, labels: Bools) -> Platt:
    """Fit unpenalized logistic regression of the label on the logit (arXiv 2512.24560 §2.3)."""
    model = LogisticRegression(C=np.inf).fit(logits[:, None], labels)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    return Platt(slope, intercept, float(labels.mean()), len(labels))


def fit_beta(logits: Floats, labels: Bools) -> Beta:
    """Fit beta calibration; a slope that would come out negative is fixed at 0, as its authors do.

    A falling tail would rank items against their logits.
    """
    terms = np.column_stack((-np.logaddexp(0.0, -logits), np.logaddexp(0.0, logits)))
    kept = [0, 1]
    model = LogisticRegression(C=np.inf).fit(terms, labels)
    if model.coef_.min() < 0:
        kept = [int(model.coef_[0].argmax())]
        model = LogisticRegression(C=np.inf).fit(terms[:, kept], labels)
    slopes = np.zeros(2)
    slopes[kept] = np.maximum(model.coef_[0], 0.0)
    rise, fall = map(float, slopes)
    return Beta(rise, fall, float(model.intercept_[0]), float(labels.mean()), len(labels))


def fit_isotonic(logits: Floats, labels: Bools) -> Isotonic:
    """Fit isotonic regression by scikit-learn; never quite 0 or 1, which no data can support."""
    least = 1.0 / (len(labels) + 2.0)
    model = IsotonicRegression(y_min=least, y_max=1.0 - least, out_of_bounds="clip")
    model.fit(logits, labels)
    points = np.arange(len(model.X_thresholds_))
    if len(points) > _STEPS:
        points = np.unique(np.linspace(0, len(points) - 1, _STEPS).astype(int))
    return Isotonic(
        tuple(model.X_thresholds_[points].tolist()),
        tuple(model.y_thresholds_[points].tolist()),
        float(labels.mean()),
        len(labels),
    )


SCALERS: dict[str, Fit] = {
    "none": fit_none,
    "temperature": fit_temperature,
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}


def fit(name: str, logits: npt.ArrayLike, labels: npt.ArrayLike, what: str = "items") -> Calibrator:
    """Fit the scaler of that name on logits and labels (n,); ``what`` names them in messages.

    Raises
    ------
    LabDataError
        If there is no such scaler, a logit is not finite, or all labels are of one class.
    """
    z, y = np.asarray(logits, np.float64), np.asarray(labels, bool)
    if name not in SCALERS:
        raise LabDataError(f"there is no scaler {name!r}; there are {', '.join(SCALERS)}")
    if wrong := int((~np.isfinite(z)).sum()):
        raise LabDataError(f"{wrong} of {len(z)} logits of {what} are not finite numbers")
    if not y.any() or y.all():
        raise LabDataError(
            f"the {len(y)} {what} are all {'edited' if y.any() else 'unedited'}: nothing can be "
            "calibrated on one class; use more programs"
        )
    return SCALERS[name](z, y)


def trials(
    logits: npt.ArrayLike, labels: npt.ArrayLike, groups: npt.ArrayLike, folds: int = FOLDS
) -> dict[str, dict[str, float]]:
    """Return each scaler's out-of-fold figures; items of one group are never on both sides.

    A fold whose rest is of one class is left out; its number is in ``one_class_folds``.

    Raises
    ------
    LabDataError
        If no fold can be used.
    """
    z, y = np.asarray(logits, np.float64), np.asarray(labels, bool)
    names = np.asarray(groups)
    folds = min(folds, len(np.unique(names)))
    split = list(GroupKFold(folds).split(z, groups=names)) if folds > 1 else []
    usable = [(a, b) for a, b in split if y[a].any() and not y[a].all()]
    if not usable:
        raise LabDataError(
            f"none of {len(split)} folds over {len(np.unique(names))} problems holds both edited "
            "and unedited items; use more programs"
        )
    held = np.concatenate([rest for _, rest in usable])
    found = {}
    for name in SCALERS:
        p = np.concatenate([fit(name, z[a], y[a])(z[b]) for a, b in usable])
        found[name] = {key: round(metric(y[held], p), 5) for key, metric in _FIGURES.items()}
        found[name]["log_loss"] = round(float(log_loss(y[held], p, labels=[False, True])), 5)
        found[name]["one_class_folds"] = len(split) - len(usable)
    return found


def choose(found: dict[str, dict[str, float]]) -> str:
    """Return the scaler of the highest out-of-fold skill; the first, hence simplest, of equals."""
    return max(found, key=lambda name: found[name][CHOSEN_BY])


_FIGURES = {**HEADLINE, "smece": METRICS["smece"]}
