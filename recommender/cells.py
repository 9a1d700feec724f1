"""From cells to numbers: what a column holds, whatever way its numbers are written.

Understood: full-width digits, U+2212, thousands separators, Fortran and ×10^n exponents, a unit behind every number (`12 %`,
`3.1 mm`), true and false, dates and times. Everything else counts as missing and is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus.errors import UnitError
from corpus.functions import Array
from corpus.units import parse_unit

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["numbers", "time", "boolean", "text", "empty", "complex"]

_MISSING = frozenset(
    {"", "na", "n/a", "nan", "nat", "null", "none", "n.d.", "#n/a", "#value!", "#div/0!", "#num!", "#ref!", "欠測", "なし"}
)
_DASHES = re.compile(r"[-—–_.*?]+")
_NUMBER = re.compile(
    r"(?P<number>[-+]?(?:\d{1,3}(?:[ ,'’]\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+))"
    r"(?:\s*(?:[eEdD]|[x×*·]\s?10\s?\^?)\(?(?P<exponent>[-+]?\d{1,5})\)?)?"
    r"\s*(?P<unit>[%‰°\u2103A-Za-zµμΩ秒分時度][^\d\s].{0,18}|[%‰°\u2103A-Za-zµμΩ秒分時度](?:\d|-\d)?)?"
)
_TAIL = r"(?:[eE][-+]?\d+)?\s*\D{0,8}"
_COMMA = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+" + _TAIL)
_POINT = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d*)\.\d+" + _TAIL)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\.\d{3})+)\s*\D{0,8}")
_TEXT_SHARE = 0.2
_BOOLEANS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "on": 1.0, "off": 0.0}
_TIMES = ("ISO8601", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
_CLOCKS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")


@dataclass(frozen=True)
class Cells:
    """One column read: values (NaN where missing), what it holds, the unit that stands behind every number ("" if none).

    bad: the first cells that are neither numbers nor blanks; bad_count: how many there are.
    """

    values: Array
    kind: Kind = "numbers"
    unit: str = ""
    bad: tuple[str, ...] = ()
    bad_count: int = 0


def is_missing(cell: str) -> bool:
    """A blank, or one of the usual words for one."""
    text = cell.strip().casefold()
    return text in _MISSING or bool(_DASHES.fullmatch(text))


def is_number(cell: str) -> bool:
    """Whether a cell is one number, with decimal comma or point, perhaps with its unit."""
    text = plain(cell)
    if not text or not (text[0].isdigit() or text[0] in "-+.,"):
        return False
    return _parts(text) is not None or bool(_COMMA.fullmatch(text))


def comma_is_decimal(cells: Iterable[str], when_open: bool = False) -> bool:
    """Whether commas are decimal signs: some cell says so (1,5) and none says the opposite (1.5).

    when_open: the answer where every comma could as well separate thousands (1,234).
    """
    found = {_comma(plain(cell)) for cell in cells if "," in cell or "." in cell}
    return "point" not in found and ("comma" in found or ("open" in found and when_open))


def _comma(text: str) -> str:
    if _THOUSANDS.fullmatch(text):
        return "open"
    return "comma" if _COMMA.fullmatch(text) else "point" if _POINT.fullmatch(text) else ""


def with_point(cell: str) -> str:
    """1.234,5 -> 1234.5, if the cell is a number with a decimal comma; any other cell as it is."""
    text = plain(cell)
    return text.replace(".", "").replace(",", ".") if _COMMA.fullmatch(text) else cell


def plain(cell: object) -> str:
    """Compatibility forms (full-width, superscript, no-break space) to plain ones, minus signs to `-`."""
    text = str(cell).strip()
    if text.isascii():
        return text
    text = re.sub("([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda match: f"^{match[0]}", text)
    return unicodedata.normalize("NFKC", text.translate(_MINUS)).strip()


_MINUS = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "⁻": "-", "⁺": "+"})


def read_cells(cells: pd.Series[Any]) -> Cells:
    """The numbers of a column, from whatever type its cells have."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(cells):
        return Cells(cells.to_numpy(dtype=float, na_value=np.nan), "boolean")
    if pd.api.types.is_complex_dtype(cells):
        return _nothing(len(cells), "complex")
    if pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.is_timedelta64_dtype(cells):
        return _seconds(cells)
    if pd.api.types.is_numeric_dtype(cells):
        return _finite(cells.to_numpy(dtype=float, na_value=np.nan))
    return _from_text(cells.astype(object))


def _finite(values: Array) -> Cells:
    """Infinite values are missing ones, and told."""
    infinite = np.isinf(values)
    if not np.isfinite(values).any() and not infinite.any():
        return _nothing(len(values), "empty")
    if not infinite.any():
        return Cells(values)
    return Cells(np.where(infinite, np.nan, values), bad=tuple(map(str, values[infinite][:3])), bad_count=int(infinite.sum()))


def _nothing(length: int, kind: Kind) -> Cells:
    return Cells(np.full(length, np.nan), kind)


def _seconds(cells: pd.Series[Any]) -> Cells:
    """Times as seconds after the first."""
    import pandas as pd

    if cells.isna().all():
        return _nothing(len(cells), "empty")
    values = (cells - cells.min()) / pd.Timedelta(seconds=1)
    return Cells(values.to_numpy(dtype=float, na_value=np.nan), "time", "s")


