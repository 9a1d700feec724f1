"""Settings: which language models take part, what a run may take, what leaves this machine, and how the index is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from corpus.errors import RecommenderError
from indexes import embedder
from indexes.nightly import examine
from recommender.ingest_config import IngestConfig, state_folder
from recommender.llm import Member, Members, load_members
from recommender.llm.faults import missing_key
from recommender.settings import Settings, home
from ui import entries
from ui.access import is_guarded
from ui.privacy import is_local
from ui.shield import shielded
from ui.words import NAMES, language, plain, say

_EXPLAINED = ("search_time", "embedder", "golden")


def draw() -> None:
    """The page."""
    st.title(say("ui_page.settings"), anchor=False)
    try:
        members = load_members()
    except RecommenderError as error:
        st.error(plain(error.text(language())))
        members = Members(())
    _privacy(members)
    _members(members)
    _budgets(members)
    _index()


def _privacy(members: Members) -> None:
    st.subheader(say("ui_settings.privacy"), anchor=False)
    outside = [member.name for member in members.members if not is_local(member)]
    if outside:
        st.warning(say("ui.privacy_outside_help", names=plain(", ".join(outside))), icon=":material/cloud_upload:")
    else:
        st.success(say("ui.privacy_local_help"), icon=":material/lock:")
    st.caption(say("ui_settings.sign_in_on" if is_guarded() else "ui_settings.sign_in_off"))


def _members(members: Members) -> None:
    st.subheader(say("ui_settings.members"), anchor=False)
    if not members.members:
        st.info(say("ui_settings.no_members", path=plain(str(home() / "settings.toml"))))
        return
    with st.spinner(say("ui_settings.looking")):
        rows = [_member(member) for member in members.members]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def _member(member: Member) -> dict[str, str]:
    """A key is only ever said to be there or not."""
    lacking = missing_key(member)
    told = {
        "name": member.name,
        "model": member.model,
        "role": member.role,
        "place": say("ui_settings.local" if is_local(member) else "ui_settings.outside"),
        "key": say("ui_settings.key_there") if lacking is None else say("ui_settings.key_missing"),
        "calls": str(member.max_calls),
        "cost": say("ui_settings.no_limit") if member.max_cost is None else f"{member.max_cost:g} USD",
    }
    return {say(f"ui_settings.{key}"): plain(value) for key, value in told.items()}


def _budgets(members: Members) -> None:
    st.subheader(say("ui_settings.budgets"), anchor=False)
    settings = Settings.load()
    place = settings.store_url.rpartition("@")[2] if settings.store_url else str(home() / "runs.sqlite")
    _facts(
        {
            "search_time": settings.search_time,
            "cap_calls": str(members.caps.calls),
            "cap_cost": say("ui_settings.no_limit") if members.caps.cost is None else f"{members.caps.cost:g} USD",
            "cap_seconds": f"{members.caps.seconds:g} s",
        }
        | ({} if is_guarded() else {"store": place})  # no business of those who only sign in
    )
    st.caption(say("ui_settings.how", path=plain(str(home() / "settings.toml"))))


def _index() -> None:
    st.subheader(say("ui_settings.index"), anchor=False)
    with st.spinner(say("ui_library.opening")):
        retriever = entries.retriever()
        manifest = retriever.snapshot.manifest
    _facts(
        {
            "entries": f"{manifest.entries:,}",
            "built": manifest.built[:16].replace("T", " "),
            "embedder": str(manifest.embedder),
            "golden": ", ".join(f"{NAMES.get(name, name)} {100 * value:.0f} %" for name, value in manifest.golden.items()) or "–",
        }
    )
    for problem in retriever.problems:
        st.warning(plain(problem.text(language())))
    if st.button(say("ui_settings.check"), key="check-index"):
        _health(manifest.embedder.name)


def _health(name: str) -> None:
    """What `formula ingest status` says."""
    from indexes.home import index_folder

    config = IngestConfig.load()
    found = examine(state_folder(), index_folder(), embedder(name), stale_hours=config.stale_hours)
    if found.is_well:
        st.success(say("ui_settings.well"))
    for finding in found.findings:
        st.warning(plain(finding.text(language())))


def _facts(rows: Mapping[str, str]) -> None:
    with st.container(gap="xsmall"):
        for key, value in rows.items():
            words = say(f"ui_settings.{key}_help") if key in _EXPLAINED else None
            st.markdown(f"{say(f'ui_settings.{key}')}: **{plain(value)}**", help=words)


if __name__ == "__main__":
    shielded(draw)
