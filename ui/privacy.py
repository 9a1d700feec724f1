"""The badge that tells what leaves this machine: nothing, unless a language model elsewhere is asked."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from corpus.errors import RecommenderError
from recommender.llm import Member, load_members
from ui.words import language, plain, say

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_local(member: Member) -> bool:
    """Whether a member is served by this very machine."""
    return urlsplit(member.api_base).hostname in _LOOPBACK


def first_member() -> Member | None:
    """The language model that reads requests and is talked to; None if there is none, or the badge says what is wrong with the file."""
    try:
        members = load_members().members
    except RecommenderError:
        return None
    return members[0] if members else None


def badge() -> None:
    """In sight on every page."""
    try:
        members = load_members().members
    except RecommenderError as error:
        st.badge(say("ui.privacy_local"), color="green", icon=":material/lock:", help=plain(error.text(language())))
        return
    outside = [member.name for member in members if not is_local(member)]
    if outside:
        names = plain(", ".join(outside))
        st.badge(
            say("ui.privacy_outside"), color="orange", icon=":material/cloud_upload:", help=say("ui.privacy_outside_help", names=names)
        )
    else:
        st.badge(say("ui.privacy_local"), color="green", icon=":material/lock:", help=say("ui.privacy_local_help"))
