"""Baselines: features, scores and methods on programs whose answer is known."""

import http.server
import json
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab_programs import RIGHT, document, program, write_rows

from linewise.analysis.code_lines import code_lines
from linewise.analysis.line_features import FEATURES, line_features
from linewise.analysis.syntax import parse
from linewise.errors import LabDataError
from linewise.lab.baselines.constant import BaseRate, Random
from linewise.lab.baselines.generator import Endpoint, continuation, prompt_of
from linewise.lab.baselines.learned import FeatureModel, boosting, logistic
from linewise.lab.baselines.reflective import Reflective, read_answer, request_for
from linewise.lab.baselines.scored import Scored
from linewise.lab.baselines.self_consistency import Live, Recorded, SelfConsistency
from linewise.lab.baselines.surprisal import SurprisalCache
from linewise.lab.baselines.table import EXPECTATION, Featurizer
from linewise.lab.baselines.token_probability import ModelDoubt, geometric_mean, least
from linewise.lab.evaluate.ranking import auc
from linewise.lab.predictions import Level, attach
from linewise.lab.registry import Needs, methods, names

TRAIN = [document(n) for n in range(40)]
TEST = [document(n) for n in range(40, 60)]


class Doubtful:
    """A target model that expects every character but the minus sign."""

    identity = "doubtful-1"

    def __init__(self):
        self.passes = 0

    def encode(self, text):
        class Encoding:
            ids = np.array([ord(each) for each in text], np.int64)
            starts = np.arange(len(text))
            ends = np.arange(len(text)) + 1

        return Encoding

    def surprisal(self, ids):
        self.passes += 1
        logp = np.where(ids == ord("-"), -6.0, -0.1).astype(np.float32)
        logp[0] = np.nan
        return logp, np.where(np.isnan(logp), np.nan, 0.5).astype(np.float32)


def labelled(scores, documents=TEST):
    made = attach(scores, documents, method="m", split="s", intent="none", level=Level.LINE)
    return made.label, made.p


def column(text, line, name):
    syntax = parse(text)
    wanted = code_lines(syntax)
    return line_features(syntax, wanted)[wanted.index(line), FEATURES.index(name)]


def test_features_say_what_a_line_is():
    text = "import os\nfor i in range(3):\n    if i <= 1 and not os:\n        x = [i, -1][0]\n"
    assert column(text, 0, "is import") == 1
    assert column(text, 1, "is for") == 1
    assert column(text, 1, "calls") == 1
    assert column(text, 1, "builtins") == 1
    assert column(text, 2, "lax") == 1
    assert column(text, 2, "logic") == 2
    assert column(text, 2, "loop depth") == 1
    assert column(text, 3, "branch depth") == 1
    assert column(text, 3, "is assignment") == 1
    assert column(text, 3, "subscripts") == 1
    assert column(text, 3, "indent") == 8
    assert column(text, 3, "lines after in unit") == 0
    assert column(text, 0, "indent change after") == 0
    assert column(text, 3, "indent change before") == 4


@given(st.text(alphabet=" \n\tabif()[]:=-+.\r\"'#é", max_size=80))
def test_any_text_has_finite_features(text):
    syntax = parse(text)
    wanted = code_lines(syntax)
    features = line_features(syntax, wanted)
    assert features.shape == (len(wanted), len(FEATURES))
    assert np.isfinite(features).all()


def test_features_do_not_depend_on_a_docstring():
    bare = Featurizer().rows([TRAIN[0]], Level.LINE).features
    stated = RIGHT.replace("total", "total0").replace("+=", "-=")
    stated = stated.replace(":\n    result", ':\n    """Add up."""\n    result')
    syntax = parse(stated)
    assert np.array_equal(line_features(syntax, code_lines(syntax)), bare)


def test_units_summarize_their_lines():
    featurizer = Featurizer()
    lines, units = (featurizer.rows(TRAIN[:2], level) for level in (Level.LINE, Level.UNIT))
    assert units.label.tolist() == [True, False]
    assert units.features[0, : len(FEATURES)] == pytest.approx(
        lines.features[lines.document == 0].mean(axis=0)
    )


@pytest.mark.parametrize("make", [logistic, boosting])
def test_models_learn_from_what_lines_look_like(make):
    """The edited lines are the only augmented assignments of wrong programs."""
    method = FeatureModel("m", Featurizer(), make)
    found = method.predict(TRAIN * 4, TEST)
    labels, p = labelled(found[Level.LINE])
    assert auc(labels, p) > 0.85
    assert set(found) == {Level.LINE, Level.UNIT}
    assert found[Level.LINE].logit is not None


