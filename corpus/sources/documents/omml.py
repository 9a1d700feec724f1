"""Word's equations (Office MathML) as LaTeX, so that one translator reads all mathematics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAX_DEPTH = 60
_OPERATORS = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int"}
_ACCENTS = {"\u0307": r"\dot", "\u0308": r"\ddot", "\u0302": r"\hat", "\u0304": r"\bar", "\u0305": r"\bar", "\u0303": r"\tilde"} | {
    "\u20d7": r"\vec",
    "^": r"\hat",
    "¯": r"\bar",
    "~": r"\tilde",
}
_BRACKETS = {"[": "]", "{": "}", "|": "|", "(": ")"}
_BAR = r"\bar"
_SAFE = str.maketrans({"\\": " ", "{": " ", "}": " ", "$": " ", "&": " ", "#": " ", "%": r"\%", "~": " "})


def as_latex(element: Any, depth: int = 0) -> str:
    """The LaTeX of an element of Office MathML; what it does not know is read through."""
    if depth > _MAX_DEPTH:
        return r"\begin{deep}"  # refused by name further on
    name = str(element.tag).rpartition("}")[2]
    writer = _WRITERS.get(name)
    if writer:
        return writer(element, depth + 1)
    return "".join(as_latex(inner, depth + 1) for inner in element) if not name.endswith("Pr") else ""


def _part(element: Any, name: str, depth: int) -> str:
    """The LaTeX of what one child holds."""
    return "".join(as_latex(inner, depth) for found in element.findall(MATH + name) for inner in found)


def _fraction(element: Any, depth: int) -> str:
    return rf"\frac{{{_part(element, 'num', depth)}}}{{{_part(element, 'den', depth)}}}"


def _script(element: Any, depth: int) -> str:
    lower, upper = (_part(element, name, depth) for name in ("sub", "sup"))
    return _base(_part(element, "e", depth)) + (f"_{{{lower}}}" if lower else "") + (f"^{{{upper}}}" if upper else "")


def _root(element: Any, depth: int) -> str:
    degree = _part(element, "deg", depth)
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e', depth)}}}"


def _operator(element: Any, depth: int) -> str:
    sign = _OPERATORS.get(_property(element, "naryPr", "chr"), r"\int")
    return f"{sign}{{{_part(element, 'e', depth)}}}"


def _applied(element: Any, depth: int) -> str:
    return f"{_function(_part(element, 'fName', depth))}{{{_part(element, 'e', depth)}}}"


def _accented(element: Any, depth: int) -> str:
    accent = _ACCENTS.get(_property(element, "accPr", "chr") or "\u0302", r"\hat")
    return f"{accent if element.tag == f'{MATH}acc' else _BAR}{{{_part(element, 'e', depth)}}}"


def _grid(_element: Any, _depth: int) -> str:
    return r"\begin{matrix}"  # refused by name further on


def _run(element: Any, _depth: int) -> str:
    """Letters of a run; upright words of several letters stay one name."""
    text = "".join(found.text or "" for found in element.iter(f"{MATH}t", f"{_WORD}t")).translate(_SAFE)
    style = element.find(f"{MATH}rPr/{MATH}sty")
    upright = element.find(f"{MATH}rPr/{MATH}nor") is not None or (style is not None and style.get(f"{MATH}val") == "p")
    return re.sub(r"[A-Za-z]{2,}", lambda word: rf"\mathrm{{{word[0]}}}", text) if upright else text


def _base(latex: str) -> str:
    """A base with a superscript must be one piece."""
    plain = latex.strip()
    return plain if len(plain) == 1 or re.fullmatch(r"\\[a-z]+\{[A-Za-z]*\}|\d+", plain) else f"{{{plain}}}"


def _delimited(element: Any, depth: int) -> str:
    opening = _property(element, "dPr", "begChr") or "("
    inner = ",".join("".join(as_latex(child, depth + 1) for child in part) for part in element.findall(f"{MATH}e"))
    if opening == "|":
        return rf"\left|{inner}\right|"
    return rf"\left({inner}\right)" if opening in _BRACKETS else inner


def _function(latex: str) -> str:
    """sin, or log with its base; the name stands in a run of its own."""
    return re.sub(r"^(?:\\mathrm\{)?([A-Za-z]+)\}?", r"\\operatorname{\1}", re.sub(r"^\{(.*?)\}(?=[_^]|$)", r"\1", latex))


def _property(element: Any, group: str, name: str) -> str:
    found: Iterable[Any] = element.findall(f"{MATH}{group}/{MATH}{name}")
    return next((str(one.get(f"{MATH}val") or "") for one in found), "")


_WRITERS: dict[str, Callable[[Any, int], str]] = {
    **dict.fromkeys(("sSup", "sSub", "sSubSup"), _script),
    **dict.fromkeys(("acc", "bar"), _accented),
    **dict.fromkeys(("m", "eqArr"), _grid),
    "r": _run,
    "f": _fraction,
    "rad": _root,
    "d": _delimited,
    "nary": _operator,
    "func": _applied,
}
