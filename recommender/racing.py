"""The race: a small budget for every candidate, a large one for the finalists, and no formula fitted twice."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from corpus.formula import parse
from corpus.language import Sentence
from recommender.assess import Fitted
from recommender.assess.parsimony import form_bits
from recommender.candidates import Candidate
from recommender.fitting import Fit, FitTask, RaceProgress, fit, fit_many
from recommender.fitting.race import Listener, description_length
from recommender.journal import Blank, Journal, named
from recommender.meaning import usual_values
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop
from recommender.proposers import Proposal, Typed
from recommender.ranking import is_constant
from recommender.simplify import simpler

RACE_BUDGET = 0.06
WARM_BUDGET = 0.015  # for those that bring their coefficients
FINAL_BUDGET = 0.6
GUIDED_BUDGET = 1.0
FINALISTS = 20
SURE_LAWS = 4
FEW = 4  # rows a coefficient, from which an exact fit is no accident
MOST_EXACT = 6
_UNSETTLED = ("fit.structured", "fit.budget", "fit.clock")


Welcome = Callable[[Proposal], bool]


def anyone(proposal: Proposal) -> bool:
    """Everyone may run."""
    del proposal
    return True


@dataclass(frozen=True)
class Terms:
    """How candidates are fitted: effort multiplies every budget; workers: processes (None: one per core, 0: this one)."""

    effort: float
    progress: Report
    stop: Stop
    workers: int | None
    journal: Journal = field(default_factory=Blank)


class Race:
    """Candidates of one problem with their fits."""

    def __init__(self, problem: Problem, terms: Terms) -> None:
        self.problem = problem
        self._terms = terms
        self._fits: dict[tuple[str, str], Fit] = {}
        self._runners: dict[str, Candidate] = {}
        self._order: list[tuple[float, str]] | None = None
        self._standing: dict[str, _Standing] = {}
        self._welcome: Welcome = anyone
        self._bound: Mapping[str, Proposal] = {}
        self._hints: Mapping[tuple[str, str], Fit] = {}

    @property
    def fitted(self) -> list[Fitted]:
        """Those with a finite error that move over the data, best first."""
        if self._order is None:
            self._order = sorted(filter(None, map(self._place_of, self._runners.values())))
        return [self._standing[key].fitted for _, key in self._order]

    def _place_of(self, candidate: Candidate) -> tuple[float, str] | None:
        """What the order goes by; None if it has no place there."""
        one = self._judged(candidate)
        return (one.score, candidate.key) if one.is_alive and self._welcome(candidate.lead) else None

    def _judged(self, candidate: Candidate) -> _Standing:
        """Where a candidate stands; looked at again only when its fit or its proposals have changed."""
        fit = self._fits.get(_place(candidate), _UNFITTED)
        before = self._standing.get(candidate.key)
        if before is None or before.fitted.fit is not fit or before.fitted.candidate is not candidate:
            before = self._standing[candidate.key] = _Standing.of(Fitted(candidate, fit, self.problem))
        return before

    def standing(self, key: str) -> Fitted | None:
        """The candidate with this canonical key and its fit; None if there is none, it has no error, or it does not move over the data."""
        candidate = self._runners.get(key)
        one = None if candidate is None else self._judged(candidate)
        return one.fitted if one is not None and one.is_alive else None

    @property
    def settled(self) -> bool:
        """A form with few coefficients goes through all rows exactly: there is nothing left to search for."""
        return any(is_no_accident(len(one.free), one.fit.n) for one in self.fitted if one.fit.status.key == "fit.exact")

    def score(self, key: str) -> float:
        """The rough score of a candidate that stands."""
        return self._standing[key].score

    def admit(self, welcome: Welcome) -> None:
        """From now on only those whose leading proposal is welcome are candidates for a place."""
        self._welcome = welcome
        self._order = None

    def bind(self, bound: Mapping[str, Proposal]) -> None:
        """From now on the families of these proposals, by their keys, are fitted within the bounds these name."""
        self._bound = dict(bound)

    def meet(self, proposal: Proposal, fit: Fit) -> Fitted | None:
        """A proposal that comes with its fit; the same form met again is one more vote, and keeps the better fit."""
        known = self._runners.get(proposal.key)
        if known is not None and proposal.key in self._bound:  # a fit without bounds is no rival
            self._runners[proposal.key] = replace(known, proposals=(*known.proposals, proposal))
            return self.standing(proposal.key)
        candidate = Candidate(proposal.key, proposal, (proposal,), len(self._runners))
        if known is not None:
            kept = self._fits.get(_place(known))
            is_better = kept is None or not kept.rss <= fit.rss
            candidate = replace(known, lead=proposal if is_better else known.lead, proposals=(*known.proposals, proposal))
        self._reorder(known, candidate, fit)
        return self.standing(candidate.key)

    def _reorder(self, known: Candidate | None, candidate: Candidate, fit: Fit) -> None:
        """The candidate takes its place in the order, which is not sorted again: there may be thousands."""
        before = None if known is None else self._place_of(known)
        self._runners[candidate.key] = candidate
        self._fits.setdefault(_place(candidate), fit)
        now, order = self._place_of(candidate), self._order
        if order is not None and before is not None:
            del order[bisect_left(order, before)]
        if order is not None and now is not None:
            insort(order, now)

    @property
    def candidates(self) -> list[Candidate]:
        """Everyone who entered."""
        return list(self._runners.values())

    @property
    def best(self) -> str:
        """The best formula so far in the customer's symbols, "" before there is one."""
        found = self.fitted[:1]
        return shown(found[0].fit, self.problem) if found else ""

    def enter(self, candidates: Iterable[Candidate]) -> None:
        """Fit those that are new, or whose leading spelling is."""
        entering = [replace(one, lead=self._bound.get(one.key, one.lead)) for one in candidates]
        self._runners |= {candidate.key: candidate for candidate in entering}
        self._order = None
        new = [candidate for candidate in entering if _place(candidate) not in self._fits]
        for warm, budget in ((False, RACE_BUDGET), (True, WARM_BUDGET)):
            group = [candidate for candidate in new if bool(self._starts(candidate)) is warm]
            fits = self._fit(group, budget, "racing")
            self._fits |= {_place(candidate): found for candidate, found in zip(group, fits, strict=True)}
            self._order = None

    def on(self, problem: Problem) -> Race:
        """The same candidates for a changed question, fitted anew if its rows or uncertainties are other ones."""
        other = Race(problem, self._terms)
        same = problem.relative_share == self.problem.relative_share and np.array_equal(problem.rows, self.problem.rows)
        other._hints, other._fits = self._fits, dict(self._fits) if same else {}
        other._welcome, other._bound = self._welcome, self._bound
        other.enter(self.candidates)
        return other

    def _starts(self, candidate: Candidate) -> Sequence[Mapping[str, float]]:
        """Where its fit may begin: what an earlier fit found, or its proposer."""
        earlier = self._hints.get(_place(candidate))
        if earlier is not None and all(map(math.isfinite, earlier.parameters.values())):
            return [earlier.parameters]
        return [candidate.lead.starts] if candidate.lead.starts else ()

    def finals(self) -> list[Fitted]:
        """The finalists, fitted with the full budget; beside an exact fit only those that a person asked for."""
        order, settled = finalists(self.fitted), self.settled
        again = [fitted.candidate for fitted in order if not settled or is_typed(fitted.candidate)]
        fits = dict(zip((one.key for one in again), self._fit(again, FINAL_BUDGET, "refining"), strict=True))
        finals = [_better(fitted, replace(fitted, fit=fits.get(fitted.candidate.key, fitted.fit))) for fitted in order]
        finals = [fitted if self._terms.stop() or fitted.candidate.key not in fits else self._guided(fitted) for fitted in finals]
        return [*finals, *self._simpler(finals)]

    def _simpler(self, finals: Sequence[Fitted]) -> list[Fitted]:
        """What the finalists nearly are, fitted too."""
        new = [] if self._terms.stop() else simpler(finals, self._runners)
        self.enter(new)
        keys = {candidate.key for candidate in new}
        return [fitted for fitted in self.fitted if fitted.candidate.key in keys]

    def _fit(self, candidates: Sequence[Candidate], budget: float, stage: str) -> tuple[Fit, ...]:
        """Every candidate with one budget; the best formula so far is told as fits come in."""
        terms, heard = self._terms, bool(self._fits)
        best, best_shown = math.inf, self.best

        def listen(event: RaceProgress) -> None:
            nonlocal best, best_shown, heard
            heard |= math.isfinite(event.fit.rss)
            length = description_length(event.fit)
            if length < best and not self._fits:
                best, best_shown = length, shown(event.fit, self.problem)
            terms.progress(Progress(stage, event.done, event.total, best_shown))

        tasks = [FitTask(c.formula, c.lead.known, c.lead.bounds, starts=self._starts(c)) for c in candidates]
        return self._raced(tasks, budget, listen, lambda: heard and terms.stop())  # a race stopped at once still has one formula

    def _raced(self, tasks: Sequence[FitTask], budget: float, listen: Listener, stop: Stop) -> tuple[Fit, ...]:
        """Fits of the tasks; those in the journal are looked up, the others kept there."""
        terms = self._terms
        names = [self._name(task, budget) for task in tasks]
        done = {i: Fit.from_dict(told) for i, name in enumerate(names) if (told := terms.journal.find("fit", name)) is not None}
        todo = [i for i in range(len(tasks)) if i not in done]

        def keep(event: RaceProgress) -> None:
            terms.journal.write("fit", names[todo[event.index]], event.fit.to_dict())
            listen(event)

        options = {"screen_budget": terms.effort * budget, "finalists": 0, "workers": terms.workers, "seed": self.problem.seed}
        new = [tasks[i] for i in todo]
        fits = fit_many(new, self.problem.samples, listen=keep, stop=stop, **options) if new else ()  # type: ignore[arg-type]
        done |= dict(zip(todo, fits, strict=True))
        return tuple(done[i] for i in range(len(tasks)))

    def _name(self, task: FitTask, budget: float) -> str:
        """What decides the outcome of a fit, beside the table."""
        told = (task.formula.text, task.known, task.starts, budget * self._terms.effort, self.problem.relative_share)
        return named(*told, *([task.bounds] if task.bounds else []), *self.problem.ranges)

    def _guided(self, fitted: Fitted) -> Fitted:
        """Where a pattern remains in the residual of a law, one more fit from what is usual for its coefficients."""
        priors = usual_values(fitted.candidate.lead.meanings, fitted.free)
        if fitted.fit.status.key not in _UNSETTLED or len(priors) < len(fitted.free) or not fitted.candidate.is_law:
            return fitted
        lead, samples, seed, effort = fitted.candidate.lead, self.problem.samples, self.problem.seed, self._terms.effort
        guided = partial(fit, lead.formula, samples, known=lead.known, bounds=lead.bounds, seed=seed)
        usual = guided(priors=priors, budget=effort * GUIDED_BUDGET)
        if not all(map(math.isfinite, usual.parameters.values())):
            return fitted
        again = guided(starts=[usual.parameters], budget=effort * RACE_BUDGET)
        return _better(fitted, replace(fitted, fit=again))


