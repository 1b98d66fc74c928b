"""Mutated index folders, opened and searched: `python -m tests.traps.hostile FIRST COUNT` replays cases.

Each case changes one file of a folder with two segments, deleted chunks, vectors with codes, and metadata. In half of
them the checksums are then made right again, as an attacker would (rust/ragopt-core/src/index/file.rs has the layout):
nobody can then say what the index was, so that it must be refused or searched without harm; in the others, what is
found and read must be what the whole index gives.
"""

from __future__ import annotations

import json
import math
import random
import resource
import shutil
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from ragopt import Index
from ragopt.errors import CorruptIndexError, IndexVersionError, NotAnIndexError
from tests.compat.make import HERE, found

TYPED = (CorruptIndexError, IndexVersionError, NotAnIndexError)
HEAD, FOOT, ROW, BLOCK, END = 16, 24, 24, 4096, b"\r\nRAGEND"
#: Address space of the process, and seconds of a case: far above what any of them needs.
MOST_MEMORY, SLOWEST = 3 << 30, 5.0
READ = ("doc-0", "doc-7", "doc-1042")

Folder = dict[str, bytes]


# --- what is done to a file -------------------------------------------------------------------------------------------


def sections(file: bytes) -> Iterator[tuple[int, int]]:
    """Where each section of a file starts and ends."""
    (start,) = struct.unpack_from("<Q", file, len(file) - FOOT)
    for row in range(start, len(file) - FOOT, ROW):
        offset, length = struct.unpack_from("<QQ", file, row + 8)
        yield offset, offset + length


def mutated(draw: random.Random, file: bytes, other: bytes) -> bytes | None:
    """The file with one change; None where it is removed."""
    place, end = draw.randrange(len(file)), draw.randrange(len(file) + 1)
    first, last = min(place, end), max(place, end)
    kind = draw.randrange(12)
    if kind < 3:
        return file[:place] + bytes([file[place] ^ 1 << draw.randrange(8)]) + file[place + 1 :]
    if kind == 3:
        return file[:place]
    if kind == 4:
        return file + draw.randbytes(draw.randrange(1, 5000))
    if kind == 5:
        absurd = draw.choice([b"\xff" * 8, struct.pack("<Q", 1 << 40), struct.pack("<Q", 0), b"\xff\xff\xff\x7f" * 2])
        at = draw.choice([place & ~7, max(0, len(file) - FOOT - 8 * draw.randrange(40))])
        return file[:at] + absurd + file[at + 8 :]
    if kind == 6:
        return file[:first] + bytes(last - first) + file[last:]
    if kind == 7:
        return file[:first] + draw.randbytes(last - first) + file[last:]
    if kind == 8:
        return file[:first] + file[last:]
    if kind == 9:
        return other[: len(file)].ljust(len(file), b"\0") if draw.random() < 0.5 else other
    if kind == 10 and file.endswith(END):
        (a, b), (c, d) = sorted(draw.choices(list(sections(file)), k=2))
        return file[:a] + file[c:d] + file[b:c] + file[a:b] + file[d:] if b <= c else file
    return None if draw.random() < 0.2 else file[:first] + file[first:last][::-1] + file[last:]


# --- checksums made right again ---------------------------------------------------------------------------------------


