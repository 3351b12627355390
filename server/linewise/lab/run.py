"""The laboratory's commands: read files, do the work elsewhere, write files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewise.analysis.model_input import INPUT_BUILDER_VERSION
from linewise.lab.data import Document, Intent, Program, documents, read_programs, training_intent
from linewise.lab.evaluate.report import read_all, report
from linewise.lab.measure import INTENTS, OUT_OF_FOLD, file_name, measure, out_of_fold
from linewise.lab.predictions import Level, Method
from linewise.lab.record import write_record
from linewise.lab.splits import TEST_FOLDS, all_splits
from linewise.lab.training.curve_parts import Part
from linewise.probe.domain import Domain

if TYPE_CHECKING:
    from linewise.lab.training.adapt import Adaptation

Progress = Callable[[str, float], None]


def run_methods(
    methods: Sequence[Method],
    data: Path,
    folder: Path,
    *,
    split: str,
    out_of_fold: bool,
    progress: Progress,
) -> None:
    """Let methods predict the splits whose names hold ``split``; see `linewise.lab.measure`."""
    programs = list(read_programs(data))
    splits = [each for each in all_splits(programs) if split in each.name]
    for method in methods:
        measure(method, programs, splits, folder, progress=progress)
        if out_of_fold:
            progress(f"{method.name}, out of fold", 0.9)
            _save_out_of_fold(method, programs, folder)


def run_embed(data: Path, cache: Path, model: str, progress: Progress) -> None:
    """Compute the activations of every program, as it is trained on and as it is tested."""
    from linewise.lab.activations.store import ActivationStore
    from linewise.models.runtime import TargetModel

    store = ActivationStore(TargetModel.load(model), cache)
    programs = list(read_programs(data))
    texts = [documents(each, intent).text for each in programs for intent in _intents(each)]
    store.fill(texts, lambda done, of: progress("activations", done / max(1, of)))


def run_train(
    data: Path,
    out: Path,
    cache: Path,
    model: str,
    *,
    limit: int,
    progress: Progress,
) -> None:
    """Train and export a probe; see `linewise.lab.training.ship`."""
    from linewise.lab.training.fit import Recipe
    from linewise.lab.training.ship import ship
    from linewise.models.runtime import TargetModel

    programs = _some(list(read_programs(data)), limit)
    ship(programs, TargetModel.load(model), cache, out, recipe=Recipe(), progress=progress)


def run_curves(
    data: Path,
    cache: Path,
    model: str,
    out: Path,
    *,
    seeds: int,
    mutations: Path | None,
    limit: int,
    parts: Sequence[Part] | None,
    progress: Progress,
) -> None:
    """Write learning curves; see `linewise.lab.training.curves`."""
    from linewise.lab.activations.store import ActivationStore
    from linewise.lab.training.curves import curves
    from linewise.models.runtime import TargetModel

    target = TargetModel.load(model)
    figures = curves(
        _training(data, limit),
        ActivationStore(target, cache),
        target.layers,
        seeds,
        progress,
        injected=_injected(data, mutations, limit),
        parts=tuple(parts or Part),
    )
    named = "".join(f" --part {each}" for each in parts or ()) + _named(limit, mutations)
    write_record(out, f"linewise lab curves --model {model} --seeds {seeds}{named}", figures)


def run_adapt(
    data: Path,
    cache: Path,
    model: str,
    out: Path,
    adaptation: Adaptation,
    *,
    minutes: float,
    mutations: Path | None,
    limit: int,
    progress: Progress,
) -> None:
    """Adapt a model's upper blocks and write what that is worth; see `lab.training.adapt`."""
    from linewise.lab.activations.store import ActivationStore
    from linewise.lab.compat.measure import device
    from linewise.lab.compat.weights import pretrained
    from linewise.lab.training.adapt import adapt
    from linewise.lab.training.trunk import Trunk
    from linewise.models.runtime import TargetModel

    target = TargetModel.load(model)
    progress("Loading the weights", 0.0)
    rank, layer = adaptation.rank, target.layers[0]
    figures = adapt(
        _training(data, limit),
        ActivationStore(target, cache),
        Trunk(
            pretrained(model),
            layer,
            blocks=adaptation.blocks,
            rank=rank,
            seed=adaptation.seed,
            device=device(),
        ),
        cache / "adapt",
        adaptation,
        seconds=minutes * 60,
        injected=_injected(data, mutations, limit),
        tell=progress,
    )
    command = (
        f"linewise lab adapt --model {model} --blocks {adaptation.blocks} --rank {rank} "
        f"--rate {adaptation.rate:g} --epochs {adaptation.epochs} --minutes {minutes:g}"
    )
    figures |= {"layer": layer, "device": device().type}
    write_record(out, command + _named(limit, mutations), figures)


