"""The target model in torch, up to its probed block, with the blocks right below it trainable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.helpers import disable_input_dtype_casting
from torch import Tensor
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from linewise.analysis.code_lines import code_lines
from linewise.analysis.model_input import ModelInput, Tokenizer, document_inputs
from linewise.analysis.syntax import parse
from linewise.errors import LabDataError
from linewise.models.export import blocks_of, captured
from linewise.models.quiet import quiet

PASS_TOKENS = 4096
"""As many tokens, padding included, are read at once."""
_SCALE = 2  # LoRA's α over its rank: what its product is multiplied by


class Trunk:
    """``model`` cut above block ``layer``; the last ``blocks`` below are what is trained.

    With ``rank`` as low-rank changes of their linear layers (LoRA, arXiv 2106.09685), drawn from
    ``seed``, which are nothing before training; with rank 0 as they are. All else is frozen.
    ``model`` is changed.

    Raises
    ------
    LabDataError
        If there are no ``blocks`` blocks up to ``layer``.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        layer: int,
        *,
        blocks: int,
        rank: int,
        seed: int,
        device: torch.device,
    ) -> None:
        every = blocks_of(model)
        if not 0 < blocks <= layer <= len(every):
            raise LabDataError(
                f"there are no {blocks} blocks to adapt below layer {layer}; give --blocks less"
            )
        del every[layer:]
        model.config.get_text_config().num_hidden_layers = layer
        model.requires_grad_(False)
        torch.manual_seed(seed)
        whole = model.to(device, torch.bfloat16 if rank else torch.float32)
        adapted = every[layer - blocks :]
        self._layer = layer
        self._base = whole
        self._adapter = _with_adapter(whole, rank, adapted) if rank else None
        if not rank:
            adapted.requires_grad_(True)

    @property
    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """What is trained, by name."""
        model = self._adapter or self._base
        return {name: each for name, each in model.named_parameters() if each.requires_grad}

    def states(self, inputs: Sequence[ModelInput]) -> Tensor:
        """Return the hidden states (T, d), float32 on the CPU, of all scored tokens in order."""
        # Sorted by length, so that little is padded; what stands to the right no token sees.
        order = sorted(range(len(inputs)), key=lambda number: len(inputs[number].ids))
        found: list[Tensor] = [torch.empty(0)] * len(inputs)
        for batch in _batches([len(inputs[number].ids) for number in order]):
            numbers = order[batch]
            states = self._forward([inputs[number].ids for number in numbers])
            for row, number in enumerate(numbers):
                found[number] = states[row, inputs[number].scored]
        return torch.cat(found)

    def _forward(self, ids: Sequence[npt.NDArray[np.int64]]) -> Tensor:
        device = self._base.device
        padded = torch.zeros(len(ids), max(map(len, ids)), dtype=torch.long)
        for row, each in enumerate(ids):
            padded[row, : len(each)] = torch.from_numpy(each)
        # An adapter's layers would else turn each input to float32 and autocast turn it back.
        casting = disable_input_dtype_casting(self._adapter) if self._adapter else nullcontext()
        with (
            casting,
            torch.autocast(device.type, dtype=torch.bfloat16),
            captured(self._base, (self._layer,)) as values,
        ):
            self._base.base_model(input_ids=padded.to(device), use_cache=False)
        return values[self._layer].float().cpu()


def inputs_of(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[ModelInput]]:
    """Return every document's forward passes, as the product makes them."""
    syntaxes = map(parse, texts)
    return [document_inputs(each, code_lines(each), tokenizer) for each in syntaxes]


def _batches(lengths: Sequence[int]) -> Iterator[slice]:
    """Yield slices of ascending ``lengths`` that pad to at most `PASS_TOKENS` each."""
    cuts = [0]
    for number, length in enumerate(lengths):
        if (number + 1 - cuts[-1]) * length > PASS_TOKENS and number > cuts[-1]:
            cuts.append(number)
    yield from (slice(*pair) for pair in pairwise([*cuts, len(lengths)]))


def _with_adapter(model: PreTrainedModel, rank: int, blocks: torch.nn.ModuleList) -> PeftModel:
    inside = set(map(id, blocks.modules()))
    linear = [
        name
        for name, module in model.named_modules()
        if id(module) in inside and isinstance(module, torch.nn.Linear | Conv1D)
    ]
    config = LoraConfig(r=rank, lora_alpha=_SCALE * rank, target_modules=linear)
    with quiet():
        return get_peft_model(model, config)
