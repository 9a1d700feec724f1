"""Tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from corpus.language import Language, text

_WIDTH = 200  # where no terminal says how wide it is


def print_grid(section: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]], language: Language) -> None:
    """Rows below heads; section: of the string table, where the heads are."""
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None)
    for name in columns:
        grid.add_column(text(f"{section}.{name}", language), overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))  # names are a person's text, no markup
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(grid)
