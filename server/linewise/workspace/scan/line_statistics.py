"""What the probabilities of a workspace's lines say: levels by part, and where the risk is.

Files are read from the store one after the other; what is held is a row per part and the few
riskiest places. Logits become probabilities here, by the calibration in force now.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from sqlite3 import Connection
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from linewise.lab.evaluate.bootstrap import RESAMPLES, Interval
from linewise.probe.manifest import Calibration
from linewise.rationale.statistics.intervals import percentile, resampling
from linewise.rationale.statistics.tally import CLUSTERS, cluster_of
from linewise.workspace.scan.ages import AGES
from linewise.workspace.scan.records import LINE, Reader, Rows
from linewise.workspace.scan.store import READ, NothingScannedError

BINS = 50
"""Of probabilities, in equal steps from 0 to 1."""
MOST_PLACES = 50
"""How many of the riskiest lines, functions and files are kept."""
STATEMENT, UNIT, FOLDER, AGE = "statement", "unit", "folder", "age"
"""The divisions of lines: by kind of statement, by kind of unit, by folder, by age if asked for."""
_ALL = "all"
_LINES_AT_ONCE = 100_000
_NONE = np.empty(0, np.int64)
CalibrationOf = Callable[[str, int], Calibration]
"""Maps a file's path below the root and its number of lines to how its logits are read."""
Bools = npt.NDArray[np.bool_]
AgesOf = Callable[[str], Mapping[int, int]]
"""Maps a file's path to the ages of its lines (`ages.line_ages`)."""
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Place = TypeVar("Place")


@frozen
class RiskyLine:
    """A code line, 1-based; ``calibrated`` as in `LineScore`."""

    path: str
    line: int
    unit: str
    probability: float
    calibrated: bool


@frozen
class RiskyUnit:
    """A function, method or run of lines.

    ``expected`` is how many of its code lines are expected to be edited, the sum of their
    probabilities; ``excess`` how many more that is than of as many lines on average.
    """

    path: str
    name: str
    kind: str
    first_line: int
    last_line: int
    lines: int
    expected: float
    excess: float
    highest: float


@frozen
class RiskyFile:
    """A file; figures as in `RiskyUnit`, ``flagged`` counts lines from the threshold on."""

    path: str
    lines: int
    expected: float
    excess: float
    highest: float
    flagged: int


@frozen(eq=False)
class Level:
    """The lines of one part: how many, their mean probability, the share from the threshold on.

    ``histogram`` (`BINS`,) counts them by probability. Intervals resample clusters of files.
    """

    name: str
    lines: int
    mean: Interval
    flagged: Interval
    histogram: npt.NDArray[np.int64] = field(repr=False)


@frozen(eq=False)
class LineStatistics:
    """All of it. ``by`` has the parts of each division: statement, unit, folder.

    ``strange`` counts lines in code unlike any the probabilities were fitted on. ``file_means``
    (`BINS`,) counts files by the mean probability of their lines.
    """

    files: int
    units: int
    everything: Level
    strange: int
    file_means: npt.NDArray[np.int64] = field(repr=False)
    by: dict[str, tuple[Level, ...]]
    risky_files: tuple[RiskyFile, ...]
    risky_units: tuple[RiskyUnit, ...]
    risky_lines: tuple[RiskyLine, ...]


@frozen(eq=False)
class FileLines:
    """A file's code lines and units as they are stored."""

    path: str
    length: int
    lines: Rows
    units: Sequence[tuple[str, str, int, int]]
    """Kind, name, first and last line of each."""


def stored_files(rows: Connection, reader: int, within: bytes) -> Iterator[FileLines]:
    """Yield the files below ``within`` that a reader has read, by path, one at a time."""
    files = rows.cursor().execute(
        f"SELECT path, readings.id, length, lines FROM files JOIN readings ON {READ} "  # noqa: S608
        "WHERE reader = ? AND substr(path, 1, ?) = ? ORDER BY path",
        (reader, len(within), within),
    )
    for path, number, length, lines in files:
        units = rows.execute(
            "SELECT kind, name, first_line, last_line FROM placements "
            "WHERE reading = ? ORDER BY ordinal",
            (number,),
        ).fetchall()
        yield FileLines(os.fsdecode(path), length, np.frombuffer(lines, LINE), units)


