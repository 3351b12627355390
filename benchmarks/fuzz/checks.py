"""What must hold of every text, and of every row of edits."""

from __future__ import annotations

from random import Random

from benchmarks.fuzz.faults import FaultError
from benchmarks.fuzz.model import StandIn
from benchmarks.fuzz.texts import draw_text, mutate
from linewise.analysis.code_lines import code_lines
from linewise.analysis.findings import select_findings
from linewise.analysis.ignore_comments import ignored_lines
from linewise.analysis.lines import LineTable
from linewise.analysis.notebooks import join_cells
from linewise.analysis.problems.find import find
from linewise.analysis.syntax import parse
from linewise.engine import Engine, Evidence, ScoredText
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.settings import DEFAULT_MODEL, Settings
from linewise.spans import ask_span

SECONDS = 2.0
"""What one input may take."""
EDITS = 4
_EVERYTHING = Settings(threshold=0.0, max_findings_per_file=1_000_000)


class Subjects:
    """What is fuzzed: engines with the shipped probe and a model that costs nothing."""

    def __init__(self) -> None:
        folder = find_probe(DEFAULT_MODEL)
        assert folder is not None
        self._probe = Probe(folder)
        self._model = StandIn(self._probe.manifest.hidden_size)

    def engine(self) -> Engine:
        """Return an engine that knows nothing yet."""
        return Engine(self._model, self._probe)


def check_text(subjects: Subjects, random: Random) -> None:
    """Score a text; move it down by a line, and end its lines otherwise."""
    text = draw_text(random)
    scored = subjects.engine().score(text)
    _check_lines(text, scored)
    _check_moved(text, "\n" + text, 1)
    if "\r" not in text:
        _check_moved(text, text.replace("\n", "\r\n"), 0)
    _check_cells(text, random)
    last = len(text)
    ends = sorted((random.randint(0, last), random.randint(0, last)))
    _check_span(subjects, scored, *ends)


def check_edits(subjects: Subjects, random: Random) -> None:
    """Follow edits of a text with what is known of the versions before, and from a fresh start."""
    text, engine = draw_text(random), subjects.engine()
    for _ in range(random.randint(1, EDITS)):
        engine.score(text)
        text = mutate(text, random)
    known, fresh = engine.score(text), subjects.engine().score(text)
    if known.lines != fresh.lines or known.omissions != fresh.omissions:
        raise FaultError("what follows edits is not what a fresh start says")


def _check_lines(text: str, scored: ScoredText) -> None:
    """Every code line that the model reads something of is scored, and no other."""
    code, table = code_lines(parse(text)), scored.table
    lines = [each.line for each in scored.lines]
    if not set(lines) <= set(code):
        raise FaultError("a line is scored that holds no code")
    if missing := [line for line in code if line not in lines]:
        raise FaultError(f"lines {missing} hold code and are not scored")
    for each in scored.evidence:
        _check_offsets(table, each)
    shown = select_findings(table, scored.lines, _EVERYTHING, 0.0)
    for finding in shown.findings:
        content = table.content(finding.line)
        if content[finding.start : finding.end] != content.strip():
            raise FaultError(f"the finding of line {finding.line} is not at its text")
    if not ignored_lines(text) <= set(range(len(table))):
        raise FaultError("a line is ignored that is not there")
    for omission in scored.omissions:
        if not all(1 <= int(name) <= len(table) for name in omission.names):
            raise FaultError(f"{omission} is about lines that are not there")


def _check_offsets(table: LineTable, each: Evidence) -> None:
    first, last = table.starts[each.unit.first_line], table.full_span(each.unit.last_line)[1]
    # The model is shown a newline after the last line, whether there is one or not.
    if len(each.starts) and not (first <= each.starts[0] and each.ends[-1] <= last + 1):
        raise FaultError("tokens are not within their unit")


def _check_moved(text: str, moved: str, down: int) -> None:
    """Refuse problems of a text that are at other lines once the text stands elsewhere."""
    before, after = find(text), find(moved)
    expected = [(each.line + down, each.kind, each.name) for each in before.problems]
    if [(each.line, each.kind, each.name) for each in after.problems] != expected:
        raise FaultError(f"problems of {moved[:2]!r}… are at other lines")
    if any(not 0 <= each.line < len(LineTable(text)) for each in before.problems):
        raise FaultError("a problem is at a line that is not there")


def _check_cells(text: str, random: Random) -> None:
    """Cells keep their length, and begin on lines of their own."""
    at = random.randint(0, len(text))
    cells = [text[:at], text[at:]]
    joined = join_cells(cells)
    table = LineTable(joined.text)
    for cell, (start, end), line in zip(cells, joined.spans, joined.first_lines, strict=True):
        if end - start != len(cell) or table.starts[line] != start:
            raise FaultError("a cell is not where it is said to be")


def _check_span(subjects: Subjects, scored: ScoredText, start: int, end: int) -> None:
    """Refuse a span that is less probable than a line in it."""
    answer = ask_span(subjects.engine().probe, scored, start, end)
    for score in scored.lines:
        first, last = scored.table.starts[score.line], scored.table.ends[score.line]
        if (
            start <= first
            and last <= end
            and (answer is None or answer.probability < score.probability - 1e-6)
        ):
            raise FaultError(f"a span is less probable than its line {score.line}")
