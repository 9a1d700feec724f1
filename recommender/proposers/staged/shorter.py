"""The shortest form that one becomes when nodes are taken out of it, or several factors of one input give way to a single curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from corpus import tree
from corpus.errors import FormulaLimitError
from corpus.formula import Formula
from corpus.tree import Node
from recommender.fitting.work import Work
from recommender.proposers.composed.length import TERM, form_cost
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish

_COEFFICIENT = "s_"
_LARGEST_LOG = 700.0
_OVERTIME = 1.3  # of the work: what was found at its very end is tidied too
Change = tuple[Node, Mapping[str, float]]
POLISH = 3_000  # NumPy calls
PASSES = 30_000  # over the rows


@np.errstate(all="ignore")
def shortened(scored: Scored, data: Data, work: Work) -> Scored:
    """What is left when no smaller neighbour has a shorter description."""
    better: Scored | None = scored
    while better is not None:
        scored, better = better, None
        for root, starts in [*_without_a_node(scored.form), *_with_one_curve(scored.form, data)]:
            if work.exhausted(_OVERTIME):
                return scored
            work.charge(POLISH, PASSES * len(data.y))
            tried = polish(Form.of(root, starts, TERM + form_cost(root), scored.form.known), data)
            if tried.length < (better or scored).length:
                better = tried
    return scored


def _without_a_node(form: Form) -> Iterator[Change]:
    """The trees with one summand, factor or exponent less."""
    for node in list(tree.walk(form.root)):
        for other in _less(node):
            changed = _changed(form.root, node, other)
            if changed is not None:
                yield changed, form.starts


def _with_one_curve(form: Form, data: Data) -> Iterator[Change]:
    """The trees with one curve of an input in place of all factors of a product that hold this input alone and a coefficient."""
    for node in [node for node in tree.walk(form.root) if node.op == "mul"]:
        for name in sorted(node.variables):
            own = [arg for arg in node.args if arg.variables == {name} and arg.parameters and arg.op != "add"]
            if own:
                yield from _instead(form, node, own, name, data)


def _instead(form: Form, node: Node, own: list[Node], name: str, data: Data) -> Iterator[Change]:
    """Each curve with about the same slope in the middle."""
    middle = float(np.median(data.columns[name]))
    points = np.array([0.99, 1.01]) * middle
    sizes = np.log(np.abs(Formula(tree.mul(*own)).evaluate({name: points}, {**form.known, **form.starts})))
    slope = float(sizes[1] - sizes[0]) / 0.02
    if middle <= 0 or not math.isfinite(slope) or not slope:
        return
    x, k = tree.var(name), tree.param(_COEFFICIENT + name)
    rest = [arg for arg in node.args if not any(arg is one for one in own)]
    lead = next((str(arg.value) for arg in rest if arg.op == "param"), "")
    curves = (
        (tree.power(x, k), slope, slope * math.log(middle)),
        (tree.call("exp", tree.mul(k, x)), slope / middle, slope),
        (tree.call("exp", tree.mul(k, tree.power(x, tree.const(-1)))), -slope * middle, -slope),
    )  # a curve, its coefficient, its logarithm in the middle
    for curve, start, size in curves:
        changed = _changed(form.root, node, tree.mul(*rest, curve))
        if changed is not None and _COEFFICIENT + name not in form.root.parameters:
            level = form.starts.get(lead, 1.0) * math.exp(min(float(sizes.mean()) - size, _LARGEST_LOG))
            yield changed, {**form.starts, lead: level, _COEFFICIENT + name: start}


def _changed(root: Node, old: Node, new: Node) -> Node | None:
    """The tree with another node; None if it holds a number that cannot be computed with, or no input."""
    try:
        found = tree.replace(root, old, new)
    except FormulaLimitError:
        return None
    return found if found.variables else None


def _less(node: Node) -> Iterator[Node]:
    if node.op in ("add", "mul"):
        join = tree.add if node.op == "add" else tree.mul
        yield from (join(*node.args[:i], *node.args[i + 1 :]) for i, arg in enumerate(node.args) if not arg.is_number)
    elif node.op == "pow" and abs(node.args[1].number if node.args[1].op == "const" else 0.0) != 1:
        yield node.args[0]
