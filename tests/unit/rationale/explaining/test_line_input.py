"""Where the tokens of a model input stand in the document: by characters, of any text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.analysis import model_input
from linewise.rationale import line_input
from linewise.rationale.explain_text import ExplainedText
from linewise.rationale.line_input import line_inputs

PIECES = st.sampled_from(
    [
        '"""About 🎉."""',
        "import os",
        "import re; import sys",
        "class A:",
        "    '''Of\n    two lines.'''",
        "    def f(self, x):",
        "        return x + 1",
        "    y = 2",
        "def g():",
        "    pass",
        "é = '漢'",
        "",
        "# why",
    ]
)
TERMINATORS = st.sampled_from(["\n", "\r\n", "\r"])


class Encoding:
    def __init__(self, text, size):
        cuts = np.arange(0, len(text), size)
        self.starts = cuts
        self.ends = np.minimum(cuts + size, len(text))
        self.ids = np.array([hash(text[a:b]) for a, b in zip(self.starts, self.ends, strict=True)])


class Cutter:
    """Tokens of ``size`` characters each, known by their text."""

    def __init__(self, size):
        self.size = size
        self.spelled = {}

    def encode(self, text):
        found = Encoding(text, self.size)
        for each, start in zip(found.ids.tolist(), found.starts.tolist(), strict=True):
            self.spelled[each] = text[start : start + self.size]
        return found


@settings(max_examples=30)
@given(
    st.lists(st.tuples(PIECES, TERMINATORS), min_size=1, max_size=15),
    st.integers(1, 3),
    st.integers(12, 60),
)
def test_every_token_stands_where_its_text_is(pieces, size, window):
    text = ExplainedText("".join(content + terminator for content, terminator in pieces))
    cutter = Cutter(size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_input, "WINDOW_TOKENS", window)
        patch.setattr(model_input, "HEADER_TOKENS", window // 3)
        patch.setattr(line_input, "HEADER_TOKENS", window // 3)
        patch.setattr(model_input, "OVERLAP_TOKENS", window // 6)
        for line in sorted(text.code):
            for each in line_inputs(text, line, cutter):
                start, end = each.table.full_span(line)
                own = np.arange(each.first, each.end)
                inside = (each.starts < end) & (each.ends > start)
                assert inside[own].all()
                assert len(each.starts) == len(each.ends) == len(each.ids)
                for number, token in enumerate(each.ids.tolist()):
                    stands = each.table.text[each.starts[number] : each.ends[number]]
                    stands = stands.replace("\r\n", "\n").replace("\r", "\n")
                    # The header and the last line end in breaks that the text may not have, and
                    # leave out what stands between their pieces.
                    spelled = cutter.spelled[token]
                    assert stands == spelled or "\n" in spelled, (stands, spelled)
                    if spelled.strip():
                        assert spelled.strip().split("\n")[0] in stands


def test_a_header_shows_the_breaks_of_the_document():
    text = ExplainedText('"""Doc."""\r\n\r\nimport os; import re\r\ndef f():\r\n    return 1\r\n')
    (each,) = line_inputs(text, 4, Cutter(1))
    header = [
        each.table.text[start:end]
        for start, end in zip(each.starts, each.ends, strict=True)
        if start < text.text.index("def")
    ]
    # Of the two imports on one line, the first ends without a break.
    assert "".join(header) == '"""Doc."""\r\nimport osimport re\r\n'
    assert header.count("") == 1
    assert each.lines.tolist() == sorted(each.lines.tolist())
