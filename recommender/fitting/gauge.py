"""Choosing among equals: where the data leave a direction open, report plain numbers instead of wherever the search happened to end.

If parameters of a null direction ended very large or very small (p0*exp(p1 + x) with p0 = 1e150), each is tried at 0 and at 1; what
fits as well with the others re-solved is reported. The warning that only a combination is determined stays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corpus import tree
from corpus.errors import FormulaLimitError
from corpus.functions import Array
from recommender.fitting.compile import Compiled
from recommender.fitting.request import Request
from recommender.fitting.solve import Polished, Solution, full_model, solve
from recommender.fitting.uncertainty import uncertainty

_WILD = 1e5
_AS_GOOD = 1e-6
_SHARE = 0.1  # of the budget, for one attempt


def plain_values(request: Request, solution: Solution) -> Solution:
    """The solution, its best minimum moved along null directions to plain values where they ended wild."""
    for _ in range(len(request.names)):
        wild = _wild(request, solution)
        moves = (_moved(request, solution, name, value) for name in wild for value in (0.0, 1.0) if not request.work.exhausted())
        moved = next((move for move in moves if move is not None), None)
        if moved is None:
            break
        solution = moved
    return solution


def _wild(request: Request, solution: Solution) -> list[str]:
    if not solution.found or request.work.exhausted():
        return []
    best = solution.found[0]
    nulls = uncertainty(best.system, request.names, best.values).nulls
    values = dict(zip(request.names, best.values, strict=True))
    groups = [null.names for null in nulls if any(_is_wild(values[name]) for name in null.names)]
    names = dict.fromkeys(name for group in groups for name in sorted(group, key=lambda n: -abs(values[n])))
    return [name for name in names if name not in request.bounds and name not in request.priors]


def _is_wild(value: float) -> bool:
    return value != 0 and not 1 / _WILD < abs(value) < _WILD


def _moved(request: Request, solution: Solution, name: str, value: float) -> Solution | None:
    """The solution with one parameter held at a value, None unless it fits as well and is less wild."""
    try:
        root = tree.substitute(request.compiled.root, {tree.param(name): tree.const(value)})
    except FormulaLimitError:  # that value divides by zero
        return None
    names = tuple(n for n in request.names if n != name and n in root.parameters)
    if len(names) < len(request.names) - 1:
        return None
    with request.work.part(_SHARE) as work:
        part = solve(replace(request, compiled=Compiled(root, ()), names=names, work=work))
    best = solution.found[0]
    if not part.found or part.found[0].rss > best.rss * (1 + _AS_GOOD):
        return None
    found = dict(zip(names, part.found[0].values, strict=True)) | {name: value}
    values = np.array([found[n] for n in request.names])
    if _wildness(values) >= _wildness(best.values):
        return None
    full = full_model(request)
    return replace(solution, found=(Polished(values, full.system(values)), *solution.found[1:]))


def _wildness(values: Array) -> float:
    size = np.abs(values)
    return float(np.max(np.abs(np.log10(size[size > 0])), initial=0.0))
