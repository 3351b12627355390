"""The manifest beside a probe: what it was made for, how it is calibrated, how well it does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Protocol

import cattrs
import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.line_facts import FACTS
from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.errors import ProbeMismatchError
from linewise.probe.artefact import read_artefact
from linewise.probe.calibration import Floats, Platt
from linewise.wording import percent

MANIFEST_VERSION = 2


@frozen
class Calibrators:
    """One calibrator per level of question: one token, part of a line, a line, several lines."""

    token: Platt
    span: Platt
    line: Platt
    unit: Platt


class Reading(Protocol):
    """What turns logits of any shape into probabilities, with what it was fitted on."""

    @property
    def base_rate(self) -> float: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102
    def __call__(self, logits: Floats, /) -> npt.NDArray[np.float64]: ...  # noqa: D102


@frozen
class Calibration:
    """How logits are read where a text lies, and what that reading rests on.

    Lines are flagged from ``threshold`` on. ``source`` is ``shipped`` or ``workspace``.
    ``fitted`` says on what ("fitted on 12,345 lines, 8 % of them edited"), ``promise`` what
    became of lines of a probability ("needed an edit in …"); both are shown.
    """

    token: Reading
    span: Reading
    line: Reading
    unit: Reading
    threshold: float
    source: str
    fitted: str
    promise: str


@frozen
class ProbeManifest:
    """The content of ``manifest.json``.

    ``model`` and ``model_sha256`` name the target model by its weights; ``scheme`` how its graph
    was quantized when the probe was trained; ``layers`` the number of blocks below each hidden
    state the probe reads. ``facts`` names what else it is told of a line. ``files`` maps each
    graph to its SHA-256. ``threshold`` is the edit probability from which a line is flagged by
    default. ``metrics`` and ``provenance`` are for
    people: they are shown, never computed with.
    """

    version: int
    model: str
    model_sha256: str
    scheme: str
    layers: tuple[int, ...]
    hidden_size: int
    input_builder: int
    facts: tuple[str, ...]
    files: dict[str, str]
    calibrators: Calibrators
    threshold: float
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    licence: str

    @property
    def identity(self) -> str:
        """Equal for manifests that give equal probabilities; 64 hexadecimal digits."""
        parts = (
            self.model_sha256,
            self.scheme,
            self.layers,
            self.input_builder,
            self.facts,
            sorted(self.files.items()),
            self.calibrators,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    @property
    def calibration(self) -> Calibration:
        """The shipped calibration."""
        levels = self.calibrators
        line = levels.line
        return Calibration(
            levels.token,
            levels.span,
            line,
            levels.unit,
            self.threshold,
            "shipped",
            f"fitted on {line.n:,} lines, {percent(line.base_rate)} of them edited",
            "needed an edit in the probe's held-out data",
        )

    def check_fits(self, model: str, model_sha256: str, layers: tuple[int, ...]) -> None:
        """Refuse, by name, a probe made for something else.

        Raises
        ------
        ProbeMismatchError
            If the target model's weights, the layers or the input builder differ.
        """
        if self.input_builder != INPUT_BUILDER_VERSION:
            raise ProbeMismatchError(
                f"the probe for {self.model} was trained with input builder "
                f"{self.input_builder}, this version of Linewise builds inputs with "
                f"{INPUT_BUILDER_VERSION}; install the matching Linewise or train it again with "
                "`linewise lab train`"
            )
        if self.facts != FACTS:
            raise ProbeMismatchError(
                f"the probe for {self.model} was trained on other facts of a line than this "
                "version of Linewise states; install the matching Linewise or train it again with "
                "`linewise lab train`"
            )
        if self.model_sha256 != model_sha256:
            raise ProbeMismatchError(
                f"the probe was trained on {self.model} with weights {self.model_sha256[:12]}…, "
                f"but {model} has weights {model_sha256[:12]}…; pull the model again with "
                f"`linewise models pull {self.model} --force` or train a probe for it"
            )
        if missing := [layer for layer in self.layers if layer not in layers]:
            raise ProbeMismatchError(
                f"the probe reads layers {missing} of {self.model}, but {model} was converted "
                f"with layers {list(layers)}; run `linewise models pull {self.model} --force`"
            )


def read_manifest(path: Path) -> ProbeManifest:
    """Read and check a manifest.

    Raises
    ------
    ProbeMismatchError
        If it is not JSON of the version and shape this code reads; the message names the file.
    """
    return read_artefact(
        path,
        ProbeManifest,
        MANIFEST_VERSION,
        what="probe manifest",
        remedy="install the matching version",
    )


def write_manifest(manifest: ProbeManifest, path: Path) -> None:
    """Write ``manifest`` as stable, readable JSON."""
    path.write_text(json.dumps(cattrs.unstructure(manifest), indent=2) + "\n", "utf-8")
