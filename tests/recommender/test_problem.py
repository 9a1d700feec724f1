from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from corpus.errors import FormulaError, ProblemError
from recommender.problem import MAX_INPUTS, MAX_ROWS, MIN_ROWS, Problem
from recommender.table import Table

RNG = np.random.default_rng(7)


def problem(n: int = 40, target: str | None = None, **options: object) -> Problem:
    data = pd.DataFrame({"T [degC]": np.linspace(10, 90, n), "長さ [mm]": RNG.permutation(n) + 1.0, "R [kohm]": np.linspace(1, 5, n) ** 2})
    return Problem.of(Table.from_frame(data), target, **options)  # type: ignore[arg-type]


def notes(p: Problem) -> set[str]:
    return {note.key.removeprefix("note.") for note in p.notes}


def test_last_column_is_the_target_and_all_others_are_inputs() -> None:
    p = problem()
    assert p.target.name == "R"
    assert [column.name for column in p.inputs] == ["T", "長さ"]
    assert p.names == {"x0": "T", "x1": "長さ"}
    assert p.has_units


def test_samples_are_si() -> None:
    samples = problem().samples
    np.testing.assert_allclose([samples.columns["x0"][0], samples.target[0]], [283.15, 1000])


def test_one_name_is_a_list_of_one() -> None:
    p = problem(inputs="T", typed="a*T")
    assert [column.name for column in p.inputs] == ["T"]
    assert p.typed == ("a*T",)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"seed": -1}, "seed_negative"),
        ({"target": "R", "inputs": ["R"]}, "target_is_input"),
        ({"target": "R", "inputs": ["r [kohm]"]}, "target_is_input"),
        ({"inputs": []}, "no_inputs"),
    ],
)
def test_questions_that_do_not_fit(options: dict[str, object], key: str) -> None:
    with pytest.raises(ProblemError) as caught:
        problem(**options)  # type: ignore[arg-type]
    assert caught.value.key == key


def test_formulas_in_the_customers_names() -> None:
    p = problem()
    for text in ("R = a*T + b*長さ", "a*T + b*長さ", "y = a*T + b*長さ", "r = a*T + b*長さ"):
        formula = p.parse(text)
        assert formula.text == "a*x0 + b*x1"
        assert formula.variables == ("x0", "x1")


def test_coefficients_never_meet_inner_names() -> None:
    assert "x1_" in problem().parse("x1*T").parameters


def test_inner_names_may_be_headers() -> None:
    data = pd.DataFrame({"x1": np.arange(6.0), "x0": np.arange(6.0)[::-1] ** 2, "y": np.arange(6.0) ** 3})
    assert Problem.of(Table.from_frame(data)).parse("a*x1 + b*x0").text == "a*x0 + b*x1"


@pytest.mark.parametrize("text", ["U = a*T", "T = a*R"])
def test_formulas_for_another_target(text: str) -> None:
    with pytest.raises(ProblemError) as caught:
        problem().parse(text)
    assert caught.value.key == "typed_other_target"


def test_y_is_the_target_unless_a_column_is_called_so() -> None:
    data = pd.DataFrame({"y": np.arange(6.0), "z": np.arange(6.0) ** 2})
    with pytest.raises(ProblemError):
        Problem.of(Table.from_frame(data)).parse("y = a*y")


@pytest.mark.parametrize("text", ["a*(T", "__import__('os')", "a b", "", "=", "T == 3", "9**9**9**9"])
def test_texts_that_are_no_formulas(text: str) -> None:
    with pytest.raises((FormulaError, ProblemError)):
        problem().parse(text)


@pytest.mark.parametrize("n", [4, 5, 9, 14, 15, 16, 60, 500])
def test_folds_cover_every_row_equally_often(n: int) -> None:
    p = problem(n)
    tested = np.bincount(np.concatenate([test for _, test in p.folds]), minlength=n)
    assert set(tested) == {tested[0]}
    assert tested[0] > 0
    for train, test in p.folds:
        assert len(train) > 0
        assert not set(train) & set(test)
        assert len(train) + len(test) == n


