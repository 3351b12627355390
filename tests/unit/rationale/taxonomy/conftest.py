"""Expected tag tables: ``tables/*.tsv``, a token a row; the tokens together are the text."""

import ast
import csv
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest

from linewise.rationale.taxonomy.part_of_speech import pattern_tagger

TABLES = Path(__file__).parent / "tables"


class Table:
    def __init__(self, name):
        text = (TABLES / f"{name}.tsv").read_text("utf-8")
        self.rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
        self.tokens = [ast.literal_eval(row["token"]) for row in self.rows]
        self.text = "".join(self.tokens)
        bounds = accumulate(map(len, self.tokens), initial=0)
        self.starts, self.ends = np.array(list(pairwise(bounds))).T

    def column(self, name):
        return [row[name] for row in self.rows]


@pytest.fixture
def table():
    return Table


@pytest.fixture(scope="session")
def tagger():
    return pattern_tagger()
