"""One run of the recommender: its steps, the searches and people it listens to. What it knows by now is its `Standing`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from corpus.language import Sentence
from recommender.candidates import deduplicate
from recommender.context import Context, hinted
from recommender.journal import Journal
from recommender.llm import Nobody, Talk, notes_of
from recommender.llm.history import attempts
from recommender.problem import Problem
from recommender.progress import Progress, silent
from recommender.proposers import Proposal, Proposer, RetrievedForms, Typed
from recommender.proposers.told import proposal_again, proposal_told
from recommender.racing import Race, Terms
from recommender.ranking import Assessed, Ranked
from recommender.recommendation import Recommendation
from recommender.search import Aside, Command, Helm, Islands, Plan, Steering, Unsteered, Wishes, Workers, World, workers_of
from recommender.searching import Found, Question, counted, failure, search
from recommender.standing import Standing
from recommender.summary import Searched

if TYPE_CHECKING:
    from indexes import Retriever

MAX_KNOWN = 90
PARENTS = 12
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

    _first: the question as it was asked; moved: other rows count since the searches began.
    """

    def __init__(self, problem: Problem, means: Means) -> None:
        self._first = problem
        self.moved = False
        self._means = means
        self._context = means.context
        self._terms = means.terms
        self._helm = Helm(problem, means.steering, self.journal, self._obey, means.terms.stop)
        self._known = Standing(problem, means.terms, means.limit, self.stop, lambda: self._helm.wishes)
        self._wave = 0
        self._islands: Islands | None = None
        self._aside: Aside | None = None
        self._journeys = 0
        self._shown = ""

    @property
    def race(self) -> Race:
        """Everyone's fits."""
        return self._known.race

    @property
    def journal(self) -> Journal:
        """What this run has done before."""
        return self._terms.journal

    # --- the steps --------------------------------------------------------------------------------------------------------

    def ask(self, proposers: Iterable[Proposer]) -> None:
        """Those who answer at once."""
        said: list[Proposal] = []
        known = {(one.proposer, one.key) for one in self._known.proposals}
        for proposer in proposers:
            try:
                for proposal in proposer.propose(self._known.asked, self._context, (*self._known.proposals, *said)):
                    said.append(self._known.apart(proposal))
            except Exception as error:  # a proposer may be anyone's
                if isinstance(proposer, Typed):
                    raise
                self._known.notes.append(failure(proposer, error))
        kept = deduplicate(one for one in said if (one.proposer, one.key) not in known)[:MAX_KNOWN]
        self._known.proposals += [proposal for candidate in kept for proposal in candidate.proposals]
        self._known.enter()
        self._known.note(() if self.stop() else self._known.typed_in_vain())
        self._known.weigh()
        self._show()

    def search(self, wave: Sequence[Proposer]) -> None:
        """A wave of structure searches; what they find is raced when all have ended, in an order that no clock decides."""
        self.point(f"wave:{self._wave + 1}")
        if self.stop() or self.moved or not wave or self.race.settled:
            return
        self._wave += 1
        said, failures = self._searched(wave)
        self._known.notes += failures
        self._known.proposals += [replace(self._known.apart(proposal), wave=self._wave) for proposal in said]
        self._known.enter()
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
        count = counted(heard)
        said = [found.proposal for found in count if found.proposal is not None]
        failures = [found.failure for found in count if found.failure is not None]
        if not self.stop():
            outcome = {"proposals": [proposal_told(one) for one in said], "failures": [one.to_dict() for one in failures]}
            self.journal.write("wave", f"{self._wave}", outcome)
        return said, failures

    def explore(self) -> None:
        """Islands take over from the waves."""
        self.point("islands")
        if self._means.plan.steps <= 0 or self.stop() or self.moved or self.race.settled or not self.race.fitted:
            return
        world = World(self.race.problem, self._terms.effort)
        plan = replace(self._means.plan, mark=f"{self._journeys}:" if self._journeys else "")
        memory = None if self._islands is None else self._islands.memory
        self._journeys += 1
        with workers_of(world, self._terms.workers, self._means.cluster) as workers:
            self.explored_by(Islands(self, plan, self._known.asked.seed, self.journal, workers, memory), workers)
        self._known.enter()

    def explored_by(self, islands: Islands, workers: Workers) -> None:
        """These islands search; what stands at the top meanwhile is judged by the same workers."""
        self._aside = Aside(workers, self._known.assessments, self.stop)
        self._islands = islands
        islands.run()
        found = islands.convergence
        self._known.notes += [found.told] if found.fixed else []

    def ask_models(self) -> None:
        """Every language model that is not still answering, with what is known by now."""
        if self._means.talk.wanted() and not self.stop() and not self.race.settled:
            told = attempts(self.race.fitted, self._known.held_out)
            self._means.talk.ask(self._context, told, {candidate.key for candidate in self.race.candidates})

    def begins_again(self) -> bool:
        """Whether the searches are to be repeated, because other rows count than when they began."""
        self.point("answer")
        moved, self.moved = self.moved, False
        return moved and not self.stop()

    def hear_models(self, wait: bool = False) -> None:
        """What the language models have answered since; wait: for all of them, unless nothing is left to search for."""
        if self._listened(wait and not self.moved and not self.race.settled):
            self._known.enter()
            self._show()

    def answer(self) -> Recommendation:
        """The ranking of the finalists."""
        return self._known.answer(self._helm.refused, self._told)

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
        self._known.proposals.append(proposal)

    def stepped(self, done: int, total: int) -> None:
        """An island has taken a step; now and then what stands at the top is judged, if it is new, and shown when the next look is due."""
        self._terms.progress(Progress("islands", done, total, self._shown))
        if done % _SHOW_EVERY:
            return
        judged = None if self._aside is None else self._aside.ended()
        if judged is not None:
            self._tell(self._known.taken_down(*judged))
        if self.race.best != self._shown and self._aside is not None:
            self._shown = self.race.best
            self._aside.begin(self._known.quick())
        elif self.race.best != self._shown:
            self._show()

    # --- steering ---------------------------------------------------------------------------------------------------------

    def _obey(self, commands: Sequence[Command], wishes: Wishes) -> None:
        """New commands: who may run is asked anew, formulas of a person are fitted, words of a person widen the search for laws."""
        self._known.notes += [Sentence.of("note.steered", verb=command.verb, text=command.text) for command in commands]
        self.race.admit(wishes.welcome)
        self.race.bind({key: self._known.apart(one) for key, one in wishes.bounded.items()})
        self._rescope(wishes)
        known = {proposal.key for proposal in self._known.proposals if proposal.proposer == Typed.name}
        added = [self._known.apart(one) for one in wishes.added if one.key not in known]
        hints = [command.text for command in commands if command.verb == "hint"]
        told = tuple(f"{command.verb} {command.text}" for command in commands if command.verb in _FOR_MODELS)
        self._context = replace(self._context, hints=(*self._context.hints, *told))
        if hints:
            self._context = hinted(self._known.asked, self._context, hints, self._means.retriever, self._means.tenant)
            added += self._retrieved()
        if added or wishes.bounded:
            self._known.proposals += added
            self._known.enter()
        self._show()

    def _rescope(self, wishes: Wishes) -> None:
        """Other rows or another split: what is known is judged by them; the searches are told that rows have moved."""
        before = self._known.asked
        if (wishes.ranges, wishes.split) == (before.ranges, before.split):
            return
        asked = self._first.scoped(wishes.ranges, wishes.split)
        self._known.rescope(asked)
        self._aside = None  # those workers judge by the rows and the split they began with
        if wishes.ranges != before.ranges:
            self.moved = True
            told = "; ".join(one.told(asked.table) for one in wishes.ranges) or "-"
            self._known.notes.append(Sentence.of("note.rows_count", ranges=told, count=len(asked.rows), total=len(self._first.rows)))

    def _retrieved(self) -> list[Proposal]:
        """Formulas of the context that have not been proposed yet."""
        known = {proposal.key for proposal in self._known.proposals}
        found = RetrievedForms().propose(self._known.asked, self._context, tuple(self._known.proposals))
        return [self._known.apart(one) for one in found if one.key not in known][:MAX_KNOWN]

    # --- inside -----------------------------------------------------------------------------------------------------------

    def _listened(self, wait: bool) -> list[Proposal]:
        """New formulas of the language models, taken down."""
        answers = self._means.talk.heard(wait, self.stop)
        self._known.note(notes_of(answers))
        said = [replace(self._known.apart(one), wave=self._wave) for answer in answers for one in answer.proposals]
        self._known.proposals += said
        return said

    def _told(self, ranked: Sequence[Ranked]) -> Searched:
        """What the search says of itself."""
        if self._islands is None:
            return Searched()
        memory, keys = self._islands.memory, [place.assessed.fitted.candidate.key for place in ranked]
        lineages = {key: tuple(effect.told for effect in memory.lineage(key)) for key in keys}
        return Searched(self._islands.convergence, tuple(memory.summary()), {key: told for key, told in lineages.items() if told})

    def _show(self) -> None:
        """An interim ranking from what the race knows."""
        self._shown = self.race.best
        self._tell([] if self.stop() else self._known.assess(self._known.quick(), 1, silent))

    def _tell(self, judged: Sequence[Assessed]) -> None:
        if judged:
            interim = self._known.interim(judged, min(1.0, self._wave / max(self._means.waves, 1)), self._told)
            self._terms.progress(Progress("racing", 1, 1, interim.formulas[0].text, interim))
