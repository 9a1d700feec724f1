"""One self-contained HTML file for a document: no script, no request to anywhere, readable offline and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from corpus.language import Language
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.report.document import Document, Drawing, Equation, Part, Rank, Section, Symbol
from recommender.report.mathml import equation, name_mathml
from recommender.report.plots import inline_svg
from recommender.report.sections import compose


def html_report(problem: Problem, result: Recommendation, language: Language = "en", further: Sequence[Section] = ()) -> str:
    """The report as one HTML page. The same result gives the same text; every foreign word in it is escaped."""
    return html_page(compose(problem, result, language, further))


def html_page(report: Document) -> str:
    """A document as one HTML page."""
    return _environment().get_template("report.html").render(report=report)


@cache
def _environment() -> Environment:
    loader = PackageLoader("recommender", "report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": _css_percent, "parts": _parts, "typeset": _typeset, "drawn": _drawn}
    return environment


def _css_percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _parts(cell: Part | tuple[Part, ...]) -> list[Markup]:
    """A cell as pieces that stand one below the other."""
    return [_part(part) for part in (cell if isinstance(cell, tuple) else (cell,))]


def _part(part: Part) -> Markup:
    if isinstance(part, Symbol):
        return Markup(name_mathml(part.name))  # noqa: S704
    if isinstance(part, Rank):
        return Markup('<a class="rank" href="#candidate-{0}">{0}</a>').format(part.number)
    return Markup('<div class="equation">{}</div>').format(_typeset(part)) if isinstance(part, Equation) else escape(part)


def _typeset(formula: Equation) -> Markup:
    """Pieces that a browser may put on several lines."""
    return Markup(" ").join(Markup("<span>{}</span>").format(Markup(one)) for one in equation(formula.target, formula.root))  # noqa: S704


def _drawn(drawing: Drawing, name: str) -> Markup:
    return Markup(inline_svg(drawing, name))  # noqa: S704
