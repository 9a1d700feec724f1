"""`formula ingest`: the nightly job, its health, and what it laid aside for a person."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from recommender.cli_options import Lang, LangOption

if TYPE_CHECKING:
    from corpus.quarantine import Held, Shelf
    from indexes.nightly import Job, Record
    from recommender.ingest_config import IngestConfig

AllOption = Annotated[bool, typer.Option("--all", help="Also what has been decided.")]
_SHOWN = 10
BUSY = 75  # EX_TEMPFAIL of sysexits.h: try again later
app = typer.Typer(help="Take new formulas into the index (the nightly job).", invoke_without_command=True)
quarantine_app = typer.Typer(help="Items that could not be taken in.", no_args_is_help=True)
review_app = typer.Typer(help="Drafts a person must complete.", no_args_is_help=True)
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(review_app, name="review")


@app.callback()
def ingest(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    since: Annotated[datetime | None, typer.Option(help="Do not read files again that are older than this day or time.")] = None,
    language: LangOption = "en",
) -> None:
    """Read all sources, check every item, build the new index beside the old one, verify it, swap it in."""
    if context.invoked_subcommand is not None:
        return
    from corpus.errors import RecommenderError
    from indexes.nightly import rehearse, run
    from recommender.ingest_config import IngestConfig

    config = IngestConfig.load()
    job, tell, after = _job(config), _teller(language), since.timestamp() if since else None
    try:
        record = rehearse(job, since=after, tell=tell) if dry_run else run(job, since=after, tell=tell)
    except Exception as error:
        if isinstance(error, RecommenderError) and error.key == "ingest_busy":
            typer.echo(error.text(language), err=True)
            sys.exit(BUSY)
        if not dry_run:
            _alarm(config, job, error, language)
        if isinstance(error, RecommenderError):
            raise
        traceback.print_exc()
        sys.exit(2)
    _print(record, language)
    sys.exit(1 if record.problems else 0)


def _job(config: IngestConfig) -> Job:
    """The job of this installation, with its folders made."""
    from indexes.embed import default_embedder
    from indexes.home import index_folder
    from indexes.nightly import Job
    from recommender.ingest_config import drop_folder, inbox_folder, state_folder

    for folder in (inbox_folder(), drop_folder()):
        folder.mkdir(parents=True, exist_ok=True)
    return Job(config.sources, index_folder(), state_folder(), default_embedder())


def _teller(language: Lang) -> Callable[..., None]:
    from indexes import Progress

    told: set[str] = set()

    def tell(progress: Progress) -> None:
        """One line per stage on stderr."""
        if progress.stage not in told:
            told.add(progress.stage)
            typer.echo(progress.text(language), err=True)

    return tell


def _alarm(config: IngestConfig, job: Job, error: Exception, language: Lang) -> None:
    """Tell the webhook that the run failed; that it cannot be told is said, and changes nothing else."""
    from corpus.errors import RecommenderError
    from indexes.nightly import Records
    from indexes.nightly.webhook import message, send

    if not config.webhook:
        return
    last = next(Records(job.state).newest(), None)
    try:
        send(config.webhook, message(error, last if last and last.outcome == "failed" else None))
    except RecommenderError as unsent:
        typer.echo(unsent.text(language), err=True)


def _print_counts(record: Record, language: Lang) -> None:
    from corpus.language import text

    counts = {"added": len(record.added), "changed": len(record.changed), "removed": len(record.removed), "folded": len(record.folded)}
    aside = {"rejected": len(record.rejected), "drafts": len(record.drafts)}
    typer.echo(text(f"ingest.{record.outcome}", language, snapshot=record.snapshot["after"], entries=record.entries))
    typer.echo(text("ingest.counts", language, **counts, **aside))


def _print(record: Record, language: Lang) -> None:
    """What a run did, with what it could not take in."""
    from corpus.language import text

    _print_counts(record, language)
    for source in record.problems:
        typer.echo(text("ingest.source_missing", language, name=source.name, problem=source.problem and source.problem.text(language)))
    for held in record.rejected[:_SHOWN]:
        typer.echo(_line(held.id, held, language))
    if len(record.rejected) > _SHOWN:
        typer.echo(text("ingest.more", language, count=len(record.rejected) - _SHOWN))


def _line(identifier: str, held: Held, language: Lang) -> str:
    reasons = " ".join(reason.text(language) for reason in held.reasons)
    decided = "" if held.decision == "open" else f" [{held.decision}]"
    return f"{identifier}  {held.source}: {held.where}{decided}\n    {reasons}"


@app.command()
def status(language: LangOption = "en") -> None:
    """Say whether the nightly job is well; exit with 1 and what to do if it is not."""
    from corpus.language import text
    from indexes.embed import default_embedder
    from indexes.home import index_folder
    from indexes.nightly import examine
    from recommender.ingest_config import IngestConfig, state_folder

    config = IngestConfig.load()
    health = examine(state_folder(), index_folder(), default_embedder(), stale_hours=config.stale_hours)
    if health.busy:
        typer.echo(text("ingest.running", language))
    if health.done is not None:
        _print_counts(health.done, language)
        typer.echo(text("ingest.last", language, finished=health.done.finished, recall=_recall(health.done)))
    for finding in health.findings:
        typer.echo(finding.text(language))
    sys.exit(0 if health.is_well else 1)


def _recall(record: Record) -> str:
    return ", ".join(f"{language} {value:.2f}" for language, value in record.golden["after"].items()) or "-"


@app.command()
def drill(
    times: Annotated[int, typer.Option(min=1, help="How many runs to kill.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed kills at the same steps.")] = 0,
    language: LangOption = "en",
) -> None:
    """Kill runs at random steps, in a folder of its own, and see that something whole serves and the next run finishes the work."""
    from corpus.language import text
    from indexes.nightly.drill import drill as rehearse_kills

    failures = 0
    for trial in rehearse_kills(times, seed):
        typer.echo(f"{trial.number:3}  {trial.step:28} {trial.problem or 'ok'}")
        failures += bool(trial.problem)
    typer.echo(text("ingest.drilled", language, times=times, failures=failures))
    sys.exit(1 if failures else 0)


def _shelf(name: str) -> Shelf:
    from corpus.quarantine import Shelf
    from recommender.ingest_config import state_folder

    return Shelf(state_folder() / name)


def _list(name: str, everything: bool, language: Lang) -> None:
    from corpus.language import text

    found = _shelf(name).items(None if everything else "open")
    for identifier, held in found.items():
        typer.echo(_line(identifier, held, language))
    typer.echo(text("ingest.held", language, count=len(found), folder=_shelf(name).folder))


def _show(name: str, identifier: str, language: Lang) -> None:
    key, held = _shelf(name).get(identifier)
    typer.echo(_line(key, held, language))
    typer.echo(f"# {_shelf(name).text_file(key)}\n{held.text}")


def _take(name: str, identifier: str, person: str, language: Lang) -> None:
    from corpus.language import text
    from recommender.ingest_config import IngestConfig, inbox_folder

    _, held = _shelf(name).get(identifier)
    written = _shelf(name).retry(identifier, inbox_folder(), person, IngestConfig.load().tenant_of(held.source))
    typer.echo(text("ingest.taken", language, file=written))


def _drop(name: str, identifier: str, language: Lang) -> None:
    from corpus.language import text

    _shelf(name).decide(identifier, "dropped")
    typer.echo(text("ingest.dropped", language, id=identifier))


def _person() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a process without a user's name, as in some containers
        return ""


Id = Annotated[str, typer.Argument(help="Id of an item, or its first letters.")]
By = Annotated[str, typer.Option("--by", help="Who takes it in; the user's name if not given.", default_factory=_person)]


@quarantine_app.command("list")
def quarantine_list(everything: AllOption = False, language: LangOption = "en") -> None:
    """What lies there, and why."""
    _list("quarantine", everything, language)


@quarantine_app.command("show")
def quarantine_show(identifier: Id, language: LangOption = "en") -> None:
    """One item with its text and the file in which to mend it."""
    _show("quarantine", identifier, language)


@quarantine_app.command("retry")
def quarantine_retry(identifier: Id, by: By, language: LangOption = "en") -> None:
    """Read the mended text again; a valid entry goes to the inbox."""
    _take("quarantine", identifier, by, language)


@quarantine_app.command("drop")
def quarantine_drop(identifier: Id, language: LangOption = "en") -> None:
    """Never ask about this item again."""
    _drop("quarantine", identifier, language)


@review_app.command("list")
def review_list(everything: AllOption = False, language: LangOption = "en") -> None:
    """The drafts, and what each misses."""
    _list("review", everything, language)


@review_app.command("show")
def review_show(identifier: Id, language: LangOption = "en") -> None:
    """One draft with its text and the file in which to complete it."""
    _show("review", identifier, language)


@review_app.command("approve")
def review_approve(identifier: Id, by: By, language: LangOption = "en") -> None:
    """Take the completed draft in: it goes to the inbox."""
    _take("review", identifier, by, language)


@review_app.command("drop")
def review_drop(identifier: Id, language: LangOption = "en") -> None:
    """Never ask about this draft again."""
    _drop("review", identifier, language)
