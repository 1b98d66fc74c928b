"""--where and --where-json: what they say, what they refuse, and that they find what the library finds."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ragopt import Index
from ragopt.cli.app import main
from ragopt.cli.conditions import fields_of, filter_of
from ragopt.errors import InputError
from ragopt.filters import F, to_dict
from ragopt.types import Filter
from tests.property.filtering import found, index_of, sayable


def where(*conditions: str, file: str | None = None) -> Filter | None:
    """The filter of a command line."""
    return filter_of(argparse.Namespace(where=list(conditions), where_json=file))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year>=2024", F("year") >= 2024),
        (" year < 2.5 ", F("year") < 2.5),
        ("lang=vi", F("lang") == "vi"),
        ("lang==vi", F("lang") == "vi"),
        ('year="2024"', F("year") == "2024"),
        ("draft!=true", F("draft") != True),  # noqa: E712 - a filter
        ("draft=null", F("draft").is_null()),
        ("title=more in the east, or west", F("title") == "more in the east, or west"),
        ("lang in en,vi", F("lang").isin(["en", "vi"])),
        ("lang in en, vi", F("lang").isin(["en", "vi"])),
        ('lang in ["en", "vi, or so"]', F("lang").isin(["en", "vi, or so"])),
        ("year in 2024", F("year").isin([2024])),
        ("year not  in 2023,2024", F("year").notin([2023, 2024])),
        ("tags contains aws s3", F("tags").contains("aws s3")),
        ("title startswith 2024", F("title").startswith("2024")),
        ("formula contains a=b", F("formula").contains("a=b")),
        ("draft exists", F("draft").exists()),
        ("draft missing", F("draft").is_null()),
        ("in=5", F("in") == 5),
    ],
)
def test_what_a_condition_says(condition: str, expected: Filter) -> None:
    assert where(condition) == expected


def test_all_conditions_and_the_file_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "where.json"
    file.write_text('{"$or": [{"a": 1}, {"b": {"$date": "2024-01-01T00:00Z"}}]}', encoding="utf-8")
    assert where() is None
    assert where("a=1", "b=2") == (F("a") == 1) & (F("b") == 2)
    assert repr(where("c=3", file=str(file))).count("Comparison") == 3
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 1}'))
    assert where(file="-") == (F("a") == 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda tmp: where("nothing"), "--where 'nothing'.*--where-json"),
        (lambda tmp: where("year>=true"), "no order"),
        (lambda tmp: where(file=str(tmp / "none.json")), "cannot be read"),
        (lambda tmp: where(file=str(_written(tmp, "{"))), "not JSON"),
        (lambda tmp: where(file=str(_written(tmp, "[1]"))), "give one object"),
        (lambda tmp: where(file=str(_written(tmp, "{}"))), "empty mapping"),
        (lambda tmp: where(file=str(_written(tmp, '{"$and": [' * 20_000))), "nested too deeply|not JSON"),
        (lambda tmp: fields_of(["year"]), "name=type"),
        (lambda tmp: fields_of(["year=integer"]), "a field is one of"),
    ],
)
def test_what_is_refused(make: Callable[[Path], Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        make(tmp_path)


def _written(folder: Path, text: str) -> Path:
    (folder / "where.json").write_text(text, encoding="utf-8")
    return folder / "where.json"


ROWS: list[dict[str, Any]] = [
    {"a": 1, "b": "ab"},
    {"a": 2.5, "b": ["a", 1]},
    {"a": True, "c": 2**64 + 1},
    {"b": "abc", "c": -1},
    {},
]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sayable())
def test_the_command_line_finds_what_the_library_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: Filter
) -> None:
    folder = tmp_path / "index"
    if not folder.exists():
        index_of(ROWS).save(folder)
    file = _written(tmp_path, json.dumps(to_dict(where)))
    code = main(["search", str(folder), "word", "--where-json", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)
    expected = found(Index.open(folder), where)
    assert sorted(hit["id"] for hit in told["hits"]) == expected
    assert code == (0 if expected else 1)


def test_fields_are_declared_and_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs.jsonl").write_text(
        "\n".join(
            json.dumps({"id": id, "text": "word", "metadata": {"year": year, "day": day}})
            for id, year, day in [("old", 2020, "2020-01-01T00:00:00+07:00"), ("new", 2024, "2024-05-05")]
        ),
        encoding="utf-8",
    )
    folder = str(tmp_path / "index")
    fields = ["--field", "year=int", "--field", "day=datetime"]
    assert main(["index", str(tmp_path / "docs.jsonl"), "-o", folder, *fields]) == 0
    assert Index.open(folder).describe()["fields"] == {"year": "int", "day": "datetime"}
    capsys.readouterr()
    assert main(["search", folder, "word", "--where", "day<2020-01-01", "--json"]) == 0
    assert [hit["document"] for hit in json.loads(capsys.readouterr().out)["hits"]] == ["old"]
    for wrong, says in {"year>=x": "declared as int", "yaer>=2024": "did you mean 'year'"}.items():
        assert main(["search", folder, "word", "--where", wrong]) == 2
        assert says in capsys.readouterr().err
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "x", "text": "word", "metadata": {"year": "2024"}}', encoding="utf-8")
    assert main(["index", str(bad), "-o", str(tmp_path / "other"), *fields]) == 2
    assert "'year' is declared as int" in capsys.readouterr().err


def test_every_command_that_searches_takes_a_filter(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("search", "ask", "evaluate", "tune"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "--where-json FILE" in capsys.readouterr().out
