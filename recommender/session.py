"""A recommendation with everything around it: the index opened, the run recorded, failures said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.recommendation import RankedFormula, Recommendation
from recommender.settings import Settings
from recommender.store import CandidateRow, RunStart, Store

if TYPE_CHECKING:
    from indexes import Retriever


def run(
    problem: Problem,
    *,
    limit: int = 5,
    effort: float = 1.0,
    seconds: float | None = None,
    progress: Report = silent,
    stop: Stop = never,
    record: bool = True,
    workers: int | None = 0,
    store_url: str | None = None,
) -> Recommendation:
    """Open the index, recommend, and keep a record of the run; seconds: None takes the setting `search_time`; the rest as
    for `recommend`.

    Raises what `recommend` raises; an index that cannot be opened is noted in the result.
    """
    progress(Progress("indexing", 0, 1))
    retriever, notes = _open_index()
    problem = replace(problem, notes=(*problem.notes, *notes))
    seconds = Settings.load().search_seconds if seconds is None else seconds
    options = {"limit": limit, "effort": effort, "seconds": seconds, "workers": workers}
    ask = partial(recommend, problem, retriever=retriever, progress=progress, stop=stop, **options)  # type: ignore[arg-type]
    if not record:
        return ask()
    with Store.open(store_url) as store:
        run_id = store.start_run(_start(problem, limit))
        try:
            result = ask()
        except RecommenderError as error:
            store.append_event(run_id, "failed", {"error": str(error)})
            store.finish_run(run_id, "failed", {}, ())
            raise
        store.finish_run(run_id, "done", result.to_dict(), _rows(result.formulas))
        return result


def _open_index() -> tuple[Retriever | None, list[Sentence]]:
    from indexes import open_index

    try:
        retriever = open_index()
    except RecommenderError as error:
        return None, [Sentence.of("note.no_index", reason=error.sentence)]
    return retriever, [Sentence.of("note.index_problem", reason=problem.sentence) for problem in retriever.problems]


def _start(problem: Problem, limit: int) -> RunStart:
    return RunStart(
        table_name=problem.table.name,
        table_hash=problem.table.content_hash,
        target=problem.target.name,
        inputs=tuple(column.name for column in problem.inputs),
        about=problem.about,
        seed=problem.seed,
        settings={"limit": limit, "typed": list(problem.typed), "group": "" if problem.grouping is None else problem.grouping.name},
    )


def _rows(formulas: Sequence[RankedFormula]) -> list[CandidateRow]:
    return [
        CandidateRow(
            rank=f.rank,
            key=f.key,
            formula=f.text,
            proposers=tuple(origin.proposer for origin in f.origins),
            score=f.score,
            evidence={e.kind: e.score for e in f.evidence},
        )
        for f in formulas
    ]
