"""TeX has the look of the MathML, and breaks where that breaks."""

from __future__ import annotations

import pytest

from corpus.formula import parse
from recommender.report.tex import equation_tex


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("a*x + b", ("x",), r"y = a \, x + b"),
        ("b - a*x", ("x",), r"y = b - a \, x"),
        ("-a*x + b", ("x",), r"y = b - a \, x"),
        ("x/2", ("x",), r"y = \frac{x}{2}"),
        ("k*length", ("length",), r"y = k \cdot \text{length}"),
        ("T_hot*a", ("T_hot",), r"y = T_{\text{hot}} \, a"),
        ("素子長**2", ("素子長",), r"y = \text{素子長}^{2}"),
        ("abs(x)", ("x",), r"y = \left\lvert x\right\rvert "),
        ("eta0*sinc(x)", ("x",), r"y = \eta_{0} \, \operatorname{sinc}\left(x\right)"),
    ],
)
def test_looks(text: str, columns: tuple[str, ...], expected: str) -> None:
    assert " ".join(equation_tex("y", parse(text, columns).root)) == expected


def test_a_sum_comes_in_pieces_with_their_signs() -> None:
    pieces = equation_tex("y", parse("a - b*x + c*x**2 - d*x**3", ("x",)).root)
    assert len(pieces) == 4
    assert pieces[0] == "y = a"
    assert {piece[:2] for piece in pieces[1:]} == {"- ", "+ "}
