"""From weights of model tokens to the order of shown ones."""

import numpy as np
import pytest
from attrs import evolve

from linewise.rationale.attribution import Attribution, Rationale
from linewise.rationale.study import rankings
from linewise.rationale.study.rankings import NEAREST, rank
from linewise.rationale.study.target import Target


@pytest.fixture
def weighed(monkeypatch):
    """A function: make every method answer these weights and rationales."""

    def weighed(weights, *found):
        values = np.array([weights], float)
        answer = Attribution("any", "none", values, np.zeros_like(values, int), found)
        monkeypatch.setattr(rankings, "attribute", lambda *_, **__: answer)

    return weighed


def test_weights_rank_markable_tokens_from_the_heaviest_on(study, weighed):
    # The white space at 4 weighs most, and the target at 6 nothing that counts.
    weighed([0.1, -2.0, 0.3, 0.3, 9.0, np.nan, 5.0])
    found = rank("any", None, study.pieces[0], Target.NEXT_TOKEN)
    assert found.order == (3, 2, 0, 1)
    assert found.top(2) == {3, 2}
    assert found.selection is None


def test_a_character_weighs_what_its_tokens_weigh_together(study, weighed):
    weighed([0.5, 0.2, 0.2, 0.2, 0.1, 0.0, 0.0])
    found = rank("any", None, study.pieces[1], Target.NEXT_TOKEN)
    assert found.order[:2] == (1, 0)


def test_a_rationale_is_taken_as_it_grew(study, weighed):
    places = (4, 2, 3, 1)  # model tokens: white space aside, 2 and 3 are of one character in p2
    rationale = Rationale(places, (0.1,) * 4, (1.0,) * 4, reached_argmax=True)
    weighed([0.0] * 7, rationale)
    first = rank("any", None, study.pieces[0], Target.NEXT_TOKEN)
    assert (first.order, first.own) == ((2, 3, 1), 3)
    second = rank("any", None, study.pieces[1], Target.NEXT_TOKEN)
    assert second.order == (2, 1)
    assert second.selection == {2, 1}


def test_the_control_takes_what_stands_last(study):
    found = rank(NEAREST, None, study.pieces[0], Target.NEXT_TOKEN)
    assert found.order == (5, 3, 2, 1, 0)
    edit = evolve(study, target=Target.EDIT).pieces[0]
    assert rank(NEAREST, None, edit, Target.EDIT).order[0] == 6
