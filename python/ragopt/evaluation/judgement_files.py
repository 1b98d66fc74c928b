"""Files of judgements, read a line at a time and written: TREC, BEIR, CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ragopt.errors import InputError

__all__ = ["Row", "read_lines", "read_rows", "writable", "write_lines", "write_rows"]

#: Line, query, id, grade as it stands there, origin.
Row = tuple[int, str, str, str, str]

_QUERY = ("query-id", "query_id", "queryid", "qid", "query")
_ID = ("corpus-id", "corpus_id", "doc-id", "doc_id", "docid", "chunk-id", "chunk_id", "chunk", "document", "id")
_GRADE = ("score", "grade", "relevance", "rel", "label")
_ORIGIN = ("origin", "source")
_UNMARKED = ("Q0", "-")
_NAMES = (_QUERY, _ID, _GRADE, _ORIGIN)


def read_rows(path: Path) -> Iterator[Row]:
    """The judgements of a file: .csv and .jsonl by their names, else TREC or BEIR by the number of columns."""
    readers = {".csv": _of_csv, ".jsonl": _of_json}
    yield from readers.get(path.suffix.lower(), _of_columns)(path)


def write_rows(path: Path, rows: Iterable[tuple[str, str, int]], origin: str) -> None:
    """Write query, id and grade as .csv, .jsonl, .tsv (BEIR), else as TREC.

    The origin stands in a column of its own, in TREC in the second one, which evaluators do not look at; a BEIR file
    has no place for it and is refused: a mark must not be lost on the way.
    """
    kind = path.suffix.lower()
    if kind == ".jsonl":
        write_lines(path, [json.dumps(_record(row, origin), ensure_ascii=False) for row in rows])
    elif kind == ".csv":
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["query", "id", "grade", *(["origin"] if origin else [])])
        table.writerows([*row, *([origin] if origin else [])] for row in rows)
        write_lines(path, text.getvalue().splitlines())
    elif kind == ".tsv":
        if origin:
            raise InputError(
                f"{path}: a BEIR file cannot say that these judgements are {origin!r}: write .jsonl, .csv or TREC"
            )
        lines = ["query-id\tcorpus-id\tscore"]
        for query, id, grade in rows:
            writable(path, query, id, tabs=True)
            lines.append(f"{query}\t{id}\t{grade}")
        write_lines(path, lines)
    else:
        lines = []
        for query, id, grade in rows:
            writable(path, query, id)
            lines.append(f"{query} {origin or '0'} {id} {grade}")
        write_lines(path, lines)


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers. InputError for what cannot be read as UTF-8."""
    for number, line in enumerate(_text(path).split("\n"), start=1):
        line = line.rstrip("\r")
        if line.strip():
            yield number, line


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write the lines; InputError where that cannot be done."""
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def writable(path: Path, *texts: str, tabs: bool = False) -> None:
    """Refuse texts that the columns of this format cannot carry."""
    for text in texts:
        # Read back, tabs leave inner blanks alone but not those at the ends; TREC's columns allow none at all.
        if text != text.strip() or (any(mark in text for mark in "\t\r\n") if tabs else len(text.split()) != 1):
            raise InputError(f"{path}: {text!r} is empty or holds white space, which this format cannot carry")


def _record(row: tuple[str, str, int], origin: str) -> dict[str, object]:
    query, id, grade = row
    return {"query": query, "id": id, "grade": grade, **({"origin": origin} if origin else {})}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: is not UTF-8 (byte {error.start})") from error


def _of_columns(path: Path) -> Iterator[Row]:
    for number, line in read_lines(path):
        columns = line.split("\t")
        if len(columns) == 3:
            if number != 1 or columns[0].strip().lower() not in _QUERY:
                yield number, columns[0].strip(), columns[1].strip(), columns[2].strip(), ""
            continue
        columns = line.split()
        if len(columns) != 4:
            raise InputError(
                f"{path}:{number}: {len(columns)} columns, but a judgement is `query 0 id grade` (TREC) or "
                f"query, id and grade split by tabs (BEIR)"
            )
        # Evaluators do not look at the second column; collections put a number or Q0 there: other words are marks.
        query, origin, id, grade = columns
        yield number, query, id, grade, "" if origin.lstrip("-").isdigit() or origin.upper() in _UNMARKED else origin


def _of_csv(path: Path) -> Iterator[Row]:
    table = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        head = [name.strip().lower() for name in next(table, [])]
        places = [next((head.index(name) for name in names if name in head), None) for names in _NAMES]
        query, id, grade, origin = places
        if query is None or id is None or grade is None:
            raise InputError(f"{path}:1: the first line must name the columns: query, id, grade")
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                raise InputError(f"{path}:{table.line_num}: {len(cells)} columns, but the first line names {len(head)}")
            cells = [cell.strip() for cell in cells]
            yield table.line_num, cells[query], cells[id], cells[grade], "" if origin is None else cells[origin]
    except csv.Error as error:
        raise InputError(f"{path}:{table.line_num}: not CSV ({error})") from error


def _of_json(path: Path) -> Iterator[Row]:
    for number, line in read_lines(path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{number}: not JSON ({error})") from error
        values = [_named(record, names) for names in _NAMES] if isinstance(record, Mapping) else [None] * 4
        query, id, grade, origin = values
        if not isinstance(query, str) or not isinstance(id, str) or isinstance(grade, (bool, float)) or grade is None:
            raise InputError(
                f"{path}:{number}: a judgement is an object with texts `query` and `id` and a whole number `grade`"
            )
        yield number, query, id, str(grade), origin if isinstance(origin, str) else ""


def _named(record: Mapping[str, object], names: Sequence[str]) -> object:
    return next((record[name] for name in names if name in record), None)