def resealed(file: bytes) -> bytes:
    """The file with the checksums that its bytes have now, as far as its table can be followed."""
    if len(file) < HEAD + FOOT:
        return file
    start, rows = struct.unpack_from("<QI", file, len(file) - FOOT)
    if start > len(file) - FOOT or rows > 100:
        return file
    sums, end = b"", HEAD
    for first, last in sections(file):
        if last > start:
            return file
        sums += b"".join(struct.pack("<I", crc32(file[at : min(at + BLOCK, last)])) for at in range(first, last, BLOCK))
        end = last
    end = min(start, (end + 63) // 64 * 64)
    sums = sums[: start - end].ljust(start - end, b"\0")
    table = file[start : len(file) - FOOT]
    return file[:end] + sums + table + file[-FOOT:-12] + struct.pack("<I", crc32(sums + table)) + file[-8:]


def seal(file: bytes) -> int:
    """What the one who names a file knows of it."""
    (start,) = struct.unpack_from("<Q", file.rjust(HEAD + FOOT, b"\0"), max(len(file), HEAD + FOOT) - FOOT)
    return crc32(file[:HEAD] + file[min(start, len(file)) :])


def forged(folder: Folder) -> Folder:
    """The folder with right checksums on every level: blocks, files, manifest, pointer."""
    manifest = next(name for name in folder if name.startswith("manifest"))
    folder = {name: file if name == "CURRENT" else resealed(file) for name, file in folder.items()}
    bytes_ = folder[manifest]
    for name, file in folder.items():
        if (at := bytes_.find(name.encode())) >= 0:
            at += len(name)
            bytes_ = bytes_[:at] + struct.pack("<QI", len(file), seal(file)) + bytes_[at + 12 :]
    folder[manifest] = resealed(bytes_)
    lines = f"ragopt-index 1\n{manifest} {len(folder[manifest])} {seal(folder[manifest]):08x}\n"
    return folder | {"CURRENT": f"{lines}{crc32(lines.encode()):08x}\n".encode()}


# --- what must hold ---------------------------------------------------------------------------------------------------


def whole() -> Folder:
    """The files of the index of tests/compat."""
    return {path.name: path.read_bytes() for path in sorted((HERE / "format_1").iterdir()) if path.name != "LOCK"}


def read(index: Index) -> dict[str, object]:
    """What searches and reads give; an error for what is damaged."""
    return {**found(index), **{id: index.get(id) for id in READ}}


def tried(path: Path, expected: dict[str, object] | None) -> str:
    """What becomes of the folder: refused when opened, refused when read, or as expected."""
    try:
        index = Index.open(path)
    except TYPED:
        return "refused when opened"
    try:
        got = read(index)
        if expected is None:
            hits = [hit for one in found(index).values() for hit in one]
            assert not any(math.isnan(score) for _, score in hits)
            index.verify()
            return "searched"
        assert got == expected, "something else is found"
    except TYPED:
        return "refused when read"
    return "harmless"


def run(first: int, count: int) -> dict[str, object]:
    """So many cases from number `first` on."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    base, outcomes, slowest = whole(), Counter[str](), 0.0
    names = sorted(base)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "index"
        shutil.copytree(HERE / "format_1", path)
        assert forged(base) == base, "the forger knows the layout"
        expected = read(Index.open(path))
        for case in range(first, first + count):
            draw = random.Random(case)
            # Most changes to the files that hold most.
            name = draw.choices(names, [1 + min(9, len(base[name]) // 1000) for name in names])[0]
            forge = draw.random() < 0.5
            changed = mutated(draw, base[name], base[draw.choice(names)])
            folder = {other: file for other, file in base.items() if other != name}
            folder |= {} if changed is None else {name: changed}
            if forge and changed is not None and name != "CURRENT":
                folder = forged(folder)
            for other in names:
                if folder.get(other) != base[other]:
                    (path / other).unlink()
                    if other in folder:
                        (path / other).write_bytes(folder[other])
            begin = time.perf_counter()
            try:
                outcome = tried(path, None if forge else expected)
            except BaseException as error:
                error.add_note(f"case {case}: python -m tests.traps.hostile {case} 1")
                raise
            slowest = max(slowest, time.perf_counter() - begin)
            outcomes[f"{'forged' if forge else 'plain'}, {outcome}"] += 1
            for other in names:
                if folder.get(other) != base[other]:
                    (path / other).unlink(missing_ok=True)
                    (path / other).write_bytes(base[other])
    return {"outcomes": outcomes, "slowest": slowest, "megabytes": most_resident()}


def most_resident() -> float:
    """The most memory of this program, in MB. (Its ru_maxrss would begin with that of whoever started it.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))))
