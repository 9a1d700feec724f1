"""The one door through which text becomes mathematics.

Formula text is infix with named functions: `p0*sinc(k*x/2)**2`. It is checked character by character, its names are
replaced by placeholders, and only then does Python's own `ast.parse` see it; a whitelist walks the result.
Nothing is ever executed. Caps hold for length, nesting, node count and the size of every folded number.
"""

from __future__ import annotations

import ast
import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np

from corpus import implicit, tree
from corpus.errors import FormulaLimitError, FormulaSyntaxError
from corpus.evaluate import Program
from corpus.functions import ALIASES, CALLABLE_NAMES, PAIRS, RECIPROCALS, Array
from corpus.render import to_text
from corpus.tree import Node

MAX_LENGTH = 2000  # characters that are not spaces, both as given and as written back
MAX_NODES = 600
MAX_DEPTH = 60
MAX_BRACKETS = 100
MAX_CALL_DEPTH = 8
MAX_NAME = 60
_MAX_AST_DEPTH = 250

_TOKEN = re.compile(r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<mark>\*\*|[-+*/^(),]))")
_SYMBOLS = str.maketrans(dict.fromkeys("×·⋅∙・", "*") | dict.fromkeys("÷∕⁄", "/") | dict.fromkeys("−–‐‑", "-") | {"√": "sqrt "})
_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi pi rho sigma tau phi chi psi omega"
_CAPITAL = "Gamma Delta Theta Lamda Xi Pi Sigma Phi Psi Omega"
_GREEK = {unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}"): name.replace("lamda", "lambda") for name in _SMALL.split()} | {
    unicodedata.lookup(f"GREEK CAPITAL LETTER {name.upper()}"): name.replace("Lamda", "Lambda") for name in _CAPITAL.split()
}
_PLAIN_NAME = "[A-Za-z][A-Za-z0-9_]*"
_VALUES = frozenset({"nan", "inf", "infinity", "none", "true", "false"})
_CHAINS = ((ast.Add, ast.Sub), (ast.Mult, ast.Div))
_SIGNS = {"Tuple": ",", "Starred": "*", "Call": "**"}


@dataclass(frozen=True)
class Formula:
    """An expression of variables (columns) and parameters (coefficients)."""

    root: Node

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of columns, in order of first appearance."""
        return self._names("var")

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of coefficients, in order of first appearance."""
        return self._names("param")

    def _names(self, op: str) -> tuple[str, ...]:
        return tuple(str(node.value) for node in tree.walk(self.root) if node.op == op)

    @cached_property
    def text(self) -> str:
        """Infix text; parsing it gives this formula back."""
        return to_text(self.root)

    def __str__(self) -> str:
        return self.text

    def evaluate(self, columns: Mapping[str, Array], parameters: Mapping[str, float | Array] | None = None) -> Array:
        """Values, shape (n,): columns of shape (n,), parameters scalars. NaN or inf outside the domain.

        FormulaSyntaxError if a column or a parameter is missing.
        """
        given = {**columns, **(parameters or {})}
        missing = [name for name in (*self.variables, *self.parameters) if name not in given]
        if missing:
            raise FormulaSyntaxError("missing_symbol", names=", ".join(missing))
        length = max(map(np.size, columns.values()), default=1)
        bound = Program([self.root]).bind({name: np.asarray(columns[name], float) for name in self.variables}, length)
        values = bound.values({name: np.reshape(given[name], (-1, 1)) for name in self.parameters})[0]
        return np.array(np.broadcast_to(values, (1, length))[0])

    def bind(self, values: Mapping[str, float]) -> Formula:
        """The formula with some parameters replaced by numbers."""
        return Formula(tree.substitute(self.root, {tree.param(name): tree.const(float(v)) for name, v in values.items()}))

    def rename(self, names: Mapping[str, str]) -> Formula:
        """The formula with symbols renamed (columns stay columns, coefficients stay coefficients)."""
        leaves = {
            node: _leaf(node.op, names[str(node.value)]) for node in tree.walk(self.root) if str(node.value) in names and not node.args
        }
        return Formula(tree.substitute(self.root, leaves))

    def as_columns(self, names: Mapping[str, str]) -> Formula:
        """The formula with the symbols `names` turned into the columns they map to."""
        leaves = {leaf: tree.var(column) for name, column in names.items() for leaf in (tree.param(name), tree.var(name))}
        return Formula(tree.substitute(self.root, leaves))


def fresh_names(letter: str, taken: Collection[str], first: int = 0) -> Iterator[str]:
    """The letter with a number, from `first`, as often as wanted; none that is taken."""
    return (name for i in count(first) if (name := f"{letter}{i}") not in taken)


def _leaf(op: str, name: str) -> Node:
    return tree.var(name) if op == "var" else tree.param(name)


def parse(text: str, variables: Collection[str], parameters: Collection[str] | None = None) -> Formula:
    """Read a formula.

    text: infix; `^` is a power, full-width forms and × ÷ ² √( π are understood. variables: names of the columns, any text.
    parameters: names of the coefficients; None lets every other plain name be one.
    FormulaSyntaxError or FormulaLimitError says what is wrong and how to mend it; nothing in the text is executed.
    """
    return Formula(_Reader(variables, parameters).read(text))


