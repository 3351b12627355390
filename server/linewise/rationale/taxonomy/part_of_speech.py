"""Parts of speech of English words, by the lexicon that ships in TextBlob's wheel.

What TextBlob calls ``PatternTagger`` (from CLiPS Pattern) is a lexicon of 94,000 words and suffix
rules for the others: it looks at one word at a time, so a tag does not depend on what stands
around the word. On words of code 91 % of its tags are right; HanTa, with 93 %, keeps its model in a
pickle and is 40 times slower (``benchmarks/part_of_speech.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from importlib.metadata import distribution
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from linewise.errors import LinewiseError

Tagger = Callable[[str], str]
"""Maps a word to its Penn Treebank tag."""


@cache
def pattern_tagger() -> Tagger:
    """Load the lexicon (a tenth of a second, 18 MB) and return the tagger; tags are cached.

    Raises
    ------
    LinewiseError
        If the installed TextBlob does not have the files this was written for.
    """
    folder = Path(str(distribution("textblob").locate_file("textblob")))
    try:
        # Importing the package would import NLTK and all of its dependencies: seconds and 200 MB,
        # for a tagger that needs none of them.
        spec = spec_from_file_location("_textblob_text", folder / "_text.py")
        if spec is None or spec.loader is None:
            raise ImportError("not a module")
        pattern = module_from_spec(spec)
        spec.loader.exec_module(pattern)
        lexicon = pattern.Lexicon(path=str(folder / "en" / "en-lexicon.txt"))
        lexicon.load()
    except (OSError, ImportError, AttributeError) as error:
        raise LinewiseError(
            f"the part-of-speech lexicon cannot be loaded from {folder}: reinstall Linewise with "
            "the version of textblob it asks for"
        ) from error

    @lru_cache(maxsize=100_000)
    def tag(word: str) -> str:
        ((_, found),) = pattern.find_tags([word], lexicon=lexicon)
        # A few words have two tags, the likelier first: "NNS|NN".
        return str(found).partition("|")[0]

    return tag
