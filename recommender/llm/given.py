"""Members however they are given: a file, an ensemble, or LangChain chat models that somebody brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import SettingsError
from recommender.llm._base import Chat, Member
from recommender.llm.client import GIVEN, Client
from recommender.llm.members import MAX_MEMBERS, Members, check_distinct, load_members

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    Given = str | Path | Members | BaseChatModel | Mapping[str, BaseChatModel] | Sequence[BaseChatModel]


def members_of(given: Given | None) -> tuple[Members, Chat]:
    """Who is asked, and through what.

    given: the path of a TOML file, a Members, one chat model or several, or chat models by name; None for the setting `members`.
    SettingsError if it is none of these, or what `load_members` raises.
    """
    if given is None or isinstance(given, str | Path):
        return load_members(given), Client()
    if isinstance(given, Members):
        check_distinct(given.members, "members")
        return given, Client()
    models = _named(given)
    members = tuple(Member(name, f"{GIVEN}/{_kind(model)}") for name, model in models.items())
    return Members(members), Client(models)


def _named(given: BaseChatModel | Mapping[str, BaseChatModel] | Sequence[BaseChatModel]) -> dict[str, BaseChatModel]:
    """Chat models by name; those without one are called after their model, told apart by a number."""
    from langchain_core.language_models import BaseChatModel

    if isinstance(given, Mapping):
        named = {str(name): model for name, model in given.items()}
    else:
        listed = [given] if isinstance(given, BaseChatModel) else list(given) if isinstance(given, Sequence) else [given]
        named = {f"{_kind(model)} {place}" if len(listed) > 1 else _kind(model): model for place, model in enumerate(listed, 1)}
    strange = next((model for model in named.values() if not isinstance(model, BaseChatModel)), None)
    if strange is not None:
        raise SettingsError("members_given", given=type(strange).__name__)
    if len(named) > MAX_MEMBERS:
        raise SettingsError("members_list", path="members", limit=MAX_MEMBERS)
    return named


def _kind(model: object) -> str:
    """The name of the model behind a chat model, as far as it says one: one model is one vote, whoever asks it."""
    told = (getattr(model, name, None) for name in ("model_name", "model", "model_id"))
    return next((name for name in told if isinstance(name, str) and name), type(model).__name__)
