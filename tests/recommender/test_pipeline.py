from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import FormulaError, RecommenderError
from corpus.formula import parse
from corpus.language import LANGUAGES, Sentence
from indexes import Retriever
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.proposers import Elementary, Proposal, Proposer, Typed
from recommender.recommendation import Recommendation
from recommender.table import Table
from recommender.testing import example_problem, hard_problems

EXAMPLES = Path(__file__).parents[2] / "examples"
X = np.linspace(0.2, 5, 30)
NOISE = np.random.default_rng(11).normal(0, 1, X.size)


def ask(columns: Mapping[str, object], **options: object) -> Problem:
    return Problem.of(Table.of(columns), **options)  # type: ignore[arg-type]


def answer(problem: Problem, **options: object) -> Recommendation:
    return recommend(problem, **{"effort": 0.05, "seconds": 0, **options})  # type: ignore[arg-type]


def notes(result: Recommendation) -> dict[str, str]:
    return {note.key.removeprefix("note."): note.text() for note in result.notes}


@pytest.fixture(scope="module")
def cooling(retriever: Retriever) -> Recommendation:
    return answer(example_problem(), retriever=retriever)


# --- the same question, the same answer -----------------------------------------------------------------------------

TWICE = """
import sys
from indexes import open_index
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.table import Table
problem = Problem.of(Table.read(sys.argv[1]), about="cooling of coffee", seed=4)
sys.stdout.buffer.write(recommend(problem, retriever=open_index(), effort=0.05, seconds=0).to_json().encode())
"""


def test_same_seed_same_bytes_in_two_processes(retriever: Retriever) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", TWICE, EXAMPLES / "cooling_ja.csv"],
            capture_output=True,
            check=True,
            timeout=240,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert Recommendation.from_json(told[0].decode()).formulas


def test_json_and_back(cooling: Recommendation) -> None:
    again = Recommendation.from_json(cooling.to_json())
    assert again == cooling
    assert again.to_json() == cooling.to_json()
    columns = {"time": [0.0, 10.0]}
    for formula, other in zip(cooling.formulas, again.formulas, strict=True):
        np.testing.assert_array_equal(formula.predict(columns), other.predict(columns))


# --- what an answer holds -------------------------------------------------------------------------------------------


def test_every_formula_is_distinct(cooling: Recommendation) -> None:
    keys = [formula.key for formula in cooling.formulas]
    assert len(set(keys)) == len(keys) >= 3
    assert [formula.rank for formula in cooling.formulas] == list(range(1, len(keys) + 1))
    assert sorted(formula.score for formula in cooling.formulas) == [formula.score for formula in cooling.formulas]


def test_every_sentence_is_in_both_languages(cooling: Recommendation) -> None:
    sentences = [*cooling.notes]
    for formula in cooling.formulas:
        sentences += [formula.reason, formula.status, *formula.warnings, *(origin.why for origin in formula.origins)]
        sentences += [evidence.words for evidence in formula.evidence]
    assert all(sentence.text(language) for sentence in sentences for language in LANGUAGES)


def test_a_formula_can_be_used(cooling: Recommendation) -> None:
    best = cooling.formulas[0]
    problem = example_problem()
    shown = best.predict({"time": problem.inputs[0].shown})
    assert np.sqrt(np.mean((shown - problem.target.shown) ** 2)) < 1
    assert best.predict({"time": 5.0}).shape == (1,)
    compile(best.numpy_source(), "source", "exec")
    assert best.sympy() is not None
    assert best.text.startswith("temperature = ")


def test_coefficients_have_units_and_errors(cooling: Recommendation) -> None:
    newton = next(f for f in cooling.formulas if any("cooling" in str(origin.why).lower() for origin in f.origins))
    times = [c for c in newton.coefficients if c.quantity in ("time", "rate")]
    assert times
    assert all(c.standard_error > 0 and c.low < c.value < c.high and c.unit for c in times)


# --- two inputs, Japanese headers, relative errors, known constants -------------------------------------------------


