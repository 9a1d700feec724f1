"""Exchangeable terms in a fixed order: of two peaks the left one first, of two decays the slow one.

Terms of a sum that differ only in the names of their parameters can trade places without changing the curve. They are sorted by the
first parameter that is subtracted from data, else by the size of the first nonlinear one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.request import Request
from recommender.fitting.roles import Role
from recommender.fitting.solve import Polished, Solution, full_model


def ordered_terms(request: Request, solution: Solution) -> Solution:
    """The solution with the parameters of exchangeable terms in order, in every minimum."""
    held = {*request.bounds, *request.priors}
    groups = [group for group in _exchangeable(request.compiled.root) if not held.intersection(*group)]
    if not groups:
        return solution
    return replace(solution, found=tuple(_ordered(request, item, groups, solution.roles) for item in solution.found))


def _ordered(request: Request, item: Polished, groups: list[list[tuple[str, ...]]], roles: Mapping[str, Role]) -> Polished:
    values = dict(zip(request.names, map(float, item.values), strict=True))
    for group in groups:
        key = _key(group[0], roles)
        signed = _placed(group[0][key], roles)
        parts = [[values[name] for name in names] for names in group]
        order = np.argsort([part[key] if signed else abs(part[key]) for part in parts], kind="stable")
        parts = [parts[i] for i in order]
        for names, part in zip(group, parts, strict=True):
            values.update(zip(names, part, strict=True))
    moved: Array = np.array([values[name] for name in request.names])
    if np.array_equal(moved, item.values):
        return item
    system = full_model(request).system(moved)
    return replace(item, values=moved, system=system) if system.rss <= item.rss * (1 + 1e-9) else item


def _placed(name: str, roles: Mapping[str, Role]) -> bool:
    return name in roles and roles[name].kind == "offset"


def _key(names: tuple[str, ...], roles: Mapping[str, Role]) -> int:
    """Which parameter of a term it is sorted by."""
    for i, name in enumerate(names):
        if _placed(name, roles):
            return i
    return next((i for i, name in enumerate(names) if name in roles), 0)


def _exchangeable(root: Node) -> list[list[tuple[str, ...]]]:
    """Groups of terms of one shape whose parameters stand nowhere else, each term as its parameters in order of appearance."""
    uses = Counter(str(arg.value) for node in tree.walk(root) for arg in node.args if arg.op == "param")
    groups = []
    for node in tree.walk(root):
        if node.op == "add":
            shapes: dict[Node, list[tuple[str, ...]]] = {}  # equal structure is the same node
            for term in node.args:
                names = _private(term, uses)
                if names:
                    shapes.setdefault(_shape(term, names), []).append(names)
            groups += [terms for terms in shapes.values() if len(terms) > 1]
    return groups


def _private(term: Node, uses: Counter[str]) -> tuple[str, ...]:
    """The parameters of a term with variables, () if one is used outside it or it is a bare one."""
    inside = Counter(str(arg.value) for node in tree.walk(term) for arg in node.args if arg.op == "param")
    if not term.variables or any(uses[name] != count for name, count in inside.items()):
        return ()
    return tuple(inside)


def _shape(term: Node, names: tuple[str, ...]) -> Node:
    return tree.substitute(term, {tree.param(name): tree.param(f"_{i}") for i, name in enumerate(names)})
