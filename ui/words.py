"""Text on the page: the string table in the reader's language, and foreign words made inert."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from corpus.language import LANGUAGES, Language, text

NAMES = {"ja": "日本語", "en": "English"}
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count in Japanese spreadsheets
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")


def language() -> Language:
    """The language chosen on the page; before that the browser's, if we speak it."""
    chosen = st.session_state.get("language")
    browser: Language = "ja" if (st.context.locale or "").startswith("ja") else "en"
    return chosen if chosen in LANGUAGES else browser


def zone() -> ZoneInfo:
    """The reader's time zone; UTC where the browser does not say a known one."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def say(key: str, **values: object) -> str:
    """A sentence of the string table in the reader's language."""
    return text(key, language(), **values)


def named(prefix: str, names: Iterable[str]) -> Callable[[str], str]:
    """What stands for each of some names in a widget: the sentences `prefix` + name, in the language of this drawing."""
    shown = {name: say(f"{prefix}{name}") for name in names}
    return lambda name: shown.get(name, name)


def cell(words: str) -> str:
    """Foreign words for a grid, which can be downloaded as CSV: no spreadsheet takes them for a formula."""
    return f"'{words}" if words.lstrip(" \u3000").startswith(_ACTIVE) else words


def plain(words: str) -> str:
    """Words of a table, a formula or the corpus as Markdown that shows them as they are: no link, image, colour or mathematics."""
    return _MARKUP.sub(r"\\\1", re.sub(r"[ \t\r\n]+", " ", words))
