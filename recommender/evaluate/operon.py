"""A formula in Operon: written in its infix, its coefficients fitted by its Levenberg-Marquardt."""

from __future__ import annotations

import importlib

import numpy as np

from corpus.errors import BenchError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.tree import Node
from recommender.samples import Samples

_FIRST = 900001  # coefficients are written as numbers nothing else in a formula is, exact in single precision
_ITERATIONS = 100
_CALLS = frozenset({"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "cbrt", "abs", "asin", "acos", "atan"})
_SIGNS = {"add": " + ", "mul": " * ", "pow": " ^ "}


class Operon:
    """One formula on one table. BenchError if Operon lacks a function, or a coefficient occurs twice (its coefficients belong to
    nodes)."""

    def __init__(self, formula: Formula, samples: Samples) -> None:
        pyoperon = self._operon = importlib.import_module("pyoperon")
        names, count = formula.variables, len(formula.variables)
        table = np.column_stack([*(samples.columns[name] for name in names), samples.target]).astype(np.float32)
        self._data = pyoperon.Dataset(np.asfortranarray(table))
        hashes = [variable.Hash for variable in self._data.Variables[:count]]
        writer = _Writer({name: f"x{i}" for i, name in enumerate(names)}, {name: _FIRST + i for i, name in enumerate(formula.parameters)})
        self._template = pyoperon.InfixParser.Parse(writer.write(formula.root), {f"x{i}": found for i, found in enumerate(hashes)})
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


class _Writer:
    """Fully bracketed infix with spaces around every sign, as Operon reads it."""

    def __init__(self, columns: dict[str, str], markers: dict[str, int]) -> None:
        self._columns = columns
        self._markers = markers

    def write(self, node: Node) -> str:
        if node.op in ("const", "pi"):
            return repr(float(node.number))
        if node.op == "var":
            return self._columns[str(node.value)]
        if node.op == "param":
            return self._marker(str(node.value))
        parts = [self.write(arg) for arg in node.args]
        if node.op in _SIGNS:
            return f"({_SIGNS[node.op].join(parts)})"
        if node.op not in _CALLS:
            raise BenchError("bench_peer_unfit", name="pyoperon", what=node.op)
        return f"{node.op}({parts[0]})"

    def _marker(self, name: str) -> str:
        if name not in self._markers:
            raise BenchError("bench_peer_unfit", name="pyoperon", what=name)
        return str(self._markers.pop(name))
