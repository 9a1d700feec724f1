from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from corpus.entry import Entry
from corpus.errors import RecommenderError
from corpus.load import SEED_FOLDER
from corpus.sources import FolderSource
from recommender.objective import ComputedObjective, Designs, Idea, Weights, each, optimise
from recommender.progress import Progress
from tests.recommender.objective.problems import LEAST_STRESS, T, distance, near_goal, ramp, slope

# --- what is found --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_search_finds_a_family_nobody_named() -> None:
    found = optimise(ramp(), ["a*t", "a*t + b*t**2"], budget=5_000, rounds=2, seed=1)
    logs = [design for design in found.designs if "log" in design.text]
    assert logs
    assert found.best.loss == pytest.approx(LEAST_STRESS, rel=0.02)
    assert logs[0].proposer == "edit"
    assert "log" not in "".join(design.text for design in optimise(ramp(), ["a*t", "a*t + b*t**2"], budget=2_000, rounds=0).designs)


def test_coefficients_of_a_family_are_found_without_starts() -> None:
    best = optimise(near_goal(), ["a*exp(-b*t)"], budget=4_000, rounds=0).best
    assert best.coefficients == pytest.approx({"a": 2, "b": 1.5}, rel=1e-3)
    np.testing.assert_allclose(best.curve({"t": [0.0, 0.5]}), 2 * np.exp([0, -0.75]), rtol=1e-3)


def test_a_gradient_gives_more_digits_for_fewer_curves() -> None:
    plain = optimise(near_goal(), ["a*exp(-b*t)"], budget=600, rounds=0).best
    followed = optimise(near_goal(gradient=slope), ["a*exp(-b*t)"], budget=600, rounds=0).best
    assert followed.text == "a*exp(-b*t)"
    assert followed.loss < 1e-12
    assert followed.loss <= plain.loss


def at_least_one_at_the_end(curves: np.ndarray) -> np.ndarray:
    return 1 - curves[:, -1]


def exact_least_square() -> float:
    """Of a line through 1 at the end: 1/(e' (A'A/n)^-1 e), e the row of the end."""
    rows = np.stack([T, np.ones_like(T)], axis=1)
    return float(1 / (rows[-1] @ np.linalg.solve(rows.T @ rows / T.size, rows[-1])))


@pytest.mark.parametrize("gradient", [None, lambda curves: 2 * curves / curves.shape[1]])
def test_constraints_are_kept_and_bind(gradient: Callable[[np.ndarray], np.ndarray] | None) -> None:
    objective = ComputedObjective(
        lambda curves: np.mean(curves**2, axis=1), {"t": T}, gradient=gradient, constraints=[at_least_one_at_the_end]
    )
    found = optimise(objective, ["a*t + b"], budget=3_000, rounds=0)
    line = next(design for design in found.designs if set(design.coefficients) == {"a", "b"})
    assert line.coefficients["a"] + line.coefficients["b"] >= 1 - 1e-6
    assert line.loss == pytest.approx(exact_least_square(), rel=0.01)


def test_bounds_are_kept() -> None:
    best = optimise(near_goal(), [Idea("a*exp(-b*t)", bounds={"b": (0.0, 1.0)})], budget=1_000, rounds=0, limit=20)
    (design,) = [design for design in best.designs if design.proposer == "typed"]
    assert 0.9 < design.coefficients["b"] <= 1.0


def test_starts_are_used() -> None:
    """One narrow hole in a flat loss, which no search would find."""
    objective = ComputedObjective(each(lambda curve: -float(abs(curve[-1] - 123.4) < 0.01)), {"t": T}, matters=1.0)
    idea = Idea("a*t", starts={"a": 123.4})
    assert optimise(objective, [idea], budget=500, rounds=0).best.loss == -1


