"""Global statistics of rationales of real code: entropy with its control, and who differs.

*Edit rationales*: the fifth of the tokens that weigh most in the head's logit of a line, by
knockout. *Token rationales*: exact greedy ones of tokens that the model predicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from rich.progress import track

from benchmarks.explanations.subject import Subject, triple
from benchmarks.explanations.tokens import predicted
from benchmarks.explanations.units import LIBRARY, PROGRAMS, Unit, library, units
from benchmarks.report import write
from linewise.rationale.attribution import DEFAULT_EDIT_METHOD, attribute
from linewise.rationale.line_input import LineInput
from linewise.rationale.statistics.aggregators import Bools, Floats
from linewise.rationale.statistics.divergence import Divergence, aligned, compare
from linewise.rationale.statistics.entropy import Entropy, entropy_reduction
from linewise.rationale.statistics.tables import Amount, category_table
from linewise.rationale.statistics.tally import Rationales, Schema, Tally, total
from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text
from linewise.rationale.taxonomy.levels import Level
from linewise.rationale.taxonomy.profiles import Profile

SHARE = 0.2
CONTEXT = 64
OF_A_LINE = 2
MOST_PLACES = 12
FOLDERS = ("asyncio", "email")
DISCOVERY = 0.05


@frozen(eq=False)
class _Counter:
    """Counts rationales of one model by the categories of one profile."""

    subject: Subject
    profile: Profile

    def edits(self, chosen: Iterable[Unit], which: int) -> Tally:
        """Count the rationales of a line of each unit: the safest (0) or the riskiest (-1)."""
        return self._total(self._edit(unit, unit.lines[which].input) for unit in chosen)

    def tokens(self, chosen: Iterable[Unit], skip: int) -> Tally:
        """Count greedy rationales; ``skip`` 1 leaves the last token out, which all must hold."""
        return self._total(self._greedy(unit, unit.riskiest, skip) for unit in chosen)

    def _edit(self, unit: Unit, line: LineInput) -> tuple[str, Rationales]:
        weights = self.subject.weights(unit.name, line, DEFAULT_EDIT_METHOD)[: line.end]
        known = np.nan_to_num(weights)
        selected = np.zeros((1, line.end), bool)
        heaviest = np.argsort(-known, kind="stable")[: int(np.ceil(SHARE * line.end))]
        selected[0, heaviest] = True
        # The line as a whole is the target; its first token stands for it.
        return self._rationales(unit, line, known[None], selected, [line.first])

    def _greedy(self, unit: Unit, line: LineInput, skip: int) -> tuple[str, Rationales] | None:
        rows = _greedy(self.subject, unit, line)
        weights = np.zeros((len(rows), line.end))
        selected = np.zeros(weights.shape, bool)
        for number, row in enumerate(rows):
            weights[number, row["places"][skip:]] = row["gains"][skip:]
            selected[number, row["places"][skip:]] = True
        targets = [row["target"] for row in rows]
        return self._rationales(unit, line, weights, selected, targets) if rows else None

    def _rationales(
        self, unit: Unit, line: LineInput, weights: Floats, selected: Bools, targets: list[int]
    ) -> tuple[str, Rationales]:
        members = self._level(unit, line).members
        ids = line.ids[: line.end]
        return unit.group, Rationales(weights, selected, members[targets], members, ids)

    def _level(self, unit: Unit, line: LineInput) -> Level:
        document = unit.text.document
        starts, ends = line.starts[: line.end], line.ends[: line.end]
        return categorize(document, starts, ends, self.profile)["category"]

    def _total(self, found: Iterable[tuple[str, Rationales] | None]) -> Tally:
        rationales = [each for each in found if each is not None]
        schema = Schema(self.labels, self.subject.model.target.manifest.vocab_size, "rationales")
        return total(schema, (Tally.of(schema, group, each) for group, each in rationales))

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories' names."""
        document = read_text("", "python")
        assert not isinstance(document, NoCategories)
        return categorize(document, [], [], self.profile)["category"].labels


