"""Shelves of items that did not get into the corpus: `quarantine` for bad ones, `review` for drafts a person must complete.

<folder>/<id>.json   where the item came from, since when, why it is here, and what a person decided
         <id>.yaml   the item itself; a person may mend it here and have it tried again

The nightly job lays every bad item of its sources here and takes away what its source no longer gives: mended at the source, an item
leaves by itself. What a person dropped or accepted stays decided for as long as the source gives the same item.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from corpus import atomic
from corpus.entry import Entry
from corpus.errors import EntryError
from corpus.inbox import Acceptance, accept, as_yaml, learned_from
from corpus.language import Sentence
from corpus.sources import Collected, read_yaml

Decision = Literal["open", "dropped", "accepted"]
_YAML_ITEM = re.compile(r"\.yaml:[0-9]+$")


@dataclass(frozen=True)
class Held:
    """One item on a shelf.

    id: equal for the same item of the same source, wherever in its file it stands. text: what a person mends, YAML where there is any.
    reasons: why it is here. since: when it was first laid here, ISO 8601.
    """

    id: str
    source: str
    where: str
    text: str
    reasons: tuple[Sentence, ...]
    since: str = ""
    decision: Decision = "open"

    @classmethod
    def of(cls, source: str, item: Collected) -> Held:
        """A rejected item, or a draft with what it misses."""
        text = _mendable(item) if item.entry is None else as_yaml(item.entry)
        identifier = hashlib.sha256(f"{source}\0{text or item.where}".encode(errors="backslashreplace")).hexdigest()[:12]
        return cls(identifier, source, item.where, text, (item.reason,) if item.reason else item.missing)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the text."""
        told = {"id": self.id, "source": self.source, "where": self.where, "since": self.since, "decision": self.decision}
        return {**told, "reasons": [reason.to_dict() for reason in self.reasons]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], text: str = "") -> Held:
        """What `to_dict` wrote."""
        reasons = tuple(Sentence.from_dict(reason) for reason in data["reasons"])
        return cls(data["id"], data["source"], data["where"], text, reasons, data["since"], data["decision"])


def _mendable(item: Collected) -> str:
    """The raw text; an item cut out of a YAML list is made a list of one again, so that it can be mended and read as a file."""
    if not _YAML_ITEM.search(item.where) or not item.raw:
        return item.raw
    first, _, rest = item.raw.partition("\n")
    return "- " + textwrap.indent(f"{first}\n{textwrap.dedent(rest)}".rstrip(), "  ")[2:] + "\n"


class Shelf:
    """The items of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def items(self, decision: Decision | None = "open") -> dict[str, Held]:
        """What lies here by id, oldest first; None: whatever was decided. A file that cannot be read is left out and laid here anew."""
        found = {path.stem: held for path in self.folder.glob("*.json") if (held := self._read(path)) is not None}
        wanted = {key: held for key, held in found.items() if decision in (None, held.decision)}
        return dict(sorted(wanted.items(), key=lambda pair: (pair[1].since, pair[0])))

    def _read(self, path: Path) -> Held | None:
        try:
            return Held.from_dict(json.loads(path.read_text(encoding="utf-8")), self.text_file(path.stem).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def text_file(self, identifier: str) -> Path:
        """The file a person mends."""
        return self.folder / f"{identifier}.yaml"

    def get(self, identifier: str) -> tuple[str, Held]:
        """The item whose id begins so. EntryError if there is none or more than one."""
        found = {key: held for key, held in self.items(None).items() if key.startswith(identifier)}
        if len(found) != 1:
            raise EntryError("held_ambiguous" if found else "held_unknown", id=identifier, shelf=self.folder.name)
        return next(iter(found.items()))

    def reconcile(self, items: Iterable[Held]) -> list[Held]:
        """Lay down what is new, take away what is not among `items`, keep time and decision of the rest; what is open now."""
        given = {held.id: held for held in items}
        known = self.items(None)
        for gone in known.keys() - given.keys():
            self._remove(gone)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for key, held in given.items():
            old = known.get(key, replace(held, since=now))
            given[key] = replace(held, since=old.since, decision=old.decision)
            if key not in known or given[key].to_dict() != old.to_dict():
                self._write(key, given[key], with_text=key not in known)
        return [held for held in given.values() if held.decision == "open"]

    def undecided(self, items: Iterable[Held]) -> list[Held]:
        """Those of the items nobody has decided on."""
        decided = self.items(None).keys() - self.items().keys()
        return [held for held in items if held.id not in decided]

    def decide(self, identifier: str, decision: Decision) -> None:
        """Remember what a person decided. EntryError for an unknown id."""
        key, held = self.get(identifier)
        self._write(key, replace(held, decision=decision), with_text=False)

    def retry(self, identifier: str, inbox: Path, person: str, tenant: str) -> Path:
        """Read the (mended) text again and accept its entry into the inbox in the name of `person`; the file there.

        tenant: whose it is if the text does not say. EntryError, with what is still wrong, if it is no single valid entry; it then stays.
        """
        key, held = self.get(identifier)
        entry = self._mended(key)
        owner = entry.tenant if "tenant" in entry.model_fields_set else tenant
        evidence = f"{self.folder.name}: {held.source}, {held.where}"
        written = accept(entry, inbox, Acceptance(person, evidence, tuple(sorted(learned_from(entry))), tenant=owner))
        self.decide(key, "accepted")
        return written

    def _mended(self, key: str) -> Entry:
        items: Sequence[Collected] = list(read_yaml(self.text_file(key), self.text_file(key).name))
        if len(items) == 1 and items[0].entry is not None:
            return items[0].entry
        reason = items[0].reason if items and items[0].reason else Sentence.of("ingest.not_one", count=len(items))
        raise EntryError("still_bad", file=self.text_file(key), reason=reason)

    def _write(self, key: str, held: Held, *, with_text: bool) -> None:
        if with_text:
            atomic.write(self.text_file(key), held.text)
        atomic.write(self.folder / f"{key}.json", json.dumps(held.to_dict(), ensure_ascii=False, indent=1, default=str) + "\n")

    def _remove(self, key: str) -> None:
        for path in (self.folder / f"{key}.json", self.text_file(key)):
            path.unlink(missing_ok=True)
