"""A table as text, so that a run can go on, or be looked at again, without the file it came from."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.table import Column, Table

_NUMBER = np.dtype("<f8")


def table_told(table: Table) -> str:
    """JSON; numbers bit for bit, as compressed little-endian doubles."""
    told = {
        "name": table.name,
        "columns": [_column_told(column) for column in table.columns],
        "notes": [note.to_dict() for note in table.notes],
        "left_out": dict(table.left_out),
        "texts": {name: list(cells) for name, cells in table.texts.items()},
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def table_again(text: str) -> Table:
    """The table that `table_told` wrote."""
    told: Mapping[str, Any] = json.loads(text)
    return Table(
        tuple(map(_column, told["columns"])),
        told["name"],
        tuple(map(Sentence.from_dict, told["notes"])),
        told["left_out"],
        {name: tuple(cells) for name, cells in told["texts"].items()},
    )


def _column_told(column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "unit": None if column.unit is None else column.unit.text,
        "description": column.description,
        "values": _packed(column.values),
        "sigma": None if column.sigma is None else _packed(column.sigma),
    }


def _column(told: Mapping[str, Any]) -> Column:
    unit = None if told["unit"] is None else parse_unit(told["unit"])
    sigma = None if told["sigma"] is None else _unpacked(told["sigma"])
    return Column(told["name"], _unpacked(told["values"]), unit, told["description"], sigma)


def _packed(values: Array) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values, _NUMBER).tobytes())).decode()


def _unpacked(text: str) -> Array:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), _NUMBER).astype(float)
