"""A question about a table: which column, from which others, with what known; checked before anything runs."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from corpus.dimension import Dimension
from corpus.errors import ProblemError
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.language import Sentence
from corpus.units import ONE, Unit
from recommender.grouping import Grouping, cells_of
from recommender.quantities import Quantity
from recommender.rates import finer_rate
from recommender.requirements import Requirement
from recommender.samples import Samples
from recommender.scope import Range, narrowed
from recommender.splits import AS_SUGGESTED, Split, SplitBy, clusters, draws, edges, folds, runs_one_way, sampled_in_order
from recommender.table import Column, Table, encodable, loose, split_header, symbols_for

MIN_ROWS = 4
MAX_INPUTS = 8
MAX_ROWS = 4000
LARGEST = 1e120  # squares and cubes of values must stay finite


@dataclass(frozen=True, eq=False)
class Problem:
    """Target and inputs of a table. Make it with `Problem.of`, which checks it. A problem is equal to itself alone.

    rows: the rows used (finite in target and inputs, within `ranges`; at most MAX_ROWS, drawn at random).
    split: how rows are held out to judge a formula.
    Inside, inputs are called x0, x1, ... and values are in SI base units.
    """

    table: Table
    target: Column
    inputs: tuple[Column, ...]
    rows: NDArray[np.int64]
    about: str = ""
    seed: int = 0
    notes: tuple[Sentence, ...] = ()
    typed: tuple[str, ...] = field(default=())
    relative_share: float | None = None
    known: tuple[Quantity, ...] = ()
    grouping: Grouping | None = None
    require: tuple[Requirement, ...] = ()
    ranges: tuple[Range, ...] = ()
    split: SplitBy = AS_SUGGESTED

    @classmethod
    def of(
        cls,
        table: Table,
        target: str | None = None,
        inputs: Sequence[str] | None = None,
        *,
        sigma: str | None = None,
        about: str = "",
        typed: Sequence[str] = (),
        known: Mapping[str, str | float] | None = None,
        group: str | None = None,
        require: Sequence[str] = (),
        ranges: Sequence[str] = (),
        split: str = "auto",
        seed: int = 0,
    ) -> Problem:
        """Check the question and pick the usable rows.

        target: a column's name (the last column if None). inputs: names, or all other numeric columns. sigma: the column of the
        target's standard uncertainties, if they were measured.
        typed: formulas of the person's own, to be fitted beside the others. known: quantities beside the table, `{"L": "10 mm"}`, that
        coefficients are compared with. group: the column (text or numbers) that tells devices, temperatures or runs apart; columns with
        one value in each group are no inputs, the largest group is searched on, and coefficients are followed from group to group.
        require: what must hold of a formula, e.g. `("positive", "increasing in L", "0 at L = 0")` (see `recommender.requirements`).
        ranges: of the rows that count, `("T 300 400 K",)`. split: how rows are held out to judge formulas, `group device` (see `SplitBy`).
        ProblemError says what does not fit, and the cure.
        """
        if seed < 0:
            raise ProblemError("seed_negative", seed=seed)
        errors = None if sigma is None else table.find(sigma)
        goal = table.find(target) if target is not None else next((c for c in table.columns[::-1] if c is not errors), table.columns[-1])
        if errors is not None:
            table, goal = _with_sigma(table, goal, errors)
        notes = [note for note in table.notes if group is None or not _tells(note, group)]
        grouping = None if group is None else Grouping.of(table, goal, group).with_quantities([c for c in table.columns if c is not goal])
        chosen = _inputs(table, goal, _listed(inputs), notes)
        if grouping is not None:
            chosen = [column for column in chosen if column.name not in grouping.own]
        rows = _usable_rows(goal, chosen, seed, notes)
        if grouping is not None:
            grouping = grouping.on(rows, goal, MIN_ROWS, notes)
            rows = grouping.members[grouping.reference]
        if errors is None and grouping is None:
            goal, rows = _read_finely(table, goal, rows, notes)
        _check_values(goal, chosen, rows)
        varying = _varying(goal, chosen, rows, notes)
        if inputs is None:
            varying = _without_repeats(goal, varying, rows, notes)
        if len(varying) > MAX_INPUTS:
            varying = _strongest(goal, varying, rows)
            notes.append(Sentence.of("note.inputs_picked", count=MAX_INPUTS, names=", ".join(c.name for c in varying)))
        still = [Quantity.of_column(column, float(column.values[rows[0]])) for column in chosen if _constant(column.values[rows])]
        asked = cls(
            table,
            goal,
            tuple(varying),
            rows,
            encodable(about),
            seed,
            tuple(notes),
            tuple(_listed(typed) or ()),
            known=(*(Quantity.of(name, value) for name, value in (known or {}).items()), *still),
            grouping=grouping,
            require=tuple(Requirement.of(text, goal, varying) for text in _listed(require) or ()),
        )
        within = reduce(lambda known, text: narrowed(known, text, table), _listed(ranges) or (), asked.ranges)
        return asked.scoped(within, SplitBy.of(split))

    def scoped(self, ranges: Sequence[Range], split: SplitBy) -> Problem:
        """The same question on the rows within ranges, formulas judged by another split.

        ProblemError if too few rows or groups are left, or a column no longer varies.
        """
        found = replace(self if tuple(ranges) == self.ranges else self._within(tuple(ranges)), split=split)
        told = found.time is None or bool(np.all(np.isfinite(found.time)))
        if split.way != "auto" and not (told and found.folds):
            raise ProblemError("split_impossible", text=split.text)
        return found

    def _within(self, ranges: tuple[Range, ...]) -> Problem:
        rows, grouping = _usable_rows(self.target, self.inputs, self.seed, [], [one.holds(self.table) for one in ranges]), self.grouping
        if grouping is not None:
            grouping = grouping.on(rows, self.target, MIN_ROWS, [])
            rows = grouping.members[grouping.reference]
        for column in (self.target, *self.inputs):
            if _constant(column.values[rows]):
                raise ProblemError("range_constant", name=column.name)
        return replace(self, rows=rows, grouping=grouping, ranges=ranges)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """x0, x1, ... -> the symbol shown for that column."""
        symbols = symbols_for([self.target.name, *(column.name for column in self.inputs)])
        return {f"x{i}": symbols[column.name] for i, column in enumerate(self.inputs)}

    @cached_property
    def target_symbol(self) -> str:
        return symbols_for([self.target.name])[self.target.name]

    @cached_property
    def samples(self) -> Samples:
        """The usable rows in SI base units."""
        return self.samples_at(self.rows)

    def samples_at(self, rows: NDArray[np.int64]) -> Samples:
        """Some rows of the table in SI base units."""
        columns = {f"x{i}": column.values[rows] for i, column in enumerate(self.inputs)}
        sigma = self.target.sigma
        return Samples(columns, self.target.values[rows], None if sigma is None else sigma[rows])

    @cached_property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Dimensions of the inputs whose units are stated."""
        return {f"x{i}": c.unit.dimension for i, c in enumerate(self.inputs) if c.unit is not None}

    @property
    def target_dimension(self) -> Dimension | None:
        return None if self.target.unit is None else self.target.unit.dimension

    @property
    def units(self) -> tuple[Unit, ...]:
        """Units the customer uses, target first."""
        return tuple(column.unit for column in (self.target, *self.inputs) if column.unit is not None)

    @cached_property
    def scale(self) -> Array:
        """What each row's error is measured in: its standard uncertainty, 1 where none is known, shape (n,)."""
        sigma = self.samples.sigma
        return np.ones(len(self.samples)) if sigma is None else sigma

    @cached_property
    def signal(self) -> float:
        """Mean square of the target in units of `scale`: about its weighted mean, or about 0 where errors are relative."""
        y = self.samples.target
        weights = (np.min(self.scale) / self.scale) ** 2
        centre = 0.0 if self.relative_share is not None else float(np.average(y, weights=weights))
        return float(np.mean(((y - centre) / self.scale) ** 2)) or 1.0

    @property
    def has_units(self) -> bool:
        """Every column states its unit, so known constants have their SI values."""
        return self.target.unit is not None and len(self.dimensions) == len(self.inputs)

    def parse(self, text: str) -> Formula:
        """A formula in the customer's column names, as one of x0, x1, ...; `y = ...` names the target first."""
        head, equals, body = text.partition("=")
        known = {column.name: f"x{i}" for i, column in enumerate(self.inputs)} | {symbol: x for x, symbol in self.names.items()}
        if equals and not self._is_target(head.strip(), known):
            raise ProblemError("typed_other_target", name=head.strip()[:40], target=self.target.name)
        formula = parse(body if equals else text, known)
        unused = {name: f"{name}_" for name in formula.parameters if name in self.names}
        return formula.rename({**unused, **{name: known[name] for name in formula.variables}})

    def _is_target(self, name: str, inputs: Collection[str]) -> bool:
        """Whether a person means the target by a name; `y` stands for any target."""
        own = {loose(self.target.name), loose(self.target_symbol)}
        return name not in inputs and (name == "y" or loose(split_header(name)[0]) in own)

    def with_relative_error(self, share: float) -> Problem:
        """The same question with a target uncertainty of `share` of its value."""
        return replace(self, target=replace(self.target, sigma=share * np.abs(self.target.values)), relative_share=share)

    @cached_property
    def table_seed(self) -> int:
        """What resampling and evidence draw their random numbers from: the order of the target's values, whatever its unit, not the luck of
        a search. Two searches that find the same formulas judge them on the same rows (common random numbers: Kahn & Marshall 1953)."""
        return zlib.crc32(np.argsort(self.target.values[self.rows], kind="stable").astype("<i8").tobytes())

    @cached_property
    def time(self) -> Array | None:
        """SI values of the column along which the rows were sampled in order, or that a person calls so, shape (n,); None without one."""
        if self.split.way == "time":
            return self.table.find(self.split.column).values[self.rows]
        others = (column for column in self.table.columns if column.name != self.target.name and column not in self.inputs)
        found = (column.values[self.rows] for column in (*self.inputs, *others) if sampled_in_order(column, self.rows))
        return next(found, None)

    @cached_property
    def clusters(self) -> NDArray[np.int64]:
        """Rows that belong together have one number, shape (n,): they stay in one fold and are drawn together."""
        if self.split.way == "random":
            return np.arange(len(self.rows))
        if self.split.way == "group":
            cells = np.array(cells_of(self.table, self.split.column)[1])[self.rows]
            return np.ravel(np.unique(cells, return_inverse=True)[1])
        return clusters(list(self.samples.columns.values()), self.time)

    @property
    def ordered(self) -> bool:
        """Whether neighbouring rows follow each other in time."""
        return self.split.way not in ("random", "group") and self.time is not None and runs_one_way(self.time)

    def draws(self, count: int) -> list[NDArray[np.int64]]:
        """Bootstrap samples of the rows, the same ones for all forms of this problem."""
        return draws(self.clusters, self.ordered, count, self.table_seed)

    @cached_property
    def folds(self) -> tuple[Split, ...]:
        """Held-out splits as (train, test) positions into `rows`: repeated 5-fold, or one cluster at a time where they are few;
        the edges, if those are to judge."""
        return self.edges if self.split.way == "edges" else folds(self.clusters, self.table_seed)

    @cached_property
    def edges_along(self) -> Mapping[str, tuple[Split, ...]]:
        """Extrapolation splits by input, and by `time` where the rows were sampled along a column that is no input."""
        known = any(self.time is not None and np.array_equal(values, self.time) for values in self.samples.columns.values())
        return edges({**self.samples.columns, **({} if self.time is None or known else {"time": self.time})}, MIN_ROWS)

    @property
    def edges(self) -> tuple[Split, ...]:
        """Extrapolation splits along every column."""
        return tuple(chain.from_iterable(self.edges_along.values()))