class _Reader:
    """Turns one text into a tree: tokens, placeholders, `ast`, whitelist."""

    def __init__(self, variables: Collection[str], parameters: Collection[str] | None) -> None:
        self._variables = _by_spelling(variables)
        self._parameters = None if parameters is None else _by_spelling(parameters)
        self._names: list[str] = []
        self._unknowns: list[str] = []

    def read(self, text: str) -> Node:
        _check_length(text)
        normal = normalised(text)
        _check_length(normal)
        try:
            body = ast.parse(self._placeholders(normal), mode="eval").body
        except (SyntaxError, MemoryError, RecursionError, ValueError):
            raise FormulaSyntaxError("formula_unreadable", text=_quote(text)) from None
        _check_depth(body)
        root = self._build(body, 0)
        _check_tree(root, len(text))
        return root

    def _placeholders(self, text: str) -> str:
        """Rewrite the text with names replaced by n0, n1, ... and powers as `**`; refuse any other character."""
        text = text.rstrip()
        parts: list[str] = []
        level = position = 0
        previous = ""
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise FormulaSyntaxError("bad_character", character=_quote(text[position:].lstrip()[:1]), text=_quote(text))
            position = match.end()
            kind = str(match.lastgroup)
            opens = kind != "mark" or (match.group("mark") == "(" and previous != "name")
            if opens and previous in ("number", "name", ")"):
                raise FormulaSyntaxError("missing_operator", text=_quote(match.group().strip()))
            level += {"(": 1, ")": -1}.get(match.group("mark") or "", 0)
            if level > MAX_BRACKETS:
                raise FormulaLimitError("formula_too_deep", limit=MAX_BRACKETS)
            parts.append(self._token(kind, match.group(kind)))
            previous = kind if kind != "mark" else match.group(kind)
        return " ".join(parts)

    def _token(self, kind: str, token: str) -> str:
        if kind == "name":
            if len(token) > MAX_NAME and token not in self._variables:
                raise FormulaLimitError("name_too_long", limit=MAX_NAME)
            self._names.append(token)
            return f"n{len(self._names) - 1}"
        if kind == "number":
            if len(token) > 40:
                raise FormulaLimitError("number_too_long", limit=40)
            return repr(float(token)) if float(token) != float("inf") else _overflow()
        return token.replace("^", "**")

    def _build(self, node: ast.expr, calls: int) -> Node:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            return tree.const(node.value)
        if isinstance(node, ast.Name):
            return self._symbol(self._names[int(node.id[1:])])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            value = self._build(node.operand, calls)
            return value if isinstance(node.op, ast.UAdd) else tree.mul(tree.const(-1), value)
        if isinstance(node, ast.BinOp):
            return self._operation(node, calls)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(self._names[int(node.func.id[1:])], node.args, calls + 1)
        raise FormulaSyntaxError("construct_not_allowed", sign=_SIGNS.get(type(node).__name__, "?"))

    def _operation(self, node: ast.BinOp, calls: int) -> Node:
        """A power, or a whole chain a + b - c ... or a * b / c ... at once."""
        operators, operands = _chain(node)
        built = [self._build(operand, calls) for operand in operands]
        if isinstance(node.op, ast.Pow):
            return tree.power(*built)
        if isinstance(node.op, ast.Add | ast.Sub):
            minus = tree.const(-1)
            signed = (tree.mul(minus, b) if isinstance(op, ast.Sub) else b for op, b in zip(operators, built[1:], strict=True))
            return tree.add(built[0], *signed)
        if isinstance(node.op, ast.Mult | ast.Div):
            minus = tree.const(-1)
            turned = (tree.power(b, minus) if isinstance(op, ast.Div) else b for op, b in zip(operators, built[1:], strict=True))
            return tree.mul(built[0], *turned)
        raise FormulaSyntaxError("construct_not_allowed", sign=_SIGNS.get(type(node.op).__name__, "?"))

    def _call(self, name: str, arguments: list[ast.expr], calls: int) -> Node:
        name = name if name in CALLABLE_NAMES else name.lower()  # EXP of a spreadsheet, Abs of SymPy
        name = ALIASES.get(name, name)
        if name not in CALLABLE_NAMES:
            near = difflib.get_close_matches(name, CALLABLE_NAMES, n=1)
            raise FormulaSyntaxError("unknown_function", name=_quote(name), near=near[0] if near else "sin, exp, log, sqrt")
        calls -= name == "sqrt"  # a power in disguise
        if calls > MAX_CALL_DEPTH:
            raise FormulaLimitError("calls_too_deep", limit=MAX_CALL_DEPTH)
        if name == "root":
            return self._root(arguments, calls)
        expected = 2 if name in PAIRS else 1
        if len(arguments) != expected:
            raise FormulaSyntaxError("argument_count", name=name, expected=expected, given=len(arguments))
        args = [self._build(argument, calls) for argument in arguments]
        if name in RECIPROCALS:
            return tree.power(tree.call(RECIPROCALS[name], *args), tree.const(-1))
        return tree.call(name, *args)

    def _root(self, arguments: list[ast.expr], calls: int) -> Node:
        """`root(u, low, high, residual)`, or with the number of the branch; there u is the unknown, whatever else is so called."""
        if len(arguments) not in (4, 5) or not isinstance(arguments[0], ast.Name):
            raise FormulaSyntaxError("root_arguments")
        name = self._names[int(arguments[0].id[1:])]
        low, high = (self._build(argument, calls) for argument in arguments[1:3])
        branch = self._build(arguments[4], calls) if len(arguments) == 5 else tree.const(1)
        if branch.op != "const" or abs(branch.number) not in range(1, implicit.BRANCHES + 1):
            raise FormulaSyntaxError("root_branch", most=implicit.BRANCHES)
        self._unknowns.append(name)
        residual = self._build(arguments[3], calls)
        self._unknowns.pop()
        return implicit.root(residual, low, high, int(branch.number), self._spelled(name))

    def _spelled(self, name: str) -> str:
        """The unknown as it is shown: its own name if that is plain, else u."""
        plain = "".join(_GREEK.get(letter, letter) for letter in name)
        good = re.fullmatch(_PLAIN_NAME, plain) and plain not in CALLABLE_NAMES and plain != "pi" and len(plain) <= MAX_NAME
        return plain if good else "u"

    def _symbol(self, name: str) -> Node:
        if name in self._unknowns:
            if name != self._unknowns[-1]:
                raise FormulaSyntaxError("root_nested")
            return implicit.UNKNOWN
        if name in self._variables:
            return tree.var(self._variables[name])
        if self._parameters is not None and name in self._parameters:
            return tree.param(self._parameters[name])
        plain = "".join(_GREEK.get(letter, letter) for letter in name)
        if plain == "pi":
            return tree.pi()
        if plain in CALLABLE_NAMES:
            raise FormulaSyntaxError("function_without_argument", name=plain)
        if self._parameters is not None or not re.fullmatch(_PLAIN_NAME, plain) or "__" in plain or plain.lower() in _VALUES:
            known = ", ".join(sorted(self._variables.values())) or "p0, p1, p2"
            raise FormulaSyntaxError("unknown_symbol", name=_quote(name), known=_quote(known, 200))
        if len(plain) > MAX_NAME:
            raise FormulaLimitError("name_too_long", limit=MAX_NAME)
        return tree.param(plain)


