"""The probe's three ONNX graphs.

``probe.onnx`` turns a unit's hidden states into evidence, once. ``query.onnx`` answers for any
set of its tokens from that evidence alone, so a further span costs no further pass of the target
model. ``lines.onnx`` answers for whole lines: it weighs what the query said of them against facts
that need no model. What lies inside the graphs (max pooling, trees, …) is the laboratory's choice.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from linewise.errors import ProbeMismatchError
from linewise.probe.calibration_file import CalibrationFile, read_calibration
from linewise.probe.manifest import ProbeManifest, read_manifest

Float32s = npt.NDArray[np.float32]


class Probe:
    """A loaded probe. Not thread-safe; the thread that owns the target model owns it too."""

    def __init__(self, folder: Path) -> None:
        """Load the probe in ``folder``.

        Raises
        ------
        ProbeMismatchError
            If the manifest or the calibration cannot be read, or a graph is not the file the
            manifest names.
        """
        self.manifest: ProbeManifest = read_manifest(folder / "manifest.json")
        for name, expected in self.manifest.files.items():
            _check_file(folder / name, expected)
        self._probe = _session(folder / "probe.onnx")
        self._query = _session(folder / "query.onnx")
        self._lines = _session(folder / "lines.onnx")
        # A probe without one calls no code strange.
        path = folder / "calibration.json"
        self.calibration: CalibrationFile | None = (
            read_calibration(path) if path.is_file() else None
        )

    def evidence(self, hidden: Float32s) -> Float32s:
        """Project hidden states (T, layers · d) to evidence (T, h), once per unit."""
        return np.asarray(self._probe.run(["evidence"], {"hidden": hidden})[0], np.float32)

    def logits(self, evidence: Float32s, member: npt.NDArray[np.bool_]) -> Float32s:
        """Return the logit of each span, (S,), from evidence (T, h) and membership (S, T).

        Every span must have at least one token.
        """
        feed = {"evidence": evidence, "member": member}
        return np.asarray(self._query.run(["logit"], feed)[0], np.float32)

    def calibrated(self, hidden: Float32s) -> bool:
        """Whether the probe was calibrated on code like that of hidden states (T, layers · d).

        Where it was not, a probability ranks lines and promises nothing: "uncalibrated here".
        """
        if self.calibration is None or self.calibration.domain is None:
            return True
        limit = self.calibration.levels["line"].abstain_above
        if limit is None:
            return True
        return bool(self.calibration.domain.strangeness(hidden.mean(axis=0))[0] <= limit)

    def line_logits(self, facts: Float32s, heads: Float32s) -> Float32s:
        """Return the logit of each line, (n,).

        Parameters
        ----------
        facts
            `linewise.analysis.line_facts` of the lines, (n, F).
        heads
            What `logits` said of each line and of all that was scored in the same pass, (n, 2).
        """
        feed = {"facts": facts, "heads": heads}
        return np.asarray(self._lines.run(["logit"], feed)[0], np.float32)


def _check_file(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ProbeMismatchError(f"{path}: cannot be read ({error}); reinstall Linewise") from error
    if actual != expected:
        raise ProbeMismatchError(
            f"{path}: SHA-256 {actual[:12]}… is not {expected[:12]}…; reinstall Linewise"
        )


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    # Microseconds of work: a second thread would cost more than it gives.
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
