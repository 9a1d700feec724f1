"""All evidence on the finalists of a problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.assess._base import Assessment, Comparison, Evidence, Fitted
from recommender.assess.stability import stability
from recommender.assess.stability.summary import KIND

Judge = Assessment | Comparison
Verdicts = Mapping[str, Evidence]


@dataclass(frozen=True)
class Panel:
    """Those who judge; kinds that fail on a candidate are left out of its evidence and told in `Findings.failures`."""

    judges: tuple[Judge, ...]

    def judge(self, finalists: Sequence[Fitted], done: Callable[[int], bool] = lambda _: True) -> Findings:
        """Evidence by kind for each finalist, in order. done: told how many are judged; False ends it there."""
        judged: list[dict[str, Evidence]] = []
        failures: dict[str, Sentence] = {}
        for fitted in finalists:
            judged.append(_assessed(fitted, [one for one in self.judges if isinstance(one, Assessment)], failures))
            if not done(len(judged)):
                break
        for one in self.judges:
            if isinstance(one, Comparison):
                _compare(one, finalists[: len(judged)], judged, failures)
        return Findings(tuple(map(_summed, judged)), tuple(failures.values()))


@dataclass(frozen=True)
class Findings:
    """Evidence by kind of each candidate that was judged, and a note on each kind that failed."""

    evidence: tuple[Verdicts, ...]
    failures: tuple[Sentence, ...]


def _assessed(fitted: Fitted, judges: Sequence[Assessment], failures: dict[str, Sentence]) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    for one in judges:
        try:
            found[one.kind] = one.assess(fitted)
        except Exception as error:  # an assessment may be anyone's
            failures.setdefault(one.kind, _failure(one.kind, error))
    return found


def _compare(one: Comparison, finalists: Sequence[Fitted], judged: list[dict[str, Evidence]], failures: dict[str, Sentence]) -> None:
    try:
        told = one.compare(finalists)
        for evidence, piece in zip(judged, told, strict=True):
            evidence[one.kind] = piece
    except Exception as error:  # a comparison may be anyone's
        failures.setdefault(one.kind, _failure(one.kind, error))


def _failure(kind: str, error: Exception) -> Sentence:
    reason = error.sentence if isinstance(error, RecommenderError) else f"{type(error).__name__}: {error}"[:200]
    return Sentence.of("note.assessment_failed", name=kind, reason=reason)


def _summed(evidence: Verdicts) -> Verdicts:
    """With the sum of stability in the place of its first part, and the parts at the end."""
    whole: dict[str, Evidence] = {}
    for kind, piece in evidence.items():
        if not piece.part_of:
            whole[kind] = piece
        elif KIND not in whole:
            whole[KIND] = stability(evidence)
    return {**whole, KIND: whole.get(KIND, stability(evidence)), **{kind: piece for kind, piece in evidence.items() if piece.part_of}}
