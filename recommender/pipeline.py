"""The whole flow, in order: problem -> context -> proposals -> candidates -> fits -> assessments -> ranking -> report.

Every step reports itself as a `Progress`; `stop()` is asked between fits, and what has been found by then is ranked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.assess import ASSESSMENTS, Fitted
from recommender.assess.parsimony import form_bits
from recommender.candidates import Candidate, deduplicate
from recommender.coefficients import describe
from recommender.context import Context, gather
from recommender.error_model import relative_error
from recommender.fitting import Fit, FitTask, RaceProgress, fit, fit_many
from recommender.fitting.race import description_length
from recommender.meaning import usual_values
from recommender.problem import Problem
from recommender.proposers import Elementary, Proposal, Proposer, RetrievedForms, Typed
from recommender.ranking import Assessed, Ranked, is_constant, rank
from recommender.recommendation import Origin, RankedFormula, Recommendation, Variable, shown_latex

if TYPE_CHECKING:
    from indexes import Retriever

RACE_BUDGET = 0.06
FINAL_BUDGET = 1.0
GUIDED_BUDGET = 1.0
MAX_CANDIDATES = 90
FINALISTS = 16
SURE_LAWS = 4
_UNSETTLED = ("fit.structured", "fit.budget", "fit.clock")


@dataclass(frozen=True)
class Progress:
    """stage: proposing, racing, refining, assessing, ranking; done of total; the best formula so far, in the customer's symbols."""

    stage: str
    done: int
    total: int
    best: str = ""


Report = Callable[[Progress], None]
Stop = Callable[[], bool]


def silent(progress: Progress) -> None:
    """Report to nobody."""
    del progress


def never() -> bool:
    """Do not stop."""
    return False


def recommend(
    problem: Problem,
    *,
    retriever: Retriever | None = None,
    proposers: Sequence[Proposer] | None = None,
    limit: int = 5,
    effort: float = 1.0,
    progress: Report = silent,
    stop: Stop = never,
    workers: int | None = 0,
) -> Recommendation:
    """Several formulas for a problem, best first.

    retriever: an open index, None to use generic forms alone. limit: how many formulas to return. effort: multiplies the
    budget of every fit.
    progress: called with each step; stop: asked between steps, True ends the search with what there is.
    workers: processes that fit (None: one per core; 0: this one); the answer does not depend on it.
    ProblemError or FormulaError if a typed formula does not fit the problem; a proposer that fails is noted, not raised.
    """
    notes = list(problem.notes)
    progress(Progress("proposing", 0, 1))
    context = gather(problem, retriever)
    proposals = _collect(problem, context, proposers or (Typed(), Elementary(), RetrievedForms()), notes)
    candidates = deduplicate(proposals)[:MAX_CANDIDATES]
    raced = _race(problem, candidates, effort, progress, stop, workers)
    share = relative_error(problem, sorted(raced, key=_rough_score)[:FINALISTS])
    if share is not None:
        notes.append(Sentence.of("note.relative_error", percent=f"{100 * share:.2g}"))
        problem = problem.with_relative_error(share)
        raced = _race(problem, candidates, effort, progress, stop, workers)
    notes += [] if stop() else _typed_in_vain(candidates, raced)
    finalists = _refine(problem, raced, effort, progress, stop, workers)
    assessed = _assess(finalists, limit, progress, stop)
    ranked = rank(assessed, limit)
    progress(Progress("ranking", 1, 1, _shown(ranked[0].assessed.fitted.fit.formula, problem) if ranked else ""))
    if not ranked:
        notes.append(Sentence.of("note.nothing_fits"))
    counts = {"proposals": len(proposals), "candidates": len(candidates), "fitted": len(raced), "assessed": len(assessed)}
    return _result(problem, ranked, notes, counts)


