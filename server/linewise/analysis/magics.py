"""What IPython's own statements do to names: those they assign, and the Python they run."""

from __future__ import annotations

import re

from attrs import frozen

ANYTHING = "*"
"""Among names that are given, those that nobody can list: then no name is undefined."""
KERNEL = frozenset(
    {
        *("display", "get_ipython", "exit", "quit", "In", "Out", "_", "__", "___"),
        *("_i", "_ii", "_iii", "_ih", "_oh", "_dh", "_sh", "_exit_code", "__vsc_ipynb_file__"),
    }
)
"""Names that IPython gives to every cell, but for those of single inputs and results."""
_NUMBERED = re.compile(r"(?<![\w.])_i?\d+\b")
_RUN_PYTHON = frozenset(
    ("time", "timeit", "prun", "memit", "mprun", "lprun", "pyinstrument", "snakeviz", "scalene")
)
_PYTHON_CELLS = _RUN_PYTHON | {"capture", "debug", "ipytest", "px", "wandb", "manim", "heat"}
"""Cell magics whose cells are Python all the same."""
_BRING_ANYTHING = frozenset(("pylab", "run", "cython"))
_NAME = r"([^\W\d]\w*)"
_ASSIGNED = (
    re.compile(rf"(?<!\S){_NAME}\s*(?:=\s*)?<<"),
    re.compile(rf"(?<!\S)--(?:out|err|proc|output|out-var|var|into|dataframe|df)[ =]\s*{_NAME}"),
    re.compile(rf"(?<!\S)-o\s*{_NAME}"),
)
# Of some magics it is the first argument that is no option.
_FIRST = frozenset(("capture", "bigquery", "macro", "Rpull", "read_sql"))
_POSITIONAL = re.compile(rf"(?:\s*-\S+)*\s*{_NAME}(?=\s|$)")
_STORED = re.compile(r"-r\b((?:\s+[^\W\d]\w*)*)")
_MAGIC = re.compile(r"%{1,2}([\w.]+)[ \t]*")
_OPTIONS = re.compile(r"(?:-[a-zA-Z](?:[ ]?\d+)?[ ]+)*(?:--[ ]+)?")
# In its place stands what makes a statement of the code behind it.
_LED = "if 1:"


@frozen
class Magic:
    """A magic's ``name``, the names it assigns, and where the Python begins that it runs.

    ``code`` counts from the magic's first character; None if it runs none.
    """

    name: str
    assigned: frozenset[str] = frozenset()
    code: int | None = None

    @property
    def keeps_python(self) -> bool:
        """Whether a cell that begins with it is Python all the same."""
        return self.name in _PYTHON_CELLS


def read_magic(text: str) -> Magic | None:
    """Read a line or cell magic with all it is given; None if the text is none."""
    match = _MAGIC.match(text)
    if match is None:
        return None
    name, rest = match[1], text[match.end() :]
    assigned = {found[1] for each in _ASSIGNED for found in each.finditer(rest)}
    if name in _FIRST and (first := _POSITIONAL.match(rest)) is not None:
        assigned.add(first[1])
    if name == "store" and (stored := _STORED.search(rest)) is not None:
        assigned |= set(stored[1].split()) or {ANYTHING}
    if name in _BRING_ANYTHING:
        assigned.add(ANYTHING)
    code = None
    if name in _RUN_PYTHON:
        options = _OPTIONS.match(rest)
        code = match.end() + (options.end() if options is not None else 0)
        code = code if text[code:].strip() else None
    return Magic(name, frozenset(assigned), code)


def led(text: str, code: int) -> str:
    """Return a magic's text, as long, as a statement that runs the code from an offset on."""
    return _LED.ljust(code) + text[code:] if code > len(_LED) else text


def numbered(text: str) -> frozenset[str]:
    """Return the names of single inputs and results that a text mentions: ``_1``, ``_i2``."""
    return frozenset(_NUMBERED.findall(text))
