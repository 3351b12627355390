"""The words of code that does not parse: which names it seems to bind, and which it mentions."""

from __future__ import annotations

import re
from keyword import iskeyword

from linewise.analysis.lexer import Token, tokens

_NOT_ASSIGNED = frozenset("+-*/%&|^<>!=@")
# In an f-string that has no end yet.
_OPENED = re.compile(r"\{\s*([^\W\d]\w*)")
_EXPORTS = "__all__"
_NAME = re.compile(r"[^\W\d]\w*")
_LONGEST = 50_000
"""Characters: of a longer piece every word counts, which is known in a fraction of the time."""


def stand_in(text: str) -> str:
    r"""Return one line that binds and reads what lines of code seem to; ``\n`` alone ends them."""
    bound, read = mentions(text)
    pieces = [f"{name} = " for name in sorted(bound - {_EXPORTS})]
    values = "".join(f"{name}, " for name in sorted(read))
    if not pieces and not values:
        return "pass"
    return "".join((*pieces, f"({values})" if values else "0"))


def mentions(text: str) -> tuple[set[str], set[str]]:
    """Return the names that code seems to bind, and the others in it; of long code both are all."""
    if len(text) > _LONGEST:
        words_of_it = {word for word in _NAME.findall(text) if not iskeyword(word)}
        return words_of_it, words_of_it
    found = [each for each in tokens(text) if each.kind not in ("comment", "joint")]
    words = [text[each.start : each.end] for each in found]
    bound: set[str] = set()
    read: set[str] = set()
    level, importing, targets, line = 0, False, False, 0
    for at, (each, word) in enumerate(zip(found, words, strict=True)):
        before = words[at - 1] if at else "\n"
        after = words[at + 1] if at + 1 < len(words) else "\n"
        level += (each.kind == "open") - (each.kind == "close")
        if each.kind == "newline" or word == ";":
            importing, line = importing and level > 0, at + 1
        elif each.kind == "string":
            read |= _in_string(text, each, bound)
        elif word == "import":
            importing = True
        elif word in ("for", "in"):
            targets = word == "for"
        elif word == "=" and level <= 0 and after != "=" and before not in _NOT_ASSIGNED:
            bound |= _targets(words[line:at])
        if each.kind != "name" or iskeyword(word):
            continue
        if before in ("def", "class"):
            bound.add(word)
            if at <= 2:
                # What is bound within is its own; all that is mentioned there counts.
                return bound, read.union(*mentions(text[each.end :]))
        elif (
            before == "as"
            or ((importing or targets) and before != ".")
            or (after == ":" and (words[at + 2 : at + 3] == ["="] or at == line))
        ):
            bound.add(word)
        elif before != "." and not (after == "=" and level > 0):
            read.add(word)
    return bound, read - bound


def _targets(words: list[str]) -> set[str]:
    """Return the names before ``=``, if there is nothing but names to be assigned to."""
    while "=" in words:
        words = words[words.index("=") + 1 :]
    plain = all(word in "()[],*" or word.isidentifier() for word in words)
    return (
        {word for word in words if word.isidentifier() and not iskeyword(word)} if plain else set()
    )


def _in_string(text: str, token: Token, bound: set[str]) -> set[str]:
    """Return what a string reads: in its holes, or as one of the names that a module exports."""
    opened = () if token.closed else _OPENED.findall(text, token.start, token.end)
    read = {name for name in opened if not iskeyword(name)}
    for start, end in token.holes:
        read |= mentions(text[start:end])[1]
    name = text[token.start : token.end].strip("'\"")
    if _EXPORTS in bound and name.isidentifier() and not iskeyword(name):
        read.add(name)
    return read
