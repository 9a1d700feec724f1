"""Laws are found from units and numbers alone, and their coefficients come with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from corpus.dimension import infer
from recommender.context import gather
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.proposers.dimensional import Dimensional
from recommender.table import Table
from recommender.testing import check_proposer, example_problem

Law = Callable[..., np.ndarray]
LAWS: Mapping[str, tuple[tuple[str, ...], str, Law]] = {
    "kinetic energy": (("m [kg]", "v [m/s]"), "E [J]", lambda m, v: m * v**2 / 2),
    "pendulum": (("l [m]", "g [m/s2]"), "T [s]", lambda length, g: 2 * np.pi * np.sqrt(length / g)),
    "free fall from a height": (("h [m]", "g [m/s2]", "v [m/s]"), "w [m/s]", lambda h, g, v: np.sqrt(v**2 + 2 * g * h)),
    "centre of mass": (("m [kg]", "M [kg]", "a [m]", "b [m]"), "x [m]", lambda m, M, a, b: (m * a + M * b) / (m + M)),
    "rocket": (("u [m/s]", "m [kg]", "M [kg]"), "v [m/s]", lambda u, m, M: u * np.log((m + M) / M)),
    "decay": (("N [1]", "k [1/s]", "t [s]"), "n [1]", lambda n, k, t: n * np.exp(-k * t)),
    "cosine rule": (("a [m]", "b [m]", "phi [rad]"), "c [m]", lambda a, b, phi: np.sqrt(a**2 + b**2 - 2 * a * b * np.cos(phi))),
    "thin lens": (("f [m]", "g [m]"), "b [m]", lambda f, g: f * g / (g + 4 * f)),
}


def drawn(count: int, rows: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(1, 3, rows) for _ in range(count)]


def problem_of(names: tuple[str, ...], target: str, law: Law, noise: float = 0.0) -> Problem:
    inputs = drawn(len(names), 120, 1)
    y = law(*inputs)
    y = y + noise * np.std(y) * np.random.default_rng(2).normal(size=len(y))
    return Problem.of(Table.of({**dict(zip(names, inputs, strict=True)), target: y}))


def told(problem: Problem, seconds: float = 4.0) -> list[Proposal]:
    return list(Dimensional(seconds).propose(problem, gather(problem, None), ()))


def error(proposal: Proposal, law: Law) -> float:
    """Largest relative error on rows that were not shown, with the coefficients that came with the proposal."""
    inputs = drawn(max(int(name[1:]) for name in proposal.formula.variables) + 1, 500, 3)
    values = proposal.formula.evaluate({f"x{i}": x for i, x in enumerate(inputs)}, {**proposal.known, **proposal.starts})
    truth = law(*inputs)
    return float(np.max(np.abs(values / truth - 1)))


def test_roots_of_what_is_always_negative_are_real() -> None:
    """The momentum at which a particle is just bound."""
    mass, energy = drawn(2, 120, 4)
    problem = Problem.of(Table.of({"m [kg]": mass, "E [J]": -energy, "p [kg m/s]": np.sqrt(2 * mass * energy)}))
    found = told(problem)[-1]
    values = found.formula.evaluate(problem.samples.columns, {**found.known, **found.starts})
    assert np.allclose(values, problem.samples.target, rtol=1e-7)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found_exactly(name: str) -> None:
    columns, target, law = LAWS[name]
    assert error(told(problem_of(columns, target, law))[-1], law) < 1e-7


def test_a_law_is_found_in_noise() -> None:
    columns, target, law = LAWS["decay"]
    proposals = told(problem_of(columns, target, law, noise=0.01), seconds=1.0)
    assert any(error(proposal, law) < 0.02 and len(proposal.starts) <= 2 for proposal in proposals[:8])


def test_units_agree() -> None:
    problem = problem_of(*LAWS["cosine rule"])
    for proposal in told(problem):
        assert infer(proposal.formula.root, problem.dimensions, problem.target_dimension).consistent


def test_without_units_a_law_is_still_found() -> None:
    law = LAWS["centre of mass"][2]
    assert error(told(problem_of(("a", "b", "c", "d"), "y", law))[-1], law) < 1e-7


def test_a_plain_number_is_written_as_one() -> None:
    texts = [proposal.formula.text for proposal in told(problem_of(*LAWS["kinetic energy"]))]
    assert "c0*x0*x1**2" in texts
    assert "0.5*x0*x1**2" in texts


def test_a_constant_of_nature_is_named() -> None:
    q, r = (np.geomspace(1e-9, 1e-6, 60), np.tile([0.1, 0.2, 0.5, 1.0, 3.0, 7.0], 10))
    table = Table.of({"q [C]": q, "r [m]": r, "E [V/m]": q / (4 * np.pi * 8.8541878e-12 * r**2)})
    named = next(proposal for proposal in told(Problem.of(table)) if proposal.known)
    assert named.formula.text == "0.25*x0/(pi*eps_0*x1**2)"
    assert "permittivity" in named.meanings["eps_0"].words.en


def test_the_contract() -> None:
    check_proposer(Dimensional(0.1), example_problem())
