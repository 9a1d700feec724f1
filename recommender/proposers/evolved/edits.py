"""Small changes of a form: a term or a factor less, another function or power, a term or a factor more that the residuals ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from corpus import tree
from corpus.formula import Formula, fresh_names
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.exponents import exponent_grid, monomial
from recommender.proposers.dimensional.forms import Form, Scored, polish
from recommender.proposers.dimensional.shapes import TERMS

_SWAPS = {"sin": ("cos", "tanh"), "cos": ("sin",), "exp": ("tanh", "cosh"), "tanh": ("atan", "sin"), "log": ("asinh",), "cosh": ("exp",)}
_POWERS = tuple(map(Fraction, ("1/2", "2", "-1", "3", "-2")))
_MONOMIALS = 60
_ADDED = 8
_FACTORS = (0.3, 1.0, 1.7, 3.0)  # of a column over its standard deviation
_MOST_NODES = 60
_POLISH = 1500  # NumPy calls
PER_NODE = 1.0  # nats


def neighbours(form: Form, data: Data) -> Iterator[Form]:
    """Forms one edit away, each with starting values."""
    for root in edited_roots(form.root):
        if root.variables and tree.size(root) <= _MOST_NODES:
            yield Form.of(root, form.starts, PER_NODE * tree.size(root), form.known)
    yield from _grown(form, data)


def edited_roots(root: Node) -> Iterator[Node]:
    """Trees with one node changed, with no regard to data; FormulaLimitError where a change makes a number that cannot be computed with."""
    for node in list(tree.walk(root)):
        for other in _instead(node):
            yield tree.replace(root, node, other)


def _instead(node: Node) -> Iterator[Node]:
    """What may stand in the place of a node."""
    if node.op in ("add", "mul"):
        join = tree.add if node.op == "add" else tree.mul
        for i, arg in enumerate(node.args):
            if arg.variables:
                yield join(*node.args[:i], *node.args[i + 1 :])
    elif node.op == "pow" and node.args[1].op == "const":
        yield from (tree.power(node.args[0], tree.const(p)) for p in (*_POWERS, Fraction(1)) if p != node.args[1].value)
    elif node.op in _SWAPS:
        yield node.args[0]
        yield from (tree.call(name, node.args[0]) for name in _SWAPS[node.op])
    elif node.op == "var":
        yield from (tree.power(node, tree.const(p)) for p in _POWERS)
        yield tree.call("log", node)


def _grown(form: Form, data: Data) -> Iterator[Form]:
    """A term more, or a factor 1 + term more: those that look most like what is left."""
    with np.errstate(all="ignore"):
        values = Formula(form.root).evaluate(data.columns, {**form.known, **form.starts})
        rest = data.y - values
        size, inner = _fresh(form), f"{_fresh(form)}_"
        nodes, columns, inside = library(data, inner)
        for by, join in ((np.ones_like(values), _plus), (values, _times)):
            for i in _most_alike(columns * by, rest):
                column = columns[i] * by
                root = join(form.root, tree.mul(tree.param(size), nodes[i]))
                starts = {**form.starts, size: float(column @ rest / (column @ column)) or 1.0}
                starts |= {inner: inside[i]} if inner in root.parameters else {}
                yield Form(root, starts, PER_NODE * tree.size(root), form.known)


def _fresh(form: Form) -> str:
    """A name for one more coefficient."""
    return next(fresh_names("c", form.root.parameters, len(form.starts)))


def _plus(root: Node, term: Node) -> Node:
    return tree.add(root, term)


def _times(root: Node, term: Node) -> Node:
    return tree.mul(root, tree.add(tree.const(1), term))


def _most_alike(columns: Array, rest: Array) -> list[int]:
    size = np.linalg.norm(columns, axis=1)
    likeness = np.where(np.isfinite(size) & (size > 0), np.abs(columns @ rest) / np.where(size > 0, size, 1.0), 0.0)
    return [int(i) for i in np.argsort(-np.nan_to_num(likeness), kind="stable")[:_ADDED]]


def library(data: Data, inner: str) -> tuple[list[Node], Array, list[float]]:
    """Products of powers of the columns, and functions of each column times a coefficient: nodes, values, starts of that coefficient."""
    exponents = exponent_grid(len(data.names))[0][:_MONOMIALS].astype(float)
    nodes, starts = [monomial(data, e) for e in exponents], [1.0] * len(exponents)
    values = [data.monomials(exponents)]
    for name, x in zip(data.names, data.X, strict=True):
        for shape, factor in itertools.product(TERMS, _FACTORS):
            theta = factor / float(np.std(x))
            nodes.append(shape.build(tree.mul(tree.param(inner), tree.var(name))))
            starts.append(theta)
            values.append(shape.values(theta * x)[None])
    return nodes, np.concatenate(values), starts


def improved(parent: Scored, data: Data, work: Work) -> list[Scored]:
    """The neighbours of a form that describe the rows in fewer nats, best first."""
    found: dict[int, Scored] = {}
    for form in neighbours(parent.form, data):
        if form.root.order not in found:
            found[form.root.order] = polish(form, data)
            work.charge(_POLISH, _POLISH * len(data.y))
    better = [scored for scored in found.values() if scored.length < parent.length - 1]
    return sorted(better, key=lambda scored: scored.length)
