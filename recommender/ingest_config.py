"""What the nightly job of this installation takes in: `ingest.toml` in the home folder.

    webhook = "https://chat.example.com/hook"    # told when a run fails; or the environment's FORMULA_INGEST_WEBHOOK
    stale_hours = 30                             # `formula ingest status` complains after so long without a good run

    [[source]]
    kind = "drop"                                # YAML, CSV, JSON, Markdown, LaTeX, text, PDF, Word
    folder = "/srv/formulas"
    tenant = "acme"                              # the setting `tenant` if not given

    [[source]]
    kind = "sql"
    name = "lab"
    url = "env:LAB_DATABASE"                     # an address, or the environment variable that holds it
    query = "SELECT * FROM formulas"
    columns = {title = "name_en"}                # where the query's columns are named otherwise

    [[source]]
    kind = "folder"                              # YAML files of whole entries, each with the tenant it states
    folder = "/srv/corpus"

Without the file there are the formulas of the package, the inbox, and the folder `drop` in the home folder.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from corpus.inbox import Inbox
from corpus.sources import Source
from indexes.nightly import STALE_HOURS
from indexes.nightly.webhook import checked
from recommender.settings import PREFIX, Settings, home

FILE = "ingest.toml"
_ENVIRONMENT = "env:"
_FIELDS = {"drop": {"folder", "tenant", "name"}, "folder": {"folder", "name"}, "sql": {"url", "query", "columns", "tenant", "name"}}


@dataclass(frozen=True)
class IngestConfig:
    """Sources in order of precedence, where to tell of a failure ("" tells nobody), and when a good run is too long ago."""

    sources: tuple[Source, ...]
    webhook: str = ""
    stale_hours: float = STALE_HOURS

    @classmethod
    def load(cls) -> IngestConfig:
        """SettingsError if the file cannot be read, names something unknown, or a value is not allowed."""
        told = _read(home() / FILE)
        listed = told.pop("source", [])
        written = told.pop("webhook", "")
        webhook = os.environ.get(f"{PREFIX}INGEST_WEBHOOK") or written
        hours = told.pop("stale_hours", STALE_HOURS)
        if unknown := next(iter(told), None):
            raise SettingsError("settings_value", name=FILE, value=unknown, allowed="source, stale_hours, webhook")
        if isinstance(hours, bool) or not isinstance(hours, int | float) or hours <= 0:
            raise SettingsError("settings_value", name="stale_hours", value=hours, allowed="> 0")
        if webhook:
            checked(str(webhook))
        return cls(_sources(listed), str(webhook), float(hours))

    def tenant_of(self, source: str) -> str:
        """Whose the items of a source are that do not say it themselves."""
        found = (getattr(item, "tenant", None) for item in self.sources if item.name == source)
        return next(filter(None, found), Settings.load().tenant)


def inbox_folder() -> Path:
    """Where accepted entries are written."""
    return home() / "inbox"


def drop_folder() -> Path:
    """Where files with formulas may be dropped."""
    return home() / "drop"


def state_folder() -> Path:
    """The nightly job's own folder: lock, log, records, quarantine, review."""
    return home() / "ingest"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError("settings_unreadable", path=path, reason=error) from None


def _sources(listed: object) -> tuple[Source, ...]:
    if not isinstance(listed, list):
        raise SettingsError("settings_value", name="source", value=listed, allowed="[[source]]")
    drop = {"kind": "drop", "folder": str(drop_folder()), "name": "drop"}
    found = (Inbox(inbox_folder()), *(_source(fields) for fields in (drop, *listed)))
    names = [source.name for source in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError("settings_value", name="source.name", value=twice, allowed="one name per source")
    return found


def _source(fields: Mapping[str, Any]) -> Source:
    from corpus.sources import DropFolder, FolderSource, SqlSource

    told = dict(fields)
    kind = str(told.pop("kind", ""))
    columns = told.pop("columns", {}) if kind == "sql" else {}
    if kind not in _FIELDS:
        raise SettingsError("settings_value", name="source.kind", value=kind, allowed=", ".join(_FIELDS))
    for name, value in [*told.items(), *_pairs(columns)]:
        if name not in _FIELDS[kind] or not isinstance(value, str) or not value.strip():
            raise SettingsError("settings_value", name=f"source.{name}", value=value, allowed=", ".join(sorted(_FIELDS[kind])))
    tenant = told.get("tenant") or Settings.load().tenant
    if kind == "sql":
        return SqlSource(_address(_given(told, "url")), _given(told, "query"), columns, tenant, told.get("name", "sql"))
    folder = Path(_given(told, "folder")).expanduser()
    name = told.get("name", str(folder))
    return DropFolder(folder, tenant, name) if kind == "drop" else FolderSource(folder, name)


def _pairs(columns: object) -> list[tuple[str, object]]:
    return [("columns", value) for value in columns.values()] if isinstance(columns, Mapping) else [("columns", columns)]


def _given(told: Mapping[str, str], name: str) -> str:
    if name not in told:
        raise SettingsError("settings_value", name=f"source.{name}", value="", allowed="a text")
    return told[name]


def _address(url: str) -> str:
    """The address, or what the environment variable it names holds: a password need not stand in a file."""
    if not url.startswith(_ENVIRONMENT):
        return url
    value = os.environ.get(url.removeprefix(_ENVIRONMENT))
    if not value:
        raise SettingsError("settings_value", name="source.url", value=url, allowed="a variable that is set")
    return value
