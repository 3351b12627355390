"""From text to scored lines: what the command line, the server and the laboratory all call.

One engine owns one target model and its probe, and is used from one thread. A unit whose model
input is known is never computed again, so an edit costs the units it touches.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from functools import cached_property, lru_cache, partial
from typing import Protocol

import numpy as np
import numpy.typing as npt
from attrs import define, evolve, field, frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_facts import FACTS, line_facts
from linewise.analysis.lines import LineTable
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import (
    Encoding,
    ModelInput,
    Tokenizer,
    cut_lines,
    document_inputs,
)
from linewise.analysis.problems.find import NO_NAMES, find
from linewise.analysis.syntax import Syntax, parse
from linewise.analysis.units import Unit, find_units
from linewise.errors import Cancelled, ModelNotFoundError
from linewise.models.runtime import TargetModel
from linewise.probe.manifest import Calibration, ProbeManifest
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.results import CodeLine, LineScore, Omission, OmissionKind, TokenWeight

CACHED_TOKENS = 500_000
"""Evidence kept in memory: 32 floats a token, 64 MB when full."""
REMEMBERED_TEXTS, REMEMBERED_CHARACTERS = 1_000, 4_000
"""How many texts' tokens are remembered, and how long such a text is at most: 20 MB when full."""

REMEMBERED_ANSWERS = 32
"""Of each reading: what was asked of its lines, and of the flagged ones' tokens."""
PREPARED_TEXTS = 2


def _never() -> bool:
    return False


def _unheard(_done: int, _total: int) -> None: ...


class Model(Tokenizer, Protocol):
    """What the engine needs of a target model."""

    @property
    def provider(self) -> str: ...  # noqa: D102
    def hidden_states(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]: ...  # noqa: D102


class _Remembering:
    """A tokenizer that knows what it was asked last: an edit leaves most units as they were."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._encode = tokenizer.encode
        self._remembered = lru_cache(REMEMBERED_TEXTS)(tokenizer.encode)

    def encode(self, text: str) -> Encoding:
        return self._encode(text) if len(text) > REMEMBERED_CHARACTERS else self._remembered(text)


@frozen(eq=False)
class Reading:
    """What the probe makes of one forward pass: ``values`` are the scored tokens' evidence (T, h).

    ``calibrated`` says whether the probe was calibrated on code like it. After an edit most
    passes are asked what they were asked before, so answers are kept.
    """

    values: npt.NDArray[np.float32]
    calibrated: bool
    _answers: dict[bytes, npt.NDArray[np.float32]] = field(init=False, factory=dict, repr=False)

    def logits(self, probe: Probe, member: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Return `Probe.logits` of spans, (S,), from their membership (S, T)."""
        key = hashlib.sha256(member.tobytes()).digest()
        if (known := self._answers.get(key)) is None:
            if len(self._answers) >= REMEMBERED_ANSWERS:
                self._answers.clear()
            known = self._answers[key] = probe.logits(self.values, member)
        return known


@frozen(eq=False)
class Evidence:
    """A unit, or a window of one, with its scored tokens' offsets (document) and their reading."""

    unit: Unit
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    reading: Reading


Members = tuple[list[int], npt.NDArray[np.bool_]]
"""Lines that have tokens in an input, and their membership (lines, tokens)."""


@define(eq=False)
class _Prepared:
    """What is known of a text before the model reads it."""

    syntax: Syntax
    code: tuple[int, ...]
    names: frozenset[str]
    _tokenizer: Tokenizer

    @cached_property
    def inputs(self) -> list[ModelInput]:
        """The forward passes that score all of its code lines."""
        return self.inputs_of(self.code)

    @cached_property
    def members(self) -> list[Members]:
        """Which of its code lines each of `inputs` has tokens of."""
        return self.members_of(self.code, self.inputs)

    def inputs_of(self, wanted: Sequence[int]) -> list[ModelInput]:
        """Return the forward passes that score some lines."""
        return document_inputs(self.syntax, wanted, self._tokenizer)

    def members_of(self, wanted: Sequence[int], inputs: Sequence[ModelInput]) -> list[Members]:
        """Return which of some lines each input has tokens of."""
        table = self.syntax.lines
        return [line_members(table, wanted, each.starts, each.ends) for each in inputs]

    @cached_property
    def facts(self) -> npt.NDArray[np.float32]:
        """The facts of its code lines, (n, F)."""
        return line_facts(self.syntax, self.code, self.names)

    @cached_property
    def placed(self) -> tuple[CodeLine, ...]:
        """Its code lines with the units they stand in."""
        units = find_units(self.syntax)
        firsts = [unit.first_line for unit in units]
        return tuple(
            CodeLine(line, units[bisect_right(firsts, line) - 1].name) for line in self.code
        )

    @cached_property
    def omissions(self) -> tuple[Omission, ...]:
        """The statements whose lines have no facts, or not all, and the lines that are cut."""
        table = self.syntax.lines
        cut = tuple(str(line + 1) for line in cut_lines(table, self.code))
        found = find(table.text, self.names).omissions
        return (*found, Omission(OmissionKind.CUT, len(cut), cut)) if cut else found


