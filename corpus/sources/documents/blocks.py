"""What every reader of documents gives: headings, text, displayed mathematics, code and tables, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "text", "math", "code", "table"]


@dataclass(frozen=True)
class Block:
    """One piece of a document.

    where: `line 12`, `page 3`, `paragraph 7`. text: mathematics inside text stands between dollar signs, as LaTeX; lines stay apart.
    rows: cells of a table.
    """

    where: str
    kind: Kind
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