def _collect(problem: Problem, context: Context, proposers: Iterable[Proposer], notes: list[Sentence]) -> list[Proposal]:
    found: list[Proposal] = []
    for proposer in proposers:
        try:
            for proposal in proposer.propose(problem, context, tuple(found)):
                found.append(_told_apart(proposal, problem))
        except Exception as error:  # a proposer may be anyone's
            if isinstance(proposer, Typed):
                raise
            reason = error.sentence if isinstance(error, RecommenderError) else f"{type(error).__name__}: {error}"[:200]
            notes.append(Sentence.of("note.proposer_failed", name=proposer.name, reason=reason))
    return found


def _told_apart(proposal: Proposal, problem: Problem) -> Proposal:
    """Coefficients named like one of the customer's columns get a name of their own, so that the formula can be read."""
    taken = {problem.target_symbol, *problem.names.values()}
    names: dict[str, str] = {}
    for name in proposal.formula.parameters:
        own = name
        while own in taken:
            own = f"{own}_"
        taken.add(own)
        names |= {name: own} if own != name else {}
    return proposal.renamed(names) if names else proposal


def _typed_in_vain(candidates: Sequence[Candidate], raced: Sequence[Fitted]) -> list[Sentence]:
    """A note for each typed formula that has no value, or no shape, on these rows."""
    fitted = {each.candidate.key for each in raced}
    lost = [proposal for candidate in candidates if candidate.key not in fitted for proposal in candidate.proposals]
    return [Sentence.of("note.typed_in_vain", text=dict(p.why.values).get("text", "")) for p in lost if p.proposer == Typed.name]


def _race(
    problem: Problem, candidates: Sequence[Candidate], effort: float, progress: Report, stop: Stop, workers: int | None
) -> list[Fitted]:
    """A small budget for everyone; what cannot be evaluated on these rows, or stays constant over them, drops out."""
    fits = _fit_all(problem, candidates, effort * RACE_BUDGET, "racing", progress, stop, workers)
    fitted = [Fitted(candidate, found, problem) for candidate, found in zip(candidates, fits, strict=True)]
    return [one for one in fitted if math.isfinite(one.fit.rss) and not is_constant(one)]


def _fit_all(
    problem: Problem, candidates: Sequence[Candidate], budget: float, stage: str, progress: Report, stop: Stop, workers: int | None
) -> tuple[Fit, ...]:
    """Every candidate with one budget; the best formula so far is told as fits come in."""
    best, shown, heard = math.inf, "", 0

    def listen(event: RaceProgress) -> None:
        nonlocal best, shown, heard
        heard += math.isfinite(event.fit.rss)
        length = description_length(event.fit)
        if length < best:
            best, shown = length, _shown(event.fit.formula, problem)
        progress(Progress(stage, event.done, event.total, shown))

    tasks = [FitTask(c.formula, c.lead.known, starts=[c.lead.starts] if c.lead.starts else ()) for c in candidates]
    options = {"screen_budget": budget, "finalists": 0, "workers": workers, "seed": problem.seed}
    enough = lambda: bool(heard or stage != "racing") and stop()  # noqa: E731  # a race stopped at once still has one formula
    return fit_many(tasks, problem.samples, listen=listen, stop=enough, **options)  # type: ignore[arg-type]


def _rough_score(fitted: Fitted) -> float:
    """Description length in bits from the training error alone; good enough to choose finalists."""
    n = len(fitted.problem.samples)
    free = len(fitted.free)
    share = max(fitted.train_share, 1e-20)
    return 0.5 * min(n, 150) * math.log2(share) + 0.5 * form_bits(fitted) + 0.5 * free * math.log2(n)


def _refine(problem: Problem, raced: Sequence[Fitted], effort: float, progress: Report, stop: Stop, workers: int | None) -> list[Fitted]:
    """The full budget for the finalists."""
    order = _finalists(raced)
    fits = _fit_all(problem, [fitted.candidate for fitted in order], effort * FINAL_BUDGET, "refining", progress, stop, workers)
    finals = [_better(fitted, replace(fitted, fit=found)) for fitted, found in zip(order, fits, strict=True)]
    return [fitted if stop() else _guided(fitted, effort) for fitted in finals]


