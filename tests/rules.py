"""The rules of the house as functions: each takes a tree and returns what breaks it, as `file:line: what`.

test_architecture.py holds the checkout to them, and shows for each that a planted violation is caught.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

__all__ = [
    "CORE_ROOMS",
    "EDGES",
    "MOST_LINES",
    "face_imports",
    "foreign_imports",
    "long_files",
    "long_winded",
    "machine_names",
    "undocumented",
    "unfinished",
    "unsafe_code",
    "vendors_among",
]

#: The rooms that may import packages other than numpy and the standard library.
EDGES = {"backends", "integrations"}
#: The rooms that may import the compiled core; the package itself takes its version from there.
CORE_ROOMS = {"index", "analysis", "tokens", "retrieve", "prune", "pack", "tuning", "evaluation"}
#: The most lines of a file; a Rust file's inline tests, at its end, are not counted.
MOST_LINES = 400

_HOME = {"numpy", "ragopt", "__future__"} | sys.stdlib_module_names
_SOURCES = ("*.py", "*.pyi", "*.rs")

# Written as patterns, so that this file does not itself name what it forbids.
_MACHINE = re.compile(
    r"(?<![\w.~-])/(work|root|home|Users)/[\w.]"
    r"|\bpy(pi|thonhosted)\.org|\bcrates\.io(?!-index)|\bnpmjs\.(org|com)|\bmaven\.org|\bmaven2\b|\bdebian\.org"
    r"|\bgolang\.org|find[-]links|index[-]url"
)
_UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|\b(todo|unimplemented)!|NotImplemented[E]rror")


def foreign_imports(package: Path) -> list[str]:
    """Imports of vendors outside the edges, and of the core outside its rooms, anywhere in a file."""
    found = []
    for path, node in _nodes(package):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        for name in _modules(node):
            top = name.partition(".")[0]
            where = f"{path.relative_to(package.parent)}:{node.lineno}"
            if name.startswith("ragopt._core") and room not in CORE_ROOMS | {"__init__"}:
                found.append(f"{where}: {room} may not import the core")
            elif top not in _HOME and room not in EDGES:
                found.append(f"{where}: {room} may not import {top}: vendors live in backends/ and integrations/")
    return found


def face_imports(package: Path) -> list[str]:
    """Rooms that import from the public face: the linter could not see which room they mean."""
    rooms = {path.name.partition(".")[0] for path in package.iterdir()}
    found = []
    for path, node in _nodes(package):
        if isinstance(node, ast.ImportFrom) and node.module == "ragopt":
            for alias in node.names:
                if alias.name not in rooms:
                    found.append(
                        f"{path.relative_to(package.parent)}:{node.lineno}: import {alias.name} from its room, "
                        f"not from the public face"
                    )
    return found


def long_files(roots: Iterable[Path]) -> list[str]:
    """Files above MOST_LINES lines."""
    found = []
    for path in _files(roots, _SOURCES):
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.suffix == ".rs" and "#[cfg(test)]" in lines:
            lines = lines[: lines.index("#[cfg(test)]")]
        if len(lines) > MOST_LINES:
            found.append(f"{path}:{len(lines)}: a file has at most {MOST_LINES} lines")
    return found


def unsafe_code(rust: Path) -> list[str]:
    """`unsafe` outside the SIMD files (simd is a word of their name, as in codes_simd.rs) and index/mmap.rs."""
    found = []
    for path in _files([rust], ("*.rs",)):
        if "simd" in path.stem.split("_") or path.parts[-2:] == ("index", "mmap.rs"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"\bunsafe\b", line.partition("//")[0]):
                found.append(f"{path}:{number}: unsafe belongs in the SIMD files and index/mmap.rs alone")
    return found


def machine_names(files: Iterable[Path]) -> list[str]:
    """Paths of one machine and hosts of package registries in what is kept."""
    return _matching(files, _MACHINE, "names a machine's path or a registry's host")


def unfinished(files: Iterable[Path]) -> list[str]:
    """Marks of work that was left for later."""
    return _matching(files, _UNFINISHED, "is left for later")


def long_winded(fragments: Iterable[Path]) -> list[str]:
    """Changelog fragments that are misnamed, or are not one sentence on one line."""
    found = []
    for path in fragments:
        text = path.read_text(encoding="utf-8")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed)\.md", path.name):
            found.append(f"{path}: its name is not WHAT.KIND.md")
        elif not re.fullmatch(r"\S[^\n]{10,238}\.\n?", text):
            found.append(f"{path}: not one sentence of at most 240 characters that ends in a full stop")
    return found


def _matching(files: Iterable[Path], pattern: re.Pattern[str], what: str) -> list[str]:
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if hit := pattern.search(line):
                found.append(f"{path}:{number}: {hit[0]!r} {what}")
    return found


def _files(roots: Iterable[Path], patterns: Iterable[str]) -> Iterator[Path]:
    for root in roots:
        for pattern in patterns:
            yield from (path for path in sorted(root.rglob(pattern)) if "target" not in path.relative_to(root).parts)


def _nodes(package: Path) -> Iterator[tuple[Path, ast.Import | ast.ImportFrom]]:
    for path in _files([package], ("*.py",)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield path, node


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module == "ragopt":
        return [f"ragopt.{alias.name}" for alias in node.names]
    return [node.module or ""]


def undocumented(module: ModuleType, names: Iterable[str]) -> list[str]:
    """The names that `module` lacks, or that have no documentation of their own."""
    found = []
    for name in names:
        if not hasattr(module, name):
            found.append(f"{name}: missing")
        elif not (inspect.getdoc(getattr(module, name)) or "").strip():
            found.append(f"{name}: no documentation")
    return found


def vendors_among(module: ModuleType, names: Iterable[str]) -> list[str]:
    """The names whose value was made by a package other than ragopt and the standard library."""
    found = []
    for name in names:
        origin = (getattr(getattr(module, name), "__module__", None) or "").partition(".")[0]
        if origin and origin != "ragopt" and origin not in sys.stdlib_module_names:
            found.append(f"{name} comes from {origin}")
    return found
