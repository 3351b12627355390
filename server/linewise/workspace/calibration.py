"""Which calibration is in force for a file: decided here, for the command line and the server.

Shipped, then the workspace's (fitted to its git history), then the personal shift (from the
user's edits), each on top of the one before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from attrs import evolve, frozen
from filelock import FileLock, Timeout

from linewise.errors import LinewiseError
from linewise.probe.calibration import sigmoid
from linewise.probe.manifest import Calibration, ProbeManifest, Reading
from linewise.wording import percent
from linewise.workspace import store
from linewise.workspace.churn import DAY, LONG, Churn
from linewise.workspace.feedback import Feedback, Observation, learn, shift
from linewise.workspace.git import find_root, output
from linewise.workspace.history import read_history
from linewise.workspace.odds import log_odds
from linewise.workspace.store import StoredCalibration

Floats = npt.NDArray[np.float64]
Value = TypeVar("Value")

REFRESH_SECONDS = 600.0
"""How long the log's last weeks are taken as read."""


@frozen(eq=False)
class _Recent:
    """The churn of a repository when it was last read."""

    churn: Churn
    read: float
    until: int


@frozen
class _Kept(Generic[Value]):
    """What a file held when it had that signature."""

    signature: tuple[int, int]
    value: Value | None


class Workspace:
    """One repository and one model: what is stored of them, read again whenever it changed."""

    def __init__(self, root: Path, model: str, manifest: ProbeManifest) -> None:
        self.root = root
        self.problem: str | None = None
        self._manifest = manifest
        self._calibration_path = store.path_of(root, model, "calibration")
        self._feedback_path = store.path_of(root, model, "feedback")
        self._stored: _Kept[StoredCalibration] = _Kept((-1, -1), None)
        self._feedback: _Kept[Feedback] = _Kept((-1, -1), None)
        self._recent: _Recent | None = None

    @property
    def version(self) -> str:
        """Changes whenever the calibration of some file may; asked often, reads little."""
        stored = store.signature(self._calibration_path)
        read = self._recent.read if self._recent and not self._stale(self._recent) else 0.0
        return f"{stored} {read if stored != (0, 0) else 0.0} {self.personal:.2f}"

    @property
    def stored(self) -> StoredCalibration | None:
        """What was fitted to this repository, if that fits the probe; else see ``problem``."""
        signature = store.signature(self._calibration_path)
        if self._stored.signature != signature:
            self.problem = None
            value = None
            try:
                value = store.read(self._calibration_path, StoredCalibration)
                if value is not None:
                    value.check_fits(self._manifest.identity, self._calibration_path)
            except store.StoredCalibrationError as error:
                value, self.problem = None, f"{error}; the shipped calibration is used"
            self._stored = _Kept(signature, value)
        return self._stored.value

    @property
    def feedback(self) -> Feedback:
        """What the user's edits in this repository were."""
        signature = store.signature(self._feedback_path)
        if self._feedback.signature != signature:
            try:
                value = store.read(self._feedback_path, Feedback)
            except store.StoredCalibrationError:
                value = None  # counts that cannot be read are begun again
            self._feedback = _Kept(signature, value)
        return self._feedback.value or Feedback()

    @property
    def personal(self) -> float:
        """The shift in log-odds that the user's edits ask for."""
        return shift(self.feedback)

    def calibration(self, path: Path | None, lines: int) -> Calibration:
        """Return the calibration of a file of so many lines; may read the log's last weeks.

        Without a ``path`` the file is taken for a new one.
        """
        calibration = self._manifest.calibration
        if (stored := self.stored) is not None:
            try:
                features = self._features(path, lines)
            except LinewiseError as error:
                self.problem = f"{self.root}: {error}; the shipped calibration is used"
            else:
                calibration = fitted(calibration, stored, features)
        return shifted(calibration, self.personal)

    def described(self) -> Calibration:
        """Return the calibration of no file in particular: what it rests on, and its base rate."""
        calibration = self._manifest.calibration
        if (stored := self.stored) is not None:
            calibration = fitted(calibration, stored, (0.0,) * len(stored.features))
        return shifted(calibration, self.personal)

    def observe(self, observations: Sequence[Observation]) -> None:
        """Add to what is kept of the user's edits; while another process does so, let it be."""
        if not observations:
            return
        self._feedback_path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{self._feedback_path}.lock", timeout=0.2):
                store.write(self._feedback_path, learn(self.feedback, observations))
        except Timeout:
            return

    def keep(self, calibration: StoredCalibration) -> Path:
        """Store a calibration and return where."""
        store.write(self._calibration_path, calibration)
        return self._calibration_path

    def reset(self) -> bool:
        """Forget the fitted calibration; return whether there was one."""
        return store.remove(self._calibration_path)

    def reset_feedback(self) -> bool:
        """Forget the user's edits; return whether there were any."""
        return store.remove(self._feedback_path)

    def _features(self, path: Path | None, lines: int) -> tuple[float, ...]:
        if self._recent is None or self._stale(self._recent):
            self._recent = self._read_recent()
        now = max(int(time.time()), self._recent.until)
        return self._recent.churn.features(self._name(path), now, lines)

    def _name(self, path: Path | None) -> str:
        try:
            return path.absolute().relative_to(self.root).as_posix() if path is not None else ""
        except ValueError:
            return ""

    def _stale(self, recent: _Recent) -> bool:
        return time.monotonic() - recent.read > REFRESH_SECONDS

    def _read_recent(self) -> _Recent:
        listing = output(self.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
        names = listing.decode("utf-8", "surrogateescape").split("\0")
        churn = Churn(name for name in names if name)
        until = 0
        for commit in read_history(self.root, since=f"{LONG // DAY} days ago"):
            churn.add(commit)
            until = commit.time
        return _Recent(churn, time.monotonic(), until)


class Workspaces:
    """The repositories of whatever files are asked about, for one model and its probe."""

    def __init__(self, model: str, manifest: ProbeManifest) -> None:
        self.shipped = manifest.calibration
        self._model = model
        self._manifest = manifest
        self._by_root: dict[Path, Workspace] = {}

    def of(self, path: Path | None) -> Workspace | None:
        """Return the workspace of a file or folder, None outside any repository."""
        root = find_root(path) if path is not None else None
        if root is None:
            return None
        if root not in self._by_root:
            self._by_root[root] = Workspace(root, self._model, self._manifest)
        return self._by_root[root]

    def described(self, path: Path | None) -> Calibration:
        """Return what the calibration of a file or folder rests on, without reading the log."""
        workspace = self.of(path)
        return self.shipped if workspace is None else workspace.described()

    def version(self, path: Path | None) -> str:
        """Return what changes whenever the calibration of a file may."""
        workspace = self.of(path)
        return "" if workspace is None else workspace.version

    def calibration(self, path: Path | None, lines: int) -> Calibration:
        """Return the calibration of a file of so many lines; may read the log's last weeks."""
        workspace = self.of(path)
        return self.shipped if workspace is None else workspace.calibration(path, lines)

    def common(self, paths: Iterable[Path]) -> Workspace | None:
        """Return the workspace all the paths are in, None if there is no such one."""
        found = {self.of(path) for path in paths}
        return found.pop() if len(found) == 1 else None


@frozen
class Adjusted:
    """A reading whose log-odds are scaled about its own base rate and then raised."""

    inner: Reading
    scale: float
    raised: float
    base_rate: float
    n: int

    def __call__(self, logits: npt.NDArray[np.floating]) -> Floats:
        """Return probabilities in (0, 1) for ``logits`` of any shape."""
        middle = log_odds(self.inner.base_rate)
        return sigmoid(self.scale * (log_odds(self.inner(logits)) - middle) + middle + self.raised)


def fitted(
    shipped: Calibration, stored: StoredCalibration, features: Sequence[float]
) -> Calibration:
    """Return the shipped calibration adjusted to a workspace, for a file with these features.

    The fit is about lines. Tokens and longer spans are moved by as much: their log-odds relative
    to their own base rate are scaled, and raised, as a line's are. The threshold keeps its
    distance from the base rate, in log-odds.
    """
    weights = stored.weights
    middle = float(log_odds(shipped.line.base_rate))
    churn = sum(w * x for w, x in zip(weights.churn, features, strict=True))
    raised = (weights.slope - 1) * middle + churn + weights.intercept
    by = float(log_odds(stored.base_rate)) - middle

    def moved(reading: Reading) -> Adjusted:
        return Adjusted(reading, weights.slope, raised, _moved(reading.base_rate, by), reading.n)

    window = f"{stored.window_days:g} days"
    return Calibration(
        token=moved(shipped.token),
        span=moved(shipped.span),
        line=evolve(moved(shipped.line), base_rate=stored.base_rate, n=stored.lines),
        unit=moved(shipped.unit),
        threshold=_moved(shipped.threshold, by),
        source="workspace",
        fitted=f"fitted to this workspace: {stored.lines:,} lines of {stored.commits:,} commits, "
        f"{percent(stored.base_rate)} of them changed within {window}",
        promise=f"were changed within {window} of being written in this workspace's history",
    )


def shifted(calibration: Calibration, by: float) -> Calibration:
    """Return a calibration with all log-odds moved by the personal shift.

    The threshold stays: who edits less of what is shown is shown less.
    """
    if by == 0.0:
        return calibration

    def moved(reading: Reading) -> Adjusted:
        return Adjusted(reading, 1.0, by, _moved(reading.base_rate, by), reading.n)

    return evolve(
        calibration,
        token=moved(calibration.token),
        span=moved(calibration.span),
        line=moved(calibration.line),
        unit=moved(calibration.unit),
        fitted=f"{calibration.fitted}; adjusted to your edits (odds × {math.exp(by):.2f})",
        promise=f"{calibration.promise}, adjusted to your own edits",
    )


def _moved(rate: float, by: float) -> float:
    return float(sigmoid(log_odds(rate) + by))
