"""What a reader sees of one candidate, in words and numbers: shared by the report and the app, free of any markup."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from corpus.language import Language, Sentence, strings, text
from recommender.assess import Evidence
from recommender.coefficients import Coefficient
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation, Variable
from recommender.report.series import Series
from recommender.show import (
    confidence_percent,
    confidence_words,
    family_words,
    interpretation_words,
    meaning_words,
    percent,
    summary_cells,
    value_with_error,
)

Level = Literal["good", "fair", "poor", "neutral"]
_RAISED = str.maketrans("0123456789-+/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᐟ")
_DASH = "–"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACE = "\u00a0"  # keeps a number and its sign on one line


@dataclass(frozen=True)
class CoefficientRow:
    """One line of a coefficient table; readings: what it may be, strongest evidence first."""

    name: str
    value: str
    interval: str
    unit: str
    meaning: str
    readings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gauge:
    """One kind of evidence as a bar: what it is, its number, how full the bar is (0 to 1), the sentence behind it."""

    kind: str
    label: str
    value: str
    fill: float
    level: Level
    words: str
    help: str


def coefficient_rows(formula: RankedFormula, language: Language) -> tuple[CoefficientRow, ...]:
    """The coefficients as a person reads them."""
    return tuple(_coefficient_row(c, language) for c in formula.coefficients)


def _coefficient_row(c: Coefficient, language: Language) -> CoefficientRow:
    unit = text("report.unit_open", language) if c.unit == "?" else unit_text(c.unit)
    if c.known:
        value, interval = number_text(c.value), _DASH
    elif math.isnan(c.standard_error):
        value, interval = raised(f"{c.value:.3g}"), text("report.undetermined", language)
    else:
        value, interval = raised(value_with_error(c.value, c.standard_error)).replace(" ", _SPACE), interval_text(c.low, c.high)
    return CoefficientRow(c.name, value, interval, unit, meaning_words(c, language), interpretation_words(c, language))


def number_text(value: float) -> str:
    """Six significant digits, powers of ten raised; a dash for what is no number."""
    return raised(f"{value:.6g}") if math.isfinite(value) else _DASH


def raised(number: str) -> str:
    """`1.5e-05` as 1.5×10⁻⁵, with a true minus sign."""
    powers = re.sub(r"e([+-]?)0*(\d+)", lambda m: "×10" + (m[1].replace("+", "") + m[2]).translate(_RAISED), number)
    return powers.replace("-", "\u2212")


def interval_text(low: float, high: float) -> str:
    """`12.529 … 12.573`: half the width to two digits, both ends to the same place and power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return _DASH
    size, half = max(abs(low), abs(high)), (high - low) / 2
    exponent = math.floor(math.log10(size)) if size else 0
    if -4 <= exponent <= 6:
        exponent = 0
    place = 5 if half <= 0 else 1 - math.floor(math.log10(half)) + exponent
    places = min(12, max(0, place))
    power = f"e{exponent:+d}" if exponent else ""
    return f"{_SPACE}… ".join(raised(f"{end / 10.0**exponent:.{places}f}{power}") for end in (low, high))


def sound(words: str) -> str:
    """Without control characters and halves of characters (as they come from file names), which XML 1.0 does not allow."""
    return _FORBIDDEN.sub("\ufffd", words)


def unit_text(unit: str) -> str:
    """`kg*m/s**2` as kg·m/s²."""
    powers = re.sub(r"(?:\*\*|\^)(?:\((-?\d+(?:/\d+)?)\)|(-?\d+))", lambda m: (m[1] or m[2]).translate(_RAISED), unit)
    return powers.replace("*", "·")


def axis_label(variable: Variable) -> str:
    """Header and unit, as for an axis."""
    unit = unit_text(variable.unit or "")
    return variable.name if unit in ("", "1") else f"{variable.name} [{unit}]"


def law(formula: RankedFormula, language: Language) -> str:
    """The name of the law behind a candidate, or the words of whoever proposed it; of a change in the search, that it has no name."""
    why = formula.origins[0].why
    if why.key == "origin.islands":
        return text("report.unnamed", language)
    return _entry(formula, language) or why.text(language).rstrip(".。")


