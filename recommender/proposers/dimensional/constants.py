"""Constants of nature that a law may ask for: products of them by dimension."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from corpus import tree
from corpus.constants import known_constant
from corpus.functions import Array
from corpus.tree import Node
from corpus.units import parse_unit

_SYMBOLS = {  # symbol -> name, and the nats of its being in a law at all
    "c": ("speed_of_light", 0.2),
    "h": ("planck", 0.3),
    "k_B": ("boltzmann", 0.3),
    "R_gas": ("gas_constant", 0.3),
    "e_charge": ("elementary_charge", 0.4),
    "eps_0": ("vacuum_permittivity", 0.4),
    "G": ("gravitational_constant", 0.5),
    "g_0": ("standard_gravity", 0.8),
    "mu_0": ("vacuum_permeability", 1.0),
    "sigma_SB": ("stefan_boltzmann", 1.0),
    "F_const": ("faraday", 1.0),
    "N_A": ("avogadro", 1.2),
    "m_e": ("electron_mass", 1.5),
}
_POWERS = np.array([1.0, -1, 2, -2, 3, -3, 4, -4])
_MOST = 3
_LARGEST_COST = 5.0
_PER_DIMENSION = 3
Key = tuple[float, ...]


@dataclass(frozen=True)
class Constants:
    """A product of powers of constants. values: SI value of each symbol; value: of the product; cost: nats."""

    exponents: tuple[tuple[str, int], ...]
    value: float
    cost: float

    @property
    def node(self) -> Node:
        """The product, its constants as coefficients."""
        return tree.mul(*(tree.power(tree.param(name), tree.const(e)) for name, e in self.exponents))

    @property
    def known(self) -> dict[str, float]:
        """SI value of each symbol."""
        return {name: known_constant(_SYMBOLS[name][0])[0] for name, _ in self.exponents}


NONE = Constants((), 1.0, 0.0)


def full_names(symbols: Iterable[str]) -> dict[str, str]:
    """symbol -> name in the table of known constants, for the symbols used here."""
    return {symbol: _SYMBOLS[symbol][0] for symbol in symbols if symbol in _SYMBOLS}


def key_of(dimension: Array) -> Key:
    """A dimension, shape (7,), as a key."""
    return tuple(np.round(dimension, 4) + 0.0)


@cache
def by_dimension() -> Mapping[Key, tuple[Constants, ...]]:
    """Up to a few products of constants for every dimension they can make, plainest first."""
    names = list(_SYMBOLS)
    exponents = _exponents(len(names))
    facts = [known_constant(full) for full, _ in _SYMBOLS.values()]
    logs = exponents @ np.log([fact for fact, _ in facts])
    dimensions = np.round(exponents @ np.array([parse_unit(unit).dimension.exponents for _, unit in facts], float), 4) + 0.0
    found: dict[Key, list[Constants]] = {}
    for row, log, dimension in zip(exponents, logs, dimensions, strict=True):
        same = found.setdefault(tuple(dimension), [])
        if len(same) < _PER_DIMENSION and not any(math.isclose(math.exp(log), other.value, rel_tol=1e-9) for other in same):
            pairs = tuple((names[i], int(row[i])) for i in np.flatnonzero(row))
            same.append(Constants(pairs, math.exp(log), float(_cost(row))))
    return {key: tuple(products) for key, products in found.items()}


def _exponents(count: int) -> Array:
    """Exponents of the products worth a thought, shape (m, count), plainest first."""
    blocks = []
    for size in range(1, _MOST + 1):
        powers = np.stack(np.meshgrid(*[_POWERS] * size, indexing="ij"), axis=-1).reshape(-1, size)
        for chosen in itertools.combinations(range(count), size):
            block = np.zeros((len(powers), count))
            block[:, chosen] = powers
            blocks.append(block[_cost(block) <= _LARGEST_COST])
    exponents = np.concatenate(blocks)
    return np.asarray(exponents[np.argsort(_cost(exponents), kind="stable")])


def _cost(exponents: Array) -> Array:
    own = np.array([cost for _, cost in _SYMBOLS.values()])
    return np.asarray((exponents != 0) @ own + 0.7 * np.abs(exponents).sum(axis=-1))
