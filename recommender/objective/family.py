"""A family of formulas as the search handles it: a tree, where it came from, and what its coefficients may be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from corpus import tree
from corpus.canonical import canonicalise
from corpus.errors import ObjectiveError
from corpus.formula import Formula, fresh_names, parse
from corpus.language import Sentence
from recommender.assess.parsimony import FREE_BITS, structure_bits
from recommender.fitting.compile import compile_tree

Bounds = Mapping[str, tuple[float, float]]
UNBOUNDED = (-math.inf, math.inf)
_HALF_BITS = 60.0


@dataclass(frozen=True)
class Idea:
    """A formula to try: text in the variables of the grid, every other name a coefficient.

    bounds: (lowest, highest) by coefficient, either may be infinite. starts: values to begin with, of all coefficients or of none.
    """

    text: str
    bounds: Bounds = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """A formula, where its coefficients may begin ({} if nobody knows), where they must stay, who proposed it and why.

    lineage: keys of the families it was made of by edits, oldest first.
    """

    formula: Formula
    starts: Mapping[str, float]
    bounds: Bounds
    proposer: str
    why: Sentence
    lineage: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """Canonical key: the same for every spelling."""
        return canonicalise(self.formula).key

    @property
    def names(self) -> tuple[str, ...]:
        return self.formula.parameters

    def bits(self, tolerance: float) -> float:
        """Bits to write the form down, and each coefficient to the relative tolerance."""
        return structure_bits(self.formula.root) + len(self.names) * (FREE_BITS + max(0.0, -math.log2(tolerance)))

    def simplicity(self, tolerance: float) -> float:
        """1/(1 + bits/60): 1 for nothing to say, 0.5 for about a line with four coefficients."""
        return 1 / (1 + self.bits(tolerance) / _HALF_BITS)


def read(idea: str | Idea, variables: Sequence[str]) -> Family:
    """A user's formula. FormulaError if it cannot be read, ObjectiveError if it has no variable or its bounds or starts do not fit it."""
    idea = Idea(idea) if isinstance(idea, str) else idea
    formula = parse(idea.text, variables)
    if not formula.variables:
        raise ObjectiveError("objective_no_variable", formula=idea.text, known=", ".join(variables))
    unknown = sorted({*idea.bounds, *idea.starts} - set(formula.parameters))
    crossed = [name for name, (low, high) in idea.bounds.items() if not low < high]
    partial = bool(idea.starts) and set(idea.starts) != set(formula.parameters)
    if unknown or crossed or partial or not all(map(math.isfinite, idea.starts.values())):
        known = ", ".join(formula.parameters) or "-"
        raise ObjectiveError("objective_idea", formula=idea.text, names=", ".join(unknown + crossed) or "starts", known=known)
    return Family(formula, dict(idea.starts), dict(idea.bounds), "typed", Sentence.of("objective.typed"))


def grown_family(root: tree.Node, starts: Mapping[str, float], parent: Family) -> Family:
    """A child: coefficients that only occur as one product joined, the bounds of the parent's kept where the coefficient is."""
    merges = compile_tree(root, parent.bounds).merges
    values = dict(starts)
    ones: dict[tree.Node, tree.Node] = {}
    for merge in merges:
        values[merge.kept] = math.prod(starts[name] ** power for name, power in merge.parts.items())
        ones |= {tree.param(name): tree.const(1) for name in merge.parts if name != merge.kept}
    formula = Formula(tree.substitute(root, ones))
    names = _plain_names(formula.parameters, parent.names)
    kept = {names[name]: values[name] for name in formula.parameters}
    bounds = {name: pair for name, pair in parent.bounds.items() if name in kept}
    lineage = (*parent.lineage, parent.key)
    return Family(formula.rename(names), kept, bounds, "edit", Sentence.of("objective.edited", formula=parent.formula.text), lineage)


def _plain_names(names: Sequence[str], old: Sequence[str]) -> dict[str, str]:
    """Old names stay; new ones become c0, c1, ... ."""
    spare = fresh_names("c", old)
    return {name: name if name in old else next(spare) for name in names}
