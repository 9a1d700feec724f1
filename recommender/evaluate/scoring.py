"""How far a formula is from rows it was not fitted to, and how far the accepted one is from the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.functions import Array
from recommender.evaluate.cases import Case, Sheet, held_out_rows
from recommender.evaluate.truth import Truth
from recommender.samples import Samples

SHARE = 0.25
DECADES = 1.5
FLOOR = 1e-12
_TEST = ("test", "id", "test_id")
_EDGE = ("ood", "test_ood")


@dataclass(frozen=True)
class Rows:
    """Complete rows in the customer's units."""

    columns: Mapping[str, Array]
    target: Array

    @classmethod
    def of(cls, case: Case, sheet: Sheet) -> Rows:
        """The rows of a sheet where target and features are numbers."""
        columns, target = case.columns(sheet), sheet.column(case.target)
        good = np.all([np.isfinite(values) for values in (target, *columns.values())], axis=0)
        return cls({name: values[good] for name, values in columns.items()}, target[good])


@dataclass(frozen=True)
class Task:
    """A case split: the table the program gets, and the rows it is judged on.

    edge: rows outside the range of the training rows, where the case has such a file.
    """

    table: Sheet
    train: Rows
    held_out: Rows
    edge: Rows | None

    @classmethod
    def of(cls, case: Case, seed: int) -> Task:
        """By the case's own test file, else a random quarter of its rows (equal inputs on one side)."""
        sheet, test = case.train, case.sheet(*_TEST)
        edge = case.sheet(*_EDGE)
        if test is None:
            kept, held = held_out_rows(case, sheet, SHARE, seed)
            sheet, test = sheet.take(kept.tolist()), sheet.take(held.tolist())
        return cls(sheet, Rows.of(case, sheet), Rows.of(case, test), None if edge is None else Rows.of(case, edge))

    @property
    def all_targets(self) -> Array:
        return np.concatenate([self.train.target, self.held_out.target])

    @property
    def logarithmic(self) -> bool:
        """The target is positive and spans more than 1.5 decades, so that errors of its logarithm say something."""
        y = self.all_targets
        return bool(np.all(y > 0) and np.log10(y.max() / y.min()) > DECADES)

    def error(self, predicted: Array, *, log: bool) -> float:
        """NMSE on the held-out rows, over the variance of all rows; of the logarithms if `log`; inf where there is no value."""
        y = self.all_targets
        if not log:
            return nmse(self.held_out.target, predicted, _variance(y))
        with np.errstate(all="ignore"):
            return nmse(np.log(self.held_out.target), np.log(np.where(predicted > 0, predicted, np.nan)), _variance(np.log(y)))


def nmse(target: Array, predicted: Array, variance: float) -> float:
    """Mean squared error over a variance; inf where a prediction is not finite."""
    with np.errstate(all="ignore"):
        value = float(np.mean((target - predicted) ** 2)) / variance
    return value if np.isfinite(value) else float("inf")


def _variance(values: Array) -> float:
    return float(np.var(values)) or 1.0


def accepted_errors(truth: Truth, task: Task) -> dict[bool, float]:
    """Held-out NMSE of the accepted formula: plain under False, logarithmic under True where it makes sense.

    Parameters that were fitted to the table are fitted again to the training rows, from their published values, in the very metric they
    are judged by: the accepted formula gets the best of both. Published constants stay as published.
    """
    metrics = (False, True) if task.logarithmic else (False,)
    return {log: task.error(truth.formula.evaluate(task.held_out.columns, _values(truth, task, log=log)), log=log) for log in metrics}


def _values(truth: Truth, task: Task, *, log: bool) -> Mapping[str, float]:
    from recommender.fitting import fit
    from recommender.fitting.refit import Refitter

    if not truth.fitted or not truth.values:
        return truth.values
    formula, samples = truth.formula, Samples(task.train.columns, task.train.target)
    if log:
        formula, samples = type(formula)(tree.call("log", formula.root)), samples.with_target(np.log(samples.target))
    return Refitter(fit(formula, samples, known=truth.values), {}).refit(samples)


def ratio(error: float, accepted: float) -> float:
    """error / accepted, both raised by a floor far below any measurement, so that exact laws compare as equal."""
    return (error + FLOOR) / (accepted + FLOOR)
