"""`dimensions`: the dimension of every constant of a law, inferred from the units of its columns.

Each law is asked in three ways: its numbers replaced by free constants; its exponents too; and each column in turn taken for a constant
whose unit nobody knows. The exact answer is worked out another way, from numbers alone. A law is right in all units, so by Euler's
theorem on homogeneous functions, for each base unit with exponents d,

    sum over columns and constants of d_x x df/dx  =  d_y f      at every point (x, p),

linear equations in the unknown d_p, set up at random points and solved by singular values: a constant is determined if no null vector
moves it, and no solution at all means that the units conflict. The law itself is the question here; there is nothing to hide from the
program.

A law passes if every constant is right: the very dimension, or "cannot tell", with a reason, where the equations leave it open or have no
solution. The bar: all of them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from corpus import tree
from corpus.dimension import BASE, Dimension, infer
from corpus.evaluate import Program as Evaluator
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.evaluate._base import Options, Program, Row, Verdict, number, spread_out
from recommender.evaluate.cases import Case, find_cases
from recommender.evaluate.truth import Truth

SOURCES = ("ai_feynman",)
QUICK = 12
POINTS = 200
JITTER = 0.02
SMALL = 1e-7
DENOMINATOR = 12


@dataclass(frozen=True)
class Question:
    """A law with unknown constants: their values at the points, the dimensions of everything else, and of the target."""

    formula: Formula
    points: Mapping[str, Array]
    known: Mapping[str, Dimension]
    target: Dimension

    @property
    def unknown(self) -> list[str]:
        return [name for name in self.points if name not in self.known]


@dataclass(frozen=True)
class Dimensions:
    """See the module."""

    name: str = "dimensions"
    needs_cases: bool = True
    hello: Mapping[str, Any] | None = None
    columns: tuple[str, ...] = ("constants", "determined", "open", "wrong", "reasons")

    def cases(self, options: Options) -> Sequence[Case]:
        found = find_cases(options.cases, SOURCES)
        return spread_out(found, QUICK) if options.quick else found

    def run(self, case: Case, program: Program) -> Sequence[Row]:
        del program
        told: Counter[str] = Counter()
        for question in _questions(case):
            told.update(_judged(question))
        reasons = ", ".join(f"{key[5:]} {count}" for key, count in sorted(told.items()) if key.startswith("open."))
        opened = sum(count for key, count in told.items() if key.startswith("open."))
        values = {
            "constants": told.total(),
            "determined": told["right"],
            "open": opened,
            "wrong": told["wrong"],
            "reasons": reasons or None,
        }
        return [Row(case.label, not told["wrong"], values)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        done = [row for row in rows if not row.failure]
        numbers = {key: sum(number(row, key) for row in done) for key in ("constants", "determined", "open", "wrong")}
        passed = sum(row.passed for row in rows)
        words = Sentence.of(
            "bench.dimensions_measured", laws=len(rows), right=passed, **{key: int(value) for key, value in numbers.items()}
        )
        missed = tuple(row.case for row in rows if not row.passed)
        return Verdict(bool(rows) and not missed, words, {**numbers, "laws": float(len(rows)), "right": float(passed)}, missed)


def _questions(case: Case) -> Iterator[Question]:
    """The three ways to ask for a law."""
    formula = Truth.of(case).formula
    question = case.question
    units = {name: parse_unit(unit).dimension for name, unit in question["units"].items()}
    sheet = case.train
    columns = {name: values[:POINTS] for name, values in case.columns(sheet).items() if name in formula.variables}
    known = {name: units[name] for name in columns}
    rng, rows = np.random.default_rng(len(formula.text)), min(POINTS, len(sheet.cells))
    for exponents in (False, True):
        freed = _Freed(exponents)
        root = freed.free(formula.root)
        values = {name: value * (1 + JITTER * rng.standard_normal(rows)) for name, value in freed.values.items()}
        if freed.values:
            yield Question(Formula(root), {**columns, **values}, known, units[case.target])
    for hidden in columns:
        yield Question(formula, columns, {name: of for name, of in known.items() if name != hidden}, units[case.target])


class _Freed:
    """Numbers of a law made constants n0, n1, ..., each occurrence its own; signs stay, and exponents unless they are asked for."""

    def __init__(self, exponents: bool) -> None:
        self.values: dict[str, float] = {}
        self._exponents = exponents
        self._names = (f"n{i}" for i in itertools.count())

    def free(self, node: tree.Node) -> tree.Node:
        if node.is_number:
            return node if abs(node.number) == 1 and node.number < 0 else self._new(node.number)
        if node.op == "pow" and node.args[1].op == "const":
            base, exponent = self.free(node.args[0]), node.args[1]
            if not self._exponents:
                return tree.power(base, exponent)
            even = exponent.number % 2 == 0 and base.op == "add"  # x**2 of a negative x has no neighbours x**1.99
            return tree.power(tree.call("abs", base) if even else base, self._new(exponent.number))
        return tree.rebuild(node, tuple(self.free(arg) for arg in node.args)) if node.args else node

    def _new(self, value: float) -> tree.Node:
        name = next(self._names)
        self.values[name] = value
        return tree.param(name)


def _judged(question: Question) -> list[str]:
    """For each unknown: right, wrong, or the kind of reason why it is open."""
    report = infer(question.formula.root, question.known, question.target)
    exact = exact_dimensions(question)
    if exact is None:
        return ["wrong" if report.consistent else "open.conflict"] * len(question.unknown)
    return [_one(report.known.get(name), report.reasons.get(name), exact.get(name), report.consistent) for name in question.unknown]


def _one(told: Dimension | None, reason: Sentence | None, exact: Dimension | None, consistent: bool) -> str:
    if not consistent or told != exact:
        return "wrong"
    return "right" if told is not None else "wrong" if reason is None else reason.key


def exact_dimensions(question: Question) -> dict[str, Dimension] | None:
    """Dimensions of the unknowns that the units determine, from Euler's equations; None if no assignment satisfies them."""
    value, slopes = _elasticities(question)
    good = np.isfinite(value) & (value != 0) & np.all([np.isfinite(s) for s in slopes.values()], axis=0)
    size = np.abs(value[good])
    matrix = np.column_stack([slopes[name][good] / size for name in question.unknown])
    left, weights, right = np.linalg.svd(matrix, full_matrices=True)
    rank = int(np.sum(weights > SMALL * max(float(weights[0]), 1.0)))
    sides = {unit: _side(question, slopes, value, good, i) / size for i, unit in enumerate(BASE)}
    solved = {unit: right[:rank].T @ ((left[:, :rank].T @ side) / weights[:rank]) for unit, side in sides.items()}
    if any(np.max(np.abs(matrix @ solved[unit] - sides[unit])) > 1e-5 for unit in BASE):
        return None
    free = np.linalg.norm(right[rank:], axis=0) > 1e-5
    vectors = {
        name: tuple(Fraction(float(solved[unit][i])).limit_denominator(DENOMINATOR) for unit in BASE)
        for i, name in enumerate(question.unknown)
        if not free[i]
    }
    return {name: Dimension(vector) for name, vector in vectors.items()}


def _side(question: Question, slopes: Mapping[str, Array], value: Array, good: Array, base: int) -> Array:
    """d_y f minus what the known columns give, for one base unit."""
    side = float(question.target.exponents[base]) * value[good]
    for name, of in question.known.items():
        side = side - float(of.exponents[base]) * slopes[name][good]
    return np.asarray(side)


def _elasticities(question: Question) -> tuple[Array, dict[str, Array]]:
    """f and x df/dx by every symbol, shape (points,)."""
    names = list(question.points)
    root = tree.substitute(question.formula.root, {tree.var(name): tree.param(name) for name in names})
    bound = Evaluator([root]).bind({}, 1)
    values = {name: np.reshape(column, (-1, 1)) for name, column in question.points.items()}
    value, tangents = bound.derivatives(values, set(names))[0]
    shape = (len(next(iter(values.values()))), 1)
    slopes = {name: np.broadcast_to(np.asarray(tangents.get(name, 0.0)), shape)[:, 0] * question.points[name] for name in names}
    return np.broadcast_to(np.asarray(value), shape)[:, 0], slopes
