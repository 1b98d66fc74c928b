"""Exact counts by a tokenizer.json, and counters by name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from ragopt.backends.tokenizer_file import TokenizerFile
from ragopt.errors import InputError, InputTypeError, MissingExtraError, UnknownNameError
from ragopt.protocols import TokenCounter
from ragopt.tokens import COUNTERS, ByteEstimate, CountTokens, count_all, counter_of
from ragopt.types import TokenCount


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Words that it knows, one token each; it would cut at four and put a start before them."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "[S]": 1, "red": 2, "apples": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[S] $A", special_tokens=[("[S]", 1)])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=9)
    (tmp_path / "acme").mkdir()
    path = tmp_path / "acme" / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_a_tokenizers_file_counts_exactly(file: Path) -> None:
    counter: TokenCounter = TokenizerFile(file)
    assert counter.count("red apples, red pears, red plums") == TokenCount(8, 8, 8, "tokenizers:acme")
    assert counter.count("").point == 0
    assert [count.point for count in count_all(counter, ["red", "", "red apples"])] == [1, 0, 2]
    assert counter.count("red \ud800 apples").point == 3
    renamed = file.rename(file.with_name("fruit.json"))
    assert TokenizerFile(str(renamed)).count("red").method == "tokenizers:fruit"


def test_what_is_no_tokenizer_is_refused(tmp_path: Path, file: Path) -> None:
    with pytest.raises(InputError, match="no such tokenizer file"):
        TokenizerFile(tmp_path / "missing.json")
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(InputError, match=r"other\.json: not a tokenizer\.json"):
        TokenizerFile(tmp_path / "other.json")
    with pytest.raises(InputTypeError, match="bytes"):
        TokenizerFile(file).count(b"x")  # type: ignore[arg-type]


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    monkeypatch.delitem(sys.modules, "ragopt.backends.tokenizer_file")
    with pytest.raises(MissingExtraError, match=r'pip install "ragopt\[tokenizers\]"'):
        counter_of("tokenizers", tokenizer=file)


def test_counters_by_name(file: Path) -> None:
    assert COUNTERS == ("estimate", "count_tokens", "tokenizers")
    assert counter_of().count("a").method == ByteEstimate().count("a").method
    assert counter_of("estimate", model="anthropic.claude-3-haiku-20240307-v1:0").count("a").method.endswith("4.6")
    assert counter_of("tokenizers", tokenizer=file).count("red").exact
    counted = counter_of("count_tokens", model="us.anthropic.claude-x-5", region="us-east-1", parallel=2)
    assert isinstance(counted, CountTokens)
    with pytest.raises(UnknownNameError, match="Did you mean 'estimate'"):
        counter_of("estimated")
    for name, arguments in (
        ("tokenizers", {}),
        ("estimate", {"tokenizer": file}),
        ("estimate", {"parallel": 3}),
        ("count_tokens", {}),
    ):
        with pytest.raises(InputError, match=name):
            counter_of(name, **arguments)  # type: ignore[arg-type]
