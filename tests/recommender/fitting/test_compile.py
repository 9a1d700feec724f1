import numpy as np
import pytest

from corpus.formula import Formula, parse
from recommender.fitting.compile import compile_tree


def compiled(text, separate=()):
    return compile_tree(parse(text, ["x"]).root, separate)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("10**(a - b/x)", "exp(2.302585092994046*(a - b/x))"),
        ("a*log10(b + x)", "a*0.4342944819032518*log(b + x)"),
        ("a*sin(k*x)**2/(k*x)**2", "a*sinc(k*x)**2"),
        ("a*sin(k*(x - c))**2/(x - c)**2", "a*k**2*sinc(k*(x - c))**2"),
    ],
)
def test_the_fitting_tree_is_the_same_function(text, same):
    root = compiled(text).root
    values = {"a": 1.3, "b": 0.4, "k": 7.0, "c": 0.21}
    x = {"x": np.linspace(0.1, 2, 30)}
    formula = Formula(root)
    given = {name: values[name] for name in formula.parameters}
    expected = parse(same, ["x"]).evaluate(x, {n: values[n] for n in parse(same, ["x"]).parameters})
    assert np.allclose(formula.evaluate(x, given), expected, rtol=1e-12)


def test_a_sinc_written_as_a_ratio_has_no_hole_at_zero():
    root = compiled("a*sin(k*x)/(k*x)").root
    assert np.isfinite(Formula(root).evaluate({"x": np.array([0.0, 1.0])}, {"a": 1.0, "k": 2.0})).all()


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("p*q*x/(r + x)", ["p*q"]),
        ("a*sinc(p/q*x)", ["p*q**(-1)"]),
        ("a*exp(-p*q**2*x)", ["p*q**2"]),
        ("p*q*x + p", []),
        ("p*x + q*x**2", []),
        ("(p*q*x)**0.5 + r", ["p*q"]),
    ],
)
def test_parameters_that_only_occur_as_one_product_are_merged(text, products):
    assert [merge.text for merge in compiled(text).merges] == products


def test_the_kept_parameter_of_a_merge_can_be_negative():
    (merge,) = compiled("p**2*q*x").merges
    assert merge.kept == "q"


def test_bounded_parameters_stay_apart():
    assert compiled("p*q*x", separate=["q"]).merges == ()
