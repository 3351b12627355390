import tomllib
from importlib.resources import files

import pytest

from linewise.errors import LinewiseError
from linewise.rationale.taxonomy.grammars import GRAMMARS, load
from linewise.rationale.taxonomy.profiles import UNKNOWN, Profile, profile_named, taxonomy

LANGUAGES = sorted(GRAMMARS)
CATEGORIES_AND_GROUPS = {
    # Category → (types, group) of arXiv 2503.16771 as its authors' repository has them.
    "punctuation": (12, "sc_not_semantic"),
    "exceptions": (7, "sc_semantic"),
    "oop": (15, "sc_semantic"),
    "asserts": (1, "sc_semantic"),
    "types": (26, "sc_semantic"),
    "conditionals": (5, "sc_semantic"),
    "loops": (5, "sc_semantic"),
    "operators": (36, "sc_not_semantic"),  # 37, less ":", which is punctuation
    "indentation": (3, "sc_not_semantic"),
    "bool": (2, "sc_semantic"),
    "functional": (2, "sc_not_semantic"),
    "with": (4, "sc_semantic"),
    "return": (1, "sc_not_semantic"),
    "structural": (7, "sc_semantic"),
    "statements": (7, "sc_semantic"),
    "expression": (14, "sc_not_semantic"),
    "errors": (1, "sc_errors"),
    "identifier": (1, "sc_nl"),
    "comment": (1, "sc_nl"),
    "string": (6, "sc_nl"),
    "excluded": (1, "excluded"),
}
PENN = {
    *("CC", "CD", "DT", "EX", "FW", "IN", "JJ", "JJR", "JJS", "LS", "MD", "NN", "NNS", "NNP"),
    *("NNPS", "PDT", "POS", "PRP", "PRP$", "RB", "RBR", "RBS", "RP", "SYM", "TO", "UH", "VB"),
    *("VBD", "VBG", "VBN", "VBP", "VBZ", "WDT", "WP", "WP$", "WRB"),
}


def own_entries(profile, language):
    folder = files("linewise.rationale.taxonomy").joinpath(profile.value)
    return tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))


def visible(language):
    """Every node type and keyword a tree can show, asked of the grammar itself."""
    grammar = load(GRAMMARS[language])
    return {
        (grammar.node_kind_for_id(each), grammar.node_kind_is_named(each))
        for each in range(grammar.node_kind_count)
        if grammar.node_kind_is_visible(each)
    } | {("ERROR", True)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_type_of_the_grammar_is_mapped(language):
    complete = taxonomy(Profile.COMPLETE, language)
    labels = {
        kind: complete.label(complete.category, kind[0], named=kind[1])
        for kind in visible(language)
    }
    assert {kind for kind, label in labels.items() if label in (None, UNKNOWN)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_is_stale_or_stands_twice(language):
    entries = own_entries(Profile.COMPLETE, language)
    kinds = visible(language)
    known = {kind for kind, _ in kinds} | {f"({kind})" for kind, named in kinds if named}
    for table in ("categories", "statements"):
        members = [each for label in entries.get(table, {}).values() for each in label]
        assert set(members) - known == set()
        assert len(members) == len(set(members))
    assert set(entries.get("natural", ())) - known == set()


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("language", [*LANGUAGES, "english"])
def test_every_category_has_a_group(profile, language):
    rules = taxonomy(profile, language)
    assert set(rules.category.values()) <= set(rules.group)


def test_codeq_is_as_published():
    codeq = taxonomy(Profile.CODEQ, "python")
    categories = list(codeq.category.values())
    found = {
        each: (categories.count(each), codeq.group[each]) for each in dict.fromkeys(categories)
    }
    assert found == CATEGORIES_AND_GROUPS
    assert list(found) == list(CATEGORIES_AND_GROUPS)
    assert (codeq.group["unknown"], codeq.category[":"]) == ("unknown", "punctuation")


def test_codeq_leaves_much_of_python_unknown():
    codeq = taxonomy(Profile.CODEQ, "python")
    unknown = {kind for kind, named in visible("python") if kind not in codeq.category}
    assert {"if_statement", "elif", "raise", "parameters", "not in", "+="} <= unknown
    assert "if" not in unknown


def test_complete_moves_nothing_that_codeq_names():
    codeq, complete = taxonomy(Profile.CODEQ, "python"), taxonomy(Profile.COMPLETE, "python")
    for kind, named in visible("python"):
        if kind in codeq.category:
            assert complete.label(complete.category, kind, named=named) == codeq.category[kind]


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_share_categories_and_groups(language):
    complete, python = (taxonomy(Profile.COMPLETE, each) for each in (language, "python"))
    assert set(complete.category.values()) - set(python.category.values()) == set()
    assert complete.group == python.group


@pytest.mark.parametrize("profile", Profile)
def test_every_penn_tag_is_mapped(profile):
    english = taxonomy(profile, "english")
    assert set(english.category) >= PENN


def test_a_parenthesized_type_is_the_node_and_not_the_keyword():
    typescript = taxonomy(Profile.COMPLETE, "typescript")
    assert typescript.label(typescript.category, "string", named=False) == "types"
    assert typescript.label(typescript.category, "string", named=True) == "string"


def test_an_unknown_profile_names_the_known_ones():
    assert profile_named("codeq") is Profile.CODEQ
    with pytest.raises(LinewiseError, match="choose one of: codeq, complete"):
        profile_named("codeque")
