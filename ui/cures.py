"""What is worth a look in a table, in words, most with a cure that one click applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from corpus.dimension import Dimension
from recommender.problem import MIN_ROWS
from recommender.table import Column, Table
from ui.columns import Edited, is_constant, looks_like_error, set_cell, set_role
from ui.words import language, plain, say

_MOST = 8
_FEW_LABELS = 40
_SHOWN_ABOVE = ("note.text_column", "note.below_absolute_zero")


@dataclass(frozen=True)
class Finding:
    """words: what was seen; cure: words on the button; act: what it does. No cure: something to know."""

    words: str
    cure: str = ""
    act: Callable[[], None] | None = None


def findings(table: Table, edited: Edited) -> list[Finding]:
    """Everything, what stands in the way first."""
    found = [*_rows(edited), *_errors(table, edited), *_constants(table, edited), *_copies(table, edited), *_numbering(table, edited)]
    return [*found, *_sparse(table, edited), *_groups(table, edited), *_temperatures(table, edited), *_units(table, edited)]


def draw(table: Table, edited: Edited) -> None:
    """The list; notes of the reader stand below it."""
    found = findings(table, edited)
    for i, one in enumerate(found[:_MOST]):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"finding-{i}"):
            st.markdown(f":material/info: {plain(one.words)}", width="stretch")
            if one.act is not None:
                st.button(one.cure, on_click=one.act, key=f"cure-{i}")
    for note in table.notes:
        if note.key not in _SHOWN_ABOVE:
            st.caption(plain(note.text(language())))


def _rows(edited: Edited) -> Iterator[Finding]:
    columns = [edited.table[name] for name in edited.names("target", "input") if name in edited.table.names]
    usable = int(np.sum(np.all([np.isfinite(c.values) for c in columns], axis=0))) if columns else 0
    if edited.one("target") is None:
        yield Finding(say("ui_cure.no_target"))
    elif not edited.names("input"):
        yield Finding(say("ui_cure.no_input"))
    elif usable < MIN_ROWS:
        yield Finding(say("ui_cure.few_rows", rows=usable, least=MIN_ROWS))


def _errors(table: Table, edited: Edited) -> Iterator[Finding]:
    if edited.one("sigma") is None:
        for name in edited.names("input"):
            if looks_like_error(name):
                yield Finding(say("ui_cure.error_column", name=name), say("ui_cure.use_as_error"), partial(set_role, table, name, "sigma"))


def _constants(table: Table, edited: Edited) -> Iterator[Finding]:
    for name in edited.names("constant"):
        if not is_constant(edited.table[name]):
            yield Finding(say("ui_cure.varies", name=name), say("ui_cure.make_input"), partial(set_role, table, name, "input"))
    for name in edited.names("input"):
        if is_constant(edited.table[name]):
            yield Finding(say("ui_cure.one_value", name=name), say("ui_cure.make_constant"), partial(set_role, table, name, "constant"))


def _copies(table: Table, edited: Edited) -> Iterator[Finding]:
    seen: dict[bytes, str] = {}
    for name in edited.names("target", "input"):
        first = seen.setdefault(edited.table[name].values.tobytes(), name)
        if first != name:
            spare = name if edited.roles[name] == "input" else first
            words = say("ui_cure.copy", name=spare, other=first if spare == name else name)
            yield Finding(words, say("ui_cure.leave_out"), partial(set_role, table, spare, "out"))


def _numbering(table: Table, edited: Edited) -> Iterator[Finding]:
    for name in edited.names("input"):
        column = edited.table[name]
        if column.unit is None and _counts_rows(column):
            yield Finding(say("ui_cure.numbering", name=name), say("ui_cure.leave_out"), partial(set_role, table, name, "out"))


def _counts_rows(column: Column) -> bool:
    values = column.values
    return len(values) > MIN_ROWS and values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))


def _sparse(table: Table, edited: Edited) -> Iterator[Finding]:
    for name in edited.names("input"):
        share = 1 - float(np.mean(np.isfinite(edited.table[name].values)))
        if share > 0.2:
            words = say("ui_cure.sparse", name=name, percent=f"{100 * share:.0f}")
            yield Finding(words, say("ui_cure.leave_out"), partial(set_role, table, name, "out"))


def _groups(table: Table, edited: Edited) -> Iterator[Finding]:
    if edited.one("group") is None:
        for name, cells in table.texts.items():
            count = len(set(cells) - {""})
            if 2 <= count <= min(_FEW_LABELS, len(table) // MIN_ROWS):
                words = say("ui_cure.text_groups", name=name, count=count)
                yield Finding(words, say("ui_cure.use_as_group"), partial(set_role, table, name, "group"))


def _temperatures(table: Table, edited: Edited) -> Iterator[Finding]:
    for column in edited.table.columns:
        if column.unit is not None and column.unit.dimension == Dimension.of(K=1) and np.any(column.values < 0):
            words = say("ui_cure.below_zero", name=column.name)
            yield Finding(words, say("ui_cure.in_celsius"), partial(set_cell, table, column.name, "unit", "degC"))


def _units(table: Table, edited: Edited) -> Iterator[Finding]:
    """Where most columns state a unit, one that does not is asked about; where none does, units are asked for once."""
    used = [edited.table[name] for name in edited.names("target", "input")]
    open_ones = [column for column in used if column.unit is None]
    if used and len(open_ones) == len(used):
        yield Finding(say("ui_cure.no_units"))
        return
    for column in open_ones:
        if _counts_rows(column) or looks_like_error(column.name):
            continue  # asked about already
        words = say("ui_cure.unit_open", name=column.name)
        yield Finding(words, say("ui_cure.pure_number"), partial(set_cell, table, column.name, "unit", "1"))
