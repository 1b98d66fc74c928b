"""Where the test data lies that is not ours to commit: `shared/` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["ROOT", "in_ci", "shared"]

#: The checkout.
ROOT = Path(__file__).resolve().parent.parent


def in_ci() -> bool:
    """Whether this run may leave nothing out."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def shared(*parts: str) -> Path:
    """The path of something in `../shared`. Where it is missing the test is skipped; in CI it fails."""
    path = ROOT.parent.joinpath("shared", *parts)
    if not path.exists():
        message = f"test data missing: {path} (put the shared folder beside the checkout)"
        if in_ci():
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return path
