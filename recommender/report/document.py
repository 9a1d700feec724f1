"""What every kind of report says, in the reader's language and free of any markup: sections of blocks.

The writers (HTML, Word, PDF, LaTeX, Markdown) know these blocks and nothing else, so whatever has a `Section` appears in all of them.
Every text in here is plain data: each writer makes it inert for its own format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from corpus.language import Language
from corpus.tree import Node
from recommender.report.view import Gauge

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Role = Literal["plain", "help", "warning"]


@dataclass(frozen=True)
class Symbol:
    """A name as it looks in formulas."""

    kind: ClassVar[str] = "symbol"
    name: str


@dataclass(frozen=True)
class Rank:
    """The number of a candidate, leading to its section where a reader can follow it."""

    kind: ClassVar[str] = "rank"
    number: int


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; lead: words before it, in bold."""

    kind: ClassVar[str] = "paragraph"
    text: str
    role: Role = "plain"
    lead: str = ""


@dataclass(frozen=True)
class Equation:
    """`target = root`, to be typeset."""

    kind: ClassVar[str] = "equation"
    target: str
    root: Node


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of remarks."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Source text, as it stands; language: for highlighting, "" if none."""

    kind: ClassVar[str] = "code"
    text: str
    language: str = ""


@dataclass(frozen=True)
class Facts:
    """Short pairs of a name and a value."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Gauges:
    """Evidence as bars."""

    kind: ClassVar[str] = "gauges"
    gauges: tuple[Gauge, ...]


@dataclass(frozen=True)
class Drawing:
    """A figure without words, numerals only, so that no font can be missing; height: in inches, at a width of 5."""

    draw: Callable[[Axes], None]
    height: float = 3.1


@dataclass(frozen=True)
class Figure:
    """A drawing and the words beside it: title, at its axes, legend as (style, words), a remark. name: unlike any other of the document."""

    name: str
    title: str
    x: str
    y: str
    drawing: Drawing
    legend: tuple[tuple[str, str], ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Figures:
    """Figures side by side, where there is room."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


Part: TypeAlias = "str | Symbol | Rank | Equation"
Cell: TypeAlias = "Part | tuple[Part, ...]"  # a tuple: one below the other


@dataclass(frozen=True)
class Grid:
    """A table; numeric: columns that are set flush right; wide: the column that takes the room that is left."""

    kind: ClassVar[str] = "grid"
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: int = -1


Block: TypeAlias = "Paragraph | Equation | Heading | Bullets | Code | Facts | Gauges | Figures | Grid"


@dataclass(frozen=True)
class Section:
    """A part of the report; rank: of the candidate it tells of, 0 if of none."""

    title: str
    blocks: tuple[Block, ...]
    rank: int = 0


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    language: Language
    sections: tuple[Section, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in order."""
        blocks = (block for section in self.sections for block in section.blocks)
        return tuple(figure for block in blocks if isinstance(block, Figures) for figure in block.figures)
