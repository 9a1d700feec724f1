"""The record of runs: what was asked, what happened, what came out.

    with Store.open() as store:
        run_id = store.start_run(RunStart("cooling", table.content_hash, "temperature"))
        store.append_event(run_id, "proposal", {"formula": "p0*exp(-t/p1)"})
        store.finish_run(run_id, "done", result, candidates)

SQLite in a file by default, PostgreSQL by URL, the same code for both.
"""

from recommender.store.records import ALIVE, CallRow, CandidateRow, EndStatus, Event, RunRecord, RunStart, RunSummary, Status
from recommender.store.store import Store

__all__ = ["ALIVE", "CallRow", "CandidateRow", "EndStatus", "Event", "RunRecord", "RunStart", "RunSummary", "Status", "Store"]
