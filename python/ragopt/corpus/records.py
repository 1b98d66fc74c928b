"""JSON Lines and CSV: a document a line, checked one by one."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from ragopt.corpus.problems import OnError, Problem
from ragopt.corpus.values import column_type, typed
from ragopt.types import Document

__all__ = ["csv_documents", "json_lines", "json_record"]

_IDS = ("_id", "id")


def json_lines(name: str, text: str, on_error: OnError) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of the file with their line numbers; blank lines are skipped."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            advice = "write one JSON object a line"
            on_error(Problem(name, f"not JSON ({_short(str(error))})", advice, number))
            continue
        if not isinstance(record, dict):
            advice = 'write one JSON object a line, as in {"_id": "a", "text": "..."}'
            on_error(Problem(name, f"not an object but {_what(record)}", advice, number))
            continue
        if "\\u" in line and not _is_text(record):
            on_error(Problem(name, "holds half a surrogate pair, which is no text", "write UTF-8", number))
            continue
        yield number, record


def json_record(name: str, number: int, record: Mapping[str, Any], on_error: OnError) -> Document | None:
    """A document from one JSON object: `_id` or `id`, `text`, `title`, `metadata`; all else is metadata too."""
    rest = dict(record)
    id_ = _id(name, number, [rest.pop(key) for key in _IDS if key in rest], on_error)
    if id_ is None:
        return None
    fields = {"text": rest.pop("text", None), "title": rest.pop("title", None)}
    if fields["title"] is None:
        fields["title"] = ""
    for field, value in fields.items():
        if not isinstance(value, str):
            what = f"{field} is {_what(value)}" if field in record else f"no {field}"
            on_error(Problem(name, f"{what} (document {id_!r})", f'give {field} as a string: "{field}": "..."', number))
            return None
    metadata = rest.pop("metadata", None) or {}
    if not isinstance(metadata, dict):
        on_error(Problem(name, f"metadata is {_what(metadata)}", "give it as an object of fields", number))
        return None
    return Document(id_, fields["text"], fields["title"], {**rest, **metadata})


def csv_documents(
    name: str, text: str, on_error: OnError, fields: Mapping[str, str] | None = None
) -> Iterator[Document]:
    """A document a row: columns `id` or `_id`, and `text`; `title` too; the others become metadata.

    A column holds one type: bool, int, float where every value is one, else str. Empty cells are
    absent. `fields` are declared types: a column that is declared as str or datetime stays text, and
    one of whole numbers that is declared as float holds floats.
    """
    rows = _rows(name, text, on_error)
    header = next(rows, (1, []))[1]
    id_column = next((key for key in _IDS if key in header), None)
    if id_column is None or "text" not in header:
        wanted = "the first line names the columns: id (or _id) and text, divided by commas"
        columns = _short(", ".join(map(repr, header))) or "an empty file"
        on_error(Problem(name, f"no columns id and text in {columns}", wanted, 1))
        return
    if len(set(header)) != len(header):
        on_error(Problem(name, "two columns have the same name", "give each column its own", 1))
        return
    records = []
    for number, row in rows:
        if len(row) != len(header):
            what = f"{len(row)} cells, but the header has {len(header)}"
            on_error(Problem(name, what, "put cells with commas, quotes or line breaks in double quotes", number))
            continue
        records.append((number, dict(zip(header, row, strict=True))))
    extra = [column for column in header if column not in (id_column, "text", "title")]
    kinds = {column: column_type([r[column].strip() for _, r in records if r[column].strip()]) for column in extra}
    for column, declared in (fields or {}).items():
        if column in kinds and declared in ("str", "datetime"):
            kinds[column] = str
        elif kinds.get(column) is int and declared == "float":
            kinds[column] = float
    for number, record in records:
        if (id_ := _id(name, number, [record[id_column]], on_error)) is None:
            continue
        cells = {column: record[column].strip() for column in extra}
        metadata = {column: typed(cell, kinds[column]) for column, cell in cells.items() if cell}
        yield Document(id_, record["text"], record.get("title", ""), metadata)


def _rows(name: str, text: str, on_error: OnError) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            with _long_cells():
                row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            advice = "close every double quote and double those inside a cell; what follows was not read"
            on_error(Problem(name, f"not CSV ({error})", advice, start))
            return
        if row:
            yield start, row


@contextmanager
def _long_cells() -> Iterator[None]:
    # The csv module stops at 128 KiB a cell, which a document may well have; its limit is global, so it is put back.
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _id(name: str, number: int, given: Sequence[Any], on_error: OnError) -> str | None:
    if not given:
        on_error(Problem(name, "no id", 'give every record an "_id" or an "id"', number))
    elif not isinstance(given[0], str):
        on_error(Problem(name, f"the id is {_what(given[0])}", f'ids are strings: write "{given[0]}"', number))
    elif not given[0]:
        on_error(Problem(name, "the id is empty", "give every record its own", number))
    else:
        return given[0]
    return None


def _what(value: Any) -> str:
    kinds = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return "null" if value is None else f"{kinds[type(value)]} ({_short(json.dumps(value))})"


def _is_text(record: dict[str, Any]) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in json.dumps(record, ensure_ascii=False))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}..."
