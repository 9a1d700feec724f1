"""The parts members play. A role decides what a member is told first and what it may not repeat; its words are in `prompts/`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from corpus.errors import SettingsError

if TYPE_CHECKING:
    from recommender.proposers._base import Proposal


@dataclass(frozen=True)
class Role:
    """name: of its words; needs_parent: it changes a given formula; novel: what is already known does not count from it.

    weight: multiplies what the sections of the evidence are worth to it (1 where not named); count: formulas asked for.
    """

    name: str
    needs_parent: bool = False
    novel: bool = False
    count: int = 3
    weight: Mapping[str, float] = field(default_factory=dict)


ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.name: role
        for role in (
            Role("proposer"),
            Role("contrarian", novel=True, weight={"tried": 4.0, "retrieved": 0.5}),
            Role("physicist", weight={"probes": 2.0, "history": 0.7}),
            Role("editor", needs_parent=True, weight={"history": 2.0, "retrieved": 0.3}),
            Role("simplifier", needs_parent=True, weight={"history": 2.0, "retrieved": 0.1}),
        )
    }
)


ANY = "any"


def roles_of(names: str) -> tuple[Role, ...]:
    """The roles a member may be asked in: `any`, one, or several separated by commas. SettingsError if there is no such role."""
    if names.strip() == ANY:
        return tuple(ROLES.values())
    return tuple({role.name: role for role in (role_of(name.strip()) for name in names.split(","))}.values())


def role_of(name: str) -> Role:
    """SettingsError if there is no such role."""
    if name not in ROLES:
        raise SettingsError("settings_value", name="role", value=name[:40], allowed=", ".join((ANY, *ROLES)))
    return ROLES[name]


def admitted(role: Role, proposals: Iterable[Proposal], known: Collection[str]) -> Iterator[Proposal]:
    """What counts from a role; known: canonical keys proposed before. A contrarian that repeats one has said nothing."""
    for proposal in proposals:
        if not (role.novel and proposal.key in known):
            yield proposal
