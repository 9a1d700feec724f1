"""A recommendation with everything around it: the index opened, the run recorded, watched, steered and taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from corpus.errors import RecommenderError, StoreError
from corpus.language import Sentence
from recommender.kept_table import table_again, table_told
from recommender.llm import Caps, Chat, Ensemble, Member, Members, load_members
from recommender.llm.client import Client
from recommender.llm.ledger import HEARD, Ledger, members_told
from recommender.llm.priors import begun_with as members_begun_with
from recommender.llm.replay import TakenUp, planned, replaying
from recommender.pipeline import recommend
from recommender.priors import recalling
from recommender.problem import Problem
from recommender.processes import this_process
from recommender.progress import Progress, Report, Stop, never, silent
from recommender.proposers import Elementary, Proposer, RetrievedForms, Typed
from recommender.recommendation import RankedFormula, Recommendation
from recommender.repeat import asked_again, question_told
from recommender.settings import Settings
from recommender.store import ALIVE, CallRow, CandidateRow, Event, RunRecord, RunStart, Store
from recommender.store.journal import Commanded, Written
from recommender.store.trouble import PASSING
from recommender.table import Table
from recommender.watching import Herald, StoredCommands

if TYPE_CHECKING:
    from indexes import Retriever


@dataclass(frozen=True)
class Options:
    """How a run searches. limit: formulas to return; effort: multiplies every fit's budget; seconds: for the structure searches, None for
    the setting `search_time`; steps: of the islands that follow them; islands: how many."""

    limit: int = 5
    effort: float = 1.0
    seconds: float | None = None
    steps: int = 0
    islands: int = 3

    @property
    def settled(self) -> Options:
        """With the settings of this installation where nothing was chosen."""
        return self if self.seconds is not None else replace(self, seconds=Settings.load().search_seconds)


@dataclass(frozen=True)
class Surroundings:
    """What a run is worked with, which does not change its answer. chat: what language models are asked through, None for LiteLLM."""

    progress: Report = silent
    stop: Stop = never
    workers: int | None = 0
    cluster: str = ""
    chat: Chat | None = None
    also: Sequence[Proposer] = ()


def run(
    problem: Problem,
    *,
    limit: int = 5,
    effort: float = 1.0,
    seconds: float | None = None,
    steps: int = 0,
    islands: int = 3,
    progress: Report = silent,
    stop: Stop = never,
    record: bool = True,
    workers: int | None = 0,
    cluster: str = "",
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
    options = Options(limit, effort, seconds, steps, islands)
    around = Surroundings(progress, stop, workers, cluster, chat, also)
    members = load_members() if members is None else members
    if not record:
        return _recommended(problem, options, around, Ensemble(members, chat or Client()))
    with Store.open(store_url) as store:
        return work(store, order(store, problem, options, members), around)


def order(store: Store, problem: Problem, options: Options, members: Members, *, queued: bool = False, tenant: str | None = None) -> str:
    """Put a question on record with everything that is needed to work on it, anywhere and again; gives the id of the run."""
    kept = store.keep_text(table_told(problem.table))
    start = RunStart(
        table_name=problem.table.name,
        table_hash=problem.table.content_hash,
        target=problem.target.name,
        inputs=tuple(column.name for column in problem.inputs),
        about=problem.about,
        seed=problem.seed,
        tenant=tenant or Settings.load().tenant,
        settings={
            **asdict(options.settled),
            **question_told(problem),
            "table": kept,
            "members": members_told(members.members),
            "caps": asdict(members.caps),
        },
    )
    return store.start_run(start, "queued" if queued else "running")


def work(store: Store, run_id: str, around: Surroundings) -> Recommendation:
    """Work on a run on record, from its beginning or from where it was left; its outcome is recorded. Raises as `run`."""
    store.take(run_id, this_process())
    record = store.run(run_id)
    herald = Herald(store, record.id, around.progress, around.stop)
    ledger = Ledger(store, record.id)
    try:
        problem = asked_again(record, kept_table(store, record))
        calls = store.calls(record.id).get(record.id, [])
        chat, plan = TakenUp(calls, around.chat or Client()), planned(calls, store.events(record.id, kind=HEARD), goes_on=True)
        journal = Written(store, record.id)
        members = _members(record)
        known = members_begun_with(journal, store, record.start.tenant, record.started) if members.members else {}
        ensemble = Ensemble(members, chat, sink=ledger.write, hear=ledger.heard, plan=plan, past=known)
        watched = replace(around, progress=herald.tell, stop=herald.stop)
        means = {"journal": journal, "steering": StoredCommands(store, record.id), "recall": recalling(store, record)}
        result = _recommended(problem, _options(record), watched, ensemble, tenant=record.start.tenant, **means)
        store.finish_run(record.id, "done", result.to_dict(), _rows(result.formulas))
    except StoreError as error:
        if error.key in PASSING:  # what the store could not keep can be taken up again
            raise StoreError("run_interrupted", run=record.id[:8], reason=error.sentence) from error
        raise
    except RecommenderError as error:
        store.append_event(record.id, "failed", {"error": str(error), "sentence": error.sentence.to_dict()})
        store.finish_run(record.id, "failed", {}, ())
        raise
    return result


def resume(run_id: str, *, store_url: str | None = None, around: Surroundings | None = None, tenant: str = "") -> Recommendation:
    """Go on with a run that has not ended, whatever ended its process. StoreError if it has ended, or there is none of this tenant.

    tenant: "" for that of the settings.
    """
    with Store.open(store_url) as store:
        record = store.run(run_id, tenant or Settings.load().tenant)
        if record.status not in ALIVE:
            raise StoreError("resume_ended", run=record.id[:8], status=record.status)
        return work(store, record.id, around or Surroundings())


def replay(record: RunRecord, table: Table, calls: Sequence[CallRow], events: Sequence[Event], sigma: str | None = None) -> Recommendation:
    """A recorded run again, its language models answered, and people heard, from the record; nothing is recorded.

    Raises as `run`, and as `asked_again`.
    """
    ensemble, around = replaying(_members(record), calls, events), Surroundings(workers=None)
    return _recommended(asked_again(record, table, sigma), _options(record), around, ensemble, journal=Commanded(events))


def kept_table(store: Store, record: RunRecord) -> Table:
    """The table a run is about. StoreError if an old version did not keep it."""
    digest = record.start.settings.get("table")
    if digest is None:
        raise StoreError("resume_table", run=record.id[:8])
    return table_again(store.text(str(digest)))


def _recommended(problem: Problem, options: Options, around: Surroundings, ensemble: Ensemble, **means: Any) -> Recommendation:
    around.progress(Progress("indexing", 0, 1))
    retriever, notes = _open_index()
    notes += [] if ensemble.members.members else [Sentence.of("llm.no_members")]
    chosen: dict[str, Any] = asdict(options.settled)
    chosen |= {"proposers": (Typed(), Elementary(), RetrievedForms(), *around.also)} if around.also else {}
    return recommend(
        replace(problem, notes=(*problem.notes, *notes)),
        retriever=retriever,
        progress=around.progress,
        stop=around.stop,
        workers=around.workers,
        cluster=around.cluster,
        ensemble=ensemble,
        **chosen,
        **means,
    )


def _open_index() -> tuple[Retriever | None, list[Sentence]]:
    from indexes import open_index

    try:
        retriever = open_index()
    except RecommenderError as error:
        return None, [Sentence.of("note.no_index", reason=error.sentence)]
    return retriever, [Sentence.of("note.index_problem", reason=problem.sentence) for problem in retriever.problems]


def _options(record: RunRecord) -> Options:
    """How it searches; runs of older versions had no islands."""
    told: Mapping[str, Any] = record.start.settings
    return Options(**{field.name: told[field.name] for field in fields(Options) if field.name in told})


def _members(record: RunRecord) -> Members:
    told: Any = record.start.settings
    return Members(tuple(Member(**row) for row in told["members"]), Caps(**told["caps"]))


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
