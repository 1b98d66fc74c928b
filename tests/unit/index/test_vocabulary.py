"""The words of an index, as the query stage sees them."""

from __future__ import annotations

from ragopt import Index


def index(*texts: str, analyzer: str = "multilingual") -> Index:
    return Index.build([{"id": str(i), "text": text} for i, text in enumerate(texts)], analyzer=analyzer)


def test_frequencies_are_those_of_the_chunks() -> None:
    words = index("The databases run", "a database", "").vocabulary
    assert words.chunks == 3
    assert words.frequency("databas") == 2
    assert words.frequencies(["run", "databas", "databases", ""]) == [1, 2, 0, 0]


def test_words_come_with_their_terms() -> None:
    words = index("x").vocabulary
    assert words.words("The Databases: getItem") == [
        ("The", []),
        ("Databases", ["databas"]),
        ("getItem", ["getitem", "get", "item"]),
    ]
    assert words.words("bệnh viện") == [("bệnh", ["bệnh"]), ("viện", ["bệnh viện", "viện"])]
    assert words.terms("Databases") == ["databas"]


def test_neighbors_are_words_though_terms_are_stems() -> None:
    near = index("vibrations of plates", "vibration", "libraries").vocabulary.near("vibratoin", 1)
    assert [(n.term, n.word, n.edits, n.frequency) for n in near] == [("vibrat", "vibration", 1, 2)]


def test_stop_words_are_neighbors_too() -> None:
    near = index("wit", "x").vocabulary.near("wiht", 1)
    assert [(n.term, n.word, n.frequency) for n in near] == [("", "with", 2), ("wit", "wit", 1)]


def test_numbers_and_pairs_are_no_neighbors() -> None:
    assert index("ab12 bệnh viện", analyzer="vietnamese").vocabulary.near("ab1", 1) == []
    assert [n.word for n in index("bệnh viện").vocabulary.near("bệnhh", 1)] == ["bệnh"]


def test_terms_without_their_marks() -> None:
    words = index("đường", "dương đường", "duong", "đuống", "café").vocabulary
    assert words.unmarked("duong") == [("duong", 1), ("dương", 1), ("đuống", 1), ("đường", 2)]
    assert words.unmarked("DUONG") == []
    assert words.unmarked("cafe") == [("café", 1)]
    assert ("duong duong", 0) not in words.unmarked("duong duong")
    assert words.unmarked("duong duong") == [("dương đường", 1)]


def test_an_empty_index_knows_nothing() -> None:
    words = index().vocabulary
    assert (words.chunks, words.near("word", 2), words.unmarked("word")) == (0, [], [])
