"""Quantities a customer knows beside the table (`L = 10 mm`), and what products of them and of constants of nature a value may be."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from corpus.constants import CODATA, known_constant
from corpus.dimension import Dimension
from corpus.errors import ProblemError, UnitError
from corpus.units import ONE, Unit, parse_unit
from recommender.table import Column

UNSTATED = 0.005  # relative uncertainty of a value given without one
WITHIN = 2.0
_DECADES = 3.0  # over which the logarithm of an unknown coefficient is taken to be spread evenly
_EXACT = 1e-6
_LOCAL = {"standard_gravity": 0.003}  # what a constant by definition may differ from the one on the spot
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE = re.compile(rf"\s*(?P<value>[-+]?{_NUMBER})\s*(?:(?:±|\+-|\+/-)\s*(?P<error>{_NUMBER}))?(?P<unit>.*)")

SYMBOLS: Mapping[str, str] = {
    "speed_of_light": "c",
    "planck": "h",
    "hbar": "ħ",
    "boltzmann": "k_B",
    "avogadro": "N_A",
    "gas_constant": "R",
    "elementary_charge": "e",
    "vacuum_permittivity": "ε0",
    "vacuum_permeability": "μ0",
    "gravitational_constant": "G",
    "stefan_boltzmann": "σ",
    "electron_mass": "m_e",
    "proton_mass": "m_p",
    "neutron_mass": "m_n",
    "faraday": "F",
    "standard_gravity": "g",
    "rydberg": "R∞",
    "bohr_radius": "a0",
    "fine_structure": "α",
    "bohr_magneton": "μ_B",
    "nuclear_magneton": "μ_N",
    "atomic_mass": "m_u",
    "wien_displacement": "b_λ",
    "flux_quantum": "Φ0",
    "vacuum_impedance": "Z0",
    "standard_atmosphere": "atm",
    "electron_volt": "eV",
}
_PAIRED = ("planck", "speed_of_light", "boltzmann", "elementary_charge", "gas_constant", "faraday", "vacuum_permittivity", "electron_mass")
# (shown, value, how many as simple as this or simpler)
FACTORS: tuple[tuple[str, float, int], ...] = (
    ("", 1.0, 1),
    ("2·", 2.0, 3),
    ("0.5·", 0.5, 3),
    ("π·", math.pi, 15),
    ("1/π·", 1 / math.pi, 15),
    ("2π·", 2 * math.pi, 15),
    ("1/(2π)·", 0.5 / math.pi, 15),
    ("π/2·", math.pi / 2, 15),
    ("2/π·", 2 / math.pi, 15),
    ("4π·", 4 * math.pi, 15),
    ("1/(4π)·", 0.25 / math.pi, 15),
    ("4·", 4.0, 15),
    ("1/4·", 0.25, 15),
    ("3·", 3.0, 15),
    ("1/3·", 1 / 3, 15),
)
_POWERS = tuple(map(Fraction, ("1", "-1", "2", "-2", "1/2", "-1/2")))
_WHOLE = tuple(map(Fraction, (1, -1, 2, -2)))


@dataclass(frozen=True)
class Quantity:
    """A known quantity: value and standard uncertainty in SI, the customer's unit (None if not stated), words."""

    name: str
    value: float
    error: float
    unit: Unit | None = None
    description: str = ""

    @property
    def dimension(self) -> Dimension | None:
        return None if self.unit is None else self.unit.dimension

    @property
    def shown(self) -> str:
        """`10 mm`"""
        unit = self.unit or ONE
        return f"{float(unit.from_si(self.value)):.6g} {unit.label}".rstrip()

    @classmethod
    def of(cls, name: str, given: str | float) -> Quantity:
        """`10 mm`, `10.02 ± 0.01 mm` or a number. ProblemError if it cannot be read."""
        match = _VALUE.fullmatch(str(given))
        if match is None or not name.strip():
            raise ProblemError("known_unreadable", name=name, given=given)
        try:
            unit = parse_unit(match["unit"]) if match["unit"].strip() else None
        except UnitError as unknown:
            raise ProblemError("known_unit", name=name, reason=unknown.sentence) from None
        value, scale = float(match["value"]), unit or ONE
        si = float(scale.to_si(value))
        error = UNSTATED * abs(si) if match["error"] is None else float(match["error"]) * abs(scale.factor)
        return cls(name.strip(), si, error, unit)

    @classmethod
    def of_column(cls, column: Column, value: float) -> Quantity:
        """A column that holds one value."""
        return cls(column.name, value, UNSTATED * abs(value), column.unit, column.description)


@dataclass(frozen=True)
class Match:
    """A product of known things that agrees with a value.

    shown: `2·L`; quantities, constants: names; deviation: in standard errors; chance: how many as good were to be expected by accident.
    """

    shown: str
    quantities: tuple[str, ...]
    constants: tuple[str, ...]
    deviation: float
    chance: float
    plain: bool