def test_training_on_one_class_is_refused_by_name():
    with pytest.raises(LabDataError, match=r"m: the 10 training lines are all of one class"):
        FeatureModel("m", Featurizer(), logistic).predict([TRAIN[1], TRAIN[3]], TEST)


def test_the_base_rate_is_that_of_the_training_documents():
    found = BaseRate(Featurizer()).predict(TRAIN, TEST)
    assert set(found[Level.LINE].p) == {0.1}
    assert set(found[Level.UNIT].p) == {0.5}
    random = Random(Featurizer()).predict(TRAIN, TEST)[Level.LINE]
    assert len(set(random.p.tolist())) == len(random.p) == 100


def test_surprisal_is_computed_once_and_kept(tmp_path):
    model = Doubtful()
    first = SurprisalCache(model, tmp_path).get(RIGHT)
    again = SurprisalCache(model, tmp_path).get(RIGHT)
    assert model.passes == 1
    assert np.array_equal(first.logp, again.logp, equal_nan=True)
    assert np.isnan(first.logp[0])
    assert len(first.logp) == len(RIGHT)


def test_doubt_falls_on_the_improbable_line(tmp_path):
    cache = SurprisalCache(Doubtful(), tmp_path)
    for reduce in (geometric_mean, least):
        scores = ModelDoubt(cache, reduce).lines(TRAIN[0])
        assert max(scores, key=scores.__getitem__) == 3
        assert all(0 <= score <= 1 for score in scores.values())
    found = Scored("m", ModelDoubt(cache, least)).predict(TRAIN, TEST)
    labels, p = labelled(found[Level.LINE])
    assert auc(labels, p) == 1
    assert p[labels].mean() > 0.9  # scaling found that the score never errs


def test_expectation_joins_the_features(tmp_path):
    featurizer = Featurizer(SurprisalCache(Doubtful(), tmp_path))
    rows = featurizer.rows(TRAIN[:1], Level.LINE)
    assert rows.features.shape[1] == len(featurizer.names) == len(FEATURES) + len(EXPECTATION)
    least_logp = rows.features[:, featurizer.names.index("logp least")]
    assert least_logp.tolist() == pytest.approx([-0.1, -0.1, -0.1, -6.0, -0.1])


def sample(number, text, models=("gpt-4",), times=1, task="T/0"):
    return {
        "sample_id": f"o{number}",
        "task_id": task,
        "program": text,
        "models": list(models),
        "n_dup": times,
    }


def test_other_samples_cast_doubt_on_what_they_do_not_repeat(tmp_path):
    path = tmp_path / "samples.jsonl.gz"
    write_rows(path, [sample(n, RIGHT.replace("total", "total2")) for n in range(6)])
    scores = SelfConsistency(Recorded(path)).lines(document(2))
    assert max(scores, key=scores.__getitem__) == 3
    assert scores[0] == scores[4] == 0


def test_samples_of_the_same_generator_come_first_and_never_the_program_itself(tmp_path):
    path = tmp_path / "samples.jsonl.gz"
    own = {**sample(0, "own"), "sample_id": "s2"}
    mine = [sample(n, f"mine{n}") for n in range(1, 4)]
    others = [sample(n, f"other{n}", ("starcoder",)) for n in range(4, 9)]
    write_rows(path, [own, *mine, *others])
    drawn = Recorded(path)(program(2))
    assert len(drawn) == 5
    assert {"mine1", "mine2", "mine3"} < set(drawn)
    assert "own" not in drawn
    assert Recorded(path)(program(2)) == drawn
    write_rows(path, [{**own, "n_dup": 3}])
    assert Recorded(path)(program(2)) == ["own", "own"]


def test_without_other_samples_there_is_no_opinion(tmp_path):
    path = tmp_path / "samples.jsonl.gz"
    write_rows(path, [sample(0, RIGHT, task="other")])
    scorer = SelfConsistency(Recorded(path))
    assert all(np.isnan(score) for score in scorer.lines(document(2)).values())
    found = Scored("m", scorer).predict(TRAIN, TEST)[Level.LINE]
    assert found.p == pytest.approx(np.full(len(found.p), 0.1), abs=0.01)


class Parrot:
    """A model that says what it was told to."""

    def __init__(self, answer=""):
        self.said = answer
        self.asked = []

    def complete(self, prompt, count, temperature):
        self.asked.append(prompt)
        return [self.said] * count

    def answer(self, request):
        self.asked.append(request)
        return self.said


