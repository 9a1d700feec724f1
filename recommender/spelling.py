"""Relations between a coefficient and known quantities, as a person reads them: `p2 = (1.002 ± 0.004)·L`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from corpus.constants import known_constant
from corpus.units import ONE, Unit
from recommender.table import Column
from recommender.tuning import Relation

_PLAIN = ("", "1·", "2·", "0.5·", "3·", "4·", "1/4·", "1/3·")


def spelled(name: str, unit: Unit, units_known: bool, relation: Relation, columns: Sequence[Column]) -> str:
    """The relation in the units shown: of the coefficient `name` in `unit`, and of the columns of the groups.

    units_known: False leaves units out. A factor without dimension is given as it is, whatever prefixes the units have. A column called
    like the coefficient stands in brackets.
    """
    chosen = [_bracketed(columns[place], name) for place in relation.quantities]
    if relation.law == "power":
        return f"{name} = {_power(unit, units_known, relation, chosen)}"
    if relation.law in ("same", "varies"):
        return ""
    return f"{name} = {_line(unit, units_known, relation, chosen[0])}"


def _bracketed(column: Column, name: str) -> Column:
    return replace(column, name=f"[{column.name}]") if column.name == name else column


def _power(unit: Unit, units_known: bool, relation: Relation, columns: Sequence[Column]) -> str:
    scales = [_scale(column) for column in columns]
    powers = list(zip(scales, relation.exponents, strict=True))
    left = unit.dimension
    for scale, exponent in powers:
        left = left / scale.dimension ** Fraction(exponent).limit_denominator(100)
    in_si = units_known and (left.is_dimensionless or unit.text == str(unit.dimension))  # SI too where it is nobody's unit
    shown = 1.0 if in_si else math.prod(scale.factor ** float(exponent) for scale, exponent in powers) / unit.factor
    factor = uncertain(relation.factor * shown, relation.factor_error * shown)
    label = f" {left}".replace("**", "^").replace("*", "·") if in_si else _labels(unit, scales, relation.exponents)
    product = _product([column.name for column in columns], relation.exponents)
    multiple = f" ≈ {_joined(relation.multiple.rstrip('·'), product)}" if relation.multiple not in _PLAIN else ""
    return f"{_joined(factor if left.is_dimensionless or not units_known else f'{factor}{label}', product)}{multiple}"


def _joined(factor: str, product: str) -> str:
    return f"{factor}{product}" if product.startswith("/") else f"{factor}·{product}"


def _product(names: Sequence[str], exponents: Sequence[Fraction | float]) -> str:
    """`L^2/T`, `/L`"""
    above = [_raised(name, b) for name, b in zip(names, exponents, strict=True) if b > 0]
    below = [_raised(name, -b) for name, b in zip(names, exponents, strict=True) if b < 0]
    return "·".join(above) + "".join(f"/{part}" for part in below)


def _raised(name: str, exponent: Fraction | float) -> str:
    if exponent == 1:
        return name
    if exponent == Fraction(1, 2):
        return f"√({name})" if len(name) > 1 else f"√{name}"
    text = f"{exponent:.3g}" if isinstance(exponent, float) else str(exponent)
    return f"{name}^({text})" if "/" in text else f"{name}^{text}"


def _labels(unit: Unit, scales: Sequence[Unit], exponents: Sequence[Fraction | float]) -> str:
    """The unit of a factor: that of the coefficient over those of the quantities."""
    top = [unit.label] if unit.label else []
    top += [_raised(scale.text, -b) for scale, b in zip(scales, exponents, strict=True) if b < 0]
    below = "".join(f"/{_raised(scale.text, b)}" for scale, b in zip(scales, exponents, strict=True) if b > 0)
    return f" {'·'.join(top) or '1'}{below}"


def _scale(column: Column) -> Unit:
    """The unit a column is shown in; kelvin for a temperature scale with another zero."""
    unit = column.unit or ONE
    return Unit("K", unit.dimension, 1.0) if unit.offset else unit


def _line(unit: Unit, units_known: bool, relation: Relation, column: Column) -> str:
    """The other laws; `ln` takes the number of the column's units."""
    q, scale = column.name, _scale(column)
    own = f" {unit.label}" if unit.label and units_known else ""
    known = units_known and bool(scale.label)
    zero, slope = unit.offset / unit.factor, relation.slope / unit.factor
    if relation.law == "affine":
        per = f" {unit.label or '1'}/{scale.text}" if known else own
        return f"{_first(relation, unit, zero)}{own} {_second(relation, unit, scale.factor)}{per}·{q}"
    if relation.law == "inverse":
        times = f" {'·'.join(filter(None, (unit.label, scale.text)))}" if known else own
        return f"{_first(relation, unit, zero)}{own} {_second(relation, unit, 1 / scale.factor)}{times}/{q}"
    if relation.law == "logarithmic":
        number = f"ln({q}/{scale.text})" if scale.label else f"ln({q})"
        return f"{_first(relation, unit, zero - slope * math.log(scale.factor))}{own} {_second(relation, unit, 1.0)}{own}·{number}"
    if relation.law == "hyperbolic":
        half = _short(relation.factor / relation.slope / scale.factor) + (f" {scale.label}" if scale.label else "")
        return f"{_short(1 / relation.factor / unit.factor)}{own}/(1 + {q}/({half}))"
    return f"{_short(relation.factor / unit.factor)}{own}·exp({_exponent(relation, column)})"


def _first(relation: Relation, unit: Unit, zero: float) -> str:
    return uncertain(relation.factor / unit.factor - zero, relation.factor_error / abs(unit.factor))


def _second(relation: Relation, unit: Unit, scale: float) -> str:
    value, error = relation.slope * scale / unit.factor, abs(relation.slope_error * scale / unit.factor)
    return f"{'-' if value < 0 else '+'} {uncertain(abs(value), error)}"


def _exponent(relation: Relation, column: Column) -> str:
    scale = _scale(column)
    if relation.law == "arrhenius":
        sign = "-" if relation.slope > 0 else ""
        return f"{sign}{energy(relation)}/(R·{column.name})" if column.unit is not None else f"{_short(-relation.slope)}/{column.name}"
    per = f"/{scale.text}" if scale.label else ""
    return f"{uncertain(relation.slope * scale.factor, relation.slope_error * scale.factor)}{per}·{column.name}"


def energy(relation: Relation) -> str:
    """Size of the energy in the exponent of an Arrhenius law, kJ/mol."""
    gas = known_constant("gas_constant")[0] / 1000
    return f"{uncertain(abs(relation.slope) * gas, relation.slope_error * gas)} kJ/mol"


def uncertain(value: float, error: float) -> str:
    """`(1.002 ± 0.004)`: the error to one or two digits; the value alone where there is no error."""
    if not (math.isfinite(value) and math.isfinite(error) and error > 1e-9 * abs(value)):
        return _short(value)
    exponent = math.floor(math.log10(max(abs(value), error)))
    power = exponent if not -3 <= exponent <= 5 else 0
    places = min(max(0, 1 - math.floor(math.log10(error / 10.0**power))), 9)
    text = f"({value / 10.0**power:.{places}f} ± {error / 10.0**power:.{places}f})"
    return f"{text}e{power:+d}" if power else text


def _short(value: float) -> str:
    return f"{value:.5g}"
