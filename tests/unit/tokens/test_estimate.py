"""The token estimate: its properties, its plain twin, and its stated error and coverage on real counts."""

from __future__ import annotations

import gzip
import json
import pickle
from collections import defaultdict
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ragopt.tokens
from benches.tokens import wholes
from ragopt._core import TokenRates
from ragopt.errors import InputError, InputTypeError, UnknownNameError
from ragopt.tokens import FAMILIES, ByteEstimate, LearningCounter, family_of, highs, points
from tests.reference import token_features
from tests.shared import ROOT, shared

COLUMNS = {"claude-4.6": "claude_3_to_4_6", "claude-5": "claude_4_8_and_5"}
CLAUDE = tuple(COLUMNS)
TEXT = st.text() | st.text(alphabet="aBé1. -\n漢😀") | st.text(alphabet="aBzqé\u0301ệ19={ \t\n…яก\u200b")
BETWEEN = st.sampled_from([" ", "\n", "\n\n", "\t "])
FITTED: dict[str, Any] = json.loads((Path(ragopt.tokens.__file__).parent / "rates.json").read_text(encoding="utf-8"))
OWN = [json.loads(line) for line in (ROOT / "tests" / "cases" / "token_counts.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("family", FAMILIES)
@example("", " ", " ").via("two blanks that meet")
@example(" ", " ", "\n\n").via("changes where white space meets")
@given(TEXT, TEXT, BETWEEN)
def test_a_budget_that_holds_for_parts_holds_for_the_whole(family: str, a: str, b: str, between: str) -> None:
    counter = ByteEstimate(family)
    parts = counter.count(a).high + counter.count(between).high + counter.count(b).high
    whole = counter.count(a + between + b)
    assert max(counter.count(a).high, counter.count(b).high) <= whole.high <= parts
    assert 0 <= whole.low <= whole.point <= whole.high
    assert counter.count(a) == counter.count(a)


@example("a" * 5000 + "Ω" * 5000)
@given(TEXT)
def test_the_core_counts_what_the_plain_twin_counts(text: str) -> None:
    common, known = FITTED["pairs"]
    rows = [FITTED["families"]["claude-5"][name] for name in ("point", "low", "high")]
    core = TokenRates((common, known), rows)
    expected = token_features.features(text, common, known)
    assert core.features(text) == expected
    slack = FITTED["slack"]
    columns = core.bounds([text, "", text], slack)
    known_bounds = token_features.bounds(expected, rows, slack) if text else (0, 0, 0)
    assert [*zip(*columns, strict=True)] == [known_bounds, (0, 0, 0), known_bounds]


def test_the_twin_agrees_on_the_hard_texts_too() -> None:
    common, known = FITTED["pairs"]
    core = TokenRates((common, known), [])
    for row in OWN:
        assert core.features(row["text"]) == token_features.features(row["text"], common, known), row
    assert TokenRates.names() == FITTED["features"]


def test_edges() -> None:
    for family in FAMILIES:
        counter = ByteEstimate(family)
        empty = counter.count("")
        assert (empty.point, empty.low, empty.high, empty.method) == (0, 0, 0, f"estimate:{family}")
        assert counter.count("a").point == 1
        assert counter.count(" ").high >= 1
        assert counter.count("a").samples == counter.count("").samples >= 1182
        assert counter.count("a \udc00 b").high >= counter.count("a b").high  # half a surrogate pair
    with pytest.raises(UnknownNameError, match="claude-5"):
        ByteEstimate("gpt")
    with pytest.raises(InputTypeError, match="bytes"):
        ByteEstimate().count(b"x")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="three rows"):
        TokenRates((range(26), range(26)), []).bounds(["x"], 2.0)


@given(st.lists(TEXT | st.just("half a pair \udc00")))
def test_many_texts_count_as_one_by_one(texts: list[str]) -> None:
    counter = ByteEstimate()
    counts = [counter.count(text) for text in texts]
    assert counter.count_many(texts) == counts
    assert points(counter, texts) == [count.point for count in counts]
    assert highs(counter, texts) == [count.high for count in counts]
    learning = LearningCounter(counter)  # whose answers are objects
    assert (points(learning, texts), highs(learning, texts)) == (points(counter, texts), highs(counter, texts))


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "claude-4.6"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-4.6"),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", "claude-4.6"),
        ("global.anthropic.claude-opus-4-6-v1", "claude-4.6"),
        ("anthropic.claude-opus-4-7", "claude-5"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-8-v1:0", "claude-5"),
        ("global.anthropic.claude-sonnet-5-5", "claude-5"),
        ("openai.gpt-oss-120b-1:0", "o200k"),
        ("us.deepseek.r1-v1:0", "deepseek"),
        ("amazon.nova-lite-v1:0", "pooled"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "pooled"),
        ("mistral.mistral-large-2407-v1:0", "pooled"),
        ("cohere.command-r-plus-v1:0", "pooled"),
        ("anthropic.claude-v2:1", "pooled"),
    ],
)
def test_a_model_gets_its_family_and_an_unknown_one_says_pooled(model: str, family: str) -> None:
    assert family_of(model) == family
    assert ByteEstimate.for_model(model).count("hello").method == f"estimate:{family}"


