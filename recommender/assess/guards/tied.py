"""Inputs that move together, so that the data cannot tell one from the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Fitted
from recommender.assess.guards._base import Finding, Scene, residual_deviation, usable

CONDITION = 30.0  # condition index from which collinearity does harm (Belsley, Kuh & Welsch, Regression Diagnostics, 1980, ch. 3)
INFLATION = (CONDITION**2 + 1) ** 2 / (4 * CONDITION**2)  # of the variance, for two inputs of that condition index
SURE = 2.5  # standard errors
SPARE = 4  # rows beyond the coefficients of the tie, below which it may be luck


@dataclass(frozen=True)
class Tie:
    """`name` follows from `others` (x0, x1, ...): a line, of logarithms if `log`; coefficients: offset first."""

    name: str
    others: tuple[str, ...]
    coefficients: tuple[float, ...]
    log: bool

    @property
    def node(self) -> tree.Node:
        """The tied input, written in the others (SI), numbers to four digits."""
        offset, *slopes = (float(f"{value:.4g}") for value in self.coefficients)
        variables = [tree.var(other) for other in self.others]
        if self.log:
            powers = [tree.power(x, tree.const(slope)) for x, slope in zip(variables, slopes, strict=True)]
            return tree.mul(tree.const(float(f"{np.exp(self.coefficients[0]):.4g}")), *powers)
        terms = [tree.mul(tree.const(slope), x) for x, slope in zip(variables, slopes, strict=True)]
        return tree.add(*terms, *([tree.const(offset)] if offset else []))


def ties(scene: Scene) -> list[Tie]:
    """Inputs that others determine to a variance inflation of INFLATION, each group once, with as few partners as will do."""
    columns = scene.problem.samples.columns
    found: list[Tie] = []
    for name in columns:
        tie = _tie(columns, name)
        if tie is not None and not any({tie.name, *tie.others} <= {known.name, *known.others} for known in found):
            found.append(tie)
    return found


def _tie(table: Mapping[str, Array], name: str) -> Tie | None:
    """The tie of one input, with one partner if that is enough."""
    others = [other for other in table if other != name]
    for partners in (*((other,) for other in others), tuple(others)):
        for log in (False, True):
            used = [table[name], *(table[other] for other in partners)]
            if log and any(np.any(values <= 0) for values in used):
                continue
            solution = _inflated(*(np.log(values) if log else values for values in used)) if partners else None
            if solution is not None:
                kept = [(other, c) for other, c in zip(partners, solution[1:], strict=True) if c]
                return Tie(name, tuple(other for other, _ in kept), (solution[0], *(c for _, c in kept)), log)
    return None


def _inflated(values: Array, *others: Array) -> tuple[float, ...] | None:
    """(offset, slopes) where a line in the others leaves less than 1/INFLATION of the variance, else None; idle slopes are 0."""
    n, p = len(values), len(others) + 1
    if n < p + SPARE:
        return None
    spread = [float(np.std(column)) for column in others]
    if not all(spread):
        return None
    design = np.column_stack([np.ones(n), *((column - column.mean()) / s for column, s in zip(others, spread, strict=True))])
    solution, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = float(np.sum((values - design @ solution) ** 2)) / (n - p)
    if left > np.var(values, ddof=1) / INFLATION:
        return None
    errors = np.sqrt(left * np.diag(np.linalg.pinv(design.T @ design)))
    idle = np.abs(solution) <= np.sqrt(np.var(values) / INFLATION)
    slopes = [0.0 if idle[i] else _plain(solution[i] / s, errors[i] / s) for i, s in enumerate(spread, 1)]
    away = np.array([0.0, *(column.mean() / s for column, s in zip(others, spread, strict=True))])
    offset = float(np.mean(values) - sum(c * float(np.mean(column)) for c, column in zip(slopes, others, strict=True)))
    return _plain(offset, float(np.hypot(errors[0], np.linalg.norm(errors * away)))), *slopes


def _plain(value: float, error: float) -> float:
    """A quarter of a whole number where that is within the error, else the value."""
    near = round(4 * value) / 4
    return near if abs(near - value) <= SURE * error else float(value)


class TiedInputs:
    """Two inputs, or one and several others together, lie on a line (of logarithms, too) to a condition index of 30."""

    name = "tied_inputs"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.tied_inputs`: the names, and the relation that holds on these rows."""
        for tie in ties(scene):
            names = ", ".join(_column(scene, inner) for inner in (tie.name, *tie.others))
            relation = f"{scene.problem.names[tie.name]} = {Formula(tie.node).rename(scene.problem.names).text}"
            yield Finding(Sentence.of("guard.tied_inputs", names=names, relation=relation))


class TiedForms:
    """A formula in a tied input is another formula in its partner: their values agree on these rows within the residuals."""

    name = "tied_forms"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.tied_forms`: what the formula could be as well."""
        found = ties(scene)
        for fitted in filter(usable, scene.shown):
            for twin, tie in self._twins(fitted, found):
                text = twin.rename(scene.problem.names).text
                names = ", ".join(_column(scene, inner) for inner in (tie.name, *tie.others))
                yield Finding(Sentence.of("guard.tied_forms", names=names, other=text), fitted)

    def _twins(self, fitted: Fitted, found: list[Tie]) -> Iterator[tuple[Formula, Tie]]:
        for tie in found:
            if tie.name in fitted.fit.formula.variables:
                twin = Formula(tree.substitute(fitted.fit.formula.root, {tree.var(tie.name): tie.node}))
                if _alike(fitted, twin):
                    yield twin, tie


def _alike(fitted: Fitted, twin: Formula) -> bool:
    """The twin's values differ from the formula's by no more than the residuals do."""
    values = twin.evaluate(fitted.problem.samples.columns, fitted.fit.parameters)
    with np.errstate(all="ignore"):
        apart = np.sqrt(np.mean(((values - fitted.prediction) / fitted.problem.scale) ** 2))
    return bool(apart <= max(residual_deviation(fitted), np.sqrt(fitted.problem.signal / INFLATION)))


def _column(scene: Scene, inner: str) -> str:
    return scene.problem.inputs[int(inner[1:])].name
