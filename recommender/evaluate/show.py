"""A benchmark on a terminal: progress on stderr, then the table, and one line that says whether the bar holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from corpus.language import Language, text
from recommender.evaluate._base import Row, Suite, Value, Verdict

_WIDTH = 160
_NAMED = 40


class Screen:
    """Where a bench is shown, in one language."""

    def __init__(self, language: Language = "en", console: Console | None = None) -> None:
        self._language = language
        self._out = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)

    def say(self, key: str, style: str = "", **values: object) -> None:
        """One sentence of the section `bench`."""
        self._out.print(Text(text(f"bench.{key}", self._language, **values), style=style))

    @contextmanager
    def progress(self, suite: Suite[Any], total: int) -> Iterator[Any]:
        """Gives a function to call after each case."""
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(suite.name, total=total)
            yield lambda: bar.advance(task)

    def suite(self, suite: Suite[Any], rows: Sequence[Row], verdict: Verdict) -> None:
        """The table of one suite and how it stands against its bar."""
        for row in [row for row in rows if row.failure][:_NAMED]:
            self.say("failed", "red", case=row.case, reason=row.failure)
        shown = suite.shown(rows)
        if verdict.missed and shown is not rows:
            self.say("missed_cases", count=len(verdict.missed), names=", ".join(verdict.missed[:_NAMED]))
        self.say(f"{suite.name}_title", "bold")
        self._out.print(self._grid(suite, shown))
        self.verdict(suite, verdict)

    def verdict(self, suite: Suite[Any], verdict: Verdict) -> None:
        """Measured, bar, and whether it holds."""
        self._out.print(Text(verdict.words.text(self._language)))
        bar = text(f"bench.{suite.name}_bar", self._language)
        self.say("holds" if verdict.holds else "missed", "green" if verdict.holds else "red", bar=bar)

    def _grid(self, suite: Suite[Any], rows: Sequence[Row]) -> Grid:
        grid = Grid(show_edge=False, pad_edge=False)
        grid.add_column(text("bench.column_case", self._language), overflow="fold")
        grid.add_column(text("bench.column_passed", self._language), justify="center")
        for key in suite.columns:
            grid.add_column(text(f"bench.column_{key}", self._language), justify="right")
        for row in rows:
            passed = Text("✓", style="green") if row.passed else Text("✗", style="red")
            grid.add_row(Text(row.case), passed, *(Text(cell(row.values.get(key))) for key in suite.columns))
        return grid

    def summary(self, verdicts: Mapping[str, Verdict]) -> None:
        """One line per suite, when there were several."""
        grid = Grid(show_edge=False, pad_edge=False)
        for key in ("suite", "passed", "measured"):
            grid.add_column(text(f"bench.column_{key}", self._language), justify="center" if key == "passed" else "left")
        for name, verdict in verdicts.items():
            mark = Text("✓", style="green") if verdict.holds else Text("✗", style="red")
            grid.add_row(name, mark, Text(verdict.words.text(self._language)))
        self._out.print(grid)

    def benches(self, names: Mapping[str, Sequence[str]]) -> None:
        """Names of the benches, their suites and bars."""
        for name, suites in names.items():
            self._out.print(Text(name, style="bold"))
            for suite in suites:
                title = text(f"bench.{suite}_title", self._language)
                self._out.print(Text(f"  {suite}: {title} {text(f'bench.{suite}_bar', self._language)}"))

    def history(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Past runs, oldest first."""
        grid = Grid(show_edge=False, pad_edge=False)
        for key in ("time", "commit", "suite", "seed", "cases", "passed", "measured"):
            grid.add_column(text(f"bench.column_{key}", self._language))
        for line in lines:
            mark = Text("✓", style="green") if line.get("holds") else Text("✗", style="red")
            cases = f"{line.get('count')}{' quick' if line.get('quick') else ''} {line.get('digest')}"
            measured = ", ".join(f"{name} {cell(value)}" for name, value in dict(line.get("numbers", {})).items())
            told = (line.get("time"), line.get("commit") or "–", line.get("suite"), line.get("seed"), cases)
            grid.add_row(*(Text(str(item)) for item in told), mark, Text(measured))
        self._out.print(grid)


def cell(value: Value) -> str:
    """A value as it stands in a table."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
