"""What the token estimate looks at: counts of runs and characters that a tokenizer's cost follows.

Every feature is a sum over the runs between white space, plus the runs of white space themselves. So
the features of two texts joined by white space never exceed the sum of theirs, and a budget that
holds for the pieces holds for the whole.
"""

from __future__ import annotations

import re

__all__ = ["FEATURES", "features"]

_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_WORD = re.compile(rf"[{_LATIN}]+")
_DIGITS = re.compile(r"[0-9]+")
_BLANKS = re.compile(r"\s{2,}|[^\S ]")  # all white space but a single blank
_MARKS = re.compile(r"[!-/:-@\[-`{-~]+")
_SAME = re.compile(r"([!-/:-@\[-`{-~])\1*")
_CAPITALS = re.compile(r"[A-Z]+")
_HARD = re.compile(r"[bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ]{5,}|([A-Za-z])\1{2,}")
_SWITCH = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])|[a-z](?=[A-Z])")
_OTHER = re.compile(rf"[^\s!-~{_LATIN}]")

FEATURES = (
    "words",
    "pieces of 5 letters",
    "pieces of 8 letters",
    "letters",
    "capitals",
    "accented words",
    "accented words' letters",
    "pieces of 3 digits",
    "punctuation runs",
    "runs of one mark",
    "white space beyond one blank",
    "capitals in a row",
    "letters that make no word",
    "changes within a word",
    "pieces of 6 equal marks",
    "alphabet letters",
    "syllable letters",
    "other symbols",
    "rare symbols",
)
"""The names of the features, in order."""


def features(text: str) -> list[int]:
    """The features of `text`, in the order of FEATURES; all 0 for the empty text."""
    plain, accented = _words(text)
    marks = [match.end() - match.start() for match in _SAME.finditer(text)]
    capitals = [len(run) for run in _CAPITALS.findall(text)]
    return [
        len(plain),
        sum([-(-size // 5) for size in plain]),
        sum([-(-size // 8) for size in plain]),
        sum(plain),
        sum(capitals),
        len(accented),
        sum(accented),
        sum([-(-len(run) // 3) for run in _DIGITS.findall(text)]),
        len(_MARKS.findall(text)),
        len(marks),
        sum([-(-len(run) // 16) for run in _BLANKS.findall(text)]),
        sum(capitals) - len(capitals),
        sum([match.end() - match.start() - 2 for match in _HARD.finditer(text)]),
        len(_SWITCH.findall(text)),
        sum([(size - 1) // 6 for size in marks]),
        *_others(text),
    ]


def _words(text: str) -> tuple[list[int], list[int]]:
    """The lengths of the words in plain letters, and of those with an accented one."""
    found = _WORD.findall(text)
    if text.isascii():
        return [len(word) for word in found], []
    plain = [len(word) for word in found if word.isascii()]
    return plain, [len(word) for word in found if not word.isascii()]


def _others(text: str) -> tuple[int, int, int, int]:
    """The characters outside Latin: letters of alphabets, of syllable scripts, symbols, rare ones."""
    alphabet = syllable = symbols = rare = 0
    for character in _OTHER.findall(text):
        code = ord(character)
        if code >= 0x10000:
            rare += 1
        elif not character.isalpha() and not 0x900 <= code < 0x1000:  # Indic and Thai vowel signs count as letters
            symbols += 1
        elif code < 0x800:
            alphabet += 1
        else:
            syllable += 1
    return alphabet, syllable, symbols, rare
