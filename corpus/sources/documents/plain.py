"""Formulas written in plain text or code, respelled for the reader of LaTeX."""

from __future__ import annotations

import re
from collections.abc import Collection

from corpus.functions import CALLABLE_NAMES

_FUNCTIONS = CALLABLE_NAMES - {"root"} | {"sqrt", "lg", "pi"}
_LINE = re.compile(
    r"^\s*(?:[-*+•・]\s+)?(?:[(（]\s*\d+(?:\.\d+)*\s*[)）]\s*)?"  # bullet or number in front
    r"(?:(?P<label>[^=:：]{2,80})[:：]\s*)?"  # "Ohm's law: V = R I"
    r"(?P<left>[^\W\d]\w{0,30}(?:_\{\w+\}|[₀-₉]+)?(?:\([\w, ]{1,20}\))?)\s*[=＝]\s*(?P<right>[^=＝:：]{1,1500}?)"
    r"[\s.…·,;、。]*(?:[(（]\s*(?:[Ee]q\.?\s*|式\s*)?\d+(?:[.-]\d+)*\s*[)）])?\s*[.,;、。]?\s*$"  # the number of the equation behind
)
_WORD = re.compile(r"[^\W\d_]\w*")
_OPERATOR = re.compile(r"[-+*/^×·÷√−⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]|\b(?:exp|sqrt|sin|cos|tan|log|ln|tanh)\b")
_WHERE = re.compile(r"[,;.、。]?\s+(?:where|with|in which)\b|[,;.、。]?\s*(?:ここで|ただし|但し)", re.IGNORECASE)
_CLAUSE = re.compile(r"[、。；]|[,;.]\s")
_JAPANESE_RUN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")
_PREFIX = re.compile(r"^[^=]{0,200}\s(?=[^\W\d]\w{0,30}(?:\([^()=]{0,20}\))?\s*=)")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def formula_line(line: str, declared: Collection[str] = ()) -> tuple[str, str, str] | None:
    """(label in front, target, right side) of a line that is a formula in plain text; None for prose and for plain values."""
    found = _LINE.match(line) if "=" in line or "＝" in line else None
    if found is None or found["left"].lower() in _FUNCTIONS:
        return None
    right = found["right"]
    words = _WORD.findall(right)
    prose = [word for word in words if len(word) > 3 and word.isalpha() and word not in _FUNCTIONS and word not in declared]
    if not words or _JAPANESE.search(right) or re.search(r"[^\W\d_]{2,}\s+[^\W\d_]{3,}", _without_functions(right)):
        return None
    if not _OPERATOR.search(right) and (prose or (len(words) < 2 and not _product(words[0], declared))):
        return None
    return (found["label"] or "").strip(" *_`#-"), found["left"], right


def formulas_in(line: str, declared: Collection[str] = ()) -> list[tuple[str, str, str]]:
    """The formulas of a line of plain text: of the line as a whole, else of its clauses: `式(3)より、η = 1 - T2/T1 となる。`"""
    head = _WHERE.split(line.replace("`", " "))[0]
    whole = formula_line(head, declared)
    clauses = (part for clause in _CLAUSE.split(head) for part in _JAPANESE_RUN.split(clause) if "=" in part)
    found = [whole] if whole else [formula_line(_PREFIX.sub("", clause), declared) for clause in clauses]
    return [one for one in found if one]


def _without_functions(text: str) -> str:
    return re.sub(r"\b(?:" + "|".join(sorted(_FUNCTIONS)) + r")\b", "(", text)


def as_latex(text: str, declared: Collection[str]) -> tuple[str, set[str]]:
    """The LaTeX spelling of plain text, and its names of more than one letter. A word that declared letters spell is their product."""
    text = re.sub(r"\b(?:np|numpy|math|jnp|torch)\.", "", text).replace("**", "^").replace("`", "")
    names = set()
    for word in set(_WORD.findall(text)):
        if len(word) > 1 and word.replace("_", "").isascii() and word not in _FUNCTIONS and not _product(word, declared):
            names.add(_name(word))
    text = re.sub(r"(?<=\w)_?∞", r"_{\\infty}", text)
    return re.sub(r"(?<=[^\W_])_(\w+)", r"_{\1}", re.sub(r"\blog(10|2)\b", r"\\log_{\1}", text)), names - _FUNCTIONS


def _product(word: str, declared: Collection[str]) -> bool:
    return word not in declared and len(word) < 5 and all(letter in declared for letter in word)


def _name(word: str) -> str:
    """What the reader of LaTeX must take as one: the word up to its first underscore."""
    return word.split("_")[0]
