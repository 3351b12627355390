"""From a model's own files to the graphs that run, once: fetch, export, quantize, test, publish."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import evolve

from linewise.errors import ConversionError, LinewiseError
from linewise.models import cache
from linewise.models import manifest as manifests
from linewise.models.cache import InstalledModel
from linewise.models.manifest import Deviation, FileEntry, Manifest, SelfTest
from linewise.models.quiet import quiet
from linewise.models.registry import ModelSpec
from linewise.models.runtime import TargetModel
from linewise.models.sources import Fetched, fetch

Progress = Callable[[str, float], None]

CONVERTER = 1
"""Part of a model's identity: raise it when converted graphs compute something else."""

TOLERANCE = {"fp32": 1e-3, "w8": 0.1, "int8-smooth": 0.5, "int8": 1.5, "w4": 1.5}
"""The largest relative error of a token's hidden state each scheme may have, and be published.

On SmolLM2-135M they reach a fraction of this (docs/quantization.md); beyond it a graph is wrong
rather than coarse.
"""

SPACE_FACTOR = 8
"""Room a conversion needs, in sizes of the weights file: float32 graphs and the final ones."""

_TEXTS = ("argparse.py", "shutil.py", "textwrap.py", "heapq.py")
_WINDOW = 256
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def convert(
    spec: ModelSpec,
    *,
    scheme: str,
    progress: Progress,
    from_: Path | None = None,
) -> InstalledModel:
    """Convert ``spec``'s model and publish it in the cache; the caller holds its lock.

    Raises
    ------
    ConversionError
        If the files cannot be had or are not the pinned ones, the disk is full, the model cannot
        be exported, or the result differs too much from torch. Nothing is left behind.
    """
    with (
        _space_explained(),
        cache.publishing(spec.name) as folder,
        tempfile.TemporaryDirectory(dir=cache.root(), prefix=".partial-scratch-") as scratch,
    ):
        progress("fetching the model's files", 0.0)
        fetched = fetch(spec, Path(scratch), from_=from_)
        weights = _checked(fetched, spec)
        _check_space(sum(path.stat().st_size for path in fetched.weights))
        progress("reading the weights", 0.15)
        model, tokenizer = load_torch(fetched)
        tokenizer.save_pretrained(scratch)
        shutil.copy(Path(scratch) / "tokenizer.json", folder)
        manifest = _export(model, spec, scheme, folder, Path(scratch), progress)
        manifest = evolve(
            manifest,
            weights_sha256=weights,
            identity=_identity(weights, scheme, manifest.layers),
        )
        manifests.write(manifest, folder)
        progress("comparing with the original", 0.9)
        selftest = _self_test(model, InstalledModel(folder, manifest))
        manifests.write(evolve(manifest, selftest=selftest), folder)
        progress("done", 1.0)
    return cache.find(spec.name)


def load_torch(fetched: Fetched) -> tuple[Any, Any]:
    """Return the model (float32, evaluation mode) and its tokenizer, through transformers."""
    with quiet():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        gguf = {"gguf_file": fetched.gguf} if fetched.gguf else {}
        try:
            model = AutoModelForCausalLM.from_pretrained(
                fetched.folder, dtype=torch.float32, local_files_only=True, **gguf
            )
            tokenizer = AutoTokenizer.from_pretrained(fetched.folder, local_files_only=True, **gguf)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ConversionError(
                f"transformers cannot read this model: {type(error).__name__}: "
                f"{str(error)[:300]}. Choose a decoder-only language model in its format"
            ) from error
    return model.eval(), tokenizer


