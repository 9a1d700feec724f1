"""`formula llm`: who takes part, what their calls were worth, and a run again from its record."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.language import text
from recommender import cli_assist
from recommender.cli_grid import print_grid
from recommender.cli_options import LangOption, pairs

if TYPE_CHECKING:
    from recommender.llm.ledger import MemberStats

app = typer.Typer(help="Language models that take part.", no_args_is_help=True)
app.command("serve")(cli_assist.serve)
app.command("prompt")(cli_assist.prompt)


@app.command("list")
def list_members(
    members: Annotated[Path | None, typer.Option(help="TOML file of members; the one of the settings if not given.")] = None,
    language: LangOption = "en",
) -> None:
    """Show the members and whether each could be asked; nobody is called."""
    from recommender.llm import load_members
    from recommender.llm.faults import missing_key

    ensemble = load_members(members)
    if not ensemble.members:
        typer.echo(text("llm.no_members", language))
    rows = []
    for member in ensemble.members:
        lacking = missing_key(member)
        state = text("llm_table.ready", language) if lacking is None else lacking.text(language)
        rows.append((member.name, member.role, member.model, member.api_base or "-", state))
    print_grid("llm_table", ("member", "role", "model", "server", "state"), rows, language)


@app.command()
def stats(
    run: Annotated[str | None, typer.Argument(help="Id of one run, or its first letters; all runs if not given.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
    language: LangOption = "en",
) -> None:
    """Show what the calls on record were worth, per member and role; what the next run expects of them: `formula priors`."""
    from dataclasses import asdict

    from recommender.llm.ledger import stats as statistics
    from recommender.settings import Settings
    from recommender.store import Store

    tenant = Settings.load().tenant
    with Store.open() as store:
        calls = store.calls(run, tenant)
        ranked = {run_id: store.run(run_id, tenant).candidates for run_id in calls}
    found = statistics(calls, ranked)
    if not found:
        typer.echo(text("llm_table.no_calls", language))
        return
    print_grid(
        "llm_table",
        ("member", "role", "calls", "failed", "json_valid", "parsed", "useful", "p50", "p95", "cost"),
        map(_row, found),
        language,
    )
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1), encoding="utf-8")


def _row(one: MemberStats) -> tuple[str, ...]:
    shares = (f"{100 * share:.0f} %" if math.isfinite(share) else "-" for share in (one.json_valid, one.parsed, one.useful))
    seconds = (f"{value:.1f} s" if math.isfinite(value) else "-" for value in (one.p50, one.p95))
    cost = "-" if one.cost_per_100 is None else f"{one.cost_per_100:.3f}"
    return one.member, one.role, str(one.calls), str(one.failed), *shares, *seconds, cost


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="Id of a run, or its first letters.")],
    table: Annotated[Path, typer.Argument(help="The table it was made from.")],
    sigma: Annotated[str | None, typer.Option(help="Column of the target's standard uncertainties, if there was one.")] = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help="COLUMN=UNIT, as in the run; may be repeated.")] = None,
    describe: Annotated[list[str] | None, typer.Option("--describe", help="COLUMN=WORDS, as in the run; may be repeated.")] = None,
    language: LangOption = "en",
) -> None:
    """Repeat a run with its models' answers from the record, without network; exit status 1 if its formulas differ."""
    from recommender.repeat import alike_answer, same_answer
    from recommender.session import replay as again
    from recommender.settings import Settings
    from recommender.show import print_recommendation
    from recommender.store import Store
    from recommender.table import Table

    measured = Table.read(table, pairs(unit), pairs(describe))
    tenant = Settings.load().tenant
    with Store.open() as store:
        record = store.run(run, tenant)
        calls = store.calls(run, tenant).get(record.id, [])
        events = store.events(run, tenant)
    result = again(record, measured, calls, events, sigma)
    print_recommendation(result, language)
    answers = record.result or {}, json.loads(result.to_json())
    found = "same" if same_answer(*answers) else "alike" if alike_answer(*answers) else "differs"
    typer.echo(text(f"llm_table.replay_{found}", language))
    sys.exit(int(found == "differs"))
