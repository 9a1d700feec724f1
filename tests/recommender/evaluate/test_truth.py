from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from corpus.errors import BenchError, FormulaError
from recommender.evaluate.cases import Case
from recommender.evaluate.truth import Truth, from_numpy
from tests.recommender.evaluate.conftest import Write

X = np.linspace(0.2, 1.9, 7)
Z = np.linspace(0.5, 2.5, 7)
A, B = 1.3, 0.7


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a*np.exp(-x/b)", A * np.exp(-X / B)),
        ("np.sinc(x*b)**2", np.sinc(X * B) ** 2),
        ("np.sinc(np.sinc(x) + z)", np.sinc(np.sinc(X) + Z)),
        ("np.expm1(x) + np.log1p(z) + np.log10(x*z) + np.log2(z)", np.expm1(X) + np.log1p(Z) + np.log10(X * Z) + np.log2(Z)),
        ("np.maximum(x, 1) - np.minimum(z, a)", np.maximum(X, 1) - np.minimum(Z, A)),
        ("lambertw(x*np.exp(z))", special.lambertw(X * np.exp(Z)).real),
        ("special.erf(x) + scipy.special.erfc(z)", special.erf(X) + special.erfc(Z)),
        ("np.power(x, b) * np.square(z) / np.hypot(x, z)", X**B * Z**2 / np.hypot(X, Z)),
        ("np.arctan2(x, z) + np.arccos(x/2) + np.abs(-x)", np.arctan2(X, Z) + np.arccos(X / 2) + X),
        ("np.pi*x + np.e**z + math.sqrt(x)", np.pi * X + np.e**Z + np.sqrt(X)),
        ("2*6.62607015e-34*x**3/299792458.0**2", 2 * 6.62607015e-34 * X**3 / 299792458.0**2),
        ("-x**2 + z - -a", -(X**2) + Z + A),
    ],
)
def test_numpy_source_means_the_same(text: str, value: np.ndarray) -> None:
    formula = from_numpy(text, ["x", "z"], ["a", "b"])
    assert formula.evaluate({"x": X, "z": Z}, {"a": A, "b": B}) == pytest.approx(value, rel=1e-13)


def test_our_own_sinc_is_left_alone() -> None:
    assert from_numpy("sinc(x)", ["x"], []).evaluate({"x": X}) == pytest.approx(np.sin(X) / X)


@pytest.mark.parametrize(
    "text", ["__import__('os').system('true')", "x.__class__", "np.load('x')", "[x for x in x]", "x if x else 0", "y*x", ""]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises((FormulaError, SyntaxError)):
        from_numpy(text, ["x"], [])


def test_a_truth_knows_how_its_parameters_came_about(tmp_path: Path, write_case: Write) -> None:
    fitted = {"expression": "a*t", "parameters": {"a": 2}, "parameters_from": "least squares on this file (log residuals)"}
    truth = Truth.of(Case.read(write_case(tmp_path / "a", truth=fitted)))
    assert (truth.fitted, truth.logarithmic, truth.values) == (True, True, {"a": 2.0})
    published = Truth.of(
        Case.read(write_case(tmp_path / "b", truth={"expression": "4*t", "parameters": {}, "parameters_from": "published"}))
    )
    assert (published.fitted, published.logarithmic) == (False, False)


@pytest.mark.parametrize("truth", [{}, {"expression": "a*"}, {"expression": "a*w", "parameters": {"a": 1}}])
def test_a_truth_that_cannot_be_read_names_its_file(tmp_path: Path, write_case: Write, truth: dict[str, object]) -> None:
    with pytest.raises(BenchError, match=r"truth\.json"):
        Truth.of(Case.read(write_case(tmp_path / "a", truth=truth)))


def test_certified_values_may_stand_in_a_list(tmp_path: Path, write_case: Write) -> None:
    folder = write_case(tmp_path / "a", truth={"expression": "b1*t", "parameters": ["b1"], "certified": [0.5]})
    assert Truth.of(Case.read(folder)).values == {"b1": 0.5}
    assert json.loads((folder / "truth.json").read_text())["certified"] == [0.5]
