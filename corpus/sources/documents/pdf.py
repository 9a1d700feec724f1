"""PDF documents: the text of each page. What is drawn (fractions, roots) is lost, so only formulas written on one line are found."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from corpus.errors import EntryError
from corpus.sources.documents.blocks import Block
from corpus.sources.documents.markup import markup_blocks

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_PAGES = 300
MAX_PAGE_BYTES = 400_000
_LENGTHS = "maximum_declared_stream array_based_stream_maximum_output jbig2_maximum_output lzw_maximum_output run_length_maximum_output"
_MORE_LENGTHS = "zlib_maximum_output brotli_maximum_output stream_decoding_work_maximum"
_LIMITS: dict[str, Any] = dict.fromkeys((f"{name}_length" for name in f"{_LENGTHS} {_MORE_LENGTHS}".split()), 4_000_000) | {
    "stream_parsing_work_maximum_count": 200_000,
    "xform_maximum_invocations_per_extraction": 200,
    "page_tree_maximum_entries": 5_000,
    "jbig2dec_binary": None,  # no other program is started
}


def opened(content: bytes) -> PdfReader:
    """The document. EntryError if it is none, is locked or endless, or pypdf is not installed."""
    try:
        import pypdf
    except ImportError:
        raise EntryError("document_library", library="pypdf") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    if b"%PDF-" not in content[:1024]:
        raise EntryError("document_broken", kind="PDF", reason="no header")
    try:
        with pypdf.apply_configuration(**_LIMITS):
            reader = pypdf.PdfReader(io.BytesIO(content))
            locked, pages = reader.is_encrypted, 0 if reader.is_encrypted else len(reader.pages)
    except Exception as error:  # pypdf raises nearly anything for a broken file
        raise EntryError("document_broken", kind="PDF", reason=type(error).__name__) from None
    if locked:
        raise EntryError("document_locked")
    if pages > MAX_PAGES:
        raise EntryError("document_pages", limit=MAX_PAGES)
    return reader


def page_blocks(reader: PdfReader, number: int) -> list[Block]:
    """The blocks of one page, counted from 0. EntryError if it cannot be read or holds too much."""
    import pypdf

    try:
        with pypdf.apply_configuration(**_LIMITS):
            text = _page_text(reader.pages[number], number + 1)
    except EntryError:
        raise
    except Exception as error:
        raise EntryError("document_page_broken", page=number + 1, reason=type(error).__name__) from None
    plain = re.sub(r"[\x00-\x08\x0b-\x1f]", " ", text)
    return [replace(block, where=f"page {number + 1}, {block.where}") for block in markup_blocks(plain)]


def _page_text(page: PageObject, number: int) -> str:
    contents = page.get_contents()
    if contents is not None and len(contents.get_data()) > MAX_PAGE_BYTES:
        raise EntryError("document_page", page=number, limit=MAX_PAGE_BYTES // 1000)
    return page.extract_text()
