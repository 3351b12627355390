"""Rationales of units: what they count, at what cost, and that they depend on the unit alone."""

import json
import os
import random
import signal
import time

import numpy as np
import pytest
from attrs import evolve
from scan_runs import (
    PROJECT,
    READER,
    begun,
    content,
    function,
    instruments,
    scan,
    unloadable,
    write,
)

from linewise.errors import LinewiseError
from linewise.models.incremental import IncrementalModel
from linewise.rationale.attribution import EditRisks, attribute
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import line_inputs
from linewise.rationale.statistics.counts import QUANTUM, Cells, Counted
from linewise.rationale.statistics.tally import Tally
from linewise.rationale.study.target import Target
from linewise.report.build import Subject, build
from linewise.report.text import render_json
from linewise.workspace.scan.choice import LINE, MASS, Choice, method_of
from linewise.workspace.scan.location import path_of
from linewise.workspace.scan.rationalizing import Rationalizer
from linewise.workspace.scan.scan import Instruments
from linewise.workspace.scan.scoring import read_units, shown_units
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.totals import add_up_files

pytestmark = pytest.mark.usefixtures("later")
TOKENS = Choice(Target.NEXT_TOKEN, "greedy", tokens=2, context=12, places=3)


@pytest.fixture
def engine(tiny_engine):
    return tiny_engine


@pytest.fixture
def root(tmp_path, state):
    root = tmp_path / "project"
    write(root, PROJECT)
    return root


@pytest.fixture
def explain(engine):
    """A function: the units of a text with their heads, and the rationale of each."""

    def explain(text, choice):
        rationalizer = Rationalizer(engine.model, engine.probe, choice)
        explained = ExplainedText(text)
        shown = shown_units(explained, engine.model)
        (units,) = read_units(engine, ExplainedText(text), shown, lambda: False)
        return rationalizer, [
            (unit, heads, rationalizer.explain(explained, unit, heads, lambda: False))
            for unit, heads in units
        ]

    return explain


def tally(rationalizer, counted):
    return Tally.gathered(rationalizer.method.schema, [("a.py", counted)])


