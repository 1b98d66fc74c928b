"""The language of one question, cheaply and always the same way."""

from __future__ import annotations

import re
import unicodedata

from ragopt.query.lexicon.types import words

__all__ = ["fold", "language"]

#: Letters of Vietnamese and of no other common language: ă đ ơ ư, the block with its tone marks; and common words
#: whose letters others have too.
_VIETNAMESE = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]|\\b(?:gì|còn|thì|có|nó|cái|phí|giá)\\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
#: Function words of Vietnamese as they are typed without accents, none of them an English word.
_TYPED = words(
    "khong nen dung khac giua toi cua nhu nao gi duoc lam sao nhieu nhung voi hoi giup cac mot nay kia thi neu hay "
    "hoac khi nguoi minh bao lau bi dang trong ngoai bang biet"
)
_ENGLISH = words(
    "the a an of in on to for and or is are was were be do does did can could what which who when where why how with "
    "from by at that this it my i you not if there has have"
)


def language(text: str) -> str:
    """`vi`, `en`, or an empty string for what is neither: `en` stands for any text in plain Latin letters.

    Vietnamese shows by its letters, or, typed without accents, by two function words and more of them than of
    English. A text that mixes the two is Vietnamese.
    """
    if _VIETNAMESE.search(unicodedata.normalize("NFC", text)):
        return "vi"
    found = [fold(word.lower()) for word in _WORD.findall(unicodedata.normalize("NFC", text))]
    typed = sum(word in _TYPED for word in found)
    english = sum(word in _ENGLISH for word in found)
    if typed >= 2 and typed > english:
        return "vi"
    return "en" if any(word.isascii() for word in found) else ""


def fold(text: str) -> str:
    """The text without accents, letter for letter: as long as the NFC text, so that places stay the same."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_FOLDED.get(letter) or _plain(letter) for letter in composed)


_FOLDED = {"đ": "d", "Đ": "D"}


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
