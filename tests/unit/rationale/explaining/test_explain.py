"""From a line to its explanation, with a tiny model that is installed as every other."""

import numpy as np
import pytest

from linewise.errors import Cancelled, LinewiseError
from linewise.models.runtime import TargetModel
from linewise.rationale.attribution import EditRisks, attribute
from linewise.rationale.explain import Effort, Explainer, Question, method_for
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import LineInput, NothingToExplainError
from linewise.rationale.study.target import Target

TEXT = '''\
"""Mean of numbers."""
import math


def mean(values, weights=None):
    total = 0
    for value in values:
        total += value * math.pi
    return total / lenght
'''
LINE = 7
QUICK = Effort(draws=4)


def explained(explainer, question, method=None):
    return explainer.explain(question, method, QUICK, lambda _: None)


def spelled(text, tokens):
    """What stands in the text where the tokens are said to be."""
    starts = ExplainedText(text).syntax.lines.starts
    return [
        text[starts[each.line] + each.column :][: len(each.text)] == each.text for each in tokens
    ]


@pytest.mark.parametrize("method", ["knockout", "occlusion", "random"])
def test_nothing_is_lost_between_model_tokens_and_categories(method, explainer, ask):
    question = ask(TEXT, LINE)
    found = explainer.weigh(question, method)
    explanation = question.explanation(found)
    weights = {}
    for token in explanation.tokens:
        weights.setdefault(token.category, []).append(token.weight)
    total = sum(abs(each.weight) for each in explanation.tokens)
    assert sum(each.share for each in explanation.categories) == pytest.approx(1, abs=1e-12)
    assert {each.name for each in explanation.categories} == set(weights)
    for category in explanation.categories:
        mine = weights[category.name]
        assert category.tokens == len(mine)
        assert category.weight == pytest.approx(sum(mine))
        assert category.share == pytest.approx(sum(map(abs, mine)) / total)
    shares = [each.share for each in explanation.categories]
    assert shares == sorted(shares, reverse=True)
    assert sum(each.weight for each in explanation.tokens) == pytest.approx(
        np.nansum(found.weights), abs=1e-6
    )
    assert all(spelled(TEXT, explanation.tokens))
    places = [(each.line, each.column) for each in explanation.tokens]
    assert places == sorted(places)
    assert max(places)[0] == LINE  # what stands behind the line is not read
    assert explanation.reached_argmax is None
    assert explanation.unit == "mean"
    assert explanation.weight_unit == (
        "none" if method == "random" else "logits of the edit probability"
    )


def test_the_heaviest_groups_are_the_heaviest_measurements(explainer, ask):
    question = ask(TEXT, LINE)
    found = explainer.weigh(question)
    measured = {}
    for group, weight in zip(found.groups[0], found.weights[0], strict=True):
        if group >= 0:
            measured[int(group)] = measured.get(int(group), 0.0) + weight
    heaviest = question.explanation(found).heaviest(3)
    most = sorted(map(abs, measured.values()), reverse=True)
    assert [abs(each.weight) for each in heaviest] == pytest.approx(most[:3], abs=1e-6)
    assert all(each.text.strip() for each in heaviest)
    lines = TEXT.splitlines()
    assert all(each.text.split()[0] in lines[each.line] for each in heaviest)


def test_in_full(explainer, ask):
    told = []
    explanation = explainer.explain(ask(TEXT, LINE), None, QUICK, told.append)
    assert told == [
        "weighing tokens",
        "comparing with random rationales",
        "explaining harmless rewrites",
    ]
    assert explanation.method == "knockout"
    for figure in (explanation.trust.sufficiency, explanation.trust.comprehensiveness):
        assert np.isfinite([figure.value, figure.random]).all()
        assert 0 <= figure.beaten <= 1
    assert explanation.trust.draws == 4
    assert explanation.stability.repetitions == 5
    assert explanation.stability.snr >= 0
    assert 0 <= explanation.stability.reliability <= 1
    assert explanation.stability.reason is None


