"""`llmsr` and `stress`: the true skeletons of laws on disk.

`llmsr`: the law itself with every coefficient free. Passed: NMSE < 1e-20 on the training rows and on every test file.

`stress`: exact laws made harder to fit than they are. Every number in a law is set free, exponents too where what they raise is positive,
and a term, a rational term or a rational factor is added whose coefficient is zero in truth, or every positive input gets a power of its
own. The smallest residual is zero whatever was added, so the global optimum is known. Passed: NMSE < 1e-9 on the rows it was fitted to and
< 1e-6 on the test file. The bar: 95 %, median 1 s.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from corpus import tree
from corpus.formula import Formula, parse
from corpus.tree import Node
from recommender.evaluate._base import Options, Value, spread_out
from recommender.evaluate.cases import Case, find_cases
from recommender.evaluate.fit_base import EXACT, NEAR, Bar, FitProblem, FitSuite, squares
from recommender.evaluate.scoring import Rows, nmse
from recommender.evaluate.truth import Truth

LLMSR_SOURCES = ("llm_sr",)
STRESS_SOURCES = ("ai_feynman", "composite", "llm_sr")
LLMSR_NMSE = 1e-20
MAX_CASES = 903
QUICK = 20
_ROWS = 200
_BUDGET = 5.0
_VARIANTS = (
    ("added term", "{law}+q0_*{x}*{z}+q1_*{x}**2"),
    ("added term", "{law}+q0_*exp(-q1_*{x})"),
    ("added term", "{law}+q0_*sin(q1_*{x}+q2_)"),
    ("added term", "{law}+q0_*{positive}**q1_"),
    ("rational term", "{law}+q0_*{x}/(q1_+{x})"),
    ("rational term", "{law}+(q0_+q1_*{x})/(1+q2_*{x}**2)"),
    ("rational factor", "({law})*(1+q0_*{x})/(1+q1_*{x})"),
    ("two terms", "{law}+q0_*exp(-q1_*{x})+q2_*{z}/(q3_+{z})"),
    ("free powers", "{law}"),
    ("free powers", "{law}+q0_*{x}/(q1_+{x})"),
    ("free powers", "({law})*(1+q0_*{x})/(1+q1_*{x})"),
)


def _tests(case: Case) -> dict[str, Rows]:
    roles = [role for role in case.files if role not in ("train", "data")]
    return {role: Rows.of(case, sheet) for role in roles if (sheet := case.sheet(role)) is not None}


def _errors(problem: FitProblem, values: Mapping[str, float]) -> dict[str, float]:
    """NMSE on the training rows and on each other file."""
    formula = problem.formula
    rows: dict[str, Rows] = {"train": Rows(problem.columns, problem.target), **problem.facts["tests"]}
    return {role: nmse(r.target, formula.evaluate(r.columns, values), float(np.var(r.target)) or 1.0) for role, r in rows.items()}


def _judge_llmsr(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    del reply
    errors = _errors(problem, values)
    return max(errors.values()) < LLMSR_NMSE, {"nmse": errors["train"], "worst": max(errors.values()), "silent": False}


def _llmsr_problems(options: Options) -> Sequence[FitProblem]:
    found = []
    for case in find_cases(options.cases, LLMSR_SOURCES):
        truth, rows = Truth.of(case), Rows.of(case, case.train)
        names = tuple(truth.values)
        facts = {"tests": _tests(case)}
        found.append(
            FitProblem(
                case.label,
                case.folder.name,
                truth.formula.text,
                rows.columns,
                rows.target,
                names,
                seed=options.seed,
                budget=_BUDGET,
                facts=facts,
            )
        )
    return found


def llmsr() -> FitSuite:
    """The suite."""
    columns = ("count", "share", "median", "max", "nmse", "worst")
    return FitSuite("llmsr", _llmsr_problems, Bar(share=1.0), _judge_llmsr, needs_cases=True, columns=columns)


def _judge_stress(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    del reply
    errors = _errors(problem, values)
    train = errors.pop("train")
    test = max(errors.values(), default=0.0)
    return train < EXACT and test < NEAR, {"nmse": train, "worst": test, "silent": False}


def _stress_problems(options: Options) -> Sequence[FitProblem]:
    laws = [law for case in find_cases(options.cases, STRESS_SOURCES) if (law := _law(case, options.seed)) is not None]
    rounds = itertools.zip_longest(*(_harder(law, options.seed) for law in laws))
    found = [problem for problems in rounds for problem in problems if problem is not None]
    return spread_out(found, QUICK) if options.quick else found[:MAX_CASES]


@dataclass(frozen=True, eq=False)
class Law:
    """The skeleton of an exact law, rows that obey it, and its test files."""

    label: str
    root: Node
    rows: Rows
    tests: Mapping[str, Rows]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return Formula(self.root).variables

    @cached_property
    def positive(self) -> tuple[str, ...]:
        """The inputs that can be raised to any power."""
        return tuple(name for name in self.inputs if np.all(self.rows.columns[name] > 0))

    def filled(self, template: str, turn: int) -> str:
        """A template with inputs x and z, and an input that is positive."""
        x, z = self.inputs[turn % len(self.inputs)], self.inputs[(turn + 1) % len(self.inputs)]
        positive = self.positive[turn % len(self.positive)] if self.positive else ""
        return template.format(law=Formula(self.root).text, x=x, z=z, positive=positive)


def _law(case: Case, seed: int) -> Law | None:
    """None where the law is not exact, has no input, or the rows are noisy."""
    raw, truth = case.truth(), Truth.of(case)
    if truth.kind != "exact" or raw.get("noise") or not truth.formula.variables:
        return None
    rows = Rows.of(case, case.train)
    kept = np.random.default_rng(seed).permutation(len(rows.target))[:_ROWS]
    rows = Rows({name: values[kept] for name, values in rows.columns.items()}, rows.target[kept])
    clean = truth.formula.evaluate(rows.columns, truth.values)
    if squares(rows.target - clean) > EXACT**2 * float(np.var(rows.target)) * len(kept):
        return None
    tests = {role: found for role, found in _tests(case).items() if role in ("test", "id", "test_id")}
    return Law(case.label, skeleton(truth.formula, truth.values, rows).root, rows, tests)


def _harder(law: Law, seed: int) -> Iterator[FitProblem]:
    """Variants of a law, its inputs taken in turn; those with free powers only where some input is positive."""
    freed = replace(law, root=_free_powers(law.root, law.positive))
    for number, (kind, template) in enumerate(_VARIANTS):
        if not law.positive and ("power" in kind or "{positive}" in template):
            continue
        text = (freed if "power" in kind else law).filled(template, number)
        formula = parse(text, list(law.rows.columns))
        label = f"{law.label} {kind} {number}"
        rows, facts = law.rows, {"tests": law.tests}
        yield FitProblem(label, kind, text, rows.columns, rows.target, formula.parameters, seed=seed, budget=_BUDGET, facts=facts)


def skeleton(formula: Formula, values: Mapping[str, float], rows: Rows) -> Formula:
    """The formula with a free scale and a coefficient for every number.

    Signs and divisions stay, and so does an exponent of something that is not positive on all rows.
    """
    freeing = _Freeing(dict(values), rows)
    return Formula(tree.mul(tree.param("scale_"), freeing.freed(formula.root)))


@dataclass
class _Freeing:
    """Names a coefficient for each number, and remembers what it is in truth."""

    values: dict[str, float]
    rows: Rows

    def freed(self, node: Node) -> Node:
        if node.op == "const":
            return node if node.number == -1 else self._named(node.number)
        if node.op == "pow" and node.args[1].op == "const":
            base = self.freed(node.args[0])
            return tree.power(base, node.args[1] if node.args[1].number == -1 or not self._positive(base) else self.freed(node.args[1]))
        return tree.rebuild(node, tuple(self.freed(arg) for arg in node.args))

    def _named(self, number: float) -> Node:
        name = f"k{len(self.values)}_"
        self.values[name] = number
        return tree.param(name)

    def _positive(self, base: Node) -> bool:
        formula = Formula(base)
        return bool(np.all(formula.evaluate(self.rows.columns, {name: self.values[name] for name in formula.parameters}) > 0))


def _free_powers(root: Node, names: Sequence[str]) -> Node:
    """Each of these inputs raised to a power of its own, 1 in truth."""
    return tree.substitute(root, {tree.var(name): tree.power(tree.var(name), tree.param(f"e{i}_")) for i, name in enumerate(names)})


def stress() -> FitSuite:
    """The suite."""
    return FitSuite("stress", _stress_problems, Bar(share=0.95, median=1.0), _judge_stress, needs_cases=True)
