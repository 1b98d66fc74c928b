"""The interactive figures as plotly's own JSON: traces and layout, with colors named as in `look`.

A color is written "@name"; the page puts the palette of the moment in its place. All text of the user's is escaped:
plotly reads a small HTML of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from ragopt.tuning.front import Axis, Front, Trade
from ragopt.tuning.outcome import Curves, KPoint

if TYPE_CHECKING:
    from ragopt.tuning.result import TuneResult

__all__ = ["figures"]

Figure = dict[str, Any]
_AXES = {
    Axis.TOKENS: ("tokens of context per question", ",.0f"),
    Axis.DOLLARS: ("US dollars per 1,000 questions", "$,.3~f"),
    Axis.SECONDS: ("milliseconds per question", ",.3~f"),
}
_SCALE = {Axis.TOKENS: 1.0, Axis.DOLLARS: 1000.0, Axis.SECONDS: 1000.0}


def figures(result: TuneResult) -> dict[str, Figure]:
    """All figures of the report that this result has, by the id of their place in the page."""
    out: dict[str, Figure] = {}
    if result.default_alpha is not None and result.chosen_alpha is not None:
        out["alpha"] = _alpha(result.curves, result.facts.measure, result.default_alpha, result.chosen_alpha)
    if len(result.curves.k) > 1:
        out["ks"] = _ks(result.curves.k, result.top_k.default, result.top_k.k)
    if result.front is not None:
        written = result.written
        wider = result.levers.beside_k if result.levers is not None and result.levers.adopted else ""
        marked = (result.default_alpha, result.top_k.default, ""), (written.alpha, written.k, wider)
        out |= {f"front-{axis}": _front(result.front, axis, *marked) for axis in Axis}
    out["spread"] = _spread(result)
    default_arm, tuned = result.arm("default hybrid"), result.arm("tuned hybrid")
    if default_arm is not None and tuned is not None and default_arm.alpha != tuned.alpha:
        measure = result.facts.measure
        ids, before = default_arm.table.queries, default_arm.table.column(measure).tolist()
        after = tuned.table.column(measure).tolist()
        out["changes"] = _changes([result.questions[id] for id in ids], before, after, measure)
    return out


def _alpha(curves: Curves, measure: str, default: float, chosen: float) -> Figure:
    """The curve; the band is the paired difference from the default, around the default's level."""
    points, fine = curves.alpha, curves.drawn()
    alphas = [point.alpha for point in points]
    means = {point.alpha: point.score.mean for point in points}
    level = means[default]
    lows = [level + _or(point.difference.low, point.difference.mean) for point in points]
    highs = [level + _or(point.difference.high, point.difference.mean) for point in points]
    told = [[p.difference.mean, _or(p.difference.low, 0.0), _or(p.difference.high, 0.0)] for p in points]
    hover = (
        f"alpha %{{x:.3~f}}<br>{escape(measure)} %{{y:.4f}}<br>against the default %{{customdata[0]:+.4f}} "
        "(%{customdata[1]:+.4f} to %{customdata[2]:+.4f})<extra></extra>"
    )
    line = {"width": 0, "shape": "linear"}
    data = [
        {"x": alphas, "y": lows, "mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False},
        {"x": alphas, "y": highs, "mode": "lines", "line": line, "fill": "tonexty", "fillcolor": "@band",
         "hoverinfo": "skip", "name": "95 % of the difference"},
        {"x": [0, 1], "y": [level, level], "mode": "lines", "line": {"color": "@muted", "dash": "dot", "width": 1},
         "hoverinfo": "skip", "showlegend": False},
        *([] if fine is None else _fine(fine)),
        {"x": alphas, "y": list(means.values()), "mode": "lines+markers" if fine is None else "markers",
         "line": {"color": "@accent", "width": 2}, "marker": {"size": 5, "color": "@accent"}, "customdata": told,
         "hovertemplate": hover, "name": f"mean {escape(measure)}", "showlegend": fine is None},
    ]  # fmt: skip
    data += _marks([("default", default, level), ("chosen", chosen, means[chosen])], "alpha %{x:.3~f}: %{y:.4f}")
    layout = _layout("alpha: 0 is BM25 alone, 1 is dense alone", f"mean {measure}")
    layout["xaxis"] |= {"range": [-0.02, 1.02], "dtick": 0.1}
    layout["hovermode"] = "x"
    return {"data": data, "layout": layout}


def _fine(fine: dict[str, Any]) -> list[Figure]:
    """The exact curve, the smoothed one, and the highest step of all, however thin."""
    best = fine["best"]
    told = f"highest of all: %{{y:.4f}} for alpha {best['low']:.4g} to {best['high']:.4g}<extra></extra>"
    return [
        {"x": fine["alpha"], "y": fine["exact"], "mode": "lines", "line": {"color": "@muted", "width": 1,
         "shape": "hv"}, "hoverinfo": "skip", "name": "exact"},
        {"x": fine["alpha"], "y": fine["smoothed"], "mode": "lines", "line": {"color": "@accent", "width": 2.5},
         "hoverinfo": "skip", "name": "smoothed"},
        {"x": [(best["low"] + best["high"]) / 2], "y": [best["score"]], "mode": "markers", "name": "exact best",
         "showlegend": False, "marker": {"symbol": "triangle-down", "size": 9, "color": "@muted"},
         "hovertemplate": told},
    ]  # fmt: skip


def _ks(points: Sequence[KPoint], default: int, chosen: int) -> Figure:
    """Recall against tokens, one point for every k."""
    x = [point.tokens.mean for point in points]
    y = [point.recall.mean for point in points]
    up = [_or(point.recall.high, point.recall.mean) - point.recall.mean for point in points]
    down = [point.recall.mean - _or(point.recall.low, point.recall.mean) for point in points]
    data = [
        {"x": x, "y": y, "mode": "lines+markers+text", "text": [str(point.k) for point in points],
         "textposition": "bottom right", "textfont": {"color": "@muted"}, "line": {"color": "@accent", "width": 2},
         "error_y": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": "@band"},
         "hovertemplate": "k %{text}<br>recall %{y:.4f}<br>%{x:,.0f} tokens<extra></extra>", "name": "k"},
    ]  # fmt: skip
    places = {point.k: (point.tokens.mean, point.recall.mean) for point in points}
    data += _marks([("default", *places[default]), ("chosen", *places[chosen])], "%{x:,.0f} tokens, recall %{y:.4f}")
    layout = _layout("tokens sent per question", "recall of what is sent")
    layout["xaxis"]["rangemode"] = "tozero"
    return {"data": data, "layout": layout}


#: Alpha, k, and what else is changed.
_Place = tuple[float | None, int, str]


def _front(front: Front, axis: Axis, default: _Place, written: _Place) -> Figure:
    """All trades as dots, the front as a staircase."""
    title, shape = _AXES[axis]
    scale = _SCALE[axis]
    best = front.best(axis)

    def points(trades: Sequence[Trade]) -> Figure:
        return {
            "x": [trade.cost(axis) * scale for trade in trades],
            "y": [trade.quality for trade in trades],
            "customdata": [["–" if t.alpha is None else f"{t.alpha:g}", t.k, t.recall, _beside(t)] for t in trades],
            "hovertemplate": f"alpha %{{customdata[0]}}, k %{{customdata[1]}}%{{customdata[3]}}<br>%{{y:.4f}}, recall "
            f"%{{customdata[2]:.4f}}<br>%{{x:{shape}}}<extra></extra>",
        }

    data = [
        {**points(front.trades), "mode": "markers", "name": "tried", "marker": {"size": 5, "color": "@line",
         "line": {"width": 1, "color": "@muted"}}},
        {**points(best), "mode": "lines+markers", "name": "front", "line": {"shape": "hv", "color": "@accent",
         "width": 2}, "marker": {"size": 6}},
    ]  # fmt: skip
    known = {(trade.alpha, trade.k, trade.change): trade for trade in front.trades}
    marks = [(name, known[key]) for name, key in (("default", default), ("chosen", written)) if key in known]
    data += _marks([(name, t.cost(axis) * scale, t.quality) for name, t in marks], f"%{{x:{shape}}}: %{{y:.4f}}")
    layout = _layout(title, f"{front.measure} of what is sent")
    layout["xaxis"] |= {"rangemode": "tozero", "tickformat": shape}
    return {"data": data, "layout": layout}


def _beside(trade: Trade) -> str:
    return f"<br>{escape(trade.change)}" if trade.change else ""


def _spread(result: TuneResult) -> Figure:
    """One box an arm: the held-out questions' values, not their mean alone."""
    measure = result.facts.measure
    data = [
        {"type": "box", "x": arm.table.column(measure).tolist(), "name": escape(arm.name), "boxmean": True,
         "boxpoints": False, "line": {"color": "@accent", "width": 1.5}, "fillcolor": "@band", "hoverinfo": "x"}
        for arm in reversed(result.arms)
    ]  # fmt: skip
    layout = _layout(f"{measure} of each held-out question", "")
    layout |= {"showlegend": False, "height": 90 + 52 * len(data)}
    layout["xaxis"] |= {"range": [-0.02, 1.02], "dtick": 0.2}
    layout["yaxis"]["automargin"] = True
    return {"data": data, "layout": layout}


def _changes(texts: Sequence[str], before: Sequence[float], after: Sequence[float], measure: str) -> Figure:
    """A bar a question, from the most won to the most lost."""
    order = sorted(range(len(texts)), key=lambda i: before[i] - after[i])
    changes = [after[i] - before[i] for i in order]
    told = [[escape(_short(texts[i])), before[i], after[i]] for i in order]
    data = [
        {"type": "bar", "x": list(range(1, len(order) + 1)), "y": changes, "customdata": told,
         "marker": {"color": ["@good" if change > 0 else "@bad" for change in changes]},
         "hovertemplate": "%{customdata[0]}<br>%{customdata[1]:.3f} → %{customdata[2]:.3f} (%{y:+.3f})"
         "<extra></extra>"},
    ]  # fmt: skip
    layout = _layout("held-out questions, sorted", f"change of {measure}")
    layout |= {"showlegend": False, "bargap": 0.1, "height": 260}
    return {"data": data, "layout": layout}


def _marks(places: Sequence[tuple[str, float, float]], told: str) -> list[Figure]:
    """The default as a ring and the chosen as a disk; one disk where they are the same."""
    if len(places) == 2 and places[0][1:] == places[1][1:]:
        places = [("default, kept", *places[1][1:])]
    return [
        {"x": [x], "y": [y], "mode": "markers", "name": name, "hovertemplate": f"{name}: {told}<extra></extra>",
         "marker": {"size": 13, "color": "@paper" if name == "default" else "@accent",
                    "line": {"width": 2, "color": "@ink" if name == "default" else "@paper"}}}
        for name, x, y in places
    ]  # fmt: skip


def _layout(x: str, y: str) -> Figure:
    axis = {"gridcolor": "@line", "zerolinecolor": "@line", "linecolor": "@line", "automargin": True}
    return {
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "font": {"color": "@muted", "size": 12.5, "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"},
        "margin": {"l": 56, "r": 16, "t": 28, "b": 48},
        "height": 380,
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {**axis, "title": {"text": escape(x)}},
        "yaxis": {**axis, "title": {"text": escape(y)}},
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"


def _or(value: float, other: float) -> float:
    return value if isfinite(value) else other
