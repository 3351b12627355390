"""Target models: the local code language models whose hidden states a probe reads.

A model is *pulled* once (fetched, converted to ONNX, quantized, checked against torch) into the
user's cache and from then on *loaded* by `linewise.models.runtime.TargetModel`, which needs
neither torch nor transformers nor the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from linewise.errors import LinewiseError
from linewise.models import cache
from linewise.models.cache import InstalledModel, installed, remove
from linewise.models.cache import find as info
from linewise.models.registry import HubSource, ModelSpec, checked_name, registered, resolve

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["InstalledModel", "info", "installed", "pull", "remove", "torch_model"]


def _unheard(_stage: str, _fraction: float) -> None:
    pass


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
    progress: Callable[[str, float], None] = _unheard,
) -> InstalledModel:
    """Install a target model, or return it if it is installed already.

    Two pulls of one model wait for each other; a killed one leaves nothing a later one minds.

    Parameters
    ----------
    name_or_source
        A registered or installed name, a Hub id (owner/name), a model folder or a .gguf file.
    name
        What to call it; by default its registered name or one made from the source's.
    from_
        A .whl, .gguf or folder to take the weights from instead of downloading them.
    scheme
        A key of `linewise.models.quantize.SCHEMES`; by default what suits this machine.
    layers
        After how many transformer blocks hidden states are read (from 1); by default the
        registered ones, or half-way.
    revision
        A branch, tag or commit of a Hub repository.
    sha256
        What the weights must have, in hexadecimal, in place of the registered value.
    force
        Convert again even if the model is installed.
    progress
        Hears (stage, fraction done from 0 to 1).

    Raises
    ------
    ModelNotFoundError
        If the source is none of the above.
    ConversionError
        If the model cannot be fetched, converted or stored, or fails its self-test.
    LinewiseError
        If a model of that name is installed with another scheme or other layers.
    """
    sha256 = sha256.lower() if sha256 else None
    spec, usual_scheme = _recipe(name_or_source)
    spec = evolve(
        spec,
        name=checked_name(name or spec.name),
        probed=tuple(layers) if layers is not None else spec.probed,
        sha256=sha256 or spec.sha256,
    )
    if revision is not None:
        if not isinstance(spec.source, HubSource):
            raise LinewiseError(f"{name_or_source} is not on the Hub: leave --revision out")
        # Another revision has other weights; what was pinned says nothing about them.
        spec = evolve(spec, source=evolve(spec.source, revision=revision), sha256=sha256)
    if scheme is not None:
        _check_scheme(scheme)
    with cache.locked(spec.name, lambda: progress("Waiting for another pull", 0.0)):
        if not force and (cache.root() / spec.name).is_dir():
            return _same(cache.find(spec.name), scheme, layers)
        from linewise.models.convert import install

        return install(spec, scheme=scheme or usual_scheme, local=from_, progress=progress)


def torch_model(name_or_source: str) -> PreTrainedModel:
    """Return a model as torch runs it, in float32: the reference to measure against."""
    from linewise.models.convert import torch_model

    return torch_model(_recipe(name_or_source)[0])


def _recipe(name_or_source: str) -> tuple[ModelSpec, str | None]:
    """Return what to make a model from, and the scheme if it has been made before."""
    if name_or_source not in registered():
        for model in installed():
            if model.name == name_or_source:
                return model.manifest.recipe, model.manifest.scheme
    return resolve(name_or_source), None


def _check_scheme(scheme: str) -> None:
    from linewise.models.quantize import SCHEMES

    if scheme not in SCHEMES:
        raise LinewiseError(f"there is no scheme {scheme!r}; choose one of {', '.join(SCHEMES)}")


def _same(
    model: InstalledModel, scheme: str | None, layers: Sequence[int] | None
) -> InstalledModel:
    """Return the installed model, unless it is not what was asked for."""
    manifest = model.manifest
    if scheme not in {None, manifest.scheme} or (
        layers is not None and tuple(sorted(set(layers))) != manifest.layers
    ):
        raise LinewiseError(
            f"{model.name} is installed with scheme {manifest.scheme} and layers "
            f"{list(manifest.layers)}: add --force to replace it, or --name to install a second one"
        )
    return model
