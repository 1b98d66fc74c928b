"""Line charts as SVG text, both axes logarithmic. No library: a chart is a few lines, a legend, and powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 680, 400
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 40, 52
COLORS = ("#1b6ca8", "#c8553d", "#2e8b57", "#8e5ea2", "#b8860b", "#444444")
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #222 } .title { font-weight: 600; font-size: 15px }
.grid { stroke: #ddd } .frame { stroke: #888; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 } .ground { fill: #161616 } }
</style>"""

Line = Sequence[tuple[float, float]]


def chart(title: str, x_word: str, y_word: str, lines: Mapping[str, Line]) -> str:
    """One line a name through its points; numbers must be above 0, for both axes are logarithmic."""
    points = [point for line in lines.values() for point in line]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low = 10.0 ** floor(log10(min(y for _, y in points)))
    y_high = 10.0 ** ceil(log10(max(y for _, y in points)) + 1e-9)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        across = log10(x / x_low) / (log10(x_high / x_low) or 1)
        up = log10(y / y_low) / log10(y_high / y_low)
        return LEFT + across * (right - LEFT), bottom - up * (bottom - TOP)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>{STYLE}",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
    ]
    for power in range(round(log10(y_low)), round(log10(y_high)) + 1):
        _, y = at(x_low, 10.0**power)
        out.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,.10g}</text>')
    for value in sorted({x for x, _ in points}):
        x, _ = at(value, y_low)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>')
        out.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_short(value)}</text>')
    out.append(f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}"/>')
    out.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_word)}</text>')
    middle = (TOP + bottom) / 2
    out.append(
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{escape(y_word)}</text>'
    )
    for number, (name, line) in enumerate(lines.items()):
        color, row = COLORS[number % len(COLORS)], TOP + 14 + 22 * number
        places = [at(x, y) for x, y in sorted(line)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{path}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in places]
        out.append(f'<rect x="{right + 14}" y="{row - 9}" width="12" height="12" fill="{color}"/>')
        out.append(f'<text x="{right + 32}" y="{row + 2}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _short(value: float) -> str:
    for unit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{sign}"
    return f"{value:g}"
