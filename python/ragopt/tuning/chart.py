"""Pictures as SVG text: no library, light and dark, readable by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isfinite, log10

from ragopt.tuning.outcome import AlphaPoint, KPoint

__all__ = ["CHART_STYLE", "PALETTE", "alpha_chart", "difference_chart", "k_chart"]

#: The colors of pictures and report, as CSS variables.
PALETTE = """
:root { --paper: #ffffff; --ink: #1d2730; --muted: #5d6975; --line: #e3e7eb; --soft: #f5f7f9;
  --accent: #1f6aa5; --good: #2c7a4b; --warn: #8a6100; --bad: #a8383b; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e2e6ea; --muted: #98a4b0;
  --line: #2b3238; --soft: #1b2025; --accent: #6fb3e6; --good: #6cc08d; --warn: #d9ac4f; --bad: #e58386; } }
""".strip()

#: How the pictures look.
CHART_STYLE = """
.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  fill: var(--muted); }
.chart .grid { stroke: var(--line); } .chart .rule { stroke: var(--muted); stroke-dasharray: 4 4; }
.chart .band { fill: var(--accent); opacity: .15; } .chart .bar { stroke: var(--accent); opacity: .45; }
.chart .curve { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.chart .dot { fill: var(--accent); } .chart .hollow { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
.chart .full { fill: var(--accent); stroke: var(--paper); stroke-width: 2; }
.chart .mark { fill: var(--ink); font-weight: 600; }
.chart .up { fill: var(--good); } .chart .down { fill: var(--bad); }
""".strip()

_WIDTH, _HEIGHT = 720, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 24, 20, 52


def alpha_chart(
    points: Sequence[AlphaPoint], measure: str, default: float, chosen: float, queries: int, *, standalone: bool = False
) -> str:
    """The mean score of the tuning half against alpha, with the default and the chosen alpha marked.

    The band is the 95 % interval of the paired difference from the default alpha: where it reaches
    the dashed line, that alpha cannot be told from the default.
    """
    means = {point.alpha: point.score.mean for point in points}
    level = means[default]
    lows = [level + _or(point.difference.low, 0.0) for point in points]
    highs = [level + _or(point.difference.high, 0.0) for point in points]
    frame = _Frame(0.0, 1.0, min(*lows, *means.values()), max(*highs, *means.values()))
    band = [frame.at(p.alpha, y) for p, y in zip(points, highs, strict=True)]
    band += [frame.at(p.alpha, y) for p, y in zip(reversed(points), reversed(lows), strict=True)]
    body = frame.axes([i / 10 for i in range(11)], "alpha: 0 is BM25 alone, 1 is dense alone", f"mean {measure}")
    body.append(f'<polygon class="band" points="{_path(band)}"/>')
    y = frame.y(level)
    body.append(f'<line class="rule" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
    curve = [frame.at(point.alpha, point.score.mean) for point in points]
    body.append(f'<polyline class="curve" points="{_path(curve)}"/>')
    body += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in curve]
    if default != chosen:
        body += _marker(*frame.at(default, level), "hollow", f"default {default:g}", below=True)
        body += _marker(*frame.at(chosen, means[chosen]), "full", f"chosen {chosen:g}")
    else:
        body += _marker(*frame.at(default, level), "full", f"default {default:g}, kept by tuning")
    title = f"{measure} against alpha on {queries} tuning questions"
    return _svg(
        body, title, f"default alpha {default:g}: {level:.4f}; chosen {chosen:g}: {means[chosen]:.4f}", standalone
    )


def k_chart(points: Sequence[KPoint], default: int, chosen: int) -> str:
    """Recall of what is sent against the tokens that it takes, a point for every k."""
    tokens = [point.tokens.mean for point in points]
    lows = [_or(point.recall.low, point.recall.mean) for point in points]
    highs = [_or(point.recall.high, point.recall.mean) for point in points]
    frame = _Frame(0.0, max(*tokens, 1.0), min(lows), max(highs))
    body = frame.axes(_ticks(0.0, frame.right), "tokens sent per question", "recall of what is sent")
    for x, low, high in zip(tokens, lows, highs, strict=True):
        body.append(
            f'<line class="bar" x1="{frame.x(x):.1f}" x2="{frame.x(x):.1f}" y1="{frame.y(low):.1f}" '
            f'y2="{frame.y(high):.1f}"/>'
        )
    curve = [frame.at(point.tokens.mean, point.recall.mean) for point in points]
    body.append(f'<polyline class="curve" points="{_path(curve)}"/>')
    for point, (x, y) in zip(points, curve, strict=True):
        if point.k == chosen:
            word = f"k = {point.k}" if chosen == default else f"chosen k = {point.k}"
            body += _marker(x, y, "full", word)
        elif point.k == default:
            body += _marker(x, y, "hollow", f"default k = {point.k}", below=True)
        else:
            body.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
            body.append(f'<text x="{x + 7:.1f}" y="{y + 16:.1f}">{point.k}</text>')
    return _svg(body, "Recall against tokens for every top-k", "one point for every k on the tuning half", False)


def difference_chart(differences: Sequence[float], measure: str) -> str:
    """What each held-out question won or lost, sorted: bars up and down from the default."""
    ordered = sorted(differences, reverse=True)
    most = max((abs(value) for value in ordered), default=0.0) or 1.0
    width, height, middle = _WIDTH - _LEFT - _RIGHT, 120, 60
    step = width / max(1, len(ordered))
    body = [f'<line class="grid" x1="{_LEFT}" y1="{middle}" x2="{_WIDTH - _RIGHT}" y2="{middle}"/>']
    body += [
        f'<text x="{_LEFT - 8}" y="{middle + dy}" text-anchor="end">{word}</text>'
        for dy, word in ((-46, f"{most:+.2f}"), (4, "0"), (54, f"{-most:+.2f}"))
    ]
    for i, value in enumerate(ordered):
        tall = abs(value) / most * 52
        top = middle - tall if value > 0 else middle
        body.append(
            f'<rect class="{"up" if value > 0 else "down"}" x="{_LEFT + i * step + step * 0.1:.2f}" y="{top:.1f}" '
            f'width="{max(0.5, step * 0.8):.2f}" height="{tall:.1f}"/>'
        )
    return _svg(body, f"Change of {measure} per held-out question", "sorted from won to lost", False, height=height)


class _Frame:
    """Data to pixels."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        room = (high - low) * 0.12 or 0.05
        self.left, self.right = left, right
        self.low, self.high = max(0.0, low - room) if low >= 0 else low - room, high + room

    def x(self, value: float) -> float:
        return _LEFT + (value - self.left) / (self.right - self.left) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.x(x), self.y(y)

    def axes(self, across: Sequence[float], x_word: str, y_word: str) -> list[str]:
        bottom = _HEIGHT - _BOTTOM
        out = []
        up = _ticks(self.low, self.high)
        digits = next((d for d in range(2, 6) if all(abs(round(v, d) - v) < 1e-9 for v in up)), 6)
        for value in up:
            y = self.y(value)
            out.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
            out.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.{digits}f}</text>')
        out += [
            f'<text x="{self.x(value):.1f}" y="{bottom + 18}" text-anchor="middle">{value:,.10g}</text>'
            for value in across
        ]
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        out.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(x_word)}</text>')
        height = (_TOP + bottom) / 2
        out.append(
            f'<text x="14" y="{height:.0f}" text-anchor="middle" transform="rotate(-90 14 {height:.0f})">'
            f"{escape(y_word)}</text>"
        )
        return out


def _marker(x: float, y: float, kind: str, word: str, *, below: bool = False) -> list[str]:
    anchor = "start" if x < _LEFT + 70 else "end" if x > _WIDTH - _RIGHT - 70 else "middle"
    line = y + (24 if below else -13)
    return [
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="6"/>',
        f'<text class="mark" x="{x:.1f}" y="{line:.1f}" text-anchor="{anchor}">{escape(word)}</text>',
    ]


def _ticks(low: float, high: float) -> list[float]:
    span = (high - low) / 6
    power = 10.0 ** floor(log10(span)) if span > 0 else 1.0
    step = next((factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= span), 10 * power)
    return [round(i * step, 10) for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _svg(body: Sequence[str], title: str, description: str, standalone: bool, *, height: int = _HEIGHT) -> str:
    style = f"<style>{PALETTE}\n{CHART_STYLE}</style>" if standalone else ""
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="var(--paper)"/>' if standalone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{style}{ground}\n"
        + "\n".join(body)
        + "\n</svg>"
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _or(value: float, other: float) -> float:
    return value if isfinite(value) else other
