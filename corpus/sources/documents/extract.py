"""From the blocks of a document to drafts of entries: formulas, what their symbols mean, and a name from the heading above.

Every draft goes to a person: the formula was read by a program, and its words are those that stood near it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from corpus.constants import known_constant
from corpus.errors import EntryError, RecommenderError
from corpus.formula import parse
from corpus.language import Sentence
from corpus.sources._files import shown
from corpus.sources.documents.blocks import Block
from corpus.sources.documents.constants import constant_named
from corpus.sources.documents.latex import Equation, equations
from corpus.sources.documents.plain import as_latex, formulas_in
from corpus.sources.documents.symbols import Meaning, definitions, first_meanings, language_of, table_symbols
from corpus.units import parse_unit

MAX_FORMULAS = 200
_REACH = 100  # blocks
_INLINE = re.compile(r"(?<![\\$])\$([^$]{1,1500})\$(?!\$)|\\\((.{1,1500}?)\\\)", re.DOTALL)
_COEFFICIENT = re.compile(r"constant|coefficient|parameter|factor|exponent|定数|係数|パラメータ|指数", re.IGNORECASE)
_NOMENCLATURE = re.compile(r"nomenclature|symbols|notation|記号|変数一覧", re.IGNORECASE)
_LABEL = re.compile(r"([^.。:：\n$]{2,60})[:：]\s*$")


@dataclass(frozen=True)
class Extracted:
    """One formula of a document: a draft of an entry, or why there is none; the notes a person must see; the text it came from."""

    where: str
    raw: str
    draft: Mapping[str, Any] | None = None
    notes: tuple[Sentence, ...] = ()
    reason: Sentence | None = None


@dataclass(frozen=True)
class _Found:
    """A formula where it stands: the number of its block, its own text, and the name in front of it."""

    block: int
    raw: str
    equation: Equation | None = None
    label: str = ""
    error: RecommenderError | None = None


@dataclass
class _Document:
    """A document: where the section of each block begins, the names its tables declare, and the blocks that list symbols."""

    blocks: Sequence[Block]
    declared: set[str] = field(default_factory=set)
    sections: list[int] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = 0
        for number, block in enumerate(self.blocks):
            start = number if block.kind == "heading" else start
            self.sections.append(start)
            if block.kind == "table":
                self.declared.update(table_symbols(block))
            if (block.kind == "table" or _NOMENCLATURE.search(self.heading(number))) and len(self.lists) < _REACH:
                self.lists.append(number)

    def heading(self, number: int) -> str:
        """The heading above a block, "" if there is none."""
        block = self.blocks[self.sections[number]]
        return block.text if block.kind == "heading" else ""


def extract(blocks: Sequence[Block]) -> Iterator[Extracted]:
    """Every formula of a document, in its order."""
    document = _Document(blocks)
    found = list(islice(_formulas(document), MAX_FORMULAS + 1))
    wanted = {name for one in found if one.equation for name in _names(one.equation)}
    meanings = [definitions(block, wanted) if block.kind in ("text", "table") else {} for block in blocks]
    for one in found[:MAX_FORMULAS]:
        yield _extracted(document, one, meanings)
    if len(found) > MAX_FORMULAS:
        reason = EntryError("document_formulas", limit=MAX_FORMULAS).sentence
        yield Extracted(blocks[found[-1].block].where, found[-1].raw, reason=reason)


# --- finding formulas ---------------------------------------------------------------------------------------------


def _formulas(document: _Document) -> Iterator[_Found]:
    for number, block in enumerate(document.blocks):
        if block.kind == "math":
            yield from _tried(number, block.text, partial(equations, block.text, document.declared))
        elif block.kind in ("text", "code"):
            yield from _in_text(document, number, block)


def _in_text(document: _Document, number: int, block: Block) -> Iterator[_Found]:
    position = 0
    for found in _INLINE.finditer(block.text):
        text = found[1] or found[2]
        before = block.text[position : found.start()]
        position = found.end()
        if _is_law(text):
            front = _LABEL.search(before)
            yield from _tried(number, text, partial(equations, text, document.declared), front[1].strip() if front else "")
    above = ""
    for line in _INLINE.sub("", block.text).split("\n"):
        for label, target, right in formulas_in(line, document.declared):
            yield from _tried(number, line.strip(), partial(_plain, document, target, right), label or _title(above))
        above = line


def _title(line: str) -> str:
    """A short line that is no sentence names what stands below it."""
    return line.strip() if 2 < len(line.strip()) <= 60 and not re.search(r"[=.,;:、。，：$]|であ|です", line) else ""


def _plain(document: _Document, target: str, right: str) -> list[Equation]:
    latex, names = as_latex(f"{target} = {right}", document.declared)
    return equations(latex, names | document.declared)


def _is_law(latex: str) -> bool:
    """Whether inline mathematics is a law and not a value (`x = 5`), a list or a name."""
    left, equals, right = latex.partition("=")
    symbols = re.findall(r"\\?[A-Za-z]+|[α-ωΑ-Ω]", re.sub(r"\\(?:mathrm|text|left|right)\b|_\{[^{}]*\}|_\w", "", right))
    works = re.search(r"[-+*/^]|\\(?:frac|sqrt|cdot|times|exp|sin|cos|tan|ln|log)", right) or len("".join(symbols)) > 1
    return bool(equals and left.strip() and symbols and works and len(left) < 80)


def _tried(number: int, raw: str, read: Callable[[], list[Equation]], label: str = "") -> Iterator[_Found]:
    try:
        for equation in read():
            yield _Found(number, raw, equation, label)
    except RecommenderError as error:
        yield _Found(number, raw, label=label, error=error)


def _names(equation: Equation) -> tuple[str, ...]:
    try:
        return equation.target, *parse(equation.formula, []).parameters
    except RecommenderError:
        return (equation.target,)


# --- drafts -------------------------------------------------------------------------------------------------------


def _extracted(document: _Document, found: _Found, meanings: Sequence[Mapping[str, Meaning]]) -> Extracted:
    where = document.blocks[found.block].where
    if found.equation is None:
        return Extracted(where, found.raw, reason=found.error.sentence if found.error else None)
    try:
        formula = parse(found.equation.formula, [])
    except RecommenderError as error:
        return Extracted(where, found.raw, reason=error.sentence)
    if formula.root.is_number or not formula.parameters:
        return Extracted(where, found.raw, reason=EntryError("document_value", text=shown(found.raw)).sentence)
    symbols = (found.equation.target, *formula.parameters)
    known = first_meanings(meanings, _nearest(document, found.block), set(symbols))
    draft = _draft(found.equation, formula.text, symbols[1:], known) | _words(document, found)
    notes = [Sentence.of("missing.from_document", formula=f"{found.equation.target} = {formula.text}", text=shown(found.raw, 200))]
    if found.equation.doubtful:
        notes.append(Sentence.of("missing.natural_log"))
    return Extracted(where, found.raw, draft, tuple(notes))


def _nearest(document: _Document, place: int) -> list[int]:
    """Blocks in the order in which they may explain a formula: its own, those behind it in its section, those before it
    there, and lists of symbols anywhere. One letter means different things in different sections."""
    start = document.sections[place]
    behind = range(place, min(place + _REACH, len(document.blocks)))
    before = range(place - 1, max(start, place - _REACH) - 1, -1)
    return [*(i for i in behind if document.sections[i] == start), *before, *document.lists]


def _draft(equation: Equation, formula: str, symbols: Sequence[str], known: Mapping[str, Meaning]) -> dict[str, Any]:
    constants = {symbol: name for symbol in symbols if (name := _constant(known.get(symbol)))}
    rest = [symbol for symbol in symbols if symbol not in constants and symbol != equation.target]
    coefficients = [symbol for symbol in rest if _COEFFICIENT.search(" ".join(known.get(symbol, Meaning()).words.values()))]
    if len(coefficients) == len(rest):
        coefficients = []
    return {
        "formula": formula,
        "target": _part(equation.target, known, "quantity"),
        "variables": [_part(symbol, known, "quantity") for symbol in rest if symbol not in coefficients],
        "parameters": [_part(symbol, known, "meaning") for symbol in coefficients],
        "constants": constants,
    }


def _constant(meaning: Meaning | None) -> str | None:
    """The CODATA name of a symbol whose words say that it is one, and whose unit does not deny it."""
    name = constant_named(meaning.words) if meaning else None
    if name is None or meaning is None or meaning.unit is None:
        return name
    return name if parse_unit(meaning.unit).dimension == parse_unit(known_constant(name)[1]).dimension else None


def _part(symbol: str, known: Mapping[str, Meaning], words: str) -> dict[str, Any]:
    meaning = known.get(symbol, Meaning())
    return {"symbol": symbol, words: meaning.words, "unit": meaning.unit or ""}


def _words(document: _Document, found: _Found) -> dict[str, Any]:
    """Name and description, each in the language it is written in."""
    near = [i for i in (found.block, found.block - 1) if i >= 0 and document.blocks[i].kind == "text"]
    title = found.label or document.heading(found.block) or _title(document.blocks[near[-1]].text if near else "")
    name = re.sub(r"^[\d.\s]+|[*_`#$\\{}<>]", "", title).strip()[:120]
    about = re.sub(r"\s+", " ", _INLINE.sub("…", document.blocks[near[0]].text))[:400] if near else ""
    about = re.sub(r"[<>*`\\{}$]", "", about).strip()
    return {
        "name": {language_of(name): name} if name else {},
        "description": {language_of(about): about} if about else {},
    }
