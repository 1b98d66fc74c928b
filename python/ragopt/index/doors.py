"""Async at the door: core work is synchronous with the GIL released, so a bounded pool of threads carries it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeVar

__all__ = ["off_loop"]

T = TypeVar("T")


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    # One a process: threads do not survive a fork.
    return ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4), thread_name_prefix=f"ragopt-{process}")


async def off_loop(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run `function` on ragopt's pool of at most 32 threads; the event loop stays free."""
    return await asyncio.get_running_loop().run_in_executor(_pool(os.getpid()), partial(function, *args, **kwargs))
