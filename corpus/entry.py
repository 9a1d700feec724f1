"""A corpus entry: one formula with everything a person and a program need to use it.

The schema is `Entry`; `entry.formula_tree` is its mathematics, and `violations(entry)` lists every rule it breaks:
symbols declared and used, dimensions consistent (exact rational algebra), check numbers reproduced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from corpus.canonical import canonicalise
from corpus.constants import CODATA, known_constant
from corpus.dimension import Dimension, infer
from corpus.errors import RecommenderError, UnitError
from corpus.formula import Formula, parse
from corpus.language import Language
from corpus.units import ONE, Unit, parse_unit

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Sign = Literal["positive", "negative", "any"]
RelationKind = Literal["special_case_of", "limit_of", "generalises", "inverse_of"]
ANY_UNIT = "any"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Model):
    """The same words in both languages."""

    en: str
    ja: str

    def of(self, language: Language) -> str:
        return self.ja if language == "ja" else self.en


class Keywords(_Model):
    """Words a customer would type."""

    en: tuple[str, ...] = ()
    ja: tuple[str, ...] = ()


Range = tuple[float, float]
UnitText = Annotated[str, BeforeValidator(lambda value: str(value))]


class Quantity(_Model):
    """Target or variable: symbol, what it measures, the unit its range is given in (`any` fits every unit)."""

    symbol: Symbol
    quantity: Words
    unit: UnitText
    range: Range | None = None
    sign: Sign = "any"

    @property
    def meaning(self) -> Words:
        return self.quantity


class Parameter(_Model):
    """A coefficient one fits or knows from the device: symbol, meaning, unit, typical range, sign."""

    symbol: Symbol
    meaning: Words
    unit: UnitText
    range: Range | None = None
    sign: Sign = "any"


class Relation(_Model):
    """A tie to another entry."""

    kind: RelationKind
    id: str


class Check(_Model):
    """Numbers, in the stated units, that the formula must reproduce."""

    inputs: Mapping[str, float]
    output: float
    rtol: float = 1e-3


class Entry(_Model):
    """One formula of the corpus."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    name: Words
    description: Words
    aliases: tuple[str, ...] = ()
    keywords: Keywords = Keywords()
    domain: str
    formula: str
    target: Quantity
    variables: tuple[Quantity, ...] = Field(min_length=1)
    parameters: tuple[Parameter, ...] = ()
    constants: Mapping[Symbol, str] = Field(default_factory=dict)
    validity: Words | None = None
    homogeneous: bool = True
    equivalent_forms: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    source: str
    tags: tuple[str, ...] = ()
    licence: str = "CC0-1.0"
    provenance: str = "seed"
    tenant: str = "public"
    check: tuple[Check, ...] = ()

    @cached_property
    def parts(self) -> tuple[Quantity | Parameter, ...]:
        """Target, variables and parameters."""
        return self.target, *self.variables, *self.parameters

    @cached_property
    def symbols(self) -> Mapping[str, Quantity | Parameter]:
        """Every symbol of the right-hand side but the constants."""
        return {part.symbol: part for part in self.parts[1:]}

    @cached_property
    def formula_tree(self) -> Formula:
        """The right-hand side with its variables as columns; parameters and constants stay coefficients."""
        names = [*(p.symbol for p in self.parameters), *self.constants]
        return parse(self.formula, [v.symbol for v in self.variables], names)

    @cached_property
    def key(self) -> str:
        """Canonical key: the same for every spelling of the same family."""
        return canonicalise(self.formula_tree).key

    @cached_property
    def constant_values(self) -> Mapping[str, float]:
        """SI values of the known constants."""
        return {symbol: known_constant(name)[0] for symbol, name in self.constants.items()}

    @cached_property
    def constant_dimensions(self) -> Mapping[str, Dimension]:
        """Dimensions of the known constants."""
        return {symbol: parse_unit(known_constant(name)[1]).dimension for symbol, name in self.constants.items()}

    def unit_of(self, symbol: str) -> Unit | None:
        """The unit a symbol (or the target) is stated in; None where any unit fits."""
        part = self.target if symbol == self.target.symbol and symbol not in self.symbols else self.symbols[symbol]
        return None if part.unit == ANY_UNIT else parse_unit(part.unit)

    def dimension_of(self, symbol: str) -> Dimension | None:
        unit = self.unit_of(symbol)
        return None if unit is None else unit.dimension

    def evaluate(self, inputs: Mapping[str, float]) -> float:
        """The target in its stated unit, from inputs in theirs."""
        given = {name: np.array([self._inside(name, value)]) for name, value in inputs.items()}
        columns = {name: given[name] for name in self.formula_tree.variables}
        parameters: dict[str, float] = {name: float(given[name][0]) for name in given if name in {p.symbol for p in self.parameters}}
        parameters |= self.constant_values
        value = float(self.formula_tree.evaluate(columns, parameters)[0])
        unit = self.unit_of(self.target.symbol)
        return float(unit.from_si(value)) if self.homogeneous and unit is not None else value

    def _inside(self, name: str, value: float) -> float:
        unit = self.unit_of(name)
        return float(unit.to_si(value)) if self.homogeneous and unit is not None else value


