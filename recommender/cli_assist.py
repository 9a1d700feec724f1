"""`formula draft` and `formula discuss`, and the parts of `formula llm` that need no account: `prompt` and `serve`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.language import text
from recommender.cli_options import Lang, LangOption, pairs

if TYPE_CHECKING:
    from recommender.llm.discuss import Discussion
    from recommender.llm.draft import Draft
    from recommender.llm.paste import Pasted
    from recommender.problem import Problem
    from recommender.recommendation import Recommendation
    from recommender.store import RunRecord, Store
    from recommender.table import Table

MembersOption = Annotated[Path | None, typer.Option("--members", help="TOML file of language models; the first one is asked.")]


def serve(
    model: Annotated[Path, typer.Argument(help="A GGUF file.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")] = 8080,
    context: Annotated[int, typer.Option(min=256, help="Tokens of prompt and reply together.")] = 8192,
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0 for all cores but one.")] = 0,
    language: LangOption = "en",
) -> None:
    """Serve a local model on the loopback address until Ctrl-C; prints the lines for the members file."""
    from recommender.llm.serve import serve as server

    with server(model, port=port, context=context, threads=threads) as local:
        typer.echo(text("llm_serve.ready", language, url=local.url))
        typer.echo(f'\n[[member]]\nname = "local"\nmodel = "{local.model}"\napi_base = "{local.url}"\ncontext = {context}\n')
        _until_interrupted()
    typer.echo(text("llm_serve.stopped", language))


def _until_interrupted() -> None:
    import signal
    import threading

    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()


def prompt(
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet.")],
    target: Annotated[str | None, typer.Option(help="Column to explain; the last one if not given.")] = None,
    inputs: Annotated[str | None, typer.Option(help="Columns to explain it by, separated by commas.")] = None,
    about: Annotated[str, typer.Option(help="A few words about the experiment.")] = "",
    unit: Annotated[list[str] | None, typer.Option("--unit", help="COLUMN=UNIT; may be repeated.")] = None,
    describe: Annotated[list[str] | None, typer.Option("--describe", help="COLUMN=WORDS; may be repeated.")] = None,
    role: Annotated[str, typer.Option(help="proposer, contrarian or physicist.")] = "proposer",
    answer: Annotated[str | None, typer.Option(help="File with the answer, - for standard input; its formulas join in.")] = None,
    top: Annotated[int, typer.Option(min=1, max=20, help="How many formulas.")] = 5,
    time: Annotated[str | None, typer.Option(help="For the structure searches, e.g. 30s; 0 leaves them out.")] = None,
    language: LangOption = "en",
) -> None:
    """Print the finished prompt to copy into any chat; with --answer, read the answer and recommend with it."""
    from recommender.context import gather
    from recommender.llm.paste import Pasted, pasteable
    from recommender.problem import Problem
    from recommender.table import Table

    measured = Table.read(table, pairs(unit), pairs(describe))
    names = None if inputs is None else [name.strip() for name in inputs.split(",")]
    problem = Problem.of(measured, target, names, about=about)
    if answer is None:
        from indexes import open_index

        typer.echo(pasteable(problem, gather(problem, open_index()), role=role, language=language))
    else:
        _with_answer(problem, Pasted(_text_of(answer), role), top, time, language)


def _with_answer(problem: Problem, pasted: Pasted, top: int, time: str | None, language: Lang) -> None:
    """Recommend with the formulas of an answer; what of it cannot be used is said first."""
    from recommender.session import run
    from recommender.settings import seconds_of
    from recommender.show import print_recommendation, progress_bar, stop_on_interrupt

    read = pasted.read(problem)
    typer.echo(text("paste.read", language, count=len(read.offered)), err=True)
    for formula, reason in read.rejected:
        typer.echo(f"  {formula}: {reason.text(language)}", err=True)
    seconds = None if time is None else seconds_of(time)
    with stop_on_interrupt(language) as stop, progress_bar(language) as tell:
        result = run(problem, limit=top, seconds=seconds, progress=tell, stop=stop, workers=None, also=(pasted,))
    print_recommendation(result, language)


def _text_of(answer: str) -> str:
    from corpus.errors import SettingsError

    if answer == "-":
        return sys.stdin.read()
    try:
        return Path(answer).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SettingsError("answer_unreadable", path=answer, reason=error.strerror) from None


def draft(
    sentence: Annotated[str, typer.Argument(help="What you want to know, in your own words.")],
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet.")],
    members: MembersOption = None,
    run: Annotated[bool, typer.Option("--run", help="Ask, and recommend if you agree.")] = False,
    language: LangOption = "en",
) -> None:
    """Read a free sentence into a question about the table, shown for confirmation and never applied silently."""
    from recommender.llm.draft import draft as drafted
    from recommender.llm.draft_model import ask
    from recommender.table import Table

    measured = Table.read(table)
    found = drafted(sentence, measured)
    if members is not None:
        found, failure = ask(found, measured, members)
        if failure is not None:
            typer.echo(failure.text(language), err=True)
    _show_draft(found, measured, table, language)
    if run and typer.confirm(text("draft.agree", language)):
        from recommender.session import run as recommended
        from recommender.show import print_recommendation

        print_recommendation(recommended(found.problem(measured), workers=None), language)


def _show_draft(found: Draft, table: Table, path: Path, language: Lang) -> None:
    typer.echo(text("draft.title", language))
    for one in found.findings:
        words = text(f"draft.{one.kind}", language, name=one.name, value=one.value)
        typer.echo(f"  {words}   ({text(f'draft.by_{one.by}', language, words=one.words)})")
    if found.target is None:
        typer.echo(f"  {text('draft.no_target', language, name=table.names[-1])}")
    if found.inputs is None:
        typer.echo(f"  {text('draft.all_inputs', language)}")
    typer.echo(f"\n{text('draft.command', language)}\n  {found.command(str(path))}")


def discuss(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, or its first letters.")],
    table: Annotated[Path | None, typer.Option(help="Its table, for a run of an old version that kept none.")] = None,
    members: MembersOption = None,
    language: LangOption = "en",
) -> None:
    """Talk about the formulas of a run: retrieve, fit, compare, probe, add, remove or ban a term; freely, where a model is given."""
    from indexes import open_index
    from recommender.llm.discuss import Discussion, answer, usage
    from recommender.settings import Settings
    from recommender.store import Store
    from recommender.watching import answer_of

    with Store.open() as store:
        record = store.run(run_id, Settings.load().tenant)
        result = answer_of(record)
        problem = question_of(store, record, table)
    discussion = Discussion.of(problem, result, open_index(), language)
    talk = None if members is None else _talk(discussion, members)
    typer.echo(usage(language))
    typer.echo(answer(discussion, "list"))
    for line in _lines():
        typer.echo(_said(line, talk, lambda one: answer(discussion, one)))


def _said(line: str, talk: Callable[[str], str] | None, command: Callable[[str], str]) -> str:
    """Commands are carried out by us; everything else is for the model, if there is one."""
    from recommender.llm.discuss import TOOLS

    return command(line) if talk is None or line.split()[0] in TOOLS else talk(line)


def _talk(discussion: Discussion, members: Path) -> Callable[[str], str]:
    from recommender.llm.client import chat_model
    from recommender.llm.discuss import agent
    from recommender.llm.members import first_member

    talk = agent(discussion, chat_model(first_member(members)))
    return lambda line: talk(line).words


def _lines() -> Iterator[str]:
    """What is typed, line by line, until `quit` or the end."""
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, KeyboardInterrupt):
            return
        if line in ("quit", "exit"):
            return
        if line:
            yield line


def question_of(store: Store, record: RunRecord, path: Path | None) -> Problem:
    """What a run was asked, sigma, groups, known quantities and requirements included, about the table kept with it, on the rows and with
    the split that people have steered it to.

    path: its table where an old version kept none, read with the units of the run. Raises as `kept_table`, `asked_again`, and `answer_of`
    for such an old run without an answer.
    """
    from recommender.repeat import asked_again
    from recommender.session import kept_table
    from recommender.watching import answer_of, as_steered

    table = kept_table(store, record) if path is None else _as_answered(path, answer_of(record))
    return as_steered(store, record.id, asked_again(record, table))


def _as_answered(path: Path, result: Recommendation) -> Table:
    """A table with the units and words of an answer about it."""
    from recommender.table import Table

    table = Table.read(path)
    columns = [column for column in (result.target, *result.inputs) if column.name in table.names]
    table = table.with_units({c.name: c.unit for c in columns if c.unit is not None})
    return table.with_descriptions({c.name: c.description for c in columns if c.description})