def _tells(note: Sentence, group: str) -> bool:
    """Whether a note says that the column of the groups was left out: it is not."""
    return note.key == "note.text_column" and loose(str(dict(note.values).get("name"))) == loose(group)


def _with_sigma(table: Table, goal: Column, errors: Column) -> tuple[Table, Column]:
    """The table without the column of uncertainties, and the target with them in SI; percent are of the target's value."""
    if errors.name == goal.name:
        raise ProblemError("target_is_input", target=goal.name)
    unit = errors.unit or goal.unit or ONE
    alike = goal.unit is None or unit.dimension == goal.unit.dimension
    if not alike and not unit.is_dimensionless:
        raise ProblemError("sigma_unit", name=errors.name, unit=unit.text, target=goal.name)
    sigma = errors.shown * unit.factor * (1.0 if alike else np.abs(goal.values))
    measured = replace(goal, sigma=np.abs(sigma))
    columns = tuple(measured if column is goal else column for column in table.columns if column is not errors)
    return replace(table, columns=columns), measured


def _listed(names: Sequence[str] | None) -> Sequence[str] | None:
    """One name stands for a list of one; each name counts once."""
    return [names] if isinstance(names, str) else None if names is None else list(dict.fromkeys(names))


def _inputs(table: Table, goal: Column, names: Sequence[str] | None, notes: list[Sentence]) -> list[Column]:
    if names is None:
        chosen = [column for column in table.columns if column.name != goal.name]
        empty = [column for column in chosen if np.isfinite(column.values).mean() < 0.5]
        notes += [Sentence.of("note.sparse_column", name=column.name) for column in empty]
        chosen = [column for column in chosen if column not in empty]
    else:
        chosen = list(dict.fromkeys(table.find(name) for name in names))
        if goal.name in {column.name for column in chosen}:
            raise ProblemError("target_is_input", target=goal.name)
    if not chosen and names is None and table.left_out:
        raise ProblemError("no_inputs_left", target=goal.name, names=", ".join(table.left_out))
    if not chosen:
        raise ProblemError("no_inputs", target=goal.name)
    return chosen


