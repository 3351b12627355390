"""The page as a file; `tests/cli/test_study.py` opens it."""

import base64
import hashlib
import json
import re

from linewise.rationale.study.page import render


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(study):
    page = render(study)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none';")
    for kind in ("script", "style"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[1]
        found = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{found}'" in policy
    assert not re.search(r"https?://|<link|<img|\bsrc=|@import|url\(", page)


def test_code_cannot_end_the_script_it_stands_in(study):
    page = render(study)
    data = re.search(r'<script type="application/json" id="study">(.*?)</script>', page)[1]
    shown = json.loads(data)
    assert shown["pieces"][1]["texts"][2] == "</script>"
    assert shown["pieces"][0]["markable"] == [0, 1, 2, 3, 5]
    assert shown["sha256"] == study.sha256


def test_it_does_not_tell_what_people_should_not_know(study):
    assert "third of risk" not in render(study)
