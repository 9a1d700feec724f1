"""The YAML files of a folder, each a list of whole entries: how the packaged corpus is stored, and accepted discoveries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import EntryError
from corpus.sources._base import Collected
from corpus.sources._entry import strict
from corpus.sources._files import files_below, read_text
from corpus.sources._yaml import yaml_items


@dataclass(frozen=True)
class FolderSource:
    """Every `*.yaml` below a folder. An item is an entry or rejected: nothing is guessed."""

    folder: Path
    name: str = "folder"

    def collect(self, since: float | None = None) -> Iterator[Collected]:
        for path, shown in files_below(self.folder, since):
            if path.suffix == ".yaml":
                yield from read_yaml(path, shown)


def read_yaml(path: Path, shown: str) -> Iterator[Collected]:
    """The items of one file, each with its line."""
    try:
        for line, text, value in yaml_items(read_text(path)):
            yield strict(value, f"{shown}:{line}", text)
    except EntryError as error:
        yield Collected.rejected(shown, error.sentence)
