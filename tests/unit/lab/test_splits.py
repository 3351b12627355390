"""Splits: what may be learned from never overlaps what is measured on."""

import numpy as np
import pytest

from linewise.lab.data import Program
from linewise.lab.splits import (
    all_splits,
    by_problem,
    family,
    leave_one_generator_out,
    leave_one_source_out,
    near_duplicates,
    validation,
)

LONG = "def f(a, b):\n    total = 0\n    for x in a:\n        total += x * b\n    return total\n"


def program(number, *, source="A", generator="gpt-4", fold=0, text=None, passing=False, task=None):
    return Program(
        sample_id=f"s{number}",
        task_id=task or f"{source}/{number}",
        dataset=source,
        generator=generator,
        fold=fold,
        text=text or f"def f{number}(a):\n    return a + {number} * {number + 1} - len(str(a))\n",
        repaired="",
        passing=passing,
        edited=frozenset(),
        intent="",
        entry_point=None,
    )


@pytest.fixture
def programs():
    generators = ("gpt-4", "starcoder", "unheard-of")
    return [
        program(n, source="AB"[n % 2], generator=generators[n % 3], fold=n % 8) for n in range(240)
    ]


def test_no_split_measures_what_it_trains_on(programs):
    splits = list(all_splits(programs))
    assert len({split.name for split in splits}) == len(splits)
    for split in splits:
        assert not set(split.train) & set(split.test)
        tasks = np.array([each.task_id for each in programs])
        assert not set(tasks[split.train]) & set(tasks[split.test])
        fit, choose = validation(programs, split)
        assert sorted([*fit, *choose]) == split.train.tolist()


def test_by_problem_holds_folds_6_and_7_back(programs):
    split = by_problem(programs)
    assert {programs[n].fold for n in split.test} == {6, 7}
    assert len(split.train) + len(split.test) == len(programs)
    _, choose = validation(programs, split)
    assert {programs[n].fold for n in choose} == {5}


def test_a_left_out_source_trains_nothing(programs):
    for split in leave_one_source_out(programs):
        source = split.name.rsplit(" ", 1)[1]
        assert {programs[n].dataset for n in split.test} == {source}
        assert source not in {programs[n].dataset for n in split.train}


def test_near_duplicates_of_a_left_out_source_take_their_problem_along():
    programs = [
        program(0, source="A", text=LONG),
        program(1, source="B", text=LONG.replace("\n    ", "\n        "), task="B/same"),
        program(2, source="B", task="B/same"),
        program(3, source="B"),
    ]
    (split, _) = leave_one_source_out(programs)
    assert split.name == "without source A"
    assert split.train.tolist() == [3]
    assert near_duplicates(programs, np.array([1, 2, 3]), np.array([0])).tolist() == [1]


def test_a_left_out_family_is_unseen_and_so_are_its_problems(programs):
    splits = list(leave_one_generator_out(programs, least_failing=1))
    assert {split.name for split in splits} == {
        "without generator GPT-4",
        "without generator StarCoder",
    }
    for split in splits:
        (left_out,) = {family(programs[n].generator) for n in split.test}
        assert left_out not in {family(programs[n].generator) for n in split.train}
        assert "other" in {family(programs[n].generator) for n in split.train}


def test_families_with_few_failing_programs_are_not_left_out(programs):
    assert not list(leave_one_generator_out(programs, least_failing=21))


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        ("GPT-4-Turbo", "GPT-4"),
        ("gpt4_final_500c_long", "GPT-4"),
        ("anon8231489123_gpt4-x-alpaca-13b-native-4bit-128g", "LLaMA"),
        ("gpt-3.5-turbo-0613", "GPT-3.5"),
        ("ChatGPT", "GPT-3.5"),
        ("CodeLlama-13b-Instruct-hf", "Code Llama"),
        ("codellama_7b", "Code Llama"),
        ("TheBloke_starcoderplus-GPTQ", "StarCoder"),
        ("sahil2801_instruct-codegen-16B", "CodeGen"),
        ("TheBloke_wizard-vicuna-13B-GPTQ", "LLaMA"),
        ("TheBloke_WizardLM-30B-GPTQ", "LLaMA"),
        ("WizardCoder", "StarCoder"),
        ("ollama", "other"),
        ("Bard", "Gemini"),
    ],
)
def test_families_by_name(generator, expected):
    assert family(generator) == expected
