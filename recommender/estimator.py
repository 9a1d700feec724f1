"""A scikit-learn regressor whose model is a formula: the only file that imports scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from corpus.errors import ProblemError
from corpus.functions import Array
from recommender.pipeline import recommend
from recommender.problem import MIN_ROWS, Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.session import run
from recommender.settings import Settings
from recommender.table import Table


class RegressorError(ProblemError, ValueError):
    """A question that does not fit its table, for callers who expect scikit-learn's ValueError."""


class FormulaRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Recommends formulas for y from the columns of X and predicts with the best one.

    Columns of a DataFrame keep their names, and units in them (`T [degC]`) are used; so is the name of a Series y.

    limit: how many formulas `recommendation_` holds. about: a few words about the experiment, for the index.
    typed: formulas of your own in the columns' names, fitted beside the others. units: column -> unit, `y` for the target.
    use_corpus: look for known laws in the index; False tries generic forms alone. effort: multiplies the work of every fit.
    seconds: for the structure searches; 0 leaves them out, None takes the setting. random_state: the same integer gives the same answer.

    After `fit`: `recommendation_`, all formulas; `formula_`, the best one; `n_features_in_`, `feature_names_in_`.
    A value outside the domain of the formula is predicted as NaN.
    """

    def __init__(
        self,
        *,
        limit: int = 5,
        about: str = "",
        typed: Sequence[str] = (),
        units: Mapping[str, str] | None = None,
        use_corpus: bool = True,
        effort: float = 1.0,
        seconds: float | None = None,
        random_state: int | RandomState | None = 0,
    ) -> None:
        self.limit = limit
        self.about = about
        self.typed = typed
        self.units = units
        self.use_corpus = use_corpus
        self.effort = effort
        self.seconds = seconds
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> FormulaRegressor:
        """Search and fit. ValueError (a RecommenderError too) says what is wrong with the table, and the cure."""
        name = getattr(y, "name", None)
        values, target = validate_data(self, X, y, dtype=float, y_numeric=True, ensure_min_samples=MIN_ROWS)
        headers = getattr(self, "feature_names_in_", [f"x{i}" for i in range(values.shape[1])])
        try:
            problem = self._problem(values, target, [str(h) for h in headers], "y" if name is None else str(name))
            self.recommendation_ = self._recommend(problem)
        except ProblemError as error:
            raise RegressorError(error.key, **error.values) from None
        if not self.recommendation_.formulas:
            raise RegressorError("no_formula", target=problem.target.name)
        self.formula_: RankedFormula = self.recommendation_.formulas[0]
        return self

    def _problem(self, values: Array, target: ArrayLike, headers: list[str], name: str) -> Problem:
        frame = pd.DataFrame(np.column_stack([values, np.asarray(target, float)]), columns=pd.Index([*headers, name]))
        table = Table.from_frame(frame, name="X, y")
        own = table.columns[-1].name
        units = {own if column == "y" else column: unit for column, unit in (self.units or {}).items()}
        self._positions = {column.name: i for i, column in enumerate(table.columns)}
        return Problem.of(table.with_units(units), own, about=self.about, typed=self.typed, seed=self._seed())

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def _recommend(self, problem: Problem) -> Recommendation:
        if self.use_corpus:
            return run(problem, limit=self.limit, effort=self.effort, seconds=self.seconds, record=False)
        seconds = Settings.load().search_seconds if self.seconds is None else self.seconds
        return recommend(problem, limit=self.limit, effort=self.effort, seconds=seconds)

    def predict(self, X: ArrayLike) -> Array:
        """The target in its own unit, shape (n,)."""
        check_is_fitted(self, "formula_")
        values = validate_data(self, X, dtype=float, reset=False)
        columns = {v.name: values[:, self._positions[v.name]] for v in self.formula_.variables}
        return np.asarray(self.formula_.predict(columns))


__all__ = ["FormulaRegressor", "RegressorError"]
