"""A table of measurements: columns with names, units and a few words, values in SI base units inside."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import TableError, UnitError
from corpus.functions import CALLABLE_NAMES, Array
from corpus.language import Sentence
from corpus.units import Unit, parse_unit

if TYPE_CHECKING:
    import pandas as pd

_HEADER_UNIT = re.compile(
    r"^(?P<name>.*?\S)\s*(?:[\[(（［【〔](?P<unit>[^\[\](){}（）［］【】〔〕]*(?:\([^()]*\)[^()]*)?)[\])）］】〕]|\s/\s(?P<slash>\S+))\s*$"
)
_MISSING = frozenset({"", "-", "--", "na", "n/a", "nan", "null", "none", "#n/a", "#value!", "#div/0!", "欠測", "なし"})
_TEXT_SHARE = 0.2


@dataclass(frozen=True)
class Column:
    """n values in SI base units (NaN where missing), the customer's unit (None if not stated), and what it means."""

    name: str
    values: Array
    unit: Unit | None = None
    description: str = ""
    sigma: Array | None = None

    @property
    def shown(self) -> Array:
        """Values in the customer's unit."""
        return self.values if self.unit is None else self.unit.from_si(self.values)

    @property
    def label(self) -> str:
        """Name with unit, as for an axis."""
        return f"{self.name} [{self.unit.text}]" if self.unit is not None and self.unit.label else self.name


@dataclass(frozen=True)
class Table:
    """Columns of equal length, and notes on what had to be mended while reading them."""

    columns: tuple[Column, ...]
    name: str = "table"
    notes: tuple[Sentence, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError("column_missing", name=name, names=", ".join(self.names))

    @property
    def content_hash(self) -> str:
        """Hash of names, units and values: the same table under another file name has the same hash."""
        digest = hashlib.sha256()
        for column in self.columns:
            digest.update(f"{column.name}\0{column.unit.text if column.unit else ''}\0".encode())
            digest.update(np.ascontiguousarray(column.values).tobytes())
        return digest.hexdigest()[:16]

    def find(self, name: str) -> Column:
        """The column a person means by `name`: exact, else the same letters without case, spaces and unit."""
        exact = [column for column in self.columns if column.name == name]
        loose = exact or [column for column in self.columns if _loose(column.name) == _loose(split_header(name)[0])]
        if len(loose) != 1:
            raise TableError("column_missing", name=name, names=", ".join(self.names))
        return loose[0]

    def with_units(self, units: Mapping[str, str]) -> Table:
        """The same measured numbers, read in other units. UnitError or TableError if one is not known."""
        chosen = {self.find(name).name: parse_unit(unit) for name, unit in units.items()}
        columns = tuple(_in_unit(column, chosen[column.name]) if column.name in chosen else column for column in self.columns)
        return replace(self, columns=columns)

    def with_descriptions(self, descriptions: Mapping[str, str]) -> Table:
        """The same table with words for some columns."""
        words = {self.find(name).name: text for name, text in descriptions.items()}
        return replace(self, columns=tuple(replace(c, description=words.get(c.name, c.description)) for c in self.columns))

    @classmethod
    def read(cls, path: str | Path, units: Mapping[str, str] | None = None, descriptions: Mapping[str, str] | None = None) -> Table:
        """Read CSV, TSV, Excel or Parquet; encoding, separator, decimal sign, header and units are found out.

        TableError says what is wrong with the file and how to mend it.
        """
        from recommender.reading import read_cells

        frame, notes = read_cells(Path(path))
        table = cls.from_frame(frame, name=Path(path).stem, notes=notes)
        return table.with_units(units or {}).with_descriptions(descriptions or {})

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, name: str = "table", notes: Sequence[Sentence] = ()) -> Table:
        """A table from a DataFrame; units may stand in the headers (`T [degC]`). Text columns are left out and noted."""
        if frame.shape[1] == 0 or len(frame) == 0:
            raise TableError("table_empty", name=name)
        said = list(notes)
        headers = _unique([str(header).strip() for header in frame.columns], said)
        columns = [_column(header, frame.iloc[:, i], said) for i, header in enumerate(headers)]
        kept = tuple(column for column in columns if column is not None)
        if not kept:
            raise TableError("no_numbers", name=name)
        return cls(kept, name, tuple(said))


