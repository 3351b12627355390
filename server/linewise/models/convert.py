"""From fetched weights to an installed model: load, export, quantize, self-test, publish."""

from __future__ import annotations

import errno
import hashlib
import shutil
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from attrs import evolve, frozen

from linewise.errors import ConversionError
from linewise.models import cache, export, manifest, providers, quantize, sources
from linewise.models.cache import InstalledModel
from linewise.models.manifest import UNTESTED, Deviation, FileEntry, Manifest, SelfTest
from linewise.models.quiet import quiet
from linewise.models.registry import ModelSpec
from linewise.models.runtime import TargetModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CONVERTER = 1  # raise it when the same weights would give other graphs
PARTS = ("trunk", "tail", "head")

Progress = Callable[[str, float], None]

# Python everyone has, so that no text need be shipped; the self-test's is not among the others.
_CALIBRATION_FILES = ("argparse.py", "shutil.py", "dataclasses.py", "statistics.py")
_SELF_TEST_FILE = "heapq.py"
_WINDOW = 512
_SELF_TEST_TOKENS = 256
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@frozen
class _Reference:
    """What torch computes for the self-test: hidden states per layer (T x d), then per token."""

    ids: npt.NDArray[np.int64]
    hidden: dict[int, npt.NDArray[np.float32]]
    logp: npt.NDArray[np.float32]
    entropy: npt.NDArray[np.float32]


def install(
    spec: ModelSpec,
    *,
    scheme: str | None,
    local: Path | None,
    progress: Progress,
) -> InstalledModel:
    """Fetch, convert and publish a model. The caller holds its lock.

    Raises
    ------
    ConversionError
        If it cannot be fetched, loaded, exported, stored, or fails its self-test; nothing of it
        is left in the cache then.
    """
    with cache.publishing(spec.name) as folder:
        need = 0
        try:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                progress("Fetching the weights", 0.0)
                fetched = sources.fetch(spec, Path(scratch), local)
                progress("Loading the weights", 0.15)
                model, tokenizer = sources.load(fetched)
                need = _bytes_needed(model)
                _check_space(folder, need)
                chosen = scheme or providers.default_scheme(providers.describe()[0])
                draft = _describe(spec, fetched, model, chosen)
                (folder / "tokenizer.json").write_text(
                    tokenizer.backend_tokenizer.to_str(), "utf-8"
                )
                reference = _convert(
                    model,
                    tokenizer,
                    draft,
                    scratch=Path(scratch),
                    folder=folder,
                    progress=progress,
                )
            progress("Testing the result", 0.95)
            draft = evolve(draft, files=_entries(folder))
            tested = _self_test(TargetModel(InstalledModel(folder, draft)), reference)
            _judge(draft, tested)
            manifest.write(evolve(draft, selftest=tested), folder)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise _no_space(folder, need) from error
    progress("Done", 1.0)
    return cache.find(spec.name)


def torch_model(spec: ModelSpec) -> PreTrainedModel:
    """Fetch a model and return it as torch runs it, in float32: the reference for measurements."""
    with tempfile.TemporaryDirectory() as scratch:
        return sources.load(sources.fetch(spec, Path(scratch)))[0]


def _convert(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    draft: Manifest,
    *,
    scratch: Path,
    folder: Path,
    progress: Progress,
) -> _Reference:
    """Write the three quantized graphs into ``folder`` and return what they should compute."""
    window = min(_WINDOW, draft.context_length)
    reference = _reference(model, draft.layers, _ids(tokenizer, _SELF_TEST_FILE)[:window])
    progress("Exporting the model", 0.25)
    export.export_body(model, draft.layers, scratch)
    export.export_head(model, scratch)
    progress("Quantizing the model", 0.75)
    texts = [_ids(tokenizer, name)[:window] for name in _CALIBRATION_FILES]
    feeds = [_feeds(model, draft.layers[-1], ids) for ids in texts if len(ids) > 1]
    for number, part in enumerate(PARTS):
        progress("Quantizing the model", 0.75 + 0.07 * number)
        apply = quantize.SCHEMES[draft.scheme].apply
        apply(scratch / f"{part}.onnx", folder / f"{part}.onnx", [feed[part] for feed in feeds])
    return reference


