"""How signs of mathematical writing are called in formula text."""

from __future__ import annotations

import unicodedata

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_VARIANTS = {"epsilon": "varepsilon", "theta": "vartheta", "rho": "varrho", "phi": "varphi", "sigma": "varsigma", "kappa": "varkappa"}


def _letter(name: str) -> str:
    case = "SMALL" if name.islower() else "CAPITAL"
    return unicodedata.lookup(f"GREEK {case} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")


GREEK = {
    **{rf"\{name}": name for name in (*_SMALL.split(), *_CAPITAL.split())},
    **{rf"\{variant}": name for name, variant in _VARIANTS.items()},
    **{_letter(name): name for name in (*_SMALL.split(), *_CAPITAL.split())},
    r"\hbar": "hbar",
    "ℏ": "hbar",
    "ħ": "hbar",
    r"\ell": "ell",
    "ℓ": "ell",
    "ϕ": "phi",
    "ϵ": "epsilon",
    "∆": "Delta",
    "Ω": "Omega",
}
_FONTS = (
    "mathrm mathit mathbf mathsf mathcal operatorname operatorname* text textrm textit mbox rm it bf boldsymbol bm mathnormal textup textsf"
)
FONTS = frozenset(rf"\{name}" for name in _FONTS.split())
ACCENTS = {rf"\{name}": name.removeprefix("wide") for name in ("dot", "ddot", "hat", "widehat", "bar", "tilde", "widetilde")} | {
    r"\overline": "bar",
    r"\vec": "",
    r"\underline": "",
}
_DECORATIONS = {"star": r"* \ast \star", "prime": r"\prime ′", "std": r"\circ ° \ominus", "inf": r"\infty ∞", "dag": r"\dagger †"}
_WORDS = {"par": r"\parallel ∥", "perp": r"\perp ⊥", "max": r"\max", "min": r"\min"}
DECORATIONS = {sign: name for name, signs in (_DECORATIONS | _WORDS).items() for sign in signs.split()}
_SPACES = r"\, \; \! \: \> \quad \qquad \displaystyle \textstyle \limits \thinspace \mathstrut \strut ~"
SPACES = frozenset({*_SPACES.split(), r"\ ", "\\\n", "\u200b", "\u2061", "\u2062"})
DROPPED = frozenset({"&", r"\\", r"\nonumber", r"\notag", "$"})
_REFUSED = (
    r"\int \iint \iiint \oint \sum \prod \lim \partial \nabla \pm \mp \begin \end \infty \le \ge \leq \geq \lesssim \gtrsim \approx \sim"
)
_REFUSED_TOO = r"\propto \neq \ne \in \to \rightarrow \ldots \cdots \dots \langle \% % ∫ ∮ ∑ ∏ ∂ ∇ ± ∓ ∞ < > ≤ ≥ ≈ ∝ ≠ … ! ∈ →"
REFUSED = frozenset({*_REFUSED.split(), *_REFUSED_TOO.split()})
_GROUPS = "Re Nu Pr Gr Ra Sc Sh Bi Fo We Ma St Pe Ca Bo Fr Eu Le Gz Da Kn De Oh Ar Ec"
GROUPS = frozenset(_GROUPS.split())  # dimensionless numbers


def joined(name: str, part: str) -> str:
    """A name with a subscript: digits are joined on, words behind an underscore; letters of other scripts by their code."""
    plain = "".join(letter if letter.isascii() else f"u{ord(letter):x}" for letter in part)
    clean = "".join(letter if letter.isalnum() or letter == "_" else "" for letter in plain)
    return f"{name}{clean}" if clean.isdigit() and name[-1:].isalpha() else f"{name}_{clean}" if clean else name