def violations(entry: Entry) -> Iterator[str]:
    """Every rule the entry breaks, one English sentence each."""
    try:
        formula = entry.formula_tree
    except RecommenderError as error:
        yield str(error)
        return
    yield from _symbol_violations(entry, formula)
    for form in entry.equivalent_forms:
        yield from _form_violations(entry, form)
    units = list(_unit_violations(entry))
    yield from units
    if units:
        return
    if entry.homogeneous:
        yield from _dimension_violations(entry, formula)
    yield from _check_violations(entry)


def _symbol_violations(entry: Entry, formula: Formula) -> Iterator[str]:
    declared = [part.symbol for part in entry.parts[1:]] + list(entry.constants)
    for name in sorted({name for name in declared if declared.count(name) > 1}):
        yield f"symbol {name} is declared twice"
    for name in sorted(set(declared) - {*formula.variables, *formula.parameters}):
        yield f"symbol {name} is declared but not in the formula"
    if entry.target.symbol in declared:
        yield f"target {entry.target.symbol} is also on the right-hand side"
    for name, known in entry.constants.items():
        if known not in CODATA:
            yield f"constant {name}: {known} is not a CODATA name we know"
    yield from (f"range of {p.symbol} is not low < high" for p in entry.parts if p.range is not None and not p.range[0] < p.range[1])
    if not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", entry.name.ja + entry.description.ja):
        yield "the Japanese name and description hold no Japanese"


def _unit_violations(entry: Entry) -> Iterator[str]:
    for part in entry.parts:
        try:
            if part.unit != ANY_UNIT:
                parse_unit(part.unit)
        except UnitError as error:
            yield f"{part.symbol}: {error}"


def _form_violations(entry: Entry, form: str) -> Iterator[str]:
    """Another spelling must be readable and have the same values, compared at random points where both have one."""
    formula = entry.formula_tree
    try:
        other = parse(form, formula.variables, [*(p.symbol for p in entry.parameters), *entry.constants])
    except RecommenderError as error:
        yield f"equivalent form {form!r}: {error}"
        return
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(0.3, 0.9, 8) for name in formula.variables}
    values = {name: float(rng.uniform(0.3, 0.9)) for name in sorted({*formula.parameters, *other.parameters})}
    one, two = formula.evaluate(columns, values), other.evaluate(columns, values)
    both = np.isfinite(one) & np.isfinite(two)
    if not np.allclose(one[both], two[both], rtol=1e-6):
        yield f"equivalent form {form!r} has other values than the formula"


def _dimension_violations(entry: Entry, formula: Formula) -> Iterator[str]:
    known = {name: dimension for name in entry.symbols if (dimension := entry.dimension_of(name)) is not None}
    known |= {symbol: parse_unit(known_constant(name)[1]).dimension for symbol, name in entry.constants.items() if name in CODATA}
    for conflict in infer(formula.root, known, entry.dimension_of(entry.target.symbol)).conflicts:
        yield f"dimensions disagree ({conflict.kind}): {conflict.sentence}"


def _check_violations(entry: Entry) -> Iterator[str]:
    if any(known not in CODATA for known in entry.constants.values()):
        return  # said already
    for number, check in enumerate(entry.check, 1):
        if wrong := ", ".join(check.inputs.keys() - entry.symbols.keys()):
            yield f"check {number}: the formula has no symbol {wrong}"
            continue
        if missing := ", ".join(name for name in entry.symbols if name not in check.inputs):
            yield f"check {number}: no value for {missing}"
            continue
        value = entry.evaluate(check.inputs)
        if not np.isclose(value, check.output, rtol=check.rtol, atol=0):
            yield f"check {number} gives {value:.6g}, not {check.output:.6g}"


__all__ = ["ANY_UNIT", "ONE", "Check", "Entry", "Keywords", "Parameter", "Quantity", "Relation", "Words", "violations"]
