"""Who looks: sign-in by OpenID Connect where the operator has set it up, and the tenant that every query is held to."""

from __future__ import annotations

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from recommender.settings import Settings
from ui.words import plain, say


def is_guarded() -> bool:
    """Whether `secrets.toml` has a section `auth`."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def signed_in() -> bool:
    """Whether the pages may be shown; draws the door where they may not."""
    if not is_guarded() or st.user.get("is_logged_in"):
        return True
    st.title(say("ui.title"), anchor=False)
    st.markdown(say("ui.sign_in_words"))
    st.button(say("ui.sign_in"), on_click=st.login, type="primary", key="sign-in")
    return False


def person() -> str:
    """The address of who is signed in, "" where nobody has to."""
    return str(st.user.get("email") or st.user.get("sub") or "") if is_guarded() else ""


def tenant() -> str:
    """Whose runs and entries are shown: the signed-in person's, else those of this installation."""
    return person() or Settings.load().tenant


def who() -> None:
    """Name and the way out, at the foot of the sidebar."""
    if person():
        st.caption(plain(person()))
        st.button(say("ui.sign_out"), on_click=st.logout, key="sign-out")
