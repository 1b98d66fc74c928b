"""The plotting libraries behind report and pictures: plotly.js for the page, matplotlib for SVG and PNG.

Both come with `ragopt[report]` and are imported when something is drawn.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from ragopt.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawn", "figure", "plotly_script", "require"]


def require(feature: str) -> None:
    """MissingExtraError if what draws is not installed: ask before work that takes minutes."""
    if find_spec("plotly") is None or find_spec("matplotlib") is None:
        raise MissingExtraError.of(feature, "report")


@lru_cache(maxsize=1)
def plotly_script() -> str:
    """The whole of plotly.js, as the Python package carries it (MIT license), to be embedded in a page."""
    require("the report")
    from plotly.offline import get_plotlyjs

    script = str(get_plotlyjs())
    if "</script" in script.lower():
        raise MissingExtraError("this release of plotly cannot be embedded in a page: install the one that ragopt pins")
    return script


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches, which needs no display and leaves matplotlib's global state alone."""
    require("a picture")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def drawn(picture: Figure, *, png: bool) -> bytes:
    """The figure as a PNG or an SVG file. The same figure gives the same SVG: no date in it, and ids by content."""
    from matplotlib import rc_context

    out = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "ragopt"}):
        if png:
            picture.savefig(out, format="png", dpi=200)
        else:
            picture.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
