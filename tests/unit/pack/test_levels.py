"""Neighbors, quotas, sentences, trimmed heads, values: each by what the context then holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import BudgetError, InputError, UnknownNameError
from ragopt.pack import Packed, pack, room
from ragopt.tokens import ByteEstimate
from ragopt.types import Budget, Chunk, Form, Hit, Hits, Level, Method, Normalizer, Order, Sides, Status, TokenCount

STORY = (
    "Keys rotate every ninety days. Old keys stay readable for a week. A vault keeps them apart.\n\n"
    "Buckets replicate to a second region. Replication lags by seconds. Deleted objects are kept.\n\n"
    "Queues hold messages for four days. A dead letter queue takes what fails. Nobody reads it."
)


class Words:
    """One token a word."""

    def count(self, text: str) -> TokenCount:
        size = len(text.split())
        return TokenCount(size, size, size, "words")


def chunk(document: str, start: int, end: int, text: str = STORY, title: str = "") -> Chunk:
    return Chunk(f"{document}:{start}", document, text[start:end], (start, end), title)


def hits_of(*chunks: Chunk) -> Hits:
    items = tuple(Hit(one.id, 1 - i / 1000, chunk=one) for i, one in enumerate(chunks))
    return Hits(items, alpha=0.6, normalizer=Normalizer.BOUNDED, sides=Sides(True, True))


def check(packed: Packed, documents: dict[str, str], budget: int) -> None:
    """What holds of every context."""
    assert packed.tokens.high <= budget
    assert len(set(packed.hits.ids)) == len(packed.hits)
    shown: dict[str, list[tuple[int, int]]] = {}
    for source in packed.sources:
        for piece in source.pieces:
            start, end = piece.span
            assert documents[source.document][start:end] == piece.text
            shown.setdefault(source.document, []).append(piece.span)
        for citation in source.citations:
            assert citation.marker == source.marker
            start, end = citation.span  # of what is shown here, or of the same text elsewhere
            cited = documents[citation.document][start:end].strip()
            assert any(cited in piece.text for piece in source.pieces)
            if citation.id in packed.hits.ids and citation.document == source.document:
                assert any(piece.span[0] <= start and end <= piece.span[1] for piece in source.pieces)
    for spans in shown.values():  # no text twice
        spans.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


PLACES = st.tuples(st.sampled_from("ab"), st.integers(0, len(STORY) - 1), st.integers(1, 120))


@pytest.mark.parametrize("level", Level)
@given(
    places=st.lists(PLACES, max_size=8, unique_by=lambda place: place[:2]),
    budget=st.integers(1, 220),
    order=st.sampled_from(Order),
    form=st.sampled_from(Form),
    method=st.sampled_from(Method),
    trim=st.booleans(),
    quota=st.none() | st.integers(1, 3),
    counter=st.sampled_from([Words(), ByteEstimate()]),
)
def test_whatever_is_asked(
    level: Level,
    places: list[tuple[str, int, int]],
    budget: int,
    order: Order,
    form: Form,
    method: Method,
    trim: bool,
    quota: int | None,
    counter: Words | ByteEstimate,
) -> None:
    hits = hits_of(*(chunk(document, start, min(start + size, len(STORY))) for document, start, size in places))
    asked = Budget(budget + 30, reserve=30, per_source=quota)
    question = "Which queue keeps deleted messages?"
    packed = pack(
        hits, asked, counter, order=order, form=form, method=method, level=level, trim=trim, question=question
    )
    check(packed, {"a": STORY, "b": STORY}, budget)
    assert packed.tokens == counter.count(packed.text)
    again = hits_of(*(hit.chunk for hit in (*hits, *hits)))  # what comes again changes nothing
    assert pack(
        again, asked, counter, order=order, form=form, method=method, level=level, trim=trim, question=question
    ).text == (packed.text)
    if quota is not None:
        documents = [hit.document for hit in packed.hits]
        assert all(documents.count(document) <= quota for document in documents)


def test_overlapping_chunks_are_one_source_without_repeats() -> None:
    hits = hits_of(chunk("a", 31, 93), chunk("b", 0, 30), chunk("a", 0, 62), chunk("a", 40, 50))
    packed = pack(hits, 500, Words())
    check(packed, {"a": STORY, "b": STORY}, 500)
    assert [(s.number, s.id, [p.span for p in s.pieces]) for s in packed.sources] == [
        (1, "a:31", [(0, 93)]),
        (2, "b:0", [(0, 30)]),
    ]
    assert [(c.marker, c.id, c.span) for c in packed.citations] == [
        ("[1]", "a:31", (31, 93)),
        ("[1]", "a:0", (0, 62)),
        ("[1]", "a:40", (40, 50)),
        ("[2]", "b:0", (0, 30)),
    ]
    assert packed.text == f"[1]\n{STORY[:93]}\n\n[2]\n{STORY[:30]}"


def test_what_a_chosen_chunk_holds_already_costs_nothing() -> None:
    hits = hits_of(chunk("a", 0, 62), chunk("a", 31, 62))
    size = len(f"[1]\n{STORY[:62]}".split())
    assert pack(hits, size, Words()).hits.ids == ["a:0", "a:31"]


def test_neighbors_are_one_source_and_others_are_not() -> None:
    first, second, third = STORY.split("\n\n")
    at = STORY.index(third)
    hits = hits_of(
        chunk("a", at, len(STORY), title="T"),
        chunk("a", 0, len(first), title="T"),
        chunk("a", len(first) + 2, len(first) + 2 + len(second), title="T"),
    )
    packed = pack(hits, 500, Words())
    assert packed.text == f"[1] T\n{first}\n{second}\n{third}"  # two characters between: a line break stands for them
    apart = pack(hits_of(hits[0].chunk, hits[1].chunk), 500, Words())
    assert [source.id for source in apart.sources] == [f"a:{at}", "a:0"]
    other = chunk("a", len(first) + 2, len(first) + 2 + len(second), title="Another")
    assert len(pack(hits_of(hits[0].chunk, other), 500, Words()).sources) == 2


def test_spans_that_do_not_fit_their_texts_merge_nothing() -> None:
    wrong = Chunk("a:9", "a", "Something else altogether.", (20, 46), "")
    packed = pack(hits_of(chunk("a", 0, 30), wrong), 500, Words())
    assert len(packed.sources) == 2 and "Something else altogether." in packed.text
    long = Chunk("a:5", "a", "As long as it likes.", (0, 5), "")
    assert len(pack(hits_of(long, chunk("a", 0, 30)), 500, Words()).sources) == 2


def test_a_quota_keeps_the_best_of_each_document() -> None:
    hits = hits_of(*(chunk("a", start, start + 10) for start in range(0, 200, 40)), chunk("b", 0, 10))
    packed = pack(hits, Budget(500, per_source=2), Words())
    assert packed.hits.ids == ["a:0", "a:40", "b:0"]
    with pytest.raises(InputError, match="1 or more"):
        Budget(500, per_source=0)
    # A chunk that can never fit does not take the place of one that does.
    large = hits_of(chunk("a", 0, len(STORY)), chunk("a", 1, 30))
    assert pack(large, Budget(10, per_source=1), Words()).hits.ids == ["a:1"]


def test_sentences_where_the_budget_is_tight() -> None:
    hits = hits_of(chunk("a", 0, len(STORY), title="A title that is long"))
    question = "How long do queues hold messages?"
    packed = pack(hits, 9, Words(), question=question)
    assert packed.level is Level.SENTENCE
    assert packed.text == "[1]\nQueues hold messages for four days."
    assert [STORY[c.span[0] : c.span[1]] for c in packed.citations] == ["Queues hold messages for four days."]
    assert packed.citations[0].title == "A title that is long"  # the text goes without
    assert pack(hits, 14, Words()).status is Status.NOTHING_FITS  # without the question there are no sentences
    assert pack(hits, 14, Words(), question=question, level="chunk").status is Status.NOTHING_FITS
    roomy = pack(hits, 200, Words(), question=question)
    assert roomy.level is Level.CHUNK and roomy.text.endswith(STORY)
    asked = pack(hits, 200, Words(), question=question, level="sentence")
    assert asked.level is Level.SENTENCE and "Nobody" not in asked.text
    with pytest.raises(InputError, match="question="):
        pack(hits, 14, Words(), level="sentence")
    with pytest.raises(UnknownNameError, match="sentence"):
        pack(hits, 14, Words(), level="sentences")


def test_sentences_follow_the_text_and_the_worth_of_their_chunk() -> None:
    other = STORY.replace("keys", "tokens of keys")
    hits = hits_of(chunk("a", 0, len(STORY)), chunk("b", 0, len(other), other))
    packed = pack(hits, 21, Words(), question="keys replication", level="sentence")
    assert {hit.document for hit in packed.hits} == {"a"}
    text = packed.sources[0].text
    assert text.index("Keys rotate") < text.index("Replication lags") and " … " in text
    better = pack(hits, 21, Words(), question="keys replication", level="sentence", values=[0.1, 0.9])
    assert {hit.document for hit in better.hits} == {"b"}


def test_a_question_without_a_word_in_the_chunks_packs_chunks() -> None:
    hits = hits_of(chunk("a", 0, 30), chunk("b", 0, len(STORY)))
    packed = pack(hits, 8, Words(), question="zzz")
    assert packed.level is Level.CHUNK and packed.hits.ids == ["a:0"]


def test_half_a_surrogate_pair_is_packed_too() -> None:
    text = "A key \ud800 rotates. A queue holds messages."
    hits = hits_of(chunk("a", 0, len(text), text))
    for question in ("which key rotates", "which key \udc00 rotates"):
        packed = pack(hits, 6, Words(), question=question, level="sentence")
        assert packed.text == "[1]\nA key \\u{d800} rotates."


def test_a_head_is_trimmed_only_if_asked() -> None:
    hits = hits_of(chunk("a", 0, len(STORY)), chunk("b", 0, 30))
    assert pack(hits, 20, Words(), level="chunk").hits.ids == ["b:0"]
    packed = pack(hits, 20, Words(), level="chunk", trim=True)
    check(packed, {"a": STORY, "b": STORY}, 20)
    assert packed.hits.ids == ["a:0", "b:0"]
    assert packed.sources[0].text == STORY[: STORY.index(" A vault")]
    assert pack(hits, 3, Words(), level="chunk", trim=True).status is Status.NOTHING_FITS


def test_methods_differ_as_they_say() -> None:
    hits = hits_of(chunk("a", 0, 93), chunk("b", 0, len(STORY)), chunk("c", 0, 62), chunk("d", 0, 30))
    sizes = [len(f"[1]\n{hit.text}".split()) for hit in hits]
    budget = sizes[0] + sizes[3]
    assert pack(hits, budget, Words(), method="truncate").hits.ids == ["a:0"]
    assert pack(hits, budget, Words(), method=Method.SKIP).hits.ids == ["a:0", "d:0"]
    values = [0.1, 0.0, 0.8, 0.8]
    assert pack(hits, budget, Words(), values=values).hits.ids == ["c:0", "d:0"]
    with pytest.raises(UnknownNameError, match="knapsack"):
        pack(hits, budget, Words(), method="greedy")


@pytest.mark.parametrize("values", [[0.5], [0.5, -0.1], [0.5, float("nan")], [0.5, float("inf")]])
def test_values_that_cannot_be_right(values: list[float]) -> None:
    with pytest.raises(InputError, match="value"):
        pack(hits_of(chunk("a", 0, 30), chunk("b", 0, 30)), 500, Words(), values=values)


def test_the_room_is_what_the_answer_and_the_prompt_leave() -> None:
    assert room(Budget(1000, 200)) == room(Budget(tokens=1000, reserve=150, fixed=50)) == 800
    with pytest.raises(BudgetError, match=r"tokens 500 - reserve 300 .* fixed 250 .* = -50 tokens"):
        pack(hits_of(chunk("a", 0, 30)), Budget(500, 300, fixed=250), Words())
