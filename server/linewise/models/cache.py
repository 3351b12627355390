"""The folder of converted models: found, verified, published in one step, removed.

``LINEWISE_CACHE_DIR`` moves it; otherwise it is ``models`` in the user's cache folder. A model is
one folder under its name. What is still being built is called ``.partial-NAME`` and is invisible.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from attrs import frozen
from filelock import FileLock, Timeout

from linewise.errors import ModelCorruptError, ModelNotFoundError
from linewise.models import manifest as manifests
from linewise.models.manifest import Manifest
from linewise.models.registry import checked_name, registered, unknown


@frozen
class InstalledModel:
    """A converted model in the cache. Nothing of it has been verified yet."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name it was installed under."""
        return self.manifest.name

    @property
    def size(self) -> int:
        """Bytes on disk, the manifest aside."""
        return sum(entry.size for entry in self.manifest.files.values())


def root() -> Path:
    """Return the folder that holds the models; it need not exist."""
    chosen = os.environ.get("LINEWISE_CACHE_DIR")
    base = Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("linewise")
    return base.absolute() / "models"


def find(name: str) -> InstalledModel:
    """Return the installed model of that name.

    Raises
    ------
    ModelNotFoundError
        If it is not installed.
    ModelCorruptError
        If its manifest cannot be read.
    """
    folder = root() / checked_name(name)
    if not folder.is_dir():
        if name in registered():
            raise ModelNotFoundError(
                f"the target model {name!r} is not installed: run `linewise models pull {name}`"
            )
        raise unknown(name)
    try:
        return InstalledModel(folder, manifests.read(folder))
    except (OSError, ValueError) as error:
        raise _corrupt(name, manifests.FILE) from error


def installed() -> list[InstalledModel]:
    """Return every model with a readable manifest, by name."""
    models = []
    for folder in sorted(root().glob("[!.]*/")):
        try:
            models.append(InstalledModel(folder, manifests.read(folder)))
        except (OSError, ValueError):
            continue
    return models


def remove(name: str) -> None:
    """Delete an installed model, readable or not.

    Raises
    ------
    ModelNotFoundError
        If it is not installed.
    """
    folder = root() / checked_name(name)
    if not folder.is_dir():
        raise ModelNotFoundError(f"the target model {name!r} is not installed")
    with locked(name):
        shutil.rmtree(_set_aside(folder))


def verified(model: InstalledModel, name: str) -> Path:
    """Return the path of one of the model's files after checking its size and SHA-256.

    Raises
    ------
    ModelCorruptError
        If the file is missing or is not the one that was converted.
    """
    path = model.folder / name
    entry = model.manifest.files.get(name)
    try:
        intact = (
            entry is not None and path.stat().st_size == entry.size and sha256(path) == entry.sha256
        )
    except OSError as error:
        raise _corrupt(model.name, name) from error
    if not intact:
        raise _corrupt(model.name, name)
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(name: str, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the right to change the model ``name``; ``waiting`` is called if another has it."""
    root().mkdir(parents=True, exist_ok=True)
    lock = FileLock(root() / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if waiting is not None:
            waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def publishing(name: str) -> Iterator[Path]:
    """Yield an empty folder that becomes the model ``name`` if the block succeeds.

    The caller holds `locked`. What a killed predecessor left is removed first; what a failing
    block leaves is removed at once.
    """
    partial = root() / f".partial-{name}"
    for leftover in (partial, root() / f".old-{name}"):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in partial.iterdir():
            _flush(path)
        _flush(partial)
        final = root() / name
        old = _set_aside(final) if final.exists() else None
        partial.replace(final)
        _flush(root())
        if old is not None:
            shutil.rmtree(old)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _set_aside(folder: Path) -> Path:
    """Rename a model out of sight in one step, for deletion."""
    old = folder.with_name(f".old-{folder.name}")
    shutil.rmtree(old, ignore_errors=True)
    return folder.replace(old)


def _flush(path: Path) -> None:
    """Force a file, or a folder's list of names, onto the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows has no way to, and its renames are journaled
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _corrupt(name: str, file: str) -> ModelCorruptError:
    remedy = f"run `linewise models pull {name} --force` to install it again"
    if file == manifests.FILE and name not in registered():
        remedy = f"run `linewise models remove {name}` and pull it from its source again"
    return ModelCorruptError(f"{file} of the target model {name!r} is damaged or missing: {remedy}")
