"""Tables, numbers and progress as the command line writes them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ragopt.cli.output import byte_size, dollars, emit_json, seconds, shortened, table, width
from ragopt.cli.progress import Progress


def test_a_table_stands_straight_whatever_the_script() -> None:
    text = table(["name", "n"], [["khóa", "1"], ["漢字", "22"], ["e\u0301", "3"]], right=(1,))
    assert text.split("\n") == ["name   n", "────  ──", "khóa   1", "漢字  22", "e\u0301      3"]
    assert len({width(line) for line in text.split("\n")}) == 1


def test_texts_are_cut_to_columns_and_cannot_drive_the_terminal() -> None:
    assert shortened("a  b\n\x1b[31mc", 20) == "a b [31mc"
    assert shortened("abcdef", 6) == "abcdef" and shortened("abcdefg", 6) == "abcde…"
    assert width(shortened("漢字漢字漢字", 7)) <= 7


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("1234.5", "$1,234.50"),
        ("1", "$1.00"),
        ("0.05", "$0.0500"),
        ("0.00012345", "$0.000123"),
        ("0.99999", "$1.000"),
    ],
)
def test_dollars(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


def test_numbers() -> None:
    assert [byte_size(n) for n in (0, 1023, 1536, 3 << 30, 5 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "3.0 GiB",
        "5120.0 GiB",
    ]
    assert [seconds(s) for s in (0.0123, 2.34, 125)] == ["12 ms", "2.3 s", "2 min 5 s"]


def test_json_is_one_document_of_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"a": Decimal("0.1"), "b": datetime(2024, 1, 2, tzinfo=UTC), "c": "đ"})
    assert json.loads(capsys.readouterr().out) == {"a": "0.1", "b": "2024-01-02T00:00:00+00:00", "c": "đ"}
    with pytest.raises(ValueError, match="JSON"):
        emit_json(float("nan"))
    with pytest.raises(TypeError, match="no JSON form"):
        emit_json(object())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        with Progress("reading", stream=stream) as progress:
            progress(1, 10)
            progress(10, 10, "embedding")
    assert pipe.getvalue() == ""
    assert "reading 1 of 10 (10%)" in terminal.getvalue() and "embedding 10 of 10 (100%)" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    with Progress("x", stream=(silent := Terminal()), quiet=True) as progress:
        progress(1)
    assert silent.getvalue() == ""
