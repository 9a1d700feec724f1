"""Reading the tokens of LaTeX mathematics: the sides of an equation, and the names of quantities in them."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from corpus.errors import FormulaLimitError, FormulaSyntaxError
from corpus.sources._files import shown
from corpus.sources.documents.names import ACCENTS, DECORATIONS, DROPPED, FONTS, GREEK, SPACES, joined

MAX_LATEX = 3000
OPENING = {"(": ")", "[": "]", r"\{": r"\}", r"\lbrace": r"\rbrace", r"\lbrack": r"\rbrack"}
CLOSING = frozenset(OPENING.values())
_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[^\W\d_]|[{}()\[\]^_&|/*+\-=,.;:!'<>]|\S", re.DOTALL)
_SIDES = frozenset({r"\left", r"\right", *(rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))})
_BARS = {(r"\left", "|"): r"\lvert", (r"\right", "|"): r"\rvert"}
_RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = re.compile("[₀-₉]+")


def sides_of(latex: str) -> list[list[str]]:
    """Tokens of each side of the `=` signs that stand outside all brackets."""
    sides: list[list[str]] = [[]]
    depth = 0
    for piece in tokens_of(latex):
        depth += (piece in ("{", *OPENING)) - (piece in ("}", *CLOSING))
        if piece in ("=", r"\equiv", r"\coloneqq", "＝") and depth <= 0:
            sides.append([])
        else:
            sides[-1].append(piece)
    return sides


def tokens_of(latex: str) -> list[str]:
    """The tokens, without spaces, labels and closing punctuation; raised and lowered digits become groups."""
    if len(latex) > MAX_LATEX:
        raise FormulaLimitError("formula_too_long", length=len(latex), limit=MAX_LATEX)
    text = _RAISED.sub(lambda found: f"^{{{unicodedata.normalize('NFKC', found[0])}}}", latex)
    text = _LOWERED.sub(lambda found: f"_{{{unicodedata.normalize('NFKC', found[0])}}}", text)
    text = re.sub(r"\\(?:label|tag|ref|eqref|cite|nonumber|notag)\*?(?:\{[^{}]*\})?", " ", unicodedata.normalize("NFKC", text))
    text = re.sub(r"(?<=\d)\{[.,]\}(?=\d)", ".", text)
    text = re.sub(r"\{\\(?:rm|it|bf|sf)\s+([A-Za-z0-9]+)\}", r"\\mathrm{\1}", text)
    text = re.sub(r"(?<![A-Za-z\\])sqrt(?=\s*\()", r"\\sqrt", text)
    tokens = [piece for piece in _TOKEN.findall(text) if piece not in SPACES | {r"\boxed"}]
    while tokens and tokens[-1] in (".", ",", ";", ":", "。", "、"):
        tokens.pop()
    return _unwrapped([piece for piece in tokens if piece not in DROPPED])


def _unwrapped(tokens: list[str]) -> list[str]:
    """The tokens without one pair of braces around them all."""
    if tokens[:1] != ["{"] or tokens[-1:] != ["}"]:
        return tokens
    depth = 0
    for place, piece in enumerate(tokens):
        depth += (piece == "{") - (piece == "}")
        if depth == 0:
            return tokens[1:-1] if place == len(tokens) - 1 else tokens
    return tokens


class Cursor(ABC):
    """A place in the tokens of one side, and the reading of names there.

    known: names longer than one letter that stand for one quantity.
    """

    def __init__(self, tokens: Sequence[str], known: Collection[str]) -> None:
        marked = [_BARS.get((before, piece), piece) for before, piece in zip(["", *tokens], tokens, strict=False)]
        self.tokens = [piece for piece in marked if piece not in _SIDES]
        self.known = sorted((name for name in known if len(name) > 1), key=len, reverse=True)
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next] if self.next < len(self.tokens) else ""

    def take(self) -> str:
        piece = self.peek()
        self.next += 1
        return piece

    def broken(self) -> FormulaSyntaxError:
        return FormulaSyntaxError("latex_broken", text=shown("".join(self.tokens[max(self.next - 3, 0) : self.next + 8]) or "…"))

    def expect(self, piece: str) -> None:
        if self.take() != piece:
            self.next -= 1
            raise self.broken()

    @abstractmethod
    def group(self) -> str:
        """What one `{...}` or a single piece holds, as a whole side."""

    def lone_symbol(self) -> tuple[str | None, str]:
        """Name and power, if the side is one symbol, with or without the arguments of a function of it."""
        name, power = self.symbol_and_power()
        rest = "".join(self.tokens[self.next :])
        fits = re.fullmatch(r"|[(\[][^=+*/^]*[)\]]", rest) and re.fullmatch(r"|[2-9]", power)
        return (name, power) if fits else (None, "")

    def symbol(self) -> str | None:
        name, power = self.symbol_and_power()
        if name is None:
            return None
        if name == "e" and power and not power.isdigit():  # e^2 is a charge squared
            return f"exp({power})"
        return f"{name}**({power})" if power else name

    def symbol_and_power(self) -> tuple[str | None, str]:
        name = self.base_name()
        power = ""
        while name is not None and self.peek() in ("_", "'", "^"):
            piece = self.take()
            if piece == "_":
                name = joined(name, self.plain_group())
            elif piece == "'":
                name = joined(name, "prime")
            elif decoration := self.decoration():
                name = joined(name, decoration)
            elif power:
                raise self.broken()
            else:
                power = self.group()
        return name, power

    def base_name(self) -> str | None:
        """The name that begins here, taken: a letter, a longer known name, Greek, a word in roman type, an accented one."""
        start, piece = self.next, self.take()
        plain = GREEK.get(piece)
        if plain == "Delta":
            return self.difference()
        if plain is not None:
            return plain
        if piece in FONTS and self.peek() == "{":
            return self.word(self.plain_group())
        if piece in ACCENTS:
            inner = self.plain_group()
            return joined(inner, ACCENTS[piece]) if ACCENTS[piece] else inner
        if len(piece) == 1 and piece.isalpha():
            return self.word(self.longest(piece))
        self.next = start
        return None

    def word(self, text: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text):
            raise FormulaSyntaxError("latex_name", text=shown(text, 40))
        return text

    def difference(self) -> str:
        """Delta T is one quantity."""
        start = self.next
        name = self.base_name() if self.peek() not in ("^", "_") else None
        if name is None:
            self.next = start
            return "Delta"
        return f"Delta_{name}"

    def longest(self, first: str) -> str:
        """The longest declared name that these letters spell, else the one letter."""
        letters = [first]
        end = self.next
        while end < len(self.tokens) and self.tokens[end].isalnum():
            letters.append(self.tokens[end])
            end += 1
        run = "".join(letters)
        found = next((name for name in self.known if run.startswith(name)), first)
        length = 0
        for count, letter in enumerate(letters):
            length += len(letter)
            if length == len(found):
                self.next += count
                return found
        return first

    def decoration(self) -> str:
        """A star or a prime in the place of an exponent is part of the name."""
        inner = self.tokens[self.next + 1 : self.next + 2] if self.peek() == "{" else [self.peek()]
        closed = self.peek() != "{" or self.tokens[self.next + 2 : self.next + 3] == ["}"]
        found = DECORATIONS.get(inner[0], "") if inner and closed else ""
        if found:
            self.next += 3 if self.peek() == "{" else 1
        return found

    def plain_group(self) -> str:
        """The letters and digits of a group, as part of a name."""
        if self.peek() != "{":
            piece = self.take()
            return self.plain_group() if piece in FONTS else _name_part(piece)
        depth, parts = 0, []
        while True:
            piece = self.take()
            depth += (piece == "{") - (piece == "}")
            if not piece:
                raise self.broken()
            parts.append("_" if piece in ("_", ",", "-", "/") else _name_part(piece))
            if depth == 0:
                return "".join(parts).strip("_")


def _name_part(piece: str) -> str:
    if piece in FONTS or piece in ("{", "}", "^"):
        return ""
    if piece in GREEK:
        return GREEK[piece]
    if piece in DECORATIONS:
        return DECORATIONS[piece]
    return "".join(letter for letter in piece.lstrip("\\") if letter.isalnum())
