"""The simpler formula that a fitted one nearly is: exponents at small fractions, terms that add nothing.

A coefficient is taken for the number it agrees with only where its standard error allows, and the simpler formula joins the race as a
candidate of its own, beside the one it came from: the evidence decides which of them stands higher.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import numpy as np

from corpus import tree
from corpus.canonical import canonicalise
from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.assess import Fitted
from recommender.candidates import Candidate
from recommender.fitting.recognise import recognised
from recommender.proposers import Proposal

_WITHIN = 2.0
_IDLE = 1e-9
_KINDS = ("fraction",)


def simpler(fitted: Iterable[Fitted], known: Iterable[str]) -> list[Candidate]:
    """Candidates that some of the fitted ones nearly are; `known`: keys of those already in the race."""
    seen = set(known)
    out: list[Candidate] = []
    for one in fitted:
        for proposal in _variants(one):
            key = canonicalise(proposal.formula.bind(proposal.known)).key
            if key not in seen and proposal.formula.variables:
                seen.add(key)
                out.append(Candidate(key, proposal, (proposal,), len(seen)))
    return out


def _variants(fitted: Fitted) -> Iterator[Proposal]:
    """With all terms dropped and exponents snapped that may be, then with each kind alone."""
    exponents, idle = _exact_exponents(fitted), _idle_coefficients(fitted)
    choices = [exponents | idle, exponents, idle] if exponents and idle else [exponents | idle]
    for chosen in choices:
        if chosen and (formula := _with_numbers(fitted.fit.formula, chosen)) is not None:
            yield _proposal(fitted, formula, chosen)


def _proposal(fitted: Fitted, formula: Formula, chosen: Mapping[str, float]) -> Proposal:
    lead, left = fitted.candidate.lead, set(formula.parameters)
    told = ", ".join(f"{name} = {Fraction(value).limit_denominator(1000)}" for name, value in chosen.items())
    return Proposal(
        formula,
        lead.proposer,
        Sentence.of("why.simplified", numbers=told),
        "",
        {name: value for name, value in lead.known.items() if name in left},
        {name: meaning for name, meaning in lead.meanings.items() if name in left},
        {name: fitted.fit.parameters[name] for name in fitted.free if name in left},
    )


def _with_numbers(formula: Formula, numbers: Mapping[str, float]) -> Formula | None:
    """The formula with numbers for some coefficients, None where it has no value then."""
    leaves = {tree.param(name): tree.const(Fraction(value).limit_denominator(1000)) for name, value in numbers.items()}
    try:
        return Formula(tree.substitute(formula.root, leaves))
    except RecommenderError:
        return None


def _exact_exponents(fitted: Fitted) -> dict[str, float]:
    """Free exponents that agree with a small fraction."""
    powers = [node.args[1] for node in tree.walk(fitted.fit.formula.root) if node.op == "pow"]
    names = {str(exponent.value) for exponent in powers if exponent.op == "param"} & set(fitted.free)
    found = {name: recognised(fitted.fit, name) for name in sorted(names)}
    return {name: exact.value for name, exact in found.items() if exact is not None and exact.kind in _KINDS}


def _idle_coefficients(fitted: Fitted) -> dict[str, float]:
    """Free coefficients that may as well be 0: by their standard error, or because the curve does not notice."""
    return {name: 0.0 for name in fitted.free if _may_be_zero(fitted, name)}


def _may_be_zero(fitted: Fitted, name: str) -> bool:
    value, error = fitted.fit.parameters[name], fitted.fit.standard_errors[name]
    if math.isfinite(error) and error > 0 and abs(value) <= _WITHIN * error:
        return True
    samples = fitted.problem.samples
    with np.errstate(all="ignore"):
        changed = fitted.fit.formula.evaluate(samples.columns, {**fitted.fit.parameters, name: 0.0}) - fitted.prediction
        share = float(np.mean((changed / fitted.problem.scale) ** 2)) / fitted.problem.signal
    return share < _IDLE**2
