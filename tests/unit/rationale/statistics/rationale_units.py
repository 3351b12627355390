"""Random units with rationales, and their hypothesis strategy."""

import numpy as np
from hypothesis import strategies as st

from linewise.rationale.statistics.counts import Rationales, Schema
from linewise.rationale.statistics.tally import Tally

CATEGORIES = ("identifier", "loops", "operators")
SCHEMA = Schema(CATEGORIES, vocabulary=12, weight="test, nats")


def rationales(seed, targets=4, context=6, shares=(0.5, 0.2, 0.3), shift=0.0):
    """Draw a unit; every token has one category, some rationale tokens of a target are selected."""
    generator = np.random.default_rng(seed)
    eye = np.eye(len(CATEGORIES), dtype=bool)
    return Rationales(
        weights=generator.normal(size=(targets, context)) + shift,
        selected=generator.random((targets, context)) < 0.6,
        target_members=eye[generator.choice(3, targets, p=shares)],
        context_members=eye[generator.choice(3, context, p=shares)],
        token_ids=generator.integers(0, SCHEMA.vocabulary, context),
    )


def tally(seed, name=None, **shape):
    return Tally.of(SCHEMA, name or f"unit {seed}", rationales(seed, **shape))


TALLIES = st.builds(
    tally,
    st.integers(0, 10_000),
    targets=st.integers(0, 5),
    context=st.integers(1, 6),
)
