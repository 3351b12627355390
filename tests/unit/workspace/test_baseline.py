"""What becomes of a baseline when files change, are renamed or go away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.errors import LinewiseError
from linewise.workspace.baseline import Baseline, Seen

prints = st.frozensets(st.sampled_from("0123456789"), max_size=5)
files = st.dictionaries(st.sampled_from(["a.py", "b.py", "sub/c.py", "sub/gone.py"]), prints)


@pytest.fixture
def folder(tmp_path):
    for name in ("a.py", "b.py", "sub/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def baseline(folder, known):
    made = Baseline(folder / "baseline.json", folder)
    made.write({name: frozenset(prints) for name, prints in known.items()})
    return made


def seen(lines, found=""):
    return Seen(frozenset(lines), frozenset(found))


def test_known_lines_that_are_gone_are_taken_out(folder):
    known = baseline(folder, {"a.py": "12", "b.py": "3"})
    assert known.after({"a.py": seen("23", "3")}, [], accept=False) == {
        "a.py": {"2"},
        "b.py": {"3"},
    }
    assert known.after({"a.py": seen("")}, [], accept=False) == {"b.py": {"3"}}


def test_accepting_replaces_what_was_known_of_the_files_seen(folder):
    known = baseline(folder, {"a.py": "12", "b.py": "3"})
    after = known.after({"a.py": seen("234", "34")}, [], accept=True)
    assert after == {"a.py": {"3", "4"}, "b.py": {"3"}}


def test_files_that_are_gone_are_taken_out_by_who_looked_for_them(folder):
    known = baseline(folder, {"a.py": "1", "sub/gone.py": "2"})
    assert known.after({}, [], accept=False) == {"a.py": {"1"}, "sub/gone.py": {"2"}}
    assert known.after({}, [folder / "sub"], accept=False) == {"a.py": {"1"}}


def test_a_renamed_file_keeps_its_findings(folder):
    known = baseline(folder, {"a.py": "1", "sub/gone.py": "23"})
    assert known.of("sub/c.py", "345623") == {"2", "3"}
    assert known.of("sub/c.py", "3456") == frozenset()  # it has no more than half of them
    assert known.of("a.py", "4") == {"1"}
    after = known.after({"sub/c.py": seen("3456")}, [folder], accept=False)
    assert after == {"a.py": {"1"}}
    after = known.after({"sub/c.py": seen("23456")}, [folder], accept=False)
    assert after == {"a.py": {"1"}, "sub/c.py": {"2", "3"}}


@given(files, st.dictionaries(st.sampled_from(["a.py", "b.py", "sub/c.py"]), prints))
def test_a_second_run_changes_nothing(tmp_path_factory, known, lines):
    folder = tmp_path_factory.mktemp("folder")
    for name in ("a.py", "b.py", "sub/c.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    made = baseline(folder, known)
    looked = {name: seen(found, found) for name, found in lines.items()}
    for accept in (True, False):
        once = made.after(looked, [folder], accept=accept)
        made.write(once)
        assert made.after(looked, [folder], accept=accept) == once == made.known()


def test_a_baseline_that_cannot_be_written_is_left_as_it_was(folder):
    made = baseline(folder, {"a.py": "1"})
    (folder / "baseline.json.partial").mkdir()
    with pytest.raises(LinewiseError, match=r"cannot be written: .*left as it was"):
        made.write({})
    assert made.known() == {"a.py": {"1"}}
