"""The one string table: every sentence a person reads, in English and Japanese.

Tables are TOML files `strings/{en,ja}.toml`, keys dotted by section. A missing key is an error in tests, never a blank.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def strings(language: Language) -> Mapping[str, str]:
    """Dotted key -> sentence template of one language."""
    raw = resources.files("corpus").joinpath(f"strings/{language}.toml").read_text(encoding="utf-8")
    return dict(_flatten("", tomllib.loads(raw)))


def _flatten(prefix: str, table: Mapping[str, object]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        rows += _flatten(f"{dotted}.", value) if isinstance(value, Mapping) else [(dotted, str(value))]
    return rows


def text(key: str, language: Language = "en", **values: object) -> str:
    """The sentence `key` in `language`, its {placeholders} filled.

    KeyError if the table lacks the key (a bug, found by the tests that walk the table).
    """
    return strings(language)[key].format_map(values)


def domain_name(domain: str, language: Language = "en") -> str:
    """`heat_transfer` in words; a field of the customer's own has the name they gave it."""
    return strings(language).get(f"domain.{domain}", domain.replace("_", " ").capitalize())


@dataclass(frozen=True)
class Sentence:
    """Something to tell a person: a key of the table and the values that fill it, in whatever language is asked for."""

    key: str
    values: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> Sentence:
        return cls(key, tuple(sorted(values.items())))

    def text(self, language: Language = "en") -> str:
        """The sentence; values that are sentences, or tuples of them, are put into the same language."""
        return text(self.key, language, **{name: _said(value, language) for name, value in self.values})

    def __str__(self) -> str:
        return self.text("en")

    def to_dict(self) -> dict[str, object]:
        """JSON form, with the English text for readers of the file."""
        return {"key": self.key, "values": {name: _plain(value) for name, value in self.values}, "en": self.text("en")}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sentence:
        """The sentence `to_dict` wrote; one that this version no longer says keeps its English words."""
        if data["key"] not in strings("en"):
            return cls.of("evidence.own", en=data["en"], ja=data["en"])
        return cls.of(data["key"], **{name: _unplain(value) for name, value in data["values"].items()})


def _said(value: object, language: Language) -> object:
    if isinstance(value, tuple):
        return text("list.separator", language).join(str(_said(item, language)) for item in value)
    return value.text(language) if isinstance(value, Sentence) else value


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.to_dict() if isinstance(value, Sentence) else value


def _unplain(value: object) -> object:
    if isinstance(value, list):
        return tuple(_unplain(item) for item in value)
    return Sentence.from_dict(value) if isinstance(value, Mapping) else value
