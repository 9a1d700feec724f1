"""Coefficients as a person reads them: value ± error in a sensible unit, and what the number is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from corpus.dimension import Dimension, DimensionReport
from corpus.entry import Words
from corpus.errors import UnitError
from corpus.unit_products import composed_unit
from corpus.units import Unit, parse_unit, unit_for
from recommender.assess import Fitted
from recommender.assess.physics import dimension_report
from recommender.identify import Subject, identify
from recommender.interpretation import Interpretation
from recommender.meaning import Meaning
from recommender.tuning import GroupFit

_READABLE = (1e-3, 1e5)
_KELVIN = Dimension.of(K=1)


@dataclass(frozen=True)
class Coefficient:
    """value, error and 95 % interval in `unit` ("" for a pure number, "?" where units leave it open); si is the value in SI.
    meaning: what its source says, where units do not contradict; interpretations: what it may be, strongest evidence first."""

    name: str
    value: float
    standard_error: float
    low: float
    high: float
    unit: str
    si: float
    known: bool = False
    meaning: Words | None = None
    quantity: str = ""
    interpretations: tuple[Interpretation, ...] = ()


def describe(fitted: Fitted, fits: Sequence[GroupFit] = ()) -> tuple[Coefficient, ...]:
    """All coefficients of a fitted candidate, in the order of the formula; fits: of the problem's groups, if it has any."""
    report = dimension_report(fitted)
    levels = absolute_temperatures(fitted, report)
    return tuple(_describe(name, fitted, fits, report, levels) for name in fitted.fit.formula.parameters)


def absolute_temperatures(fitted: Fitted, report: DimensionReport) -> frozenset[str]:
    """Coefficients that are temperatures on the scale of a column in ℃ or ℉, not differences.

    Moving them together with every temperature of the table by some kelvin moves the curve alike (or leaves it, if the
    target is no temperature). The smallest such set; empty where no column has such a unit.
    """
    problem = fitted.problem
    if not any(unit.offset for unit in problem.units):
        return frozenset()
    names = [name for name in fitted.free if report.known.get(name) == _KELVIN][:6]
    sets = (set(chosen) for size in range(1, len(names) + 1) for chosen in combinations(names, size))
    return frozenset(next((chosen for chosen in sets if _moves_along(fitted, chosen)), ()))


def _moves_along(fitted: Fitted, chosen: set[str]) -> bool:
    problem, shift = fitted.problem, 7.0
    columns = {
        name: values + shift if problem.dimensions.get(name) == _KELVIN else values for name, values in problem.samples.columns.items()
    }
    values = {name: value + shift if name in chosen else value for name, value in fitted.fit.parameters.items()}
    expected = fitted.prediction + (shift if problem.target_dimension == _KELVIN else 0.0)
    moved = fitted.fit.formula.evaluate(columns, values)
    return bool(np.allclose(moved, expected, rtol=1e-9, atol=1e-9 * float(np.ptp(fitted.prediction))))


def _describe(name: str, fitted: Fitted, fits: Sequence[GroupFit], report: DimensionReport, levels: frozenset[str]) -> Coefficient:
    fit, lead = fitted.fit, fitted.candidate.lead
    si = fit.parameters[name]
    error = 0.0 if name in lead.known else fit.standard_errors.get(name, math.nan)
    low, high = (si, si) if name in lead.known else fit.intervals.get(name, (math.nan, math.nan))
    dimension = report.known.get(name) if report.consistent or _only_debt(report) else None
    meaning = _agreeing(lead.meanings.get(name), dimension, fitted) if name not in lead.known else lead.meanings.get(name)
    scale = next((unit for unit in fitted.problem.units if unit.offset), None) if name in levels else None
    unit, text = _unit(si, dimension, meaning, fitted) if scale is None else (scale, scale.label)
    low, high = sorted((_shown(low, unit), _shown(high, unit)))
    return Coefficient(
        name,
        _shown(si, unit),
        error / abs(unit.factor),
        low,
        high,
        text,
        si,
        name in lead.known,
        None if meaning is None else meaning.words,
        "" if dimension is None else quantity_of(dimension),
        identify(Subject(name, si, error, unit, dimension, meaning), fitted, fits),
    )


def _agreeing(meaning: Meaning | None, dimension: Dimension | None, fitted: Fitted) -> Meaning | None:
    """What the source says a coefficient is, unless the units of the table say that it is something else, or nothing."""
    stated = _stated(meaning)
    if stated is None or not fitted.problem.has_units:
        return meaning
    return meaning if stated.dimension == dimension else None


def _only_debt(report: DimensionReport) -> bool:
    return all(conflict.kind == "free_power" for conflict in report.conflicts)


def _shown(value: float, unit: Unit) -> float:
    return (value - unit.offset) / unit.factor


def _unit(si: float, dimension: Dimension | None, meaning: Meaning | None, fitted: Fitted) -> tuple[Unit, str]:
    """The unit of the source where it fits, else one the customer uses, else SI."""
    stated = _stated(meaning)
    plain = Unit("1", Dimension(), 1.0)
    if dimension is None:
        return plain, stated.label if stated is not None and fitted.problem.has_units else "?"
    if stated is not None and stated.dimension == dimension and not stated.offset:
        own = next(
            (unit for unit in fitted.problem.units if (unit.dimension, unit.factor, unit.offset) == (dimension, stated.factor, 0.0)), stated
        )
        return own, own.label
    if dimension.is_dimensionless:
        return plain, ""
    unit = unit_for(dimension, tuple(one for one in fitted.problem.units if _is_readable(si, one)))
    if unit.factor == 1.0:  # nobody's, perhaps
        made = composed_unit(dimension, fitted.problem.units)
        unit = made if made is not None and _is_readable(si, made) else unit
    return unit, unit.label


def _is_readable(si: float, unit: Unit) -> bool:
    return _READABLE[0] <= abs(si / unit.factor) <= _READABLE[1]


def _stated(meaning: Meaning | None) -> Unit | None:
    if meaning is None or meaning.unit in (None, "any"):
        return None
    try:
        return parse_unit(str(meaning.unit))
    except UnitError:
        return None


_QUANTITIES: Mapping[Dimension, str] = {
    Dimension.of(m=1): "length",
    Dimension.of(s=1): "time",
    Dimension.of(kg=1): "mass",
    Dimension.of(K=1): "temperature",
    Dimension.of(A=1): "current",
    Dimension.of(m=-1): "wavenumber",
    Dimension.of(s=-1): "rate",
    Dimension.of(m=1, s=-1): "speed",
    Dimension.of(m=1, s=-2): "acceleration",
    Dimension.of(m=2): "area",
    Dimension.of(m=3): "volume",
    Dimension.of(m=2, s=-1): "diffusivity",
    Dimension.of(kg=1, m=-3): "density",
    Dimension.of(kg=1, m=1, s=-2): "force",
    Dimension.of(kg=1, m=-1, s=-2): "pressure",
    Dimension.of(kg=1, m=2, s=-2): "energy",
    Dimension.of(kg=1, m=2, s=-3): "power",
    Dimension.of(kg=1, m=2, s=-3, A=-1): "voltage",
    Dimension.of(kg=1, m=2, s=-3, A=-2): "resistance",
    Dimension.of(kg=1, m=-1, s=-1): "viscosity",
    Dimension.of(A=1, s=1): "charge",
    Dimension(): "number",
}


def quantity_of(dimension: Dimension) -> str:
    """Key of the usual name of a quantity of this dimension (`quantity.<key>` in the string table), "" if there is none."""
    return _QUANTITIES.get(dimension, "")