def _usable_rows(
    goal: Column, inputs: Sequence[Column], seed: int, notes: list[Sentence], within: Sequence[NDArray[np.bool_]] = ()
) -> NDArray[np.int64]:
    """Rows with finite values, also `within` these masks over the table."""
    good = np.all([*(np.isfinite(column.values) for column in (goal, *inputs)), *within], axis=0)
    if goal.sigma is not None:
        good &= np.isfinite(goal.sigma) & (goal.sigma > 0)
    rows = np.flatnonzero(good)
    if len(rows) < MIN_ROWS:
        raise ProblemError("too_few_rows", rows=len(rows), minimum=MIN_ROWS)
    if len(rows) < len(good):
        notes.append(Sentence.of("note.rows_dropped", count=int(len(good) - len(rows)), total=len(good)))
    if len(rows) > MAX_ROWS:
        notes.append(Sentence.of("note.rows_sampled", count=MAX_ROWS, total=len(rows)))
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
    return rows


def _read_finely(table: Table, goal: Column, rows: NDArray[np.int64], notes: list[Sentence]) -> tuple[Column, NDArray[np.int64]]:
    """The target averaged with the rate of another column where that tells it more finely (see `recommender.rates`), and where it does."""
    rate = finer_rate(table.columns, goal, rows)
    if rate is None:
        return goal, rows
    notes.append(rate.told(goal))
    return rate.averaged(goal), np.sort(rate.rows)


