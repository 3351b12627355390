"""The ways programs are divided into those a method learns from and those it is measured on.

Three questions, three kinds of split. *By problem*: does it hold for problems never seen?
*Leave one source out*: for a data set of which no label was seen? *Leave one generator out*: for
programs of a family of code models of which no label was seen, on problems never seen either?
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen
from sklearn.feature_extraction.text import HashingVectorizer

from linewise.lab.data import Program

TEST_FOLDS = frozenset({6, 7})
"""Problems of these folds are measured on, and used for nothing else whatsoever."""
VALIDATION_FOLD = 5
"""Choices (a layer, a loss, a scaler) are made on the training programs of this fold."""
BY_PROBLEM = "by problem"
WITHOUT_GENERATOR = "without generator "
DUPLICATE = 0.8
"""Programs that share this part of their word 5-grams (Jaccard) are near-duplicates."""
LEAST_FAILING = 25
"""A generator family with fewer failing test programs says too little to be left out."""

Ints = npt.NDArray[np.int64]

# Families by base model, as far as names tell it; the first match counts.
_FAMILIES = {
    "LLaMA": "(?<!code)(?<!code-)(?<!o)llama|guanaco|vic(una|unlocked)|wizard-?lm|manticore|hermes"
    "|alpaca",
    "StarCoder": "starcoder|santacoder|wizardcoder",
    "CodeGen": "codegen",
    "Code Llama": "code-?llama",
    "GPT-3.5": "gpt-?3|chatgpt|davinci|hevaltest35",
    "GPT-4": "gpt-?4",
    "Gemini": "gemini|bard|codegemma",
    "Claude": "claude",
    "DeepSeek": "deepseek|magicoder",
    "Qwen": "qwen",
    "Falcon": "falcon",
}
_OTHER = "other"


@frozen(eq=False)
class Split:
    """Numbers of programs to learn from and to measure on; disjoint, ascending, int64.

    ``name`` is ``by problem``, ``without source NAME`` or ``without generator FAMILY``.
    """

    name: str
    train: Ints
    test: Ints


def by_problem(programs: Sequence[Program]) -> Split:
    """Return the split all training uses: folds 0 to 5 against folds 6 and 7."""
    held_out = _held_out(programs)
    return Split(BY_PROBLEM, np.flatnonzero(~held_out), np.flatnonzero(held_out))


def leave_one_source_out(programs: Sequence[Program]) -> Iterator[Split]:
    """Yield a split per data set: every program of the others against every program of it.

    Problems of the others are left out of training if one of their programs nearly equals a test
    program: data sets share exercises. All folds take part on either side, since a data set alone
    may hold few problems; whatever is *chosen* must still be chosen within ``train``.
    """
    sources = np.array([program.dataset for program in programs])
    tasks = np.array([program.task_id for program in programs])
    for source in sorted(set(sources.tolist())):
        test = np.flatnonzero(sources == source)
        train = np.flatnonzero(sources != source)
        leaking = set(tasks[near_duplicates(programs, train, test)].tolist())
        kept = train[~np.isin(tasks[train], sorted(leaking))]
        yield Split(f"without source {source}", kept, test)


def leave_one_generator_out(
    programs: Sequence[Program], least_failing: int = LEAST_FAILING
) -> Iterator[Split]:
    """Yield a split per generator family with enough failing programs in the test folds.

    Other families' programs for training problems against this family's for test problems, so
    neither the problem nor the family was seen. Programs of no known family always train.
    """
    families = np.array([family(program.generator) for program in programs])
    failing = np.array([not program.passing for program in programs])
    held_out = _held_out(programs)
    for name in _FAMILIES:
        test = (families == name) & held_out
        if (test & failing).sum() >= least_failing:
            train = (families != name) & ~held_out
            yield Split(f"{WITHOUT_GENERATOR}{name}", np.flatnonzero(train), np.flatnonzero(test))


def all_splits(programs: Sequence[Program]) -> tuple[Split, ...]:
    """Return every split that a table of results shows, in its order."""
    return (
        by_problem(programs),
        *leave_one_source_out(programs),
        *leave_one_generator_out(programs),
    )


def validation(programs: Sequence[Program], split: Split) -> tuple[Ints, Ints]:
    """Divide a split's training programs into those to fit on and those to choose by (fold 5)."""
    chooses = np.array([programs[number].fold == VALIDATION_FOLD for number in split.train], bool)
    return split.train[~chooses], split.train[chooses]


def family(generator: str) -> str:
    """Return the family of base models a generator's name points to, "other" if none."""
    name = generator.lower()
    return next((found for found, pattern in _FAMILIES.items() if re.search(pattern, name)), _OTHER)


def near_duplicates(programs: Sequence[Program], among: Ints, of: Ints) -> Ints:
    """Return those ``among`` the programs that nearly equal one ``of`` the others.

    Compares sets of word 5-grams; white space does not count.
    """
    # Hashing needs no dictionary; 2**20 columns make a false match of a whole program unthinkable.
    vectorizer = HashingVectorizer(
        analyzer=_word_5_grams, n_features=2**20, norm=None, alternate_sign=False, binary=True
    )
    left = vectorizer.transform([programs[number].text for number in among])
    right = vectorizer.transform([programs[number].text for number in of])
    sizes_left, sizes_right = np.asarray(left.sum(1)).ravel(), np.asarray(right.sum(1)).ravel()
    shared = (left @ right.T).tocoo()
    union = sizes_left[shared.row] + sizes_right[shared.col] - shared.data
    found: Ints = np.unique(shared.row[shared.data >= DUPLICATE * union])
    return among[found]


def _word_5_grams(text: str) -> Iterable[str]:
    words = re.findall(r"\w+|[^\w\s]", text)
    return (" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4)))


def _held_out(programs: Sequence[Program]) -> npt.NDArray[np.bool_]:
    return np.array([program.fold in TEST_FOLDS for program in programs], bool)
