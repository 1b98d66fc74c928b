"""Calls of a model for labels: cached by content, priced before and after, and stopped at a cap."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Generic, TypeVar

from ragopt.economics import Price, cost
from ragopt.errors import GenerationError, InputError
from ragopt.protocols import Generator, Progress
from ragopt.tokens import ByteEstimate
from ragopt.types import GenerateSettings, Usage
from ragopt.types.parameters import whole

__all__ = ["Caller", "Calls", "Forecast", "Outcome", "RefusedError", "Request", "Spent"]

T = TypeVar("T")
_IN_A_ROW = 5  # failures after which the rest would fail too


class RefusedError(Exception):
    """What is wrong with a reply: caught where replies are read, never seen by a caller."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How a model is called for labels.

    `cache` is a file of JSON lines that holds every reply that was good, by what was asked: what stands there is not
    asked again, so that a stopped run goes on where it was. `price` (see `ragopt.economics.price`) prices the calls;
    None leaves dollars unknown. `cap` is the most dollars of one run, which needs a price: no call is begun that could
    pass it. `parallel` calls run at once. `model` goes before the generator's own.
    """

    cache: str | os.PathLike[str] | None = None
    price: Price | None = None
    cap: Decimal | float | str | None = None
    parallel: int = 1
    model: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parallel", whole("parallel", self.parallel, least=1))
        if self.cap is None:
            return
        if self.price is None:
            raise InputError("a cap needs a price: give Calls(price=ragopt.economics.price(MODEL), cap=...)")
        try:
            cap = Decimal(str(self.cap))
        except InvalidOperation:
            raise InputError(f"cap = {self.cap!r}: give US dollars, as in '2.50'") from None
        if not cap.is_finite() or cap < 0:
            raise InputError(f"cap = {self.cap!r}: give US dollars, 0 or more")
        object.__setattr__(self, "cap", cap)


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the system text, the prompt, and the most tokens of its reply."""

    system: str
    prompt: str
    max_tokens: int
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run may cost at most: `calls` to make, `cached` ones to read, tokens and dollars (None: no price)."""

    calls: int
    cached: int
    input: int
    output: int
    dollars: Decimal | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = None if self.dollars is None else format(self.dollars, "f")
        return {"calls": self.calls, "cached": self.cached, "input": self.input, "output": self.output, "dollars": told}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run cost: calls made (failed and refused ones too), replies from the cache, tokens, dollars.

    `usage` holds what the provider counted in this run, refused replies among it; a call that failed told nothing.
    `dollars` is None without a price. `capped` says that the cap ended the run.
    """

    calls: int
    cached: int
    usage: Usage
    dollars: Decimal | None
    capped: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "calls": self.calls,
            "cached": self.cached,
            "input": self.usage.total_input,
            "output": self.usage.output,
            "dollars": None if self.dollars is None else format(self.dollars, "f"),
            "capped": self.capped,
        }


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of one request: the `value` read from the reply of `model`; or None, and `why`."""

    value: T | None
    model: str = ""
    why: str = ""


@dataclass(slots=True)
class _Account:
    calls: int = 0
    cached: int = 0
    failed: int = 0  # in a row
    done: int = 0
    usage: Usage = field(default_factory=lambda: Usage(0, 0))
    dollars: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    capped: bool = False


class Caller:
    """A generator with a cache and a purse. One object is one run: `spent` adds up over all of it."""

    def __init__(self, generator: Generator, calls: Calls) -> None:
        self._generator, self._calls = generator, calls
        self._named = calls.model or str(getattr(generator, "model", type(generator).__qualname__))
        self._counter = ByteEstimate.for_model(self._named)
        self._cache = _Cache(calls.cache)
        self._lock, self._account = threading.Lock(), _Account()

    def forecast(self, requests: Sequence[Request]) -> Forecast:
        """What they cost at most: estimated tokens, replies as long as they may be."""
        open_ = [request for request in requests if self._key(request) not in self._cache.replies]
        tokens = [self._input(request) for request in open_]
        dollars = None if self._calls.price is None else sum(map(self._most, open_), Decimal(0))
        most = sum(request.max_tokens for request in open_)
        return Forecast(len(open_), len(requests) - len(open_), sum(tokens), most, dollars)

    def run(
        self,
        requests: Sequence[Request],
        read: Callable[[int, str], T],
        *,
        progress: Progress | None = None,
        label: str = "asking",
    ) -> list[Outcome[T]]:
        """The outcome of each request, in order; `read(i, text)` reads a reply, or raises RefusedError.

        A failed call, a refused or cut reply has no value and is not cached, so that it is asked again in another run.
        GenerationError where five calls in a row fail; what came before is in the cache.
        """

        def one(i: int) -> Outcome[T]:
            try:
                return self._one(i, requests[i], read)
            finally:
                with self._lock:
                    self._account.done += 1
                    if progress is not None:
                        progress(self._account.done, len(requests), label)

        self._account.done = 0
        if self._calls.parallel == 1:
            return [one(i) for i in range(len(requests))]
        pool = ThreadPoolExecutor(self._calls.parallel)
        try:
            return list(pool.map(one, range(len(requests))))
        finally:
            pool.shutdown(cancel_futures=True)

    @property
    def spent(self) -> Spent:
        """What it cost so far."""
        mine = self._account
        dollars = None if self._calls.price is None else mine.dollars
        return Spent(mine.calls, mine.cached, mine.usage, dollars, mine.capped)

    def _one(self, i: int, request: Request, read: Callable[[int, str], T]) -> Outcome[T]:
        key = self._key(request)
        kept = self._cache.replies.get(key)
        if kept is not None:
            with self._lock:
                self._account.cached += 1
            return _read(i, kept["text"], kept["model"], read)
        most = self._most(request)
        if not self._begin(most):
            return Outcome(None, why=f"the cap of {self._calls.cap} dollars ended the run")
        settings = GenerateSettings(
            model=self._calls.model, max_tokens=request.max_tokens, temperature=request.temperature
        )
        try:
            reply = self._generator.generate(request.system, request.prompt, settings)
        except GenerationError as error:
            self._end(most, None, failed=True)
            if self._account.failed >= _IN_A_ROW:
                raise GenerationError(f"{_IN_A_ROW} calls in a row failed, the last with: {error}") from error
            return Outcome(None, why=f"the call failed ({error})")
        self._end(most, reply.usage)
        if reply.stop_reason == "max_tokens":
            return Outcome(None, reply.model, f"the reply was cut off at {request.max_tokens} tokens")
        found = _read(i, reply.text, reply.model, read)
        if not found.why:
            self._cache.add(key, reply.text, reply.model)
        return found

    def _begin(self, most: Decimal) -> bool:
        """Whether the purse holds the call; if so that much is kept back for it."""
        with self._lock:
            mine, cap = self._account, self._calls.cap
            if isinstance(cap, Decimal) and mine.dollars + mine.reserved + most > cap:
                mine.capped = True
                return False
            mine.reserved += most
            mine.calls += 1
            return True

    def _end(self, most: Decimal, usage: Usage | None, *, failed: bool = False) -> None:
        with self._lock:
            mine = self._account
            mine.reserved -= most
            mine.failed = mine.failed + 1 if failed else 0
            if usage is None:
                return
            mine.usage = Usage(
                mine.usage.input + usage.input,
                mine.usage.output + usage.output,
                mine.usage.cache_read + usage.cache_read,
                mine.usage.cache_write + usage.cache_write,
                mine.usage.estimated or usage.estimated,
            )
            if self._calls.price is not None:
                mine.dollars += cost(usage, self._calls.price).dollars

    def _input(self, request: Request) -> int:
        return sum(self._counter.count(text).high for text in (request.system, request.prompt))

    def _most(self, request: Request) -> Decimal:
        price = self._calls.price
        return Decimal(0) if price is None else cost(Usage(self._input(request), request.max_tokens), price).dollars

    def _key(self, request: Request) -> str:
        asked = [self._named, request.system, request.prompt, request.max_tokens, request.temperature]
        plain = json.dumps(asked, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(plain, digest_size=16).hexdigest()


def _read(i: int, text: str, model: str, read: Callable[[int, str], T]) -> Outcome[T]:
    try:
        return Outcome(read(i, text), model)
    except RefusedError as refused:
        return Outcome(None, model, str(refused))


class _Cache:
    """Replies by the hash of what was asked, in a file of JSON lines, or nowhere."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self.replies: dict[str, Mapping[str, str]] = {}
        if self._path is not None and self._path.exists():
            self._load(self._path)

    def add(self, key: str, text: str, model: str) -> None:
        """Keep a reply. One write, so that a run that is stopped leaves whole lines."""
        with self._lock:
            self.replies[key] = {"text": text, "model": model}
            if self._path is None:
                return
            line = json.dumps({"key": key, "text": text, "model": model}) + "\n"
            try:
                with self._path.open("ab", buffering=0) as file:
                    file.write(line.encode())
            except OSError as error:
                raise InputError(f"{self._path}: the cache cannot be written ({error.strerror})") from error

    def _load(self, path: Path) -> None:
        try:
            whole_lines, _, torn = path.read_bytes().rpartition(b"\n")
            if torn:  # a write that was cut short: its reply is asked for again
                os.truncate(path, path.stat().st_size - len(torn))
        except OSError as error:
            raise InputError(f"{path}: the cache cannot be read ({error.strerror})") from error
        for number, line in enumerate(whole_lines.split(b"\n") if whole_lines else [], start=1):
            try:
                record = json.loads(line)
                texts = [record[name] for name in ("key", "text", "model")]
            except (ValueError, KeyError, TypeError, RecursionError):
                texts = [None]
            if not all(isinstance(text, str) for text in texts):
                raise InputError(
                    f"{path}:{number}: no line of a cache of replies: name another file, or delete this one"
                )
            self.replies[texts[0]] = {"text": texts[1], "model": texts[2]}
