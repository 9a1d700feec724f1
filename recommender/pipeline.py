"""The whole flow, in order: problem -> context -> proposals -> candidates -> fits -> assessments -> ranking -> report.

What is known (typed, elementary, retrieved) is raced first and ranked at once; then the structure searches run, wave after wave, and what
they find joins the race; then islands take over. If a person changes which rows count, all of it begins again with what is known by then.
Every step reports itself as a `Progress`; `stop()` is asked all the time, and what there is by then is ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from recommender.context import gather
from recommender.journal import Blank, Journal
from recommender.llm import Ensemble, talking
from recommender.prior import Recall, begun_with, domain_of
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.proposers import Elementary, Proposer, RetrievedForms, Typed, searchers, shares, shares_told
from recommender.racing import Terms
from recommender.recommendation import Recommendation
from recommender.running import Means, Run
from recommender.search import Plan, Steering, Unsteered

if TYPE_CHECKING:
    from indexes import Retriever

SECONDS = 20.0
Waves = Sequence[Sequence[Proposer]]


def recommend(
    problem: Problem,
    *,
    retriever: Retriever | None = None,
    proposers: Sequence[Proposer] | None = None,
    waves: Waves | None = None,
    limit: int = 5,
    effort: float = 1.0,
    seconds: float = SECONDS,
    steps: int = 0,
    islands: int = 3,
    progress: Report = silent,
    stop: Stop = never,
    workers: int | None = 0,
    cluster: str = "",
    ensemble: Ensemble | None = None,
    steering: Steering | None = None,
    journal: Journal | None = None,
    recall: Recall | None = None,
    tenant: str = "",
) -> Recommendation:
    """Several formulas for a problem, best first.

    retriever: an open index, None to use generic forms alone. proposers: asked first, in this process. waves: structure searches, each wave
    side by side, the next one told what the last one found; by default those of `searchers(seconds)`, none if `seconds` is 0.
    limit: how many formulas to return. effort: multiplies the budget of every fit. steps: of the island search that follows the waves,
    all islands together; 0 for none.
    progress: called with each step; stop: asked between steps, True ends the search with what there is.
    workers: processes that search and fit (None: one per core; 0: this one); cluster: the address of a Dask scheduler whose workers take
    the island steps; the answer depends on neither.
    ensemble: language models, asked beside everything else; what they answer is taken in between the waves and the steps, so nobody waits
    for them but the end.
    steering: where a person's commands come from, obeyed at the next step. journal: what the run has done before, if it begins again.
    recall: what earlier runs have taught of a domain; it divides the time of the usual searches and makes curves cheaper to write.
    tenant: whose own entries of the index may be seen, "" for that of the settings.
    ProblemError or FormulaError if a typed formula does not fit the problem; a proposer that fails is noted, not raised.
    """
    progress(Progress("proposing", 0, 1))
    terms = Terms(effort, progress, stop, workers, journal or Blank())
    context = gather(problem, retriever, tenant=tenant)
    prior = begun_with(terms.journal, domain_of(context.retrieved), recall)
    planned = searchers(seconds, shares(prior), units=bool(problem.units)) if waves is None else waves
    if planned:
        problem = replace(problem, notes=(*problem.notes, *shares_told(prior), *prior.told))
    with talking(ensemble, problem) as talk:
        means = Means(
            context=replace(context, discounts=prior.discounts),
            terms=terms,
            talk=talk,
            limit=limit,
            waves=len(planned),
            plan=Plan(steps, islands),
            steering=steering or Unsteered(),
            cluster=cluster,
            retriever=retriever,
            tenant=tenant,
        )
        run = Run(problem, means)
        run.ask_models()
        while True:
            run.ask(proposers or (Typed(), Elementary(), RetrievedForms()))
            for wave in planned:
                run.hear_models()
                run.ask_models()
                run.search(wave)
            run.explore()
            run.hear_models(wait=True)
            if not run.begins_again():
                return run.answer()
