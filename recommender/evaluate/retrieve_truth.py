"""Which entries of the corpus are the law behind a case: decided by computing, by the scorer alone.

The accepted formula is evaluated on the rows of the case, so that noise plays no part. An entry is that law if its symbols can be dealt to
the columns by dimension, every column the law needs being dealt, so that the entry gives those values with an NMSE below 1e-9. It may be
solved for another of its quantities. Symbols nobody plays may be fitted, but no more of them than the accepted formula has coefficients
(a power law of free exponents is not Coulomb's law), or stand at their neutral value, 0 or 1 (a relative permittivity, a phase).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from corpus import tree
from corpus.canonical import canonicalise
from corpus.dimension import Dimension
from corpus.entry import ANY_UNIT, Entry
from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.units import Unit, parse_unit
from recommender.evaluate.cases import Case
from recommender.evaluate.scoring import Rows
from recommender.evaluate.truth import Truth
from recommender.fitting import fit
from recommender.samples import Samples

SAME = 1e-9
BUDGET = 0.02
_DEALS = 240
_FITS = 2
_ROWS = 60
_MOST_NEUTRAL = 3
_LEAST_VARIATION = 1e-6
_MOST_WILD = 3  # columns up to which symbols of any unit are tried
_PLAIN = 12.0  # numbers up to this with a short fraction are part of a form, not coefficients of it
_TARGET = ""
_GENERIC = "shapes."

Deal = Mapping[str, str]


@dataclass(frozen=True)
class Law:
    """The accepted law on rows: values of target (name "") and of the columns it needs, in SI.

    free: how many coefficients it has; empirical: whether some of them were fitted, so that a law of any quantities may be meant; key: its
    canonical key in the names of the columns.
    """

    values: Mapping[str, Array]
    dimensions: Mapping[str, Dimension | None]
    free: int
    empirical: bool
    key: str

    @property
    def shows(self) -> bool:
        """Whether the target varies by more than rounding."""
        target = self.values[_TARGET]
        return bool(np.ptp(target) > _LEAST_VARIATION * np.max(np.abs(target)))

    @classmethod
    def of(cls, case: Case) -> Law:
        """BenchError if the accepted formula cannot be read."""
        truth = Truth.of(case)
        rows = Rows.of(case, case.train)
        with np.errstate(all="ignore"):
            target = truth.formula.evaluate(rows.columns, truth.values)
        good = np.flatnonzero(np.isfinite(target))[:_ROWS]
        units = _units(case)
        needed = {name: rows.columns[name][good] for name in truth.formula.variables}
        values = {_TARGET: _si(target[good], units.get(case.target))} | {n: _si(v, units.get(n)) for n, v in needed.items()}
        dimensions = {_TARGET: _dimension(units.get(case.target))} | {name: _dimension(units.get(name)) for name in needed}
        free = len(truth.values) + _coefficients(truth.formula)
        return cls(values, dimensions, free, bool(truth.values), canonicalise(truth.formula).key)


def _units(case: Case) -> dict[str, Unit]:
    return {name: parse_unit(text) for name, text in case.question["units"].items()}


def _si(values: Array, unit: Unit | None) -> Array:
    return values if unit is None else np.asarray(unit.to_si(values))


def _dimension(unit: Unit | None) -> Dimension | None:
    return None if unit is None else unit.dimension


def _coefficients(formula: Formula) -> int:
    """Distinct numbers of a formula that are no plain ones (natural constants, fitted values)."""
    numbers = {abs(node.number) for node in tree.walk(formula.root) if node.op == "const"}
    return sum(number > _PLAIN or round(24 * number) != 24 * number for number in numbers)


def true_entries(law: Law, entries: Sequence[Entry]) -> list[str]:
    """Ids of the entries that are this law; none where the rows hardly show it. Fits are tried on entries whose units agree."""
    if not law.shows:
        return []
    with np.errstate(all="ignore"):
        return [entry.id for entry in entries if _is_law(law, entry)]


def is_generic(identifier: str) -> bool:
    """Whether an entry is a mere shape, which the program tries on every table without being told to."""
    return identifier.startswith(_GENERIC)


def _is_law(law: Law, entry: Entry) -> bool:
    deals = list(islice(_deals(law, entry), _DEALS))
    if any(_at_neutral(law, entry, deal) or _same_key(law, entry, deal) for deal in deals):
        return True
    return ANY_UNIT not in {part.unit for part in entry.parts} and any(_fitted(law, entry, deal) for deal in deals[:_FITS])


def _deals(law: Law, entry: Entry) -> Iterator[Deal]:
    """Column -> symbol of the entry, every column dealt, the entry's target too; few enough symbols left free."""
    slots = {part.symbol: entry.dimension_of(part.symbol) for part in entry.parts} | dict(entry.constant_dimensions)
    if len(entry.parts) - len(law.values) > law.free + _MOST_NEUTRAL or (not law.empirical and is_generic(entry.id)):
        return
    if len(law.values) > _MOST_WILD:
        slots = {symbol: dimension for symbol, dimension in slots.items() if dimension is not None}
    if _has_room(law, slots):
        yield from (deal for deal in _dealt(law, list(law.values), slots) if entry.target.symbol in deal.values())


