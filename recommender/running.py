"""One run of the recommender: what it has heard, fitted and noted so far, and what a person wants of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from corpus.language import Sentence
from recommender.assess import Findings, Fitted, everyone
from recommender.assess.guards import FORM_GUARDS, TABLE_GUARDS, Finding, Scene, look
from recommender.candidates import deduplicate
from recommender.context import Context, hinted
from recommender.error_model import relative_error
from recommender.journal import Journal
from recommender.llm import Nobody, Talk, notes_of
from recommender.llm.history import attempts
from recommender.problem import Problem
from recommender.progress import Progress, Report, silent
from recommender.proposers import Proposal, Proposer, RetrievedForms, Typed
from recommender.proposers.told import proposal_again, proposal_told
from recommender.racing import FINALISTS, Race, Terms, is_typed, shown
from recommender.ranking import Assessed, Ranked, rank
from recommender.recommendation import Recommendation
from recommender.search import Aside, Command, Helm, Islands, Plan, Steering, Unsteered, Wishes, Workers, World, workers_of
from recommender.searching import Found, Question, failure, search
from recommender.settings import Settings
from recommender.summary import Searched, summarise
from recommender.tuning import GroupFit, group_fits

if TYPE_CHECKING:
    from indexes import Retriever

MAX_KNOWN = 90
PARENTS = 12
FEW = 4  # rows a coefficient, from which an exact fit is no accident
MOST_EXACT = 6
_SHOW_EVERY = 24  # steps
# commands that language models are told, beside hints
_FOR_MODELS = frozenset({"ban", "require", "forbid", "allow", "improve", "range", "bound"})


@dataclass(frozen=True)
class Means:
    """What a run works with beside its problem. waves: how many waves of searches are planned; limit: formulas to return."""

    context: Context
    terms: Terms
    talk: Talk | Nobody
    limit: int
    waves: int
    plan: Plan = field(default_factory=lambda: Plan(0))
    steering: Steering = field(default_factory=Unsteered)
    cluster: str = ""
    retriever: Retriever | None = None
    tenant: str = ""


class Run:
    """See the module. The pipeline calls its steps in their order.

    _first: the question as it was asked; _asked: with the rows that count now; moved: other rows count since the searches began.
    """

    def __init__(self, problem: Problem, means: Means) -> None:
        self._first = self._asked = problem
        self.moved = False
        self._means = means
        self._context = means.context
        self._terms = means.terms
        self._proposals: list[Proposal] = []
        self.race = Race(problem, means.terms)
        self._wave = 0
        self._assessments = Settings.load().assessments
        self._panel = everyone(self._assessments)
        self._judged_before: dict[str, Fitted] = {}
        self._held_out: dict[str, float] = {}
        self._notes = list(problem.notes)
        self._findings = look(TABLE_GUARDS, Scene(problem))
        self._helm = Helm(problem, means.steering, self.journal, self._obey, means.terms.stop)
        self._islands: Islands | None = None
        self._aside: Aside | None = None
        self._journeys = 0
        self._shown = ""

    @property
    def journal(self) -> Journal:
        """What this run has done before."""
        return self._terms.journal

    # --- the steps --------------------------------------------------------------------------------------------------------

    def ask(self, proposers: Iterable[Proposer]) -> None:
        """Those who answer at once."""
        said: list[Proposal] = []
        known = {(one.proposer, one.key) for one in self._proposals}
        for proposer in proposers:
            try:
                for proposal in proposer.propose(self._asked, self._context, (*self._proposals, *said)):
                    said.append(_told_apart(proposal, self._asked))
            except Exception as error:  # a proposer may be anyone's
                if isinstance(proposer, Typed):
                    raise
                self._notes.append(failure(proposer, error))
        kept = deduplicate(one for one in said if (one.proposer, one.key) not in known)[:MAX_KNOWN]
        self._proposals += [proposal for candidate in kept for proposal in candidate.proposals]
        self.race.enter(deduplicate(self._proposals))
        self._notes += [note for note in self._typed_in_vain() if note not in self._notes] if not self.stop() else []
        self._weigh()
        self._show()

    def search(self, wave: Sequence[Proposer]) -> None:
        """A wave of structure searches; what they find is raced when all have ended, in an order that no clock decides."""
        self.point(f"wave:{self._wave + 1}")
        if self.stop() or self.moved or not wave or self._settled():
            return
        self._wave += 1
        said, failures = self._searched(wave)
        self._notes += failures
        self._proposals += [replace(_told_apart(proposal, self._asked), wave=self._wave) for proposal in said]
        self.race.enter(deduplicate(self._proposals))
        self._show()

    def _searched(self, wave: Sequence[Proposer]) -> tuple[list[Proposal], list[Sentence]]:
        """What a wave finds, and who failed; looked up if this wave has been before."""
        told = self.journal.find("wave", f"{self._wave}")
        if told is not None:
            return [proposal_again(row) for row in told["proposals"]], [Sentence.from_dict(row) for row in told["failures"]]
        question = Question(self.race.problem, self._context, tuple(one.parent for one in self.race.fitted[:PARENTS]))
        heard: list[Found] = []
        best = self.race.best  # nothing is raced before the wave has ended
        for found in search(wave, question, self._terms.workers, self.stop):
            heard.append(found)
            self._terms.progress(Progress("searching", len(heard), len(heard), best))
        heard.sort(key=lambda found: (found.search, found.number))
        said = [found.proposal for found in heard if found.proposal is not None]
        failures = [found.failure for found in heard if found.failure is not None]
        if not self.stop():
            outcome = {"proposals": [proposal_told(one) for one in said], "failures": [one.to_dict() for one in failures]}
            self.journal.write("wave", f"{self._wave}", outcome)
        return said, failures

    def explore(self) -> None:
        """Islands take over from the waves."""
        self.point("islands")
        if self._means.plan.steps <= 0 or self.stop() or self.moved or self._settled() or not self.race.fitted:
            return
        world = World(self.race.problem, self._terms.effort)
        plan = replace(self._means.plan, mark=f"{self._journeys}:" if self._journeys else "")
        memory = None if self._islands is None else self._islands.memory
        self._journeys += 1
        with workers_of(world, self._terms.workers, self._means.cluster) as workers:
            self.explored_by(Islands(self, plan, self._asked.seed, self.journal, workers, memory), workers)
        self.race.enter(deduplicate(self._proposals))

    def explored_by(self, islands: Islands, workers: Workers) -> None:
        """These islands search; what stands at the top meanwhile is judged by the same workers."""
        self._aside = Aside(workers, self._assessments, self.stop)
        self._islands = islands
        islands.run()
        found = islands.convergence
        self._notes += [found.told] if found.fixed else []

    def ask_models(self) -> None:
        """Every language model that is not still answering, with what is known by now."""
        if self._means.talk.wanted() and not self.stop() and not self._settled():
            told = attempts(self.race.fitted, self._held_out)
            self._means.talk.ask(self._context, told, {candidate.key for candidate in self.race.candidates})

    def begins_again(self) -> bool:
        """Whether the searches are to be repeated, because other rows count than when they began."""
        self.point("answer")
        moved, self.moved = self.moved, False
        return moved and not self.stop()

    def hear_models(self, wait: bool = False) -> None:
        """What the language models have answered since; wait: for all of them, unless nothing is left to search for."""
        if self._listened(wait and not self.moved and not self._settled()):
            self.race.enter(deduplicate(self._proposals))
            self._show()

    def answer(self) -> Recommendation:
        """The ranking of the finalists."""
        self._weigh()
        finals = self._pinned(self.race.finals())
        ranked = self._ranked(self._assess(finals, self._means.limit, self._terms.progress), 1.0)
        best = shown(ranked[0].assessed.fitted.fit, self.race.problem) if ranked else ""
        self._terms.progress(Progress("ranking", 1, 1, best))
        share = self.race.problem.relative_share
        self._notes += [Sentence.of("note.relative_error", percent=f"{100 * share:.2g}")] if share is not None else []
        self._notes += [*self._helm.refused] + ([] if ranked else [Sentence.of("note.nothing_fits")])
        findings = (*self._findings, *self._guarded(ranked, finals))
        return summarise(
            self.race.problem, ranked, self._notes, self._counts(len(finals)), findings, self._tuned(ranked), self._told(ranked)
        )

    # --- what the islands ask of their run --------------------------------------------------------------------------------

    def stop(self) -> bool:
        """Whether to end with what there is."""
        return self._terms.stop() or self._helm.wishes.stopped

    def point(self, name: str) -> Wishes:
        """What a person wishes at this point; while the search is paused it does not return."""
        return self._helm.at(name)

    def heard(self) -> Sequence[Proposal]:
        """What language models have answered since; those that are idle are asked again."""
        said = self._listened(False)
        self.ask_models()
        return said

    def met(self, proposal: Proposal) -> None:
        """A form was found by an island."""
        self._proposals.append(proposal)

    def stepped(self, done: int, total: int) -> None:
        """An island has taken a step; now and then what stands at the top is judged, if it is new, and shown when the next look is due."""
        self._terms.progress(Progress("islands", done, total, self._shown))
        if done % _SHOW_EVERY:
            return
        judged = None if self._aside is None else self._aside.ended()
        if judged is not None:
            self._tell(self._taken_down(*judged))
        if self.race.best != self._shown and self._aside is not None:
            self._shown = self.race.best
            self._aside.begin(self._quick())
        elif self.race.best != self._shown:
            self._show()

    # --- steering ---------------------------------------------------------------------------------------------------------

    def _obey(self, commands: Sequence[Command], wishes: Wishes) -> None:
        """New commands: who may run is asked anew, formulas of a person are fitted, words of a person widen the search for laws."""
        self._notes += [Sentence.of("note.steered", verb=command.verb, text=command.text) for command in commands]
        self.race.admit(wishes.welcome)
        self.race.bind({key: _told_apart(one, self._asked) for key, one in wishes.bounded.items()})
        self._rescope(wishes)
        known = {proposal.key for proposal in self._proposals if proposal.proposer == Typed.name}
        added = [_told_apart(one, self._asked) for one in wishes.added if one.key not in known]
        hints = [command.text for command in commands if command.verb == "hint"]
        told = tuple(f"{command.verb} {command.text}" for command in commands if command.verb in _FOR_MODELS)
        self._context = replace(self._context, hints=(*self._context.hints, *told))
        if hints:
            self._context = hinted(self._asked, self._context, hints, self._means.retriever, self._means.tenant)
            added += self._retrieved()
        if added or wishes.bounded:
            self._proposals += added
            self.race.enter(deduplicate(self._proposals))
        self._show()

    def _rescope(self, wishes: Wishes) -> None:
        """Other rows or another split: what is known is fitted, and judged, on what counts now; the searches are told that it moved."""
        before = self._asked
        if (wishes.ranges, wishes.split) == (before.ranges, before.split):
            return
        self._asked = self._first.scoped(wishes.ranges, wishes.split)
        share = self.race.problem.relative_share
        self.race = self.race.on(self._asked if share is None else self._asked.with_relative_error(share))
        self._held_out.clear()
        self._aside = None  # those workers judge by the rows and the split they began with
        if wishes.split != before.split:
            self._notes.append(Sentence.of(f"note.split_{wishes.split.way}", column=wishes.split.column))
        if wishes.ranges != before.ranges:
            self.moved = True
            self._findings = look(TABLE_GUARDS, Scene(self._asked))
            told = "; ".join(one.told(self._asked.table) for one in wishes.ranges) or "-"
            self._notes.append(Sentence.of("note.rows_count", ranges=told, count=len(self._asked.rows), total=len(self._first.rows)))

    def _retrieved(self) -> list[Proposal]:
        """Formulas of the context that have not been proposed yet."""
        known = {proposal.key for proposal in self._proposals}
        found = RetrievedForms().propose(self._asked, self._context, tuple(self._proposals))
        return [_told_apart(one, self._asked) for one in found if one.key not in known][:MAX_KNOWN]

    def _pinned(self, finals: list[Fitted]) -> list[Fitted]:
        """The finalists, and those a person has pinned."""
        there = {one.candidate.key for one in finals}
        more = (self.race.standing(key) for key in self._helm.wishes.pinned if key not in there)
        return [*finals, *(one for one in more if one is not None)]

    def _ranked(self, assessed: Sequence[Assessed], progress: float) -> list[Ranked]:
        wishes = self._helm.wishes
        return rank(assessed, self._means.limit, progress, emphasis=wishes.weights, pinned=wishes.pinned)

    # --- inside -----------------------------------------------------------------------------------------------------------

    def _listened(self, wait: bool) -> list[Proposal]:
        """New formulas of the language models, taken down."""
        answers = self._means.talk.heard(wait, self.stop)
        self._notes += [note for note in dict.fromkeys(notes_of(answers)) if note not in self._notes]
        said = [replace(_told_apart(one, self._asked), wave=self._wave) for answer in answers for one in answer.proposals]
        self._proposals += said
        return said

    def _guarded(self, ranked: Sequence[Ranked], finals: Sequence[Fitted]) -> tuple[Finding, ...]:
        """What the guards say of the formulas shown; a run that is stopped does not wait for them."""
        if self.stop():
            return ()
        return look(FORM_GUARDS, Scene(self.race.problem, tuple(place.assessed.fitted for place in ranked), tuple(finals)))

    def _tuned(self, ranked: Sequence[Ranked]) -> dict[str, Sequence[GroupFit]]:
        """The fits of those shown in every group of the problem, if it has groups."""
        out: dict[str, Sequence[GroupFit]] = {}
        for i, place in enumerate(ranked if self.race.problem.grouping is not None else ()):
            out[place.assessed.fitted.candidate.key] = group_fits(place.assessed.fitted, self.stop)
            self._terms.progress(Progress("tuning", i + 1, len(ranked)))
        return out

    def _told(self, ranked: Sequence[Ranked]) -> Searched:
        """What the search says of itself."""
        if self._islands is None:
            return Searched()
        memory, keys = self._islands.memory, [place.assessed.fitted.candidate.key for place in ranked]
        lineages = {key: tuple(effect.told for effect in memory.lineage(key)) for key in keys}
        return Searched(self._islands.convergence, tuple(memory.summary()), {key: told for key, told in lineages.items() if told})

    def _settled(self) -> bool:
        """A form with few coefficients goes through all rows exactly: there is nothing left to search for."""
        exact = (one for one in self.race.fitted if one.fit.status.key == "fit.exact")
        return any(FEW * len(one.free) < one.fit.n and len(one.free) <= MOST_EXACT for one in exact)

    def _weigh(self) -> None:
        """Absolute or relative errors, decided by the best of the race; on a change everyone is fitted again."""
        share = relative_error(self._asked, self.race.fitted[:FINALISTS])
        if (share is None) != (self.race.problem.relative_share is None):
            self.race = self.race.on(self._asked if share is None else self._asked.with_relative_error(share))

    def _show(self) -> None:
        """An interim ranking from what the race knows."""
        self._shown = self.race.best
        self._tell([] if self.stop() else self._assess(self._quick(), 1, silent))

    def _quick(self) -> list[Fitted]:
        """As many of the race's first as are shown."""
        return self.race.fitted[: self._means.limit]

    def _tell(self, quick: Sequence[Assessed]) -> None:
        if quick:
            ranked = self._ranked(quick, min(1.0, self._wave / max(self._means.waves, 1)))
            told = self._told(ranked)
            interim = summarise(self.race.problem, ranked, self._notes, self._counts(len(quick)), self._findings, searched=told)
            self._terms.progress(Progress("racing", 1, 1, interim.formulas[0].text, interim))

    def _assess(self, finals: Sequence[Fitted], least: int, progress: Report) -> list[Assessed]:
        """Candidates with all their evidence, `least` of them even if the run is stopped; a kind that fails is noted once."""

        def go_on(done: int) -> bool:
            progress(Progress("assessing", done, len(finals)))
            return done < least or not self.stop()

        known = [self._familiar(one) for one in finals]
        return self._taken_down(known, self._panel.judge(known, go_on))

    def _taken_down(self, known: Sequence[Fitted], found: Findings) -> list[Assessed]:
        """The candidates with what was found of each."""
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
        counts = {"proposals": len(self._proposals), "candidates": len(self.race.candidates), "fitted": len(self.race.fitted)}
        return {**counts, "assessed": assessed}

    def _typed_in_vain(self) -> list[Sentence]:
        """A note for each typed formula that has no value, or no shape, on these rows."""
        fitted = {each.candidate.key for each in self.race.fitted}
        lost = chain.from_iterable(c.proposals for c in self.race.candidates if c.key not in fitted and is_typed(c))
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
