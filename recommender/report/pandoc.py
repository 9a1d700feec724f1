"""A document through pandoc: Word, LaTeX, Markdown, and the source of the PDF.

Documents go in as pandoc's own syntax tree, never as marked-up text: what a table, the corpus or a model says is a plain string in it,
and each of pandoc's writers makes it inert for its format. Pandoc runs in its sandbox: it reads and writes nothing but its pipes.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from corpus import tree
from corpus.errors import SettingsError
from corpus.language import text
from recommender.report import document as doc
from recommender.report.mathml import LONG
from recommender.report.plots import image
from recommender.report.tex import equation_tex, symbol_tex
from recommender.report.view import Gauge, sound

Target = Literal["docx", "latex", "gfm+tex_math_dollars-tex_math_gfm", "typst"]
Node = dict[str, Any]
_PLAIN = ("gfm+tex_math_dollars-tex_math_gfm",)  # no styles, no page, no cells of several lines, no title but a heading
_API = [1, 23, 1]
_SECONDS = 60
_EMPTY: list[Any] = ["", [], []]
_LOOKS = {  # of the styles in a PDF; in Word they are in the template
    "Help": {"text:size": "8.5pt", "text:fill": 'rgb("#55606c")'},
    "Small": {"text:size": "9pt"},
    "Long": {"text:size": "12pt"},
    "Warning": {"fill": 'rgb("#fff7e6")', "inset": "6pt", "width": "100%", "stroke": '(left: 2pt + rgb("#b7791f"))'},
}


def convert(report: doc.Document, target: Target, options: Sequence[str] = (), folder: str = "figures") -> bytes:
    """The document in pandoc's format `target`; folder: where its pictures lie. SettingsError if pandoc is not there or fails."""
    syntax = {"pandoc-api-version": _API, "meta": _meta(report), "blocks": _Tree(report, target, folder).blocks()}
    options = options if target in _PLAIN else ["--standalone", *options]
    command = [pandoc_path(), "--from=json", f"--to={target}", "--sandbox", "--wrap=preserve", *options, "--output=-"]
    try:
        done = subprocess.run(command, input=json.dumps(syntax).encode(), capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError("report_pandoc", reason=str(error)[:200]) from None
    if done.returncode:
        raise SettingsError("report_pandoc", reason=done.stderr.decode(errors="replace").strip()[:200])
    return done.stdout


def pandoc_path() -> str:
    """Where pandoc is. SettingsError names the extra to install where it is missing."""
    try:
        import pypandoc

        return str(pypandoc.get_pandoc_path())
    except (ModuleNotFoundError, OSError):
        raise SettingsError("report_extra", package="pypandoc_binary") from None


def _meta(report: doc.Document) -> Node:
    words = {"title": report.title, "lang": "ja-JP" if report.language == "ja" else "en-GB"}
    return {name: {"t": "MetaInlines", "c": _inlines(value)} for name, value in words.items()}


# --- pandoc's syntax tree -----------------------------------------------------------------------------------------------


def _inlines(words: str) -> list[Node]:
    """Words and spaces; a space that must not break stays within its word."""
    pieces = re.split(r"( )", re.sub(r"[ \t\r\n]+", " ", sound(words)))
    return [{"t": "Space"} if piece == " " else {"t": "Str", "c": piece} for piece in pieces if piece]


def _para(inlines: list[Node]) -> Node:
    return {"t": "Para", "c": inlines}


def _strong(words: str) -> Node:
    return {"t": "Strong", "c": _inlines(words)}


def _math(tex: str, kind: str = "InlineMath") -> Node:
    return {"t": "Math", "c": [{"t": kind}, tex]}


def _header(level: int, words: str) -> Node:
    return {"t": "Header", "c": [level, _EMPTY, _inlines(words)]}


def _cell(blocks: list[Node]) -> list[Any]:
    return [_EMPTY, {"t": "AlignDefault"}, 1, 1, blocks]


def _table(
    heads: Sequence[list[Node]], rows: Iterable[Sequence[list[Node]]], aligned: Sequence[str], widths: Sequence[float], style: str = "Table"
) -> Node:
    """heads and cells as lists of blocks; widths: shares of the line; style: its name in Word."""
    columns = [[{"t": align}, {"t": "ColWidth", "c": width}] for align, width in zip(aligned, widths, strict=True)]
    head = [_EMPTY, [[_EMPTY, [_cell(blocks) for blocks in heads]]] if heads else []]
    body = [_EMPTY, 0, [], [[_EMPTY, [_cell(blocks) for blocks in row]] for row in rows]]
    return {"t": "Table", "c": [["", [], [["custom-style", style]]], [None, []], columns, head, [body], [_EMPTY, []]]}


# --- the document -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tree:
    """A document as blocks of pandoc."""

    report: doc.Document
    target: Target
    folder: str

    def blocks(self) -> list[Node]:
        title = [_header(1, self.report.title)] if self.target in _PLAIN else []
        return [*title, *(block for section in self.report.sections for block in self._section(section))]

    def _section(self, section: doc.Section) -> list[Node]:
        title = text("report.candidate", self.report.language, rank=section.rank, law=section.title) if section.rank else section.title
        return [self._header(1, title), *(node for block in section.blocks for node in self._block(block))]

    def _header(self, level: int, words: str) -> Node:
        return _header(level + (self.target in _PLAIN), words)

    def _block(self, block: doc.Block) -> list[Node]:
        writers: dict[str, Callable[[Any], list[Node]]] = {
            "paragraph": self._paragraph,
            "equation": self._equation,
            "heading": lambda heading: [self._header(2, heading.text)],
            "bullets": lambda bullets: [{"t": "BulletList", "c": [[{"t": "Plain", "c": _inlines(item)}] for item in bullets.items]}],
            "code": lambda code: [{"t": "CodeBlock", "c": [["", [code.language] if code.language else [], []], sound(code.text)]}],
            "facts": self._facts,
            "gauges": self._gauges,
            "figures": self._figures,
            "grid": self._grid,
        }
        return writers[block.kind](block)

    def _paragraph(self, block: doc.Paragraph) -> list[Node]:
        lead = [_strong(block.lead), {"t": "Space"}] if block.lead else []
        para = _para([*lead, *_inlines(block.text)])
        return [para] if block.role == "plain" else self._styled(block.role.capitalize(), [para])

    def _equation(self, block: doc.Equation) -> list[Node]:
        """On a line of its own; a long one in the line, where it may break."""
        if tree.size(block.root) > LONG:
            return self._styled("Long", [_para(self._typeset(block))])
        return [_para([_math(" ".join(equation_tex(block.target, block.root)), "DisplayMath")])]

    def _typeset(self, block: doc.Equation) -> list[Node]:
        """In the line: a long formula may break between its terms."""
        fixed = _breakable if self.target == "latex" else str
        pieces = [_math(rf"\displaystyle {fixed(piece)}") for piece in equation_tex(block.target, block.root)]
        return [node for piece in pieces for node in (piece, {"t": "Space"})][:-1]

    def _facts(self, block: doc.Facts) -> list[Node]:
        shown = [[_strong(name), {"t": "Space"}, *_inlines(value)] for name, value in block.pairs]
        separated = [node for pair in shown for node in (*pair, *_inlines(" · "))][:-3]
        return self._styled("Help", [_para(separated)])

    def _gauges(self, block: doc.Gauges) -> list[Node]:
        rows = [[[_para(_inlines(gauge.label))], self._reading(gauge), [_para(_inlines(gauge.words))]] for gauge in block.gauges]
        return self._styled("Small", [_table([], rows, ("AlignLeft", "AlignRight", "AlignLeft"), (0.26, 0.14, 0.6))])

    def _reading(self, gauge: Gauge) -> list[Node]:
        """The number; in the PDF above its bar."""
        bar = {"t": "RawBlock", "c": ["typst", f'#gauge({gauge.fill:.3f}, "{gauge.level}")']}
        return [_para(_inlines(gauge.value)), *([bar] if self.target == "typst" else [])]

    def _styled(self, style: str, blocks: list[Node]) -> list[Node]:
        """Blocks in a named style; Markdown has none, and quotes what is a warning."""
        if self.target in _PLAIN:
            return [{"t": "BlockQuote", "c": blocks}] if style == "Warning" else blocks
        looks = [[f"typst:{name}", value] for name, value in _LOOKS[style].items()] if self.target == "typst" else []
        return [{"t": "Div", "c": [["", [], [["custom-style", style], *looks]], blocks]}]

    # --- tables -----------------------------------------------------------------------------------------------------------

    def _grid(self, block: doc.Grid) -> list[Node]:
        heads = [[_para(_inlines(head))] for head in block.heads]
        rows = [[self._parts(cell) for cell in row] for row in block.rows]
        aligned = ["AlignRight" if i in block.numeric else "AlignLeft" for i in range(len(heads))]
        return self._styled("Small", [_table(heads, rows, aligned, _widths(block))])

    def _parts(self, cell: doc.Cell) -> list[Node]:
        parts = [self._part(part) for part in (cell if isinstance(cell, tuple) else (cell,))]
        if self.target in _PLAIN:  # a cell there is one line
            return [_para([node for part in parts for node in (*_inlines(" · "), *part)][3:])]
        return [_para(part) for part in parts]

    def _part(self, part: doc.Part) -> list[Node]:
        if isinstance(part, doc.Symbol):
            return [_math(symbol_tex(part.name))]
        if isinstance(part, doc.Equation):
            return self._typeset(part)
        return _inlines(str(part.number) if isinstance(part, doc.Rank) else part)

    # --- figures ----------------------------------------------------------------------------------------------------------

    def _figures(self, block: doc.Figures) -> list[Node]:
        """Two in a row, the remark of a last one beside it; in Markdown, whose tables cannot hold them, one below the other."""
        cells = [self._figure(figure) for figure in block.figures]
        remarks = [self._help(figure.remark) for figure in block.figures]
        if self.target in _PLAIN:
            return [node for cell, remark in zip(cells, remarks, strict=True) for node in (*cell, *remark)]
        odd = [cells.pop(), remarks.pop()] if len(cells) % 2 else []
        full = [[*cell, *remark] for cell, remark in zip(cells, remarks, strict=True)] + odd
        rows = zip(full[::2], full[1::2], strict=True)
        return self._styled("Small", [_table([], rows, ("AlignLeft", "AlignLeft"), (0.5, 0.5), "Figures")])

    def _figure(self, figure: doc.Figure) -> list[Node]:
        say = self.report.language
        legend = [text(f"report.mark_{style}", say, words=words) for style, words in figure.legend]
        axes = [text("report.across", say, words=figure.x), text("report.upward", say, words=figure.y)]
        width = {"docx": [["width", "7.6cm"]], "latex": [["width", "100%"]], "typst": [["width", "100%"]]}.get(self.target, [])
        picture = {"t": "Image", "c": [["", [], width], _inlines(figure.title), [self._address(figure), ""]]}
        return [_para([_strong(figure.title)]), _para([picture]), *self._help(" · ".join([*axes, *legend]))]

    def _help(self, words: str) -> list[Node]:
        return self._styled("Help", [_para(_inlines(words))]) if words else []

    def _address(self, figure: doc.Figure) -> str:
        """Where the picture lies: in Word within the document, else in a file beside it."""
        if self.target == "docx":
            return "data:image/png;base64," + base64.b64encode(image(figure.drawing, "png")).decode()
        return f"{self.folder}/{figure.name}.{picture_kind(self.target)}"


def picture_kind(target: Target) -> Literal["pdf", "png"]:
    """The kind of file that the pictures of a format are."""
    return "png" if target in _PLAIN else "pdf"


def _breakable(tex: str) -> str:
    """Brackets of one size: TeX breaks no line between those that grow."""
    return tex.replace(r"\left(", r"\bigl(").replace(r"\right)", r"\bigr)")


def _widths(block: doc.Grid) -> list[float]:
    """Shares of the line, by the longest text in each column, of the heads the longest word; the wide column takes what is left."""
    heads = [tuple(head.split()) for head in block.heads]
    longest = [max(_length(cell) for cell in column) for column in zip(heads, *block.rows, strict=True)]
    sizes = [min(max(size, 4), 24) + 3.5 for size in longest]
    sizes[block.wide] = max(sizes[block.wide], min(longest[block.wide], 54.0), 0.3 * sum(sizes))
    return [size / sum(sizes) for size in sizes]


def _length(cell: doc.Cell) -> int:
    """About how wide a cell is, in Latin letters."""
    if isinstance(cell, tuple):
        return max(map(_length, cell), default=0)
    if isinstance(cell, doc.Equation):
        return 54
    shown = cell.name if isinstance(cell, doc.Symbol) else str(cell.number) if isinstance(cell, doc.Rank) else cell
    return min(40, sum(2 if ord(letter) > 0x2E7F else 1 for letter in shown))
