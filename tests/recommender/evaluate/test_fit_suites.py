from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.canonical import canonicalise
from corpus.errors import BenchError
from corpus.formula import parse
from recommender.evaluate._base import Options
from recommender.evaluate.fit_base import FitProblem, disagreement, global_optimum
from recommender.evaluate.fit_coverage import coverage
from recommender.evaluate.fit_family import draw, family, read_forms
from recommender.evaluate.fit_forms import FAMILY, UNSEEN
from recommender.evaluate.fit_laws import llmsr, skeleton, stress
from recommender.evaluate.fit_modulation import fm
from recommender.evaluate.fit_nist import digits, matched, nist
from recommender.evaluate.fit_race import RaceSuite
from recommender.evaluate.fit_torture import torture
from recommender.evaluate.fit_unseen import unseen
from recommender.evaluate.run import run_suite
from recommender.evaluate.scoring import Rows
from tests.recommender.evaluate.conftest import Write, decay

QUIET: dict[str, Any] = {"warnings": []}


def wave(noise: float = 0.0) -> FitProblem:
    x = np.linspace(0, 9, 60)
    rows = 2 * np.sin(1.5 * x) + noise * np.random.default_rng(0).standard_normal(60)
    truth = {"p0": 2.0, "p1": 1.5}
    return FitProblem("wave", "g", "p0*sin(p1*x)", {"x": x}, rows, ("p0", "p1"), truth, noise)


def test_without_noise_the_fit_must_be_exact() -> None:
    assert global_optimum(wave(), {"p0": 2.0, "p1": 1.5 + 1e-7}, QUIET)[0]
    assert not global_optimum(wave(), {"p0": 2.0, "p1": 1.5 + 1e-3}, QUIET)[0]


def test_with_noise_the_fit_must_be_as_good_as_the_one_from_the_truth() -> None:
    problem = wave(0.1)
    assert problem.optimum < problem.rss({"p0": 2.0, "p1": 1.5})
    assert not global_optimum(problem, {"p0": 2.0, "p1": 1.5}, QUIET)[0]


def test_a_fit_that_is_not_finite_has_not_passed() -> None:
    assert not global_optimum(wave(), {"p0": math.nan, "p1": 1.5}, QUIET)[0]


def test_an_alias_is_silent_only_without_a_warning() -> None:
    problem, alias = wave(), {"p0": -2.0, "p1": 2 * np.pi * 59 / 9 - 1.5}
    passed, measured = global_optimum(problem, alias, QUIET)
    assert (passed, measured["silent"]) == (True, True)
    assert disagreement(problem, alias) > 0.5
    assert not global_optimum(problem, alias, {"warnings": ["fit.alias_possible"]})[1]["silent"]


def test_the_families_are_complete_and_every_form_draws_a_curve() -> None:
    known, new = read_forms(FAMILY), read_forms(UNSEEN)
    assert (len(known), len(new)) == (118, 30)
    assert len({form.name for form in (*known, *new)}) == 148
    for form in (*known, *new):
        problem = form.problem(7)
        assert np.all(np.isfinite(problem.target)), form.name
        assert np.std(problem.target) > 0, form.name
        assert set(problem.formula.parameters) == set(problem.parameters), form.name


def test_unseen_forms_are_not_in_the_family() -> None:
    def forms(table: str) -> set[str]:
        return {canonicalise(form.problem(0).formula).key for form in read_forms(table)}

    assert not forms(FAMILY) & forms(UNSEEN)


def test_seeds_draw_other_coefficients_and_the_same_ones_again() -> None:
    form = read_forms(FAMILY)[30]
    assert form.problem(1).truth == form.problem(1).truth != form.problem(2).truth
    assert 1 <= draw("1~100", np.random.default_rng(0)) <= 100


@pytest.mark.parametrize("suite", [family(), torture(), unseen(), fm(), coverage()])
def test_quick_is_a_small_fixed_part(suite: Any) -> None:
    quick = suite.cases(Options(quick=True))
    assert len(quick) <= 200
    assert [trial.label for trial in quick] == [trial.label for trial in suite.cases(Options(quick=True))]
    other = suite.cases(Options(quick=True, seed=1))
    assert not np.array_equal(quick[0].problem.target, other[0].problem.target)


def test_every_tenth_fringe_lies_above_the_sampling_limit() -> None:
    above = [trial.problem.facts["above"] for trial in torture().cases(Options())]
    assert sum(above) == len(above) / 10


def test_above_the_limit_a_warning_is_enough_and_below_it_is_not() -> None:
    suite = torture()
    above = next(trial.problem for trial in suite.cases(Options()) if trial.problem.facts["above"])
    below = next(trial.problem for trial in suite.cases(Options()) if not trial.problem.facts["above"])
    wrong = dict.fromkeys(above.parameters, 1.0)
    assert suite.judge(above, wrong, {"warnings": ["fit.alias_possible"]})[0]
    assert not suite.judge(above, wrong, QUIET)[0]
    assert not suite.judge(below, dict.fromkeys(below.parameters, 1.0), {"warnings": ["fit.alias_possible"]})[0]


def test_digits_are_counted_as_certified() -> None:
    assert digits(1.0, 1.0) == 11
    assert digits(1.000001, 1.0) == pytest.approx(6, abs=0.01)
    assert (digits(math.nan, 1.0), digits(5.0, 1.0)) == (0, 0)


