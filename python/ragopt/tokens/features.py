"""What the token estimate looks at: counts of runs and characters that a tokenizer's cost follows.

Every feature is a sum over the runs between white space, plus the runs of white space themselves. So
the features of two texts joined by white space never exceed the sum of theirs, and a budget that
holds for the pieces holds for the whole.
"""

from __future__ import annotations

import re

__all__ = ["FEATURES", "features"]

_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_RUN = re.compile(
    rf"([A-Za-z]++(?![{_LATIN}]))|([{_LATIN}]+)|([0-9]+)|(\s+)|([!-/:-@\[-`{{-~]+)|([^\x00-\x7f])|.", re.DOTALL
)
_SAME = re.compile(r"(.)\1*", re.DOTALL)
_CAPITALS = re.compile(r"[A-Z]{2,}")
_HARD = re.compile(r"[bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ]{5,}|([A-Za-z])\1{2,}")
_SWITCH = re.compile(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])|[a-z](?=[A-Z])")

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
    words = pieces5 = pieces8 = letters = accented = accented_letters = 0
    digits = mark_runs = marks = long_marks = blanks = 0
    alphabet = syllable = symbols = rare = 0
    for match in _RUN.finditer(text):
        group, run = match.lastindex, match.group()
        size = len(run)
        if group == 1:
            words += 1
            pieces5 += -(-size // 5)
            pieces8 += -(-size // 8)
            letters += size
        elif group == 2:
            accented += 1
            accented_letters += size
        elif group == 3:
            digits += -(-size // 3)
        elif group == 4:
            blanks += -(-size // 16) if run != " " else 0
        elif group == 5:
            mark_runs += 1
            for same in _SAME.finditer(run):
                marks += 1
                long_marks += (same.end() - same.start() - 1) // 6
        elif group == 6:
            code = ord(run)
            if code >= 0x10000:
                rare += 1
            elif not run.isalpha() and not 0x900 <= code < 0x1000:  # Indic and Thai vowel signs count as letters
                symbols += 1
            elif code < 0x800:
                alphabet += 1
            else:
                syllable += 1
        else:
            symbols += 1
    return [
        words,
        pieces5,
        pieces8,
        letters,
        sum(1 for c in text if "A" <= c <= "Z"),
        accented,
        accented_letters,
        digits,
        mark_runs,
        marks,
        blanks,
        sum(len(run) - 1 for run in _CAPITALS.findall(text)),
        sum(m.end() - m.start() - 2 for m in _HARD.finditer(text)),
        sum(1 for _ in _SWITCH.finditer(text)),
        long_marks,
        alphabet,
        syllable,
        symbols,
        rare,
    ]
