"""From a ranking to the public result: symbols, units, evidence and origins of every formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np

from corpus.language import Sentence
from recommender.assess.guards import Finding
from recommender.coefficients import describe
from recommender.convergence import Convergence
from recommender.identify import groups_evidence
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.racing import shown
from recommender.ranking import Ranked
from recommender.recommendation import Origin, RankedFormula, Recommendation, Variable, shown_latex
from recommender.table import Column
from recommender.tuning import GroupFit

MOST_ORIGINS = 8


@dataclass(frozen=True)
class Searched:
    """What a search says of itself: how far it came, which changes of forms helped or did not, and how each form shown came about."""

    convergence: Convergence = field(default_factory=Convergence)
    tried: tuple[Sentence, ...] = ()
    lineages: Mapping[str, tuple[Sentence, ...]] = field(default_factory=dict)

    def lineage_of(self, place: Ranked) -> tuple[Sentence, ...]:
        return self.lineages.get(place.assessed.fitted.candidate.key, ())


def summarise(
    problem: Problem,
    ranked: Sequence[Ranked],
    notes: Sequence[Sentence],
    counts: Mapping[str, int],
    findings: Sequence[Finding],
    fits: Mapping[str, Sequence[GroupFit]] | None = None,
    searched: Searched | None = None,
) -> Recommendation:
    """The public result of a ranking; findings: what the guards say; fits: of the problem's groups, by the key of the candidate."""
    grouped, searched = fits or {}, searched or Searched()
    named = zip(problem.names.items(), problem.inputs, strict=True)
    variables = tuple(_variable(inner, symbol, column, problem) for (inner, symbol), column in named)
    target = _variable("y", problem.target_symbol, problem.target, problem)
    return Recommendation(
        table=problem.table.name,
        table_hash=problem.table.content_hash,
        rows=len(problem.samples),
        target=target,
        inputs=variables,
        about=problem.about,
        seed=problem.seed,
        formulas=tuple(
            replace(_formula(place, problem, variables, target, findings, grouped), lineage=searched.lineage_of(place)) for place in ranked
        ),
        notes=tuple(notes),
        warnings=tuple(finding.words for finding in findings if finding.fitted is None),
        counts=counts,
        versions={name: version(name) for name in ("numpy", "scipy", "formula-recommender")},
        convergence=searched.convergence,
        tried=searched.tried,
        ranges=tuple(one.told(problem.table) for one in problem.ranges),
    )


def _variable(inner: str, symbol: str, column: Column, problem: Problem) -> Variable:
    values = column.shown[problem.rows]
    ends = float(np.min(values)), float(np.max(values))
    return Variable(inner, symbol, column.name, None if column.unit is None else column.unit.text, column.description, ends)


def _formula(
    place: Ranked,
    problem: Problem,
    variables: tuple[Variable, ...],
    target: Variable,
    findings: Sequence[Finding],
    grouped: Mapping[str, Sequence[GroupFit]],
) -> RankedFormula:
    fitted = place.assessed.fitted
    fits = grouped.get(fitted.candidate.key, ())
    evidence = (*place.assessed.evidence.values(), *([groups_evidence(fitted, fits)] if fits else []))
    formula = fitted.fit.formula
    guarded = [finding.words for finding in findings if finding.fitted is fitted]
    return RankedFormula(
        rank=place.rank,
        wire=formula.text,
        text=shown(fitted.fit, problem),
        latex=shown_latex(formula, problem.names),
        key=fitted.candidate.key,
        coefficients=describe(fitted, fits),
        evidence=evidence,
        origins=_origins(fitted.candidate.proposals),
        reason=place.reason,
        status=fitted.fit.status,
        warnings=(*guarded, *fitted.fit.warnings, *(warning for e in evidence for warning in e.warnings)),
        score=place.score,
        front=place.front,
        confidence=place.confidence,
        spellings=place.spellings,
        variables=variables,
        target=target,
    )


def _origins(proposals: Sequence[Proposal]) -> tuple[Origin, ...]:
    """The first word of every proposer, then further ones, MOST_ORIGINS in all."""
    firsts = {proposal.proposer: place for place, proposal in reversed(list(enumerate(proposals)))}
    ordered = sorted(range(len(proposals)), key=lambda place: (firsts[proposals[place].proposer] != place, place))
    return tuple(Origin(one.proposer, one.why, one.source, one.echo) for one in (proposals[place] for place in ordered[:MOST_ORIGINS]))
