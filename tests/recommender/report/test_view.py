"""Numbers and words as a reader sees them."""

from __future__ import annotations

import shlex

import numpy as np
import pandas as pd
import pytest

from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.report import view
from recommender.report.series import MAX_POINTS, series, spans_decades, trade_offs
from recommender.table import Table


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (12.5287, 12.5732, "12.529 … 12.573"),
        (-1.0, 3.0, "−1.0 … 3.0"),
        (1e-9, 1.1e-9, "1.000×10⁻⁹ … 1.100×10⁻⁹"),
        (float("nan"), 1.0, "–"),
        (5.0, 5.0, "5.00000 … 5.00000"),
    ],
)
def test_intervals(low, high, expected):
    assert view.interval_text(low, high).replace("\u00a0", " ") == expected


def test_numbers_and_units():
    assert view.number_text(1.5e-12) == "1.5×10⁻¹²"
    assert view.number_text(float("inf")) == "–"
    assert view.unit_text("kg*m**2/s**-1") == "kg·m²/s⁻¹"


def test_axes_become_logarithmic_where_that_spreads_the_values():
    assert spans_decades(np.geomspace(1e-6, 1, 30))
    assert not spans_decades(np.linspace(1, 500, 30))
    assert not spans_decades(np.linspace(-1, 1, 30))


@pytest.fixture(scope="module")
def line():
    x = np.linspace(1, 9, 1000)
    frame = pd.DataFrame({"x": x, "y [%]": 2 * x + 1 + np.sin(50 * x) / 50})
    problem = Problem.of(Table.from_frame(frame), about='it\'s "quoted"; rm -rf $HOME', typed=("a*x + b",))
    return problem, recommend(problem, limit=4, seconds=0)


def test_series_are_thinned_and_in_customers_units(line):
    problem, result = line
    data = series(problem, result.formulas[0])
    assert len(data.x) == MAX_POINTS
    assert data.y.max() == pytest.approx(19, abs=0.1)
    low, high = data.y_range
    assert low < data.y.min() < data.y.max() < high


def test_gauges_are_shares(line):
    for formula in line[1].formulas:
        found = view.gauges(formula, "en")
        assert {gauge.kind for gauge in found} == {e.kind for e in formula.evidence if not e.part_of}
        assert all(0 <= gauge.fill <= 1 for gauge in found)


def test_a_gauge_explains_its_parts(line):
    formula = line[1].formulas[0]
    (gauge,) = (gauge for gauge in view.gauges(formula, "ja") if gauge.kind == "stability")
    parts = [e.words.text("ja") for e in formula.evidence if e.part_of == "stability"]
    assert len(parts) == 5
    assert all(part in gauge.help for part in parts)


def test_best_trade_offs_are_those_nobody_beats(line):
    points = trade_offs(line[1].formulas)
    best = [p for p in points if p.best]
    assert best
    assert not any(a.bits < b.bits and a.error < b.error for a in points for b in best)


def test_command_is_safe_for_a_shell(line):
    words = shlex.split(view.command(*line).replace("\\\n", " "))
    assert words[:3] == ["formula", "recommend", "FILE"]
    assert 'it\'s "quoted"; rm -rf $HOME' in words
    assert words[words.index("--try") + 1] == "a*x + b"