def test_sufficiency_is_that_of_the_tokens_that_weigh_most(explainer, ask):
    question = ask(TEXT, LINE)
    found = explainer.weigh(question, "occlusion")
    trust = explainer.check(question, found, Effort((0.5,), draws=3))
    context = question.targets.context(0)
    free = context[:-1]
    order = free[np.lexsort((-free, -found.weights[0, free]))]
    keep = np.zeros((2, len(question.targets.ids)), bool)
    keep[:, context[-1]] = True
    keep[0, order[: int(np.ceil(len(free) / 2))]] = True
    keep[1, order[int(np.ceil(len(free) / 2)) :]] = True
    plain = EditRisks(
        explainer.model, explainer._probe, question.targets.ids, question.targets.spans
    )
    alone, without = plain.scores(0, keep)
    assert trust.sufficiency.value == pytest.approx(alone, abs=1e-5)
    assert trust.comprehensiveness.value == pytest.approx(plain.logits[0] - without, abs=1e-4)


def test_of_next_tokens_each_is_explained(explainer, ask):
    question = ask(TEXT, 1, target=Target.NEXT_TOKEN)
    explanation = question.explanation(explainer.weigh(question))
    assert explanation.method == "greedy"
    assert explanation.weight_unit == "nats of log-probability"
    assert "".join(each.text for each in explanation.predicted) == "import math"
    assert isinstance(explanation.reached_argmax, bool)
    assert explanation.reached_argmax == all(each.reached_argmax for each in explanation.predicted)
    assert all(spelled(TEXT, [t for p in explanation.predicted for t in p.rationale]))
    last = explanation.predicted[-1]
    # The forced last token comes first.
    assert last.rationale[0].column + len(last.rationale[0].text) == last.column
    assert sum(each.share for each in explanation.categories) == pytest.approx(1, abs=1e-12)


def test_of_next_tokens_one_can_be_named(explainer, ask):
    question = ask(TEXT, 1, target=Target.NEXT_TOKEN, column=7)
    (predicted,) = question.explanation(explainer.weigh(question)).predicted
    assert predicted.column <= 7 < predicted.column + len(predicted.text)
    explanation = explained(explainer, question, "occlusion")
    assert explanation.predicted == ()
    assert "cannot be followed" in explanation.stability.reason
    with pytest.raises(NothingToExplainError, match="column 31 of line 2"):
        ask(TEXT, 1, target=Target.NEXT_TOKEN, column=30)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (9_999, "there is no line 10000: the file has 9 lines"),
        (-1, "there is no line 0"),
        (0, "line 1 holds no code"),
        (2, "line 3 holds no code"),
    ],
)
def test_lines_without_code(line, message, ask):
    with pytest.raises(NothingToExplainError, match=message):
        ask(TEXT, line)


@pytest.mark.parametrize(
    ("target", "name", "message"),
    [
        (Target.EDIT, "lime", "no attribution method 'lime'; choose one of greedy, "),
        (Target.EDIT, "greedy", "predicted tokens only: choose --target next-token"),
        (Target.EDIT, "integrated-gradients", "predicted tokens only"),
        (Target.NEXT_TOKEN, "knockout", "edit risks only: choose --target edit"),
    ],
)
def test_methods_that_do_not_fit(target, name, message):
    with pytest.raises(LinewiseError, match=message):
        method_for(target, name)


def test_without_a_probe_only_next_tokens(engine):
    explainer = Explainer(engine.model, None)
    with pytest.raises(LinewiseError, match="no probe for llama"):
        explainer.ask(ExplainedText(TEXT), LINE)
    assert explainer.ask(ExplainedText(TEXT), LINE, target=Target.NEXT_TOKEN).targets.count > 1


def test_a_model_that_cannot_read_parts_of_a_text_says_so(installed, probe_folder):
    explainer = Explainer(TargetModel(installed("bloom"), threads=1), None)
    with pytest.raises(LinewiseError, match="attention of its own"):
        explainer.ask(ExplainedText(TEXT), LINE, target=Target.NEXT_TOKEN)


