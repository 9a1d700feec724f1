"""Groups of rows (devices, temperatures, runs), and the quantities that each group has one value of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ProblemError, TableError
from corpus.functions import Array
from corpus.language import Sentence
from recommender.table import Column, Table, loose

_SAME_WITHIN = 0.02
_SHOWN = 8
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupQuantity:
    """A column that is one number in each group: SI values, shape (groups,), nan where it is not known.

    serial: 1, 2, 3, ... without a unit, perhaps mere names.
    """

    column: Column
    values: Array
    serial: bool = False


@dataclass(frozen=True, eq=False)
class Grouping:
    """name: of the column that tells groups apart; labels, members: of each, and its usable rows; reference: the group searched on."""

    name: str
    labels: tuple[str, ...]
    members: tuple[Rows, ...]
    reference: int = 0
    quantities: tuple[GroupQuantity, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, table: Table, goal: Column, name: str) -> Grouping:
        """The groups that a column of text or numbers names; rows without a name belong to none. ProblemError if they are no groups."""
        header, cells = cells_of(table, name)
        if header == goal.name:
            raise ProblemError("group_is_target", name=header)
        labels = tuple(dict.fromkeys(cell for cell in cells if cell))
        if len(labels) < 2:
            raise ProblemError("one_group", name=header)
        members = tuple(np.flatnonzero([cell == label for cell in cells]) for label in labels)
        return cls(header, labels, members)

    def with_quantities(self, columns: Sequence[Column]) -> Grouping:
        """The same groups, with those of the columns that are one number in each."""
        return replace(self, quantities=tuple(self._quantity(column) for column in columns if self._is_quantity(column)))

    @property
    def own(self) -> frozenset[str]:
        """Names of the columns that belong to groups, not to rows."""
        return frozenset({self.name, *(quantity.column.name for quantity in self.quantities)})

    def on(self, rows: Rows, goal: Column, least: int, notes: list[Sentence]) -> Grouping:
        """With usable rows alone, and the largest group (of several, that with the widest target) as reference; small ones are left out."""
        usable = [np.intersect1d(member, rows) for member in self.members]
        kept = [i for i, member in enumerate(usable) if len(member) >= least]
        if len(kept) < 2:
            raise ProblemError("groups_too_small", name=self.name, minimum=least)
        lost = [label for i, label in enumerate(self.labels) if i not in kept]
        notes += [Sentence.of("note.groups_small", names=listed(lost), minimum=least)] if lost else []
        nameless = len(rows) - sum(map(len, usable))
        notes += [Sentence.of("note.rows_nameless", count=nameless, name=self.name)] if nameless else []
        reference = max(kept, key=lambda i: (len(usable[i]), float(np.ptp(goal.values[usable[i]]))))
        grouping = replace(
            self,
            labels=tuple(self.labels[i] for i in kept),
            members=tuple(usable[i] for i in kept),
            reference=kept.index(reference),
            quantities=tuple(replace(q, values=q.values[kept]) for q in self.quantities),
        )
        notes.append(grouping.sentence)
        return grouping

    @property
    def sentence(self) -> Sentence:
        """What is searched on, and what for the other groups serve."""
        names = listed([quantity.column.name for quantity in self.quantities])
        rows, rest = len(self.members[self.reference]), sum(map(len, self.members)) - len(self.members[self.reference])
        values = {"group": self.name, "label": self.labels[self.reference], "rows": rows, "others": len(self) - 1, "rest": rest}
        return Sentence.of("note.grouped" if names else "note.grouped_bare", **values, **({"names": names} if names else {}))

    def _is_quantity(self, column: Column) -> bool:
        """It has a value in each group that hardly moves within, and groups differ in it."""
        parts = [part for member in self.members if len(part := _finite(column.values[member]))]
        if len(parts) < 2:
            return False
        centres, within = np.array([np.median(part) for part in parts]), max(float(np.std(part)) for part in parts)
        return within <= _SAME_WITHIN * float(np.std(centres)) and float(np.ptp(centres)) > 1e-9 * float(np.max(np.abs(centres)))

    def _quantity(self, column: Column) -> GroupQuantity:
        values = np.array([np.mean(part) if len(part := _finite(column.values[member])) else np.nan for member in self.members])
        steps = np.diff(np.sort(values))
        serial = column.unit is None and column.name == self.name and bool(np.all(steps == 1)) and values.min() in (0, 1)
        return GroupQuantity(column, values, serial)


def _finite(values: Array) -> Array:
    found: Array = values[np.isfinite(values)]
    return found


def cells_of(table: Table, name: str) -> tuple[str, list[str]]:
    """Header and cells of the column that names the groups, "" where a cell is empty."""
    for header, cells in table.texts.items():
        if loose(header) == loose(name):
            return header, list(cells)
    try:
        column = table.find(name)
    except TableError as error:
        raise ProblemError("group_missing", name=name, reason=error.sentence) from None
    return column.name, [f"{value:.10g}" if np.isfinite(value) else "" for value in column.shown]


def listed(names: Sequence[str]) -> str:
    """The first few names, and that there are more."""
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