def origins(formula: RankedFormula, language: Language) -> tuple[str, ...]:
    """Who proposed it and why, each said once, and how it is computed if that is not plain."""
    told = [_in_symbols(origin.why, formula, language) for origin in formula.origins]
    return tuple(dict.fromkeys([*told, formula.method.text(language)] if formula.method is not None else told))


def lineage(formula: RankedFormula, language: Language) -> tuple[str, ...]:
    """The changes by which the search came to it."""
    return tuple(_in_symbols(step, formula, language) for step in formula.lineage)


def _in_symbols(told: Sentence, formula: RankedFormula, language: Language) -> str:
    """A sentence of the search, which speaks of columns as x0, x1, with the symbols of the table."""
    symbols = {v.inner: v.symbol for v in formula.variables}
    words = told.text(language)
    inner = told.key.startswith("edit.") or told.key == "origin.islands"
    return re.sub(r"\bx\d+\b", lambda found: symbols.get(found[0], found[0]), words) if inner else words


def is_law(formula: RankedFormula) -> bool:
    """Whether a candidate has a name of its own, and not only a form."""
    return bool(_entry(formula, "en"))


def _entry(formula: RankedFormula, language: Language) -> str:
    return str(dict(formula.origins[0].why.values).get(f"entry_{language}", ""))


def warnings(formula: RankedFormula, language: Language) -> tuple[str, ...]:
    """What to beware of, each said once."""
    return tuple(dict.fromkeys(warning.text(language) for warning in formula.warnings))


# --- evidence as gauges -----------------------------------------------------------------------------------------------


def gauges(formula: RankedFormula, language: Language) -> tuple[Gauge, ...]:
    """All evidence on a candidate that stands for itself. A bar for an error is logarithmic: empty at 100 %, full at 0.1 %."""
    return tuple(_gauge(e, formula, language) for e in formula.evidence if not e.part_of)


def _gauge(evidence: Evidence, formula: RankedFormula, language: Language) -> Gauge:
    value, fill = _READERS.get(evidence.kind, _score)(evidence, formula)
    words, kind = evidence.words.text(language), evidence.kind
    label, more = (strings(language).get(key, kind) for key in (f"gauge.{kind}", f"gauge.{kind}_help"))
    if kind == "physics" and evidence.warnings:
        words = f"{words} {text('gauge.physics_less', language)}"
    parts = (e.words.text(language) for e in formula.evidence if e.part_of == kind)
    return Gauge(kind, label, value, fill, _level(kind, fill), words, "\n\n".join((more, *parts)))


def _level(kind: str, fill: float) -> Level:
    """How a bar is coloured; few independent proposals are no fault of a formula."""
    if kind == "agreement":
        return "neutral"
    good, fair = (0.5, 0.25) if kind in ("accuracy", "edge") else (0.66, 0.33)  # errors up to 3 % and 18 %
    return "good" if fill >= good else "fair" if fill >= fair else "poor"


def _score(evidence: Evidence, formula: RankedFormula) -> tuple[str, float]:
    del formula
    return f"{100 * evidence.score:.0f}{_SPACE}%", min(1.0, max(0.0, evidence.score))


def _error(name: str) -> Callable[[Evidence, RankedFormula], tuple[str, float]]:
    def read(evidence: Evidence, formula: RankedFormula) -> tuple[str, float]:
        del formula
        nmse = evidence.numbers.get(name, math.nan)
        return percent(nmse).replace(" ", _SPACE), error_fill(nmse)

    return read


def error_fill(nmse: float) -> float:
    """0 at an error of 100 % of the spread, 1 at 0.1 % and below; 0 where it was not measured."""
    return min(1.0, max(0.0, -0.5 * math.log10(max(nmse, 1e-12)) / 3)) if math.isfinite(nmse) else 0.0


def _simplicity(evidence: Evidence, formula: RankedFormula) -> tuple[str, float]:
    return f"{sum(not c.known for c in formula.coefficients)}", _score(evidence, formula)[1]


