"""`formula priors`: what earlier runs have taught the next one, and how to begin anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.language import Language, Sentence, text
from recommender.cli_grid import print_grid
from recommender.cli_options import LangOption

if TYPE_CHECKING:
    from recommender.llm.bandit import Arm, Record
    from recommender.prior import Prior


def priors(
    reset: Annotated[bool, typer.Option("--reset", help="Forget all of it; the runs stay on record.")] = False,
    language: LangOption = "en",
) -> None:
    """Show what the next run begins with: members and roles, time of the structure searches, kinds of curves; --reset begins anew."""
    from recommender.llm.priors import past
    from recommender.past import forget
    from recommender.priors import learned
    from recommender.settings import Settings
    from recommender.store import Store

    if reset:
        forget()
        typer.echo(text("priors.reset", language))
        return
    tenant = Settings.load().tenant
    with Store.open() as store:
        members, domains = past(store, tenant), {name: prior for name, prior in learned(store, tenant).items() if prior.tables}
    if members:
        _print_members(members, language)
    if domains:
        _print_domains(domains, language)
    if not members and not domains:
        typer.echo(text("priors.none", language))


def _print_members(learned: Mapping[Arm, Record], language: Language) -> None:
    """Where the choice of members and roles begins."""
    from recommender.llm.bandit import FLOOR, Bandit

    rates = Bandit(tuple(sorted(learned)), past=learned).rates()
    rows = [(*arm, f"{learned[arm].calls:.0f}", f"{100 * share:.0f} %", f"{cost:.1f} s") for arm, (share, cost) in rates.items()]
    typer.echo(text("priors.members_title", language, floor=f"{100 * FLOOR:.0f}"))
    print_grid("priors", ("member", "role", "remembered", "expected", "expense"), rows, language)


def _print_domains(learned: Mapping[str, Prior], language: Language) -> None:
    """How the time of the searches is divided, and which curves are cheaper."""
    from recommender.proposers.shares import KEPT

    typer.echo(text("priors.domains_title", language, floor=f"{100 * KEPT:.0f}"))
    rows = [_row(prior, language) for _, prior in sorted(learned.items())]
    print_grid("priors", ("domain", "tables", "searches", "kinds"), rows, language)


def _row(prior: Prior, language: Language) -> tuple[str, ...]:
    from recommender.prior import domain_told
    from recommender.proposers.shares import percents

    domain = domain_told(prior.domain)
    words = domain.text(language) if isinstance(domain, Sentence) else domain
    return words, f"{prior.tables}", percents(prior), prior.cheaper or "–"
