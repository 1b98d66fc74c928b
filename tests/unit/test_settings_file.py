"""The settings file: it says on which index it was tuned, and is refused on one that it does not fit."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ragopt import Index, Pipeline, Settings, tune
from ragopt.cli.app import main
from ragopt.errors import SettingsError, UnknownNameError
from ragopt.testing import FakeEmbedder
from ragopt.tuning import TuneResult
from ragopt.types import Bm25, IndexIdentity, SearchSettings, Tuned

WORDS = ["plum", "quince", "sloe", "apple", "pear", "cherry", "fig", "grape", "lemon", "olive"]
_TEXTS = {f"{word}-{i}": f"{word} tree {i} grows {WORDS[(i * 3) % 10]}" for word in WORDS for i in range(4)}
TEXTS = [{"id": id, "text": text} for id, text in _TEXTS.items()]
QUESTIONS = {f"q{i}": f"where does a {word} grow" for i, word in enumerate(WORDS)}
QRELS = {f"q{i}": {f"{word}-0": 1, f"{word}-1": 1} for i, word in enumerate(WORDS)}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(TEXTS, embedder=FakeEmbedder(16))


@pytest.fixture(scope="module")
def result(index: Index) -> TuneResult:
    return tune(index, QUESTIONS, QRELS, seed=3)


@pytest.fixture
def file(result: TuneResult, tmp_path: Path) -> Path:
    result.save(tmp_path / "ragopt.toml")
    return tmp_path / "ragopt.toml"


def test_the_file_holds_what_was_tuned_where_and_what_was_measured(
    file: Path, result: TuneResult, index: Index
) -> None:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    assert {"search", "query", "prune", "pack", "generate", "tuned", "index"} == set(tables)
    assert tables["index"]["analyzer"].startswith(index.describe()["analyzer"]["name"])
    assert tables["index"]["embedder"] == FakeEmbedder(16).name
    assert tables["index"]["chunks"] == len(index)
    tuned = Settings.load(file).tuned
    assert tuned is not None
    assert (tuned.seed, tuned.date, tuned.questions) == (3, result.facts.date, result.facts.held_out_queries)
    assert tuned.score == result.written.table.estimates[result.facts.measure].mean
    assert tuned.low is not None and tuned.high is not None and tuned.low <= tuned.score <= tuned.high
    assert Settings.load(file) == replace(result.settings, tuned=result.tuned)


def test_it_is_accepted_where_it_fits_also_after_the_index_has_changed(file: Path, index: Index) -> None:
    settings = Settings.load(file)
    assert Pipeline(index, settings).settings == settings
    living = Index.build(TEXTS, embedder=FakeEmbedder(16))
    living.delete([chunk.id for chunk in map(living.chunk, range(5, len(living)))])
    living.add([{"id": "new", "text": "a medlar tree"}])
    living.commit()
    Pipeline(living, settings)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (lambda: Index.build(TEXTS, embedder=FakeEmbedder(16), analyzer="english"), "analyzer is english"),
        (lambda: Index.build(TEXTS, embedder=FakeEmbedder(8)), "dimension is 8, and was 16"),
        (lambda: Index.build(TEXTS), "embedder is none, and was"),
        (lambda: Index.build(TEXTS, embedder=FakeEmbedder(16), bm25=Bm25(k1=0.9)), "bm25 is lucene k1 0.9"),
        (
            lambda: Index.build([{"id": "a", "text": "plum"}], embedder=FakeEmbedder(16)),
            "none of 8 chunks sampled then is in it",
        ),
        (lambda: Index.build([], embedder=FakeEmbedder(16)), "none of 8 chunks sampled then is in it"),
    ],
)
def test_it_is_refused_with_what_differs(file: Path, other: object, named: str) -> None:
    with pytest.raises(SettingsError, match="do not fit this index") as caught:
        Pipeline(other(), Settings.load(file))  # type: ignore[operator]
    assert named in str(caught.value)
    assert "tune again on this index" in str(caught.value)


def test_the_command_line_refuses_too(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Index.build(TEXTS, analyzer="english").save(tmp_path / "other.idx")
    given = [str(tmp_path / "other.idx"), "plum", "--settings", str(file)]
    for command in ("search", "pack"):
        assert main([command, *given]) == 2
        assert "do not fit this index" in capsys.readouterr().err


def test_tuning_again_starts_from_the_file_without_what_it_says_of_the_index(file: Path) -> None:
    other = Index.build(TEXTS, analyzer="english")
    result = tune(other, QUESTIONS, QRELS, settings=Settings.load(file))
    assert result.settings.tuned is None
    assert result.tuned is not None
    assert result.tuned.index == other.identity()


def test_a_tenants_view_is_not_asked_for_the_chunks_of_others() -> None:
    texts = [{**text, "metadata": {"who": "ab"[i % 2]}} for i, text in enumerate(TEXTS)]
    index = Index.build(texts, tenant_field="who")
    assert index.tenant("a").identity().sample == ()


TUNED = Tuned(
    index=IndexIdentity("english 1 ab", "lucene k1 1.2", "e", 4, 10, ("a", 'q"uote')),
    date="2026-11-25", version="1", seed=0, measure="nDCG@10", questions=9, score=0.5, default_score=0.4,
    verdict="gain", low=0.4, high=0.6,
)  # fmt: skip


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    for tuned in (TUNED, replace(TUNED, low=None, high=None)):
        settings = Settings(search=SearchSettings(k=7), tuned=tuned)
        settings.save(tmp_path / "s.toml")
        assert Settings.load(tmp_path / "s.toml") == settings
        assert Settings.from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize(
    ("find", "put", "told"),
    [
        ('date = "2026-11-25"', 'date = "today"', "[tuned] date = 'today'"),
        ("seed = 0", "seed = -1", "[tuned] seed = -1: must not be negative"),
        ("seed = 0", 'seed = "0"', "[tuned] seed = '0': must be a whole number"),
        ("score = 0.5", "score = nan", "[tuned] score = nan: must be a finite number"),
        ("dimension = 4", "dimension = true", "[index] dimension = True: must be a whole number"),
        ("chunks = 10\n", "", "[index] lacks chunks"),
        ("[tuned]", "[tuned]\nlater = 1", "later"),
        ('sample = ["a", ', "sample = [1, ", "[index] sample"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(tmp_path: Path, find: str, put: str, told: str) -> None:
    text = Settings(tuned=TUNED).to_toml()
    assert find in text
    path = tmp_path / "s.toml"
    path.write_text(text.replace(find, put, 1), encoding="utf-8")
    with pytest.raises((SettingsError, UnknownNameError)) as caught:
        Settings.load(path)
    assert told in str(caught.value) and str(path) in str(caught.value)


def test_one_of_the_two_tables_alone_is_refused() -> None:
    tables = Settings(tuned=TUNED).to_dict()
    del tables["index"]
    with pytest.raises(SettingsError, match="belong together"):
        Settings.from_dict(tables)
