"""Who is asked: an ensemble as one TOML file.

    [caps]                      # of one run; each may be left out
    calls = 40
    cost = 0.50                 # US dollars
    seconds = 120
    together = 4                # members asked in one round, those that were worth most first

    [[member]]
    name = "quick"
    model = "openai/gpt-4.1-mini"      # provider/model, as LiteLLM names it
    role = "proposer, editor"          # one is learned to be chosen; by default among all

    [[member]]
    name = "local"
    model = "openai/qwen2.5-coder"     # any OpenAI-compatible server
    api_base = "http://127.0.0.1:8080/v1"

Keys stand in the environment only: `api_key_env` names the variable, by default the provider's usual one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from corpus.language import LANGUAGES
from recommender.llm._base import Member
from recommender.llm.roles import roles_of
from recommender.settings import Settings

MAX_MEMBERS = 32
_NUMBERS = {
    "temperature": (0.0, 2.0),
    "timeout": (0.1, 3600.0),
    "max_tokens": (1, 200_000),
    "context": (0, 10_000_000),
    "max_calls": (0, 10_000),
    "max_cost": (0.0, 1e6),
}
_LIMITS = {"calls": (0, 100_000), "cost": (0.0, 1e6), "seconds": (0.1, 86_400.0), "together": (1, MAX_MEMBERS)}


@dataclass(frozen=True)
class Caps:
    """What all members together may take in one run: calls, US dollars (None: no cap), seconds from the first call on; together: members
    asked in one round."""

    calls: int = 60
    cost: float | None = None
    seconds: float = 180.0
    together: int = 8


@dataclass(frozen=True)
class Members:
    """An ensemble and its caps."""

    members: tuple[Member, ...]
    caps: Caps = Caps()


def load_members(path: str | Path | None = None) -> Members:
    """The ensemble of a file, by default the one the setting `members` names; none is an empty one.

    SettingsError says what is wrong in the file, and the cure.
    """
    named = path or Settings.load().members
    if not named:
        return Members(())
    file = Path(named).expanduser()
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError("settings_unreadable", path=file, reason=error) from None
    return read_members(told, str(file))


def first_member(path: Path) -> Member:
    """The member of a file that is asked where one is enough. SettingsError if it has none, or what `load_members` raises."""
    found = load_members(path).members
    if not found:
        raise SettingsError("members_none", path=path)
    return found[0]


def read_members(told: Mapping[str, Any], where: str) -> Members:
    """The ensemble a parsed TOML tells of."""
    _check_names(told, ("member", "caps"), where)
    rows = told.get("member", [])
    if not isinstance(rows, list) or len(rows) > MAX_MEMBERS:
        raise SettingsError("members_list", path=where, limit=MAX_MEMBERS)
    members = tuple(_member(row, where) for row in rows)
    check_distinct(members, where)
    return Members(members, _caps(told.get("caps", {}), where))


def check_distinct(members: Iterable[Member], where: str) -> None:
    """SettingsError if two members share a name: who voted must be known."""
    names = [member.name for member in members]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError("members_twice", path=where, name=twice)


def _member(row: Mapping[str, Any], where: str) -> Member:
    known = {field.name: field for field in fields(Member)}
    _check_names(row, known, where)
    for name in ("name", "model"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise SettingsError("members_missing", path=where, name=name)
    if "/" not in row["model"]:
        raise SettingsError("members_model", path=where, name=row["name"], model=row["model"])
    values = {name: _value(name, value, f"{where}: {row['name']}") for name, value in row.items()}
    member = Member(**values)
    roles_of(member.role)
    if member.language not in LANGUAGES:
        raise SettingsError("settings_value", name="language", value=member.language[:40], allowed=", ".join(LANGUAGES))
    _check_places(member, where)
    return member


def _check_places(member: Member, where: str) -> None:
    """A key pasted where its variable's name belongs would be stored with every run."""
    if member.api_key_env and not re.fullmatch(r"[A-Z][A-Z0-9_]{0,80}", member.api_key_env):
        raise SettingsError("members_key", path=where, name=member.name)
    if member.api_base and not re.fullmatch(r"https?://[^\s@?#]+", member.api_base):
        raise SettingsError("members_base", path=where, name=member.name)


def _value(name: str, value: Any, where: str) -> Any:
    if name not in _NUMBERS:
        if not isinstance(value, str):
            raise SettingsError("members_value", path=where, name=name, allowed="text")
        return value
    low, high = _NUMBERS[name]
    return _number(name, value, low, high, where)


def _caps(told: Mapping[str, Any], where: str) -> Caps:
    _check_names(told, _LIMITS, where)
    return Caps(**{name: _number(name, value, *_LIMITS[name], where) for name, value in told.items()})


def _number(name: str, value: Any, low: float, high: float, where: str) -> Any:
    whole = isinstance(low, int) and isinstance(high, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        raise SettingsError("members_value", path=where, name=name, allowed=f"{low:g} ... {high:g}")
    return value


def _check_names(told: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    known = tuple(known)
    strange = next((name for name in told if name not in known), None)
    if strange is not None:
        raise SettingsError("settings_unknown", path=where, name=strange, known=", ".join(known))
