"""The tiny model and probe that explanations are tested with, as what is measured."""

import pytest

from benchmarks.explanations.subject import Subject
from linewise.lab.journal import Journal
from linewise.models.incremental import IncrementalModel


@pytest.fixture
def engine(tiny_engine):
    return tiny_engine


@pytest.fixture
def subject(engine, tmp_path):
    """The tiny model and its probe, with an empty journal."""
    model = IncrementalModel(engine.model)
    return Subject(model, engine.probe, Journal(tmp_path / "journal.jsonl"))
