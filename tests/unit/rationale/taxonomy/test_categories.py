from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.taxonomy.categories import NoCategories, categorize, read_text
from linewise.rationale.taxonomy.grammars import GRAMMARS, grammar_for, grammar_named
from linewise.rationale.taxonomy.part_of_speech import pattern_tagger
from linewise.rationale.taxonomy.profiles import Profile, taxonomy

LANGUAGES = sorted(GRAMMARS)
FRAGMENTS = [
    *("def f(x):\n    ", "class A {", "}", "(", ")", "'", '"', "`${a}`", "# é\n", "// x\n", "/*"),
    *(
        "if ",
        "return ",
        "x",
        " y",
        "😀",
        "\t",
        "\r\n",
        "\ud800",
        "<b>",
        "=>",
        "\0",
        "...",
        "import ",
    ),
]
texts = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(FRAGMENTS)).map("".join))


def cut(text, *bounds):
    spans = np.array(list(pairwise(sorted({0, len(text), *bounds})))).reshape(-1, 2).T
    return spans[0], spans[1]


def whole(text, language, tokens, profile=Profile.COMPLETE, tagger=None):
    """Categories of tokens given as strings that follow each other in the text."""
    bounds = np.cumsum([0, *map(len, tokens)])
    assert "".join(tokens) == text
    return categorize(read_text(text, language), bounds[:-1], bounds[1:], profile, tagger)


def only(categories, level):
    return [categories[level].of(each) for each in range(len(categories[level].counts))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_snippets_have_the_expected_tags(table, tagger, language):
    expected = table(language)
    found = categorize(
        read_text(expected.text, language), expected.starts, expected.ends, tagger=tagger
    )
    for level in ("category", "statement", "part_of_speech"):
        labels = [" ".join(each) or "-" for each in only(found, level)]
        assert labels == expected.column(level), level


def test_a_whole_snippet_has_the_tags_codeq_gives(table, tagger):
    expected = table("codeq")
    found = categorize(
        read_text(expected.text, "python"), expected.starts, expected.ends, Profile.CODEQ, tagger
    )
    level = found["category"]
    labels = [
        " ".join(
            f"{label}*{count}" if count > 1 else label
            for label, count in zip(level.labels, row, strict=True)
            if count
        )
        for row in level.counts
    ]
    assert labels == expected.column("category")
    assert [" ".join(each) for each in only(found, "group")] == expected.column("group")


@given(texts, st.data())
def test_every_token_has_one_category_group_and_statement(text, data):
    language = data.draw(st.sampled_from(LANGUAGES))
    points = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(points, points).map(sorted)))
    starts, ends = [span[0] for span in spans], [span[1] for span in spans]
    found = categorize(read_text(text, language), starts, ends, tagger=pattern_tagger())
    for level in ("category", "group", "statement"):
        assert found[level].counts.shape == (len(spans), len(found[level].labels))
        assert (found[level].counts.sum(axis=1) == 1).all()
    assert (found["part_of_speech"].counts.sum(axis=1) <= 1).all()
    group = taxonomy(Profile.COMPLETE, language).group
    for token in range(len(spans)):
        (category,), (its_group,) = found["category"].of(token), found["group"].of(token)
        assert group[category] == its_group
        assert category != "unknown"
        spoken = found["part_of_speech"].of(token)
        assert not spoken or its_group in ("sc_nl", "sc_errors")


@given(texts, st.data())
def test_codeq_groups_are_the_sums_of_their_categories(text, data):
    language = data.draw(st.sampled_from(LANGUAGES))
    bounds = data.draw(st.lists(st.integers(0, len(text))))
    found = categorize(
        read_text(text, language), *cut(text, *bounds), Profile.CODEQ, pattern_tagger()
    )
    group = taxonomy(Profile.CODEQ, language).group | taxonomy(Profile.CODEQ, "english").group
    category = found["category"]
    for at, name in enumerate(found["group"].labels):
        members = [group.get(label, "unknown") == name for label in category.labels]
        sums = category.counts[:, members].sum(axis=1)
        assert found["group"].counts[:, at].tolist() == sums.tolist()
    assert found["group"].counts.sum() == category.counts.sum()


@given(st.lists(st.sampled_from([*FRAGMENTS, "a", "bb", " = ", "\n"])).map("".join), st.data())
def test_codeq_counts_what_the_published_test_finds(text, data):
    """The test of papers.md §1.5, node by node, less its accident with equal neighbours."""
    starts, ends = cut(text, *data.draw(st.lists(st.integers(0, len(text)))))
    document = read_text(text, "python")
    nodes, table = document.nodes, taxonomy(Profile.CODEQ, "python").category
    kinds = [
        document.language.node_kind_for_id(int(each))
        if each < document.language.node_kind_count
        else "ERROR"
        for each in nodes.kinds
    ]
    level = categorize(document, starts, ends, Profile.CODEQ)["category"]
    for token, (start, end) in enumerate(zip(starts, ends, strict=True)):
        expected = dict.fromkeys(level.labels, 0)
        for kind, first, last in zip(kinds, nodes.starts, nodes.ends, strict=True):
            around = first <= start and end <= last
            less_one = (first, last) == (start + 1, end) and first < last
            expected[table.get(kind, "unknown")] += around or less_one
        blank = {"\n", "\t"} & set(text[start:end])
        found = dict(zip(level.labels, level.counts[token].tolist(), strict=True))
        assert found.pop("indentation") >= bool(blank)
        del expected["indentation"]
        assert found == expected


