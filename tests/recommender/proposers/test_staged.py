"""Laws of many inputs are found a curve at a time."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.formula import parse
from recommender.context import gather
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, polish
from recommender.proposers.staged import Staged
from recommender.proposers.staged.curves import library, on_lines
from recommender.proposers.staged.shorter import shortened
from recommender.proposers.staged.varying import Varying
from recommender.table import Table
from recommender.testing import check_proposer, example_problem

RNG = np.random.default_rng(11)
S, BLOCKER, T, E = (RNG.uniform(low, high, 300) for low, high in ((0.2, 8), (0, 4), (290, 340), (0.5, 3)))
RATE = 3e7 * E * S / (1.5 * (1 + BLOCKER / 0.8) + S) * np.exp(-5200 / T)


def problem_of(**columns: np.ndarray) -> Problem:
    return Problem.of(Table.of(columns), target="y")


@pytest.mark.slow
def test_inhibition_that_depends_on_temperature_is_found_in_noise() -> None:
    noise = 0.005
    noisy = RATE + noise * RATE.std() * np.random.default_rng(3).standard_normal(len(RATE))
    problem = problem_of(S=S, I=BLOCKER, T=T, E=E, y=noisy)
    errors = []
    for proposal in Staged(8.0).propose(problem, gather(problem, None), ()):
        values = proposal.formula.evaluate(problem.samples.columns, {**proposal.known, **proposal.starts})
        if len(proposal.starts) <= 5:
            errors.append(float(np.sqrt(np.mean((values - RATE) ** 2)) / np.std(RATE)))
    assert min(errors) < 0.2 * noise


def test_a_curve_is_fitted_to_every_line_by_itself() -> None:
    z = np.linspace(0.2, 8, 31)
    half = np.array([0.5, 2.0, 6.0])
    y = np.array([3.0, 1.0, 5.0])[:, None] * z / (half[:, None] + z)
    found = [lines for curve in library(z) if (lines := on_lines(curve, z, y, Work(10.0))) is not None]
    exact = [lines for lines in found if np.all(lines.errors < 1e-8) and lines.curve.coefficients == ("a0", "k")]
    assert any(np.allclose(lines.values[:, 1], half, rtol=1e-6) for lines in exact)


def test_each_coefficient_is_seen_to_depend_on_its_own_inputs() -> None:
    data = Data.of(problem_of(S=S, I=BLOCKER, T=T, E=E, y=RATE), 300)
    rows = np.arange(24)
    z = np.linspace(0.2, 8, 31)
    lines = 3e7 * data.X[3, rows] * np.exp(-5200 / data.X[2, rows]), 1.5 * (1 + data.X[1, rows] / 0.8)
    y = lines[0][:, None] * z / (lines[1][:, None] + z)
    (saturating,) = [curve for curve in library(z) if curve.root is parse("a0*(z/(k + z))", ["z"], ["a0", "k"]).root]
    drawn = on_lines(saturating, z, y, Work(10.0))
    assert drawn is not None
    best = Varying(data, 0, drawn, data.X[:, rows], Work(10.0)).searched()[0]
    assert best.depends.tolist() == [[False, True, True], [True, False, False]]
    assert np.allclose(best.values[1], 1.5 * (1 + data.X[1] / 0.8), rtol=1e-2)


def test_what_adds_nothing_is_taken_out_and_two_curves_of_one_input_become_one() -> None:
    data = Data.of(problem_of(S=S, I=BLOCKER, T=T, y=2 * S * np.exp(900 / T) + 0 * BLOCKER), 300)
    form = parse("c0*x0*x2**c1*exp(c2*x2) + c3*x1", ["x0", "x1", "x2"])
    level = 2 * np.exp(900 / 315) / 315**-2.9
    start = polish(Form(form.root, {"c0": level, "c1": -2.9, "c2": 1e-5, "c3": 1e-3}, 5.0), data)
    short = shortened(start, data, Work(10.0))
    assert short.is_exact
    assert len(short.form.starts) == 2


@pytest.mark.parametrize("inputs", [1, 2])
def test_few_inputs_are_left_to_others(inputs: int) -> None:
    columns = dict(zip("abc", (S, T)[:inputs], strict=False))
    problem = problem_of(**columns, y=S * 2)
    assert list(Staged(1.0).propose(problem, gather(problem, None), ())) == []


def test_keeps_the_promises_of_a_proposer() -> None:
    check_proposer(Staged(0.3), example_problem())


@pytest.mark.slow
def test_the_same_question_has_the_same_answer() -> None:
    problem = problem_of(S=S, I=BLOCKER, T=T, E=E, y=RATE)
    told = [[p.formula.text for p in Staged(1.0).propose(problem, gather(problem, None), ())] for _ in range(2)]
    assert told[0] == told[1]
