"""The functions a formula may use: value, derivative, and how each is written elsewhere.

`value(u)` and `derivative(u, v)` (with v = value(u)) take and give float64 arrays of any shape.
Floating-point warnings are the caller's business: outside its domain a function gives NaN, never an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Units = Literal["dimensionless", "same", "sign", "root3"]


@dataclass(frozen=True)
class Function:
    """One function of one argument.

    units: "dimensionless" argument and result; "same": the result has the argument's unit; "sign": any argument,
    dimensionless result; "root3": the cube root of the argument's unit.
    numpy: its name in generated source (module `np` or `special`); sympy: its name in SymPy.
    """

    name: str
    value: Callable[[Any], Any]
    derivative: Callable[[Any, Any], Any]
    latex: str
    numpy: str
    sympy: str
    units: Units = "dimensionless"


def _sinc(u: Any) -> Any:
    """sin(u)/u, 1 at u = 0 (unnormalised)."""
    small = np.abs(u) < 1e-8
    safe = np.where(small, 1.0, u)
    return np.where(small, 1.0, np.sin(safe) / safe)


def _sinc_derivative(u: Any, _v: Any) -> Any:
    """(cos u - sinc u)/u; below 1e-4 the series -u/3, where the difference would cancel."""
    small = np.abs(u) < 1e-4
    safe = np.where(small, 1.0, u)
    return np.where(small, -u / 3, (np.cos(safe) - np.sin(safe) / safe) / safe)


def _special(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported at first use (SciPy costs 0.2 s)."""

    def call(*args: Any) -> Any:
        from scipy import special

        return getattr(special, name)(*args)

    return call


def _lambertw(u: Any) -> Any:
    """Principal real branch of w exp(w) = u; NaN below -1/e."""
    w = np.asarray(_special("lambertw")(np.asarray(u, dtype=complex)))
    return np.where(np.asarray(u) >= -1 / math.e, w.real, np.nan)


def _lambertw_derivative(u: Any, w: Any) -> Any:
    """1/(u + exp(w)), the form without 0/0 at u = 0."""
    return 1 / (u + np.exp(w))


_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)

_TABLE = (
    Function("sin", np.sin, lambda u, v: np.cos(u), r"\sin", "np.sin", "sin"),
    Function("cos", np.cos, lambda u, v: -np.sin(u), r"\cos", "np.cos", "cos"),
    Function("tan", np.tan, lambda u, v: 1 + v * v, r"\tan", "np.tan", "tan"),
    Function("asin", np.arcsin, lambda u, v: 1 / np.sqrt(1 - u * u), r"\arcsin", "np.arcsin", "asin"),
    Function("acos", np.arccos, lambda u, v: -1 / np.sqrt(1 - u * u), r"\arccos", "np.arccos", "acos"),
    Function("atan", np.arctan, lambda u, v: 1 / (1 + u * u), r"\arctan", "np.arctan", "atan"),
    Function("sinh", np.sinh, lambda u, v: np.cosh(u), r"\sinh", "np.sinh", "sinh"),
    Function("cosh", np.cosh, lambda u, v: np.sinh(u), r"\cosh", "np.cosh", "cosh"),
    Function("tanh", np.tanh, lambda u, v: 1 - v * v, r"\tanh", "np.tanh", "tanh"),
    Function("asinh", np.arcsinh, lambda u, v: 1 / np.sqrt(1 + u * u), r"\operatorname{arsinh}", "np.arcsinh", "asinh"),
    Function("acosh", np.arccosh, lambda u, v: 1 / np.sqrt(u * u - 1), r"\operatorname{arcosh}", "np.arccosh", "acosh"),
    Function("atanh", np.arctanh, lambda u, v: 1 / (1 - u * u), r"\operatorname{artanh}", "np.arctanh", "atanh"),
    Function("exp", np.exp, lambda u, v: v, r"\exp", "np.exp", "exp"),
    Function("expm1", np.expm1, lambda u, v: v + 1, r"\operatorname{expm1}", "np.expm1", "expm1"),
    Function("log", np.log, lambda u, v: 1 / u, r"\ln", "np.log", "log"),
    Function("log10", np.log10, lambda u, v: 1 / (u * math.log(10)), r"\log_{10}", "np.log10", "log10"),
    Function("log2", np.log2, lambda u, v: 1 / (u * math.log(2)), r"\log_{2}", "np.log2", "log2"),
    Function("log1p", np.log1p, lambda u, v: 1 / (1 + u), r"\operatorname{log1p}", "np.log1p", "log1p"),
    Function("cbrt", np.cbrt, lambda u, v: 1 / (3 * v * v), r"\sqrt[3]", "np.cbrt", "cbrt", "root3"),
    Function("abs", np.abs, lambda u, v: np.sign(u), r"\operatorname{abs}", "np.abs", "Abs", "same"),
    Function("sign", np.sign, lambda u, v: 0.0 * u, r"\operatorname{sgn}", "np.sign", "sign", "sign"),
    Function("sinc", _sinc, _sinc_derivative, r"\operatorname{sinc}", "_sinc", "sinc"),
    Function("erf", _special("erf"), lambda u, v: _TWO_OVER_SQRT_PI * np.exp(-u * u), r"\operatorname{erf}", "special.erf", "erf"),
    Function("erfc", _special("erfc"), lambda u, v: -_TWO_OVER_SQRT_PI * np.exp(-u * u), r"\operatorname{erfc}", "special.erfc", "erfc"),
    Function("lambertw", _lambertw, _lambertw_derivative, r"W", "_lambertw", "LambertW"),
    Function("wrightomega", _special("wrightomega"), lambda u, v: v / (1 + v), r"\omega", "special.wrightomega", "wrightomega"),
    Function("j0", _special("j0"), lambda u, v: -_special("j1")(u), r"J_0", "special.j0", "besselj0"),
    Function(
        "j1",
        _special("j1"),
        lambda u, v: 0.5 * (_special("j0")(u) - _special("jn")(2, u)),
        r"J_1",
        "special.j1",
        "besselj1",
    ),
    Function("lgamma", _special("gammaln"), lambda u, v: _special("psi")(u), r"\ln\Gamma", "special.gammaln", "loggamma"),
)
FUNCTIONS = {function.name: function for function in _TABLE}
SPECIAL = frozenset({"erf", "erfc", "lambertw", "j0", "j1", "lgamma"})  # they need SciPy

PAIRS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], tuple[Any, Any]], str, str]] = {
    # name: value(a, b), (d/da, d/db), NumPy name, SymPy name
    "atan2": (np.arctan2, lambda a, b: (b / (a * a + b * b), -a / (a * a + b * b)), "np.arctan2", "atan2"),
    "min": (np.minimum, lambda a, b: (np.where(a <= b, 1.0, 0.0), np.where(a <= b, 0.0, 1.0)), "np.minimum", "Min"),
    "max": (np.maximum, lambda a, b: (np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)), "np.maximum", "Max"),
}

ALIASES = {
    "ln": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "arctan2": "atan2",
    "fabs": "abs",
    "absolute": "abs",
    "minimum": "min",
    "maximum": "max",
    "sgn": "sign",
}
RECIPROCALS = {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}
CALLABLE_NAMES = frozenset({*FUNCTIONS, *PAIRS, *ALIASES, *RECIPROCALS, "sqrt", "root"})
