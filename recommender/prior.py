"""What earlier runs in a domain have taught: which structure searches found what was believed, and of which curves it was made.

Counts of formulas, with weights; the past is worth MEMORY of them at most. A kind of curve is taken to be in a share USUAL of all formulas,
as firmly as after STRENGTH of them (a Beta distribution); what the counts make of that share is a discount, in nats, on what the kind costs
to write, a cost being -log of a probability (Rissanen, Automatica 14 (1978)). Never a penalty: what was not seen costs what it always does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from corpus import tree
from corpus.functions import FUNCTIONS
from corpus.language import Sentence, domain_name, strings
from corpus.tree import Node
from recommender.journal import PRIOR, Journal

if TYPE_CHECKING:
    from indexes import Retrieved

MEMORY = 20.0
STRENGTH = 10.0
USUAL = 0.2
LARGEST = 1.0  # nats
_WORTH_SAYING = 0.05  # nats
_VOTERS, _LEAST_SHARE = 12, 0.25
_NO_DOMAINS = ("shapes", "discovery")  # of entries that speak for none
SEARCHES = "searches"  # its name in the journal


@dataclass(frozen=True)
class Prior:
    """domain: "" for none in particular. tables: how many taught; formulas: weights of what was believed of theirs, summed; wins: these
    weights by structure search; kinds: by kind of curve (see `kinds_of`)."""

    domain: str = ""
    tables: int = 0
    formulas: float = 0.0
    wins: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def memory(self) -> float:
        """What a weight counts for today, 1 unless there are many."""
        return min(1.0, MEMORY / self.formulas) if self.formulas > 0 else 0.0

    @cached_property
    def discounts(self) -> Mapping[str, float]:
        """Nats off the cost of a kind of curve, at most LARGEST, for those that are seen more often than usual."""
        usual = USUAL * (STRENGTH + self.memory * self.formulas)
        nats = {kind: math.log((STRENGTH * USUAL + self.memory * count) / usual) for kind, count in sorted(self.kinds.items())}
        return {kind: min(LARGEST, value) for kind, value in nats.items() if value > 0}

    @property
    def cheaper(self) -> str:
        """`exp 0.56, tanh 0.29`: the discounts, "" if none is worth a word."""
        return ", ".join(f"{kind} {value:.2f}" for kind, value in self.discounts.items() if value >= _WORTH_SAYING)

    @property
    def told(self) -> tuple[Sentence, ...]:
        """The discounts in a sentence, none if there are none."""
        return (Sentence.of("note.prior_kinds", kinds=self.cheaper, **self.origin),) if self.cheaper else ()

    @property
    def origin(self) -> Mapping[str, object]:
        """Where it was learned, to fill a sentence."""
        return {"domain": domain_told(self.domain), "tables": self.tables}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Prior:
        """Read back what `to_dict` gave."""
        return cls(**told)


Recall = Callable[[str], Prior]


def begun_with(journal: Journal, domain: str, recall: Recall | None) -> Prior:
    """What a run began with, as it is on its record; if it begins now, what is recalled of its domain is put there."""
    told = journal.find(PRIOR, SEARCHES)
    if told is None and recall is not None:
        told = recall(domain).to_dict()
        journal.write(PRIOR, SEARCHES, told)
    return Prior() if told is None else Prior.from_dict(told)


def kinds_of(root: Node) -> frozenset[str]:
    """The kinds of curves an expression is made of: its functions, and `x**p` (a fitted exponent), `root`, `1/(1 + x)` (one over a sum)."""
    return frozenset(filter(None, map(_kind, tree.walk(root))))


def _kind(node: Node) -> str:
    if not node.variables or node.op not in ("pow", *FUNCTIONS):
        return ""
    if node.op != "pow":
        return node.op
    base, exponent = node.args
    if exponent.op != "const":
        return "exp" if exponent.variables else "x**p"
    if exponent.number < 0 and base.op == "add":
        return "1/(1 + x)"
    return "" if float(exponent.number).is_integer() else "root"


def discount(columns: Sequence[Node], discounts: Mapping[str, float]) -> float:
    """Nats off what expressions cost together, at most LARGEST."""
    held = frozenset[str]().union(*map(kinds_of, columns)) if discounts else ()
    return min(LARGEST, sum(discounts.get(kind, 0.0) for kind in sorted(held)))


def domain_of(retrieved: Sequence[Retrieved]) -> str:
    """The field that most of what was found speaks for, e.g. `optics`; "" if none leads. retrieved: best first."""
    votes: dict[str, float] = {}
    for found in retrieved[:_VOTERS]:
        field_ = found.entry.domain.partition("/")[0]
        votes[field_] = votes.get(field_, 0.0) + found.score
    total = sum(votes.values())
    leading = max((one for one in votes if one not in _NO_DOMAINS), key=lambda one: (votes[one], one), default="")
    return leading if leading and votes[leading] >= _LEAST_SHARE * total else ""


def domain_told(domain: str) -> Sentence | str:
    """A domain in words; one of the customer's own has the name they gave it."""
    key = f"domain.{domain}"
    return Sentence.of("priors.any_domain") if not domain else Sentence.of(key) if key in strings("en") else domain_name(domain)
