"""Where things stand in a sheet of cells: title lines, the header, the units, the numbers.

A sheet falls into blocks of rows with numbers, each below rows of words. The first large block is the table; the words
right above it are its header, or its units with the header above them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.errors import TableError, UnitError
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.cells import is_missing, is_number

_LARGE = 0.5
_MOST_TITLE = 300
_BRACKETS = "[]()（）［］【】"

Row = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """headers: one for each column, units in brackets; first: index of the first row of numbers; notes for the reader."""

    headers: tuple[str, ...]
    first: int
    notes: tuple[Sentence, ...] = ()


def find_layout(rows: Sequence[Row], name: str, comment: Row = ()) -> Layout:
    """The layout of a sheet. comment: the cells of the last comment line above it, a header if there is no other.

    TableError if no row holds a number.
    """
    shares = [_share(row) for row in rows]
    if not any(shares):
        raise TableError("table_empty" if sum(any(row) for row in rows) < 2 else "no_numbers", name=name)
    width = _width(rows, shares)
    words = [share == 0 and _is_words(row, width) for row, share in zip(rows, shares, strict=True)]
    first = _first_block(shares, words)
    if not (first and words[first - 1]) and _first_is_header(rows[first:], width):
        return _with_headers(rows, (first,), first + 1, width)
    return _with_headers(rows, _heads(rows, words, first), first, width, comment)


def _share(row: Row) -> float:
    """Share of numbers among the filled cells."""
    filled = [cell for cell in row if not is_missing(cell)]
    return sum(map(is_number, filled)) / len(filled) if filled else 0.0


def _width(rows: Sequence[Row], shares: Sequence[float]) -> int:
    """The usual length of rows with numbers, the longest of those equally usual."""
    lengths = Counter(len(row) for row, share in zip(rows, shares, strict=True) if share)
    return max(lengths, key=lambda length: (lengths[length], length))


def _is_words(row: Row, width: int) -> bool:
    """Words in at least half of the columns: a header or a line of units; a title fills only the first cell."""
    filled = sum(not is_missing(cell) for cell in row)
    return filled >= max(min(width, 2), width / 2) or (len(row) == width > 1 and is_missing(row[0]) and filled >= width / 2)


def _first_block(shares: Sequence[float], words: Sequence[bool]) -> int:
    """Start of the first block with at least half as many numbers as the largest one."""
    top = next(i for i, share in enumerate(shares) if share)
    starts = [i for i, share in enumerate(shares) if share and (i == top or words[i - 1])]
    sizes = [sum(shares[a:b]) for a, b in zip(starts, [*starts[1:], len(shares)], strict=True)]
    return next(start for start, size in zip(starts, sizes, strict=True) if size >= _LARGE * max(sizes))


def _first_is_header(rows: Sequence[Row], width: int) -> bool:
    """A header with numbers in it (T, 10, 20): a word where all rows below have numbers."""
    below = [row for row in rows[1:20] if len(row) == width]
    return len(below) > 1 and any(
        cell and not is_number(cell) and not is_missing(cell) and all(is_number(row[i]) for row in below)
        for i, cell in enumerate(rows[0][:width])
    )


def _heads(rows: Sequence[Row], words: Sequence[bool], first: int) -> tuple[int, ...]:
    """Indices of the header and of the line of units below it, whichever there are."""
    found = [i for i in range(first) if words[i]]
    last = first - 1
    if found and found[0] < last and _are_units(rows[last]):
        return max(i for i in found if i < last), last
    return tuple(found[-1:])


def _with_headers(rows: Sequence[Row], heads: tuple[int, ...], first: int, width: int, comment: Row = ()) -> Layout:
    header = rows[heads[0]] if heads else comment if len(comment) in (width, width - 1) else ()
    titles = [i for i in range(first) if i not in heads]
    notes = [Sentence.of("note.title_lines", count=len(titles), words=_title(rows[i] for i in titles))] if titles else []
    if not header:
        return Layout(tuple(f"x{i}" for i in range(1, width + 1)), first, (*notes, Sentence.of("note.no_header")))
    names = _aligned(header, rows[first:], width)
    units = list(rows[heads[1]]) if len(heads) > 1 else []
    headers = (_joined(name, unit) for name, unit in zip(names, units + [""] * (len(names) - len(units)), strict=False))
    return Layout(tuple(headers), first, tuple(notes))


def _title(rows: Iterable[Row]) -> str:
    """The words above a table on one line."""
    lines = (" ".join(filter(None, row)) for row in rows)
    return " / ".join(line for line in lines if line)[:_MOST_TITLE]


def _aligned(header: Row, body: Sequence[Row], width: int) -> list[str]:
    """A header for every column.

    One that is short by one starts at the second column if the last one is filled (as R writes); a label before it (`Data:`) goes.
    """
    names = list(header)
    if len(names) == width + 1 and names[0].endswith(":"):
        return names[1:]
    if len(names) == width - 1 and sum(len(row) == width and not is_missing(row[-1]) for row in body) > len(body) / 2:
        names.insert(0, "")
    return names + [""] * (width - len(names))


def _are_units(cells: Row) -> bool:
    """Every filled cell names a unit."""
    filled = [cell.strip(_BRACKETS) for cell in cells if cell]
    try:
        return bool(filled) and all(parse_unit(cell) is not None for cell in filled)
    except UnitError:
        return False


def _joined(name: str, unit: str) -> str:
    bare = unit.strip(_BRACKETS)
    return f"{name} [{bare}]" if bare and not re.search(r"[\[［]", name) else name
