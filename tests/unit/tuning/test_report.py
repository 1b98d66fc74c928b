"""The report and its pictures: one file, nothing from elsewhere, well formed, and all text escaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ragopt.backends.plotting import plotly_script
from ragopt.errors import InputError, MissingExtraError
from ragopt.evaluation import Estimate, Qrels
from ragopt.index import Index
from ragopt.tuning import AlphaPoint, Outcome, TuneResult, tune
from ragopt.tuning.chart import curve_picture
from ragopt.tuning.report.look import DARK, LIGHT
from ragopt.tuning.verdict import Claim
from ragopt.types import SearchSettings, Settings
from tests.unit.tuning.world import World

VOID = {"meta", "br", "link", "input"}
EVIL = "<script>alert('x')</script> & \"quotes\" </td> @accent %{x} <b>"


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
    """The page without plotly's own script: well formed, and nothing in it comes from elsewhere."""
    mine = html.replace(plotly_script(), "")
    parser = Balance()
    parser.feed(mine)
    assert parser.open == []
    assert parser.tags.count("script") == 3
    assert not re.search(r"src=|href=\"(?!data:,)|url\(|@import|https?://", mine)
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
    for needed in (
        "Tuning alpha gained",
        str(moved.verdict),
        "Quality over alpha",
        "Quality against cost",
        "explained",
    ):
        assert needed in text
    assert f"alpha = {moved.settings.search.alpha}" in text
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_report_holds_its_data_and_the_command(moved: TuneResult, tmp_path: Path) -> None:
    html = report(moved, tmp_path, command="ragopt tune 'my docs.idx' --seed 3")
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    data = json.loads(found)
    assert set(data["figures"]) == {
        "alpha",
        "ks",
        "front-tokens",
        "front-dollars",
        "front-seconds",
        "spread",
        "changes",
    }
    assert len(data["questions"]) == moved.facts.held_out_queries
    assert {id for id, *_ in data["questions"]} == set(moved.questions)
    assert "ragopt tune &#x27;my docs.idx&#x27; --seed 3" in html
    for trace in data["figures"]["front-tokens"]["data"]:
        assert len(trace["x"]) == len(trace["y"])


def test_report_shows_what_was_tested_as_values(moved: TuneResult, tmp_path: Path) -> None:
    text = "".join(checked(report(moved, tmp_path)).text)
    told = json.loads(json.dumps(moved.to_dict()))
    assert [claim["name"] for claim in told["claims"]] == [claim.name for claim in moved.claims]
    assert told["claims"][0]["outcome"] == str(moved.verdict.outcome) == "gain"
    for claim, outcome in moved.tests:
        assert f"{claim.name}{outcome}{claim.difference:+.4f}{claim.p:.4f}{claim.adjusted:.4f}" in text
    assert {Claim("c", 0.1, p, p).outcome for p in (0.049, 0.05)} == {Outcome.GAIN, Outcome.NO_DETECTABLE_GAIN}
    assert Claim("c", -0.1, 0.01, 0.01).outcome is Outcome.WORSE


def test_report_shows_label_problems_and_who_judged(tmp_path: Path) -> None:
    world = World(40)
    first, second = list(world.queries)[:2]
    world.queries[second] = world.queries[first]
    qrels = Qrels({id: grades for id, grades in world.qrels.items() if id != "q9"}, "llm-judge:<m>")
    result = tune(world, world.queries, qrels)
    told = result.to_dict()["label_problems"]
    assert {p["fault"] for p in told} >= {"made_by_a_model", "unjudged_questions", "repeated_questions"}
    html = report(result, tmp_path)
    text = "".join(checked(html).text)
    assert "Labels llm-judge:<m>, not a person's judgement" in text
    for problem in result.problems:
        assert f"{problem.fault}{problem.share:.1%}{problem.sentence}{', '.join(problem.ids)}" in text
    assert text.index("Labels llm-judge") < text.index("Quality over alpha")


def test_the_exact_curve_stands_beside_the_smoothed_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8))
    index = Index.build([{"id": f"d{i}", "text": f"t{i % 9} s{i % 7}"} for i in range(60)], vectors=vectors)
    queries = {f"q{i}": f"t{i % 9} s{i % 5} ask{i}" for i in range(40)}
    qrels = {f"q{i}": {f"d{i}": 1} for i in range(40)}
    result = tune(index, queries, qrels, vectors=vectors[:40] + rng.normal(size=(40, 8)), repeats=1)
    fine, exact = result.to_dict()["curves"]["fine"], result.curves.exact
    assert exact is not None
    assert fine["exact"] == pytest.approx(exact.at(fine["alpha"]), abs=1e-6)
    assert fine["smoothed"] == pytest.approx(exact.smooth(fine["alpha"]), abs=1e-6)
    assert fine["best"]["score"] >= max(fine["exact"]) - 1e-6
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', report(result, tmp_path))
    traces = {trace["name"]: trace for trace in json.loads(found)["figures"]["alpha"]["data"] if "name" in trace}
    assert traces["exact"]["y"] == fine["exact"] and traces["smoothed"]["y"] == fine["smoothed"]
    for point in result.curves.alpha:  # the dots lie on the exact curve
        assert point.score.mean == pytest.approx(float(exact.at(point.alpha)))


def test_report_without_its_extra_says_what_to_install(moved: TuneResult, tmp_path: Path, monkeypatch: Any) -> None:
    plotly_script.cache_clear()
    monkeypatch.setattr("ragopt.backends.plotting.find_spec", lambda name: None)
    for write in (moved.report, moved.picture):
        with pytest.raises(MissingExtraError, match=r'pip install "ragopt\[report\]"'):
            write(tmp_path / "out.html")
    assert not list(tmp_path.iterdir())


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


def test_pictures(moved: TuneResult, tmp_path: Path) -> None:
    moved.picture(tmp_path / "curve.svg")
    svg = (tmp_path / "curve.svg").read_text(encoding="utf-8")
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in svg
    assert f"chosen {moved.chosen_alpha:g}" in svg
    assert not re.search("|".join(set(LIGHT.values()) - {"#ffffff"}), svg.partition("</style>")[2])
    moved.picture(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == svg
    moved.picture(tmp_path / "curve.PNG")
    assert (tmp_path / "curve.PNG").read_bytes().startswith(b"\x89PNG\r\n")
    with pytest.raises(InputError, match="picture cannot be written"):
        moved.picture(tmp_path / "no" / "curve.svg")


def test_a_picture_without_intervals_or_spread() -> None:
    unknown = Estimate(0.0, float("nan"), float("nan"))
    points = [AlphaPoint(a, unknown, unknown) for a in (0.0, 0.6, 1.0)]
    svg = curve_picture(points, "RR", 0.6, 0.6, 1).decode("utf-8")
    assert "kept by tuning" in svg
    assert "nan" not in svg


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("color", ["ink", "muted", "accent", "good", "bad"])
@pytest.mark.parametrize("ground", ["paper", "soft"])
def test_text_stands_out(palette: dict[str, str], color: str, ground: str) -> None:
    light, dark = sorted((luminance(palette[color]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(color: str) -> float:
    """WCAG 2's relative luminance."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
