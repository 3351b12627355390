"""The input builder: every code character is scored once, offsets lead back to the document."""

import numpy as np
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from linewise.analysis.code_lines import code_lines
from linewise.analysis.lines import without_surrogates
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import (
    LINE_CHARS,
    WINDOW_TOKENS,
    build_inputs,
    document_inputs,
)
from linewise.analysis.syntax import parse
from linewise.analysis.units import find_units


@frozen(eq=False)
class Characters:
    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class CharacterTokenizer:
    """One token per character: offsets are then easy to check."""

    def encode(self, text):
        count = np.arange(len(text))
        return Characters(np.array([ord(each) for each in text], np.int64), count, count + 1)


def inputs(text):
    syntax = parse(text)
    return document_inputs(syntax, code_lines(syntax), CharacterTokenizer())


def scored_text(each, text):
    return "".join(text[a:b] for a, b in zip(each.starts, each.ends, strict=True))


def test_a_small_function_is_one_pass_behind_its_header():
    text = "import os\n\ndef f(x):\n    return os.path.join(x)\n"
    run, function = inputs(text)
    assert "".join(map(chr, function.ids)) == "import os\ndef f(x):\n    return os.path.join(x)\n"
    assert scored_text(function, text) == "def f(x):\n    return os.path.join(x)\n"
    assert scored_text(run, text) == "import os\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newline_styles_read_the_same_and_map_back(newline):
    text = newline.join(["def f(x):", "    y = 'é🎉'", "    return y", ""])
    (each,) = inputs(text)
    assert "".join(map(chr, each.ids)) == text.replace(newline, "\n")
    for token, start in zip(each.ids, each.starts, strict=True):
        assert text[start] == chr(token) or (chr(token) == "\n" and text[start] in "\r\n")


def test_a_long_function_is_windowed_and_each_token_scored_once():
    text = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(300))
    passes = inputs(text)
    assert len(passes) > 2
    assert all(len(each.ids) <= WINDOW_TOKENS for each in passes)
    assert "".join(scored_text(each, text) for each in passes) == text
    for later in passes[1:]:
        assert "".join(map(chr, later.ids)).startswith("def f(x):")
        # Windows are cut between lines.
        assert text[later.starts[0] - 1] == "\n"


def test_a_data_blob_on_one_line_costs_a_bounded_number_of_tokens():
    text = "DATA = '" + "x" * 200_000 + "'\n"
    passes = inputs(text)
    assert sum(len(each.starts) for each in passes) <= LINE_CHARS + 1


def test_units_without_code_cost_nothing():
    assert inputs("# a comment\n\n# another\n") == []
    assert inputs("") == []


COMMENTS = "    # a remark about nothing\n" * 100
TEXTS_WITHOUT_CODE = {
    "comments": "x = 1\n" + "# a remark about nothing\n" * 100 + "y = x\n",
    "blank lines": "x = 1\n" + "\n" * 2_000 + "y = x\n",
    "commented-out code": "x = 1\n" + "# y = f(x, 1)\n" * 150 + "y = x\n",
    "a module's docstring": '"""' + "Words about it.\n" * 150 + '"""\ny = 1\n',
    "a function's docstring": 'def f():\n    """' + "Words.\n    " * 150 + '"""\n    return 1\n',
    "a class's docstring": 'class A:\n    """' + "Words.\n    " * 150 + '"""\n\n    b = 1\n',
    "comments in a function": f"def f(x):\n    y = x\n{COMMENTS}    return y\n",
}


@pytest.mark.parametrize("text", TEXTS_WITHOUT_CODE.values(), ids=TEXTS_WITHOUT_CODE)
def test_windows_without_code_are_not_read(text):
    syntax, tokenizer = parse(text), CharacterTokenizer()
    code = code_lines(syntax)
    every = [
        each for unit in find_units(syntax) for each in build_inputs(syntax.lines, unit, tokenizer)
    ]
    kept = inputs(text)
    assert len(kept) < len(every)
    assert all(len(line_members(syntax.lines, code, e.starts, e.ends)[0]) for e in kept)
    # What is read of a line is what would be read if everything was.
    whole = {bytes(each.ids): each for each in every}
    for each in kept:
        assert np.array_equal(each.starts, whole[bytes(each.ids)].starts)


@pytest.mark.parametrize("line", [0, 1, 60, 150, 299, 300])
def test_of_a_long_function_only_what_shows_the_asked_lines_is_read(line):
    text = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(300))
    syntax = parse(text)
    (each,) = document_inputs(syntax, [line], CharacterTokenizer())
    assert line_members(syntax.lines, [line], each.starts, each.ends)[0] == [line]


def test_what_a_window_repeats_of_the_one_before_is_known():
    text = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(300))
    first, *later = inputs(text)
    assert first.overlap.shape == (2, 0)
    for each in later:
        starts, ends = each.overlap
        before = each.scored.start
        repeated = each.ids[before - len(starts) : before]
        assert "".join(text[a:b] for a, b in zip(starts, ends, strict=True)) == "".join(
            map(chr, repeated)
        )
        assert ends[-1] == each.starts[0]


@given(st.text(st.sampled_from("\r\n\t ():=abdefrtun1'\"#漢🎉\x0c\ud800"), max_size=400))
def test_every_code_line_gets_tokens_of_its_own_text(text):
    syntax = parse(text)
    wanted = code_lines(syntax)
    clean = without_surrogates(text)
    seen = set()
    for each in document_inputs(syntax, wanted, CharacterTokenizer()):
        assert len(each.ids) <= WINDOW_TOKENS
        lines, members = line_members(syntax.lines, wanted, each.starts, each.ends)
        for line, member in zip(lines, members, strict=True):
            seen.add(line)
            found = "".join(clean[a] for a in each.starts[member])
            assert syntax.lines.content(line).startswith(found.rstrip("\r\n")[:1])
    assert seen == set(wanted)
