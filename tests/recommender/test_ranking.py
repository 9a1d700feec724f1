"""The order a customer sees: what stands first, why, how sure it is, and what is left out as a mere spelling."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from corpus.errors import SettingsError
from corpus.formula import parse
from corpus.language import Sentence
from recommender.assess import everyone
from recommender.candidates import deduplicate
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.ranking import Assessed, Fixed, Learned, Linear, Ranked, Sigmoid, Tried, level, load, pareto_fronts, rank
from recommender.ranking.confidence import confidences
from recommender.ranking.evidence_score import TRAITS, Numbers, traits
from recommender.ranking.families import Form, families
from recommender.ranking.weights import FILE, PROVENANCE, written
from recommender.recommendation import Recommendation
from recommender.report import view
from recommender.show import confidence_words
from recommender.table import Table
from recommender.testing import fitted_example

X = np.random.default_rng(1).uniform(0.3, 5, 60)
DECAY = "a*exp(-x0/b)"


def ask(y: np.ndarray, noise: float = 0.0, x: np.ndarray = X) -> Problem:
    y = y + noise * np.std(y) * np.random.default_rng(2).standard_normal(len(y))
    return Problem.of(Table.of({"x": x, "y": y}))


def assess(problem: Problem, *texts: str) -> list[Assessed]:
    fitted = [fitted_example(text, problem, budget=0.2) for text in texts]
    return [Assessed(one, evidence) for one, evidence in zip(fitted, everyone().judge(fitted).evidence, strict=True)]


def texts(ranked: list[Ranked]) -> list[str]:
    return [place.assessed.fitted.candidate.formula.text for place in ranked]


@pytest.fixture(scope="module")
def decay() -> list[Assessed]:
    longer = "a*exp(-x0/b) + c*x0", "a*exp(-x0/b)*(1 + c*sin(d*x0))"
    return assess(ask(3 * np.exp(-X / 1.3), 0.02), "a + b*x0", *longer, DECAY, "a/(1 + x0/b)**c", "a + b*log(x0)")


# --- the order ------------------------------------------------------------------------------------------------------


def test_a_shorter_formula_with_the_same_error_stands_above_a_longer_one(decay: list[Assessed]) -> None:
    ranked = rank(decay, 6)
    assert texts(ranked)[0] == parse(DECAY, ["x0"]).text
    assert ranked[0].assessed.numbers.parameters < max(one.numbers.parameters for one in decay)


def test_an_exact_law_stands_first() -> None:
    found = assess(ask(2 * X**1.5 / (1 + X)), "a*x0**b/(c + x0)", "a + b*x0 + c*x0**2 + d*x0**3", "a*x0**1.5/(1 + x0)", "a*x0**b")
    assert texts(rank(found, 4))[0] == parse("a*x0**1.5/(1 + x0)", ["x0"]).text


def test_the_order_does_not_depend_on_who_was_asked_first(decay: list[Assessed]) -> None:
    one, other = rank(decay, 6), rank(decay[::-1], 6)
    assert texts(one) == texts(other)
    assert [place.confidence for place in one] == [place.confidence for place in other]


def test_at_equal_fit_a_known_law_is_preferred(decay: list[Assessed]) -> None:
    right = next(one for one in decay if one.fitted.candidate.formula.text == parse(DECAY, ["x0"]).text).numbers
    plain, law = traits([right, replace(right, law=1.0)]) @ np.array([load().score[name] for name in TRAITS])
    assert law < plain


def test_no_known_law_makes_up_for_an_error_many_times_larger(decay: list[Assessed]) -> None:
    shared = replace(decay[0].numbers, rows=150, held_out_error=0.0)
    law = replace(
        shared, held_out=1.2, edge=1.2, law=1.0, physics=1.0, votes=3.0, model_bits=20.0, parameters=1.0, selection=1.0, pattern=False
    )
    long = replace(
        shared, held_out=1e-8, edge=1e-8, law=0.0, physics=0.05, votes=1.0, model_bits=200.0, parameters=9.0, selection=0.0, pattern=True
    )
    follows, fails = traits([long, law]) @ np.array([load().score[name] for name in TRAITS])
    assert follows < fails


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("held_out", 1e-3, 2e-3),
        ("edge", 1e-2, 1.0),
        ("model_bits", 20.0, 30.0),
        ("parameters", 2.0, 4.0),
        ("bootstrap", 0.9, 0.2),
        ("selection", 0.7, 0.1),
        ("physics", 1.0, 0.5),
        ("law", 1.0, 0.0),
        ("votes", 3.0, 1.0),
        ("pattern", False, True),
    ],
)
def test_better_evidence_never_lowers_a_place(decay: list[Assessed], name: str, better: float, worse: float) -> None:
    base = replace(decay[0].numbers, held_out=1e-3, edge=1e-2)
    weights = np.array([load().score[trait] for trait in TRAITS])
    good, bad = traits([replace(base, **{name: better}), replace(base, **{name: worse})]) @ weights
    assert good <= bad


def test_fronts_keep_what_nothing_beats_everywhere() -> None:
    assert pareto_fronts([(1, 3), (2, 2), (3, 1), (3, 3), (4, 4)]) == [1, 1, 1, 2, 3]


# --- distinct families ----------------------------------------------------------------------------------------------


def form(text: str, **values: tuple[float, float]) -> Form:
    formula = parse(text, ["x0"], list(values))
    (candidate,) = deduplicate([Proposal(formula, "example", Sentence.of("why.typed", text=text))])
    return Form(candidate.key, formula, {n: v for n, (v, _) in values.items()}, {n: e for n, (_, e) in values.items()})


def test_a_free_exponent_that_agrees_with_the_number_is_a_spelling() -> None:
    short = form("c*x0**1.5", c=(2, 0.1))
    free, off = (form("c*x0**k", c=(2, 0.1), k=(value, 0.02)) for value in (1.49, 1.4))
    assert families([short, free]) == [0, 0]
    assert families([free, short]) == [0, 0]
    assert families([short, off]) == [0, 1]


def test_a_term_that_may_be_zero_makes_a_spelling_and_one_that_may_not_a_rival() -> None:
    short = form("c*x0", c=(2, 0.1))
    assert families([short, form("c*x0 + d*x0**2", c=(2, 0.1), d=(0.01, 0.02))]) == [0, 0]
    assert families([short, form("c*x0 + d*x0**2", c=(2, 0.1), d=(0.5, 0.02))]) == [0, 1]


def test_other_powers_are_rivals_whatever_their_errors() -> None:
    assert families([form("c*x0**2", c=(2, 9.0)), form("c*x0**3", c=(1, 9.0))]) == [0, 1]


def test_undetermined_coefficients_make_no_spelling() -> None:
    assert families([form("c*x0", c=(2, 0.1)), form("c*x0 + d*x0**2", c=(2, 0.1), d=(0.01, math.inf))]) == [0, 1]


def test_spellings_are_counted_and_not_shown() -> None:
    ranked = rank(assess(ask(2 * X**1.5, 0.01), "a*x0**1.5", "a*x0**b", "a*x0**1.5 + c*x0**4", "a*exp(b*x0)"), 5)
    assert texts(ranked)[0] == parse("a*x0**1.5", ["x0"]).text
    assert ranked[0].spellings >= 1
    assert parse("a*x0**b", ["x0"]).text not in texts(ranked)
    assert sum(place.spellings for place in ranked) + len(ranked) == 4


# --- reasons --------------------------------------------------------------------------------------------------------


def test_every_place_has_its_reason_in_one_sentence(decay: list[Assessed]) -> None:
    ranked = rank(decay, 6)
    for language in ("en", "ja"):
        told = [place.reason.text(language) for place in ranked]
        assert all(sentence and "{" not in sentence for sentence in told)
    assert ranked[0].reason.key == "reason.first"
    assert all(place.reason.key.startswith("reason.after") for place in ranked[1:])


def test_the_reason_names_the_coefficients_saved() -> None:
    first, second = rank(assess(ask(3 * np.exp(-X / 1.3), 0.02), DECAY, "a/(1 + x0/b)**c + d*x0**2"), 2)
    assert "2 coefficients fewer" in first.reason.text("en")
    assert "2 coefficients more" in second.reason.text("en")


def test_a_worse_error_is_said() -> None:
    ranked = rank(assess(ask(3 * np.exp(-X / 1.3), 0.02), DECAY, "a + b*x0"), 2)
    assert "times larger" in ranked[1].reason.text("en")


def test_a_lone_form_says_so(decay: list[Assessed]) -> None:
    assert rank(decay[:1], 5)[0].reason.key == "reason.only"
    assert rank([], 5) == []


# --- confidence -----------------------------------------------------------------------------------------------------


def test_confidence_falls_when_noise_hides_the_law() -> None:
    rivals = (DECAY, "a/(1 + x0/b)", "a + b*log(x0)", "a/(b + x0**2)")
    clean, noisy = (rank(assess(ask(3 * np.exp(-X / 1.3), noise), *rivals), 4)[0] for noise in (0.001, 0.8))
    assert clean.confidence > noisy.confidence + 0.2


def test_confidence_is_low_where_no_form_fits() -> None:
    ranked = rank(assess(ask(np.sin(9 * X) + 0.3 * X), "a + b*x0", "a*x0**b", "a*exp(b*x0)"), 3)
    assert all(level(place.confidence) == "low" for place in ranked)


def test_confidence_is_shared_among_rivals(decay: list[Assessed]) -> None:
    one = decay[3].numbers
    alone, shared = confidences([one], [1.0], load())[0], confidences([one, one], [1.0, 1.0], load())[0]
    assert 0 <= shared < alone <= 1


def test_confidence_and_spellings_reach_the_reader() -> None:
    problem = ask(3 * np.exp(-X / 1.3), 0.01)
    result = recommend(problem, seconds=0, effort=0.3)
    again = Recommendation.from_json(result.to_json())
    assert again == result
    first = result.formulas[0]
    assert 0 <= first.confidence <= 1
    assert f"{100 * first.confidence:.0f} %" in confidence_words(first, "en")
    assert f"{100 * first.confidence:.0f}" in view.confidence(first, "ja")


def test_records_of_older_versions_have_no_confidence() -> None:
    kept = recommend(ask(2 * X), seconds=0, effort=0.2).to_dict()
    for formula in kept["formulas"]:
        del formula["confidence"], formula["spellings"]
        formula["reason"] = {"key": "reason.no_longer_said", "values": {"other": 2}, "en": "First because of simplicity (against #2)."}
    old = Recommendation.from_dict(kept).formulas[0]
    assert confidence_words(old, "en") == "–"
    assert old.reason.text("ja") == "First because of simplicity (against #2)."


# --- weights --------------------------------------------------------------------------------------------------------


def test_the_weights_say_where_they_come_from() -> None:
    told = load().provenance
    assert set(told) == set(PROVENANCE)
    assert told["sets"] > 0
    assert told["laws"] > 0
    assert all(str(value) for value in told.values())
    assert "scikit-learn" in told["versions"]


def test_weights_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(written(load()), encoding="utf-8")
    assert load(path) == load()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[score]", "[score", "weights"),
        ("held_out", "held_in", "held_in"),
        ("edge = ", "edge = -", "edge < 0"),
        ("constant = ", "constant = nan #", "nan"),
        ('digest = "', 'digestive = "', "digest"),
        ("simplicity = ", 'simplicity = "much" #', "much"),
    ],
)
def test_a_broken_weights_file_is_a_clear_error(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError, match=says):
        load(path)


def test_a_missing_weights_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rank_learn"):
        load(tmp_path / "none.toml")


# --- the gate -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [Sigmoid(), Linear(), Fixed(0.4)])
def test_schedules_stay_between_nothing_and_all_and_never_close(schedule: Sigmoid | Linear | Fixed) -> None:
    opened = [schedule.alpha(progress) for progress in np.linspace(-0.5, 1.5, 41)]
    assert all(0 <= alpha <= 1 for alpha in opened)
    assert opened == sorted(opened)


def test_the_sigmoid_starts_at_phi_of_minus_two_and_ends_open() -> None:
    assert Sigmoid().alpha(0) == pytest.approx(NormalDist().cdf(-2))
    assert Sigmoid().alpha(1) == pytest.approx(1)


def test_a_closed_gate_leaves_physics_out() -> None:
    a, b = assess(ask(3 * np.exp(-X / 1.3), 0.02), DECAY, "a/(1 + x0/b)")
    wrong = {**a.evidence, "physics": replace(a.evidence["physics"], score=0.01)}
    bad = Assessed(a.fitted, wrong)
    closed, opened = (next(p.score for p in rank([bad, b], 2, gate=Fixed(alpha)) if p.assessed is bad) for alpha in (0.0, 1.0))
    assert opened > closed
    assert closed == next(p.score for p in rank([a, b], 2, gate=Fixed(0.0)) if p.assessed is a)


def test_the_gaussian_process_finds_the_best_opening() -> None:
    gate = Learned()
    assert gate.alpha(0.5) == Sigmoid().alpha(0.5)
    for _ in range(10):
        alpha = gate.propose(0.5)
        gate = gate.told(Tried(0.5, alpha, 1 - (alpha - 0.7) ** 2))
    assert gate.alpha(0.5) == pytest.approx(0.7, abs=0.08)


def test_numbers_of_a_kind_that_failed_count_as_worst(decay: list[Assessed]) -> None:
    left = {kind: e for kind, e in decay[3].evidence.items() if kind not in ("edge", "selection", "physics")}
    told = Numbers.of(left, 60, "fit.budget")
    assert (told.selection, told.physics) == (0.0, 0.0)
    assert np.all(np.isfinite(traits([told, decay[3].numbers])))


def test_fits_that_are_nowhere_finite_stand_last() -> None:
    problem = ask(3 * np.exp(-X / 1.3), 0.02)
    good, bad = assess(problem, DECAY, "a*log(-1 - x0**2)")
    assert rank([bad, good], 2)[0].assessed is good
