"""What every change of a form did: which edits helped, which did nothing, which failed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.language import Sentence

_HELPED = 1.0  # bits


@dataclass(frozen=True)
class Effect:
    """One change. before, after: description length in bits of parent and child (inf: the fit failed); nmse_before, nmse_after: their
    training errors over the variance of the target. is_new: the child was not known before."""

    parent: str
    child: str
    edit: Sentence
    move: str
    before: float
    after: float
    nmse_before: float = math.nan
    nmse_after: float = math.nan
    is_new: bool = True

    @property
    def gain(self) -> float:
        """Bits saved; negative where the change was for the worse."""
        return self.before - self.after

    @property
    def told(self) -> Sentence:
        """`added c*exp(-k*x): error 3e-2 -> 4e-5`."""
        if not math.isfinite(self.after):
            return Sentence.of("memory.failed", edit=self.edit)
        if abs(self.gain) < _HELPED:
            return Sentence.of("memory.unchanged", edit=self.edit)
        errors = {"before": f"{self.nmse_before:.2g}", "after": f"{self.nmse_after:.2g}"}
        return Sentence.of("memory.effect", edit=self.edit, bits=f"{self.gain:+.0f}", **errors)


class Memory:
    """All effects of a search, in the order of its steps."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []

    def add(self, effect: Effect) -> None:
        self.effects.append(effect)

    def best(self, count: int) -> list[Effect]:
        """The changes that helped most."""
        helped = [one for one in self.effects if one.is_new and math.isfinite(one.after) and one.gain > _HELPED]
        return sorted(helped, key=lambda one: -one.gain)[:count]

    def in_vain(self, count: int) -> list[Effect]:
        """The latest changes that failed or did nothing."""
        return [one for one in self.effects if not one.gain > _HELPED][-count:]

    def lineage(self, key: str) -> list[Effect]:
        """How a form came about, its first ancestor's change first."""
        made = {one.child: one for one in self.effects if one.is_new}
        out: list[Effect] = []
        while (one := made.pop(key, None)) is not None:
            out.append(one)
            key = one.parent
        return out[::-1]

    def summary(self, count: int = 6) -> Sequence[Sentence]:
        """What helped, then what did not, in words."""
        return [one.told for one in (*self.best(count), *self.in_vain(count))]