def test_a_token_across_nodes_goes_where_most_of_it_lies():
    text = "f(aa).b\n"
    found = whole(text, "python", ["f", "(aa", ").", "b", "\n"])
    assert only(found, "category") == [
        ("identifier",),
        ("identifier",),  # two letters against one bracket
        ("punctuation",),
        ("identifier",),
        ("indentation",),
    ]
    tied = whole("(a)", "python", ["(a", ")"])
    assert tied["category"].of(0) == ("punctuation",)  # one against one: the first
    assert whole("x =  y", "python", ["x", " =  y"])["category"].of(1) == ("operators",)


def test_tokens_may_overlap_repeat_and_come_in_any_order():
    document = read_text("é = '😀'\n", "python")
    found = categorize(document, [5, 5, 0, 5], [6, 6, 1, 5])
    assert only(found, "category") == [("string",), ("string",), ("identifier",), ("excluded",)]
    assert only(found, "statement")[3] == ("none",)


@pytest.mark.parametrize(("starts", "ends"), [([0], [9]), ([-1], [2]), ([3], [2]), ([0, 1], [1])])
def test_spans_outside_the_text_are_refused(starts, ends):
    with pytest.raises(ValueError, match=r"span"):
        categorize(read_text("x = 1\n", "python"), starts, ends)


def test_what_the_parser_could_not_place_is_errors():
    text = "x = 1\n) y ]\nz = f(2)\n"
    found = whole(
        text, "python", ["x = 1", "\n", ")", " y", " ]", "\n", "z", " =", " f", "(", "2", ")", "\n"]
    )
    labels = [each for (each,) in only(found, "category")]
    assert labels[2:5].count("errors") >= 2
    assert labels[6:12] == [
        "identifier",
        "operators",
        "identifier",
        "punctuation",
        "types",
        "punctuation",
    ]
    assert "errors" in whole(text, "python", ["x = 1\n", ")", text[7:]], Profile.CODEQ)[
        "category"
    ].of(1)


def test_parsed_pieces_of_a_broken_file_keep_their_categories():
    text = "class A:\n    def f(self:\n        return self.x  # why\n"
    tokens = [
        "class A:\n    def f(self:\n        ",
        "return",
        " self",
        ".",
        "x",
        "  #",
        " why",
        "\n",
    ]
    labels = [each for (each,) in only(whole(text, "python", tokens), "category")]
    assert labels[4:] == ["identifier", "comment", "comment", "indentation"]


def test_comments_in_a_broken_stretch_are_comments():
    found = whole(
        "def (\n# still a comment\n", "python", ["def", " (\n", "# still a comment", "\n"]
    )
    assert found["category"].of(2) == ("comment",)


def test_emoji_names_are_no_failure(tagger):
    # JavaScript's grammar takes them for names, the others for errors; nowhere are they words.
    expected = {"python": "errors", "java": "errors"}
    for language in LANGUAGES:
        found = whole("😀 = 1", language, ["😀", " =", " 1"], tagger=tagger)
        assert found["category"].of(0) == (expected.get(language, "identifier"),)
        assert found["part_of_speech"].counts.sum() == 0
        assert whole("😀 = 1", language, ["😀", " =", " 1"], Profile.CODEQ, tagger)
    found = whole("名前 = café", "python", ["名前", " =", " café"], tagger=tagger)
    assert only(found, "category")[::2] == [("identifier",), ("identifier",)]


def test_code_without_natural_language_has_no_parts_of_speech(tagger):
    found = whole("1 + (2)\n", "python", ["1", " +", " (", "2", ")", "\n"], tagger=tagger)
    assert found["part_of_speech"].counts.sum() == 0
    empty = categorize(read_text("", "python"), [], [], tagger=tagger)
    assert empty["category"].counts.shape[0] == 0


def test_empty_texts_and_blank_texts(tagger):
    for profile in Profile:
        for text in ("", "\n\n", "   "):
            found = categorize(read_text(text, "python"), [0], [len(text)], profile, tagger)
            assert found["category"].counts.shape[0] == 1


def test_parts_of_speech_need_a_tagger():
    assert "part_of_speech" not in whole("x", "python", ["x"]).levels


@pytest.mark.parametrize("language", ["rust", "", "plaintext"])
def test_a_language_without_a_taxonomy_says_so(language):
    answer = read_text("fn main() {}", language)
    assert isinstance(answer, NoCategories)
    assert "python, javascript, typescript, tsx, java" in answer.reason


def test_languages_are_found_by_editor_names_and_suffixes():
    assert grammar_named("typescriptreact") is GRAMMARS["tsx"]
    assert grammar_named("Python") is GRAMMARS["python"]
    suffixes = [suffix for each in GRAMMARS.values() for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize("name", ["a.py", "b.PYI", "c.jsx", "d.ts", "e.tsx", "f.java"])
def test_files_find_their_grammar(tmp_path, name):
    assert grammar_for(tmp_path / name) is not None
    assert grammar_for(tmp_path / f"{name}.txt") is None


def test_white_space_is_known_up_to_the_last():
    text = "".join(chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000)
    document = read_text("'x'", "python")
    blank = type(document)(text, document.grammar, document.language, document.nodes).blank
    assert blank.tolist() == [each.isspace() for each in text]


def test_deep_nesting_is_tagged():
    depth = 3000
    text = "(" * depth + "x" + ")" * depth
    for profile in Profile:
        found = categorize(read_text(text, "python"), *cut(text, *range(len(text))), profile)
        assert len(found["category"].counts) == len(text)
