"""Adapting the model: its upper blocks, trained with the head, against the same blocks frozen.

A head is trained on frozen hidden states. Then the blocks right below the probed layer and that
head go on learning together, from the same documents and the same losses. Both are measured on the
validation fold, as learning curves are. Training stops when its time is over and goes on from its
checkpoint: a step's documents follow from the seed and the step's number alone.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import torch
from attrs import evolve, frozen

from linewise.analysis.model_input import ModelInput
from linewise.errors import LabDataError
from linewise.lab.activations.corpus import Corpus, corpus_of
from linewise.lab.activations.store import ActivationStore
from linewise.lab.compat import checkpoint
from linewise.lab.compat.checkpoint import Progress
from linewise.lab.compat.train import Budget
from linewise.lab.data import Document
from linewise.lab.evaluate.bootstrap import Interval, differences, with_interval
from linewise.lab.evaluate.metrics import HEADLINE
from linewise.lab.evaluate.sample import sample_of
from linewise.lab.splits import VALIDATION_FOLD
from linewise.lab.training.fit import Recipe, Training, fit_platt
from linewise.lab.training.heads import Head
from linewise.lab.training.logits import digest_of
from linewise.lab.training.trunk import Trunk, inputs_of

SAVE_EVERY = 60.0
"""Seconds of work that a killed run may lose."""
_CLIP = 1.0
Tell = Callable[[str, float], None]
Ints = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Strings = npt.NDArray[np.str_]


@frozen
class Adaptation:
    """What is trained, and how: the last ``blocks`` blocks by adapters of ``rank`` (0: entirely).

    ``rate`` is AdamW's learning rate, which falls to 0 in a line; ``batch`` counts documents.
    """

    blocks: int = 5
    rank: int = 8
    rate: float = 2e-4
    epochs: int = 2
    batch: int = 16
    seed: int = 0


def adapt(
    documents: Sequence[Document],
    store: ActivationStore,
    trunk: Trunk,
    folder: Path,
    adaptation: Adaptation,
    *,
    seconds: float = math.inf,
    injected: Sequence[Document] = (),
    tell: Tell = lambda _what, _done: None,
) -> dict[str, Any]:
    """Return line-level figures of the head on frozen blocks, on adapted ones, and the difference.

    ``store`` holds what the frozen model says, its layer 0 being the trunk's. Figures are (value,
    low, high) by resampling problems; each is Platt-scaled on what it is measured on: skill is
    what the ranking is worth. ``folder`` keeps checkpoints. ``injected`` documents, with injected
    bugs, are learned from too.

    Raises
    ------
    LabDataError
        If there is no problem of the validation fold or no other, or the loss is no number.
    """
    train = [each for each in (*documents, *injected) if each.program.fold < VALIDATION_FOLD]
    asked = [each for each in documents if each.program.fold == VALIDATION_FOLD]
    if not train or not asked:
        raise LabDataError(f"adapt takes problems of fold {VALIDATION_FOLD} and of folds before it")
    tell("Activations", 0.0)
    seen, unseen = corpus_of(train, store), corpus_of(asked, store)
    training = Training(seen, 0)
    tell("The head on frozen blocks", 0.1)
    head = training.train(np.arange(len(train)), Recipe(seed=adaptation.seed))
    before = Training(unseen, 0).predict([head]).line
    learned = copy.deepcopy(head)
    identity = _identity(store, train, adaptation)
    learner = _Learner(
        training,
        inputs_of([doc.text for doc in train], store.model),
        trunk,
        adaptation,
        folder / f"{identity[:16]}.safetensors",
        identity,
    )
    done = learner.learn(learned, seconds, tell)
    tell("Measuring", 0.9)
    after = _predict(learned, unseen, trunk, inputs_of([doc.text for doc in asked], store.model))
    tasks = np.array([asked[number].program.task_id for number in unseen.line_document])
    steps = _steps(len(train), adaptation)
    return {
        "adaptation": attrs.asdict(adaptation),
        "documents": len(train),
        "injected": len(train) - sum(doc.program.fold < VALIDATION_FOLD for doc in documents),
        "problems": len({doc.program.task_id for doc in train}),
        "lines": len(unseen.lines),
        "steps": done.steps,
        "epochs": round(done.steps / steps * adaptation.epochs, 2),
        "seconds": round(done.seconds),
        "trained_parameters": sum(each.numel() for each in trunk.parameters.values()),
    } | _compared(before, after, unseen, tasks)


@frozen(eq=False)
class _Learner:
    training: Training
    inputs: Sequence[Sequence[ModelInput]]
    trunk: Trunk
    adaptation: Adaptation
    checkpoint: Path
    identity: str

    def learn(self, head: Head, seconds: float, tell: Tell) -> Progress:
        """Train head and trunk in place, going on from the checkpoint; return how far it came."""
        parameters = {f"head.{name}": each for name, each in head.named_parameters()}
        parameters |= self.trunk.parameters
        optimizer = torch.optim.AdamW(parameters.values(), lr=self.adaptation.rate)
        done = checkpoint.load(self.checkpoint, parameters, optimizer, self.identity)
        budget = Budget(_steps(len(self.inputs), self.adaptation), seconds)
        before = done.seconds
        begun = saved = time.monotonic()
        head.train()
        while budget.spent(done) < 1:
            for group in optimizer.param_groups:
                group["lr"] = self.adaptation.rate * (1.0 - budget.spent(done))
            read = self._backward(head, done.steps)
            torch.nn.utils.clip_grad_norm_(parameters.values(), _CLIP)
            optimizer.step()
            optimizer.zero_grad()
            now = time.monotonic()
            done = Progress(done.steps + 1, done.tokens + read, before + now - begun)
            tell("Adapting", 0.1 + 0.8 * min(1.0, budget.spent(done)))
            if now - saved >= SAVE_EVERY or budget.spent(done) >= 1:
                checkpoint.save(self.checkpoint, parameters, optimizer, done, self.identity)
                saved = now
        head.eval()
        return done

    def _backward(self, head: Head, step: int) -> int:
        """Add the gradient of a step's documents; return how many tokens were read."""
        chosen = _drawn(len(self.inputs), self.adaptation, step)
        torch.manual_seed(self.adaptation.seed + step)  # which channels the head drops
        passes = [each for number in chosen for each in self.inputs[number]]
        loss = self.training.loss(head, chosen, "bce", self.trunk.states(passes))
        if not math.isfinite(float(loss.detach())):
            raise LabDataError(f"training diverged at step {step}: choose a lower --rate")
        torch.autograd.backward(loss)
        return sum(len(each.ids) for each in passes)