def _loose(name: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def _in_unit(column: Column, unit: Unit) -> Column:
    sigma = None if column.sigma is None or column.unit is None else column.sigma / column.unit.factor * unit.factor
    return replace(column, values=unit.to_si(column.shown), unit=unit, sigma=sigma)


def split_header(header: str) -> tuple[str, str | None]:
    """(name, unit text): `長さ [mm]`, `T(℃)`, `p / kPa`; None where there is no unit."""
    match = _HEADER_UNIT.match(header)
    if match is None:
        return header.strip(), None
    return match["name"].strip(), (match["unit"] if match["unit"] is not None else match["slash"]).strip()


def _unique(headers: Sequence[str], notes: list[Sentence]) -> list[str]:
    """Empty headers get a name, repeated ones a number; both are noted."""
    seen: dict[str, int] = {}
    out = []
    for position, header in enumerate(headers, 1):
        name = header if header and not header.startswith("Unnamed:") else f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            notes.append(Sentence.of("note.duplicate_column", name=name, new=f"{name} ({seen[name]})"))
            name = f"{name} ({seen[name]})"
        out.append(name)
    return out


def _column(header: str, cells: pd.Series[Any], notes: list[Sentence]) -> Column | None:
    name, unit_text = split_header(header)
    unit = None
    if unit_text is not None:
        try:
            unit = parse_unit(unit_text)
        except UnitError:
            name = header
            if not re.fullmatch(r"\d+", unit_text):
                notes.append(Sentence.of("note.header_unit_unknown", name=header, unit=unit_text))
    values, bad = to_numbers(cells)
    filled = int(np.sum(np.isfinite(values))) + len(bad)
    if filled == 0 or len(bad) > _TEXT_SHARE * filled:
        notes.append(Sentence.of("note.text_column", name=name))
        return None
    if bad:
        notes.append(Sentence.of("note.bad_cells", name=name, count=len(bad), examples=", ".join(bad[:3])))
    return Column(name, values if unit is None else unit.to_si(values), unit)


def to_numbers(cells: pd.Series[Any]) -> tuple[Array, list[str]]:
    """Float values (NaN where missing) and the cells that are neither numbers nor blanks."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_numeric_dtype(cells):
        return np.asarray(cells, dtype=float), []
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _seconds(cells), []
    values = np.array(pd.to_numeric(cells, errors="coerce"), dtype=float)
    bad: list[str] = []
    for i in np.flatnonzero(~np.isfinite(values)):
        values[i], problem = _number(cells.iloc[i])
        bad += [problem] if problem else []
    return values, bad


def _seconds(cells: pd.Series[Any]) -> Array:
    """Times as seconds after the first."""
    import pandas as pd

    return np.asarray((cells - cells.min()) / pd.Timedelta(seconds=1), dtype=float)


def _number(cell: object) -> tuple[float, str]:
    """(value, "") or (NaN, the offending text); blanks are NaN without offence."""
    text = unicodedata.normalize("NFKC", str(cell)).strip().replace("−", "-")
    if text.casefold() in _MISSING:
        return float("nan"), ""
    plain = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", text).removesuffix("%").strip()
    try:
        value = float(plain)
    except ValueError:
        return float("nan"), text[:20]
    return (value, "") if np.isfinite(value) else (float("nan"), text[:20])


def symbols_for(names: Iterable[str]) -> dict[str, str]:
    """Column name -> a distinct name that can stand in a formula: letters, digits and `_`, no function's name."""
    out: dict[str, str] = {}
    for name in names:
        stem = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name)).strip("_") or "x"
        stem = f"x_{stem}" if stem[0].isdigit() else stem
        stem = f"{stem}_" if stem in CALLABLE_NAMES or stem == "pi" else stem
        symbol, number = stem, 2
        while symbol in out.values():
            symbol, number = f"{stem}_{number}", number + 1
        out[name] = symbol
    return out
