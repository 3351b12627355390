"""A tiny model as it is installed, and a real probe of its hidden states."""

import pytest

from linewise.rationale.explain import Explainer
from linewise.rationale.explain_text import ExplainedText


@pytest.fixture
def engine(tiny_engine):
    return tiny_engine


@pytest.fixture
def explainer(engine):
    return Explainer(engine.model, engine.probe)


@pytest.fixture
def ask(explainer):
    """A function: a question about a line of a text."""

    def ask(text, line, language="python", **options):
        return explainer.ask(ExplainedText(text, language), line, **options)

    return ask
