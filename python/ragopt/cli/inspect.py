"""`ragopt inspect`: what an index is made of."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ragopt.cli.opening import opened
from ragopt.cli.options import Subparsers, add_command, add_index, add_json
from ragopt.cli.output import byte_size, emit, emit_json, json_metadata, shortened, table
from ragopt.cli.search import hit_dict
from ragopt.errors import InputError
from ragopt.index import Index
from ragopt.types import Hit

__all__ = ["add_parser", "run"]

_EXAMPLES = 3  # values of a field that are shown
_SEGMENTS = 20  # segments that are shown


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "inspect",
        run,
        summary="show what an index is made of: chunks, fields, segments, sizes, analyzer, embedder, tenants",
        example="ragopt inspect docs.idx --chunk guide.md#0",
        codes="0 shown (and with --verify, whole)",
    )
    add_index(parser)
    parser.add_argument("--chunk", metavar="ID", help="show this chunk instead")
    parser.add_argument("--verify", action="store_true", help="read every byte of the files first, and check it")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Describe the index, or show one chunk."""
    index = opened(args)
    if args.verify:
        index.verify()
    if args.chunk is not None:
        return _chunk(index, args.chunk, as_json=args.json)
    described = {"index": args.index, "verified": args.verify, "chunks": len(index), **index.describe()}
    if described["tenant_field"] is not None and args.tenant is None:
        described |= {"tenants": {name: len(index.tenant(name)) for name in index.tenants}, "metadata": {}}
    else:
        described |= {"tenants": None, "metadata": _fields(index)}
    if args.json:
        emit_json({**described, "metadata": json_metadata(described["metadata"])})
        return 0
    emit("\n".join(_lines(described)))
    return 0


def _chunk(index: Index, id_: str, *, as_json: bool) -> int:
    chunk = index.get(id_)
    if chunk is None:
        near = [known for known in index.ids if id_ in known][:3]
        hint = f"; there are {', '.join(map(repr, near))}" if near else ""
        raise InputError(f"no chunk {id_!r} in the index{hint}")
    if as_json:
        found = hit_dict(Hit(chunk.id, 0.0, chunk=chunk))
        emit_json({name: found[name] for name in ("id", "document", "span", "title", "text", "metadata")})
        return 0
    emit(f"{chunk.id}: characters {chunk.span[0]} to {chunk.span[1]} of {chunk.document}")
    for name, value in [("title", chunk.title), *chunk.metadata.items()]:
        emit(f"{name}: {value}")
    emit(f"\n{chunk.text}")
    return 0


def _fields(index: Index) -> dict[str, dict[str, Any]]:
    """Each metadata field: in how many chunks, of which types, with a few values."""
    fields: dict[str, dict[str, Any]] = {}
    for ordinal in range(len(index)):
        for name, value in index.chunk(ordinal).metadata.items():
            field = fields.setdefault(name, {"chunks": 0, "types": [], "examples": []})
            field["chunks"] += 1
            if (kind := type(value).__name__) not in field["types"]:
                field["types"].append(kind)
            if len(field["examples"]) < _EXAMPLES and value not in field["examples"]:
                field["examples"].append(value)
    return dict(sorted(fields.items()))


def _lines(described: Mapping[str, Any]) -> list[str]:
    analyzer, bm25, embedder = described["analyzer"], described["bm25"], described["embedder"]
    dense = f"{described['dimension']} dimensions" if described["dimension"] else "none (lexical only)"
    if embedder:
        dense += f" by {embedder['name']}"
    facts = [
        ["index", described["index"]],
        ["chunks", f"{described['chunks']:,}"],
        ["analyzer", f"{analyzer['name']}, version {analyzer['version']}, {analyzer['fingerprint']}"],
        ["BM25", f"{bm25['variant']}, k1 {bm25['k1']:g}, b {bm25['b']:g}"],
        ["dense side", dense],
        ["generation", f"{described['generation']:,}{', every byte verified' if described['verified'] else ''}"],
    ]
    for name, count in described["sizes"].items():
        if name != "chunks":
            is_size = name.startswith("bytes")
            facts.append([name.replace("_", " "), byte_size(count) if is_size else f"{count:,}"])
    lines = [table(["", ""], facts).split("\n", 2)[2], *_segments(described["segments"])]
    if described["tenants"] is not None:
        rows = [[shortened(name, 40), f"{count:,}"] for name, count in described["tenants"].items()]
        lines += ["", f"tenants by the field {described['tenant_field']!r}: --tenant NAME shows one"]
        lines += [table(["tenant", "chunks"], rows, right=(1,))] if rows else []
    if described["metadata"]:
        declared = described["fields"]
        rows = [
            [
                shortened(name, 30),
                declared.get(name) or ", ".join(field["types"]),
                f"{field['chunks']:,}",
                shortened(", ".join(map(str, field["examples"])), 50),
            ]
            for name, field in described["metadata"].items()
        ]
        lines += ["", table(["field", "type", "chunks", "examples"], rows, right=(2,))]
    return lines


def _segments(segments: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a segment: how many chunks, how many of them deleted, in which file."""
    rows = [
        [segment["file"] or "in memory", f"{segment['chunks']:,}", f"{segment['deleted']:,}", segment["tenant"] or ""]
        for segment in segments[:_SEGMENTS]
    ]
    lines = ["", table(["segment", "chunks", "deleted", "tenant"], rows, right=(1, 2))] if rows else []
    if len(segments) > _SEGMENTS:
        lines.append(f"and {len(segments) - _SEGMENTS:,} more segments: --json lists them all")
    return lines
