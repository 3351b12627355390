"""What is kept of a workspace: a JSON file per repository and model, in the user's state folder.

``LINEWISE_STATE_DIR`` moves it. Nothing is written into the repository, and no code is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, TypeVar

import cattrs
import platformdirs
from attrs import frozen

from linewise.errors import LinewiseError
from linewise.workspace.churn import FEATURES
from linewise.writing import replace_file, to_json

VERSION = 1
Shape = TypeVar("Shape")


class StoredCalibrationError(LinewiseError):
    """A stored calibration cannot be read, or was made for something else."""


@frozen
class Weights:
    """``logit p = slope · evidence + churn · features + intercept``.

    Evidence is the probe's log-odds as shipped; the features are those of `churn.FEATURES`.
    """

    slope: float
    churn: tuple[float, ...]
    intercept: float


@frozen
class StoredCalibration:
    """A workspace's calibration and where it comes from.

    ``probe`` is the identity of the probe whose log-odds it reads. Of ``lines`` from ``commits``,
    the last one ``head``, the share ``base_rate`` was changed within ``window_days``. ``metrics``
    are for people.
    """

    version: int
    root: str
    model: str
    probe: str
    features: tuple[str, ...]
    weights: Weights
    window_days: float
    base_rate: float
    lines: int
    commits: int
    head: str
    fitted: str
    metrics: dict[str, Any]

    def check_fits(self, probe: str, path: Path) -> None:
        """Refuse, by name, a calibration made for something else.

        Raises
        ------
        StoredCalibrationError
            If it was fitted for another probe or other features.
        """
        if self.probe != probe:
            raise StoredCalibrationError(
                f"{path}: fitted for probe {self.probe[:12]}… of {self.model}, the one in use is "
                f"{probe[:12]}…; run `linewise calibrate --from-git` again in {self.root}"
            )
        if self.features != FEATURES or len(self.weights.churn) != len(FEATURES):
            raise StoredCalibrationError(
                f"{path}: fitted by another version of Linewise; run `linewise calibrate "
                f"--from-git` again in {self.root}"
            )


def folder() -> Path:
    """Return the folder that holds what is kept of workspaces; it need not exist."""
    chosen = os.environ.get("LINEWISE_STATE_DIR")
    base = Path(chosen).expanduser() if chosen else platformdirs.user_state_path("linewise")
    return base.absolute() / "workspaces"


def folder_of(root: Path) -> Path:
    """Return the folder of what is kept for a repository, or another folder; it need not exist."""
    return folder() / hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]


def path_of(root: Path, model: str, kind: str) -> Path:
    """Return where a ``kind`` of thing is kept for a repository and a model."""
    return folder_of(root) / f"{model.replace('/', '--')}.{kind}.json"


def read(path: Path, shape: type[Shape]) -> Shape | None:
    """Read what was kept, None if nothing was.

    Raises
    ------
    StoredCalibrationError
        If it is not JSON of the version and shape this code reads; the message names the file.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw.get("version") != VERSION:
            raise StoredCalibrationError(
                f"{path}: version {raw.get('version')!r}, this Linewise reads {VERSION}; run "
                "`linewise calibrate --reset`"
            )
        return cattrs.structure(raw, shape)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, cattrs.BaseValidationError) as error:
        raise StoredCalibrationError(
            f"{path}: cannot be read ({type(error).__name__}); run `linewise calibrate --reset`"
        ) from error


def write(path: Path, value: object) -> None:
    """Write atomically: a reader sees the old content or the new, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = to_json(cattrs.unstructure(value), read_back=True)
    replace_file(path, f"{text}\n", private=True)


def remove(path: Path) -> bool:
    """Delete what was kept; return whether there was anything."""
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def signature(path: Path) -> tuple[int, int]:
    """Return what changes whenever a file is written, (0, 0) if there is none."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_ino
