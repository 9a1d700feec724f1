"""`formula accept` and `formula reject`: a person's decision on a candidate of a recorded run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from corpus.language import text
from recommender.cli_options import Lang

if TYPE_CHECKING:
    from recommender.recommendation import Recommendation
    from recommender.store import Store

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, or its first letters.")]
RankArgument = Annotated[int, typer.Argument(metavar="RANK", min=1, help="Rank of the candidate, 1 is the best.")]
PersonOption = Annotated[str, typer.Option(help="Who decides: a name or address.")]
ReasonOption = Annotated[str, typer.Option(help="Why, in a few words.")]


def accept(
    run_id: RunArgument,
    rank: RankArgument,
    person: PersonOption,
    reason: ReasonOption,
    name_en: Annotated[str, typer.Option(help="What to call it in English.")] = "",
    name_ja: Annotated[str, typer.Option(help="What to call it in Japanese.")] = "",
    language: Annotated[Lang, typer.Option("--lang")] = "en",
) -> None:
    """Take a candidate into the corpus: it is written to the inbox, which the nightly job reads."""
    from recommender.acceptance import Decision, take
    from recommender.settings import Settings
    from recommender.store import Store

    tenant = Settings.load().tenant
    with Store.open() as store:
        full, result = _result(store, run_id, tenant)
        path = take(store, full, result, rank, Decision(person, reason, tenant, name_en, name_ja))
    typer.echo(text("accept.done", language, path=path))


def reject(
    run_id: RunArgument,
    rank: RankArgument,
    person: PersonOption,
    reason: ReasonOption,
    language: Annotated[Lang, typer.Option("--lang")] = "en",
) -> None:
    """Record that a candidate is not believed, and why."""
    from recommender.acceptance import Decision, turn_down
    from recommender.settings import Settings
    from recommender.store import Store

    with Store.open() as store:
        full, result = _result(store, run_id, Settings.load().tenant)
        turn_down(store, full, result, rank, Decision(person, reason))
    typer.echo(text("accept.turned_down", language, rank=rank))


def _result(store: Store, run_id: str, tenant: str) -> tuple[str, Recommendation]:
    from recommender.watching import answer_of

    record = store.run(run_id, tenant)
    return record.id, answer_of(record)
