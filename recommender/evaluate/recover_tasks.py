"""What a recovery bench asks: a table made from a case, noisy, solved for another column, or with its words hidden, and where to look
whether the answer is the law: rows of the case's own test files, and random points off the data's manifold."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BenchError
from corpus.functions import Array
from recommender.evaluate.cases import Case
from recommender.evaluate.forms import box_points
from recommender.evaluate.scoring import Rows, Task
from recommender.evaluate.truth import Truth

_LOOKED_AT, _GRID = 100, 400
_TWICE = 0.1  # share of the rows


@dataclass(frozen=True)
class Variant:
    """How a case is asked.

    noise: Gaussian, its standard deviation as a share of the target's, on the training rows. other: a random other column is the target.
    hidden: no words, and columns called v1, v2, ...; units stay. corpus: whether the program may use it.
    """

    noise: float = 0.0
    other: bool = False
    hidden: bool = False
    corpus: bool = True

    @property
    def label(self) -> str:
        parts = [f"{100 * self.noise:g} %" if self.noise else "", "other" if self.other else "", "hidden" if self.hidden else ""]
        return " ".join(["corpus" if self.corpus else "no corpus", *filter(None, parts)])


@dataclass(frozen=True)
class RecoverTask:
    """One table and how its answer is judged.

    question: target, inputs, units, descriptions and words, as the program gets them. train: its rows. tests: noise-free rows by name (id,
    ood). off: noise-free random points of the box of the training rows. noise: of the training target, as a share of its
    standard deviation. unique: one value of the target belongs to the inputs; a law solved for another column may have two.
    """

    name: str
    question: Mapping[str, Any]
    train: Rows
    tests: Mapping[str, Rows]
    off: Rows
    noise: float
    variant: Variant
    unique: bool = True

    @property
    def label(self) -> str:
        return f"{self.name} ({self.variant.label})"

    @property
    def group(self) -> str:
        """What it is counted with: its variant, and the noise its case came with."""
        own = f" {100 * self.noise:g} %" if self.noise and not self.variant.noise else ""
        return f"{self.variant.label}{own}{'' if self.unique else ' not unique'}"

    @classmethod
    def of(cls, case: Case, variant: Variant, seed: int) -> RecoverTask:
        """BenchError if the case's law is not exact or cannot be read."""
        truth, split = Truth.of(case), Task.of(case, seed)
        train = split.train
        tests = {"id": _clean(split.held_out, truth)}
        tests |= {} if split.edge is None else {"ood": _clean(split.edge, truth)}
        points = box_points(train.columns, seed)
        off = _finite(Rows(points, truth.formula.evaluate(points, truth.values)), train)
        noise = float(case.truth().get("noise") or case.truth().get("relative_noise") or variant.noise)
        task = cls(case.label, case.question, train, tests, off, noise, variant)
        task = task._solved_for_another(seed, truth) if variant.other else task
        task = task.with_noise(seed)
        return task._hidden() if variant.hidden else task

    def write(self, path: Path) -> None:
        """The training table as a customer would have it."""
        columns = {**self.train.columns, str(self.question["target"]): self.train.target}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([repr(float(value)) for value in row] for row in zip(*columns.values(), strict=True))

    def with_noise(self, seed: int) -> RecoverTask:
        """The noise of the variant added to the training target."""
        if not self.variant.noise:
            return self
        rng = np.random.default_rng([seed, 17])
        y = self.train.target
        noisy = y + self.variant.noise * float(np.std(y)) * rng.standard_normal(len(y))
        return replace(self, train=Rows(self.train.columns, noisy), noise=self.variant.noise)

    def _solved_for_another(self, seed: int, truth: Truth) -> RecoverTask:
        """A random input becomes the target, the target an input; points off the manifold keep to the range of the old target."""
        names = list(self.train.columns)
        chosen = names[int(np.random.default_rng([seed, 23, len(self.name)]).integers(len(names)))]
        old = str(self.question["target"])
        question = {**self.question, "target": chosen, "inputs": [old if name == chosen else name for name in names]}
        low, high = float(self.train.target.min()), float(self.train.target.max())
        inside = (self.off.target >= low) & (self.off.target <= high)
        swapped = {name: _swapped(rows, chosen, old) for name, rows in self.tests.items()}
        off = _swapped(_taken(self.off, inside), chosen, old)
        unique = _is_unique(self.train, chosen, truth)
        return replace(self, question=question, train=_swapped(self.train, chosen, old), tests=swapped, off=off, unique=unique)

    def _hidden(self) -> RecoverTask:
        """Names v1, v2, ... for inputs and `out` for the target; no words; units stay."""
        names = {name: f"v{i}" for i, name in enumerate(self.question["inputs"], 1)}
        target = str(self.question["target"])
        units = {{**names, target: "out"}[name]: unit for name, unit in self.question["units"].items()}
        question = {"about": "", "target": "out", "inputs": list(names.values()), "units": units, "descriptions": {}}
        tests = {key: _renamed(rows, names) for key, rows in self.tests.items()}
        return replace(self, question=question, train=_renamed(self.train, names), tests=tests, off=_renamed(self.off, names))


def _clean(rows: Rows, truth: Truth) -> Rows:
    """The same rows with the law's own values."""
    values = np.broadcast_to(truth.formula.evaluate(rows.columns, truth.values), rows.target.shape)
    good = np.isfinite(values)
    return Rows({name: column[good] for name, column in rows.columns.items()}, values[good])


def _is_unique(rows: Rows, chosen: str, truth: Truth) -> bool:
    """Whether hardly any row's value of the law is met again at another value of the chosen column inside its range."""
    values = rows.columns[chosen]
    grid = np.linspace(values.min(), values.max(), _GRID)
    columns = {name: np.repeat(column[:_LOOKED_AT], _GRID) for name, column in rows.columns.items()}
    columns |= {chosen: np.tile(grid, len(columns[chosen]) // _GRID)}
    with np.errstate(all="ignore"):
        above = np.sign(truth.formula.evaluate(columns, truth.values).reshape(-1, _GRID) - rows.target[:_LOOKED_AT, None])
    crossings = np.sum(np.abs(np.diff(above, axis=1)) == 2, axis=1)
    return bool(np.mean(crossings > 1) < _TWICE)


def _finite(rows: Rows, train: Rows) -> Rows:
    """Points with a value no further from the training targets than these are from each other; near a pole an error says nothing."""
    spread = float(np.ptp(train.target))
    low, high = float(train.target.min()) - spread, float(train.target.max()) + spread
    with np.errstate(all="ignore"):
        good = np.isfinite(rows.target) & (rows.target >= low) & (rows.target <= high)
    if good.sum() < 10:
        raise BenchError("bench_no_points")
    return _taken(rows, good)


def _taken(rows: Rows, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Rows:
    return Rows({name: column[chosen] for name, column in rows.columns.items()}, rows.target[chosen])


def _swapped(rows: Rows, chosen: str, old: str) -> Rows:
    columns: dict[str, Array] = {}
    for name, values in rows.columns.items():
        columns |= {old: rows.target} if name == chosen else {name: values}
    return Rows(columns, rows.columns[chosen])


def _renamed(rows: Rows, names: Mapping[str, str]) -> Rows:
    return Rows({names[name]: column for name, column in rows.columns.items()}, rows.target)
