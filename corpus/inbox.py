"""The inbox: a folder of entries a person accepted, one YAML file each, read by the nightly job as one of its sources.

What is accepted here is a discovery (found by the recommender in somebody's table), a mended item of quarantine, or an approved draft. An
accepted entry says in its provenance who took it in, on what evidence and from which tables, and belongs to a tenant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import quote, unquote

import yaml

from corpus import atomic
from corpus.entry import Entry, violations
from corpus.errors import EntryError
from corpus.language import LANGUAGES
from corpus.sources import Collected, FolderSource

_WORD = re.compile(r"(?P<key>person|evidence|run):(?P<value>\S+)")
_LEARNED = "table:"
_PLAIN = "/.,;()=+@"


@dataclass(frozen=True)
class Acceptance:
    """Who took an entry into the corpus, and why.

    person: a name or address. evidence: what convinced them, in a few words. tables: content hashes of the tables it was learned from
    (it is never shown for those again). run: id of the recorded run it came from. tenant: who may see it.
    """

    person: str
    evidence: str
    tables: tuple[str, ...] = ()
    run: str = ""
    tenant: str = "local"

    @property
    def provenance(self) -> str:
        """One line of `key:value` words; spaces in a value are written %20."""
        pairs = [*(("table", table) for table in self.tables), ("run", self.run), ("person", self.person), ("evidence", self.evidence)]
        return " ".join(["accepted", *(f"{key}:{quote(value, _PLAIN)}" for key, value in pairs if value)])

    @classmethod
    def of(cls, entry: Entry) -> Acceptance | None:
        """What the entry's provenance tells; None if nobody accepted it by name."""
        found: dict[str, list[str]] = {}
        for match in _WORD.finditer(entry.provenance):
            found.setdefault(match["key"], []).append(unquote(match["value"]))
        if "person" not in found:
            return None
        person, evidence, run = (" ".join(found.get(key, ())) for key in ("person", "evidence", "run"))
        return cls(person, evidence, tuple(sorted(learned_from(entry))), run, entry.tenant)


def learned_from(entry: Entry) -> frozenset[str]:
    """Hashes of the tables an entry was learned from: words `table:<hash>` of its provenance or tags."""
    words = (*entry.provenance.split(), *entry.tags)
    return frozenset(word.removeprefix(_LEARNED) for word in words if word.startswith(_LEARNED))


def accept(entry: Entry, folder: Path, acceptance: Acceptance) -> Path:
    """Write the entry into the inbox, in one step, under a name made of its id and content; the file that was written.

    It gets the provenance and tenant of `acceptance`. Accepting the same again changes nothing.
    EntryError if it breaks a rule of the corpus, if nobody accepts it, or if the folder cannot be written.
    """
    for missing in ("person", "evidence", "tenant"):
        if not getattr(acceptance, missing).strip():
            raise EntryError("acceptance_incomplete", missing=missing)
    accepted = entry.model_copy(update={"provenance": acceptance.provenance, "tenant": acceptance.tenant})
    if problem := next(chain(_wordless(accepted), violations(accepted)), ""):
        raise EntryError("entry_unreadable", where=entry.id, problem=f"{problem}.")
    path = folder / f"{entry.id[:100]}-{hashlib.sha256(accepted.model_dump_json().encode()).hexdigest()[:16]}.yaml"
    try:
        if not path.exists():
            atomic.write(path, as_yaml(accepted))
    except OSError as error:
        raise EntryError("inbox_not_writable", folder=folder, reason=error.strerror or type(error).__name__) from None
    return path


def _wordless(entry: Entry) -> Iterator[str]:
    """Words without which nobody finds or understands an entry."""
    told = {"name": entry.name, "description": entry.description, **{part.symbol: part.meaning for part in entry.parts}}
    yield from (f"{place}.{language} is empty" for place, words in told.items() for language in LANGUAGES if not words.of(language).strip())
    if not entry.source.strip():
        yield "source is empty"


def as_yaml(entry: Entry) -> str:
    """The entry as a YAML file of one item, only what differs from the defaults, its tenant always."""
    fields = {**entry.model_dump(mode="json", exclude_defaults=True), "tenant": entry.tenant, "provenance": entry.provenance}
    return yaml.safe_dump([fields], allow_unicode=True, sort_keys=False, width=140)


@dataclass(frozen=True)
class Inbox:
    """The inbox as a source; each entry keeps the tenant it was accepted for, and one that nobody accepted is rejected."""

    folder: Path
    name: str = "inbox"

    def collect(self, since: float | None = None) -> Iterator[Collected]:
        for item in FolderSource(self.folder, self.name).collect(since):
            if item.entry is not None and Acceptance.of(item.entry) is None:
                yield Collected.rejected(item.where, EntryError("not_accepted").sentence, item.raw)
            else:
                yield item
