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


SPELLINGS = ["{0}", "src/../{0}", "./{0}", "{1}/src/../../{2}/{0}", "/{1}/{0}", "{3}/{0}"]


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_file_is_excluded_by_any_spelling(repository, tmp_path, monkeypatch, spelled):
    root = repository.root
    (root / "src").mkdir()
    repository.write(".linewise.toml", "exclude = ['gen/**']\n")
    for name in ("gen/g.py", "src/a.py"):
        repository.write(name, "")
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    monkeypatch.chdir(root)
    for name, excluded in (("gen/g.py", True), ("src/a.py", False)):
        path = Path(spelled.format(name, root, root.name, link))
        project = Projects(BELOW).of(path)
        assert project.settings.exclude == ("gen/**",)
        assert project.excludes(path) is excluded


def test_two_dots_go_up_from_where_a_link_leads(repository, tmp_path):
    root = repository.root
    repository.write(".linewise.toml", "exclude = ['gen/**']\n")
    repository.write("gen/g.py", "")
    (root / "src").mkdir()
    link = tmp_path / "link"
    link.symlink_to(root / "src", target_is_directory=True)
    path = link / ".." / "gen" / "g.py"
    assert Projects(BELOW).of(path).excludes(path)


def test_a_link_has_the_settings_of_the_file_behind_it(repository, tmp_path):
    root = repository.root
    repository.write(".linewise.toml", "threshold = 0.4\n")
    repository.write("pkg/.linewise.toml", "threshold = 0.5\n")
    repository.write("pkg/b.py", "")
    (tmp_path / "other.py").write_text("")
    (root / "inside.py").symlink_to(root / "pkg" / "b.py")
    (root / "outside.py").symlink_to(tmp_path / "other.py")
    (tmp_path / "far.py").symlink_to(root / "pkg" / "b.py")
    (tmp_path / "far").symlink_to(root / "pkg", target_is_directory=True)
    projects = Projects(BELOW)
    found = {
        name: projects.of(path).settings.threshold
        for name, path in {
            "inside": root / "inside.py",
            "outside": root / "outside.py",
            "far": tmp_path / "far.py",
            "far folder": tmp_path / "far",
            "in far folder": tmp_path / "far" / "b.py",
        }.items()
    }
    assert found == {
        "inside": 0.5,
        "outside": 0.4,
        "far": 0.5,
        "far folder": 0.5,
        "in far folder": 0.5,
    }


def test_names_that_no_file_has(repository):
    repository.write(".linewise.toml", "threshold = 0.4\n")
    for name in ("a" * 300 + ".py", "new.py"):
        assert Projects(BELOW).of(repository.root / name).settings.threshold == 0.4


def test_settings_nested_too_deep_to_be_read(repository):
    repository.write(".linewise.toml", "threshold = " + "[" * 100_000)
    (problem,) = read(repository.root).problems
    assert "its settings are not used until that is corrected" in problem
