"""The full run's own words: its list, its tables, its page of costs, from figures made up here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benches.full import cost, cost_report, measure, parts, report, run, svg
from benches.full.workloads import Workload, ensure

MACHINE = {"processor": "a processor, 2 cores, one thread an engine", "python": "3.11", "versions": "ragopt 0.1.0, x 1"}


def entry(seconds: float) -> dict[str, Any]:
    rounds = [np.full((2, 10), seconds * factor) for factor in (0.9, 1.0, 1.1)]
    return measure.figures(rounds) | {"processor": seconds, "questions": 10}


def sweep(axis: str, value: int, chunks: int, width: int) -> dict[str, Any]:
    return {
        "part": f"cost/{axis}/{value}",
        "kind": "sweep",
        "axis": axis,
        "value": value,
        "chunks": chunks,
        "dimension": width,
        "rounds": 3,
        "entries": {name: entry(1e-8 * chunks) for name in cost_report.SEARCHES},
        "goals": [],
        "build": {"seconds": 1e-5 * chunks},
        "open": {"seconds": 1e-6 * chunks},
        "resident": {"rss": chunks * width * 5, "anonymous": chunks * width},
        "disk": {"all files": chunks * width * 4},
        "took": 1.0,
        "machine": MACHINE,
    }


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    """A run's JSON."""
    ways = {f"top {k}": entry(k * 1e-4) for k in (1, 10)} | {f"filter {share} %": entry(1e-3) for share in (10, 0.1)}
    results = [
        *(sweep("chunks", count, count, 384) for count in (10_000, 1_000_000)),
        *(sweep("dimension", width, 100_000, width) for width in (128, 1024)),
        {"part": "1m/hybrid/ways", "kind": "race", "entries": ways},
        {
            "part": "aws/survivors",
            "kind": "left",
            "chunks": 149_674,
            "survivors": {"dense, top 10": [0.0, 170.4, 21.0]},
        },
        {"part": "cost/terms/hybrid", "kind": "race", "entries": {f"{n} terms": entry(n * 1e-3) for n in (1, 8)}},
    ]
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"parts": results}), encoding="utf-8")
    return file


def test_the_page_of_costs(figures: Path, tmp_path: Path) -> None:
    assert cost_report.main(["--from", str(figures), "--to", str(tmp_path)]) == 0
    page = (tmp_path / "cost-model.md").read_text(encoding="utf-8")
    assert "| 1,000,000 | 10 |" in page
    assert "takes 10.0 ms at 1,000,000 chunks" in page
    assert "| aws | 149,674 | dense, top 10 | 0 | 170 | 21 |" in page
    assert "count\n   5.0 bytes more or less a dimension" in page
    for name in ("chunks", "memory", "build", "dimension", "terms", "top", "filter"):
        drawn = ET.fromstring((tmp_path / f"cost-{name}.svg").read_text(encoding="utf-8"))
        assert drawn.tag.endswith("svg")
        assert f"(cost-{name}.svg)" in page


def test_a_page_without_figures_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text('{"parts": []}', encoding="utf-8")
    assert cost_report.main(["--from", str(nothing), "--to", str(tmp_path)]) == 1
    assert "make bench-full" in capsys.readouterr().err
    assert not (tmp_path / "cost-model.md").exists()


def test_a_chart_has_a_point_a_figure() -> None:
    drawn = svg.chart("t <1>", "chunks", "ms", {"a": [(10, 1.0), (1000, 20.0)], "b & c": [(10, 0.02)]})
    root = ET.fromstring(drawn)
    assert len([node for node in root.iter() if node.tag.endswith("circle")]) == 3
    assert {"t <1>", "b & c", "1k", "0.01", "100"} <= {node.text for node in root.iter()}


def test_figures_tell_a_cliff_from_noise() -> None:
    steady = np.full((3, 100), 1.0)
    noisy, cliff = steady.copy(), steady.copy()
    noisy[0, ::2] = 50.0
    cliff[:, :3] = 50.0
    assert measure.figures([steady, noisy, steady])["cliff"] is False
    assert measure.figures([steady, cliff, cliff])["cliff"] is True


def test_list_and_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RAGOPT_BENCH_CACHE", str(tmp_path))
    names = [part.name for part in (*parts.parts(), *cost.parts())]
    assert len(set(names)) == len(names)
    assert run.main(["--list"]) == 0
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == names
    with pytest.raises(SystemExit):
        run.main(["--only", "nowhere"])


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    entries = {"ragopt": entry(1.0), "peer": entry(8.0) | {"same_top": 1.0}}
    goal = measure.judged(parts.Goal("ragopt", "peer", 9), entries)
    result = {
        "part": "p", "kind": "race", "chunks": 5, "dimension": 3, "rounds": 3, "took": 1.0,
        "entries": entries, "goals": [goal],
    }  # fmt: skip
    shown = report.shown(result)
    assert "MISSED   peer takes 8.00 × the p50 of ragopt (target 9.00 ×; of processor time 8.00 ×)" in shown
    assert "100%" in shown
    assert "MISSED" in report.summary([result])


def test_one_point_of_a_curve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAGOPT_BENCH_CACHE", str(tmp_path))
    ensure("small")
    code = measure.Code(*run.frozen())
    given = Workload("tiny", "small", "small", count=3000, width=20)
    entries = tuple(
        parts.Entry(side, "ragopt", task, 20) for side, task in (("a", parts.hybrid()), ("b", parts.dense()))
    )
    result = cost.measure(cost.Sweep("cost/tiny", "chunks", 3000, given, entries), code, rounds=2)
    assert (result["chunks"], result["dimension"], result["rounds"]) == (3000, 20, 2)
    assert result["disk"]["vectors"] > 3000 * 20 * 4
    assert result["disk"]["all files"] > result["disk"]["postings"] > 0
    assert result["resident"]["rss"] > result["resident"]["anonymous"] > 0
    assert result["build"]["seconds"] > 0
    assert "built in" in report.shown(result)
    assert not list((tmp_path / "index").glob("tiny*"))
