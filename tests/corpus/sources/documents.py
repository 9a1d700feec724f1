"""Small real documents, written by the libraries that people's programs use, or by hand where there is none."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

from docx import Document
from docx.oxml import parse_xml

M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def run(text: str, *, upright: bool = False) -> str:
    """A run of Office MathML."""
    style = '<m:rPr><m:sty m:val="p"/></m:rPr>' if upright else ""
    return f'<m:r>{style}<m:t xml:space="preserve">{text}</m:t></m:r>'


def fraction(above: str, below: str) -> str:
    return f"<m:f><m:num>{above}</m:num><m:den>{below}</m:den></m:f>"


def power(base: str, exponent: str) -> str:
    return f"<m:sSup><m:e>{base}</m:e><m:sup>{exponent}</m:sup></m:sSup>"


def sub(base: str, lower: str) -> str:
    return f"<m:sSub><m:e>{base}</m:e><m:sub>{lower}</m:sub></m:sSub>"


def root(inner: str, degree: str = "") -> str:
    return f"<m:rad><m:deg>{degree}</m:deg><m:e>{inner}</m:e></m:rad>"


def brackets(inner: str) -> str:
    return f"<m:d><m:e>{inner}</m:e></m:d>"


def function(name: str, inner: str) -> str:
    return f"<m:func><m:fName>{run(name, upright=True)}</m:fName><m:e>{inner}</m:e></m:func>"


def integral(inner: str) -> str:
    return f"<m:nary><m:naryPr/><m:sub/><m:sup/><m:e>{inner}</m:e></m:nary>"


class Word:
    """A document that grows by headings, paragraphs (with equations), and tables."""

    def __init__(self) -> None:
        self.document = Document()

    def heading(self, text: str) -> Word:
        self.document.add_heading(text, 1)
        return self

    def text(self, *parts: str) -> Word:
        """Texts and Office MathML in turn."""
        paragraph = self.document.add_paragraph()
        for part in parts:
            if part.startswith("<m:"):
                paragraph._p.append(parse_xml(f"<m:oMath {M}>{part}</m:oMath>"))
            else:
                paragraph.add_run(part)
        return self

    def table(self, *rows: tuple[str, ...]) -> Word:
        table = self.document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        return self

    def save(self, path: Path) -> None:
        path.write_bytes(self.content)

    @property
    def content(self) -> bytes:
        buffer = io.BytesIO()
        self.document.save(buffer)
        return buffer.getvalue()


def pdf(*pages: str, extra: bytes = b"", stream: bytes | None = None) -> bytes:
    """A PDF with one line of any script below the other on each page, or with a stream of its own on every page.

    The letters have no shapes, only a table that says which they are, which is what a reader of text uses.
    """
    letters = sorted({letter for page in pages for letter in page if letter != "\n"})
    codes = {letter: number for number, letter in enumerate(letters, 1)}
    table = "".join(f"<{code:04x}> <{letter.encode('utf-16-be').hex()}>\n" for letter, code in codes.items())
    spaces = "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange"
    cmap = f"{spaces}\n{len(codes)} beginbfchar\n{table}endbfchar endcmap end"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + extra + b" >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{6 + 2 * i} 0 R' for i in range(len(pages)))}] >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        b" /DW 600 >>",
        _stream(cmap.encode()),
    ]
    for number, page in enumerate(pages):
        shown = "".join(
            f"1 0 0 1 50 {780 - 14 * line} Tm <{''.join(f'{codes[letter]:04x}' for letter in text)}> Tj\n"
            for line, text in enumerate(page.split("\n"))
        )
        content = stream if stream is not None else f"BT /F1 11 Tf\n{shown}ET".encode()
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
            + f" /Contents {7 + 2 * number} 0 R >>".encode()
        )
        objects.append(_stream(content))
    return _numbered(objects)


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)


def _numbered(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
