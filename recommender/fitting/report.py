"""A fit as a page of plain text, in the order a person asks: did it work, what are the numbers, how sure, what to beware of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from corpus.language import Language, text
from recommender.fitting.result import Fit

_SHOWN_CORRELATION = 0.1


def report(fit: Fit, language: Language = "en") -> str:
    """Sections in the manner of lmfit's report: statistics, coefficients, correlations, warnings, other optima."""
    sections = [
        (_label("formula", language), [fit.formula.text]),
        (_label("statistics", language), [fit.status_text(language), *_statistics(fit, language)]),
        (_label("coefficients", language), list(_coefficients(fit, language))),
        (_label("correlations", language), list(_correlations(fit))),
        (_label("warnings", language), list(fit.warning_texts(language))),
        (_label("optima", language), list(_optima(fit, language))),
    ]
    return "\n".join(line for title, lines in sections if lines for line in (f"[[{title}]]", *(f"    {part}" for part in lines)))


def _label(key: str, language: Language) -> str:
    return text(f"fit.report_{key}", language)


def _statistics(fit: Fit, language: Language) -> Iterator[str]:
    rows = {"rows": fit.n, "dof": fit.dof, "rss": fit.rss, "sigma": fit.sigma, "chi2": fit.reduced_chi2, "searches": fit.starts}
    shown = {_label(key, language): value for key, value in rows.items() if value is not None}
    width = max(map(_width, shown))
    for label, value in shown.items():
        yield f"{label}{' ' * (width - _width(label))}  {value if isinstance(value, int) else f'{value:.6g}'}"


def _width(label: str) -> int:
    """Columns on a screen: a Japanese letter takes two."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in label)


def _coefficients(fit: Fit, language: Language) -> Iterator[str]:
    width = max((len(name) for name in fit.parameters), default=0)
    for name, value in fit.parameters.items():
        yield f"{name:<{width}} = {_value(fit, name, value, language)}"


def _value(fit: Fit, name: str, value: float, language: Language) -> str:
    error = fit.standard_errors[name]
    if error == 0:
        return f"{value:.8g} ({_label('fixed', language)})"
    if math.isnan(error):
        return f"{value:.8g} ({_label('open', language)})"
    low, high = fit.intervals[name]
    share = f" ({100 * abs(error / value):.2g} %)" if value else ""
    return f"{value:.8g} ± {error:.3g}{share}   95 %: {low:.6g} … {high:.6g}"


def _correlations(fit: Fit) -> Iterator[str]:
    """Pairs above 0.1, largest first."""
    matrix = fit.correlation
    pairs = [(float(matrix[i, j]), a, b) for (i, a), (j, b) in combinations(enumerate(fit.formula.parameters), 2)]
    for value, a, b in sorted(pairs, key=lambda pair: -abs(pair[0])):
        if abs(value) >= _SHOWN_CORRELATION:
            yield f"C({a}, {b}) = {value:+.3f}"


def _optima(fit: Fit, language: Language) -> Iterator[str]:
    for optimum in fit.optima:
        values = ", ".join(f"{name} = {value:.6g}" for name, value in optimum.parameters.items())
        yield f"{values}; {_label('rss', language)} {optimum.rss:.6g}, {_label('difference', language)} {optimum.curve_difference:.3g}"
