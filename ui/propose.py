"""A new entry for the library, written on the page, checked on the spot, and put into the inbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from corpus.entry import Entry, violations
from corpus.errors import RecommenderError
from corpus.formula import parse
from corpus.inbox import Acceptance, accept
from recommender.ingest_config import inbox_folder
from ui import entries
from ui.access import person, tenant
from ui.words import language, named, plain, say

_WORDS = ("name_en", "name_ja", "description_en", "description_ja", "domain", "source", "validity_en", "validity_ja")


def draw() -> None:
    """Formula first; its symbols then wait to be told."""
    st.caption(say("ui_library.propose_words"))
    target, body = _formula()
    if not body:
        return
    try:
        found = parse(body, ())
    except RecommenderError as error:
        st.error(plain(error.text(language())))
        return
    symbols = _symbols(target, sorted({*found.variables, *found.parameters}))
    told = _told()
    entry = _checked(_fields(told, target, body, symbols))
    if entry is not None:
        st.success(say("ui_library.valid"), icon=":material/check_circle:")
        st.markdown(rf"$\displaystyle {entries.latex(entry)}$")
    _hand_in(entry, told["source"])


def _formula() -> tuple[str, str]:
    label, words = say("ui_library.formula"), say("ui_library.formula_help")
    text = st.text_input(label, key="new-formula", placeholder="P = eta*V*I", max_chars=400, help=words, persist_state="session") or ""
    target, equals, body = text.partition("=")
    if text and not equals:
        st.error(say("ui_library.no_target"))
        return "", ""
    return target.strip(), body.strip()


def _symbols(target: str, names: list[str]) -> pd.DataFrame:
    """Every symbol with its part, meanings and unit."""
    rows = [{"symbol": name, "part": "target" if name == target else "variable"} for name in (target, *names)]
    frame = pd.DataFrame(rows).assign(meaning_en="", meaning_ja="", unit="")
    parts = ("target", "variable", "parameter")
    words = named("ui_library.part_", parts)
    config: dict[str, Any] = {
        "symbol": st.column_config.TextColumn(say("ui_library.symbol"), disabled=True, width="small"),
        "part": st.column_config.SelectboxColumn(
            say("ui_library.part"), options=parts, required=True, format_func=lambda one: words(str(one))
        ),
        "meaning_en": st.column_config.TextColumn(say("ui_library.meaning_en"), width="large"),
        "meaning_ja": st.column_config.TextColumn(say("ui_library.meaning_ja"), width="large"),
        "unit": st.column_config.TextColumn(say("ui_library.unit"), width="small", help=say("ui_library.unit_help")),
    }
    key = f"new-symbols-{target}-{'-'.join(names)}"
    return pd.DataFrame(st.data_editor(frame, column_config=config, hide_index=True, key=key, alt=say("ui_library.symbols"))).fillna("")


def _told() -> dict[str, str]:
    told: dict[str, str] = {}
    for place, name in zip(st.columns(2, gap="medium") * 4, _WORDS, strict=False):
        with place:
            told[name] = (st.text_input(say(f"ui_library.{name}"), key=f"new-{name}", max_chars=400, persist_state="session") or "").strip()
    return told


def _fields(told: Mapping[str, str], target: str, body: str, symbols: pd.DataFrame) -> dict[str, Any]:
    """What `Entry` takes."""
    rows = symbols.astype(str).to_dict("records")
    parts: dict[str, list[dict[str, Any]]] = {"target": [], "variable": [], "parameter": []}
    for row in rows:
        own = "target" if row["symbol"] == target else "variable" if row["part"] == "target" else row["part"]
        words = {"en": row["meaning_en"].strip(), "ja": row["meaning_ja"].strip()}
        unit = row["unit"].strip() or "any"
        parts[own].append({"symbol": row["symbol"], "meaning" if own == "parameter" else "quantity": words, "unit": unit})
    domain = re.sub(r"[^a-z0-9]+", "_", told["domain"].lower()).strip("_") or "own"
    slug = re.sub(r"[^a-z0-9]+", "_", told["name_en"].lower()).strip("_") or "formula"
    validity = {"en": told["validity_en"], "ja": told["validity_ja"]}
    return {
        "id": f"{domain}.{slug}",
        "name": {"en": told["name_en"], "ja": told["name_ja"]},
        "description": {"en": told["description_en"], "ja": told["description_ja"]},
        "domain": domain,
        "formula": body,
        "target": parts["target"][0] if parts["target"] else {},
        "variables": parts["variable"],
        "parameters": parts["parameter"],
        "source": told["source"],
        **({"validity": validity} if all(validity.values()) else {}),
    }


def _checked(fields: Mapping[str, Any]) -> Entry | None:
    """The entry, or None with every rule that it breaks on the page."""
    try:
        entry = Entry.model_validate(fields)
    except ValidationError as error:
        told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    else:
        told = list(violations(entry))
    missing = [say(f"ui_library.{name}") for name in ("name", "description") if not all(fields[name].values())]
    told += [say("ui_library.missing", what=", ".join(missing))] if missing else []
    if told:
        st.warning("\n".join([say("ui_library.not_yet"), "", *(f"- {plain(one)}" for one in told[:8])]))
        return None
    return entry


def _hand_in(entry: Entry | None, source: str) -> None:
    who = person() or (st.text_input(say("ui_cards.person"), key="new-person", max_chars=80) or "").strip()
    ready = entry is not None and bool(who) and bool(source)
    if st.button(say("ui_library.hand_in"), type="primary", key="hand-in", disabled=not ready) and entry is not None:
        accept(entry, inbox_folder(), Acceptance(who, say("ui_library.by_hand"), tenant=tenant()))
        st.success(say("ui_library.handed_in"))
