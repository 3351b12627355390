"""Target models: pulled once, converted to ONNX, kept in the user's cache, run without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from linewise.errors import LinewiseError
from linewise.models import cache
from linewise.models.cache import InstalledModel, installed, remove
from linewise.models.registry import HubSource, ModelSpec, checked_name, resolve

__all__ = ["InstalledModel", "info", "installed", "pull", "remove", "torch_model"]

SCHEMES = ("fp32", "int8", "int8-smooth", "w8", "w4")


def pull(
    name_or_source: str,
    *,
    name: str | None = None,
    from_: Path | None = None,
    scheme: str | None = None,
    layers: Sequence[int] | None = None,
    revision: str | None = None,
    sha256: str | None = None,
    force: bool = False,
    progress: Callable[[str, float], None] = lambda _stage, _fraction: None,
) -> InstalledModel:
    """Install a target model, converting it if it is not there yet.

    ``name_or_source`` is a registered name, a Hub id, a folder or a .gguf file. ``progress``
    hears (stage, fraction done).

    Raises
    ------
    ModelNotFoundError
        If the name means nothing.
    ConversionError
        If it cannot be fetched or converted; nothing is left behind.
    """
    spec = _spec(name_or_source, name, layers, revision, sha256)
    if scheme is not None and scheme not in SCHEMES:
        raise LinewiseError(f"no scheme {scheme!r}: choose one of {', '.join(SCHEMES)}")
    with cache.locked(spec.name, lambda: progress("waiting for another conversion", 0.0)):
        if not force and (known := _intact(spec.name)) is not None:
            return known
        from linewise.models.convert import convert
        from linewise.models.providers import default_scheme, describe

        chosen = scheme or default_scheme(describe()[0])
        return convert(spec, scheme=chosen, progress=progress, from_=from_)


def info(name: str) -> InstalledModel:
    """Return an installed model.

    Raises
    ------
    ModelNotFoundError
        If it is not installed.
    """
    return cache.find(name)


def torch_model(name_or_source: str) -> Any:
    """Return the original model in torch, float32: for training and for comparisons."""
    import tempfile

    from linewise.models.convert import load_torch
    from linewise.models.sources import fetch

    with tempfile.TemporaryDirectory() as scratch:
        return load_torch(fetch(resolve(name_or_source), Path(scratch)))[0]


def _spec(
    name_or_source: str,
    name: str | None,
    layers: Sequence[int] | None,
    revision: str | None,
    sha256: str | None,
) -> ModelSpec:
    spec = resolve(name_or_source)
    if revision is not None:
        if not isinstance(spec.source, HubSource):
            raise LinewiseError("a revision is only meaningful for a model on the Hub")
        spec = evolve(spec, source=evolve(spec.source, revision=revision))
    if layers is not None:
        spec = evolve(spec, probed=tuple(sorted(set(layers))))
    if sha256 is not None:
        spec = evolve(spec, sha256=sha256.lower())
    return evolve(spec, name=checked_name(name or spec.name))


def _intact(name: str) -> InstalledModel | None:
    """Return the installed model if all its files are the ones that were converted."""
    try:
        found = cache.find(name)
        for file in found.manifest.files:
            cache.verified(found, file)
    except LinewiseError:
        return None
    return found
