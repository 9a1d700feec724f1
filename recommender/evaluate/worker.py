"""The program under test, in a process of its own: JSON requests in on stdin, one a line, JSON answers out on stdout.

A request names its `task` and holds what a customer would give, nothing else. An error of ours is an answer with the sentence a
customer would read; any other exception is an answer marked as a crash; the scorer sees a death of the process as one too.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from corpus.errors import RecommenderError

if TYPE_CHECKING:
    from indexes import Retriever
    from recommender.problem import Problem

Task = Callable[[Mapping[str, Any]], dict[str, Any]]


@cache
def _index() -> Retriever:
    """The package's own index, opened once."""
    from indexes import open_index

    return open_index()


def hello(request: Mapping[str, Any]) -> dict[str, Any]:
    """Load what every later request needs, so that start-up is not counted to the first case."""
    if request.get("index"):
        _index()
    if request.get("fit"):
        from recommender.evaluate import fit_tasks

        fit_tasks.warm()
    return {}


def recommend(request: Mapping[str, Any]) -> dict[str, Any]:
    """A recommendation for a table on disk: `table`, `units`, `descriptions`, `target`, `inputs`, `about`, `seed`, `limit`; perhaps
    `typed`, `known`, `group`, `corpus` (False: without it), `effort` and `seconds` for the searches."""
    from recommender.pipeline import SECONDS
    from recommender.pipeline import recommend as search
    from recommender.session import run

    problem = problem_of(request)
    options = {"limit": request["limit"], "seconds": request.get("seconds", SECONDS), "workers": request.get("workers", 0)}
    options["effort"] = request.get("effort", 1.0)
    found = run(problem, record=False, **options) if request.get("corpus", True) else search(problem, **options)
    return {"recommendation": found.to_json()}


def evolve(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same question for genetic programming alone, for `seconds`."""
    from recommender.evaluate.evolve import evolve as alone

    return {"recommendation": alone(problem_of(request), request)}


def problem_of(request: Mapping[str, Any]) -> Problem:
    """What a request asks, of its table on disk."""
    from recommender.problem import Problem
    from recommender.table import Table

    table = Table.read(request["table"], request["units"], request["descriptions"])
    given = {name: request[name] for name in ("typed", "known", "group") if name in request}
    return Problem.of(table, request["target"], request["inputs"], about=request["about"], seed=request["seed"], **given)


def first(request: Mapping[str, Any]) -> dict[str, Any]:
    """The time of day at which the first candidate for a table appeared."""
    from recommender.problem import Problem
    from recommender.session import run
    from recommender.table import Table

    seen: list[float] = []

    def look(progress: Any) -> None:
        if progress.best and not seen:
            seen.append(time.time())

    problem = Problem.of(Table.read(request["table"]), about=request["about"])
    run(problem, progress=look, stop=lambda: bool(seen), record=False)
    return {"time": seen[0]} if seen else {}


def one_fit(request: Mapping[str, Any]) -> dict[str, Any]:
    """One formula fitted to rows in the request."""
    from recommender.evaluate import fit_tasks

    return fit_tasks.one_fit(request)


def race(request: Mapping[str, Any]) -> dict[str, Any]:
    """Many formulas fitted to rows in the request."""
    from recommender.evaluate import fit_tasks

    return fit_tasks.race(request)


def assess(request: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds that all evidence on `finalists` fitted forms takes, on `rows` rows."""
    from recommender.evaluate import assess_tasks

    return assess_tasks.assess(request)


def retrieve(request: Mapping[str, Any]) -> dict[str, Any]:
    """Ids found (each with its doubles) for a table on disk or for free text, once with every set of channels in `subsets`."""
    from indexes import WEIGHTS, Query
    from recommender.context import question
    from recommender.problem import Problem
    from recommender.table import Table

    query = Query(request["about"], limit=request["limit"])
    if "table" in request:
        table = Table.read(request["table"], request["units"], request["descriptions"])
        problem = Problem.of(table, request["target"], request["inputs"], about=request["about"])
        query = question(problem, request["limit"])
    found = {
        name: [[item.entry.id, *item.doubles] for item in _index().with_weights({c: WEIGHTS[c] for c in subset}).search(query)]
        for name, subset in request["subsets"].items()
    }
    return {"found": found}


def llm(request: Mapping[str, Any]) -> dict[str, Any]:
    """Language models asked about a table on disk; `members`: their file."""
    from pathlib import Path

    from recommender.evaluate import llm_tasks

    return llm_tasks.ask_members(problem_of(request), _index(), Path(request["members"]))


def scale_build(request: Mapping[str, Any]) -> dict[str, Any]:
    """A large index built."""
    from recommender.evaluate import scale_tasks

    return scale_tasks.build(request)


def scale_ask(request: Mapping[str, Any]) -> dict[str, Any]:
    """A large index asked."""
    from recommender.evaluate import scale_tasks

    return scale_tasks.ask(request)


TASKS: Mapping[str, Task] = {
    "hello": hello,
    "recommend": recommend,
    "evolve": evolve,
    "first": first,
    "retrieve": retrieve,
    "fit": one_fit,
    "race": race,
    "assess": assess,
    "llm": llm,
} | {
    "scale_build": scale_build,
    "scale_ask": scale_ask,
}


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """What to reply, with the seconds it took."""
    clock, cpu = time.perf_counter(), time.thread_time()
    try:
        reply: dict[str, Any] = {"value": TASKS[request["task"]](request)}
    except RecommenderError as error:
        reply = {"failure": f"{type(error).__name__}: {error}"}
    except Exception as error:
        traceback.print_exc()
        reply = {"failure": f"crash: {type(error).__name__}: {error}"}
    return {**reply, "seconds": time.perf_counter() - clock, "cpu": time.thread_time() - cpu}


def serve(requests: TextIO, replies: TextIO) -> None:
    """Answer every line until the input ends."""
    for line in requests:
        print(json.dumps(answer(json.loads(line))), file=replies, flush=True)


def main() -> None:
    """Replies go to the real stdout alone; whatever a library prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with open(0, encoding="utf-8", closefd=False) as requests:
        serve(requests, replies)


if __name__ == "__main__":
    main()