def _check_values(goal: Column, inputs: Sequence[Column], rows: NDArray[np.int64]) -> None:
    if _constant(goal.values[rows]):
        raise ProblemError("target_constant", target=goal.name)
    for column in (goal, *inputs):
        largest = float(np.max(np.abs(column.values[rows])))
        if largest > LARGEST or 0 < largest < 1 / LARGEST:
            raise ProblemError("column_out_of_range", name=column.name)


def _constant(values: Array) -> bool:
    """Equal to rounding."""
    with np.errstate(all="ignore"):
        return bool(np.ptp(values) <= 1e-12 * np.max(np.abs(values)))


def _varying(goal: Column, inputs: Sequence[Column], rows: NDArray[np.int64], notes: list[Sentence]) -> list[Column]:
    varying = [column for column in inputs if not _constant(column.values[rows])]
    notes += [Sentence.of("note.constant_input", name=column.name) for column in inputs if column not in varying]
    if not varying:
        raise ProblemError("no_varying_input", target=goal.name)
    return varying


def _without_repeats(goal: Column, inputs: Sequence[Column], rows: NDArray[np.int64], notes: list[Sentence]) -> list[Column]:
    """Leave out copies of the target, unless nothing else is there, and second copies of an input."""
    same = [column for column in inputs if np.allclose(column.values[rows], goal.values[rows], rtol=1e-12, atol=0)]
    same = same if len(same) < len(inputs) else same[1:]
    notes += [Sentence.of("note.input_is_target", name=column.name) for column in same]
    first: dict[bytes, Column] = {}
    for column in inputs:
        other = first.setdefault(column.values[rows].tobytes(), column)
        if other is not column and column not in same:
            notes.append(Sentence.of("note.input_repeated", name=column.name, other=other.name))
    return [column for column in first.values() if column not in same]


def _strongest(goal: Column, inputs: Sequence[Column], rows: NDArray[np.int64]) -> list[Column]:
    """The inputs most related to the target, by absolute rank correlation."""
    goal_rank = _ranks(goal.values[rows])
    strength = [abs(float(np.corrcoef(_ranks(column.values[rows]), goal_rank)[0, 1])) for column in inputs]
    best = sorted(range(len(inputs)), key=lambda i: -strength[i])[:MAX_INPUTS]
    return [inputs[i] for i in sorted(best)]


def _ranks(values: Array) -> Array:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
