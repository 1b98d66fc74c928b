"""The words of an index: what questions are mended against and weighed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragopt import _core

__all__ = ["Neighbor", "Vocabulary"]


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A known word close to one that was typed.

    `term` is its term, "" for a stop word. `edits` counts letters to insert, delete, replace or swap with the next
    one. `frequency` is the number of chunks that hold the term; of all chunks for a stop word.
    """

    term: str
    word: str
    edits: int
    frequency: int


class Vocabulary:
    """The terms of one snapshot of an index, read-only. Frequencies are those of the live chunks."""

    def __init__(self, core: _core.Index) -> None:
        self._core = core
        self._analyzer = core.analyzer

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return len(self._core)

    def terms(self, text: str) -> list[str]:
        """The terms of a text, as the index analyzes it."""
        return self._analyzer.terms(text)

    def words(self, text: str) -> list[tuple[str, list[str]]]:
        """The words of a text, in normal form but with their case, each with the terms it gives: none for a stop word.

        Where the analyzer makes pairs, a word's terms begin with the pair that it makes with the word before it.
        """
        return self._analyzer.words(text)

    def frequency(self, term: str) -> int:
        """How many chunks hold `term`."""
        return self._core.document_frequency(term)

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """The same of many terms."""
        return self._core.document_frequencies(terms)

    def near(self, word: str, edits: int) -> list[Neighbor]:
        """The words within `edits` of `word`, closest first, then the more frequent ones; stop words too.

        Only words of letters. For an analyzer that stems, a term is found by the English words that have it.
        """
        return [Neighbor(*found) for found in self._core.near(word, edits)]

    def unmarked(self, word: str) -> list[tuple[str, int]]:
        """The terms that are `word` but for the marks on their letters (duong: đường, dương), with their frequencies.

        `word` itself is among them if it is a term. A stop word comes with the number of all chunks.
        """
        return self._core.unmarked(word)
