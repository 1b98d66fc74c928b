"""A counter that learns from what answers were billed for."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from statistics import median

from ragopt.errors import InputError
from ragopt.protocols import TokenCounter
from ragopt.tokens.estimate import ByteEstimate
from ragopt.tokens.many import count_all
from ragopt.types import TokenCount
from ragopt.types.parameters import whole

__all__ = ["LearningCounter"]

_LEVEL = 0.95
_PRIOR = 2  # answers that the base's own center is worth
_OUTLIER = 4.0  # a true count so many times off is of another prompt: images, tools, a template of the provider


@dataclass(frozen=True, slots=True)
class _Correction:
    """What the answers of one model taught: factors on the base's point, high and low."""

    answers: int = 0
    point: float = 1.0
    high: float = 1.0
    low: float = 1.0
    size: float = 0.0  # from this point estimate on a text is like those learnt from


class LearningCounter:
    """A TokenCounter that corrects another by the usage of every answer. May be shared by threads.

    A Pipeline that is given it calls `learn` after each answer: the prompt's texts and the input tokens
    that the provider counted. Each model is learnt apart; `model` (default: the one last learnt) is the
    one that `count` counts for, and `base` (default: the estimate for `model`) the counter that is
    corrected.

    The point moves by the median ratio of true to estimated tokens, a few answers being worth little.
    The bounds are multiplied by the conformal 95 % quantiles of true over `high` and `low` among the last
    `window` answers: of the next prompts like these, at least 95 % are at most `high`, whatever the error's
    distribution, as long as it does not drift. Below 19 answers there is no such quantile: the bounds
    widen to the worst seen and never narrow. Nor do they narrow, beyond the shift of the point, for texts
    of less than half the usual prompt, whose errors do not average out as a prompt's do.
    Ratios beyond 4 either way are not learnt. `samples` is the base's plus the answers learnt from.

    With `path`, what was learnt is read from that JSON file, if it is there, and written after each
    answer (numbers alone, no text); processes that share a file overwrite each other's.
    Raises InputError for a file that is not such a one.
    """

    def __init__(
        self,
        base: TokenCounter | None = None,
        *,
        model: str | None = None,
        window: int = 500,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        if base is None:
            base = ByteEstimate() if model is None else ByteEstimate.for_model(model)
        self._base = base
        self._model = model
        self._window = whole("window", window, least=1)
        self._path = None if path is None else Path(path)
        self._lock = threading.Lock()
        self._seen: dict[str, deque[tuple[int, int, int, int]]] = {}  # by model: point, low, high, true
        self._corrections: dict[str, _Correction] = {}
        if self._path is not None and self._path.exists():
            self._load(self._path)

    def count(self, text: str) -> TokenCount:
        """The tokens of `text`: the base's count, corrected; its method is the base's with `+usage`."""
        return self._corrected(self._base.count(text), self._correction())

    def count_many(self, texts: Sequence[str]) -> list[TokenCount]:
        """The tokens of each text, in order."""
        correction = self._correction()
        return [self._corrected(count, correction) for count in count_all(self._base, texts)]

    def learn(self, texts: Sequence[str], tokens: int, *, model: str | None = None) -> bool:
        """Learn that a prompt of `texts` had `tokens` input tokens in all, cached ones included.

        `model` is the one that answered (default: the counter's own). False when nothing was learnt: no
        text, or a number that cannot be this prompt's.
        """
        tokens = whole("tokens", tokens)
        counts = count_all(self._base, [text for text in texts if text])
        point = sum(count.point for count in counts)
        if not point or not point / _OUTLIER <= tokens <= point * _OUTLIER:
            return False
        sample = point, sum(count.low for count in counts), sum(count.high for count in counts), tokens
        name = model or self._model or ""
        with self._lock:
            seen = self._seen.pop(name, None) or deque(maxlen=self._window)
            seen.append(sample)
            self._seen[name] = seen  # the model last learnt comes last
            self._corrections[name] = _correction(seen)
            if self._path is not None:
                self._save(self._path)
        return True

    def _correction(self) -> _Correction:
        with self._lock:
            name = self._model if self._model is not None else next(reversed(self._seen), "")
            return self._corrections.get(name, _Correction())

    def _corrected(self, count: TokenCount, by: _Correction) -> TokenCount:
        if not by.answers or not count.high:
            return count
        high, low = by.high, by.low
        if count.point < by.size:
            high, low = max(high, by.point), min(low, by.point)
        point = max(1, round(count.point * by.point))
        return TokenCount(
            point,
            min(point, floor(count.low * low)),
            max(point, ceil(count.high * high)),
            f"{count.method}+usage",
            count.samples + by.answers,
        )

    def _load(self, path: Path) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            models = {
                name: [(int(point), int(low), int(high), int(true)) for point, low, high, true in rows]
                for name, rows in document["models"].items()
            }
            if document["format"] != 1 or any(min(row) < 0 or not row[0] for rows in models.values() for row in rows):
                raise ValueError("not format 1")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not a file of learnt token counts ({error}); name another file") from error
        for name, rows in models.items():
            self._seen[name] = deque(rows, maxlen=self._window)
            self._corrections[name] = _correction(self._seen[name])

    def _save(self, path: Path) -> None:
        document = {"format": 1, "models": {name: list(rows) for name, rows in self._seen.items()}}
        try:
            with tempfile.NamedTemporaryFile("w", dir=path.absolute().parent, delete=False, encoding="utf-8") as file:
                json.dump(document, file)
            Path(file.name).replace(path)
        except OSError as error:  # an answer that was paid for must not be lost for it
            warnings.warn(f"{path}: what was learnt cannot be written: {error}", RuntimeWarning, stacklevel=3)

    def __repr__(self) -> str:
        return f"LearningCounter({self._base!r}, model={self._model!r})"


def _correction(seen: Sequence[tuple[int, int, int, int]]) -> _Correction:
    n = len(seen)
    shift = median(true / point for point, _, _, true in seen)
    above = sorted(true / high for _, _, high, true in seen)
    below = sorted((true / low for _, low, _, true in seen if low), reverse=True)
    return _Correction(
        answers=n,
        point=1 + (shift - 1) * n / (n + _PRIOR),
        high=_quantile(above, max),
        low=_quantile(below, min) if below else 1.0,
        size=median(point for point, _, _, _ in seen) / 2,
    )


def _quantile(ratios: Sequence[float], outer: Callable[[float, float], float]) -> float:
    """The conformal quantile of ratios that are sorted outwards; where there is none, the outermost, or 1."""
    rank = ceil((len(ratios) + 1) * _LEVEL)
    return ratios[rank - 1] if rank <= len(ratios) else outer(1.0, ratios[-1])
