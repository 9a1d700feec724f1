"""The net below every page: what goes wrong in it is one sentence on the page, the log keeps the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from corpus.errors import RecommenderError
from ui.words import language, plain, say

_log = logging.getLogger(__name__)


def shielded(draw: Callable[[], None]) -> None:
    """Draw a page."""
    try:
        draw()
    except RecommenderError as error:
        st.error(plain(error.text(language())))
    except Exception as error:  # nobody sees a traceback
        _log.exception("page failed")
        st.error(say("ui.unexpected", kind=type(error).__name__))
