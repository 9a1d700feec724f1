"""`llmsr` and `stress`: the true skeletons of laws on disk.

`llmsr`: the law itself with every coefficient free. Passed: NMSE < 1e-20 on the training rows and on every test file.

`stress`: exact laws made harder to fit than they are: terms whose coefficient is zero in truth, exponents set free, rational factors
that are one. The smallest residual is zero whatever was added, so the global optimum is known. Passed: NMSE < 1e-9 on the rows it was
fitted to and < 1e-6 on the test file. The bar: 95 %, median 1 s.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
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
_ADDED = ("q0*{x}", "q0*{x}**2", "q0*{x}*{z}", "q0*exp(-q1*{x}/{s})", "q0*{x}/(q1*{s}+{x})", "q0*sin(q1*{x}/{s}+q2)")
_FACTORS = ("(1+q0*{x}/{s})", "(1+q0*{x}/{s})/(1+q1*{x}/{s})", "1/(1+q0*({x}/{s})**2)")


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
    rounds = itertools.zip_longest(*(_harder(*law) for law in laws))
    found = [problem for problems in rounds for problem in problems if problem is not None]
    return spread_out(found, QUICK) if options.quick else found[:MAX_CASES]


def _law(case: Case, seed: int) -> tuple[Case, Formula, Rows, int] | None:
    """A noise-free law with a scale in front and its inner coefficients free; None where the law is not exact."""
    raw, truth = case.truth(), Truth.of(case)
    if truth.kind != "exact" or raw.get("noise"):
        return None
    rows = Rows.of(case, case.train)
    kept = np.random.default_rng(seed).permutation(len(rows.target))[:_ROWS]
    columns = {name: values[kept] for name, values in rows.columns.items()}
    target = rows.target[kept]
    if squares(target - truth.formula.evaluate(columns, truth.values)) > EXACT**2 * float(np.var(target)) * len(target):
        return None
    scaled = Formula(tree.mul(tree.param("scale_"), truth.formula.root))
    return case, scaled, Rows(columns, target), seed


def _harder(case: Case, law: Formula, rows: Rows, seed: int) -> Iterator[FitProblem]:
    """Variants of a law, the kinds in turn over its inputs."""
    names = list(law.variables)
    facts = {"tests": {role: found for role, found in _tests(case).items() if role in ("test", "id", "test_id")}}
    for number, (kind, text) in enumerate(_variants(law, names, rows)):
        formula = parse(text, list(rows.columns))
        label = f"{case.label} {kind} {number}"
        yield FitProblem(label, kind, text, rows.columns, rows.target, formula.parameters, seed=seed, budget=_BUDGET, facts=facts)


def _variants(law: Formula, names: Sequence[str], rows: Rows) -> Iterator[tuple[str, str]]:
    for i, template in enumerate(_ADDED):
        yield "added term", f"{law.text}+{_filled(template, names, i, rows)}"
    for i, factor in enumerate(_FACTORS):
        yield "rational factor", f"({law.text})*{_filled(factor, names, i, rows)}"
    for i, name in enumerate(names[:2]):
        yield "free exponent", Formula(_freed(law.root, name, f"e{i}_")).text


def _filled(template: str, names: Sequence[str], turn: int, rows: Rows) -> str:
    x, z = names[turn % len(names)], names[(turn + 1) % len(names)]
    size = float(np.median(np.abs(rows.columns[x]))) or 1.0
    return template.format(x=x, z=z, s=f"{10.0 ** round(math.log10(size)):g}")


def _freed(root: Node, name: str, exponent: str) -> Node:
    """Every occurrence of an input raised to a free power; its true value is 1."""
    return tree.substitute(root, {tree.var(name): tree.power(tree.var(name), tree.param(exponent))})


def stress() -> FitSuite:
    """The suite."""
    return FitSuite("stress", _stress_problems, Bar(share=0.95, median=1.0), _judge_stress, needs_cases=True)
