"""What lines say but for white space; and fingerprints, those of earlier versions too."""

import io
import itertools
import keyword
import time
import tokenize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linewise.analysis.fingerprints import fingerprint, fingerprints
from linewise.analysis.lines import LineTable
from linewise.analysis.suppression import Decisions, suppression
from linewise.analysis.white_space import squeezed, squeezed_lines
from linewise.results import LineScore

OLD_X = "3dc79c549ca72757"
OLD_X_AGAIN = "71b1b7a07e3ef69e"
OLD_PRINT = "8c3e3a5148b94893"
OLD_PRINT_TIGHT = "707cda525d3566de"
SAME = [
    ("print(y[undefq])", "print( y[undefq] )"),
    ("x = 1", "x=1"),
    ("\tx = 1  ", "    x  =  1"),
    ("return 'a b'", "return'a b'"),
    ("f(a, *b, **c)", "f( a,* b , ** c )"),
    ("x = 'it\\'s  a' + b", "x='it\\'s  a'+b"),
    ("x  # don't  - do", "x #don't-do"),
    ("'a' if x else y", "'a'if  x  else  y"),
    ("x1 .real", "x1.real"),
    ('f(r"\\d  ", b)', 'f( r"\\d  ",b )'),
    ("a = -b - -c", "a=- b-- c"),
]
OTHER = [
    ('print("a b")', 'print("ab")'),
    ("print('a  b')", "print('a b')"),
    ("not x", "notx"),
    ("r 'a'", "r'a'"),
    ("1 .real", "1.real"),
    ("x < = y", "x <= y"),
    ("f'{x } y'", "f'{x} y'"),
    ("'''a - b'''", "'''a-b'''"),
    ("x = 'it\\'s  a'", "x = 'it\\'s a'"),
    ("# a b", "# ab"),
    ("s = 'a  \\", "s = 'a \\"),
    ("if x:", "ifx:"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_formatters_change_does_not_count(one, other):
    assert squeezed(one) == squeezed(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_says_something_else_does(one, other):
    assert squeezed(one) != squeezed(other)


def test_a_string_over_several_lines():
    text = ['x = """a  - b', "  c - d", '""" + f( y )', "z = ( 1 )"]
    assert squeezed_lines(text) == ['x="""a  - b', "c - d", '"""+f(y)', "z=(1)"]
    assert squeezed_lines(['x = """ open', "f( y )"]) == ['x=""" open', "f(y)"]
    assert squeezed_lines(["x = ( 'a \\", "  - b' , c )"]) == ["x=('a \\", "- b',c)"]


NAMES = st.from_regex(r"[a-z_]\w{0,3}", fullmatch=True).filter(lambda name: name.isidentifier())
STRINGS = st.builds(
    lambda prefix, text: f"{prefix}{text!r}", st.sampled_from(["", "b", "r", "Rb"]), st.text("a -#")
)
TOKENS = st.one_of(
    NAMES,
    STRINGS,
    st.sampled_from(keyword.kwlist),
    st.integers(0, 999).map(str),
    st.sampled_from(
        ["+", "-", "*", "**", "=", "==", "<=", "(", ")", "[", "]", ",", ":", ".", "->"]
    ),
)


def tokens_of(line):
    try:
        found = [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(f"({line})").readline)
            if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
        ]
    except (tokenize.TokenError, SyntaxError):
        found = None
    return found


@given(st.lists(TOKENS, min_size=1, max_size=8), st.data())
def test_white_space_between_tokens_that_stay_the_same_does_not_count(tokens, data):
    gaps = st.sampled_from(["", " ", "  ", "\t"])
    lines = ["".join(token + data.draw(gaps) for token in tokens) for _ in range(2)]
    read = [tokens_of(line) for line in lines]
    assume(None not in read)
    assume(read[0] == read[1] == ["(", *tokens, ")"])
    # "1if" and "1 if" are the same to Python, which will not take the former any more.
    # And "** *" is "***" to it, but nothing that it takes.
    pairs = list(itertools.pairwise(tokens))
    assume(not any(a.isdigit() and (b[0].isalnum() or b[0] in "_.'\"") for a, b in pairs))
    assume(not any(a[-1] in "*=<->:+" and b[0] in "*=>" for a, b in pairs))
    assert squeezed(lines[0]) == squeezed(lines[1])


@given(st.lists(TOKENS, min_size=1, max_size=6), st.lists(TOKENS, min_size=1, max_size=6))
def test_what_is_the_same_has_the_same_tokens(one, other):
    lines = " ".join(one), " ".join(other)
    read = [tokens_of(line) for line in lines]
    assume(None not in read)
    if squeezed(lines[0]) == squeezed(lines[1]):
        assert read[0] == read[1]


@given(st.text("ab -", min_size=1), st.text("ab -", min_size=1))
def test_white_space_in_strings_counts(one, other):
    assume(one != other)
    assert squeezed(f"f( {one!r} )") != squeezed(f"f( {other!r} )")


@given(st.lists(st.text(st.sampled_from("ab '\"#\\\t\x0c\u2028\u00a0\ud800(")), max_size=6))
def test_anything_keeps_its_lines(lines):
    found = squeezed_lines(lines)
    assert len(found) == max(len(lines), 1)
    assert squeezed_lines(found) == squeezed_lines(squeezed_lines(found))


@pytest.mark.parametrize(
    "lines",
    [["value = compute( a , b )"] * 10_000, ['\\"""'] * 10_000, ["' \"'" * 100_000], [" " * 10**6]],
)
def test_it_is_fast(lines):
    begun = time.process_time()
    squeezed_lines(lines)
    assert time.process_time() - begun < 0.5


def prints(text, units=None):
    table = LineTable(text)
    scores = [LineScore(n, 0.5, n + 1, "<module>") for n in range(len(table)) if table.content(n)]
    return scores, fingerprints(table, scores)


def test_fingerprints_of_earlier_versions():
    """The values are those that version 0.1 wrote."""
    _, found = prints("x = 1\nprint( y )\nx  =  1\nx=1\n")
    assert found.former == {0: OLD_X, 1: OLD_PRINT, 2: OLD_X_AGAIN}
    assert fingerprint("print(y)", "<module>") == found[1] == OLD_PRINT_TIGHT
    assert len({found[0], found[2], found[3]}) == 3
    assert OLD_PRINT in found.known_by


def test_what_earlier_versions_kept_still_suppresses():
    scores, found = prints("x = 1\nprint( y )\nz = 3\n")
    decided = Decisions(reviewed=frozenset({OLD_X}), ignored=frozenset({OLD_PRINT}))
    shown = suppression(scores, found, decisions=decided, baseline={OLD_X})
    assert (shown.reviewed, shown.ignored, shown.baselined) == ({0}, {1}, {0})


def test_a_line_is_not_known_by_what_another_is_now():
    scores, found = prints("f( x )\nf(x)\n")
    assert suppression(scores, found, baseline={found[0]}).baselined == {0}