@dataclass(frozen=True)
class _Product:
    """A product of powers of known things: (symbol, power) of each, SI value, its relative uncertainty."""

    parts: tuple[tuple[str, Fraction], ...]
    quantities: tuple[str, ...]
    constants: tuple[str, ...]
    value: float
    share: float
    dimension: Dimension

    @property
    def shown(self) -> str:
        """`k_B·T/e`"""
        above = "·".join(_power_text(symbol, power) for symbol, power in self.parts if power > 0)
        return (above or "1") + "".join(f"/{_power_text(symbol, -power)}" for symbol, power in self.parts if power < 0)

    @property
    def plain(self) -> bool:
        return len(self.parts) == 1 and self.parts[0][1] == 1


def matches(value: float, error: float, dimension: Dimension | None, known: Sequence[Quantity] = ()) -> list[Match]:
    """What a coefficient may be, most convincing first: quantities, constants and their products of its dimension, times a simple factor.

    dimension None: of a table without units, where only known quantities without a unit are compared.
    """
    if not (math.isfinite(value) and math.isfinite(error) and value != 0 and error > 0):
        return []
    found: list[Match] = []
    tried = 0
    for level in _levels(dimension, known):
        alike = [product for product in level if product.value * value > 0]
        tried += len(alike)
        found += (match for product in alike for match in _agreeing(product, value, error, tried))
    return sorted(found, key=lambda match: match.chance)


def _agreeing(product: _Product, value: float, error: float, tried: int) -> Iterator[Match]:
    share = max(math.hypot(error / abs(value), product.share), _EXACT)
    for shown, factor, count in FACTORS:
        deviation = abs(math.log(value / (factor * product.value))) / share
        if deviation <= WITHIN:
            chance = tried * count * 2 * WITHIN * share / (_DECADES * math.log(10))
            text = f"{shown}{product.shown}"
            yield Match(text, product.quantities, product.constants, deviation, chance, not shown and product.plain)


def _levels(dimension: Dimension | None, known: Sequence[Quantity]) -> Iterator[list[_Product]]:
    """Products of the right dimension, simplest level first."""
    given = [_atom(quantity) for quantity in known if quantity.value and (quantity.unit is None) == (dimension is None)]
    yield [atom for atom in given if dimension is None or atom.dimension == dimension]
    if dimension is None or dimension.is_dimensionless:
        return
    yield [atom for atom in _constants() if atom.dimension == dimension]
    yield _of(dimension, (_raised(atom, power) for atom in given for power in _POWERS if power != 1))
    yield [pair for pair in _constant_pairs() if pair.dimension == dimension]
    raised = [[_raised(atom, power) for power in _POWERS] for atom in given]
    yield _of(dimension, (_times(a, b) for one, two in itertools.combinations(raised, 2) for a in one for b in two))
    nature = (*_constants(), *_constant_pairs())
    yield _of(dimension, (_times(a, b) for one in raised for a in one[:4] for b in nature))


def _of(dimension: Dimension, products: Iterable[_Product]) -> list[_Product]:
    return [product for product in products if product.dimension == dimension]


def _power_text(symbol: str, power: Fraction) -> str:
    return symbol if power == 1 else f"√{symbol}" if power == Fraction(1, 2) else f"{symbol}^{power}"


def _atom(quantity: Quantity) -> _Product:
    share = quantity.error / abs(quantity.value)
    return _Product(((quantity.name, Fraction(1)),), (quantity.name,), (), quantity.value, share, quantity.dimension or Dimension())


@cache
def _constants() -> tuple[_Product, ...]:
    found = ((name, *known_constant(name)) for name in CODATA)
    return tuple(
        _Product(((SYMBOLS[name], Fraction(1)),), (), (name,), value, _LOCAL.get(name, 0.0), parse_unit(unit).dimension)
        for name, value, unit in found
    )


@cache
def _constant_pairs() -> tuple[_Product, ...]:
    chosen = [atom for atom in _constants() if atom.constants[0] in _PAIRED]
    raised = [[_raised(atom, power) for power in _WHOLE] for atom in chosen]
    alone = [_raised(atom, power) for atom in _constants() for power in _POWERS[1:]]
    return (*alone, *(_times(a, b) for one, two in itertools.combinations(raised, 2) for a in one for b in two))


def _raised(atom: _Product, power: Fraction) -> _Product:
    value = math.nan if atom.value < 0 and power.denominator != 1 else atom.value ** float(power)
    parts = tuple((symbol, old * power) for symbol, old in atom.parts)
    return _Product(parts, atom.quantities, atom.constants, value, abs(float(power)) * atom.share, atom.dimension**power)


def _times(a: _Product, b: _Product) -> _Product:
    quantities, constants = a.quantities + b.quantities, a.constants + b.constants
    return _Product(b.parts + a.parts, quantities, constants, a.value * b.value, math.hypot(a.share, b.share), a.dimension * b.dimension)