def test_two_inputs_with_units(retriever: Retriever) -> None:
    volts, ohms = (grid.ravel() for grid in np.meshgrid([1.0, 2, 3, 5, 8], [10.0, 20, 50, 100]))
    result = answer(
        ask({"voltage [V]": volts, "resistance [ohm]": ohms, "power [mW]": 1e3 * volts**2 / ohms}, about="power in a resistor"),
        retriever=retriever,
    )
    best = result.formulas[0]
    assert {v.symbol for v in best.variables} == {"voltage", "resistance"}
    assert best.number("accuracy", "held_out_nmse") < 1e-9
    np.testing.assert_allclose(best.predict({"voltage": [4.0], "resistance": [40.0]}), [400], rtol=1e-6)


def test_japanese_headers(retriever: Retriever) -> None:
    problem = Problem.of(Table.read(EXAMPLES / "cooling_ja.csv"), about="コーヒーの冷却")
    result = answer(problem, retriever=retriever)
    best = result.formulas[0]
    assert best.text.startswith("温度 = ")
    assert "経過時間" in best.text
    assert parse(best.text.partition("=")[2], ["経過時間"]).variables == ("経過時間",)
    assert best.number("accuracy", "held_out_nmse") < 0.01


def test_multiplicative_noise_is_noticed() -> None:
    y = 0.01 * np.exp(1.6 * X) * (1 + 0.05 * NOISE)
    told = notes(answer(ask({"x": X, "y": y}), proposers=[Fixed("a*exp(b*x0)", "a + b*x0", "a*x0**b")]))["relative_error"]
    assert 3 < float(re.search(r"([\d.]+) %", told)[1]) < 7
    even = answer(ask({"x": X, "y": 0.01 * np.exp(1.6 * X) + 0.2 * NOISE}), proposers=[Fixed("a*exp(b*x0)", "a + b*x0")])
    assert "relative_error" not in notes(even)


class Fixed:
    """Proposes the same texts to everyone."""

    name = "fixed"

    def __init__(self, *texts: str, known: Mapping[str, float] | None = None) -> None:
        self.texts = texts
        self.known = dict(known or {})

    def propose(self, problem: Problem, context: object, history: object) -> Iterable[Proposal]:
        for text in self.texts:
            yield Proposal(parse(text, list(problem.names)), self.name, Sentence.of("why.elementary"), known=self.known)


def test_known_constants_stay() -> None:
    result = answer(ask({"x": X, "y": 3 * np.exp(-0.5 * X) + 0.01 * NOISE}), proposers=[Fixed("a*exp(-b*x0)", known={"b": 0.4})])
    b = next(c for c in result.formulas[0].coefficients if c.name == "b")
    assert (b.si, b.value, b.known, b.standard_error) == (0.4, 0.4, True, 0)


def test_columns_and_coefficients_are_told_apart() -> None:
    result = answer(ask({"a": X, "n0": 1 + np.sin(X), "y": 2 * X**1.5 * (1 + np.sin(X))}), proposers=[Elementary()])
    for formula in result.formulas:
        names = {c.name for c in formula.coefficients}
        assert not names & {"a", "n0", "y"}
        assert set(parse(formula.text.partition("=")[2], ["a", "n0"]).parameters) == names


# --- typed formulas -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["y = a*cos(x) + 40", "a*x**7", "y = exp(-p*x**2) + q"])
def test_a_typed_formula_is_always_assessed(text: str) -> None:
    result = answer(ask({"x": X, "y": 3 * X + 0.01 * NOISE}, typed=[text]), limit=20)
    assert any(origin.proposer == Typed.name for formula in result.formulas for origin in formula.origins)


def test_a_typed_formula_without_a_value_is_told() -> None:
    result = answer(ask({"x": X, "y": 3 * X}, typed=["a*log(-1 - x)"]))
    assert "log" in notes(result)["typed_in_vain"]
    assert result.formulas


def test_a_typed_text_that_is_no_formula_is_an_error() -> None:
    with pytest.raises(FormulaError):
        answer(ask({"x": X, "y": X**2}, typed=["a*(x"]))


