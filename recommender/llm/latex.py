r"""LaTeX as models write it, spelled as infix text: `\frac{a}{b}`, `\sqrt[3]{x}`, `e^{-x/\tau}`, `\left( \right)`, `\cdot`."""

from __future__ import annotations

import re

from corpus.errors import FormulaSyntaxError

_SPACES = re.compile(r"\\(?:[,;:!> ]|quad\b|qquad\b|displaystyle\b|textstyle\b|limits\b|nonumber\b|tag\{[^{}]*\})|(?<!\\)~|&|\\\\")
_SIZES = re.compile(r"\\(?:left|right|middle|bigl?|bigr?|Bigl?|Bigr?|biggl?|biggr?)(?![a-zA-Z])\.?")
_WRAPPED = re.compile(
    r"\\(?:mathrm|mathit|mathbf|mathsf|mathcal|text|textrm|textit|textbf|operatorname|boldsymbol"
    r"|hat|bar|tilde|vec|boxed|ensuremath)\*?\s*\{([^{}]*)\}"
)
_NAMED = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "div": "/",
    "approx": "=",
    "simeq": "=",
    "equiv": "=",
    "propto": "=",
    "ln": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "lbrace": "(",
    "rbrace": ")",
    "infty": "inf",
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "hbar": "hbar",
    "dots": "...",
    "ldots": "...",
    "cdots": "...",
}
_COMMAND = re.compile(r"\\([a-zA-Z]+)\s*")
_GROUPED = re.compile(r"\\(d?frac|tfrac|cfrac|sqrt)\s*")
_NO_VALUE = frozenset({"sum", "int", "prod", "lim", "partial", "oint", "iint", "nabla", "begin", "pm", "mp"})
_CALLS = frozenset({"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "asin", "acos", "atan"})
_MAX = 200  # replacements of one kind


def to_infix(text: str) -> str:
    """The same formula without LaTeX; what is unknown is left for the reader of formulas to refuse.

    FormulaSyntaxError where it has sums, integrals or the like.
    """
    text = re.sub(r"\\[\[\]()]", " ", _SIZES.sub("", _SPACES.sub(" ", text)))
    text = re.sub(r"\\([{}%_#])", lambda found: {"{": "(", "}": ")"}.get(found[1], found[1]), text)
    text = re.sub(r"\\(Delta|delta)\s*(?=[A-Za-z])", r"\1_", text)
    for _ in range(4):  # one within the other
        text = _WRAPPED.sub(lambda found: _name(found[1]), text)
    for _ in range(_MAX):
        match = _last(_GROUPED, text)
        if match is None:
            break
        text = text[: match.start()] + _grouped(match[1], text[match.end() :])
    text = re.sub(r"_\s*\{([^{}]*)\}", lambda found: "_" + re.sub(r"\W+", "_", found[1]).strip("_"), text)
    text = _COMMAND.sub(_command, text)
    text = re.sub(r"(?<=\w)\s+_(?=\w)", "_", text.replace("{", "(").replace("}", ")"))
    return _arguments(text)


def _name(inner: str) -> str:
    """Words become one name."""
    inner = inner.strip()
    return re.sub(r"[\s\-]+", "_", inner) if re.fullmatch(r"[\w\s\-]+", inner) else f" {inner} "


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The innermost of nested groups comes last."""
    found = None
    for found in pattern.finditer(text):  # noqa: B007  # the last one is wanted
        pass
    return found


def _grouped(command: str, rest: str) -> str:
    if command == "sqrt":
        index, rest = _option(rest)
        inner, rest = _group(rest)
        return f"({inner})**(1/({index})){rest}" if index else f"sqrt({inner}){rest}"
    above, rest = _group(rest)
    below, rest = _group(rest)
    return f"(({above})/({below})){rest}"


def _option(rest: str) -> tuple[str, str]:
    match = re.match(r"\s*\[([^\[\]]*)\]", rest)
    return (match[1], rest[match.end() :]) if match else ("", rest)


def _group(rest: str) -> tuple[str, str]:
    """What stands in braces, or the next letter, and what follows."""
    rest = rest.lstrip()
    if not rest.startswith("{"):
        match = re.match(r"\\[a-zA-Z]+|\w", rest)
        return (match[0], rest[match.end() :]) if match else ("", rest)
    level = 0
    for place, letter in enumerate(rest):
        level += {"{": 1, "}": -1}.get(letter, 0)
        if level == 0:
            return rest[1:place], rest[place + 1 :]
    return rest[1:], ""


def _command(found: re.Match[str]) -> str:
    if found[1] in _NO_VALUE:
        raise FormulaSyntaxError("llm_sign", sign=f"\\{found[1]}")
    return f" {_NAMED.get(found[1], found[1])} "


def _arguments(text: str) -> str:
    """`exp -x` is left; `sin x` and `log x` get their brackets, and `sin^2(x)` its square behind."""
    calls = "|".join(sorted(_CALLS, key=len, reverse=True))
    text = re.sub(rf"\b({calls})\s*(?:\^|\*\*)\s*\(?\s*(\d)\s*\)?\s*\(([^()]*)\)", r"(\1(\3))**\2", text)
    return re.sub(rf"\b({calls})\s+(\w+(?:\s*/\s*\w+)?)(?!\w*\s*\()", r"\1(\2)", text)
