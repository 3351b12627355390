"""Labels: what counts as changed soon, what as kept, and what has no label."""

import pytest
from git_repository import lines
from hypothesis import given
from hypothesis import strategies as st

from linewise.workspace.churn import FEATURES, is_test
from linewise.workspace.labels import is_excluded, is_generated, read_labels
from linewise.workspace.lives import BULK_LINES
from linewise.workspace.matching import origins
from linewise.workspace.sampling import sample


def labelled(repository, **options):
    """Each labelled line's number and whether it was changed."""
    labels = read_labels(repository.root, window_days=10, **options)
    return {each.text.decode().strip(): each.changed for each in labels.examples}


def name(number):
    return lines(number).strip()


def later(repository, days=90):
    repository.commit(days, {"later.py": "end = 1\n"})


def test_changed_soon_kept_changed_late_and_still_open(repository):
    repository.commit(1, {"a.py": lines(1, 2, 3)})
    repository.commit(5, {"a.py": lines(1, 20, 3)})
    repository.commit(40, {"a.py": lines(1, 20, 30)})
    repository.commit(45, {"b.py": lines(4)})
    found = labelled(repository)
    assert found == {name(1): False, name(2): True, name(3): False, name(20): False}


def test_a_deleted_line_was_changed(repository):
    repository.commit(1, {"a.py": lines(1, 2)})
    repository.commit(2, {"a.py": lines(1)})
    later(repository)
    assert labelled(repository) == {name(1): False, name(2): True}


@pytest.mark.parametrize(
    "after",
    [
        "if True:\n    " + lines(1).strip() + "\n    " + lines(2),
        lines(1, 2).replace(" = ", "  =  "),
        lines(1, 2).replace("(", "(\n    ").replace(")", "\n)"),
        lines(1, 2).replace("(", "(\n    ").replace(")", ",\n)"),
        lines(2, 1),
        "other = 1\n\n" + lines(2) + "\n\n" + lines(1),
    ],
    ids=["indented", "spaced", "wrapped", "wrapped with commas", "swapped", "moved"],
)
def test_white_space_and_moves_change_nothing(repository, after):
    repository.commit(1, {"a.py": lines(1, 2)})
    repository.commit(2, {"a.py": after})
    later(repository)
    found = labelled(repository)
    assert (found[name(1)], found[name(2)]) == (False, False)


def test_a_wrapped_line_is_still_followed(repository):
    repository.commit(1, {"a.py": lines(1)})
    repository.commit(2, {"a.py": lines(1).replace("(", "(\n    ").replace(")", "\n)")})
    repository.commit(3, {"a.py": "other = 1\n"})
    later(repository)
    assert labelled(repository)[name(1)] is True


def test_renames_and_moves_between_files_are_followed(repository):
    repository.commit(1, {"a.py": lines(*range(8)), "c.py": lines(50)})
    repository.git("mv", "a.py", "b.py")
    repository.commit(2, {"b.py": lines(*range(8)), "c.py": "", "d.py": lines(50)})
    repository.commit(3, {"b.py": lines(*range(7)), "d.py": "other = 1\n"})
    later(repository)
    found = labelled(repository)
    assert found[name(7)] is True
    assert found[name(0)] is False
    assert found[name(50)] is True


def test_files_that_swap_names(repository):
    one, two = lines(*range(9)), lines(*range(20, 29))
    repository.commit(1, {"a.py": one, "b.py": two})
    repository.commit(2, {"a.py": two, "b.py": one})
    later(repository)
    found = labelled(repository)
    assert not any(found[name(number)] for number in (*range(9), *range(20, 29)))


def test_a_deleted_file_leaves_no_labels(repository):
    repository.commit(1, {"a.py": lines(1)})
    repository.commit(2, remove=["a.py"])
    later(repository)
    assert name(1) not in labelled(repository)


def test_bulk_commits_neither_write_nor_change(repository):
    repository.commit(1, {"a.py": lines(1)})
    repository.commit(2, {"a.py": "x = 1\n", "bulk.py": lines(*range(100, 101 + BULK_LINES))})
    later(repository)
    found = labelled(repository)
    assert name(1) not in found
    assert name(100) not in found


def test_commits_to_ignore_neither_write_nor_change(repository):
    repository.commit(1, {"a.py": lines(1, 2)})
    sha = repository.commit(2, {"a.py": lines(1, 20)})
    repository.commit(3, {".git-blame-ignore-revs": sha + "\n"})
    later(repository)
    assert {key: value for key, value in labelled(repository).items() if "variable" in key} == {
        name(1): False
    }


