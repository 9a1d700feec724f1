"""Writing trees: infix text, LaTeX, SymPy, NumPy source.

Infix text is the wire format: parsing it gives the same tree back. The other three are output only.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from corpus import tree
from corpus.errors import FormulaSyntaxError
from corpus.functions import FUNCTIONS, PAIRS
from corpus.implicit import UNKNOWN, relation, residual, sides, unknown_name
from corpus.root_source import ROOT_SOURCE
from corpus.tree import Node, Number, split_power, walk

if TYPE_CHECKING:
    import sympy

_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)


def to_text(root: Node) -> str:
    """Infix text, e.g. `p0*sinc(k*x/2)**2`."""
    return _Infix(lambda leaf: str(leaf.value)).write(root)[0]


class _Infix:
    """Infix writer; each method gives (text, precedence)."""

    prefix = ""

    def __init__(self, name: Callable[[Node], str]) -> None:
        self.name = name

    def write(self, node: Node) -> tuple[str, int]:
        if node.op == "const":
            return self.number(_number(node))
        if node.op == "pi":
            return f"{self.prefix}pi", _ATOM
        if node.op in ("var", "param"):
            return self.name(node), _ATOM
        if node.op == "add":
            return self.sum(node.args), _SUM
        if node.op == "mul":
            return self.product(node)
        if node.op == "pow":
            return self.power(node)
        if node.op == "root":
            return self.root(node), _ATOM
        return f"{self.function(node.op)}({', '.join(self.write(arg)[0] for arg in node.args)})", _ATOM

    def root(self, node: Node) -> str:
        """`root(u, low, high, residual)`, with its number for the second branch."""
        writer, unknown = self.inside(node)
        ends = ", ".join(map(self.end, node.args[:2]))
        branch = "" if relation(node).branch == 1 else f", {relation(node).branch}"
        return f"root({writer.write(unknown)[0]}, {ends}, {writer.write(residual(node))[0]}{branch})"

    def inside(self, node: Node) -> tuple[Self, Node]:
        """A writer for the residual of a root, and the unknown, called so as nothing else there is."""
        own = unknown_name(node, self.name, self.spelled)
        return type(self)(lambda leaf: self.spelled(own) if leaf is UNKNOWN else self.name(leaf)), UNKNOWN

    def spelled(self, name: str) -> str:
        """A name that stands for no leaf."""
        return name

    def end(self, node: Node) -> str:
        """One end of the range of an unknown: 4e-06 rather than 1/250000."""
        return f"{node.number:.6g}" if node.op == "const" and float(f"{node.number:.6g}") == node.number else self.write(node)[0]

    def function(self, name: str) -> str:
        return name

    def number(self, value: Number) -> tuple[str, int]:
        text = format_number(value)
        if "/" in text:
            return text, _PRODUCT
        return text, _UNARY if value < 0 else _ATOM

    def sum(self, terms: Sequence[Node]) -> str:
        text = self.at_least(terms[0], _PRODUCT)
        for term in terms[1:]:
            part = self.at_least(term, _PRODUCT)
            text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        return text

    def at_least(self, node: Node, precedence: int) -> str:
        text, own = self.write(node)
        return text if own >= precedence else f"({text})"

    def product(self, node: Node) -> tuple[str, int]:
        sign, above, below = _fraction(node)
        top = "*".join([*(format_number(n) for n in above[0]), *(self.at_least(part, _POWER) for part in above[1])]) or "1"
        bottom = [*(format_number(n) for n in below[0]), *(self.at_least(part, _POWER) for part in below[1])]
        text = sign + top + (f"/{bottom[0]}" if len(bottom) == 1 else f"/({'*'.join(bottom)})" if bottom else "")
        return text, _PRODUCT

    def power(self, node: Node) -> tuple[str, int]:
        base, exponent = node.args
        if exponent.op == "const":
            value = _number(exponent)
            if value == Fraction(1, 2):
                return f"{self.function('sqrt')}({self.write(base)[0]})", _ATOM
            if value < 0 and float(value).is_integer():
                return f"1/{self.at_least(tree.power(base, tree.const(-value)), _POWER)}", _PRODUCT
        return f"{self.at_least(base, _ATOM)}**{self.exponent(exponent)}", _POWER

    def exponent(self, node: Node) -> str:
        text, precedence = self.write(node)
        return text if precedence in (_ATOM, _UNARY) else f"({text})"


def _number(node: Node) -> Number:
    assert isinstance(node.value, Fraction | float)
    return node.value


def _fraction(node: Node, short: bool = False) -> tuple[str, tuple[list[Number], list[Node]], tuple[list[Number], list[Node]]]:
    """Sign, (numbers, factors) above the line, (numbers, factors) below it; short: x/2 rather than 0.5*x."""
    sign = ""
    above: tuple[list[Number], list[Node]] = ([], [])
    below: tuple[list[Number], list[Node]] = ([], [])
    for part in node.args:
        if part.op == "const":
            sign = "-" if _number(part) < 0 else ""
            value = _magnitude(_number(part))
            if isinstance(value, Fraction) and ((short and is_short_fraction(value)) or "/" in format_number(value)):
                above[0].extend([Fraction(value.numerator)] if value.numerator != 1 else [])
                below[0].append(Fraction(value.denominator))
            elif value != 1:
                above[0].append(value)
            continue
        base, exponent = split_power(part)
        if exponent < 0 and float(exponent).is_integer():
            below[1].append(tree.power(base, tree.const(-exponent)))
        else:
            above[1].append(part)
    return sign, above, below


def is_short_fraction(value: Number) -> bool:
    """One half, two thirds, ...: better typeset as a fraction than as a decimal."""
    return isinstance(value, Fraction) and value.denominator in (2, 3, 4, 6, 8) and abs(value.numerator) < 10


def _magnitude(value: Number) -> Number:
    return -value if value < 0 else value


def format_number(value: Number) -> str:
    """Shortest text that reads back as the same number: integer, decimal, or p/q."""
    if isinstance(value, float):
        return repr(value)
    if value.denominator == 1:
        return str(value.numerator)
    decimal = repr(float(value))
    if "e" not in decimal and Fraction(decimal) == value:
        return decimal
    return f"{value.numerator}/{value.denominator}"


# --- NumPy source -------------------------------------------------------------------------------------------------


_PLAIN_POWER = 16


class _Numpy(_Infix):
    prefix = "np."

    def root(self, node: Node) -> str:
        writer, unknown = self.inside(node)
        ends = ", ".join(map(self.end, node.args[:2]))
        name = writer.write(unknown)[0]
        return f"_root(lambda {name}: {writer.write(residual(node))[0]}, {ends}, {relation(node).branch})"

    def spelled(self, name: str) -> str:
        return name if _plain(name) else f"{name}_"

    def function(self, name: str) -> str:
        if name == "sqrt":
            return "np.sqrt"
        return PAIRS[name][2] if name in PAIRS else FUNCTIONS[name].numpy

    def power(self, node: Node) -> tuple[str, int]:
        """`float_power` where `**` of plain numbers could turn complex, overflow, or refuse whole numbers."""
        base, exponent = node.args
        value = float(_number(exponent)) if exponent.op == "const" else math.nan
        if value == 0.5 or (abs(value) <= _PLAIN_POWER and value.is_integer()):
            return super().power(node)
        return f"np.float_power({self.write(base)[0]}, {self.write(exponent)[0]})", _ATOM


_HELPERS = {
    "_sinc(": "def _sinc(u):\n    return np.sinc(u / np.pi)\n",
    "_root(": ROOT_SOURCE,
    "_lambertw(": "def _lambertw(u):\n    return np.where(np.asarray(u) >= -np.exp(-1), special.lambertw(u).real, np.nan)\n",
}


def to_numpy(root: Node, parameters: Mapping[str, float], function: str = "formula") -> str:
    """Source of a Python function of the columns with the parameters as keyword arguments.

    Names that are not plain identifiers become x0, x1, ...; a comment says which is which.
    """
    names = source_names(root)
    body = _Numpy(lambda leaf: names[leaf]).write(root)[0]
    columns = [new for leaf, new in names.items() if leaf.op == "var"]
    defaults = [f"{new}={_literal(parameters.get(str(leaf.value)))}" for leaf, new in names.items() if leaf.op == "param"]
    imports = ["import numpy as np"] + (["from scipy import special"] if "special." in body or "_lambertw(" in body else [])
    helpers = [source for mark, source in _HELPERS.items() if mark in body]
    legend = [f"    # {new}: {leaf.value!r}" for leaf, new in names.items() if leaf.value != new]
    signature = ", ".join([*columns, *(["*", *defaults] if defaults else [])])
    return "\n".join([*imports, "", *helpers, f"def {function}({signature}):", *legend, f"    return {body}", ""])


def source_names(root: Node) -> dict[Node, str]:
    """A plain identifier for every symbol: its own name, or x0, x1, ... where that is no plain, unused name."""
    names: dict[Node, str] = {}
    taken = {str(leaf.value) for leaf in walk(root) if leaf.op in ("var", "param")} | _RESERVED
    spare = (name for i in count() if (name := f"x{i}") not in taken)
    for leaf in walk(root):
        if leaf.op in ("var", "param"):
            own = str(leaf.value)
            names[leaf] = own if _plain(own) and own not in names.values() else next(spare)
    return names


_RESERVED = frozenset({"np", "special", "formula"})


def _plain(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)) and not keyword.iskeyword(name) and name not in _RESERVED


def _literal(value: float | None) -> str:
    return repr(float(value)) if value is not None and math.isfinite(value) else "np.nan"


# --- LaTeX ----------------------------------------------------------------------------------------------------------

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega"
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
_GREEK = frozenset(f"{_SMALL} {_CAPITAL}".split())


def to_latex(root: Node, names: Mapping[str, str] | None = None) -> str:
    """LaTeX; `names` maps a symbol to its LaTeX, otherwise `eta0` becomes \\eta_{0} and `Delta_k` \\Delta_{k}."""
    given = names or {}
    return _Latex(lambda leaf: given.get(str(leaf.value), latex_name(str(leaf.value)))).write(root)[0]


def latex_name(name: str) -> str:
    """A symbol in LaTeX; text that is not a plain identifier is escaped into \\text{}."""
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        return r"\text{" + re.sub(r"[\\{}$&#^_~%]", lambda m: {"\\": "/", "^": " ", "~": " "}.get(m[0], "\\" + m[0]), name) + "}"
    stem, _, index = name.rstrip("_").partition("_")
    match = re.fullmatch(r"([A-Za-z]+)(\d+)", stem)
    if match and not index:
        stem, index = match[1], match[2]
    head = "\\" + stem if stem in _GREEK else stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    return head if not index else rf"{head}_{{{_subscript(index)}}}"


def _subscript(index: str) -> str:
    return index if len(index) == 1 or index.isdigit() else r"\mathrm{" + index.replace("_", r"\_") + "}"


class _Latex(_Infix):
    prefix = "\\"

    def write(self, node: Node) -> tuple[str, int]:
        if node.op in ("const", "pi", "var", "param", "add", "mul", "pow", "root"):
            return super().write(node)
        inner = ", ".join(self.write(arg)[0] for arg in node.args)
        if node.op == "abs":
            return rf"\left|{inner}\right|", _ATOM
        if node.op == "exp" and r"\frac" not in inner:  # a fraction as an exponent is too small to read
            return f"e^{{{inner}}}", _POWER
        if node.op == "cbrt":
            return rf"\sqrt[3]{{{inner}}}", _ATOM
        latex = FUNCTIONS[node.op].latex if node.op in FUNCTIONS else rf"\operatorname{{{node.op}}}"
        return rf"{latex}\left({inner}\right)", _ATOM

    def root(self, node: Node) -> str:
        """root_{u in [low, high]}(left = right), written as arg min is."""
        writer, unknown = self.inside(node)
        left, right = (writer.write(side)[0] for side in sides(node))
        low, high = map(self.end, node.args[:2])
        branch = "" if relation(node).branch == 1 else f"^{{({relation(node).branch})}}"
        return rf"\operatorname{{root}}{branch}_{{{writer.write(unknown)[0]} \in [{low},\, {high}]}}\left({left} = {right}\right)"

    def spelled(self, name: str) -> str:
        return latex_name(name)

    def end(self, node: Node) -> str:
        value = node.number if node.is_number else math.nan
        return latex_number(Fraction(value) if value.is_integer() else value) if node.op == "const" else self.write(node)[0]

    def number(self, value: Number) -> tuple[str, int]:
        latex = latex_number(value)
        return latex, _PRODUCT if "frac" in latex or "10^" in latex else _UNARY if value < 0 else _ATOM

    def at_least(self, node: Node, precedence: int) -> str:
        text, own = self.write(node)
        return text if own >= precedence else rf"\left({text}\right)"

    def product(self, node: Node) -> tuple[str, int]:
        sign, above, below = _fraction(node, short=True)
        top = r" \, ".join([*(latex_number(n) for n in above[0]), *(self.at_least(part, _PRODUCT) for part in above[1])]) or "1"
        bottom = [*(latex_number(n) for n in below[0]), *(self.at_least(part, _PRODUCT) for part in below[1])]
        below_line = r" \, ".join(bottom)
        return (sign + rf"\frac{{{top}}}{{{below_line}}}" if bottom else sign + top), _PRODUCT

    def power(self, node: Node) -> tuple[str, int]:
        base, exponent = node.args
        inner = self.write(base)[0]
        if exponent.op == "const" and _number(exponent) == Fraction(1, 2):
            return rf"\sqrt{{{inner}}}", _ATOM
        if exponent.op == "const" and _number(exponent) < 0 and float(_number(exponent)).is_integer():
            return rf"\frac{{1}}{{{self.write(tree.power(base, tree.const(-_number(exponent))))[0]}}}", _PRODUCT
        return f"{self.at_least(base, _ATOM)}^{{{self.write(exponent)[0]}}}", _POWER


def latex_number(value: Number) -> str:
    """A number in LaTeX: 1.5 \\times 10^{-3}, \\frac{2}{3}."""
    text = format_number(value)
    if "/" in text:
        top, _, bottom = text.partition("/")
        return ("-" if top.startswith("-") else "") + rf"\frac{{{top.lstrip('-')}}}{{{bottom}}}"
    exact = Decimal(text)
    if not value or -4 < exact.adjusted() < 6:
        return text
    mantissa = exact.scaleb(-exact.adjusted()).normalize()
    return rf"10^{{{exact.adjusted()}}}" if mantissa == 1 else rf"{mantissa:f} \times 10^{{{exact.adjusted()}}}"


# --- SymPy -----------------------------------------------------------------------------------------------------------


def to_sympy(root: Node) -> sympy.Expr:
    """A SymPy expression built object by object (no text is handed to SymPy); symbols are real. FormulaSyntaxError if it holds a root.

    Its symbols have the names of `source_names`, because SymPy's own code generators execute a symbol's name.
    """
    import sympy as sp

    done: dict[int, Any] = {leaf.order: sp.Symbol(name, real=True) for leaf, name in source_names(root).items()}
    for node in walk(root):
        if node.order not in done:
            done[node.order] = _sympy_node(sp, node, [done[arg.order] for arg in node.args])
    expression: sympy.Expr = done[root.order]
    return expression


def _sympy_node(sp: Any, node: Node, args: list[Any]) -> Any:
    if node.op == "root":
        raise FormulaSyntaxError("root_no_sympy")
    if node.op == "const":
        value = _number(node)
        return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sp.Float(value)
    if node.op == "pi":
        return sp.pi
    if node.op in ("add", "mul", "pow"):
        return {"add": sp.Add, "mul": sp.Mul, "pow": sp.Pow}[node.op](*args)
    return _sympy_call(sp, node.op, args)


def _sympy_call(sp: Any, name: str, args: list[Any]) -> Any:
    special = {
        "log10": lambda u: sp.log(u, 10),
        "wrightomega": lambda u: sp.LambertW(sp.exp(u)),
        "log2": lambda u: sp.log(u, 2),
        "log1p": lambda u: sp.log(1 + u),
        "expm1": lambda u: sp.exp(u) - 1,
        "cbrt": lambda u: sp.sign(u) * sp.cbrt(sp.Abs(u)),
        "j0": lambda u: sp.besselj(0, u),
        "j1": lambda u: sp.besselj(1, u),
    }
    if name in special:
        return special[name](*args)
    return getattr(sp, PAIRS[name][3] if name in PAIRS else FUNCTIONS[name].sympy)(*args)
