"""Code to fine-tune on and to measure with: Python that is on this machine, divided by package.

The standard library and the installed packages need no download. Files of one package share their
authors and much of their text, so whole packages are held out, after copies have been dropped.
"""

from __future__ import annotations

import hashlib
import re
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen
from tokenizers import Tokenizer

from linewise.errors import LabDataError

Ints = npt.NDArray[np.int64]

HELD_OUT = 0.1
"""Share of the packages that is only measured on."""
COPIED = 0.5
"""A file is a copy if this share of its lines (of 20 characters or more) was met before."""
FILES = 100
"""At most so many files of a package, evenly spaced: some have thousands that are much alike."""
SIZES = range(1_000, 200_000)
"""Bytes a file may have: shorter ones say little, longer ones are mostly tables."""
_LINE = 20
_CHARACTERS = 4  # about as many as a token of code has, at least
_MOST_CHARACTERS = 16


@frozen
class Package:
    """What is imported under one name, and the texts of its files."""

    name: str
    texts: tuple[str, ...]


@frozen
class Corpus:
    """Packages to train on and packages to measure on; ``sha256`` is that of all texts."""

    training: tuple[Package, ...]
    held_out: tuple[Package, ...]
    sha256: str


def read_corpus(folders: Sequence[Path] = ()) -> Corpus:
    """Read the Python files of folders; by default the standard library and what is installed.

    Each entry of a folder (a module or a subfolder) is a package.

    Raises
    ------
    LabDataError
        If there are fewer than two packages, so that none can be held out.
    """
    seen: set[int] = set()
    digest = hashlib.sha256()
    found = []
    for name, paths in sorted(_packages(folders or _installed()).items()):
        texts = tuple(_originals(paths, seen))
        for text in texts:
            digest.update(hashlib.sha256(text.encode()).digest())
        if texts:
            found.append(Package(name, texts))
    if len(found) < 2:
        raise LabDataError(
            f"{', '.join(map(str, folders))}: one package must be held out and one trained on; "
            "give folders with at least two packages of Python files (--text)"
        )
    # By a hash of the name: what is held out does not depend on the alphabet.
    found.sort(key=lambda package: hashlib.sha256(package.name.encode()).digest())
    held_out = max(1, round(HELD_OUT * len(found)))
    return Corpus(tuple(found[held_out:]), tuple(found[:held_out]), digest.hexdigest())


def draw(
    packages: Sequence[Package], tokenizer: Tokenizer, tokens: int, rng: np.random.Generator
) -> Ints:
    """Return the ids of a random passage that begins with a line: at least 2, at most ``tokens``.

    Every package is as likely as every other, then every file of it, then every line from which
    the file is long enough.
    """
    package = packages[int(rng.integers(len(packages)))]
    text = package.texts[rng.integers(len(package.texts))]
    limit = max(1, len(text) - _CHARACTERS * tokens)
    starts = [0, *(found.end() for found in re.finditer("\n", text[: limit - 1]))]
    start = starts[rng.integers(len(starts))]
    ids = tokenizer.encode(text[start:][: _MOST_CHARACTERS * tokens], add_special_tokens=False).ids
    return np.array(ids[:tokens], np.int64)


def _installed() -> list[Path]:
    return [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]


def _packages(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the Python files by the name of the folder's entry they are in or are."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for entry in sorted(folder.iterdir()):
            if entry.is_dir() and entry.name not in {"site-packages", "__pycache__"}:
                found.setdefault(entry.name, []).extend(sorted(entry.rglob("*.py")))
            elif entry.suffix == ".py":
                found.setdefault(entry.stem, []).append(entry)
    return found


def _originals(paths: Sequence[Path], seen: set[int]) -> Iterator[str]:
    """Yield the texts that are no copies, and add their lines' hashes to ``seen``."""
    sized = [path for path in paths if path.is_file() and path.stat().st_size in SIZES]
    for path in sized[:: max(1, -(-len(sized) // FILES))]:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        lines = {hash(line) for line in map(str.strip, text.splitlines()) if len(line) >= _LINE}
        if lines and len(lines & seen) < COPIED * len(lines):
            seen |= lines
            yield text
