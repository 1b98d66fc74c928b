"""Places where one may not write: a file system of its own, for root writes through mode bits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

__all__ = ["allow", "forbid", "mounted"]


def mounted(path: Path, options: str) -> bool:
    """A file system of its own at `path`, if this user may have one."""
    return not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, check=False
    ).returncode


def forbid(place: Path) -> None:
    """Make `place` read-only; root writes through mode bits, so for root the file system is."""
    if os.path.ismount(place):
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    else:
        place.chmod(0o555)
    with pytest.raises(OSError, match="(?i)read-only|denied"):
        (place / "probe").write_text("x")


def allow(place: Path) -> None:
    """Make it writable again."""
    if os.path.ismount(place):
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    else:
        place.chmod(0o755)
