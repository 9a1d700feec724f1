"""The text of one formula as a model wrote it, spelled as `corpus.formula` reads it: every liberty taken has a name.

Text to text only: nothing here decides what a formula means, and nothing is executed. What no rule mends is left as it is, so that the
reader of formulas refuses it with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from corpus.errors import FormulaSyntaxError
from corpus.formula import normalised
from corpus.functions import CALLABLE_NAMES
from recommender.llm.latex import to_infix
from recommender.problem import Problem
from recommender.table import loose

MAX_LENGTH = 4000
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_TOKEN = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])|\d+\.?\d*|[^\W\d]\w*|\*\*|.)", re.DOTALL)
_MODULES = re.compile(
    r"\b(?:np|numpy|math|cmath|sp|sympy|scipy\.special|scipy|special|torch|jnp|tf\.math|tf|Math|K|F)\s*\.\s*(?=[A-Za-z_])"
)
_LAMBDA = re.compile(r"^\s*(?:\w+\s*=\s*)?lambda\s+[\w\s,*]+:")
_DEFINED = re.compile(r"^\s*def\s+\w+\s*\([^()]*\)\s*(?:->\s*\w+\s*)?:\s*(?:\"\"\".*?\"\"\"\s*)?return\b", re.DOTALL)
_TRAILING = re.compile(
    r"\s*(?:(?:,|;|\.|—|–{2}|\s-\s)?\s*\b(?:where|with|in which|for some|for all|assuming|such that|which|units?)\b"
    r"|[,;]\s*[^\W\d]\w*\s*=|\s#|\s//|\s—|;|ここで|ただし)"
)
_ASIDE = re.compile(r"(?P<before>[^\W_]\w*|\))\s+[(（](?P<inside>(?:[^\W\d_]{2,}[\s,.\-]*){1,8})[)）]\s*$")
_MARKS = re.compile(
    r"\$+|`+|^\s*(?:[Ff]ormula|[Ee]xpression|[Aa]nswer|[Ee]quation|式)\s*\d*\s*[:：]\s+"
    r"|(?<!\*)\*\*(?=[^\s*(\d])(?=.*\*\*\s*[.:]?\s*$)|\*\*\s*$|[.,;。、]\s*$"
)
_HIDDEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_DECODED = re.compile(r"\t(?=imes|anh?\b|au\b|heta|ext|frac|ilde)|\n(?=u\b)|\r(?=ho\b|ight)")
_CONTROLS = {"√": " √", "\x0c": "\\f", "\x08": "\\b", "\x07": "\\a", "\x0b": "\\v"}
_SIGNS = {"≈": "=", "≃": "=", "≅": "=", "≡": "=", "∝": "=", "∼": "=", ":=": "=", "==": "=", "←": "=", "~": "=", "：": ":", "＝": "="}
_ABSOLUTE = re.compile(r"\|([^|]+)\|")
_CALLED = re.compile(
    r"\b(pow|power|Pow|divide|multiply|subtract|sigmoid|logistic|square|cube|reciprocal|inv|inverse|neg|negative|exp10|log|ln)\s*\("
)
_POLES = {
    "sigmoid": "(1/(1+exp(-({0}))))",
    "logistic": "(1/(1+exp(-({0}))))",
    "square": "(({0})**2)",
    "cube": "(({0})**3)",
    "reciprocal": "(1/({0}))",
    "inv": "(1/({0}))",
    "inverse": "(1/({0}))",
    "neg": "(-({0}))",
    "negative": "(-({0}))",
    "exp10": "(10**({0}))",
}
_PAIRS = {
    "pow": "(({0})**({1}))",
    "power": "(({0})**({1}))",
    "Pow": "(({0})**({1}))",
    "divide": "(({0})/({1}))",
    "multiply": "(({0})*({1}))",
    "subtract": "(({0})-({1}))",
    "log": "(log({0})/log({1}))",
    "ln": "(log({0})/log({1}))",
}
_LEFT = re.compile(r"^\s*(?P<head>[^=<>!]{0,200}?)\s*=\s*(?![=])(?P<body>.+)$", re.DOTALL)
_HEAD_CALL = re.compile(r"^(?P<call>ln|log|log10|sqrt|exp)\s*\(?\s*(?P<name>[^\W\d]\w*)\s*\)?$")
_INVERSES = {"ln": "exp({0})", "log": "exp({0})", "log10": "10**({0})", "sqrt": "({0})**2", "exp": "log({0})"}
_GENERIC = frozenset(
    {
        "y",
        "f",
        "yhat",
        "ypred",
        "target",
        "output",
        "result",
        "lhs",
        "formula",
        "rhs",
        "return",
        "model",
        "prediction",
        "predicted",
        "expr",
        "z",
        "g",
        "h",
    }
)


@dataclass(frozen=True)
class Spelled:
    """A right-hand side in the customer's column names, and what it took."""

    text: str
    repairs: tuple[str, ...]


