"""What a line's logit is owed to."""

import numpy as np
import pytest

from linewise.analysis.line_facts import FACTS
from linewise.probe.runtime import Probe
from linewise.rationale.line_logit import logit_shares


@pytest.fixture
def lines():
    generator = np.random.default_rng(1)
    facts = generator.poisson(0.7, (12, len(FACTS))).astype(np.float32)
    return facts, generator.normal(size=(12, 2)).astype(np.float32)


def test_shares_add_up_to_the_logit(probe_folder, lines):
    probe = Probe(probe_folder)
    every = probe.line_logits(*lines)
    for row in range(12):
        found = logit_shares(probe, *lines, row)
        assert found.logit == pytest.approx(every[row], abs=1e-5)
        assert found.mean == pytest.approx(every.mean(), abs=1e-5)
        assert found.mean + found.facts + found.head == pytest.approx(found.logit, abs=1e-9)


def test_they_are_shapley_values_of_any_graph(lines):
    """Of a graph that multiplies, no part is the facts' alone: both orders count by half."""

    class Product:
        def line_logits(self, facts, heads):
            return facts.sum(axis=1) * heads[:, 0]

    facts, heads = (each.astype(np.float64) for each in lines)
    found = logit_shares(Product(), facts, heads, 3)
    f, h = facts.sum(axis=1), heads[:, 0]
    first = f[3] * h.mean() - (f * h).mean()
    second = f[3] * h[3] - f.mean() * h[3]
    assert found.facts == pytest.approx((first + second) / 2)
    assert found.mean == pytest.approx((f * h).mean())


def test_what_all_lines_share_moves_none(probe_folder, lines):
    facts, heads = lines
    found = logit_shares(Probe(probe_folder), np.repeat(facts[:1], 12, axis=0), heads, 4)
    assert found.facts == pytest.approx(0, abs=1e-5)
    alone = logit_shares(Probe(probe_folder), facts[:1], heads[:1], 0)
    assert (alone.facts, alone.head) == (0, 0)
