"""Folders and files as documents. What cannot be read is reported, and the rest is read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ragopt.corpus.decoding import UnreadableError, read_text
from ragopt.corpus.markdown import markdown_document, text_document
from ragopt.corpus.markup import html_document
from ragopt.corpus.problems import OnError, Problem
from ragopt.corpus.records import csv_documents, json_lines, json_record
from ragopt.errors import CorpusError
from ragopt.types import Document

__all__ = ["EXTENSIONS", "read"]


def _one(make: Callable[[str, str], Document]) -> Callable[[str, str, OnError], Iterator[Document]]:
    def documents(name: str, text: str, on_error: OnError) -> Iterator[Document]:
        document = make(name, text)
        if not document.text.strip():
            note = Problem(name, "holds no text", "it is indexed, but only its title can be found", lost=False)
            on_error(note)
        yield document

    return documents


def _jsonl(name: str, text: str, on_error: OnError) -> Iterator[Document]:
    for number, record in json_lines(name, text, on_error):
        document = json_record(name, number, record, on_error)
        if document is not None:
            yield document


_FORMATS: dict[str, Callable[[str, str, OnError], Iterator[Document]]] = {
    ".txt": _one(text_document),
    ".md": _one(markdown_document),
    ".markdown": _one(markdown_document),
    ".html": _one(html_document),
    ".htm": _one(html_document),
    ".jsonl": _jsonl,
    ".csv": csv_documents,
}

EXTENSIONS = tuple(_FORMATS)
"""The file extensions that are read, each also with `.gz` behind it."""


def read(
    path: str | os.PathLike[str], *, on_error: OnError | None = None, fields: Mapping[str, str] | None = None
) -> Iterator[Document]:
    """The documents of a file, or of all files of a folder and its subfolders, in order of their paths.

    The id of a document is its path from the folder, with slashes; records of jsonl and csv files
    carry their own ids. A file or record that cannot be read is handed to `on_error` as a Problem
    and the rest is read; without `on_error` the first of them is raised as CorpusError. `on_error`
    also hears of what was left out by rule (`Problem.lost` is False): hidden files, files of other
    kinds (once per extension), links that lead back to a folder above. A file without text is a
    document of its own.

    `fields` are the declared types of metadata (as `Index.build` takes them): they decide how the
    cells of a CSV file are read, where they can (`csv_documents`).

    Files are UTF-8 (or what their byte order mark or an HTML meta tag says).
    Raises CorpusError when `path` does not exist or is a file of an unknown kind.
    """
    path = Path(path)
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder; check the path")
    report = on_error or _raise
    if path.is_dir():
        return _folder(path, report, fields or {})
    if _format(path.name) is None:
        raise CorpusError(f"{path}: files of this kind are not read; known: {', '.join(EXTENSIONS)} (also with .gz)")
    return _file(path, path.name, report, fields or {})


def _raise(problem: Problem) -> None:
    if problem.lost:
        raise problem.error()


def _format(name: str) -> Callable[[str, str, OnError], Iterator[Document]] | None:
    return _FORMATS.get(Path(name.lower().removesuffix(".gz")).suffix)


def _folder(root: Path, on_error: OnError, fields: Mapping[str, str]) -> Iterator[Document]:
    others: Counter[str] = Counter()
    for path, name in _walk(root, "", (os.path.realpath(root),), others, on_error):
        yield from _file(path, name, on_error, fields)
    for kind, count in sorted(others.items()):
        files = "1 file" if count == 1 else f"{count} files"
        advice = f"read are {', '.join(EXTENSIONS)}"
        on_error(Problem(str(root), f"{files} left out: {kind}", advice, lost=False))


def _walk(
    folder: Path, prefix: str, above: tuple[str, ...], others: Counter[str], on_error: OnError
) -> Iterator[tuple[Path, str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        on_error(Problem(prefix or str(folder), f"cannot be listed ({error.strerror})", "check its permissions"))
        return
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.name.startswith("."):
            others["hidden (its name begins with a dot)"] += 1
        elif not _is_utf8(entry.name):
            on_error(Problem(repr(name), "its name is not UTF-8", "rename it"))
        elif entry.is_dir():
            real = os.path.realpath(entry.path)
            if real in above:
                note = Problem(name, "a link to a folder above it", "it is not followed", lost=False)
                on_error(note)
            else:
                yield from _walk(Path(entry.path), f"{name}/", (*above, real), others, on_error)
        elif not entry.is_file():
            what = "a link to nothing" if entry.is_symlink() else "neither a file nor a folder"
            on_error(Problem(name, what, "mend or remove it"))
        elif _format(entry.name) is None:
            others[Path(entry.name).suffix.lower() or "no extension"] += 1
        else:
            yield Path(entry.path), name


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _file(path: Path, name: str, on_error: OnError, fields: Mapping[str, str]) -> Iterator[Document]:
    documents = _format(path.name)
    assert documents is not None
    try:
        text = read_text(path, name, html=documents is _FORMATS[".html"])
    except UnreadableError as error:
        on_error(error.problem)
        return
    yield from (
        csv_documents(name, text, on_error, fields) if documents is csv_documents else documents(name, text, on_error)
    )
