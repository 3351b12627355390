"""What a method says about a split, in the one form that evaluation reads.

Whatever predicts (a probe, a baseline, an endpoint) writes `Predictions`; whatever is reported is
made from those alone. Labels are attached here, from the documents, so no two methods can be
measured against different ones.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, fields, frozen

from linewise.analysis.syntax import parse
from linewise.analysis.units import find_units
from linewise.errors import LabDataError
from linewise.lab.data import Document

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.str_]


class Level(StrEnum):
    """What one prediction is about."""

    TOKEN = "token"  # noqa: S105 - a token of code
    LINE = "line"
    UNIT = "unit"


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, np.float64)


def _ints(values: npt.ArrayLike) -> Ints:
    return np.asarray(values, np.int64)


def _optional(values: npt.ArrayLike | None) -> Floats | None:
    return None if values is None else _floats(values)


@frozen(eq=False)
class Scores:
    """What a method returns for one level of some documents; all arrays have shape (n,).

    ``document`` numbers the documents it was given; ``position`` says which item of it: the
    0-based line (level line), the first line of the unit (level unit), the code-point offset at
    which the token starts (level token). ``p`` is the probability of an edit, calibrated if the
    method calibrates; ``logit`` what came before calibration; ``abstained`` where it would rather
    show no probability (nowhere, if None); ``domain`` how strange the item's unit is to what the
    method learned from, more being stranger. ``label`` is needed for tokens only.
    """

    document: Ints = field(converter=_ints)
    position: Ints = field(converter=_ints)
    p: Floats = field(converter=_floats)
    logit: Floats | None = field(default=None, converter=_optional)
    abstained: Bools | None = None
    domain: Floats | None = field(default=None, converter=_optional)
    label: Bools | None = None


class Method(Protocol):
    """Anything that learns from documents and predicts edits of others."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def predict(self, train: Sequence[Document], test: Sequence[Document]) -> dict[Level, Scores]:
        """Learn from ``train`` and score every code line (and what else it can) of ``test``.

        ``train`` may be ignored; labels of ``test`` must not be read.
        """


@runtime_checkable
class Folding(Protocol):
    """A method that scores its own training documents out of fold anyway."""

    def unseen(self, train: Sequence[Document]) -> dict[Level, Scores]:
        """Score each of ``train`` by what saw no document of its problem."""


@frozen(eq=False)
class Predictions:
    """One method's probabilities for one level of one split, with the labels. Arrays are (n,).

    ``intent`` says where the documents stated theirs (`linewise.lab.data.Intent`); ``document`` is
    the program's ``sample_id``, ``position`` as in `Scores`; ``task``, ``source`` and
    ``generator`` are the problem, the data set and the code model it came from. An item is
    (``document``, ``position``) and occurs once.
    """

    method: str
    split: str
    intent: str
    level: Level = field(converter=Level)
    label: Bools
    p: Floats
    document: Strings
    position: Ints
    task: Strings
    source: Strings
    generator: Strings
    abstained: Bools
    logit: Floats | None = None
    domain: Floats | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what no metric could be computed from, by name."""
        arrays = {name: getattr(self, name) for name in (*_ARRAYS, *_OPTIONAL)}
        lengths = {name: len(each) for name, each in arrays.items() if each is not None}
        if len(set(lengths.values())) != 1:
            raise LabDataError(f"{self.title}: arrays differ in length: {lengths}")
        wrong = ~((self.p >= 0) & (self.p <= 1))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise LabDataError(
                f"{self.title}: {wrong.sum()} of {len(wrong)} probabilities are not in [0, 1]; "
                f"the first is {self.p[at]} for {self.document[at]} at {self.position[at]}"
            )
        items = np.stack([np.unique(self.document, return_inverse=True)[1], self.position])
        if np.unique(items, axis=1).shape[1] != len(self.p):
            raise LabDataError(f"{self.title}: an item is predicted twice")

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.method}, {self.split}, intent {self.intent}, level {self.level}"

    def __len__(self) -> int:
        return len(self.p)

    def take(self, chosen: npt.NDArray[np.generic]) -> Predictions:
        """Return the items at some indices, or where a mask is True."""
        arrays = {name: getattr(self, name) for name in (*_ARRAYS, *_OPTIONAL)}
        return evolve(
            self,
            **{name: each[chosen] for name, each in arrays.items() if each is not None},
        )

    def save(self, path: Path) -> None:
        """Write it as a compressed ``.npz`` without pickles."""
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {each.name: getattr(self, each.name) for each in fields(Predictions)}
        values["level"] = str(self.level)
        np.savez_compressed(
            path, allow_pickle=False, **{k: v for k, v in values.items() if v is not None}
        )


_ARRAYS = ("label", "p", "document", "position", "task", "source", "generator", "abstained")
_OPTIONAL = ("logit", "domain")
_TEXTS = ("method", "split", "intent", "level")


def load(path: Path) -> Predictions:
    """Read what `Predictions.save` wrote.

    Raises
    ------
    LabDataError
        If it is something else; the message names the file.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            values: dict[str, Any] = dict(stored)
        values |= {name: str(values[name]) for name in _TEXTS}
        return Predictions(**values)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise LabDataError(f"{path}: not a file of predictions ({error}); delete it") from error


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return predictions of one method for different documents as one.

    Raises
    ------
    LabDataError
        If an item occurs in two of them.
    """
    arrays: dict[str, Any] = {}
    for name in (*_ARRAYS, *_OPTIONAL):
        found = [getattr(each, name) for each in parts]
        # What one part lacks, the whole lacks.
        arrays[name] = None if any(each is None for each in found) else np.concatenate(found)
    names = sorted({each.split for each in parts})
    return evolve(parts[0], split=" + ".join(names), **arrays)


def attach(
    scores: Scores,
    documents: Sequence[Document],
    *,
    method: str,
    split: str,
    intent: str,
    level: Level,
) -> Predictions:
    """Turn a method's scores into predictions, with the labels of ``documents``.

    A unit is edited if one of its lines is. Tokens bring their labels along: only the method
    knows its tokens' ends.

    Raises
    ------
    LabDataError
        If a probability is not one, an item occurs twice, or tokens come without labels.
    """
    if level is Level.TOKEN and scores.label is None:
        raise LabDataError(f"{method}, {split}: scores of tokens must carry their labels")
    if level is Level.TOKEN:
        label = np.asarray(scores.label, bool)
    else:
        edited = _edited_units(documents) if level is Level.UNIT else [d.edited for d in documents]
        pairs = zip(scores.document.tolist(), scores.position.tolist(), strict=True)
        label = np.array([position in edited[number] for number, position in pairs], bool)
    n = len(scores.p)
    programs = [doc.program for doc in documents]

    def column(values: list[str]) -> Strings:
        return np.array(values, np.str_)[scores.document] if n else np.empty(0, np.str_)

    return Predictions(
        method=method,
        split=split,
        intent=intent,
        level=level,
        label=label,
        p=scores.p,
        document=column([program.sample_id for program in programs]),
        position=scores.position,
        task=column([program.task_id for program in programs]),
        source=column([program.dataset for program in programs]),
        generator=column([program.generator for program in programs]),
        abstained=np.zeros(n, bool) if scores.abstained is None else scores.abstained,
        logit=scores.logit,
        domain=scores.domain,
    )


def _edited_units(documents: Sequence[Document]) -> list[set[int]]:
    """Return the first lines of each document's edited units."""
    return [
        {
            unit.first_line
            for unit in find_units(parse(doc.text))
            if any(unit.first_line <= line <= unit.last_line for line in doc.edited)
        }
        for doc in documents
    ]