@dataclass(frozen=True)
class _Standing:
    """A candidate, whether it can be ranked at all, and its rough score."""

    fitted: Fitted
    is_alive: bool
    score: float

    @classmethod
    def of(cls, fitted: Fitted) -> _Standing:
        alive = fitted.fit is not _UNFITTED and math.isfinite(fitted.fit.rss) and not is_constant(fitted)
        return cls(fitted, alive, rough_score(fitted) if alive else math.inf)


_UNFITTED = Fit.failed(parse("0", ()), 0, Sentence.of("fit.stopped"), {})


def is_no_accident(free: int, rows: int) -> bool:
    """Whether a form with so many free coefficients that goes through all rows is the law, or one of its spellings."""
    return FEW * free < rows and free <= MOST_EXACT


def rough_score(fitted: Fitted) -> float:
    """Description length in bits from the training error alone; good enough to choose finalists."""
    n = len(fitted.problem.samples)
    free = len(fitted.free)
    share = max(fitted.train_share, 1e-20)
    return 0.5 * min(n, 150) * math.log2(share) + 0.5 * form_bits(fitted) + 0.5 * free * math.log2(n)


def finalists(raced: Sequence[Fitted]) -> list[Fitted]:
    """Typed formulas, the laws retrieved first (a hard form may need more than a race), then the best of the race, given best first."""
    typed = [fitted for fitted in raced if is_typed(fitted.candidate)]
    laws = [fitted for fitted in raced if fitted.candidate.is_law]
    sure = sorted(laws, key=lambda fitted: fitted.candidate.place)[:SURE_LAWS]
    return list({fitted.candidate.key: fitted for fitted in (*typed, *sure, *raced)}.values())[:FINALISTS]


def is_typed(candidate: Candidate) -> bool:
    """Whether a person asked for it."""
    return any(proposal.proposer == Typed.name for proposal in candidate.proposals)


def shown(found: Fit, problem: Problem) -> str:
    """`target = formula` in the customer's symbols."""
    return f"{problem.target_symbol} = {found.formula.rename(problem.names).text}"


def _place(candidate: Candidate) -> tuple[str, str]:
    """What its fit is kept under: bounds make another fit."""
    bounds = candidate.lead.bounds
    return candidate.key, candidate.formula.text + (f" {sorted(bounds.items())}" if bounds else "")


def _better(a: Fitted, b: Fitted) -> Fitted:
    return b if b.fit.rss <= a.fit.rss else a
