from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recommender
from corpus.formula import parse
from recommender import Problem, RecommenderError, Table, fit, recommend

X = np.linspace(0.5, 6, 20)
DECAY = {"x": X, "y": 5 * np.exp(-0.4 * X)}


def test_public_names() -> None:
    assert recommender.__all__ == ["FormulaRegressor", "Problem", "Recommendation", "RecommenderError", "Table", "fit", "recommend"]
    assert set(recommender.__all__) <= set(dir(recommender))
    assert all(getattr(recommender, name).__name__ == name for name in recommender.__all__)


def test_nothing_else_is_public() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Fromula'"):
        recommender.Fromula  # noqa: B018


def test_importing_is_free() -> None:
    code = "import sys, time; t = time.perf_counter(); import recommender; t = time.perf_counter() - t; print(t, 'numpy' in sys.modules)"
    seconds, heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert heavy == "False"
    assert float(seconds) < 0.1


def test_scikit_learn_loads_only_with_the_estimator() -> None:
    code = "import sys; from recommender import fit, Problem, recommend; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


# --- fit ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "target"),
    [
        ("y = a*exp(-b*x)", None),
        ("a*exp(-b*x)", None),
        ("a*exp(-b*x)", "y"),
        ("y=a*exp(-b*X)".lower(), None),
        (parse("a*exp(-b*x)", ["x"]), "y"),
    ],
)
def test_fit_names_its_target(formula: str, target: str | None) -> None:
    found = fit(formula, DECAY, target)
    assert found.parameters == pytest.approx({"a": 5, "b": 0.4})
    np.testing.assert_allclose(found.predict({"x": X}), DECAY["y"])


@pytest.mark.parametrize("kind", ["frame", "table", "path", "text path"])
def test_fit_takes_any_table(kind: str, tmp_path: Path) -> None:
    frame, path = pd.DataFrame(DECAY), tmp_path / "decay.csv"
    frame.to_csv(path, index=False)
    source = {"frame": frame, "table": Table.of(frame), "path": path, "text path": str(path)}[kind]
    assert fit("y = a*exp(-b*x)", source).parameters["b"] == pytest.approx(0.4)


def test_fit_speaks_the_tables_own_units() -> None:
    minutes = np.linspace(0, 60, 20)
    found = fit("T = T0 + a*exp(-t/tau)", {"t [min]": minutes, "T [degC]": 20 + 60 * np.exp(-minutes / 18)})
    assert found.parameters == pytest.approx({"T0": 20, "a": 60, "tau": 18})


def test_fit_of_a_japanese_table() -> None:
    assert fit("温度 = a*時間 + b", {"時間 [分]": X, "温度 [℃]": 3 * X + 1}).parameters == pytest.approx({"a": 3, "b": 1})


def test_fit_passes_what_is_known_on() -> None:
    assert fit("y = a*exp(-b*x)", DECAY, known={"b": 0.4}).parameters["a"] == pytest.approx(5)
    assert fit("y = a*exp(-b*x) + c", DECAY, bounds={"c": (1, 2)}).parameters["c"] >= 1


def test_fit_weights_by_a_column() -> None:
    rows = {**DECAY, "dy": np.full(X.size, 0.01)}
    assert fit("y = a*exp(-b*x)", rows, sigma="dy").reduced_chi2 is not None


@pytest.mark.parametrize(
    ("formula", "table", "key"),
    [
        ("z = a*x", DECAY, "column_missing"),
        ("y = a*y", DECAY, "target_is_input"),
        ("y = a*(x", DECAY, "formula_unreadable"),
        ("y = a*x", "no such file.csv", "file_missing"),
        ("y = a*x", {"x": [1, 2], "y": [3]}, "not_a_table"),
        ("y = a*x", 5, "not_a_table"),
        ("y = a*x", {"x": [1, 2], "y": ["p", "q"]}, "column_text"),
        ("y = a*x", {"x": [None, 2.0], "y": [1.0, None]}, "fit_no_rows"),
    ],
)
def test_fit_says_what_is_wrong(formula: str, table: object, key: str) -> None:
    with pytest.raises(RecommenderError) as caught:
        fit(formula, table)  # type: ignore[arg-type]
    assert caught.value.key == key


def test_fit_refuses_two_targets() -> None:
    with pytest.raises(RecommenderError):
        fit("y = a*x", DECAY, "x")


# --- recommend ------------------------------------------------------------------------------------------------------


def test_recommend_takes_a_problem_or_a_table() -> None:
    options = {"limit": 3, "effort": 0.05, "record": False}
    one = recommend(DECAY, target="y", about="decay", seed=3, **options)  # type: ignore[arg-type]
    other = recommend(Problem.of(Table.of(DECAY), "y", about="decay", seed=3), **options)  # type: ignore[arg-type]
    assert one == other
    assert 0 < len(one.formulas) <= 3
    assert one.formulas[0].number("accuracy", "held_out_nmse") < 1e-6
    assert "$y = " in one._repr_markdown_()


def test_recommend_refuses_what_a_problem_already_says() -> None:
    with pytest.raises(RecommenderError) as caught:
        recommend(Problem.of(Table.of(DECAY)), target="x")
    assert caught.value.key == "problem_complete"


def test_recommend_says_what_is_wrong() -> None:
    with pytest.raises(RecommenderError) as caught:
        recommend({"x": [1, 2], "y": [2, 3]})
    assert caught.value.key == "too_few_rows"


def test_weights_count_like_repeated_rows() -> None:
    rng = np.random.default_rng(4)
    x = np.linspace(1, 5, 12)
    y = 2 * x + rng.normal(0, 0.3, 12)
    counts = rng.integers(1, 4, 12)
    weighted = fit("y = a*x + b", {"x": x, "y": y}, weights=counts)
    repeated = fit("y = a*x + b", {"x": np.repeat(x, counts), "y": np.repeat(y, counts)})
    assert weighted.parameters == pytest.approx(repeated.parameters, rel=1e-9)


def test_only_the_ratio_of_weights_matters() -> None:
    x = np.linspace(1, 5, 12)
    y = 2 * x + np.random.default_rng(4).normal(0, 0.3, 12)
    one, other = (fit("y = a*x + b", {"x": x, "y": y, "w": scale * x}, target="y", weights="w") for scale in (1.0, 400.0))
    assert one.standard_errors == pytest.approx(other.standard_errors, rel=1e-9)
    assert one.reduced_chi2 is None


@pytest.mark.parametrize(("weights", "words"), [([1.0], "1 weights"), ([0.0] * 20, "positive"), (X - 9, "positive")])
def test_weights_that_cannot_be_used(weights: object, words: str) -> None:
    with pytest.raises(RecommenderError, match=words):
        fit("y = a*exp(-b*x)", DECAY, weights=weights)  # type: ignore[arg-type]
