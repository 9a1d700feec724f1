import math

import numpy as np
import pytest

from corpus.formula import parse
from recommender.fitting import FitTask, fit_many
from tests.recommender.fitting.tables import decay

TEXTS = ["a*exp(-b*x)", "a*exp(-b*x) + c", "a/(1 + b*x)", "a*z", "a*log(0 - 1 - x**2)", "a*x**b + c"]


@pytest.fixture(scope="module")
def samples():
    return decay()[1]


@pytest.fixture(scope="module")
def alone(samples):
    return fit_many([parse(text, ["x", "z"]) for text in TEXTS], samples, workers=0, budget=0.2)


def test_every_formula_gets_a_fit_and_the_right_one_fits_best(alone):
    assert len(alone) == len(TEXTS)
    assert min(range(len(TEXTS)), key=lambda i: alone[i].rss) == 1
    assert alone[3].status.key == "fit.refused"
    assert "column" in alone[3].status_text()
    assert alone[4].status.key == "fit.no_finite"


def test_order_and_processes_do_not_change_answers(samples, alone):
    formulas = [parse(text, ["x", "z"]) for text in reversed(TEXTS)]
    assert list(fit_many(formulas, samples, workers=2, budget=0.2))[::-1] == list(alone)


def test_progress_is_told_and_a_race_can_be_stopped(samples):
    seen = []
    fits = fit_many([parse(t, ["x"]) for t in TEXTS[:3]], samples, workers=0, listen=seen.append, stop=lambda: len(seen) >= 2)
    assert [(p.stage, p.done, p.total) for p in seen] == [("screen", 1, 3), ("screen", 2, 3)]
    assert math.isfinite(fits[1].rss)
    assert fits[2].status.key == "fit.stopped"


def test_each_formula_may_have_its_own_known_values(samples):
    formula = parse("a*exp(-b*x) + c", ["x"])
    free, held = fit_many([formula, FitTask(formula, known={"c": 0.0})], samples, workers=0)
    assert held.parameters["c"] == 0.0
    assert held.rss > free.rss
    assert np.isfinite(held.standard_errors["a"])
