"""Which chunks are asked about."""

from __future__ import annotations

from collections import Counter

import pytest

from ragopt import Document, Index
from ragopt.errors import InputError
from ragopt.labels import sample_chunks
from ragopt.testing import FakeChunker


def test_documents_take_turns_and_the_seed_decides() -> None:
    long = Document("long", "word " * 4000)
    short = [Document(f"s{i}", "other " * 40) for i in range(9)]
    index = Index.build([long, *short], chunker=FakeChunker(40))
    chosen = sample_chunks(index, 12, seed=1)
    assert Counter(chunk.document for chunk in chosen) == {"long": 3, **{f"s{i}": 1 for i in range(9)}}
    assert sample_chunks(index, 12, seed=1) == chosen != sample_chunks(index, 12, seed=2)
    assert len({chunk.id for chunk in chosen}) == 12
    assert len(sample_chunks(index, 10_000)) == 109  # all but the blank ends that this chunker leaves


def test_stubs_are_not_asked_about_and_longer_chunks_come_first_more_often() -> None:
    texts = {"stub": "a heading", "short": "word " * 25, "long": "word " * 200}
    firsts: Counter[str] = Counter()
    for seed in range(300):
        index = _one_document(texts)
        first = sample_chunks(index, 1, seed=seed)[0]
        firsts[first.id] += 1
    assert firsts["d#0"] == 0 and firsts["d#2"] > 4 * firsts["d#1"] > 0
    with pytest.raises(InputError, match="no chunk of 1 has 20 words"):
        sample_chunks(Index.build([Document("d", "a heading")]), 1)
    with pytest.raises(InputError, match="no chunk of 0 "):
        sample_chunks(Index.build([]), 1)


def test_a_script_without_spaces_has_words_too() -> None:
    index = Index.build([Document("j", "東京の倉庫は毎日九時から十七時まで開いている。" * 20)])
    assert len(sample_chunks(index, 1)) == 1


def _one_document(texts: dict[str, str]) -> Index:
    from ragopt.types import Chunk

    whole = "".join(texts.values())

    def cut(document: Document) -> list[Chunk]:
        start, found = 0, []
        for i, text in enumerate(texts.values()):
            found.append(Chunk(f"d#{i}", "d", text, (start, start + len(text))))
            start += len(text)
        return found

    return Index.build([Document("d", whole)], chunker=cut)
