"""What the symbols of a formula mean, read from the words and tables around it.

where $R$ is the gas constant [J/(mol K)], T the absolute temperature (K) and $E_a$ the activation energy in kJ/mol
ここで、L は素子長 (mm)、d_eff：有効非線形定数 [pm/V]
| symbol | meaning | unit |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from corpus.errors import RecommenderError
from corpus.language import Language
from corpus.sources.documents.blocks import Block
from corpus.sources.documents.latex import symbol_name
from corpus.sources.documents.names import GREEK
from corpus.sources.documents.plain import formula_line
from corpus.units import parse_unit

MAX_MEANING = 120
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_MATH = re.compile(r"\$([^$]{1,200})\$|\\\(([^$]{1,200}?)\\\)")
_LINK = re.compile(
    r"\s*(?:[:：]|=(?!=)|＝|—|–|…+|\.{2,}|(?:is|are|denotes?|represents?|means|stands\s+for|being)\b)\s*"  # spelled out
    r"|\s*(?:とは|は|が|を)\s*"
    r"|\s+(?=(?:the|a|an)\s)"
)
_DASH = re.compile(r"\s*-\s+")  # - L - element length
_LINE_START = re.compile(r"(?:^|\n)\s*(?:[-*•・]\s*)?$")
_BARE_LINK = re.compile(r"\s+(?=[a-z]{3}|[\u3040-\u30ff\u4e00-\u9fff])")
_LISTED = re.compile(r"(?:[,;、，。:：(]|\band\b|\bwhere\b|\bwith\b|ここで|ただし|および|また|(?:^|\s)[-*•・])\s*$", re.IGNORECASE)
_ENGLISH_WORDS = frozenset({"I", "a", "A"})
_SAYS_NOTHING = re.compile(
    r"(?:not|given|defined|calculated|obtained|measured|fixed|kept|equal|proportional|shown|then|thus|about)\b|次式|上式|次の|以下|式",
    re.IGNORECASE,
)
_END = re.compile(r"[,;、，；。\n⟦]|\.(?=\s|$)|とする|とし|である|です")
_WORD_BEFORE = re.compile(r"([\u30a0-\u30ff\u4e00-\u9fff]{2,20})\s*$")
_BRACKET = re.compile(r"[\[(（【［]\s*(?:unit:?\s*|単位[:：は]?\s*)?([^\[\]()（）【】]*(?:\([^()]*\)[^\[\]()（）【】]*)?)\s*[\])）】］]")
_BRACKET_NEXT = re.compile(r"\s*" + _BRACKET.pattern)
_IN_UNIT = re.compile(r"\s+(?:in|measured in)\s+(?:units? of\s+)?(\S.{0,38})$")
_ARTICLE = re.compile(r"^(?:(?:the|a|an|is|are|its|respectively)\b\s*)+", re.IGNORECASE)
_TAIL = re.compile(r"(?:[\s,;:、。.：]|\band\b|\brespectively\b|を表す|を示す|とする|である|です|で$)+$", re.IGNORECASE)
_NO_UNIT = re.compile(r"-|–|—|−|none|dimensionless|no unit|unitless|無次元|無単位|なし", re.IGNORECASE)
_SIUNITX = {"per": "/", "squared": "^2", "cubed": "^3", "degreeCelsius": "degC", "celsius": "degC", "percent": "%", "micro": "u"} | {
    **dict.fromkeys(("kilo", "k"), "k"),
    **dict.fromkeys(("milli", "m"), "m"),
    "nano": "n",
    "centi": "c",
    "mega": "M",
    "giga": "G",
}
_HEADS = {
    "symbol": re.compile(r"symbols?|記号|変数|variables?|parameters?|notation|文字|パラメータ", re.IGNORECASE),
    "meaning": re.compile(r"meaning|description|definition|quantity|name|意味|説明|名称|量|内容|定義|物理量", re.IGNORECASE),
    "unit": re.compile(r"units?|単位", re.IGNORECASE),
}


@dataclass(frozen=True)
class Meaning:
    """What a symbol means, in the languages given, and its unit; None where it is not stated."""

    en: str = ""
    ja: str = ""
    unit: str | None = None

    @property
    def words(self) -> dict[str, str]:
        return {"en": self.en, "ja": self.ja}


def language_of(text: str) -> Language:
    """Japanese if it holds any kana or kanji."""
    return "ja" if _JAPANESE.search(text) else "en"


def meaning_of(text: str, unit: str | None = None) -> Meaning | None:
    """A meaning from its words; `extension / 伸び` gives both languages. None if no word is left."""
    if re.search(r"[=^\\{}+−]|\w[*·]\w|^\W*\d", text):
        return None
    text = _TAIL.sub("", _ARTICLE.sub("", re.sub(r"[*_`⟦⟧$]", "", text).strip())).strip()[:MAX_MEANING]
    text = text if re.search(r"[(（\[]", text) else text.rstrip(")）] ")
    if not re.search(r"[^\W\d_]{2}|[\u4e00-\u9fff]", text) or _SAYS_NOTHING.match(text):
        return None
    sides = [side.strip() for side in re.split(r"\s+[/／|]\s+|／", text)]
    if len(sides) == 2 and {language_of(side) for side in sides} == {"en", "ja"}:
        said = {language_of(side): side for side in sides}
        return Meaning(said["en"], said["ja"], unit)
    return Meaning(**{language_of(text): text}, unit=unit)


def unit_of(text: str) -> str | None:
    """The unit a text names, in our spelling; None if it is none."""
    plain = unit_text(text)
    if _NO_UNIT.fullmatch(plain) or plain == "1":
        return "1"
    try:
        parse_unit(plain)
    except RecommenderError:
        return None
    return plain if plain and not re.fullmatch(r"[\d.\s]+", plain) else None


def unit_text(text: str) -> str:
    """A unit without the dress of LaTeX and Markdown: `J\\,mol$^{-1}$` becomes `J mol^-1`."""
    text = re.sub(r"\\(?:si|SI|unit)\b", "", text).replace("$", "").replace("\\%", "%")
    text = re.sub(r"\\(?:mathrm|text|rm|textrm|mathit|textsf)\b\s*", "", text)
    text = re.sub(r"\\[,;:! ]|~", " ", text).replace(r"\cdot", "*").replace(r"\times", "*")
    text = re.sub(r"\^\s*\{([^{}]*)\}", r"^\1", text).replace("\\circ", "°").replace("^°", "°")
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda found: f" {_SIUNITX.get(found[1], _greek_unit(found[1]))} ", text)
    return re.sub(r"\s+(?=\^)|(?<=\s)\s+", "", re.sub(r"[{}`*]{2}|[{}`]", " ", text)).strip(" ,;.")


def _greek_unit(word: str) -> str:
    return {"mu": "μ", "Omega": "Ω", "ohm": "ohm"}.get(word, word)


def definitions(block: Block, wanted: Collection[str]) -> dict[str, Meaning]:
    """The meanings of the wanted symbols that a block states, the first one of each."""
    found = _in_table(block, wanted) if block.kind == "table" else _in_text(block.text, wanted)
    meanings: dict[str, Meaning] = {}
    for symbol, meaning in found:
        meanings.setdefault(symbol, meaning)
    return meanings


# --- tables -------------------------------------------------------------------------------------------------------


def table_symbols(block: Block) -> Iterator[str]:
    """The names in the symbol column of a table."""
    columns = _columns(block.rows)
    for row in block.rows[1:] if columns else ():
        name = _cell_symbol(_cell(row, columns["symbol"]))
        if name:
            yield name


def _columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Which column holds what; empty unless there are a symbol and a meaning."""
    header = rows[0] if rows else ()
    found: dict[str, int] = {}
    for number, cell in enumerate(header):
        kind = next((kind for kind, head in _HEADS.items() if kind not in found and head.search(cell)), None)
        if kind:
            found[kind] = number
    return found if {"symbol", "meaning"} <= found.keys() else {}


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


