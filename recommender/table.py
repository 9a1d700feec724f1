"""A table of measurements: columns with names, units and a few words, values in SI base units inside."""

from __future__ import annotations

import difflib
import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from corpus.dimension import Dimension
from corpus.errors import TableError, UnitError
from corpus.functions import CALLABLE_NAMES, Array
from corpus.language import Sentence
from corpus.units import Unit, parse_unit
from recommender.cells import Cells, read_cells

if TYPE_CHECKING:
    import pandas as pd

TableLike: TypeAlias = "str | Path | Table | pd.DataFrame | Mapping[str, ArrayLike]"

_HEADER_UNIT = re.compile(
    r"^(?P<name>.*?\S)\s*(?:[\[(（［【〔](?P<unit>[^\[\](){}（）［］【】〔〕]*(?:\([^()]*\)[^()]*)?)[\])）］】〕]|\s/\s(?P<slash>\S+))\s*$"
)
_LEFT_OUT = {"text": "text_column", "empty": "empty_column", "complex": "complex_column"}
_MAX_HEADER = 120
_MAX_SYMBOL = 30


@dataclass(frozen=True, eq=False)
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
    """Columns of equal length, and notes on what had to be mended while reading them.

    left_out: names of columns without numbers, and what they hold instead: text, empty, complex. texts: cells of those with text, ""
    where there is none.
    """

    columns: tuple[Column, ...]
    name: str = "table"
    notes: tuple[Sentence, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0].values)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise self._absent(name)

    @property
    def title(self) -> str:
        """The words that stood above it in its file, "" if none did."""
        return next((str(dict(note.values).get("words", "")) for note in self.notes if note.key == "note.title_lines"), "")

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
        spelled = (_header(name), split_header(name)[0])
        exact = next((found for text in spelled if (found := [column for column in self.columns if column.name == text])), [])
        wanted = {loose(name), loose(split_header(name)[0])}
        found = exact or [column for column in self.columns if loose(column.name) in wanted]
        if len(found) != 1:
            raise self._absent(name)
        return found[0]

    def _absent(self, name: str) -> TableError:
        """Why there is no column of that name, with the name that may have been meant."""
        shown = name[:_MAX_HEADER]
        for left_out, kind in self.left_out.items():
            if loose(left_out) in (loose(name), loose(split_header(name)[0])):
                return TableError(f"column_{kind}", name=shown)
        near = difflib.get_close_matches(loose(shown), map(loose, self.names), n=1)
        if near:
            return TableError("column_near", name=shown, near=next(n for n in self.names if loose(n) == near[0]))
        names = ", ".join(n[:40] for n in self.names[:20])
        return TableError("column_missing", name=shown, names=names + (", …" if len(self.names) > 20 else ""))

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
    def of(cls, source: TableLike, units: Mapping[str, str] | None = None, descriptions: Mapping[str, str] | None = None) -> Table:
        """A table from whatever holds one: a path, a DataFrame, a mapping of columns, a Table."""
        if isinstance(source, str | Path):
            return cls.read(source, units, descriptions)
        table = source if isinstance(source, Table) else cls.from_frame(_frame(source))
        return table.with_units(units or {}).with_descriptions(descriptions or {})

    @classmethod
    def read(cls, path: str | Path, units: Mapping[str, str] | None = None, descriptions: Mapping[str, str] | None = None) -> Table:
        """Read CSV, TSV, Excel or Parquet; encoding, separator, decimal sign, header and units are found out.

        TableError says what is wrong with the file and how to mend it.
        """
        from recommender.reading import read_frame

        frame, notes = read_frame(Path(path))
        table = cls.from_frame(frame, name=encodable(Path(path).stem), notes=notes)
        return table.with_units(units or {}).with_descriptions(descriptions or {})

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, name: str = "table", notes: Sequence[Sentence] = ()) -> Table:
        """A table from a DataFrame; units may stand in the headers (`T [degC]`). Text columns are left out and noted."""
        if frame.shape[1] == 0 or len(frame) == 0:
            raise TableError("table_empty", name=name)
        said = list(notes)
        headers = [_header(header) for header in frame.columns]
        named = _named([_read_header(header, headers, said) for header in headers], said)
        read = [_column(name, unit, read_cells(frame.iloc[:, i]), said) for i, (name, unit) in enumerate(named)]
        kept = tuple(column for column in read if isinstance(column, Column))
        if not kept:
            raise TableError("no_numbers", name=name)
        left_out = {named[i][0]: kind for i, kind in enumerate(read) if isinstance(kind, str)}
        texts = {named[i][0]: _texts(frame.iloc[:, i]) for i, kind in enumerate(read) if kind == "text"}
        return cls(kept, name, tuple(said), left_out, texts)


def _frame(source: object) -> pd.DataFrame:
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source
    try:
        return pd.DataFrame({str(name): list(np.atleast_1d(cells)) for name, cells in dict(source).items()})  # type: ignore[call-overload]
    except (TypeError, ValueError):
        raise TableError("not_a_table", kind=type(source).__name__) from None


