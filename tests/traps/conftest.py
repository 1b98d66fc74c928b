"""Every door, every normalizer, every mode, as fixtures that multiply the tests that ask for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragopt import Index
from tests.traps.doors import DOORS, MODES, NORMALIZERS, Ask, Found


@pytest.fixture(params=list(DOORS))
def door(request: pytest.FixtureRequest) -> Callable[[Index, Ask], Found]:
    """Each way to ask."""
    return DOORS[request.param]


@pytest.fixture(params=NORMALIZERS)
def normalizer(request: pytest.FixtureRequest) -> str:
    """Each normalizer's name."""
    name: str = request.param
    return name


@pytest.fixture(params=list(MODES))
def alpha(request: pytest.FixtureRequest) -> float:
    """The alpha of each search mode: lexical, hybrid, dense."""
    return MODES[request.param]
