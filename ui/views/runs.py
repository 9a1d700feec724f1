"""Runs and reports: everything recorded, one opened again, two compared, all of it to take away."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from recommender.store import RunSummary
from ui import history, launch
from ui.access import tenant
from ui.shield import shielded
from ui.words import cell, plain, say, zone
from ui.work import work

_LIMIT = 200


def draw() -> None:
    """The page."""
    st.title(say("ui_page.runs"), anchor=False)
    rows = launch.store().runs(_LIMIT, tenant())
    if not rows:
        st.info(say("ui_runs.none"))
        st.page_link("views/data.py", label=say("ui.to_data"), icon=":material/table_chart:")
        return
    chosen = _choose(rows)
    if len(chosen) == 2:
        history.compare(*(launch.store().run(row.id, tenant()) for row in chosen))
    elif chosen:
        _open(chosen[0])


def _choose(rows: Sequence[RunSummary]) -> list[RunSummary]:
    """One or two of the list; the run looked at, or the newest, while nothing is picked."""
    frame = pd.DataFrame([_line(row) for row in rows])
    st.caption(say("ui_runs.pick", zone=plain(zone().key)))
    height = min(420, 38 + 35 * len(rows))
    event = st.dataframe(frame, hide_index=True, height=height, on_select="rerun", selection_mode="multi-row", key="runs-rows")
    picked = [rows[i] for i in event.selection.rows if i < len(rows)][:2]
    return picked or [next((row for row in rows if row.id == launch.current()), rows[0])]


def _line(row: RunSummary) -> dict[str, str | int | None]:
    told: dict[str, str | int | None] = {
        "started": f"{row.started.astimezone(zone()):%Y-%m-%d %H:%M}",
        "table": cell(row.table_name),
        "target": cell(row.target),
        "state": say(f"ui_runs.state_{row.status}"),
        "seconds": None if row.finished is None else round((row.finished - row.started).total_seconds()),
        "best": cell(row.best or ""),
    }
    return {say(f"ui_runs.{key}"): value for key, value in told.items()}


def _open(row: RunSummary) -> None:
    work().run = row.id
    st.query_params["run"] = row.id
    st.subheader(f"{plain(row.target)} · {plain(row.table_name)}", anchor=False)
    with st.container(horizontal=True):
        if st.button(say("ui_run.to_candidates"), type="primary", key="open", icon=":material/function:", disabled=row.best is None):
            launch.go("candidates")
        if row.finished is None and st.button(say("ui_cards.to_run"), key="watch", icon=":material/play_circle:"):
            launch.go("run")
    history.show(launch.store().run(row.id, tenant()))


if __name__ == "__main__":
    shielded(draw)
