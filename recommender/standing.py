"""What a run knows by now: its question, what was proposed, the race with its fits, the evidence, and what must be noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from corpus.language import Sentence
from recommender.assess import Findings, Fitted, everyone
from recommender.assess.guards import FORM_GUARDS, TABLE_GUARDS, Finding, Scene, look
from recommender.candidates import deduplicate
from recommender.error_model import relative_error
from recommender.problem import Problem
from recommender.progress import Progress, Report
from recommender.proposers import Proposal, Typed
from recommender.racing import FINALISTS, Race, Terms, is_typed, shown
from recommender.ranking import Assessed, Ranked, rank
from recommender.recommendation import Recommendation
from recommender.search import Wishes
from recommender.settings import Settings
from recommender.summary import Searched, summarise
from recommender.tuning import GroupFit, group_fits
from recommender.undecided import undecided

INTERIM = 5  # formulas in a ranking on the way: to judge one may take a second
Told = Callable[[Sequence[Ranked]], Searched]


class Standing:
    """See the module. limit: formulas that are shown; stop: whether to end with what there is; wishes: what a person wants by now."""

    def __init__(self, problem: Problem, terms: Terms, limit: int, stop: Callable[[], bool], wishes: Callable[[], Wishes]) -> None:
        self.asked = problem
        self.proposals: list[Proposal] = []
        self.race = Race(problem, terms)
        self.notes = list(problem.notes)
        self.held_out: dict[str, float] = {}
        self.assessments = Settings.load().assessments
        self._panel = everyone(self.assessments)
        self._judged_before: dict[str, Fitted] = {}
        self._findings = look(TABLE_GUARDS, Scene(problem))
        self._terms = terms
        self._limit = limit
        self._stop = stop
        self._wishes = wishes

    # --- what is known ----------------------------------------------------------------------------------------------------

    def note(self, sentences: Iterable[Sentence]) -> None:
        """Those that are not noted yet."""
        self.notes += [one for one in dict.fromkeys(sentences) if one not in self.notes]

    def apart(self, proposal: Proposal) -> Proposal:
        """Coefficients named like one of the customer's columns get a name of their own, so that the formula can be read."""
        taken = {self.asked.target_symbol, *self.asked.names.values()}
        names: dict[str, str] = {}
        for name in proposal.formula.parameters:
            own = name
            while own in taken:
                own = f"{own}_"
            taken.add(own)
            names |= {name: own} if own != name else {}
        return proposal.renamed(names) if names else proposal

    def enter(self) -> None:
        """Everything that was proposed joins the race."""
        self.race.enter(deduplicate(self.proposals))

    def weigh(self) -> None:
        """Absolute or relative errors, decided by the best of the race; on a change everyone is fitted again."""
        share = relative_error(self.asked, self.race.fitted[:FINALISTS])
        if (share is None) != (self.race.problem.relative_share is None):
            self.race = self.race.on(self.asked if share is None else self.asked.with_relative_error(share))

    def rescope(self, asked: Problem) -> None:
        """Other rows or another split: what is known is fitted, and judged, on what counts now."""
        before, self.asked = self.asked, asked
        share = self.race.problem.relative_share
        self.race = self.race.on(asked if share is None else asked.with_relative_error(share))
        self.held_out.clear()
        if asked.split != before.split:
            self.notes.append(Sentence.of(f"note.split_{asked.split.way}", column=asked.split.column))
        if asked.ranges != before.ranges:
            self._findings = look(TABLE_GUARDS, Scene(asked))

    def typed_in_vain(self) -> list[Sentence]:
        """A note for each typed formula that has no value, or no shape, on these rows."""
        fitted = {each.candidate.key for each in self.race.fitted}
        lost = chain.from_iterable(c.proposals for c in self.race.candidates if c.key not in fitted and is_typed(c))
        return [Sentence.of("note.typed_in_vain", text=dict(p.why.values).get("text", "")) for p in lost if p.proposer == Typed.name]

    # --- evidence ---------------------------------------------------------------------------------------------------------

    def quick(self) -> list[Fitted]:
        """The race's first, as many as an interim ranking shows."""
        return self.race.fitted[: min(self._limit, INTERIM)]

    def assess(self, finals: Sequence[Fitted], least: int, progress: Report) -> list[Assessed]:
        """Candidates with all their evidence, `least` of them even if the run is stopped; a kind that fails is noted once."""

        def go_on(done: int) -> bool:
            progress(Progress("assessing", done, len(finals)))
            return done < least or not self._stop()

        known = [self._familiar(one) for one in finals]
        return self.taken_down(known, self._panel.judge(known, go_on))

    def taken_down(self, known: Sequence[Fitted], found: Findings) -> list[Assessed]:
        """The candidates with what was found of each."""
        self.note(found.failures)
        self.held_out |= {
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

    # --- what is told of it -----------------------------------------------------------------------------------------------

    def interim(self, judged: Sequence[Assessed], progress: float, told: Told) -> Recommendation:
        """The ranking of what was judged quickly. progress: of the search, 0 to 1; told: what the search says of those ranked."""
        ranked = self._ranked(judged, progress)
        return summarise(self.race.problem, ranked, self.notes, self._counts(len(judged)), self._findings, searched=told(ranked))

    def answer(self, refused: Sequence[Sentence], told: Told) -> Recommendation:
        """The ranking of the finalists. refused: what a person asked in vain; told: what the search says of those ranked."""
        self.weigh()
        finals = self._pinned(self.race.finals())
        ranked = self._ranked(self.assess(finals, self._limit, self._terms.progress), 1.0)
        best = shown(ranked[0].assessed.fitted.fit, self.race.problem) if ranked else ""
        self._terms.progress(Progress("ranking", 1, 1, best))
        share = self.race.problem.relative_share
        self.notes += [Sentence.of("note.relative_error", percent=f"{100 * share:.2g}")] if share is not None else []
        self.notes += [*refused] + ([] if ranked else [Sentence.of("note.nothing_fits")])
        findings = (*self._findings, *self._guarded(ranked, finals))
        counts = self._counts(len(finals))
        found = summarise(self.race.problem, ranked, self.notes, counts, findings, self._tuned(ranked), told(ranked))
        return replace(found, undecided=undecided(self.race.problem, found))

    def _pinned(self, finals: list[Fitted]) -> list[Fitted]:
        """The finalists, and those a person has pinned."""
        there = {one.candidate.key for one in finals}
        more = (self.race.standing(key) for key in self._wishes().pinned if key not in there)
        return [*finals, *(one for one in more if one is not None)]

    def _ranked(self, assessed: Sequence[Assessed], progress: float) -> list[Ranked]:
        wishes = self._wishes()
        return rank(assessed, self._limit, progress, emphasis=wishes.weights, pinned=wishes.pinned)

    def _guarded(self, ranked: Sequence[Ranked], finals: Sequence[Fitted]) -> tuple[Finding, ...]:
        """What the guards say of the formulas shown; a run that is stopped does not wait for them."""
        if self._stop():
            return ()
        return look(FORM_GUARDS, Scene(self.race.problem, tuple(place.assessed.fitted for place in ranked), tuple(finals)))

    def _tuned(self, ranked: Sequence[Ranked]) -> dict[str, Sequence[GroupFit]]:
        """The fits of those shown in every group of the problem, if it has groups."""
        out: dict[str, Sequence[GroupFit]] = {}
        for i, place in enumerate(ranked if self.race.problem.grouping is not None else ()):
            out[place.assessed.fitted.candidate.key] = group_fits(place.assessed.fitted, self._stop)
            self._terms.progress(Progress("tuning", i + 1, len(ranked)))
        return out

    def _counts(self, assessed: int) -> dict[str, int]:
        counts = {"proposals": len(self.proposals), "candidates": len(self.race.candidates), "fitted": len(self.race.fitted)}
        return {**counts, "assessed": assessed}
