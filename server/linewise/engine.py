"""From text to scored lines: what the command line, the server and the laboratory all call.

One engine owns one target model and its probe, and is used from one thread. A unit whose model
input is known is never computed again, so an edit costs the units it touches.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import ModelInput, Tokenizer, document_inputs
from linewise.analysis.syntax import parse
from linewise.analysis.units import Unit
from linewise.errors import Cancelled, ModelNotFoundError
from linewise.models.runtime import TargetModel
from linewise.probe.manifest import Calibration, ProbeManifest
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.results import LineScore, SpanScore, TokenWeight

CACHED_TOKENS = 500_000
"""Evidence kept in memory: 32 floats a token, 64 MB when full."""


def _never() -> bool:
    return False


def _unheard(_done: int, _total: int) -> None: ...


class Model(Tokenizer, Protocol):
    """What the engine needs of a target model."""

    @property
    def provider(self) -> str: ...  # noqa: D102
    def hidden_states(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]: ...  # noqa: D102


@frozen(eq=False)
class Evidence:
    """One forward pass's outcome: the scored tokens' offsets (document) and evidence (T, h)."""

    unit: Unit
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


@frozen(eq=False)
class ScoredText:
    """A scored document: its code lines' probabilities and the evidence behind them.

    ``lines`` are in line order. ``evidence`` answers any further span without a forward pass;
    ``calibration`` is how it is read.
    """

    table: LineTable
    lines: tuple[LineScore, ...]
    evidence: tuple[Evidence, ...]
    calibration: Calibration

    @property
    def base_rate(self) -> float:
        """The share of lines that were edited where the line calibrator was fitted."""
        return self.calibration.line.base_rate

    def line(self, number: int) -> LineScore | None:
        """Return the score of a 0-based line, None when it holds no code."""
        return next((score for score in self.lines if score.line == number), None)


class Engine:
    """Scores texts. ``cached_tokens`` bounds the evidence kept from one text to the next."""

    def __init__(self, model: Model, probe: Probe, *, cached_tokens: int = CACHED_TOKENS) -> None:
        self._model = model
        self._probe = probe
        self._room = cached_tokens
        self._cache: OrderedDict[bytes, npt.NDArray[np.float32]] = OrderedDict()
        self._held = 0

    @classmethod
    def load(cls, model: str) -> Engine:
        """Load an installed target model and the probe shipped for it.

        Raises
        ------
        LinewiseError
            If the model is not installed or damaged, or no probe fits it.
        """
        folder = find_probe(model)
        target = TargetModel.load(model)
        if folder is None:
            raise ModelNotFoundError(
                f"there is no probe for {model}, so its activations say nothing about edits yet; "
                "choose a model with a probe (`linewise models list`) or train one with "
                "`python -m linewise.lab.train`"
            )
        probe = Probe(folder)
        probe.manifest.check_fits(target.name, target.weights_sha256, target.layers)
        return cls(target, probe)

    @property
    def manifest(self) -> ProbeManifest:
        """The probe's manifest: base rate, calibration, default threshold."""
        return self._probe.manifest

    @property
    def provider(self) -> str:
        """What the target model runs on, as ONNX Runtime calls it."""
        return self._model.provider

    def score(
        self,
        text: str,
        *,
        calibration: Calibration | None = None,
        only: Container[int] | None = None,
        cancelled: Callable[[], bool] = _never,
        progress: Callable[[int, int], None] = _unheard,
    ) -> ScoredText:
        """Score every code line of ``text``.

        ``calibration`` is the shipped one unless given. With ``only``, no other lines (0-based)
        are scored, and units without one of them cost nothing. ``cancelled`` is asked between
        forward passes; ``progress`` hears (passes done, of).

        Raises
        ------
        Cancelled
            If ``cancelled`` said so; what was computed stays cached.
        """
        syntax = parse(text)
        calibration = calibration or self.manifest.calibration
        wanted = [line for line in code_lines(syntax) if only is None or line in only]
        inputs = document_inputs(syntax, wanted, self._model)
        evidence: list[Evidence] = []
        for done, each in enumerate(inputs):
            if cancelled():
                raise Cancelled
            progress(done, len(inputs))
            evidence.append(Evidence(each.unit, each.starts, each.ends, self._evidence(each)))
        progress(len(inputs), len(inputs))
        lines = self._line_scores(syntax.lines, wanted, evidence, calibration)
        return ScoredText(syntax.lines, lines, tuple(evidence), calibration)

    def span(self, scored: ScoredText, start: int, end: int) -> SpanScore | None:
        """Answer for the tokens between two offsets (code points, end exclusive), in any order.

        A span inside one line is read with the line's calibrator (a single token with the
        token's), a longer one with the unit's. Units are taken as independent: the chance that
        nothing is edited is the product over them. Returns None where there is no code.
        """
        start, end = min(start, end), max(start, end)
        code = {score.line for score in scored.lines}
        first, last = scored.table.line_at(start), scored.table.line_at(max(start, end - 1))
        lines = tuple(line for line in range(first, last + 1) if line in code)
        calibration = scored.calibration
        calibrator = calibration.unit if len(lines) > 1 else calibration.line
        keep, tokens = 1.0, 0
        for each in scored.evidence if lines else ():
            member = (each.starts < end) & (each.ends > start)
            if not member.any():
                continue
            count = int(member.sum())
            tokens += count
            if len(lines) == 1 and count == 1:
                calibrator = calibration.token
            keep *= 1.0 - float(calibrator(self._probe.logits(each.values, member[None]))[0])
        return SpanScore(1.0 - keep, calibrator.base_rate, lines, tokens) if tokens else None

    def token_weights(self, scored: ScoredText, line: int) -> tuple[TokenWeight, ...]:
        """Return how much each token of a code line raises its logit, strongest first.

        The weight is the fall of the line's logit when that token's evidence is left out
        (occlusion); it is exact for the pooled head and costs no forward pass.
        """
        start, end = scored.table.full_span(line)
        for each in scored.evidence:
            members = np.flatnonzero((each.starts < end) & (each.ends > start))
            if not len(members):
                continue
            member = np.zeros((len(members) + 1, len(each.starts)), bool)
            member[:, members] = True
            if len(members) > 1:
                member[np.arange(1, len(members) + 1), members] = False
            logits = self._probe.logits(each.values, member)
            weights = [
                TokenWeight(
                    scored.table.text[each.starts[index] : each.ends[index]],
                    line,
                    int(each.starts[index] - start),
                    int(each.ends[index] - start),
                    float(logits[0] - without),
                )
                for index, without in zip(members, logits[1:], strict=True)
            ]
            return tuple(sorted(weights, key=lambda weight: -weight.weight))
        return ()

    def _evidence(self, each: ModelInput) -> npt.NDArray[np.float32]:
        # The scored slice is part of the key: the same ids may be scored from another token on.
        key = hashlib.sha256(each.ids.tobytes() + b"%d" % each.scored.start).digest()
        if (known := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return known
        hidden = self._model.hidden_states(each.ids)[:, each.scored]
        values = self._probe.evidence(np.concatenate(list(hidden), axis=-1))
        self._cache[key] = values
        self._held += len(values)
        while self._held > self._room and len(self._cache) > 1:
            self._held -= len(self._cache.popitem(last=False)[1])
        return values

    def _line_scores(
        self,
        table: LineTable,
        wanted: Sequence[int],
        evidence: Sequence[Evidence],
        calibration: Calibration,
    ) -> tuple[LineScore, ...]:
        logits: dict[int, tuple[float, str]] = {}
        for each in evidence:
            lines, member = line_members(table, wanted, each.starts, each.ends)
            if lines:
                found = self._probe.logits(each.values, member)
                for line, logit in zip(lines, found, strict=True):
                    # A line cut by two windows is as risky as its riskier part.
                    best = max(float(logit), logits[line][0]) if line in logits else float(logit)
                    logits[line] = (best, each.unit.name)
        lines = sorted(logits)
        values = calibration.line(np.array([logits[line][0] for line in lines]))
        order = np.argsort(-values, kind="stable")
        ranks = np.empty(len(lines), int)
        ranks[order] = np.arange(1, len(lines) + 1)
        return tuple(
            LineScore(line, float(value), int(rank), logits[line][1])
            for line, value, rank in zip(lines, values, ranks, strict=True)
        )
