"""Probes say what a person sees in a plot, and nothing where the rows cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.language import LANGUAGES
from recommender.probes import Probes, described, probe
from recommender.problem import Problem
from recommender.samples import Samples
from recommender.table import Table


def probed(target: np.ndarray, **columns: np.ndarray) -> Probes:
    return probe(Samples({name: np.asarray(x, float) for name, x in columns.items()}, np.asarray(target, float)))


X = np.linspace(1, 10, 300)


@pytest.mark.parametrize("power", [-2.0, 0.5, 1.0, 3.0])
def test_a_power_law_shows_its_exponent(power: float) -> None:
    (one,) = probed(3 * X**power, x0=X).inputs
    assert one.power == pytest.approx(power, abs=0.02)
    assert one.trend == (1 if power > 0 else -1)


def test_an_exponential_is_no_power() -> None:
    (one,) = probed(np.exp(-X / 3), x0=X).inputs
    assert np.isnan(one.power)
    assert one.trend == -1


def test_a_saturating_curve_levels_out_at_its_large_end_only() -> None:
    (one,) = probed(2 * (1 - np.exp(-2 * X)) + X * 0, x0=X).inputs
    assert one.ends[1] == pytest.approx(2, rel=1e-3)
    (line,) = probed(2 + X, x0=X).inputs
    assert not np.any(np.isfinite(line.ends))


@pytest.mark.parametrize(("kind", "values"), [("even", np.cosh), ("odd", np.sinh), ("", np.exp)])
def test_symmetry(kind: str, values: np.ufunc) -> None:
    x = np.linspace(-2, 2, 101)
    (one,) = probed(values(x), x0=x).inputs
    assert one.symmetry == kind


def test_a_wave_shows_its_period_and_a_random_target_none() -> None:
    t = np.linspace(0, 30, 400)
    (wave,) = probed(np.sin(2 * t) + 0.1 * t, x0=t).inputs
    assert wave.period == pytest.approx(np.pi, rel=0.05)
    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 3, (2, 400))
    assert all(np.isnan(one.period) for one in probed(a**2 / b, x0=a, x1=b).inputs)


def test_separability_tells_sums_from_products_and_from_neither() -> None:
    a, b, c = np.random.default_rng(1).uniform(1, 4, (3, 400))
    product = probed(a * np.exp(-b) * c**2, x0=a, x1=b, x2=c)
    assert product.products == (("x0", "x1"), ("x0", "x2"), ("x1", "x2"))
    assert product.sums == ()
    mixed = probed(a**2 + b * c, x0=a, x1=b, x2=c)
    assert mixed.sums == (("x0", "x1"), ("x0", "x2"))


def test_noise_does_not_hide_separability_nor_make_outliers() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.uniform(1, 4, (2, 400))
    y = a * b
    noisy = y * (1 + 0.03 * rng.standard_normal(400))
    assert probed(noisy, x0=a, x1=b).products == (("x0", "x1"),)
    assert probed(X + 0.05 * rng.standard_normal(len(X)), x0=X).outliers == ()


def test_one_wild_row_is_named_and_a_steep_curve_is_none() -> None:
    y = np.sqrt(X)
    y[120] += 1.0
    assert probed(y, x0=X).outliers == (120,)
    assert probed(X**-4, x0=X).outliers == ()


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_four_rows_are_enough_to_live_on(inputs: int) -> None:
    columns = {f"c{i}": [1.0, 2.0, 3.5, 4.0 + i] for i in range(inputs)}
    problem = Problem.of(Table.of({**columns, "y": [1.0, 4.0, 9.0, 7.0]}))
    told = list(described(probe(problem.samples), problem))
    assert all(sentence.text(language) for sentence in told for language in LANGUAGES)


def test_sentences_speak_in_the_customers_units() -> None:
    t = np.linspace(0, 10, 80)
    problem = Problem.of(Table.of({"t": t, "V": 5 * (1 - np.exp(-t))}, units={"t": "ms", "V": "mV"}))
    told = [sentence.text() for sentence in described(probe(problem.samples), problem)]
    assert any("levels out near 5" in one and "mV" in one for one in told)
