"""Rewrites do the same: proved on syntax trees, tried by running, and lines are followed."""

import ast
import inspect
import textwrap
from pathlib import Path

import numpy as np
import pytest

import linewise
from linewise.analysis.lines import LineTable
from linewise.rationale.noise.reformatting import Style, random_style, reformat
from linewise.rationale.noise.renaming import rename_locals
from linewise.rationale.noise.rewrites import GONE, Rewrite, RewriteError, same

SOURCES = sorted((Path(linewise.__file__).parent / "workspace").glob("*.py"))[::2]
PROGRAM = '''\
"""Of primes."""
LIMIT = 50


def primes(limit=LIMIT, *, start = 2):
    """Return the primes."""
    found, sieve = [], [True]*(limit+1)
    for number in range(start, limit + 1):

        if sieve[number]:   
            found.append(number)
            # strike out
            for multiple in range(number*number, limit+1, number):
                sieve[multiple] = not 'never'
    text = """a

    b"""
    return found, f"{len(found)} primes", text, {'one': -1, "it's": 2 ** -1}

'''  # noqa: W291


def run(text, name="primes", *arguments):
    scope = {}
    exec(compile(text, "<text>", "exec"), scope)
    return scope[name](*arguments)


def variables(text):
    """Return every name a text binds or reads, in order."""
    return [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]


def test_renaming_keeps_what_the_program_does():
    found = rename_locals(PROGRAM, seed=1)
    assert set(found.names) == {"found", "sieve", "number", "multiple", "text"}
    assert run(found.text) == run(PROGRAM)
    assert not set(variables(found.text)) & set(found.names)
    assert found.lines == tuple(range(len(LineTable(PROGRAM))))
    assert len(LineTable(found.text)) == len(found.lines)


def test_seeds_draw_names():
    assert rename_locals(PROGRAM, seed=1) == rename_locals(PROGRAM, seed=1)
    assert rename_locals(PROGRAM, seed=1).text != rename_locals(PROGRAM, seed=2).text


def test_parameters_are_renamed_on_request_only():
    found = rename_locals(PROGRAM, parameters=True)
    assert {"limit", "start"} <= set(found.names)
    assert run(found.text, "primes", 20) == run(PROGRAM, "primes", 20)
    called = PROGRAM + "\nprimes(limit=3)\n"
    assert "limit" not in rename_locals(called, parameters=True).names


KEPT = {
    "a global of the same name": ("x = 1\ndef f():\n    x = 2\n    return x\n", "x"),
    "a global by declaration": ("def f():\n    global x\n    x = 2\n    return x\n", "x"),
    "a field of a class": ("class A:\n    x = 1\ndef f():\n    x = 2\n    return x\n", "x"),
    "an import": ("def f():\n    import os\n    return os\n", "os"),
    "a nested function": ("def f():\n    def g(): return 1\n    return g\n", "g"),
    "locals()": ("def f():\n    x = 2\n    return locals()\n", "x"),
    "a name that is printed": ("def f():\n    x = 2\n    return f'{x=}'\n", "x"),
    "a private name": ("class A:\n    def f(self):\n        __x = 2\n        return __x\n", "__x"),
    "a keyword of a pattern": (
        "def f(p):\n    x = 2\n    match p:\n        case A(x=y): return x, y\n",
        "x",
    ),
    "a starred target": ("def f(p):\n    a, *x = p\n    return x\n", "x"),
}


@pytest.mark.parametrize("case", KEPT)
def test_names_that_others_may_see_stay(case):
    text, name = KEPT[case]
    found = rename_locals(text)
    assert name not in found.names
    assert same(ast.parse(text), ast.parse(found.text), found.names)


SCOPES = """
def outer(values):
    total = 0
    def add(amount):
        nonlocal total
        total += amount
        return [value for value in values if (double := 2 * value) > total]
    obj = type('T', (), {'total': 5, 'value': 1})()
    best = max(values, key=lambda each: -each)
    try:
        add(1)
        raise KeyError(total)
    except KeyError as problem:
        kept = str(problem)
    with open(__file__) if False else __import__('contextlib').nullcontext(3) as handle:
        kept += str(handle)
    return add(0), obj.total, dict(total=total), best, kept, [(a, b) for a, b in [(1, 2)]]
"""


def test_scopes_attributes_and_keywords_are_told_apart():
    found = rename_locals(SCOPES, parameters=True)
    # What a call names by keyword stays, and with it the variable of that name.
    assert "total" not in found.names
    assert {"best", "problem", "kept", "handle", "amount", "a", "b", "obj"} <= set(found.names)
    assert run(found.text, "outer", [3, 1, 2]) == run(SCOPES, "outer", [3, 1, 2])


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_real_modules_are_the_same_modulo_names(source):
    text = source.read_text("utf-8")
    found = rename_locals(text, seed=3, parameters=True)
    assert same(ast.parse(text), ast.parse(found.text), found.names)
    assert not set(found.names.values()) & set(variables(text))
    back = {new: old for old, new in found.names.items()}
    assert len(back) == len(found.names)
    assert same(ast.parse(found.text), ast.parse(text), back)
    if found.names:
        assert not same(ast.parse(text), ast.parse(found.text))
    if "def " in text and len(text) > 2000:
        assert found.names


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_real_modules_are_the_same_in_any_style(source, seed):
    text = source.read_text("utf-8")
    found = reformat(text, random_style(seed))
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(found.text))
    check_lines(text, found)


