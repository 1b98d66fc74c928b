"""The rules of the house, checked by machine; for each, a planted violation that is caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import rules
from tests.shared import ROOT

PACKAGE = ROOT / "python" / "ragopt"
BIN = Path(sys.executable).parent
SLASH, DOT = "/", "."  # so that what is planted does not stand in this file
SOURCE_ROOTS = [ROOT / name for name in ("python", "rust", "tests", "benches", ".ci")]


def tracked(*suffixes: str) -> list[Path]:
    """The files that git keeps, of the suffixes named, or all."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    assert paths, "git lists no file: run the tests in a checkout"
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package to plant violations in."""
    copy = tmp_path / "python" / "ragopt"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return copy


# --- the floors -----------------------------------------------------------------------------------------------------


def lint_imports(python: Path) -> subprocess.CompletedProcess[str]:
    """import-linter, with the project's contracts, on the package that lies in `python`."""
    return subprocess.run(
        [str(BIN / "lint-imports"), "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=python,
        env={"PYTHONPATH": str(python), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_floors() -> None:
    done = lint_imports(PACKAGE.parent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "line", "caught"),
    [
        ("index", "import ragopt.pipeline", "ragopt.index is not allowed to import ragopt.pipeline"),
        ("corpus", "import ragopt.index", "ragopt.corpus is not allowed to import ragopt.index"),
        ("types", "import ragopt.protocols", "ragopt.types is not allowed to import ragopt.protocols"),
        ("economics", "import ragopt.evaluation", "ragopt.economics is not allowed to import ragopt.evaluation"),
    ],
)
def test_floors_catch_an_import_upwards_or_sideways(house: Path, room: str, line: str, caught: str) -> None:
    (house / room / "planted.py").write_text(f"def late() -> None:\n    {line}\n", encoding="utf-8")
    done = lint_imports(house.parent)
    assert done.returncode == 1
    assert caught in done.stdout


def test_floors_catch_a_room_without_a_floor(house: Path) -> None:
    (house / "attic").mkdir()
    (house / "attic" / "__init__.py").write_text("", encoding="utf-8")
    done = lint_imports(house.parent)
    assert done.returncode == 1
    assert "attic" in done.stdout


def test_floors_catch_a_backend_that_knows_another(house: Path) -> None:
    (house / "backends" / "bedrock" / "planted.py").write_text("import ragopt.backends.embedders\n", encoding="utf-8")
    done = lint_imports(house.parent)
    assert done.returncode == 1
    assert "Backends are ignorant of each other BROKEN" in done.stdout


# --- vendors and the core at their places ---------------------------------------------------------------------------


def test_vendors_and_core_at_their_places() -> None:
    assert rules.foreign_imports(PACKAGE) == []


@pytest.mark.parametrize("room", ["types", "index", "pipeline", "tuning", "cli", "query"])
@pytest.mark.parametrize(
    "line", ["import boto3", "from scipy.stats import norm", "import some_new_vendor.client as client"]
)
def test_a_vendor_inside_the_house_is_caught(house: Path, room: str, line: str) -> None:
    planted = house / "planted.py" if not (house / room).is_dir() else house / room / "planted.py"
    planted.write_text(f"def late() -> None:\n    {line}\n", encoding="utf-8")
    assert [hit for hit in rules.foreign_imports(house) if "planted.py:2" in hit]


@pytest.mark.parametrize("line", ["import ragopt._core", "from ragopt import _core", "from ragopt._core import Index"])
@pytest.mark.parametrize("room", ["types", "filters", "cli", "backends", "corpus"])
def test_the_core_outside_its_rooms_is_caught(house: Path, room: str, line: str) -> None:
    (house / room / "planted.py").write_text(f"{line}\n", encoding="utf-8")
    assert rules.foreign_imports(house) == [f"ragopt/{room}/planted.py:1: {room} may not import the core"]


@pytest.mark.parametrize(
    ("file", "line", "banned"),
    [
        ("query/x.py", "import boto3", True),
        ("types/x.py", "from langchain_core.documents import Document", True),
        ("cli/x.py", "from ragopt._core import Index", True),
        ("backends/bedrock/x.py", "import boto3", False),
        ("integrations/x.py", "import langchain_core", False),
        ("index/x.py", "from ragopt._core import Index", False),
    ],
)
def test_ruff_says_the_same_while_one_types(file: str, line: str, banned: bool) -> None:
    done = subprocess.run(
        [str(BIN / "ruff"), "check", "--select", "TID251", "--stdin-filename", f"python/ragopt/{file}", "-"],
        cwd=ROOT,
        input=f"{line}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("TID251" in done.stdout) is banned, done.stdout + done.stderr


def test_rooms_import_from_rooms() -> None:
    assert rules.face_imports(PACKAGE) == []


def test_an_import_through_the_public_face_is_caught(house: Path) -> None:
    (house / "types" / "planted.py").write_text("from ragopt import Index, errors\n", encoding="utf-8")
    assert len(rules.face_imports(house)) == 1


# --- sizes, unsafe code, what is kept -------------------------------------------------------------------------------


def test_files_are_short() -> None:
    assert rules.long_files(SOURCE_ROOTS) == []


def test_a_long_file_is_caught(tmp_path: Path) -> None:
    (tmp_path / "just.py").write_text("x = 1\n" * rules.MOST_LINES, encoding="utf-8")
    (tmp_path / "tested.rs").write_text("//\n" * 390 + "#[cfg(test)]\n" + "//\n" * 900, encoding="utf-8")
    assert rules.long_files([tmp_path]) == []
    (tmp_path / "long.py").write_text("x = 1\n" * (rules.MOST_LINES + 1), encoding="utf-8")
    (tmp_path / "long.rs").write_text("//\n" * 401 + "#[cfg(test)]\n", encoding="utf-8")
    assert len(rules.long_files([tmp_path])) == 2


def test_unsafe_stays_in_the_simd_files() -> None:
    assert rules.unsafe_code(ROOT / "rust") == []


def test_unsafe_elsewhere_is_caught(tmp_path: Path) -> None:
    for name in ("simd.rs", "codes_simd.rs"):
        (tmp_path / name).write_text("unsafe { work() }\n", encoding="utf-8")
    (tmp_path / "safe.rs").write_text("// unsafe is forbidden here\n", encoding="utf-8")
    assert rules.unsafe_code(tmp_path) == []
    (tmp_path / "other.rs").write_text("fn f() {\n    unsafe { work() }\n}\n", encoding="utf-8")
    assert [hit.partition(": ")[0] for hit in rules.unsafe_code(tmp_path)] == [f"{tmp_path / 'other.rs'}:2"]
    (tmp_path / "other.rs").unlink()
    for room, caught in [("index", False), ("search", True)]:
        (tmp_path / room).mkdir()
        (tmp_path / room / "mmap.rs").write_text("unsafe { map() }\n", encoding="utf-8")
        assert bool(rules.unsafe_code(tmp_path)) is caught


Rule = Callable[[list[Path]], list[str]]


@pytest.mark.parametrize("rule", [rules.machine_names, rules.unfinished])
def test_what_git_keeps(rule: Rule) -> None:
    kept = tracked() if rule is rules.machine_names else tracked(".py", ".pyi", ".rs", ".toml", ".md")
    assert rule(kept) == []


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (rules.machine_names, f"path = '{SLASH}home{SLASH}me'"),
        (rules.machine_names, f"see {SLASH}root{SLASH}.cargo"),
        (rules.machine_names, f"https://files.pythonhosted{DOT}org/x"),
        (rules.machine_names, "--index" + "-url=somewhere"),
        (rules.unfinished, "# TO" + "DO: later"),
        (rules.unfinished, "todo" + "!()"),
        (rules.unfinished, "raise NotImplemented" + "Error"),
    ],
)
def test_what_git_must_not_keep_is_caught(tmp_path: Path, rule: Rule, line: str) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(f"x = 1\n{line}\n", encoding="utf-8")
    assert len(rule([planted])) == 1


def test_no_test_is_switched_off() -> None:
    """The one way to leave a test out is `shared()`, or a service that cannot be had, outside CI."""
    marks = ("pytest.mark." + "skip", "pytest.mark." + "xfail", "@unittest." + "skip", "#[" + "ignore")
    found = [
        f"{path}: {mark}"
        for path in tracked(".py", ".rs")
        for mark in marks
        if mark in path.read_text(encoding="utf-8")
    ]
    assert found == []


# --- the changelog ----------------------------------------------------------------------------------------------------


def test_changelog_fragments_are_one_sentence() -> None:
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert fragments
    assert rules.long_winded(fragments) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("new thing.md", "A search is faster.\n"),
        ("thing.improved.md", "A search is faster.\n"),
        ("thing.added.md", "A search is faster\n"),
        ("thing.added.md", "A search is faster.\n\nAnd more.\n"),
        ("thing.added.md", "x" * 300 + ".\n"),
        ("thing.added.md", ""),
    ],
)
def test_a_long_winded_fragment_is_caught(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(rules.long_winded([tmp_path / name])) == 1
