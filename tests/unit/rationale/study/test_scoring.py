"""Scores of small studies, worked out by hand."""

import math

import pytest
from rich.console import Console

from linewise.rationale.study import report
from linewise.rationale.study.rankings import Ranking
from linewise.rationale.study.scoring import score

RANKINGS = {
    "weighs": {"p1": Ranking((2, 0, 1, 3, 5)), "p2": Ranking((1, 0))},
    "grows": {"p1": Ranking((5, 2), own=2), "p2": Ranking((0,), own=1)},
}


def test_methods_are_compared_at_the_person_s_size_and_at_their_own(study, answers):
    found = score(study, [answers("Ada", p1=[0, 2, 3])], RANKINGS)
    weighs, grows, own = found.comparisons
    assert (weighs.method, weighs.selection, weighs.count, weighs.tokens) == (
        "weighs",
        "equal size",
        1,
        3.0,
    )
    assert weighs.figures["jaccard"].value == 2 / 4
    assert weighs.figures["f1"].value == pytest.approx(2 / 3)
    # A rationale of two tokens stays two, at the person's size too.
    assert (grows.selection, own.selection) == ("equal size", "own")
    assert grows.tokens == own.tokens == 2
    assert own.figures["precision"].value == 1 / 2
    assert own.figures["recall"].value == pytest.approx(1 / 3)


def test_chance_is_that_of_as_many_tokens(study, answers):
    (weighs, *_) = score(study, [answers("Ada", p1=[0])], RANKINGS).comparisons
    assert weighs.chance["jaccard"] == pytest.approx(1 / 5)
    assert weighs.above_chance["jaccard"].value == pytest.approx(-1 / 5)
    assert math.isnan(weighs.above_chance["jaccard"].low)


def test_people_are_compared_with_each_other(study, answers):
    people = [answers("Ada", p1=[0, 2]), answers("Bo", p1=[2, 3]), answers("Cy", p2=[1])]
    found = score(study, people, RANKINGS)
    assert found.people.count == 2  # Ada with Bo, and Bo with Ada
    assert found.people.figures["jaccard"].value == pytest.approx(1 / 3)
    # Two votes on five tokens: N₀ = 6, N₁ = 4, and they disagree on two.
    assert found.alpha.value == pytest.approx(1 - 9 * 2 / 24)


def test_no_token_is_an_answer_but_has_no_overlap(study, answers):
    found = score(study, [answers("Ada", p1=[], p2=[1])], RANKINGS)
    assert (found.answers, found.none) == (2, 1)
    weighs, _, own = found.comparisons
    assert weighs.figures["jaccard"].value == 1.0  # that of p2 alone
    assert own.figures["jaccard"].value == 0.0  # the method chose tokens on both
    assert [each.answers for each in found.pieces] == [1, 1]
    assert math.isnan(found.pieces[0].jaccard["weighs"])


def test_reports_are_strict_json_and_text(study, answers):
    found = score(study, [answers("Ada", p1=[0, 2])], RANKINGS)
    told = report.payload(study, found)
    assert told["study"] == study.sha256
    assert told["comparisons"][0]["figures"]["jaccard"] == {"value": 1.0, "low": None, "high": None}
    assert told["people"]["count"] == 0
    assert told["alpha"]["value"] is None
    console = Console(width=200)
    with console.capture() as captured:
        console.print(report.tables(study, found))
    shown = captured.get()
    assert "pieces answered: 1 of 2" in shown
    assert "a.py:3" in shown