def respell(text: str, problem: Problem) -> Spelled:
    """See the module. FormulaSyntaxError if the text solves for something else than the target."""
    repairs: list[str] = []
    for name, rule in _rules(problem):
        changed = rule(text)
        if "".join(changed.split()) != "".join(text.split()):
            repairs.append(name)
        text = changed
    return Spelled(text.strip(), tuple(repairs))


def _rules(problem: Problem) -> Iterator[tuple[str, Callable[[str], str]]]:
    yield "hidden", lambda text: _replaced(_DECODED.sub(_escaped, _HIDDEN.sub("", text)), _CONTROLS)
    yield "unicode", normalised
    yield "header", lambda text: _headers(text, problem)
    yield "marks", _unmarked
    yield "latex", lambda text: to_infix(text) if "\\" in text or re.search(r"[\^_]\s*\{", text) else text
    yield "code", lambda text: _DEFINED.sub("", _LAMBDA.sub("", text))
    yield "module", lambda text: _MODULES.sub("", text)
    yield "equals", lambda text: _replaced(text, _SIGNS)
    yield "trailing", lambda text: _without_words(text, set(map(loose, problem.names.values())))
    yield "lhs", lambda text: _right_side(text, problem)
    yield "brackets", _round
    yield "call", _calls
    yield "case", lambda text: _renamed(text, problem)
    yield "product", lambda text: _products(text, {loose(name) for name in problem.names.values()})


def _escaped(found: re.Match[str]) -> str:
    """The backslash that JSON took for a tab or a new line."""
    return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[found[0]]


def _replaced(text: str, marks: Mapping[str, str]) -> str:
    for mark, other in marks.items():
        text = text.replace(mark, other)
    return text


def _headers(text: str, problem: Problem) -> str:
    """Headers that are no plain name (`flow rate`, `L [mm]`) stand for their column."""
    symbols = dict(zip((column for column in problem.inputs), problem.names.values(), strict=True))
    for column, symbol in sorted(symbols.items(), key=lambda pair: -len(pair[0].name)):
        for header in (column.label, column.name):
            if header != symbol and not header.isidentifier() and header in text:
                text = text.replace(header, symbol)
    return text


def _unmarked(text: str) -> str:
    """Without the marks of Markdown and mathematics around it."""
    for _ in range(4):
        text = _MARKS.sub("", text.strip())
    return text


def _without_words(text: str, columns: set[str]) -> str:
    """Up to the words that explain it, in brackets or not."""
    text = "\n".join(line for line in text.split("\n") if line.strip() and not line.strip().startswith(("#", "//", "import ", "from ")))
    found = _TRAILING.search(text)
    text = text[: found.start()] if found and found.start() > 0 else text
    aside = _ASIDE.search(text)
    if aside is None or aside["before"].lower() in CALLABLE_NAMES or columns & set(map(loose, re.findall(r"\w+", aside["inside"]))):
        return text
    return text[: aside.end("before")]


def _right_side(text: str, problem: Problem) -> str:
    """What the target is; a logarithm or reciprocal of it on the left goes to the right."""
    match = _LEFT.match(re.sub(r"^\s*return\b", "", text))
    if match is None:
        return re.sub(r"^\s*return\b", "", text)
    head, body = match["head"].strip().strip("`*$ "), match["body"].split("=")[0] if match["head"].strip() else match["body"]
    called = _HEAD_CALL.match(head)
    if called and (_is_target(called["name"], problem)):
        return _INVERSES[called["call"]].replace("{0}", body.strip())
    if re.fullmatch(r"1\s*/\s*\(?\s*[^\W\d]\w*\s*\)?", head) and _is_target(head.split("/")[1].strip("() "), problem):
        return f"1/({body})"
    name = re.sub(r"\(.*\)$", "", head.split()[-1] if head.split() else "").strip()
    if head and not _may_be_left(head, name, problem):
        raise FormulaSyntaxError("llm_left_side", head=head[:60], target=problem.target.name)
    return body


def _is_target(name: str, problem: Problem) -> bool:
    return loose(name) in {loose(problem.target.name), loose(problem.target_symbol)} or (
        loose(name) in _GENERIC and not _is_input(name, problem)
    )


def _is_input(name: str, problem: Problem) -> bool:
    return name in {*problem.names.values(), *(column.name for column in problem.inputs)}


def _may_be_left(head: str, name: str, problem: Problem) -> bool:
    """A name that is no input stands for the target; a derivative or an expression does not."""
    if re.match(r"^\\?\s*(?:d|∂|partial)\s*\^?\d?\s*\(?\w+\)?\s*/\s*\(?(?:d|∂|partial)", head):
        return False
    if _is_input(head, problem) or re.search(r"[-+*/^|]", head.replace(problem.target.name, "")):
        return False
    return _is_target(name, problem) or not _is_input(name, problem)


