"""--where and --where-json: filters on the command line."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragopt.errors import FilterError, InputError, InputTypeError
from ragopt.filters import both, field_types, from_dict
from ragopt.types import Filter

__all__ = ["add_fields", "add_where", "fields_of", "filter_of"]

_SIGNS = {"=": "$eq", "==": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_WORDS = {"contains": "$contains", "startswith": "$startswith", "in": "$in", "not in": "$nin"}
_CONDITION = re.compile(r"\s*([^\s=!<>]+)\s*(==|=|!=|<=|>=|<|>)\s*(.*?)\s*", re.DOTALL)
_WORDY = re.compile(r"\s*(\S+)\s+(contains|startswith|not\s+in|in)\s+(.*?)\s*", re.DOTALL)
_THERE = re.compile(r"\s*(\S+)\s+(exists|missing)\s*")
_FORMS = "'year>=2024', 'lang=vi', 'lang in en,vi', 'tags contains aws', 'title startswith How', 'draft missing'"


def add_where(group: Any) -> None:
    """--where and --where-json."""
    group.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help=f"only chunks whose metadata say so: {_FORMS} (=, !=, <, <=, >, >=, in, not in, contains, startswith, "
        "exists, missing); several times: all must hold",
    )
    group.add_argument(
        "--where-json",
        metavar="FILE",
        help='a filter as JSON (- for standard input), with or, not and groups: {"$or": [{"year": {"$gte": 2024}}, '
        '{"lang": {"$in": ["en", "vi"]}}]}; datetimes as {"$date": "2024-01-01T00:00:00Z"}; holds beside --where',
    )


def filter_of(args: argparse.Namespace) -> Filter | None:
    """The filter that all conditions and the file make."""
    where = None
    for text in args.where:
        where = both(where, from_dict(_condition(text)))
    return both(where, None if args.where_json is None else _of_file(args.where_json))


def _condition(text: str) -> Mapping[str, Any]:
    """A value is JSON where it reads as JSON, else text; after `in` also texts between commas."""
    if match := _THERE.fullmatch(text):
        return {match[1]: {"$exists": match[2] == "exists"}}
    signed, worded = _CONDITION.fullmatch(text), _WORDY.fullmatch(text)
    if worded and (signed is None or worded.end(1) <= signed.end(1)):
        operator = _WORDS[" ".join(worded[2].split())]
        value = _value(worded[3])
        if operator in ("$in", "$nin") and not isinstance(value, list):
            value = [_value(part.strip()) for part in worded[3].split(",")]
        elif operator == "$startswith":
            value = value if isinstance(value, str) else worded[3]
        return {worded[1]: {operator: value}}
    if signed is None:
        raise FilterError(f"--where {text!r}: write a field and what it must be, as in {_FORMS}; else --where-json")
    return {signed[1]: {_SIGNS[signed[2]]: _value(signed[3])}}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _of_file(name: str) -> Filter:
    try:
        written = json.loads(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--where-json {name}: cannot be read ({error.strerror or error})") from None
    except RecursionError:
        raise FilterError(f"--where-json {name}: nested too deeply") from None
    except ValueError as error:
        raise FilterError(f"--where-json {name}: not JSON ({error})") from None
    if not isinstance(written, dict):
        raise FilterError(f'--where-json {name}: give one object, as in {{"year": {{"$gte": 2024}}}}')
    return from_dict(written)


def add_fields(parser: argparse.ArgumentParser) -> None:
    """--field."""
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=TYPE",
        help="declare the type of a metadata field: bool, int, float, str, datetime, or list[...] of one; documents "
        "and filters with another type are refused, and text is read as a date where a datetime is declared",
    )


def fields_of(declarations: list[str]) -> dict[str, str]:
    """What --field declares."""
    fields = {}
    for declaration in declarations:
        name, equals, kind = declaration.partition("=")
        if not equals or not name.strip():
            raise InputTypeError(f"--field {declaration!r}: write name=type, as in year=int or tags=list[str]")
        fields[name.strip()] = kind.strip()
    return field_types(fields)