def test_terms_that_changed_places_are_compared_in_their_order() -> None:
    formula = parse("a*exp(-b*x)+c*exp(-d*x)", ["x"])
    certified = {"a": 1.0, "b": 0.5, "c": 3.0, "d": 2.0}
    swapped = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.5}
    columns = {"x": np.linspace(0, 3, 9)}
    assert matched(formula, columns, certified, swapped) == {"a": "c", "b": "d", "c": "a", "d": "b"}
    wrong = {"a": 3.0, "b": 0.5, "c": 1.0, "d": 2.0}
    assert matched(formula, columns, certified, wrong) == {name: name for name in certified}


def test_certified_cases_are_read_and_fitted(tmp_path: Path, write_case: Write) -> None:
    x = [1.0, 2.0, 3.0, 4.0, 5.0]
    table = "t,v\n" + "".join(f"{a},{math.exp(b)!r}\n" for a, b in zip(x, [2.1, 3.9, 6.2, 7.8, 10.1], strict=True))
    slope, intercept = np.polyfit(x, [2.1, 3.9, 6.2, 7.8, 10.1], 1)
    rss = float(np.sum((np.array([2.1, 3.9, 6.2, 7.8, 10.1]) - intercept - slope * np.array(x)) ** 2))
    sd = math.sqrt(rss / 3)
    errors = [sd * math.sqrt(1 / 5 + 9 / 10), sd / math.sqrt(10)]
    truth = {"expression": "b1+b2*t", "parameters": ["b1", "b2"], "certified": [intercept, slope], "certified_sd": errors}
    write_case(tmp_path / "01_nist_strd" / "line", {"data": table}, {**truth, "certified_rss": rss, "response": "log(v)"})
    rows = run_suite(nist(), nist().cases(Options(tmp_path, quick=True)), 1)
    assert [row.passed for row in rows] == [True], rows
    assert rows[0].values["error_digits"] >= 6


def test_a_skeleton_frees_every_number_and_exponent_of_something_positive() -> None:
    rows = Rows({"s": np.array([1.0, 2.0]), "d": np.array([-1.0, 1.0])}, np.zeros(2))
    free = skeleton(parse("6.1e7*(s/100)**4.7*exp(-21500/s)+0.5*s**2/(3-s)+d**2-s", ["s", "d"]), {}, rows)
    assert len(free.parameters) == 8
    assert "d**2" in free.text
    assert not any(number in free.text for number in ("21500", "4.7", "0.5", "100", "(3"))


def test_laws_on_disk_become_problems(tmp_path: Path, write_case: Write) -> None:
    exact = {"expression": "5*np.exp(-t/3)", "parameters": {}, "kind": "exact"}
    write_case(tmp_path / "11_composite" / "a", {"train": decay(50), "test": decay(9)}, exact)
    write_case(tmp_path / "11_composite" / "noisy", {"train": decay(50, 0.1), "test": decay(9)}, {**exact, "noise": 0.05})
    problems = [trial.problem for trial in stress().cases(Options(tmp_path))]
    assert {problem.group for problem in problems} >= {"added term", "rational term", "rational factor", "free powers"}
    assert len(problems) == 11
    for problem in problems:
        assert problem.parameters == problem.formula.parameters
    plain, quiet = problems[1], {"scale_": 1.0, "k0_": 5.0, "k1_": -1 / 3, "q0_": 0.0, "q1_": 2.0}
    assert set(plain.parameters) == quiet.keys()
    assert stress().judge(plain, quiet, QUIET)[0]
    assert not stress().judge(plain, {**quiet, "q0_": 1e-3}, QUIET)[0]
    [law] = [trial.problem for trial in llmsr().cases(Options(tmp_path / "11_composite" / "a"))]
    assert llmsr().judge(law, {}, QUIET)[0]


def test_a_column_with_negative_values_gets_no_free_power(tmp_path: Path, write_case: Write) -> None:
    table = "t,v\n" + "".join(f"{t / 10},{5 * math.exp(-t / 30)!r}\n" for t in range(-20, 60))
    write_case(tmp_path / "a", {"data": table}, {"expression": "5*np.exp(-t/3)", "parameters": {}, "kind": "exact"})
    trials = stress().cases(Options(tmp_path / "a"))
    assert len(trials) == 7
    assert "free powers" not in {trial.problem.group for trial in trials}


def test_a_race_loses_no_formula(tmp_path: Path) -> None:
    told = {"task": "T", "formulas": [["c0*P*(1 - P/c1)", 9], ["c0*exp(-c1*P)", 3], ["c0*nonsense(P)", 1], ["c0", 1], ["c0*P + c1*t", 2]]}
    (tmp_path / "proposals.jsonl").write_text(json.dumps(told))
    suite = RaceSuite()
    [case] = suite.cases(Options(tmp_path))
    assert [parse(text, ["x0", "x1"]).parameters for text in case.texts] == [("c0", "c1")] * 3
    rows = run_suite(suite, [case], 1)
    assert [row.passed for row in rows] == [True] * 3, rows
    with pytest.raises(BenchError, match=r"\.jsonl"):
        suite.cases(Options(tmp_path / "none"))
