"""Entries as flat rows: CSV, flat JSON, and the rows of an SQL query. One row is one entry; these are its columns.

    formula         needed: `F = k*x`, or only the right-hand side when there is a column `target`
    target          `F: force / 力 [N]`: symbol, meaning, unit
    variables       `x: extension / 伸び [mm]; t: time [s]`
    parameters      the same for coefficients that one fits or knows from the device
    constants       `R: gas_constant`, names as in corpus.constants.CODATA
    name_en name_ja description_en description_ja validity_en validity_ja
    id domain source licence tags aliases homogeneous

Japanese headers are understood as well (see `HEADERS`). What is missing is listed for a person; an unknown column rejects the row.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from corpus.errors import EntryError, FormulaError, RecommenderError
from corpus.formula import parse
from corpus.sources._base import Collected
from corpus.sources._entry import MAX_WORDS, Origin, lenient
from corpus.sources._files import shown
from corpus.sources._yaml import MAX_ITEMS
from corpus.sources.documents.latex import equations
from corpus.sources.documents.plain import as_latex
from corpus.sources.documents.symbols import meaning_of, unit_of

HEADERS = {
    "formula": ("equation", "expression", "式", "数式", "公式"),
    "target": ("output", "目的変数", "出力"),
    "variables": ("inputs", "変数", "入力"),
    "parameters": ("coefficients", "係数", "パラメータ", "パラメーター"),
    "constants": ("定数", "物理定数"),
    "name_en": ("name", "title", "英語名"),
    "name_ja": ("名称", "名前", "日本語名", "式名"),
    "description_en": ("description", "英語説明"),
    "description_ja": ("説明", "日本語説明"),
    "validity_en": ("validity", "range of validity"),
    "validity_ja": ("適用範囲", "適用条件"),
    "domain": ("field", "分野"),
    "source": ("reference", "出典", "文献"),
    "licence": ("license", "ライセンス"),
    "tags": ("タグ",),
    "aliases": ("別名",),
    "id": ("ID",),
    "homogeneous": (),
}
_NAMES = {spelling.lower(): name for name, others in HEADERS.items() for spelling in (name, *others)}
_PART = re.compile(
    r"^\s*(?P<symbol>[A-Za-z]\w{0,39})\s*(?:[:：]\s*(?P<words>.*?))?\s*(?:[\[［](?P<unit>[^\[\]［］]*)[\]］])?\s*$", re.DOTALL
)
_LISTS = ("tags", "aliases")


def from_columns(value: object, where: str, raw: str, origin: Origin) -> Collected:
    """The entry of one item, flat or nested."""
    try:
        draft = _nested(value) if isinstance(value, Mapping) and _is_flat(value) else value
    except RecommenderError as error:
        return Collected.rejected(where, error.sentence, raw)
    return lenient(draft, where, raw, origin)


def csv_rows(text: str) -> Iterator[tuple[int, str, object]]:
    """(line, text, mapping) of every row; an EntryError where a row has more cells than the header."""
    lines = text.splitlines()
    delimiter = max(",;\t", key=(lines or [""])[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [_column(cell) for cell in next(reader, [])]
        for count, row in enumerate(reader, 1):
            if count > MAX_ITEMS:
                raise EntryError("item_many", limit=MAX_ITEMS)
            if any(cell.strip() for cell in row):
                yield reader.line_num, delimiter.join(row), _row(header, row)
    except csv.Error as error:
        raise EntryError("item_csv", problem=str(error)) from None


def _column(cell: str) -> str:
    """The name of a column from its header."""
    plain = unicodedata.normalize("NFKC", cell).strip().lower()
    return _NAMES.get(plain.replace(" ", "_"), _NAMES.get(plain, plain))


def _row(header: list[str], row: list[str]) -> object:
    if len(row) > len(header):
        return EntryError("item_cells", cells=len(row), columns=len(header))
    if "formula" not in header:
        return EntryError("item_no_formula")
    return {name: cell.strip() for name, cell in zip(header, row, strict=False) if cell.strip()}


def _is_flat(value: Mapping[Any, Any]) -> bool:
    """Whether the parts of the entry are texts and not mappings."""
    return not isinstance(value.get("target"), Mapping) and not isinstance(value.get("variables"), list | tuple)


def _nested(value: Mapping[Any, Any]) -> dict[str, Any]:
    """The draft of an entry from the columns of a row."""
    row = {_column(str(key)): cell for key, cell in value.items() if cell not in (None, "")}
    if unknown := sorted(row.keys() - HEADERS.keys()):
        raise EntryError("item_column", names=shown(", ".join(unknown)), known=", ".join(HEADERS))
    draft: dict[str, Any] = {key: row[key] for key in ("id", "domain", "source", "licence") if key in row}
    draft |= {key: [part.strip() for part in str(row[key]).split(";") if part.strip()] for key in _LISTS if key in row}
    for key in ("name", "description", "validity"):
        draft |= {key: {tongue: str(row[f"{key}_{tongue}"]) for tongue in ("en", "ja") if f"{key}_{tongue}" in row}}
    if not draft["validity"]:
        del draft["validity"]
    if "homogeneous" in row:
        draft["homogeneous"] = str(row["homogeneous"]).strip().lower() not in ("false", "0", "no", "いいえ")
    return draft | _parts(row)


def _parts(row: Mapping[str, Any]) -> dict[str, Any]:
    variables = [_part(text, "quantity") for text in _split(row.get("variables"))]
    parameters = [_part(text, "meaning") for text in _split(row.get("parameters"))]
    target, formula = _sides(str(row.get("formula", "")), {str(part["symbol"]) for part in (*variables, *parameters)})
    stated = _part(str(row["target"]), "quantity") if "target" in row else {"symbol": target}
    if not stated["symbol"]:
        raise EntryError("item_no_target")
    constants = dict(_pair(text) for text in _split(row.get("constants")))
    return {"formula": formula, "target": stated, "variables": variables, "parameters": parameters, "constants": constants}


def _sides(text: str, declared: set[str]) -> tuple[str, str]:
    """Target and right-hand side; `2 x` and LaTeX are understood where infix is not written."""
    left, equals, right = text.rpartition("=")
    if not equals:
        return "", text
    with contextlib.suppress(FormulaError):
        if re.fullmatch(r"\s*[A-Za-z]\w{0,39}\s*", left):
            return left.strip(), parse(right, []).text
    latex, names = as_latex(text, declared)
    (equation,) = equations(latex, names | declared)[:1]
    return equation.target, equation.formula


def _split(cell: object) -> list[str]:
    text = str(cell or "")
    if len(text) > MAX_WORDS:
        raise EntryError("item_words", limit=MAX_WORDS)
    return [part for part in re.split(r"[;；\n]", text) if part.strip()]


def _part(text: str, words: str) -> dict[str, Any]:
    """`x: extension / 伸び [mm]`"""
    found = _PART.match(text)
    if found is None:
        raise EntryError("item_part", part=shown(text.strip(), 60))
    meaning = meaning_of(found["words"] or "")
    unit = found["unit"]
    return {"symbol": found["symbol"], words: meaning.words if meaning else {}, "unit": (unit_of(unit) or unit) if unit else ""}


def _pair(text: str) -> tuple[str, str]:
    symbol, _, name = text.partition(":")
    return symbol.strip(), name.strip()
