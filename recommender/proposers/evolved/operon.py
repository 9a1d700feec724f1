"""Genetic programming by Operon (Burlacu, Kronberger & Kommenda 2020): a population of trees, its numbers fitted as it evolves.

Operon computes in single precision, so columns and target are scaled to about 1 on the way in; what comes out is refitted by the
caller. One thread and a bound on evaluations make a run repeatable.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from corpus import tree
from corpus.errors import FormulaError, ProblemError
from corpus.formula import parse
from corpus.tree import Node
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form
from recommender.proposers.evolved.infix import NoWordError, infix

_SYMBOLS = "add,sub,mul,div,exp,log,sin,cos,sqrt,tanh,square,constant,variable"
_POPULATION = 500
_MAX_LENGTH = 30
_ITERATIONS = 3
_EVALUATIONS = 40_000  # a second, of 200 rows
_ROWS = 200
_LARGEST_EXPONENT = 4
_RESOLUTION = 1e-5  # spread of a target that single precision still shows
_GRACE = (
    30.0  # seconds: evaluations are the budget, so that the answer does not depend on the clock; this is for a machine that stands still
)


class Evolution:
    """One population on one set of rows. ProblemError if pyoperon is not installed."""

    def __init__(self, data: Data, seed: int) -> None:
        if importlib.util.find_spec("pyoperon") is None:
            raise ProblemError("operon_missing")
        self.data, self.seed = data, seed
        self.scales = np.array([_scale(x) for x in data.X])
        self.target_scale = _scale(data.y)

    def run(self, seconds: float, seeds: Sequence[Form]) -> list[Form]:
        """The forms of the final Pareto front of error and length, shortest first. seeds: forms the population starts with."""
        evaluations = max(int(_EVALUATIONS * seconds * _ROWS / len(self.data.y)), 2 * _POPULATION)
        model = self._model(0)
        X, y = (self.data.X / self.scales[:, None]).T, self.data.y / self.target_scale
        if np.ptp(y) < _RESOLUTION * np.abs(y).max():
            return []
        try:
            model.fit(X, y)
            self._plant(model, seeds)
            model.set_params(generations=10**6, max_evaluations=evaluations, max_time=math.ceil(4 * seconds + _GRACE), warm_start=True)
            model.fit(X, y)
        except ValueError:  # no member of the population is finite on all rows
            return []
        front = sorted(model.pareto_front_, key=lambda found: int(found["length"]))
        return [form for found in front if (form := self._read(model, found["tree"])) is not None]

    def _model(self, generations: int) -> Any:
        regressor = importlib.import_module("pyoperon.sklearn").SymbolicRegressor
        return regressor(
            allowed_symbols=_SYMBOLS,
            max_length=_MAX_LENGTH,
            population_size=_POPULATION,
            generations=generations,
            optimizer_iterations=_ITERATIONS,
            objectives=["r2", "length"],
            n_threads=1,
            random_state=self.seed % 2**31,
            epsilon=1e-12,
        )

    def _plant(self, model: Any, seeds: Sequence[Form]) -> None:
        """Put the seeds in place of the first of the population; a form that Operon cannot say is left out."""
        operon = importlib.import_module("pyoperon")
        hashes = {f"x{i}": key for i, key in enumerate(model.variables_)}
        place = 0
        for form in seeds:
            text = self._write(form)
            if text:
                grown = operon.InfixParser.Parse(text, hashes)
                if len(grown.Nodes) <= _MAX_LENGTH:
                    model.individuals_[place].Genotype = grown
                    place += 1

    def _write(self, form: Form) -> str:
        """A form in Operon's infix and in scaled quantities; empty if it has no words for it."""
        columns = {
            name: f"({scale!r} * x{i})" for i, (name, scale) in enumerate(zip(self.data.names, map(float, self.scales), strict=True))
        }
        leaves = columns | {name: f"({value!r})" for name, value in {**form.known, **form.starts}.items()}
        try:
            return f"({1 / self.target_scale!r} * {infix(form.root, lambda leaf: leaves[str(leaf.value)])})"
        except NoWordError:
            return ""

    def _read(self, model: Any, grown: Any) -> Form | None:
        names = [f"x{i}" for i in range(len(self.data.names))]
        try:
            root = parse(model.get_model_string(grown, 17, names), names, ()).root
            unscaled = {
                tree.var(inner): tree.mul(tree.const(1 / float(scale)), tree.var(name))
                for inner, name, scale in zip(names, self.data.names, self.scales, strict=True)
            }
            return free_numbers(expanded(tree.mul(tree.const(self.target_scale), tree.substitute(root, unscaled))))
        except FormulaError:
            return None


def _scale(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.sqrt(np.mean(values**2))) or 1.0


def expanded(root: Node) -> Node:
    """Numbers before sums multiplied out, so that those of nested sums meet."""
    return tree.transform(root, _distributed)


def _distributed(node: Node) -> Node:
    if node.op == "mul" and len(node.args) == 2 and node.args[0].op == "const" and node.args[1].op == "add":
        return tree.add(*(_distributed(tree.mul(node.args[0], term)) for term in node.args[1].args))
    return node


def free_numbers(root: Node) -> Form:
    """Every number but plain exponents and -1 as a coefficient that starts there; its cost is its size."""
    starts: dict[str, float] = {}

    def change(node: Node) -> Node:
        if node.op == "pow" and not _is_plain(node.args[1]):
            return tree.power(node.args[0], coefficient(node.args[1]))
        if node.op not in ("add", "mul"):
            return node
        return tree.rebuild(node, tuple(coefficient(arg) if arg.op == "const" and arg.value != -1 else arg for arg in node.args))

    def coefficient(number: Node) -> Node:
        name = f"c{len(starts)}"
        starts[name] = number.number
        return tree.param(name)

    freed = tree.transform(root, change)
    return Form(freed, {name: value for name, value in starts.items() if name in freed.parameters}, float(tree.size(freed)))


def _is_plain(exponent: Node) -> bool:
    return exponent.op != "const" or ((2 * exponent.number).is_integer() and abs(exponent.number) <= _LARGEST_EXPONENT)
