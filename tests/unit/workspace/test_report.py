"""The report: what it is built from, and what it says where there is little or nothing to say."""

import csv
import json

import numpy as np
import pyarrow.parquet
import pytest
from attrs import evolve
from git_repository import BEGIN
from jsonschema import Draft202012Validator
from report_samples import ODD, SHAPE, calibrated, full_report, reported, shipped_manifest
from scan_runs import PROJECT, instruments, scan, write
from scan_samples import METHOD, READER, fill

from linewise.errors import LinewiseError
from linewise.report import pdf
from linewise.report.build import Subject
from linewise.report.calibration import LEAST_FEEDBACK, reliability_of, state_of
from linewise.report.tables import report_tables
from linewise.report.text import render_json, render_markdown
from linewise.report.wording import headline, limits
from linewise.workspace.calibration import Workspace
from linewise.workspace.feedback import Observation, Seen
from linewise.workspace.scan.database import DatabaseError
from linewise.workspace.scan.export import write_table
from linewise.workspace.scan.formats import TableFormat
from linewise.workspace.scan.store import NothingScannedError, Store


@pytest.fixture
def manifest():
    return shipped_manifest()


@pytest.fixture
def root(tmp_path, state):
    root = tmp_path / "project"
    root.mkdir()
    return root


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_STATE_DIR", str(folder / "state"))
        (folder / "project").mkdir()
        yield full_report(folder / "project", shipped_manifest())


@pytest.fixture(scope="module")
def schema(request):
    path = request.config.rootpath / "docs/schema/report-v1.schema.json"
    return json.loads(path.read_text("utf-8"))


def parsed(report):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(render_json(report).encode("utf-8"), parse_constant=refuse)


def test_the_schema_is_itself_valid(schema):
    Draft202012Validator.check_schema(schema)


def test_json_fits_the_schema_and_every_key_is_documented(full, schema):
    output = parsed(full)
    Draft202012Validator(schema).validate(output)

    def undocumented(value, part):
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        if isinstance(value, dict) and "properties" in part:
            for key, inner in value.items():
                if key not in part["properties"]:
                    yield key
                else:
                    yield from undocumented(inner, part["properties"][key])
        elif isinstance(value, list):
            for inner in value:
                yield from undocumented(inner, part["items"])

    assert list(undocumented(output, schema)) == []
    assert output["tables"].keys() == schema["properties"]["tables"]["properties"].keys()


def test_json_with_next_to_nothing_fits_the_schema_too(root, manifest, schema):
    fill(root, {"a.py": 1}, explained=False)
    output = parsed(reported(root, manifest))
    Draft202012Validator(schema).validate(output)
    assert (output["method"], output["commit"], output["reference"]) == (None, None, None)


def test_every_table_is_described_on_its_page(full, request):
    page = (request.config.rootpath / "docs/report.md").read_text("utf-8")
    assert [name for name in report_tables(full) if f"`{name}`" not in page] == []


