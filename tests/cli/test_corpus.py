"""Corpora and comparisons from the command line, with the default model."""

import json

import pyarrow.parquet as pq

CODE = "def f(x):\n    y = x + 1\n    return y\n\n\ndef g(a, b):\n    return a is b\n"


def test_folders_are_read_into_parquet(linewise, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(CODE)
    (tmp_path / "two" / "b.py").write_bytes(b"\xe9")
    command = ("scan", "one", "two", "--out", "out", "--no-rationales", "--json")
    done = linewise(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["partitions"], found["read"]) == (2, 2)
    assert found["merged"]["files"] == 2
    ((repository, path, reason),) = found["merged"]["problems"]
    assert (repository, path) == ("two", "b.py")
    assert "not UTF-8" in reason
    rows = [
        row
        for file in (tmp_path / "out" / "units").glob("*.parquet")
        for row in pq.read_table(file).to_pylist()
    ]
    assert sorted((row["repository"], row["name"], row["lines"]) for row in rows) == [
        *(("one", "f", [1, 2, 3]), ("one", "g", [6, 7])),
        *(("two", "f", [1, 2, 3]), ("two", "g", [6, 7])),
    ]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["summary"]["lines"] == 10
    assert (tmp_path / "out" / "report.html").exists()
    again = json.loads(linewise(*command, cwd=tmp_path).stdout)
    assert again["read"] == 0
    assert again["merged"] == found["merged"]


def test_what_needs_a_folder_for_results_says_so(linewise, tmp_path):
    for more in ((tmp_path, tmp_path), (tmp_path, "--engine", "ray")):
        done = linewise("scan", *more)
        assert done.returncode == 2
        assert b"--out" in done.stderr


def test_a_comparison_takes_two_models(linewise, tmp_path):
    done = linewise("compare", tmp_path, "--model", "smollm2-135m")
    assert done.returncode == 2
    assert b"name two target models" in done.stderr
    done = linewise("compare", tmp_path, "--model", "smollm2-135m", "--model", "smollm2-135m")
    assert done.returncode == 3
    assert b"does not differ from itself" in done.stderr
    done = linewise("compare", "--scanned", tmp_path, "--scanned", tmp_path)
    assert done.returncode == 3
    assert b"holds no scan" in done.stderr
