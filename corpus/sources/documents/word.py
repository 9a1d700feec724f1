"""Word documents (.docx): paragraphs, headings, tables and equations, in their order."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from corpus.errors import EntryError
from corpus.sources.documents.blocks import Block
from corpus.sources.documents.omml import MATH, as_latex

MAX_UNPACKED = 40_000_000
_MAX_PARTS = 2_000
_MAX_ROWS = 2_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"heading|title|見出し|表題", re.IGNORECASE)


def word_blocks(content: bytes) -> Iterator[Block]:
    """The blocks of a document. EntryError if it is none, holds what it should not, or python-docx is not installed."""
    try:
        from docx import Document
    except ImportError:
        raise EntryError("document_library", library="python-docx") from None
    _check_archive(content)
    try:
        document = Document(io.BytesIO(content))
        styles = {style.style_id: str(style.name) for style in document.styles}
        elements = document.element.body.iterchildren()
    except (ValueError, KeyError, OSError, SyntaxError, AttributeError, zipfile.BadZipFile) as error:  # lxml's is a SyntaxError
        raise EntryError("document_broken", kind="Word", reason=type(error).__name__) from None
    for number, element in enumerate(elements, 1):
        if element.tag == f"{_W}p":
            yield from _paragraph(element, f"paragraph {number}", styles)
        elif element.tag == f"{_W}tbl":
            yield Block(f"paragraph {number}", "table", rows=tuple(_rows(element)))


def _check_archive(content: bytes) -> None:
    """Refuse archives that would unpack to far more than they are, and XML with declarations of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise EntryError("document_bomb", limit=MAX_UNPACKED // 1_000_000)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(archive, part)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise EntryError("document_broken", kind="Word", reason=type(error).__name__) from None


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with archive.open(part) as file:
        text = file.read(part.file_size + 1)
    if len(text) > part.file_size:
        raise EntryError("document_bomb", limit=MAX_UNPACKED // 1_000_000)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise EntryError("document_entities")


def _paragraph(element: Any, where: str, styles: dict[str, str]) -> Iterator[Block]:
    style = element.find(f"{_W}pPr/{_W}pStyle")
    name = styles.get(style.get(f"{_W}val"), "") if style is not None else ""
    text = _text(element).strip()
    alone = re.fullmatch(r"\$([^$]+)\$", text)
    if alone:
        yield Block(where, "math", alone[1])
    elif text:
        yield Block(where, "heading" if _HEADING.search(name) else "text", text)


def _text(element: Any) -> str:
    """The text of a paragraph, equations between dollar signs."""
    parts: list[str] = []
    for child in element.iterchildren():
        if child.tag == f"{MATH}oMath":
            parts.append(f"${as_latex(child)}$")
        elif child.tag == f"{_W}t":
            parts.append((child.text or "").replace("$", ""))
        elif child.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append("\n" if child.tag != f"{_W}tab" else " ")
        elif child.tag in _INSIDE:
            parts.append(_text(child))
    return "".join(parts)


_INSIDE = frozenset(f"{_W}{name}" for name in ("r", "hyperlink", "ins", "smartTag", "sdt", "sdtContent", "fldSimple")) | {
    f"{MATH}oMathPara"
}


def _rows(element: Any) -> Iterator[tuple[str, ...]]:
    for row in element.findall(f"{_W}tr")[:_MAX_ROWS]:
        yield tuple(" ".join(_text(paragraph) for paragraph in cell.findall(f"{_W}p")).strip() for cell in row.findall(f"{_W}tc"))
