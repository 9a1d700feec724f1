"""Writing trees as MathML: typeset by every current browser without a script, and pasted by Word as an equation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from html import escape
from itertools import pairwise

from corpus import tree
from corpus.implicit import UNKNOWN, relation, sides, unknown_name
from corpus.render import format_number, is_short_fraction
from corpus.tree import Node, Number
from recommender.report.symbols import symbol

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
LONG = 30  # nodes; a longer sum is given in pieces that a browser may put on several lines
_TALL = 14  # nodes; a longer exponent is written exp(...)
_THIN = '<mspace width="0.17em"/>'
_SQUARED_BY_NAME = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh", "sinc"})
_NAMES = {
    "log": "<mi>ln</mi>",
    "log10": "<msub><mi>log</mi><mn>10</mn></msub>",
    "log2": "<msub><mi>log</mi><mn>2</mn></msub>",
    "asin": "<mi>arcsin</mi>",
    "acos": "<mi>arccos</mi>",
    "atan": "<mi>arctan</mi>",
    "asinh": "<mi>arsinh</mi>",
    "acosh": "<mi>arcosh</mi>",
    "atanh": "<mi>artanh</mi>",
    "sign": "<mi>sgn</mi>",
    "lambertw": "<mi>W</mi>",
    "j0": "<msub><mi>J</mi><mn>0</mn></msub>",
    "j1": "<msub><mi>J</mi><mn>1</mn></msub>",
    "lgamma": '<mi>ln</mi><mspace width="0.1em"/><mi mathvariant="normal">&#x393;</mi>',
}

Part = tuple[str, int]


def equation(target: str, root: Node) -> list[str]:
    """`target = formula` as <math> elements: one, or several for a long sum, so that its terms may wrap."""
    head = f"{symbol_mathml(target)}<mo>=</mo>"
    if root.op != "add" or tree.size(root) <= LONG:
        return [_math(head + _write(root)[0])]
    first, *rest = ordered(root.args)
    return [_math(head + _term(first, first=True)), *(_math(_term(term, first=False)) for term in rest)]


def name_mathml(name: str) -> str:
    """A symbol alone as a <math> element."""
    return _math(symbol_mathml(name))


def symbol_mathml(name: str) -> str:
    """A symbol within a <math> element."""
    seen = symbol(name)
    stem = f"<mi>{_words(seen.stem)}</mi>"
    if not seen.index:
        return stem
    below = "mn" if seen.index.isdigit() else "mi"
    return f"<msub>{stem}<{below}>{_words(seen.index)}</{below}></msub>"


def _words(text: str) -> str:
    return escape(text).replace(" ", "&#xa0;")


def _math(inner: str) -> str:
    return f'<math displaystyle="true"><mrow>{inner}</mrow></math>'


def _write(node: Node) -> Part:
    if node.op == "const":
        return _constant(_value(node))
    if node.op == "pi":
        return "<mi>&#x3c0;</mi>", _ATOM
    if node.op in ("var", "param"):
        return symbol_mathml(str(node.value)), _ATOM
    if node.op == "add":
        return "".join(_term(term, first=i == 0) for i, term in enumerate(ordered(node.args))), _SUM
    if node.op == "mul":
        return _product(node)
    return _power(node) if node.op == "pow" else _call(node)


def _value(node: Node) -> Number:
    assert isinstance(node.value, Fraction | float)
    return node.value


def _at_least(node: Node, precedence: int) -> str:
    markup, own = _write(node)
    return f"<mrow>{markup}</mrow>" if own >= precedence else _brackets(markup)


def _brackets(markup: str) -> str:
    return f"<mrow><mo>(</mo>{markup}<mo>)</mo></mrow>"


# --- numbers, sums, products ------------------------------------------------------------------------------------------


def _constant(value: Number) -> Part:
    if value < 0:
        return f"<mo>&#x2212;</mo>{_constant(-value)[0]}", _SUM
    if isinstance(value, Fraction) and (is_short_fraction(value) or "/" in format_number(value)):
        return _over(f"<mn>{value.numerator}</mn>", f"<mn>{value.denominator}</mn>"), _PRODUCT
    text = format_number(value)
    mantissa, e, exponent = (text if len(text) <= 8 else f"{float(value):.6g}").partition("e")
    if not e:
        return f"<mn>{mantissa}</mn>", _ATOM
    sign = "<mo>&#x2212;</mo>" if exponent.startswith("-") else ""
    return f"<mn>{mantissa}</mn><mo>&#xd7;</mo><msup><mn>10</mn><mrow>{sign}<mn>{abs(int(exponent))}</mn></mrow></msup>", _PRODUCT


def _term(term: Node, *, first: bool) -> str:
    """One term of a sum with its sign."""
    negative = is_negative(term)
    size = tree.mul(tree.const(-1), term) if negative else term
    sign = "<mo>&#x2212;</mo>" if negative else "" if first else "<mo>+</mo>"
    return sign + _at_least(size, _PRODUCT)


def ordered(terms: Sequence[Node]) -> list[Node]:
    """1 - x rather than -x + 1: a term without a minus sign first, the others as they stand."""
    return sorted(terms, key=lambda term: term is not next((t for t in terms if not is_negative(t)), terms[0]))


def is_negative(node: Node) -> bool:
    """Whether a minus sign stands before it."""
    leading = node.args[0] if node.op == "mul" else node
    return leading.op == "const" and _value(leading) < 0


def _product(node: Node) -> Part:
    if is_negative(node):
        return f"<mo>&#x2212;</mo>{_write(tree.mul(tree.const(-1), node))[0]}", _SUM
    numbers = [_value(part) for part in node.args if part.op == "const"]
    factors = [part for part in node.args if part.op != "const"]
    above = [part for part in factors if not tree.is_below_line(part)]
    below = [tree.power(part, tree.const(-1)) for part in factors if tree.is_below_line(part)]
    for number in numbers:
        top, bottom = (number.numerator, number.denominator) if is_short_fraction(number) and isinstance(number, Fraction) else (number, 1)
        above = ([tree.const(top)] if top != 1 else []) + above
        below = ([tree.const(bottom)] if bottom != 1 else []) + below
    return (_over(_row(above), _row(below)) if below else _row(above)), _PRODUCT


def _over(top: str, bottom: str) -> str:
    return f"<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"


def _row(factors: Sequence[Node]) -> str:
    if not factors:
        return "<mn>1</mn>"
    if len(factors) == 1:
        return _write(factors[0])[0]
    parts = [_at_least(factors[0], _PRODUCT)]
    for before, after in pairwise(factors):
        dot = _is_wide(before) or _is_wide(after) or after.op == "const"
        parts += ["<mo>&#x22c5;</mo>" if dot else f"<mo>&#x2062;</mo>{_THIN}", _at_least(after, _PRODUCT)]
    return "".join(parts)


def _is_wide(factor: Node) -> bool:
    """A word or its power: beside it a thin space would not be seen as a product."""
    base = factor.args[0] if factor.op == "pow" else factor
    return base.op in ("var", "param") and symbol(str(base.value)).is_word


# --- powers and functions ---------------------------------------------------------------------------------------------


def _power(node: Node) -> Part:
    base, exponent = node.args
    if exponent.op == "const":
        value = _value(exponent)
        if value == Fraction(1, 2):
            return f"<msqrt><mrow>{_write(base)[0]}</mrow></msqrt>", _ATOM
        if value < 0 and (float(value).is_integer() or value == Fraction(-1, 2)):
            return _over("<mn>1</mn>", _write(tree.power(base, tree.const(-value)))[0]), _PRODUCT
        if base.op in _SQUARED_BY_NAME and value > 1 and float(value).is_integer():
            return _applied(f"<msup>{_name(base.op)}<mn>{int(value)}</mn></msup>", base.args), _ATOM
    return f"<msup>{_at_least(base, _ATOM)}<mrow>{_write(exponent)[0]}</mrow></msup>", _POWER


def _call(node: Node) -> Part:
    inner = node.args[0]
    if node.op == "root":
        return _root(node), _ATOM
    if node.op == "abs":
        return f"<mrow><mo>|</mo>{_write(inner)[0]}<mo>|</mo></mrow>", _ATOM
    if node.op == "cbrt":
        return f"<mroot><mrow>{_write(inner)[0]}</mrow><mn>3</mn></mroot>", _ATOM
    if node.op == "exp" and tree.size(inner) <= _TALL:
        return f"<msup><mi>e</mi><mrow>{_write(inner)[0]}</mrow></msup>", _POWER
    if node.op == "expm1":
        return _write(tree.add(tree.call("exp", inner), tree.const(-1)))
    if node.op == "log1p":
        return _write(tree.call("log", tree.add(inner, tree.const(1))))
    return _applied(_name(node.op), node.args), _ATOM


def _root(node: Node) -> str:
    """root, below it the unknown and where it is looked for, and the relation in brackets."""
    unknown = tree.param(unknown_name(node))
    left, right = (_write(tree.substitute(side, {UNKNOWN: unknown}))[0] for side in sides(node))
    low, high = (_write(end)[0] for end in node.args[:2])
    branch = relation(node).branch
    name = "<mi>root</mi>" if branch == 1 else f"<msup><mi>root</mi><mrow><mo>(</mo><mn>{branch}</mn><mo>)</mo></mrow></msup>"
    place = f"<mrow>{_write(unknown)[0]}<mo>&#x2208;</mo><mo>[</mo>{low}<mo>,</mo>{high}<mo>]</mo></mrow>"
    return f"<mrow><munder>{name}{place}</munder><mo>&#x2061;</mo>{_brackets(f'{left}<mo>=</mo>{right}')}</mrow>"


def _name(op: str) -> str:
    return _NAMES.get(op, f"<mi>{op}</mi>")


def _applied(name: str, args: Sequence[Node]) -> str:
    inner = "<mo>,</mo>".join(_write(arg)[0] for arg in args)
    return f"<mrow>{name}<mo>&#x2061;</mo>{_brackets(inner)}</mrow>"
