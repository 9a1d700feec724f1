import numpy as np
import pytest

from corpus.formula import parse
from recommender.fitting.lm import minimise
from recommender.fitting.structure import separate
from recommender.fitting.varpro import Model
from recommender.fitting.work import Work
from recommender.samples import Samples


def model(text, x, y, sigma=None):
    formula = parse(text, ["x"])
    return Model(separate(formula.root, formula.parameters), Samples({"x": x}, y, sigma), Work(10))


@pytest.mark.parametrize("weighted", [False, True])
def test_projection_is_linear_least_squares(weighted):
    rng = np.random.default_rng(0)
    x, y = np.linspace(0, 3, 40), rng.standard_normal(40)
    sigma = rng.uniform(0.5, 2, 40) if weighted else None
    fitted = model("a + b*x + c*exp(-k*x)", x, y, sigma)
    at = fitted.project(np.array([[0.7], [2.0]]))
    w = np.ones(40) if sigma is None else 1 / sigma
    for i, k in enumerate((0.7, 2.0)):
        design = np.stack([np.ones(40), x, np.exp(-k * x)], 1) * w[:, None]
        solution, rss, *_ = np.linalg.lstsq(design, y * w)
        assert np.allclose(at.coefficients[i], solution)
        assert at.rss[i] == pytest.approx(rss[0])
    assert np.allclose(fitted.rss(np.array([[0.7], [2.0]])), at.rss)


def test_dependent_columns_share_nothing():
    x = np.linspace(0, 1, 20)
    at = model("a*x + b*x + c", x, 3 * x + 1).project(np.zeros((1, 0)))
    assert at.rss[0] < 1e-25
    assert np.allclose(at.coefficients[0][:2].sum(), 3)


def test_a_nearly_dependent_basis_keeps_its_digits():
    x = np.linspace(1000, 1001, 50)
    at = model("a + b*x + c*x**2", x, 2 + 0.5 * x).project(np.zeros((1, 0)))
    assert at.rss[0] < 1e-16 * np.sum((2 + 0.5 * x) ** 2)


def test_outside_the_domain_the_rss_is_infinite():
    x = np.linspace(-1, 1, 20)
    assert np.isinf(model("a*log(b + x)", x, x).rss(np.array([[0.5]])))[0]


def test_many_starts_reach_the_same_minimum():
    x = np.linspace(0, 5, 80)
    fitted = model("a*exp(-b*x) + c*exp(-d*x)", x, 2 * np.exp(-0.4 * x) + np.exp(-3 * x))
    end = minimise(fitted, np.random.default_rng(0).uniform(0.1, 4, (20, 2)), 60)
    best = np.sort(end.alpha[end.rss < 1e-18], axis=1)
    assert len(best) >= 15
    assert np.allclose(best, [0.4, 3.0], rtol=1e-5)
