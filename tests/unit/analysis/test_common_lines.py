"""The one matcher of two sequences: exact, as fast for any content, never more than git shows."""

import itertools
import random
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis import common_lines
from linewise.analysis.common_lines import common_blocks, common_pairs
from linewise.workspace.changes import changed_lines

COUNT = 10_000
SHORT = st.lists(st.sampled_from("abcd"), max_size=12)


def longest(before, after):
    """The length of a longest common subsequence, as textbooks have it."""
    row = [0] * (len(after) + 1)
    for left in before:
        last = row[:]
        for at, right in enumerate(after):
            row[at + 1] = last[at] + 1 if left == right else max(row[at], last[at + 1])
    return row[-1]


def check(before, after, pairs):
    assert all(before[at] == after[to] for at, to in pairs)
    assert all(a < b and c < d for (a, c), (b, d) in itertools.pairwise(pairs))


@given(SHORT, SHORT)
def test_it_is_a_longest_common_subsequence(before, after):
    pairs = common_pairs(before, after)
    check(before, after, pairs)
    assert len(pairs) == longest(before, after)


@given(SHORT, SHORT)
def test_it_is_so_where_memory_is_short(before, after):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(common_lines, "_MOST_BITS", 6)
        pairs = common_pairs(before, after)
    check(before, after, pairs)
    assert len(pairs) == longest(before, after)


@given(SHORT, SHORT)
def test_blocks_are_the_pairs_in_runs(before, after):
    blocks = common_blocks(before, after)
    pairs = [(a + k, b + k) for a, b, size in blocks for k in range(size)]
    assert pairs == common_pairs(before, after)
    ends = [(a + size, b + size) for a, b, size in blocks]
    assert all(end != block[:2] for end, block in zip(ends, blocks[1:], strict=False))


def kinds(count):
    some = random.Random(13)
    numbers = [f"x{number} = {number}" for number in range(count)]
    mixed = some.sample(numbers, count)
    few = [[some.choice(["", "}", "else:", "pass"]) for _ in range(count)] for _ in range(2)]
    blanks = [
        [line for number in range(count // 2) for line in (f"# {side}{number}", "")]
        for side in "ab"
    ]
    return {
        "equal": (["same"] * count, ["same"] * count),
        "different": (numbers, [f"y{line}" for line in numbers]),
        "alternating": (["a = 1", *blanks[0][1:]], ["x = 1", *blanks[1], "y = 2"]),
        "shifted": (numbers, ["new = 1", *numbers[:-1]]),
        "indented": ([f"  {line}" for line in numbers], [f"    {line}" for line in numbers]),
        "few": tuple(few),
        "reversed": (numbers, numbers[::-1]),
        "mixed": (numbers, mixed),
        "repeated": (["a"] * count + ["b"], ["b", *["a"] * (count // 2), *["c"] * (count // 2)]),
        "edited": (numbers, [line if some.random() < 0.9 else f"{line}0" for line in numbers]),
        "shuffled blocks": (numbers, [*numbers[count // 2 :], *numbers[: count // 2]]),
        "nothing before": ([], numbers),
    }


@pytest.mark.parametrize("kind", kinds(2))
def test_ten_thousand_lines_of_any_content_take_less_than_a_second(kind):
    before, after = kinds(COUNT)[kind]
    begun = time.process_time()
    changed_lines(before, after)
    assert time.process_time() - begun < 1


def test_what_differs_altogether_is_seen_at_once():
    begun = time.process_time()
    assert len(changed_lines([f"a{n}" for n in range(20_000)], [f"b{n}" for n in range(20_000)]))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("kind", kinds(2))
def test_git_shows_no_fewer(kind, tmp_path):
    before, after = kinds(1_000)[kind]
    for name, lines in (("a", before), ("b", after)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    shown = subprocess.run(
        ["git", "diff", "--no-index", "--numstat", "a", "b"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    ).stdout
    added = int(shown.split()[0]) if shown else 0
    assert len(after) - len(common_pairs(before, after)) <= added
    assert len(changed_lines(before, after)) <= added


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("A||B", "A||N||B", {2, 3}),
        ("a|b|c", "a|x|c", {1}),
        ("a|a|b", "a|a|a|b", {2}),
        ("f|  x||g|  x|", "f|  x||n|  x||g|  x|", {3, 4, 5}),
    ],
)
def test_lines_are_added_where_people_see_them(before, after, changed):
    assert changed_lines(before.split("|"), after.split("|")) == changed
