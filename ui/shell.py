"""What every page has around it: sign-in, the list of pages, the language, what leaves this machine, and a net for errors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import launch
from ui.access import signed_in, who
from ui.privacy import badge
from ui.words import NAMES, language, plain, say

_HERE = Path(__file__).parent
_ICON = str(_HERE / "icon.png")  # a file of ours: named page icons are fetched from the network
_STYLE = (_HERE / "style.css").read_text(encoding="utf-8")
_PAGES = {
    "data": ":material/table_chart:",
    "run": ":material/play_circle:",
    "candidates": ":material/function:",
    "refine": ":material/forum:",
    "library": ":material/menu_book:",
    "runs": ":material/history:",
    "settings": ":material/tune:",
}


def main() -> None:
    """One page of the app."""
    st.set_page_config(page_title=say("ui.title"), page_icon=_ICON, layout="wide", initial_sidebar_state=270)
    words = {"button": say("ui_data.upload_button"), "limit": say("ui_data.upload_limit")}
    st.html(f"<style>{_STYLE.replace('%button%', words['button']).replace('%limit%', words['limit'])}</style>")
    st.session_state.setdefault("language", language())
    if not signed_in():
        return
    page = st.navigation([_page(name) for name in _PAGES], expanded=True)  # sections would break the list for screen readers
    with st.sidebar:
        _sidebar()
    page.run()


def _page(name: str) -> st.Page:
    """A file below `views`: in a folder called `pages` Streamlit would serve it by itself, before the door, to whoever comes first."""
    return st.Page(_HERE / "views" / f"{name}.py", title=say(f"ui_page.{name}"), icon=_PAGES[name], url_path=name, default=name == "data")


def _sidebar() -> None:
    table = launch.table_at_hand()
    with st.container(border=True, key="at-hand"):
        st.caption(say("ui.table_at_hand"))
        st.markdown(f"**{plain(table.name)}**" if table is not None else say("ui.no_table"))
        if table is not None:
            st.caption(say("ui.size", rows=len(table), columns=len(table.columns)))
    badge()
    st.segmented_control(
        say("ui.language"), list(NAMES), format_func=NAMES.__getitem__, key="language", required=True, persist_state="session"
    )
    who()
