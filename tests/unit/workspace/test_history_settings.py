"""What is read of a history depends on the history alone."""

import pytest
from git_repository import Repository, lines

from linewise.analysis.lines import LineTable
from linewise.workspace.changes import Changes
from linewise.workspace.history import read_history


@pytest.fixture
def merged(repository):
    repository.commit(1, {"a.py": lines(*range(9)), "nul.py": b"x\0y\n", "b c.py": "b = 1\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(2, {"side.py": lines(1)})
    repository.git("checkout", "--quiet", "main")
    repository.git("mv", "a.py", "moved.py")
    repository.commit(3, {"moved.py": lines(*range(8), 100), "b c.py": "b = 1\r\n"})
    repository.git("merge", "--quiet", "--no-ff", "-m", "m", "side", days=4)
    return repository


def test_what_there_is(merged):
    first, second, renamed, merge = read_history(merged.root)
    assert (first.parents, second.parents, renamed.parents, merge.parents) == (0, 1, 1, 2)
    assert [len(each.changes) for each in (first, second, renamed, merge)] == [1, 3, 2, 1]
    moved = {change.new_path: change for change in renamed.changes}["moved.py"]
    assert (moved.old_path, len(moved.hunks)) == ("a.py", 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log.diffMerges", "off"), ("log.diffMerges", "combined"), ("log.showRoot", "false"),
        ("log.follow", "true"), ("diff.renames", "false"), ("diff.renameLimit", "1"),
        ("diff.algorithm", "patience"), ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"),
        ("diff.relative", "true"), ("diff.context", "7"), ("diff.interHunkContext", "9"),
        ("diff.indentHeuristic", "false"), ("diff.suppressBlankEmpty", "true"),
        ("diff.ignoreSubmodules", "all"), ("diff.orderFile", "order"), ("core.quotePath", "false"),
        ("core.attributesFile", "attributes"), ("i18n.logOutputEncoding", "utf-16"),
        ("color.ui", "always"), ("log.date", "relative"), ("core.bigFileThreshold", "1"),
    ],
)  # fmt: skip
def test_no_setting_has_a_say(merged, name, value):
    expected = list(read_history(merged.root))
    merged.write("order", "moved.py\n")
    merged.write("attributes", "*.py -diff\n")
    merged.git("config", name, value)
    assert list(read_history(merged.root)) == expected


@pytest.mark.parametrize("place", [".gitattributes", ".git/info/attributes", "sub/.gitattributes"])
@pytest.mark.parametrize("attribute", ["-diff", "binary", "diff=x", "diff", "text eol=crlf"])
def test_no_attribute_has_a_say(merged, place, attribute):
    expected = list(read_history(merged.root))
    merged.git("config", "diff.x.binary", "true")
    merged.write(place, f"*.py {attribute}\n")
    assert list(read_history(merged.root)) == expected


def test_environment_of_a_hook_decides_nothing(merged, monkeypatch, tmp_path):
    expected = list(read_history(merged.root))
    other = Repository(tmp_path / "other")
    for name, value in {
        "GIT_DIR": str(other.root / ".git"), "GIT_WORK_TREE": str(other.root),
        "GIT_INDEX_FILE": "nowhere", "GIT_PREFIX": "x/", "GIT_DIFF_OPTS": "-u9",
        "GIT_LITERAL_PATHSPECS": "1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert list(read_history(merged.root)) == expected


def test_renames_have_no_limit(repository):
    count = 1_030
    text = "".join(f"value_{line} = compute({line})\n" for line in range(9))
    before = {f"old/{n}.py": f"name = {n}\n{text}" for n in range(count)}
    repository.commit(1, before)
    repository.git("mv", "old", "new")
    # Other base names: else git finds the pairs by these.
    for n in range(count):
        (repository.root / "new" / f"{n}.py").rename(repository.root / "new" / f"m{n}.py")
        repository.write(f"new/m{n}.py", f"name = {n}\n{text}more = {n}\n")
    repository.commit(2)
    repository.git("config", "diff.renameLimit", "2")
    changed = list(read_history(repository.root))[-1].changes
    assert len(changed) == count
    assert all(change.old_path for change in changed)
    table = LineTable(f"name = 5\n{text}more = 5\n")
    assert Changes(repository.root).lines("new/m5.py", table, "HEAD~1") == {10}
