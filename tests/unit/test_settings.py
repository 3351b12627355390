"""Settings from a client: good values are taken, bad ones named, nothing ever fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.results import Severity
from linewise.settings import Settings, from_untrusted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["model", "threshold", "maxFindingsPerFile", "severity", "statusThreshold", "maxFileLines"]
)


def test_good_values():
    settings, problems = from_untrusted(
        {"threshold": 0.4, "severity": "hint", "maxFindingsPerFile": 5, "trace": {"server": "off"}}
    )
    assert settings == Settings(threshold=0.4, severity=Severity.HINT, max_findings_per_file=5)
    assert problems == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("threshold", "0.5"),
        ("threshold", 1.5),
        ("threshold", True),
        ("maxFindingsPerFile", -1),
        ("maxFindingsPerFile", 2.5),
        ("severity", "loud"),
        ("model", ""),
        ("model", 3),
        ("maxFileLines", 0),
    ],
)
def test_a_bad_value_is_named_and_falls_back(key, value):
    settings, problems = from_untrusted({key: value, "statusThreshold": 0.5})
    assert settings == Settings(status_threshold=0.5)
    assert len(problems) == 1
    assert f"linewise.{key}" in problems[0]


def test_no_section_at_all():
    assert from_untrusted(None) == (Settings(), ())
    assert from_untrusted([])[0] == Settings()


@given(st.dictionaries(KEYS, JSON) | JSON)
def test_nothing_a_client_sends_fails(values):
    settings, problems = from_untrusted(values)
    assert isinstance(settings, Settings)
    assert all(isinstance(each, str) for each in problems)
