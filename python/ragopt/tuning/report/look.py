"""The colors of report and pictures, light and dark."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DARK", "LIGHT", "variables"]

#: Contrast of text on paper is at least 4.5 : 1 in both (WCAG AA).
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#1d2730",
    "muted": "#5d6975",
    "line": "#e3e7eb",
    "soft": "#f5f7f9",
    "accent": "#1f6aa5",
    "band": "rgba(31,106,165,.16)",
    "good": "#2c7a4b",
    "warn": "#8a6100",
    "bad": "#a8383b",
}
DARK: Mapping[str, str] = {
    "paper": "#14181c",
    "ink": "#e2e6ea",
    "muted": "#98a4b0",
    "line": "#2b3238",
    "soft": "#1b2025",
    "accent": "#6fb3e6",
    "band": "rgba(111,179,230,.2)",
    "good": "#6cc08d",
    "warn": "#d9ac4f",
    "bad": "#e58386",
}


def variables() -> str:
    """Both as CSS variables; paper is always light."""
    light, dark = ("".join(f"--{name}: {color}; " for name, color in colors.items()) for colors in (LIGHT, DARK))
    return f":root {{ {light}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}"
