"""Infidelity and sensitivity (Yeh et al. 2019, arXiv 1901.09392) of gradient methods, by captum.

*Infidelity* is the squared gap between what weights promise of a perturbation and what it does:
here, random tokens give way to the embedding that stands for none. *Sensitivity* is by how much
weights change, relative to their size, if embeddings are moved a little. Lower is better for both.
Gradients need torch and explain predicted tokens only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from captum.attr import InputXGradient, IntegratedGradients
from captum.metrics import infidelity, infidelity_perturb_func_decorator, sensitivity_max
from rich.progress import track

from benchmarks.explanations.subject import Subject, quartiles
from benchmarks.explanations.tokens import predicted
from benchmarks.explanations.units import Unit, units
from benchmarks.report import write
from linewise.lab.attribution.gradients import baseline, score_of
from linewise.rationale.attribution import NextTokens

CONTEXT = 32
STEPS = 16
PERTURBATIONS = 10
SHIFTS = 4
REMOVED = 0.2
"""The share of tokens that one perturbation takes away."""
RADIUS = 0.05
"""Of a shift, by the embeddings' standard deviation."""

Score = Callable[[torch.Tensor], torch.Tensor]


def measure(data: Path, cache: Path, count: int) -> None:
    """Write gradients.json: ``count`` predicted tokens."""
    subject = Subject.load(cache)
    rows: list[dict[str, Any]] = []
    for unit in track(units(subject, data, 10 * count), "predicted tokens", total=count):
        if len(rows) == count:
            break
        if found := _token(subject, unit):
            rows.append(found)
    names = rows[0]
    figures = {
        "model": subject.model.target.name,
        "predicted tokens": len(rows),
        "methods": {
            name: {
                kind: quartiles([row[name][kind] for row in rows if kind in row[name]])
                for kind in names[name]
            }
            for name in names
        },
    }
    write("gradients", "python -m benchmarks.explanations gradients", figures)


def _token(subject: Subject, unit: Unit) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        found = predicted(subject, unit.riskiest, CONTEXT, 1)
        return {} if found is None else _figures(found.asked(subject.model))

    return subject.kept(f"gradients {unit.name}", make)


def _figures(targets: NextTokens) -> dict[str, Any]:
    score, embedded = score_of(targets, 0)
    nothing = baseline(targets).expand_as(embedded)
    methods: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "gradient-x-input": lambda x: InputXGradient(score).attribute(x),
        "integrated-gradients": lambda x: IntegratedGradients(score).attribute(
            x, baselines=nothing, n_steps=STEPS, internal_batch_size=8
        ),
    }
    found = {}
    for name, explain in methods.items():
        origin = nothing if name == "integrated-gradients" else torch.zeros_like(embedded)
        weights = explain(embedded.clone().requires_grad_()).detach()
        found[name] = {
            "infidelity": _infidelity(score, embedded, origin, nothing, weights),
            "sensitivity": _sensitivity(explain, embedded),
        }
    random = torch.randn(weights.shape, generator=torch.Generator().manual_seed(0))
    random *= weights.norm() / random.norm()
    for name, control in (("random weights", random), ("no weights", torch.zeros_like(random))):
        found[name] = {"infidelity": _infidelity(score, embedded, nothing, nothing, control)}
    return found


def _infidelity(
    score: Score,
    embedded: torch.Tensor,
    origin: torch.Tensor,
    nothing: torch.Tensor,
    weights: torch.Tensor,
) -> float:
    """Return infidelity; ``origin`` is the input that the weights count from."""

    @infidelity_perturb_func_decorator(multiply_by_inputs=True)
    def removed(inputs: torch.Tensor, _baselines: torch.Tensor) -> torch.Tensor:
        return torch.where(torch.rand(inputs.shape[:2])[..., None] < REMOVED, nothing[:1], inputs)

    torch.manual_seed(0)
    with torch.no_grad():
        value = infidelity(
            score,
            removed,
            embedded,
            weights,
            baselines=origin,
            n_perturb_samples=PERTURBATIONS,
            max_examples_per_batch=PERTURBATIONS,
        )
    return float(value)


def _sensitivity(explain: Callable[[torch.Tensor], torch.Tensor], embedded: torch.Tensor) -> float:
    def each(inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.cat([explain(one[None].requires_grad_()) for one in inputs[0]]).detach()

    torch.manual_seed(0)
    value = sensitivity_max(
        each,
        embedded,
        perturb_radius=RADIUS * float(embedded.std()),
        n_perturb_samples=SHIFTS,
        max_examples_per_batch=1,
    )
    return float(value)
