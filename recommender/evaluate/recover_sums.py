"""Generated tasks: sums of two to five terms in tables of an oscillator, a population, a reaction, a stressed material.

Each law draws known terms and unusual ones with random constants. But for the material, the table is one simulated trajectory, so inputs
are tied to one another and a wrong form may fit well along it: a form counts as recovered only if, its numbers fitted to the law's
noise-free values on the table's inputs, it equals the law at random points of the inputs' box, with no more columns than the law.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import solve_ivp

from corpus.formula import Formula, parse
from corpus.functions import Array
from recommender.problem import Problem
from recommender.proposers.composed.cutting import summands
from recommender.table import Table

ROWS = 600
DIGITS = 12
PER_KIND = 15
_BOX_POINTS = 600
_TOO_STEEP = 1e3


@dataclass(frozen=True)
class Kind:
    """inputs in the order of the table; known and unusual: terms with free places {a}, {b}, ... in stated ranges."""

    name: str
    target: str
    inputs: tuple[str, ...]
    known: tuple[str, ...]
    unusual: tuple[str, ...]


KINDS = (
    Kind(
        "oscillator",
        "a",
        ("x", "t", "v"),
        ("-{a}*x", "-{a}*v", "-{a}*x**3", "{a}*sin(t)", "-{a}*v**3", "-{a}*x*v", "{a}*cos({w}*t)"),
        (
            "{b}*v*sin(x)",
            "-{b}*x*exp(-abs(x))",
            "{a}*(1 - x**2)*v",
            "-{b}*v*exp(-abs(v))",
            "{b}*x**2*v",
            "-{b}*abs(v)**(1/3)",
            "-{b}*sin(v)",
            "{b}*x*sin({w}*t)",
            "-{b}*exp(-abs(x))*x**3",
            "{b}*v*cos(x)",
            "-{b}*v/(1 + x**2)",
            "-{b}*x*exp(-{g}*v**2)",
        ),
    ),
    Kind(
        "population",
        "growth",
        ("t", "P"),
        ("{a}*P", "{a}*P*(1 - P/{K})", "-{a}*P/(1 + P)", "{a}*P**(1/3)", "-{g}*P**2", "{a}*(1 - exp(-{g}*P))*P"),
        (
            "{b}*sin({w}*t)",
            "{b}*P*sin({w}*t)",
            "{a}*P*exp(-{g}*t)",
            "-{b}*P/(1 + {g}*t)",
            "{b}*P*log(1 + P)",
            "{a}*P/(1 + exp(-{s}*(P - {K}/2)))",
            "{b}*P**2/(1 + P**2)",
            "-{a}*P*exp(-P/{K})",
            "{b}*sqrt(P)",
            "-{b}*P*t**{e}",
        ),
    ),
    Kind(
        "reaction",
        "rate",
        ("t", "A"),
        ("-{a}*A", "-{a}*A**2", "-{a}*A*exp(-{g}*t)", "-{a}*A**{e}", "-{a}*sqrt(A)", "-{a}*A/(1 + {b}*A)"),
        (
            "{b}*sin(sqrt(A))",
            "{b}*A**2*exp(-{g}*t)",
            "{b}*sin(log(1 + A))",
            "{b}*cos(log(1 + A))",
            "{b}*A*log(1 + t)",
            "{b}*A*sin({w}*t)",
            "{b}*A**2/(1 + {g}*A**2)",
            "{b}*exp(-{g}*t)*A**(1/3)",
            "{b}*A/(1 + A**2)",
            "{b}*A*cos(t)",
        ),
    ),
    Kind(
        "material",
        "sigma",
        ("eps", "T"),
        ("{E}*(1 - {h}*(T - 300))*eps", "{E}*eps", "-{b}*(T - {T0})", "{E}*eps**{e}", "{E}*eps**2"),
        (
            "{E}*eps**3*exp(-{h}*T)",
            "{b}*(T - {T0})*log(1 + eps)",
            "{E}*eps*exp(-{Q}/T)",
            "{E}*eps**{e}*(T - {T0})",
            "{E}*exp(-{g}*eps**2)",
            "{E}*eps*sin({w}*eps)",
            "{E}*eps**2*exp(-{Q}/T)",
            "{E}*eps/(1 + {g}*eps)",
            "{E}*tanh({s}*eps)",
            "{E}*cos({w}*eps)",
        ),
    ),
)
_RANGES = {
    "a": (0.2, 2.0),
    "b": (0.1, 1.0),
    "g": (0.1, 0.8),
    "w": (0.6, 3.5),
    "K": (4.0, 12.0),
    "s": (0.8, 3.0),
    "e": (0.3, 1.9),
    "E": (0.5, 5.0),
    "h": (0.001, 0.006),
    "Q": (300.0, 1500.0),
    "T0": (290.0, 330.0),
}


@dataclass(frozen=True)
class SumTask:
    """A law and a table of it. columns: shape (n,) each; values: the law on them, not rounded."""

    name: str
    kind: Kind
    law: Formula
    terms: tuple[str, ...]
    columns: dict[str, Array]

    @cached_property
    def values(self) -> Array:
        return self.law.evaluate(self.columns)

    def problem(self, noise: float, seed: int = 0) -> Problem:
        """The table as a customer has it: DIGITS significant digits, noise as a share of the target's standard deviation."""
        drawn = np.random.default_rng([seed, len(self.name), *self.name.encode()]).standard_normal(len(self.values))
        target = self.values + noise * np.std(self.values) * drawn
        table = {**self.columns, self.kind.target: np.array([float(f"{value:.{DIGITS - 1}e}") for value in target])}
        return Problem.of(Table.of(table), target=self.kind.target, seed=seed)

    @cached_property
    def box(self) -> dict[str, Array]:
        """Random points of the inputs' box, shape (600,) each."""
        rng = np.random.default_rng(9)
        return {name: rng.uniform(values.min(), values.max(), _BOX_POINTS) for name, values in self.columns.items()}

    @cached_property
    def width(self) -> int:
        """How many linearly independent columns the law has when it is multiplied out."""
        columns = np.stack([Formula(node).evaluate(self.box) for node in summands(self.law.root)])
        unit = columns / np.sqrt((columns**2).sum(axis=1))[:, None]
        return int(np.linalg.matrix_rank(unit, tol=1e-9))


