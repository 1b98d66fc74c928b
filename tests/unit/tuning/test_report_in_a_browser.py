"""The report as a reader sees it: in a real browser, offline, on a screen, a phone and paper."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from ragopt.tuning import TuneResult
from tests.browser import browser, visit
from tests.unit.tuning.test_report import EVIL, evil
from tests.unit.tuning.world import World

DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 900}}
NIGHT: dict[str, Any] = {**DESK, "color_scheme": "dark"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def tidied() -> Iterator[None]:
    """Collects what playwright leaves to the garbage: pipes of a driver that has ended, at which Python would warn."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def started(tidied: None) -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def results() -> dict[str, TuneResult]:
    return {
        "gained": evil(World(80, lexical=2.0, dense=0.0, seed=1)),
        "kept": evil(World(40, lexical=1.5, dense=1.8, seed=0), alphas=[0.6]),
        "one side": evil(World(20, vectors=False)),
        "two questions": evil(World(2, seed=8)),
    }


@pytest.fixture(scope="module")
def urls(results: dict[str, TuneResult], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    for name, result in results.items():
        result.report(folder / f"{name}.html", sections=[(EVIL, [["head"], [EVIL]])], command=f"ragopt tune {EVIL}")
    return {name: (folder / f"{name}.html").as_uri() for name in results}


@pytest.mark.parametrize("screen", [DESK, NIGHT, PHONE], ids=["desk", "night", "phone"])
@pytest.mark.parametrize("case", ["gained", "kept", "one side", "two questions"])
def test_opens_offline_without_a_word(
    started: Browser, urls: dict[str, str], case: str, screen: dict[str, Any]
) -> None:
    with visit(started, urls[case], offline=True, **screen) as seen:
        seen.page.wait_for_selector("html[data-ready]")
        drawn = seen.page.locator(".plot .main-svg").count()
        assert drawn > 0
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
        assert "@" not in seen.page.evaluate(
            "[...document.querySelectorAll('.plot path')].map(p => p.style.cssText).join()"
        )
        # Long enough for whatever is put off.
        seen.page.wait_for_timeout(200)
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith("data:")] == [urls[case]]


def test_dark_is_dark_and_follows_the_system(started: Browser, urls: dict[str, str]) -> None:
    with visit(started, urls["gained"], **NIGHT) as seen:
        seen.page.wait_for_selector("html[data-ready]")
        ground = "getComputedStyle(document.querySelector('#alpha .main-svg')).backgroundColor"
        body = "getComputedStyle(document.body).backgroundColor"
        assert seen.page.evaluate(ground) == seen.page.evaluate(body) == "rgb(20, 24, 28)"
        seen.page.emulate_media(color_scheme="light")
        # (playwright's own waiting evaluates strings, which the page's policy refuses)
        end = time.monotonic() + 10
        while seen.page.evaluate(ground) != "rgb(255, 255, 255)" and time.monotonic() < end:
            seen.page.wait_for_timeout(50)
        assert seen.page.evaluate(ground) == "rgb(255, 255, 255)"


def test_the_table_is_filtered_and_sorted(
    started: Browser, results: dict[str, TuneResult], urls: dict[str, str]
) -> None:
    result = results["gained"]
    with visit(started, urls["gained"], **DESK) as seen:
        page = seen.page
        rows = page.locator("#questions tbody tr")
        assert rows.count() == 10
        assert EVIL in rows.first.inner_text()
        page.select_option("#kind", "lost")
        assert page.locator("#count").inner_text().endswith(f"of {result.verdict.comparison.losses} shown")
        page.select_option("#kind", "all")
        page.locator("#more").click()
        assert rows.count() == result.facts.held_out_queries
        page.get_by_role("button", name="change").click()
        changes = [float(text) for text in page.locator("#questions tbody td:nth-child(4)").all_inner_texts()]
        assert changes == sorted(changes, reverse=True)
        asked = next(iter(result.questions.values()))
        page.fill("#find", asked.split(" <")[0] + " ")
        assert rows.count() == 1
        assert asked in rows.first.inner_text()
    assert seen.said == []


def test_hover_axis_and_copy(started: Browser, results: dict[str, TuneResult], urls: dict[str, str]) -> None:
    options = {**DESK, "permissions": ["clipboard-read", "clipboard-write"]}
    with visit(started, urls["gained"], **options) as seen:
        page = seen.page
        page.wait_for_selector("html[data-ready]")
        page.hover("#alpha .nsewdrag", force=True)
        page.wait_for_selector("#alpha .hovertext")
        assert "against the default" in page.locator("#alpha .hovertext").first.text_content()
        bars = page.locator("#changes .nsewdrag")
        bars.scroll_into_view_if_needed()
        box = bars.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 8, box["y"] + box["height"] * 0.4)
        page.wait_for_selector("#changes .hovertext")
        assert "<script>alert('x')</script>" in page.locator("#changes .hovertext").text_content()
        page.get_by_role("button", name="Dollars").click()
        assert page.locator("#front-tokens").is_hidden()
        page.wait_for_selector("#front-dollars .main-svg")
        page.locator("[data-copy=toml]").click()
        page.wait_for_selector("text=Copied")
        assert page.evaluate("navigator.clipboard.readText()") == results["gained"].settings.to_toml()
    assert seen.said == []


def test_paper_is_light_and_shows_what_is_folded(started: Browser, urls: dict[str, str], tmp_path: Path) -> None:
    with visit(started, urls["gained"], **NIGHT) as seen:
        page = seen.page
        page.wait_for_selector("html[data-ready]")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("[...document.querySelectorAll('details')].every(part => part.open)")
        ground = "getComputedStyle(document.querySelector('#alpha .main-svg')).backgroundColor"
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        page.emulate_media(media="print")
        assert page.locator("#find").is_hidden()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert not page.evaluate("[...document.querySelectorAll('details')].every(part => part.open)")
        page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
    assert seen.said == []
