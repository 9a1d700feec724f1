"""The one string table: every sentence a person reads, in English and Japanese.

Tables are TOML files `strings/{en,ja}.toml`, keys dotted by section. A missing key is an error in tests, never a blank.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal, get_args

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
