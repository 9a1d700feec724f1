"""Units of measurement: the only door to pint.

`parse_unit("kgf/cm2")` gives a `Unit` that converts values to SI base units and back. Spellings that customers type
(℃, ％, ㎜, full-width digits, cm2, μm) are normalised first. Angles count as dimensionless.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.dimension import BASE, DIMENSIONLESS, Dimension
from corpus.errors import UnitError
from corpus.functions import Array

if TYPE_CHECKING:
    import pint

MAX_UNIT_LENGTH = 80
_PINT_BASE = ("kilogram", "meter", "second", "ampere", "kelvin", "mole", "candela")
_EXTRA = (
    "magnitude_unit = [] = mag",
    "solar_luminosity = 3.828e26 * watt = Lsun",
    "solar_mass = 1.98841e30 * kilogram = Msun",
    "solar_radius = 6.957e8 * meter = Rsun",
    "jansky = 1e-26 * watt / meter ** 2 / hertz = Jy",
    "ppmv = 1e-6",
    "ppb = 1e-9",
)
_WORDS = {
    "℃": "degC",
    "°C": "degC",
    "℉": "degF",
    "°F": "degF",
    "°": "deg",
    "\u2126": "ohm",
    "\u03a9": "ohm",
    "\u212b": "angstrom",
    "\u00c5": "angstrom",
    "‰": "permille",
}
_SIGNS: dict[int, str] = {ord(a): b for a, b in zip("²³⁻¹·⋅・×−", ("**2", "**3", "^-", "1", "*", "*", "*", "*", "-"), strict=True)}
_SPELLINGS = {
    "%": "percent",
    "degc": "degC",
    "deg C": "degC",
    "celsius": "degC",
    "kgf": "kilogram_force",
    "rpm": "revolutions_per_minute",
    "hr": "hour",
    "hrs": "hour",
    "sec": "second",
    "mins": "minute",
    "-": "1",
    "": "1",
    "none": "1",
    "dimensionless": "1",
    "a.u.": "1",
    "arb.": "1",
    "cc": "cm**3",
    "秒": "second",
    "分": "minute",
    "時間": "hour",
    "日": "day",
    "度": "degree",
}


@dataclass(frozen=True)
class Unit:
    """A unit: `si = value * factor + offset`; `text` is what the customer wrote."""

    text: str
    dimension: Dimension
    factor: float
    offset: float = 0.0

    def to_si(self, values: Array | float) -> Array:
        """Values in SI base units, same shape."""
        return np.asarray(values, float) * self.factor + self.offset

    def from_si(self, values: Array | float) -> Array:
        """Values in this unit, same shape."""
        return (np.asarray(values, float) - self.offset) / self.factor

    @property
    def is_dimensionless(self) -> bool:
        return self.dimension.is_dimensionless

    @property
    def label(self) -> str:
        """What to print beside a number; empty for a pure number."""
        return "" if self.text in ("1", "") else self.text


ONE = Unit("1", DIMENSIONLESS, 1.0)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    for definition in _EXTRA:
        registry.define(definition)
    return registry


@cache
def parse_unit(text: str) -> Unit:
    """The unit a text names. UnitError with a suggestion if nobody knows it."""
    shown = text.strip()
    if len(shown) > MAX_UNIT_LENGTH:
        raise UnitError("unit_too_long", limit=MAX_UNIT_LENGTH)
    number, rest = _leading_number(unicodedata.normalize("NFKC", shown))
    normal = _normalise(rest)
    if normal in ("1", ""):
        return Unit(shown or "1", DIMENSIONLESS, number)
    try:
        return _from_pint(shown, normal, number)
    except UnitError:
        raise
    except Exception:  # pint raises its own tree, tokenize errors and AttributeErrors
        raise UnitError("unit_unknown", unit=shown) from None


def _normalise(text: str) -> str:
    for mark, word in _WORDS.items():
        text = text.replace(mark, word)
    text = text.translate(_SIGNS)
    text = unicodedata.normalize("NFKC", text).strip().replace("μ", "u").replace("^", "**")
    if text.lower() in _SPELLINGS or text in _SPELLINGS:
        return _SPELLINGS.get(text, _SPELLINGS.get(text.lower(), text))
    text = re.sub(r"(?<![A-Za-z_])kgf(?![A-Za-z_])", "kilogram_force", text).replace("%", "percent")
    text = re.sub(r"(?<=[A-Za-z])-?([1-9])(?![\d.])", _power, text)
    return re.sub(r"(?<=[A-Za-z0-9)])\s+(?=[A-Za-z(])", "*", text)


def _power(match: re.Match[str]) -> str:
    """cm2 -> cm**2, s-1 -> s**-1."""
    sign = "-" if match.group().startswith("-") else ""
    return f"**{sign}{match.group(1)}"


def _leading_number(text: str) -> tuple[float, str]:
    """Split `1e-8/s` into (1e-8, `1/s`)."""
    match = re.match(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?)\s*(?=[*/]|$|\s|[A-Za-z])", text)
    if match is None:
        return 1.0, text
    rest = text[match.end() :].lstrip()
    return float(match[1]), f"1{rest}" if rest.startswith("/") else rest.removeprefix("*").strip()


def _from_pint(shown: str, normal: str, number: float) -> Unit:
    if not re.fullmatch(r"[A-Za-z_][\w ]*|[\w\s*/().+-]+", normal) or re.search(r"\*\*\s*\(?-?\d{3,}", normal):
        raise UnitError("unit_unknown", unit=shown)
    unit = _registry().parse_units(normal) if normal[0].isalpha() else _registry().parse_expression(normal).units
    one, zero = (_registry().Quantity(x, unit).to_base_units() for x in (1.0, 0.0))
    dimension = _dimension(unit.dimensionality, shown)
    return Unit(shown, dimension, number * (float(one.magnitude) - float(zero.magnitude)), float(zero.magnitude))


def _dimension(dimensionality: Any, shown: str) -> Dimension:
    names = dict(zip(("[mass]", "[length]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]"), BASE, strict=True))
    if any(name not in names for name in dimensionality):
        raise UnitError("unit_unknown", unit=shown)
    return Dimension.of(**{names[name]: Fraction(float(power)).limit_denominator(1000) for name, power in dimensionality.items()})


def unit_for(dimension: Dimension, preferred: tuple[Unit, ...] = ()) -> Unit:
    """The unit to show a quantity of this dimension in: a preferred one of the same dimension, else SI."""
    for unit in preferred:
        if unit.dimension == dimension and not unit.offset:
            return unit
    return Unit(str(dimension), dimension, 1.0)
