"""Proposals as JSON, for the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corpus.entry import Words
from corpus.formula import parse
from corpus.language import Sentence
from recommender.meaning import Meaning
from recommender.proposers._base import Proposal

_PLAIN = ("proposer", "source", "echo", "wave", "parent")


def proposal_told(proposal: Proposal) -> dict[str, Any]:
    """Everything a proposal says; its numbers bit for bit."""
    formula = proposal.formula
    return {
        "formula": [formula.text, list(formula.variables), list(formula.parameters)],
        **{name: getattr(proposal, name) for name in _PLAIN},
        "why": proposal.why.to_dict(),
        "edit": None if proposal.edit is None else proposal.edit.to_dict(),
        "known": dict(proposal.known),
        "starts": dict(proposal.starts),
        "bounds": {name: list(map(str, ends)) for name, ends in proposal.bounds.items()},  # JSON knows no infinity
        "holds": list(proposal.holds),
        "meanings": {name: _meaning_told(meaning) for name, meaning in proposal.meanings.items()},
    }


def proposal_again(told: Mapping[str, Any]) -> Proposal:
    """The proposal that `proposal_told` wrote."""
    text, variables, parameters = told["formula"]
    return Proposal(
        parse(text, variables, parameters),
        why=Sentence.from_dict(told["why"]),
        edit=None if told["edit"] is None else Sentence.from_dict(told["edit"]),
        known=told["known"],
        starts=told["starts"],
        bounds={name: (float(low), float(high)) for name, (low, high) in told.get("bounds", {}).items()},
        holds=tuple(told["holds"]),
        meanings={name: _meaning(row) for name, row in told["meanings"].items()},
        **{name: told[name] for name in _PLAIN},
    )


def _meaning_told(meaning: Meaning) -> dict[str, Any]:
    ends = None if meaning.range is None else list(meaning.range)
    return {"en": meaning.words.en, "ja": meaning.words.ja, "unit": meaning.unit, "range": ends, "sign": meaning.sign}


def _meaning(row: Mapping[str, Any]) -> Meaning:
    ends = None if row["range"] is None else (row["range"][0], row["range"][1])
    return Meaning(Words(en=row["en"], ja=row["ja"]), row["unit"], ends, row["sign"])
