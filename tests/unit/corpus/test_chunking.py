"""Chunkers: exact spans, the size kept, nothing lost, nothing cut inside a character."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.corpus import DEFAULT_WORDS, SentenceChunker, WindowChunker
from ragopt.corpus.segments import Piece, safe_cut, sentences, words
from ragopt.errors import InputError
from ragopt.tokens import ByteEstimate
from ragopt.types import Document

PARTS = [
    "The cat sat. ",
    "Is it e.g. here? ",
    "no end ",
    "\n\n",
    "# Head\n",
    "- item\n",
    "漢字が続く。",
    "e\u0301",
    "👩‍👩‍👧",
    "🇻🇳",
    "x" * 60,
    "\u200d",
    " ",
]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=40).map("".join) | st.text(max_size=80)
SIZES = st.integers(1, 25).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


@pytest.mark.parametrize("kind", [SentenceChunker, WindowChunker])
@given(text=TEXTS, sizes=SIZES, tokens=st.booleans())
def test_whatever_the_text(kind: type, text: str, sizes: tuple[int, int], tokens: bool) -> None:
    size, overlap = sizes
    chunker = kind(tokens=size + 3, overlap=overlap) if tokens else kind(words=size, overlap=overlap)
    document = Document("d", text, "Title", {"a": 1})
    chunks = list(chunker(document))
    assert chunks == list(chunker(document))
    assert [chunk.id for chunk in chunks] == [f"d#{i}" for i in range(len(chunks))]
    covered = set()
    # A run without blanks is cut in words from where it begins: at the text's start, or at a sentence's.
    runs = sentences(text) if kind is SentenceChunker else [Piece(0, len(text))]
    every = [word for run in runs for word in words(text, run.start, run.end)]
    for chunk in chunks:
        start, end = chunk.span
        assert chunk.text == text[start:end] and (chunk.title, chunk.metadata, chunk.document) == (
            "Title",
            {"a": 1},
            "d",
        )
        assert chunk.text == chunk.text.strip()
        assert start == safe_cut(text, start) and end == safe_cut(text, end)
        covered.update(range(start, end))
        inside = [word for word in every if word.start < end and start < word.end]
        if tokens:
            assert len(inside) == 1 or ByteEstimate().count(chunk.text).high <= size + 3
        else:
            assert len(inside) <= 1 or chunker.measure(text)(start, end) <= size
    assert all(i in covered or c.isspace() for i, c in enumerate(text))
    starts = [chunk.span[0] for chunk in chunks]
    assert starts == sorted(set(starts)) and len(chunks) >= 1


def test_sentences_end_where_a_reader_ends_them() -> None:
    text = (
        'Dr. Smith sets e.g. 3.5 MB. See Fig. 2 (cf. RFC 7231)! Is it? "Yes." He left.\nWrapped line here\n\n'
        "New paragraph, no stop\n- one item\n- two\n## Heading\nTP. HCM là thành phố lớn. 東京です。大阪です。"
    )
    found = [text[p.start : p.end] for p in sentences(text)]
    assert found == [
        "Dr. Smith sets e.g. 3.5 MB.",
        "See Fig. 2 (cf. RFC 7231)!",
        "Is it?",
        '"Yes."',
        "He left.",
        "Wrapped line here",
        "New paragraph, no stop",
        "- one item",
        "- two",
        "## Heading\nTP. HCM là thành phố lớn.",
        "東京です。",
        "大阪です。",
    ]


def test_chunks_are_about_equal_and_end_with_sentences() -> None:
    text = " ".join(f"Sentence number {i} has exactly seven words." for i in range(60))
    chunks = list(SentenceChunker(words=180)(Document("d", text)))
    sizes = [len(words(chunk.text)) for chunk in chunks]
    assert len(chunks) == 3 and sum(sizes) == 420 and max(sizes) - min(sizes) <= 7
    assert all(chunk.text.endswith("words.") for chunk in chunks)


def test_a_heading_in_the_second_half_starts_a_chunk() -> None:
    section = " ".join(["One two three four five."] * 4)
    text = f"# A\n\n{section}\n\n# B\n\n{section} {section}"
    chunks = list(SentenceChunker(words=40)(Document("d", text)))
    assert chunks[1].text.startswith("# B") and chunks[0].text.endswith("five.")


def test_overlap_repeats_the_end() -> None:
    chunks = list(WindowChunker(words=4, overlap=2)(Document("d", "a b c d e f g")))
    assert [chunk.text for chunk in chunks] == ["a b c d", "c d e f", "e f g"]
    chunks = list(SentenceChunker(words=4, overlap=2)(Document("d", "A b. C d. E f. G h.")))
    assert [chunk.text for chunk in chunks] == ["A b. C d.", "C d. E f.", "E f. G h."]


def test_a_short_document_is_one_chunk_and_so_is_an_empty_one() -> None:
    for kind in (SentenceChunker, WindowChunker):
        assert [c.text for c in kind()(Document("d", " One. Two. "))] == ["One. Two."]
        (empty,) = kind()(Document("d", " \n"))
        assert (empty.id, empty.text, empty.span) == ("d#0", "", (0, 0))


def test_graphemes_stay_whole() -> None:
    for text in ("e\u0301" * 40, "👩‍👩‍👧‍👦" * 12, "🇻🇳🇯🇵" * 10, "👍🏽" * 20, "กำ" * 30, "か\u3099" * 20):
        for chunk in WindowChunker(words=1)(Document("d", text)):
            assert unicodedata.category(chunk.text[0])[0] != "M" and chunk.text[0] not in "\u200d🏽"
            assert chunk.text[-1] != "\u200d"
    flags = list(WindowChunker(words=1)(Document("d", "🇻🇳" * 15)))
    assert all(len(chunk.text) % 2 == 0 for chunk in flags)


def test_linear_time_on_long_input() -> None:
    assert sum(len(c.text) for c in SentenceChunker()(Document("d", "x" * 1_000_000))) == 1_000_000
    assert len(list(SentenceChunker()(Document("d", "a. " * 200_000)))) == -(-200_000 // DEFAULT_WORDS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": 0},
        {"words": 5, "overlap": 5},
        {"words": 5, "tokens": 5},
        {"words": 2.5},
        {"overlap": -1},
        {"counter": ByteEstimate()},
    ],
)
def test_wrong_sizes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        SentenceChunker(**wrong)  # type: ignore[arg-type]
