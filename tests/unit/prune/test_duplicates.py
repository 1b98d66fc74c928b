"""Duplicates: equal to the plain twin, nothing lost, and the cases that people meet."""

from __future__ import annotations

import pickle
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Index, Pipeline, Settings
from ragopt.errors import InputError
from ragopt.prune import decide, drop_duplicates
from ragopt.testing import FakeEmbedder, FakeTokenCounter
from ragopt.types import Chunk, Document, Hit, Hits, Normalizer, PruneSettings, Sides
from tests.reference import duplicates as twin

TEXT = "Die 10 keys rotate. A key lives 90 days; 日本語の鍵 after that it is gone. Die 10 keys rotate again."


def hits_of(*windows: twin.Window) -> Hits:
    chunks = [Chunk(str(place), document, text, span) for place, (text, document, span) in enumerate(windows)]
    hits = tuple(Hit(chunk.id, 1.0 - 0.001 * place, chunk=chunk) for place, chunk in enumerate(chunks))
    return Hits(hits, 0.6, Normalizer.BOUNDED, Sides(True, True))


def whole(text: str, document: str = "d") -> twin.Window:
    return text, document, (0, len(text))


@st.composite
def window(draw: st.DrawFn) -> twin.Window:
    start = draw(st.integers(0, len(TEXT)))
    end = draw(st.integers(start, len(TEXT)))
    text = draw(st.sampled_from([TEXT[start:end], TEXT[start:end], TEXT[start:end].upper(), " ".join(TEXT.split())]))
    return text, draw(st.sampled_from("ab")), (start, end)


@given(st.lists(window(), max_size=8), st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.9, 1.0]))
def test_equals_the_plain_twin_and_loses_nothing(windows: list[twin.Window], least: float) -> None:
    hits = hits_of(*windows)
    before = pickle.dumps(hits)
    kept = drop_duplicates(hits, least)
    expected = twin.duplicates(windows, least)
    assert kept.ids == [str(place) for place, better in enumerate(expected) if better is None]
    for hit in kept:
        assert [also.id for also in hit.also] == [str(p) for p, better in enumerate(expected) if str(better) == hit.id]
    assert sorted(hit.id for best in kept for hit in (best, *best.also)) == sorted(hits.ids)
    assert pickle.dumps(hits) == before
    assert drop_duplicates(kept, least) == kept  # what is left holds no duplicates


def test_what_is_a_duplicate() -> None:
    long = "The console lists every key of the account and shows when each of them was used for the last time."
    edited = long.replace("last time", "first day")
    versions = [long.replace("every key", f"{n} keys") for n in (10, 20)]
    assert drop_duplicates(hits_of(whole(long, "a"), whole(f"  {long}\n", "b"))).ids == ["0"]
    assert drop_duplicates(hits_of(whole(long, "a"), whole(edited, "b"))).ids == ["0", "1"]
    assert drop_duplicates(hits_of(whole(long, "a"), whole(edited, "b")), 0.8).ids == ["0"]
    assert drop_duplicates(hits_of(*map(whole, versions)), 0.5).ids == ["0", "1"]  # a number differs
    assert drop_duplicates(hits_of(whole(long[:40], "a"), whole(long, "b")), 0.5).ids == ["0", "1"]  # the longer is new
    assert drop_duplicates(hits_of(whole("cut \ud800", "a"), whole("cut \ud800", "b"))).ids == ["0"]
    assert drop_duplicates(hits_of()).ids == []
    with pytest.raises(InputError, match="between 0 and 1"):
        drop_duplicates(hits_of(), 1.5)


def test_windows_that_others_cover_together() -> None:
    parts = [(0, 40), (30, 80), (20, 60), (80, len(TEXT))]
    windows = [(TEXT[start:end], "d", (start, end)) for start, end in parts]
    assert drop_duplicates(hits_of(*windows)).ids == ["0", "1", "3"]
    kept = drop_duplicates(hits_of(*windows))
    assert [hit.id for hit in kept[1].also] == ["2"]  # the larger overlap


def test_a_pipeline_cites_all_and_says_what_it_did() -> None:
    documents = [Document("wiki", "the fox den", title="W"), Document("blog", "the  fox den"), Document("x", "a fox")]
    index = Index.build(documents, embedder=FakeEmbedder(32), analyzer="whitespace")
    settings = Settings.from_dict({"prune": {"duplicates": 1.0}, "search": {"alpha": 0}})
    context = Pipeline(index, settings, counter=FakeTokenCounter()).retrieve("fox den")
    assert context.text.count("den") == 1
    first = [citation for citation in context.citations if citation.marker == "[1]"]
    assert sorted(citation.id for citation in first) == ["blog", "wiki"]
    assert {citation.id for citation in context.citations} == {"blog", "wiki", "x"}
    assert context.hits[0].also[0].id in {"blog", "wiki"}
    (rule,) = (s.details["rules"] for s in context.trace.spans if s.stage == "prune")
    assert rule[0]["rule"] == "duplicates" and (rule[0]["seen"], rule[0]["kept"]) == (3, 2)
    assert Settings.from_dict(settings.to_dict()) == settings


def test_hits_that_stand_for_others_stay_whole() -> None:
    a, b, c, d = hits_of(*(whole(text) for text in "abcd"))
    kept = a.standing_for([b.standing_for([c])]).standing_for([d, b])
    assert [hit.id for hit in kept.also] == ["1", "2", "3"]
    assert [hit.id for hit in kept.of_part("p").also] == ["1", "2", "3"]
    assert pickle.loads(pickle.dumps(kept)) == kept != a


def test_min_keep_does_not_bring_duplicates_back() -> None:
    hits = hits_of(whole("same", "a"), whole("same", "b"), whole("other", "c"))
    pruned = decide(hits, PruneSettings(duplicates=1.0, min_keep=3), counter=FakeTokenCounter())
    assert pruned.hits.ids == ["0", "2"]


def test_200_hits_are_quick() -> None:
    text = " ".join(f"word{i % 997}" for i in range(150))
    hits = hits_of(*((f"{place} {text}", str(place), (0, len(text) + 4)) for place in range(200)))
    seconds = []
    for _ in range(7):
        start = time.process_time()
        drop_duplicates(hits)
        seconds.append(time.process_time() - start)
    assert all(a != b for a, b in pairwise(drop_duplicates(hits).ids))
    assert min(seconds) < 0.1, seconds  # a few milliseconds where nothing else runs
