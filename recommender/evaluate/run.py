"""`run_bench`: cases out, rows in, table, history, exit status."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from corpus.errors import BenchError
from corpus.language import Language
from recommender.evaluate import history
from recommender.evaluate._base import C, Options, Row, Suite, Verdict
from recommender.evaluate.peers import installed
from recommender.evaluate.program import COMMAND, programs
from recommender.evaluate.registry import BENCHES, suites
from recommender.evaluate.show import Screen


def run_bench(
    name: str,
    *,
    cases: Path | None = None,
    quick: bool = False,
    seed: int = 0,
    jobs: int = 1,
    json_file: Path | None = None,
    suite: Sequence[str] = (),
    against: Sequence[str] = (),
    corpus: bool | None = None,
    members: Path | None = None,
    language: Language = "en",
) -> int:
    """Measure, print, remember; 0 if every stated bar holds, else 1.

    name: a bench, of which `suite` picks some suites. cases: a folder of cases. against: other programs to run beside ours, for the
    suites that can. corpus: only variants with it, or without it. members: file of language models. BenchError if the bench, a suite or
    the cases cannot be used.
    """
    screen = Screen(language)
    peers, absent = installed(against)
    options = Options(cases, quick, seed, jobs, tuple(peers), corpus, members)
    chosen = suites(name, suite)
    _check_cases(chosen, options)
    if absent:
        screen.say("peers_absent", "yellow", names=", ".join(absent))
    around, verdicts, results = history.circumstances(), {}, []
    for one in chosen:
        rows, verdicts[one.name] = _measure(one, options, screen)
        line = history.record(name, one.name, options, [row.case for row in rows], verdicts[one.name])
        history.append([{**around, **line}])  # at once, so that a bench that is broken off leaves what it has
        results.append({**line, "rows": [row.to_dict() for row in rows]})
    if json_file is not None:
        _write(json_file, {**around, "results": results})
    if len(chosen) > 1:
        screen.summary(verdicts)
    return 0 if all(verdict.holds for verdict in verdicts.values()) else 1


def _check_cases(chosen: Sequence[Suite[Any]], options: Options) -> None:
    """Before anything runs, so that a long bench does not stop in the middle."""
    needing = [one.name for one in chosen if one.needs_cases]
    if needing and options.cases is None:
        free = [one.name for one in chosen if not one.needs_cases]
        raise BenchError("bench_needs_cases", names=", ".join(needing), others=", ".join(free) or "-")


def _measure(suite: Suite[Any], options: Options, screen: Screen) -> tuple[list[Row], Verdict]:
    found = suite.cases(options)
    with screen.progress(suite, len(found)) as tell:
        rows = run_suite(suite, found, options.jobs, tell)
    verdict = suite.verdict(rows)
    screen.suite(suite, rows, verdict)
    return rows, verdict


def run_suite(
    suite: Suite[C], cases: Sequence[C], jobs: int, tell: Callable[[], object] = lambda: None, command: Sequence[str] = COMMAND
) -> list[Row]:
    """Rows of all cases, in their order, however many run at once.

    tell: called after each case. command: how the program under test is started.
    """
    count = max(1, min(jobs, len(cases)))
    with programs(count, suite.hello, command) as pool, ThreadPoolExecutor(count) as threads:

        def one(case: C) -> list[Row]:
            program = pool.get()
            try:
                return list(suite.run(case, program))
            except BenchError as error:  # a broken case must not end the others
                return [Row(case.label, False, failure=str(error))]
            finally:
                pool.put(program)
                tell()

        return [row for rows in threads.map(one, cases) for row in rows]


def _write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")


def list_benches(language: Language = "en") -> None:
    """Print every bench with its bars."""
    Screen(language).benches({name: list(known) for name, known in BENCHES.items()})


def show_history(name: str | None, language: Language = "en") -> None:
    """Print past runs of a bench. BenchError if there is no such bench."""
    if name is None:
        raise BenchError("bench_history_name", known=", ".join(BENCHES))
    suites(name)
    Screen(language).history(history.read(name))