def _has_room(law: Law, slots: Mapping[str, Dimension | None]) -> bool:
    """Whether the slots of each dimension, with those that any unit fits, are enough for the columns of that dimension."""
    needed, there = Counter(law.dimensions.values()), Counter(slots.values())
    short = sum(max(0, count - there[dimension]) for dimension, count in needed.items() if dimension is not None)
    return short <= there[None] and len(law.values) <= len(slots)


def _dealt(law: Law, columns: Sequence[str], slots: Mapping[str, Dimension | None]) -> Iterator[Deal]:
    if not columns:
        yield {}
        return
    first, *others = columns
    for symbol, dimension in slots.items():
        if law.dimensions[first] is None or dimension is None or law.dimensions[first] == dimension:
            for rest in _dealt(law, others, {name: d for name, d in slots.items() if name != symbol}):
                yield {first: symbol, **rest}


@dataclass(frozen=True)
class _Dealt:
    """An entry with its symbols dealt: what it says, of which columns, and what it should give."""

    formula: Formula
    columns: Mapping[str, Array]
    target: Array

    @classmethod
    def of(cls, law: Law, entry: Entry, deal: Deal) -> _Dealt | None:
        columns = {symbol: _as_stated(entry, symbol, law.values[column]) for column, symbol in deal.items()}
        target = columns.pop(entry.target.symbol)
        formula = _dealt_formula(entry, columns)
        usable = np.all(np.isfinite(target)) and np.ptp(target) > 0 and set(columns) <= set(formula.variables)
        return cls(formula, columns, target) if usable else None

    def gives(self, values: Mapping[str, float]) -> bool:
        error = np.mean((self.formula.evaluate(self.columns, values) - self.target) ** 2)
        return bool(error < SAME * np.var(self.target))


def _at_neutral(law: Law, entry: Entry, deal: Deal) -> bool:
    """Whether the entry gives the law's values with every free symbol at 0 or 1."""
    dealt = _Dealt.of(law, entry, deal)
    if dealt is None or len(dealt.formula.parameters) > _MOST_NEUTRAL:
        return False
    names = dealt.formula.parameters
    return any(dealt.gives(dict(zip(names, values, strict=True))) for values in product((1.0, 0.0), repeat=len(names)))


def _same_key(law: Law, entry: Entry, deal: Deal) -> bool:
    """Whether the entry, not turned round, has the canonical key of an empirical law."""
    if not law.empirical or deal[_TARGET] != entry.target.symbol:
        return False
    names = {symbol: column for column, symbol in deal.items() if column != _TARGET}
    if {v.symbol for v in entry.variables} == set(names) and _tokens(entry.key, names) != _tokens(law.key, law.values):
        return False  # the names of columns order the terms of a key and change nothing else
    formula = entry.formula_tree.as_columns(names)
    free = {tree.var(v.symbol): tree.param(f"{v.symbol}_") for v in entry.variables if v.symbol not in names}
    return canonicalise(Formula(tree.substitute(formula.root, free))).key == law.key


def _tokens(key: str, columns: Iterable[str]) -> Counter[str]:
    """The signs of a canonical key, its columns without their names."""
    names = set(columns)
    return Counter("column" if token in names else token for token in re.findall(r"\w+|\W", key))


def _fitted(law: Law, entry: Entry, deal: Deal) -> bool:
    """Whether as many free symbols as the law has coefficients can be fitted to its values; for curves alone, as it takes long."""
    dealt = _Dealt.of(law, entry, deal)
    if dealt is None or len(law.values) > 3 or not 0 < len(dealt.formula.parameters) == law.free:
        return False
    try:
        found = fit(dealt.formula, Samples(dealt.columns, dealt.target), budget=BUDGET)
    except RecommenderError:
        return False
    return bool(found.rss < SAME * float(np.var(dealt.target)) * len(dealt.target))


def _as_stated(entry: Entry, symbol: str, values: Array) -> Array:
    """SI values, or values in the entry's own unit where its formula holds in those."""
    unit = None if entry.homogeneous or symbol in entry.constants else entry.unit_of(symbol)
    return values if unit is None else np.asarray(unit.from_si(values))


def _dealt_formula(entry: Entry, columns: Mapping[str, Array]) -> Formula:
    """The formula with the dealt symbols as columns, the other constants as numbers, everything else free."""
    root = entry.formula_tree.as_columns({symbol: symbol for symbol in columns}).root
    bound = {tree.param(s): tree.const(v) for s, v in entry.constant_values.items() if s not in columns}
    free = {tree.var(v.symbol): tree.param(v.symbol) for v in entry.variables if v.symbol not in columns}
    return Formula(tree.substitute(root, {**bound, **free}))
