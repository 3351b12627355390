"""What a function's flow says of it; beside each problem, what looks like it and is none."""

import textwrap

import pytest

from linewise.analysis.problems import flow
from linewise.analysis.problems.find import problems


def found(text):
    """The problems of flow as (1-based line, kind, name)."""
    return [
        (each.line + 1, each.kind, each.name)
        for each in problems(textwrap.dedent(text))
        if each.kind in flow.KINDS
    ]


WRONG = {
    "falls off its end": (
        """\
        def first(items):
            for item in items:
                if item:
                    return item
        """,
        [(2, "no value", "first")],
    ),
    "one branch returns": (
        """\
        def sign(x):
            if x > 0:
                return 1
            elif x < 0:
                return -1
        """,
        [(2, "no value", "sign")],
    ),
    "a loop that may be left": (
        """\
        def read(file):
            while True:
                line = file.readline()
                if line:
                    return line
                break
        """,
        [(2, "no value", "read")],
    ),
    "reads no parameter": (
        """\
        def area(width, height):
            size = 2
            return size * 2
        """,
        [(1, "ignored parameters", "area")],
    ),
    "not written yet": (
        '''\
        def area(width, height):
            """The area."""
        ''',
        [(1, "empty", "area")],
    ),
    "inner function that nobody calls": (
        """\
        def most(items):
            def best(item):
                return best(item - 1) if item else 0
            return max(items)
        """,
        [(2, "idle", "best")],
    ),
    "calls itself on its only path": (
        """\
        def longest(items):
            return longest(sorted(items))
        """,
        [(2, "endless recursion", "longest")],
    ),
    "asserts itself": (
        """\
        def double(x):
            assert double(2) == 4
            return 2 * x
        """,
        [(2, "endless recursion", "double")],
    ),
    "with what it was given": (
        """\
        def longest(items, least):
            if not items:
                return least
            return longest(items, least)
        """,
        [(4, "endless recursion", "longest")],
    ),
    "a loop that changes nothing": (
        """\
        def ones(n):
            count = 0
            while n > 0:
                count += n % 2
            return count
        """,
        [(3, "endless loop", "n")],
    ),
    "one too far": (
        """\
        def pairs(items):
            found = []
            for i in range(len(items)):
                found.append(items[i] < items[i + 1])
            return found
        """,
        [(4, "past the end", "items")],
    ),
    "removes while it goes": (
        """\
        def odd(items):
            for item in items:
                if item % 2 == 0:
                    items.remove(item)
            return items
        """,
        [(4, "changed while read", "items")],
    ),
    "deletes while it goes": (
        """\
        def known(table):
            for key in table:
                del table[key]
            return table
        """,
        [(3, "changed while read", "table")],
    ),
    "sought where it is from": (
        """\
        def distinct(text):
            return sum(1 for char in text if char not in text)
        """,
        [(2, "always the same", "char not in text")],
    ),
    "equal to itself": (
        """\
        def same(a, b):
            return a.x == a.x and b
        """,
        [(2, "always the same", "a.x == a.x")],
    ),
    "a quotient": (
        """\
        def half(a, b):
            return a / b == 0.5
        """,
        [(2, "inexact", "a / b == 0.5")],
    ),
    "values dropped": (
        """\
        def tidy(text, items):
            text.strip()
            sorted(items)
            text == items
            return text
        """,
        [
            (2, "lost value", "text.strip()"),
            (3, "lost value", "sorted(items)"),
            (4, "lost value", "text == items"),
        ],
    ),
    "asked of what works in place": (
        """\
        def ordered(items):
            items = items.sort()
            return items.reverse()
        """,
        [(2, "returns nothing", "sort"), (3, "returns nothing", "reverse")],
    ),
    "no self": (
        """\
        class Shelf:
            def size():
                return 3
        """,
        [(2, "without self", "size")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name):
    text, expected = WRONG[name]
    assert found(text) == expected


def test_every_kind_is_shown_here():
    assert {kind for _, expected in WRONG.values() for _, kind, _ in expected} == {*flow.KINDS}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def f(x):\n    if x:\n        return\n", id="returns no value anywhere"),
        pytest.param("def f(x):\n    if x:\n        return 1\n    raise KeyError\n", id="raises"),
        pytest.param("def f(x):\n    if x:\n        return 1\n    sys.exit(2)\n", id="exits"),
        pytest.param(
            "def f(x):\n    while True:\n        if x:\n            return 1\n", id="loop"
        ),
        pytest.param("def f(x):\n    with x:\n        return 1\n", id="within with"),
        pytest.param("def f(x):\n    yield x\n    return 1\n", id="generator"),
        pytest.param(
            "def f(x):\n    try:\n        return g(x)\n    except KeyError:\n        return 0\n",
            id="tries",
        ),
        pytest.param(
            "def f(x):\n    match x:\n        case 1:\n            return 2\n"
            "        case _:\n            return 3\n",
            id="matches",
        ),
        pytest.param("class A:\n    def f(self, x):\n        return 2 * 3\n", id="method"),
        pytest.param("@hook\ndef f(x):\n    return g()\n", id="decorated"),
        pytest.param("def f(x):\n    raise NotImplementedError\n", id="raises only"),
        pytest.param("def f(x):\n    return False\n", id="a constant"),
        pytest.param("def f(x):\n    def g():\n        return x\n    return g\n", id="read inside"),
        pytest.param("def f(x):\n    return locals()\n", id="locals"),
        pytest.param("def f(x):\n    'Doc.'\ndef f(x):\n    return x\n", id="written below"),
        pytest.param("class A:\n    def f(self, x): ...\n", id="protocol"),
        pytest.param("def f(n):\n    return n and f(n - 1)\n", id="base case in an operator"),
        pytest.param("def f(n):\n    return sum(f(c) for c in n)\n", id="over children"),
        pytest.param("class A:\n    def f(self):\n        return f(self)\n", id="another function"),
        pytest.param(
            "def f(n):\n    global f\n    f = make()\n    return f(n)\n", id="replaces itself"
        ),
        pytest.param("def f(n):\n    while n:\n        n = n.next\n", id="moves on"),
        pytest.param("def f(n):\n    while n:\n        n.pop()\n", id="its own method"),
        pytest.param("def f(n):\n    while n:\n        take(n)\n", id="passed on"),
        pytest.param("def f(n):\n    while n > 0:\n        yield n\n", id="left at a yield"),
        pytest.param(
            "def f(x):\n    for i in range(len(x) - 1):\n        print(x[i] + x[i + 1])\n",
            id="bound",
        ),
        pytest.param(
            "def f(x):\n    for i in range(len(x)):\n"
            "        if i < len(x) - 1:\n            print(x[i + 1])\n",
            id="guarded",
        ),
        pytest.param(
            "def f(x):\n    for y in x:\n        if y:\n            x.pop(y)\n            break\n",
            id="stops after",
        ),
        pytest.param("def f(x):\n    for y in list(x):\n        x.remove(y)\n", id="a copy"),
        pytest.param("def f(x):\n    for y in x:\n        x.append(y.next)\n", id="a queue"),
        pytest.param("def f(x):\n    return x != x\n", id="asks for nan"),
        pytest.param("def f(x):\n    return next(x) == next(x)\n", id="calls differ"),
        pytest.param("def f(x, y):\n    return x / y == 0\n", id="a quotient of nothing"),
        pytest.param("def f(x, y):\n    return x / y == y\n", id="may be paths"),
        pytest.param("def f(x):\n    return np.sort(x)\n", id="a module's function"),
        pytest.param("def test_f(x):\n    assert g() == 3\n", id="a test"),
        pytest.param("def f(x):\n    def g(event):\n        x()\n    hook(g)\n", id="a callback"),
        pytest.param("class A:\n    def f(**options):\n        return options\n", id="options"),
        pytest.param("def f(x):\n    x.replace(a=1)\n    x.update(y)\n", id="may work in place"),
        pytest.param("x == 1\nsorted(x)\n", id="last value of a notebook's cell"),
        pytest.param("class A:\n    @staticmethod\n    def f():\n        return 3\n", id="static"),
    ],
)
def test_nothing_wrong(text):
    assert found(text) == []


def test_code_that_is_named_is_cut_short():
    text = "def f(x):\n    x.strip_of_everything_that_is_long == x.and_of_more\n"
    assert found(text) == [(2, "lost value", "x.strip_of_everything_that_is_long == x…")]


def test_flow_of_deep_code_is_no_error():
    deep = (
        "def f(x):\n" + "".join(f"{' ' * n}if x:\n" for n in range(1, 90)) + " " * 90 + "return 1\n"
    )
    assert found(deep) == [(2, "no value", "f")]
    chain = "def f(x):\n    if x:\n        return 1\n" + "    elif x:\n        return 2\n" * 400
    assert found(chain) == [(2, "no value", "f")]
