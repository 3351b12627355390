"""An explanation as text, JSON, SVG and HTML: nothing lost, nothing unsafe, nothing asked for."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from attrs import evolve
from explanation_payloads import EXPLANATION, REPORT, TABLE, reports
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from linewise.analysis.lines import LineTable
from linewise.output.explanation import html, svg, text
from linewise.output.explanation import json as as_json
from linewise.output.explanation.heat import heat_lines, level
from linewise.rationale.explain_line import ExplainedLine
from linewise.rationale.explanation import WeighedToken

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/explain-v1.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
SVG = "{http://www.w3.org/2000/svg}"


def explaining(explanation, **changes):
    return evolve(REPORT, explained=ExplainedLine(REPORT.explained.scored, explanation), **changes)


def parse(shown):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(shown.encode("utf-8"), parse_constant=refuse)


@given(reports())
@settings(max_examples=60)
def test_any_report_fits_the_schema_and_has_no_nan(report):
    VALIDATOR.validate(parse(as_json.render(report)))


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_key_that_is_written_is_documented():
    def undocumented(value, schema):
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "anyOf" in schema:
            yield from undocumented(value, schema["anyOf"][0])
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key not in schema["properties"]:
                    yield key
                else:
                    yield from undocumented(inner, schema["properties"][key])
        elif isinstance(value, list):
            for inner in value:
                yield from undocumented(inner, schema["items"])

    assert list(undocumented(parse(as_json.render(REPORT)), SCHEMA)) == []
    documented = (ROOT / "docs/json.md").read_text("utf-8")
    example = json.loads(re.findall(r"```json\n(\{.*?\n\})\n```", documented, re.DOTALL)[-1])
    VALIDATOR.validate(example)
    assert set(example) == set(parse(as_json.render(REPORT)))


def test_what_the_json_says():
    assert parse(as_json.render(REPORT)) == {
        "version": 1,
        "tool": {"name": "linewise", "version": "1.2.3"},
        "model": {
            "name": "tiny",
            "identity": "0" * 64,
            "scheme": "int8",
            "provider": "CPUExecutionProvider",
        },
        "probe": "1" * 64,
        "path": "src/a b.py",
        "language": "python",
        "line": 5,
        "text": "    return lenght + x",
        "unit": "f",
        "target": "edit",
        "method": "knockout",
        "weight_unit": "logits of the edit probability",
        "note": None,
        "edit": {
            "probability": 0.41,
            "base_rate": 0.08,
            "calibrated": True,
            "rank": 1,
            "code_lines": 3,
            "logit": {"logit": -0.4, "mean": -2.9, "facts": 0.9, "head": 1.6},
            "problems": [
                {"kind": "undefined", "name": "lenght", "message": "`lenght` is not defined here"}
            ],
        },
        "categories": [
            {"name": "identifier", "group": "sc_nl", "share": 0.7, "weight": 1.4, "tokens": 3},
            {
                "name": "return",
                "group": "sc_not_semantic",
                "share": 0.25,
                "weight": -0.5,
                "tokens": 1,
            },
            {"name": "oop", "group": "sc_semantic", "share": 0.05, "weight": 0.1, "tokens": 1},
        ],
        "without_categories": None,
        "tokens": [
            {
                "text": each.text,
                "line": each.line + 1,
                "column": each.column + 1,
                "weight": each.weight,
                "group": each.group,
                "category": each.category,
            }
            for each in EXPLANATION.tokens
        ],
        "predicted": [],
        "reached_argmax": None,
        "sufficiency": {"value": -0.7, "random": -2.5, "beaten": 1.0},
        "comprehensiveness": {"value": 2.4, "random": 0.7, "beaten": 0.9},
        "faithfulness": {"fractions": [0.2], "draws": 10, "reason": None},
        "snr": 14.3,
        "stability": {"rank_snr": 7.6, "reliability": 0.93, "repetitions": 5, "reason": None},
        "elapsed_seconds": 3.1,
    }


def test_what_is_not_finite_is_null():
    shown = parse(
        as_json.render(
            explaining(
                evolve(EXPLANATION, stability=evolve(EXPLANATION.stability, snr=float("inf")))
            )
        )
    )
    assert shown["snr"] is None


def test_lines_of_the_heat_map_are_the_texts():
    rows = heat_lines(TABLE, EXPLANATION)
    assert [each.line for each in rows] == [3, 4]
    assert [each.gap for each in rows] == [True, False]
    assert [each.explained for each in rows] == [False, True]
    for row in rows:
        assert "".join(piece.text for piece in row.pieces) == TABLE.content(row.line)
    # The token that reaches over the line's end weighs on both, by its characters.
    assert sum(each.weight for each in rows) == pytest.approx(1.0)
    levels = [(piece.text, piece.level) for piece in rows[1].pieces]
    assert levels == [("   ", 1), (" return", -3), (" len", 4), ("ght", 2), (" + x", 0)]


@given(reports())
@settings(max_examples=60)
def test_any_heat_map_spells_its_lines(report):
    for row in heat_lines(report.table, report.explanation):
        assert "".join(piece.text for piece in row.pieces) == report.table.content(row.line)
        assert all(-4 <= piece.level <= 4 for piece in row.pieces)


def test_levels_compare_with_the_largest_weight():
    assert [level(each, 2.0) for each in (2, 1.5, 1.2, 0.6, 0.1, 0.05, 0, -0.1, -2)] == [
        *(4, 4, 3, 2, 1, 0, 0, -1, -4)
    ]
    assert level(0.0, 0.0) == 0


def test_text_says_it_without_colors():
    lines = [line.plain for line in text.render(REPORT)]
    assert lines[:4] == [
        "src/a b.py:5  f",
        "Edit probability 41 % (base rate 8 %); 1st of 3 code lines in this file.",
        "`lenght` is not defined here.",
        "Facts about the line move its log-odds by +0.90 from the file's mean, the model's reading "
        "by +1.60.",
    ]
    assert "   70 %  ▇▇▇▇▇▇▇▇  identifier    +1.40  3 tokens" in lines
    at = next(number for number, line in enumerate(lines) if line.startswith("▶ 5"))
    code, signs = lines[at : at + 2]
    column = code.index("return") - 1
    assert signs[column:] == "-------" + "++++" + "+++"
    assert "   +1.00  line 5  len" in lines
    assert "   +0.20  line 4  def f(x):  2 tokens together" in lines
    assert "  SNR 14.3 over 5 versions of the same code." in lines


def test_code_cannot_control_a_terminal():
    content = "x = '\x1b[31m\u202e'"
    table = LineTable(content)
    token = WeighedToken(content, 0, 0, 1.0, 0, "string")
    report = explaining(evolve(EXPLANATION, line=0, tokens=(token,)), table=table)
    shown = "\n".join(line.plain for line in text.render(report))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31m\\u202e" in shown


@given(reports())
@settings(max_examples=40)
def test_any_report_is_a_well_formed_picture_that_asks_for_nothing(report):
    shown = svg.render(report)
    root = ElementTree.fromstring(shown)
    assert not [each for each in root.iter() if each.tag in (f"{SVG}image", f"{SVG}script")]
    assert not [name for each in root.iter() for name in each.attrib if "href" in name]
    height = float(root.get("height"))
    places = [float(each.get("y")) for each in root.iter(f"{SVG}text")]
    assert max(places) < height
    assert root.get("viewBox").split() == ["0", "0", root.get("width"), root.get("height")]
    for each in (*root.iter(f"{SVG}rect"), *root.iter(f"{SVG}text")):
        if (width := each.get("textLength") or each.get("width", "")).isdecimal():
            assert float(each.get("x", 0)) + float(width) <= float(root.get("width"))


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, shown):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@given(reports())
@settings(max_examples=40)
def test_any_report_is_a_page_that_asks_for_nothing(report):
    page = Page(html.render(report))
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "href", "style", "onclick", "srcset", "data"} & names
    policy = dict(page.attributes)["content"]
    assert page.tags.count("style") == 1
    policies = [value for name, value in page.attributes if name == "content"]
    assert any("default-src 'none'" in each for each in policies), policy


def test_code_is_quoted_in_pictures():
    content = "if a < b and '</style><script>alert(1)</script>&amp;':"
    token = WeighedToken(content, 0, 0, 1.0, 0, "string")
    report = explaining(
        evolve(EXPLANATION, line=0, unit="<f>", tokens=(token,)),
        table=LineTable(content),
        path="<a>.py",
    )
    page = Page(html.render(report))
    assert "script" not in page.tags
    assert content in "".join(page.text)
    root = ElementTree.fromstring(svg.render(report))
    assert content in [each.text for each in root.iter(f"{SVG}text")]


def test_long_lines_are_cut_in_the_picture_and_whole_in_the_page():
    content = "x = '" + "漢" * 200 + "'"
    token = WeighedToken(content, 0, 0, 1.0, 0, "string")
    report = explaining(evolve(EXPLANATION, line=0, tokens=(token,)), table=LineTable(content))
    assert content in "".join(Page(html.render(report)).text)
    root = ElementTree.fromstring(svg.render(report))
    (shown,) = [each for each in root.iter(f"{SVG}text") if each.get("textLength")]
    assert shown.text.endswith("…")
    assert float(shown.get("x")) + float(shown.get("textLength")) <= float(root.get("width"))


def colors(name, scheme):
    """The colors of a stylesheet in a scheme, by name of variable or class."""
    style = (files("linewise.output.explanation") / "templates" / name).read_text("utf-8")
    light, _, dark = style.partition("@media (prefers-color-scheme: dark)")
    found = {}
    for part in (light, dark) if scheme == "dark" else (light,):
        found |= dict(re.findall(r"--(\w+): (#\w{6})", part))
        found |= dict(re.findall(r"\.([rl]\d|paper|here) \{ fill: (#\w{6})", part))
        for key, pattern in (("ink", r"text \{[^}]*"), ("quiet", r"\.quiet \{ ")):
            if match := re.search(pattern + r"fill: (#\w{6})", part):
                found[key] = match[1]
    return {key: np.array([int(value[n : n + 2], 16) for n in (1, 3, 5)]) / 255
            for key, value in found.items()}  # fmt: skip


def linear(color):
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize(
    ("name", "scheme"), list(product(["page.css", "picture.css"], ["light", "dark"]))
)
def test_text_stands_out_on_every_tint(name, scheme):
    """WCAG 2.2's contrast of 4.5 for text."""
    found = colors(name, scheme)
    grounds = [f"{side}{number}" for side in "rl" for number in range(1, 5)] + ["paper"]
    for text_color, ground in [*product(["ink"], grounds), ("quiet", "paper")]:
        low, high = sorted(
            linear(found[each]) @ (0.2126, 0.7152, 0.0722) for each in (text_color, ground)
        )
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text_color, ground)


# Machado, Oliveira and Fernandes 2009, severity 1: what dichromats see of linear RGB.
BLINDNESS = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize(
    ("name", "scheme"), list(product(["page.css", "picture.css"], ["light", "dark"]))
)
def test_what_raises_and_what_lowers_differ_for_the_color_blind(name, scheme, kind):
    found = colors(name, scheme)
    matrix = np.array(BLINDNESS[kind])
    for number in (3, 4):
        seen = [matrix @ linear(found[f"{side}{number}"]) for side in "rl"]
        assert np.abs(seen[0] - seen[1]).max() > 0.08, number