def test_live_samples_continue_the_signature_and_are_drawn_once():
    body = RIGHT.split("\n", 1)[1] + "\n\nprint(1)\n"
    parrot = Parrot(body)
    live = Live(parrot, count=3)
    texts = live(program(2))
    assert live(program(2)) is texts
    assert len(parrot.asked) == 1
    assert parrot.asked[0] == 'def total2(items):\n    """Add up the items.\n    """\n'
    assert [text.count("print") for text in texts] == [0, 0, 0]
    scores = SelfConsistency(live).lines(document(2))
    assert max(scores, key=scores.__getitem__) == 3


def test_a_program_without_an_entry_point_is_asked_for_by_its_intent():
    assert prompt_of(program(2, text="print(1)\n")) == '"""Add up the items.\n"""\n'
    assert continuation("```python\n    return 1\n```") == "    return 1\n"


def test_the_question_shows_the_program_as_written():
    doc = document(2)
    request = request_for(doc.text, code_lines(parse(doc.text)), "Add up.")
    assert "  4          result -= item" in request
    assert "+=" not in request
    assert "Add up." in request


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1: 0.1\n2: 0.25\n3: 1", {1: 0.1, 2: 0.25, 3: 1.0}),
        ("Line 1 - 30%\n- 2: .5", {1: 0.3, 2: 0.5}),
        ("1: 0.1\n1: 0.9", {1: 0.1}),
        ("4: 0.5\n0: 0.5\n2: 7", {}),
        ("I would edit line 2.", {}),
        ("", {}),
    ],
)
def test_answers_are_read_or_left_out(answer, expected):
    assert read_answer(answer, 3) == expected


def test_unreadable_answers_are_counted_and_earn_the_usual_score():
    for said, state in (("no", "failed"), ("1: 0.2", "partial")):
        scorer = Reflective(Parrot(said))
        scorer.lines(document(2))
        assert getattr(scorer.answers, state) == 1
    complete = Reflective(Parrot("\n".join(f"{n}: {0.9 if n == 4 else 0.1}" for n in range(1, 6))))
    found = Scored("m", complete).predict(TRAIN, TEST)[Level.LINE]
    assert complete.answers.failed == complete.answers.partial == 0
    labels, p = labelled(found)
    assert auc(labels, p) > 0.9
    silent = Scored("m", Reflective(Parrot("no"))).predict(TRAIN, TEST)[Level.LINE]
    assert silent.p == pytest.approx(np.full(len(silent.p), 0.1), abs=0.01)


@pytest.fixture
def endpoint():
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers.get("Authorization"), body))
            content = "```python\n    return 1\n```" if body["temperature"] else "1: 0.5"
            reply = {"choices": [{"message": {"content": content}}]}
            if body["model"] == "broken":
                reply = {"error": "no"}
            data = json.dumps(reply).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_asked_as_openai_would_be(endpoint):
    url, asked = endpoint
    model = Endpoint(url, "m", key="s3cret")
    assert model.answer("question") == "1: 0.5"
    assert model.complete("def f():\n", 2, 0.8) == ["    return 1\n"] * 2
    assert asked[0][:2] == ("/v1/chat/completions", "Bearer s3cret")
    assert asked[0][2]["messages"] == [{"role": "user", "content": "question"}]
    assert "s3cret" not in repr(model)


def test_an_endpoint_that_fails_is_named(endpoint):
    url, _ = endpoint
    with pytest.raises(LabDataError, match=r"chat/completions: no usable answer"):
        Endpoint(url, "broken").answer("question")
    with pytest.raises(LabDataError, match=r"no usable answer.*is it running"):
        Endpoint("http://127.0.0.1:9/v1", "m").answer("question")
    with pytest.raises(LabDataError, match="http:// or https://"):
        Endpoint("file:///etc", "m").answer("question")


def test_baselines_are_made_by_name(tmp_path):
    write_rows(tmp_path / "samples.jsonl.gz", [sample(0, RIGHT)])
    needs = Needs(tmp_path, tmp_path)
    made = methods(needs)
    assert {"base rate", "random", "gradient boosting", "self-consistency"} <= {
        m.name for m in made
    }
    assert {method.name for method in made} <= set(names())
    with pytest.raises(LabDataError, match="no method 'magic'; there are: base rate"):
        methods(needs, ["magic"])
    with pytest.raises(LabDataError, match="name one with --model"):
        methods(needs, ["entropy"])
    with pytest.raises(LabDataError, match="name --endpoint or --model"):
        methods(needs, ["reflective prompting"])
