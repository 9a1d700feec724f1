"""Plots as inline SVG. A figure holds numerals only: every word stands beside it as HTML, so that no font can be missing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from recommender.report.series import Series, TradeOff
from recommender.report.view import raised

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINT, _LINE, _GREY = "#33475b", "#0f6cbd", "#8a94a0"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.formatter.limits": (-4, 5),
    "grid.color": "#e6e9ed",
    "grid.linewidth": 0.7,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "xtick.labelcolor": "#44505c",
    "ytick.labelcolor": "#44505c",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_lock = threading.Lock()  # matplotlib's settings are global


def fit_svg(data: Series, prefix: str) -> str:
    """Measured points and the formula; against the input, or against the formula's value."""

    def draw(axes: Axes) -> None:
        axes.plot(data.line_x, _finite(data.line_y), color=_LINE, lw=1.8, zorder=3)
        axes.plot(data.x, data.y, "o", ms=4.2, mfc="none", mec=_POINT, mew=0.9, zorder=2)
        _log(axes, data.x_log, data.y_log)
        axes.set_ylim(*data.y_range)

    return _svg(draw, prefix, 3.1)


def residual_svg(data: Series, prefix: str) -> str:
    """What the formula leaves over, at the same places."""

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=_GREY, lw=1)
        axes.plot(data.x, _finite(data.residual), "o", ms=3.6, mfc=_LINE, mec="none", alpha=0.75)
        _log(axes, data.x_log, False)

    return _svg(draw, prefix, 3.1)


def trade_off_svg(points: Sequence[TradeOff], prefix: str) -> str:
    """Every candidate by length and error, its rank beside it; the best trade-offs joined."""

    def draw(axes: Axes) -> None:
        best = sorted((p.bits, p.error) for p in points if p.best)
        axes.plot(*zip(*best, strict=True) if best else ((), ()), color=_LINE, lw=1.2, drawstyle="steps-post", alpha=0.6)
        for point in points:
            axes.plot(point.bits, point.error, "o", ms=8, color=_LINE if point.best else _GREY)
            axes.annotate(f"#{point.rank}", (point.bits, point.error), (7, 5), textcoords="offset points", fontsize=10)
        _log(axes, False, True)
        axes.margins(0.12, 0.15)

    return _svg(draw, prefix, 2.9)


def _finite(values: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    """Gaps where the formula has no value."""
    return np.where(np.isfinite(values), values, np.nan)


def _log(axes: Axes, x: bool, y: bool) -> None:
    from matplotlib.ticker import LogFormatter

    class Decades(LogFormatter):
        """Plain numerals with raised powers: mathematical markup would be set in a font the page may not have."""

        def __call__(self, value: float, pos: int | None = None) -> str:
            return raised(f"{value:g}").removeprefix("1×") if super().__call__(value, pos) else ""

    for wanted, scale, axis in ((x, axes.set_xscale, axes.xaxis), (y, axes.set_yscale, axes.yaxis)):
        if wanted:
            scale("log")
            axis.set_major_formatter(Decades())
            axis.set_minor_formatter(Decades(labelOnlyBase=False))


def _svg(draw: Callable[[Axes], None], prefix: str, height: float) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = StringIO()
    with _lock, mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(5.0, height), layout="constrained")
        draw(figure.subplots())
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(out.getvalue(), prefix)


def _inline(svg: str, prefix: str) -> str:
    """The <svg> element alone, as wide as its place, its ids unique within a page."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"#([\w-]+)[\")]", body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"#([\w-]+)([\")])", lambda m: f"#{prefix}-{m[1]}{m[2]}" if m[1] in used else m[0], body)
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg {_NAMESPACES} viewBox="\1" aria-hidden="true">', body, count=1)
