"""An entry read the other way round: solved for one of its variables or coefficients, its target becoming a variable."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from corpus import implicit, tree
from corpus.entry import Entry, Parameter, Quantity
from corpus.errors import FormulaError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.solve import solve
from corpus.tree import Node

_WIDER = 10.0
_DRAWS = 200
_DECADE = (0.1, 10.0)


def rearranged(entry: Entry, symbol: str, seen: tuple[float, float] | None = None) -> Iterator[Entry]:
    """The entry solved for `symbol`, one for each branch. Ids stay, check numbers go.

    seen: (least, greatest) value of the symbol that is known of, in the numbers of the formula. With it an entry without a closed form for
    the symbol becomes one that is solved numerically about there; without, there is none.
    """
    part = entry.symbols[symbol]
    leaf = tree.var(symbol) if isinstance(part, Quantity) else tree.param(symbol)
    found = False
    for root in solve(entry.formula_tree.root, tree.var(entry.target.symbol), leaf):
        for changed in _changed(entry, part, root):
            found = True
            yield changed
    if not found and seen is not None:
        for root in _numerical(entry, part, leaf, seen):
            yield from _changed(entry, part, root)


def _changed(entry: Entry, part: Quantity | Parameter, root: Node) -> Iterator[Entry]:
    try:
        yield _with(entry, part, Formula(root).text)
    except FormulaError:  # longer or deeper than a formula may be
        return


def _with(entry: Entry, part: Quantity | Parameter, text: str) -> Entry:
    others = [variable for variable in entry.variables if variable.symbol != part.symbol]
    target = Quantity(symbol=part.symbol, quantity=part.meaning, unit=part.unit, range=part.range, sign=part.sign)
    changed = {
        "formula": text,
        "target": target,
        "variables": (entry.target, *others),
        "parameters": tuple(parameter for parameter in entry.parameters if parameter.symbol != part.symbol),
        "equivalent_forms": (),
        "check": (),
    }
    found = Entry.model_validate({**{name: getattr(entry, name) for name in Entry.model_fields}, **changed})
    found.formula_tree  # noqa: B018  # read now, so that an impossible one is left out here
    return found


# --- no closed form -----------------------------------------------------------------------------------------------------


def _numerical(entry: Entry, part: Quantity | Parameter, leaf: Node, seen: tuple[float, float]) -> Iterator[Node]:
    """The lowest solution near what was seen, and the highest if it may be another; none where the symbol stands within another root."""
    low, high = ends(*seen, positive=part.sign == "positive")
    whole, value = entry.formula_tree.root, tree.var(entry.target.symbol)
    relation = implicit.residual(whole, value) if whole.op == "root" else tree.add(whole, tree.mul(tree.const(-1), value))
    try:
        residual = tree.substitute(relation, {leaf: implicit.UNKNOWN})
        lowest, highest = (implicit.root(residual, tree.const(low), tree.const(high), branch, part.symbol) for branch in (1, -1))
    except FormulaError:
        return
    yield lowest
    if _differ(entry, part, (lowest, highest), (low, high)):
        yield highest


def ends(least: float, greatest: float, positive: bool) -> tuple[float, float]:
    """Between which round numbers a value is looked for that was seen between these: ten times further where all have one sign."""
    if least > 0:
        return _rounded(least / _WIDER, up=False), _rounded(greatest * _WIDER, up=True)
    if greatest < 0:
        return _rounded(least * _WIDER, up=False), _rounded(greatest / _WIDER, up=True)
    span = (greatest - least) or 1.0
    return 0.0 if positive else _rounded(least - span, up=False), _rounded(greatest + span, up=True)


def _rounded(value: float, up: bool) -> float:
    """To one digit."""
    unit = 10.0 ** math.floor(math.log10(abs(value))) if value else 1.0
    return float(f"{(math.ceil if up else math.floor)(value / unit) * unit:.0e}")


def _differ(entry: Entry, part: Quantity | Parameter, branches: tuple[Node, Node], between: tuple[float, float]) -> bool:
    """Whether two solutions are different somewhere in the usual ranges of the entry."""
    rng = np.random.default_rng(0)
    given = {one.symbol: _drawn(*_usual(entry, one), rng) for one in entry.parts[1:] if one.symbol != part.symbol}
    given |= {name: np.full(_DRAWS, value) for name, value in entry.constant_values.items()}
    value = _values(entry.formula_tree.root, {**given, part.symbol: _drawn(*between, rng)})
    lowest, highest = (_values(branch, {**given, entry.target.symbol: value}) for branch in branches)
    both = np.isfinite(lowest) & np.isfinite(highest)
    return not np.allclose(lowest[both], highest[both], rtol=1e-6)


def _usual(entry: Entry, part: Quantity | Parameter) -> tuple[float, float]:
    """The usual range in the numbers of the formula."""
    unit = entry.unit_of(part.symbol)
    if part.range is None:
        return _DECADE
    return (float(unit.to_si(part.range[0])), float(unit.to_si(part.range[1]))) if unit is not None and entry.homogeneous else part.range


def _drawn(low: float, high: float, rng: np.random.Generator) -> Array:
    return np.exp(rng.uniform(math.log(low), math.log(high), _DRAWS)) if low > 0 else rng.uniform(low, high, _DRAWS)


def _values(root: Node, given: Mapping[str, Array]) -> Array:
    with np.errstate(all="ignore"):
        return Formula(root).as_columns({name: name for name in given}).evaluate(given)
