"""A recommendation on a terminal."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table as Grid
from rich.text import Text

from corpus.language import Language, text
from recommender.coefficients import Coefficient
from recommender.interpretation import FAIR, Interpretation
from recommender.progress import Progress, Report, Stop
from recommender.ranking import level
from recommender.recommendation import RankedFormula, Recommendation

_WEAK = 0.3  # accidents to be expected, above which a relation is not worth a line


@contextmanager
def progress_bar(language: Language) -> Iterator[Report]:
    """A live bar on stderr; the best formula so far stands beside it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn(), TextColumn("{task.fields[best]}"))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, best="")

        def tell(progress: Progress) -> None:
            best = progress.best[:80]
            bar.update(
                task, description=text(f"stage.{progress.stage}", language), completed=progress.done, total=progress.total, best=best
            )

        yield tell


@contextmanager
def stop_on_interrupt(language: Language) -> Iterator[Stop]:
    """Ctrl-C ends the search with what there is; a second one ends the program."""
    asked = False

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        Console(stderr=True).print(Text(text("stage.stopping", language)))

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def print_recommendation(result: Recommendation, language: Language = "en", console: Console | None = None) -> None:
    """Ranked table first, then each candidate with coefficients, evidence, warnings and origin."""
    out = console or Console(width=None if Console().is_terminal else 132, highlight=False)
    out.print(Text(text("report.title", language, target=result.target.name), style="bold"))
    out.print(Text(f"{result.table}: {result.rows} {text('report.rows', language)}. {text('report.si_note', language)}"))
    for warning in result.warnings:
        out.print(Text(f"! {warning.text(language)}", style="bold yellow"))
    if result.undecided is not None:
        out.print(Text(f"? {result.undecided.text(language)}", style="cyan"))
    for note in result.notes:
        out.print(Text(f"· {note.text(language)}", style="yellow"))
    out.print(Text(text("report.counts", language, **result.counts), style="dim"))
    out.print(_summary(result, language))
    for formula in result.formulas:
        _print_formula(out, formula, language)


def _summary(result: Recommendation, language: Language) -> Grid:
    grid = Grid(show_edge=False, pad_edge=False)
    grid.add_column("#", justify="right")
    grid.add_column(text("report.formula", language), overflow="fold")
    for key in ("confidence", "held_out", "edge", "stability", "parameters"):
        grid.add_column(text(f"report.{key}", language), justify="right")
    for f in result.formulas:
        grid.add_row(str(f.rank), Text(f.text), confidence_words(f, language), *summary_cells(f))
    return grid


def summary_cells(formula: RankedFormula) -> tuple[str, str, str, str]:
    """Held-out error, edge error, stability, number of fitted coefficients, as text."""
    stability = next((e.score for e in formula.evidence if e.kind == "stability"), math.nan)
    return (
        percent(formula.number("accuracy", "held_out_weighted")),
        percent(formula.number("edge", "edge_weighted")),
        f"{stability:.2f}",
        f"{sum(not c.known for c in formula.coefficients)}",
    )


def confidence_words(formula: RankedFormula, language: Language) -> str:
    """`high, 92 %`: how sure it is that this is the law, or equal to it on the data; a dash where it is not known."""
    if math.isnan(formula.confidence):
        return "–"
    told = text(f"confidence.{level(formula.confidence)}", language)
    return text("confidence.told", language, level=told, percent=confidence_percent(formula))


def confidence_percent(formula: RankedFormula) -> str:
    """Whole percent; what would be none is less than one."""
    return f"{100 * formula.confidence:.0f}" if formula.confidence >= 0.005 else "< 1"


def family_words(formula: RankedFormula, language: Language) -> str:
    """How many other spellings of the family there are, "" if none."""
    return (
        text("confidence.spellings" if formula.spellings > 1 else "confidence.spelling", language, count=formula.spellings)
        if formula.spellings
        else ""
    )


def percent(nmse: float) -> str:
    """Root of an NMSE in percent of the spread; a dash where it was not measured."""
    return f"{100 * math.sqrt(nmse):.3g} %" if math.isfinite(nmse) else "–"


def _print_formula(out: Console, formula: RankedFormula, language: Language) -> None:
    out.print(Text(f"\n#{formula.rank}  {formula.text}", style="bold"))
    told = (f"{text('report.confidence', language)}: {confidence_words(formula, language)}", family_words(formula, language))
    out.print(Text(f"    {' · '.join(filter(None, told))}"))
    for coefficient in formula.coefficients:
        out.print(Text(f"    {coefficient_line(coefficient, language)}"))
        for words in interpretation_words(coefficient, language):
            out.print(Text(f"        → {words}", style="green"))
    for evidence in formula.evidence:
        out.print(Text(f"    {evidence.words.text(language)}", style="dim"))
    out.print(Text(f"    {formula.status.text(language)}", style="dim"))
    for warning in dict.fromkeys(formula.warnings):
        out.print(Text(f"    ! {warning.text(language)}", style="yellow"))
    out.print(Text(f"    {formula.origins[0].why.text(language)}", style="cyan"))
    if formula.method is not None:
        out.print(Text(f"    {formula.method.text(language)}", style="cyan"))
    out.print(Text(f"    {formula.reason.text(language)}"))


def coefficient_line(c: Coefficient, language: Language) -> str:
    """`L = 12.55 ± 0.01 mm: element length`."""
    unit = text("report.unit_open", language) if c.unit == "?" else c.unit
    value = f"{c.name} = {value_with_error(c.value, c.standard_error)}" if not c.known else f"{c.name} = {c.value:.6g}"
    return f"{value} {unit}".rstrip() + (f": {words}" if (words := meaning_words(c, language)) else "")


def meaning_words(c: Coefficient, language: Language) -> str:
    """What the coefficient is: the words of its source, else the quantity its unit speaks of."""
    known = f" ({text('report.known', language)})" if c.known else ""
    if c.meaning is not None:
        return c.meaning.of(language) + known
    return text("report.probably", language, quantity=text(f"quantity.{c.quantity}", language)) + known if c.quantity else known.strip()


def interpretation_words(c: Coefficient, language: Language) -> tuple[str, ...]:
    """What it may be beside what its source says: the two readings with the strongest evidence."""
    return tuple(one.words.text(language) for one in c.interpretations if _worth_saying(one))[:2]


def _worth_saying(one: Interpretation) -> bool:
    """Not what the source says, which stands before; of weak evidence only that of tuning tests."""
    return one.kind in ("same", "varies") or one.chance < (_WEAK if one.kind == "tuning" else FAIR)


def value_with_error(value: float, error: float) -> str:
    """`12.551 ± 0.011`: the error to two digits, the value to the same place."""
    if not (math.isfinite(error) and error > 0 and math.isfinite(value)):
        return f"{value:.6g}"
    exponent = math.floor(math.log10(max(abs(value), error)))
    if not -4 <= exponent <= 6:
        scale = 10.0**exponent
        return f"({value_with_error(value / scale, error / scale)})e{exponent:+d}"
    places = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{min(places, 12)}f} ± {error:.{min(places, 12)}f}"
