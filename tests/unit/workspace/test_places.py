"""The names of files: those behind all links, as long as they lie in the repository."""

import json

import pytest
from git_repository import Repository

from linewise.analysis.suppression import Decisions
from linewise.workspace.baseline import Baseline, Seen
from linewise.workspace.decisions import DecisionStore, Place, place_in_repository, place_of
from linewise.workspace.sparse import LeftOut
from linewise.workspace.store import folder_of

TEXT = "".join(f"value_{number} = compute({number})\n" for number in range(6))


@pytest.fixture
def linked(repository):
    repository.commit(1, {"a/m.py": TEXT, "b/c/n.py": TEXT})
    root = repository.root
    for link, target in {
        "sib": "a",
        "l.py": "a/m.py",
        "l2.py": "l.py",
        "b/up": "../sib",
        "self": ".",
        "b/absolute.py": root / "a" / "m.py",
    }.items():
        (root / link).symlink_to(target)
    return root


NAMES = ["a/m.py", "sib/m.py", "l.py", "l2.py", "b/up/m.py", "self/a/m.py", "self/self/l2.py"]


@pytest.mark.parametrize("name", [*NAMES, "b/absolute.py", "b/up/../a/m.py"])
def test_a_file_has_one_place(linked, name):
    assert place_of(linked / name) == Place(linked, "a/m.py")
    assert Baseline(linked / "baseline.json", linked).name_of(linked / name) == "a/m.py"


def test_a_repository_that_is_reached_by_a_link(linked, tmp_path):
    (tmp_path / "other").symlink_to(linked)
    (tmp_path / "part").symlink_to(linked / "a")
    assert place_of(tmp_path / "other" / "l.py") == Place(tmp_path / "other", "a/m.py")
    assert place_of(tmp_path / "part" / "m.py") == Place(linked, "a/m.py")


def test_what_leads_out_of_the_repository_keeps_its_name(linked, tmp_path):
    (tmp_path / "outside.py").write_text(TEXT)
    (linked / "out.py").symlink_to(tmp_path / "outside.py")
    assert place_of(linked / "out.py") == Place(linked, "out.py")
    assert place_in_repository(tmp_path / "outside.py") is None
    Repository(tmp_path / "second").write("x.py", TEXT)
    (linked / "second.py").symlink_to(tmp_path / "second" / "x.py")
    assert place_of(linked / "second.py") == Place(linked, "second.py")


def test_a_repository_within(linked):
    inner = Repository(linked / "vendor" / "inner")
    inner.write("x.py", TEXT)
    (linked / "inner.py").symlink_to("vendor/inner/x.py")
    assert place_of(linked / "inner.py") == Place(inner.root, "x.py")


def test_loops_and_links_to_nowhere(linked):
    (linked / "one.py").symlink_to("two.py")
    (linked / "two.py").symlink_to("one.py")
    (linked / "nowhere.py").symlink_to("a/gone.py")
    assert place_of(linked / "one.py").root == linked
    assert place_of(linked / "nowhere.py") == Place(linked, "a/gone.py")
    path = linked / "baseline.json"
    path.write_text(json.dumps({"version": 1, "files": {"one.py": ["1"], "nul\0.py": ["2"]}}))
    assert Baseline(path, linked).of("new.py", ("1", "2")) == {"1", "2"}


def test_what_was_kept_by_a_links_name_is_understood(linked, state):
    path = linked / "baseline.json"
    kept = {"version": 1, "files": {"a/m.py": ["1"], "l.py": ["2"], "sib/m.py": ["3"]}}
    path.write_text(json.dumps(kept))
    baseline = Baseline(path, linked)
    assert baseline.of("a/m.py", ()) == {"1", "2", "3"}
    seen = {"a/m.py": Seen(frozenset("123"), frozenset("1"))}
    assert baseline.after(seen, [linked], accept=False) == baseline.known()
    stored = folder_of(linked) / "decisions.json"
    stored.parent.mkdir(parents=True)
    one = {"reviewed": ["1"], "ignored": [], "ignored_units": [], "whole_file": False}
    stored.write_text(
        json.dumps(
            {
                "version": 1,
                "root": str(linked),
                "files": {"l.py": one, "self/a/m.py": one | {"reviewed": ["2"]}},
            }
        )
    )
    assert DecisionStore(linked).of("a/m.py") == Decisions(reviewed=frozenset("12"))


def known(root, **files):
    path = root / "baseline.json"
    kept = {name.replace("_", "/") + ".py": list(prints) for name, prints in files.items()}
    path.write_text(json.dumps({"version": 1, "files": kept}))
    return Baseline(path, root)


@pytest.mark.parametrize(
    "how",
    [
        [("sparse-checkout", "set", "--cone", "a")],
        [("sparse-checkout", "set", "--no-cone", "/a/")],
        [("sparse-checkout", "set", "--cone", "--sparse-index", "a")],
        [("update-index", "--skip-worktree", "b/n.py", "b/c/o.py")],
    ],
)
def test_a_file_that_git_leaves_out_is_not_gone(repository, how):
    repository.commit(1, dict.fromkeys(("a/m.py", "b/n.py", "b/c/o.py", "a/old.py"), TEXT))
    baseline = known(repository.root, a_m="1", b_n="2", b_c_o="3", a_old="4")
    version = baseline.version("new.py")
    for arguments in how:
        repository.git(*arguments)
    for name in ("b/n.py", "b/c/o.py"):
        (repository.root / name).unlink(missing_ok=True)
    everything = baseline.known()
    assert baseline.after({}, [repository.root], accept=False) == everything
    assert baseline.of("new.py", "1234") == frozenset()
    # A file that is deleted is gone, whether git knows that yet or not.
    (repository.root / "a" / "old.py").unlink()
    assert baseline.version("new.py") != version
    assert baseline.of("new.py", "1234") == {"4"}
    assert set(baseline.after({}, [repository.root], accept=False)) == set(everything) - {
        "a/old.py"
    }
    repository.git("rm", "--quiet", "--cached", "--sparse", "b/n.py")
    assert baseline.of("new.py", "1234") == {"2", "4"}


def test_where_git_cannot_be_asked(repository, monkeypatch):
    repository.commit(1, {"a/m.py": TEXT, "b/n.py": TEXT})
    monkeypatch.setenv("PATH", "")
    assert not LeftOut().holds(repository.root / "b" / "n.py")
    monkeypatch.undo()
    repository.git("sparse-checkout", "set", "a")
    monkeypatch.setenv("PATH", "")
    assert LeftOut().holds(repository.root / "b" / "n.py")


def test_git_is_asked_once(repository, monkeypatch):
    repository.commit(1, {"a/m.py": TEXT, "b/n.py": TEXT})
    repository.git("sparse-checkout", "set", "a")
    left_out = LeftOut()
    assert left_out.holds(repository.root / "b" / "n.py")
    monkeypatch.setenv("PATH", "")
    assert left_out.holds(repository.root / "b" / "n.py")
    assert not left_out.holds(repository.root / "b" / "other.py")


def test_a_file_in_no_repository_is_gone(tmp_path):
    assert not LeftOut().holds(tmp_path / "a.py")
