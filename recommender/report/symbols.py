"""How the symbols of a formula look: `eta0` is eta with index 0, `T_hot` a T with index hot, `Ta` and `Vmax` a T with index a and a V with
index max, `phase_mismatch` two upright words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from corpus.render import latex_name

_NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"


def _letter(name: str) -> str:
    case = "CAPITAL" if name[0].isupper() else "SMALL"
    return unicodedata.lookup(f"GREEK {case} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")


_GREEK = {name: _letter(name) for name in f"{_NAMES} {_CAPITALS}".split()}
_INDEXED = re.compile(r"([A-Z])([a-z]|amb|eff|in|max|min|opt|out|ref|sat|th)")
_SIMILARITY = "Bi Bo Ec Eu Fo Fr Gr Gz Kn Ma Nu Oh Pe Pr Ra Re Sc Sh St We"
_ELEMENTS = "Ag Al Au Ca Cl Co Cr Cu Fe Li Mg Mn Mo Na Nb Ni Pb Pt Si Sn Ti Zn Zr"
_WHOLE = frozenset(f"{_SIMILARITY} {_ELEMENTS}".split())  # names of two letters
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Symbol:
    """What stands on the line and what below it; a stem of several letters is a word."""

    stem: str
    index: str = ""

    @property
    def is_word(self) -> bool:
        return len(self.stem) > 1

    @property
    def text(self) -> str:
        """Plain text: η₀, T_hot, phase mismatch."""
        if self.index.isascii() and self.index.isdigit():
            return self.stem + self.index.translate(_LOWERED)
        return f"{self.stem}_{self.index}" if self.index else self.stem


def symbol(name: str) -> Symbol:
    """The look of a name: one letter, a Greek letter's name or letters with a number may carry an index, anything else is words."""
    plain = name.strip("_") or name
    stem, _, index = plain.partition("_")
    numbered = re.fullmatch(r"([^\W\d_]+)(\d+)", stem)
    if numbered and not index:
        stem, index = numbered[1], numbered[2]
    elif (split := _INDEXED.fullmatch(plain)) and plain not in _WHOLE | _GREEK.keys():
        stem, index = split[1], split[2]
    elif len(stem) > 1 and stem not in _GREEK and not index.isdigit():
        stem, index = plain, ""
    return Symbol(_GREEK.get(stem, stem.replace("_", " ")), index.replace("_", " "))


def symbol_latex(name: str) -> str:
    """The same look in LaTeX, safe for any text."""
    seen = symbol(name)
    if _INDEXED.fullmatch(name) and seen.index:
        return latex_name(f"{seen.stem}_{seen.index}")
    return latex_name(seen.stem if seen.is_word and not seen.index else name)
