"""Check corpus files: `python -m corpus.check [FOLDER]` prints every violation with its file and line.

Also finds ids used twice, relations to entries that do not exist, and entries of one domain that are the same formula.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from corpus.entry import Entry, violations
from corpus.errors import EntryError
from corpus.load import SEED_FOLDER
from corpus.sources import Collected, FolderSource


def check_items(items: Iterable[Collected]) -> Iterator[str]:
    """`file:line: id: what is wrong`, for every violation."""
    good: list[Collected] = []
    for item in items:
        if item.entry is None:
            yield f"{item.where}: {item.reason}"
            continue
        good.append(item)
        yield from (f"{item.where}: {item.entry.id}: {sentence}" for sentence in violations(item.entry))
    yield from _together(good)


def _together(items: Sequence[Collected]) -> Iterator[str]:
    ids: dict[str, str] = {}
    keys: dict[tuple[str, str], str] = {}
    for item in items:
        entry = item.entry
        assert entry is not None
        if entry.id in ids:
            yield f"{item.where}: {entry.id}: id already used at {ids[entry.id]}"
        ids[entry.id] = item.where
        if (same := keys.setdefault(_physics(entry), entry.id)) != entry.id:
            yield f"{item.where}: {entry.id}: same formula and quantities as {same}"
    for item in items:
        for relation in item.entry.relations if item.entry else ():
            if relation.id not in ids:
                yield f"{item.where}: related entry {relation.id} does not exist"


def _physics(entry: Entry) -> tuple[str, str]:
    """Canonical key with the quantities' meaning: Ohm's and Hooke's law differ."""
    try:
        meaning = [f"{entry.target.quantity.en} {entry.domain}", *(v.quantity.en for v in entry.variables)]
        return entry.key, " | ".join(meaning)
    except Exception:  # an unreadable formula has been reported already
        return entry.id, ""


def main(arguments: Sequence[str]) -> int:
    """Print the violations and their number; exit status 1 if there are any, 2 if there is no such folder."""
    try:
        items = list(FolderSource(Path(arguments[0]) if arguments else SEED_FOLDER).collect())
    except EntryError as error:
        print(error)
        return 2
    problems = list(check_items(items))
    count = sum(item.entry is not None for item in items)
    print("\n".join([*problems, f"{count} entries, {len(problems)} violations"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
