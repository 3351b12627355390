"""What is known of a line beside its explanation, and how it is said."""

from pathlib import Path

import pytest

from linewise.analysis.problems import flow, names
from linewise.analysis.problems.find import problems
from linewise.analysis.problems.problem import Problem
from linewise.errors import LinewiseError
from linewise.rationale.explain_line import explainer_of, scored_line
from linewise.rationale.explain_text import ExplainedText, language_of
from linewise.rationale.explain_wording import (
    comprehensiveness_sentence,
    logit_sentence,
    problems_sentence,
    snippet,
    stability_sentence,
    standing,
    sufficiency_sentence,
)
from linewise.rationale.explanation import Against, LogitShares, Stability, Trust, sentence
from linewise.wording import ordinal

TEXT = "import sys\n\n\ndef f(x):\n    y = 1\n    return lenght + x\n"


def test_a_scored_line(engine):
    scored = engine.score(TEXT)
    text = ExplainedText(TEXT)
    for score in scored.lines:
        found = scored_line(engine, scored, text, score.line)
        assert found.score == score
        assert found.lines == len(scored.lines) == 4
        assert found.base_rate == scored.base_rate
        platt = scored.calibration.line
        assert platt([found.logit.logit])[0] == pytest.approx(score.probability, abs=1e-5)
    kinds = {
        line: [each.kind for each in scored_line(engine, scored, text, line).problems]
        for line in (0, 3, 4, 5)
    }
    assert kinds == {0: ["unused import"], 3: [], 4: ["unused"], 5: ["undefined"]}
    assert scored_line(engine, scored, text, 1) is None
    other = scored_line(engine, scored, ExplainedText(TEXT, "java"), 5)
    assert other.problems == ()
    assert standing(found) == (
        f"Edit probability {100 * found.score.probability:.0f} % (base rate 10 %); "
        f"{ordinal(found.score.rank)} of 4 code lines in this file"
    )


def test_only_installed_models_explain():
    with pytest.raises(LinewiseError, match="only be explained with an installed model"):
        explainer_of(type("Engine", (), {"model": object(), "probe": None})())


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("a.pyi", "python"),
        ("a", "python"),
        ("A.JAVA", "java"),
        ("a.tsx", "tsx"),
        ("a.rs", "rs"),
    ],
)
def test_languages_by_suffix(path, language):
    assert language_of(Path(path)) == language


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = y\n", "`y` is not defined here."),
        ("def f():\n    x = 1\n", "`x` is assigned but never used."),
        ("import os\n", "`os` is imported but never used."),
        (
            "def f(): pass\ndef f(): pass\n",
            "`f` replaces a definition that was never used.",
        ),
        (
            "from os import *\n\ngetcwd()\n",
            "names from `os` cannot be checked: it is imported with *.",
        ),
        (
            "a + b + c + d\n",
            "`a` is not defined here; `b` is not defined here, and 2 more.",
        ),
        ("x + x\n", "`x` is not defined here."),
        ("x = 1\n", None),
    ],
)
def test_what_is_wrong_with_names(text, said):
    assert problems_sentence(problems(text)) == said


def test_every_kind_of_problem_has_a_sentence():
    assert all(sentence(Problem(0, kind, "x")) for kind in (*names.KINDS, *flow.KINDS))


def test_sentences():
    unit = "logits of the edit probability"
    figure = Against(-0.7351, -2.708, 0.9)
    trust = Trust((0.2,), 10, figure, figure)
    assert sufficiency_sentence(trust, unit) == (
        "The heaviest 20 % of tokens alone give -0.74 log-odds, random ones -2.71: better than "
        "90 % of them."
    )
    several = Trust((0.1, 0.4), 10, figure, figure)
    assert "heaviest 10 to 40 % it loses -0.74 nats" in comprehensiveness_sentence(
        several, "nats of log-probability"
    )
    nothing = Trust((0.2,), 10, None, None, "why")
    assert sufficiency_sentence(nothing, unit) == "Sufficiency cannot be tested: why."
    assert comprehensiveness_sentence(nothing, unit) == "Comprehensiveness cannot be tested: why."
    assert stability_sentence(Stability(0.4912, 1.0, 0.3, 5)) == (
        "SNR 0.49 over 5 versions of the same code."
    )
    assert stability_sentence(Stability(14.3, None, 0.9, 5)).startswith("SNR 14.3 ")
    assert stability_sentence(Stability(None, None, None, 1, "why")) == "SNR unknown: why."
    assert logit_sentence(LogitShares(-1.0, -3.0, 1.5, 0.5)) == (
        "Facts about the line move its log-odds by +1.50 from the file's mean, the model's reading "
        "by +0.50."
    )


@pytest.mark.parametrize(
    ("code", "length", "shown"),
    [
        ("\n    x  =\t1", 48, "x = 1"),
        ("abcdef", 4, "abc…"),
        ("\x1b[0m", 48, "\\x1b[0m"),
        ("\u202ex", 48, "\\u202ex"),
        ("\n", 48, ""),
    ],
)
def test_snippets_are_one_safe_line(code, length, shown):
    assert snippet(code, length) == shown
