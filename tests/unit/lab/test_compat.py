"""Compatible models: what is hidden, what is trained on, going on, and what it changes."""

import hashlib
import itertools
import json
import math
from collections import Counter

import cattrs
import numpy as np
import pytest
import torch
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import byte_pairs

from linewise import models
from linewise.errors import LabDataError
from linewise.lab.compat import perplexity, rationales
from linewise.lab.compat.dropout import kept, losses, visible
from linewise.lab.compat.measure import Sizes, Subject
from linewise.lab.compat.perplexity import SHARES, Losses, Passage
from linewise.lab.compat.rationales import CONTEXTS, Rationales
from linewise.lab.compat.run import Job, compat
from linewise.lab.compat.text import draw, read_corpus
from linewise.lab.compat.train import Budget, Recipe, Run, example, train
from linewise.lab.compat.weights import (
    Manifest,
    merged,
    pretrained,
    read_manifest,
    save_adapter,
    tokenizer,
    with_adapter,
)
from linewise.lab.journal import Journal
from linewise.probe.shipped import find_adapter, find_probe
from linewise.settings import DEFAULT_MODEL

VOCABULARY = 300
LONG = 40


def tiny(kind="llama", seed=0):
    import transformers

    sizes = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0}
    if kind == "gpt2":
        config = transformers.GPT2Config(**sizes, n_positions=128, n_embd=16, n_layer=2, n_head=2)
    else:
        config = transformers.LlamaConfig(
            **sizes,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=300,
        )
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)  # so that attention matters
    return model.eval()


@pytest.fixture(scope="session")
def words():
    return byte_pairs(VOCABULARY)


@pytest.fixture(scope="session")
def installed(tmp_path_factory, words):
    """A tiny installed model, and a cache of its own that the test's environment points to."""
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    tiny().save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=words).save_pretrained(folder)
    store = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEWISE_CACHE_DIR", str(store))
        models.pull(str(folder), name="tiny", scheme="fp32")
    return store


@pytest.fixture
def tiny_installed(installed, monkeypatch):
    monkeypatch.setenv("LINEWISE_CACHE_DIR", str(installed))
    return models.info("tiny")


def source(name, lines=60):
    return "".join(f"{name}_value_{n} = compute_{name}({n}, {n * 7 % 11})\n" for n in range(lines))


@pytest.fixture
def folder(tmp_path):
    """A folder of four packages, one of them a module."""
    texts = tmp_path / "texts"
    for name in ("alpha", "beta", "gamma"):
        (texts / name).mkdir(parents=True)
        for part in ("one", "two"):
            (texts / name / f"{part}.py").write_text(source(f"{name}_{part}"))
    (texts / "delta.py").write_text(source("delta"))
    return texts


@pytest.fixture
def run(tmp_path, words, folder):
    recipe = Recipe(rank=2, rate=1e-2, block=LONG)
    return Run(words, read_corpus([folder]), recipe, tmp_path / "run" / "state.safetensors", "same")


def learner(run):
    return with_adapter(tiny(), run.recipe.rank, run.recipe.seed)


def weights(model):
    return {name: each.detach().clone() for name, each in model.named_parameters()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


# What is hidden


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@given(data=st.data())
def test_hidden_tokens_are_as_good_as_removed(kind, data):
    """Every position predicts as a model does that reads only the kept tokens, where they stand."""
    model = _MODELS[kind]
    ids = np.array(data.draw(st.lists(st.integers(0, VOCABULARY - 1), min_size=2, max_size=9)))
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(ids), max_size=len(ids))))
    with torch.inference_mode():
        found, _ = losses(model, torch.from_numpy(ids)[None], torch.from_numpy(keep)[None])
        for place in range(len(ids) - 1):
            read = [*(at for at in range(place) if keep[at]), place]
            logits = model(
                input_ids=torch.tensor(ids[read])[None],
                position_ids=torch.tensor(read)[None],
                attention_mask=torch.ones(1, len(read), dtype=torch.long),
            ).logits[0, -1]
            expected = -torch.log_softmax(logits, -1)[ids[place + 1]]
            assert float(found[0, place]) == pytest.approx(float(expected), abs=1e-4)


_MODELS = {kind: tiny(kind) for kind in ("llama", "gpt2")}


