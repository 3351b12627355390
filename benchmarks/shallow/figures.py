"""Shares of categories in rationales, beside random rationales from the same contexts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from benchmarks.explanations.subject import triple
from benchmarks.shallow.functions import digest
from benchmarks.shallow.rationales import Bounds, Target
from linewise.models.runtime import TargetModel
from linewise.rationale.statistics.counts import Rationales, Schema
from linewise.rationale.statistics.divergence import Divergence, aligned, compare
from linewise.rationale.statistics.matrices import TargetDifference, compare_targets
from linewise.rationale.statistics.tables import Amount
from linewise.rationale.statistics.tally import Tally, total
from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text
from linewise.rationale.taxonomy.profiles import Profile

DRAWS = 16
"""Random rationales per rationale; more of them make the control less a matter of luck."""
LEVELS = ("category", "group")
LEAST_PAIRS = 30
WITHOUT, WITH = "last token left out", "last token kept"
"""Every greedy rationale holds the last token by definition; without it, the search is left."""
Found = tuple[int, ...]


@frozen(eq=False)
class Sample:
    """A target, and its rationale by each model; None by one that predicts another token."""

    target: Target
    rationales: tuple[Found | None, ...]


@frozen
class _Way:
    """How rationales are counted: categories of which profile and level, of which tokens."""

    profile: Profile
    level: str
    skip: int

    @property
    def labels(self) -> tuple[str, ...]:
        document = read_text("", "python")
        assert not isinstance(document, NoCategories)
        return categorize(document, [], [], self.profile)[self.level].labels


def figures(
    samples: Sequence[Sample], models: Sequence[TargetModel], bounds: Bounds
) -> dict[str, Any]:
    """Return the record: each model against chance, and two models against each other."""
    packages = Counter(each.target.function.package for each in samples)
    sources = Counter(each.target.function.source for each in samples)
    result: dict[str, Any] = {
        "functions": len(samples),
        "packages": len(packages),
        "sources": dict(sources),
        "context": bounds.context,
        "places": bounds.places,
        "draws": DRAWS,
        "models": {
            model.name: _model(samples, number, model, bounds)
            for number, model in enumerate(models)
        },
    }
    if len(models) > 1:
        both = [each for each in samples if None not in each.rationales]
        result["shift"] = _shift(both, models, bounds)
    return result


def _model(
    samples: Sequence[Sample], number: int, model: TargetModel, bounds: Bounds
) -> dict[str, Any]:
    found = [each for each in samples if each.rationales[number] is not None]
    sizes = [len(each.rationales[number] or ()) for each in found]
    ways = [
        _Way(profile, level, skip) for profile in Profile for level in LEVELS for skip in (1, 0)
    ]
    counted = {way: _counted(found, number, way, model, bounds) for way in ways}
    matrix = counted[_Way(Profile.COMPLETE, "group", 1)]
    return {
        "scheme": model.manifest.scheme,
        "rationales": len(found),
        "mean_places": round(float(np.mean(sizes)), 2),
        "searched": sum(size > 1 for size in sizes),
        "against chance": {
            str(profile): {
                name: {level: _divergence(*counted[_Way(profile, level, skip)]) for level in LEVELS}
                for name, skip in ((WITHOUT, 1), (WITH, 0))
            }
            for profile in Profile
        },
        "by target": {
            each.target: _row(each) for each in compare_targets(*matrix, least=LEAST_PAIRS)
        },
    }


def _shift(
    samples: Sequence[Sample], models: Sequence[TargetModel], bounds: Bounds
) -> dict[str, Any]:
    """Return how the rationales of two models differ where both predict the target."""
    found: dict[str, Any] = {"functions": len(samples)}
    for profile in Profile:
        found[str(profile)] = {
            level: _divergence(
                *(
                    _counted(samples, number, _Way(profile, level, 1), model, bounds)[0]
                    for number, model in enumerate(models)
                )
            )
            for level in LEVELS
        }
    return found


def _counted(
    samples: Iterable[Sample], number: int, way: _Way, model: TargetModel, bounds: Bounds
) -> tuple[Tally, Tally]:
    """Return the tallies of the rationales by one model, and of random ones."""
    schema = Schema(way.labels, model.manifest.vocab_size, "rationale tokens")
    own, control = [], []
    for sample in samples:
        places = sample.rationales[number]
        assert places is not None
        package = sample.target.function.package
        mine, random = _rationales(sample.target, places, way, bounds)
        own.append(Tally.of(schema, package, mine))
        control.append(Tally.of(schema, package, random))
    return total(schema, own), total(schema, control)


def _rationales(
    target: Target, places: Found, way: _Way, bounds: Bounds
) -> tuple[Rationales, Rationales]:
    begin, end = target.begin(bounds), target.place + 1
    read, document = target.read, target.function.text.document
    assert not isinstance(document, NoCategories)
    spans = read.starts[begin:end], read.ends[begin:end]
    members = categorize(document, *spans, way.profile)[way.level].members
    context, ids = end - begin - 1, read.ids[begin : end - 1]
    # By name: the same for all ways of counting and for all models.
    generator = np.random.default_rng(list(digest(target.function.name)))
    chosen = np.zeros((1 + DRAWS, context), bool)
    chosen[:, places[0]] = not way.skip
    chosen[0, list(places[1:])] = True
    others = np.delete(np.arange(context), places[0])
    for row in chosen[1:]:
        row[generator.permutation(others)[: len(places) - 1]] = True
    return tuple(  # type: ignore[return-value]
        Rationales(
            np.zeros(rows.shape),
            rows,
            np.repeat(members[[-1]], len(rows), axis=0),
            members[:-1],
            ids,
        )
        for rows in (chosen[:1], chosen[1:])
    )


def _divergence(one: Tally, other: Tally) -> dict[str, Any]:
    found: Divergence = compare(
        aligned(one, Amount.COUNT), aligned(other, Amount.COUNT), one.schema.categories
    )
    return _plain(found)


def _row(each: TargetDifference) -> dict[str, Any]:
    return {"pairs": each.pairs[0], **_plain(each.divergence)}


def _plain(found: Divergence) -> dict[str, Any]:
    return {
        "distance": triple(found.distance),
        "p": round(found.p, 4),
        "categories": {
            each.category: {
                "a": round(each.a, 4),
                "b": round(each.b, 4),
                "effect": triple(each.effect),
                "q": round(each.q, 4),
            }
            for each in sorted(found.categories, key=lambda each: -each.a)
        },
    }
