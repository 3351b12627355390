"""Categories of tokens: text, syntax tree and token spans → labels at the levels of a profile.

Both profiles have the levels ``category`` (CodeQ's level 1) and ``group`` (its level 2).
`Profile.COMPLETE` adds ``statement``, the kind of the nearest statement around a token, and, where
a tagger is given, ``part_of_speech`` of the words in identifiers, comments and strings.
`Profile.CODEQ` counts parts of speech among the categories, as published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from linewise.analysis.syntax import parse
from linewise.rationale.taxonomy import ancestors
from linewise.rationale.taxonomy.document import Document, read
from linewise.rationale.taxonomy.grammars import GRAMMARS, grammar_named, load
from linewise.rationale.taxonomy.innermost import leaves, natural_nodes
from linewise.rationale.taxonomy.levels import Level, grouped, one_of
from linewise.rationale.taxonomy.natural import Words, tagged_words
from linewise.rationale.taxonomy.nodes import Ints
from linewise.rationale.taxonomy.part_of_speech import Tagger
from linewise.rationale.taxonomy.profiles import Profile, taxonomy

Offsets = Sequence[int] | npt.NDArray[np.integer]


@frozen(eq=False)
class Categories:
    """The categories of T tokens of a text, level by level."""

    profile: Profile
    language: str
    levels: Mapping[str, Level]

    def __getitem__(self, level: str) -> Level:
        return self.levels[level]


@frozen
class NoCategories:
    """The answer for a language without a taxonomy; ``reason`` is a sentence for the user."""

    language: str
    reason: str


def read_text(text: str, language: str) -> Document | NoCategories:
    """Parse a text in the language called ``language``, by Linewise or by an editor.

    Never fails on the text: what does not parse has categories too.
    """
    grammar = grammar_named(language)
    if grammar is None:
        known = ", ".join(GRAMMARS)
        return NoCategories(
            language, f"tokens of {language or 'plain text'} have no categories, only {known} do"
        )
    return read(parse(text, load(grammar)), grammar)


def categorize(
    document: Document,
    starts: Offsets,
    ends: Offsets,
    profile: Profile = Profile.COMPLETE,
    tagger: Tagger | None = None,
) -> Categories:
    """Tag tokens by their spans: offsets in code points of shape (T,), ends exclusive.

    Tokens may overlap and come in any order; those of bytes of one character share its span.
    Without a ``tagger`` (`part_of_speech.pattern_tagger`), words have no part of speech.

    Raises
    ------
    ValueError
        If a span is not one of the text.
    """
    first, last = _spans(starts, ends, len(document.text))
    rules = taxonomy(profile, document.grammar.name)
    english = taxonomy(profile, "english")
    words = None
    if tagger is not None:
        within = (int(first.min(initial=len(document.text))), int(last.max(initial=0)))
        natural = natural_nodes(document, rules)
        words = tagged_words(document, natural, within, tagger, english.category)
    if profile is Profile.CODEQ:
        category = ancestors.categories(document, first, last, rules, words)
        group = grouped(category, {**rules.group, **english.group})
        levels = {"category": category, "group": group}
    else:
        levels = _exclusive(document, first, last, words)
    return Categories(profile, document.grammar.name, levels)


def _exclusive(
    document: Document, starts: Ints, ends: Ints, words: Words | None
) -> dict[str, Level]:
    rules = taxonomy(Profile.COMPLETE, document.grammar.name)
    found = leaves(document, starts, ends, rules)
    category = one_of(found.categories, found.category)
    levels = {
        "category": category,
        "group": grouped(category, rules.group),
        "statement": one_of(found.statements, found.statement),
    }
    if words is not None:
        # A token has the part of speech of a word only where it counts as natural language.
        shown = natural_nodes(document, rules)
        natural = np.zeros(len(starts), bool)
        filled = found.character >= 0
        natural[filled] = shown[document.innermost[found.character[filled]]]
        tags = np.where(natural, words.first_in(found.character, ends), -1)
        levels["part_of_speech"] = one_of(words.labels, tags)
    return levels


def _spans(starts: Offsets, ends: Offsets, length: int) -> tuple[Ints, Ints]:
    first, last = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
    if first.shape != last.shape or first.ndim != 1:
        raise ValueError(f"spans of shapes {first.shape} and {last.shape}, not of one (T,)")
    if len(first) and (first.min() < 0 or last.max() > length or (first > last).any()):
        raise ValueError(f"a span lies outside the text's {length} characters, or ends early")
    return first, last
