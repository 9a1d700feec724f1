"""An entry read the other way round: solved for one of its variables or coefficients, its target becoming a variable."""

from __future__ import annotations

from collections.abc import Iterator

from corpus import tree
from corpus.entry import Entry, Parameter, Quantity
from corpus.errors import FormulaError
from corpus.formula import Formula
from corpus.solve import solve


def rearranged(entry: Entry, symbol: str) -> Iterator[Entry]:
    """The entry solved for `symbol`, one for each branch; nothing if there is no closed form. Ids stay, check numbers go."""
    part = entry.symbols[symbol]
    leaf = tree.var(symbol) if isinstance(part, Quantity) else tree.param(symbol)
    for root in solve(entry.formula_tree.root, tree.var(entry.target.symbol), leaf):
        try:
            yield _with(entry, part, Formula(root).text)
        except FormulaError:  # longer or deeper than a formula may be
            continue


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
