"""The weights: as they are before training, the part that is trained, and that part on disk.

An adapter is low-rank changes of every linear layer (LoRA, arXiv 2106.09685), in the files that
peft and others read, with their SHA-256 and those of what they were made for in ``manifest.json``.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cattrs
import torch
from attrs import evolve, frozen
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from linewise import models
from linewise.errors import LabDataError, LinewiseError
from linewise.lab.compat.train import Recipe
from linewise.models import cache
from linewise.models.cache import InstalledModel
from linewise.models.quiet import quiet

MANIFEST = "manifest.json"
_ADAPTER = "adapter_model.safetensors"
_SCALE = 2  # LoRA's α over its rank: what its product is multiplied by


@frozen
class Manifest:
    """What was made: for which weights, how, in how many steps, tokens and seconds of training.

    ``result_sha256`` is that of the adapter's file, or of all weights where all were trained.
    """

    model: str
    weights_sha256: str
    result_sha256: str
    texts_sha256: str
    recipe: Recipe
    steps: int
    tokens: int
    seconds: float


def tokenizer(installed: InstalledModel) -> Tokenizer:
    """Return the model's tokenizer; special tokens in a text are text, as when it is scored."""
    found = Tokenizer.from_file(str(cache.verified(installed, "tokenizer.json")))
    found.encode_special_tokens = True
    return found


def pretrained(name: str) -> PreTrainedModel:
    """Return an installed model's weights in float32, as modules that can be trained and saved."""
    loaded = models.torch_model(name)
    if not hasattr(loaded.config, "quantization_config"):
        return loaded
    # What was read from a quantized file is marked so and would refuse both.
    config = copy.deepcopy(loaded.config)
    del config.quantization_config
    with quiet():
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(loaded.state_dict())
    return plain.eval()


def with_adapter(model: PreTrainedModel, rank: int, seed: int) -> PeftModel:
    """Add an untrained adapter, which changes nothing yet, in float32, and freeze the rest."""
    torch.manual_seed(seed)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=rank, lora_alpha=_SCALE * rank, target_modules="all-linear"
    )
    with quiet():
        return get_peft_model(model, config)


def save_adapter(model: PeftModel, folder: Path, about: Manifest) -> Manifest:
    """Write the adapter in float16 and its manifest, which is returned with the hash filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = get_peft_model_state_dict(model, save_embedding_layers=False)
    half = {name: each.detach().cpu().half().contiguous() for name, each in tensors.items()}
    save_file(half, folder / _ADAPTER, metadata={"format": "pt"})
    config = model.peft_config["default"]
    config.base_model_name_or_path = about.model
    config.save_pretrained(str(folder))
    about = evolve(about, result_sha256=cache.sha256(folder / _ADAPTER))
    (folder / MANIFEST).write_text(json.dumps(cattrs.unstructure(about), indent=1) + "\n", "utf-8")
    return about


def read_manifest(folder: Path) -> Manifest:
    """Read an adapter's manifest and check its file against it.

    Raises
    ------
    LabDataError
        If there is none, or the adapter is not the one it describes.
    """
    try:
        values = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not isinstance(values, dict):
            raise ValueError("not an object")
        found = cattrs.Converter(forbid_extra_keys=True).structure(values, Manifest)
        intact = cache.sha256(folder / _ADAPTER) == found.result_sha256
    except (OSError, ValueError, cattrs.BaseValidationError) as error:
        raise LabDataError(
            f"{folder} is no adapter: it needs {MANIFEST} and {_ADAPTER}, as `linewise lab compat` "
            "writes them"
        ) from error
    if not intact:
        raise LabDataError(f"{folder / _ADAPTER} is damaged: its SHA-256 is not that of {MANIFEST}")
    return found


def merged(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Return float32 weights with an adapter added to them."""
    with quiet():
        found = PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
    assert isinstance(found, PreTrainedModel)  # noqa: S101 - what it was before
    return found.eval()


def save_whole(model: PreTrainedModel, installed: InstalledModel, folder: Path) -> None:
    """Write weights and tokenizer as a folder that `linewise.models.pull` takes."""
    with quiet():
        model.save_pretrained(folder, max_shard_size="1TB")  # one file, with one SHA-256
        PreTrainedTokenizerFast(tokenizer_object=tokenizer(installed)).save_pretrained(folder)


def seen_by_mask(model: PreTrainedModel) -> None:
    """Let attention take masks that say which token sees which.

    Raises
    ------
    LinewiseError
        If the model's attention cannot.
    """
    try:
        model.set_attn_implementation("sdpa")
    except ValueError as error:
        raise LinewiseError(
            f"{type(model).__name__} has attention that takes no mask of pairs, which word dropout "
            "needs; choose a model such as Llama, Qwen2 or GPT-2"
        ) from error
