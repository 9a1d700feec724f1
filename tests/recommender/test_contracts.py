"""Our own parts keep the contracts we ask of others, and the contracts notice those who do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from corpus.formula import parse
from corpus.language import Sentence
from corpus.load import SEED_FOLDER
from corpus.sources import FolderSource
from indexes import Retriever, embedder
from recommender.assess import ASSESSMENTS, COMPARISONS, Assessment, Comparison, Evidence, Fitted
from recommender.proposers import Elementary, Proposal, Proposer, RetrievedForms, Typed
from recommender.testing import (
    check_assessment,
    check_comparison,
    check_embedder,
    check_proposer,
    check_source,
    example_problem,
    fitted_example,
)


@pytest.mark.parametrize("proposer", [Elementary(), Typed()], ids=lambda p: p.name)
def test_proposers(proposer: Proposer) -> None:
    check_proposer(proposer, replace(example_problem(), typed=("a + b*time", "temperature = a*exp(-time/tau) + c")))


def test_retrieved_forms(retriever: Retriever) -> None:
    check_proposer(RetrievedForms(), example_problem(), retriever)


@pytest.mark.parametrize("name", ["use-multilingual", "hashed-ngrams"])
def test_embedders(name: str) -> None:
    check_embedder(embedder(name))


@pytest.mark.parametrize("folder", sorted(path.name for path in SEED_FOLDER.iterdir() if path.is_dir())[:3])
def test_sources(folder: str) -> None:
    check_source(FolderSource(SEED_FOLDER / folder))


@pytest.mark.parametrize("assessment", ASSESSMENTS, ids=lambda a: a.kind)
def test_assessments(assessment: Assessment) -> None:
    check_assessment(assessment, fitted_example())


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda c: c.kind)
def test_comparisons(comparison: Comparison) -> None:
    check_comparison(comparison, finalists())


def finalists() -> list[Fitted]:
    problem = example_problem()
    return [fitted_example(text, problem) for text in ("T0 + a*exp(-x0/tau)", "a + b*x0", "a + b*x0 + c*x0**2", "a/(b + x0)")]


# --- those who break a promise --------------------------------------------------------------------------------------


class Mine:
    """A proposer that gives whatever it is told to."""

    name = "mine"

    def __init__(self, give: Callable[[Mine], Iterable[Proposal]]) -> None:
        self.give = give
        self.calls = 0

    def propose(self, problem: object, context: object, history: object) -> Iterable[Proposal]:
        return self.give(self)


def line(text: str = "a + b*x0", by: str = "mine", **rest: object) -> Proposal:
    return Proposal(parse(text, ["x0", "x9"]), by, Sentence.of("why.elementary"), **rest)  # type: ignore[arg-type]


def forgetful(mine: Mine) -> list[Proposal]:
    mine.calls += 1
    return [line()]


def fickle(mine: Mine) -> list[Proposal]:
    return [line(f"a + {np.random.default_rng().integers(10**9)}*x0")]


def failing(mine: Mine) -> list[Proposal]:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda _: [line(by="other")], "is called mine"),
        (lambda _: [line("a*x9")], "columns that the problem lacks"),
        (lambda _: [line(known={"c": 1.0})], "no coefficient"),
        (lambda _: [line(known={"a": float("nan")})], "not finite"),
        (lambda _: [replace(line(), why=Sentence.of("why.nothing"))], "string table lacks"),
        (lambda _: [line()] * 3000, "More than"),
        (forgetful, "keep no state"),
        (fickle, "other proposals"),
    ],
)
def test_proposers_that_break_a_promise(give: Callable[[Mine], Iterable[Proposal]], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_proposer(Mine(give), example_problem())


def test_a_proposer_may_not_fail_on_hard_problems() -> None:
    first = [True]

    def once(mine: Mine) -> list[Proposal]:
        if len(first) < 5:
            first.append(True)
            return [line()]
        return failing(mine)

    with pytest.raises(AssertionError, match="made the proposer fail"):
        check_proposer(Mine(once), example_problem())


class Judge:
    kind = "judge"

    def __init__(self, score: float, words: str = "evidence.bootstrap_nothing", kind: str = "judge") -> None:
        self.evidence = Evidence(kind, score, Sentence.of(words))

    def assess(self, fitted: object) -> Evidence:
        return self.evidence


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (Judge(1.5), "score"),
        (Judge(float("nan")), "score"),
        (Judge(1), "score"),
        (Judge(0.5, "evidence.none"), "string table lacks"),
        (Judge(0.5, kind="other"), "is called other"),
    ],
)
def test_assessments_that_break_a_promise(judge: Judge, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_assessment(judge, fitted_example())


class Rival:
    kind = "rival"

    def __init__(self, compare: Callable[[list[Fitted]], list[Evidence]]) -> None:
        self.give = compare

    def compare(self, fitted: list[Fitted]) -> list[Evidence]:
        return self.give(fitted)


def place(number: int, of: int) -> Evidence:
    return Evidence("rival", number / max(of, 1), Sentence.of("evidence.bootstrap_nothing"))


@pytest.mark.parametrize(
    ("compare", "said"),
    [
        (lambda fitted: [place(1, 1)], "1 pieces of evidence for 4"),
        (lambda fitted: [place(i, len(fitted)) for i in range(len(fitted))], "in another order"),
        (lambda fitted: [place(1, 1) for one in fitted if fitted[1] is not one], "3 pieces"),
        (lambda fitted: [place(int(fitted[1].fit.n < 0), 1)] * len(fitted), "made the comparison fail"),
    ],
)
def test_comparisons_that_break_a_promise(compare: Callable[[list[Fitted]], list[Evidence]], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_comparison(Rival(compare), finalists())


class Flat:
    """An embedder with one vector for every text."""

    name, version, dimension = "flat", "1", 4

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.full((len(texts), 4), self.length, np.float32)

    length = 0.5


def test_embedders_that_break_a_promise() -> None:
    with pytest.raises(AssertionError, match="no closer"):
        check_embedder(Flat())
    long = Flat()
    long.length = 1.0
    with pytest.raises(AssertionError, match="length 1"):
        check_embedder(long)
