"""Bits, information criteria and what a reader feels as complicated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from corpus.formula import parse
from recommender.assess import Parsimony
from recommender.assess.parsimony import nesting, operators, parameter_bits, saved_bits, structure_bits
from recommender.problem import Problem
from recommender.table import Table
from recommender.testing import check_assessment, fitted_example

RNG = np.random.default_rng(5)
X = np.linspace(1, 9, 40)


def numbers(text: str, p: Problem) -> dict[str, float]:
    return dict(Parsimony().assess(fitted_example(text, p)).numbers)


def line(noise: float) -> Problem:
    return Problem.of(Table.of({"x": X, "y": 2 + 3 * X + noise * RNG.standard_normal(len(X))}))


def test_parsimony_keeps_its_promises() -> None:
    check_assessment(Parsimony(), fitted_example())


def test_numbers_are_written_to_their_errors() -> None:
    """A thousand times less noise: ten bits more for each coefficient."""
    rough, fine = (fitted_example("a*x0", Problem.of(Table.of({"x": X, "y": 3 * X + s * np.sin(9 * X)}))) for s in (1.0, 1e-3))
    assert parameter_bits(fine) - parameter_bits(rough) == pytest.approx(math.log2(1000), abs=0.1)


def test_the_description_is_shortest_for_the_form_behind_the_data() -> None:
    p = line(0.3)
    length = {text: numbers(text, p)["description_length"] for text in ("a*x0", "a + b*x0", "a + b*x0 + c*x0**2 + d*x0**3")}
    assert min(length, key=length.__getitem__) == "a + b*x0"


def test_information_criteria_agree_with_their_definition() -> None:
    p = line(0.3)
    fitted = fitted_example("a + b*x0", p)
    found = Parsimony().assess(fitted).numbers
    n, k = 40, 3
    assert found["bic"] == pytest.approx(n * math.log(fitted.fit.rss / n) + k * math.log(n))
    assert found["aicc"] == pytest.approx(n * math.log(fitted.fit.rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1))


def test_stated_uncertainties_are_not_a_coefficient() -> None:
    table = Table.of({"x": X, "y": 2 + 3 * X + 0.3 * RNG.standard_normal(len(X)), "u": np.full(len(X), 0.3)})
    fitted = fitted_example("a + b*x0", Problem.of(table, "y", ["x"], sigma="u"))
    assert Parsimony().assess(fitted).numbers["bic"] == pytest.approx(fitted.fit.rss + 2 * math.log(40))


def test_as_many_numbers_as_rows_has_no_finite_criterion() -> None:
    p = Problem.of(Table.of({"x": X[:5], "y": RNG.standard_normal(5)}))
    assert numbers("a + b*x0 + c*x0**2 + d*x0**3", p)["aicc"] == math.inf


def test_noise_saves_no_bits() -> None:
    p = Problem.of(Table.of({"x": X, "y": RNG.standard_normal(len(X))}))
    assert all(saved_bits(fitted_example(text, p)) < 0 for text in ("a + b*x0", "a*x0**n", "a*sin(b*x0 + c)"))
    assert saved_bits(fitted_example("a + b*x0", line(0.3))) > 20


@pytest.mark.parametrize(
    ("text", "signs", "depth"),
    [("a*x", 1, 0), ("a + b*x + c", 3, 0), ("a*exp(-x/b)", 4, 2), ("a*exp(-b*x)", 4, 1), ("sin(log(sqrt(x)))", 3, 3)],
)
def test_what_a_reader_has_to_follow(text: str, signs: int, depth: int) -> None:
    root = parse(text, ["x"]).root
    assert nesting(root) == depth
    assert operators(root) == pytest.approx(signs, abs=1)


def test_a_relation_without_a_closed_form_counts_as_it_is_written() -> None:
    """Between which numbers its solution is looked for costs nothing."""
    one, two = (parse(f"root(u, {low}, 7, u - a*sin(u) - x)", ["x"]).root for low in ("0", "0.123456789"))
    assert structure_bits(one) == structure_bits(two) > structure_bits(parse("a*sin(x)", ["x"]).root)


def test_nested_forms_feel_more_complicated() -> None:
    p = line(0.3)
    assert numbers("a*exp(b*log(x0))", p)["complexity"] > numbers("a*x0**b", p)["complexity"]
