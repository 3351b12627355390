"""What a scan keeps of a file holds as long as all it rests on is the same, and no longer."""

import pytest
from scan_runs import ask, function, instruments, scan, unloadable, write

from linewise.settings import Settings
from linewise.workspace.scan import basis
from linewise.workspace.scan.store import Store
from linewise.workspace.scan.walk import Globs

LONG = function("long", *(f"x = x + {n}" for n in range(20)), "return undefined_name")
FILES = {"long.py": LONG, "short.py": "x = 1\n"}


@pytest.fixture
def root(tmp_path, state):
    write(tmp_path / "root", FILES)
    return tmp_path / "root"


@pytest.fixture
def load(engine):
    return instruments(engine)


def kept(root):
    with Store.open(root, print) as store, store.database.reading() as rows:
        return {
            path.decode(): "skipped" if problem else "read" if lines else "nothing"
            for path, problem, lines in rows.execute(
                "SELECT path, problem, length(lines) FROM files "
                "LEFT JOIN readings ON file = files.id"
            )
        }


def settled(root):
    """Files as they are long after they were written: nothing of them can change unseen."""
    with Store.open(root, print) as store, store.database.writing() as rows:
        rows.execute("UPDATE files SET settled = 1")


def again(root, load, **request):
    settled(root)
    return scan(root, load, **request).done


SMALL = [Settings(max_file_lines=10), Settings(max_file_bytes=50)]


@pytest.mark.parametrize("small", SMALL)
def test_a_raised_limit_reads_what_was_skipped(root, load, small):
    scan(root, load, settings=small)
    assert kept(root) == {"long.py": "skipped", "short.py": "read"}
    assert again(root, unloadable, settings=small) == 0
    assert again(root, load, settings=Settings()) == 1
    assert kept(root) == {"long.py": "read", "short.py": "read"}
    assert again(root, unloadable, settings=Settings()) == 0


@pytest.mark.parametrize("small", SMALL)
def test_a_lowered_limit_leaves_out_what_was_read(root, load, small):
    scan(root, load)
    assert again(root, unloadable, settings=small) == 1
    assert kept(root) == {"long.py": "skipped", "short.py": "read"}
    assert again(root, unloadable, settings=small) == 0


def test_limits_of_the_projects_count_as_those_that_are_given(root, load):
    own = root / ".linewise.toml"
    own.write_text("max-file-lines = 10\n")
    scan(root, load)
    assert kept(root)["long.py"] == "skipped"
    own.write_text("max-file-lines = 100\n")
    assert again(root, load) == 1
    assert kept(root)["long.py"] == "read"
    (root / "pkg").mkdir()
    write(root / "pkg", {"deep.py": LONG, ".linewise.toml": "max-file-lines = 5\n"})
    assert again(root, load) == 1
    assert kept(root) == {"long.py": "read", "short.py": "read", "pkg/deep.py": "skipped"}


def test_names_of_the_platform_are_part_of_it_and_cost_no_pass(root, load, tiny_model):
    scan(root, load)
    passes = tiny_model.passes
    given = Settings(builtins=("undefined_name",))
    assert again(root, load, settings=given) == 2
    assert tiny_model.passes == passes
    assert again(root, unloadable, settings=given) == 0


@pytest.mark.parametrize(("name", "files"), [("RULES", 2), ("__version__", 1)])
def test_other_rules_ask_anew(root, load, monkeypatch, tiny_model, name, files):
    small = Settings(max_file_lines=10)
    scan(root, load, settings=small)
    passes = tiny_model.passes
    monkeypatch.setattr(basis, name, 99 if name == "RULES" else "99.0")
    assert again(root, load, settings=small) == files
    assert tiny_model.passes == passes


def test_what_older_versions_wrote_is_read_again_without_a_pass(root, load, tiny_model):
    scan(root, load)
    with Store.open(root, print) as store, store.database.writing() as rows:
        rows.execute("UPDATE files SET basis = NULL")
        rows.execute("UPDATE readings SET basis = NULL")
    passes = tiny_model.passes
    assert again(root, load) == 2
    assert tiny_model.passes == passes
    assert again(root, unloadable) == 0


def test_what_is_excluded_is_forgotten_and_read_again(root, load):
    own = root / ".linewise.toml"
    scan(root, load)
    own.write_text('exclude = ["long.py"]\n')
    assert again(root, unloadable) == 0
    assert set(kept(root)) == {"short.py"}
    own.write_text("")
    assert again(root, load) == 1
    assert set(kept(root)) == {"long.py", "short.py"}


@pytest.mark.parametrize("globs", [Globs(exclude=("long.py",)), Globs(include=("short.py",))])
def test_patterns_of_one_run_forget_nothing(root, load, globs):
    scan(root, load)
    assert again(root, unloadable, globs=globs) == 0
    assert set(kept(root)) == {"long.py", "short.py"}
    assert again(root, unloadable) == 0


def test_a_subfolder_is_scanned_by_the_same_rules(root, load):
    write(root, {".linewise.toml": 'exclude = ["pkg/gen/**"]\n', ".git/refs/x": ""})
    write(root, {"pkg/a.py": "x = 1\n", "pkg/gen/g.py": "x = 1\n"})
    scan(root, load, folder=root / "pkg")
    assert set(kept(root)) == {"pkg/a.py"}
    assert again(root, load) == 2
    assert set(kept(root)) == {"long.py", "short.py", "pkg/a.py"}
    assert again(root, unloadable, folder=root / "pkg") == 0
    assert ask(root, folder=root / "pkg").selection.excludes(root / "pkg" / "gen" / "g.py")
