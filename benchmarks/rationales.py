"""Rationales against the reference and against scoring: ``python -m benchmarks.rationales``.

The reference is sequential rationalization as published: batches of sub-sequences of at most 4,096
tokens, the vocabulary at every position, float32 in torch. It is run on the weights, contexts and
targets that greedy search is run on, both on one thread: on a machine with other work to do, two
would measure how well they wait for each other.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer
from attrs import define, field
from rich.console import Console

from benchmarks.measure import Ratio, compare, seconds
from benchmarks.report import write
from linewise import models
from linewise.analysis.code_lines import code_lines
from linewise.analysis.membership import line_members
from linewise.analysis.model_input import ModelInput, document_inputs
from linewise.analysis.syntax import Syntax, parse
from linewise.models.incremental import IncrementalModel
from linewise.models.runtime import TargetModel
from linewise.probe.runtime import Probe
from linewise.probe.shipped import find_probe
from linewise.rationale.attribution import (
    DEFAULT_EDIT_METHOD,
    EditRisks,
    NextTokens,
    Rationale,
    attribute,
)
from linewise.settings import DEFAULT_MODEL

STDLIB = Path(sysconfig.get_path("stdlib"))
FILES = ("textwrap.py", "shutil.py", "bisect.py", "fractions.py", "csv.py", "sched.py")
EXACT = "bench-fp32"
MAX_PLACES = 12
REFERENCE_TOKENS = 4096
EDIT_TOKENS = 256
GREEDY, INSTALLED = "greedy", "greedy, the installed int8 model"
SHORTLISTS = {
    "shortlist of 16, ranked once": (16, False),
    "shortlist of 8, ranked by int8 at every step": (8, True),
}

Rationales = Sequence[Sequence[int]]
console = Console(stderr=True)


@define
class Reference:
    """The published algorithm in torch; ``tokens`` counts what it reads."""

    model: Any
    tokens: int = field(default=0)

    def rationale(self, ids: npt.NDArray[np.int64], place: int) -> list[int]:
        """Return the places of the greedy rationale of ``ids[place]``, as they were added."""
        rationale, target = [place - 1], int(ids[place])
        _, top = self._read(ids, np.array([rationale]), target)
        reached = top[0] == target
        while not reached and len(rationale) < min(place, MAX_PLACES):
            others = [each for each in range(place) if each not in rationale]
            scores, top = self._read(
                ids, np.array([sorted([*rationale, each]) for each in others]), target
            )
            best = int(scores.argmax())
            rationale.append(others[best])
            reached = top[best] == target
        return rationale

    def _read(
        self, ids: npt.NDArray[np.int64], places: npt.NDArray[np.int64], target: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        rows = max(1, REFERENCE_TOKENS // places.shape[1])
        scores, top = [], []
        for begin in range(0, len(places), rows):
            batch = places[begin : begin + rows]
            with torch.no_grad():
                # Without a mask, transformers takes a gap in positions for the border of texts.
                logits = self.model(
                    input_ids=torch.from_numpy(ids[batch]),
                    position_ids=torch.from_numpy(batch),
                    attention_mask=torch.ones(batch.shape, dtype=torch.long),
                ).logits[:, -1]
            logps = torch.log_softmax(logits, dim=-1)
            scores.append(logps[:, target].numpy())
            top.append(logps.argmax(-1).numpy())
            self.tokens += batch.size
        return np.concatenate(scores), np.concatenate(top)


def main(
    contexts: Annotated[int, typer.Option(help="How many pieces of code.")] = 3,
    tokens: Annotated[int, typer.Option(help="How long each of them is.")] = 128,
    targets: Annotated[int, typer.Option(help="How many tokens of each are explained.")] = 8,
) -> None:
    """Measure, and write benchmarks/results/rationales.json."""
    torch.set_num_threads(1)
    quick = IncrementalModel(TargetModel.load(DEFAULT_MODEL, threads=1))
    figures: dict[str, Any] = {"a flagged line / scoring its unit": _edits(quick)}
    console.print(figures)
    models.pull(DEFAULT_MODEL, name=EXACT, scheme="fp32")
    exact = IncrementalModel(TargetModel.load(EXACT, threads=1))
    figures["reference / greedy"] = _greedy(exact, quick, contexts, tokens, targets)
    models.remove(EXACT)
    write("rationales", "python -m benchmarks.rationales", figures)
    console.print(figures)


def _greedy(
    exact: IncrementalModel, quick: IncrementalModel, contexts: int, tokens: int, targets: int
) -> dict[str, Any]:
    reference = Reference(models.torch_model(DEFAULT_MODEL).eval())
    ratios: dict[str, list[float]] = {name: [] for name in (GREEDY, *SHORTLISTS, INSTALLED)}
    found: dict[str, list[Rationale]] = {name: [] for name in ratios}
    published: list[list[int]] = []
    means: list[float] = []
    spent = 0.0
    for number in range(contexts):
        ids = _piece(exact.target, number, tokens)
        places = _predicted(exact, ids, targets)
        if not len(places):
            continue
        # Both pay for the first pass of their kind before they are timed.
        reference.rationale(ids[:8], 7)
        before = len(published)
        base = seconds(lambda: published.extend(reference.rationale(ids, p) for p in places))  # noqa: B023
        spent += base
        means.append(round(mean(len(each) for each in published[before:]), 2))
        for name, each in ratios.items():
            attribution: list[Any] = []
            size, other = SHORTLISTS.get(name, (0, False))
            options = {"size": size, "ranker": quick if other else None} if size else {}
            method = "greedy-shortlist" if size else "greedy"
            model = quick if name == INSTALLED else exact
            ours = seconds(
                lambda: attribution.append(  # noqa: B023
                    attribute(
                        method,  # noqa: B023
                        NextTokens(model, ids, places),  # noqa: B023
                        max_places=MAX_PLACES,
                        **options,  # noqa: B023
                    )
                )
            )
            each.append(base / ours)
            found[name] += attribution[0].rationales
        console.print(
            number,
            [len(each) for each in published[before:]],
            {name: round(values[-1], 2) for name, values in ratios.items()},
        )
    return {
        "budget": {GREEDY: ">= 5", "shortlist": ">= 30, Jaccard >= .9"},
        "contexts": contexts,
        "tokens": tokens,
        "targets": len(published),
        "max_places": MAX_PLACES,
        "mean_places": round(mean(len(each) for each in published), 2),
        "mean_places_by_context": means,
        "reference_tokens_per_second": round(reference.tokens / spent),
        **{
            name: {
                **_spread(ratios[name]),
                "ratio_by_context": [round(each, 2) for each in ratios[name]],
                "identical": sum(
                    list(mine.places) == theirs
                    for mine, theirs in zip(found[name], published, strict=True)
                ),
                "mean_jaccard": round(
                    mean(map(_jaccard, (each.places for each in found[name]), published)), 3
                ),
            }
            for name in ratios
        },
    }


def _piece(model: TargetModel, number: int, tokens: int) -> npt.NDArray[np.int64]:
    ids = model.encode((STDLIB / FILES[number % len(FILES)]).read_text("utf-8")).ids
    begin = 600 + 400 * (number // len(FILES))
    return ids[begin : begin + tokens]


def _predicted(
    model: IncrementalModel, ids: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return places in the later half that the model predicts from the whole context."""
    later = np.arange(len(ids) // 2, len(ids))
    right = later[NextTokens(model, ids, later).predicted == ids[later]]
    return right[np.linspace(0, len(right) - 1, min(count, len(right))).astype(int)]


def _jaccard(mine: Sequence[int], theirs: Sequence[int]) -> float:
    return len({*mine} & {*theirs}) / len({*mine} | {*theirs})


def _spread(ratios: Sequence[float]) -> dict[str, float]:
    return {
        "ratio": round(median(ratios), 2),
        "low": round(min(ratios), 2),
        "high": round(max(ratios), 2),
    }


def _edits(model: IncrementalModel, count: int = 12) -> dict[str, Any]:
    """Time the default edit method on the riskiest line of units, against scoring the unit."""
    folder = find_probe(DEFAULT_MODEL)
    assert folder is not None
    probe = Probe(folder)
    ratios: list[Ratio] = []
    for name in FILES:
        syntax = parse((STDLIB / name).read_text("utf-8"))
        inputs = document_inputs(syntax, code_lines(syntax), model.target)
        fitting = [each for each in inputs if 100 <= len(each.ids) <= EDIT_TOKENS]
        for each in fitting[: max(1, count // len(FILES))]:
            span = _riskiest(syntax, each, model, probe)
            ratios.append(_rationale_over_scoring(each, span, model, probe))
            console.print(name, len(each.ids), span, round(ratios[-1].ratio, 2))
    return {
        "budget": "<= 8",
        "method": DEFAULT_EDIT_METHOD,
        "units": len(ratios),
        **_spread([each.ratio for each in ratios]),
        "scoring_milliseconds": round(1000 * median(each.b_seconds for each in ratios), 1),
    }


def _riskiest(
    syntax: Syntax, each: ModelInput, model: IncrementalModel, probe: Probe
) -> tuple[int, int]:
    _, members = line_members(syntax.lines, code_lines(syntax), each.starts, each.ends)
    spans = [
        (each.scored.start + int(tokens[0]), each.scored.start + int(tokens[-1]) + 1)
        for tokens in map(np.flatnonzero, members)
    ]
    return spans[int(EditRisks(model, probe, each.ids, spans).logits.argmax())]


def _rationale_over_scoring(
    each: ModelInput, span: tuple[int, int], model: IncrementalModel, probe: Probe
) -> Ratio:
    whole = np.ones((1, len(each.ids)), bool)
    return compare(
        # New targets each time: nothing is kept from the scoring.
        lambda: attribute(DEFAULT_EDIT_METHOD, EditRisks(model, probe, each.ids, [span])),
        lambda: EditRisks(model, probe, each.ids, [span]).scores(0, whole),
        pairs=5,
    )


if __name__ == "__main__":
    typer.run(main)