def sum_tasks(per_kind: int = PER_KIND, seed: int = 0) -> Iterator[SumTask]:
    """Tasks of every kind, the same for the same seed; even places are for tuning, odd ones for testing."""
    for place, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, place])
        made = 0
        while made < per_kind:
            task = _draw(kind, f"{kind.name}_{made}", rng)
            if task is not None:
                yield task
                made += 1


def _draw(kind: Kind, name: str, rng: np.random.Generator) -> SumTask | None:
    """One law and its table; None if it runs away or stands still."""
    unusual = int(rng.integers(1, 3))
    known = int(rng.integers(1, 4 if unusual == 1 else 3))
    chosen = [*rng.choice(kind.known, known, replace=False), *rng.choice(kind.unusual, unusual, replace=False)]
    terms = [_filled(str(term), rng) for term in chosen]
    law = parse(" + ".join(terms), kind.inputs)
    columns = _sheet(rng) if kind.name == "material" else _trajectory(kind, law, rng)
    if columns is None:
        return None
    task = SumTask(name, kind, law, tuple(terms), {column: _rounded(values) for column, values in columns.items()})
    usable = np.all(np.isfinite(task.values)) and np.std(task.values) > 1e-3 and _every_term_counts(task)
    return task if usable else None


def _every_term_counts(task: SumTask) -> bool:
    sizes = [np.std(parse(term, task.kind.inputs).evaluate(task.columns)) for term in task.terms]
    return bool(min(sizes) > 0.02 * np.std(task.values))


def _filled(template: str, rng: np.random.Generator) -> str:
    values = {name: f"{math.exp(rng.uniform(math.log(low), math.log(high))):.4g}" for name, (low, high) in _RANGES.items()}
    return template.format(**values)


def _rounded(values: Array) -> Array:
    return np.array([float(f"{value:.{DIGITS - 1}e}") for value in values])


def _sheet(rng: np.random.Generator) -> dict[str, Array]:
    """Strain and temperature varied independently."""
    return {"eps": rng.uniform(0.01, 0.6, ROWS), "T": rng.uniform(280.0, 400.0, ROWS)}


def _trajectory(kind: Kind, law: Formula, rng: np.random.Generator) -> dict[str, Array] | None:
    """Inputs along a solution of the law as a differential equation."""
    oscillator = kind.name == "oscillator"
    start = rng.uniform(0.5, 1.5, 2) if oscillator else rng.uniform(1.0, 6.0, 1)
    times = np.linspace(0.0, 40.0 if oscillator else 20.0, ROWS)

    def slope(t: float, state: Sequence[float]) -> list[float]:
        given = dict(zip(("x", "v") if oscillator else kind.inputs[1:], state, strict=True)) | {"t": t}
        rate = float(law.evaluate({name: np.array([given[name]]) for name in kind.inputs})[0])
        return [state[1], rate] if oscillator else [rate]

    with np.errstate(all="ignore"):
        solved = solve_ivp(slope, (0.0, times[-1]), start, t_eval=times, rtol=1e-6, atol=1e-8, method="RK45", max_step=0.5)
    if not solved.success or not np.all(np.isfinite(solved.y)) or np.max(np.abs(solved.y)) > _TOO_STEEP or np.ptp(solved.y[0]) < 0.2:
        return None
    if not oscillator and np.min(solved.y) <= 0.02:
        return None
    named = dict(zip(("x", "v") if oscillator else kind.inputs[1:], solved.y, strict=True)) | {"t": times}
    return {name: named[name] for name in kind.inputs}
