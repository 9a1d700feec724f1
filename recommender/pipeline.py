"""The whole flow, in order: problem -> context -> proposals -> candidates -> fits -> assessments -> ranking -> report.

What is known (typed, elementary, retrieved) is raced first and ranked at once; then the structure searches run, wave after wave, and what
they find joins the race. Every step reports itself as a `Progress`; `stop()` is asked all the time, and what there is by then is ranked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from corpus.language import Sentence
from recommender.assess import Fitted, everyone
from recommender.assess.guards import FORM_GUARDS, TABLE_GUARDS, Finding, Scene, look
from recommender.candidates import deduplicate
from recommender.context import Context, gather
from recommender.error_model import relative_error
from recommender.llm import Ensemble, Nobody, Talk, notes_of, talking
from recommender.llm.prompt import Attempt
from recommender.llm.residual import residual_facts
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.proposers import Elementary, Proposal, Proposer, RetrievedForms, Typed, searchers
from recommender.racing import FINALISTS, Race, Terms, is_typed, shown
from recommender.ranking import Assessed, Ranked, rank
from recommender.recommendation import Recommendation
from recommender.searching import Found, Question, failure, search
from recommender.settings import Settings
from recommender.summary import summarise
from recommender.tuning import GroupFit, group_fits

if TYPE_CHECKING:
    from indexes import Retriever

MAX_KNOWN = 90
PARENTS = 12
FEW = 4  # rows a coefficient, from which an exact fit is no accident
MOST_EXACT = 6
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
    progress: Report = silent,
    stop: Stop = never,
    workers: int | None = 0,
    ensemble: Ensemble | None = None,
) -> Recommendation:
    """Several formulas for a problem, best first.

    retriever: an open index, None to use generic forms alone. proposers: asked first, in this process. waves: structure searches, each wave
    side by side, the next one told what the last one found; by default those of `searchers(seconds)`, none if `seconds` is 0.
    limit: how many formulas to return. effort: multiplies the budget of every fit.
    progress: called with each step; stop: asked between steps, True ends the search with what there is.
    workers: processes that search and fit (None: one per core; 0: this one); the answer does not depend on it.
    ensemble: language models, asked beside everything else; what they answer is taken in between the waves, so nobody waits for them
    but the end.
    ProblemError or FormulaError if a typed formula does not fit the problem; a proposer that fails is noted, not raised.
    """
    progress(Progress("proposing", 0, 1))
    planned = searchers(seconds) if waves is None else waves
    with talking(ensemble, problem) as talk:
        run = _Run(problem, gather(problem, retriever), limit, Terms(effort, progress, stop, workers), len(planned), talk)
        run.ask_models()
        run.ask(proposers or (Typed(), Elementary(), RetrievedForms()))
        for wave in planned:
            run.hear_models()
            run.ask_models()
            run.search(wave)
        run.hear_models(wait=True)
        return run.answer()


class _Run:
    """What one run has heard, fitted and noted so far."""

    def __init__(self, problem: Problem, context: Context, limit: int, terms: Terms, waves: int, talk: Talk | Nobody) -> None:
        self._asked = problem
        self._talk = talk
        self._waves = waves
        self._context = context
        self._limit = limit
        self._terms = terms
        self._proposals: list[Proposal] = []
        self._race = Race(problem, terms)
        self._wave = 0
        self._panel = everyone(Settings.load().assessments)
        self._judged_before: dict[str, Fitted] = {}
        self._held_out: dict[str, float] = {}
        self._notes = list(problem.notes)
        self._findings = look(TABLE_GUARDS, Scene(problem))

    def ask(self, proposers: Iterable[Proposer]) -> None:
        """Those who answer at once."""
        for proposer in proposers:
            try:
                for proposal in proposer.propose(self._asked, self._context, tuple(self._proposals)):
                    self._proposals.append(_told_apart(proposal, self._asked))
            except Exception as error:  # a proposer may be anyone's
                if isinstance(proposer, Typed):
                    raise
                self._notes.append(failure(proposer, error))
        kept = deduplicate(self._proposals)[:MAX_KNOWN]
        self._proposals = [proposal for candidate in kept for proposal in candidate.proposals]
        self._race.enter(kept)
        self._notes += [] if self._terms.stop() else self._typed_in_vain()
        self._weigh()
        self._show()

    def search(self, wave: Sequence[Proposer]) -> None:
        """A wave of structure searches; what they find is raced when all have ended, in an order that no clock decides."""
        if self._terms.stop() or not wave or self._settled():
            return
        self._wave += 1
        question = Question(self._race.problem, self._context, self._parents())
        heard: list[Found] = []
        best = self._race.best  # nothing is raced before the wave has ended
        for found in search(wave, question, self._terms.workers, self._terms.stop):
            heard.append(found)
            self._terms.progress(Progress("searching", len(heard), len(heard), best))
        heard.sort(key=lambda found: (found.search, found.number))
        self._notes += [found.failure for found in heard if found.failure is not None]
        said = (found.proposal for found in heard if found.proposal is not None)
        self._proposals += [replace(_told_apart(proposal, self._asked), wave=self._wave) for proposal in said]
        self._race.enter(deduplicate(self._proposals))
        self._show()

    def ask_models(self) -> None:
        """Every language model that is not still answering, with what is known by now."""
        if not isinstance(self._talk, Nobody) and not self._terms.stop() and not self._settled():
            self._talk.ask(self._context, self._attempts(), {candidate.key for candidate in self._race.candidates})

    def hear_models(self, wait: bool = False) -> None:
        """What the language models have answered since; wait: for all of them, unless nothing is left to search for."""
        answers = self._talk.heard(wait and not self._settled(), self._terms.stop)
        self._notes += [note for note in dict.fromkeys(notes_of(answers)) if note not in self._notes]
        said = [proposal for answer in answers for proposal in answer.proposals]
        if said:
            self._proposals += [replace(_told_apart(proposal, self._asked), wave=self._wave) for proposal in said]
            self._race.enter(deduplicate(self._proposals))
            self._show()

    def _attempts(self) -> tuple[Attempt, ...]:
        """The best of the race, worst first, with their held-out errors where they have been judged."""
        names = dict(self._race.problem.names)
        best = self._race.fitted[:PARENTS][::-1]
        left = [()] * (len(best) - 1) + [residual_facts(one.problem, one.prediction) for one in best[-1:]]  # what editors start from
        return tuple(
            Attempt(one.fit.formula.rename(names).text, after=self._held_out.get(one.candidate.key, math.nan), residual=rest)
            for one, rest in zip(best, left, strict=True)
        )

    def answer(self) -> Recommendation:
        """The ranking of the finalists."""
        self._weigh()
        finals = self._race.finals()
        ranked = rank(self._assess(finals, self._limit, self._terms.progress), self._limit)
        best = shown(ranked[0].assessed.fitted.fit, self._race.problem) if ranked else ""
        self._terms.progress(Progress("ranking", 1, 1, best))
        share = self._race.problem.relative_share
        notes = [*self._notes] + ([Sentence.of("note.relative_error", percent=f"{100 * share:.2g}")] if share is not None else [])
        notes += [] if ranked else [Sentence.of("note.nothing_fits")]
        findings = (*self._findings, *self._guarded(ranked, finals))
        return summarise(self._race.problem, ranked, notes, self._counts(len(finals)), findings, self._tuned(ranked))

    def _guarded(self, ranked: Sequence[Ranked], finals: Sequence[Fitted]) -> tuple[Finding, ...]:
        """What the guards say of the formulas shown; a run that is stopped does not wait for them."""
        if self._terms.stop():
            return ()
        return look(FORM_GUARDS, Scene(self._race.problem, tuple(place.assessed.fitted for place in ranked), tuple(finals)))

    def _tuned(self, ranked: Sequence[Ranked]) -> dict[str, Sequence[GroupFit]]:
        """The fits of those shown in every group of the problem, if it has groups."""
        out: dict[str, Sequence[GroupFit]] = {}
        for i, place in enumerate(ranked if self._race.problem.grouping is not None else ()):
            out[place.assessed.fitted.candidate.key] = group_fits(place.assessed.fitted, self._terms.stop)
            self._terms.progress(Progress("tuning", i + 1, len(ranked)))
        return out

    def _settled(self) -> bool:
        """A form with few coefficients goes through all rows exactly: there is nothing left to search for."""
        exact = (one for one in self._race.fitted if one.fit.status.key == "fit.exact")
        return any(FEW * len(one.free) < one.fit.n and len(one.free) <= MOST_EXACT for one in exact)

    def _weigh(self) -> None:
        """Absolute or relative errors, decided by the best of the race; on a change everyone is fitted again."""
        share = relative_error(self._asked, self._race.fitted[:FINALISTS])
        if (share is None) != (self._race.problem.relative_share is None):
            self._race = self._race.on(self._asked if share is None else self._asked.with_relative_error(share))

    def _parents(self) -> tuple[Proposal, ...]:
        """The best of the race as proposals that start from their fitted coefficients."""
        best = self._race.fitted[:PARENTS]
        return tuple(replace(one.candidate.lead, starts={name: one.fit.parameters[name] for name in one.free}) for one in best)

    def _show(self) -> None:
        """An interim ranking from what the race knows."""
        quick = [] if self._terms.stop() else self._assess(self._race.fitted[: self._limit], 1, silent)
        if quick:
            interim = summarise(
                self._race.problem,
                rank(quick, self._limit, self._wave / max(self._waves, 1)),
                self._notes,
                self._counts(len(quick)),
                self._findings,
            )
            self._terms.progress(Progress("racing", 1, 1, interim.formulas[0].text, interim))

    def _assess(self, finals: Sequence[Fitted], least: int, progress: Report) -> list[Assessed]:
        """Candidates with all their evidence, `least` of them even if the run is stopped; a kind that fails is noted once."""

        def go_on(done: int) -> bool:
            progress(Progress("assessing", done, len(finals)))
            return done < least or not self._terms.stop()

        known = [self._familiar(one) for one in finals]
        found = self._panel.judge(known, go_on)
        self._notes += [note for note in found.failures if note not in self._notes]
        self._held_out |= {
            fitted.candidate.key: one.numbers["held_out_nmse"]
            for fitted, evidence in zip(known, found.evidence, strict=False)
            for one in evidence.values()
            if "held_out_nmse" in one.numbers
        }
        return [Assessed(fitted, evidence) for fitted, evidence in zip(known, found.evidence, strict=False)]

    def _familiar(self, fitted: Fitted) -> Fitted:
        """The same fit as judged before, with all that was refitted for it."""
        before = self._judged_before.get(fitted.candidate.key)
        if before is not None and before.fit is fitted.fit and before.problem is fitted.problem and before.candidate == fitted.candidate:
            return before
        self._judged_before[fitted.candidate.key] = fitted
        return fitted

    def _counts(self, assessed: int) -> dict[str, int]:
        counts = {"proposals": len(self._proposals), "candidates": len(self._race.candidates), "fitted": len(self._race.fitted)}
        return {**counts, "assessed": assessed}

    def _typed_in_vain(self) -> list[Sentence]:
        """A note for each typed formula that has no value, or no shape, on these rows."""
        fitted = {each.candidate.key for each in self._race.fitted}
        lost = chain.from_iterable(c.proposals for c in self._race.candidates if c.key not in fitted and is_typed(c))
        return [Sentence.of("note.typed_in_vain", text=dict(p.why.values).get("text", "")) for p in lost if p.proposer == Typed.name]


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