def test_work_that_was_interrupted_goes_on_where_it_was(explainer, ask, monkeypatch):
    whole = ask(TEXT, LINE)
    found = explainer.weigh(whole)
    expected = explainer.check(whole, found, QUICK)
    passes = []
    read = TargetModel.hidden_states
    monkeypatch.setattr(
        TargetModel, "hidden_states", lambda *asked: passes.append(1) or read(*asked)
    )
    explainer.check(ask(TEXT, LINE), found, QUICK)
    needed = len(passes)
    passes.clear()
    allowed = [7]

    def cancelled():
        allowed[0] -= 1
        return allowed[0] < 0

    question = ask(TEXT, LINE, cancelled=cancelled)
    attempts = 0
    while True:
        allowed[0] = 7
        attempts += 1
        try:
            again = explainer.check(question, found, QUICK)
            break
        except Cancelled:
            continue
    assert attempts > 1
    assert len(passes) == needed
    assert again == expected


@pytest.mark.parametrize("target", Target)
def test_every_step_can_be_interrupted(target, explainer, ask):
    stop = []
    question = ask(TEXT, LINE, target=target, cancelled=lambda: bool(stop))
    found = explainer.weigh(question, "occlusion")
    stop.append(True)
    for step in (
        lambda: explainer.weigh(question),
        lambda: explainer.check(question, found, Effort()),
        lambda: explainer.repeat(question, found, Effort()),
    ):
        with pytest.raises(Cancelled):
            step()


def test_what_is_asked_is_known_by_what_the_model_reads(ask):
    key = ask(TEXT, LINE).key
    assert ask(TEXT, LINE).key == key
    # What stands behind the unit, or between it and its header, is not read.
    assert ask(TEXT + "\n\ndef other():\n    return 1\n", LINE).key == key
    assert ask(TEXT.replace("math\n\n\n", "math\n\n\n\n\n"), LINE + 2).key == key
    assert ask(TEXT, LINE - 1).key != key
    assert ask(TEXT.replace("numbers", "digits"), LINE).key != key
    assert ask(TEXT, LINE, target=Target.NEXT_TOKEN).key != key


def test_a_single_token_has_nothing_to_rest_on(explainer, ask):
    asked = ask("x\n", 0)
    risks = EditRisks(explainer.model, explainer._probe, asked.input.ids[:1], (0, 1))
    alone = Question(asked.text, 0, Target.EDIT, asked.input, risks, None, lambda: False)
    with pytest.raises(NothingToExplainError, match="a single token and nothing stands before it"):
        explainer.weigh(alone)
    found = attribute("random", risks)
    trust = explainer.check(alone, found, Effort())
    assert (trust.sufficiency, trust.comprehensiveness) == (None, None)
    assert trust.reason == "only one token is read, and it cannot be left out"


def test_the_shortest_line(explainer, ask):
    explanation = explained(explainer, ask("x\n", 0))
    assert [each.text for each in explanation.tokens] == ["x", "\n"]
    assert explanation.stability.snr is None
    assert explanation.stability.reason
    with pytest.raises(NothingToExplainError, match="no visible token with another one before"):
        ask("x\n", 0, target=Target.NEXT_TOKEN)


def test_a_context_longer_than_the_model(explainer, ask):
    text = "def f():\n" + "".join(f"    first_{n} = {n} + {n}\n" for n in range(40))
    for target in Target:
        with pytest.raises(LinewiseError, match="reads at most 300 tokens at once"):
            explainer.weigh(ask(text, 30, target=target))


def test_code_that_does_not_parse_has_errors(explainer, ask):
    text = "def f(x:\n    return x +* ) 1\n"
    explanation = explained(explainer, ask(text, 1))
    assert "errors" in {each.name for each in explanation.categories}
    assert sum(each.share for each in explanation.categories) == pytest.approx(1, abs=1e-12)
    assert explanation.stability.snr is None
    assert "only code that parses can be rewritten" in explanation.stability.reason


