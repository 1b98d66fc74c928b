"""What the token estimate counts in a text, plainly: ragopt-core's analysis/tokens.rs must agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import ceil, floor

__all__ = ["bounds", "features"]

_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_MARK = r"!-/:-@\[-`{-~"
_KINDS = (  # of the characters beyond ASCII and Latin; what is none of these counts its bytes
    "[\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u20a0-\u20cf]",
    "[\u0370-\u052f\u05d0-\u05f4\u0620-\u06ff\u10d0-\u10ff]",
    "[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff60]",
    "[\u0900-\u0eff\u1000-\u109f\u1780-\u17ff]",
    "[\U0001f000-\U0001faff]",
)


def features(text: str, common: Sequence[int], known: Sequence[int]) -> list[int]:
    """The amounts, in the order of `_core.TokenRates.names()`."""
    words = re.findall(f"[{_LATIN}]+", text)
    plain = [word for word in words if word.isascii()]
    accented = [word for word in words if not word.isascii()]
    pairs = [(ord(a) - 97, ord(b) - 97) for word in plain for a, b in pairwise(word.lower())]
    capitals = re.findall("[A-Z]+", text)
    same = [match[0] for match in re.finditer(rf"([{_MARK}])\1*", text)]
    blanks = re.findall(r"[ \t\n\r]{2,}|[\t\n\r]", text)
    others = re.findall(f"[^ \t\n\r!-~{_LATIN}]", text)
    kinds = [sum(1 for other in others if re.match(kind, other)) for kind in _KINDS]
    rest = [other for other in others if not any(re.match(kind, other) for kind in _KINDS)]
    return [
        len(plain),
        sum(-(-len(word) // 5) for word in plain),
        sum(-(-len(word) // 8) for word in plain),
        sum(len(word) for word in plain),
        sum(1 for a, b in pairs if known[a] >> b & 1 and not common[a] >> b & 1),
        sum(1 for a, b in pairs if not known[a] >> b & 1),
        len(accented),
        sum(len(word) for word in accented),
        sum(max(0, len(word) - 7) for word in accented),
        sum(max(0, sum(not letter.isascii() for letter in word) - 2) for word in accented),
        sum(len(run) for run in capitals),
        sum(len(run) - 1 for run in capitals),
        len(re.findall(r"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])|[a-z](?=[A-Z])", text)),
        sum(-(-len(run) // 3) for run in re.findall("[0-9]+", text)),
        len(re.findall(f"[{_MARK}]+", text)),
        len(same),
        sum((len(run) - 1) // 6 for run in same if run[0] in "=-*#._/"),
        sum(len(run) - 1 for run in same if run[0] not in "=-*#._/"),
        sum(-(-len(run) // 16) for run in blanks),
        sum(a != b for run in blanks for a, b in pairwise(run)),
        *kinds,
        sum(len(other.encode()) for other in rest),
    ]


def bounds(found: Sequence[int], rates: Sequence[Sequence[float]], slack: float) -> tuple[int, int, int]:
    """Point, low and high of a text that is not empty, by the rows of rates for them."""
    sums = []
    for row in rates:
        total = 0.0
        for rate, amount in zip(row, found, strict=True):  # the built-in sum would correct its rounding
            total += rate * amount
        sums.append(total)
    point, low, high = sums
    return max(1, round(point)), max(0, floor(min(low, point) - slack)), ceil(max(high, point) + slack)
