"""Corpus formulas made executable for this table: symbols matched to columns, constants known, the rest coefficients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from corpus import tree
from corpus.entry import Entry
from corpus.formula import Formula
from corpus.language import Sentence
from corpus.tree import Node
from recommender.context import Context
from recommender.meaning import entry_meanings, merge_unidentifiable
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.matching import Assignment, assignments

PER_ENTRY = 4
_RESERVED = re.compile(r"x\d+")


class RetrievedForms:
    """Proposes every retrieved entry that fits the table, in up to PER_ENTRY readings."""

    name = "retrieved"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """Best-ranked entries first; entries of `context.generic` (pure shapes) last."""
        del history
        for found in context.retrieved:
            yield from self._readings(found.entry, problem, list(dict.fromkeys(reason.channel for reason in found.reasons)))
        seen = {found.entry.id for found in context.retrieved}
        for entry in context.generic:
            if entry.id not in seen and len(entry.variables) >= min(len(problem.inputs), 3) - 1:
                yield from self._readings(entry, problem, ["shape"])

    def _readings(self, entry: Entry, problem: Problem, channels: Sequence[str]) -> Iterator[Proposal]:
        for assignment in assignments(entry, problem, PER_ENTRY):
            found_by = tuple(Sentence.of(f"channel.{channel}") for channel in channels)
            why = Sentence.of("why.retrieved", entry_en=entry.name.en, entry_ja=entry.name.ja, channels=found_by, source=entry.source)
            yield self._proposal(entry, assignment, problem, why)

    def _proposal(self, entry: Entry, assignment: Assignment, problem: Problem, why: Sentence) -> Proposal:
        formula = Formula(_in_si(entry, assignment, problem)).as_columns(assignment.columns)
        renamed = {name: f"{name}_" for name in formula.parameters if _RESERVED.fullmatch(name)}
        formula = formula.rename(renamed)
        meanings = {renamed.get(name, name): meaning for name, meaning in entry_meanings(entry).items()}
        known = {renamed.get(n, n): v for n, v in entry.constant_values.items()} if problem.has_units or not entry.homogeneous else {}
        formula, meanings = merge_unidentifiable(_leftovers_as_parameters(formula, problem), meanings, known)
        names = set(formula.parameters)
        return Proposal(
            formula,
            self.name,
            why,
            entry.id,
            {name: value for name, value in known.items() if name in names},
            {name: meaning for name, meaning in meanings.items() if name in names},
        )


def _leftovers_as_parameters(formula: Formula, problem: Problem) -> Formula:
    """Variables of the entry that no column stands for are constant in this experiment: coefficients."""
    columns = {f"x{i}" for i in range(len(problem.inputs))}
    left = {
        tree.var(name): tree.param(f"{name}_" if _RESERVED.fullmatch(name) else name) for name in formula.variables if name not in columns
    }
    return Formula(tree.substitute(formula.root, left))


def _in_si(entry: Entry, assignment: Assignment, problem: Problem) -> Node:
    """The right-hand side for values in SI; only laws bound to their stated units need rewriting."""
    root = entry.formula_tree.root
    if entry.homogeneous:
        return root
    replacements = {}
    for symbol, name in assignment.columns.items():
        unit = entry.unit_of(symbol)
        column = problem.inputs[int(name[1:])]
        if unit is not None and column.unit is not None:
            leaf = tree.var(symbol) if symbol in root.variables else tree.param(symbol)
            shifted = tree.add(leaf, tree.const(-unit.offset))
            replacements[leaf] = tree.mul(tree.const(1 / unit.factor), shifted)
    target = entry.unit_of(entry.target.symbol)
    root = tree.substitute(root, replacements)
    if target is None or problem.target.unit is None:
        return root
    return tree.add(tree.mul(tree.const(target.factor), root), tree.const(target.offset))