def folder_of(paths: tuple[str, str] | None) -> Callable[[str], str]:
    """Return what names the folder a path counts for: the first below what all have in common.

    ``paths`` are the first and the last of all paths, in order.
    """
    folders = zip(*(PurePosixPath(each).parent.parts for each in paths or ()), strict=False)
    common = len(list(takewhile(lambda parts: len(set(parts)) == 1, folders)))

    def name(path: str) -> str:
        parent = PurePosixPath(path).parent.parts
        return "/".join(parent[: common + 1]) or "."

    return name


def line_statistics(
    files: Callable[[], Iterator[FileLines]],
    reader: Reader,
    calibration_of: CalibrationOf,
    folder: Callable[[str], str],
    *,
    ages_of: AgesOf | None = None,
    resamples: int = RESAMPLES,
) -> LineStatistics:
    """Read files, twice, and return what their lines say.

    Raises
    ------
    NothingScannedError
        If there is no code in them.
    """
    sums = _Sums(reader, ages_of)
    for file in files():
        sums.add(file, calibration_of(file.path, file.length), folder(file.path))
    levels = sums.levels(resamples)
    if not levels[_ALL]:
        raise NothingScannedError("there is no code line in what was scanned")
    everything = levels[_ALL][0]
    places = _Places(everything.mean.value)
    for file in files():
        places.add(file, calibration_of(file.path, file.length))
    return LineStatistics(
        sums.files,
        sums.units,
        everything,
        sums.strange,
        sums.file_means,
        {name: found for name, found in levels.items() if name != _ALL},
        places.files.best(),
        places.units.best(),
        places.lines.best(),
    )


def _probabilities(file: FileLines, calibration: Calibration) -> tuple[Floats, Bools]:
    """Return the probabilities (n,) of a file's lines, and which of them are flagged."""
    p = np.asarray(calibration.line(file.lines["logit"]), np.float64)
    return p, p >= calibration.threshold


def _bins(p: npt.ArrayLike) -> Ints:
    """Return which of the `BINS` equal steps each probability is in."""
    return np.minimum((np.asarray(p) * BINS).astype(np.int64), BINS - 1)


@frozen(eq=False)
class _Portion:
    """Lines of some files, each (n,): cluster, place among the names of each division, p."""

    cluster: Ints
    places: Mapping[str, Ints]
    p: Floats
    flagged: Bools


class _Sums:
    def __init__(self, reader: Reader, ages_of: AgesOf | None) -> None:
        self.files = self.units = self.strange = 0
        self.file_means = np.zeros(BINS, np.int64)
        # A name is numbered when it is first seen, of folders and kinds of units.
        self._names: dict[str, dict[str, int]] = {
            _ALL: {"": 0},
            STATEMENT: {name: number for number, name in enumerate(reader.statements)},
            UNIT: {},
            FOLDER: {},
        }
        if ages_of is not None:
            self._names[AGE] = {name: number for number, name in enumerate(AGES)}
        self._ages_of = ages_of
        self._sums = {division: np.zeros((0, CLUSTERS, 3)) for division in self._names}
        self._histograms = {division: np.zeros((0, BINS), np.int64) for division in self._names}
        self._waiting: list[_Portion] = []

    def add(self, file: FileLines, calibration: Calibration, folder: str) -> None:
        self.files += 1
        self.units += len(file.units)
        if not len(file.lines):
            return
        self.strange += int((file.lines["known"] == 0).sum())
        p, flagged = _probabilities(file, calibration)
        self.file_means[_bins(p.mean())] += 1
        kinds = np.array([self._place(UNIT, kind) for kind, *_ in file.units])
        places = {
            _ALL: np.zeros(len(p), np.int64),
            STATEMENT: file.lines["statement"].astype(np.int64),
            UNIT: kinds[file.lines["unit"]],
            FOLDER: np.full(len(p), self._place(FOLDER, folder)),
        }
        if self._ages_of is not None:
            known = self._ages_of(file.path)
            places[AGE] = np.array([known.get(line, 0) for line in file.lines["line"].tolist()])
        cluster = np.full(len(p), cluster_of(file.path))
        self._waiting.append(_Portion(cluster, places, p, flagged))
        if sum(len(each.p) for each in self._waiting) >= _LINES_AT_ONCE:
            self._count()

    def levels(self, resamples: int) -> dict[str, tuple[Level, ...]]:
        """Return the parts of each division, those with most lines first."""
        self._count()
        occupied = self._sums[_ALL][0, :, 0] > 0 if self.files else np.zeros(CLUSTERS, bool)
        weights = resampling(int(occupied.sum()), resamples)
        found = {}
        for division, names in self._names.items():
            sums = self._sums[division][:, occupied]
            levels = [
                Level(
                    name,
                    int(sums[number, :, 0].sum()),
                    _ratio(sums[number, :, 1], sums[number, :, 0], weights),
                    _ratio(sums[number, :, 2], sums[number, :, 0], weights),
                    self._histograms[division][number],
                )
                for name, number in names.items()
                if sums[number].any()
            ]
            found[division] = tuple(sorted(levels, key=lambda each: (-each.lines, each.name)))
        return found

    def _place(self, division: str, name: str) -> int:
        return self._names[division].setdefault(name, len(self._names[division]))

    def _count(self) -> None:
        """Add up what waits, of many files at once."""
        portions, self._waiting = self._waiting, []
        cluster = np.concatenate([_NONE, *(each.cluster for each in portions)])
        p = np.concatenate([np.empty(0), *(each.p for each in portions)])
        flagged = np.concatenate([np.empty(0), *(each.flagged for each in portions)])
        step = _bins(p)
        for division, names in self._names.items():
            place = np.concatenate([_NONE, *(each.places[division] for each in portions)])
            size = len(names) * CLUSTERS
            columns = [
                np.bincount(place * CLUSTERS + cluster, weights, size)
                for weights in (np.ones(len(p)), p, flagged)
            ]
            sums = np.asarray(columns, np.float64).T.reshape(len(names), CLUSTERS, 3)
            counts = np.bincount(place * BINS + step, minlength=len(names) * BINS)
            sums[: len(self._sums[division])] += self._sums[division]
            histogram = counts.reshape(len(names), BINS)
            histogram[: len(self._histograms[division])] += self._histograms[division]
            self._sums[division], self._histograms[division] = sums, histogram


