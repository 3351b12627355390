"""Statistics out of the store: against plain counting, and planted differences that are found."""

import json

import numpy as np
import pytest
from git_repository import BEGIN, DAY, Repository
from scan_samples import LINES, METHOD, READER, fill, keep_file

from linewise.probe.calibration import Platt
from linewise.probe.manifest import Calibration
from linewise.rationale.statistics.tally import cluster_of
from linewise.workspace.clones import is_shallow
from linewise.workspace.scan.ages import AGES, line_ages
from linewise.workspace.scan.line_statistics import (
    BINS,
    MOST_PLACES,
    folder_of,
    line_statistics,
    stored_files,
)
from linewise.workspace.scan.rationale_statistics import rationale_statistics, units_of
from linewise.workspace.scan.snapshots import (
    Commit,
    commit_of,
    has_snapshot,
    keep_snapshot,
    snapshots,
)
from linewise.workspace.scan.stability import LEAST_UNITS, stabilities
from linewise.workspace.scan.store import NothingScannedError, Store
from linewise.workspace.scan.totals import Totals, add_up_files, totals_by

PLATT = Platt(slope=1.0, intercept=0.0, base_rate=0.05, n=1000)
CALIBRATION = Calibration(PLATT, PLATT, PLATT, PLATT, 0.2, "shipped", "fitted on lines", "were")
SHAPE = {f"{folder}/{n}.py": 1 + n % 4 for folder in ("lib", "web") for n in range(30)} | {
    "top.py": 3,
    "empty.py": 0,
}


@pytest.fixture
def root(tmp_path, state):
    root = tmp_path / "project"
    root.mkdir()
    return root


def statistics(root, within=b"", **options):
    with Store.open(root, print) as store:
        reader = store.reader_id(READER)
        with store.database.reading() as rows:
            return line_statistics(
                lambda: stored_files(rows, reader, within),
                READER,
                lambda path, length: CALIBRATION,
                folder_of(("empty.py", "web/9.py")),
                **options,
            )


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(float)))


def totals(root, part_of=lambda path: path.split("/")[0], within=b""):
    with Store.open(root, print) as store:
        reader, method = store.reader_id(READER), store.method_id(METHOD)
        return totals_by(store, reader, method, METHOD.schema, within=within, part_of=part_of)


def test_levels_are_those_of_plain_counting(root):
    logits = fill(root, SHAPE)
    p = {path: sigmoid(values) for path, values in logits.items()}
    every = np.concatenate(list(p.values()))
    found = statistics(root)
    assert (found.files, found.units) == (len(SHAPE), sum(SHAPE.values()))
    assert found.everything.lines == len(every)
    assert found.everything.mean.value == pytest.approx(every.mean())
    assert found.everything.flagged.value == pytest.approx((every >= 0.2).mean())
    assert found.everything.mean.low < every.mean() < found.everything.mean.high
    assert found.everything.histogram.tolist() == np.histogram(every, BINS, (0, 1))[0].tolist()
    folders = {level.name: level for level in found.by["folder"]}
    assert folders.keys() == {"lib", "web", "."}
    web = np.concatenate([values for path, values in p.items() if path.startswith("web/")])
    assert folders["web"].lines == len(web)
    assert folders["web"].mean.value == pytest.approx(web.mean())
    for division in ("statement", "unit", "folder"):
        parts = found.by[division]
        assert sum(level.lines for level in parts) == len(every)
        assert [level.lines for level in parts] == sorted((x.lines for x in parts), reverse=True)


def test_the_interval_is_that_of_resampled_clusters_of_files(root):
    logits = fill(root, SHAPE)
    sums = np.zeros((64, 2))
    for path, values in logits.items():
        sums[cluster_of(path)] += sigmoid(values).sum(), len(values)
    sums = sums[sums[:, 1] > 0]
    drawn = np.random.default_rng(1).integers(0, len(sums), (4000, len(sums)))
    means = sums[drawn].sum(axis=1)
    low, high = np.quantile(means[:, 0] / means[:, 1], [0.025, 0.975])
    found = statistics(root).everything.mean
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.004)


