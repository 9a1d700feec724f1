"""The columns of a table as a person edits them: the part each plays, its unit, what it means.

Every row is a line of ordinary widgets, so that it can be used from the keyboard and read by a screen reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import streamlit as st

from corpus.errors import UnitError
from corpus.units import parse_unit
from recommender.report.view import number_text
from recommender.table import Column, Table
from ui.words import language, named, plain, say
from ui.work import work

Role = Literal["target", "input", "constant", "sigma", "group", "out"]
ROLES: tuple[Role, ...] = ("target", "input", "constant", "sigma", "group", "out")
ALONE: Mapping[str, Role] = {"target": "input", "sigma": "out", "group": "out"}  # one column each; what the former one becomes
PAGE = 15
_SPREAD = (2.0, 1.7, 1.2, 3.2, 1.6)
_ERROR_NAME = re.compile(
    r"(?:^|[^a-z])(?:sigma|err(?:or)?|unc(?:ertainty)?|std(?:ev)?|sd)(?:[^a-z]|$)|±|誤差|不確かさ|標準偏差", re.IGNORECASE
)


@dataclass(frozen=True)
class Edited:
    """The table with its units and meanings as edited, and the role of every column, text columns too."""

    table: Table
    roles: Mapping[str, Role]

    def names(self, *roles: Role) -> tuple[str, ...]:
        return tuple(name for name, role in self.roles.items() if role in roles)

    def one(self, role: Role) -> str | None:
        return next(iter(self.names(role)), None)


def headers(table: Table) -> list[str]:
    """Columns with numbers, then those with text."""
    return [*table.names, *table.texts]


def key(table: Table, name: str, what: str) -> str:
    """Of the widget for one cell."""
    return f"{work().mark}-{headers(table).index(name)}-{what}"


def default_roles(table: Table) -> dict[str, Role]:
    """The last column is explained by all others; a column of one value is a known constant."""
    numbers = [column for column in table.columns if not looks_like_error(column.name)] or list(table.columns)
    roles: dict[str, Role] = {column.name: "constant" if is_constant(column) else "input" for column in table.columns}
    roles[numbers[-1].name] = "target"
    for name in table.texts:
        roles[name] = "out"
    return roles


def looks_like_error(name: str) -> bool:
    """Whether a header speaks of an uncertainty."""
    return bool(_ERROR_NAME.search(name))


def is_constant(column: Column) -> bool:
    """Equal to rounding."""
    values = column.values[np.isfinite(column.values)]
    return len(values) > 0 and float(np.ptp(values)) <= 1e-12 * float(np.max(np.abs(values)))


def prepare(table: Table) -> None:
    """What the widgets start from, once for a table."""
    state = st.session_state
    for name, role in default_roles(table).items():
        state.setdefault(key(table, name, "role"), role)
    for column in table.columns:
        state.setdefault(key(table, column.name, "unit"), "" if column.unit is None else column.unit.text)
        state.setdefault(key(table, column.name, "meaning"), column.description)


def set_role(table: Table, name: str, role: Role) -> None:
    """Give a column a part; whoever had a part there is only one of makes room. For callbacks."""
    st.session_state[key(table, name, "role")] = role
    make_room(table, name)


def make_room(table: Table, name: str) -> None:
    """After the part of a column has changed: nobody else has it, if there is one only."""
    role = st.session_state[key(table, name, "role")]
    for other in headers(table):
        mine = key(table, other, "role")
        if other != name and role in ALONE and st.session_state[mine] == role:
            st.session_state[mine] = "out" if other in table.texts else ALONE[role]


def set_cell(table: Table, name: str, what: str, value: str) -> None:
    """Write a unit or a meaning for the person. For callbacks."""
    st.session_state[key(table, name, what)] = value


def draw(table: Table) -> Edited:
    """The rows; the table as edited."""
    names = headers(table)
    shown = _page_of(names)
    with st.container(key="columns"):
        _heads()
        wrong = {name: problem for name in shown if (problem := _row(table, name))}
    for name, problem in wrong.items():
        st.error(f"{plain(name)}: {plain(problem)}")
    return edited(table)


def _page_of(names: list[str]) -> list[str]:
    """A part of a wide table."""
    if len(names) <= PAGE:
        return names
    count = -(-len(names) // PAGE)
    options = range(count)
    page = st.segmented_control(
        say("ui_data.columns"),
        list(options),
        default=0,
        required=True,
        format_func=lambda i: f"{i * PAGE + 1}–{min(len(names), (i + 1) * PAGE)}",
        key=f"{work().mark}-page",
    )
    return names[int(page or 0) * PAGE :][:PAGE]


def _heads() -> None:
    words = ("column_name", "column_role", "column_unit", "column_meaning", "column_range")
    for place, word in zip(st.columns(_SPREAD, gap="small"), words, strict=True):
        place.caption(say(f"ui_data.{word}"), help=say(f"ui_data.{word}_help"))


def _row(table: Table, name: str) -> str:
    """One line; what is wrong with its unit, "" if nothing."""
    left, part, unit, meaning, right = st.columns(_SPREAD, gap="small", vertical_alignment="center")
    left.markdown(f"**{plain(name)}**")
    options = ("group", "out") if name in table.texts else ROLES
    _pick(part, table, name, options)
    if name in table.texts:
        right.caption(say("ui_data.text_cells", count=len(set(table.texts[name]) - {""})))
        return ""
    told = _cell(unit, table, name, "unit", 60, "mm")
    _cell(meaning, table, name, "meaning", 300, say("ui_data.meaning_hint"))
    right.caption(_range(table[name]))
    return _unit_problem(told)


def _pick(place: st.delta_generator.DeltaGenerator, table: Table, name: str, options: tuple[Role, ...]) -> None:
    place.selectbox(
        f"{say('ui_data.column_role')}: {plain(name)}",  # not seen, but drawn all the same
        options,
        format_func=named("ui_data.role_", options),
        key=key(table, name, "role"),
        on_change=make_room,
        args=(table, name),
        label_visibility="collapsed",
        persist_state="session",
    )


def _cell(place: st.delta_generator.DeltaGenerator, table: Table, name: str, what: str, limit: int, hint: str) -> str:
    label = f"{say(f'ui_data.column_{what}')}: {plain(name)}"
    own = key(table, name, what)
    told = place.text_input(label, key=own, max_chars=limit, placeholder=hint, label_visibility="collapsed", persist_state="session")
    return (told or "").strip()


def _unit_problem(text: str) -> str:
    try:
        parse_unit(text or "1")
    except UnitError as error:
        return error.text(language())
    return ""


def _range(column: Column) -> str:
    values = column.shown[np.isfinite(column.values)]
    if not len(values):
        return "–"
    low, high = number_text(float(values.min())), number_text(float(values.max()))
    lost = len(column.values) - len(values)
    return (low if low == high else f"{low} … {high}") + (f" · {say('ui_data.missing', count=lost)}" if lost else "")


def edited(table: Table) -> Edited:
    """The table with what the widgets say; a unit that cannot be read changes nothing."""
    state = st.session_state
    columns = tuple(with_unit(c, state[key(table, c.name, "unit")], state[key(table, c.name, "meaning")]) for c in table.columns)
    return Edited(replace(table, columns=columns), {name: state[key(table, name, "role")] for name in headers(table)})


def with_unit(column: Column, text: str | None, meaning: str | None) -> Column:
    """The same measured numbers read in another unit; an empty one is an unknown one."""
    column = replace(column, description=(meaning or "").strip())
    text = (text or "").strip()
    if text == ("" if column.unit is None else column.unit.text) or _unit_problem(text):
        return column
    unit = parse_unit(text) if text else None
    return replace(column, unit=unit, values=column.shown if unit is None else unit.to_si(column.shown))
