"""Corpus formulas made executable for this table: symbols matched to columns, constants known, the rest coefficients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from corpus import tree
from corpus.entry import Entry
from corpus.formula import Formula
from corpus.language import Sentence
from corpus.rearrange import rearranged
from corpus.tree import Node
from recommender.context import SHAPES, Context
from recommender.meaning import entry_meanings, merge_unidentifiable
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.matching import Assignment, assignments, similarity
from recommender.table import Column

PER_ENTRY = 4
PER_NUMERICAL = 2  # of one that is solved numerically, which is dear
SOLVED_FOR = 2
MAX_REST = 2
_RESERVED = re.compile(r"x\d+")


class RetrievedForms:
    """Proposes every retrieved entry that fits the table, in up to PER_ENTRY readings."""

    name = "retrieved"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """Best-ranked entries first; entries of `context.generic` (pure shapes) last."""
        del history
        for found in context.retrieved:
            channels = list(dict.fromkeys(reason.channel for reason in found.reasons))
            yield from self._readings(found.entry, problem, channels)
            for entry in _turned(found.entry, problem):
                yield from self._readings(entry, problem, channels)
        seen = {found.entry.id for found in context.retrieved}
        for entry in context.generic:
            if entry.id not in seen and len(entry.variables) >= min(len(problem.inputs), 3) - 1:
                yield from self._readings(entry, problem, ["shape"])

    def _readings(self, entry: Entry, problem: Problem, channels: Sequence[str]) -> Iterator[Proposal]:
        found_by = tuple(Sentence.of(f"channel.{channel}") for channel in channels)
        words = {"entry_en": entry.name.en, "entry_ja": entry.name.ja, "channels": found_by, "source": entry.source}
        numerical = entry.formula_tree.root.op == "root"
        for place, assignment in enumerate(assignments(entry, problem, PER_NUMERICAL if numerical else PER_ENTRY)):
            proposal = self._proposal(entry, assignment, problem, Sentence.of("why.retrieved", **words))
            yield proposal
            if place == 0 and not entry.id.startswith(SHAPES) and not numerical:
                yield from _with_the_rest(proposal, problem, Sentence.of("why.retrieved_times", **words))

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


def _turned(entry: Entry, problem: Problem) -> Iterator[Entry]:
    """The entry solved for its symbols that may be the target, those most alike in words first, if its own target may be an input."""
    target = problem.target.unit
    if target is None or not any(_same_dimension(entry, entry.target.symbol, column) for column in problem.inputs):
        return
    fitting = [symbol for symbol in entry.symbols if _same_dimension(entry, symbol, problem.target)]
    for symbol in sorted(fitting, key=lambda name: -similarity(entry.symbols[name], problem.target))[:SOLVED_FOR]:
        yield from rearranged(entry, symbol, _seen(entry, symbol, problem))


def _seen(entry: Entry, symbol: str, problem: Problem) -> tuple[float, float]:
    """(least, greatest) value of the target in the numbers of the entry's formula."""
    target, unit = problem.samples.target, entry.unit_of(symbol)
    values = target if entry.homogeneous or unit is None else unit.from_si(target)
    return float(np.min(values)), float(np.max(values))


def _same_dimension(entry: Entry, symbol: str, column: Column) -> bool:
    return column.unit is not None and entry.dimension_of(symbol) == column.unit.dimension


def _with_the_rest(proposal: Proposal, problem: Problem, why: Sentence) -> Iterator[Proposal]:
    """The law times a free power of each positive column it does not speak of: a device's size, say, that its authors held constant."""
    names = [name for name in problem.samples.columns if name not in proposal.formula.variables]
    if not 0 < len(names) <= MAX_REST or any(np.min(problem.samples.columns[name]) <= 0 for name in names):
        return
    powers = [tree.power(tree.var(name), tree.param(f"power_{name[1:]}")) for name in names]
    root = tree.mul(tree.param("scale_"), proposal.formula.root, *powers)
    formula, meanings = merge_unidentifiable(Formula(root), proposal.meanings, proposal.known)
    kept = {name: meaning for name, meaning in meanings.items() if name in formula.parameters}
    yield replace(proposal, formula=formula, meanings=kept, why=why, source="")  # it is the law no more


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