def _header(header: object) -> str:
    """One line of text, not too long to read."""
    parts = header if isinstance(header, tuple) else (header,)
    text = encodable(" ".join(" ".join(str(part) for part in parts).split()))
    return text if len(text) <= _MAX_HEADER else f"{text[: _MAX_HEADER - 1]}…"


def encodable(text: str) -> str:
    """The text without halves of characters, as names of files and words of a terminal may have them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def loose(name: str) -> str:
    """What two spellings of one name have in common: letters without case, width, spaces and underscores."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def _in_unit(column: Column, unit: Unit) -> Column:
    factor = unit.factor / (1.0 if column.unit is None else column.unit.factor)
    sigma = None if column.sigma is None else column.sigma * factor
    return replace(column, values=_in_si(column.shown, unit), unit=unit, sigma=sigma)


def _in_si(values: Array, unit: Unit) -> Array:
    """Values in SI; those that overflow there count as missing."""
    with np.errstate(over="ignore"):
        inside = unit.to_si(values)
    return np.where(np.isfinite(inside), inside, np.nan)


def split_header(header: str) -> tuple[str, str | None]:
    """(name, unit text): `長さ [mm]`, `T(℃)`, `p / kPa`; None where there is no unit."""
    match = _HEADER_UNIT.match(header)
    if match is None:
        return header.strip(), None
    return match["name"].strip(), (match["unit"] if match["unit"] is not None else match["slash"]).strip()


def _read_header(header: str, headers: Sequence[str], notes: list[Sentence]) -> tuple[str, Unit | None]:
    """Name and unit; in V(t) beside a column t and in `x (2)` the brackets belong to the name."""
    name, text = split_header(header)
    others = {split_header(other)[0] for other in headers if other != header}
    if text is None or re.fullmatch(r"[\d.]*[02-9]", text) or (text in others and header.endswith(")")):
        return header, None
    try:
        return name, parse_unit(text)
    except UnitError:
        notes.append(Sentence.of("note.header_unit_unknown", name=header, unit=text))
        return header, None


def _named(headers: Sequence[tuple[str, Unit | None]], notes: list[Sentence]) -> list[tuple[str, Unit | None]]:
    """Empty headers get a name, repeated ones a number; the latter is noted."""
    taken: set[str] = set()
    out = []
    for position, (header, unit) in enumerate(headers, 1):
        name = plain = header if header and not header.startswith("Unnamed:") else f"column {position}"
        number = 2
        while name in taken:
            name, number = f"{plain} ({number})", number + 1
        if name != plain:
            notes.append(Sentence.of("note.duplicate_column", name=plain, new=name))
        taken.add(name)
        out.append((name, unit))
    return out


def _column(name: str, stated: Unit | None, cells: Cells, notes: list[Sentence]) -> Column | str:
    """The column, or what it holds instead of numbers."""
    if cells.kind in _LEFT_OUT:
        if not (cells.kind == "empty" and name.startswith("column ")):
            notes.append(Sentence.of(f"note.{_LEFT_OUT[cells.kind]}", name=name))
        return cells.kind
    unit = parse_unit(cells.unit) if cells.unit else stated
    column = Column(name, cells.values if unit is None else _in_si(cells.values, unit), unit)
    notes += _remarks(column, cells)
    return column


def _texts(cells: pd.Series[Any]) -> tuple[str, ...]:
    return tuple("" if cell is None or cell != cell else encodable(str(cell).strip()) for cell in cells)


def _remarks(column: Column, cells: Cells) -> Iterable[Sentence]:
    """What a reader must know of how a column was read."""
    if cells.bad_count:
        yield Sentence.of("note.bad_cells", name=column.name, count=cells.bad_count, examples=", ".join(cells.bad))
    if cells.kind in ("time", "boolean"):
        yield Sentence.of(f"note.{cells.kind}_column", name=column.name)
    elif cells.unit:
        yield Sentence.of("note.cell_units", name=column.name, unit=cells.unit)
    if column.unit is not None and column.unit.dimension == Dimension.of(K=1) and np.any(column.values < 0):
        yield Sentence.of("note.below_absolute_zero", name=column.name)


def symbols_for(names: Iterable[str]) -> dict[str, str]:
    """Column name -> a distinct name that can stand in a formula: letters, digits and `_`, no function's name."""
    out: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = _stem(name)
        symbol, number = stem, 2
        while symbol in taken:
            symbol, number = f"{stem}_{number}", number + 1
        taken.add(symbol)
        out[name] = symbol
    return out


def _stem(name: str) -> str:
    stem = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", name)).strip("_")[:_MAX_SYMBOL].strip("_") or "x"
    stem = stem if stem[0].isalpha() else f"x_{stem}"
    return f"{stem}_" if stem in _NO_SYMBOLS else stem


_NO_SYMBOLS = frozenset({*CALLABLE_NAMES, *keyword.kwlist, "pi"})
