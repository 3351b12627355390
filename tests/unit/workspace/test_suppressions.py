"""Baselines, changed lines, and all suppressions of a file together."""

import json
import subprocess

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.fingerprints import fingerprints
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Suppression
from linewise.errors import LinewiseError
from linewise.results import LineScore
from linewise.settings import Settings
from linewise.workspace.baseline import Baseline
from linewise.workspace.changes import Changes, changed_lines
from linewise.workspace.decisions import Place, place_of
from linewise.workspace.suppressions import Suppressions

TEXT = "a = 1\nb = 2\nc = 3  # linewise: ignore\nd = 4\n"


def test_a_baseline_is_sorted_and_readable_by_all(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).touch()
    path = tmp_path / "baseline.json"
    baseline = Baseline(path, tmp_path)
    assert baseline.of("b.py", ()) == frozenset()
    assert baseline.add("b.py", ["2", "1"], ()) == 2
    assert baseline.add("a.py", ["3"], ()) == 1
    assert baseline.add("b.py", ["1"], ()) == 0
    assert json.loads(path.read_text()) == {
        "version": 1,
        "files": {"a.py": ["3"], "b.py": ["1", "2"]},
    }
    assert path.read_text().endswith("]\n  }\n}\n")
    assert path.stat().st_mode & 0o444 == 0o444
    assert Baseline(path, tmp_path).of("b.py", ()) == {"1", "2"}
    assert {each.name for each in tmp_path.iterdir()} == {"a.py", "b.py", "baseline.json"}


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 2}', '{"version": 1, "files": [1]}'])
def test_a_baseline_that_cannot_be_read_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "baseline.json"
    path.write_text(content)
    baseline = Baseline(path, tmp_path)
    assert baseline.of("a.py", ()) == frozenset()
    assert baseline.problem.startswith(f"{path} is no baseline")
    with pytest.raises(LinewiseError, match="is no baseline"):
        baseline.add("a.py", ["1"], ())
    assert path.read_text() == content


def changed(repository, name, text, revision="HEAD", changes=None):
    changes = changes or Changes(repository.root)
    return changes.lines(name, LineTable(text), revision), changes


def test_lines_that_changed_since_a_revision(repository):
    repository.commit(1, {"a.py": TEXT})
    assert changed(repository, "a.py", TEXT)[0] == frozenset()
    assert changed(repository, "a.py", TEXT.replace("\n", "\r\n"))[0] == frozenset()
    assert changed(repository, "a.py", "new\n" + TEXT.replace("b = 2", "b = 5"))[0] == {0, 2}
    assert changed(repository, "a.py", TEXT.replace("b = 2\n", ""))[0] == frozenset()
    assert changed(repository, "new.py", "x\ny")[0] == {0, 1}
    assert changed(repository, "a.py", TEXT, "HEAD~1")[0] == set(range(5))


def test_a_new_commit_is_noticed(repository):
    repository.commit(1, {"a.py": TEXT})
    edited = TEXT.replace("d = 4", "d = 5")
    found, changes = changed(repository, "a.py", edited)
    version = changes.version("HEAD")
    assert found == {3}
    assert changes.version("HEAD") == version
    repository.commit(2, {"a.py": edited})
    assert changes.version("HEAD") != version
    assert changed(repository, "a.py", edited, changes=changes)[0] == frozenset()


def test_a_linked_work_tree_has_a_head_of_its_own(repository, tmp_path):
    head = repository.commit(1, {"a.py": TEXT})
    linked = tmp_path / "linked"
    command = ["git", "worktree", "add", "--quiet", str(linked), "HEAD~1"]
    subprocess.run(command, cwd=repository.root, check=True)
    changes = Changes(linked)
    assert changes.lines("a.py", LineTable(TEXT), "HEAD") == set(range(5))
    version = changes.version("HEAD")
    subprocess.run(["git", "reset", "--quiet", "--hard", head], cwd=linked, check=True)
    assert changes.version("HEAD") != version
    assert changes.lines("a.py", LineTable(TEXT), "HEAD") == frozenset()


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~99", "HEAD:a.py", "--help"])
def test_a_revision_that_is_none_is_named(repository, revision):
    found, changes = changed(repository, "a.py", TEXT, revision)
    assert found is None
    assert changes.problem.startswith(f"changedSince: {revision!r} names no commit")


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_taking_the_changed_lines_away_leaves_lines_that_were_there(before, after):
    found = changed_lines(before, after)
    kept = iter(before)
    assert all(line in kept for at, line in enumerate(after) if at not in found)
    assert changed_lines(after, after) == frozenset()


def test_all_of_it_together(repository, state):
    repository.commit(1, {"a.py": TEXT})
    table = LineTable(TEXT.replace("d = 4", "d = 5"))
    scores = [LineScore(line, 0.5, line + 1, "<module>") for line in range(4)]
    prints = fingerprints(table, scores)
    place = place_of(repository.root / "a.py")
    settings = Settings(changed_since="HEAD")
    asked = Suppressions()

    def found():
        return asked.of(place, table, scores, prints, settings)

    assert found() == Suppression(
        ignored=frozenset({2}), changed=frozenset({3}), commented=frozenset({2})
    )
    versions = [asked.version(place, settings)]
    asked.decisions(place).change(
        place.name, lambda known: evolve(known, reviewed=frozenset({prints[0]}))
    )
    versions.append(asked.version(place, settings))
    asked.baseline(place, settings).add(place.name, [prints[1]], ())
    versions.append(asked.version(place, settings))
    repository.commit(2, {"a.py": table.text})
    versions.append(asked.version(place, settings))
    assert len(set(versions)) == 4
    assert found() == Suppression(
        ignored=frozenset({2}),
        baselined=frozenset({1}),
        reviewed=frozenset({0}),
        changed=frozenset(),
        commented=frozenset({2}),
    )
    assert asked.problems(place, settings) == ()
    bad = evolve(settings, changed_since="nowhere")
    assert asked.of(place, table, scores, prints, bad).changed is None
    assert "nowhere" in asked.problems(place, bad)[0]


def test_outside_a_repository_and_of_no_file_every_line_is_new(state, tmp_path):
    asked, settings = Suppressions(), Settings(changed_since="HEAD")
    for place in (place_of(tmp_path / "a.py"), Place(None, "untitled:1")):
        assert asked.of(place, LineTable("x"), [], {}, settings).changed is None
        assert asked.problems(place, settings) == ()
