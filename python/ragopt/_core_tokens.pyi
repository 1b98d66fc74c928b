"""A part of the stub of `ragopt._core`: there is no such module."""

from collections.abc import Sequence
from typing import final

@final
class TokenRates:
    """An estimate of tokens: rows of a rate for each of `names()`; bit j of pairs' number i is the letters i and j."""

    def __new__(cls, pairs: tuple[Sequence[int], Sequence[int]], rates: Sequence[Sequence[float]], /) -> TokenRates: ...
    @staticmethod
    def names() -> list[str]: ...
    def features(self, text: str, /) -> list[int]: ...
    def bounds(self, texts: Sequence[str], slack: float, /) -> tuple[list[int], list[int], list[int]]:
        """Point, low and high of each text by three rows of rates; 0 of the empty text.

        Sums of rates times features: rounded (half to even, at least 1); the smaller of low and point less the slack,
        rounded down (at least 0); the larger of high and point with the slack, rounded up.
        """
