"""Every command as it is run: good input, bad input, JSON, pipes and exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ragopt.cli import main
from ragopt.index import Index
from ragopt.types import Document
from tests.unit.cli.conftest import Run, write

FILES = {
    "keys.md": "---\nlang: en\nyear: 2024\n---\n# Rotating keys\n\nYou can rotate a key in the console in a day.\n",
    "sub/khoa.txt": "Khóa được xoay vòng mỗi năm một lần.",
    "b.html": "<title>Buckets</title><p>Buckets hold objects. A bucket name is unique.",
    "r.jsonl": '{"_id": "r1", "text": "Lambda runs code", "metadata": {"lang": "en", "year": 2020}}\n',
    "c.csv": 'id,text,year\nc1,"Costs, of keys",2023\n',
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli")
    write(root / "docs", FILES)
    assert main(["index", str(root / "docs"), "--output", str(root / "idx")]) == 0
    return root / "idx"


def test_index_reports_what_it_could_not_read_and_indexes_the_rest(run: Run, tmp_path: Path) -> None:
    bad = {
        "latin.txt": b"caf\xe9",
        "x.jsonl": '{"_id": "x", "text": "fine"}\n{"_id": 7, "text": "t"}\n',
        "p.png": b"\x89",
    }
    docs = write(tmp_path / "docs", {**FILES, **bad})
    said = run("index", docs, "-o", tmp_path / "idx")
    assert said.code == 1
    assert "6 chunks of 6 documents" in said.out
    for part in (
        "latin.txt: not utf-8: byte 0xe9 at offset 3",
        "x.jsonl:2: the id is a number",
        "1 file left out: .png",
    ):
        assert part in said.err
    assert "2 files or records could not be read" in said.err and "lexical only" in said.err
    found = run("index", docs, "-o", tmp_path / "idx", "--json")
    assert found.code == 1 and found.json["documents"] == 6
    assert [(p["file"], p["line"], p["lost"]) for p in found.json["problems"]] == [
        ("latin.txt", None, True),
        ("x.jsonl", 2, True),
        (str(docs), None, False),
    ]
    assert run("search", tmp_path / "idx", "fine").code == 0


def test_index_refuses_what_cannot_be_right(run: Run, tmp_path: Path) -> None:
    docs, out = write(tmp_path / "docs", FILES), tmp_path / "idx"
    for argv, said in (
        (("index", tmp_path / "none", "-o", out), "no such file or folder"),
        (("index", docs, "-o", out, "--analyzer", "englsh"), "Did you mean 'english'"),
        (("index", docs, "-o", out, "--k1", "-1"), "k1 must be 0 or more"),
        (("index", docs, "-o", out, "--chunk-words", "5", "--overlap", "5"), "overlap"),
        (("index", docs, "-o", out, "--chunk-words", "-5"), "words=-5"),
        (("index", docs, "-o", docs / "keys.md"), "keys.md"),
        (("index", docs, "-o", docs), "not a ragopt index"),
        (("index", docs), "--output"),
        (("index", docs, "-o", out, "--embedder", "nothing"), "invalid choice"),
    ):
        outcome = run(*argv)
        assert outcome.code == 2 and said in outcome.err and outcome.out == "", argv
    assert not out.exists()
    nothing = run("index", write(tmp_path / "empty", {"a.png": b"x"}), "-o", out, "--json")
    assert nothing.code == 1 and nothing.json["documents"] == 0 and not nothing.json["problems"][0]["lost"]
    assert not out.exists()


def test_ids_that_come_twice(run: Run, tmp_path: Path) -> None:
    docs = write(
        tmp_path, {"a.jsonl": '{"_id": "x", "text": "first"}\n', "b.jsonl": '{"_id": "x", "text": "second"}\n'}
    )
    outcome = run("index", docs, "-o", tmp_path / "idx")
    assert outcome.code == 2 and "'x'" in outcome.err and "--on-duplicate last" in outcome.err
    assert run("index", docs, "-o", tmp_path / "idx", "--on-duplicate", "last").code == 0
    assert run("search", tmp_path / "idx", "second", "--json").json["hits"][0]["text"] == "second"
    assert run("search", tmp_path / "idx", "first").code == 1


def test_chunks_are_cut_to_the_words_asked_for(run: Run, tmp_path: Path) -> None:
    docs = write(tmp_path, {"a.txt": "One two three. Four five six. Seven eight nine."})
    assert run("index", docs, "-o", tmp_path / "i", "--chunk-words", 3, "--json").json["chunks"] == 3
    assert run("index", docs, "-o", tmp_path / "i", "--chunk-words", 0, "--json").json["chunks"] == 1
    assert run("search", tmp_path / "i", "eight", "--json").json["hits"][0]["id"] == "a.txt"


def test_a_dense_side_when_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", FILES)
    said = run("index", docs, "-o", tmp_path / "i", "--embedder", "static", "--json")
    assert said.code == 0 and said.json["embedder"]["load"] == "static" and said.json["sizes"]["vectors"] == 5
    found = run("search", tmp_path / "i", "exchange the keys in a web console", "--alpha", 1, "--json").json
    assert found["hits"][0]["document"] == "keys.md" and found["sides"] == {"lexical": True, "dense": True}


def test_search(run: Run, index: Path) -> None:
    found = run("search", index, "how do I rotate a key?")
    assert found.code == 0 and found.out.split("\n")[2].split()[4] == "keys.md#0"
    assert "exact" in found.err
    one = run("search", index, "key", "-k", 1, "--json").json
    assert len(one["hits"]) == 1 and one["exact"] is True and one["reason"] is None
    assert set(one["hits"][0]) >= {"id", "score", "lexical", "dense", "document", "span", "title", "text", "metadata"}
    nothing = run("search", index, "zzzz")
    assert (nothing.code, nothing.out) == (1, "") and "no_match" in nothing.err
    assert run("search", index, "zzzz", "--json").json["hits"] == []
    assert run("search", index, "", "--json").json["reason"] == "empty_query"


def test_search_explains_scores_that_add_up(run: Run, index: Path) -> None:
    hits = run("search", index, "rotate a key", "--explain", "--json").json["hits"]
    for hit in hits:
        account = hit["explanation"]
        assert account["lexical"]["share"] + account["dense"]["share"] == pytest.approx(hit["score"], abs=1e-12)
        assert sum(term["share"] for term in account["terms"]) == pytest.approx(hit["lexical"], abs=1e-9)
    text = run("search", index, "rotate a key", "--explain").out
    assert "of BM25" in text and f"score {hits[0]['score']:.4f}" in text


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        (["year>=2023"], ["c1#0", "keys.md#0"]),
        (["year>=2023", "lang=en"], ["keys.md#0"]),
        (["lang != en"], ["c1#0"]),
        (["year=2024"], ["keys.md#0"]),
        (['year="2024"'], []),
        (["lang == en"], ["keys.md#0"]),
    ],
)
def test_search_with_conditions(run: Run, index: Path, conditions: list[str], ids: list[str]) -> None:
    flags = [part for condition in conditions for part in ("--where", condition)]
    found = run("search", index, "key", *flags, "--json")
    assert sorted(hit["id"] for hit in found.json["hits"]) == ids and found.code == (0 if ids else 1)


def test_search_settings_come_from_the_file_and_the_flags_go_before(run: Run, index: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('[search]\nk = 1\nmin_score = {value = 0.1, kind = "bounded"}\n', encoding="utf-8")
    assert len(run("search", index, "key", "--settings", path, "--json").json["hits"]) == 1
    assert len(run("search", index, "key", "--settings", path, "-k", 5, "--json").json["hits"]) == 2
    above = run("search", index, "key", "--min-score", 0.99)
    assert above.code == 1 and "below_threshold" in above.err
    kept = run("search", index, "key", "--normalizer", "minmax", "--min-score", 1, "--json").json
    assert [hit["score"] for hit in kept["hits"]] == [1.0]
    mixed = run("search", index, "key", "--settings", path, "--normalizer", "minmax")
    assert mixed.code == 2 and "bounded" in mixed.err
    path.write_text("[search]\ntopk = 3\n", encoding="utf-8")
    wrong = run("search", index, "key", "--settings", path)
    assert wrong.code == 2 and "topk" in wrong.err and str(path) in wrong.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["-k", "-1"], "k=-1"),
        (["-k", "x"], "invalid int"),
        (["--alpha", "1.5"], "between 0 and 1"),
        (["--normalizer", "min-max"], "Did you mean 'minmax'"),
        (["--where", "year"], "write a field and what it must be"),
        (["--where", "a>true"], "booleans have no order"),
        (["--nonsense"], "unrecognized"),
        (["\udcff"], "not utf-8"),
    ],
)
def test_wrong_use_of_search(run: Run, index: Path, argv: list[str], said: str) -> None:
    outcome = run("search", index, "key", *argv)
    assert outcome.code == 2 and said in outcome.err and outcome.out == ""


@pytest.mark.parametrize("command", ["search", "inspect", "ask", "evaluate", "tune"])
def test_a_folder_that_is_no_index(run: Run, command: str, tmp_path: Path) -> None:
    extra = {"search": ["q"], "ask": ["q", "--region", "us-east-1"]}.get(command, [])
    if command in ("evaluate", "tune"):
        write(tmp_path, {"q.txt": "a\n", "r.tsv": "1\ta\t1\n"})
        extra = ["--queries", str(tmp_path / "q.txt"), "--qrels", str(tmp_path / "r.tsv")]
    outcome = run(command, tmp_path / "nothing", *extra)
    assert outcome.code == 2 and "nothing" in outcome.err and outcome.out == ""


def test_inspect(run: Run, index: Path) -> None:
    said = run("inspect", index)
    assert said.code == 0
    for part in ("multilingual, version", "lucene, k1 1.2, b 0.75", "none (lexical only)", "lang", "2023, 2024, 2020"):
        assert part in said.out
    account = run("inspect", index, "--json").json
    assert (
        account["chunks"] == 5
        and account["metadata"]["year"]["types"] == ["int"]
        and account["metadata"]["lang"]["chunks"] == 2
    )
    chunk = run("inspect", index, "--chunk", "keys.md#0", "--json").json
    assert chunk["title"] == "Rotating keys" and chunk["metadata"] == {"lang": "en", "year": 2024}
    assert "characters 0 to" in run("inspect", index, "--chunk", "keys.md#0").out
    unknown = run("inspect", index, "--chunk", "keys.md")
    assert unknown.code == 2 and "'keys.md#0'" in unknown.err


def test_help_has_an_example_and_the_exit_codes(run: Run) -> None:
    top = run("--help")
    assert top.code == 0
    for command in ("index", "search", "ask", "evaluate", "tune", "inspect", "demo"):
        assert command in top.out
        text = run(command, "--help").out
        assert "example:" in text and "exit code" in text and "--json" in text
    assert run("--version").out.startswith("ragopt ")
    assert run().code == 2 and run("serch").code == 2


def program(*argv: object, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ragopt", *map(str, argv)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_in_a_pipe_nothing_but_the_result_is_on_stdout(index: Path) -> None:
    process = program("search", index, "rotate key", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and json.loads(out)["hits"] and b"\r" not in err


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    docs = write(tmp_path, {"a.jsonl": "\n".join(f'{{"_id": "{i}", "text": "word {"x" * 500}"}}' for i in range(2000))})
    assert main(["index", str(docs), "-o", str(tmp_path / "i")]) == 0
    with program("search", tmp_path / "i", "word", "-k", 2000, "--json") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 141 and err == b""


@pytest.mark.parametrize(
    ("redirected", "code", "says"),
    [("> /dev/full", 2, b"No space left"), (">&-", 0, b"by BM25"), ("2>&-", 0, b""), (">&- 2>&-", 0, b"")],
)
def test_an_output_that_is_full_or_closed_is_no_crash(tmp_path: Path, redirected: str, code: int, says: bytes) -> None:
    Index.build([Document("a", "word")]).save(tmp_path / "i")
    command = f'"{sys.executable}" -m ragopt search "{tmp_path / "i"}" word {redirected}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert done.returncode == code and says in done.stderr and b"Traceback" not in done.stderr
    assert (b"word" in done.stdout) is (redirected == "2>&-")


def test_control_c_ends_with_130_and_without_a_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "wait.txt"
    os.mkfifo(fifo)
    process = program("index", fifo, "-o", tmp_path / "i")
    writer = _when_somebody_reads(fifo)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    os.close(writer)
    assert process.returncode == 130 and b"Traceback" not in err and b"interrupted" in err
    assert not (tmp_path / "i").exists()


def _when_somebody_reads(fifo: Path) -> int:
    """The pipe's other end, open but with nothing in it, once the program waits for its first byte."""
    for _ in range(600):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            time.sleep(0.1)
    raise AssertionError("the program did not get to its file")


