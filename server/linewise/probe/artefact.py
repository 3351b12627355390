"""Reading the JSON that comes with a probe: of the version this code knows, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import cattrs

from linewise.errors import ProbeMismatchError

Shape = TypeVar("Shape")


def read_artefact(path: Path, shape: type[Shape], version: int, *, what: str, remedy: str) -> Shape:
    """Read a JSON file of one version and shape.

    Raises
    ------
    ProbeMismatchError
        If it is something else. The message names the file and ``what`` it should be; for another
        version it says the ``remedy``.
    """
    kind = what.rpartition(" ")[2]
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw.get("version") != version:
            raise ProbeMismatchError(
                f"{path}: {kind} version {raw.get('version')!r}, this Linewise "
                f"reads {version}; {remedy}"
            )
        return cattrs.structure(raw, shape)
    except (OSError, ValueError, AttributeError, cattrs.BaseValidationError) as error:
        raise ProbeMismatchError(f"{path}: not a readable {what} ({error})") from error
