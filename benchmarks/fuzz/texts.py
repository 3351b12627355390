"""Texts to fuzz with: pieces of real files, mutated until few of them are Python."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

STDLIB = Path(sysconfig.get_path("stdlib"))
MOST_LINES = 60
_FILES = 200
_NASTY = "'\"()[]{}\\:#%!?@=,.;\t \n\r\f\0\ufeff\u2028é漢🎉\ud800\x1b"
_BROKEN = (
    "y = (", "for", "for i in x:", "pip install x", "print 'old'", "def f(", "class A(:",
    "x = = 1", "'''", '"', "]", "else:", "    stray", "<<<<<<< HEAD", "if x", "return", "lambda",
    "import", "@",
)  # fmt: skip
_NEWER = (
    "type X[T] = list[T]", "def g[T: int](x: T) -> T: return x", 'z = f"{x["a"]!r:>{y}}"',
    't = t"{x}"', "try: pass\nexcept A, B: pass", "class C[*Ts]: pass", 'f"{x!r:{y}} {\'a\' "b"}"',
)  # fmt: skip
_IPYTHON = (
    "%time x = 1",
    "!ls",
    "x?",
    "%%capture out",
    "     %b)",
    "res = !ls",
    "%matplotlib inline",
)


def draw_text(random: Random) -> str:
    """Return a text of at most about `MOST_LINES` lines: a piece of a real file, mutated or not."""
    lines = random.choice(_sources())
    first = random.randrange(max(1, len(lines) - MOST_LINES))
    text = "\n".join(lines[first : first + random.randint(1, MOST_LINES)]) + "\n"
    for _ in range(random.choice((0, 1, 1, 2, 3, 8))):
        text = mutate(text, random)
    return text


def mutate(text: str, random: Random) -> str:
    """Return a text with one thing in it changed."""
    return random.choice(_MUTATIONS)(text, random)


@cache
def _sources() -> Sequence[list[str]]:
    files = sorted(STDLIB.glob("*.py"))[:_FILES]
    return [file.read_text("utf-8", "replace").splitlines() for file in files]


def _with_lines(change: Callable[[list[str], int, Random], None]) -> Callable[[str, Random], str]:
    def mutated(text: str, random: Random) -> str:
        lines = re.split(r"(?<=\n)", text)
        change(lines, random.randrange(len(lines)), random)
        return "".join(lines)

    return mutated


def _insert(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(_NASTY) + text[at:]


def _cut(text: str, random: Random) -> str:
    first, last = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
    return text[:first] + text[min(last, first + random.choice((1, 1, 5, 80))) :]


def _truncate(text: str, random: Random) -> str:
    return text[: random.randint(0, len(text))]


def _end_otherwise(text: str, random: Random) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r")), random.choice((-1, -1, 3)))


def _drop(lines: list[str], at: int, _: Random) -> None:
    del lines[at]


def _repeat(lines: list[str], at: int, random: Random) -> None:
    lines[at : at + 1] = [lines[at]] * random.choice((2, 2, 5))


def _swap(lines: list[str], at: int, random: Random) -> None:
    other = random.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _indent(lines: list[str], at: int, random: Random) -> None:
    for each in range(at, min(len(lines), at + random.choice((1, 4)))):
        lines[each] = random.choice(("    ", "  ", "\t")) + lines[each]


def _dedent(lines: list[str], at: int, _: Random) -> None:
    lines[at] = lines[at].lstrip(" ")


def _statement(choices: Sequence[str]) -> Callable[[list[str], int, Random], None]:
    def insert(lines: list[str], at: int, random: Random) -> None:
        indent = re.match(r"[ \t]*", lines[at])
        assert indent is not None
        lines.insert(at, indent[0] + random.choice(choices) + "\n")

    return insert


def _deepen(lines: list[str], at: int, random: Random) -> None:
    count = random.choice((5, 90, 300))
    lines.insert(
        at,
        random.choice(
            (
                "(" * count + "x" + ")" * count + "\n",
                "x = " + " + ".join(["a"] * count) + "\n",
                "x = a" + ".b(1)" * count + "\n",
                "if a: pass\n" + "elif b: pass\n" * count,
                "x = " + "[" * count + "\n",
                "x = " + "not " * count + "a\n",
                "# " + "x" * 10 * count + "\n",
            )
        ),
    )


_MUTATIONS = (
    _insert,
    _insert,
    _cut,
    _cut,
    _truncate,
    _end_otherwise,
    *map(_with_lines, (_drop, _repeat, _swap, _indent, _dedent, _deepen)),
    *(_with_lines(_statement(choices)) for choices in (_BROKEN, _BROKEN, _NEWER, _IPYTHON)),
)
