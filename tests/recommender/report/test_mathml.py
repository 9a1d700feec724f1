"""MathML is well-formed and says what the tree says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from corpus.formula import parse
from recommender.report.mathml import equation, name_mathml
from recommender.report.symbols import symbol, symbol_latex


def shown(text: str, *columns: str) -> str:
    """The text a reader sees, markup left out."""
    parts = equation("y", parse(text, columns or ("x",)).root)
    return "".join("".join(ElementTree.fromstring(part).itertext()) for part in parts).replace("\u2062", "").replace("\u2061", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*x + b", "y=ax+b"),
        ("a - b*x", "y=a−bx"),
        ("-x/2", "y=−x2"),
        ("A*sin(w*x)**2", "y=Asin2(wx)"),
        ("exp(-x/tau)", "y=e−xτ"),
        ("log10(x)", "y=log10(x)"),
        ("2.5e-9*x", "y=2.5×10−9x"),
        ("sqrt(1/x)", "y=1x"),
        ("abs(x)", "y=|x|"),
        ("(a + x)**-2", "y=1(a+x)2"),
        ("max(x, a)", "y=max(x,a)"),
        ("expm1(x)", "y=ex−1"),
        ("0.5*x", "y=x2"),
        ("x**a", "y=xa"),
        ("(x**a)**b", "y=(xa)b"),
        ("root(u, 0, 2, u - a*sin(u) - x)", "y=rootu∈[0,2](x=u−asin(u))"),
        ("root(u, 0, 2, u**2 - x, -1)", "y=root(-1)u∈[0,2](x=u2)"),
    ],
)
def test_reads_as_written(text, expected):
    assert shown(text) == expected


def test_long_sum_may_wrap():
    parts = equation("y", parse(" + ".join(f"a{i}*x**{i}" for i in range(12)), ("x",)).root)
    assert len(parts) == 12
    assert all(ElementTree.fromstring(part).tag == "math" for part in parts)


def test_names_are_escaped_and_shaped():
    assert "<script" not in name_mathml("<script>")
    assert (symbol("eta0").stem, symbol("eta0").index) == ("η", "0")
    assert symbol("T_hot").text == "T_hot"
    assert symbol("x1").text == "x₁"
    assert symbol("phase_mismatch").stem == "phase mismatch"
    assert symbol("素子長").stem == "素子長"
    assert symbol_latex("phase_mismatch") == r"\text{phase mismatch}"
    assert not re.search(r"[$]", symbol_latex("a$b").replace(r"\$", ""))


def test_words_are_multiplied_by_a_dot():
    assert shown("k*length*width", "length", "width") == "y=k⋅length⋅width"
