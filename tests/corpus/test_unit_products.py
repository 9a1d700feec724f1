"""Units for coefficients made of those of a table."""

from __future__ import annotations

import pytest

from corpus.unit_products import composed_unit
from corpus.units import parse_unit


@pytest.mark.parametrize(
    ("wanted", "used", "found"),
    [
        ("s**4*A**2/(kg*m)", ("N", "V", "mm", "℃"), "N*mm**2/V**2"),
        ("K/s", ("℃", "分"), "K/分"),
        ("1/min", ("L", "min", "mg/L"), "1/min"),
        ("mol/s", ("mol/L", "L/min"), "(mol/L)*(L/min)"),
        ("m/s", ("mm", "ms", "N"), "mm/ms"),
        ("N/m**0.5", ("N", "mm"), "N/mm**(1/2)"),
    ],
)
def test_a_dimension_is_made_of_the_units_in_use(wanted: str, used: tuple[str, ...], found: str) -> None:
    unit = composed_unit(parse_unit(wanted).dimension, map(parse_unit, used))
    assert unit is not None
    assert (unit.text, unit.dimension) == (found, parse_unit(wanted).dimension)
    assert unit.factor == pytest.approx(parse_unit(found).factor)


@pytest.mark.parametrize(("wanted", "used"), [("m", ("mL",)), ("kg", ("V", "mm")), ("s**9", ("s",)), ("A", ())])
def test_what_few_halves_of_powers_do_not_make_is_left_in_si(wanted: str, used: tuple[str, ...]) -> None:
    assert composed_unit(parse_unit(wanted).dimension, map(parse_unit, used)) is None