@frozen(eq=False)
class ScoredText:
    """A scored document: its code lines' probabilities and the evidence behind them.

    ``lines`` are in line order. ``evidence`` answers any further span without a forward pass;
    ``calibration`` is how it is read. ``facts`` (n, F) and ``heads`` (n, 2) are what the probe's
    `line_logits` were told of each of the lines. ``omissions`` are what it was judged without;
    their names are numbers of lines, counted from 1. ``code`` are all its code lines, where only
    some were asked for, too.
    """

    table: LineTable
    lines: tuple[LineScore, ...]
    evidence: tuple[Evidence, ...]
    calibration: Calibration
    facts: npt.NDArray[np.float32]
    heads: npt.NDArray[np.float32]
    omissions: tuple[Omission, ...] = ()
    code: tuple[CodeLine, ...] = ()

    @property
    def base_rate(self) -> float:
        """The share of lines that were edited where the line calibrator was fitted."""
        return self.calibration.line.base_rate

    def among(self, keeps: Callable[[int], bool]) -> ScoredText:
        """Return the same with some of its 0-based lines only; ranks are those among them."""
        rows = [row for row, each in enumerate(self.lines) if keeps(each.line)]
        ranked = sorted(rows, key=lambda row: self.lines[row].rank)
        ranks = {row: rank for rank, row in enumerate(ranked, start=1)}
        return evolve(
            self,
            lines=tuple(evolve(self.lines[row], rank=ranks[row]) for row in rows),
            facts=self.facts[rows],
            heads=self.heads[rows],
            code=tuple(each for each in self.code if keeps(each.line)),
        )

    def line(self, number: int) -> LineScore | None:
        """Return the score of a 0-based line, None when it holds no code."""
        return next((score for score in self.lines if score.line == number), None)


