"""A recommendation with everything around it: the index opened, the run recorded, failures said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.llm import Caps, Chat, Ensemble, Member, Members, load_members
from recommender.llm.client import Client
from recommender.llm.ledger import Ledger, members_told
from recommender.llm.replay import replaying
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.proposers import Elementary, Proposer, RetrievedForms, Typed
from recommender.recommendation import RankedFormula, Recommendation
from recommender.repeat import asked_again, question_told
from recommender.settings import Settings
from recommender.store import CallRow, CandidateRow, Event, RunRecord, RunStart, Store
from recommender.table import Table

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
    members: Members | None = None,
    chat: Chat | None = None,
    also: Sequence[Proposer] = (),
) -> Recommendation:
    """Open the index, recommend, and keep a record of the run; seconds: None takes the setting `search_time`; also:
    proposers asked beside the usual ones; the rest as for `recommend`.

    members: language models that take part, None for those of the setting `members`; chat: what they are asked through, None for LiteLLM.
    Raises what `recommend` raises; an index that cannot be opened is noted in the result.
    """
    progress(Progress("indexing", 0, 1))
    retriever, notes = _open_index()
    members = load_members() if members is None else members
    notes += [] if members.members else [Sentence.of("llm.no_members")]
    asked, problem = problem, replace(problem, notes=(*problem.notes, *notes))
    ensemble = Ensemble(members, chat or Client())
    seconds = Settings.load().search_seconds if seconds is None else seconds
    options: dict[str, Any] = {"limit": limit, "effort": effort, "seconds": seconds, "workers": workers}
    options |= {"proposers": (Typed(), Elementary(), RetrievedForms(), *also)} if also else {}
    ask = partial(recommend, problem, retriever=retriever, progress=progress, stop=stop, **options)
    if not record:
        return ask(ensemble=ensemble)
    with Store.open(store_url) as store:
        run_id = store.start_run(_start(asked, options, members))
        ledger = Ledger(store, run_id)
        try:
            result = ask(ensemble=replace(ensemble, sink=ledger.write, hear=ledger.heard))
        except RecommenderError as error:
            store.append_event(run_id, "failed", {"error": str(error)})
            store.finish_run(run_id, "failed", {}, ())
            raise
        store.finish_run(run_id, "done", result.to_dict(), _rows(result.formulas))
        return result


def replay(record: RunRecord, table: Table, calls: Sequence[CallRow], events: Sequence[Event], sigma: str | None = None) -> Recommendation:
    """A recorded run again, its language models answered from the record; nothing is recorded. Raises as `run`, and as `asked_again`."""
    asked = asked_again(record, table, sigma)
    retriever, notes = _open_index()
    settings: Any = record.start.settings
    members = Members(tuple(Member(**row) for row in settings["members"]), Caps(**settings["caps"]))
    notes += [] if members.members else [Sentence.of("llm.no_members")]
    options = {name: settings[name] for name in ("limit", "effort", "seconds")}
    return recommend(
        replace(asked, notes=(*asked.notes, *notes)),
        retriever=retriever,
        workers=None,
        ensemble=replaying(members, calls, events),
        **options,
    )


def _open_index() -> tuple[Retriever | None, list[Sentence]]:
    from indexes import open_index

    try:
        retriever = open_index()
    except RecommenderError as error:
        return None, [Sentence.of("note.no_index", reason=error.sentence)]
    return retriever, [Sentence.of("note.index_problem", reason=problem.sentence) for problem in retriever.problems]


def _start(problem: Problem, options: Mapping[str, Any], members: Members) -> RunStart:
    settings = {name: value for name, value in options.items() if name in ("limit", "effort", "seconds")}
    return RunStart(
        table_name=problem.table.name,
        table_hash=problem.table.content_hash,
        target=problem.target.name,
        inputs=tuple(column.name for column in problem.inputs),
        about=problem.about,
        seed=problem.seed,
        settings={**settings, **question_told(problem), "members": members_told(members.members), "caps": asdict(members.caps)},
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