def _training(data: Path, limit: int) -> list[Document]:
    """Return training documents, of ``limit`` programs spread evenly over the file (0: all)."""
    programs = [each for each in read_programs(data) if each.fold not in TEST_FOLDS]
    return [documents(each, training_intent(each)) for each in _some(programs, limit)]


def _injected(data: Path, mutations: Path | None, limit: int) -> list[Document]:
    if mutations is None:
        return []
    bugs = [each for each in read_programs(data, mutations) if not each.passing]
    return [documents(each, training_intent(each)) for each in _some(bugs, limit)]


def _some(programs: list[Program], limit: int) -> list[Program]:
    return programs[:: max(1, len(programs) // limit)] if limit else programs


def _named(limit: int, mutations: Path | None) -> str:
    limited = f" --limit {limit}" if limit else ""
    return limited if mutations is None else f"{limited} --mutations {mutations}"


def _intents(program: Program) -> set[Intent]:
    return {training_intent(program), *INTENTS}


def run_calibrate(
    method: str,
    data: Path,
    folder: Path,
    out: Path,
    cache: Path,
    *,
    scaler: str | None,
    model: str | None,
) -> None:
    """Calibrate a method and write the file; with ``model``, fit the out-of-domain score too."""
    from linewise.lab.calibrate.run import calibrate
    from linewise.probe.calibration_file import write_calibration

    programs = list(read_programs(data))
    domain, sha256 = (None, None) if model is None else _domain(programs, model, cache)
    made = calibrate(
        read_all(folder),
        method=method,
        training=frozenset(each.sample_id for each in programs if each.fold not in TEST_FOLDS),
        input_builder=INPUT_BUILDER_VERSION,
        model_sha256=sha256,
        domain=domain,
        scaler=scaler,
    )
    write_calibration(made, out)


def run_evaluate(
    folder: Path,
    out: Path,
    *,
    diagrams: Path | None,
    subject: str | None,
    resamples: int,
    progress: Progress,
) -> None:
    """Write the record of figures, and reliability diagrams of line-level predictions."""
    from linewise.lab.evaluate.diagrams import reliability
    from linewise.lab.evaluate.kept import with_kept

    # Out-of-fold predictions are of training programs: they calibrate and are no result.
    found = [each for each in read_all(folder) if len(each) and each.split != OUT_OF_FOLD]
    figures = report(found, subject=subject, resamples=resamples, progress=progress)
    if out.is_file():
        figures = with_kept(figures, json.loads(out.read_text("utf-8")))
    named = "" if subject is None else f' --subject "{subject}"'
    write_record(out, f"linewise lab evaluate{named} --resamples {resamples}", figures)
    if diagrams is not None:
        for each in found:
            if each.level is Level.LINE and each.method == (subject or each.method):
                reliability(each, diagrams / file_name(each).replace(".npz", ".svg"))


def _save_out_of_fold(method: Method, programs: Sequence[Program], folder: Path) -> None:
    for each in out_of_fold(method, programs):
        each.save(folder / file_name(each))


def _domain(programs: Sequence[Program], name: str, cache: Path) -> tuple[Domain, str]:
    """Fit the out-of-domain score on the training programs' activations."""
    from linewise.lab.activations.store import ActivationStore
    from linewise.lab.training.fit import Recipe
    from linewise.lab.training.logits import HeadLogits
    from linewise.lab.training.methods import domain_of
    from linewise.models.runtime import TargetModel

    model = TargetModel.load(name)
    training = [each for each in programs if each.fold not in TEST_FOLDS]
    docs = [documents(each, training_intent(each)) for each in training]
    said, _ = HeadLogits(ActivationStore(model, cache), cache).get(docs, [], Recipe())
    return domain_of(docs, said, Recipe()), model.weights_sha256