def test_the_riskiest_places_are_the_riskiest(root):
    logits = fill(root, SHAPE)
    p = {path: sigmoid(values) for path, values in logits.items() if len(values)}
    mean = np.concatenate(list(p.values())).mean()
    found = statistics(root)
    lines = sorted(
        (-value, path, row) for path, values in p.items() for row, value in enumerate(values)
    )
    expected = [(path, row + row // LINES + 1) for _, path, row in lines[:MOST_PLACES]]
    assert [(each.path, each.line) for each in found.risky_lines] == expected
    files = sorted(p, key=lambda path: -(p[path] - mean).sum())[:MOST_PLACES]
    assert [each.path for each in found.risky_files] == files
    first = found.risky_files[0]
    assert first.expected == pytest.approx(p[first.path].sum())
    assert first.flagged == (p[first.path] >= 0.2).sum()
    units = {
        (path, unit): values[unit * LINES : (unit + 1) * LINES]
        for path, values in p.items()
        for unit in range(len(values) // LINES)
    }
    riskiest = max(units, key=lambda unit: (units[unit] - mean).sum())
    best = found.risky_units[0]
    assert (best.path, best.name) == (riskiest[0], f"f{riskiest[1]}")
    assert (best.first_line, best.last_line) == (riskiest[1] * 6 + 1, riskiest[1] * 6 + 5)
    assert best.highest == pytest.approx(units[riskiest].max())


def test_a_folder_alone(root):
    logits = fill(root, SHAPE)
    found = statistics(root, within=b"web/")
    assert found.everything.lines == sum(len(v) for path, v in logits.items() if path[:4] == "web/")


def test_nothing_but_empty_files_is_said(root):
    fill(root, {"a.py": 0})
    with pytest.raises(NothingScannedError, match="no code"):
        statistics(root)


def test_folders_are_the_first_that_differ():
    of = folder_of(("src/app/a.py", "src/app/web/z/z.py"))
    assert [of(path) for path in ("src/app/a.py", "src/app/web/z/z.py", "src/app/web/b.py")] == [
        "src/app",
        "src/app/web",
        "src/app/web",
    ]
    assert folder_of(("a.py", "b.py"))("a.py") == "."
    assert folder_of(None)("a.py") == "."


def test_ages_divide_lines_too(root):
    fill(root, {"a.py": 2})
    found = statistics(root, ages_of=lambda path: {0: 1, 1: 1, 2: 3})
    ages = {level.name: level.lines for level in found.by["age"]}
    assert ages == {AGES[0]: 7, AGES[1]: 2, AGES[3]: 1}


def test_totals_are_the_units_added_up_whatever_was_added_up_before(root):
    fill(root, SHAPE)
    whole = totals(root)
    with Store.open(root, print) as store:
        reader, method = store.reader_id(READER), store.method_id(METHOD)
        assert add_up_files(store, reader, method) == 0
        generator = np.random.default_rng(5)
        keep_file(store, reader, method, "lib/0.py", 4, generator, False, "changed")
        keep_file(store, reader, method, "lib/new.py", 2, generator, False, "new")
        store.survey([], reader, method)
        with store.database.writing() as rows:
            rows.execute("DELETE FROM files WHERE path = ?", (b"web/1.py",))
        assert add_up_files(store, reader, method) == 2
        with store.database.writing() as rows:
            pass
    changed = totals(root)
    with Store.open(root, print) as store, store.database.writing() as rows:
        rows.execute("DELETE FROM totals")
    afresh = totals(root)
    assert changed.keys() == afresh.keys()
    for name in changed:
        assert changed[name].sums == afresh[name].sums
        assert changed[name].control == afresh[name].control
    assert whole["lib"].sums != changed["lib"].sums
    assert units_of(changed["web"]) == units_of(whole["web"]) - SHAPE["web/1.py"]


def test_a_unit_explained_later_is_added(root):
    fill(root, {"a.py": 3}, explained=False)
    assert totals(root) == {}
    fill(root, {"a.py": 3})
    (found,) = totals(root).values()
    assert units_of(found) == 3
    assert totals(root, within=b"other/") == {}


def test_what_is_relied_on_beyond_chance_is_found(root):
    fill(root, SHAPE, prefer=("",))
    found = rationale_statistics(METHOD, totals(root))
    assert sum(each.share.value for each in found.categories) == pytest.approx(1.0)
    by_name = {each.category: each for each in found.categories}
    conditionals = by_name["conditionals"]
    assert conditionals.group == "sc_semantic"
    assert conditionals.beyond.effect.value > 0.05
    assert conditionals.beyond.q < 0.01
    assert conditionals.share.value - conditionals.chance == pytest.approx(
        conditionals.beyond.effect.value
    )
    assert found.units == sum(SHAPE.values()) == found.targets
    assert found.from_chance.p < 0.01
    assert found.entropy.tokens.support == 40
    rows = np.flatnonzero(found.matrix.counts.sum(axis=1))
    assert [found.matrix.categories[row] for row in rows] == ["line: return"]


def test_chance_alone_is_called_chance(root):
    fill(root, SHAPE)
    found = rationale_statistics(METHOD, totals(root))
    assert all(each.beyond.q > 0.05 for each in found.categories)
    assert all(each.divergence.p > 0.01 for each in found.folders)


def test_a_folder_that_differs_is_found(root):
    fill(root, SHAPE, prefer=("web/",))
    found = rationale_statistics(METHOD, totals(root))
    folders = {each.folder: each.divergence for each in found.folders}
    assert folders.keys() == {"lib", "web"}  # the folder of three units says too little
    assert folders["web"].p < 0.01
    assert folders["web"].distance.value == pytest.approx(folders["lib"].distance.value, abs=0.02)


def test_no_rationales_are_no_statistics():
    assert rationale_statistics(METHOD, {}) is None
    assert rationale_statistics(METHOD, {".": Totals.empty(METHOD.schema)}) is None


def test_stability_by_category(root):
    fill(root, SHAPE)
    with Store.open(root, print) as store:
        found = stabilities(store, store.reader_id(READER), store.method_id(METHOD))
    assert {each.category for each in found} == {
        "identifier",
        "punctuation",
        "indentation",
        "conditionals",
    }
    # Units differ by 0.29 (uniform weights), rewrites by 0.05, before normalisation.
    assert all(each.units >= LEAST_UNITS and each.found.reliability > 0.8 for each in found)
    assert [each.found.snr for each in found] == sorted(
        (each.found.snr for each in found), reverse=True
    )


def test_too_few_repetitions_say_nothing(root):
    fill(root, {"a.py": 2})
    with Store.open(root, print) as store:
        assert stabilities(store, store.reader_id(READER), store.method_id(METHOD)) == ()


def test_a_snapshot_per_commit_and_the_clean_one_wins(root):
    fill(root, SHAPE)
    found = statistics(root)
    with Store.open(root, print) as store:
        reader = store.reader_id(READER)
        clean, dirty = Commit("a" * 40, 20, dirty=False), Commit("a" * 40, 20, dirty=True)
        assert not has_snapshot(store, reader, dirty)
        keep_snapshot(store, reader, dirty, found)
        assert has_snapshot(store, reader, dirty)
        assert not has_snapshot(store, reader, clean)
        keep_snapshot(store, reader, clean, found)
        keep_snapshot(store, reader, dirty, found)
        keep_snapshot(store, reader, Commit("b" * 40, 10, dirty=False), found)
        kept = snapshots(store, reader)
    assert [(each.commit.hash[0], each.commit.dirty) for each in kept] == [
        ("b", False),
        ("a", False),
    ]
    assert kept[0].figures.lines == found.everything.lines
    assert json.dumps(kept[0].figures.mean) == json.dumps(found.everything.mean.value)


def test_what_is_checked_out(repository, tmp_path):
    commit = commit_of(repository.root)
    assert (len(commit.hash), commit.time, commit.dirty) == (40, BEGIN, False)
    repository.write("first.py", "changed = 1\n")
    assert commit_of(repository.root).dirty
    assert commit_of(tmp_path) is None
    assert commit_of(Repository(tmp_path / "without").root) is None


def test_lines_have_the_age_of_their_last_change(repository):
    repository.commit(1, {"a.py": "one = 1\ntwo = 2\nthree = 3\n"})
    repository.commit(100, {"a.py": "one = 1\ntwo = 22\nthree = 3\n"})
    repository.write("a.py", "one = 1\ntwo = 22\nthree = 3\nfour = 4\n")
    now = BEGIN + 103 * DAY
    found = line_ages(repository.root, "a.py", now, shallow=False)
    assert {line: AGES[age] for line, age in found.items()} == {
        0: "up to half a year",
        1: "up to a week",
        2: "up to half a year",
        3: "not committed",
    }
    assert line_ages(repository.root, "nowhere.py", now, shallow=False) == {}


def test_a_shallow_clone_does_not_know_old_ages(repository, tmp_path):
    repository.commit(1, {"a.py": "one = 1\n"})
    repository.commit(2, {"b.py": "two = 2\n"})
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(clone))
    assert is_shallow(clone)
    assert not is_shallow(repository.root)
    found = line_ages(clone, "a.py", BEGIN + 3 * DAY, shallow=True)
    assert [AGES[age] for age in found.values()] == ["before the clone begins"]
