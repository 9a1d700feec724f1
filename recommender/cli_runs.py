"""Commands for runs on record: list, show, compare, watch, steer and take them up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.cli_options import LangOption

if TYPE_CHECKING:
    from recommender.recommendation import Recommendation

RunId = Annotated[str, typer.Argument(help="Id of a run, or its first letters.")]

_WHAT = (
    "A formula, a term, a function, or words; simplicity=2; a range of rows: T 300 400 K (T alone: all rows again); how held-out error is "
    "judged: random, group COLUMN, time COLUMN, edges, auto; bounds: tau 0 5 ms in a*exp(-t/tau). Write -- before a number below zero."
)


def runs(limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20) -> None:
    """List recorded runs."""
    from recommender.store import Store

    with Store.open() as store:
        for row in store.runs(limit):
            started = row.started.astimezone().strftime("%Y-%m-%d %H:%M")
            typer.echo(f"{row.id[:8]}  {started}  {row.status:8}  {row.table_name} -> {row.target}  {row.best or ''}")


def show(run_id: RunId, language: LangOption = "en") -> None:
    """Show a recorded run again; of one that has not ended, what it knows so far."""
    from recommender.show import print_recommendation

    print_recommendation(_ranking(run_id), language)


def diff(a: RunId, b: RunId, language: LangOption = "en") -> None:
    """Compare two runs: what was asked differently, and which formulas they share."""
    from recommender.compare import compared
    from recommender.store import Store

    with Store.open() as store:
        one, other = store.run(a, _tenant()), store.run(b, _tenant())
    for line in compared(one, other):
        typer.echo(line.text(language))


def resume(
    run_id: RunId,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON.")] = None,
    cluster: Annotated[str, typer.Option(help="Address of a Dask scheduler whose workers take the island steps.")] = "",
    language: LangOption = "en",
) -> None:
    """Go on with a run whose process has ended before it was done."""
    from recommender.session import Surroundings
    from recommender.session import resume as go_on
    from recommender.show import print_recommendation, progress_bar, stop_on_interrupt

    with stop_on_interrupt(language) as stop, progress_bar(language) as tell:
        result = go_on(run_id, around=Surroundings(progress=tell, stop=stop, workers=None, cluster=cluster))
    print_recommendation(result, language)
    if json_file is not None:
        json_file.write_text(result.to_json(), encoding="utf-8")


def steer(
    run_id: RunId,
    verb: Annotated[
        str,
        typer.Argument(help="pause, resume, stop, pin, ban, add, improve, require, forbid, allow, hint, weigh, range, split or bound."),
    ],
    text: Annotated[list[str] | None, typer.Argument(help=_WHAT)] = None,
    author: Annotated[str, typer.Option(help="Who asks.")] = "person",
) -> None:
    """Say what you want of a run while it searches; it obeys at its next step."""
    from recommender.jobs import Jobs

    with Jobs() as jobs:
        jobs.steer(run_id, verb, " ".join(text or ()), author=author, tenant=_tenant())


def _tenant() -> str:
    from recommender.settings import Settings

    return Settings.load().tenant


def _ranking(run_id: str) -> Recommendation:
    from recommender.jobs import Jobs
    from recommender.watching import unanswered

    with Jobs() as jobs:
        look = jobs.look(run_id, tenant=_tenant())
    found = look.result or look.interim
    if found is None:
        raise unanswered(look.run_id, look.state)
    return found


def drill(
    table: Annotated[Path, typer.Argument(help="A table to run on; every column but the last explains the last.")],
    kills: Annotated[int, typer.Option(min=1, help="How often the run is killed.")] = 30,
    store: Annotated[str, typer.Option(help="The store, by path or URL; a new SQLite file beside the table's name if not given.")] = "",
    seed: int = 0,
) -> None:
    """Kill a run at random moments, take it up again, and compare it with one that nobody disturbed."""
    from recommender.evaluate.drill import drill as run_drill

    done = run_drill(table, store or f"drill-{table.stem}.sqlite", kills=kills, seed=seed, tell=typer.echo)
    typer.echo(f"{done}")
    raise typer.Exit(0 if done.holds else 1)
