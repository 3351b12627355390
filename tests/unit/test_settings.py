"""Settings of a client or a project: good ones are taken, bad ones named, nothing ever fails."""

from pathlib import Path

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from linewise.results import Severity
from linewise.settings import (
    Run,
    Settings,
    camel,
    from_project,
    from_untrusted,
    kebab,
    pattern_problem,
)
from linewise.workspace.project import is_excluded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = [each.name for each in fields(Settings)]


def test_good_values():
    settings, problems = from_untrusted(
        {
            "threshold": 0.4,
            "severityHigh": "warning",
            "bands": [0.3, 1],
            "maxFindingsPerFile": 5,
            "codeLens": True,
            "run": "onSave",
            "exclude": ["a/**"],
            "trace": {"server": "off"},
        }
    )
    assert settings == Settings(
        threshold=0.4,
        severity_high=Severity.WARNING,
        bands=(0.3, 1.0),
        max_findings_per_file=5,
        code_lens=True,
        run=Run.ON_SAVE,
        exclude=("a/**",),
    )
    assert problems == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", "0.5"),
        ("threshold", 1.5),
        ("threshold", True),
        ("bands", 0.5),
        ("bands", [0.5]),
        ("bands", [0.5, 0.4]),
        ("bands", [0.5, 1.1]),
        ("bands", [0.5, "1"]),
        ("maxFindingsPerFile", -1),
        ("maxFindingsPerFile", 2.5),
        ("maxFindingsPerFile", float("inf")),
        ("severityHigh", "loud"),
        ("severityMedium", 1),
        ("codeLens", 1),
        ("run", "never"),
        ("debounce", -1),
        ("exclude", "a"),
        ("changedSince", "a\0b"),
        ("changedSince", "\ud800"),
        ("baseline", "a\0b"),
        ("model", "\ud800"),
        ("changedSince", "-rf"),
        ("changedSince", ""),
        ("baseline", ""),
        ("baseline", "/etc/baseline.json"),
        ("baseline", "a/../../b.json"),
        ("baseline", "~/b.json"),
        ("baseline", "C:\\b.json"),
        ("model", ""),
        ("model", 3),
        ("maxFileLines", 0),
    ],
)
def test_a_bad_value_is_named_and_falls_back(key, value):
    settings, problems = from_untrusted({key: value, "statusThreshold": 0.5})
    assert settings == Settings(status_threshold=0.5)
    assert len(problems) == 1
    assert problems[0].startswith(f"linewise.{key}: {value!r} is not allowed; using ")


@pytest.mark.parametrize(
    "bad",
    [
        1,
        None,
        ["a"],
        "[z-a].py",
        "!",
        "! ",
        "\\",
        "a/\\",
        "!\\",
        "[a-\\]",
        r"[\d-a]",
        "[",
        "[!]",
        "/",
    ],
)
def test_a_pattern_that_is_none_is_named_and_the_others_hold(bad):
    settings, (problem,) = from_untrusted({"exclude": ["gen/", bad, "*_pb2.py"]})
    assert settings.exclude == ("gen/", "*_pb2.py")
    assert problem.startswith(f"linewise.exclude: {bad!r} is not allowed (")
    assert problem.endswith("); using ['gen/', '*_pb2.py']")
    below = Settings(exclude=("mine/",))
    settings, (problem,) = from_project({"exclude": [bad]}, "x.toml", below)
    assert settings == below
    assert problem.startswith(f"x.toml: exclude: {bad!r} is not allowed (")
    assert problem.endswith("); using ['mine/']")


@given(st.lists(st.text() | st.text("\\[]!*-a/# "), max_size=5))
def test_no_pattern_that_is_let_through_fails_later(patterns):
    settings, problems = from_untrusted({"exclude": patterns})
    assert len(problems) == sum(pattern_problem(each) is not None for each in patterns)
    is_excluded(Path("/p/src/a.py"), settings.exclude, Path("/p"))


@pytest.mark.parametrize("pattern", ["", "  ", "# all", "gen/ ", "a\\ ", "!a", "**", "[ab].py"])
def test_odd_patterns_that_git_takes_are_taken(pattern):
    assert pattern_problem(pattern) is None


def test_what_is_not_said_is_as_below():
    below = Settings(threshold=0.7, max_file_lines=50)
    settings, problems = from_untrusted({"threshold": None, "maxFileLines": "x"}, below)
    assert settings == below
    assert problems == ("linewise.maxFileLines: 'x' is not allowed; using 50",)
    assert from_untrusted({"threshold": 0.1}, below)[0] == Settings(
        threshold=0.1, max_file_lines=50
    )


def test_no_section_at_all():
    assert from_untrusted(None) == (Settings(), ())
    assert from_untrusted([])[0] == Settings()


def test_a_project_says_what_it_may():
    settings, problems = from_project(
        {
            "max-file-lines": 5,
            "severity-high": "loud",
            "treshold": 0.2,
            "model": "theirs",
            "unload-after": 0,
            "nothing-like-it": 1,
        },
        "pyproject.toml",
    )
    assert settings == Settings(max_file_lines=5)
    assert problems == (
        "pyproject.toml: there is no setting 'treshold'; did you mean 'threshold'?",
        "pyproject.toml: 'model' decides what runs and is no project's to set; "
        "set it in your editor",
        "pyproject.toml: 'unload-after' decides what runs and is no project's to set; "
        "set it in your editor",
        "pyproject.toml: there is no setting 'nothing-like-it'",
        "pyproject.toml: severity-high: 'loud' is not allowed; using 'information'",
    )


@given(st.dictionaries(st.sampled_from([*map(camel, NAMES), "else"]), JSON) | JSON)
def test_nothing_a_client_sends_fails(values):
    settings, problems = from_untrusted(values)
    assert isinstance(settings, Settings)
    assert all(isinstance(each, str) for each in problems)


@given(st.dictionaries(st.sampled_from([*map(kebab, NAMES), "else"]), JSON))
def test_nothing_a_project_says_fails(values):
    settings, problems = from_project(values, "pyproject.toml")
    assert isinstance(settings, Settings)
    assert all(isinstance(each, str) for each in problems)


def test_names_that_are_defined_everywhere():
    settings, problems = from_project({"builtins": ["List", "spark"]}, "x.toml")
    assert (settings.names, problems) == (frozenset({"List", "spark"}), ())
    for bad in (["a b"], ["*"], [""], "List", [1]):
        settings, problems = from_untrusted({"builtins": bad})
        assert settings.names == frozenset()
        assert len(problems) == 1
