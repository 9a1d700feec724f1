"""The dimensions of an entry's symbols, and how the columns of a table can play them.

A table's target may play the entry's target, or any other symbol: the entry is then *rearranged*. Every input column plays at
most one of the remaining symbols; a variable nobody plays is *missing*, a parameter nobody plays is fitted, a natural constant nobody
plays has its value. A symbol whose unit is `any`, and a column whose unit is unknown, fit everything but count for little.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Generic, Literal, TypeVar

from corpus.dimension import Dimension
from corpus.entry import Entry
from indexes.query import ColumnHint

Role = Literal["target", "variable", "parameter", "constant"]
K = TypeVar("K", bound=Hashable)  # a dimension, or its number in a table of them
Weight = Callable[[K | None], float]
ROLES: tuple[Role, ...] = ("target", "variable", "parameter", "constant")
EXACT: Mapping[Role, float] = {"target": 1.0, "variable": 1.0, "parameter": 0.85, "constant": 0.85}
PLAYS_TARGET: Mapping[Role, float] = {"target": 1.0, "variable": 0.9, "parameter": 0.8, "constant": 0.7}
WILD = 0.4
UNUSED = 0.5
PER_FREE_PARAMETER = 0.005
UNKNOWN_WEIGHT = 0.2


@dataclass(frozen=True)
class Slot(Generic[K]):
    """One symbol. dimension None: any unit fits."""

    symbol: str
    role: Role
    dimension: K | None

    @property
    def key(self) -> tuple[int, str]:
        return ROLES.index(self.role), "any" if self.dimension is None else str(self.dimension)


@dataclass(frozen=True)
class Signature:
    """The slots of an entry, target first, then by role and dimension."""

    slots: tuple[Slot[Dimension], ...]

    @cached_property
    def text(self) -> str:
        """Equal for entries that the same tables fit; without symbols."""
        return self._written(self.slots)

    @cached_property
    def free_text(self) -> str:
        """The same without the constants, which one spelling may name and another leave free."""
        return self._written(slot for slot in self.slots if slot.role != "constant")

    @staticmethod
    def _written(slots: Iterable[Slot[Dimension]]) -> str:
        return ";".join(f"{role}:{dimension}" for role, dimension in (slot.key for slot in slots))


def signature(entry: Entry) -> Signature:
    """UnitError if the entry names a unit nobody knows."""
    roles = [(entry.target.symbol, "target")]
    roles += [(v.symbol, "variable") for v in entry.variables] + [(p.symbol, "parameter") for p in entry.parameters]
    units = [entry.unit_of(symbol) for symbol, _ in roles]
    slots = [Slot(s, r, None if u is None else u.dimension) for (s, r), u in zip(roles, units, strict=True)]  # type: ignore[arg-type]
    slots += [Slot(symbol, "constant", dimension) for symbol, dimension in entry.constant_dimensions.items()]
    return Signature(tuple(sorted(slots, key=lambda slot: (slot.key, slot.symbol))))


@dataclass(frozen=True)
class Assignment:
    """Which symbol each column plays.

    target: the symbol the table's target plays. columns: symbol -> input column. missing: variables nobody plays. unused: columns
    that play nothing. score: 1 when every column fits exactly and nothing is missing.
    """

    target: str
    columns: Mapping[str, str]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    score: float
    rearranged: bool

    def __str__(self) -> str:
        played = ", ".join(f"{symbol}={column}" for symbol, column in self.columns.items())
        return f"{self.target} <- {played}" if played else self.target


def uniform(dimension: Hashable | None) -> float:
    """Every known dimension tells as much as any other."""
    return UNKNOWN_WEIGHT if dimension is None else 1.0


def _score(
    slots: Sequence[Slot[K]],
    position: int,
    deal: Mapping[int, int],
    target: K | None,
    inputs: Sequence[K | None],
    weight: Weight[K],
) -> float:
    """Weight of what fits over the weight of what should: the columns, and the variables nobody plays; less when rearranged.

    Columns that play nothing count half, and never more than those that do: real tables carry columns no law needs.
    """
    gain = weight(target) * _worth(slots[position], target, "target")
    gain += sum(weight(inputs[column]) * _worth(slots[i], inputs[column], slots[i].role) for i, column in deal.items())
    used = weight(target) + sum(weight(inputs[column]) for column in deal.values())
    unused = weight(target) + sum(map(weight, inputs)) - used
    missing = sum(weight(slots[i].dimension) for i in _missing(slots, position, deal))
    return PLAYS_TARGET[slots[position].role] * gain / (used + missing + min(UNUSED * unused, used))


def _worth(slot: Slot[K], dimension: K | None, role: Role) -> float:
    return EXACT[role] if _exact(slot, dimension) else WILD


def _missing(slots: Sequence[Slot[K]], position: int, deal: Mapping[int, int]) -> list[int]:
    return [i for i, slot in enumerate(slots) if i != position and i not in deal and slot.role in ("target", "variable")]


def _exact(slot: Slot[K], dimension: K | None) -> bool:
    return dimension is not None and slot.dimension == dimension


def _deal(slots: Sequence[Slot[K]], free: Sequence[int], inputs: Sequence[K | None]) -> dict[int, int]:
    """Symbol -> column: first where dimensions agree, then `any` symbols, last the columns of unknown unit."""
    deal: dict[int, int] = {}
    order = sorted(range(len(inputs)), key=lambda column: inputs[column] is None)
    for fits in (_exact, _fits):
        for column in order:
            chosen = next((i for i in free if i not in deal and fits(slots[i], inputs[column])), None)
            if chosen is not None and column not in deal.values():
                deal[chosen] = column
    return deal


def _fits(slot: Slot[K], dimension: K | None) -> bool:
    return dimension is None or slot.dimension in (None, dimension)


def assignments(entry: Entry, target: ColumnHint, inputs: Sequence[ColumnHint], limit: int = 20) -> list[Assignment]:
    """Ways the columns can play the entry's symbols, best score first, then in the order of the entry's own symbols.

    Only complete deals: a column stays unused only if no symbol is left for it. At most `limit` are returned.
    """
    slots = signature(entry).slots
    found: list[Assignment] = []
    for position, slot in enumerate(slots):
        if _fits(slot, target.dimension):
            found += islice(_assigned(slots, position, target, inputs), limit)
    return sorted(found, key=lambda assignment: -assignment.score)[:limit]


def _assigned(slots: Sequence[Slot[Dimension]], position: int, target: ColumnHint, inputs: Sequence[ColumnHint]) -> Iterator[Assignment]:
    dimensions = [column.dimension for column in inputs]
    free = [i for i in range(len(slots)) if i != position]
    size = len(_deal(slots, free, dimensions))
    for deal in _deals(slots, free, dimensions, 0, size):
        yield _assignment(slots, position, target, inputs, deal)


def _deals(slots: Sequence[Slot[K]], free: Sequence[int], inputs: Sequence[K | None], column: int, size: int) -> Iterator[dict[int, int]]:
    """Every way to deal `size` of the columns from `column` on."""
    if size == 0:
        yield {}
        return
    if len(inputs) - column < size:
        return
    for i in sorted(free, key=lambda i: (not _exact(slots[i], inputs[column]), i)):
        if _fits(slots[i], inputs[column]):
            for rest in _deals(slots, [j for j in free if j != i], inputs, column + 1, size - 1):
                yield {i: column, **rest}
    yield from _deals(slots, free, inputs, column + 1, size)


def _assignment(
    slots: Sequence[Slot[Dimension]], position: int, target: ColumnHint, inputs: Sequence[ColumnHint], deal: Mapping[int, int]
) -> Assignment:
    return Assignment(
        target=slots[position].symbol,
        columns={slots[i].symbol: inputs[column].name for i, column in sorted(deal.items())},
        missing=tuple(slots[i].symbol for i in _missing(slots, position, deal)),
        unused=tuple(column.name for number, column in enumerate(inputs) if number not in deal.values()),
        score=_score(slots, position, deal, target.dimension, [column.dimension for column in inputs], uniform),
        rearranged=slots[position].role != "target",
    )
