"""The work behind ``linewise compare``: two models read the same folders, then are compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cattrs
from attrs import frozen

from linewise.commands.scanning import Options, opened_scan, run, stored_method
from linewise.errors import LinewiseError
from linewise.probe.shipped import find_probe
from linewise.rationale.study.target import Target
from linewise.workspace.corpus.merge import read_totals
from linewise.workspace.scan.choice import Choice
from linewise.workspace.scan.comparison import TargetComparison, compare_totals
from linewise.workspace.scan.pacing import Budget
from linewise.workspace.scan.records import Method
from linewise.workspace.scan.totals import Totals, totals_by
from linewise.workspace.scan.walk import Globs

Shown = Callable[[int], AbstractContextManager[Callable[[str, float], None]]]
"""Told how many files need reading; yields what hears (path, files done)."""
_WANTED, _LEFT_OUT = "wanted", "left out"


@frozen
class Comparison:
    """Two target models compared, by kind of target; ``corpora`` are what they read."""

    models: tuple[str, str]
    corpora: tuple[str, ...]
    targets: tuple[TargetComparison, ...]


def targets_for(models: tuple[str, str], chosen: Target | None) -> tuple[Target, ...]:
    """Return what two models can be asked: edit risks only if both have a probe."""
    if chosen is not None:
        return (chosen,)
    probes = all(find_probe(each) is not None for each in models)
    return (Target.NEXT_TOKEN, *((Target.EDIT,) if probes else ()))


def compare_models(
    models: tuple[str, str],
    folders: Sequence[Path],
    choices: Sequence[Choice],
    globs: Globs,
    *,
    said: Callable[[str], None],
    shown: Shown,
) -> Comparison:
    """Scan folders with both models, as far as they were not, and compare what they rest on.

    Raises
    ------
    LinewiseError
        If a model is not installed or a choice does not fit it; what was scanned is kept.
    """
    if models[0] == models[1]:
        raise LinewiseError("a model does not differ from itself: name two with --model")
    found = []
    for choice in choices:
        methods, totals = [], []
        for model in models:
            method = stored_method(model, choice)
            assert method is not None  # noqa: S101 - of a choice there is one
            options = Options(model, choice, globs, {}, Budget())
            whole = Totals.empty(method.schema)
            for folder in folders:
                whole = whole.merge(_scanned(folder, options, method, said, shown))
            methods.append(method)
            totals.append(whole)
        found.append(compare_totals((methods[0], methods[1]), (totals[0], totals[1])))
    return Comparison(models, tuple(str(each) for each in folders), tuple(found))


def compare_scanned(outputs: tuple[Path, Path]) -> Comparison:
    """Compare what two models rest on in corpora that ``linewise scan --out`` has read.

    Raises
    ------
    LinewiseError
        If there is no such scan, or rationales were not found or found differently.
    """
    read = [_output(each) for each in outputs]
    (one, first, mine), (other, second, theirs) = read
    found = compare_totals((first, second), (mine, theirs))
    return Comparison((one, other), tuple(str(each) for each in outputs), (found,))


def _scanned(
    folder: Path,
    options: Options,
    method: Method,
    said: Callable[[str], None],
    shown: Shown,
) -> Totals:
    with opened_scan(folder, options, said) as scan:
        with shown(scan.progress.pending) as tell:
            run(scan, options.budget, tell)
        wants = scan.request.selection.wants
        found = totals_by(
            scan.store,
            scan.reader_id,
            scan.store.method_id(method),
            method.schema,
            within=scan.request.within,
            # Others may have scanned what these patterns leave out.
            part_of=lambda path: _WANTED if wants(scan.request.root / path) else _LEFT_OUT,
        )
        return found.get(_WANTED, Totals.empty(method.schema))


def _output(folder: Path) -> tuple[str, Method, Totals]:
    try:
        raw: dict[str, Any] = json.loads((folder / "corpus.json").read_text("utf-8"))
        model, method = raw["reader"]["model"], raw["method"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LinewiseError(
            f"{folder} holds no scan: name folders that `linewise scan --out` has written"
        ) from error
    if method is None:
        raise LinewiseError(f"{folder} was scanned without rationales: there is nothing to compare")
    return model, cattrs.structure(method, Method), read_totals(folder)