def test_a_language_without_categories_is_weighed(explainer, ask):
    explanation = explained(explainer, ask("let total: i32 = xs.iter().sum();\n", 0, "rust"))
    assert explanation.categories == ()
    assert explanation.without_categories.startswith("tokens of rust have no categories, only ")
    assert {each.category for each in explanation.tokens} == {""}
    assert any(each.weight for each in explanation.tokens)
    assert explanation.trust.sufficiency is not None
    assert explanation.stability.reason == "only Python can be rewritten"


def test_categories_are_those_of_the_language(explainer, ask):
    text = "const f = (a) => { return a ?? null; };\n"
    explanation = explained(explainer, ask(text, 0, "javascript"))
    assert "return" in {each.name for each in explanation.categories}
    assert all(each.category for each in explanation.tokens)


def test_code_without_natural_language(explainer, ask):
    explanation = explained(explainer, ask("1 + 2 * (3)\n", 0))
    names = {each.name for each in explanation.categories}
    assert not names & {"identifier", "comment", "string"}
    assert {"types", "operators", "punctuation"} <= names


def test_an_emoji_is_one_token_and_no_name(explainer, ask):
    text = "def f(x):\n    🎉 = x + '🎉🎉'\n    return 🎉\n"
    explanation = explained(explainer, ask(text, 2))
    assert [each.text.strip() for each in explanation.tokens if "🎉" in each.text] == ["🎉"] * 4
    assert all(spelled(text, explanation.tokens))
    assert sum(each.share for each in explanation.categories) == pytest.approx(1, abs=1e-12)


def test_rewrites_are_limited(explainer, ask):
    question = ask(TEXT, LINE)
    found = explainer.weigh(question)

    def reason(effort, **options):
        stability = explainer.repeat(question, found, effort, **options)
        assert stability.snr is None
        return stability.reason

    assert reason(Effort(lines=5)) == "files of more than 5 lines are not rewritten"
    assert reason(Effort(seconds=0.0)) == "explaining rewrites takes longer than 0 s"
    assert reason(Effort(), each=60.0) == "explaining rewrites takes longer than 20 s"
    assert "no rewrite of this code" in reason(Effort(rewrites=0))
    assert explainer.repeat(question, found, Effort()).snr is not None


def test_a_text_is_rewritten_once_for_all_its_lines(explainer, monkeypatch):
    text = ExplainedText(TEXT)
    questions = [explainer.ask(text, line) for line in (5, LINE)]
    found = [explainer.weigh(each) for each in questions]
    explainer.repeat(questions[0], found[0], Effort())
    monkeypatch.setattr("linewise.rationale.explain_text.rename_locals", None)
    monkeypatch.setattr("linewise.rationale.explain_text.reformat", None)
    assert explainer.repeat(questions[1], found[1], Effort()).repetitions == 5


def test_a_line_cut_by_two_windows_is_explained_where_it_is_riskier(explainer, monkeypatch):
    inputs = []
    read = LineInput.__init__

    def noting(self, *asked, **named):
        read(self, *asked, **named)
        inputs.append(self)

    monkeypatch.setattr("linewise.analysis.model_input.WINDOW_TOKENS", 120)
    monkeypatch.setattr("linewise.analysis.model_input.OVERLAP_TOKENS", 20)
    monkeypatch.setattr(LineInput, "__init__", noting)
    text = "x = [" + ", ".join(f"name_{n}" for n in range(30)) + "]\n"
    question = explainer.ask(ExplainedText(text), 0)
    assert len(inputs) > 1
    risks = [
        EditRisks(explainer.model, explainer._probe, i.ids, (i.first, i.end)).logits[0]
        for i in inputs
    ]
    assert question.targets.logits[0] == pytest.approx(max(risks))
