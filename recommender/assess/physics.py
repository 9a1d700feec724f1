"""Whether the form makes physical sense: units, signs and ranges of coefficients, poles and gaps, and what the problem requires."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from corpus.dimension import Dimension, DimensionReport, infer
from corpus.errors import UnitError
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.assess._base import Evidence, Fitted
from recommender.assess.domain import gaps, has_pole, sign, trend
from recommender.meaning import Meaning

LARGEST_POWER = 6


def dimension_report(fitted: Fitted) -> DimensionReport:
    """Dimensions of the coefficients that the customer's units imply, and where units disagree."""
    problem, lead = fitted.problem, fitted.candidate.lead
    constants = {name: parse_unit(str(lead.meanings[name].unit)).dimension for name in lead.known if name in lead.meanings}
    return infer(fitted.fit.formula.root, {**problem.dimensions, **constants}, problem.target_dimension)


def odd_units(fitted: Fitted, report: DimensionReport) -> dict[str, Dimension]:
    """Unit debt: fitted coefficients that would need a unit nobody has met, such as m**(37/100).

    Powers of base units in laws are whole, or halves where a root was taken, and small (no SI unit goes beyond LARGEST_POWER).
    """
    known = {name: report.known[name] for name in fitted.free if name in report.known}
    return {name: of for name, of in known.items() if any(e.denominator > 2 or abs(e) > LARGEST_POWER for e in of.exponents)}


class Physics:
    """score: 1, times a factor for each thing that speaks against the form:

    0.5 a unit conflict (0.8 a free power of a quantity with a unit); 0.9 each coefficient with an odd unit; 0.6 each of the wrong sign;
    0.8 each far outside its usual range; 0.5 a pole or jump between the data; 0.9 one within a fifth of the range beyond them;
    0.3 each requirement of the problem that it breaks.
    """

    kind = "physics"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: unit_conflicts; open_units (coefficients whose unit stays open); unit_debt (with an odd unit); outside (outside their
        range or of the wrong sign); poles, gaps (between the data, beyond them); broken (requirements); sign, trend_x0, ... between
        the data: 1, -1, or 0 for neither."""
        report = dimension_report(fitted)
        hard = [conflict for conflict in report.conflicts if conflict.kind != "free_power"]
        found: list[tuple[str, float, Sentence]] = [
            *(("unit_debt", 0.9, self._odd(name, of)) for name, of in odd_units(fitted, report).items()),
            *(("outside", factor, sentence) for factor, sentence in _outside(fitted)),
            *self._shape(fitted),
            *(("broken", 0.3, sentence) for sentence in _broken(fitted)),
        ]
        score = 0.5 if hard else 0.8 if report.conflicts else 1.0
        score *= math.prod(factor for _, factor, _ in found)
        numbers = {kind: float(sum(each == kind for each, _, _ in found)) for kind in ("unit_debt", "outside", "poles", "gaps", "broken")}
        numbers |= {"unit_conflicts": float(len(hard)), "open_units": float(len(report.undetermined)), **_course(fitted)}
        warnings = [Sentence.of("warning.units", part=fitted_part(fitted, conflict.part)) for conflict in hard[:2]]
        return Evidence(self.kind, score, _words(fitted, report, bool(hard)), numbers, (*warnings, *(sentence for _, _, sentence in found)))

    def _odd(self, name: str, of: Dimension) -> Sentence:
        return Sentence.of("warning.unit_debt", name=name, unit=str(of))

    def _shape(self, fitted: Fitted) -> Iterator[tuple[str, float, Sentence]]:
        if not np.isfinite(fitted.fit.rss):
            return
        if has_pole(fitted):
            yield "poles", 0.5, Sentence.of("warning.pole")
            return
        for gap in gaps(fitted)[:1]:
            column = fitted.problem.inputs[int(gap.inner[1:])]
            place = gap.start if column.unit is None else float(column.unit.from_si(np.array(gap.start)))
            label = "" if column.unit is None else column.unit.label
            key = ("pole" if gap.pole else "gap") + ("_above" if gap.above else "_below")
            yield "gaps", 0.9, Sentence.of(f"warning.{key}", name=column.name, place=f"{place:.4g} {label}".strip())


def _words(fitted: Fitted, report: DimensionReport, bad: bool) -> Sentence:
    """Whether units agree; and if every column has a unit, but some coefficient's stays open, why."""
    if bad or report.conflicts:
        return Sentence.of("evidence.physics_units_bad" if bad else "evidence.physics_debt")
    reason = next((report.reasons[name] for name in fitted.free if name in report.reasons), None)
    if reason is None or not fitted.problem.has_units:
        return Sentence.of("evidence.physics_good")
    return Sentence.of("evidence.physics_open", why=reason)


def _broken(fitted: Fitted) -> Iterator[Sentence]:
    """The problem's requirements that the form does not keep."""
    problem = fitted.problem
    for requirement in problem.require:
        if not requirement.holds(fitted.fit.predict, problem.samples, problem.table_seed):
            yield Sentence.of("warning.requirement", text=requirement.text)


def _course(fitted: Fitted) -> dict[str, float]:
    """Sign and trends between the data; nothing for a form without values."""
    if not np.isfinite(fitted.fit.rss):
        return {}
    return {"sign": sign(fitted), **{f"trend_{inner}": trend(fitted, inner) for inner in fitted.fit.formula.variables}}


def fitted_part(fitted: Fitted, part: str) -> str:
    """A part of the formula with the customer's names."""
    for inner, shown in fitted.problem.names.items():
        part = part.replace(inner, shown)
    return part


def _outside(fitted: Fitted) -> list[tuple[float, Sentence]]:
    """Coefficients with the wrong sign or a hundred times outside the range their source states."""
    found = []
    for name in fitted.free:
        meaning = fitted.candidate.lead.meanings.get(name)
        value = fitted.fit.parameters[name]
        if meaning is None:
            continue
        if (meaning.sign == "positive" and value < 0) or (meaning.sign == "negative" and value > 0):
            found.append((0.6, Sentence.of("warning.sign", name=name, en=meaning.words.en, ja=meaning.words.ja)))
        elif _far(meaning, value):
            found.append((0.8, Sentence.of("warning.range", name=name, en=meaning.words.en, ja=meaning.words.ja)))
    return found


def _far(meaning: Meaning, value: float) -> bool:
    if meaning.range is None or meaning.unit in (None, "any"):
        return False
    try:
        unit = parse_unit(str(meaning.unit))
    except UnitError:
        return False
    low, high = (float(unit.to_si(bound)) for bound in meaning.range)
    size = max(abs(low), abs(high))
    return bool(abs(value) > 100 * size or (low > 0 and 0 < value < low / 100))


__all__ = ["Physics", "dimension_report", "fitted_part", "odd_units"]
