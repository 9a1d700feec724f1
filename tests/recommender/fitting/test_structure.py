import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.formula import Formula, parse
from recommender.fitting.structure import additive_blocks, factor_blocks, rewrite, separate


def separated(text):
    formula = parse(text, ["x"])
    return separate(formula.root, formula.parameters)


@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("a + b*x + c*x**2", {"a", "b", "c"}),
        ("a*exp(-b*x) + c", {"a", "c"}),
        ("a*(1 + b*x)", {"b"}),
        ("a*x**b", {"a"}),
        ("exp(a*x)", set()),
        ("(a + b*x)/(1 + c*x)", {"a", "b"}),
    ],
)
def test_the_linear_set_is_the_largest_one(text, linear):
    form = separated(text)
    assert len(form.linear) == len(linear)
    assert set(form.linear) == linear or len(linear) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.2, 3), min_size=8, max_size=8))
def test_the_separated_form_is_the_same_function(numbers):
    formula = parse("a*sinc(k*(x - c))**2 + d + e*x + f*(g + x)", ["x"])
    values = dict(zip(formula.parameters, numbers, strict=False))
    form = separate(formula.root, formula.parameters)
    x = {"x": np.linspace(0.1, 1, 7)}
    total = sum(values[name] * Formula(basis).evaluate(x, values) for name, basis in zip(form.linear, form.basis, strict=True))
    offset = 0.0 if form.offset is None else Formula(form.offset).evaluate(x, values)
    assert np.allclose(total + offset, formula.evaluate(x, values))


@pytest.mark.parametrize(
    ("text", "nonlinear"),
    [
        ("a*sin(w*x + p) + c", 1),
        ("a*exp(-g*x)*cos(2*w*x - 3*p)", 2),
        ("a*(1 + b*cos(w*x + p))", 1),
        ("a*sin(w*x + p) + b*sin(v*x + q)", 2),
        ("sin(w*x + p)", 2),
    ],
)
def test_phases_and_ratios_become_linear(text, nonlinear):
    formula = parse(text, ["x"])
    rewriting = rewrite(formula.root, formula.parameters)
    assert len(separate(rewriting.root, rewriting.names).nonlinear) == nonlinear


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2).filter(lambda v: abs(v) > 0.05), min_size=4, max_size=4))
def test_rewritten_parameters_lead_back_to_the_same_curve(numbers):
    formula = parse("a*(1 + b*cos(1.7*x + p)) + c", ["x"])
    rewriting = rewrite(formula.root, formula.parameters)
    values = dict(zip(rewriting.names, numbers, strict=True))
    x = {"x": np.linspace(0, 3, 11)}
    back = rewriting.restore(values)
    assert set(back) == set(formula.parameters)
    assert np.allclose(Formula(rewriting.root).evaluate(x, values), formula.evaluate(x, back))


def test_bounded_parameters_keep_their_meaning():
    formula = parse("a*sin(w*x + p)", ["x"])
    assert rewrite(formula.root, formula.parameters, frozenset({"a"})).root is formula.root


def test_blocks_follow_terms_and_factors():
    assert additive_blocks(separated("a*exp(-((x - b)/c)**2) + d*exp(-((x - e)/f)**2)")) == [["b", "c"], ["e", "f"]]
    assert additive_blocks(separated("a*x + exp(-b*x)")) is None
    assert factor_blocks(separated("a*exp(-b*x)*sin(c*x + d)")) == [["b"], ["c", "d"]]
