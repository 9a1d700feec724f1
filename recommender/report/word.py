"""A document as a Word file: native equations, styles a person can change, fonts that Word has for both languages."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from recommender.report.document import Document
from recommender.report.pandoc import convert, pandoc_path

_LATIN, _JAPANESE, _FIXED = "Calibri", "Yu Gothic", "Consolas"
_SIZES = {"Help": 8.5, "Small": 9.0, "Warning": 10.0, "Long": 12.0, "Compact": 9.0, "Body Text": 10.0, "First Paragraph": 10.0}
_HEADINGS = {"Title": 20, "Heading 1": 15, "Heading 2": 10.5}
_COLOURS = {"Help": "55606C", "Heading 2": "55606C", "Heading 1": "1D2733", "Title": "1D2733"}
_LINES = {"top": "1D2733", "bottom": "1D2733", "insideH": "DFE3E8"}


def docx(report: Document) -> bytes:
    """The document as a .docx. SettingsError names the extra to install where it is missing."""
    with tempfile.TemporaryDirectory() as name:
        template = Path(name) / "template.docx"
        template.write_bytes(_template())
        return _kept_together(convert(report, "docx", ["--reference-doc", str(template)]))


def _kept_together(written: bytes) -> bytes:
    """Rows of tables that do not fall apart at the end of a page."""
    import docx as library
    from docx.oxml import OxmlElement

    book = library.Document(BytesIO(written))
    for row in (row for table in book.tables for row in table.rows):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@cache
def _template() -> bytes:
    """Pandoc's own template with our fonts, sizes and rules."""
    try:
        import docx as library
    except ModuleNotFoundError:
        raise SettingsError("report_extra", package="python-docx") from None
    plain = subprocess.run([pandoc_path(), "--print-default-data-file", "reference.docx"], capture_output=True, check=True)  # noqa: S603
    template = library.Document(BytesIO(plain.stdout))
    _page(template)
    _fonts(template)
    _styles(template)
    out = BytesIO()
    template.save(out)
    return out.getvalue()


def _page(template: Any) -> None:
    from docx.shared import Mm

    for section in template.sections:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)


def _fonts(template: Any) -> None:
    """Named fonts in place of those of the theme, whose Japanese one depends on the reader's Word."""
    from docx.oxml.ns import qn

    for fonts in template.styles.element.iter(qn("w:rFonts")):
        latin = _FIXED if fonts.get(qn("w:ascii")) == "Consolas" else _LATIN
        fonts.attrib.clear()
        for name in ("ascii", "hAnsi", "cs"):
            fonts.set(qn(f"w:{name}"), latin)
        fonts.set(qn("w:eastAsia"), _JAPANESE)


def _styles(template: Any) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles = template.styles
    there = {style.name for style in styles}
    for name, size in {**_SIZES, **_HEADINGS}.items():
        style = styles[name] if name in there else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.font.size = Pt(size)
        if name in _COLOURS:
            style.font.color.rgb = RGBColor.from_string(_COLOURS[name])
        style.paragraph_format.space_before = Pt(12 if name in _HEADINGS else 1)
        style.paragraph_format.space_after = Pt(6 if name in _HEADINGS else 3)
    _shade(styles["Warning"])
    _ruled(styles["Table"])
    styles.add_style("Figures", WD_STYLE_TYPE.TABLE)


def _shade(style: Any) -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    style.element.get_or_add_pPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="FFF7E6"/>'))


def _ruled(style: Any) -> None:
    """Thin rules between the rows of a table."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    edges = "".join(f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="{colour}"/>' for edge, colour in _LINES.items())
    properties = style.element.find(qn("w:tblPr"))
    properties.insert(1, parse_xml(f"<w:tblBorders {nsdecls('w')}>{edges}</w:tblBorders>"))
