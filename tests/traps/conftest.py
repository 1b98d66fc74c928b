"""Every door, every normalizer, every mode, as fixtures that multiply the tests that ask for them."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder that is unmounted and writable again in the end."""
    path = tmp_path / "place"
    path.mkdir()
    yield path
    gc.collect()  # an index that is still held maps its files
    if os.path.ismount(path):
        subprocess.run(["umount", str(path)], check=True)
    path.chmod(0o755)
