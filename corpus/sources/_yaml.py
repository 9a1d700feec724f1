"""YAML and JSON that cannot hurt: no aliases, no tags, no repeated keys, bounded depth and number of parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from corpus.errors import EntryError

MAX_ITEMS = 5_000
_MAX_NESTING = 20
_MAX_EVENTS = 100_000

if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:  # the C parser is ten times as fast
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """Safe YAML without duplicate keys; give it only text that `_check_events` has passed."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) < len(node.value):
            raise EntryError("item_key", line=node.start_mark.line + 1)
        seen: set[str] = set()
        for key in keys:
            if key in seen:
                raise EntryError("item_key_twice", line=node.start_mark.line + 1, word=key)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _check_events(text: str) -> None:
    """Refuse aliases (bombs), tags, and deep nesting, which the C parser's recursion would not survive."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise EntryError("item_alias", line=line)
        if getattr(event, "tag", None) is not None:
            raise EntryError("item_tag", line=line)
        if depth > _MAX_NESTING:
            raise EntryError("item_nested", limit=_MAX_NESTING)
        if count > _MAX_EVENTS:
            raise EntryError("item_many", limit=MAX_ITEMS)


def yaml_items(text: str) -> Iterator[tuple[int, str, object]]:
    """(line, text, value) of every item of a YAML list; the value is an EntryError where an item cannot be built."""
    try:
        _check_events(text)
        node = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise EntryError("item_yaml", problem=_first_line(error)) from None
    if not isinstance(node, yaml.SequenceNode):
        raise EntryError("item_no_list")
    if len(node.value) > MAX_ITEMS:
        raise EntryError("item_many", limit=MAX_ITEMS)
    for item in node.value:
        yield item.start_mark.line + 1, _between(text, item), _built(item)


def _between(text: str, node: yaml.Node) -> str:
    """The text of a node. Marks of the C parser count characters, and those of a text without its byte-order mark."""
    return text[node.start_mark.index : node.end_mark.index].rstrip()


def _built(node: yaml.Node) -> object:
    try:
        return _Loader("").construct_document(node)
    except EntryError as error:
        return error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # a date or a number YAML cannot hold is a ValueError
        return EntryError("item_yaml", problem=_first_line(error))


def _first_line(error: Exception) -> str:
    """The message of a YAML error on one line, with its place."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error).splitlines() or ["unreadable"])[0]
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)


def json_items(text: str, *, lines: bool = False) -> Iterator[tuple[int, str, object]]:
    """(number, text, value) of every item of a JSON list, or of every line of JSON Lines; an EntryError where one cannot be read."""
    if lines:
        for number, line in enumerate(text.splitlines(), 1):
            if number > MAX_ITEMS:
                raise EntryError("item_many", limit=MAX_ITEMS)
            if line.strip():
                yield number, line, _json_value(line)
        return
    items = _json_value(text)
    if isinstance(items, EntryError):
        raise items
    if not isinstance(items, list):
        raise EntryError("item_no_list")
    if len(items) > MAX_ITEMS:
        raise EntryError("item_many", limit=MAX_ITEMS)
    for number, item in enumerate(items, 1):
        yield number, json.dumps(item, ensure_ascii=False), item


def _json_value(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except EntryError as error:
        return error
    except RecursionError:
        return EntryError("item_nested", limit=_MAX_NESTING)
    except ValueError as error:
        return EntryError("item_json", problem=(str(error).splitlines() or ["?"])[0])


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")
