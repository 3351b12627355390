"""The work behind `linewise check`, in this process."""

from pathlib import Path

import pytest
from attrs import evolve
from command_line import ROOT
from typer.testing import CliRunner

from linewise.cli import app
from linewise.commands.checking import Request, check_files
from linewise.engine import Engine
from linewise.output.report import Position, Span, Status
from linewise.settings import Settings

INVENTORY = ROOT / "examples" / "inventory.py"
INTERVALS = ROOT / "examples" / "intervals.py"


class Fragile:
    """An engine that breaks on a text with a certain word."""

    def __init__(self, engine):
        self._engine = engine

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def score(self, text, **options):
        if "gaps" in text:
            raise RuntimeError("out of luck")
        return self._engine.score(text, **options)


def ignore(path, finished):
    pass


def check(engine, *files, all_lines=False, span=None, **settings):
    request = Request(files, Settings(**settings), all_lines, span)
    return check_files(engine, request, ignore).report


def test_the_cap_keeps_the_most_probable_and_counts_the_rest(engine):
    (file,) = check(engine, INVENTORY, threshold=0.0, max_findings_per_file=3).files
    assert sorted(line.rank for line in file.lines) == [1, 2, 3]
    assert file.lines == file.flagged
    assert file.hidden == file.code_lines - 3
    assert file.riskiest.rank == 1


def test_all_lines_mark_those_that_are_flagged(engine):
    options = {"threshold": 0.0, "max_findings_per_file": 3}
    (every,) = check(engine, INVENTORY, all_lines=True, **options).files
    (few,) = check(engine, INVENTORY, **options).files
    assert len(every.lines) == every.code_lines
    assert every.flagged == few.lines
    assert evolve(every, lines=few.lines) == few


def test_fingerprints_survive_moves_and_tell_equal_lines_apart(engine, tmp_path):
    path = tmp_path / "a.py"

    def prints(text):
        path.write_text(text)
        (file,) = check(engine, path, all_lines=True).files
        return [line.fingerprint for line in file.lines]

    before = prints("x = 1\nif y:\n    x  =  1\nx = 1\n")
    assert len(set(before)) == 4
    assert prints("# new\n\nx = 1\nif y:\n\tx = 1\n\n\nx = 1\n") == before
    other = tmp_path / "b.py"
    other.write_text("x = 1\n")
    (file,) = check(engine, other, all_lines=True).files
    assert file.lines[0].fingerprint not in before


def test_a_span_costs_no_further_pass(engine, monkeypatch):
    passes = []
    real = engine._model.hidden_states
    monkeypatch.setattr(
        engine._model, "hidden_states", lambda ids: passes.append(len(ids)) or real(ids)
    )
    fresh = Engine(engine._model, engine._probe)
    check(fresh, INTERVALS)
    without = len(passes)
    fresh = Engine(engine._model, engine._probe)
    report = check(fresh, INTERVALS, span=Span(Position(4, 1), Position(30, 1)))
    # Only of the units that the span touches, and of each once.
    assert without < len(passes) < 2 * without
    assert 0 < report.span.probability < 1


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [
        ((8, 9), (8, 18), (8,)),
        ((8, 9), (9, 1), (8,)),
        ((8, 9), (9, 2), (8, 9)),
        ((8, 18), (8, 9), (8,)),
        ((8, 1), (8, 10_000), (8,)),
        ((1, 1), (10_000, 1), None),
    ],
)
def test_spans_are_clamped_and_exclusive(engine, start, end, lines):
    span = Span(Position(*start), Position(*end))
    answer = check(engine, INTERVALS, span=span).span
    assert answer.span == span
    assert answer.lines == lines or (lines is None and len(answer.lines) == 34)


def test_a_span_without_code(engine):
    answer = check(engine, INTERVALS, span=Span(Position(1, 1), Position(3, 1))).span
    assert (answer.probability, answer.lines, answer.tokens) == (None, (), 0)


def test_one_broken_file_does_not_cost_the_others(engine):
    report = check(Fragile(engine), INTERVALS, INVENTORY)
    assert [file.status for file in report.files] == [Status.FAILED, Status.OK]
    assert "RuntimeError: out of luck" in report.files[0].reason


def test_a_broken_file_is_seen_in_the_exit_code(engine, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(Engine, "load", lambda model: Fragile(engine))
    result = CliRunner().invoke(app, ["check", "examples"])
    assert result.exit_code == 4
    assert "failed: could not be scored" in result.stdout
    assert CliRunner().invoke(app, ["check", "examples/inventory.py"]).exit_code == 0


def test_progress_is_told_by_file_and_pass(engine):
    heard = []
    request = Request((INVENTORY, Path("gone.py"), INTERVALS), Settings())
    check_files(engine, request, lambda path, finished: heard.append((path, finished)))
    assert [finished for _, finished in heard] == sorted(finished for _, finished in heard)
    assert heard[0][1] == 0
    assert heard[-1][1] == 3
    assert {Path(path).name for path, _ in heard} == {"inventory.py", "intervals.py"}
