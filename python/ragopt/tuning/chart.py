"""The score against alpha as a picture for a page or a slide."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ragopt.backends.plotting import drawn, figure
from ragopt.tuning.outcome import AlphaPoint
from ragopt.tuning.report.look import DARK, LIGHT

__all__ = ["curve_picture"]


def curve_picture(
    points: Sequence[AlphaPoint], measure: str, default: float, chosen: float, queries: int, *, png: bool = False
) -> bytes:
    """The mean score of the tuning half against alpha, with the default and the chosen alpha marked: SVG or PNG.

    The band is the 95 % interval of the paired difference from the default alpha: where it reaches the dotted line,
    that alpha cannot be told from the default. An SVG is light or dark as the page that shows it.
    """
    alphas = [point.alpha for point in points]
    means = {point.alpha: point.score.mean for point in points}
    level = means[default]
    lows = [level + _or(point.difference.low, 0.0) for point in points]
    highs = [level + _or(point.difference.high, 0.0) for point in points]
    drawing = figure(7.2, 3.4)
    axes = drawing.subplots()
    axes.fill_between(alphas, lows, highs, color=LIGHT["accent"], alpha=0.16, linewidth=0)
    axes.axhline(level, color=LIGHT["muted"], linewidth=1, linestyle=":")
    axes.plot(alphas, list(means.values()), color=LIGHT["accent"], linewidth=2, marker="o", markersize=3.5)
    marks = [("default, kept by tuning", default, True)]
    if chosen != default:
        marks = [("default", default, False), ("chosen", chosen, True)]
    for word, alpha, full in marks:
        face, edge = (LIGHT["accent"], LIGHT["paper"]) if full else (LIGHT["paper"], LIGHT["ink"])
        axes.plot([alpha], [means[alpha]], "o", markersize=9, markerfacecolor=face, markeredgecolor=edge)
        axes.annotate(
            f"{word} {alpha:g}", (alpha, means[alpha]), (0, 12 if full else -18), textcoords="offset points",
            ha="left" if alpha < 0.1 else "right" if alpha > 0.9 else "center", color=LIGHT["ink"],
        )  # fmt: skip
    axes.set_title(f"{measure} on {queries} tuning questions", fontsize=11, color=LIGHT["ink"])
    axes.set_xlabel("alpha: 0 is BM25 alone, 1 is dense alone", color=LIGHT["muted"])
    axes.set_ylabel(f"mean {measure}", color=LIGHT["muted"])
    axes.set_xticks([i / 10 for i in range(11)])
    axes.margins(x=0.03)
    axes.grid(color=LIGHT["line"])
    axes.tick_params(colors=LIGHT["muted"], length=0)
    axes.spines[:].set_visible(False)
    if png:
        return drawn(drawing, png=True)
    return _both_palettes(drawn(drawing, png=False).decode("utf-8")).encode("utf-8")


def _both_palettes(svg: str) -> str:
    """Colors as CSS variables, which a dark page sets otherwise."""
    rules = ["", ""]
    for name in ("paper", "ink", "muted", "line", "accent"):
        svg = svg.replace(LIGHT[name], f"var(--{name})")
        for i, palette in enumerate((LIGHT, DARK)):
            rules[i] += f"--{name}: {palette[name]}; "
    style = f"<style>:root {{ {rules[0]}}} @media (prefers-color-scheme: dark) {{ :root {{ {rules[1]}}} }}</style>"
    head, mark, rest = svg.partition("<defs>")
    return f"{head}{style}{mark}{rest}"


def _or(value: float, other: float) -> float:
    return value if isfinite(value) else other
