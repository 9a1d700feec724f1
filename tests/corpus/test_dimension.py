"""What units say about a formula: exact, and in words where they disagree."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dimension import BASE, DIMENSIONLESS, Conflict, Dimension, DimensionReport, infer
from corpus.formula import parse
from corpus.language import LANGUAGES
from corpus.units import parse_unit

M, S, K, KG = (Dimension.of(**{unit: 1}) for unit in ("m", "s", "K", "kg"))
COLUMNS = {"x": M, "t": S, "T": K}


def report(text: str, target: Dimension | None = None, **known: Dimension) -> DimensionReport:
    return infer(parse(text, [*COLUMNS, "u", "v"]).root, COLUMNS | known, target)


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("a*x + b", KG, {"a": KG / M, "b": KG}),
        ("a*exp(-t/b)", KG, {"a": KG, "b": S}),
        ("a*exp(-b*t) + c", KG, {"a": KG, "b": S**-1, "c": KG}),
        ("a*sin(b*t + c)", M, {"a": M, "b": S**-1, "c": DIMENSIONLESS}),
        ("a*(x/b)**c", KG, {"a": KG, "b": M, "c": DIMENSIONLESS}),
        ("sqrt(a*x)", M / S, {"a": M / S**2}),
        ("a*sqrt(x)", S, {"a": S / M ** Fraction(1, 2)}),
        ("a*cbrt(x)", KG, {"a": KG / M ** Fraction(1, 3)}),
        ("x**2/a", M, {"a": M}),
        ("atan2(x, a)", DIMENSIONLESS, {"a": M}),
        ("max(x, a)*b", KG, {"a": M, "b": KG / M}),
        ("abs(x - a)", M, {"a": M}),
        ("sign(x)*a", KG, {"a": KG}),
        ("a*x/(b + x)", KG, {"a": KG, "b": M}),
        ("a*log(x/b)", K, {"a": K, "b": M}),
        ("a*sinc(b*x/2)**2", DIMENSIONLESS, {"a": DIMENSIONLESS, "b": M**-1}),
        ("a*exp(-b/(c*T))", S**-1, {"a": S**-1}),
        ("a*2**(t/b)", KG, {"a": KG, "b": S}),
        ("pi*a*x**2", M**3, {"a": M}),
        ("a*x**1.5", KG, {"a": KG / M ** Fraction(3, 2)}),
        ("a*x**0.3333333333", KG, {"a": KG / M ** Fraction(1, 3)}),
        ("a*x + b*t", None, {}),
    ],
)
def test_dimensions_of_coefficients_follow(text: str, target: Dimension | None, expected: dict[str, Dimension]) -> None:
    found = report(text, target)
    assert found.consistent
    assert {name: found.known[name] for name in expected} == expected


def test_what_stays_open_is_said() -> None:
    assert report("a*exp(-b/(c*T))", S**-1).undetermined == {"b", "c"}
    assert report("a*x + b*t").undetermined == {"a", "b"}
    assert report("a*b*x", KG).undetermined == {"a", "b"}


def test_unknown_columns_are_inferred_too() -> None:
    found = report("u*x + v", KG)
    assert (found.known["u"], found.known["v"]) == (KG / M, KG)
    assert report("u*v", KG).undetermined == {"u", "v"}
    assert report("sin(u/v) + exp(v/x)", DIMENSIONLESS).known["u"] == M


@pytest.mark.parametrize(
    ("text", "target", "kind", "excess"),
    [
        ("x + t", None, "sum", S / M),
        ("x + 1", None, "sum", M**-1),
        ("max(x, t)", None, "sum", S / M),
        ("atan2(x, t)", None, "sum", S / M),
        ("exp(x)", None, "argument", M),
        ("log(x) + a", None, "argument", M),
        ("sinc(x*t)", None, "argument", M * S),
        ("2**x", None, "exponent", M),
        ("x**a", None, "free_power", M),
        ("x**pi", None, "free_power", M),
        ("x*t", M, "target", S),
        ("2*x", S, "target", M / S),
        ("a*x + a*t", None, "sum", S / M),
    ],
)
def test_conflicts_are_found_and_said(text: str, target: Dimension | None, kind: str, excess: Dimension) -> None:
    (conflict,) = report(text, target).conflicts
    assert conflict.kind == kind
    assert conflict.excess in (excess, excess**-1)
    for language in LANGUAGES:
        said = conflict.sentence.text(language)
        assert str(conflict.excess) in said
        assert conflict.part in said or kind == "target"


def test_after_a_free_power_the_walk_goes_on() -> None:
    found = report("a*x**n + exp(t)", KG)
    assert [conflict.kind for conflict in found.conflicts] == ["free_power", "argument", "target"]
    assert found.known["n"] == DIMENSIONLESS
    assert report("a*x**n", KG).undetermined == {"a"}


def test_a_chain_of_equations_is_solved_exactly() -> None:
    """Each coefficient follows from the one before: thirds and sevenths stay thirds and sevenths."""
    found = report("a + b**3 + c*b**7 - d**2/c", M)
    third = M ** Fraction(1, 3)
    assert found.consistent
    assert (found.known["a"], found.known["b"], found.known["c"]) == (M, third, M / third**7)
    assert found.known["d"] == (M * found.known["c"]) ** Fraction(1, 2)


def test_zero_fits_any_dimension_and_huge_exponents_do_no_harm() -> None:
    assert report("max(0, x)", M).consistent
    assert not report("x**1e300 + x").consistent
    assert report("a*x**1e-9", KG).consistent


def test_ohm_and_pressure_in_base_units() -> None:
    assert str(parse_unit("ohm").dimension) == "kg*m**2/(s**3*A**2)"
    assert str(DIMENSIONLESS) == "1"
    assert str(M ** Fraction(1, 2)) == "m**(1/2)"


_vectors = st.tuples(*(st.fractions(-4, 4, max_denominator=6) for _ in BASE)).map(Dimension)


@given(_vectors, _vectors, st.fractions(-3, 3, max_denominator=4))
def test_dimensions_form_a_vector_space(one: Dimension, other: Dimension, power: Fraction) -> None:
    assert one * other / other == one
    assert (one * other) ** power == one**power * other**power
    assert one / one == DIMENSIONLESS


@given(_vectors)
def test_a_dimension_is_written_as_a_unit_that_reads_back(dimension: Dimension) -> None:
    assert parse_unit(str(dimension)).dimension == dimension
    assert parse_unit(str(dimension)).factor == pytest.approx(1)


def test_every_kind_of_conflict_has_words() -> None:
    for kind in ("sum", "argument", "exponent", "free_power", "target"):
        assert Conflict(kind, "x + t", M).sentence.text("ja")  # type: ignore[arg-type]
