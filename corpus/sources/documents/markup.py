"""Markdown, LaTeX and plain text, read line by line into blocks. LaTeX is first respelled as Markdown, line for line."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from corpus.errors import EntryError
from corpus.sources.documents.blocks import Block, Kind

MAX_LINES = 20_000
MAX_LINE = 20_000
_MATH = "equation|align|gather|multline|displaymath|eqnarray|flalign|alignat"
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_ITEM = re.compile(r"\s*(?:[-*+•・]|\(?\d{1,3}[.)])\s+")
_RULE = re.compile(r"[\s|:=_-]+")
_TEX_HEADING = re.compile(r"\\(?:title|part|chapter|(?:sub)*section|paragraph|caption)\*?\{([^{}]*)\}")
_TEX_WORDS = re.compile(r"\\(?:textbf|emph|textit|textsf|texttt|underline|textrm)\{([^{}]*)\}")
_ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?")


def markup_blocks(text: str, *, latex: bool = False) -> Iterator[Block]:
    """The blocks of a text. EntryError if it has too many lines, or too long ones."""
    lines = text.splitlines()
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        raise EntryError("document_lines", limit=MAX_LINES, length=MAX_LINE)
    yield from _Lines(_as_markdown(lines) if latex else lines).blocks()


def _as_markdown(lines: list[str]) -> list[str]:
    """The same lines with LaTeX's headings, displays, items and tables spelled as in Markdown."""
    spelled: list[str] = []
    table = False
    for line in lines:
        line = re.sub(r"(?<!\\)%.*", "", line)
        table = (table or r"\begin{tabular" in line) and r"\end{tabular" not in line
        line = re.sub(rf"\\(?:begin|end)\{{(?:{_MATH})\*?\}}(?:\{{\d+\}})?", "$$", line)
        line = _TEX_WORDS.sub(r"\1", _TEX_HEADING.sub(r"# \1", line))
        line = re.sub(r"\\item\b(?:\[([^\]]*)\])?", r"- \1", line)
        if table and "&" in line:
            line = f"| {_ROW_END.sub('', line).replace('&', ' | ')} |"
        spelled.append(re.sub(r"\\(?:begin|end)\{[a-z*]+\}(?:\{[^{}]*\})?|\\(?:hline|toprule|midrule|bottomrule)|(?<=\S)~", " ", line))
    return spelled


class _Lines:
    """A walk over lines that gathers them into blocks."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.kept: list[str] = []
        self.start = 1

    def blocks(self) -> Iterator[Block]:
        number = 0
        while number < len(self.lines):
            line = self.lines[number].strip()
            opening = next((end for begin, end in (("$$", "$$"), (r"\[", r"\]")) if line.startswith(begin)), "")
            if _FENCE.match(line):
                yield from self.flush()
                number = yield from self.until(number, "code", line[:3], 3)
            elif opening:
                yield from self.flush()
                number = yield from self.until(number, "math", opening, 2)
            elif line.startswith("|") and line.count("|") > 1:
                yield from self.flush()
                number = yield from self.table(number)
            else:
                yield from self.plain(number, line)
                number += 1
        yield from self.flush()

    def plain(self, number: int, line: str) -> Iterator[Block]:
        heading = _HEADING.match(line)
        under = self.lines[number + 1].strip() if number + 1 < len(self.lines) else ""
        if heading or (line and not self.kept and re.fullmatch(r"={3,}|-{3,}", under)):
            yield from self.flush()
            yield Block(f"line {number + 1}", "heading", heading[1] if heading else line)
        elif not line or _RULE.fullmatch(line):
            yield from self.flush()
        else:
            if _ITEM.match(line):
                yield from self.flush()
            if not self.kept:
                self.start = number + 1
            self.kept.append(line)

    def flush(self) -> Iterator[Block]:
        """The paragraph gathered so far."""
        if self.kept:
            yield Block(f"line {self.start}", "text", "\n".join(self.kept))
        self.kept = []

    def until(self, number: int, kind: Kind, closing: str, length: int) -> Generator[Block, None, int]:
        """The lines up to a closing mark as a block; what stands behind the mark stays in place. Returns the next line."""
        first = self.lines[number].strip()[length:] if kind == "math" else ""
        inside, at = [first], number
        while (end := inside[-1].find(closing) if at > number or kind == "math" else -1) < 0 and at + 1 < len(self.lines):
            at += 1
            inside.append(self.lines[at])
        if end >= 0:
            rest = inside[-1][end + len(closing) :].strip()
            inside[-1] = inside[-1][:end]
            if rest.strip(".,;、。 "):
                self.lines[at] = rest
                at -= 1
        yield from _pieces(f"line {number + 1}", kind, inside)
        return at + 1

    def table(self, number: int) -> Generator[Block, None, int]:
        """The rows of a table as a block. Returns the next line."""
        rows, at = [], number
        while at < len(self.lines) and self.lines[at].strip().startswith("|"):
            line = self.lines[at].strip()
            if not _RULE.fullmatch(line):
                rows.append(_cells(line))
            at += 1
        yield Block(f"line {number + 1}", "table", rows=tuple(rows))
        return at


def _pieces(where: str, kind: Kind, lines: list[str]) -> Iterator[Block]:
    """One block of code, or one block for each row of displayed mathematics."""
    if kind == "code":
        yield Block(where, kind, "\n".join(lines).strip())
        return
    text = re.sub(r"\\(?:begin|end)\{(?:aligned|split|gathered)\}", " ", " ".join(lines))
    left = ""
    for row in _ROW_END.split(text) if r"\begin{" not in text else [text]:
        continued = re.match(r"[\s&]*=", row)
        left = left if continued else row.partition("=")[0]
        if row.strip():
            yield Block(where, kind, (left + row if continued else row).strip())


def _cells(line: str) -> tuple[str, ...]:
    """Cells of a table row; a bar behind a backslash is part of a cell."""
    return tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|")))
