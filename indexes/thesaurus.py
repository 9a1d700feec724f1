"""Everyday words of a question turned into the technical words the entries are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from indexes.texts import normal, stems

_FILE = Path(__file__).with_name("thesaurus.yaml")
_LONGEST = 4


@cache
def technical(text: str) -> tuple[str, ...]:
    """The technical words, both languages, of every everyday word in the text; in the order of the text's words."""
    return tuple(dict.fromkeys(word for said in _said(text) for word in said))


def _said(text: str) -> Iterator[tuple[str, ...]]:
    latin, japanese = _lines()
    words = stems(text)
    for start in range(len(words)):
        for size in range(1, _LONGEST + 1):
            yield latin.get(tuple(words[start : start + size]), ()) if start + size <= len(words) else ()
    plain = normal(text)
    yield from (meant for said, meant in japanese.items() if said in plain)


@cache
def _lines() -> tuple[Mapping[tuple[str, ...], tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """Stems of each English phrase, and each Japanese phrase, with what it means."""
    latin: dict[tuple[str, ...], tuple[str, ...]] = {}
    japanese: dict[str, tuple[str, ...]] = {}
    for line in yaml.load(_FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # noqa: S506
        for said in map(normal, line["say"]):
            if said.isascii():
                key = tuple(stems(said))
                latin[key] = (*latin.get(key, ()), *line["mean"])
            else:
                japanese[said] = (*japanese.get(said, ()), *line["mean"])
    return latin, japanese
