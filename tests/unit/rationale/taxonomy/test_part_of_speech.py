import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from linewise.rationale.taxonomy.part_of_speech import pattern_tagger
from linewise.rationale.taxonomy.profiles import Profile, taxonomy
from linewise.rationale.taxonomy.words import words


def test_words_of_code_are_tagged(tagger):
    tags = {
        word: tagger(word) for word in ("get", "user", "is", "valid", "from", "404", "frobnication")
    }
    assert tags == {
        "get": "VB",
        "user": "NN",
        "is": "VBZ",
        "valid": "JJ",
        "from": "IN",
        "404": "CD",
        "frobnication": "NN",
    }


@given(st.text(st.characters(categories=["L", "Nd"]), min_size=1))
def test_every_word_has_a_tag_that_both_profiles_know(word):
    tag = pattern_tagger()(word)
    assert all(tag in taxonomy(profile, "english").category for profile in Profile)


def test_every_word_of_the_lexicon_has_a_known_tag(tagger):
    path = Path(str(distribution("textblob").locate_file("textblob/en/en-lexicon.txt")))
    known = taxonomy(Profile.COMPLETE, "english").category
    entries = [line.split(" ")[0] for line in path.read_text("utf-8").splitlines()]
    found = [each for each in entries if words(each) == ((0, len(each)),)]
    assert len(found) > 50_000
    assert {each: tagger(each) for each in found if tagger(each) not in known} == {}


def test_the_tagger_loads_late_light_and_offline():
    code = (
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event.startswith(('socket.connect', 'socket.getaddrinfo', 'pickle.find_class')):\n"
        "        raise SystemExit(event)\n"
        "sys.addaudithook(refuse)\n"
        "import linewise.rationale.taxonomy.categories\n"
        "from linewise.rationale.taxonomy import part_of_speech\n"
        "late = '_textblob_text' in sys.modules or 'tree_sitter_java' in sys.modules\n"
        "assert part_of_speech.pattern_tagger()('parser') == 'NN'\n"
        "print(late, {'nltk', 'textblob', 'torch'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (found.stdout, found.returncode) == ("False set()\n", 0), found.stderr