def test_several_variables_and_shapes_of_the_corpus() -> None:
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(1, 2, 6), np.linspace(1, 3, 6)))
    objective = ComputedObjective(each(lambda curve: float(np.mean((curve - x / (0.5 + y)) ** 2))), {"x": x, "y": y}, matters=1e-3)
    found = optimise(objective, ["a*x/(b + y)"], shapes=surfaces(), budget=3_000, rounds=0)
    assert found.best.text == "a*x/(b + y)"
    assert found.best.coefficients == pytest.approx({"a": 1, "b": 0.5}, rel=0.05)
    assert any(design.proposer.startswith("shapes.") for design in found.designs)


def surfaces() -> list[Entry]:
    entries = [item.entry for item in FolderSource(SEED_FOLDER / "shapes").collect()]
    return [entry for entry in entries if entry is not None and entry.domain == "shapes/surfaces"]


# --- how it is told -------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_json_comes_back() -> None:
    one, other = (optimise(ramp(), ["a*t"], budget=1_500, rounds=1, seed=3) for _ in range(2))
    assert one.to_json() == other.to_json()
    assert Designs.from_json(one.to_json()) == one


def test_spellings_of_one_family_are_shown_once() -> None:
    found = optimise(near_goal(), ["a*exp(-b*t)", "exp(c - t/d)", "a*b**t"], budget=1_500, rounds=0)
    assert len([design for design in found.designs if "t" in design.text and design.loss < 1e-6]) == 1


def test_an_elaboration_that_gains_nothing_is_left_out() -> None:
    found = optimise(near_goal(), ["a*exp(-b*t)", "a*exp(-b*t) + c*t**2"], budget=4_000, rounds=0)
    assert "c*t**2" not in " ".join(design.text for design in found.designs)


def test_designs_are_ranked_and_explained_in_both_languages() -> None:
    found = optimise(near_goal(), ["a*exp(-b*t)", "a + b*t", "a*t"], budget=1_500, rounds=0)
    assert found.best.text == "a*exp(-b*t)"
    assert [design.rank for design in found.designs] == list(range(1, len(found.designs) + 1))
    assert sorted(design.score for design in found.designs) == [design.score for design in found.designs]
    assert all(0 <= design.robustness <= 1 and 0 < design.simplicity < 1 and design.front >= 1 for design in found.designs)
    assert "lower loss" in found.best.reason.text("en")
    assert "損失が小さい" in found.best.reason.text("ja")
    assert found.best.latex in found._repr_markdown_()
    assert found.report("ja") != found.report("en")
    assert "def formula(t" in found.best.numpy_source()


def test_robustness_falls_with_the_error_of_the_coefficients() -> None:
    fine, coarse = (optimise(near_goal(), ["a*exp(-b*t)"], budget=1_500, rounds=0, tolerance=error).best for error in (0.001, 0.2))
    assert fine.robustness > 0.99
    assert coarse.robustness < 0.5
    assert coarse.rises["a"] > coarse.rises["b"] > 0


def test_weights_turn_the_order() -> None:
    formulas = ["a*exp(-b*t)", "a*t"]
    assert optimise(near_goal(), formulas, budget=1_500, rounds=0).best.text == "a*exp(-b*t)"
    assert optimise(near_goal(), formulas, budget=1_500, rounds=0, weights=Weights(0.0, 0.0, 1.0)).best.text == "a*t"


def test_stopping_gives_what_there_is() -> None:
    told: list[Progress] = []
    found = optimise(ramp(), ["a*t", "a*t**2"], budget=50_000, progress=told.append, stop=lambda: len(told) > 3)
    assert found.designs
    assert found.evaluations < 50_000
    assert "Stopped" in found.report("en")
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert {step.total for step in told} == {50_000}


def test_what_cannot_be_scored_is_named() -> None:
    found = optimise(near_goal(), ["a*exp(-b*t)", "log(-1 - a**2*t**2)"], budget=1_000, rounds=0)
    assert any("log(" in note.text("en") for note in found.notes)


