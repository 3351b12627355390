"""Reports from predictions, measuring methods, diagrams, damaged files, the commands."""

import gzip
import json
import logging

import numpy as np
import pytest
from attrs import evolve
from lab_programs import predictions, program, write_rows
from typer.testing import CliRunner

from linewise.cli import app
from linewise.errors import LabDataError
from linewise.lab.baselines.learned import FeatureModel, logistic
from linewise.lab.baselines.table import Featurizer
from linewise.lab.data import read_programs
from linewise.lab.evaluate.diagrams import reliability
from linewise.lab.evaluate.metrics import brier_skill
from linewise.lab.evaluate.report import aligned, read_all, report
from linewise.lab.evaluate.tables import differences, elsewhere, in_domain, unseen_generators
from linewise.lab.jsonl import rows
from linewise.lab.measure import file_name, measure, out_of_fold
from linewise.lab.predictions import Level
from linewise.lab.splits import all_splits, by_problem


def test_a_report_holds_every_method_with_intervals():
    good, bad = predictions(noise=0.2, method="good"), predictions(noise=3.0, method="bad")
    figures = report([good, bad], subject="good", resamples=100)
    table = figures["by problem"]["none"]["line"]
    assert (table["items"], table["documents"], table["problems"]) == (400, 40, 20)
    value, low, high = table["methods"]["good"]["bss"]
    assert value == pytest.approx(brier_skill(good.label, good.p), abs=1e-4)
    assert low < value < high
    for name in ("ece", "auc", "brier", "ece_mass", "smece", "ap", "recall_20_loc", "ifa", "aurc"):
        assert len(table["methods"]["bad"][name]) == 3
    assert set(table["difference"]) == {"bad"}
    assert table["difference"]["bad"]["bss"][1] > 0  # better, and surely so
    json.dumps(figures, allow_nan=False)


def test_what_is_abstained_from_is_reported_beside_what_is_covered():
    made = predictions(noise=1.0)
    far = np.abs(made.logit + 1.5) > 2
    figures = report([evolve(made, abstained=far, domain=far.astype(float))], resamples=20)
    row = figures["by problem"]["none"]["line"]["methods"]["m"]
    assert row["abstained"] == pytest.approx(far.mean(), abs=1e-4)
    assert row["covered"]["items"] == (~far).sum()
    assert [each["coverage"] for each in row["risk_coverage"]] == [0.2, 0.4, 0.6, 0.8, 0.9, 1.0]


def test_one_class_is_reported_as_unknown():
    made = predictions()
    none = evolve(made, label=np.zeros(len(made), bool))
    row = report([none], resamples=10)["by problem"]["none"]["line"]["methods"]["m"]
    assert row["bss"] == [None, None, None]
    assert row["brier"][0] is not None


def test_methods_are_compared_on_the_items_they_share():
    one, other = predictions(1), predictions(2).take(np.arange(399, -1, -2))
    first, second = aligned(one, other)
    assert len(first) == 200
    assert (first.position == second.position).all()
    with pytest.raises(LabDataError, match="made from different data"):
        aligned(one, evolve(other, label=~other.label))


def method():
    return FeatureModel("features", Featurizer(), logistic)


def test_measuring_keeps_what_is_there(tmp_path):
    programs = [program(n) for n in range(96)]
    splits = [split for split in all_splits(programs) if "generator" not in split.name]
    measure(method(), programs, splits, tmp_path)
    found = read_all(tmp_path)
    assert {each.split for each in found} == {"by problem", "without source A", "without source B"}
    assert {each.intent for each in found} == {"none", "function docstring"}
    assert {each.level for each in found} == {Level.LINE, Level.UNIT}
    whole = next(each for each in found if each.split == "by problem" and each.level == "line")
    held_out = {programs[n].sample_id for n in by_problem(programs).test}
    assert set(whole.document) == held_out

    class Never:
        name = "features"

        def predict(self, train, test):
            raise AssertionError

    measure(Never(), programs, splits, tmp_path)


def test_out_of_fold_covers_the_training_programs_once():
    programs = [program(n) for n in range(96)]
    found = {each.level: each for each in out_of_fold(method(), programs)}
    training = {programs[n].sample_id for n in by_problem(programs).train}
    assert set(found[Level.LINE].document) == training
    assert found[Level.LINE].split == "out of fold"


def test_a_folder_without_predictions_says_what_to_do(tmp_path):
    with pytest.raises(LabDataError, match="linewise lab predict"):
        read_all(tmp_path)


def test_diagrams_are_svg_and_reproducible(tmp_path):
    made = predictions()
    for name in ("a.svg", "b.svg"):
        reliability(made, tmp_path / name, resamples=20)
    text = (tmp_path / "a.svg").read_text()
    assert text.startswith("<?xml")
    assert "share that was edited" in text
    assert text == (tmp_path / "b.svg").read_text()


def test_damaged_lines_are_named_and_counted(tmp_path, caplog):
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb") as file:
        file.write(b'{"a": 1}\n{"a": \n\n[1]\n{"b": 2}\n\xff\xfe\n{"a": 3}\n{"a": null}\n')
    with caplog.at_level(logging.WARNING):
        assert [row["a"] for row in rows(path, {"a": int})] == [1, 3]
    found = [record.getMessage() for record in caplog.records]
    assert f"{path}:2: not JSON" in found[0]
    assert f"{path}:4: not a JSON object; skipped" in found[1]
    assert f"{path}:5: lacks a; skipped" in found[2]
    assert f"{path}:6: not JSON" in found[3]
    assert f"{path}:8: a: not what belongs there; skipped" in found[4]
    assert found[5] == f"{path}: 5 of 7 lines were skipped"