def _in_table(block: Block, wanted: Collection[str]) -> Iterator[tuple[str, Meaning]]:
    columns = _columns(block.rows)
    for row in block.rows[1:] if columns else ():
        symbol = _cell_symbol(_cell(row, columns["symbol"]))
        unit = unit_of(re.sub(r"^\s*[\[(](.*)[\])]\s*$", r"\1", _cell(row, columns.get("unit"))))
        said, inside = _apart(_cell(row, columns["meaning"]))
        meaning = meaning_of(said, unit or inside)
        if symbol in wanted and meaning:
            yield symbol, meaning


def _cell_symbol(cell: str) -> str:
    """The name a cell holds: LaTeX between dollar signs, or plain."""
    cell = cell.strip("*` ")
    math = _MATH.fullmatch(cell)
    try:
        if math:
            return symbol_name(math[1] or math[2])
        return _variants_of(cell)
    except RecommenderError:
        return ""


def _variants_of(text: str) -> str:
    """The name of a symbol in plain text: λ is lambda, E_a and Ea stay."""
    name = "".join(GREEK.get(letter, letter) for letter in text)
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name) else symbol_name(re.sub(r"_(\w+)", r"_{\1}", text)[:60])


# --- words --------------------------------------------------------------------------------------------------------


def _in_text(text: str, wanted: Collection[str]) -> Iterator[tuple[str, Meaning]]:
    prose = _prose(text, wanted)
    anchors = list(_anchors(prose, frozenset(wanted)))
    ends = [*(anchor.start for anchor in anchors), len(prose)][1:]
    for anchor, end in zip(anchors, ends, strict=True):
        behind = "" if anchor.end is None else prose[anchor.end : min(end, anchor.end + 300)]
        said, unit = _apart(_until_end(behind))
        meaning = meaning_of(said, anchor.unit or unit) or meaning_of(anchor.before, anchor.unit)
        if meaning:
            yield anchor.symbol, meaning