def check_lines(text, found):
    """A line and its counterpart have the same characters, up to spaces and quotes."""
    old, new = LineTable(text), LineTable(found.text)
    assert len(found.lines) == len(old)
    kept = [line for line in found.lines if line != GONE]
    assert kept == sorted(set(kept))

    def bare(content):
        return "".join(content.split()).replace("'", '"')

    for line, counterpart in enumerate(found.lines):
        if counterpart == GONE:
            assert not old.content(line).strip()
        else:
            assert bare(old.content(line)) == bare(new.content(counterpart))
    for line in set(range(len(new))) - set(kept):
        assert not new.content(line).strip()


def test_styles_do_what_they_say():
    tight = reformat(PROGRAM, Style("\t", '"', spaced=False, blank_lines=0))
    assert run(tight.text) == run(PROGRAM)
    check_lines(PROGRAM, tight)
    lines = tight.text.splitlines()
    assert lines[2] == "def primes(limit=LIMIT,*,start = 2):"
    assert lines[4] == "\tfound,sieve=[],[True]*(limit+1)"
    assert lines[8] == "\t\t\t# strike out"
    assert '{"one": -1,"it\'s": 2**-1}' in tight.text
    # A blank line in a string is no blank line.
    assert '"""a\n\n    b"""' in tight.text
    loose = reformat(PROGRAM, Style("  ", "'", spaced=True, blank_lines=2))
    assert run(loose.text) == run(PROGRAM)
    assert "\n      for multiple in range(number * number, limit + 1, number):" in loose.text
    assert "sieve[number]:\n" in loose.text
    assert "not 'never'" in loose.text
    assert "):\n\n\n    if sieve" in loose.text


def test_no_style_changes_nothing_but_line_ends():
    assert reformat(PROGRAM, Style()).text == PROGRAM.replace(":   \n", ":\n")


def test_blank_lines_are_followed():
    text = "a = 1\n\n\n\nb = 2\r\n\r\nc = 3"
    none = reformat(text, Style(blank_lines=0))
    assert none.text == "a = 1\nb = 2\r\nc = 3"
    assert none.lines == (0, GONE, GONE, GONE, 1, GONE, 2)
    two = reformat(text, Style(blank_lines=2))
    assert two.text == "a = 1\n\n\nb = 2\r\n\r\n\r\nc = 3"
    assert two.lines == (0, 1, 2, GONE, 3, 4, 6)


def test_values_come_back_to_the_original_lines():
    rewrite = Rewrite("", (0, GONE, 2))
    found = rewrite.back([[1.0, 2], [3, 4], [5, 6]])
    assert found[[0, 2]].tolist() == [[1, 2], [5, 6]]
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = '\n", "\0", "\ufeffx = 1\n", "if x:\na", "\ud800"]
)
def test_broken_code_is_refused(text):
    for rewrite in (rename_locals, lambda each: reformat(each, Style(blank_lines=0))):
        with pytest.raises(RewriteError, match="parse"):
            rewrite(text)


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "# only\n", "x"])
def test_hardly_any_code(text):
    check_lines(text, reformat(text, random_style(0)))
    assert rename_locals(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "x = 1 + \\\n    2\n",
        "x = 1 \\\n\ny = 2\n",
        "x = [1,\n\n     2]\n",
        "def f(*a, **k): return f(*a, ** k), - 1, not-1\n",
        "print(a if b else-c, lambda *a: -a, x[-1:- 2], x is-1)\n",
        "def f(a: int=1, *, b: 'x' = 2) -> int: ...\n",
        "x = rb'a' b\"c\"; y = f'{x!r:>{10}}'; z = ''\n",
        "if x:\n        # deep\n        y\n  # odd\n        z\n",
        "match -x:\n    case [1, * _] | {'a': - 1}: pass\n",
        "class A:\n\tdef f(self):\n\n\t\treturn 1\n\n# end\n",
        "if (y := 2) > 1 : x = y ; z = x<-1\n",
        "é = '😀'+ 'a'\n",
    ],
)
def test_corners_of_the_grammar(text):
    for seed in range(8):
        check_lines(text, reformat(text, random_style(seed)))


def test_code_too_deep_to_compare_is_refused():
    text = "x = " + "-" * 900 + "1\n"
    with pytest.raises(RewriteError):
        reformat(text, Style())


def test_indented_source_of_a_function():
    text = textwrap.dedent(inspect.getsource(LineTable.position))
    assert set(rename_locals(text).names) == {"before", "line"}
