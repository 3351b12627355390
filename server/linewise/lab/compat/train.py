"""Fine-tuning with word dropout (Vafa et al. 2021, arXiv 2109.06387): one passage a step.

A step's passage and the tokens it hides follow from the seed and the step's number alone, so a run
that was stopped goes on as if it had not been.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import attrs
import numpy as np
import torch
from attrs import frozen
from peft import PeftModel
from peft.helpers import disable_input_dtype_casting
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from linewise.errors import LabDataError
from linewise.lab.compat import checkpoint
from linewise.lab.compat.checkpoint import Progress
from linewise.lab.compat.dropout import MIXTURE, Mask, kept, losses
from linewise.lab.compat.text import Corpus, Ints, draw

ADAPTER_RATE = 5e-4
FULL_RATE = 5e-5
SAVE_EVERY = 30.0
"""Seconds of work that a killed run may lose."""
_CLIP = 1.0


@frozen
class Recipe:
    """What, with weights and texts, decides the result.

    ``rank`` is that of the adapter, 0 where all weights are trained; ``rate`` the constant
    learning rate of AdamW; ``mixture`` the share of steps with word dropout; ``block`` the most
    tokens of a passage.
    """

    rank: int = 8
    rate: float = ADAPTER_RATE
    mixture: float = MIXTURE
    block: int = 256
    seed: int = 0

    def identity(self, weights_sha256: str, corpus: Corpus) -> str:
        """Return what a checkpoint must be of for this recipe to go on from it."""
        values = [weights_sha256, corpus.sha256, attrs.asdict(self)]
        return sha256(json.dumps(values).encode()).hexdigest()


@frozen
class Budget:
    """When to stop: after so many steps in all, or so many seconds of training in all."""

    steps: float = math.inf
    seconds: float = math.inf

    def spent(self, progress: Progress) -> float:
        """Return the share that is used up; training ends at 1."""
        return max(
            _share(progress.steps, self.steps),
            _share(progress.seconds, self.seconds),
        )


def _share(used: float, limit: float) -> float:
    return used / limit if limit > 0 else 1.0


@frozen(eq=False)
class Run:
    """One training: ``checkpoint`` is where it is kept, for runs of the same ``identity`` only."""

    tokenizer: Tokenizer
    corpus: Corpus
    recipe: Recipe
    checkpoint: Path
    identity: str


def train(
    model: PreTrainedModel | PeftModel,
    run: Run,
    budget: Budget,
    progress: Callable[[str, float], None],
) -> Progress:
    """Train what of ``model`` is not frozen, in place, going on from the run's checkpoint.

    Works on the device the model is on; dropout of its own stays off. Returns how far it came,
    over all runs.

    Raises
    ------
    LabDataError
        If the checkpoint is of another run, or the loss is no number any more.
    """
    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
    optimizer = torch.optim.AdamW(parameters.values(), lr=run.recipe.rate, weight_decay=0.0)
    done = checkpoint.load(run.checkpoint, parameters, optimizer, run.identity)
    saved = begun = time.monotonic()
    before = done.seconds
    while budget.spent(done) < 1:
        passage, keep = example(run, done.steps)
        loss = _backward(model, passage, keep)
        if not math.isfinite(loss):
            raise LabDataError(
                f"training diverged at step {done.steps}: choose a lower --rate and another --out"
            )
        torch.nn.utils.clip_grad_norm_(parameters.values(), _CLIP)
        optimizer.step()
        optimizer.zero_grad()
        now = time.monotonic()
        done = Progress(done.steps + 1, done.tokens + len(passage), before + now - begun)
        progress("Training", min(1.0, budget.spent(done)))
        if now - saved >= SAVE_EVERY or budget.spent(done) >= 1:
            checkpoint.save(run.checkpoint, parameters, optimizer, done, run.identity)
            saved = time.monotonic()
    return done


def example(run: Run, step: int) -> tuple[Ints, Mask]:
    """Return the passage of a step and which of its tokens are kept, (T,) each."""
    recipe = run.recipe
    rng = np.random.default_rng([recipe.seed, step])
    passage = draw(run.corpus.training, run.tokenizer, recipe.block, rng)
    if rng.random() >= recipe.mixture:
        return passage, np.ones(len(passage), bool)
    return passage, kept(len(passage), rng)


def _backward(model: PreTrainedModel | PeftModel, passage: Ints, keep: Mask) -> float:
    """Add the gradient of the passage's mean loss, computed in bfloat16, and return the loss."""
    device = model.device
    # An adapter's layers would else turn each input to float32 and autocast turn it back.
    casting = disable_input_dtype_casting(model) if isinstance(model, PeftModel) else nullcontext()
    with casting, torch.autocast(device.type, dtype=torch.bfloat16):
        nll, _ = losses(
            model,
            torch.from_numpy(passage)[None].to(device),
            torch.from_numpy(keep)[None].to(device),
        )
    loss = nll.mean()
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())