# --- what is refused ------------------------------------------------------------------------------------------------------


def broken(curves: np.ndarray) -> np.ndarray:
    raise ZeroDivisionError("by hand")


BAD_FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], object], str]] = {
    "one number": (lambda curves: 1.0, "objective_shape"),
    "a curve": (lambda curves: curves, "objective_shape"),
    "nothing": (lambda curves: None, "objective_not_numbers"),
    "complex": (lambda curves: curves.sum(axis=1) * 1j, "objective_not_numbers"),
    "it raises": (broken, "objective_raised"),
    "never finite": (lambda curves: np.full(len(curves), np.nan), "objective_no_finite"),
}


@pytest.mark.parametrize("name", BAD_FUNCTIONS)
def test_a_function_that_cannot_be_used_is_refused_with_the_cure(name: str) -> None:
    fn, key = BAD_FUNCTIONS[name]
    with pytest.raises(RecommenderError) as caught:
        optimise(ComputedObjective(fn, {"t": T}), ["a*t"], budget=500)  # type: ignore[arg-type]
    assert caught.value.key == key


def test_the_cause_of_a_failure_is_kept() -> None:
    with pytest.raises(RecommenderError, match="ZeroDivisionError: by hand") as caught:
        optimise(ComputedObjective(broken, {"t": T}), ["a*t"], budget=500)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_constraints_that_nothing_keeps() -> None:
    objective = ComputedObjective(distance, {"t": T}, constraints=[lambda curves: np.ones(len(curves))])
    with pytest.raises(RecommenderError, match="Loosen") as caught:
        optimise(objective, ["a*t"], budget=500)
    assert caught.value.key == "objective_infeasible"


@pytest.mark.parametrize("grid", [{}, {"t": [[1.0, 2.0]]}, {"t": [1.0]}, {"t": [0.0, np.nan]}, {"t": [0.0, 1.0], "s": [0.0, 1.0, 2.0]}])
def test_a_grid_that_cannot_be_used(grid: dict[str, list[float]]) -> None:
    with pytest.raises(RecommenderError) as caught:
        ComputedObjective(distance, grid)
    assert caught.value.key == "objective_grid"


@pytest.mark.parametrize(
    ("formula", "key"),
    [
        ("a + b", "objective_no_variable"),
        ("a*(t", "formula_unreadable"),
        (Idea("a*t", bounds={"b": (0.0, 1.0)}), "objective_idea"),
        (Idea("a*t", bounds={"a": (1.0, 0.0)}), "objective_idea"),
        (Idea("a*t + b", starts={"a": 1.0}), "objective_idea"),
    ],
)
def test_formulas_that_cannot_be_used(formula: str | Idea, key: str) -> None:
    with pytest.raises(RecommenderError) as caught:
        optimise(near_goal(), [formula])
    assert caught.value.key == key


@pytest.mark.parametrize("options", [{"budget": 3}, {"rounds": -1}, {"limit": 0}, {"tolerance": 1.5}])
def test_options_out_of_range(options: dict[str, int]) -> None:
    with pytest.raises(RecommenderError) as caught:
        optimise(near_goal(), ["a*t"], **options)  # type: ignore[arg-type]
    assert caught.value.key == "objective_options"


@pytest.mark.parametrize("options", [{"typical": (1.0, 0.0)}, {"matters": 0.0}])
def test_scales_that_cannot_be_used(options: dict[str, object]) -> None:
    with pytest.raises(RecommenderError) as caught:
        ComputedObjective(distance, {"t": T}, **options)  # type: ignore[arg-type]
    assert caught.value.key == "objective_scale"


def test_the_random_numbers_of_numpy_at_large_are_left_alone() -> None:
    np.random.seed(5)
    before = np.random.random()
    np.random.seed(5)
    optimise(near_goal(), ["a*exp(-b*t)"], budget=500, rounds=0)
    assert np.random.random() == before
