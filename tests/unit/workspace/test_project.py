"""A project's files: which one counts, what it says, what is wrong with it, what it leaves out."""

from pathlib import Path

import pytest

from linewise.settings import EXCLUDED, Settings
from linewise.workspace import project as project_module
from linewise.workspace.project import Project, Projects, is_excluded, read_project

BELOW = Settings(max_file_lines=77)


def read(folder):
    return read_project(folder, BELOW)


def test_the_nearest_file_counts_up_to_the_root_of_the_repository(repository):
    inner = repository.root / "a" / "b"
    inner.mkdir(parents=True)
    (repository.root.parent / ".linewise.toml").write_text("threshold = 0.9\n")
    assert read(inner) == Project(None, BELOW)
    shared = repository.root / "pyproject.toml"
    shared.write_text("[tool.other]\nx = 1\n")
    assert read(inner).path is None
    shared.write_text("[tool.linewise]\nthreshold = 0.3\n")
    assert read(inner) == Project(shared, Settings(threshold=0.3, max_file_lines=77))
    own = repository.root / ".linewise.toml"
    own.write_text("threshold = 0.4\nmax-file-lines = 5\n")
    assert read(inner) == Project(own, Settings(threshold=0.4, max_file_lines=5))
    (inner / ".linewise.toml").write_text("")
    assert read(inner).settings == BELOW


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (".linewise.toml", "threshold = ", "Invalid value"),
        (".linewise.toml", "threshold = 2\n", "threshold: 2 is not allowed; using None"),
        (".linewise.toml", b"\xff", "its settings are not used until that is corrected"),
        ("pyproject.toml", "[tool]\nlinewise = 3\n", "write its settings below [tool.linewise]"),
        ("pyproject.toml", "[tool.linewise]\nmodel = 'x'\n", "no project's to set"),
    ],
)
def test_what_is_wrong_is_named_and_falls_back(repository, name, content, problem):
    repository.write(name, content)
    found = read(repository.root)
    assert found.settings == BELOW
    (said,) = found.problems
    assert said.startswith(f"{repository.root / name}: ")
    assert problem in said


def test_a_broken_pyproject_is_for_others_to_complain_about(repository):
    repository.write("pyproject.toml", "[tool.linewise")
    assert read(repository.root) == Project(None, BELOW)


def test_files_are_read_again_once_they_changed(repository, monkeypatch):
    projects = Projects(BELOW)
    first = projects.of(repository.root)
    assert projects.of(repository.root) is first
    repository.write(".linewise.toml", "threshold = 0.3\n")
    projects.expire()
    second = projects.of(repository.root)
    assert second.settings.threshold == 0.3
    projects.expire()
    assert projects.of(repository.root) is second
    monkeypatch.setattr(project_module, "FRESH_SECONDS", 0.0)
    (repository.root / ".linewise.toml").unlink()
    assert projects.of(repository.root).settings == BELOW


def test_excluded_files(repository, tmp_path):
    def excluded(name, *patterns):
        return is_excluded(repository.root / name, patterns, repository.root)

    assert excluded("src/gen/a.py", "src/gen/")
    assert excluded("src/gen/a.py", "gen")
    assert excluded("a_pb2.py", "*_pb2.py")
    assert not excluded("src/gen/a.py", "/gen")
    assert not excluded("src/a.py", "src/*", "!src/a.py")
    assert not excluded("a.py", repository.root.name)
    assert excluded("lib/site-packages/x/a.py", *EXCLUDED)
    root = repository.root
    assert is_excluded(Path("/usr/lib/python3/dist-packages/x/a.py"), EXCLUDED, root)
    assert not is_excluded(tmp_path / "a.py", (*EXCLUDED, "a.py"), root)
    assert not is_excluded(root / "a.py", (), root)
