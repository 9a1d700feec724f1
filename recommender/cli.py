"""The `formula` command. Heavy libraries load only when a command needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from recommender import cli_accept, cli_assist, cli_priors, cli_report, cli_runs
from recommender.cli_ingest import app as ingest_app
from recommender.cli_llm import app as llm_app
from recommender.cli_options import Lang, MembersOption, pairs

if TYPE_CHECKING:
    from recommender.problem import Problem
    from recommender.recommendation import Recommendation

app = typer.Typer(
    help="Formulas behind a table of measurements.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
corpus_app = typer.Typer(help="The formulas we know.", no_args_is_help=True)
index_app = typer.Typer(help="The index over them.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")
app.add_typer(index_app, name="index")
app.add_typer(ingest_app, name="ingest")
app.add_typer(llm_app, name="llm")
app.command("draft")(cli_assist.draft)
app.command("discuss")(cli_assist.discuss)
for command in (cli_runs.runs, cli_runs.show, cli_runs.diff, cli_runs.resume, cli_runs.steer, cli_runs.drill):
    app.command(command.__name__)(command)
app.command("priors")(cli_priors.priors)
app.command("accept")(cli_accept.accept)
app.command("reject")(cli_accept.reject)
app.command("report")(cli_report.report)

UnitOption = Annotated[list[str] | None, typer.Option("--unit", help="COLUMN=UNIT, e.g. L=mm; may be repeated.")]
DescribeOption = Annotated[list[str] | None, typer.Option("--describe", help="COLUMN=WORDS; may be repeated.")]
TypedOption = Annotated[list[str] | None, typer.Option("--try", help="A formula of your own to fit beside the others; may be repeated.")]

RequireOption = Annotated[
    list[str] | None,
    typer.Option(help='What must hold: positive, negative, bounded, "increasing in L", "0 at L = 0"; may be repeated.'),
]
RangeOption = Annotated[
    list[str] | None, typer.Option("--range", help='Only rows in this range count, e.g. "T 300 400 K"; may be repeated.')
]
KnownOption = Annotated[list[str] | None, typer.Option("--known", help='A quantity beside the table, e.g. "L=10 mm"; may be repeated.')]


@app.command()
def recommend(
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet.")],
    target: Annotated[str | None, typer.Option(help="Column to explain; the last one if not given.")] = None,
    inputs: Annotated[str | None, typer.Option(help="Columns to explain it by, separated by commas; all others if not given.")] = None,
    sigma: Annotated[str | None, typer.Option(help="Column of the target's standard uncertainties.")] = None,
    about: Annotated[str, typer.Option(help="A few words about the experiment, in any language.")] = "",
    unit: UnitOption = None,
    describe: DescribeOption = None,
    typed: TypedOption = None,
    known: KnownOption = None,
    group: Annotated[str | None, typer.Option(help="Column that tells devices, temperatures or runs apart.")] = None,
    require: RequireOption = None,
    ranges: RangeOption = None,
    split: Annotated[str, typer.Option(help="How formulas are judged: random, group COLUMN, time COLUMN, edges, auto.")] = "auto",
    top: Annotated[int, typer.Option(min=1, max=20, help="How many formulas.")] = 5,
    time: Annotated[str | None, typer.Option(help="For the structure searches, e.g. 30s or 2min; 0 leaves them out.")] = None,
    steps: Annotated[int, typer.Option(min=0, help="Steps of the island search that follows; 0 leaves it out.")] = 0,
    islands: Annotated[int, typer.Option(min=1, max=16, help="How many islands share them.")] = 3,
    cluster: Annotated[str, typer.Option(help="Address of a Dask scheduler whose workers take the steps, tcp://HOST:PORT.")] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same answer.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result as JSON.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report: .html, .docx, .pdf, .tex, .md or .xlsx.")] = None,
    language: Annotated[Lang, typer.Option("--lang", help="Language of the answer.")] = "en",
    record: Annotated[bool, typer.Option(help="Keep a record of the run.")] = True,
    members: MembersOption = None,
) -> None:
    """Recommend formulas for one column of a table."""
    from recommender.llm import load_members
    from recommender.problem import Problem
    from recommender.report import check_report
    from recommender.session import run
    from recommender.settings import seconds_of
    from recommender.show import print_recommendation, progress_bar, stop_on_interrupt
    from recommender.table import Table

    measured = Table.read(table, pairs(unit), pairs(describe))
    seconds = None if time is None else seconds_of(time)
    names = None if inputs is None else [name.strip() for name in inputs.split(",")]
    problem = Problem.of(
        measured,
        target,
        names,
        sigma=sigma,
        about=about,
        typed=typed or (),
        known=pairs(known),
        group=group,
        require=require or (),
        ranges=ranges or (),
        split=split,
        seed=seed,
    )
    models = load_members(members)
    for file in filter(None, (json_file, report)):
        _save(file)
    if report is not None:
        check_report(report)
    with stop_on_interrupt(language) as stop, progress_bar(language) as tell:
        search = {"seconds": seconds, "steps": steps, "islands": islands, "cluster": cluster}
        result = run(problem, limit=top, progress=tell, stop=stop, record=record, workers=None, members=models, **search)  # type: ignore[arg-type]
    print_recommendation(result, language)
    _write(problem, result, json_file, report, language)


def _write(problem: Problem, result: Recommendation, json_file: Path | None, report: Path | None, language: Lang) -> None:
    if json_file is not None:
        _save(json_file, result.to_json())
    if report is not None:
        from recommender.report import write_report

        typer.echo(f"{write_report(result, problem, report, language)}")


def _save(path: Path, text: str = "") -> None:
    """Write a text; without one only see whether the file could be written."""
    from corpus.errors import SettingsError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if not text else "w", encoding="utf-8") as file:
            file.write(text)
        if not path.stat().st_size:
            path.unlink()
    except OSError as error:
        raise SettingsError("file_not_written", path=path, reason=error.strerror) from None


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501) -> None:
    """Open the app in a browser."""
    from importlib.util import find_spec

    from corpus.errors import SettingsError

    page = Path(__file__).parent.parent / "ui" / "app.py"
    if find_spec("streamlit") is None:
        raise SettingsError("ui_missing")
    options = ["--server.port", str(port), "--server.address", "localhost", "--browser.gatherUsageStats", "false"]
    # in the place of this process, so that whoever ends one ends the other
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(page), *options])  # noqa: S606


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A benchmark; `list` shows them, `history NAME` what was measured before.")],
    of: Annotated[str | None, typer.Argument(metavar="[NAME]", help="For `history`: whose.")] = None,
    cases: Annotated[Path | None, typer.Option(help="Folder of cases: problem.json, tables, truth.json.")] = None,
    suite: Annotated[list[str] | None, typer.Option(help="Only this suite of the benchmark; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option(help="A fixed subset that ends in under a minute.")] = False,
    seed: int = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
    against: Annotated[str | None, typer.Option(help="Programs to run beside ours, separated by commas: scipy,lmfit,pyoperon.")] = None,
    corpus: Annotated[Literal["on", "off"] | None, typer.Option(help="Only what may use the corpus, or may not.")] = None,
    members: Annotated[Path | None, typer.Option(help="TOML file of language models, for `llm`.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
    language: Annotated[Lang, typer.Option("--lang")] = "en",
) -> None:
    """Measure: print a table, exit with 0 if the stated bar holds."""
    from recommender.evaluate import list_benches, run_bench, show_history

    if name == "list":
        list_benches(language)
    elif name == "history":
        show_history(of, language)
    else:
        others = [item.strip() for item in (against or "").split(",") if item.strip()]
        sys.exit(
            run_bench(
                name,
                cases=cases,
                quick=quick,
                seed=seed,
                jobs=jobs,
                json_file=json_file,
                suite=suite or (),
                against=others,
                corpus=None if corpus is None else corpus == "on",
                members=members,
                language=language,
            )
        )


@corpus_app.command("check")
def corpus_check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of YAML files; the package's own if not given.")] = None,
) -> None:
    """Print every violation with its file and line."""
    from corpus.check import main as check

    sys.exit(check([str(folder)] if folder else []))


@index_app.command("build")
def index_build() -> None:
    """Build the index of the packaged corpus now, if it is missing or out of date, instead of at first use."""
    from indexes import open_index

    retriever = open_index()
    typer.echo(f"{len(retriever.snapshot.catalogue)} formulas, snapshot {retriever.snapshot.manifest.id}")


@corpus_app.command("search")
def corpus_search(words: str, limit: int = 8, language: Annotated[Lang, typer.Option("--lang")] = "en") -> None:
    """Find formulas by words."""
    from indexes import Query, open_index
    from recommender.settings import Settings

    for found in open_index().search(Query(text=words, tenant=Settings.load().tenant, limit=limit)):
        typer.echo(f"{found.entry.id}\n  {found.entry.name.of(language)}: {found.entry.target.symbol} = {found.entry.formula}")


def main() -> None:
    """Run the command; an error of ours is one sentence on stderr and exit status 2."""
    import os

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from corpus.errors import RecommenderError

    try:
        app()
    except RecommenderError as error:
        typer.echo(error.text("ja" if _japanese() else "en"), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


def _japanese() -> bool:
    return any(argument == "ja" and sys.argv[i] in ("--lang", "--language") for i, argument in enumerate(sys.argv[1:]))


if __name__ == "__main__":
    main()
