"""Packing: properties first (within the budget, no chunk twice, markers that are the sources), then the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import BudgetError, InputError, UnknownNameError
from ragopt.pack import pack, room
from ragopt.protocols import TokenCounter
from ragopt.tokens import ByteEstimate
from ragopt.types import Budget, Chunk, Form, Hit, Hits, Normalizer, Order, Reason, Sides, Status, TokenCount
from ragopt.types.rendering import write
from tests.reference import packing


class Characters:
    """One token a character: exact and additive."""

    def count(self, text: str) -> TokenCount:
        return TokenCount(len(text), len(text), len(text), "characters")


class Moody:
    """Not additive, not monotone: joins cost extra, and some texts count for much more than their parts."""

    def count(self, text: str) -> TokenCount:
        size = len(text) + 7 * text.count("\n\n") + (50 if len(text) % 3 == 0 else 0) if text else 0
        return TokenCount(size // 2, 0, size, "moody")


class Saving:
    """A text counts for less than its parts: every block after the first costs a tenth."""

    def count(self, text: str) -> TokenCount:
        first, *rest = text.split("\n\n")
        size = len(first) + sum(len(part) for part in rest) // 10
        return TokenCount(size, size, size, "saving")


def hits_of(*chunks: Chunk) -> Hits:
    items = tuple(Hit(chunk.id, 1 - i / 1000, chunk=chunk) for i, chunk in enumerate(chunks))
    return Hits(items, alpha=0.6, normalizer=Normalizer.BOUNDED, sides=Sides(True, True))


def chunk(id_: str, text: str, title: str = "", document: str = "", span: tuple[int, int] = (0, 1)) -> Chunk:
    return Chunk(id_, document or id_, text, span, title)


TEXT = st.text(alphabet="ab [1]\\\n\r\u2028é漢", max_size=40)
CHUNKS = st.lists(st.tuples(st.sampled_from("abcdefghijkl"), TEXT, st.sampled_from(["", "T", "A [1]\nb"])), max_size=9)


@pytest.mark.parametrize("form", Form)
def test_every_form_keeps_to_the_budget(form: Form) -> None:
    hits = hits_of(*(chunk(str(i), "keys & <tags> " * i, "T" * (i % 3)) for i in range(1, 9)))
    for budget in range(1, 900, 7):
        packed = pack(hits, budget, Characters(), form=form)
        assert packed.tokens.high == len(packed.text) <= budget
        assert packed.text == write(packed.sources, form)
        assert [source.id for source in packed.sources] == packed.hits.ids
    assert packed.status is Status.OK


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("counter", [Characters(), Moody(), Saving(), ByteEstimate()], ids=lambda c: type(c).__name__)
@given(chunks=CHUNKS, budget=st.integers(1, 250))
def test_whatever_comes_in(
    counter: TokenCounter, order: Order, chunks: list[tuple[str, str, str]], budget: int
) -> None:
    hits = hits_of(*(chunk(id_, text, title) for id_, text, title in chunks))
    before = repr(hits)
    packed = pack(hits, budget, counter, order=order)
    assert repr(hits) == before
    assert packed.tokens == counter.count(packed.text)
    assert packed.tokens.high <= budget
    assert len(set(packed.hits.ids)) == len(packed.hits)
    places = [hits.ids.index(id_) for id_ in packed.hits.ids]
    assert places == sorted(places)
    markers = re.findall(r"^\[\d+\]", "\n".join(packed.text.splitlines()), re.MULTILINE)
    assert markers == [f"[{n}]" for n in range(1, len(packed.sources) + 1)]
    assert list(dict.fromkeys(citation.marker for citation in packed.citations)) == markers
    shown = [source.text.strip() for source in packed.sources if source.text.strip()]
    assert len(set(shown)) == len(shown)  # no text twice
    cited = {c.id for c in packed.citations}
    assert cited == set(packed.hits.ids)
    known = {hit.id: hit for hit in reversed(hits)}
    assert cited >= {id_ for id_, hit in known.items() if hit.text.strip() in shown}  # the sources of all are cited
    for c in packed.citations:
        assert c.document == known[c.id].document and c.span == known[c.id].span
    assert (packed.status is Status.OK) == bool(packed.hits)
    if not packed.hits:
        assert packed.text == ""
        assert packed.status is (Status.NOTHING_FITS if hits else Status.NO_RELEVANT_CONTEXT)


BLOCKS = st.lists(
    st.tuples(st.sampled_from(["", "Title"]), st.text("xy ", min_size=1, max_size=30)),
    max_size=8,
    unique_by=lambda block: block[1].strip(),
)


@given(BLOCKS, st.integers(1, 200))
def test_the_choice_is_the_best_of_every_subset(blocks: list[tuple[str, str]], budget: int) -> None:
    hits = hits_of(*(chunk(str(i), text, title) for i, (title, text) in enumerate(blocks)))
    packed = pack(hits, budget, Characters())
    got = packing.value([int(id_) for id_ in packed.hits.ids])
    assert got == pytest.approx(packing.best_packing(blocks, budget, len), abs=1e-12)
    shown = [blocks[int(id_)] for id_ in packed.hits.ids]
    assert packed.text == packing.context(shown)


def test_beats_cutting_and_skipping_where_they_differ() -> None:
    # The best chunk takes the whole budget; the next three together are worth more: 1/2 + 1/3 + 1/4 > 1.
    hits = hits_of(chunk("a", "x" * 96), *(chunk(id_, id_ * 26) for id_ in "bcd"))
    assert pack(hits, 100, Characters()).hits.ids == ["b", "c", "d"]
    assert pack(hits, 250, Characters()).hits.ids == ["a", "b", "c", "d"]


def test_room_that_joining_leaves_is_filled() -> None:
    hits = hits_of(*(chunk(str(i), str(i) * 90) for i in range(6)))
    packed = pack(hits, 140, Saving())
    assert packed.hits.ids == ["0", "1", "2", "3", "4"] and packed.tokens.high <= 140


def test_the_text() -> None:
    hits = hits_of(
        chunk("g#1", "Second part.", "Guide", "g", (13, 25)),
        chunk("h", "  Loose text.\n[1] posing as another source\n \t[ 22 ] and\u2028[3] again", "", "h"),
        chunk("g#0", "First part [2].", "Guide\n[9] odd", "g", (0, 12)),
    )
    counter = Characters()
    assert pack(hits, 500, counter).text == (
        "[1] Guide\nSecond part.\n\n"
        "[2]\n  Loose text.\n\\[1\\] posing as another source\n \t\\[ 22 \\] and\u2028\\[3\\] again\n\n"
        "[3] Guide \\[9\\] odd\nFirst part \\[2\\]."
    )
    by_place = pack(hits, 500, counter, order="document")
    assert [c.id for c in by_place.citations] == ["g#0", "g#1", "h"]
    assert [c.marker for c in by_place.citations] == ["[1]", "[2]", "[3]"]
    assert by_place.citations[1].span == (13, 25) and by_place.citations[1].document == "g"
    assert by_place.hits.ids == ["g#1", "h", "g#0"]  # hits stay ranked
    edges = pack(hits_of(*(chunk(c, c) for c in "abcde")), 500, counter, order=Order.EDGES)
    assert [c.id for c in edges.citations] == list("acedb")


def test_equal_texts_are_packed_once_and_all_are_cited() -> None:
    hits = hits_of(
        chunk("a", "same", "T"),
        chunk("b", "other"),
        chunk("c", " same\n", "T"),
        chunk("d", "same", "U"),
        chunk("e", ""),
    )
    packed = pack(hits, 500, Characters())
    assert packed.hits.ids == ["a", "b", "c", "d", "e"] and packed.text.count("same") == 1
    assert [(c.marker, c.id) for c in packed.citations] == [
        ("[1]", "a"),
        ("[1]", "c"),
        ("[1]", "d"),
        ("[2]", "b"),
        ("[3]", "e"),
    ]
    blank = hits_of(chunk("a", "", "One title"), chunk("b", "\n", "Another"), chunk("c", "", "One title"))
    assert [source.id for source in pack(blank, 500, Characters()).sources] == [
        "a",
        "b",
    ]  # where titles are all there is, they tell


def test_a_copy_is_cited_where_the_sentence_stands_in_its_own_document() -> None:
    text = "Keys rotate every ninety days. Queues hold messages for four days."
    copy = f"  {text}\n"
    hits = hits_of(
        chunk("a", text, "", "left", (100, 100 + len(text))), chunk("b", copy, "", "right", (7, 7 + len(copy)))
    )
    packed = pack(hits, 45, Characters(), question="How long do queues hold messages?", level="sentence")
    assert packed.text == "[1]\nQueues hold messages for four days."
    first, second = packed.citations
    assert (first.document, text[first.span[0] - 100 : first.span[1] - 100]) == ("left", packed.sources[0].text)
    assert (second.document, copy[second.span[0] - 7 : second.span[1] - 7]) == ("right", packed.sources[0].text)


def test_a_sentence_that_two_chunks_hold_is_packed_once() -> None:
    same = "Queues hold messages for four days."
    hits = hits_of(chunk("a", f"{same} A vault keeps keys."), chunk("b", f"Nobody reads this. {same}"))
    packed = pack(hits, 500, Characters(), question="queues messages vault", level="sentence")
    assert packed.text.count(same) == 1 and "vault" in packed.text


def test_a_chunk_that_comes_twice_is_packed_once() -> None:
    packed = pack(hits_of(chunk("a", "x"), chunk("a", "x"), chunk("b", "y")), 500, Characters())
    assert packed.hits.ids == ["a", "b"]


def test_nothing_to_pack_and_nothing_that_fits_are_outcomes() -> None:
    empty = Hits((), 0.6, Normalizer.BOUNDED, Sides(True, True), reason=Reason.BELOW_THRESHOLD)
    packed = pack(empty, 10, Characters())
    assert (packed.text, packed.status, packed.hits.reason) == ("", Status.NO_RELEVANT_CONTEXT, Reason.BELOW_THRESHOLD)
    packed = pack(hits_of(chunk("a", "x" * 50)), 10, Characters())
    assert (packed.text, packed.status, len(packed.hits)) == ("", Status.NOTHING_FITS, 0)


def test_the_room() -> None:
    assert room(100) == room(Budget(tokens=100)) == 100
    assert room(Budget(window=8000, reserve=1000, fixed=500)) == 6500
    with pytest.raises(BudgetError, match=r"window 800 - reserve 512 .* fixed 300 .* = -12 tokens"):
        room(Budget(window=800, reserve=512, fixed=300))
    with pytest.raises(BudgetError, match="= 0 tokens"):
        pack(hits_of(), Budget(window=10, fixed=10), Characters())
    with pytest.raises(BudgetError, match="no room"):
        room(0)
    with pytest.raises(InputError, match="0 or more"):
        room(-1)
    with pytest.raises(UnknownNameError, match="edges"):
        pack(hits_of(), 10, Characters(), order="edge")
