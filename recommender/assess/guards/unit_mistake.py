"""A column in another unit than it says: mm taken for m, minutes for seconds, ℃ for kelvin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from corpus.constants import CODATA, known_constant
from corpus.dimension import Dimension
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.assess._base import Fitted
from recommender.assess.guards._base import CERTAIN, Finding, Scene, usable
from recommender.assess.parsimony import saved_bits
from recommender.assess.physics import dimension_report
from recommender.fitting import fit
from recommender.problem import Problem
from recommender.table import Column

FACTORS = (1e-3, 1e3, 1e-6, 1e6, 1e-2, 1e2, 1e-9, 1e9, 60.0, 1 / 60, 3600.0, 1 / 3600, 3.6, 1 / 3.6)
ORDER_ONE = (0.02, 50.0)  # where pure numbers of laws lie (Bridgman, Dimensional Analysis, 1922, ch. 8)
ZERO_CELSIUS = 273.15
KELVIN = Dimension.of(K=1)
BUDGET = 0.03
LAWS = 6
BITS = -math.log2(CERTAIN)
TOLERANCE = 0.01
PURE = tuple(a * b for a in (1, 2, 3, 4, 8, 1 / 2, 1 / 3, 1 / 4, 1 / 6, 1 / 8, 1 / 12, 2 / 3, 4 / 3, 3 / 2) for b in (1, math.pi))


@dataclass(frozen=True)
class Mended:
    """A column (x0, x1, ...; `y` for the target) whose values were multiplied, or shifted by 273.15, and how well a law then fits."""

    column: str
    how: Sentence
    fitted: Fitted


class UnitMistake:
    """A law whose units agree fits only when one column is read in another unit, and then as briefly as the best formula of all.

    Or the coefficient of the first formula is a constant of nature times a factor that units differ by, to within two standard errors
    and TOLERANCE; or, in a product of columns, so is a pure number that is far from order one.
    """

    name = "unit_mistake"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.unit_column` naming columns and factor, or `guard.unit_coefficient` naming the coefficient too."""
        if not scene.problem.has_units or not scene.shown:
            return
        mended = self._mended(scene)
        if mended:
            names = ", ".join(dict.fromkeys(_name(scene, one.column) for one in mended))
            hows = tuple(dict.fromkeys(Sentence.of("guard.unit_read", name=_name(scene, one.column), how=one.how) for one in mended))
            law = mended[0].fitted.fit.formula.rename(scene.problem.names).text
            yield Finding(Sentence.of("guard.unit_column", names=names, hows=hows, law=f"{scene.problem.target_symbol} = {law}"))
            return
        for fitted in filter(usable, scene.shown[:1]):
            yield from self._odd_coefficients(scene, fitted)

    def _mended(self, scene: Scene) -> list[Mended]:
        """Every reading that makes a law as good as the best formula; nothing if some law fits as it stands."""
        laws = [one for one in scene.finals if one.candidate.is_law and dimension_report(one).consistent][:LAWS]
        best = max((saved_bits(one) for one in scene.finals if usable(one)), default=math.inf)
        tried = [(law, mended) for law in laws for mended in _readings(law) if usable(mended.fitted)]
        good = [m for law, m in tried if saved_bits(m.fitted) > max(best, _saved(law) + BITS, BITS) - 1e-9]
        top = max((saved_bits(one.fitted) for one in good), default=0.0)
        return [one for one in good if saved_bits(one.fitted) > top - 1.0]

    def _odd_coefficients(self, scene: Scene, fitted: Fitted) -> Iterator[Finding]:
        report = dimension_report(fitted)
        if not report.consistent:
            return
        for name in fitted.free:
            dimension = report.known.get(name)
            known = {} if dimension is None else _expected(fitted, dimension)
            found = _odd_factor(fitted.fit.parameters[name], fitted.fit.standard_errors[name], known)
            if found is not None:
                factor, meant = found
                names = ", ".join([scene.problem.target.name, *(_name(scene, inner) for inner in fitted.fit.formula.variables)])
                yield Finding(Sentence.of("guard.unit_coefficient", name=name, factor=f"{factor:.6g}", meant=meant, names=names))


def _saved(fitted: Fitted) -> float:
    return saved_bits(fitted) if usable(fitted) else -math.inf


def _name(scene: Scene, inner: str) -> str:
    return scene.problem.target.name if inner == "y" else scene.problem.inputs[int(inner[1:])].name


def _readings(law: Fitted) -> Iterator[Mended]:
    """The law on the same rows, one column read in another unit. Free coefficients take up a factor, so there only a shift is tried."""
    problem = law.problem
    if not law.free:
        for inner in ("y", *law.fit.formula.variables):
            for factor in FACTORS:
                yield _on(law, inner, Sentence.of("guard.unit_times", factor=f"{factor:.6g}"), _read(problem, inner, factor, 0.0))
    for inner in law.fit.formula.variables:
        if problem.dimensions.get(inner) == KELVIN:
            for shift in (ZERO_CELSIUS, -ZERO_CELSIUS):
                yield _on(law, inner, Sentence.of("guard.unit_shift", shift=f"{shift:+g}"), _read(problem, inner, 1.0, shift))


def _read(problem: Problem, inner: str, factor: float, shift: float) -> Problem:
    """The problem with other values (SI) in one column."""
    if inner == "y":
        return replace(problem, target=_column(problem.target, factor, shift))
    place = int(inner[1:])
    return replace(problem, inputs=tuple(_column(c, factor, shift) if i == place else c for i, c in enumerate(problem.inputs)))


def _column(column: Column, factor: float, shift: float) -> Column:
    sigma = None if column.sigma is None else column.sigma * factor
    return replace(column, values=column.values * factor + shift, sigma=sigma)


def _on(law: Fitted, inner: str, how: Sentence, problem: Problem) -> Mended:
    again = fit(law.fit.formula, problem.samples, known=law.candidate.lead.known, budget=BUDGET, seed=problem.seed)
    return Mended(inner, how, Fitted(law.candidate, again, problem))


def _expected(fitted: Fitted, dimension: Dimension) -> Mapping[str, float]:
    """Values that a coefficient of this dimension might have, by how they are written."""
    root = fitted.fit.formula.root
    product = (
        root.op == "mul"
        and len(fitted.free) == 1
        and len(root.variables) > 1
        and all(not a.parameters or a.op == "param" for a in root.args)
    )
    if dimension.is_dimensionless:
        (value,) = (fitted.fit.parameters[name] for name in fitted.free) if product else (1.0,)
        odd = not ORDER_ONE[0] <= abs(value) <= ORDER_ONE[1]
        return {f"{one:.4g}": one for one in PURE} if odd else {}
    return {name: value for name, (value, of) in _constants().items() if of == dimension}


def _constants() -> dict[str, tuple[float, Dimension]]:
    known = {name: known_constant(name) for name in CODATA}
    return {name: (value, parse_unit(unit).dimension) for name, (value, unit) in known.items()}


def _odd_factor(value: float, error: float, known: Mapping[str, float]) -> tuple[float, str] | None:
    """(factor, what it stands beside) if the value is a known one times a factor of units, and is not one as it stands."""
    if not math.isfinite(error) or not known or any(_close(value, error, one) for one in known.values()):
        return None
    return next(((f, name) for name, one in known.items() for f in FACTORS if _close(value, error, f * one)), None)


def _close(value: float, error: float, other: float) -> bool:
    return abs(value - other) <= min(2 * error + 1e-6 * abs(other), TOLERANCE * abs(other))
