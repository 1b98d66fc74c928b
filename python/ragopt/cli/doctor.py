"""`ragopt doctor`: what this installation and this machine give, and what slows them or is missing."""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import ragopt
from ragopt.cli.options import Subparsers, add_command, add_json
from ragopt.cli.output import byte_size, emit, emit_json, table
from ragopt.index.machine import instructions, known_instructions

__all__ = ["add_parser", "diagnose", "run"]

_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_MEMORY = Path("/proc/meminfo")
_PROCESSOR = Path("/proc/cpuinfo")
#: A requirement of the package's metadata: its name, extras of its own, and the extra that asks for it.
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w,-]+)\])?.*;\s*extra\s*==\s*['\"]([\w-]+)['\"]")


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "doctor",
        run,
        summary="show versions, the processor's instructions in use, memory, threads and extras, and what to mend",
        example="ragopt doctor",
        codes="0 nothing to mend; 1 something is",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Show what was found; 1 where something should be mended."""
    found = diagnose()
    if args.json:
        emit_json(found)
    else:
        emit("\n".join(_lines(found)))
    return 1 if found["mend"] else 0


def diagnose() -> dict[str, Any]:
    """What there is, JSON-ready; `mend` lists what is wrong, `hints` what could be better."""
    wanted, used, pages = os.environ.get("RAGOPT_CPU", ""), instructions(), _huge_pages()
    known = known_instructions()
    total, available = _memory()
    mend, hints = [], []
    if wanted and wanted not in known:
        mend.append(f"RAGOPT_CPU={wanted}: no such instructions, so {used} is used; take one of {', '.join(known)}")
    elif wanted and wanted != used:
        mend.append(f"RAGOPT_CPU={wanted}: this processor lacks them, so {used} is used; unset it")
    elif wanted and used != known[-1]:
        hints.append(f"RAGOPT_CPU={wanted} is in force: unset it, and searches take the widest that the processor has")
    elif used == "scalar":
        hints.append("this processor has no instructions that ragopt has a fast path for: results are the same, later")
    if pages == "never":
        hints.append(f"huge pages are off: large vectors are read slower; `madvise` in {_HUGE_PAGES} lets ragopt ask")
    return {
        "ragopt": ragopt.__version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": _processor(),
        "instructions": {"used": used, "wanted": wanted or None},
        "threads": {"usable": _threads(), "processors": os.cpu_count()},
        "memory": {"total": total, "available": available},
        "huge_pages": pages,
        "extras": dict(_extras()),
        "mend": mend,
        "hints": hints,
    }


def _processor() -> str | None:
    lines = _PROCESSOR.read_text(encoding="utf-8").splitlines() if _PROCESSOR.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def _threads() -> int | None:
    """What this process may use, which can be less than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory() -> tuple[int | None, int | None]:
    """Bytes of memory in all, and free for use; None where the system does not say."""
    if not _MEMORY.exists():
        return None, None
    lines = dict(line.split(":", 1) for line in _MEMORY.read_text(encoding="utf-8").splitlines() if ":" in line)
    total, available = (lines.get(name) for name in ("MemTotal", "MemAvailable"))
    return _bytes(total), _bytes(available)


def _bytes(kilobytes: str | None) -> int | None:
    return int(kilobytes.split()[0]) * 1024 if kilobytes else None


def _huge_pages() -> str | None:
    """always, madvise (on request, which ragopt makes) or never; None where there are none."""
    if not _HUGE_PAGES.exists():
        return None
    chosen = re.search(r"\[(\w+)\]", _HUGE_PAGES.read_text(encoding="utf-8"))
    return chosen[1] if chosen else None


def _extras() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each extra with the packages it asks for: their versions, None for one that is missing."""
    wanted: dict[str, list[tuple[str, str | None]]] = {}
    for line in requires("ragopt") or ():
        if found := _REQUIREMENT.match(line):
            wanted.setdefault(found[3], []).append((found[1], found[2]))
    for extra in sorted(wanted):
        packages = {name: _version(name) for name in _packages(extra, wanted)}
        missing = [name for name, found in packages.items() if found is None]
        cure = f'pip install "ragopt[{extra}]"' if missing else None
        yield extra, {"installed": not missing, "packages": packages, "cure": cure}


def _packages(extra: str, wanted: dict[str, list[tuple[str, str | None]]]) -> Iterator[str]:
    for name, nested in wanted.get(extra, ()):
        if name == "ragopt" and nested:
            for one in nested.split(","):
                yield from _packages(one, wanted)
        else:
            yield name


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _lines(found: dict[str, Any]) -> list[str]:
    used, threads, memory = found["instructions"], found["threads"], found["memory"]
    facts = [
        ["ragopt", f"{found['ragopt']}, Python {found['python']}, numpy {found['numpy']}"],
        ["system", found["system"]],
        ["processor", found["processor"] or "not known"],
        ["instructions", used["used"] + (f" (RAGOPT_CPU={used['wanted']})" if used["wanted"] else "")],
        ["threads", f"{threads['usable']} usable of {threads['processors']} processors"],
        ["memory", f"{_size(memory['available'])} available of {_size(memory['total'])}"],
        ["huge pages", found["huge_pages"] or "none on this system"],
    ]
    rows = [
        [
            name,
            ", ".join(f"{package} {known or 'MISSING'}" for package, known in one["packages"].items()),
            one["cure"] or "",
        ]
        for name, one in found["extras"].items()
    ]
    lines = [table(["", ""], facts).split("\n", 2)[2], "", table(["extra", "packages", "to install"], rows)]
    for word in ("mend", "hints"):
        lines += ["", *(f"{word.removesuffix('s')}: {text}" for text in found[word])] if found[word] else []
    return lines


def _size(count: int | None) -> str:
    return "not known" if count is None else byte_size(count)
