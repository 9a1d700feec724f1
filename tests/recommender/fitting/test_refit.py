"""Refits of a known optimum to other draws of its rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from corpus.formula import parse
from recommender.fitting import fit
from recommender.fitting.refit import Refitter
from recommender.samples import Samples

N = 80
X = np.linspace(0.2, 5, N)
NOISE = 0.02 * np.random.default_rng(1).standard_normal(N)


def refitter(text: str, target: np.ndarray, **limits: Mapping[str, object]) -> tuple[Refitter, Samples]:
    samples = Samples({"x0": X}, target)
    known, bounds = limits.get("known", {}), limits.get("bounds", {})
    return Refitter(fit(parse(text, ["x0"]), samples, known=known, bounds=bounds), known, bounds), samples  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("a*exp(-b*x0) + c", 3 * np.exp(-0.7 * X) + 0.5),
        ("a*sin(w*x0 + phi)", 1.5 * np.sin(2.1 * X + 0.4)),
        ("a*x0/(k + x0)", 2 * X / (1.3 + X)),
        ("a + b*x0 + c*x0**2", 1 - 0.5 * X + 0.2 * X**2),
    ],
)
def test_draws_side_by_side_give_what_each_gives_alone(text: str, law: np.ndarray) -> None:
    refits, samples = refitter(text, law + NOISE)
    drawn = np.random.default_rng(2).integers(0, N, (6, N))
    counts = np.array([np.bincount(rows, minlength=N) for rows in drawn])
    together = refits.refits(samples, np.sqrt(counts), np.broadcast_to(samples.target, counts.shape))
    alone = np.array([[refits.refit(samples.take(rows))[name] for name in refits.free] for rows in drawn])
    assert np.abs(together - alone).max(axis=0) == pytest.approx(0, abs=0.05 * alone.std(axis=0).max())
    curves = [refits.predict(samples.columns, dict(zip(refits.free, values, strict=True))) for values in together]
    assert refits.curves(samples, together) == pytest.approx(np.array(curves))


def test_a_target_of_its_own_for_every_draw() -> None:
    refits, samples = refitter("a*exp(-b*x0)", 3 * np.exp(-0.7 * X) + NOISE)
    targets = np.array([2 * np.exp(-0.5 * X), 4 * np.exp(-0.9 * X)])
    assert refits.refits(samples, np.ones((2, N)), targets) == pytest.approx(np.array([[2, 0.5], [4, 0.9]]), rel=1e-3)


def test_a_row_that_is_left_out_may_have_no_value() -> None:
    refits, samples = refitter("a*log(x0 - c)", 2 * np.log(X + 0.3) + NOISE)
    weights = np.where(X > 3, 1.0, 0.0)[None]
    target = 2 * np.log(np.maximum(X - 1.0, 1e-3))[None]  # there the law of the rows that stay has no value on the others
    assert refits.refits(samples, weights, target)[0] == pytest.approx([2, 1], rel=0.01)


def test_fewer_rows_than_coefficients_determine_nothing() -> None:
    refits, samples = refitter("a*exp(-b*x0) + c", 3 * np.exp(-0.7 * X) + 0.5 + NOISE)
    weights = np.zeros((2, N))
    weights[0, :2], weights[1, :] = 1, 1
    values = refits.refits(samples, weights, np.broadcast_to(samples.target, weights.shape))
    assert np.isnan(values[0]).all()
    assert values[1] == pytest.approx([3, 0.7, 0.5], rel=0.1)


def test_known_coefficients_stay_and_bounds_hold() -> None:
    law = 3 * np.exp(-0.7 * X) + 0.5
    refits, samples = refitter("a*exp(-b*x0) + c", law + NOISE, known={"c": 0.5}, bounds={"b": (0.6, 0.75)})
    assert refits.free == ("a", "b")
    values = refits.refits(samples, np.ones((1, N)), (3 * np.exp(-1.5 * X) + 0.5)[None])
    assert values[0, 1] == pytest.approx(0.75)
