"""Laws are found as sums and products of elementary terms."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from indexes import Retriever
from recommender.context import Context, gather
from recommender.evaluate.recover_sums import sum_tasks
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.proposers.composed import Composed
from recommender.proposers.composed.factors import Rows, Term
from recommender.proposers.composed.grammar import terms_of
from recommender.proposers.composed.polish import polished
from recommender.proposers.composed.proposer import data_of
from recommender.proposers.composed.screened import CurveColumns, FixedColumns
from recommender.proposers.composed.screens import Screens
from recommender.proposers.composed.search import Search, axes_of, ground
from recommender.proposers.composed.shapes import Axis
from recommender.samples import Samples
from recommender.table import Table
from recommender.testing import check_proposer, example_problem


def table(noise: float = 0.0, **formula: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    x, z = rng.uniform(0.3, 4.0, 80), rng.uniform(-2.0, 2.0, 80)
    return {"x": x, "z": z, "noise": noise * rng.standard_normal(80)}


def proposals(values: dict[str, np.ndarray], target: np.ndarray, seconds: float = 2.0) -> tuple[Problem, list[Proposal]]:
    problem = Problem.of(Table.of({"x": values["x"], "z": values["z"], "y": target}))
    return problem, list(Composed(seconds).propose(problem, Context(), ()))


def left(proposal: Proposal, samples: Samples) -> float:
    """Share of the variance that a proposal leaves with its own starting values."""
    predicted = proposal.formula.evaluate(samples.columns, dict(proposal.starts))
    return float(np.mean((predicted - samples.target) ** 2) / np.var(samples.target))


def test_it_keeps_the_promises_of_a_proposer() -> None:
    check_proposer(Composed(seconds=0.3), example_problem())


@pytest.mark.parametrize(
    "law",
    [
        lambda x, z: 2 * x**2 - 0.7 * z * np.sin(x) + 0.3 * z,
        lambda x, z: 3 * np.exp(-0.8 * x) + 0.5 * z**2,
        lambda x, z: 4.0 * x / (1.7 + x + 0.3 * x * z**2) + 0.2 * z,
        lambda x, z: 1.5 * x**1.3 * np.exp(0.4 * z),
        lambda x, z: np.sqrt(2.0 + 3.0 * x**2 + z**2),
    ],
    ids=["sum", "decay", "quotient", "product", "root"],
)
def test_a_law_without_noise_is_found_exactly(law: object) -> None:
    values = table()
    problem, found = proposals(values, law(values["x"], values["z"]))  # type: ignore[operator]
    assert min(left(proposal, problem.samples) for proposal in found) < 1e-18


def test_with_noise_the_law_is_proposed_and_no_form_is_much_longer() -> None:
    values = table(noise=0.03)
    _, found = proposals(values, 3 * np.exp(-0.8 * values["x"]) + 0.5 * values["z"] ** 2 + values["noise"])
    assert any({part.split("*", 1)[1] for part in p.formula.text.split(" + ") if "*" in part} == {"exp(k0*x0)", "x1**2"} for p in found)
    assert all(len(p.formula.parameters) <= 12 for p in found)


def test_two_waves_are_found_together_though_neither_does_well_alone() -> None:
    task = next(task for task in sum_tasks() if task.name == "oscillator_6")  # cos(w t), x sin(u t), v and x**2 v
    data = data_of(task.problem(noise=0.01))
    axes = axes_of(data)
    refiner, pool = ground(data.take(data.sample(300)), data.scale, Work(20.0))
    screens = Screens(terms_of(axes), refiner, axes)
    pool.add_all(screens.two_waves(2))
    assert pool.share(pool.best(1)[0]) < 1e-5


def spent(target: np.ndarray, x: np.ndarray, budget: float) -> float:
    """Share of its budget that a search takes."""
    data = data_of(Problem.of(Table.of({"x": x, "y": target})))
    axes = axes_of(data)
    search = Search(data, axes, terms_of(axes), [], Work(budget))
    assert list(search.run())
    return search.work.spent / budget


@pytest.mark.slow
def test_the_search_ends_when_only_noise_is_left_and_goes_on_while_there_is_a_pattern() -> None:
    x = np.linspace(0.3, 4, 200)
    noisy = 3 * np.exp(-0.8 * x) + 0.5 * x**2 + 0.05 * np.random.default_rng(4).standard_normal(200)
    bump = np.exp(-(((x - 2.2) / 0.08) ** 2))  # narrower than anything it knows
    assert spent(noisy, x, budget=8.0) < 0.5
    assert spent(noisy + bump, x, budget=8.0) > 0.7


def test_it_proposes_several_forms_and_stops_when_nobody_asks_for_more() -> None:
    values = table(noise=0.1)
    problem = Problem.of(Table.of({"x": values["x"], "z": values["z"], "y": values["x"] + values["noise"]}))
    few = list(islice(Composed(1.0).propose(problem, Context(), ()), 3))
    assert len({proposal.formula.text for proposal in few}) == 3


def test_uncertain_rows_count_less() -> None:
    values = table()
    y = 2 * values["x"] + np.exp(values["z"])
    wild = np.arange(80) % 10 == 0
    errors = np.where(wild, 50.0, 0.01)
    columns = {"x": values["x"], "z": values["z"], "y": y + np.where(wild, 30.0, 0.0), "error": errors}
    problem = Problem.of(Table.of(columns), target="y", sigma="error")
    found = list(Composed(1.0).propose(problem, Context(), ()))
    clean = problem.samples.take(~wild)
    assert min(left(proposal, clean) for proposal in found) < 1e-6


@pytest.mark.slow
def test_sums_of_unseen_tables_are_recovered() -> None:
    tasks = list(sum_tasks(per_kind=2))[1::2]
    recovered = 0
    for task in tasks:
        problem = task.problem(noise=0.0)
        columns = {f"x{i}": task.box[name] for i, name in enumerate(task.kind.inputs)}
        truth = Samples(columns, task.law.evaluate(task.box))
        recovered += any(left(proposal, truth) < 1e-10 for proposal in Composed(10.0).propose(problem, Context(), ()))
    assert recovered >= 2


def test_polishing_reaches_the_inner_parameters_between_grid_points() -> None:
    x = np.linspace(0.1, 4.0, 200)
    axis = Axis("x0", x)
    rows = Rows({"x0": x})
    fixed = FixedColumns.of([Term(), Term.of(axis.power(1))], rows, 10)
    bent = [
        Term.of(axis.factor("exp(k0*z)", grid=-np.geomspace(0.05, 20, 16))),
        Term.of(axis.factor("sin(k0*z)", grid=0.25 * np.arange(1, 60))),
    ]
    curves = CurveColumns.of(bent, rows, 1000)
    target = 2.0 + 0.7 * np.exp(-1.37 * x) + 0.3 * np.sin(6.11 * x)
    near = [int(np.argmin(np.abs(curves.nodes.places - k))) for k in (-1.37, 6.11)]
    starts = curves.nodes.places[[near]]
    rss, inner = polished(curves.nodes, fixed.units, target, np.array([near]), starts, np.array([[0]]))
    assert inner[0] == pytest.approx([-1.37, 6.11], rel=1e-3)
    assert rss[0] < 1e-4 * np.sum((target - target.mean()) ** 2)


def test_a_law_inside_a_sum_keeps_its_name_and_its_meanings(retriever: Retriever) -> None:
    rng = np.random.default_rng(3)
    voltage = np.linspace(0.05, 0.62, 60)
    current = 2e-9 * (np.exp(voltage / 0.042) - 1) + voltage / 800
    table = Table.of({"V [V]": voltage, "I [A]": current * (1 + 1e-4 * rng.normal(size=60))})
    problem = Problem.of(table, about="current of a diode with a leak beside it")
    found = list(Composed(4.0).propose(problem, gather(problem, retriever), ()))
    quoting = [proposal for proposal in found if any("diode" in source for source in proposal.holds)]
    assert quoting
    assert any(set(proposal.meanings) & set(proposal.formula.parameters) for proposal in quoting)


def test_columns_with_units_meet_no_function_without_a_scale() -> None:
    x = np.linspace(0.5, 6.0, 80)
    scaled, pure = (
        [p.formula.text for p in Composed(1.0).propose(Problem.of(Table.of({name: x, "y": np.sin(x) + 0.1 * x})), Context(), ())]
        for name in ("x [m]", "x")
    )
    assert any("sin(x0)" in text for text in pure)
    assert not any("sin(x0)" in text for text in scaled)
