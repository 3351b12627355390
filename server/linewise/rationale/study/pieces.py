"""From source files to the pieces of a study: candidates, a balanced draw, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen

from linewise.analysis.code_lines import code_lines
from linewise.analysis.findings import select_findings
from linewise.analysis.lines import LineTable
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import ModelInput, Tokenizer, document_inputs
from linewise.analysis.syntax import parse
from linewise.engine import Engine
from linewise.rationale.study.files import Piece
from linewise.rationale.study.sampling import balanced
from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text
from linewise.settings import Settings

LEAST_CONTEXT = 16
"""Fewer tokens before a token to predict leave nothing to choose from."""
_THIRDS = ("lower", "middle", "upper")
_BROKEN = "\ufffd"

Decode = Callable[[list[int]], str]
"""Spells tokens; those that are part of a character as U+FFFD."""


@frozen(eq=False)
class Candidate:
    """A target: the tokens ``first`` to ``end`` (exclusive) of an input, in a line (0-based)."""

    source: str
    line: int
    stratum: str
    input: ModelInput = field(repr=False)
    first: int
    end: int
    risk: float = 0.0


def flagged_lines(
    source: str, text: str, engine: Engine, tokenizer: Tokenizer, settings: Settings
) -> Iterator[Candidate]:
    """Yield the lines that are flagged in a text, each with the input it was scored in."""
    scored = engine.score(text, names=settings.names)
    threshold = scored.calibration.threshold
    found = select_findings(scored.table, scored.lines, settings, threshold).findings
    inputs = document_inputs(parse(text), [each.line for each in found], tokenizer)
    for finding in found:
        for each in inputs:
            _, member = line_members(scored.table, [finding.line], each.starts, each.ends)
            if len(member):
                # A line cut by two windows is explained in the first of them.
                places = each.scored.start + np.flatnonzero(member[0])
                first, end = int(places[0]), int(places[-1]) + 1
                yield Candidate(source, finding.line, "", each, first, end, finding.probability)
                break


def by_risk(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the lines with their strata: thirds by probability, over all files."""
    ordered = np.argsort([each.risk for each in candidates], kind="stable")
    third = np.empty(len(candidates), int)
    third[ordered] = np.arange(len(candidates)) * len(_THIRDS) // max(1, len(candidates))
    return [
        evolve(each, stratum=f"{_THIRDS[number]} third of risk")
        for each, number in zip(candidates, third.tolist(), strict=True)
    ]


def next_tokens(source: str, text: str, tokenizer: Tokenizer) -> Iterator[Candidate]:
    """Yield the tokens of a text that can be asked for; their stratum is their category's group."""
    syntax = parse(text)
    document = read_text(text, "python")
    for each in document_inputs(syntax, code_lines(syntax), tokenizer):
        groups = ["code"] * len(each.starts)
        if not isinstance(document, NoCategories):
            level = categorize(document, each.starts, each.ends)["group"]
            groups = [", ".join(level.of(number)) for number in range(len(each.starts))]
        for number in _askable(each, syntax.lines).tolist():
            place = each.scored.start + number
            line = syntax.lines.line_at(int(each.starts[number]))
            yield Candidate(source, line, groups[number], each, place, place + 1)


def _askable(each: ModelInput, lines: LineTable) -> npt.NDArray[np.int64]:
    """Return which scored tokens are visible, whole characters and have enough before them."""
    starts, ends = each.starts, each.ends
    shared = np.zeros(len(starts), bool)
    touching = starts[1:] < ends[:-1]
    shared[1:] |= touching
    shared[:-1] |= touching
    visible = [bool(lines.text[a:b].strip()) for a, b in zip(starts, ends, strict=True)]
    far = each.scored.start + np.arange(len(starts)) >= LEAST_CONTEXT
    return np.flatnonzero(far & np.array(visible, bool) & ~shared)


def draw(
    candidates: Sequence[Candidate], count: int, seed: int, most_tokens: int, decode: Decode
) -> tuple[Piece, ...]:
    """Draw pieces of at most ``most_tokens`` tokens, balanced over strata, files and units."""
    short = [each for each in candidates if each.end <= most_tokens]
    keys = [(each.stratum, each.source, (each.source, each.input.unit.name)) for each in short]
    chosen = [short[number] for number in balanced(keys, count, seed)]
    width = len(str(len(chosen)))
    return tuple(
        _piece(f"p{number:0{width}}", each, decode) for number, each in enumerate(chosen, start=1)
    )


def _piece(name: str, candidate: Candidate, decode: Decode) -> Piece:
    ids = candidate.input.ids[: candidate.end].tolist()
    texts, sizes = shown_tokens(ids, decode)
    ends = np.cumsum(sizes)
    first = int(np.searchsorted(ends, candidate.first, side="right"))
    return Piece(
        id=name,
        source=candidate.source,
        line=candidate.line + 1,
        unit=candidate.input.unit.name,
        stratum=candidate.stratum,
        ids=tuple(ids),
        texts=texts,
        sizes=sizes,
        target=(first, len(texts)),
    )


def shown_tokens(ids: Sequence[int], decode: Decode) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return how tokens are shown, and how many of ``ids`` each shown one stands for.

    Tokens that are bytes of one character are shown as one. Joined, the texts are ``decode(ids)``.
    """
    texts: list[str] = []
    sizes: list[int] = []
    begin = used = 0
    for end in range(1, len(ids) + 1):
        text = decode(list(ids[:end]))
        if end == len(ids) or (len(text) > used and not text.endswith(_BROKEN)):
            texts.append(text[used:])
            sizes.append(end - begin)
            begin, used = end, len(text)
    return tuple(texts), tuple(sizes)
