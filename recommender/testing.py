"""Contract tests for parts that anyone may write: run them on your own proposer, embedder, source or assessment.

    from recommender.testing import check_proposer, example_problem

    def test_my_proposer():
        check_proposer(MyProposer(), example_problem())

Each check returns None or raises AssertionError with a sentence that says which promise was broken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from corpus.entry import violations
from corpus.formula import parse
from corpus.language import LANGUAGES, Sentence
from corpus.sources import Collected
from recommender.assess import Assessment, Comparison, Evidence, Fitted
from recommender.assess.guards import Finding, Guard, Scene
from recommender.candidates import deduplicate
from recommender.context import Context, gather
from recommender.fitting import fit
from recommender.problem import MAX_INPUTS, Problem
from recommender.proposers import Proposal, Proposer
from recommender.table import Table

if TYPE_CHECKING:
    from corpus.sources import Source
    from indexes import Embedder, Retriever

MAX_PROPOSALS = 2000
_HARD_TEXTS = ("", " ", "温", "🌡️" * 50, "x" * 100_000, "a\0b", "\udcff", "'; DROP TABLE entries; --", "\n\t")


def require(condition: object, sentence: str) -> None:
    """AssertionError with the sentence unless the condition holds."""
    if not condition:
        raise AssertionError(sentence)


# --- problems and fits to test with --------------------------------------------------------------------------------


def example_problem(seed: int = 0) -> Problem:
    """A cooling curve of 24 rows with units and a little noise."""
    t = np.linspace(0, 60, 24)
    noise = np.random.default_rng(7).normal(0, 0.2, t.size)
    return Problem.of(Table.of({"time [min]": t, "temperature [degC]": 22 + 60 * np.exp(-t / 18) + noise}), seed=seed, about="coffee cools")


def hard_problems() -> dict[str, Problem]:
    """Questions that are allowed and awkward, by what is awkward about them."""
    n = np.arange(1.0, 13.0)
    wave = np.sin(7 * n)
    many = {f"c{i}": np.roll(n, i) ** (1 + i % 3) for i in range(MAX_INPUTS)}
    tables: dict[str, Mapping[str, object]] = {
        "four rows": {"x": n[:4], "y": n[:4] ** 2},
        "two values of the input": {"x": n % 2, "y": n},
        "many inputs": {**many, "y": n**2 + wave},
        "signs that mix": {"x": n - 6.5, "y": wave},
        "zeros": {"x": n - 1, "y": (n - 1) ** 2},
        "huge values": {"x": 1e100 * n, "y": -1e110 * n**2},
        "tiny values": {"x": 1e-100 * n, "y": 1e-110 * n**2},
        "a large offset": {"x": 1e9 + n, "y": 1e12 + wave},
        "a nearly constant target": {"x": n, "y": 5 + 1e-9 * wave},
        "an outlier": {"x": n, "y": np.where(n == 7, 1e12, n)},
        "names that are code": {"__import__('os')": n, "exp": n**2, "🌡️": n**3},
        "units that do not fit": {"x [kg]": n, "z [degC]": n[::-1] - 300, "y [mol]": wave + 3},
    }
    return {name: Problem.of(Table.of(columns)) for name, columns in tables.items()}  # type: ignore[arg-type]  # columns are arrays


def fitted_example(text: str = "T0 + a*exp(-x0/tau)", problem: Problem | None = None, budget: float = 0.05) -> Fitted:
    """A formula of x0, x1, ... fitted to a problem."""
    problem = problem or example_problem()
    proposal = Proposal(parse(text, list(problem.names)), "example", Sentence.of("why.typed", text=text))
    (candidate,) = deduplicate([proposal])
    return Fitted(candidate, fit(proposal.formula, problem.samples, budget=budget, seed=problem.seed), problem)


@cache
def hard_fits() -> Mapping[str, Fitted]:
    """Fits that are awkward to judge, by what is awkward about them; made once."""
    easy, problems = example_problem(), hard_problems()
    return {
        "nowhere finite": fitted_example("a*log(-1 - x0**2)", easy),
        "no coefficients": fitted_example("x0", easy),
        "a constant": fitted_example("a", easy),
        "a pole in the data": fitted_example("a/(x0 - 1800)", easy),
        "as many coefficients as rows": fitted_example("a + b*x0 + c*x0**2 + d*x0**3", problems["four rows"]),
        "more coefficients than rows": fitted_example("a + b*x0 + c*x0**2 + d*x0**3 + e*x0**4", problems["four rows"]),
        "coefficients that cannot be told apart": fitted_example("a*b*x0 + c", easy),
        "overflow": fitted_example("a*exp(x0)", problems["huge values"]),
        "underflow": fitted_example("a*x0**2", problems["tiny values"]),
        "two values of the input": fitted_example("a*x0**n + c", problems["two values of the input"]),
        "units that do not fit": fitted_example("a + b*x0*x1 + sin(x1)", problems["units that do not fit"]),
        "eight inputs": fitted_example("a*" + "*".join(f"x{i}" for i in range(MAX_INPUTS)), problems["many inputs"]),
    }


# --- proposers ------------------------------------------------------------------------------------------------------


def check_proposer(proposer: Proposer, problem: Problem, retriever: Retriever | None = None) -> None:
    """A proposer gives readable formulas of the problem's columns, the same for the same question, and keeps no state.

    retriever: an open index, for proposers that need its entries in their context.
    """
    require(isinstance(proposer, Proposer), "A proposer needs a name and a method propose(problem, context, history).")
    _check_name(proposer.name, "proposer")
    before = _state(proposer)
    context = gather(problem, retriever)
    first = _proposals(proposer, problem, context, ())
    for proposal in first:
        _check_proposal(proposal, proposer.name, problem)
    _check_history(proposer, problem, context, first)
    for name, hard in hard_problems().items():
        _check_hard(proposer, name, hard, retriever)
    require(_told(_proposals(proposer, problem, context, ())) == _told(first), "A second call gave other proposals: keep no state.")
    require(_state(proposer) == before, "Proposing changed the proposer's attributes: keep no state between calls.")


def _proposals(proposer: Proposer, problem: Problem, context: Context, history: Sequence[Proposal]) -> list[Proposal]:
    digest = problem.table.content_hash
    found = list(islice(proposer.propose(problem, context, history), MAX_PROPOSALS + 1))
    require(len(found) <= MAX_PROPOSALS, f"More than {MAX_PROPOSALS} proposals: name the best ones.")
    require(problem.table.content_hash == digest, "Proposing changed the table.")
    return found


def _told(proposals: Iterable[Proposal]) -> list[tuple[object, ...]]:
    return [(p.formula.text, p.proposer, p.why, p.source, sorted(p.known.items())) for p in proposals]


def _check_proposal(proposal: Proposal, name: str, problem: Problem) -> None:
    require(isinstance(proposal, Proposal), "propose() must give Proposal objects.")
    formula = proposal.formula
    require(proposal.proposer == name, f"A proposal says it is by {proposal.proposer}, but the proposer is called {name}.")
    require(set(formula.variables) <= set(problem.names), f"{formula.text} uses columns that the problem lacks; use x0, x1, ...")
    require(not any(re.fullmatch(r"x\d+", p) for p in formula.parameters), f"{formula.text} has a coefficient called like a column.")
    require(parse(formula.text, formula.variables, formula.parameters) == formula, f"{formula.text} does not read back as itself.")
    require(set(proposal.known) <= set(formula.parameters), f"{formula.text}: `known` names what is no coefficient of it.")
    require(all(map(math.isfinite, proposal.known.values())), f"{formula.text}: a known value is not finite.")
    free = set(formula.parameters) - set(proposal.known)
    require(not proposal.starts or free <= set(proposal.starts), f"{formula.text}: `starts` leaves out a free coefficient.")
    require(all(map(math.isfinite, proposal.starts.values())), f"{formula.text}: a starting value is not finite.")
    require(set(proposal.meanings) <= set(formula.parameters), f"{formula.text}: `meanings` names what is no coefficient of it.")
    _check_sentence(proposal.why)


def _check_history(proposer: Proposer, problem: Problem, context: Context, first: Sequence[Proposal]) -> None:
    """History is read, never changed, and an iteration may end at any moment."""
    history = tuple(first)
    once, again = (_told(_proposals(proposer, problem, context, history)) for _ in range(2))
    require(once == again, "The same history gave other proposals.")
    require(_told(history) == _told(first), "Proposing changed the history.")
    started = iter(proposer.propose(problem, context, ()))
    next(started, None)
    del started


def _check_hard(proposer: Proposer, name: str, problem: Problem, retriever: Retriever | None) -> None:
    try:
        found = _proposals(proposer, problem, gather(problem, retriever), ())
    except Exception as error:
        raise AssertionError(f"A problem with {name} made the proposer fail ({error}); give nothing instead.") from error
    for proposal in found:
        _check_proposal(proposal, proposer.name, problem)


# --- embedders ------------------------------------------------------------------------------------------------------


def check_embedder(embedder: Embedder) -> None:
    """An embedder gives unit vectors of a fixed length that depend on the text alone, for any text, from any thread."""
    _check_name(embedder.name, "embedder")
    require(isinstance(embedder.version, str) and embedder.version, "`version` must be a text that is not empty.")
    require(isinstance(embedder.dimension, int) and embedder.dimension > 0, "`dimension` must be a positive integer.")
    texts = ["how fast does coffee cool", "cooling of hot coffee", "熱いコーヒーの冷却", "voltage of a diode", *_HARD_TEXTS]
    vectors = _vectors(embedder, texts)
    require(_vectors(embedder, []).shape == (0, embedder.dimension), "No texts must give an array of shape (0, dimension).")
    require(np.allclose(_vectors(embedder, texts), vectors, atol=1e-5), "The same texts gave other vectors.")
    alone = np.concatenate([_vectors(embedder, [text]) for text in texts])
    require(np.allclose(alone, vectors, atol=1e-4), "A text's vector depends on the texts it is encoded with.")
    with ThreadPoolExecutor(4) as pool:
        shared = list(pool.map(lambda _: _vectors(embedder, texts[:4]), range(4)))
    require(all(np.allclose(v, vectors[:4], atol=1e-4) for v in shared), "Several threads at once get other vectors.")
    require(vectors[0] @ vectors[1] > vectors[0] @ vectors[3], "Texts about one thing are no closer than texts about two things.")


def _vectors(embedder: Embedder, texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    vectors = embedder.encode(texts)
    require(vectors.shape == (len(texts), embedder.dimension), f"encode gave shape {vectors.shape} for {len(texts)} texts.")
    require(vectors.dtype == np.float32, f"Vectors must be float32, not {vectors.dtype}.")
    require(bool(np.isfinite(vectors).all()), "A vector holds NaN or infinity.")
    require(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3), "A vector does not have length 1.")
    return vectors


# --- sources --------------------------------------------------------------------------------------------------------


def check_source(source: Source, limit: int = 1000) -> None:
    """A source gives items, the complete ones valid entries with ids of their own, the same each time. limit: how many items are read."""
    _check_name(source.name, "source")
    items = list(islice(source.collect(), limit))
    require(items, "The source gives no items.")
    require(all(isinstance(item, Collected) for item in items), "collect() must give Collected objects.")
    for item in items:
        require((item.entry is None) == (item.reason is not None), f"{item.where}: give an entry or the reason why there is none.")
    first = [item.entry for item in items if item.entry is not None and item.state == "complete"]
    require(first, "The source gives no complete entries.")
    ids = [entry.id for entry in first]
    require(len(set(ids)) == len(ids), f"An id is used twice: {next((i for i in ids if ids.count(i) > 1), '')}.")
    for entry in first:
        require(not (found := list(violations(entry))), f"{entry.id}: {'; '.join(found)}")
    require(list(islice(source.collect(), limit)) == items, "A second reading gave other items.")


# --- assessments ----------------------------------------------------------------------------------------------------


def check_assessment(assessment: Assessment, fitted: Fitted) -> None:
    """An assessment scores in [0, 1], the same for the same fit, changes nothing, and never raises for a hard fit."""
    require(isinstance(assessment, Assessment), "An assessment needs a kind and a method assess(fitted).")
    _check_name(assessment.kind, "assessment")
    before, fit_before = _state(assessment), fitted.fit.to_dict()
    first = assessment.assess(fitted)
    _check_evidence(first, assessment.kind)
    for name, hard in hard_fits().items():
        try:
            evidence = assessment.assess(hard)
        except Exception as error:
            raise AssertionError(f"A fit with {name} made the assessment fail ({type(error).__name__}: {error}).") from error
        _check_evidence(evidence, assessment.kind)
    again = repr(assessment.assess(_afresh(fitted)))
    require(again == repr(first), "A second call gave other evidence: draw only from problem.table_seed.")
    require(repr(fitted.fit.to_dict()) == repr(fit_before), "Assessing changed the fit.")
    require(_state(assessment) == before, "Assessing changed the assessment's attributes: keep no state between calls.")


def check_comparison(comparison: Comparison, finalists: Sequence[Fitted]) -> None:
    """A comparison gives evidence for every finalist, the same in any order of them, changes nothing, and never raises for hard fits.

    finalists: at least two candidates of one problem.
    """
    require(isinstance(comparison, Comparison), "A comparison needs a kind and a method compare(fitted).")
    _check_name(comparison.kind, "comparison")
    before, fits_before = _state(comparison), repr([fitted.fit.to_dict() for fitted in finalists])
    first = _compared(comparison, finalists)
    turned = _compared(comparison, [_afresh(fitted) for fitted in reversed(finalists)])[::-1]
    require(repr(turned) == repr(first), "Other evidence for the same finalists in another order: draw only from problem.table_seed.")
    for name, hard in {"No finalist": [], "One finalist": finalists[:1], **_hard_fields()}.items():
        try:
            told = list(comparison.compare(hard))
        except Exception as error:
            raise AssertionError(f"{name} made the comparison fail ({type(error).__name__}: {error}).") from error
        _check_field(told, hard, comparison.kind)
    require(repr([fitted.fit.to_dict() for fitted in finalists]) == fits_before, "Comparing changed a fit.")
    require(_state(comparison) == before, "Comparing changed the comparison's attributes: keep no state between calls.")


def _compared(comparison: Comparison, finalists: Sequence[Fitted]) -> list[Evidence]:
    told = list(comparison.compare(finalists))
    _check_field(told, finalists, comparison.kind)
    return told


def _check_field(told: Sequence[Evidence], finalists: Sequence[Fitted], kind: str) -> None:
    require(len(told) == len(finalists), f"{len(told)} pieces of evidence for {len(finalists)} finalists.")
    for evidence in told:
        _check_evidence(evidence, kind)


def _hard_fields() -> dict[str, list[Fitted]]:
    """Awkward fits of one problem side by side, by the first one's name."""
    fields: dict[int, dict[str, Fitted]] = {}
    for name, fitted in hard_fits().items():
        fields.setdefault(id(fitted.problem), {})[name] = fitted
    return {f"A field with {next(iter(field))}": list(field.values()) for field in fields.values()}


