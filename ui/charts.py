"""Charts with units at their axes. Fields have fixed names: a column's header is only ever a title."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from corpus.functions import Array
from corpus.language import Language, text
from recommender.prediction import Predictor
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report.series import Series, TradeOff, series, spans_decades, trade_offs, widened
from recommender.report.view import plot_labels
from recommender.table import Column, Table

_POINT, _LINE, _GREY = "#6f8aa6", "#2b82d9", "#8a94a0"  # to be seen on a light and on a dark page
_HEIGHT = 270
REACH = 0.3
_GRID = 240
_SIDES = ((16, -9), (16, 10), (-16, -9), (-16, 10))  # where a rank stands beside its dot, in turn, so that neighbours can be told apart
_MOST = 1500  # points of a preview
_SHORT = 2.0  # decades
_STRAIGHTER = 0.05  # of a correlation: what a logarithm must gain


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
    """Held-out error against length; a dot can be clicked (selection `picked`, field `place`). None with fewer than two candidates."""
    points = trade_offs(result.formulas)
    if len(points) < 2:
        return None
    shown = {f.rank: f.text for f in result.formulas}
    rows = pd.DataFrame([_dot(point) | {"formula": shown[point.rank]} for point in points])
    horizontal = alt.X("x:Q", title=text("report.bits", language), scale=alt.Scale(zero=False, padding=24), axis=alt.Axis(tickCount=8))
    errors = rows["y"].to_numpy(float)
    vertical = alt.Y(
        "y:Q", title=text("report.held_out_percent", language), scale=alt.Scale(type="log", padding=24), axis=_ticks(True, errors)
    )
    base = alt.Chart(rows).encode(horizontal, vertical)
    picked = alt.selection_point(name="picked", fields=["place"])
    tips = [alt.Tooltip("rank:N", title="#"), alt.Tooltip("formula:N", title=" ")]
    dots = base.mark_circle(size=140, opacity=1, cursor="pointer").encode(color=alt.Color("colour:N", scale=None), tooltip=tips)
    front = alt.Chart(rows[rows["best"]]).mark_line(color=_LINE, interpolate="step-after", opacity=0.5).encode(x="x:Q", y="y:Q")
    ranks = (
        base.transform_filter(alt.datum.side == side).mark_text(dx=dx, dy=dy, fontSize=13, color=_GREY)
        for side, (dx, dy) in enumerate(_SIDES)
    )
    return _layers(front, dots.add_params(picked), *(rank.encode(text="rank:N") for rank in ranks), height=220)


def _dot(point: TradeOff) -> dict[str, object]:
    colour = _LINE if point.best else _GREY
    return {
        "x": point.bits,
        "y": point.error,
        "rank": f"#{point.rank}",
        "place": point.rank,
        "side": (point.rank - 1) % len(_SIDES),
        "best": point.best,
        "colour": colour,
    }


def band_chart(problem: Problem, predictor: Predictor, along: str) -> alt.LayerChart:
    """The formula along one input, the others at their medians, and beyond the data by REACH; with its 95 % bands."""
    column = next(c for c in problem.inputs if c.name == along)
    measured = column.shown[problem.rows]
    log, grid = spans_decades(measured), widened(measured, REACH, _GRID)
    others = {c.name: np.full(len(grid), float(np.median(c.shown[problem.rows]))) for c in problem.inputs}
    found = predictor.at({**others, along: grid})
    frame = _frame(grid, found.value).assign(low=found.low, high=found.high, below=found.reading_low, above=found.reading_high)
    frame = frame.assign(inside=(grid >= measured.min()) & (grid <= measured.max())).replace([np.inf, -np.inf], np.nan)
    return _bands(frame, problem, column, log, (float(measured.min()), float(measured.max())))


def _bands(frame: pd.DataFrame, problem: Problem, along: Column, log: bool, ends: tuple[float, float]) -> alt.LayerChart:
    """The curve may leave the picture, the band of readings sets what is shown only within what was measured."""
    horizontal = alt.X("x:Q", title=along.label, scale=_scale(log), axis=_ticks(log, frame["x"].to_numpy(float)))
    measured = problem.target.shown[problem.rows]
    tall = spans_decades(measured)
    domain = _tall_picture(measured) if tall else _picture(frame, measured)
    if tall:
        frame = frame.assign(**{name: frame[name].clip(lower=domain[0]) for name in ("low", "below")})
    scale = _scale(tall, domain)
    vertical = alt.Y("y:Q", title=problem.target.label, scale=scale, axis=_ticks(tall, measured))
    base = alt.Chart(frame)
    reading = base.mark_area(color=_LINE, opacity=0.12, clip=True).encode(horizontal, alt.Y("below:Q", scale=scale), y2="above:Q")
    curve = base.mark_area(color=_LINE, opacity=0.28, clip=True).encode(horizontal, alt.Y("low:Q", scale=scale), y2="high:Q")
    line = base.mark_line(color=_LINE, strokeWidth=2.2, clip=True).encode(horizontal, vertical, order=alt.Order("x:Q"))
    edges = alt.Chart(pd.DataFrame({"x": list(ends)})).mark_rule(color=_GREY, strokeDash=[4, 4]).encode(x="x:Q")
    layers = [reading, curve, line, edges]
    if len(problem.inputs) == 1:
        points = _frame(problem.inputs[0].shown[problem.rows], measured)
        layers.append(alt.Chart(points).mark_point(color=_POINT, size=24, clip=True).encode(x="x:Q", y="y:Q"))
    return _layers(*layers)


def _tall_picture(measured: Array) -> tuple[float, float]:
    """What a plot over decades shows of the target: the measured values and a fifth of their decades more on either side."""
    low, high = float(measured.min()), float(measured.max())
    more = (high / low) ** 0.2
    return low / more, high * more


def _picture(frame: pd.DataFrame, measured: Array) -> tuple[float, float]:
    """What the plot shows of the target: the measured values and the curve, but never more than twice their range."""
    values = frame["y"].to_numpy(float)
    values = values[np.isfinite(values)]
    low, high = float(measured.min()), float(measured.max())
    room = 1.0 * max(high - low, 1e-300)
    low, high = max(low - room, min([low, *values])), min(high + room, max([high, *values]))
    return low - 0.06 * room, high + 0.06 * room


def what_if_chart(problem: Problem, formula: RankedFormula, moved: RankedFormula, language: Language) -> alt.LayerChart:
    """Data, the fitted formula (grey) and the same formula with other coefficients."""
    before, after = series(problem, formula), series(problem, moved)
    x, y, _ = plot_labels(formula, before, language)
    chart = _fit(after, x, y)
    if before.single:
        horizontal, vertical = alt.X("x:Q", scale=_scale(before.x_log)), alt.Y("y:Q", scale=_scale(before.y_log, before.y_range))
        old = alt.Chart(_frame(before.line_x, before.line_y)).mark_line(color=_GREY, strokeDash=[5, 4], clip=True)
        chart.layer.append(old.encode(horizontal, vertical, order=alt.Order("x:Q")))
    return chart


def scatter_matrix(table: Table, names: Sequence[str]) -> alt.VConcatChart:
    """Every chosen column against every other, the last one in the last row; an axis is logarithmic where that straightens."""
    shown = {f"c{i}": table[name] for i, name in enumerate(names)}
    kept = np.all([np.isfinite(column.values) for column in shown.values()], axis=0)
    frame = pd.DataFrame({field: column.shown[kept][:_MOST] for field, column in shown.items()})
    goal = frame.iloc[:, -1].to_numpy(float)
    fields = list(shown)
    logs = {field: _is_better_log(frame[field].to_numpy(float), goal) for field in fields}
    rows = [alt.hconcat(*(_cell(frame, x, y, shown, logs) for x in fields[:i])) for i, y in enumerate(fields) if i]
    matrix: alt.VConcatChart = alt.vconcat(*rows).configure_axis(titleFontWeight="normal", gridOpacity=0.5)
    return matrix


def _cell(frame: pd.DataFrame, x: str, y: str, shown: Mapping[str, Column], logs: Mapping[str, bool]) -> alt.Chart:
    side = min(420, 860 // (len(frame.columns) - 1) - 75)
    values = {name: frame[name].to_numpy(float) for name in (x, y)}
    horizontal = alt.X(f"{x}:Q", title=shown[x].label, scale=_scale(logs[x]), axis=_ticks(logs[x], values[x]))
    vertical = alt.Y(f"{y}:Q", title=shown[y].label, scale=_scale(logs[y]), axis=_ticks(logs[y], values[y]))
    tips = [alt.Tooltip(f"{name}:Q", title=shown[name].label, format=".5g") for name in (x, y)]
    points = alt.Chart(frame).mark_point(color=_POINT, size=22)
    cell: alt.Chart = points.encode(horizontal, vertical, tooltip=tips).properties(width=side, height=min(side, 260))
    return cell


def _is_better_log(values: Array, goal: Array) -> bool:
    """Whether a logarithm spreads the values better, or makes the way to the target straighter."""
    if not len(values) or float(values.min()) <= 0 or float(values.max()) < 5 * float(values.min()):
        return False
    if spans_decades(values):
        return True
    with np.errstate(all="ignore"):
        plain, log = (abs(float(np.corrcoef(x, goal)[0, 1])) for x in (values, np.log(values)))
    return log > plain + _STRAIGHTER


def _frame(x: Array, y: Array) -> pd.DataFrame:
    """Points; a value that is no number leaves a gap."""
    return pd.DataFrame({"x": x, "y": np.where(np.isfinite(y), y, np.nan)})


def _scale(log: bool, domain: tuple[float, float] | None = None) -> alt.Scale:
    limits: dict[str, Any] = {} if domain is None else {"domain": list(domain), "nice": False}
    room: dict[str, Any] = {"padding": 6, "nice": False} if domain is None else {}  # no point is cut by the frame
    return alt.Scale(type="log", **limits, **room) if log else alt.Scale(zero=False, **limits, **room)


def _ticks(log: bool, values: Array) -> alt.Axis:
    """A logarithmic axis over decades has lines at the powers of ten only, a shorter one at 1, 2 and 5 times them."""
    if not log:
        return alt.Axis(tickCount=8)
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    if math.log10(values.max() / values.min()) < _SHORT:
        return alt.Axis(values=[m * 10.0**k for k in range(low, high) for m in (1, 2, 5)], format="~g" if -4 <= low <= high <= 5 else ".0e")
    step = max(1, (high - low) // 6)
    return alt.Axis(values=[10.0**k for k in range(low, high + 1, step)], format="~g" if -4 <= low <= high <= 5 else ".0e")


def _layers(*charts: alt.Chart, height: int = _HEIGHT) -> alt.LayerChart:
    whole = alt.LayerChart(layer=list(charts)).properties(height=height, padding={"left": 5, "right": 8, "top": 5, "bottom": 5})
    chart: alt.LayerChart = whole.configure_axis(titleFontWeight="normal", titleLimit=_HEIGHT, grid=True, gridOpacity=0.5)
    return chart
