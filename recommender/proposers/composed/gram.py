"""Best subsets in Gram space: with G = Phi' Phi and b = Phi' y, the rows of the table are no longer needed.

Eliminating a column is one Schur complement; the last two columns of a subset are chosen by a closed form over all pairs.
Branches are not bounded (Furnival & Wilson, Technometrics 16 (1974)): the whole list of good subsets is wanted, not the best one.
Compiled, because nothing here is a matrix product.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.proposers.composed.compiled import compiled

Indices = NDArray[np.int64]
_PIVOT = 1e-9
_DETERMINANT = 1e-8
_BLOCK_PIVOT = 1e-8


@compiled
def _pair_gain(u: float, v: float, h: float) -> float:
    """Gain of two unit columns with product h and matches u, v; 0 if they are dependent."""
    rest = 1 - h * h
    gain = (u * u + v * v - 2 * u * v * h) / rest
    return gain if rest > _DETERMINANT else 0.0


@compiled
def _best_pair(gram: Array, right: Array, first: int) -> tuple[float, int, int]:
    """Gain and places of the best pair at or behind `first`; upper triangle of gram is read.

    The inner loop has no branch, so that it runs on vectors; the second place is looked up once, at the end.
    """
    count = gram.shape[0]
    best, left, other, found = 0.0, -1, -1, 0.0
    scale, match = np.zeros(count), np.zeros(count)
    for j in range(first, count):
        if gram[j, j] > _PIVOT:
            scale[j] = 1 / np.sqrt(gram[j, j])
            match[j] = right[j] * scale[j]
    for i in range(first, count):
        row, u, across, top = gram[i], match[i], scale[i], 0.0
        for j in range(i + 1, count):
            top = max(top, _pair_gain(u, match[j], row[j] * across * scale[j]))
        if top > best:
            best, left = top, i
    for j in range(left + 1, count if left >= 0 else 0):
        gain = _pair_gain(match[left], match[j], gram[left, j] * scale[left] * scale[j])
        if gain > found:
            found, other = gain, j
    return best, left, other


@compiled
def _eliminate(gram: Array, right: Array, pivot: int, gram_left: Array, right_left: Array) -> float:
    """Schur complement of one column over those behind it; its gain, or -1 if it is dependent."""
    top = gram[pivot, pivot]
    if top < _PIVOT:
        return -1.0
    share = right[pivot] / top
    for r in range(pivot + 1, gram.shape[0]):
        factor = gram[pivot, r] / top
        right_left[r] = right[r] - factor * right[pivot]
        for c in range(r, gram.shape[0]):
            gram_left[r, c] = gram[r, c] - factor * gram[pivot, c]
    return float(share * right[pivot])


@compiled
def _workspace(depth: int, count: int) -> tuple[Array, Array, Indices]:
    """Gram matrix and right-hand side of every level of elimination, and the place reached on each."""
    return np.zeros((depth + 1, count, count)), np.zeros((depth + 1, count)), np.zeros(depth + 1, np.int64)


@compiled
def _complete(depth: int, gain: float, row: int, gains: Array, chosen: Indices, work: tuple[Array, Array, Indices]) -> int:
    """Best pair for every prefix of `depth` columns, written from `row` on; the next free row is returned.

    work: level 0 holds the Gram matrix and right-hand side to begin with. gain: of what has been eliminated before.
    """
    grams, rights, places = work
    totals = np.full(depth + 1, gain)
    level, places[0] = 0, 0
    while level >= 0:
        if level < depth and places[level] < grams.shape[1] - 1:
            own = _eliminate(grams[level], rights[level], places[level], grams[level + 1], rights[level + 1])
            if own < 0:
                places[level] += 1
                continue
            totals[level + 1] = totals[level] + own
            level += 1
            places[level] = places[level - 1] + 1
            continue
        if level == depth:
            pair, i, j = _best_pair(grams[level], rights[level], places[level])
            if i >= 0:
                gains[row] = totals[level] + pair
                chosen[row, :depth] = places[:depth]
                chosen[row, depth], chosen[row, depth + 1] = i, j
                row += 1
        level -= 1
        places[max(level, 0)] += 1
    return row


@compiled
def _subsets(gram: Array, right: Array, depth: int, room: int) -> tuple[Array, Indices]:
    gains, chosen = np.zeros(room), np.zeros((room, depth + 2), np.int64)
    work = _workspace(depth, len(right))
    work[0][0], work[1][0] = gram, right
    filled = _complete(depth, 0.0, 0, gains, chosen, work)
    return gains[:filled], chosen[:filled]


@compiled
def _add(to: Array, row: Array, factor: float) -> None:
    """In place, without the array that an expression would make."""
    for i in range(len(to)):
        to[i] += factor * row[i]


@compiled
def _scale(row: Array, factor: float) -> None:
    for i in range(len(row)):
        row[i] *= factor


@compiled
def _orthogonalise(block: Array, cross: Array, right: Array) -> float:
    """Cholesky of a small block in place; cross and right become those of its orthonormal basis. Gain, or -1 if dependent."""
    gain = 0.0
    for r in range(block.shape[0]):
        for c in range(r):
            block[r, c] = block[r, c] / block[c, c]
            for k in range(c):
                block[r, c] -= block[r, k] * block[c, k] / block[c, c]
        for k in range(r):
            block[r, r] -= block[r, k] * block[r, k]
        if block[r, r] < _BLOCK_PIVOT:
            return -1.0
        block[r, r] = np.sqrt(block[r, r])
        row = cross[r]
        for k in range(r):
            if block[r, k] != 0:
                right[r] -= block[r, k] * right[k]
                _add(row, cross[k], -block[r, k])
        right[r] /= block[r, r]
        _scale(row, 1 / block[r, r])
        gain += right[r] * right[r]
    return gain


@compiled
def _project(gram: Array, right: Array, cross: Array, own: Array, gram_left: Array, right_left: Array) -> None:
    """Take an orthonormal block out of the fixed columns: upper triangle of G - C'C, and b - C' r."""
    for r in range(gram.shape[0]):
        right_left[r] = right[r]
        for k in range(cross.shape[0]):
            right_left[r] -= cross[k, r] * own[k]
        for c in range(r, gram.shape[0]):
            gram_left[r, c] = gram[r, c]
            for k in range(cross.shape[0]):
                gram_left[r, c] -= cross[k, r] * cross[k, c]


@compiled
def _best_single(sizes: Array, right: Array, cross: Array, own: Array, rest: Array, match: Array) -> tuple[float, int]:
    """Gain and place of the best single column once an orthonormal block is taken out.

    sizes: squared norms of the columns; rest, match: room for what is left of these and of their products with the target. The loops have
    no branch, so that they run on vectors; the place is looked up at the end.
    """
    rest[:], match[:] = sizes, right
    for k in range(cross.shape[0]):
        row, share = cross[k], own[k]
        for r in range(len(sizes)):
            rest[r] -= row[r] * row[r]
            match[r] -= row[r] * share
    best = 0.0
    for r in range(len(sizes)):
        match[r] = match[r] * match[r] / rest[r] if rest[r] > _PIVOT else 0.0
        best = max(best, match[r])
    for r in range(len(sizes) if best > 0 else 0):
        if match[r] == best:
            return best, r
    return 0.0, -1


@compiled
def _gather(places: Indices, crosses: Array, rights: Array, columns: Array, block: Array, cross: Array, own: Array) -> float:
    """The block of some columns, made orthonormal; its gain, or -1 if it is dependent. Pairs of one entry are orthonormal already."""
    for k in range(len(places)):
        cross[k], own[k] = crosses[places[k]], rights[places[k]]
    if len(places) == 2:
        return float(np.sum(own * own))
    for k in range(len(places)):
        block[k, k] = 1.0
        for q in range(k):
            block[k, q] = np.dot(columns[places[k]], columns[places[q]]) if k // 2 != q // 2 else 0.0
    return _orthogonalise(block, cross, own)


@compiled
def _with_blocks(
    gram: Array, right: Array, crosses: Array, rights: Array, columns: Array, groups: Indices, size: int, room: int
) -> tuple[Array, Indices, Indices]:
    """See `completions`."""
    width, depth = 2 * groups.shape[1], max(size - 2, 0)
    gains, chosen, owner = np.zeros(room), np.zeros((room, size), np.int64), np.zeros(room, np.int64)
    work = _workspace(depth, len(right))
    cross, own, block, places = np.zeros((width, len(right))), np.zeros(width), np.zeros((width, width)), np.zeros(width, np.int64)
    sizes, rest, match = np.diag(gram).copy(), np.zeros(len(right)), np.zeros(len(right))
    row = 0
    for g in range(len(groups)):
        for k in range(width):
            places[k] = 2 * groups[g, k // 2] + k % 2
        gain = _gather(places, crosses, rights, columns, block, cross, own)
        if gain < 0:
            continue
        after = row
        if size > 1:
            _project(gram, right, cross, own, work[0][0], work[1][0])
            after = _complete(depth, gain, row, gains, chosen, work)
        else:
            best, at = _best_single(sizes, right, cross, own, rest, match)
            if at >= 0:
                gains[row], chosen[row, 0], after = gain + best, at, row + 1
        owner[row:after] = g
        row = after
    return gains[:row], chosen[:row], owner[:row]


@cache
def warm() -> None:
    """Compile now, or load what was compiled before: it takes seconds that no search should be charged."""
    gram, right = np.eye(3), np.full(3, 0.1)
    crosses, rights, groups = np.zeros((2, 3)), np.full(2, 0.1), np.zeros((1, 1), np.int64)
    best_subsets(gram, right, 2)
    for size in (1, 2):
        completions(gram, right, crosses, rights, np.eye(2, 8), groups, size)


def best_subsets(gram: Array, right: Array, size: int) -> tuple[Array, Indices]:
    """Gain and members of good subsets of `size` >= 2 unit columns, the best pair for every choice of the others.

    gram: shape (m, m); right: shape (m,). Returns shapes (s,) and (s, size).
    """
    return _subsets(np.ascontiguousarray(gram), np.ascontiguousarray(right), size - 2, _prefixes(len(right), size - 2))


def completions(
    gram: Array, right: Array, crosses: Array, rights: Array, columns: Array, groups: Indices, size: int
) -> tuple[Array, Indices, Indices]:
    """As `best_subsets`, joined to each of some groups of entries. An entry is two columns: a curve and its slope.

    gram, right: of the m fixed columns. crosses: shape (2e, m), entries with fixed columns; rights: shape (2e,); columns: shape (2e, n),
    the two columns of each entry, orthonormal. groups: shape (g, entries in a group). size: fixed
    columns to add, 1 or more. Returns gains (s,), fixed columns (s, size), groups (s,).
    """
    room = len(groups) * (1 if size == 1 else _prefixes(len(right), size - 2))
    return _with_blocks(gram, right, crosses, rights, columns, groups, size, room)


def _prefixes(count: int, depth: int) -> int:
    """How many prefixes of `depth` columns there are."""
    room = 1
    for i in range(depth):
        room = room * (count - i) // (i + 1)
    return max(room, 1)