def _identity(store: ActivationStore, train: Sequence[Document], adaptation: Adaptation) -> str:
    """Return what a checkpoint must be of for a run to go on from it."""
    parts = [store.folder.name, digest_of(train), attrs.asdict(adaptation)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _steps(documents: int, adaptation: Adaptation) -> int:
    return adaptation.epochs * math.ceil(documents / adaptation.batch)


def _drawn(documents: int, adaptation: Adaptation, step: int) -> Ints:
    """Return the numbers of a step's documents: every epoch takes each once, in another order."""
    epoch, number = divmod(step, math.ceil(documents / adaptation.batch))
    order = np.random.default_rng([adaptation.seed, epoch]).permutation(documents)
    return order[number * adaptation.batch : (number + 1) * adaptation.batch]


@torch.no_grad()
def _predict(
    head: Head, corpus: Corpus, trunk: Trunk, inputs: Sequence[Sequence[ModelInput]]
) -> Float32s:
    states = [trunk.states(each).half().numpy()[:, None] for each in inputs]
    return Training(evolve(corpus, states=states), 0).predict([head]).line


def _compared(before: Float32s, after: Float32s, corpus: Corpus, tasks: Strings) -> dict[str, Any]:
    labels = corpus.line_labels
    p = {"frozen": fit_platt(before, labels)(before), "adapted": fit_platt(after, labels)(after)}
    found: dict[str, Any] = {
        name: {
            key: _rounded(with_interval(metric, labels, each, tasks))
            for key, metric in HEADLINE.items()
        }
        for name, each in p.items()
    }
    pairs = differences(
        HEADLINE, sample_of(labels, p["adapted"]), sample_of(labels, p["frozen"]), tasks
    )
    return found | {"difference": {key: _rounded(each) for key, each in pairs.items()}}


def _rounded(interval: Interval) -> list[float]:
    return [round(value, 4) for value in attrs.astuple(interval)]