def _by_spelling(names: Collection[str]) -> dict[str, str]:
    """Normal form -> name; where two names have one normal form, the one spelled so wins."""
    return {normalised(name): name for name in names} | {name: name for name in names}


def _chain(node: ast.BinOp) -> tuple[list[ast.operator], list[ast.expr]]:
    """Operators and operands of a left-leaning run of sums or of products; other operators stand alone."""
    kinds = next((kinds for kinds in _CHAINS if isinstance(node.op, kinds)), None)
    operators: list[ast.operator] = []
    operands: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and (left is node or (kinds and isinstance(left.op, kinds))):
        operators.append(left.op)
        operands.append(left.right)
        left = left.left
    return operators[::-1], [left, *operands[::-1]]


def _check_length(text: str) -> None:
    """Spaces count only where there are more of them than of anything else."""
    length = max(len(text) - MAX_LENGTH, len(text) - sum(map(str.isspace, text[: 2 * MAX_LENGTH])))
    if length > MAX_LENGTH:
        raise FormulaLimitError("formula_too_long", length=length, limit=MAX_LENGTH)


def _check_depth(body: ast.expr) -> None:
    """Refuse a syntax tree deeper than recursion can follow, without recursing; a chain counts as one level."""
    level: list[ast.AST] = [body]
    for _ in range(_MAX_AST_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise FormulaLimitError("formula_too_deep", limit=MAX_DEPTH)


def _children(node: ast.AST) -> Iterable[ast.AST]:
    return _chain(node)[1] if isinstance(node, ast.BinOp) else (c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))


def _check_tree(root: Node, length: int) -> None:
    """Caps on the finished tree, so that writing it out and reading it back always works."""
    if tree.size(root) > MAX_NODES:
        raise FormulaLimitError("formula_too_large", limit=MAX_NODES)
    if tree.depth(root) > MAX_DEPTH:
        raise FormulaLimitError("formula_too_deep", limit=MAX_DEPTH)
    if 8 * length > MAX_LENGTH:
        _check_length(to_text(root))


def normalised(text: str) -> str:
    """Superscripts and operator signs to ASCII, then compatibility forms (full-width) to plain ones."""
    raised = _SUPERSCRIPT.sub(lambda match: f"**({unicodedata.normalize('NFKC', match[0])})", text)
    return unicodedata.normalize("NFKC", raised.translate(_SYMBOLS)).translate(_SYMBOLS)


def _quote(text: str, limit: int = 60) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _overflow() -> str:
    raise FormulaLimitError("number_overflow")
