"""Formulas in documents: Markdown, LaTeX, plain text, Word and PDF.

    file -> blocks (headings, text, mathematics, tables) -> formulas with the meaning of their symbols -> drafts of entries

Reading and extracting run in a worker process with a deadline for each step; a page of a PDF is one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import EntryError
from corpus.sources._files import read_bytes, read_text
from corpus.sources.documents.blocks import Block
from corpus.sources.documents.extract import Extracted, extract
from corpus.sources.documents.markup import markup_blocks
from corpus.sources.documents.worker import Worker

if TYPE_CHECKING:
    from pypdf import PdfReader

TEXT_SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text", ".tex", ".ltx", ".rst"})
DOCUMENT_SUFFIXES = TEXT_SUFFIXES | {".docx", ".pdf"}
ENCODINGS = ("utf-8-sig", "utf-16", "cp932")
MAX_BYTES = 20_000_000
MAX_BLOCKS = 5_000


def document_formulas(path: Path, worker: Worker) -> Iterator[Extracted]:
    """Every formula of a document. EntryError if nothing of it can be read; what cannot be read further on is one of the items."""
    blocks: list[Block] = []
    stopped: EntryError | None = None
    try:
        for part in _parts(path, worker):
            blocks += part
            if len(blocks) > MAX_BLOCKS:
                raise EntryError("document_blocks", limit=MAX_BLOCKS)
    except EntryError as error:
        if not blocks:
            raise
        stopped = error
    yield from worker.run(_extracted, blocks[:MAX_BLOCKS])
    if stopped:
        yield Extracted(blocks[-1].where, "", reason=stopped.sentence)


def _parts(path: Path, worker: Worker) -> Iterator[list[Block]]:
    if path.suffix.lower() != ".pdf":
        yield worker.run(_blocks, path)
        return
    for number in range(worker.run(_page_count, path)):
        yield worker.run(_page, path, number)


# --- inside the worker --------------------------------------------------------------------------------------------


def _blocks(path: Path) -> list[Block]:
    if path.suffix.lower() == ".docx":
        from corpus.sources.documents.word import word_blocks

        return list(islice(word_blocks(read_bytes(path, MAX_BYTES)), MAX_BLOCKS + 1))
    latex = path.suffix.lower() in (".tex", ".ltx")
    return list(islice(markup_blocks(read_text(path, ENCODINGS), latex=latex), MAX_BLOCKS + 1))


def _extracted(blocks: list[Block]) -> list[Extracted]:
    return list(extract(blocks))


@lru_cache(1)
def _pdf(path: Path) -> PdfReader:
    """The document whose pages are asked for one after the other."""
    from corpus.sources.documents.pdf import opened

    return opened(read_bytes(path, MAX_BYTES))


def _page_count(path: Path) -> int:
    _pdf.cache_clear()
    return len(_pdf(path).pages)


def _page(path: Path, number: int) -> list[Block]:
    from corpus.sources.documents.pdf import page_blocks

    return page_blocks(_pdf(path), number)
