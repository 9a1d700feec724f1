"""How far the answer would be the same from other rows, inputs, starts and searches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corpus.formula import parse
from corpus.language import Sentence
from recommender.assess import Agreement, BootstrapSpread, Evidence, Fitted, Jitter, Multiplicity, SearchStability, Selection, everyone
from recommender.assess.resampling import settings_were_chosen
from recommender.assess.stability import stability
from recommender.candidates import deduplicate
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.table import Table
from recommender.testing import example_problem, fitted_example

RNG = np.random.default_rng(9)
X = np.random.default_rng(1).uniform(0.2, 5, 60)


def ask(y: np.ndarray, x: np.ndarray = X, name: str = "x", seed: int = 0) -> Problem:
    return Problem.of(Table.of({name: x, "y": y}), seed=seed)


@pytest.fixture(scope="module")
def decay() -> Problem:
    return ask(3 * np.exp(-X / 1.3) + RNG.normal(0, 0.03, X.size))


def judged(texts: list[str], problem: Problem) -> list[dict[str, Evidence]]:
    return [dict(evidence) for evidence in everyone().judge([fitted_example(text, problem) for text in texts]).evidence]


# --- bootstrap ------------------------------------------------------------------------------------------------------


def test_coefficients_that_the_data_hardly_determine_score_lower(decay: Problem) -> None:
    right, loose = judged(["a*exp(-x0/b)", "a*exp(-x0/b) + c*exp(-x0/d) + e*x0"], decay)
    assert right["bootstrap"].score > 0.95
    assert loose["bootstrap"].score < 0.6
    assert loose["stability"].score < 0.6 * right["stability"].score
    assert loose["bootstrap"].warnings


@pytest.mark.parametrize("kind", ["rows", "residuals"])
def test_draws_spread_as_least_squares_says(decay: Problem, kind: str) -> None:
    fitted = fitted_example("a*exp(-x0/b)", decay)
    spread = np.std(getattr(fitted.bootstrap, kind).values, axis=0)
    expected = np.array([fitted.fit.standard_errors[name] for name in fitted.free])
    assert np.all((spread / expected > 0.6) & (spread / expected < 1.6))


def test_a_flat_valley_is_not_taken_for_certainty() -> None:
    x = np.linspace(1, 2, 12)
    fitted = fitted_example("b*((x0/d)**n - 1)", ask(x**1.5 + 1e-4 * np.random.default_rng(0).normal(0, 1, 12), x), budget=0.3)
    evidence = BootstrapSpread().assess(fitted)
    least = max(abs(fitted.fit.standard_errors[name] / fitted.fit.parameters[name]) for name in fitted.free)
    assert evidence.numbers["worst_spread"] >= least


def test_the_band_of_a_new_measurement_holds_the_noise(decay: Problem) -> None:
    numbers = BootstrapSpread().assess(fitted_example("a*exp(-x0/b)", decay)).numbers
    assert numbers["prediction_band"] == pytest.approx(2 * 1.96 * 0.03 / np.std(decay.samples.target), rel=0.3)
    assert numbers["curve_band"] < 0.5 * numbers["prediction_band"]


@pytest.mark.parametrize(
    ("x", "name", "chosen"),
    [
        (X, "x", False),
        (X[:20], "x", True),
        (np.linspace(0, 1, 60), "x", True),
        (np.repeat([1.0, 2, 7], 20), "x", True),
        (np.sort(X), "t", True),
        (np.sort(X), "x", False),
    ],
    ids=["measured", "few rows", "even steps", "few levels", "time series", "sorted"],
)
def test_residuals_are_resampled_where_the_settings_were_chosen(x: np.ndarray, name: str, chosen: bool) -> None:
    problem = ask(np.sin(x) + 0.01 * RNG.normal(0, 1, x.size), x, name)
    assert settings_were_chosen(problem) is chosen
    assert BootstrapSpread().assess(fitted_example("a + b*x0", problem)).numbers["residuals"] == chosen


def test_the_seed_of_a_search_does_not_change_the_evidence(decay: Problem) -> None:
    first, other = (
        BootstrapSpread().assess(fitted_example("a*exp(-x0/b)", replace(decay, seed=seed))).numbers["curve_band"] for seed in (1, 2)
    )
    assert first == other


# --- selection ------------------------------------------------------------------------------------------------------

FORMS = ["a*exp(-x0/b)", "a*exp(-x0/b) + c", "a/(b + x0)", "a + b*x0", "a + b*x0 + c*x0**2"]


def shares(texts: list[str], problem: Problem) -> list[float]:
    return [evidence.score for evidence in Selection().compare([fitted_example(text, problem) for text in texts])]


def test_the_law_is_selected(decay: Problem) -> None:
    found = shares(FORMS, decay)
    assert found[0] > 0.8
    assert max(found[1:]) < 0.2


def test_a_form_does_not_lose_by_rivals_like_it(decay: Problem) -> None:
    alone = shares(["a*exp(-x0/b)", "a/(b + x0)"], decay)[0]
    beside = shares(["a*exp(-x0/b)", "a*exp(-x0/b)*(1 + x0/1000)", "a*exp(-x0/b)*(1 - x0/1000)", "a/(b + x0)"], decay)[0]
    assert beside == alone


def test_two_forms_of_one_curve_are_one_family() -> None:
    exact = ask(3 * np.exp(-X / 1.3))
    law, longer, line = shares(["a*exp(-x0/b)", "a*exp(-x0/b) + c", "a + b*x0"], exact)
    assert law == longer == 1
    assert line == 0


def test_nobody_wins_where_nobody_can_be_judged() -> None:
    assert shares(["a*log(-x0)", "a*sqrt(-1 - x0)"], ask(X)) == [0, 0]


def test_selection_is_torn_where_the_data_are() -> None:
    narrow = np.random.default_rng(4).uniform(1.0, 1.5, 40)
    noisy = ask(np.exp(-narrow) + np.random.default_rng(2).normal(0, 0.05, 40), narrow)
    torn = shares(["a*exp(-x0)", "a/x0", "a*x0**(-1.3)", "a/(1 + x0)"], noisy)
    assert sum(share > 0.1 for share in torn) > 1


# --- jitter ---------------------------------------------------------------------------------------------------------


def test_jitter_hits_a_steep_form() -> None:
    gentle = fitted_example("a + b*x0", ask(2 + 0.5 * X))
    y = np.sin(60 * X)
    steep = fitted_example("a*sin(60*x0 + c)", ask(y + RNG.normal(0, 0.02, X.size)))
    assert Jitter().assess(gentle).score > 0.7
    assert Jitter().assess(steep).score < 0.1


def test_jitter_is_as_large_as_the_written_digits_allow() -> None:
    fine, coarse = (ask(np.exp(np.round(X, digits)), np.round(X, digits)) for digits in (4, 2))
    small, large = (Jitter().assess(fitted_example("a*exp(b*x0)", p)).numbers["prediction_change"] for p in (fine, coarse))
    assert 0 < small < 0.1 * large


def test_units_do_not_change_the_jitter() -> None:
    x = np.round(X, 2)
    changes = [
        Jitter().assess(fitted_example("a + b*x0", ask(3 * x, x, f"x [{unit}]"))).numbers["prediction_change"] for unit in ("m", "mm")
    ]
    assert changes[0] == pytest.approx(changes[1], rel=1e-3)


def test_jitter_out_of_the_domain_counts() -> None:
    x = np.concatenate([[1.0], X + 1])
    evidence = Jitter().assess(fitted_example("a*sqrt(x0 - 1)", ask(np.sqrt(x - 1), x)))
    assert 0.9 < evidence.numbers["finite_share"] < 1


# --- multiplicity ---------------------------------------------------------------------------------------------------


def test_rivals_make_a_fit_less_unique() -> None:
    x = np.arange(12.0)
    many = ask(np.sin(1.1 * x) + np.random.default_rng(8).normal(0, 0.6, 12), x)
    line = Multiplicity().assess(fitted_example("a + b*x0", many))
    wave = Multiplicity().assess(fitted_example("a*sin(b*x0 + c)", many, budget=0.5))
    assert line.score == 1
    assert wave.numbers["rivals"] > 0
    assert wave.score < 0.9


# --- search and agreement -------------------------------------------------------------------------------------------


def proposed(*proposals: tuple[str, int, bool]) -> Fitted:
    problem = example_problem()
    formula = parse("a + b*x0", ["x0"])
    told = [Proposal(formula, by, Sentence.of("why.elementary"), echo=echo, wave=wave) for by, wave, echo in proposals]
    return replace(fitted_example("a + b*x0", problem), candidate=deduplicate(told)[0])


def test_found_again_counts_and_an_echo_does_not() -> None:
    once, again = proposed(("evolved", 1, False)), proposed(("evolved", 1, False), ("evolved", 2, False))
    echoed = proposed(("evolved", 1, False), ("evolved", 2, True))
    scores = [SearchStability().assess(one).score for one in (once, again, echoed)]
    assert scores == [0.5, 0.75, 0.5]


def test_votes_are_independent() -> None:
    members = proposed(("llm:first", 0, False), ("llm:second", 0, False), ("retrieved", 0, False))
    corpus = proposed(("retrieved", 0, False), ("retrieved", 0, False), ("llm:first", 0, True))
    assert Agreement().assess(members).numbers["votes"] == 3
    assert Agreement().assess(corpus).numbers["votes"] == 1


# --- the sum --------------------------------------------------------------------------------------------------------


def part(kind: str, score: float) -> Evidence:
    return Evidence(kind, score, Sentence.of("evidence.bootstrap_nothing"), part_of="stability")


def test_one_weak_part_is_not_made_good_and_is_named() -> None:
    good = {kind: part(kind, 0.9) for kind in ("bootstrap", "selection", "jitter", "multiplicity", "search")}
    weak = {**good, "jitter": part("jitter", 0.1)}
    assert stability(good).score == pytest.approx(0.9)
    assert stability(weak).score < 0.7
    assert "errors of the inputs" in stability(weak).words.text("en")
    assert stability({}).score == 0
