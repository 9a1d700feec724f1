"""A formula in Operon: written in its infix, its coefficients fitted by its Levenberg-Marquardt."""

from __future__ import annotations

import importlib

import numpy as np

from corpus.errors import BenchError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.evolved.infix import NoWordError, infix
from recommender.samples import Samples

_FIRST = 900001  # coefficients are written as numbers nothing else in a formula is, exact in single precision
_ITERATIONS = 100


class Operon:
    """One formula on one table. BenchError if Operon lacks a function, or a coefficient occurs twice (its coefficients belong to
    nodes)."""

    def __init__(self, formula: Formula, samples: Samples) -> None:
        pyoperon = self._operon = importlib.import_module("pyoperon")
        names, count = formula.variables, len(formula.variables)
        table = np.column_stack([*(samples.columns[name] for name in names), samples.target]).astype(np.float32)
        self._data = pyoperon.Dataset(np.asfortranarray(table))
        hashes = [variable.Hash for variable in self._data.Variables[:count]]
        self._template = pyoperon.InfixParser.Parse(_text(formula), {f"x{i}": found for i, found in enumerate(hashes)})
        self._problem = pyoperon.Problem(self._data)
        self._problem.TrainingRange, self._problem.Target = pyoperon.Range(0, len(samples)), self._data.Variables[count]
        self._problem.InputHashes = hashes
        self._calls = pyoperon.DispatchTable()

    def fit(self, start: Array) -> Array:
        """Coefficients reached from a start, shape (k,)."""
        nodes = list(self._template.Nodes)
        places = {int(node.Value) - _FIRST: i for i, node in enumerate(nodes) if node.IsConstant and node.Value >= _FIRST}
        for node in nodes:
            node.Optimize = False
        for which, place in places.items():
            nodes[place].Optimize, nodes[place].Value = True, float(start[which])
        tree = self._operon.Tree(nodes)
        tree.UpdateNodes()
        optimiser = self._operon.LMOptimizer(self._calls, self._problem, max_iter=_ITERATIONS)
        fitted, _ = self._operon.CoefficientOptimizer(optimiser)(self._operon.RandomGenerator(1), tree)
        found = fitted.Nodes
        return np.array([found[places[i]].Value for i in range(len(start))])


def _text(formula: Formula) -> str:
    """Columns are x0, x1, ... in order of the formula's variables, coefficients the marked numbers."""
    columns = {name: f"x{i}" for i, name in enumerate(formula.variables)}
    markers = {name: str(_FIRST + i) for i, name in enumerate(formula.parameters)}

    def leaf(node: Node) -> str:
        name = str(node.value)
        if node.op == "var":
            return columns[name]
        if name not in markers:
            raise NoWordError(name)
        return markers.pop(name)

    try:
        return infix(formula.root, leaf)
    except NoWordError as error:
        raise BenchError("bench_peer_unfit", name="pyoperon", what=str(error)) from None