def test_metadata_that_json_cannot_hold_is_null(run: Run, tmp_path: Path) -> None:
    odd = {"year": float("nan"), "top": float("inf"), "in": [1.0, float("-inf"), {"deep": float("nan")}]}
    Index.build([Document("a", "blue", metadata=odd), Document("b", "blue", metadata={"year": 2024})]).save(
        tmp_path / "i"
    )
    expected = {"year": None, "top": None, "in": [1.0, None, {"deep": None}]}
    assert run("search", tmp_path / "i", "blue", "--json").json["hits"][0]["metadata"] == expected
    assert run("inspect", tmp_path / "i", "--chunk", "a", "--json").json["metadata"] == expected
    assert run("inspect", tmp_path / "i", "--json").json["metadata"]["year"]["examples"] == [None, 2024]


@pytest.mark.parametrize(
    ("flags", "code"),
    [(["-k", "9" * 30], 0), (["--where", f"year={'[' * 50_000}"], 1), (["--where", f"year={'9' * 5000}"], 1)],
    ids=["k", "deep", "long"],
)
def test_what_is_too_large_is_no_crash(run: Run, tmp_path: Path, flags: list[str], code: int) -> None:
    Index.build([Document("a", "blue", metadata={"year": 2024})]).save(tmp_path / "i")
    done = run("search", tmp_path / "i", "blue", "--json", *flags)
    assert done.code == code and len(done.json["hits"]) == 1 - code
