"""The report and its pictures: one file, nothing from elsewhere, well formed, and all text escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ragopt.errors import InputError
from ragopt.evaluation import Estimate
from ragopt.tuning import AlphaPoint, KPoint, TuneResult, tune
from ragopt.tuning.chart import alpha_chart, difference_chart, k_chart
from ragopt.types import SearchSettings, Settings
from tests.unit.tuning.world import World

VOID = {"meta", "br"}
EVIL = "<script>alert('x')</script> & \"quotes\" </td>"


class Balance(HTMLParser):
    """Tags that open and close as they must."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def report(result: TuneResult, folder: Path, **options: object) -> str:
    path = folder / "report.html"
    result.report(path, **options)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def checked(html: str) -> Balance:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert "script" not in parser.tags
    assert not re.search(r"(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html)
    return parser


@pytest.fixture(scope="module")
def moved() -> TuneResult:
    return evil(World(160, lexical=2.0, dense=0.0, seed=1))


def evil(world: World, **options: Any) -> TuneResult:
    """Tuned on questions whose texts try to break out of the page."""
    world.queries = {id: f"{text} {EVIL}" for id, text in world.queries.items()}
    world.sides = {f"{text} {EVIL}": sides for text, sides in world.sides.items()}
    return tune(world, world.queries, world.qrels, **options)


def test_report_is_self_contained_and_escaped(moved: TuneResult, tmp_path: Path) -> None:
    html = report(moved, tmp_path, sections=[("Title <b>", [["head"], [EVIL]])])
    parser = checked(html)
    text = "".join(parser.text)
    assert EVIL in text
    assert "Title <b>" in text
    for needed in ("Tuning alpha gained", str(moved.verdict), "Most won", "Score against alpha", "Held-out questions"):
        assert needed in text
    assert f"alpha = {moved.settings.search.alpha}" in text
    assert parser.tags.count("svg") == 3
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_report_where_the_default_is_kept(tmp_path: Path) -> None:
    result = evil(World(40, lexical=1.5, dense=1.8, seed=0), alphas=[0.6])
    assert result.chosen_alpha == result.default_alpha
    text = "".join(checked(report(result, tmp_path)).text)
    assert "Questions that find least" in text
    assert "No gain over the default alpha can be told from noise" in text


def test_report_without_vectors_and_with_one_k(tmp_path: Path) -> None:
    world = World(20, vectors=False)
    settings = Settings(search=SearchSettings(k=1))
    text = "".join(checked(report(tune(world, world.queries, world.qrels, settings=settings), tmp_path)).text)
    assert "alpha cannot matter" in text


def test_report_that_cannot_be_written(moved: TuneResult, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        moved.report(tmp_path / "no" / "report.html")


def test_curve_svg_stands_alone(moved: TuneResult) -> None:
    svg = moved.curve_svg()
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in svg
    assert f"chosen {moved.chosen_alpha:g}" in svg


def point(alpha: float, mean: float, spread: float) -> AlphaPoint:
    return AlphaPoint(
        alpha, Estimate(mean, mean - 0.1, mean + 0.1), Estimate(mean - 0.5, mean - 0.5 - spread, mean - 0.5 + spread)
    )


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("chosen", [0.0, 0.5, 1.0])
def test_alpha_chart_stays_inside_its_frame(flat: bool, chosen: float) -> None:
    points = [point(a / 4, 0.5 if flat else 0.5 - abs(a / 4 - 0.5), 0.0 if flat else 0.2) for a in range(5)]
    root = ET.fromstring(alpha_chart(points, "nDCG@10", 0.5, chosen, 30))
    for shape in root.iter():
        for name, most in (("cx", 720), ("cy", 330), ("x", 720), ("y", 330)):
            assert 0 <= float(shape.get(name, 0)) <= most
        for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", shape.get("points", "")):
            assert 60 <= float(x) <= 696
            assert 0 <= float(y) <= 330


def test_charts_without_intervals_or_spread() -> None:
    unknown = Estimate(0.0, float("nan"), float("nan"))
    assert "nan" not in alpha_chart([AlphaPoint(a, unknown, unknown) for a in (0.0, 0.6, 1.0)], "RR", 0.6, 0.6, 1)
    assert "nan" not in k_chart([KPoint(1, unknown, unknown, unknown), KPoint(2, unknown, unknown, unknown)], 2, 2)
    ET.fromstring(difference_chart([], "RR"))
    bars = ET.fromstring(difference_chart([0.5, -0.25, 0.0], "RR"))
    assert [bar.get("class") for bar in bars.iter("{http://www.w3.org/2000/svg}rect")] == ["up", "down", "down"]
