"""The last good reading of each source: what stands in while a source cannot be read, and what `since` adds to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from corpus import atomic
from corpus.entry import Entry
from corpus.ingest import Reading, read
from corpus.language import Sentence
from corpus.sources import Collected, Source

_PLACE_IN_FILE = re.compile(r"(:\d+|, .*)$")


class Readings:
    """One file of JSON lines per source, below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, source: Source, since: float | None = None, *, keep: bool = True) -> Reading:
        """Read a source, or where it is not there its last good reading, with the problem told.

        since: POSIX time; files older than that are not read again. keep: remember this reading.
        """
        found = read(source, since)
        if found.problem is not None:
            return Reading(source.name, self.last(source.name), found.problem)
        if since is not None:
            found = Reading(source.name, _renewed(self.last(source.name), found.items))
        if keep:
            atomic.write(self._path(source.name), "".join(f"{_line(item)}\n" for item in found.items))
        return found

    def last(self, source: str) -> list[Collected]:
        """Nothing if there was no reading yet, or its file is damaged."""
        try:
            return [_item(json.loads(line)) for line in self._path(source).read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _path(self, source: str) -> Path:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", source)[:60]
        return self._folder / f"{plain}-{hashlib.sha256(source.encode()).hexdigest()[:8]}.jsonl"


def _renewed(old: Iterable[Collected], new: Sequence[Collected]) -> list[Collected]:
    """What was read, and of the files not read again what they held."""
    files = {_file(item.where) for item in new}
    return [*(item for item in old if _file(item.where) not in files), *new]


def _file(where: str) -> str:
    return _PLACE_IN_FILE.sub("", where)


def _line(item: Collected) -> str:
    told = {
        "where": item.where,
        "entry": item.entry and item.entry.model_dump(mode="json"),
        "missing": [sentence.to_dict() for sentence in item.missing],
        "reason": item.reason and item.reason.to_dict(),
        "raw": item.raw,
    }
    return json.dumps(told, default=str)


def _item(told: dict[str, Any]) -> Collected:
    return Collected(
        told["where"],
        told["entry"] and Entry.model_validate(told["entry"]),
        tuple(map(Sentence.from_dict, told["missing"])),
        told["reason"] and Sentence.from_dict(told["reason"]),
        told["raw"],
    )
