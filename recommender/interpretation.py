"""What a coefficient may be, and how strong the evidence for it is.

The strength is a number, `chance`: how many relations as good as this one were to be expected by accident among all that were tried
(the number tried times the probability of each). One in a thousand is strong, one in twenty fair, more is weak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from corpus.language import Sentence

Strength = Literal["strong", "fair", "weak"]
Kind = Literal["tuning", "known", "constant", "same", "varies", "corpus"]
STRONG, FAIR = 1e-3, 0.05


@dataclass(frozen=True)
class Interpretation:
    """One reading of a coefficient.

    kind: tuning (follows a quantity of the groups), known (a quantity the customer gave), constant (of nature), same (in every group),
    varies (between groups, with nothing known), corpus (said by the source of the formula). quantities: names of what it is made of.
    relation: as a formula, "" if there is none. numbers: r, factor, exponents and so on, in SI.
    """

    kind: Kind
    quantities: tuple[str, ...]
    relation: str
    strength: Strength
    chance: float
    words: Sentence
    numbers: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        plain = {"kind": self.kind, "quantities": list(self.quantities), "relation": self.relation, "strength": self.strength}
        return {**plain, "chance": self.chance, "words": self.words.to_dict(), "numbers": dict(self.numbers)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Interpretation:
        """What `to_dict` gave."""
        words, numbers = Sentence.from_dict(data["words"]), {name: float(value) for name, value in data["numbers"].items()}
        names = tuple(data["quantities"])
        return cls(data["kind"], names, data["relation"], data["strength"], float(data["chance"]), words, numbers)


def strength_of(chance: float) -> Strength:
    """strong below 1 accident in 1,000, fair below 1 in 20."""
    return "strong" if chance < STRONG else "fair" if chance < FAIR else "weak"
