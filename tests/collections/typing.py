"""Questions as people type them: with typos, without accents. Seeded."""

from __future__ import annotations

import random
import string
import unicodedata

__all__ = ["with_typos", "without_accents"]


def with_typos(text: str, seed: int, rate: float = 0.2) -> str:
    """Each word of four letters or more has one slip with probability `rate`: two letters swapped, one left out, one
    too many, one wrong, anywhere in the word.
    """
    draw = random.Random(f"{seed} {text}")
    words = text.split(" ")
    return " ".join(
        _slip(word, draw) if len(word) >= 4 and word.isalpha() and draw.random() < rate else word for word in words
    )


def _slip(word: str, draw: random.Random) -> str:
    kind, at = draw.choice(["swap", "omit", "insert", "replace"]), draw.randrange(len(word))
    letter = draw.choice(string.ascii_uppercase if word.isupper() else string.ascii_lowercase)
    if kind == "swap":
        at = draw.randrange(len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "insert":
        return word[:at] + letter + word[at:]
    return word[:at] + (letter if kind == "replace" else "") + word[at + 1 :]


def without_accents(text: str) -> str:
    """Letters without their marks; đ is d."""
    plain = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return "".join(plain).replace("đ", "d").replace("Đ", "D")
