"""Whether the form makes physical sense: units, signs and ranges of coefficients, and no poles inside the data."""

from __future__ import annotations

import numpy as np

from corpus.dimension import DimensionReport, infer
from corpus.errors import UnitError
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.assess._base import Evidence, Fitted
from recommender.meaning import Meaning

_GRID = 2000


def dimension_report(fitted: Fitted) -> DimensionReport:
    """Dimensions of the coefficients that the customer's units imply, and where units disagree."""
    problem, lead = fitted.problem, fitted.candidate.lead
    constants = {name: parse_unit(str(lead.meanings[name].unit)).dimension for name in lead.known if name in lead.meanings}
    return infer(fitted.fit.formula.root, {**problem.dimensions, **constants}, problem.target_dimension)


class Physics:
    """score: 1, times 0.5 for a unit conflict (0.8 for a free power of a quantity with a unit), 0.6 for each coefficient of
    the wrong sign, 0.8 for each one far outside its usual range, 0.5 for a pole or jump inside the range of the data."""

    kind = "physics"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: unit_conflicts, outside (coefficients outside their range)."""
        report = dimension_report(fitted)
        hard = [conflict for conflict in report.conflicts if conflict.kind != "free_power"]
        warnings = [Sentence.of("warning.units", part=fitted_part(fitted, conflict.part)) for conflict in hard[:2]]
        score = 0.5 if hard else 0.8 if report.conflicts else 1.0
        outside = list(_outside(fitted))
        for factor, sentence in outside:
            score *= factor
            warnings.append(sentence)
        if _has_pole(fitted):
            score *= 0.5
            warnings.append(Sentence.of("warning.pole"))
        words = Sentence.of(
            "evidence.physics_units_bad" if hard else "evidence.physics_debt" if report.conflicts else "evidence.physics_good"
        )
        numbers = {"unit_conflicts": float(len(hard)), "outside": float(len(outside))}
        return Evidence(self.kind, score, words, numbers, tuple(warnings))


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


def _has_pole(fitted: Fitted) -> bool:
    """Values between the data that are not finite or leave the data's range more than twentyfold."""
    samples = fitted.problem.samples
    rng = np.random.default_rng(fitted.problem.seed)
    columns = {}
    if len(samples.columns) == 1:
        ((name, values),) = samples.columns.items()
        columns[name] = np.linspace(values.min(), values.max(), _GRID)
    else:
        pairs = rng.integers(0, len(samples), (_GRID, 2))
        share = rng.random(_GRID)
        columns = {name: values[pairs[:, 0]] * share + values[pairs[:, 1]] * (1 - share) for name, values in samples.columns.items()}
    values = fitted.fit.predict(columns)
    low, high = samples.target.min(), samples.target.max()
    reach = 20 * (high - low)
    return bool(np.any(~np.isfinite(values)) or np.any(values > high + reach) or np.any(values < low - reach))


__all__ = ["Physics", "dimension_report"]
