"""Production's feedback against what the settings file promises."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ragopt import Index, Settings
from ragopt.cli.app import main
from ragopt.errors import SettingsError
from ragopt.evaluation import Feedback
from ragopt.tuning import Standing, check
from ragopt.types import Tuned

TEXTS = [{"id": f"c{i}", "text": f"tree {i}"} for i in range(20)]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(TEXTS)


@pytest.fixture(scope="module")
def settings(index: Index) -> Settings:
    return Settings(
        tuned=Tuned(
            index=index.identity(), date="2026-11-25", version="1", seed=0, measure="nDCG@10", questions=50,
            score=0.7, default_score=0.6, verdict="gain", low=0.65, high=0.75,
        )
    )  # fmt: skip


def log(rank: int, count: int = 40) -> list[Feedback]:
    """In which the model cites what stands at `rank`, and one place further down in every fourth answer."""
    records = []
    for i in range(count):
        shown = [f"c{j}" for j in range(1, 10)]
        shown.insert(rank - (i % 4 != 0), "c0")
        records.append(Feedback(f"question {i}", tuple(shown), cited=("c0",)))
    return records


def test_it_holds_while_what_is_cited_stands_on_top(settings: Settings, index: Index) -> None:
    found = check(settings, log(1), index=index)
    assert found.standing is Standing.HOLDS and not found.tune_again
    assert found.found is not None and found.found.mean == pytest.approx(0.75 + 0.25 * 0.6309, abs=1e-3)
    assert found.questions == 40 and "was promised" in found.reason


def test_it_has_drifted_when_what_is_cited_stands_low(settings: Settings) -> None:
    found = check(settings, log(8))
    assert found.standing is Standing.DRIFTED and found.tune_again
    assert found.reason.startswith("Tune again: nDCG@10 by feedback is 0.3")


def test_the_last_list_of_a_question_counts(settings: Settings) -> None:
    assert check(settings, [*log(8), *log(1)]).standing is Standing.HOLDS
    assert check(settings, [*log(1), *log(8)]).standing is Standing.DRIFTED


def test_little_feedback_says_nothing(settings: Settings) -> None:
    silent = [Feedback(f"s{i}", ("c1",)) for i in range(50)]
    found = check(settings, [*log(8, 29), *silent])
    assert found.standing is Standing.TOO_LITTLE_FEEDBACK and found.found is None and not found.tune_again
    assert "29 questions, and 30" in found.reason and found.silent == 50
    assert check(settings, log(8, 29), least=20).standing is Standing.DRIFTED
    assert check(settings, []).standing is Standing.TOO_LITTLE_FEEDBACK


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (lambda: Index.build(TEXTS, analyzer="english"), "analyzer is english"),
        (lambda: Index.build(TEXTS[10:]), "chunks sampled then are gone"),
        (
            lambda: Index.build([*TEXTS, *({"id": f"n{i}", "text": "new"} for i in range(6))]),
            "holds 26 chunks, and held 20",
        ),
    ],
)
def test_an_index_that_has_changed_much(settings: Settings, other: object, named: str) -> None:
    found = check(settings, log(1), index=other())  # type: ignore[operator]
    assert found.standing is Standing.INDEX_CHANGED and found.tune_again and named in found.reason


def test_settings_without_a_promise_are_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"lack \[tuned\]"):
        check(Settings(), log(1))
    assert settings.tuned is not None
    with pytest.raises(SettingsError, match="fewer than two"):
        check(replace(settings, tuned=replace(settings.tuned, low=None, high=None)), log(1))


def test_the_command_line(settings: Settings, index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index.save(tmp_path / "x.idx")
    settings.save(tmp_path / "s.toml")
    for rank, code, standing in ((1, 0, "holds"), (8, 1, "drifted")):
        feedback = tmp_path / f"{rank}.jsonl"
        for record in log(rank):
            record.append(feedback)
        asked = ["tune", str(tmp_path / "x.idx"), "--check", str(feedback), "--json"]
        assert main([*asked, "--settings", str(tmp_path / "s.toml")]) == code
        assert json.loads(capsys.readouterr().out)["standing"] == standing
        assert main(asked) == 2
        assert "--settings is missing" in capsys.readouterr().err
    assert main(["tune", str(tmp_path / "x.idx"), "--queries", "q"]) == 2
    assert "--qrels is missing" in capsys.readouterr().err