def _export(
    model: Any,
    spec: ModelSpec,
    scheme: str,
    folder: Path,
    scratch: Path,
    progress: Progress,
) -> Manifest:
    from linewise.models import export
    from linewise.models.quantize import quantize

    config = model.config.get_text_config()
    total = len(export.blocks_of(model))
    layers = spec.probed or (max(1, total // 2),)
    if not all(1 <= layer <= total for layer in layers):
        raise ConversionError(f"layers {list(layers)} do not all exist: {spec.name} has {total}")
    full = scratch / "fp32"
    full.mkdir()
    progress("exporting the layers", 0.2)
    export.export_body(model, layers, full)
    progress("exporting the vocabulary", 0.55)
    export.export_head(model, full)
    progress(f"quantizing ({scheme})", 0.6)
    for graph, feeds in _typical_feeds(full, scratch / "tokenizer.json", config.vocab_size):
        quantize(full / f"{graph}.onnx", folder / f"{graph}.onnx", scheme, feeds)
    files = {
        path.name: FileEntry(cache.sha256(path), path.stat().st_size)
        for path in sorted(folder.iterdir())
    }
    return Manifest(
        name=spec.name,
        identity="",
        source=_described(spec),
        license=spec.license or "not stated",
        weights_sha256="",
        scheme=scheme,
        layers=tuple(layers),
        total_layers=total,
        hidden_size=config.hidden_size,
        vocab_size=config.vocab_size,
        context_length=spec.context_length or config.max_position_embeddings,
        converter=CONVERTER,
        selftest=SelfTest(0, {}, Deviation(0, 0), Deviation(0, 0)),
        files=files,
    )


def _typical_feeds(
    full: Path, tokenizer: Path, vocabulary: int
) -> Iterator[tuple[str, list[dict[str, npt.NDArray[np.generic]]]]]:
    """Yield each graph's name with what it reads when the model reads real Python."""
    import onnxruntime as ort

    def run(
        graph: str, feeds: list[dict[str, npt.NDArray[np.generic]]], output: str
    ) -> list[npt.NDArray[np.float32]]:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(
            full / f"{graph}.onnx", options, providers=["CPUExecutionProvider"]
        )
        return [session.run([output], only_read(session, feed))[0] for feed in feeds]

    def only_read(
        session: Any, feed: dict[str, npt.NDArray[np.generic]]
    ) -> dict[str, npt.NDArray[np.generic]]:
        names = {each.name for each in session.get_inputs()}
        return {name: value for name, value in feed.items() if name in names}

    def readable(
        graph: str, feeds: list[dict[str, npt.NDArray[np.generic]]]
    ) -> list[dict[str, npt.NDArray[np.generic]]]:
        import onnx

        names = {
            each.name
            for each in onnx.load(full / f"{graph}.onnx", load_external_data=False).graph.input
        }
        return [{n: v for n, v in feed.items() if n in names} for feed in feeds]

    ids = _typical_ids(tokenizer, vocabulary)
    body: list[dict[str, npt.NDArray[np.generic]]] = [
        {"input_ids": window[None], "position_ids": np.arange(len(window))[None]} for window in ids
    ]
    yield "trunk", readable("trunk", body)
    hidden = run("trunk", body, "hidden")
    upper = [{**feed, "deepest": each[-1]} for feed, each in zip(body, hidden, strict=True)]
    yield "tail", readable("tail", upper)
    final = run("tail", upper, "final")
    yield (
        "head",
        [
            {"final": each[0, :-1], "next_ids": window[1:]}
            for each, window in zip(final, ids, strict=True)
        ],
    )


def _typical_ids(tokenizer: Path, vocabulary: int) -> list[npt.NDArray[np.int64]]:
    """Return windows of the standard library's own source: Python that is always at hand."""
    from tokenizers import Tokenizer

    encoder = Tokenizer.from_file(str(tokenizer))
    encoder.no_truncation()
    windows = []
    for name in _TEXTS:
        text = (Path(sysconfig.get_path("stdlib")) / name).read_text("utf-8")
        ids = encoder.encode(text[:8000], add_special_tokens=False).ids
        windows.append(np.asarray(ids[:_WINDOW], np.int64) % vocabulary)
    return windows


def _self_test(model: Any, installed: InstalledModel) -> SelfTest:
    """Compare the published graphs with torch on text the quantizer did not see.

    Raises
    ------
    ConversionError
        If any token's hidden state is further off than the scheme's tolerance.
    """
    import torch

    from linewise.models.export import captured

    running = TargetModel(installed)
    text = (Path(sysconfig.get_path("stdlib")) / "bisect.py").read_text("utf-8")
    ids = running.encode(text).ids[: min(_WINDOW, running.context_length)]
    with quiet(), torch.no_grad(), captured(model, running.layers) as values:
        logits = model(torch.from_numpy(ids)[None], use_cache=False).logits[0]
        reference = {layer: value[0].numpy() for layer, value in values.items()}
        logps = torch.log_softmax(logits[:-1].double(), dim=-1)
        logp = logps.gather(-1, torch.from_numpy(ids[1:])[:, None])[:, 0].numpy()
        entropy = -(logps.exp() * logps).sum(-1).numpy()
    hidden = {
        layer: _deviation(
            np.linalg.norm(found - reference[layer], axis=-1)
            / np.linalg.norm(reference[layer], axis=-1)
        )
        for layer, found in zip(running.layers, running.hidden_states(ids), strict=True)
    }
    bound = TOLERANCE[running.manifest.scheme]
    for layer, deviation in hidden.items():
        if not deviation.maximum <= bound:
            raise ConversionError(
                f"the converted {installed.name} is wrong at layer {layer}: relative error "
                f"{deviation.maximum:.2g}, above {bound:.2g} for the scheme "
                f"{running.manifest.scheme}. Try `linewise models pull {installed.name} "
                "--scheme w8`, or fp32"
            )
    found_logp, found_entropy = running.surprisal(ids)
    return SelfTest(
        tokens=len(ids),
        hidden=hidden,
        logp=_deviation(np.abs(found_logp[1:] - logp)),
        entropy=_deviation(np.abs(found_entropy[1:] - entropy)),
    )


def _deviation(errors: npt.NDArray[np.floating]) -> Deviation:
    return Deviation(median=float(np.median(errors)), maximum=float(errors.max()))


def _checked(fetched: Fetched, spec: ModelSpec) -> str:
    actual = fetched.sha256()
    if spec.sha256 is not None and actual != spec.sha256:
        raise ConversionError(
            f"the weights of {spec.name} have SHA-256 {actual}, not {spec.sha256}: the download "
            "is damaged or is another file. Pull again; if it persists, do not use them"
        )
    return actual


def _identity(weights: str, scheme: str, layers: Sequence[int]) -> str:
    key = json.dumps([weights, scheme, list(layers), CONVERTER])
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _described(spec: ModelSpec) -> str:
    source = spec.source
    place = getattr(source, "requirement", None) or getattr(source, "repo", None)
    return f"{source.kind}: {place or getattr(source, 'path', '')}"


def _check_space(weights: int) -> None:
    need, free = weights * SPACE_FACTOR, shutil.disk_usage(cache.root()).free
    if free < need:
        raise ConversionError(_space_message(f"{free / 1e9:.1f} GB are free, {need / 1e9:.1f} GB"))


@contextmanager
def _space_explained() -> Iterator[None]:
    try:
        yield
    except LinewiseError:
        raise
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ConversionError(_space_message("the disk is full; more room")) from error
        raise


def _space_message(what: str) -> str:
    return (
        f"{what} is needed in {cache.root()} to convert this model. Free some space there, or set "
        f"LINEWISE_CACHE_DIR to a folder on another disk{os.linesep}"
    ).strip()