def test_tables_are_the_same_as_csv_and_parquet(full, tmp_path):
    for table in report_tables(full).values():
        with write_table(table, tmp_path, TableFormat.CSV).open(
            encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:
            plain = list(csv.reader(file))
        columns = pyarrow.parquet.read_table(write_table(table, tmp_path, TableFormat.PARQUET))
        assert columns.column_names == plain[0]
        rows = [
            [str(value).replace("\ufffd", "\udce9") for value in row]
            for row in zip(*columns.to_pydict().values(), strict=True)
        ]
        assert rows == plain[1:], table.name


def test_what_the_headline_says_are_the_figures(full):
    first, second, third, *rest = headline(full)
    everything = full.lines.everything
    assert f"{everything.lines:,} code lines in {full.lines.files} files" in first
    assert f"about {everything.mean.value * everything.lines:,.0f} are expected" in first
    assert f"{round(everything.flagged.value * everything.lines)} lines" in second
    assert third.startswith("The first 5 files")
    # In half of the files, rationales hold more conditionals than chance has it.
    assert any("relies on conditionals most beyond chance" in each for each in rest)


def test_what_the_numbers_do_not_say_depends_on_them(full, root, manifest):
    said = "\n".join(limits(full))
    assert f"{full.lines.strange} lines" in said
    assert "reliability is not shown" not in said
    fill(root, {"a.py": 2}, explained=False)
    plain = "\n".join(limits(reported(root, manifest)))
    assert "reliability is not shown" in plain
    assert "calibrate --from-git" in plain
    assert "Rationales" not in plain


def test_a_scan_that_is_out_of_date_is_said(root, engine, later, manifest):
    write(root, PROJECT)
    scan(root, instruments(engine), reader=READER)
    assert reported(root, manifest).stale == 0
    (root / "a.py").write_text("changed = 1\n")
    (root / "pkg/b.py").unlink()
    found = reported(root, manifest)
    assert found.stale == 2
    assert any(each.startswith("2 files changed or went") for each in limits(found))


def test_lines_say_what_they_said_when_they_were_scanned(root, engine, later, manifest):
    write(root, PROJECT)
    scan(root, instruments(engine), reader=READER)
    found = reported(root, manifest)
    assert found.texts["pkg/b.py", 5] == "return self.z"
    assert len(found.texts) == len(found.lines.risky_lines)
    (root / "pkg/b.py").write_text("# " + PROJECT["pkg/b.py"])
    assert not any(path == "pkg/b.py" for path, _ in reported(root, manifest).texts)


def test_a_folder_alone(root, manifest):
    fill(root, SHAPE)
    found = reported(root, manifest, within=b"web/")
    assert (found.folder, found.lines.files) == ("web", 14)
    assert found.rationales.units == sum(n for path, n in SHAPE.items() if path[:4] == "web/")


def test_nothing_scanned_is_said(root, manifest):
    with pytest.raises(NothingScannedError, match="linewise scan"):
        reported(root, manifest)
    with Store.open(root, print):
        pass
    with pytest.raises(NothingScannedError, match="linewise scan"):
        reported(root, manifest)
    fill(root, {"a.py": 0})
    with pytest.raises(NothingScannedError, match="no code"):
        reported(root, manifest)


def test_another_folder_than_was_scanned_is_named(root, manifest):
    fill(root, SHAPE)
    with pytest.raises(NothingScannedError, match="elsewhere"):
        reported(root, manifest, within=b"elsewhere/")


def test_rationales_that_are_not_there_are_named_with_those_that_are(root, manifest):
    fill(root, {"a.py": 3})
    with pytest.raises(DatabaseError, match=f"stored are: {METHOD.name} .edit."):
        reported(root, manifest, target="next-token")
    assert reported(root, manifest, target="edit", method=METHOD.name).rationales is not None


def test_a_reference_found_otherwise_is_refused(root, manifest, tmp_path):
    fill(root, SHAPE)
    other = tmp_path / "other"
    with Store.open(other, print) as store:
        subject = Subject(store, other, b"", READER, manifest, None)
        with pytest.raises(DatabaseError, match="nothing to compare"):
            reported(root, manifest, reference=subject)
    fill(other, SHAPE)
    with Store.open(other, print) as store:
        subject = Subject(store, other, b"", READER, manifest, None)
        same = reported(root, manifest, reference=subject).reference
        with store.database.writing() as rows:
            rows.execute("UPDATE methods SET options = '{\"mass\": 0.9}'")
        with pytest.raises(DatabaseError, match="same options"):
            reported(root, manifest, reference=subject)
    assert same.divergence.distance.value == pytest.approx(0.0, abs=0.02)


def test_the_calibration_in_force_and_what_was_measured_of_it(repository, state, manifest):
    shipped = state_of(evolve(manifest, metrics=HELD_OUT), None)
    assert (shipped.source, shipped.threshold) == ("shipped", manifest.threshold)
    assert [(each.lines, each.auc.value) for each in shipped.measured] == [(500, 0.74)]
    assert state_of(evolve(manifest, metrics={}), None).measured == ()
    workspace = Workspace(repository.root, "tiny", manifest)
    assert reliability_of(workspace) is None
    workspace.keep(calibrated(manifest))
    found = state_of(manifest, workspace)
    assert (found.source, found.base_rate, found.problem) == ("workspace", 0.05, None)
    assert [each.lines for each in found.measured][1:] == [400, 400]
    assert [each.observed for each in reliability_of(workspace).bins] == [0.01, 0.12, 0.35]
    workspace.keep(calibrated(manifest, probe="f" * 64))
    damaged = state_of(manifest, workspace)
    assert damaged.source == "shipped"
    assert "ffffffffffff" in damaged.problem


HELD_OUT = {
    "held_out": {
        "intent: none": {
            "line": {
                "n": 500,
                "base_rate": 0.1,
                "bss": [0.1, 0.0, 0.2],
                "ece": [0.02, 0.01, 0.03],
                "auc": [0.74, 0.7, 0.78],
            }
        }
    }
}


def test_ones_own_edits_show_reliability_once_there_are_enough(repository, state, manifest):
    workspace = Workspace(repository.root, "tiny", manifest)
    seen = Seen(-2.0, False, 0.0)
    workspace.observe([Observation(seen, edited=False)] * (LEAST_FEEDBACK - 1))
    assert reliability_of(workspace) is None
    workspace.observe([Observation(seen, edited=n % 10 == 0) for n in range(800)])
    (only,) = reliability_of(workspace).bins
    assert only.observed == pytest.approx(80 / (800 + LEAST_FEEDBACK - 1), abs=0.01)
    assert 0 < only.predicted < 0.5


def test_ages_ask_git(repository, state, engine, manifest, later):
    repository.commit(1, {"a.py": "one = 1\n\n\ndef f(x):\n    return x\n"})
    scan(repository.root, instruments(engine), reader=READER)
    found = reported(repository.root, manifest, ages=True)
    assert [each.name for each in found.lines.by["age"]] == ["older"]
    assert found.commit.time == BEGIN + 86_400


def test_files_are_counted_by_their_mean(root, manifest):
    logits = fill(root, SHAPE)
    found = reported(root, manifest)
    calibration = manifest.calibration
    means = [float(np.mean(calibration.line(values))) for values in logits.values()]
    assert found.lines.file_means.tolist() == np.histogram(means, 50, (0, 1))[0].tolist()


def test_markdown_says_it_all_and_takes_no_name_for_markup(full):
    page = render_markdown(full)
    for part in ("Where to look first", "How the probabilities lie", "What they rest on", "Trend"):
        assert f"## {part}" in page
    first = full.lines.risky_files[0]
    assert first.path.encode("utf-8", "replace").decode() in page
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows
    assert all(each in page for each in headline(full))
    odd = [line for line in rows if "<b>" in line]
    quoted = ODD.replace("\udce9", "\ufffd").replace("|", "\\|")
    assert all(f"`` {quoted}" in line or f"``{quoted}" in line for line in odd)
    page.encode("utf-8")


def test_pdf_is_one(full):
    assert pdf.render(full).startswith(b"%PDF-")


def test_pdf_without_its_library_says_what_to_install(full, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(LinewiseError, match=r"linewise\[pdf\]"):
        pdf.render(full)


def test_the_same_store_gives_the_same_report(root, manifest):
    fill(root, SHAPE)
    first, second = (render_json(evolve(reported(root, manifest), made="now")) for _ in range(2))
    assert first == second