def _describe(
    spec: ModelSpec, fetched: sources.Fetched, model: PreTrainedModel, scheme: str
) -> Manifest:
    config = model.config.get_text_config()
    total = len(export.blocks_of(model))
    layers = tuple(sorted(set(spec.probed or (max(1, total // 2),))))
    if not layers or layers[0] < 1 or layers[-1] > total:
        raise ConversionError(
            f"{spec.name} has layers 1 to {total}; {', '.join(map(str, layers))} cannot be probed"
        )
    key = f"{fetched.sha256} {scheme} {layers} {CONVERTER}"
    return Manifest(
        name=spec.name,
        identity=hashlib.sha256(key.encode()).hexdigest()[:16],
        source=fetched.origin,
        license=spec.license or fetched.license or "unknown",
        weights_sha256=fetched.sha256,
        scheme=scheme,
        layers=layers,
        total_layers=total,
        hidden_size=config.hidden_size,
        vocab_size=config.vocab_size,
        context_length=spec.context_length or _context_length(config),
        converter=CONVERTER,
        recipe=evolve(spec, probed=layers, sha256=fetched.sha256),
        selftest=UNTESTED,
        files={},
    )


def _context_length(config: object) -> int:
    """Return how many tokens attention reaches: fused attention knows no sliding window."""
    lengths = [
        getattr(config, name, None) for name in ("max_position_embeddings", "sliding_window")
    ]
    return min((length for length in lengths if length), default=2048)


def _ids(tokenizer: PreTrainedTokenizerBase, file: str) -> npt.NDArray[np.int64]:
    """Return the tokens of a file of Python's standard library."""
    text = (Path(sysconfig.get_path("stdlib")) / file).read_text("utf-8")
    with quiet():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return np.array(ids, np.int64)


def _forward(
    model: PreTrainedModel, layers: Sequence[int], ids: npt.NDArray[np.int64]
) -> tuple[dict[int, torch.Tensor], torch.Tensor, torch.Tensor]:
    """Return per layer the hidden states (1 x T x d), the final ones, and the logits (T x V)."""
    final: list[torch.Tensor] = []
    with quiet(), torch.inference_mode(), export.captured(model, layers) as hidden:
        hook = model.base_model.register_forward_hook(
            lambda _module, _inputs, output: final.append(output[0])
        )
        logits = model(input_ids=torch.from_numpy(ids)[None], use_cache=False).logits[0]
        hook.remove()
    return hidden, final[0], logits


def _reference(
    model: PreTrainedModel, layers: Sequence[int], ids: npt.NDArray[np.int64]
) -> _Reference:
    ids = ids[:_SELF_TEST_TOKENS]
    hidden, _, logits = _forward(model, layers, ids)
    logps = torch.log_softmax(logits[:-1], dim=-1)
    logp = logps.gather(-1, torch.from_numpy(ids)[1:, None])[:, 0]
    entropy = -(logps.exp() * logps).sum(-1)
    return _Reference(
        ids,
        {layer: value[0].numpy() for layer, value in hidden.items()},
        logp.numpy(),
        entropy.numpy(),
    )


def _feeds(
    model: PreTrainedModel, deepest: int, ids: npt.NDArray[np.int64]
) -> dict[str, quantize.Feed]:
    """Return each part's inputs for one calibration text."""
    hidden, final, _ = _forward(model, (deepest,), ids)
    body = {"input_ids": ids[None], "position_ids": np.arange(len(ids))[None]}
    return {
        "trunk": body,
        "tail": {**body, "deepest": hidden[deepest].numpy()},
        "head": {"final": final[0, :-1].numpy(), "next_ids": ids[1:]},
    }


def _self_test(model: TargetModel, reference: _Reference) -> SelfTest:
    hidden = model.hidden_states(reference.ids)
    logp, entropy = model.surprisal(reference.ids)
    errors = {}
    for layer, value in zip(model.layers, hidden, strict=True):
        expected = reference.hidden[layer]
        error = np.linalg.norm(value - expected, axis=-1) / np.linalg.norm(expected, axis=-1)
        errors[layer] = _deviation(error)
    return SelfTest(
        tokens=len(reference.ids),
        hidden=errors,
        logp=_deviation(np.abs(logp[1:] - reference.logp)),
        entropy=_deviation(np.abs(entropy[1:] - reference.entropy)),
    )


def _deviation(errors: npt.NDArray[np.float32]) -> Deviation:
    return Deviation(median=float(np.median(errors)), maximum=float(np.max(errors)))


def _judge(draft: Manifest, tested: SelfTest) -> None:
    bound = quantize.SCHEMES[draft.scheme].bound
    for layer, error in tested.hidden.items():
        if not error.median <= bound:
            raise ConversionError(
                f"{draft.name} converted with scheme {draft.scheme} fails its self-test: the "
                f"hidden states of layer {layer} are off by {error.median:.3g} of their size, "
                f"more than {bound:g}; try `--scheme w8` or, exact but slower, `--scheme fp32`"
            )


def _entries(folder: Path) -> dict[str, FileEntry]:
    return {
        path.name: FileEntry(cache.sha256(path), path.stat().st_size)
        for path in sorted(folder.iterdir())
    }


def _bytes_needed(model: PreTrainedModel) -> int:
    """Return what a conversion takes on disk at its peak: the float32 graphs and the result."""
    tensors = [*model.parameters(), model.get_output_embeddings().weight]
    numbers: int = sum(tensor.numel() for tensor in tensors)
    return 4 * 2 * numbers


def _check_space(folder: Path, need: int) -> None:
    if shutil.disk_usage(folder).free < need:
        raise _no_space(folder, need)


def _no_space(folder: Path, need: int) -> ConversionError:
    amount = f"needs about {need / 1e9:.1f} GB" if need else "needs more space"
    return ConversionError(
        f"there is no room to convert the model: it {amount} in {folder.parent}; free some, or "
        "set LINEWISE_CACHE_DIR to a folder on a larger disk"
    )
