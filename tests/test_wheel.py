"""The wheel, not the checkout: built, looked into, and used in an environment that holds numpy alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.shared import ROOT

pytestmark = pytest.mark.slow

USE = """
import json, sys
import numpy as np
import ragopt
from ragopt import F, Index

index = Index.build(
    [
        {"id": "a", "text": "How to raise the concurrency of a function", "metadata": {"year": 2024}},
        {"id": "b", "text": "Tables and their keys", "metadata": {"year": 2020}},
    ],
    vectors=np.eye(2, dtype=np.float32),
)
index.save("index")
again = Index.open("index")
assert again.search("concurrency").ids == ["a"]
assert again.search("concurrency", vector=[0.0, 1.0], alpha=1).ids[0] == "b"
assert again.search("keys concurrency", where=F("year") >= 2024).ids == ["a"]
context = ragopt.Pipeline(again).retrieve("concurrency")
assert context.status == "ok" and "concurrency" in context.text
missing = []
def attempt(name, action):
    try:
        action()
    except ragopt.errors.MissingExtraError as error:
        missing.append(name)
        assert "pip install" in str(error)
from ragopt.backends import embedders
for name in ("static", "minilm", "e5"):
    attempt(name, lambda: embedders.load(name).embed_queries(["x"]))
def bedrock():
    from ragopt.backends.bedrock import BedrockGenerator
    BedrockGenerator("model").generate("", "", ragopt.Settings().generate)
attempt("bedrock", bedrock)
def langchain():
    import ragopt.integrations.langchain
attempt("langchain", langchain)
from ragopt.backends.plotting import plotly_script
attempt("report", plotly_script)
print(json.dumps({"where": ragopt.__file__, "missing": missing}))
"""


def faults(names: list[str]) -> list[str]:
    """What is missing from, or does not belong into, a wheel with these members."""
    wanted = {
        "the type marker": r"ragopt/py\.typed",
        "the stub of the core": r"ragopt/_core\.pyi",
        "the core, for every Python from 3.11": r"ragopt/_core\.abi3\.so",
        "the entry point": r"ragopt-[\d.]+\.dist-info/entry_points\.txt",
    }
    found = [f"missing: {what}" for what, name in wanted.items() if not any(re.fullmatch(name, n) for n in names)]
    return found + [f"does not belong: {n}" for n in names if not re.match(r"ragopt(-[\d.]+\.(dist-info|data))?/", n)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    out = tmp_path_factory.mktemp("dist")
    maturin = Path(sys.executable).with_name("maturin")
    done = subprocess.run(
        [str(maturin), "build", "--release", "--quiet", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and what it requires, nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    return python


def test_contents(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert faults(names) == []
    assert re.fullmatch(r"ragopt-[\d.]+-cp311-abi3-(many)?linux\w*\.whl", wheel.name)


def test_a_wheel_that_lacks_something_is_caught(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    without = [name for name in names if name != "ragopt/py.typed"]
    assert faults(without) == ["missing: the type marker"]
    assert faults([*names, "tests/conftest.py"]) == ["does not belong: tests/conftest.py"]


def test_it_needs_numpy_alone(clean: Path) -> None:
    listed = subprocess.run(
        [str(clean), "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True
    ).stdout
    assert {package["name"] for package in json.loads(listed)} - {"pip", "setuptools", "wheel"} == {"numpy", "ragopt"}


def test_it_works_and_names_missing_extras(clean: Path, tmp_path: Path) -> None:
    done = subprocess.run([str(clean), "-I", "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["where"].startswith(str(clean.parent.parent))
    assert told["missing"] == ["static", "minilm", "e5", "bedrock", "langchain", "report"]


def test_the_command_works(clean: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("How to raise the concurrency of a function", encoding="utf-8")
    ragopt = str(clean.with_name("ragopt"))

    def command(*arguments: str) -> str:
        done = subprocess.run([ragopt, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert re.search(r"\d+\.\d+", command("--version"))
    command("index", "notes", "--output", "index", "--embedder", "none")
    assert "a.txt" in command("search", "index", "concurrency", "--json")
