"""The language of a question."""

from __future__ import annotations

import unicodedata

import pytest

from ragopt.query import language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I rotate a key?", "en"),
        ("rotate keys", "en"),
        ("Làm sao để đổi mật khẩu?", "vi"),
        (unicodedata.normalize("NFD", "Làm sao để đổi mật khẩu?"), "vi"),
        ("lam sao de doi mat khau nhu the nao", "vi"),
        ("cách tăng concurrency của Lambda", "vi"),
        ("DynamoDB là gì?", "vi"),
        ("Sâu bao nhiêu?", "vi"),
        ("còn phí?", "vi"),
        ("what is in the khong bucket", "en"),
        ("如何轮换密钥", ""),
        ("", ""),
        ("123 ?", ""),
    ],
)
def test_language(text: str, expected: str) -> None:
    assert language(text) == expected
