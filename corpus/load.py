"""Reading entries from YAML files, each item with its file and line; a bad item never stops the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from corpus.entry import Entry
from corpus.errors import EntryError

SEED_FOLDER = Path(__file__).parent / "formulas"
MAX_FILE_BYTES = 2_000_000


@dataclass(frozen=True)
class Located:
    """An entry, or why there is none, and where it stands (`file:line`)."""

    where: str
    entry: Entry | None
    problem: str = ""


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases (no bombs) and without duplicate keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) != len(keys):
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: a key stands twice")
        return super().construct_mapping(node, deep)


def read_folder(folder: Path) -> Iterator[Located]:
    """Every item of every `*.yaml` below the folder, files in the order of their names."""
    for path in sorted(folder.rglob("*.yaml")):
        yield from read_file(path, path.relative_to(folder).as_posix())


def read_file(path: Path, shown: str) -> Iterator[Located]:
    """The items of one file."""
    if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
        yield Located(shown, None, "is a link or larger than 2 MB")
        return
    try:
        node = _Loader(path.read_text(encoding="utf-8")).get_single_node()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        yield Located(shown, None, f"cannot be read as YAML: {str(error).splitlines()[0]}")
        return
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield _read_item(item, f"{shown}:{item.start_mark.line + 1}")


def _read_item(node: yaml.Node, where: str) -> Located:
    try:
        constructor = _Loader("")
        return Located(where, Entry.model_validate(constructor.construct_document(node)))
    except ValidationError as error:
        first = error.errors()[0]
        return Located(where, None, f"{'.'.join(map(str, first['loc']))}: {first['msg']} ({error.error_count()} in all)")
    except (yaml.YAMLError, RecursionError) as error:
        return Located(where, None, str(error).splitlines()[0])


@cache
def seed_entries() -> tuple[Entry, ...]:
    """The entries that come with the package. EntryError if one of them cannot be read."""
    items = list(read_folder(SEED_FOLDER))
    for item in items:
        if item.entry is None:
            raise EntryError("entry_unreadable", where=item.where, problem=item.problem)
    return tuple(item.entry for item in items if item.entry is not None)