def _round(text: str) -> str:
    """One kind of brackets, as many closed as opened; bars are an absolute value."""
    text = text.translate(str.maketrans("[]{}（）［］｛｝", "()()()()()"))
    text = _ABSOLUTE.sub(r"abs(\1)", text)
    level, kept = 0, []
    for letter in text:
        level += {"(": 1, ")": -1}.get(letter, 0)
        if level < 0:
            level = 0
            continue
        kept.append(letter)
    return "".join(kept) + ")" * min(level, 40)


def _calls(text: str) -> str:
    """Functions of other languages by what they are: `pow(a, b)`, `square(x)`, `log(x, 10)`."""
    for _ in range(60):
        found = next((match for match in reversed(list(_CALLED.finditer(text))) if _rewritten(match, text) is not None), None)
        if found is None:
            return text
        text = str(_rewritten(found, text))
    return text


def _rewritten(match: re.Match[str], text: str) -> str | None:
    arguments, end = _arguments(text, match.end())
    form = _PAIRS.get(match[1]) if len(arguments) == 2 else _POLES.get(match[1]) if len(arguments) == 1 else None
    return None if form is None else text[: match.start()] + form.format(*(a.strip() for a in arguments)) + text[end:]


def _arguments(text: str, at: int) -> tuple[list[str], int]:
    """What stands between the brackets that are open at `at`, split at its own commas, and the place behind them."""
    parts, level, begun = [], 1, at
    while at < len(text):
        letter = text[at]
        level += {"(": 1, ")": -1}.get(letter, 0)
        if level == 0 or (level == 1 and letter == ","):
            parts.append(text[begun:at])
            begun = at + 1
        at += 1
        if level == 0:
            break
    return parts, at


def _renamed(text: str, problem: Problem) -> str:
    """Names of columns in another case or spelling, `x` for the only input, x1, x2, ... for the inputs in their order."""
    own = {*problem.names.values(), *(column.name for column in problem.inputs)}
    there = set(_NAME.findall(text))
    found = {name: _meant(name, problem) for name in sorted(there - own)}
    names = {name: symbol for name, symbol in found.items() if symbol and symbol not in there}
    return _with_names(text, names or _numbered(there, own, list(problem.names.values())))


def _meant(name: str, problem: Problem) -> str:
    """The one column a name can mean, "" if there is none; a single letter may also be the first of another column."""
    spelled = {symbol: {loose(column.name), loose(symbol)} for column, symbol in zip(problem.inputs, problem.names.values(), strict=True)}
    wanted = loose(name)
    found = [symbol for symbol, words in spelled.items() if wanted in words]
    rivals = [symbol for symbol, words in spelled.items() if len(name) == 1 and any(word.startswith(wanted) for word in words)]
    return found[0] if len(found) == 1 and len(rivals) <= 1 else ""


def _numbered(there: set[str], own: set[str], symbols: list[str]) -> dict[str, str]:
    if there & own:
        return {}
    plain = next((name for name in ("x", "X") if name in there), None)
    if plain and len(symbols) == 1:
        return {plain: symbols[0]}
    numbers = {name: int(found[1]) for name in there if (found := re.fullmatch(r"[xX]_?(\d)", name))}
    first = 0 if 0 in numbers.values() else 1
    return {name: symbols[number - first] for name, number in numbers.items() if 0 <= number - first < len(symbols)}


def _with_names(text: str, names: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: names.get(found[0], found[0]), text) if names else text


def _products(text: str, columns: Iterable[str]) -> str:
    """`2x`, `a exp(b)`, `(a)(b)` and `k(x + 1)` with their `*`."""
    columns = set(columns)
    parts: list[str] = []
    previous = ""
    for found in _TOKEN.finditer(text):
        token, apart = found[1], found.start(1) > found.start()
        if previous and _times(previous, token, columns, apart):
            parts.append("*")
        parts.append(token)
        previous = token
    return " ".join(parts)


def _times(previous: str, token: str, columns: set[str], apart: bool) -> bool:
    ends = previous == ")" or previous[0].isalnum() or previous[0] == "."
    if not ends or not (token == "(" or token[0].isalnum() or token[0] == "_"):  # noqa: S105
        return False
    if token != "(":  # noqa: S105
        return not (_is_word(previous) and _is_word(token) and previous.lower() in CALLABLE_NAMES) and (
            loose(token) in columns or not _prose(previous, token)
        )
    if not _is_word(previous):
        return True
    name = previous.lower()
    return name not in CALLABLE_NAMES and (apart or loose(previous) in columns or bool(re.fullmatch(r"[^\W\d](?:_?\w{1,2})?", previous)))


def _is_word(token: str) -> bool:
    return token[0].isalpha()


def _prose(previous: str, token: str) -> bool:
    """Two long words side by side are a sentence, no product."""
    return _is_word(previous) and _is_word(token) and len(previous) > 3 and len(token) > 3 and unicodedata.category(previous[0]) != "Lu"