def test_a_token_sees_itself_and_kept_tokens_before_it():
    seen = visible(torch.tensor([[False, True, False]]))[0]
    assert seen.tolist() == [[True, False, False], [False, True, False], [False, True, True]]


def test_the_number_of_kept_tokens_is_uniform_and_so_is_the_choice():
    draws = 12_000
    rng = np.random.default_rng(0)
    sets = Counter(tuple(np.flatnonzero(kept(3, rng)).tolist()) for _ in range(draws))
    for count in range(4):
        ways = list(itertools.combinations(range(3), count))
        for way in ways:
            assert sets[way] == pytest.approx(draws / 4 / len(ways), rel=0.1)


def test_dropout_is_mixed_with_whole_texts(run):
    def share(mixture):
        mixed = evolve(run, recipe=evolve(run.recipe, mixture=mixture))
        return np.mean([not example(mixed, step)[1].all() for step in range(400)])

    assert share(0) == 0
    assert share(1) > 0.95  # once in T + 1 draws all tokens are kept
    assert share(0.5) == pytest.approx(0.5, abs=0.08)


# Texts


def test_packages_are_held_out_whole(folder):
    corpus = read_corpus([folder])
    names = [package.name for package in (*corpus.held_out, *corpus.training)]
    assert sorted(names) == ["alpha", "beta", "delta", "gamma"]
    assert len(corpus.held_out) == 1
    assert read_corpus([folder]) == corpus


def test_copies_are_dropped_wherever_they_are(folder):
    before = read_corpus([folder])
    vendored = folder / "zeta" / "vendor"
    vendored.mkdir(parents=True)
    copy = (folder / "alpha" / "one.py").read_text()
    (vendored / "one.py").write_text(copy + source("little", 20))
    assert read_corpus([folder]) == before
    (vendored / "one.py").write_text(copy + source("lots", 90))
    assert "zeta" in {each.name for each in read_corpus([folder]).training}


def test_another_text_is_another_corpus(folder):
    before = read_corpus([folder]).sha256
    (folder / "delta.py").write_text(source("delta") + "# changed\n")
    assert read_corpus([folder]).sha256 != before


def test_files_that_are_no_text_or_too_short_are_skipped(folder):
    before = read_corpus([folder])
    (folder / "short.py").write_text("x = 1\n")
    (folder / "latin.py").write_bytes(b"# \xff\n" * 900)
    assert read_corpus([folder]) == before


def test_one_package_cannot_be_divided(tmp_path):
    (tmp_path / "only.py").write_text(source("only"))
    with pytest.raises(LabDataError, match="at least two packages"):
        read_corpus([tmp_path])


def test_passages_begin_with_a_line(folder, words):
    packages = read_corpus([folder]).training
    lines = {line[:12] for each in packages for text in each.texts for line in text.splitlines()}
    for seed in range(50):
        ids = draw(packages, words, LONG, np.random.default_rng(seed))
        assert len(ids) == LONG
        assert words.decode(ids.tolist())[:12] in lines


def test_special_tokens_in_a_text_are_text(tiny_installed):
    ids = tokenizer(tiny_installed).encode("<|endoftext|>", add_special_tokens=False).ids
    assert 0 not in ids


# Training


def test_a_run_that_was_stopped_ends_where_one_that_was_not_does(run, tmp_path):
    whole = learner(run)
    straight = evolve(run, checkpoint=tmp_path / "straight.safetensors")
    train(whole, straight, Budget(steps=6), lambda *_: None)
    for steps in (2, 4, 6):  # each time from the file alone
        resumed = learner(run)
        done = train(resumed, run, Budget(steps=steps), lambda *_: None)
        assert done.steps == steps
    assert same(weights(whole), weights(resumed))
    assert not same(weights(whole), weights(learner(run)))


def test_a_run_that_was_killed_while_saving_goes_on(run):
    train(learner(run), run, Budget(steps=2), lambda *_: None)
    run.checkpoint.with_suffix(".partial").write_bytes(b"cut o")
    resumed = learner(run)
    assert train(resumed, run, Budget(steps=2), lambda *_: None).steps == 2
    assert train(resumed, run, Budget(steps=3), lambda *_: None).steps == 3


