"""How long people wait at the app: `make pace-ui` prints it. The bars stand in the README; a busy machine misses them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api")

from corpus.errors import RecommenderError
from recommender.jobs import Jobs, RunOptions, ensure_worker
from recommender.problem import Problem
from recommender.store import ALIVE
from tests.ui.browser.conftest import SCREENS, Visitor
from tests.ui.browser.session import visiting
from ui.data import example_table, examples
from ui.words import plain

pytestmark = pytest.mark.skipif(not os.environ.get("FORMULA_TEST_PACE"), reason="run by `make pace-ui`")

PEOPLE, TURNS = 20, 12
PAGES = ("data", "run", "candidates", "refine", "library", "runs", "settings")
THINKS = (1.0, 5.0)  # seconds between two clicks of one person
LOOKS = 5.0  # seconds at a table before the button is pressed


def tell(name: str, figures: dict[str, float]) -> None:
    """On the terminal and beside the pictures."""
    path = SCREENS.parent / f"pace-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print("", *(f"{key:>28} {value:8.2f}" for key, value in figures.items()), sep="\n")


# --- the first card ---------------------------------------------------------------------------------------------------


def first_card(visitor: Visitor, name: str) -> float:
    """Seconds from the button to the first ranked card; the run is stopped then."""
    page = visitor.page
    visitor.visit()
    page.locator(f".st-key-try-{name} button").click()
    visitor.wait(".st-key-run button")
    visitor.settle()
    page.wait_for_timeout(1000 * LOOKS)
    since = time.perf_counter()
    page.locator(".st-key-run button").click()
    visitor.wait("[class*=st-key-live-1], .st-key-to-candidates", 120)
    seconds = time.perf_counter() - since
    if page.locator(".st-key-stop button").count():
        visitor.press("stop")
    visitor.wait(".st-key-to-candidates", 240)
    return seconds


def test_the_first_card_after_the_button(browser, server):
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 1000})
    visitor = Visitor(context, server, "en")
    names = list(examples())
    first_card(visitor, names[0])  # a server that has just started is not warm
    figures = {name: first_card(visitor, name) for name in names}
    context.close()
    tell("first-card", figures | {"worst": max(figures.values())})


# --- twenty at once ---------------------------------------------------------------------------------------------------


@contextmanager
def two_runs() -> Iterator[list[str]]:
    """Two long searches under way, each in a process of its own, and one that has ended; stopped afterwards."""
    with Jobs() as jobs:
        orders = [
            jobs.submit(Problem.of(example_table(name)), RunOptions(seconds=120.0, steps=4000)) for name in ("pump_curve", "cooling_coffee")
        ]
        ensure_worker()
        second = subprocess.Popen([sys.executable, "-m", "recommender.jobs", "1", "5"])
        try:
            wait_for(jobs, orders, "running")
            yield orders
        finally:
            for run in orders:
                with suppress(RecommenderError):
                    jobs.steer(run, "stop")
            second.wait(timeout=120)


def wait_for(jobs: Jobs, runs: list[str], state: str) -> None:
    until = time.monotonic() + 600
    while any(jobs.look(run).state != state for run in runs):
        assert time.monotonic() < until, [jobs.look(run).state for run in runs]
        time.sleep(0.5)


def ended() -> str:
    """A run to look at."""
    with Jobs() as jobs:
        run = jobs.submit(Problem.of(example_table("kepler")), RunOptions(seconds=0))
        ensure_worker()
        wait_for(jobs, [run], "done")
        return run


def somebody(address: str, number: int, name: str, run: str) -> list[tuple[str, float]]:
    """One person with an example of theirs: seconds of every answer, by what was asked. Whoever watches a search looks at it to its end."""
    rng, mine = random.Random(number), f"**{plain(name)}**"
    others = {f"**{plain(other)}**" for other in examples()} - {mine}
    watches, answers = number < 2, []
    with visiting(address) as session:
        session.turn("")
        session.press(f"try-{name}")
        for _ in range(TURNS):
            page = "run" if watches else rng.choice(PAGES)
            time.sleep(rng.uniform(*THINKS))
            heard = session.turn(page, f"run={run}")
            assert mine in heard.texts
            assert not others & set(heard.texts)
            answers.append((page, heard.seconds))
            for _ in range(4 if watches and heard.again else 0):
                time.sleep(1)
                answers.append(("poll", session.poll(heard.again[-1]).seconds))
    return answers


def memory(server_id: int) -> float:
    """Resident, in MB."""
    lines = Path(f"/proc/{server_id}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def processor(server_id: int) -> float:
    """Seconds of processor time so far: what a busy machine cannot spoil."""
    fields = Path(f"/proc/{server_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_twenty_people_while_two_searches_run(server, server_id):
    done, names = ended(), list(examples())
    somebody(server, 2, "kepler", done)  # warm
    before, since = memory(server_id), processor(server_id)
    with two_runs() as running, ThreadPoolExecutor(PEOPLE) as crowd:
        looked_at = [*running, *[done] * PEOPLE]
        futures = [crowd.submit(somebody, server, i, names[i % len(names)], looked_at[i]) for i in range(PEOPLE)]
        answers = [answer for future in futures for answer in future.result()]
        with Jobs() as jobs:
            assert all(jobs.look(run).state in ALIVE for run in running)  # they computed all the while
    pages = np.array([seconds for page, seconds in answers if page != "poll"])
    by_page = {page: float(np.median([seconds for kind, seconds in answers if kind == page])) for page in (*PAGES, "poll")}
    spread = {"median": float(np.median(pages)), "p95": float(np.quantile(pages, 0.95)), "longest": float(pages.max())}
    effort = {"processor ms an answer": 1000 * (processor(server_id) - since) / len(answers)}
    sizes = {"memory before, MB": before, "memory after, MB": memory(server_id)}
    tell("twenty", {"pages": float(len(pages))} | spread | by_page | effort | sizes)
