"""The two files of a study: its pieces, and the answers of one person. docs/study.md has both.

Answers name the study they belong to by the hash of its content, so nothing is compared with what
the person did not see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import cattrs
from attrs import frozen

from linewise.errors import LinewiseError
from linewise.rationale.study.target import Target
from linewise.writing import replace_file, to_json

STUDY_FORMAT = "linewise-study"
ANSWERS_FORMAT = "linewise-study-answers"
VERSION = 1
RATINGS = range(1, 6)

Shape = TypeVar("Shape")


class StudyError(LinewiseError):
    """A study or its answers cannot be used; the message names the file and what to do."""


@frozen(slots=False)
class Piece:
    """What the model reads, up to the end of what is explained.

    ``ids`` are the model's tokens. They are shown as ``texts``, which spell the whole piece when
    joined; each stands for as many tokens as ``sizes`` says: one, or all that are bytes of one
    character. ``target`` (first, end) are the positions of the shown tokens to explain. ``source``,
    ``line`` (from 1) and ``unit`` say where they are from, ``stratum`` what they were drawn as.
    """

    id: str
    source: str
    line: int
    unit: str
    stratum: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    sizes: tuple[int, ...]
    target: tuple[int, int]

    @cached_property
    def visible(self) -> frozenset[int]:
        """The positions of shown tokens that are not white space alone."""
        return frozenset(number for number, text in enumerate(self.texts) if text.strip())

    def markable(self, kind: Target) -> frozenset[int]:
        """Return the positions of the shown tokens that may be marked.

        The tokens of a line at risk may be; a token to predict may not.
        """
        hidden = range(*self.target) if kind is Target.NEXT_TOKEN else ()
        return self.visible.difference(hidden)


@frozen(slots=False)
class Study:
    """Pieces drawn with ``seed`` for one model; ``question`` is what people are asked.

    ``identity`` is the model's, ``probe`` that of the probe whose lines were flagged (None for
    next tokens).
    """

    target: Target
    question: str
    model: str
    identity: str
    probe: str | None
    seed: int
    pieces: tuple[Piece, ...]

    @cached_property
    def sha256(self) -> str:
        """The hash of the content, as canonical JSON; 64 hexadecimal digits."""
        text = json.dumps(
            cattrs.unstructure(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def markable(self, piece: str) -> frozenset[int]:
        """Return what may be marked in the piece of that id; KeyError if there is none."""
        return self._markable[piece]

    @cached_property
    def _markable(self) -> dict[str, frozenset[int]]:
        return {each.id: each.markable(self.target) for each in self.pieces}


@frozen
class Answer:
    """What one person said about one piece.

    ``marked`` are positions of shown tokens; ``none`` says that no token would help, and tells
    an answer without marks from a piece that was left out. ``rating`` is how sure the person is,
    1 to 5.
    """

    marked: tuple[int, ...]
    none: bool
    rating: int | None = None
    note: str = ""

    @property
    def given(self) -> bool:
        """Whether the piece was answered at all."""
        return bool(self.marked) or self.none


@frozen
class Answers:
    """All that one person said: ``pieces`` by id, ``order`` the ids as they were shown."""

    study: str
    participant: str
    order: tuple[str, ...]
    pieces: dict[str, Answer]


def write_study(study: Study, path: Path) -> None:
    """Write a study file; its ``sha256`` is for whoever reads it without this module."""
    head = {"format": STUDY_FORMAT, "version": VERSION, "sha256": study.sha256}
    content = head | cattrs.unstructure(study)
    replace_file(path, to_json(content, indent=1, read_back=True) + "\n")


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises
    ------
    StudyError
        If it is no study file, or its content was changed after it was exported.
    """
    raw = _read(path, STUDY_FORMAT)
    study = _structured(path, raw, Study)
    if raw.get("sha256") != study.sha256:
        raise StudyError(
            f"{path}: changed since it was exported, so answers may be to other questions; "
            "use the file that `linewise study export` wrote"
        )
    for piece in study.pieces:
        if len(piece.sizes) != len(piece.texts) or sum(piece.sizes) != len(piece.ids):
            raise StudyError(f"{path}: the tokens of piece {piece.id} do not add up")
    return study


def read_all_answers(paths: Sequence[Path], study: Study) -> tuple[Answers, ...]:
    """Read the answers of several people to ``study``.

    Raises
    ------
    StudyError
        As `read_answers`, and if two files are of one participant.
    """
    by_name: dict[str, tuple[Path, Answers]] = {}
    for path in paths:
        answers = read_answers(path, study)
        if answers.participant in by_name:
            raise StudyError(
                f"{by_name[answers.participant][0]} and {path} are both of "
                f"{answers.participant!r}: give everybody's answers once, under a name of their own"
            )
        by_name[answers.participant] = (path, answers)
    return tuple(answers for _, answers in by_name.values())


def read_answers(path: Path, study: Study) -> Answers:
    """Read one person's answers to ``study``.

    Raises
    ------
    StudyError
        If it is no answers file, belongs to another study, names pieces or tokens that the study
        does not have, or nothing was answered.
    """
    answers = _structured(path, _read(path, ANSWERS_FORMAT), Answers)
    if answers.study != study.sha256:
        raise StudyError(
            f"{path}: answers to another study ({answers.study[:12]}…, this one is "
            f"{study.sha256[:12]}…); score them with the study file they were collected with"
        )
    if not answers.participant.strip():
        raise StudyError(f'{path}: names no participant; fill in "participant"')
    known = {piece.id for piece in study.pieces}
    for name, answer in answers.pieces.items():
        if name not in known:
            raise StudyError(f"{path}: the study has no piece {name!r}")
        if (marked := set(answer.marked)) - study.markable(name) or len(marked) != len(
            answer.marked
        ):
            raise StudyError(
                f"{path}: piece {name}: marks a token that cannot be marked, or one twice; save "
                "the answers again from the study's page"
            )
        if answer.none and answer.marked:
            raise StudyError(f"{path}: piece {name}: marks tokens and says that none would help")
        if answer.rating is not None and answer.rating not in RATINGS:
            raise StudyError(f"{path}: piece {name}: the rating {answer.rating} is not 1 to 5")
    if not any(answer.given for answer in answers.pieces.values()):
        raise StudyError(f"{path}: no piece was answered")
    return answers


def _read(path: Path, format: str) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(raw, dict) or raw.get("format") != format:
        raise StudyError(f"{path}: not a file of the format {format}")
    if raw.get("version") != VERSION:
        raise StudyError(
            f"{path}: version {raw.get('version')!r} of {format}, this Linewise reads {VERSION}"
        )
    return raw


def _structured(path: Path, raw: dict[str, Any], shape: type[Shape]) -> Shape:
    try:
        return _strict().structure(raw, shape)
    except cattrs.BaseValidationError as error:
        wrong = "; ".join(cattrs.transform_error(error)[:3])
        raise StudyError(f"{path}: not as docs/study.md describes it: {wrong}") from error


def _strict() -> cattrs.Converter:
    """Return a converter that takes JSON's types as they are: no "12" for 12, no true for 1."""
    converter = cattrs.Converter()

    def exactly(value: object, kind: type[Shape]) -> Shape:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not of type {kind.__name__}")
        return value

    for kind in (int, bool, str):
        converter.register_structure_hook(kind, exactly)
    converter.register_structure_hook(Target, lambda value, _: Target(value))
    return converter
