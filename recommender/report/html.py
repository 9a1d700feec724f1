"""One self-contained HTML file for a recommendation: no script, no request to anywhere, readable offline and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from corpus.language import Language, text
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation, Variable
from recommender.report import plots, view
from recommender.report.mathml import equation, name_mathml
from recommender.report.series import Series, series, trade_offs
from recommender.table import Column


@dataclass(frozen=True)
class Plot:
    """A figure: title, words at its axes, legend as (style, words), the drawing."""

    title: str
    x: str
    y: str
    legend: tuple[tuple[str, str], ...]
    svg: Markup


@dataclass(frozen=True)
class Card:
    """One candidate, everything in the reader's language."""

    rank: int
    law: str
    equation: tuple[Markup, ...]
    summary: tuple[str, ...]
    confidence: str
    coefficients: tuple[tuple[Markup, view.CoefficientRow], ...]
    gauges: tuple[view.Gauge, ...]
    warnings: tuple[str, ...]
    status: str
    origins: tuple[str, ...]
    reason: str
    plots: tuple[Plot, ...]
    source: str


@dataclass(frozen=True)
class ColumnRow:
    """A column of the table as the report lists it."""

    symbol: Markup
    name: str
    unit: str
    low: str
    high: str
    description: str


def html_report(problem: Problem, result: Recommendation, language: Language = "en") -> str:
    """The report as one HTML page. The same result gives the same text; every foreign word in it is escaped."""

    def say(key: str, **values: object) -> str:
        return text(key, language, **values)

    return (
        _environment()
        .get_template("report.html")
        .render(
            language=language,
            say=say,
            problem=problem,
            result=result,
            target=_column(result.target, problem.target, problem),
            inputs=[_column(v, column, problem) for v, column in zip(result.inputs, problem.inputs, strict=True)],
            cautions=view.cautions(result, language),
            notes=view.notes(result, language),
            cards=[_card(problem, formula, language) for formula in result.formulas],
            trade_off=_trade_off(result, language),
            command=view.command(problem, result),
            counts=view.counts(result, language),
        )
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("recommender", "report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _css_percent
    return environment


def _css_percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _column(variable: Variable, column: Column, problem: Problem) -> ColumnRow:
    values = column.shown[problem.rows]
    low, high = (view.number_text(float(end)) for end in (values.min(), values.max()))
    symbol, unit = Markup(name_mathml(variable.symbol)), view.unit_text(variable.unit or "")  # noqa: S704
    return ColumnRow(symbol, variable.name, unit, low, high, variable.description)


def _card(problem: Problem, formula: RankedFormula, language: Language) -> Card:
    rows = view.coefficient_rows(formula, language)
    return Card(
        rank=formula.rank,
        law=view.law(formula, language),
        equation=_equation(formula),
        summary=view.summary_row(formula),
        confidence=view.confidence(formula, language),
        coefficients=tuple((Markup(name_mathml(row.name)), row) for row in rows),  # noqa: S704
        gauges=view.gauges(formula, language),
        warnings=view.warnings(formula, language),
        status=formula.status.text(language),
        origins=tuple(dict.fromkeys(origin.why.text(language) for origin in formula.origins)),
        reason=formula.reason.text(language),
        plots=_plots(problem, formula, language),
        source=formula.numpy_source(),
    )


def _equation(formula: RankedFormula) -> tuple[Markup, ...]:
    shown = formula.formula.rename({v.inner: v.symbol for v in formula.variables})
    return tuple(Markup(part) for part in equation(formula.target.symbol, shown.root))  # noqa: S704


def _plots(problem: Problem, formula: RankedFormula, language: Language) -> tuple[Plot, ...]:
    data = series(problem, formula)
    x, y, rest = view.plot_labels(formula, data, language)
    legend = (("point", text("report.measured", language)), ("line", text("report.predicted", language)))
    return (
        Plot(text("report.fit", language), x, y, legend if data.single else (), _drawn(plots.fit_svg, data, f"fit{formula.rank}")),
        Plot(text("report.residuals", language), x, rest, (), _drawn(plots.residual_svg, data, f"rest{formula.rank}")),
    )


def _drawn(draw: Any, data: Series | Sequence[Any], prefix: str) -> Markup:
    return Markup(draw(data, prefix))  # noqa: S704


def _trade_off(result: Recommendation, language: Language) -> Plot | None:
    points = trade_offs(result.formulas)
    if len(points) < 2:
        return None
    x, y = text("report.bits", language), text("report.held_out_percent", language)
    return Plot(text("report.trade_off", language), x, y, (), _drawn(plots.trade_off_svg, points, "trade"))