def test_a_file_with_nothing_usable_or_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("no\n")
    with pytest.raises(LabDataError, match=r"a\.jsonl: holds no usable line \(1 were skipped\)"):
        list(rows(path))
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    cut = tmp_path / "b.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LabDataError, match=r"b\.jsonl\.gz: damaged after line"):
        list(rows(cut))


def problem(task):
    return {"task_id": task, "kind": "func", "prompt": "Add up.", "entry_point": None}


def patch(each):
    return {
        "sample_id": each.sample_id,
        "task_id": each.task_id,
        "dataset": each.dataset,
        "model": each.generator,
        "fold": each.fold,
        "program": each.text,
        "repaired_program": each.repaired,
        "passing": each.passing,
        "edited_lines": [line + 1 for line in sorted(each.edited)],
        "inserts": [],
        "flags": [],
    }


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    programs = [program(n) for n in range(96)]
    write_rows(folder / "problems.jsonl.gz", [problem(t) for t in {p.task_id for p in programs}])
    write_rows(folder / "patches.jsonl.gz", [patch(each) for each in programs])
    return folder


def test_a_program_without_its_problem_is_skipped(data, caplog):
    write_rows(data / "problems.jsonl.gz", [problem("T/0")])
    with caplog.at_level(logging.WARNING):
        assert {each.task_id for each in read_programs(data)} == {"T/0"}
    assert "its problem T/1 is missing" in caplog.text


def test_from_data_to_figures_by_command(data, tmp_path):
    run = CliRunner()
    cache = ["--cache", str(tmp_path / "lab")]
    names = ["--only", "base rate", "--only", "logistic regression"]
    made = run.invoke(app, ["lab", "predict", "--data", str(data), *cache, *names, "--out-of-fold"])
    assert made.exit_code == 0, made.output
    figures, diagrams = tmp_path / "figures.json", tmp_path / "svg"
    subject = ["--subject", "logistic regression", "--resamples", "20"]
    made = run.invoke(
        app,
        ["lab", "evaluate", *cache, "--out", str(figures), "--diagrams", str(diagrams), *subject],
    )
    assert made.exit_code == 0, made.output
    record = json.loads(figures.read_text())
    table = record["figures"]["by problem"]["none"]["line"]
    assert set(table["methods"]) == {"base rate", "logistic regression"}
    assert table["subject"] == "logistic regression"
    assert "out of fold" not in record["figures"]
    assert any(diagrams.glob("logistic-regression.by-problem.*.svg"))
    # What a later run has no predictions of keeps its figures, and says when they were measured.
    for file in (tmp_path / "lab" / "predictions").glob("base-rate.*"):
        file.unlink()
    again = run.invoke(app, ["lab", "evaluate", *cache, "--out", str(figures), *subject])
    assert again.exit_code == 0, again.output
    kept = json.loads(figures.read_text())["figures"]["by problem"]["none"]["line"]
    measured = table["methods"]["base rate"] | {"measured": record["date"]}
    assert kept["methods"]["base rate"] == measured
    assert "measured" not in kept["methods"]["logistic regression"]
    assert "base rate" not in kept["difference"]
    assert "| base rate (" in differences({"by problem": {"none": {"line": kept}}}, "none")
    calibration = tmp_path / "calibration.json"
    out = ["--out", str(calibration)]
    made = run.invoke(
        app, ["lab", "calibrate", "logistic regression", "--data", str(data), *cache, *out]
    )
    assert made.exit_code == 0, made.output
    levels = json.loads(calibration.read_text())["levels"]
    assert set(levels) == {"line", "unit"}
    scalers = levels["line"]["trials"]["scalers"]
    assert set(scalers) == {"none", "temperature", "platt", "beta", "isotonic"}


def test_methods_are_listed_by_name(data):
    shown = CliRunner().invoke(app, ["lab", "predict", "--data", str(data), "--list"])
    assert "gradient boosting, surprisal" in shown.output.split("\n")


def test_file_names_say_what_is_inside():
    assert file_name(predictions()) == "m.by-problem.none.line.npz"


def test_a_generator_left_out_is_compared_with_the_same_items_seen():
    seen = predictions(noise=0.2, method="m")
    unseen = evolve(
        predictions(noise=3.0, method="m").take(np.arange(100)), split="without generator G"
    )
    figures = report([seen, unseen], subject="m", resamples=20)
    row = figures["without generator G"]["none"]["line"]["unseen generator"]
    assert row["items"] == 100
    assert row["seen"][0] == round(brier_skill(seen.label[:100], seen.p[:100]), 4)
    assert row["difference"][0] == pytest.approx(
        brier_skill(unseen.label, unseen.p) - row["seen"][0], abs=1e-3
    )
    assert "| G | 100 | " in unseen_generators(figures, "none")
    assert "unseen generator" not in figures["by problem"]["none"]["line"]


def test_tables_show_the_best_first_and_every_left_out_part():
    names = {"good": 0.2, "bad": 3.0}
    found = [
        evolve(predictions(noise=noise, method=name), split=split)
        for name, noise in names.items()
        for split in ("by problem", "without source A")
    ]
    figures = report(found, subject="good", resamples=20)
    lines = in_domain(figures, "none").splitlines()
    assert lines[0].startswith("400 lines of 40 programs for 20 problems; ")
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| good", "| bad"]
    wide = elsewhere(figures, "none").splitlines()
    assert wide[0] == "|  | source A |"
    assert wide[3].startswith("| bad | ")
    assert wide[3].count(" / ") == 2
    rows = differences(figures, "none").splitlines()
    assert [row.split(" | ")[:2] for row in rows[2:]] == [
        ["| by problem", "bad"],
        ["| without source A", "bad"],
    ]