def test_a_killed_run_loses_what_it_did_since_it_was_saved(run, monkeypatch):
    monkeypatch.setattr("linewise.lab.compat.train.SAVE_EVERY", 0.0)

    def kill(_stage, done):
        if done >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(learner(run), run, Budget(steps=8), kill)
    steps = []
    train(learner(run), run, Budget(steps=8), lambda _stage, done: steps.append(done * 8))
    assert steps == [4, 5, 6, 7, 8]  # the fourth was not saved yet


def test_time_is_counted_over_all_runs(run):
    done = train(learner(run), run, Budget(seconds=0.5), lambda *_: None)
    assert done.seconds >= 0.5
    assert train(learner(run), run, Budget(seconds=0.5), lambda *_: None) == done
    assert train(learner(run), run, Budget(seconds=0.0), lambda *_: None) == done


def test_a_checkpoint_of_another_run_is_refused(run):
    train(learner(run), run, Budget(steps=1), lambda *_: None)
    with pytest.raises(LabDataError, match="another --out"):
        train(learner(run), evolve(run, identity="other"), Budget(steps=2), lambda *_: None)


def test_a_damaged_checkpoint_is_refused(run):
    run.checkpoint.parent.mkdir()
    run.checkpoint.write_bytes(b"\xff" * 99)
    with pytest.raises(LabDataError, match="damaged"):
        train(learner(run), run, Budget(steps=1), lambda *_: None)


def test_everything_that_decides_the_result_is_in_the_identity(run):
    recipe = run.recipe
    changed = [
        evolve(recipe, **{name: value})
        for name, value in {
            "rank": 3, "rate": 1.0, "mixture": 0.1, "block": 33, "seed": 9,
        }.items()
    ]  # fmt: skip
    identities = {each.identity("a", run.corpus) for each in (recipe, *changed)}
    other = evolve(run.corpus, sha256="other")
    identities |= {recipe.identity("b", run.corpus), recipe.identity("a", other)}
    assert len(identities) == 8


def test_a_run_that_diverges_says_so(run):
    model = learner(run)
    with torch.no_grad():
        next(each for each in model.parameters() if each.requires_grad).fill_(math.nan)
    with pytest.raises(LabDataError, match="lower --rate"):
        train(model, run, Budget(steps=1), lambda *_: None)


@pytest.mark.parametrize("rank", [0, 2])
def test_training_teaches(run, rank):
    model = learner(run) if rank else tiny()
    passage, keep = example(run, 1000)
    read = torch.from_numpy(passage)[None], torch.from_numpy(keep)[None]
    with torch.no_grad():
        before = losses(model, *read)[0].mean()
    train(model, run, Budget(steps=40), lambda *_: None)
    with torch.no_grad():
        assert losses(model, *read)[0].mean() < 0.9 * before


# Adapters


@pytest.fixture
def adapter(run, tmp_path):
    model = learner(run)
    train(model, run, Budget(steps=5), lambda *_: None)
    about = Manifest("tiny", "0" * 64, "", run.corpus.sha256, run.recipe, 5, 200, 1.5)
    return model, save_adapter(model, tmp_path / "adapter", about), tmp_path / "adapter"


def test_an_untrained_adapter_changes_nothing(run):
    ids = torch.arange(20)[None]
    assert torch.equal(learner(run)(ids).logits, tiny()(ids).logits)


def test_what_is_written_is_what_was_trained(adapter):
    model, about, folder = adapter
    ids = torch.arange(20)[None]
    found = merged(tiny(), folder)
    with torch.inference_mode():
        assert torch.allclose(found(ids).logits, model(ids).logits, atol=1e-2)
        assert not torch.allclose(found(ids).logits, tiny()(ids).logits, atol=1e-2)
    assert read_manifest(folder) == about
    file = folder / "adapter_model.safetensors"
    assert about.result_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {each.suffix for each in folder.iterdir()} == {".json", ".safetensors"}


