"""The drop folder: anyone may put files of entries, tables of formulas and documents into it.

    *.yaml *.json *.jsonl    lists of entries, whole or with gaps, nested as in the corpus or flat with the columns below
    *.csv *.tsv              one entry a row, with the columns of `corpus.sources.columns`
    *.md *.tex *.txt *.docx *.pdf    documents: their formulas, always for review

Nothing in the folder is changed, followed or executed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import EntryError
from corpus.sources._base import Collected
from corpus.sources._entry import Origin, lenient
from corpus.sources._files import MAX_FILES, files_below, read_text, shown
from corpus.sources._yaml import json_items, yaml_items
from corpus.sources.columns import csv_rows, from_columns
from corpus.sources.documents import DOCUMENT_SUFFIXES, ENCODINGS, document_formulas
from corpus.sources.documents.worker import Worker

SECONDS = 2.0


@dataclass(frozen=True)
class DropFolder:
    """Every file below a folder.

    tenant: whom the entries belong to, whatever a file says. seconds: how long one step (a document, a page of a PDF) may take.
    """

    folder: Path
    tenant: str = "local"
    name: str = "drop"
    seconds: float = SECONDS

    def collect(self, since: float | None = None) -> Iterator[Collected]:
        with Worker(self.seconds) as worker:
            for count, (path, where) in enumerate(files_below(self.folder, since), 1):
                if count > MAX_FILES:
                    yield Collected.rejected(where, EntryError("item_many_files", limit=MAX_FILES).sentence)
                    return
                yield from self._file(path, where, worker)

    def _file(self, path: Path, where: str, worker: Worker) -> Iterator[Collected]:
        origin = Origin(path.stem, f"{self.name}:{where}", self.tenant)
        try:
            if path.suffix.lower() in DOCUMENT_SUFFIXES:
                yield from _document(path, where, worker, origin)
            else:
                yield from _listed(path, where, origin)
        except EntryError as error:
            yield Collected.rejected(where, error.sentence)


def _listed(path: Path, where: str, origin: Origin) -> Iterator[Collected]:
    """The items of a file that lists entries."""
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        items = yaml_items(read_text(path))
    elif suffix in (".json", ".jsonl"):
        items = json_items(read_text(path), lines=suffix == ".jsonl")
    elif suffix in (".csv", ".tsv"):
        items = csv_rows(read_text(path, ENCODINGS))
    else:
        raise EntryError("item_kind", suffix=shown(suffix, 20) or "-")
    found = False
    for line, text, value in items:
        found = True
        yield from_columns(value, f"{where}:{line}", text, origin)
    if not found:
        raise EntryError("item_nothing")


def _document(path: Path, where: str, worker: Worker, origin: Origin) -> Iterator[Collected]:
    found = False
    for number, item in enumerate(document_formulas(path, worker), 1):
        found = True
        place = f"{where}, {item.where} ({number})"
        if item.draft is None:
            reason = item.reason or EntryError("item_no_formula").sentence
            yield Collected.rejected(place, reason, item.raw)
        else:
            draft = {"source": shown(path.name, 120), **item.draft}
            yield lenient(draft, place, item.raw, origin, item.notes)
    if not found:
        raise EntryError("document_empty")
