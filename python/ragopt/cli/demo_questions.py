"""The demo's judged questions: two halves of one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragopt.errors import InputError
from ragopt.evaluation import Qrels

__all__ = ["JudgedQuestions", "find_folder", "load_questions"]

_FOLDER = Path("examples", "aws-api")
_FILES = ("questions.jsonl", "qrels.tsv")
_HALVES = ("tune", "test")


@dataclass(frozen=True, slots=True)
class JudgedQuestions:
    """Questions by id, in the half to tune on and the half to hold out, with the language of each."""

    tune: Mapping[str, str]
    test: Mapping[str, str]
    languages: Mapping[str, str]
    qrels: Qrels


def find_folder(given: str | None) -> Path:
    """The folder of the questions: the one given, or examples/aws-api here or in the checkout that this code is in."""
    if given is not None:
        folder = Path(given)
        if not _complete(folder):
            raise InputError(f"--questions {given}: the folder must hold {' and '.join(_FILES)}")
        return folder
    checkout = Path(__file__).resolve().parents[3]
    for folder in (_FOLDER, checkout / _FOLDER):
        if _complete(folder):
            return folder
    raise InputError(
        f"the demo's questions are not here: {_FOLDER.as_posix()} is part of ragopt's repository, not of the installed "
        f"package. Run `ragopt demo` in a checkout, or pass --questions FOLDER"
    )


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _FILES)


def load_questions(folder: Path) -> JudgedQuestions:
    """Read the folder. InputError names file and line of what is wrong."""
    path = folder / _FILES[0]
    halves: dict[str, dict[str, str]] = {half: {} for half in _HALVES}
    languages: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _row(path, number, line)
        if row["_id"] in languages:
            raise InputError(f"{path}:{number}: {row['_id']!r} stands there twice")
        halves[row["half"]][row["_id"]] = row["text"]
        languages[row["_id"]] = row.get("lang", "en")
    if not all(halves.values()):
        raise InputError(f'{path}: both halves ("half": "tune" and "test") need questions')
    return JudgedQuestions(halves["tune"], halves["test"], languages, Qrels.load(folder / _FILES[1]))


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{path}:{number}: not JSON ({error})") from error
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("_id", "text", "half")):
        raise InputError(f"{path}:{number}: a question is an object with the strings _id, text and half")
    if row["half"] not in _HALVES:
        raise InputError(f"{path}:{number}: half is {row['half']!r}, not tune or test")
    return row
