"""From a recommendation to a document: which sections there are, and what each says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.language import Language, Sentence, text
from recommender.prediction import with_errors_of
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation, Variable
from recommender.report import view
from recommender.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Equation,
    Facts,
    Figure,
    Figures,
    Gauges,
    Grid,
    Heading,
    Paragraph,
    Part,
    Rank,
    Section,
    Symbol,
)
from recommender.report.plots import (
    beyond_drawing,
    convergence_drawing,
    fit_drawing,
    residual_drawing,
    stability_drawing,
    trade_off_drawing,
)
from recommender.report.series import beyond, series, steadiness, trade_offs
from recommender.table import Column

STABILITY_PARTS = ("bootstrap", "selection", "jitter", "multiplicity", "search")
_EFFORTS = frozenset({"proposer_failed", "typed_in_vain", "no_index", "index_problem", "assessment_failed", "nothing_fits"})
_DASH = "–"


def compose(problem: Problem, result: Recommendation, language: Language = "en", further: Sequence[Section] = ()) -> Document:
    """Everything there is to say of a run; further: sections of others, before the last one. The same result gives the same document."""
    writer = _Writer(with_errors_of(problem, result), result, language)
    candidates = [writer.candidate(formula) for formula in result.formulas]
    sections = (writer.question(), *writer.overview(), *candidates, *writer.tried(), *further, writer.reproduce())
    return Document(text("report.title", language, target=result.target.name), language, sections)


@dataclass(frozen=True)
class _Writer:
    """One run in one language."""

    problem: Problem
    result: Recommendation
    language: Language

    def say(self, key: str, **values: object) -> str:
        return text(f"report.{key}", self.language, **values)

    # --- the question -------------------------------------------------------------------------------------------------

    def question(self) -> Section:
        """The table, its columns, and what was asked of it."""
        result, problem = self.result, self.problem
        about = (Paragraph(result.about, lead=self.say("about")),) if result.about else ()
        rows = [self._column(result.target, problem.target, "target")]
        rows += [self._column(v, column, "input") for v, column in zip(result.inputs, problem.inputs, strict=True)]
        heads = ("", *(self.say(key) for key in ("column", "symbol", "unit", "range", "meaning")))
        table = Paragraph(f"{result.table} · {result.rows} {self.say('rows')}")
        asked = self._asked()
        cautions = [Paragraph(caution, "warning", self.say("warning")) for caution in view.cautions(result, self.language)]
        notes = tuple(note.text(self.language) for note in result.notes if not _is_effort(note))
        blocks: list[Block] = [*about, table, Grid(heads, tuple(rows), wide=5), *([Facts(asked)] if asked else []), *cautions]
        return Section(self.say("table"), (*blocks, *((Bullets(notes),) if notes else ())))

    def _column(self, variable: Variable, column: Column, role: str) -> tuple[Part, ...]:
        values = column.shown[self.problem.rows]
        low, high = (view.number_text(float(end)) for end in (values.min(), values.max()))
        unit = view.unit_text(variable.unit or "") or _DASH
        words = variable.description or _DASH
        return self.say(role), variable.name, Symbol(variable.symbol), unit, f"{low} … {high}", words

    def _asked(self) -> tuple[tuple[str, str], ...]:
        """What the person gave beside the table."""
        problem = self.problem
        known = [f"{quantity.name} = {quantity.shown}" for quantity in problem.known]
        pairs = [(self.say("asked_known"), one) for one in known]
        pairs += [(self.say("asked_require"), requirement.text) for requirement in problem.require]
        pairs += [(self.say("asked_typed"), typed) for typed in problem.typed]
        pairs += [(self.say("asked_group"), problem.grouping.name)] if problem.grouping is not None else []
        pairs += [(self.say("asked_range"), one.told(problem.table)) for one in problem.ranges]
        pairs += [(self.say("asked_split"), problem.split.text)] if problem.split.way != "auto" else []
        return tuple(pairs)

    # --- all candidates -----------------------------------------------------------------------------------------------

    def overview(self) -> tuple[Section, ...]:
        """The candidates side by side."""
        if not self.result.formulas:
            return ()
        heads = ("rank", "formula", "confidence_short", "held_out", "edge", "stability", "parameters")
        rows = tuple(self._summary_row(formula) for formula in self.result.formulas)
        helps = [f"{self.say('held_out')} / {self.say('edge')}: {self.say('error_help')}"]
        helps += [f"{self.say('confidence')}: {self.say('confidence_help')}", self.say("si_note")]
        grid = Grid(tuple(self.say(head) for head in heads), rows, frozenset({2, 3, 4, 5, 6}), wide=1)
        figures = (*self._trade_off(), *self._stability())
        shown = (Figures(figures),) if figures else ()
        rivals = () if self.result.undecided is None else (Paragraph(self.result.undecided.text(self.language)),)
        return (Section(self.say("summary"), (grid, *rivals, *(Paragraph(words, "help") for words in helps), *shown)),)

    def _summary_row(self, formula: RankedFormula) -> tuple[Part | tuple[Part, ...], ...]:
        share = view.confidence_share(formula)
        return Rank(formula.rank), (view.law(formula, self.language), _equation(formula)), share, *view.summary_row(formula)

    def _trade_off(self) -> tuple[Figure, ...]:
        points = trade_offs(self.result.formulas)
        if len(points) < 2:
            return ()
        title, x, y = (self.say(key) for key in ("trade_off", "bits", "held_out_percent"))
        return (Figure("trade", title, x, y, trade_off_drawing(points), remark=self.say("trade_off_help")),)

    def _stability(self) -> tuple[Figure, ...]:
        rows = steadiness(self.result.formulas, STABILITY_PARTS)
        if not rows:
            return ()
        parts = " · ".join(f"{i} {self.say(f'stability_{kind}')}" for i, kind in enumerate(STABILITY_PARTS, 1))
        title, x, y = (self.say(key) for key in ("stability", "stability_percent", "rank"))
        return (Figure("stability", title, x, y, stability_drawing(rows), remark=self.say("stability_help", parts=parts)),)

    # --- one candidate ------------------------------------------------------------------------------------------------

    def candidate(self, formula: RankedFormula) -> Section:
        """Formula, confidence, coefficients, evidence, plots, origin, source."""
        language = self.language
        warnings = [Paragraph(words, "warning", self.say("warning")) for words in view.warnings(formula, language)]
        blocks: list[Block] = [_equation(formula), *warnings]
        blocks += [Paragraph(view.confidence(formula, language), lead=self.say("confidence"))]
        blocks += [Heading(self.say("coefficients")), self._coefficients(formula)]
        blocks += [Heading(self.say("evidence")), Gauges(view.gauges(formula, language))]
        blocks += [Paragraph(formula.status.text(language), "help"), Figures(self._figures(formula))]
        lineage = view.lineage(formula, language)
        blocks += [Heading(self.say("origin")), *map(Paragraph, view.origins(formula, language)), *([Bullets(lineage)] if lineage else [])]
        blocks += [Heading(self.say("why")), Paragraph(formula.reason.text(language))]
        blocks += [Heading(self.say("source")), Code(formula.numpy_source(), "python")]
        return Section(view.law(formula, language), tuple(blocks), rank=formula.rank)

    def _coefficients(self, formula: RankedFormula) -> Block:
        if not formula.coefficients:
            return Paragraph(self.say("none"))
        heads = ("", *(self.say(key) for key in ("value", "unit", "interval", "meaning")))
        rows = tuple(
            (Symbol(row.name), row.value, row.unit or _DASH, row.interval, (row.meaning or _DASH, *row.readings))
            for row in view.coefficient_rows(formula, self.language)
        )
        return Grid(heads, rows, frozenset({1, 3}), wide=4)

    def _figures(self, formula: RankedFormula) -> tuple[Figure, ...]:
        data = series(self.problem, formula)
        x, y, rest = view.plot_labels(formula, data, self.language)
        legend = (("point", self.say("measured")), ("line", self.say("predicted")))
        return (
            Figure(f"fit{formula.rank}", self.say("fit"), x, y, fit_drawing(data), legend if data.single else ()),
            Figure(f"rest{formula.rank}", self.say("residuals"), x, rest, residual_drawing(data)),
            self._beyond(formula),
        )

    def _beyond(self, formula: RankedFormula) -> Figure:
        data = beyond(self.problem, formula)
        x = next(view.axis_label(v) for v in formula.variables if v.name == data.name)
        legend = (("line", self.say("predicted")), ("band", self.say("band")), ("range", self.say("measured_range")))
        others = ", ".join(v.name for v in formula.variables if v.name != data.name)
        remark = " ".join([self.say("beyond_help"), *([self.say("beyond_others", names=others)] if others else [])])
        y = view.axis_label(formula.target)
        return Figure(f"beyond{formula.rank}", self.say("beyond"), x, y, beyond_drawing(data), legend, remark)

    # --- the run ------------------------------------------------------------------------------------------------------

    def tried(self) -> tuple[Section, ...]:
        """How much was tried, by whom what is shown was proposed, which changes helped and which did not, and what failed."""
        result, language = self.result, self.language
        notes = tuple(note.text(language) for note in (*result.tried, *(note for note in result.notes if _is_effort(note))))
        votes = Counter(name for formula in result.formulas for name in {origin.proposer for origin in formula.origins})
        asked = ", ".join(f"{name} ({count})" for name, count in sorted(votes.items(), key=lambda pair: (-pair[1], pair[0])))
        blocks: list[Block] = [Paragraph(text("report.counts", language, **result.counts))] if result.counts else []
        blocks += [Paragraph(asked, lead=self.say("proposers"))] if asked else []
        blocks += [Bullets(notes)] if notes else []
        blocks += [Paragraph(result.convergence.told.text(language)), self._curves()] if result.convergence.steps else []
        return (Section(self.say("tried"), tuple(blocks)),) if blocks else ()

    def _curves(self) -> Figures:
        title, x, y = (self.say(key) for key in ("convergence", "steps", "bits"))
        return Figures((Figure("convergence", title, x, y, convergence_drawing(self.result.convergence.curves)),))

    def reproduce(self) -> Section:
        """The command that gives the same answer again."""
        result = self.result
        pairs = [(self.say("seed"), f"{result.seed}"), (self.say("hash"), result.table_hash), *sorted(result.versions.items())]
        words = Paragraph(self.say("reproduce_help", table=result.table, hash=result.table_hash), "help")
        return Section(self.say("reproduce"), (Code(view.command(self.problem, result), "bash"), words, Facts(tuple(pairs))))


def _is_effort(note: Sentence) -> bool:
    """Whether a note tells of the search, not of the table."""
    section, _, key = note.key.partition(".")
    return section != "note" or key in _EFFORTS


def _equation(formula: RankedFormula) -> Equation:
    shown = formula.formula.rename({v.inner: v.symbol for v in formula.variables})
    return Equation(formula.target.symbol, shown.root)
