"""Units of measurement: the only door to pint.

`parse_unit("kgf/cm2")` gives a `Unit` that converts values to SI base units and back. The text is read here, symbol by
symbol, so that spellings customers type (℃, ％, ㎜, full-width digits, cm2, s⁻¹, W/m2·K) are understood and nothing else is;
pint is asked only what one name means. Angles count as dimensionless.

    product   = factor { ("/" | "*" | "·" | space) factor }      after "/", "·" and space stay below the line, "*" does not
    factor    = ( number | name | "(" product ")" | "√" factor ) [ ("^" | "**") exponent | digits right behind a name ]
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corpus.dimension import BASE, DIMENSIONLESS, Dimension
from corpus.errors import UnitError
from corpus.functions import Array
from corpus.unit_names import AMBIGUOUS, DEFINITIONS, KATAKANA, KATAKANA_PREFIXES, NOT_UNITS, PURE_NUMBERS, SPELLINGS

if TYPE_CHECKING:
    import pint

MAX_UNIT_LENGTH = 80
_MAX_EXPONENT = 30
_PINT_BASE = ("[mass]", "[length]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]")
_LETTER = r"(?:[^\W\d_]|[%‰°])"
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    rf"|(?P<name>(?:mm|cm|m|in|ft)H2O|{_LETTER}(?:{_LETTER}|_(?={_LETTER}))*(?:_\d+)?)(?P<digits>\d{{1,2}}(?![\d.eE])|\s?-\d{{1,2}}(?![\d.]))?"
    r"|(?P<power>\*\*|\^)\s*(?P<exponent>[+-]?\d+(?:\.\d+)?|\([+-]?\d+(?:\.\d+|/\d+)?\))"
    r"|(?P<mark>[*/()·√]))"
)
_SUPERSCRIPT = re.compile("([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_BEFORE = str.maketrans({"\u2126": "ohm", "\u212b": "angstrom", "º": "°", "˚": "°"})  # signs that NFKC would change for the worse
_AFTER = str.maketrans(
    {"Ω": "ohm", "Å": "angstrom", "[": "(", "]": ")", "×": "*", "∙": "·", "⋅": "·", "・": "·", "−": "-", "–": "-", "℧": "mho"}
)


@dataclass(frozen=True)
class Unit:
    """A unit: `si = value * factor + offset`; `text` is what the customer wrote."""

    text: str
    dimension: Dimension
    factor: float
    offset: float = 0.0

    def to_si(self, values: Array | float) -> Array:
        """Values in SI base units, same shape."""
        return np.asarray(values, float) * self.factor + self.offset

    def from_si(self, values: Array | float) -> Array:
        """Values in this unit, same shape."""
        return (np.asarray(values, float) - self.offset) / self.factor

    @property
    def is_dimensionless(self) -> bool:
        return self.dimension.is_dimensionless

    @property
    def label(self) -> str:
        """What to print beside a number; empty for a pure number."""
        return "" if self.text in ("1", "") else self.text


ONE = Unit("1", DIMENSIONLESS, 1.0)


@lru_cache(4096)
def parse_unit(text: str) -> Unit:
    """The unit a text names. UnitError with a suggestion if nobody knows it."""
    shown = text.strip()
    if len(shown) > MAX_UNIT_LENGTH:
        raise UnitError("unit_too_long", limit=MAX_UNIT_LENGTH)
    if re.sub(r"^[\[(](.+)[\])]$", r"\1", unicodedata.normalize("NFKC", shown).lower()) in PURE_NUMBERS or shown in (
        "NA",
        "na",
    ):  # nA is a current
        return Unit(shown or "1", DIMENSIONLESS, 1.0)
    try:
        part = _Reader(_normalise(shown)).read()
        if not 0 < part.factor < math.inf:
            raise ValueError
        return Unit(shown, part.dimension, part.factor, part.offset)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise UnitError("unit_unknown", unit=_quote(shown)) from None


def _normalise(text: str) -> str:
    text = _SUPERSCRIPT.sub(lambda match: f"^({unicodedata.normalize('NFKC', match[0])})", text.translate(_BEFORE))
    text = unicodedata.normalize("NFKC", text).translate(_AFTER).strip().removeprefix("*").replace("sqrt(", "√(")
    text = re.sub(r"(?i:deg(?:ree)?s?\.?|°)\s+([CF])\b", r"deg\1", text)
    text = re.sub(r"μ(?=[^\W\d_])", "u", text)
    text = re.sub(r"\b[NS]m(?=\^?\(?3)", "m", text)  # Nm3: a cubic metre of gas at standard conditions
    text = re.sub(r"(?<=/)(k?g|mol|c?m)K(?![A-Za-z])", r"(\1·K)", text)  # W/mK
    return re.sub(rf"(?<={_LETTER})[-.](?={_LETTER})", "·", text)  # N-m, N.m


def _quote(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class _Part(NamedTuple):
    """A piece of a unit in SI; an offset only where the piece is a bare temperature scale."""

    factor: float
    dimension: Dimension = DIMENSIONLESS
    offset: float = 0.0

    def times(self, other: _Part, exponent: Fraction) -> _Part:
        factor = self.factor / other.factor if exponent == -1 else self.factor * other.factor ** float(exponent)
        return _Part(factor, self.dimension * other.dimension**exponent)


class _Reader:
    """Recursive descent over the tokens of one text. ValueError for anything that is no unit."""

    def __init__(self, text: str) -> None:
        self.tokens: list[re.Match[str]] = []
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError
            self.tokens.append(match)
            position = match.end()
        self.next = 0

    def read(self) -> _Part:
        part = self.product()
        if self.next < len(self.tokens):
            raise ValueError
        return part

    def peek(self) -> str:
        return self.tokens[self.next][0].strip() if self.next < len(self.tokens) else ""

    def product(self) -> _Part:
        total = _Part(1.0) if self.peek() == "/" else self.factor()
        below = False
        while self.peek() not in ("", ")"):
            if self.peek() in ("/", "*", "·"):
                below = self.peek() == "/" or (below and self.peek() == "·")
                self.next += 1
            elif not self.is_apart():
                raise ValueError
            if below and self.is_bare_number():
                raise ValueError
            total = total.times(self.factor(), Fraction(-1 if below else 1))
        return total

    def is_apart(self) -> bool:
        """Whether a product may be meant without a sign: m s, 100km, m2K, MPa√m."""
        before, here = self.tokens[self.next - 1], self.tokens[self.next]
        return bool(here[0][0].isspace() or before["number"] or before["digits"] or before["power"] or here["mark"] == "√")

    def is_bare_number(self) -> bool:
        """A number with no unit behind it: s^1/2 is not half a second."""
        after = self.tokens[self.next + 1 : self.next + 2]
        return self.next < len(self.tokens) and bool(self.tokens[self.next]["number"]) and not (after and after[0]["name"])

    def factor(self) -> _Part:
        if self.next == len(self.tokens):
            raise ValueError
        token = self.tokens[self.next]
        self.next += 1
        part = self.atom(token)
        exponent = Fraction(token["digits"].strip()) if token["digits"] else Fraction(1)
        if self.next < len(self.tokens) and self.tokens[self.next]["power"]:
            exponent *= Fraction(self.tokens[self.next]["exponent"].strip("()"))
            self.next += 1
        return part if exponent == 1 else _Part(1.0).times(part, _checked(exponent))

    def atom(self, token: re.Match[str]) -> _Part:
        if token["number"]:
            return _Part(float(token["number"]))
        if token["name"]:
            return _named(token["name"])
        if token["mark"] == "√":
            return _Part(1.0).times(self.factor(), Fraction(1, 2))
        if token["mark"] == "(":
            part = self.product()
            if self.peek() != ")":
                raise ValueError
            self.next += 1
            return part
        raise ValueError


def _checked(exponent: Fraction) -> Fraction:
    if abs(exponent) > _MAX_EXPONENT:
        raise ValueError
    return exponent


@lru_cache(4096)
def _named(name: str) -> _Part:
    """What one name means: our own spellings first, then pint."""
    if name in AMBIGUOUS:
        raise UnitError("unit_ambiguous", unit=name, choices=AMBIGUOUS[name])
    if name in SPELLINGS:
        return _Reader(SPELLINGS[name]).read() if SPELLINGS[name] != name else _from_pint(name)
    bound = re.fullmatch(r"([kMmunpGc]?(?:A|V|W|N|J|Pa))s", name)
    if bound:  # mPas is a millipascal second; pint would take the s for a plural
        return _from_pint(bound[1]).times(_from_pint("second"), Fraction(1))
    return _from_pint(_latin(name))


def _latin(name: str) -> str:
    """ミリメートル -> mm"""
    prefix = next((word for word in KATAKANA_PREFIXES if name.startswith(word) and name != word), "")
    rest = name.removeprefix(prefix)
    return KATAKANA_PREFIXES.get(prefix, "") + KATAKANA[rest] if rest in KATAKANA else name


def _from_pint(name: str) -> _Part:
    if name in NOT_UNITS or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name):
        raise ValueError
    registry = _registry()
    try:
        unit = registry.parse_units(name)
        zero, one, two = (float(registry.Quantity(x, unit).to_base_units().magnitude) for x in (0.0, 1.0, 2.0))
    except Exception:  # pint raises its own tree, tokenizer errors and AttributeErrors
        raise ValueError from None
    if not math.isclose(two - one, one - zero, rel_tol=1e-9):
        raise UnitError("unit_logarithmic", unit=name)
    factor = float(Fraction(one - zero).limit_denominator(1000)) if zero else one  # 5/9, without the digits the offset took
    return _Part(factor, _dimension(unit.dimensionality), zero)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    for definition in DEFINITIONS:
        registry.define(definition)
    return registry


def _dimension(dimensionality: Any) -> Dimension:
    names = dict(zip(_PINT_BASE, BASE, strict=True))
    if any(name not in names for name in dimensionality):
        raise ValueError
    return Dimension.of(**{names[name]: Fraction(float(power)).limit_denominator(1000) for name, power in dimensionality.items()})


def unit_for(dimension: Dimension, preferred: tuple[Unit, ...] = ()) -> Unit:
    """The unit to show a quantity of this dimension in: a preferred one of the same dimension, else SI."""
    for unit in preferred:
        if unit.dimension == dimension and not unit.offset:
            return unit
    return Unit(str(dimension), dimension, 1.0)
