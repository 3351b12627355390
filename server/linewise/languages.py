"""Whether a file is Python: the one question that every front end asks before it scores a file."""

from __future__ import annotations

import re
from pathlib import PurePath

PYTHON_SUFFIXES = frozenset({".py", ".pyi", ".pyw"})
NOTEBOOK_SUFFIX = ".ipynb"
_INTERPRETERS = re.compile(
    r"(?:python|pypy|ipython|jython|graalpy|micropython|circuitpython)[\d.]*[a-z]?(?:\.exe)?"
)
_RUNNERS = frozenset({"uv", "pipx", "pdm", "poetry", "hatch", "rye", "pixi", "conda", "mamba"})
"""What runs a script with an interpreter of its choice, if it is told to ``run`` it."""


def is_python(path: PurePath, text: str) -> bool:
    """Whether a file is Python, by its suffix, by the first line of its ``text``, or by all of it.

    A file without a suffix whose first line names nothing is Python if it reads as Python: what is
    a name or a word for others (``README``, ``Makefile``) does not.
    """
    if path.suffix.lower() in PYTHON_SUFFIXES or has_python_shebang(text):
        return True
    return not path.suffix and not text.startswith("#!") and reads_as_python(text)


def reads_as_python(text: str) -> bool:
    """Whether a text is Python from its first line to its last, and says something."""
    # Only for such files: tree-sitter is not needed to start.
    from linewise.analysis.syntax import parse

    tree = parse(text).tree.root_node
    return not tree.has_error and any(each.type != "comment" for each in tree.named_children)


def why_not_python(path: PurePath) -> str:
    """Return why a file that is not Python is taken for none, and what helps."""
    if path.suffix:
        return f"not Python: the suffix {path.suffix}, and no first line that names Python"
    return (
        "not Python: no suffix, it does not read as Python, and no first line names Python, such "
        "as `#!/usr/bin/env python3`"
    )


def has_python_shebang(text: str) -> bool:
    """Whether the first line of a text says that Python runs it."""
    first = re.split(r"[\r\n]", text.removeprefix("\ufeff"), maxsplit=1)[0]
    if not first.startswith("#!"):
        return False
    words = first[2:].split()
    if words and _name(words[0]) == "env":
        words = _after_env(words[1:])
    if not words:
        return False
    command = _name(words[0])
    runs = command.removesuffix(".exe") in _RUNNERS and "run" in words[1:]
    return runs or _INTERPRETERS.fullmatch(command) is not None


def _after_env(words: list[str]) -> list[str]:
    """Return the command that `env` runs: without its options and variables."""
    while words:
        word, *words = words
        if word in ("-u", "-C", "--unset", "--chdir"):
            words = words[1:]
        elif word.startswith("-S") and len(word) > 2:
            return [word[2:], *words]
        elif word.startswith("--split-string="):
            return [word.partition("=")[2], *words]
        elif not word.startswith("-") and "=" not in word:
            return [word, *words]
    return []


def _name(command: str) -> str:
    return re.split(r"[/\\]", command)[-1].lower()