def test_an_adapter_that_was_changed_is_refused(adapter):
    _, _, folder = adapter
    with (folder / "adapter_model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(LabDataError, match="SHA-256"):
        read_manifest(folder)


@pytest.mark.parametrize("text", ["", "[]", '{"model": "tiny"}', "{"])
def test_a_folder_that_is_no_adapter_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(LabDataError, match="no adapter"):
        read_manifest(tmp_path)


# Measuring


def test_perplexity_of_the_whole_context_is_the_models_own(tmp_path):
    model = tiny()
    ids = np.random.default_rng(0).integers(0, VOCABULARY, 30)
    journal = Journal(tmp_path / "journal.jsonl")
    found = perplexity.measure(model, "a", [Passage(0, ids)], journal, lambda _done: None)
    tensor = torch.from_numpy(ids)[None]
    with torch.no_grad():
        own = float(model(tensor, labels=tensor).loss) * 29
    assert found.nll[0, SHARES.index(1.0)] == pytest.approx(own, rel=1e-4)
    assert found.tokens.tolist() == [29]
    again = perplexity.measure(None, "a", [Passage(0, ids)], journal, lambda _done: None)
    assert np.array_equal(again.nll, found.nll)  # from the journal, without a model
    with pytest.raises(AttributeError):
        perplexity.measure(None, "b", [Passage(0, ids)], journal, lambda _done: None)


def test_perplexities_are_per_token_and_paired():
    rng = np.random.default_rng(0)
    nll, tokens = rng.uniform(20, 60, (6, len(SHARES))), np.array([10, 20, 30, 10, 20, 30.0])
    before = Losses(nll, tokens, tokens)
    found = perplexity.compare(before, Losses(nll * 0.9, tokens, tokens), np.arange(6) // 2)
    expected = np.exp(nll.sum(0) / tokens.sum())
    assert found["before"].value == pytest.approx(expected)
    assert found["ratio"].value == pytest.approx(expected**-0.1)
    assert (found["ratio"].high < 1).all()  # it is better in every resample
    assert (found["before"].low < expected).all()
    same_model = perplexity.compare(before, before, np.arange(6) // 2)["ratio"]
    assert same_model.low.tolist() == same_model.high.tolist() == [1] * len(SHARES)


def test_rationales_are_compared_token_by_token():
    before = Rationales(np.array([4, 6, 8, 10]), np.array([True, True, False, False]))
    after = Rationales(np.array([3, 5, 7, 9]), np.array([True, True, True, False]))
    found = rationales.compare(before, after, np.array([0, 0, 1, 5]))
    assert found["before"].value.tolist() == [7, 0.5]
    assert found["change"].value.tolist() == [-1, 0.25]
    assert [found["change"].low[0], found["change"].high[0]] == pytest.approx([-1, -1])
    nothing = Rationales(np.empty(0, int), np.empty(0, bool))
    assert np.isnan(rationales.compare(nothing, nothing, np.empty(0, int))["change"].value).all()


def test_targets_have_a_context(words, folder):
    packages = read_corpus([folder]).training
    texts = [Passage(0, draw(packages, words, 150, np.random.default_rng(n))) for n in range(40)]
    found = rationales.targets([*texts, Passage(1, np.arange(CONTEXTS.start))])
    assert {len(each.ids) - 1 for each in found} <= set(CONTEXTS)
    assert len({len(each.ids) for each in found}) > 10
    for short, long in zip(found, texts, strict=True):
        assert np.array_equal(short.ids, long.ids[: len(short.ids)])


# Everything


@pytest.fixture
def job(tmp_path, folder):
    recipe = Recipe(rank=2, rate=1e-2, block=64)
    return Job(
        "tiny", tmp_path / "out", recipe, Budget(steps=60), Sizes(8, block=64), texts=[folder]
    )


def test_a_model_is_made_compatible_and_measured(job, tiny_installed, monkeypatch):
    figures = compat(job, lambda *_: None)
    made = figures["made"]
    assert made["steps"] == 60
    assert made["weights_sha256"] == tiny_installed.manifest.weights_sha256
    assert read_manifest(job.out / "adapter").result_sha256 == made["result_sha256"]
    whole = figures["perplexity"]["100% kept"]
    assert whole["after"]["value"] < 0.9 * whole["before"]["value"]
    assert whole["ratio"]["value"] == pytest.approx(
        whole["after"]["value"] / whole["before"]["value"]
    )
    assert figures["rationales"]["asked"] == 8
    assert [each.name for each in models.installed()] == ["tiny"]  # conversions are gone
    json.dumps(figures, allow_nan=False)

    # A second run finds all of that on disk.
    monkeypatch.setattr(Subject, "converted", property(lambda _self: pytest.fail("converted")))
    assert compat(job, lambda *_: None) == figures
    assert not [path for path in job.out.rglob("*") if path.suffix in {".bin", ".pt", ".pkl"}]


def test_an_adapter_is_measured_and_installed(job, adapter, tiny_installed, no_rationales):
    _, about, folder = adapter
    with pytest.raises(LabDataError, match="other weights"):
        compat(evolve(job, adapter=folder), lambda *_: None)
    right = evolve(about, weights_sha256=tiny_installed.manifest.weights_sha256)
    (folder / "manifest.json").write_text(json.dumps(cattrs.unstructure(right)))
    try:
        figures = compat(evolve(job, adapter=folder, install="made"), lambda *_: None)
        assert figures["made"]["steps"] == 5
        found = pretrained("made")
        ids = torch.arange(20)[None]
        expected = merged(pretrained("tiny"), folder)
        with torch.inference_mode():
            assert torch.allclose(found(ids).logits, expected(ids).logits, atol=1e-5)
    finally:
        models.remove("made")


def test_the_shipped_adapter_is_installed_without_reading_texts(
    tmp_path, adapter, tiny_installed, monkeypatch
):
    from typer.testing import CliRunner

    from linewise.commands.lab import app

    _, about, folder = adapter
    right = evolve(about, weights_sha256=tiny_installed.manifest.weights_sha256)
    (folder / "manifest.json").write_text(json.dumps(cattrs.unstructure(right)))
    monkeypatch.setattr("linewise.lab.compat.run.read_corpus", pytest.fail)
    options = ["--shipped", "--passages", "0", "--out", str(tmp_path / "out"), "--install", "made"]
    command = ["compat", "--model", "tiny", *options]
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, LabDataError)
    assert "no adapter is shipped for tiny" in str(refused.exception)
    monkeypatch.setattr("linewise.probe.shipped.find_adapter", lambda _model: folder)
    try:
        assert CliRunner().invoke(app, command).exit_code == 0
        assert "made" in {each.name for each in models.installed()}
    finally:
        models.remove("made")


def test_the_shipped_adapter_is_whole_small_and_of_the_probes_weights():
    folder = find_adapter(DEFAULT_MODEL)
    about = read_manifest(folder)  # refuses what does not have its SHA-256
    probe = json.loads((find_probe(DEFAULT_MODEL) / "manifest.json").read_text())
    assert (about.model, about.weights_sha256) == (DEFAULT_MODEL, probe["model_sha256"])
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 20e6


@pytest.fixture
def no_rationales(monkeypatch):
    """Nothing is asked, so nothing is converted."""
    monkeypatch.setattr(rationales, "targets", lambda _passages: [])


def test_the_command_writes_a_record(tmp_path, folder, tiny_installed, no_rationales):
    from typer.testing import CliRunner

    from linewise.commands.lab import app

    record, out = tmp_path / "record.json", tmp_path / "out"
    options = ["--model", "tiny", "--text", folder, "--out", out, "--record", record, "--steps", 1]
    result = CliRunner().invoke(app, ["compat", *map(str, options), "--passages", "0"])
    assert result.exit_code == 0, result.output
    assert not record.exists()
    result = CliRunner().invoke(app, ["compat", *map(str, options), "--passages", "2"])
    assert result.exit_code == 0, result.output
    found = json.loads(record.read_text())
    assert found["figures"]["made"]["recipe"]["rate"] == 5e-4
    assert found["figures"]["held out"]["passages"] == 2
    assert {"date", "command", "machine"} <= set(found)


def test_all_weights_can_be_trained(job, tiny_installed, no_rationales):
    full = evolve(job, recipe=evolve(job.recipe, rank=0, rate=3e-3), budget=Budget(steps=30))
    figures = compat(full, lambda *_: None)
    assert figures["made"]["recipe"]["rank"] == 0
    whole = figures["perplexity"]["100% kept"]
    assert whole["after"]["value"] < whole["before"]["value"]
    assert (job.out / "model" / "model.safetensors").is_file()


def test_no_training_changes_nothing(job, tiny_installed, no_rationales):
    figures = compat(evolve(job, budget=Budget(steps=0)), lambda *_: None)
    for each in figures["perplexity"].values():
        assert each["ratio"]["value"] == pytest.approx(1, abs=1e-6)
    assert figures["made"]["steps"] == 0
    assert figures["rationales"]["mean length"]["change"] == dict.fromkeys(("value", "low", "high"))