def _from_text(cells: pd.Series[Any]) -> Cells:
    """Numbers from texts or mixed objects: at once where possible, the others one by one."""
    import pandas as pd

    texts = pd.Series(["" if _is_null(cell) else cell if isinstance(cell, str) else str(cell) for cell in cells], dtype=object)
    if comma_is_decimal(texts):
        texts = texts.map(with_point)
    values = np.array(pd.to_numeric(texts, errors="coerce"), dtype=float)
    left = np.flatnonzero(~np.isfinite(values))
    done = int(len(values) - len(left))
    others = _other_cells(texts.to_numpy()[left].tolist(), done)
    if others is None:
        return _other_kinds(texts)
    values[left] = others.values
    if not np.isfinite(values).any() and not others.bad:
        return _nothing(len(values), "empty")
    return Cells(values, "numbers", others.unit, others.bad, others.bad_count)


def _is_null(cell: object) -> bool:
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell)


def _other_cells(texts: Sequence[str], plain_count: int) -> Cells | None:
    """Values of the cells that are not plain numbers, `plain_count` being those that are; None if too many are text."""
    known = {text: _value(text) for text in dict.fromkeys(texts)}
    units = Counter(unit for text in texts if (unit := known[text][1]))
    unit = _unit_of_all(units, plain_count)
    values, bad = np.full(len(texts), np.nan), []
    filled = plain_count
    for i, text in enumerate(texts):
        value, behind, missing = known[text]
        filled += not missing
        if not missing and (np.isnan(value) or behind != unit):
            bad.append(text[:20])
        elif not missing:
            values[i] = value
    if len(bad) > _TEXT_SHARE * filled:
        return None
    return Cells(values, "numbers", unit, tuple(bad[:3]), len(bad))


def _unit_of_all(units: Counter[str], plain_count: int) -> str:
    """The unit that stands behind nearly every number, "" if numbers mostly stand alone."""
    unit, count = units.most_common(1)[0] if units else ("", 0)
    return unit if count > (1 - _TEXT_SHARE) * (plain_count + units.total()) else ""


def _value(text: str) -> tuple[float, str, bool]:
    """(value or NaN, unit behind it, whether the cell is blank)."""
    normal = plain(text)
    if is_missing(normal):
        return float("nan"), "", True
    parts = _parts(normal)
    return (float("nan"), "", False) if parts is None else (*parts, False)


def _parts(text: str) -> tuple[float, str] | None:
    """(number, unit) of a text that is a number with a unit or none behind it."""
    match = _NUMBER.fullmatch(text)
    if match is None or (match["unit"] and not _is_unit(match["unit"], text)):
        return None
    number = float(re.sub(r"[ ,'’]", "", match["number"]) + (f"e{match['exponent']}" if match["exponent"] else ""))
    return (number, match["unit"] or "") if np.isfinite(number) else None


def _is_unit(unit: str, text: str) -> bool:
    """Letters right behind a number (1st, 2a) are no unit; after a space, or signs like % and °, they may be one."""
    if unit[0].isalpha() and not text.removesuffix(unit).endswith(" "):
        return False
    try:
        return bool(parse_unit(unit).text)
    except UnitError:
        return False


def _other_kinds(texts: pd.Series[Any]) -> Cells:
    """Dates, truth values or complex numbers; else text."""
    blank = {text: is_missing(plain(text)) for text in texts.unique()}
    filled = texts[~texts.map(blank)]
    sample = filled.head(200)
    if all(str(text).strip().casefold() in _BOOLEANS for text in sample):
        return Cells(np.array([_BOOLEANS.get(str(text).strip().casefold(), np.nan) for text in texts]), "boolean")
    if all(map(_is_complex, sample)):
        return _nothing(len(texts), "complex")
    return _times(texts, len(filled)) or _nothing(len(texts), "text")


def _is_complex(text: str) -> bool:
    normal = re.sub(r"\s", "", plain(text)).replace("i", "j").strip("()")
    try:
        return bool(normal) and complex(normal) is not None
    except ValueError:
        return False


def _times(texts: pd.Series[Any], filled: int) -> Cells | None:
    """Seconds after the first, if nearly all cells are dates or times of one format."""
    import pandas as pd

    for form in _formats(texts):
        found = pd.to_datetime(texts, errors="coerce", format=form, utc=True)
        if found.notna().sum() >= (1 - _TEXT_SHARE) * filled:
            bad = [text[:20] for text, missed in zip(texts, found.isna(), strict=True) if missed and not is_missing(plain(text))]
            return Cells(_seconds(found).values, "time", "s", tuple(bad[:3]), len(bad))
    return None


def _formats(texts: pd.Series[Any]) -> Iterable[str]:
    """Formats worth trying: none for texts without the marks of a date or a time."""
    sample = [str(text) for text in texts.head(50) if re.match(r"\s*\d{1,4}[-:/.]\d", str(text))]
    if len(sample) < len(texts.head(50)) / 2:
        return ()
    return _CLOCKS if re.match(r"\s*\d{1,2}:", sample[0]) else _TIMES