def test_merges_change_lines_but_write_none(repository):
    repository.commit(1, {"a.py": lines(1, 2)})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(2, {"a.py": lines(1, 20)})
    repository.git("checkout", "--quiet", "main")
    repository.commit(3, {"other.py": lines(3)})
    repository.git("merge", "--quiet", "--no-ff", "-m", "m", "side", days=4)
    later(repository)
    found = labelled(repository)
    assert found[name(2)] is True
    assert name(20) not in found


def test_the_first_commit_writes_nothing(repository):
    later(repository)
    assert "begin = 1" not in labelled(repository)


def test_the_churn_is_that_before_the_commit(repository):
    repository.commit(1, {"a.py": lines(1)})
    repository.commit(3, {"a.py": lines(1, 2), "tests/test_b.py": lines(3)})
    later(repository)
    labels = read_labels(repository.root, window_days=10)
    context = {each.text.decode().strip(): each.context for each in labels.examples}
    first = dict(zip(FEATURES, context[name(1)], strict=True))
    second = dict(zip(FEATURES, context[name(2)], strict=True))
    assert (first["the file is new"], second["the file is new"]) == (1.0, 0.0)
    assert first["commits to the file in 7 days"] == 0.0
    assert second["commits to the file in 7 days"] == pytest.approx(0.6931, abs=1e-4)
    assert second["days since the file's last commit, 91 at most"] == pytest.approx(
        1.0986, abs=1e-4
    )
    assert second["lines of the file"] == pytest.approx(1.0986, abs=1e-4)
    assert context[name(3)][FEATURES.index("the file is a test")] == 1.0


def test_the_sample_holds_code_lines_of_their_own_text(repository):
    text = '"""Doc."""\n# comment\n\n\ndef f(x):\n    """Say."""\n    return x\n'
    repository.commit(1, {"a.py": text, "g.py": "# @generated\n" + lines(1)})
    repository.commit(2, {"crlf.py": "def g(y):\r\n    return y\r\n", "cr.py": "a = 1\rb = 2\n"})
    later(repository)
    labels = read_labels(repository.root, window_days=10)
    found = sample(repository.root, labels.examples)
    texts = [
        [each.text.split("\n")[example.line].strip() for example in each.examples] for each in found
    ]
    assert texts[0] == ["def f(x):", "return x"]
    assert texts[1] == ["def g(y):", "return y"]


def test_the_sample_is_the_same_every_time(repository):
    for day in range(1, 8):
        repository.commit(day, {f"a{day}.py": f"def f():\n    return {day}\n\n\n" + lines(day)})
    later(repository)
    examples = read_labels(repository.root, window_days=10).examples
    once, again = sample(repository.root, examples), sample(repository.root, examples)
    assert [each.unit for each in once] == [each.unit for each in again]
    assert [each.blob for each in sample(repository.root, examples, most=3)] == [
        each.blob for each in once[-3:]
    ]


@pytest.mark.parametrize(
    "path",
    ["src/_vendor/six.py", "a/third_party/b.py", "x_pb2.py", "tests/data/a.py", "_version.py"],
)
def test_files_that_are_left_out(path):
    assert is_excluded(path)


@pytest.mark.parametrize("path", ["src/vendors.py", "data/a.py", "tests/test_a.py", "version.py"])
def test_files_that_are_not(path):
    assert not is_excluded(path)


def test_generated_files_say_so():
    assert is_generated(b"# Code generated by x. DO NOT EDIT.\n")
    assert not is_generated(b"x = 1\n" * 1000 + b"# @generated\n")


def test_which_files_are_tests():
    assert all(map(is_test, ["tests/a.py", "test_a.py", "a_test.py", "x/conftest.py"]))
    assert not any(map(is_test, ["src/a.py", "src/latest.py", "testament.py"]))


hunks = st.lists(
    st.tuples(
        *[st.lists(st.sampled_from([b"", b"x", b"  x", b"y = 1", b"z" * 30]), max_size=5)] * 2
    ),
    max_size=4,
)


@given(hunks)
def test_a_line_comes_from_one_that_was_there(pairs):
    removed = [line for before, _ in pairs for line in before]
    added = [line for _, after in pairs for line in after]
    found = origins(pairs)
    assert all(0 <= index < len(added) for index in found)
    assert all(0 <= origin < len(removed) for origin in found.values())
