"""Numbers that only scale a coefficient go into it, and the values stay."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.formula import Formula, parse
from recommender.proposers.composed.tidy import absorbed

X = np.linspace(1, 3, 9)


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("c*exp(0.12027*k/x)/(1 + exp(0.12027*k/x))", "c*exp(k/x)/(1 + exp(k/x))"),
        ("2*c*x + exp(-k*x)", "2*c*x + exp(-k*x)"),
        ("c*exp(0.12027*k/x) + exp(k*x)", "c*exp(0.12027*k/x) + exp(k*x)"),
        ("0.37*c*x**2", "c*x**2"),
    ],
)
def test_odd_numbers_are_absorbed_where_they_only_scale(text: str, tidy: str) -> None:
    before = parse(text, ["x"])
    starts = {"c": 1.7, "k": 0.6}
    root, values = absorbed(before.root, starts)
    assert Formula(root) == parse(tidy, ["x"])
    np.testing.assert_allclose(Formula(root).evaluate({"x": X}, values), before.evaluate({"x": X}, starts), rtol=1e-12)