def _ratio(sums: Floats, counts: Floats, weights: Floats) -> Interval:
    with np.errstate(invalid="ignore", divide="ignore"):
        return percentile(sums.sum() / counts.sum(), (weights @ sums) / (weights @ counts)).at()


class _Best(Generic[Place]):
    """The places with the highest keys of all that were offered, the first offered of equals."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Place]] = []
        self._count = 0

    def wants(self, key: float) -> bool:
        return len(self._heap) < MOST_PLACES or key > self._heap[0][0]

    def offer(self, key: float, place: Place) -> None:
        self._count += 1
        entry = key, -self._count, place
        if len(self._heap) < MOST_PLACES:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def best(self) -> tuple[Place, ...]:
        return tuple(place for *_, place in sorted(self._heap, key=lambda each: each[:2])[::-1])


class _Places:
    """The riskiest lines by probability, units and files by how much exceeds the ``mean``."""

    def __init__(self, mean: float) -> None:
        self._mean = mean
        self.lines: _Best[RiskyLine] = _Best()
        self.units: _Best[RiskyUnit] = _Best()
        self.files: _Best[RiskyFile] = _Best()

    def add(self, file: FileLines, calibration: Calibration) -> None:
        if not len(file.lines):
            return
        p, flagged = _probabilities(file, calibration)
        owner = file.lines["unit"].astype(np.int64)
        for row in np.argsort(-p, kind="stable")[:MOST_PLACES].tolist():
            if self.lines.wants(p[row]):
                line, unit = int(file.lines["line"][row]), file.units[owner[row]]
                known = bool(file.lines["known"][row])
                place = RiskyLine(file.path, line + 1, unit[1], float(p[row]), known)
                self.lines.offer(p[row], place)
        expected = np.bincount(owner, p, len(file.units))
        lines = np.bincount(owner, minlength=len(file.units))
        highest = np.zeros(len(file.units))
        np.maximum.at(highest, owner, p)
        excess = expected - self._mean * lines
        for number in np.flatnonzero(lines).tolist():
            if self.units.wants(excess[number]):
                kind, name, first, last = file.units[number]
                self.units.offer(
                    excess[number],
                    RiskyUnit(
                        file.path,
                        name,
                        kind,
                        first + 1,
                        last + 1,
                        int(lines[number]),
                        float(expected[number]),
                        float(excess[number]),
                        float(highest[number]),
                    ),
                )
        surplus = float(p.sum() - self._mean * len(p))
        if self.files.wants(surplus):
            risky = RiskyFile(
                file.path, len(p), float(p.sum()), surplus, float(p.max()), int(flagged.sum())
            )
            self.files.offer(surplus, risky)
