"""A ``calibration.json``: how logits are read, where they are not, and what that choice rests on.

The laboratory writes it (`linewise lab calibrate`); reading it takes neither scikit-learn nor
pickle.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.errors import ProbeMismatchError
from linewise.probe.artefact import read_artefact
from linewise.probe.calibration import Calibrator, Probabilities
from linewise.probe.domain import Conditional, Domain

CALIBRATION_VERSION = 1


@frozen
class LevelCalibration:
    """How one level's logits are read.

    ``scaler`` names ``calibrator``'s kind. ``conditional`` takes its place where strangeness is
    known. Above ``abstain_above`` no probability is shown: "uncalibrated here".
    ``risk_coverage`` states what that buys: rows of coverage, strangeness, skill and error.
    ``trials`` are the figures the choices were made by; both are for people.
    """

    scaler: str
    calibrator: Calibrator
    conditional: Conditional | None = None
    abstain_above: float | None = None
    risk_coverage: list[dict[str, Any]] = field(factory=list)
    trials: dict[str, Any] = field(factory=dict)

    def __call__(
        self,
        logits: npt.ArrayLike,
        strangeness: npt.ArrayLike | None = None,
        lines: npt.ArrayLike = 1,
    ) -> tuple[Probabilities, npt.NDArray[np.bool_]]:
        """Return probabilities (n,) and where to abstain (n,).

        ``strangeness`` and ``lines`` (code lines of the document) are of each item, or of all.
        """
        z = np.asarray(logits, np.float64)
        if strangeness is None:
            return self.calibrator(z), np.zeros(z.shape, bool)
        strange = np.broadcast_to(np.asarray(strangeness, np.float64), z.shape)
        limit = np.inf if self.abstain_above is None else self.abstain_above
        if self.conditional is None:
            return self.calibrator(z), strange > limit
        return self.conditional(z, strange, lines), strange > limit


@frozen
class CalibrationFile:
    """The content of a ``calibration.json``.

    ``method`` is what was calibrated; ``model_sha256`` and ``input_builder`` say for which target
    model's weights and which inputs (as in the probe's manifest; None: no model involved).
    """

    version: int
    method: str
    model_sha256: str | None
    input_builder: int
    levels: dict[str, LevelCalibration]
    domain: Domain | None
    provenance: dict[str, Any]

    def check_fits(self, model: str, model_sha256: str, input_builder: int) -> None:
        """Refuse, by name, a calibration made for something else.

        Raises
        ------
        ProbeMismatchError
            If the target model's weights or the input builder differ.
        """
        if self.input_builder != input_builder:
            raise ProbeMismatchError(
                f"the calibration of {self.method} was fitted with input builder "
                f"{self.input_builder}, this version of Linewise builds inputs with "
                f"{input_builder}; make it again with `linewise lab calibrate`"
            )
        if self.model_sha256 is not None and self.model_sha256 != model_sha256:
            raise ProbeMismatchError(
                f"the calibration of {self.method} was fitted on weights "
                f"{self.model_sha256[:12]}…, but {model} has weights {model_sha256[:12]}…; "
                "make it again with `linewise lab calibrate`"
            )


def read_calibration(path: Path) -> CalibrationFile:
    """Read a ``calibration.json``.

    Raises
    ------
    ProbeMismatchError
        If it is not JSON of the version and shape this code reads; the message names the file.
    """
    return read_artefact(
        path,
        CalibrationFile,
        CALIBRATION_VERSION,
        what="calibration",
        remedy="make it again with `linewise lab calibrate`",
    )


def write_calibration(calibration: CalibrationFile, path: Path) -> None:
    """Write ``calibration`` as stable JSON; numbers keep the digits that matter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_short(cattrs.unstructure(calibration)), indent=1)
    path.write_text(text + "\n", "utf-8")


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return value