def _finalists(raced: Sequence[Fitted]) -> list[Fitted]:
    """Typed formulas, the laws retrieved first (a hard form may need more than a race), then the best of the race."""
    typed = [fitted for fitted in raced if _typed(fitted)]
    laws = [fitted for fitted in raced if fitted.candidate.is_law][:SURE_LAWS]
    best = sorted(raced, key=lambda fitted: (_rough_score(fitted), fitted.candidate.key))
    return list({fitted.candidate.key: fitted for fitted in (*typed, *laws, *best)}.values())[:FINALISTS]


def _guided(fitted: Fitted, effort: float) -> Fitted:
    """Where a pattern remains in the residual of a law, one more fit from what is usual for its coefficients."""
    priors = usual_values(fitted.candidate.lead.meanings, fitted.free)
    if fitted.fit.status.key not in _UNSETTLED or len(priors) < len(fitted.free) or not fitted.candidate.is_law:
        return fitted
    lead, samples, seed = fitted.candidate.lead, fitted.problem.samples, fitted.problem.seed
    usual = fit(lead.formula, samples, known=lead.known, priors=priors, budget=effort * GUIDED_BUDGET, seed=seed)
    if not all(map(math.isfinite, usual.parameters.values())):
        return fitted
    again = fit(lead.formula, samples, known=lead.known, starts=[usual.parameters], budget=effort * RACE_BUDGET, seed=seed)
    return _better(fitted, replace(fitted, fit=again))


def _better(a: Fitted, b: Fitted) -> Fitted:
    return b if b.fit.rss <= a.fit.rss else a


def _typed(fitted: Fitted) -> bool:
    return any(proposal.proposer == Typed.name for proposal in fitted.candidate.proposals)


def _assess(finalists: Sequence[Fitted], limit: int, progress: Report, stop: Stop) -> list[Assessed]:
    out: list[Assessed] = []
    for i, fitted in enumerate(finalists):
        if stop() and len(out) >= limit:
            break
        out.append(Assessed(fitted, {assessment.kind: assessment.assess(fitted) for assessment in ASSESSMENTS}))
        progress(Progress("assessing", i + 1, len(finalists)))
    return out


def _shown(formula: Formula, problem: Problem) -> str:
    return f"{problem.target_symbol} = {formula.rename(problem.names).text}"


def _result(problem: Problem, ranked: Sequence[Ranked], notes: Sequence[Sentence], counts: Mapping[str, int]) -> Recommendation:
    variables = tuple(_variable(inner, problem.names[inner], column) for inner, column in zip(problem.names, problem.inputs, strict=True))
    target = _variable("y", problem.target_symbol, problem.target)
    return Recommendation(
        table=problem.table.name,
        table_hash=problem.table.content_hash,
        rows=len(problem.samples),
        target=target,
        inputs=variables,
        about=problem.about,
        seed=problem.seed,
        formulas=tuple(_formula(place, problem, variables, target) for place in ranked),
        notes=tuple(notes),
        counts=counts,
        versions={name: version(name) for name in ("numpy", "scipy", "formula-recommender")},
    )


def _variable(inner: str, symbol: str, column: object) -> Variable:
    from recommender.table import Column

    assert isinstance(column, Column)
    return Variable(inner, symbol, column.name, None if column.unit is None else column.unit.text, column.description)


def _formula(place: Ranked, problem: Problem, variables: tuple[Variable, ...], target: Variable) -> RankedFormula:
    fitted = place.assessed.fitted
    evidence = tuple(place.assessed.evidence.values())
    formula = fitted.fit.formula
    return RankedFormula(
        rank=place.rank,
        wire=formula.text,
        text=_shown(formula, problem),
        latex=shown_latex(formula, problem.names),
        key=fitted.candidate.key,
        coefficients=describe(fitted),
        evidence=evidence,
        origins=tuple(Origin(p.proposer, p.why, p.source) for p in fitted.candidate.proposals[:8]),
        reason=place.reason,
        status=fitted.fit.status,
        warnings=(*fitted.fit.warnings, *(warning for e in evidence for warning in e.warnings)),
        score=place.score,
        front=place.front,
        variables=variables,
        target=target,
    )
