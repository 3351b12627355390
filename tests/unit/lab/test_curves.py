"""Learning curves: every point is there, and more problems never include fewer."""

import numpy as np
import pytest
from lab_programs import document
from test_line_model import Model

from linewise.errors import LabDataError
from linewise.lab.activations.store import ActivationStore
from linewise.lab.training.curve_parts import Part
from linewise.lab.training.curves import _share, curves
from linewise.lab.training.fit import LOSSES
from linewise.lab.training.heads import HEADS
from linewise.lab.training.line_models import MODELS, SHIPPED, _of_units
from linewise.lab.training.logits import Lines


def test_every_axis_has_its_points(tmp_path):
    documents = [document(n) for n in range(48)]
    bugs = [document(n) for n in range(100, 116)]
    figures = curves(documents, ActivationStore(Model(), tmp_path), (1,), 1, injected=bugs)
    assert set(figures["layers"]["1"]) == {f"{head}, {loss}" for head in HEADS for loss in LOSSES}
    assert any("injected bugs" in name for name in figures["problems"]["1"])
    for rows in (figures["layers"]["1"], figures["problems"]["1"]):
        for row in rows.values():
            assert all(least <= mean <= most for mean, least, most in row.values())


def test_other_line_models_are_measured_against_the_shipped_one(tmp_path):
    documents = [document(n) for n in range(160)]
    figures = curves(documents, ActivationStore(Model(), tmp_path), (1,), 1, parts=[Part.LINES])
    assert "layers" not in figures
    rows = figures["line models"]
    assert set(rows) == set(MODELS)
    assert set(rows[SHIPPED]["gain"]["bss"]) == {0.0}
    for row in rows.values():
        assert row["gain"]["auc"][0] == pytest.approx(
            row["auc"][0] - rows[SHIPPED]["auc"][0], abs=2e-4
        )


def test_units_are_told_by_mean_and_most_of_their_lines():
    some = np.zeros(3, np.int64)
    passes = np.array([7, 2, 7])
    lines = Lines(some, some, some > 0, np.zeros((3, 2), np.float32), np.zeros((3, 1)), passes)
    found = _of_units(lines, np.array([[1.0], [5.0], [3.0]]))
    assert found.tolist() == [[2.0, 3.0], [5.0, 5.0], [2.0, 3.0]]


def test_a_smaller_share_of_problems_is_among_a_larger_one():
    documents = [document(n) for n in range(80)]
    chosen = np.arange(80)
    shares = [set(_share(documents, chosen, share).tolist()) for share in (0.25, 0.5, 1.0)]
    assert shares[0] < shares[1] < shares[2] == set(range(80))


def test_without_validation_problems_there_is_no_curve(tmp_path):
    documents = [document(n, fold=0) for n in range(8)]
    with pytest.raises(LabDataError, match="fold 5"):
        curves(documents, ActivationStore(Model(), tmp_path), (1,), 1)
