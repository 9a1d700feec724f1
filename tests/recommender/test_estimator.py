from __future__ import annotations

import pickle  # noqa: TID251
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from recommender import FormulaRegressor, RecommenderError

T = np.linspace(0, 60, 25)
FRAME = pd.DataFrame({"time [min]": T})
TEMPERATURE = pd.Series(22 + 60 * np.exp(-T / 18), name="temperature [degC]")


def regressor(**options: object) -> FormulaRegressor:
    return FormulaRegressor(**{"use_corpus": False, "effort": 0.02, **options})  # type: ignore[arg-type]


@pytest.mark.slow
def test_scikit_learns_own_checks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.filterwarnings("ignore", "Skipping check check_array_api_input")
        results = check_estimator(regressor(), on_fail=None)
    assert {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"} == {}
    assert sum(r["status"] == "passed" for r in results) > 40


def test_the_index_is_used_by_default() -> None:
    model = FormulaRegressor(about="hot coffee left to cool", effort=0.05).fit(FRAME, TEMPERATURE)
    assert model.score(FRAME, TEMPERATURE) > 0.999
    assert any(origin.source for formula in model.recommendation_.formulas for origin in formula.origins)
    assert model.formula_.variables[0].unit == "min"
    assert model.formula_.target.unit == "degC"
    assert list(model.feature_names_in_) == ["time [min]"]


def test_predicts_in_the_targets_own_unit() -> None:
    model = regressor(typed=["T0 + a*exp(-time/tau)"]).fit(FRAME, TEMPERATURE)
    assert model.predict(pd.DataFrame({"time [min]": [0.0]})) == pytest.approx([82], abs=0.5)


def test_units_may_be_given_apart() -> None:
    model = regressor(units={"x0": "mm", "y": "V"}).fit(T[:, None] + 1, 3 * T + 2)
    assert (model.formula_.variables[0].unit, model.formula_.target.unit) == ("mm", "V")


def test_a_target_named_like_a_feature() -> None:
    frame = pd.DataFrame({"y": T, "z": np.cos(T)})
    assert regressor().fit(frame, 2 * T + 1).score(frame, 2 * T + 1) > 0.999


@pytest.mark.parametrize("state", [3, np.int64(3), np.random.RandomState(3), None])
def test_random_states(state: object) -> None:
    assert regressor(random_state=state).fit(FRAME, TEMPERATURE).score(FRAME, TEMPERATURE) > 0.5


def test_the_same_state_gives_the_same_answer() -> None:
    first, second = (regressor(random_state=5).fit(FRAME, TEMPERATURE) for _ in range(2))
    assert first.recommendation_ == second.recommendation_


def test_survives_clone_and_pickle() -> None:
    model = regressor(limit=2).fit(FRAME, TEMPERATURE)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))
    assert not hasattr(clone(model), "formula_")


def test_works_inside_scikit_learn() -> None:
    pipeline = make_pipeline(FunctionTransformer(np.log1p), regressor())
    scores = cross_val_score(pipeline, T[:, None], 3 * np.log1p(T) + 1, cv=3)
    assert scores.min() > 0.9


def test_not_fitted() -> None:
    with pytest.raises(NotFittedError):
        regressor().predict(FRAME)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (T[:, None], np.full(T.size, 3.0)),
        (T[:3, None], T[:3]),
        (np.ones((9, 1)), np.arange(9.0)),
        (T[:, None], np.where(T > 5, np.nan, T)),
        (T[:, None] * 1e150, T),
    ],
)
def test_unusable_tables_are_value_errors(x: np.ndarray, y: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        regressor().fit(x, y)


def test_our_own_errors_stay_ours() -> None:
    with pytest.raises(RecommenderError) as caught:
        regressor().fit(T[:, None], np.full(T.size, 3.0))
    assert isinstance(caught.value, ValueError)
