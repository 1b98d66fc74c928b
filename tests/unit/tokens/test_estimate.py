"""The token estimate: its properties, and its stated coverage on real counts."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from statistics import mean, median

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ragopt.errors import InputTypeError, UnknownNameError
from ragopt.tokens import FAMILIES, ByteEstimate
from ragopt.tokens.features import FEATURES, features
from tests.shared import shared

COLUMNS = {"claude-4.6": "claude_3_to_4_6", "claude-5": "claude_4_8_and_5"}
TEXT = st.text() | st.text(alphabet="aBé1. -\n漢😀")


@pytest.mark.parametrize("family", FAMILIES)
@example("", " ", " ").via("two blanks that meet")
@given(TEXT, TEXT, st.sampled_from([" ", "\n", "\n\n", "\t "]))
def test_joined_texts_count_no_more_than_their_parts(family: str, a: str, b: str, between: str) -> None:
    counter = ByteEstimate(family)
    parts = counter.count(a).high + counter.count(between).high + counter.count(b).high
    assert counter.count(a + between + b).high <= parts
    whole = counter.count(a + between)
    assert 0 <= whole.low <= whole.point <= whole.high
    assert counter.count(a) == counter.count(a)


def test_edges() -> None:
    assert len(features("")) == len(FEATURES) and not any(features(""))
    for family in FAMILIES:
        empty = ByteEstimate(family).count("")
        assert (empty.point, empty.low, empty.high, empty.method) == (0, 0, 0, f"estimate:{family}")
        assert ByteEstimate(family).count("a").point == 1
        assert ByteEstimate(family).count(" ").high >= 1
    with pytest.raises(UnknownNameError, match="claude-5"):
        ByteEstimate("gpt")
    with pytest.raises(InputTypeError, match="bytes"):
        ByteEstimate().count(b"x")  # type: ignore[arg-type]


@pytest.mark.collections
@pytest.mark.parametrize("family", FAMILIES)
def test_the_stated_coverage_holds_on_real_counts(family: str) -> None:
    with gzip.open(shared("token-counts", "counts.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    counter, newest = ByteEstimate(family), ByteEstimate()
    inside, errors, above_newest = defaultdict(list), [], []
    for row in rows:
        true, count = row[COLUMNS[family]], counter.count(row["text"])
        inside[row["kind"]].append(count.low <= true <= count.high)
        errors.append(abs(count.point / true - 1))
        above_newest.append(true > newest.count(row["text"]).high)
    assert len(rows) > 1000
    for kind, flags in inside.items():
        assert mean(flags) >= 0.95, kind
    assert mean(flag for flags in inside.values() for flag in flags) >= 0.99
    assert median(errors) <= 0.04
    assert sorted(errors)[int(0.95 * len(errors))] <= 0.15
    assert mean(above_newest) <= 0.01  # the default family's upper bound serves both
