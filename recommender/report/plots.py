"""Plots. A drawing holds numerals only: every word stands beside it as text of the document, so that no font can be missing."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from recommender.report.document import Drawing
from recommender.report.series import Beyond, Series, Steadiness, TradeOff
from recommender.report.view import raised

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINT, _LINE, _GREY, _SHADE = "#33475b", "#0f6cbd", "#8a94a0", "#eef1f4"
_DPI = 220
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
Curves: TypeAlias = Sequence[Sequence[tuple[int, float]]]
_lock = threading.Lock()  # matplotlib's settings are global


def fit_drawing(data: Series) -> Drawing:
    """Measured points and the formula; against the input, or against the formula's value."""

    def draw(axes: Axes) -> None:
        axes.plot(data.line_x, _finite(data.line_y), color=_LINE, lw=1.8, zorder=3)
        axes.plot(data.x, data.y, "o", ms=4.2, mfc="none", mec=_POINT, mew=0.9, zorder=2)
        _log(axes, data.x_log, data.y_log)
        axes.set_ylim(*data.y_range)

    return Drawing(draw)


def residual_drawing(data: Series) -> Drawing:
    """What the formula leaves over, at the same places."""

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=_GREY, lw=1)
        axes.plot(data.x, _finite(data.residual), "o", ms=3.6, mfc=_LINE, mec="none", alpha=0.75)
        _log(axes, data.x_log, False)

    return Drawing(draw)


def beyond_drawing(data: Beyond) -> Drawing:
    """The formula across and beyond the measured range (shaded), with its 95 % band."""

    def draw(axes: Axes) -> None:
        axes.axvspan(*data.measured, color=_SHADE, lw=0, zorder=0)
        axes.fill_between(data.x, _finite(data.low), _finite(data.high), color=_LINE, alpha=0.22, lw=0, zorder=2)
        axes.plot(data.x, _finite(data.value), color=_LINE, lw=1.6, zorder=3)
        axes.plot(data.points_x, data.points_y, "o", ms=3.4, mfc="none", mec=_POINT, mew=0.8, zorder=2)
        _log(axes, data.x_log, data.y_log)
        axes.set_xlim(float(data.x.min()), float(data.x.max()))
        axes.set_ylim(*data.y_range)

    return Drawing(draw)


def trade_off_drawing(points: Sequence[TradeOff]) -> Drawing:
    """Every candidate by length and error, its rank beside it; the best trade-offs joined."""

    def draw(axes: Axes) -> None:
        best = sorted((p.bits, p.error) for p in points if p.best)
        axes.plot(*zip(*best, strict=True) if best else ((), ()), color=_LINE, lw=1.2, drawstyle="steps-post", alpha=0.6)
        for point in points:
            axes.plot(point.bits, point.error, "o", ms=8, color=_LINE if point.best else _GREY)
            axes.annotate(f"#{point.rank}", (point.bits, point.error), (7, 5), textcoords="offset points", fontsize=10)
        _log(axes, False, True)
        axes.margins(0.12, 0.15)

    return Drawing(draw, 2.9)


def stability_drawing(rows: Sequence[Steadiness]) -> Drawing:
    """A bar for the stability of each candidate; above it the numerals of its parts, at their own scores."""

    def draw(axes: Axes) -> None:
        axes.barh([f"#{row.rank}" for row in rows], [100 * row.score for row in rows], height=0.22, color=_LINE)
        marks = [(numbers, (100 * score, place)) for place, row in enumerate(rows) for score, numbers in row.marks.items()]
        for numbers, where in marks:
            axes.annotate(numbers, where, (0, -5.5), textcoords="offset points", fontsize=9, ha="center", va="top", color=_POINT)
        axes.set_xlim(-2, 106)
        axes.set_ylim(len(rows) - 0.35, -0.55)
        axes.grid(visible=False, axis="y")
        axes.set_axisbelow(True)

    return Drawing(draw, 1.0 + 0.42 * len(rows))


def convergence_drawing(curves: Curves) -> Drawing:
    """The best description length of each island over the steps of the search."""

    def draw(axes: Axes) -> None:
        end = max(step for curve in curves for step, _ in curve)
        for curve in filter(None, curves):
            steps, bits = zip(*(*curve, (end, curve[-1][1])), strict=True)
            axes.plot(steps, bits, lw=1.4, drawstyle="steps-post", color=_LINE, alpha=0.7)

    return Drawing(draw, 2.9)


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


def image(drawing: Drawing, kind: Literal["svg", "pdf", "png"]) -> bytes:
    """The drawing as a file; the same drawing gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = BytesIO()
    undated = {"svg": ("Date", "Creator", "Format", "Type"), "pdf": ("CreationDate", "Creator", "Producer"), "png": ("Software",)}
    with _lock, mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(5.0, drawing.height), layout="constrained")
        drawing.draw(figure.subplots())
        figure.savefig(out, format=kind, dpi=_DPI, transparent=kind != "png", metadata=dict.fromkeys(undated[kind]))
    return out.getvalue()


def inline_svg(drawing: Drawing, prefix: str) -> str:
    """An <svg> element for a page, as wide as its place; ids begin with prefix."""
    return _inline(image(drawing, "svg").decode(), prefix)


def _inline(svg: str, prefix: str) -> str:
    """The <svg> element alone, as wide as its place, its ids unique within a page."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"(url\(|href=\")#([\w-]+)", rf"\g<1>#{prefix}-\g<2>", body)
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg {_NAMESPACES} viewBox="\1" aria-hidden="true">', body, count=1)
