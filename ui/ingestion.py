"""What the nightly job has done, and what it laid aside for a person."""

from __future__ import annotations

from itertools import islice

import pandas as pd
import streamlit as st

from corpus.quarantine import Held, Shelf
from indexes.nightly import Record, Records
from recommender.ingest_config import IngestConfig, inbox_folder, state_folder
from ui.access import tenant
from ui.words import language, plain, say

_RUNS = 15


def draw() -> None:
    """Runs, then shelves."""
    waiting = len(list(inbox_folder().glob("*.yaml"))) if inbox_folder().is_dir() else 0
    st.caption(say("ui_library.inbox", count=waiting))
    records = list(islice(Records(state_folder()).newest(), _RUNS))
    if not records:
        st.info(say("ingest.never"))
    else:
        st.table(pd.DataFrame(map(_line, records)), border="horizontal", hide_index=True)
    for name in ("quarantine", "review"):
        _shelf(name)


def _line(record: Record) -> dict[str, str]:
    told = {
        "started": record.started[:16].replace("T", " "),
        "outcome": say(f"ui_library.outcome_{record.outcome}"),
        "entries": f"{record.entries:,}",
        "added": f"{len(record.added):,}",
        "changed": f"{len(record.changed):,}",
        "removed": f"{len(record.removed):,}",
        "aside": f"{len(record.rejected) + len(record.drafts):,}",
    }
    return {say(f"ui_library.run_{key}"): plain(value) for key, value in told.items()}


def _shelf(name: str) -> None:
    """Items of this tenant only."""
    config, mine = IngestConfig.load(), ("public", tenant())
    held = [one for one in Shelf(state_folder() / name).items().values() if config.tenant_of(one.source) in mine]
    st.markdown(f"**{say(f'ui_library.{name}', count=len(held))}**", help=say(f"ui_library.{name}_help"))
    for one in held[:50]:
        _item(one)


def _item(one: Held) -> None:
    with st.expander(plain(f"{one.source} · {one.where}")):
        for reason in one.reasons:
            st.markdown(f"- {plain(reason.text(language()))}")
        st.code(one.text[:4000], language="yaml", wrap_lines=True)
        st.caption(f"{plain(one.id)} · {plain(one.since[:10])}")