def _prose(text: str, wanted: Collection[str]) -> str:
    """Text with its mathematics respelled: a wanted symbol stands as ⟦name⟧, anything else as the plain text of a unit."""

    def respelled(found: re.Match[str]) -> str:
        inner = found[1] or found[2]
        try:
            names = [symbol_name(part) for part in inner.split(",")]
        except RecommenderError:
            return unit_text(inner) if "=" not in inner else respelled_name(inner.partition("=")[0])
        return ", ".join(f"⟦{name}⟧" if name in wanted else unit_text(inner) for name in names)

    def respelled_name(left: str) -> str:
        """An equation in the text stands for its left side."""
        try:
            name = symbol_name(left)
        except RecommenderError:
            return "⟦⟧"
        return f"⟦{name}⟧" if name in wanted else "⟦⟧"

    laws = (line for line in text.split("\n") if formula_line(line) is None)
    plain = _MATH.sub(respelled, re.sub(r"`[^`\n]*=[^`\n]*`|\*\*|`", "", "\n".join(laws)))
    plain = re.sub(r"(?<=[\u3040-\u30ff\u4e00-\u9fff、。])\n(?=\S)", "", plain)
    return re.sub(r"\s*\n\s*(?![-*•・])", " ", plain)


@cache
def _pattern(wanted: frozenset[str]) -> re.Pattern[str]:
    """A symbol in its place: marked, or as a word of its own in one of its spellings."""
    spellings = sorted({spelling for name in wanted for spelling in _spellings(name)}, key=len, reverse=True)
    return re.compile(r"⟦(\w+)⟧|(?<![A-Za-z0-9_⟦\\^/])(" + "|".join(map(re.escape, spellings)) + r")(?![A-Za-z0-9_⟧\]])")


def _spellings(name: str) -> set[str]:
    letters = {plain: letter for letter, plain in GREEK.items() if len(letter) == 1}
    base, _, rest = name.partition("_")
    greek = letters.get(base, base)
    rest = {"inf": "∞"}.get(rest, rest)
    return {name, name.replace("_", ""), f"{greek}_{rest}" if rest else greek, f"{greek}{rest}"}


class _Anchor(NamedTuple):
    """A symbol in the text: where it starts, where its meaning begins (None if there is none behind), its unit if that comes first,
    the Japanese word before it."""

    start: int
    end: int | None
    symbol: str
    unit: str | None
    before: str = ""


def _anchors(prose: str, wanted: frozenset[str]) -> Iterator[_Anchor]:
    """Wherever a symbol is linked with a meaning behind it, or stands between a Japanese word and a unit (電圧 V [V])."""
    names = {spelling: name for name in sorted(wanted) for spelling in _spellings(name)} | {name: name for name in wanted}
    position = 0
    for found in _pattern(wanted).finditer(prose) if wanted else ():
        if found.start() < position:
            continue
        symbol = names[found[1] or found[2]]
        bracket = _BRACKET_NEXT.match(prose, found.end())  # R [ohm]: resistance
        unit = unit_of(bracket[1]) if bracket else None
        after = bracket.end() if bracket and unit else found.end()
        front = prose[max(found.start() - 24, 0) : found.start()]
        bare = found[2] not in _ENGLISH_WORDS and _LISTED.search(front)
        link = _LINK.match(prose, after) or (_BARE_LINK.match(prose, after) if bare else None)
        if not link and _LINE_START.search(prose[max(found.start() - 6, 0) : found.start()]):
            link = _DASH.match(prose, after)
        word = _WORD_BEFORE.search(front)
        position = link.end() if link else after
        if link or (word and unit):
            yield _Anchor(found.start(), position if link else None, symbol, unit, word[1] if word else "")


def _until_end(text: str) -> str:
    """The first clause; commas and stops inside brackets do not count."""
    depth = 0
    for found in re.finditer(r"[\[(（【［]|[\])）】］]|" + _END.pattern, text):
        mark = found[0]
        depth += (mark in "[(（【［") - (mark in "])）】］")
        if depth <= 0 and _END.match(text, found.start()):
            return text[: found.start()]
    return text


def _apart(text: str) -> tuple[str, str | None]:
    """Words and unit of a clause."""
    for bracket in _BRACKET.finditer(text):
        unit = unit_of(bracket[1])
        if unit:
            return text[: bracket.start()] + " " + text[bracket.end() :], unit
    measured = _IN_UNIT.search(_TAIL.sub("", text))
    if measured and (unit := unit_of(measured[1])):
        return text[: measured.start()], unit
    return text, None


def first_meanings(blocks: Sequence[Mapping[str, Meaning]], order: Sequence[int], symbols: Collection[str]) -> dict[str, Meaning]:
    """For each symbol the first meaning in the given order of blocks; a later block may add a unit or the other language."""
    found: dict[str, Meaning] = {}
    for place in order:
        for symbol in symbols & blocks[place].keys():
            known, new = found.get(symbol, Meaning()), blocks[place][symbol]
            found[symbol] = Meaning(known.en or new.en, known.ja or new.ja, known.unit or new.unit)
    return found
