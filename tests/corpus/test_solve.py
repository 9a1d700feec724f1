"""A relation solved for one of its symbols gives that symbol back."""

from __future__ import annotations

import numpy as np
import pytest

from corpus import tree
from corpus.entry import Entry
from corpus.formula import Formula, parse
from corpus.load import SEED_FOLDER
from corpus.solve import solve
from corpus.sources import FolderSource

SOLVABLE = {
    "a*x + b": "x",
    "a*x**2": "x",
    "exp(-x/a)*b": "x",
    "b*(1 - exp(-x/a))": "x",
    "1/(1/x + 1/a)": "x",
    "m/sqrt(1 - x**2/c**2)": "x",
    "a*sin(x)": "x",
    "a*cos(w*x + b)": "x",
    "(a + x)/(1 + a*x/c**2)": "x",
    "a*x/(b + x)": "x",
    "x**2/(b + x)": "x",
    "a/x**2 - b": "x",
    "a*x**2 + b*x": "x",
    "a*x**4 + b*x**2": "x",
    "a**x": "x",
    "log10(x/a)": "x",
    "tanh(a*x)": "x",
    "b*(x/a)**1.5": "x",
    "sqrt(x) + a": "x",
    "a/(exp(b/x) - 1)": "x",
}


@pytest.mark.parametrize("text", SOLVABLE)
def test_solving_gives_the_symbol_back(text: str) -> None:
    formula = parse(text, ["x"])
    rng = np.random.default_rng(1)
    x = rng.uniform(0.2, 0.8, 20)
    values = {name: float(value) for name, value in zip(formula.parameters, rng.uniform(1.1, 1.9, 9), strict=False)}
    y = formula.evaluate({"x": x}, values)
    branches = [Formula(root) for root in solve(formula.root, tree.var("y"), tree.var("x"))]
    with np.errstate(all="ignore"):
        found = [np.allclose(branch.evaluate({"y": y}, values), x, rtol=1e-9) for branch in branches]
    assert any(found)


@pytest.mark.parametrize("text", ["x + sin(x)", "x*exp(x) + x", "sinc(x)", "x**5 + x + a", "a", "erf(x)"])
def test_what_has_no_closed_form_has_no_solution(text: str) -> None:
    assert solve(parse(text, ["x"]).root, tree.var("y"), tree.var("x")) == ()


def laws() -> list[Entry]:
    entries = [item.entry for item in FolderSource(SEED_FOLDER).collect() if item.entry is not None and item.entry.check]
    return entries[::6]


@pytest.mark.parametrize("entry", laws(), ids=lambda entry: entry.id)
def test_laws_of_the_corpus_give_their_symbols_back(entry: Entry) -> None:
    """One of the branches, put back, has the value of the target."""
    check, formula = entry.check[0], entry.formula_tree
    values = {name: entry._inside(name, value) for name, value in check.inputs.items()} | dict(entry.constant_values)
    target = float(formula.evaluate({n: np.array([values[n]]) for n in formula.variables}, values)[0])
    for symbol in formula.variables:
        columns = {n: np.array([values[n]]) for n in formula.variables if n != symbol} | {"T_": np.array([target])}
        with np.errstate(all="ignore"):
            found = [float(Formula(root).evaluate(columns, values)[0]) for root in solve(formula.root, tree.var("T_"), tree.var(symbol))]
        again = [float(formula.evaluate({**columns, symbol: np.array([one])}, values)[0]) for one in found if np.isfinite(one)]
        again = [one for one in again if np.isfinite(one)]  # b of n/b, where n = 0, is none
        assert not again or any(one == pytest.approx(target, rel=1e-6) for one in again)
