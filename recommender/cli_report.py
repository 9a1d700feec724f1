"""`formula report`: a document of a recorded run, with what its language models did and cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recommender.cli_options import Lang, pairs


def report(
    run: Annotated[str, typer.Argument(help="Id of a run, or its first letters.")],
    table: Annotated[Path, typer.Argument(help="The table it was made from.")],
    file: Annotated[Path, typer.Argument(help="What to write: .html, .docx, .pdf, .tex, .md or .xlsx.")],
    sigma: Annotated[str | None, typer.Option(help="Column of the target's standard uncertainties, if there was one.")] = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", help="COLUMN=UNIT, as in the run; may be repeated.")] = None,
    describe: Annotated[list[str] | None, typer.Option("--describe", help="COLUMN=WORDS, as in the run; may be repeated.")] = None,
    language: Annotated[Lang, typer.Option("--lang", help="Language of the report.")] = "en",
) -> None:
    """Write a report of a recorded run."""
    from recommender.repeat import asked_again
    from recommender.report import check_report, models_section, write_report
    from recommender.settings import Settings
    from recommender.store import Store
    from recommender.table import Table
    from recommender.watching import answer_of, as_steered

    check_report(file)
    tenant = Settings.load().tenant
    with Store.open() as store:
        record = store.run(run, tenant)
        calls = store.calls(run, tenant).get(record.id, [])
        result = answer_of(record)
        problem = as_steered(store, record.id, asked_again(record, Table.read(table, pairs(unit), pairs(describe)), sigma))
    typer.echo(f"{write_report(result, problem, file, language, models_section(calls, language))}")
