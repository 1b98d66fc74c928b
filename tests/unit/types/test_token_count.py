"""Token counts as values: what a sum knows."""

from __future__ import annotations

from ragopt.testing import FakeTokenCounter
from ragopt.tokens import count_all
from ragopt.types import TokenCount

EXACT = TokenCount(3, 3, 3, "words")
WIDE = TokenCount(10, 8, 13, "estimate:a", 900)
WIDER = TokenCount(20, 10, 30, "estimate:b", 40)


def test_a_sum_adds_the_bounds_and_keeps_the_weakest_evidence() -> None:
    for left, right, total in (
        (WIDE, WIDER, TokenCount(30, 18, 43, "estimate:a+estimate:b", 40)),
        (WIDE, WIDE, TokenCount(20, 16, 26, "estimate:a", 900)),
        (EXACT, WIDE, TokenCount(13, 11, 16, "words+estimate:a", 900)),  # what is exact needs no samples
        (EXACT, EXACT, TokenCount(6, 6, 6, "words", 0)),
    ):
        assert left + right == total
    assert (EXACT.exact, WIDE.exact) == (True, False)


def test_many_texts_are_counted_at_once_where_the_counter_can() -> None:
    assert [count.point for count in count_all(FakeTokenCounter(), ["a b", "", "c"])] == [2, 0, 1]

    class Batched(FakeTokenCounter):
        def count_many(self, texts: list[str]) -> list[TokenCount]:
            return [TokenCount(7, 7, 7, "batch") for _ in texts]

    assert [count.method for count in count_all(Batched(), ["a", "b"])] == ["batch", "batch"]
