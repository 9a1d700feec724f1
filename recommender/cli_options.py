"""How options of the command line are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Lang = Literal["en", "ja"]
LangOption = Annotated[Lang, typer.Option("--lang", help="Language of the answer.")]
MembersOption = Annotated[
    Path | None, typer.Option("--members", help="TOML file of language models that take part; the one of the settings if not given.")
]


def pairs(items: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE` items by name. SettingsError for one without `=`."""
    from corpus.errors import SettingsError

    found = {}
    for item in items or ():
        name, equals, value = item.partition("=")
        if not equals:
            raise SettingsError("pair_expected", item=item)
        found[name.strip()] = value.strip()
    return found
