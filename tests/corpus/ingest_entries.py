"""Small entries and files for the tests of what is taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corpus.entry import Entry
from corpus.inbox import as_yaml


def entry(identifier: str = "lab.gain", formula: str = "G*Vi", **more: Any) -> Entry:
    """Output voltage of an amplifier, by a law of one's own."""
    symbols = more.pop("symbols", ("Vo", "Vi", "G"))
    fields = {
        "id": identifier,
        "name": {"en": "Amplifier gain", "ja": "増幅器の利得"},
        "description": {"en": "Output grows with input.", "ja": "出力は入力に比例する。"},
        "domain": identifier.split(".")[0],
        "formula": formula,
        "target": {"symbol": symbols[0], "quantity": {"en": "output voltage", "ja": "出力電圧"}, "unit": "V"},
        "variables": [{"symbol": symbols[1], "quantity": {"en": "input voltage", "ja": "入力電圧"}, "unit": "mV"}],
        "parameters": [{"symbol": symbols[2], "meaning": {"en": "gain", "ja": "利得"}, "unit": "1"}],
        "source": "own",
    }
    return Entry.model_validate(fields | more)


def write(folder: Path, *entries: Entry, name: str = "all.yaml", more: str = "") -> Path:
    """A file of the entries, with some text below."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(map(as_yaml, entries)) + more, encoding="utf-8")
    return path
