"""What ``linewise doctor`` finds out."""

from __future__ import annotations

import math
import os
import platform
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from attrs import frozen

from linewise import __version__
from linewise.engine import Engine
from linewise.errors import LinewiseError
from linewise.models import providers
from linewise.models.cache import InstalledModel, installed, root, verified
from linewise.probe.manifest import read_manifest
from linewise.probe.shipped import find_probe

_PACKAGES = ("numpy", "tokenizers", "tree-sitter", "tree-sitter-python", "pygls", "lsprotocol")
_RUNTIMES = ("onnxruntime-gpu", "onnxruntime")
_CONVERTERS = ("torch", "transformers", "onnx")


@frozen
class ModelState:
    """An installed model; ``problem`` is None if every file is the one that was converted."""

    name: str
    scheme: str
    size: int
    problem: str | None


@frozen
class ProbeState:
    """The probe shipped for the model, as its manifest describes it."""

    model: str
    base_rate: float
    threshold: float
    metrics: dict[str, Any]


@frozen
class SelfTest:
    """Scoring one of Linewise's own modules, after scoring another to warm up."""

    load_seconds: float
    lines: int
    tokens: int
    tokens_per_second: float


@frozen
class Diagnosis:
    """Everything that helps to see why Linewise works or does not.

    ``threads`` is what the variable ``LINEWISE_THREADS`` says; None leaves it to ONNX Runtime.
    """

    linewise: str
    python: str
    platform: str
    packages: Mapping[str, str | None]
    provider: str
    provider_reason: str
    processors: int
    threads: str | None
    cache_folder: str
    cache_free: int
    models: tuple[ModelState, ...]
    probe: ProbeState | None
    selftest: SelfTest | None
    problems: tuple[str, ...]


def diagnose(model: str) -> Diagnosis:
    """Look at the installation and score something with ``model``; nothing is raised."""
    problems: list[str] = []
    provider, reason = providers.describe()
    states = tuple(_model_state(each) for each in installed())
    problems += [state.problem for state in states if state.problem is not None]
    probe = selftest = None
    try:
        probe = _probe_state(model)
        selftest = _selftest(model)
    except LinewiseError as error:
        problems.append(str(error))
    except Exception as error:  # noqa: BLE001 - whatever is broken, the rest is still worth seeing
        problems.append(
            f"scoring with {model} failed ({type(error).__name__}: {error}); please report this "
            "with the output of `linewise doctor --json`"
        )
    return Diagnosis(
        linewise=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        packages=_versions(),
        provider=provider,
        provider_reason=reason,
        processors=os.cpu_count() or 1,
        threads=os.environ.get("LINEWISE_THREADS"),
        cache_folder=str(root()),
        cache_free=shutil.disk_usage(_existing(root())).free,
        models=states,
        probe=probe,
        selftest=selftest,
        problems=tuple(dict.fromkeys(problems)),
    )


def _versions() -> dict[str, str | None]:
    found = {name: _version(name) for name in (*_PACKAGES, *_RUNTIMES, *_CONVERTERS)}
    # One of the two runtimes is enough.
    unused = [name for name in _RUNTIMES if found[name] is None and any(map(found.get, _RUNTIMES))]
    return {name: value for name, value in found.items() if name not in unused}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _model_state(model: InstalledModel) -> ModelState:
    problem = None
    try:
        for name in model.manifest.files:
            verified(model, name)
    except LinewiseError as error:
        problem = str(error)
    return ModelState(model.name, model.manifest.scheme, model.size, problem)


def _probe_state(model: str) -> ProbeState | None:
    folder = find_probe(model)
    if folder is None:
        return None
    manifest = read_manifest(folder / "manifest.json")
    rate = manifest.calibrators.line.base_rate
    return ProbeState(manifest.model, rate, manifest.threshold, manifest.metrics)


def _selftest(model: str) -> SelfTest:
    began = time.perf_counter()
    engine = Engine.load(model)
    loaded = time.perf_counter()
    engine.score(files("linewise").joinpath("errors.py").read_text("utf-8"))
    warm = time.perf_counter()
    scored = engine.score(files("linewise").joinpath("results.py").read_text("utf-8"))
    seconds = time.perf_counter() - warm
    if not all(math.isfinite(line.probability) for line in scored.lines):
        raise LinewiseError(
            f"{model} gives numbers that are not finite: run "
            f"`linewise models pull {model} --force` to install it again"
        )
    tokens = sum(len(evidence.starts) for evidence in scored.evidence)
    return SelfTest(loaded - began, len(scored.lines), tokens, tokens / seconds)


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())
