"""The tiny model and probe that explanations are tested with, as what is measured."""

import importlib.util
from pathlib import Path

import pytest

from benchmarks.explanations.subject import Subject
from linewise.lab.journal import Journal
from linewise.models.incremental import IncrementalModel

_path = Path(__file__).parents[1] / "rationale" / "explaining" / "conftest.py"
_spec = importlib.util.spec_from_file_location("explaining_conftest", _path)
_explaining = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_explaining)

cache_dir, tokenizer, folder_of = (
    _explaining.cache_dir,
    _explaining.tokenizer,
    _explaining.folder_of,
)
_store, installed = _explaining._store, _explaining.installed
probe_folder, engine = _explaining.probe_folder, _explaining.engine


@pytest.fixture
def subject(engine, tmp_path):
    """The tiny model and its probe, with an empty journal."""
    model = IncrementalModel(engine.model)
    return Subject(model, engine.probe, Journal(tmp_path / "journal.jsonl"))
