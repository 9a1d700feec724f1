"""The calls of a notebook: from whatever holds a table to an answer in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from corpus.errors import ProblemError
from corpus.formula import Formula, parse
from corpus.functions import Array
from recommender.fitting import Fit, Prior
from recommender.fitting import fit as fit_samples
from recommender.llm.given import members_of
from recommender.problem import Problem
from recommender.progress import Report, Stop, never, silent
from recommender.recommendation import Recommendation
from recommender.samples import Samples
from recommender.session import run
from recommender.table import Column, Table, TableLike, symbols_for

if TYPE_CHECKING:
    from recommender.llm.given import Given

Bounds = Mapping[str, tuple[float, float]]


def recommend(
    question: Problem | TableLike,
    target: str | None = None,
    inputs: Sequence[str] | None = None,
    *,
    sigma: str | None = None,
    about: str = "",
    units: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
    typed: Sequence[str] = (),
    known: Mapping[str, str | float] | None = None,
    group: str | None = None,
    require: Sequence[str] = (),
    limit: int = 5,
    effort: float = 1.0,
    seconds: float | None = None,
    seed: int = 0,
    progress: Report = silent,
    stop: Stop = never,
    record: bool = True,
    members: Given | None = None,
) -> Recommendation:
    """Several formulas for a question, best first; shown as formulas in a notebook.

    question: a Problem, or a table: the path of a file, a Table, a DataFrame, a mapping of columns. For a table: target, the
    column to explain (the last one if None); inputs, the columns to explain it by (all others); sigma, the column of the
    target's standard uncertainties; about, a few words in any language; units and descriptions by column; typed, formulas of
    your own; known, quantities beside the table (`{"L": "10 mm"}`); group, the column that tells devices, temperatures or runs
    apart; require, what must hold of a formula (`"positive"`, `"increasing in L"`, `"0 at L = 0"`).
    effort: multiplies the work of every fit; seconds: for the structure searches, 0 leaves them out (None: as set).
    record: keep a record of the run. members: language models that take part, as the path of a TOML file, a `Members`, or LangChain chat
    models (one, a list, or a mapping by name); None for those of the setting `members`.
    RecommenderError says what is wrong with the question, and the cure.
    """
    if isinstance(question, Problem):
        if target or inputs or sigma or about or units or descriptions or typed or known or group or require or seed:
            raise ProblemError("problem_complete")
        problem = question
    else:
        table = Table.of(question, units, descriptions)
        problem = Problem.of(
            table, target, inputs, sigma=sigma, about=about, typed=typed, known=known, group=group, require=require, seed=seed
        )
    asked, chat = members_of(members)
    return run(problem, limit=limit, effort=effort, seconds=seconds, progress=progress, stop=stop, record=record, members=asked, chat=chat)


def fit(
    formula: str | Formula,
    table: TableLike,
    target: str | None = None,
    *,
    sigma: str | None = None,
    weights: str | ArrayLike | None = None,
    known: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    priors: Mapping[str, Prior] | None = None,
    loss: str = "linear",
    budget: float = 1.0,
    seed: int = 0,
) -> Fit:
    """Coefficients of one formula, no start values needed: `fit("y = a*exp(-b*x)", "table.csv").parameters`.

    formula: names of columns are columns, all others coefficients; `name = ...` names the target, else `target` does (the
    last column if None). Numbers are taken as they stand in the table, so coefficients come out in its own units. sigma: the
    column of standard uncertainties. weights: instead of it, a column or n numbers in proportion to 1/variance; rows of weight 0 are
    left out. The rest as in `recommender.fitting.fit`. RecommenderError says what is wrong, and the cure.
    """
    measured = Table.of(table)
    goal, read = _read(formula, measured, target)
    symbols = symbols_for(measured.names)
    columns = {symbols[column.name]: column.shown for column in measured.columns if symbols[column.name] in read.variables}
    errors = _errors(measured, sigma, weights)
    samples = Samples(columns, goal.shown, errors, up_to_scale=weights is not None)
    return fit_samples(read, samples, known=known, bounds=bounds, priors=priors, loss=loss, budget=budget, seed=seed)


def _errors(table: Table, sigma: str | None, weights: str | ArrayLike | None) -> Array | None:
    """Standard uncertainty of each row, up to a factor if it comes from weights; nan (left out) where a weight is not positive."""
    if weights is None:
        return None if sigma is None else table.find(sigma).shown
    if sigma is not None:
        raise ProblemError("sigma_and_weights")
    values = table.find(weights).shown if isinstance(weights, str) else np.asarray(weights, float)
    if values.shape != (len(table),):
        raise ProblemError("weights_shape", count=values.size, rows=len(table))
    if not np.any(values > 0):
        raise ProblemError("weights_none")
    with np.errstate(all="ignore"):
        return np.where(values > 0, 1 / np.sqrt(values), np.nan)


def _read(formula: str | Formula, table: Table, target: str | None) -> tuple[Column, Formula]:
    """The target, and the right-hand side over the columns' symbols."""
    head, body = _sides(formula, table)
    goal = table.columns[-1] if head is None and target is None else table.find(str(target if head is None else head))
    if target is not None and table.find(target) is not goal:
        raise ProblemError("typed_other_target", name=head, target=target)
    symbols = symbols_for(table.names)
    names = {symbol: symbol for symbol in symbols.values()} | symbols
    right = parse(body, names) if isinstance(body, str) else body
    right = right.as_columns({name: names[name] for name in (*right.variables, *right.parameters) if name in names})
    if symbols[goal.name] in right.variables:
        raise ProblemError("target_is_input", target=goal.name)
    return goal, right


def _sides(formula: str | Formula, table: Table) -> tuple[str | None, str | Formula]:
    """(what stands before `=`, or None; the right-hand side). `y` stands for the target where no column is called so."""
    if isinstance(formula, Formula) or "=" not in formula:
        return None, formula
    head, _, body = formula.partition("=")
    head = head.strip()
    alias = head == "y" and "y" not in (*table.names, *table.left_out)
    return (None if alias else head), body
