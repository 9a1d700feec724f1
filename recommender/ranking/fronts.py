"""Pareto fronts: what cannot be excluded whatever the weights (non-dominated sorting: Deb et al. 2002)."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_fronts(points: Sequence[tuple[float, ...]]) -> list[int]:
    """Front number of each point, 1 for the non-dominated ones; all objectives are minimised."""
    fronts = [0] * len(points)
    front = 0
    while 0 in fronts:
        front += 1
        left = [i for i, f in enumerate(fronts) if f == 0]
        for i in left:
            if not any(_dominates(points[j], points[i]) for j in left if j != i):
                fronts[i] = front
    return fronts


def _dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b
