"""Runs ordered by many people, worked by worker processes, watched and steered through the record of runs.

with Jobs() as jobs:
    run_id = jobs.submit(problem)
    ensure_worker()
    while not (look := jobs.look(run_id)).is_finished:
        ...
"""

from recommender.jobs.jobs import MAX_WAITING, Jobs, Look
from recommender.jobs.worker import ensure_worker
from recommender.search.steering import Command, Steered
from recommender.session import Options as RunOptions

__all__ = ["MAX_WAITING", "Command", "Jobs", "Look", "RunOptions", "Steered", "ensure_worker"]
