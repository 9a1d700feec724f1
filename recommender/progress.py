"""What a run says while it works, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.recommendation import Recommendation


@dataclass(frozen=True)
class Progress:
    """A step of a run.

    stage: indexing, proposing, racing, searching, refining, assessing, ranking, tuning; done of total; best: the best formula so far,
    in the customer's symbols; interim: the ranking so far, where there is a new one.
    """

    stage: str
    done: int
    total: int
    best: str = ""
    interim: Recommendation | None = None


Report = Callable[[Progress], None]
Stop = Callable[[], bool]


def silent(progress: Progress) -> None:
    """Report to nobody."""
    del progress


def never() -> bool:
    """Do not stop."""
    return False
