"""The command line is a door like the others: the same ids, scores and outcomes as the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ragopt import Document, F, Index, SearchSettings, Settings, Threshold
from ragopt.cli import main
from tests.traps.doors import MODES, NORMALIZERS, threshold

TEXTS = {
    "keys": "Rotate the access keys of a user every ninety days",
    "lock": "Change credentials regularly so that a stolen secret is worth little",
    "cake": "Whisk the eggs with sugar and bake for an hour",
    "copy": "Rotate the access keys of a user every ninety days",
    "blank": "",
}
QUESTION = "how often to rotate access keys"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with vectors of the static embedder."""
    path = tmp_path_factory.mktemp("cli") / "index"
    documents = [Document(id, text, metadata={"name": id, "n": n}) for n, (id, text) in enumerate(TEXTS.items())]
    Index.build(documents, embedder="static").save(path)
    return path


@pytest.fixture(scope="module")
def index(saved: Path) -> Index:
    """The same, opened by the library."""
    return Index.open(saved)


Told = tuple[int, dict[str, Any]]


@pytest.fixture
def search(saved: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `ragopt search --json`; its exit code and what it printed."""

    def run(*options: object, question: str = QUESTION) -> Told:
        code = main(["search", str(saved), question, "--json", *map(str, options)])
        return code, json.loads(capsys.readouterr().out)

    return run


def pairs(told: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit["id"], hit["score"]) for hit in told["hits"]]


@pytest.mark.parametrize("name", NORMALIZERS)
@pytest.mark.parametrize("alpha", list(MODES.values()))
def test_ids_and_scores_are_those_of_the_library(name: str, alpha: float, search: Any, index: Index) -> None:
    hits = index.search(QUESTION, alpha=alpha, normalizer=name)
    code, told = search("--alpha", alpha, "--normalizer", name)
    assert code == 0
    assert pairs(told) == [(hit.id, hit.score) for hit in hits]
    assert [(hit["lexical"], hit["dense"]) for hit in told["hits"]] == [(hit.lexical, hit.dense) for hit in hits]
    for k in (1, 50):
        assert pairs(search("--alpha", alpha, "--normalizer", name, "-k", k)[1]) == pairs(told)[:k]


@pytest.mark.parametrize("name", NORMALIZERS)
@pytest.mark.parametrize("alpha", list(MODES.values()))
def test_the_threshold_holds(name: str, alpha: float, search: Any, index: Index) -> None:
    full = [(hit.id, hit.score) for hit in index.search(QUESTION, alpha=alpha, normalizer=name)]
    for _, score in full[:2]:
        kept = [pair for pair in full if pair[1] >= score]
        assert pairs(search("--alpha", alpha, "--normalizer", name, f"--min-score={score!r}")[1]) == kept
        least = threshold(score, name)
        assert [(h.id, h.score) for h in index.search(QUESTION, alpha=alpha, normalizer=name, min_score=least)] == kept
    code, told = search("--alpha", alpha, "--normalizer", name, "--min-score", 1e9)
    assert (code, told["hits"], told["reason"]) == (1, [], "below_threshold")


def test_the_settings_file_holds(tmp_path: Path, search: Any, index: Index) -> None:
    least = index.search(QUESTION, alpha=0.3, normalizer="theoretical")[1].score
    chosen = SearchSettings(k=3, alpha=0.3, normalizer="theoretical", min_score=Threshold(least, kind="theoretical"))
    Settings(search=chosen).save(tmp_path / "ragopt.toml")
    hits = index.search(QUESTION, k=3, alpha=0.3, normalizer="theoretical", min_score=chosen.min_score)
    assert pairs(search("--settings", tmp_path / "ragopt.toml")[1]) == [(hit.id, hit.score) for hit in hits]


def test_the_default_is_the_librarys(search: Any, index: Index) -> None:
    _, told = search()
    assert (told["alpha"], told["normalizer"]) == (0.6, "bounded")
    assert pairs(told) == [(hit.id, hit.score) for hit in index.search(QUESTION)]


def test_alpha_is_the_share_of_the_dense_side(search: Any) -> None:
    lexical, dense = search("--alpha", 0)[1], search("--alpha", 1)[1]
    assert (lexical["sides"], dense["alpha"]) == ({"lexical": True, "dense": False}, 1.0)
    assert all(hit["lexical"] > 0 for hit in lexical["hits"])
    assert [hit["id"] for hit in lexical["hits"]][:2] == ["copy", "keys"]
    assert {hit["id"] for hit in dense["hits"]} == set(TEXTS) - {"blank"}


def test_copies_are_two_hits(search: Any) -> None:
    ids = [hit["id"] for hit in search()[1]["hits"]]
    assert ids[:2] == ["copy", "keys"]
    assert [hit["metadata"]["name"] for hit in search()[1]["hits"]] == ids


@pytest.mark.parametrize(
    ("condition", "where"),
    [("name=keys", F("name") == "keys"), ("n>=2", F("n") >= 2), ("name!=keys", F("name") != "keys")],
)
def test_filters_are_the_librarys(condition: str, where: Any, search: Any, index: Index) -> None:
    assert pairs(search("--where", condition)[1]) == [
        (hit.id, hit.score) for hit in index.search(QUESTION, where=where)
    ]


@pytest.mark.parametrize(
    ("question", "options", "reason"),
    [
        ("zzzz", ["--alpha", "0"], "no_match"),
        ("", [], "empty_query"),
        (QUESTION, ["--where", "name=nobody"], "filter_empty"),
        (QUESTION, ["-k", "0"], "zero_k"),
        (QUESTION, ["--min-score", "0.9999"], "below_threshold"),
    ],
)
def test_nothing_found_is_told_by_the_exit_code(question: str, options: list[str], reason: str, search: Any) -> None:
    code, told = search(*options, question=question)
    assert (code, told["hits"], told["reason"]) == (1, [], reason)


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "-1"],
        ["-k", "1.5"],
        ["--alpha", "1.1"],
        ["--alpha", "nan"],
        ["--normalizer", "minmx"],
        ["--min-score", "inf"],
        ["--where", "nothing"],
        ["--top_k", "3"],
    ],
)
def test_wrong_use_is_told_without_a_traceback(
    options: list[str], saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["search", str(saved), QUESTION, *options])
    except SystemExit as stop:  # argparse
        code = int(stop.code or 0)
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err.strip()
    assert "Traceback" not in told.err


def test_an_index_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", str(tmp_path), QUESTION]) == 2
    assert str(tmp_path) in capsys.readouterr().err
