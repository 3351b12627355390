"""How probable it is that something in a span is edited: one judgement of lines, parts and units.

Of a line inside the span its own edit probability counts, facts included; of a part of one, the
share that its tokens have in the line's risk. Lines of a unit are edited together, so that taking
them as independent says far too much: the riskiest counts in full, and what the head makes of the
whole unit says how much the others do. So a span is never less probable than a line in it, nor than
a span in it. Units are taken as independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from linewise.analysis.lines import LineTable
from linewise.engine import Evidence, ScoredText
from linewise.probe.runtime import Probe
from linewise.results import SpanLevel, SpanScore

_ALMOST_CERTAIN = 1.0 - 1e-9

Floats = npt.NDArray[np.float64]


def ask_span(probe: Probe, scored: ScoredText, start: int, end: int) -> SpanScore | None:
    """Answer for what stands between two offsets (code points, end exclusive), in any order.

    Costs no pass of the target model. A span that holds all of a line but the blanks around it, or
    all of its tokens, has the probability the line was scored with. Returns None where there is no
    code.
    """
    start, end = min(start, end), max(start, end)
    table = scored.table
    first, last = table.line_at(start), table.line_at(max(start, end - 1))
    inside = {
        score.line: score.probability * share
        for score in scored.lines
        if first <= score.line <= last
        and (share := _share(probe, scored, score.line, start, end)) > 0
    }
    if not inside:
        return None
    keep = 1.0
    for unit, windows in groupby(scored.evidence, key=lambda each: each.unit):
        lines = range(unit.first_line, unit.last_line + 1)
        here = [inside[line] for line in lines if line in inside]
        if here:
            every = [each.probability for each in scored.lines if each.line in lines]
            whole = _whole(probe, scored, tuple(windows))
            keep *= 1.0 - chance(np.array(here), np.array(every), whole)
    tokens = sum(int(((each.starts < end) & (each.ends > start)).sum()) for each in scored.evidence)
    level = SpanLevel.LINE if len(inside) == 1 else SpanLevel.UNIT
    touched = tuple(score.line for score in scored.lines if first <= score.line <= last)
    calibration = scored.calibration
    read_as = calibration.line if level is SpanLevel.LINE else calibration.unit
    return SpanScore(1.0 - keep, level, read_as.base_rate, touched, tokens)


def chance(inside: Floats, lines: Floats, whole: float) -> float:
    """Return the chance that something in a part of a unit is edited.

    ``inside`` (m,) are the probabilities of what of its lines is in that part, ``lines`` (n,) those
    of all its lines, ``whole`` that of the unit as the head sees it. Hazards (-log of the chance
    that nothing is edited) are added up: the greatest, and the others times the weight with which
    all lines together have the greater of ``whole`` and the riskiest line's. A weight that does not
    depend on the part makes the sum grow with it. Measured: `python -m benchmarks.spans`.
    """
    own, every = _hazards(inside), _hazards(lines)
    rest = float(every.sum() - every.max())
    wanted = float(_hazards(np.array([whole]))[0] - every.max())
    weight = max(0.0, wanted / rest) if rest > 0 else 0.0
    return float(-np.expm1(-(own.max() + weight * (own.sum() - own.max()))))


def _hazards(probabilities: Floats) -> Floats:
    hazards: Floats = -np.log1p(-np.minimum(probabilities, _ALMOST_CERTAIN))
    return hazards


def _whole(probe: Probe, scored: ScoredText, windows: Sequence[Evidence]) -> float:
    """Return what the head makes of a unit: that something in any of its windows is edited."""
    keep = 1.0
    for each in windows:
        everything = np.ones((1, len(each.starts)), bool)
        keep *= 1.0 - float(scored.calibration.unit(each.reading.logits(probe, everything))[0])
    return 1.0 - keep


def _share(probe: Probe, scored: ScoredText, line: int, start: int, end: int) -> float:
    """Return how much of a line's risk is in a span: from 0, nothing of it, to 1, all.

    The tokens of the line are taken as independent, each read with the calibrator of tokens; blank
    ones do not count.
    """
    table = scored.table
    if _covers(table, line, start, end):
        return 1.0
    first, last = table.full_span(line)
    part = total = 0.0
    for each in scored.evidence:
        found = np.flatnonzero((each.starts < last) & (each.ends > first))
        texts = (table.text[max(each.starts[at], first) : each.ends[at]] for at in found)
        found = found[[bool(text.strip()) for text in texts]]
        if not len(found):
            continue
        member = np.zeros((len(found), len(each.starts)), bool)
        member[np.arange(len(found)), found] = True
        probabilities = scored.calibration.token(each.reading.logits(probe, member))
        hazards = _hazards(probabilities)
        within = (each.starts[found] < end) & (each.ends[found] > start)
        part += float(hazards[within].sum())
        total += float(hazards.sum())
    return float(np.expm1(-part) / np.expm1(-total)) if part > 0 else 0.0


def _covers(table: LineTable, line: int, start: int, end: int) -> bool:
    """Whether a span holds all of a line but the blanks around it."""
    first = table.starts[line]
    content = table.content(line)
    indent = len(content) - len(content.lstrip())
    return start <= first + indent and end >= first + len(content.rstrip())
