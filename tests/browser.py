"""A real browser for the tests: Debian's chromium, without a window, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.shared import in_ci

__all__ = ["Visit", "browser", "visit"]


def chromium() -> str:
    """The program. Where there is none the test is skipped; in CI it fails."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    message = "no chromium was found: install it (Debian: apt-get install chromium)"
    if in_ci():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser, ended by whoever started it. Its sandbox cannot be had as root."""
    program = chromium()
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


class Visit:
    """A page with what it said on the console and what it asked of the network."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))


@contextmanager
def visit(started: Browser, url: str, **options: Any) -> Iterator[Visit]:
    """The page at `url` in a context of its own; `options` are those of playwright's new_context."""
    context = started.new_context(**options)
    try:
        seen = Visit(context.new_page())
        seen.page.goto(url)
        yield seen
    finally:
        context.close()
