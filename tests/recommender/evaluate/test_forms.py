from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from corpus.formula import parse
from recommender.evaluate.forms import box_points, rank_of_form
from recommender.evaluate.truth import Truth
from recommender.recommendation import Variable

COLUMNS = {"T": np.linspace(5.0, 60.0, 30)}
DECAY = Truth(parse("a*exp(-T/b)+c", ["T"]), {"a": 3.0, "b": 20.0, "c": 1.0}, fitted=True, logarithmic=False, kind="")


def candidate(rank: int, wire: str, known: dict[str, float] | None = None) -> Any:
    formula = parse(wire, ["x0"])
    coefficients = [SimpleNamespace(name=name, si=(known or {}).get(name, 0.0), known=name in (known or {})) for name in formula.parameters]
    variables = (Variable("x0", "T", "T", "degC"),)
    return SimpleNamespace(rank=rank, formula=formula, coefficients=coefficients, variables=variables, target=Variable("y", "y", "y", "mm"))


@pytest.mark.parametrize(
    ("wire", "found"),
    [
        ("p0*exp(-p1*x0)+p2", True),  # other spelling, other unit, another zero of temperature
        ("p0*exp(-p1*x0)+p2+p3*x0", True),  # more general
        ("p0+p1*x0+p2*x0**2+p3*x0**3", False),  # close, but another function
        ("p0*exp(-p1*x0)", False),
    ],
)
def test_a_form_is_known_by_its_values(wire: str, found: bool) -> None:
    assert (rank_of_form([candidate(1, wire)], DECAY, COLUMNS) == 1) is found


def test_known_constants_stay_what_they_are() -> None:
    assert rank_of_form([candidate(1, "p0*exp(-p1*x0)+p2", {"p1": 0.04})], DECAY, COLUMNS) is None
    assert rank_of_form([candidate(1, "p0*exp(-p1*x0)+p2", {"p1": 0.05})], DECAY, COLUMNS) == 1


def test_the_first_rank_counts() -> None:
    given = [candidate(1, "p0*x0"), candidate(2, "p0*exp(-p1*x0)+p2"), candidate(3, "p0*exp(-p1*x0)+p2")]
    assert rank_of_form(given, DECAY, COLUMNS) == 2
    assert rank_of_form(given[:1], DECAY, COLUMNS) is None


def test_points_fill_the_box_off_the_rows() -> None:
    points = box_points({"a": np.array([1.0, 2.0]), "b": np.array([1e-3, 1e3])}, seed=1)
    assert 1 <= points["a"].min() < points["a"].max() <= 2
    assert 0.3 < np.mean(points["b"] < 1) < 0.7
    assert abs(np.corrcoef(points["a"], np.log(points["b"]))[0, 1]) < 0.3
