"""Charts with units at their axes. Fields have fixed names: a column's header is only ever a title."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from corpus.functions import Array
from corpus.language import Language, text
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report.series import Series, TradeOff, series, spans_decades, trade_offs
from recommender.report.view import plot_labels
from recommender.table import Column, Table

_POINT, _LINE, _GREY = "#6f8aa6", "#2b82d9", "#8a94a0"  # to be seen on a light and on a dark page
_HEIGHT = 270


def candidate_charts(problem: Problem, formula: RankedFormula, language: Language) -> tuple[alt.LayerChart, alt.LayerChart]:
    """Data with the formula, and residuals."""
    data = series(problem, formula)
    x, y, rest = plot_labels(formula, data, language)
    return _fit(data, x, y), _residuals(data, x, rest)


def _fit(data: Series, x: str, y: str) -> alt.LayerChart:
    low, high = data.y_range
    horizontal = alt.X("x:Q", title=x, scale=_scale(data.x_log), axis=_ticks(data.x_log, data.x))
    vertical = alt.Y("y:Q", title=y, scale=_scale(data.y_log, (low, high)), axis=_ticks(data.y_log, data.y))
    line = alt.Chart(_frame(data.line_x, data.line_y)).mark_line(color=_LINE, strokeWidth=2.2, clip=True)
    points = alt.Chart(_frame(data.x, data.y)).mark_point(color=_POINT, size=28, clip=True)
    tips = [alt.Tooltip("x:Q", title=x, format=".5g"), alt.Tooltip("y:Q", title=y, format=".5g")]
    return _layers(points.encode(horizontal, vertical, tooltip=tips), line.encode(horizontal, vertical, order=alt.Order("x:Q")))


def _residuals(data: Series, x: str, rest: str) -> alt.LayerChart:
    horizontal = alt.X("x:Q", title=x, scale=_scale(data.x_log), axis=_ticks(data.x_log, data.x))
    points = alt.Chart(_frame(data.x, data.residual)).mark_circle(color=_LINE, size=26, opacity=0.75)
    tips = [alt.Tooltip("x:Q", title=x, format=".5g"), alt.Tooltip("y:Q", title=rest, format=".3g")]
    zero = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=_GREY).encode(y="y:Q")
    return _layers(zero, points.encode(horizontal, alt.Y("y:Q", title=rest), tooltip=tips))


def trade_off_chart(result: Recommendation, language: Language) -> alt.LayerChart | None:
    """Held-out error against length; None with fewer than two candidates."""
    points = trade_offs(result.formulas)
    if len(points) < 2:
        return None
    rows = pd.DataFrame([_dot(point) for point in points])
    horizontal = alt.X("x:Q", title=text("report.bits", language), scale=alt.Scale(zero=False, padding=24))
    vertical = alt.Y("y:Q", title=text("report.held_out_percent", language), scale=alt.Scale(type="log", padding=24))
    base = alt.Chart(rows).encode(horizontal, vertical)
    dots = base.mark_circle(size=110, opacity=1).encode(color=alt.Color("colour:N", scale=None))
    ranks = (
        base.transform_filter(alt.datum.even == even).mark_text(dx=16, dy=dy, fontSize=13, color=_GREY)
        for even, dy in ((False, -8), (True, 9))
    )
    return _layers(dots, *(rank.encode(text="rank:N") for rank in ranks))


def _dot(point: TradeOff) -> dict[str, object]:
    """Labels of even ranks stand lower, so that neighbours can be told apart."""
    colour = _LINE if point.best else _GREY
    return {"x": point.bits, "y": point.error, "rank": f"#{point.rank}", "even": point.rank % 2 == 0, "colour": colour}


def preview_chart(table: Table, target: str, inputs: list[str]) -> alt.LayerChart:
    """The target against the first input."""
    goal, column = table[target], table[inputs[0]]
    kept = np.isfinite(goal.values) & np.isfinite(column.values)
    x, y = column.shown[kept][:2000], goal.shown[kept][:2000]
    points = alt.Chart(_frame(x, y)).mark_point(color=_POINT, size=28)
    return _layers(points.encode(_axis(alt.X, "x:Q", column, x), _axis(alt.Y, "y:Q", goal, y)))


def _axis(kind: Any, field: str, column: Column, values: Array) -> Any:
    log = bool(len(values)) and spans_decades(values)
    return kind(field, title=column.label, scale=_scale(log), axis=_ticks(log, values))


def _frame(x: Array, y: Array) -> pd.DataFrame:
    """Points; a value that is no number leaves a gap."""
    return pd.DataFrame({"x": x, "y": np.where(np.isfinite(y), y, np.nan)})


def _scale(log: bool, domain: tuple[float, float] | None = None) -> alt.Scale:
    limits: dict[str, Any] = {} if domain is None else {"domain": list(domain), "nice": False}
    return alt.Scale(type="log", **limits) if log else alt.Scale(zero=False, **limits)


def _ticks(log: bool, values: Array) -> alt.Axis:
    """A logarithmic axis over decades has lines at the powers of ten only."""
    if not log:
        return alt.Axis()
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    step = max(1, (high - low) // 6)
    return alt.Axis(values=[10.0**k for k in range(low, high + 1, step)], format="~g" if -4 <= low <= high <= 5 else ".0e")


def _layers(*charts: alt.Chart) -> alt.LayerChart:
    whole = alt.LayerChart(layer=list(charts)).properties(height=_HEIGHT)
    chart: alt.LayerChart = whole.configure_axis(titleFontWeight="normal", titleLimit=_HEIGHT, grid=True, gridOpacity=0.5)
    return chart