def test_pooled_is_the_widest_and_covers_every_tokenizer() -> None:
    pooled = ByteEstimate("pooled")
    text = "The timeout of a function is the time that it may run before it is stopped. " * 20
    for family in FAMILIES[:-1]:
        one, all_of = ByteEstimate(family).count(text), pooled.count(text)
        assert all_of.high - all_of.low > one.high - one.low
        assert all_of.high >= one.point
    for tokenizer in ("claude-4.6", "claude-5", "cl100k", "o200k", "deepseek", "llama-2"):
        assert mean(row[tokenizer] <= pooled.count(row["text"]).high for row in OWN) >= 0.96, tokenizer


@pytest.mark.parametrize("family", [*CLAUDE, "o200k", "deepseek"])
def test_hard_texts_are_under_the_upper_bound(family: str) -> None:
    """Facts: keys, hashes, base64, runs, emoji, zero-width, combining marks, every script; counted by tokenizers."""
    counter, above, kinds = ByteEstimate(family), [], set()
    for row in OWN:
        kinds.add(row["kind"])
        if row[family] > counter.count(row["text"]).high:
            above.append(row["kind"])
    assert len(above) <= 0.025 * len(OWN), above
    never = {"keys", "hash", "base64", "emoji", "joined emoji", "flags", "zero width", "uuids", "digits", "numbers"}
    never |= {"control characters", "random ASCII", "random letters and digits", "decimals", "names of roles"}
    assert never <= kinds
    assert not never & set(above)
    assert not [kind for kind in above if kind.startswith("letters:")]


def test_bytes_bound_no_count_of_tokens() -> None:
    """Why `high` is not cut at the bytes of the text, though a byte-level tokenizer would allow it."""
    assert any(row["claude-5"] > len(row["text"].encode()) for row in OWN)


@pytest.mark.collections
@pytest.mark.parametrize("family", CLAUDE)
def test_the_stated_error_and_coverage_hold_on_real_counts(family: str) -> None:
    with gzip.open(shared("token-counts", "counts.jsonl.gz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    counter, newest = ByteEstimate(family), ByteEstimate()
    inside, under, errors, above_newest = defaultdict(list), defaultdict(list), [], []
    for row in rows:
        true, count = row[COLUMNS[family]], counter.count(row["text"])
        inside[row["kind"]].append(count.low <= true <= count.high)
        under[row["kind"]].append(true <= count.high)
        errors.append(abs(count.point / true - 1))
        above_newest.append(true > newest.count(row["text"]).high)
    assert len(rows) > 1000
    for kind, flags in inside.items():
        assert mean(flags) >= 0.95, kind
        assert mean(under[kind]) >= 0.95, kind
    assert mean(flag for flags in under.values() for flag in flags) >= 0.985
    assert median(errors) <= 0.04
    assert sorted(errors)[int(0.95 * len(errors))] <= 0.15
    assert mean(above_newest) <= 0.015  # the default family's upper bound serves both
    for rule in (len, lambda text: len(text.encode())):  # characters or bytes by four
        assert median(rule(row["text"]) / 4 / row[COLUMNS[family]] for row in rows) < 0.9
        assert mean(rule(row["text"]) / 4 < row[COLUMNS[family]] for row in rows) > 0.7


@pytest.mark.collections
def test_contexts_of_several_texts_are_under_the_upper_bound() -> None:
    with gzip.open(shared("token-counts", "counts.jsonl.gz"), "rt", encoding="utf-8") as lines:
        found = wholes([json.loads(line) for line in lines])
    assert {"Vietnamese", "Python code", "JSON"} <= {kind for kind, _ in found}
    for which, (under, ratio) in found.items():
        assert under >= 0.99 and ratio < 1.35, which


@pytest.mark.parametrize("family", CLAUDE)
def test_the_rules_of_thumb_and_tiktoken_count_too_few(family: str) -> None:
    kinds = {"English documentation", "English science", "Vietnamese", "Python code", "JSON", "Markdown table"}
    rows = [row for row in OWN if row["kind"] in kinds]
    assert {row["kind"] for row in rows} == kinds
    for encoding in ("cl100k", "o200k"):
        assert sum(row[encoding] for row in rows) < 0.9 * sum(row[family] for row in rows)
        assert mean(row[encoding] <= row[family] for row in rows) > 0.9
    assert sum(len(row["text"]) / 4 for row in rows) < 0.9 * sum(row[family] for row in rows)
    highs = [ByteEstimate(family).count(row["text"]).high for row in rows]
    assert mean(high >= row[family] for high, row in zip(highs, rows, strict=True)) >= 0.9


def test_a_counter_can_be_pickled() -> None:
    counter = ByteEstimate("claude-4.6")
    again = pickle.loads(pickle.dumps(counter))
    assert again.family == "claude-4.6" and again.count("How many?") == counter.count("How many?")