def measure(data: Path, cache: Path, count: int, tokens: int) -> None:
    """Write statistics.json: lines of ``count`` units, tokens of ``tokens`` of them."""
    subject = Subject.load(cache)
    chosen = list(units(subject, data, count))
    packages = {name: list(library(subject, (name,), count)) for name in FOLDERS}
    _weigh(subject, [*chosen, *(unit for some in packages.values() for unit in some)])
    for unit in track(chosen[:tokens], "predicted tokens"):
        _greedy(subject, unit, unit.riskiest)
    counted = {profile: _Counter(subject, profile) for profile in Profile}
    by = counted[Profile.COMPLETE]
    risky, greedy = by.edits(chosen, -1), by.tokens(chosen[:tokens], 0)
    sources = [
        by.edits([unit for unit in chosen if unit.source == source], -1)
        for source in (PROGRAMS, LIBRARY)
    ]
    figures = {
        "model": subject.model.target.name,
        "probe": subject.probe.manifest.identity,
        "units": len(chosen),
        "share": SHARE,
        "entropy": {
            str(profile): {
                "edit rationales": _entropy(each.edits(chosen, -1)),
                "token rationales": _entropy(each.tokens(chosen[:tokens], 0)),
                "token rationales, last token left out": _entropy(each.tokens(chosen[:tokens], 1)),
            }
            for profile, each in counted.items()
        },
        "categories": _categories(risky, greedy),
        "differences": {
            "riskiest and safest lines": _differences(risky, by.edits(chosen, 0)),
            " and ".join(FOLDERS): _differences(*(by.edits(packages[n], -1) for n in FOLDERS)),
            f"{PROGRAMS} and {LIBRARY}": _differences(*sources),
            "edit and token rationales": _differences(risky, greedy),
        },
    }
    write("statistics", "python -m benchmarks.explanations statistics", figures)


def _weigh(subject: Subject, chosen: Sequence[Unit]) -> None:
    """Explain the riskiest and the safest line of each unit; what is known is not done again."""
    for unit in track(chosen, "lines"):
        for line in (unit.lines[0], unit.lines[-1]):
            subject.weights(unit.name, line.input, DEFAULT_EDIT_METHOD)


def _greedy(subject: Subject, unit: Unit, line: LineInput) -> list[dict[str, Any]]:
    """Return the greedy rationales of tokens of a line that the model predicts."""

    def make() -> dict[str, Any]:
        asked = predicted(subject, line, CONTEXT, OF_A_LINE)
        if asked is None:
            return {"rationales": []}
        found = attribute("greedy", asked.asked(subject.model), max_places=MOST_PLACES)
        rows = [
            {
                "target": target,
                "places": [asked.first + place for place in each.places],
                "gains": list(each.gains),
            }
            for target, each in zip(asked.places, found.rationales, strict=True)
        ]
        return {"rationales": rows}

    key = f"greedy {OF_A_LINE} {CONTEXT} {MOST_PLACES} {unit.name}:{line.line}"
    rationales: list[dict[str, Any]] = subject.kept(key, make)["rationales"]
    return rationales


def _entropy(tally: Tally) -> dict[str, Any]:
    found = entropy_reduction(tally, Amount.COUNT)
    return {
        "tokens": _bits(found.tokens),
        "categories": _bits(found.categories),
        "reduction": triple(found.reduction),
        "control": triple(found.control),
        "beyond": triple(found.beyond),
        "p": round(found.p, 4),
    }


def _bits(found: Entropy) -> dict[str, Any]:
    return {
        "bits": triple(found.bits),
        "normalised": triple(found.normalised),
        "support": found.support,
    }


def _categories(edits: Tally, tokens: Tally) -> dict[str, Any]:
    """Return each category's share of the rationales' tokens, the largest first."""
    pairs = zip(category_table(edits), category_table(tokens), strict=True)
    rows = {
        one.category: {
            "edit rationales": triple(one.count_share),
            "token rationales": triple(other.count_share),
        }
        for one, other in pairs
        if one.count or other.count
    }
    return dict(sorted(rows.items(), key=lambda item: -item[1]["edit rationales"][0]))


def _differences(one: Tally, other: Tally) -> dict[str, Any]:
    found: Divergence = compare(
        aligned(one, Amount.COUNT), aligned(other, Amount.COUNT), one.schema.categories
    )
    rows: Sequence[Any] = [each for each in found.categories if each.q <= DISCOVERY]
    return {
        "clusters": [len(one.occupied), len(other.occupied)],
        "distance": triple(found.distance),
        "p": round(found.p, 4),
        "categories": len(found.categories),
        "differ": {
            each.category: {
                **{name: round(getattr(each, name), 4) for name in ("a", "b", "q")},
                "effect": triple(each.effect),
            }
            for each in sorted(rows, key=lambda each: -abs(each.effect.value))
        },
    }