def labels(schema, cells, columns):
    names = schema.categories
    if cells is Cells.PAIRS:
        return [(names[each // len(names)], names[each % len(names)]) for each in columns]
    return [names[each] for each in columns]


def test_an_edit_rationale_is_the_fewest_tokens_that_bear_half_of_the_weight(engine, explain):
    text = PROJECT["a.py"]
    rationalizer, found = explain(text, Choice())
    unit, heads, rationale = found[1]
    line = unit.unit.first_line + int(heads["line"][heads["head"].argmax()])
    (read,) = line_inputs(ExplainedText(text), line, engine.model)
    risks = EditRisks(
        IncrementalModel(engine.model), engine.probe, read.ids, (read.first, read.end)
    )
    lines = read.lines[: read.first]
    groups = np.split(np.arange(read.first), np.flatnonzero(np.diff(lines)) + 1)
    weights = attribute("knockout", risks, groups=groups).weights[0, : read.end]
    sizes = np.sort(np.abs(weights))[::-1]
    count = next(n for n in range(len(sizes)) if sizes[:n].sum() >= MASS * sizes.sum())
    sums = tally(rationalizer, rationale.sums)
    assert sums.rows(Cells.PAIRS).sum() == count
    mass = (sums.rows(Cells.POSITIVE) + sums.rows(Cells.NEGATIVE)).sum() * QUANTUM
    assert mass == pytest.approx(sizes[:count].sum(), abs=1e-5)
    kinds = labels(
        rationalizer.method.schema, Cells.TARGETS, rationale.sums.cells[Cells.TARGETS][0]
    )
    assert kinds in ([LINE + "definition"], [LINE + "assignment"], [LINE + "return"])
    counted = rationale.sums.cells[Cells.TOKENS][0] // len(rationalizer.method.schema.categories)
    order = np.argsort(-np.abs(weights), kind="stable")[:count]
    assert set(counted.tolist()) == set(read.ids[order].tolist())


def test_next_tokens_rest_on_the_tokens_before_them(explain):
    rationalizer, found = explain(PROJECT["a.py"], TOKENS)
    for unit, _, rationale in found:
        sums, targets = tally(rationalizer, rationale.sums), min(2, len(unit.lines))
        assert sums.rows(Cells.UNITS).sum() == 1
        assert sums.rows(Cells.TARGETS).sum() == targets
        assert targets <= sums.rows(Cells.PAIRS).sum() <= targets * TOKENS.places
    assert rationalizer.method.options == {"tokens": 2, "context": 12, "places": 3}
    assert rationalizer.method.schema.weight == "greedy, nats of log-probability"


@pytest.mark.parametrize("choice", [Choice(), TOKENS])
def test_the_control_is_as_large_and_drawn_from_the_same_context(explain, choice):
    rationalizer, found = explain(PROJECT["a.py"], choice)
    differ = 0
    for _, _, rationale in found:
        sums, control = (tally(rationalizer, each) for each in (rationale.sums, rationale.control))
        for cells in (Cells.UNITS, Cells.TARGETS):
            assert (sums.rows(cells) == control.rows(cells)).all()
        assert sums.rows(Cells.PAIRS).sum() == control.rows(Cells.PAIRS).sum()
        weights = [
            (each.rows(Cells.POSITIVE) + each.rows(Cells.NEGATIVE)).sum() * QUANTUM
            for each in (sums, control)
        ]
        assert weights[0] == pytest.approx(weights[1], abs=1e-5)
        differ += sums != control
    assert differ


@pytest.mark.parametrize("choice", [Choice(), TOKENS])
def test_a_rationale_depends_on_the_unit_alone(explain, choice):
    _, found = explain(PROJECT["pkg/c.py"], choice)
    # The same function elsewhere: the header is the same, since there is none.
    _, moved = explain("\n\n\n" + PROJECT["pkg/c.py"], choice)
    assert [unit.key for unit, *_ in found] == [unit.key for unit, *_ in moved]
    for (_, _, one), (_, _, other) in zip(found, moved, strict=True):
        assert one.sums.to_bytes() == other.sums.to_bytes()
        assert one.control.to_bytes() == other.control.to_bytes()


def test_units_that_rest_on_nothing_have_no_rationale(explain):
    # One token, and nothing before it.
    _, ((_, _, rationale),) = explain("x", Choice())
    assert rationale is None
    _, ((_, _, rationale),) = explain("x", TOKENS)
    assert rationale is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(LinewiseError, match="next-token"):
        method_of(Choice(method="greedy"), 10)
    with pytest.raises(LinewiseError, match="no attribution method"):
        method_of(Choice(method="guess"), 10)


def test_a_scan_explains_each_unit_once_and_goes_on_where_it_stopped(root, engine):
    rationalizer = Rationalizer(engine.model, engine.probe, TOKENS)
    load = instruments(engine, rationalizer)
    method = rationalizer.method
    scan(root, load)  # scores only
    state = np.random.default_rng(0)
    progress = scan(root, load, method=method, interrupted=lambda: state.random() < 0.2)
    assert (progress.pending, progress.units_read) == (3, 0)  # one file is empty
    assert progress.units_explained == 7
    _, units = found = content(root)
    assert all(row[9] == "greedy" and row[10] for row in units)
    assert scan(root, unloadable, method=method).pending == 0
    assert content(root) == found


def test_a_scan_leaves_nothing_for_a_report_to_add_up(root, engine):
    rationalizer = Rationalizer(engine.model, engine.probe, TOKENS)
    load, method = instruments(engine, rationalizer), rationalizer.method
    scan(root, load, method=method)
    with Store.open(root, print) as store:
        ids = store.reader_id(READER), store.method_id(method)
        assert add_up_files(store, *ids) == 0
        with store.database.writing() as rows:
            assert rows.execute("DELETE FROM totals").rowcount > 0
        assert add_up_files(store, *ids) > 0


def test_another_method_is_kept_beside_it(root, engine):
    for choice in (TOKENS, Choice()):
        rationalizer = Rationalizer(engine.model, engine.probe, choice)
        scan(root, instruments(engine, rationalizer), method=rationalizer.method)
    assert {row[9] for row in content(root)[1]} == {"greedy", "knockout"}


def test_a_model_without_a_probe_is_explained_and_not_scored(root, engine):
    rationalizer = Rationalizer(engine.model, None, TOKENS)
    progress = scan(
        root,
        lambda: Instruments(engine.model, None, rationalizer),
        reader=evolve(READER, probe=""),
        method=rationalizer.method,
    )
    assert (progress.units_read, progress.units_explained) == (7, 7)
    files, units = content(root)
    assert {row[4] for row in files} == {""}
    assert all(Counted.from_bytes(bytes.fromhex(row[10])).cells for row in units)


@pytest.mark.slow
def test_fifty_kills_leave_the_statistics_of_an_uninterrupted_run(tmp_path, state, engine):
    files = {
        f"{n % 2}/{n}.py": "\n\n".join(function(f"f{n}_{k}", f"return {n} + {k}") for k in range(5))
        for n in range(8)
    }
    rationalizer = Rationalizer(engine.model, engine.probe, Choice())
    load, method = instruments(engine, rationalizer), rationalizer.method
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for root in (whole, killed):
        write(root, files)
    began = time.monotonic()
    os.waitpid(begun(whole, load, method=method), 0)
    lasts = time.monotonic() - began
    chance = random.Random(0)
    partly = 0
    for _ in range(50):
        child = begun(killed, load, method=method)
        time.sleep(chance.random() * lasts)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with Store.open(killed, print) as store:
            assert store.database.problems() == []
            explained = store.counts()["rationales"]
        partly += 0 < explained < 40
        if explained == 40:
            path_of(killed).unlink()
    assert partly > 10
    scan(killed, load, method=method)
    assert content(killed) == content(whole)
    assert said(killed, engine) == said(whole, engine)


def said(root, engine):
    """Return what a report says of a folder, but for where and when."""
    with Store.open_existing(root, print) as store:
        report = build(Subject(store, root, b"", READER, engine.manifest, None))
    found = json.loads(render_json(report))
    assert found["summary"]["explained_units"] == 40
    return {name: each for name, each in found.items() if name not in {"root", "made"}}