def test_repeats_stay_in_one_fold() -> None:
    x = np.repeat(np.arange(10.0), 3)
    p = Problem.of(Table.from_frame(pd.DataFrame({"x": x, "y": x**2 + np.arange(30)})))
    for train, test in p.folds:
        assert not set(x[train]) & set(x[test])


def test_edges_are_the_ends() -> None:
    p = problem(60)
    x = p.samples.columns["x0"]
    top, bottom = p.edges[:2]
    assert x[top[1]].min() > x[top[0]].max()
    assert x[bottom[1]].max() < x[bottom[0]].min()
    assert all(len(train) >= MIN_ROWS for train, _ in p.edges)


def test_splits_are_those_of_the_table() -> None:
    first, again, other = (problem(rows, inputs=["T"], seed=seed).folds for rows, seed in ((60, 1), (60, 2), (61, 1)))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))


def test_many_rows_are_sampled_by_seed() -> None:
    x = np.linspace(0, 1, 3 * MAX_ROWS)
    table = Table.from_frame(pd.DataFrame({"x": x, "y": x**2}))
    first, again, other = (Problem.of(table, seed=seed) for seed in (1, 1, 2))
    assert len(first.samples) == MAX_ROWS
    assert np.array_equal(first.rows, again.rows)
    assert not np.array_equal(first.rows, other.rows)
    assert "rows_sampled" in notes(first)


def test_the_strongest_inputs_are_kept() -> None:
    data = pd.DataFrame(RNG.normal(size=(80, 30)), columns=[f"c{i}" for i in range(30)])
    data["y"] = 3 * data["c17"] + data["c4"]
    p = Problem.of(Table.from_frame(data))
    names = {column.name for column in p.inputs}
    assert len(names) == MAX_INPUTS
    assert {"c17", "c4"} <= names
    assert "inputs_picked" in notes(p)


def test_inputs_a_person_names_are_kept() -> None:
    data = pd.DataFrame({"a": np.arange(9.0), "b": np.arange(9.0), "y": np.arange(9.0) ** 2})
    table = Table.from_frame(data)
    assert [c.name for c in Problem.of(table, "y").inputs] == ["a"]
    assert [c.name for c in Problem.of(table, "y", ["a", "b"]).inputs] == ["a", "b"]


def test_relative_errors_weight_the_rows() -> None:
    weighted = problem().with_relative_error(0.1)
    np.testing.assert_allclose(weighted.samples.sigma, 0.1 * weighted.samples.target)
    assert problem().samples.sigma is None


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("dy", [0.1, 0.2, 0.3, 0.4, 0.5], [1e-4, 2e-4, 3e-4, 4e-4, 5e-4]),
        ("dy [m]", [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("dy [%]", [10, 10, 10, 10, 10], [1e-4, 4e-4, 9e-4, 16e-4, 25e-4]),
    ],
)
def test_measured_uncertainties(header: str, values: list[float], expected: list[float]) -> None:
    x = np.arange(1.0, 6.0)
    p = Problem.of(Table.from_frame(pd.DataFrame({"x": x, "y [mm]": x**2, header: values})), sigma="dy")
    assert p.target.name == "y"
    assert [column.name for column in p.inputs] == ["x"]
    np.testing.assert_allclose(p.samples.sigma, expected)


def test_rows_without_an_uncertainty_are_left_out() -> None:
    x = np.arange(1.0, 7.0)
    table = Table.from_frame(pd.DataFrame({"x": x, "y": x**2, "dy": [1, 1, 0, np.nan, 1, 1]}))
    assert len(Problem.of(table, "y", sigma="dy").samples) == 4


@pytest.mark.parametrize(("sigma", "key"), [("y", "target_is_input"), ("dz", "sigma_unit")])
def test_uncertainties_that_do_not_fit(sigma: str, key: str) -> None:
    x = np.arange(1.0, 7.0)
    table = Table.from_frame(pd.DataFrame({"x": x, "y [mm]": x**2, "dz [s]": x}))
    with pytest.raises(ProblemError) as caught:
        Problem.of(table, "y", sigma=sigma)
    assert caught.value.key == key