class Engine:
    """Scores texts. ``cached_tokens`` bounds the evidence kept from one text to the next."""

    def __init__(self, model: Model, probe: Probe, *, cached_tokens: int = CACHED_TOKENS) -> None:
        self._model = model
        self._tokenizer = _Remembering(model)
        self._probe = probe
        self._room = cached_tokens
        self._cache: OrderedDict[bytes, Reading] = OrderedDict()
        self._prepared = lru_cache(PREPARED_TEXTS)(partial(_prepare, self._tokenizer))
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
                "`linewise lab train`"
            )
        probe = Probe(folder)
        probe.manifest.check_fits(target.name, target.weights_sha256, target.layers)
        if probe.calibration is not None:
            probe.calibration.check_fits(
                target.name, target.weights_sha256, probe.manifest.input_builder
            )
        return cls(target, probe)

    @property
    def model(self) -> Model:
        """The target model."""
        return self._model

    @property
    def probe(self) -> Probe:
        """The probe."""
        return self._probe

    @property
    def manifest(self) -> ProbeManifest:
        """The probe's manifest: base rate, calibration, default threshold."""
        return self._probe.manifest

    @property
    def provider(self) -> str:
        """What the target model runs on, as ONNX Runtime calls it."""
        return self._model.provider

    def prepare(self, text: str, names: frozenset[str] = NO_NAMES) -> None:
        """Do now what scoring a text takes besides the model: the last two texts' is kept."""
        prepared = self._prepared(text, names)
        prepared.members  # noqa: B018 - made on first use
        prepared.facts  # noqa: B018

    def score(
        self,
        text: str,
        *,
        names: frozenset[str] = NO_NAMES,
        calibration: Calibration | None = None,
        only: Container[int] | None = None,
        cancelled: Callable[[], bool] = _never,
        progress: Callable[[int, int], None] = _unheard,
    ) -> ScoredText:
        """Score every code line of ``text``.

        ``names`` are defined for it elsewhere, as in `analysis.problems.find.find`.
        ``calibration`` is the shipped one unless given. With ``only``, no other lines (0-based)
        are scored, and units without one of them cost nothing. ``cancelled`` is asked between
        forward passes; ``progress`` hears (passes done, of).

        Raises
        ------
        Cancelled
            If ``cancelled`` said so; what was computed stays cached.
        """
        prepared = self._prepared(text, names)
        calibration = calibration or self.manifest.calibration
        if only is None:
            inputs, members = prepared.inputs, prepared.members
        else:
            wanted = tuple(line for line in prepared.code if line in only)
            inputs = prepared.inputs_of(wanted)
            members = prepared.members_of(wanted, inputs)
        evidence: list[Evidence] = []
        for done, each in enumerate(inputs):
            if cancelled():
                raise Cancelled
            progress(done, len(inputs))
            evidence.append(Evidence(each.unit, each.starts, each.ends, self._reading(each)))
        progress(len(inputs), len(inputs))
        lines, facts, heads = self._line_scores(prepared, members, evidence, calibration)
        table = prepared.syntax.lines
        return ScoredText(
            table,
            lines,
            tuple(evidence),
            calibration,
            facts,
            heads,
            prepared.omissions,
            prepared.placed,
        )

    def token_weights(self, scored: ScoredText, line: int) -> tuple[TokenWeight, ...]:
        """Return how much each token of a line raises the head's logit of it, strongest first.

        The weight is the fall of the head's logit when that token's evidence is left out
        (occlusion); it is exact for the pooled head and costs no forward pass.
        """
        start, end = scored.table.full_span(line)
        for each in scored.evidence:
            if not len(each.starts) or each.starts[0] >= end or each.ends[-1] <= start:
                continue
            members = np.flatnonzero((each.starts < end) & (each.ends > start))
            if not len(members):
                continue
            member = np.zeros((len(members) + 1, len(each.starts)), bool)
            member[:, members] = True
            if len(members) > 1:
                member[np.arange(1, len(members) + 1), members] = False
            logits = each.reading.logits(self._probe, member)
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

    def _reading(self, each: ModelInput) -> Reading:
        # The scored slice is part of the key: the same ids may be scored from another token on.
        key = hashlib.sha256(each.ids.tobytes() + b"%d" % each.scored.start).digest()
        if (known := self._cache.get(key)) is not None:
            self._cache.move_to_end(key)
            return known
        hidden = np.concatenate(list(self._model.hidden_states(each.ids)[:, each.scored]), axis=-1)
        found = Reading(self._probe.evidence(hidden), self._probe.calibrated(hidden))
        self._cache[key] = found
        self._held += len(hidden)
        while self._held > self._room and len(self._cache) > 1:
            self._held -= len(self._cache.popitem(last=False)[1].values)
        return found

    def _line_scores(
        self,
        prepared: _Prepared,
        members: Sequence[Members],
        evidence: Sequence[Evidence],
        calibration: Calibration,
    ) -> tuple[tuple[LineScore, ...], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        heads: dict[int, tuple[float, float, str, bool]] = {}
        for each, (lines, member) in zip(evidence, members, strict=True):
            if lines:
                everything = np.ones((1, len(each.starts)), bool)
                found = each.reading.logits(self._probe, np.concatenate((member, everything)))
                for line, logit in zip(lines, found[:-1].tolist(), strict=True):
                    # A line cut by two windows is as risky as its riskier part.
                    row = (logit, float(found[-1]), each.unit.name, each.reading.calibrated)
                    heads[line] = max(row, heads.get(line, row))
        if not heads:
            return (), np.empty((0, len(FACTS)), np.float32), np.empty((0, 2), np.float32)
        lines = sorted(heads)
        facts = prepared.facts[np.searchsorted(prepared.code, lines)]
        said = np.array([heads[line][:2] for line in lines], np.float32)
        values = calibration.line(self._probe.line_logits(facts, said))
        order = np.argsort(-values, kind="stable")
        ranks = np.empty(len(lines), int)
        ranks[order] = np.arange(1, len(lines) + 1)
        fitted_here = calibration.source == "workspace"
        scores = tuple(
            LineScore(line, float(value), int(rank), heads[line][2], fitted_here or heads[line][3])
            for line, value, rank in zip(lines, values, ranks, strict=True)
        )
        return scores, facts, said


def _prepare(tokenizer: Tokenizer, text: str, names: frozenset[str]) -> _Prepared:
    syntax = parse(text)
    return _Prepared(syntax, code_lines(syntax), names, tokenizer)
