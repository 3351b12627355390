"""``linewise lab compat``: train an adapter or read one, measure what it changes, install it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import attrs
import torch
from attrs import frozen
from transformers import PreTrainedModel

from linewise import models
from linewise.errors import LabDataError
from linewise.lab.compat.measure import Sizes, Subject, Tell, device, measured
from linewise.lab.compat.text import Corpus, read_corpus
from linewise.lab.compat.train import Budget, Recipe, Run, train
from linewise.lab.compat.weights import (
    Manifest,
    merged,
    pretrained,
    read_manifest,
    save_adapter,
    save_whole,
    seen_by_mask,
    tokenizer,
    with_adapter,
)
from linewise.lab.evaluate.report import Figures
from linewise.models import cache
from linewise.models.cache import InstalledModel
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel


@frozen
class Job:
    """What to make compatible, from which texts, how, and where.

    ``out`` holds what a later run goes on from and the result: ``adapter``, or ``model`` where all
    weights are trained (a recipe of rank 0). If ``adapter`` is given, it is taken in place of
    training. Nothing is measured where ``sizes`` asks for no passages. The result is installed
    under the name ``install`` where that is not None.
    """

    model: str
    out: Path
    recipe: Recipe
    budget: Budget
    sizes: Sizes
    texts: Sequence[Path] = ()
    adapter: Path | None = None
    install: str | None = None


def compat(job: Job, progress: Tell) -> Figures:
    """Make an installed model compatible and return what that changed.

    Raises
    ------
    LabDataError
        If ``out`` is of another run, ``adapter`` unfit for the model, or there are too few texts.
    LinewiseError
        If the model is not installed, or is of a kind that cannot read subsets of a text.
    """
    installed = models.info(job.model)
    IncrementalModel(TargetModel.load(job.model))  # refuses what rationales cannot be taken of
    corpus = None
    if job.adapter is None or job.sizes.passages:
        progress("Reading texts", 0.0)
        corpus = read_corpus(job.texts)
    progress("Loading the weights", 0.0)
    base = pretrained(job.model)
    seen_by_mask(base)
    if job.adapter is None:
        assert corpus is not None  # noqa: S101
        about, result = _trained(base, installed, corpus, job, progress)
    else:
        about, result = _given(base, installed, job.adapter)
    subjects = (
        Subject(installed.manifest.weights_sha256, base, installed),
        Subject(about.result_sha256, result, installed),
    )
    figures: Figures = {"made": attrs.asdict(about), "device": _device_name()}
    if corpus is not None and job.sizes.passages:
        figures |= measured(subjects, corpus, job.sizes, job.out / "measured.jsonl", progress)
    if job.install is not None:
        progress("Installing the result", 0.9)
        save_whole(result, installed, job.out / "model")
        layers = installed.manifest.layers
        models.pull(str(job.out / "model"), name=job.install, layers=layers, force=True)
    return figures


def _given(
    base: PreTrainedModel, installed: InstalledModel, folder: Path
) -> tuple[Manifest, PreTrainedModel]:
    about = read_manifest(folder)
    if about.weights_sha256 != installed.manifest.weights_sha256:
        raise LabDataError(
            f"{folder} was made for other weights ({about.model}) than {installed.name} has: "
            "choose that model with --model"
        )
    return about, merged(copy.deepcopy(base), folder)


def _trained(
    base: PreTrainedModel, installed: InstalledModel, corpus: Corpus, job: Job, progress: Tell
) -> tuple[Manifest, PreTrainedModel]:
    source, recipe = installed.manifest.weights_sha256, job.recipe
    run = Run(
        tokenizer(installed),
        corpus,
        recipe,
        job.out / "checkpoint.safetensors",
        recipe.identity(source, corpus),
    )
    whole = copy.deepcopy(base).to(device(), torch.bfloat16 if recipe.rank else torch.float32)
    learner = with_adapter(whole, recipe.rank, recipe.seed) if recipe.rank else None
    done = train(learner or whole, run, job.budget, progress)
    about = Manifest(
        installed.name,
        source,
        "",
        corpus.sha256,
        recipe,
        done.steps,
        done.tokens,
        round(done.seconds, 1),
    )
    if learner is None:
        save_whole(whole.cpu(), installed, job.out / "model")
        digest = cache.sha256(job.out / "model" / "model.safetensors")
        return attrs.evolve(about, result_sha256=digest), whole
    about = save_adapter(learner, job.out / "adapter", about)
    return about, merged(copy.deepcopy(base), job.out / "adapter")  # as it was written


def _device_name() -> str:
    return torch.cuda.get_device_name() if device().type == "cuda" else "CPU"
