"""Reading entries from YAML files, each item with its file and line; a bad item never stops the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from corpus.entry import Entry
from corpus.errors import EntryError

SEED_FOLDER = Path(__file__).parent / "formulas"
MAX_FILE_BYTES = 2_000_000
_MAX_NESTING = 20


@dataclass(frozen=True)
class Located:
    """An entry, or why there is none, and where it stands (`file:line`)."""

    where: str
    entry: Entry | None
    problem: str = ""


if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:  # the C parser is ten times as fast
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Safe YAML without duplicate keys; give it only text that `_check_events` has passed."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) < len(node.value):
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: a key is not a plain word")
        twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is not None:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the key {twice} stands twice")
        return super().construct_mapping(node, deep)


def _check_events(text: str) -> None:
    """Refuse aliases (bombs), tags, and deep nesting, which the C parser's recursion would not survive."""
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        trouble = (
            "aliases are not allowed"
            if isinstance(event, yaml.AliasEvent)
            else "tags are not allowed"
            if getattr(event, "tag", None) is not None
            else f"nested more than {_MAX_NESTING} levels deep"
            if depth > _MAX_NESTING
            else ""
        )
        if trouble:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise yaml.YAMLError(f"line {line}: {trouble}")


def read_folder(folder: Path) -> Iterator[Located]:
    """Every item of every `*.yaml` below the folder, files in the order of their names. EntryError if there is no such folder."""
    if not folder.is_dir():
        raise EntryError("no_folder", folder=folder)
    for path in sorted(folder.rglob("*.yaml")):
        yield from read_file(path, path.relative_to(folder).as_posix())


def read_file(path: Path, shown: str) -> Iterator[Located]:
    """The items of one file."""
    try:
        items = _items(path)
    except UnicodeDecodeError:
        yield Located(shown, None, "is not UTF-8 text")
    except OSError as error:
        yield Located(shown, None, f"cannot be opened: {error.strerror or error}")
    except yaml.YAMLError as error:
        yield Located(shown, None, f"cannot be read as YAML: {_first_line(error)}")
    else:
        for item in items:
            yield _read_item(item, f"{shown}:{item.start_mark.line + 1}")


def _items(path: Path) -> list[yaml.Node]:
    if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
        raise OSError("it is a link or larger than 2 MB")
    text = path.read_text(encoding="utf-8-sig")
    _check_events(text)
    node = _Loader(text).get_single_node()
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.YAMLError("it holds no list of entries")
    items: list[yaml.Node] = node.value
    return items


def _read_item(node: yaml.Node, where: str) -> Located:
    try:
        return Located(where, Entry.model_validate(_Loader("").construct_document(node)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "entry"
        return Located(where, None, f"{place}: {first['msg']} ({error.error_count()} in all)")
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # a date or a number YAML cannot hold is a ValueError
        return Located(where, None, _first_line(error))


def _first_line(error: Exception) -> str:
    """The message of a YAML error on one line, with its place."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error).splitlines() or ["unreadable"])[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


@cache
def seed_entries() -> tuple[Entry, ...]:
    """The entries that come with the package. EntryError if one of them cannot be read."""
    items = list(read_folder(SEED_FOLDER))
    for item in items:
        if item.entry is None:
            raise EntryError("entry_unreadable", where=item.where, problem=item.problem)
    return tuple(item.entry for item in items if item.entry is not None)
