"""Functions of the standard library and of installed packages, in an order that hashes decide."""

from __future__ import annotations

import hashlib
import sysconfig
from collections import Counter
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np
from attrs import frozen

from linewise.analysis.units import UnitKind, find_units
from linewise.files import Skipped, read_source
from linewise.rationale.explain_text import ExplainedText
from linewise.settings import Settings

LIBRARY, PACKAGES = "standard library", "site-packages"
_ROOTS = {
    LIBRARY: Path(sysconfig.get_path("stdlib")),
    # Where packages are in fact: a virtual environment may borrow those of another.
    PACKAGES: Path(np.__file__).parents[1],
}
OF_ONE_PACKAGE = 30
"""No package has more functions than that: a few large ones would outvote all others."""
_LINES = range(4, 120)
_SIZES = range(500, 150_000)
_TESTS = frozenset(("test", "tests", "idlelib", "lib2to3", "ensurepip", "site-packages", "_vendor"))


@frozen(eq=False)
class Function:
    """One function or method; ``package`` is resampled as a whole, ``lines`` are those of code."""

    source: str
    package: str
    name: str
    text: ExplainedText
    lines: tuple[int, ...]


def functions(count: int) -> Iterator[Function]:
    """Yield ``count`` functions, one of each file: from both sources in turn, while they last."""
    pairs = zip_longest(_of(LIBRARY), _of(PACKAGES))
    yield from islice((each for pair in pairs for each in pair if each is not None), count)


def digest(name: str) -> bytes:
    """Return what decides order and choice: as good as random, and always the same."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def _of(source: str) -> Iterator[Function]:
    root = _ROOTS[source]
    taken: Counter[str] = Counter()
    files = [path.relative_to(root) for path in root.rglob("*.py")]
    for path in sorted(files, key=lambda each: digest(each.as_posix())):
        package = f"{source}: {path.parts[0].removesuffix('.py')}"
        if not _TESTS.isdisjoint(path.parts) or taken[package] >= OF_ONE_PACKAGE:
            continue
        if (found := _function(source, package, root, path)) is not None:
            taken[package] += 1
            yield found


def _function(source: str, package: str, root: Path, path: Path) -> Function | None:
    try:
        if (root / path).stat().st_size not in _SIZES:
            return None
    except OSError:
        return None
    read = read_source(root / path, Settings())
    if isinstance(read, Skipped):
        return None
    text = ExplainedText(read.text)
    fitting = [
        (unit, lines)
        for unit in find_units(text.syntax)
        if unit.kind in (UnitKind.FUNCTION, UnitKind.METHOD)
        for lines in [
            tuple(n for n in range(unit.first_line, unit.last_line + 1) if n in text.code)
        ]
        if len(lines) in _LINES
    ]
    if not fitting:
        return None
    name = path.as_posix()
    unit, lines = fitting[int.from_bytes(digest(name)[:4]) % len(fitting)]
    return Function(source, package, f"{name}:{unit.first_line + 1}", text, lines)