def _votes(evidence: Evidence, formula: RankedFormula) -> tuple[str, float]:
    return f"{evidence.numbers.get('votes', 0):.0f}", _score(evidence, formula)[1]


_READERS: dict[str, Callable[[Evidence, RankedFormula], tuple[str, float]]] = {
    "accuracy": _error("held_out_weighted"),
    "edge": _error("edge_weighted"),
    "parsimony": _simplicity,
    "agreement": _votes,
}


# --- the whole result -------------------------------------------------------------------------------------------------


def summary_row(formula: RankedFormula) -> tuple[str, str, str, str]:
    """Held-out error, edge error, stability, number of fitted coefficients."""
    held_out, edge, _, count = summary_cells(formula)
    stability = next((_score(e, formula)[0] for e in formula.evidence if e.kind == "stability"), _DASH)
    return held_out.replace(" ", _SPACE), edge.replace(" ", _SPACE), stability, count


def confidence(formula: RankedFormula, language: Language) -> str:
    """How sure it is that this is the law, and how many other spellings of it there are."""
    return " · ".join(filter(None, confidence_parts(formula, language)))


def confidence_parts(formula: RankedFormula, language: Language) -> tuple[str, str]:
    """How sure it is that this is the law; how many other spellings of it there are, "" if none."""
    return confidence_words(formula, language).replace(" %", f"{_SPACE}%"), family_words(formula, language)


def confidence_share(formula: RankedFormula) -> str:
    """The confidence in percent, a dash where it is not known."""
    return f"{confidence_percent(formula)}{_SPACE}%" if math.isfinite(formula.confidence) else _DASH


def notes(result: Recommendation, language: Language) -> tuple[str, ...]:
    """What had to be mended or left out."""
    return tuple(note.text(language) for note in result.notes)


def cautions(result: Recommendation, language: Language) -> tuple[str, ...]:
    """How the table may deceive."""
    return tuple(warning.text(language) for warning in result.warnings)


def counts(result: Recommendation, language: Language) -> tuple[tuple[str, int], ...]:
    """How many proposals, distinct forms, fits and so on."""
    return tuple((strings(language).get(f"report.count_{name}", name), count) for name, count in sorted(result.counts.items()))


def command(problem: Problem, result: Recommendation) -> str:
    """The shell command that gives the same answer again; FILE stands for the table's path."""
    pairs = [("--target", result.target.name), ("--inputs", ",".join(v.name for v in result.inputs))]
    pairs += [("--about", result.about)] if result.about else []
    pairs += [("--unit", f"{v.name}={v.unit}") for v in (result.target, *result.inputs) if v.unit]
    pairs += [("--describe", f"{v.name}={v.description}") for v in (result.target, *result.inputs) if v.description]
    pairs += [("--try", typed) for typed in problem.typed]
    pairs += [("--group", problem.grouping.name)] if problem.grouping is not None else []
    pairs += [("--require", requirement.text) for requirement in problem.require]
    pairs += [("--range", one.told(problem.table)) for one in problem.ranges]
    pairs += [("--split", problem.split.text)] if problem.split.way != "auto" else []
    columns = set(problem.table.names)
    pairs += [("--known", f"{q.name}={q.shown}") for q in problem.known if q.name not in columns]
    options = [f"{flag} {shlex.quote(value)}" for flag, value in pairs]
    return " \\\n    ".join(["formula recommend FILE", *options, f"--top {max(1, len(result.formulas))} --seed {result.seed}"])


def plot_labels(formula: RankedFormula, data: Series, language: Language) -> tuple[str, str, str]:
    """Words at the axes: below, beside the values, beside the residuals."""
    goal = axis_label(formula.target)
    x = axis_label(formula.variables[0]) if data.single else f"{text('report.predicted', language)}: {goal}"
    y = goal if data.single else f"{text('report.measured', language)}: {goal}"
    unit = unit_text(formula.target.unit or "1")
    rest = text("report.residual_percent", language) if data.relative else text("report.residual", language)
    return x, y, rest if data.relative or unit == "1" else f"{rest} [{unit}]"