def _afresh(fitted: Fitted) -> Fitted:
    """The same fit without what was worked out for it before."""
    return Fitted(fitted.candidate, fitted.fit, fitted.problem)


def _check_evidence(evidence: Evidence, kind: str) -> None:
    require(isinstance(evidence, Evidence), "A judgement must be Evidence.")
    require(evidence.kind == kind, f"The evidence is called {evidence.kind}, its judge {kind}.")
    require(isinstance(evidence.score, float) and 0 <= evidence.score <= 1, f"The score {evidence.score!r} is no float in [0, 1].")
    numbers = evidence.numbers.values()
    require(all(isinstance(number, float) for number in numbers), f"A number is no float: {dict(evidence.numbers)}.")
    for sentence in (evidence.words, *evidence.warnings):
        _check_sentence(sentence)


# --- guards ---------------------------------------------------------------------------------------------------------


def check_guard(guard: Guard) -> None:
    """A guard gives findings that can be read, about formulas that are shown, the same each time, and never raises."""
    require(isinstance(guard, Guard), "A guard needs a name and a method check(scene).")
    _check_name(guard.name, "guard")
    before = _state(guard)
    scenes = {name: Scene(problem) for name, problem in hard_problems().items()}
    scenes |= {name: Scene(one.problem, (one,), (one,)) for name, one in hard_fits().items()}
    for name, scene in scenes.items():
        try:
            found = list(guard.check(scene))
        except Exception as error:
            raise AssertionError(f"{name} made the guard fail ({type(error).__name__}: {error}).") from error
        for finding in found:
            require(isinstance(finding, Finding), "check() must give Finding objects.")
            require(finding.fitted is None or any(finding.fitted is one for one in scene.shown), "A finding is about no formula shown.")
            _check_sentence(finding.words)
        again = [finding.words for finding in guard.check(Scene(scene.problem, scene.shown, scene.finals))]
        require(again == [finding.words for finding in found], "A second call gave other findings: draw only from problem.table_seed.")
    require(_state(guard) == before, "Checking changed the guard's attributes: keep no state between calls.")


# --- what all have in common ----------------------------------------------------------------------------------------


def _check_name(name: object, of: str) -> None:
    require(isinstance(name, str) and name.strip() == name != "", f"The name of this {of} must be a text that is not empty.")
    require(isinstance(name, str) and len(name) <= 120 and name.isprintable(), f"The name of this {of} must be short and printable.")


def _check_sentence(sentence: Sentence) -> None:
    for language in LANGUAGES:
        try:
            require(sentence.text(language).strip(), f"The sentence {sentence.key} is empty in {language}.")
        except KeyError:
            raise AssertionError(f"The string table lacks {sentence.key}, or a value of it, in {language}.") from None


def _state(thing: object) -> str:
    return repr(sorted(vars(thing).items())) if hasattr(thing, "__dict__") else ""
