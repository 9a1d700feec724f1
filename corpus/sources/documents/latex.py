"""LaTeX mathematics to the infix text that `corpus.formula.parse` reads. A translator, not a TeX: nothing is expanded or executed.

    equation   = side { "=" side }
    side       = [sign] term { sign term }
    term       = run { ("*" | "/") run }           a run behind "/" is one denominator: E/RT is E/(R*T); but 1/2 m is (1/2)*m
    run        = factor { factor }                 juxtaposition is a product
    factor     = atom { "^" group | "'" | "_" group }
    atom       = number | symbol | function argument | \\frac | \\sqrt | bracket

One letter is one symbol unless `known` names a longer one; subscripts join the name: E_a, T0, m_dot. What has no place in a formula of
columns and coefficients (integrals, sums, derivatives, matrices, relations) is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from corpus.errors import FormulaLimitError, FormulaSyntaxError
from corpus.functions import CALLABLE_NAMES, PAIRS
from corpus.sources._files import shown
from corpus.sources.documents.latex_names import CLOSING, OPENING, Cursor, sides_of, tokens_of
from corpus.sources.documents.names import ACCENTS, FONTS, GREEK, GROUPS, REFUSED

_MAX_DEPTH = 40
_ABS = {"|": "|", r"\lvert": r"\rvert", r"\vert": r"\vert"}
_TIMES = frozenset({"*", r"\cdot", r"\times", r"\ast", "×", "·", "⋅", "∙", "・"})
_OVER = frozenset({"/", r"\div", "÷", "∕", "⁄"})
_MINUS = frozenset({"-", "−", "–"})
_FRACTIONS = frozenset({r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"})
_LOGARITHM = re.compile(r"\\ln |\\lg |\\log _ (?:\{ 10 \}|10) ")
_INVERSE = {"arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh"}
_FUNCTIONS = CALLABLE_NAMES - {"sqrt", "root"} | {"lg", *_INVERSE}
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Equation:
    """`target = formula`, both as infix text; target is the name of one quantity. doubtful: a `log` without base was read as natural."""

    target: str
    formula: str
    doubtful: bool = False


def equations(latex: str, known: Collection[str] = ()) -> list[Equation]:
    """Every `target = formula` of one line of LaTeX: `a = b = c` gives two.

    FormulaSyntaxError or FormulaLimitError if a side cannot be translated or the left one is not a single quantity.
    """
    sides = sides_of(latex)
    if len(sides) < 2:
        raise FormulaSyntaxError("latex_no_equation", text=shown(latex))
    target, solved = _target(sides[0], known)
    known = {*known, *GROUPS} if target in GROUPS else known
    readers = [_Reader(tokens, known) for tokens in sides[1:]]
    try:
        texts = [reader.whole() for reader in readers]
    except RecursionError:  # sin sin sin ..., where no bracket counts the depth
        raise FormulaLimitError("formula_too_deep", limit=_MAX_DEPTH) from None
    return [Equation(target, solved.format(text), reader.doubtful) for text, reader in zip(texts, readers, strict=True)]


def symbol_name(latex: str, known: Collection[str] = ()) -> str:
    """The infix name of a single symbol, `R_{\\mathrm{th}}` -> `R_th`. FormulaSyntaxError if it is not one."""
    name, solved = _target(tokens_of(latex), known)
    if solved != "{}":
        raise FormulaSyntaxError("latex_left_side", text=shown(latex))
    return name


def _target(tokens: Sequence[str], known: Collection[str]) -> tuple[str, str]:
    """The one quantity that stands here (`y(t)` counts as y), and how the other side is solved for it: n^2 is n and `({})**(1/2)`."""
    text = "".join(tokens)
    if text in GROUPS:
        return text, "{}"
    logarithm = _LOGARITHM.match(" ".join(tokens))
    if logarithm:  # log10 P = ... gives P
        inner = list(tokens[len(logarithm[0].split()) :])
        target, solved = _target(inner[1:-1] if inner[:1] == ["("] and inner[-1:] == [")"] else inner, known)
        return target, solved.format("exp({})" if tokens[0] == r"\ln" else "10**({})")
    name, power = _Reader(tokens, known).lone_symbol()
    if name is None:
        raise FormulaSyntaxError("latex_left_side", text=shown(text))
    return name, f"({{}})**(1/{power})" if power else "{}"


class _Reader(Cursor):
    """Recursive descent over the tokens of one side."""

    def __init__(self, tokens: Sequence[str], known: Collection[str]) -> None:
        super().__init__(tokens, known)
        self.declared = frozenset(known)
        self.depth = 0
        self.doubtful = False

    # --- levels ---

    def whole(self) -> str:
        text = self.side()
        if self.next < len(self.tokens):
            raise self.broken()
        return text

    def side(self) -> str:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise FormulaLimitError("formula_too_deep", limit=_MAX_DEPTH)
        parts = [self.sign() + self.term()]
        while self.peek() in {"+", *_MINUS}:
            joint = "+" if self.take() == "+" else "-"
            sign = self.sign()
            parts.append(f"{joint}({sign}{self.term()})" if sign else joint + self.term())
        self.depth -= 1
        return "".join(parts)

    def sign(self) -> str:
        if self.peek() in {"+", *_MINUS}:
            return "-" if self.take() in _MINUS else ""
        return ""

    def term(self) -> str:
        text, number = self.run("")
        while self.peek() in _TIMES | _OVER:
            operator = "/" if self.take() in _OVER else "*"
            sign = self.sign()
            part, digits = self.run(text if operator == "/" and number else "")
            text, number = f"{text}{operator}({sign}{part})", number and digits
        return text

    def run(self, numerator: str) -> tuple[str, bool]:
        """Factors side by side, and whether they are one plain number. Behind a number over a number the fraction ends there."""
        first, number = self.factor()
        if number and numerator:
            return (first if not self.starts() else f"{first})*({self.run('')[0]}"), not self.starts()
        parts = [first]
        while self.starts():
            parts.append(self.factor()[0])
            number = False
        return "*".join(parts), number

    def starts(self) -> bool:
        """Whether another factor stands here."""
        piece = self.peek()
        stops = {"", "+", ",", ";", ":", "}", "&", "|", r"\rvert", r"\over", "=", "!", "^", "_", "'", "<", ">", *_MINUS, *_TIMES, *_OVER}
        return piece not in stops | CLOSING

    # --- factors ---

    def factor(self) -> tuple[str, bool]:
        piece = self.peek()
        if _NUMBER.fullmatch(piece):
            return self.power(self.take()), True
        name = self.function()
        if name:
            return self.applied(name), False
        symbol = self.symbol()
        if symbol is not None:
            return symbol, False
        return self.power(self.bracketed()), False

    def power(self, base: str) -> str:
        if self.peek() == "^":
            self.next += 1
            return f"{base}**({self.group()})"
        if self.peek() in ("_", "!", "'"):
            raise self.broken()
        return base

    def group(self) -> str:
        """What one `{...}` or a single piece holds, as a whole side."""
        if self.peek() == "{":
            return self.braces()
        if self.peek() in _MINUS:  # x^-1, sloppy but common
            return self.sign() + self.group()
        if self.peek() in {*_FRACTIONS, r"\sqrt", *OPENING}:
            return self.bracketed()
        if self.peek() in {*FONTS, *ACCENTS}:
            return self.base_name() or ""
        return _Reader([self.take()], self.declared).whole()

    def braces(self) -> str:
        self.expect("{")
        text = self.side()
        if self.peek() == r"\over":
            self.next += 1
            text = f"({text})/({self.side()})"
        self.expect("}")
        return text

    def bracketed(self) -> str:
        piece = self.take()
        if piece in REFUSED:
            raise FormulaSyntaxError("latex_refused", sign=piece.lstrip("\\"))
        if piece == "{":
            self.next -= 1
            return f"({self.braces()})"
        if piece in OPENING:
            inner = self.side()
            self.expect(OPENING[piece])
            return f"({inner})"
        if piece in _ABS:
            inner = self.side()
            self.expect(_ABS[piece])
            return f"abs({inner})"
        if piece in _FRACTIONS:
            return self.fraction()
        if piece in (r"\sqrt", "√"):
            return self.root()
        if piece.startswith("\\") and piece[1:2].isalpha():
            raise FormulaSyntaxError("latex_unknown", command=shown(piece, 30))
        self.next -= 1
        raise self.broken()

    def fraction(self) -> str:
        start = self.next
        parts = [self.fraction_part(), self.fraction_part()]
        used = self.tokens[start : self.next]
        if _is_derivative(used):
            raise FormulaSyntaxError("latex_refused", sign="d/dx")
        return f"(({parts[0]})/({parts[1]}))"

    def fraction_part(self) -> str:
        piece = self.peek()
        if piece.isdigit() and len(piece) > 1:  # \frac12
            self.tokens[self.next : self.next + 1] = list(piece)
        return self.group()

    def root(self) -> str:
        degree = "2"
        if self.peek() == "[":
            self.next += 1
            degree = self.side()
            self.expect("]")
        inner = self.bracketed() if self.peek() in OPENING else self.group()
        return f"sqrt({inner})" if degree == "2" else f"({inner})**(1/({degree}))"

    # --- functions ---

    def function(self) -> str:
        """The name of a known function that stands here, taken; "" if there is none."""
        start, piece = self.next, self.take()
        name = piece[1:] if piece.startswith("\\") else ""
        if piece in FONTS and self.peek() == "{":
            name = self.plain_group()
        elif piece.isalpha() and piece.isascii():
            name = self.spelled_function(piece)
        if name in _FUNCTIONS and self.peek() != "=":
            return name
        self.next = start
        return ""

    def spelled_function(self, first: str) -> str:
        """exp(...) written as plain letters."""
        end = self.next
        while end < len(self.tokens) and self.tokens[end].isalnum() and self.tokens[end].isascii():
            end += 1
        name = first + "".join(self.tokens[self.next : end])
        if name in _FUNCTIONS and self.tokens[end : end + 1] == ["("]:
            self.next = end
            return name
        return ""

    def applied(self, name: str) -> str:
        """The function with its base, its power and its argument."""
        base = self.after("_")
        power = self.after("^")
        name = self.with_base(name, base)
        if name in ("ln", "log") and self.tokens[self.next : self.next + 2] == [r"\Gamma", "("]:
            self.next += 1
            name = "lgamma"
        if power in ("-1", "(-1)") and name in ("sin", "cos", "tan", "sinh", "cosh", "tanh"):
            name, power = f"a{name}", ""
        text = f"{name}({self.argument(name)})"
        return self.power(text) if not power else f"{text}**({power})"

    def after(self, sign: str) -> str:
        if self.peek() != sign:
            return ""
        self.next += 1
        return self.group()

    def with_base(self, name: str, base: str) -> str:
        if name == "lg":
            return "log10"
        if name == "log":
            self.doubtful = self.doubtful or base in ("", "log")
            return {"": "log", "e": "log", "10": "log10", "2": "log2"}.get(base, "") or self.refuse_base(base)
        return _INVERSE.get(name, name) if not base else self.refuse_base(base)

    def refuse_base(self, base: str) -> str:
        raise FormulaSyntaxError("latex_base", base=shown(base, 20))

    def argument(self, name: str) -> str:
        if self.peek() in OPENING and name in PAIRS:
            closing = OPENING[self.take()]
            first = self.side()
            self.expect(",")
            second = self.side()
            self.expect(closing)
            return f"{first}, {second}"
        if self.peek() in {*OPENING, "{", *_ABS, *_FRACTIONS, r"\sqrt"}:
            return self.bracketed()
        return self.sign() + self.open_argument()

    def open_argument(self) -> str:
        """sin 2 omega t: the factors up to the next sign or function."""
        parts = [self.factor()[0]]
        while self.starts() and not self.ahead_function() and self.peek() not in {*OPENING, *_FRACTIONS, r"\sqrt"}:
            parts.append(self.factor()[0])
        return "*".join(parts)

    def ahead_function(self) -> bool:
        start = self.next
        found = self.function()
        self.next = start
        return bool(found)


def _is_derivative(pieces: Sequence[str]) -> bool:
    """Whether the two halves of a fraction are dy/dx: each begins with a d, italic or upright, and a symbol behind it."""
    halves: list[list[str]] = []
    depth = 0
    for piece in pieces:
        depth -= piece == "}"
        if depth > 0:
            halves[-1].append(piece)
        elif piece == "{":
            halves.append([])
        depth += piece == "{"
    return len(halves) == 2 and all(_begins_with_d(half) for half in halves)


def _begins_with_d(pieces: Sequence[str]) -> bool:
    upright = pieces[:1] and pieces[0] in FONTS and list(pieces[1:4]) == ["{", "d", "}"]
    head = ["d", *pieces[4:]] if upright else list(pieces)
    return head[:1] == ["d"] and (len(head) == 1 or head[1].isalpha() or head[1] in GREEK or head[1] in ("^", *FONTS))