# --- stop, progress, failures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [0, 1, 3, 10])
def test_stop_ends_early_with_a_result(calls: int) -> None:
    left = iter(range(calls))
    result = answer(ask({"x": X, "y": X**2 + 0.1 * NOISE}, typed=["a*x**2 + b"]), stop=lambda: next(left, None) is None)
    assert result.formulas
    assert Recommendation.from_json(result.to_json()) == result


def test_progress_tells_the_stages_in_order() -> None:
    told: list[Progress] = []
    answer(ask({"x": X, "y": X**2 + 0.01 * np.sin(50 * X)}), progress=told.append)
    stages = list(dict.fromkeys(step.stage for step in told))
    assert stages == ["proposing", "racing", "refining", "assessing", "ranking"]
    assert all(0 <= step.done <= step.total for step in told)
    assert told[-1].best.startswith("y = ")


class Failing:
    name = "failing"

    def __init__(self, error: Exception, after: int) -> None:
        self.error = error
        self.after = after

    def propose(self, problem: Problem, context: object, history: object) -> Iterable[Proposal]:
        yield from list(Fixed("a + b*x0").propose(problem, context, history))[: self.after]
        raise self.error


@pytest.mark.parametrize(
    "error", [RecommenderError("no_inputs", target="y"), ValueError("out of ideas"), ZeroDivisionError(), KeyError("k")]
)
@pytest.mark.parametrize("after", [0, 1])
def test_a_failing_proposer_is_a_note(error: Exception, after: int) -> None:
    proposers: list[Proposer] = [Failing(error, after), Fixed("a*x0**2")]
    result = answer(ask({"x": X, "y": X**2}), proposers=proposers)
    assert "failing" in notes(result)["proposer_failed"]
    assert len(result.formulas) == 1 + after


def test_no_proposals_is_a_note() -> None:
    result = answer(ask({"x": X, "y": X**2}), proposers=[Fixed()])
    assert "nothing_fits" in notes(result)
    assert not result.formulas
    assert Recommendation.from_json(result.to_json()) == result


@pytest.mark.parametrize("name", hard_problems())
def test_hard_problems(name: str) -> None:
    result = answer(hard_problems()[name], proposers=[Elementary(), Fixed("a*exp(b*x0)", "a/(x0 - b)", "a*sin(b*x0) + c", "log(x0)*a")])
    assert Recommendation.from_json(result.to_json()) == result
    for formula in result.formulas:
        compile(formula.numpy_source(), "source", "exec")


ROWS: dict[str, Callable[[], Mapping[str, object]]] = {
    "four rows": lambda: {"x": [1, 2, 3, 4], "y": [2, 4, 6, 9]},
    "repeats": lambda: {"x": [1, 1, 2, 2, 3, 3], "y": [1, 1.1, 4, 4.1, 9, 9.2]},
    "integers": lambda: {"x": np.arange(9), "y": np.arange(9) ** 2},
}


@pytest.mark.parametrize("rows", ROWS)
def test_small_tables(rows: str, retriever: Retriever) -> None:
    assert answer(ask(ROWS[rows]()), retriever=retriever).formulas


def test_a_form_with_as_many_coefficients_as_rows_never_leads(retriever: Retriever) -> None:
    """It goes through every point, and nothing is left to check it on."""
    rng = np.random.default_rng(3)
    rows = {"a": rng.uniform(1, 2, 4), "b": rng.uniform(1, 2, 4), "c": rng.uniform(1, 2, 4), "y": rng.normal(size=4)}
    for found in answer(ask(rows), retriever=retriever).formulas[:1]:
        assert sum(not coefficient.known for coefficient in found.coefficients) < 4


def test_of_laws_that_draw_one_curve_the_one_that_was_looked_up_first_speaks(cooling: Recommendation) -> None:
    meanings = [c.meaning.en for c in cooling.formulas[0].coefficients if c.meaning is not None]
    assert any("temperature" in words for words in meanings)
    assert not any("concentration" in words for words in meanings)
