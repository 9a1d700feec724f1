"""Frozen candidate sets: what the real pipeline found for a generated table, and which of it is the law.

A set is made once, by the program under test in its own process, and kept below the home folder under the hash of its question; the ranking
is then learned and measured on the stored evidence alone. The truth stays on the scorer's side.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from corpus import tree
from corpus.errors import BenchError
from corpus.functions import Array
from recommender.evaluate._base import Program
from recommender.evaluate.forms import law_values, samples_of
from recommender.evaluate.rank_laws import RankTask
from recommender.evaluate.recover_scoring import error, has_idle_term
from recommender.evaluate.scoring import Rows
from recommender.recommendation import RankedFormula, Recommendation
from recommender.samples import Samples
from recommender.settings import home

LAW, EQUAL, OTHER = "law", "equal", ""
RECIPE = 3  # another number makes all sets again
LIMIT = 40  # every finalist
SECONDS = 1.0
EFFORT = 0.2
_PATIENCE = 300.0
_CLOSE = 1e-6
_SEARCHED = 6
_SAME = 1e-9
_ROUNDING = 1e-18  # on exact data a close approximation is another form
_NEUTRAL = 1e-5


@dataclass(frozen=True, eq=False)
class CandidateSet:
    """The finalists for one table, as they were placed when it was made, and what each is: the law, equal to it on the data, or neither."""

    task: str
    law: str
    kind: str
    half: str
    noise: float
    corpus: bool
    digest: str
    found: Recommendation
    labels: tuple[str, ...]
    seconds: float

    @property
    def label(self) -> str:
        return f"{self.task} {100 * self.noise:g} %"

    @cached_property
    def has_law(self) -> bool:
        return LAW in self.labels


def folder() -> Path:
    """Where sets are kept."""
    return home() / "bench" / "rank"


def candidate_set(task: RankTask, program: Program, seed: int) -> CandidateSet:
    """The stored set, made if there is none. BenchError if the program fails."""
    question = request(task, program, seed)
    digest = _digest(question, task)
    path = folder() / f"{digest}.json.gz"
    if not path.is_file():
        answer = program.ask(question, _PATIENCE)
        if answer.failure:
            raise BenchError("bench_set_failed", case=task.recover.label, reason=answer.failure)
        _keep(path, _made(task, digest, Recommendation.from_json(answer.value["recommendation"]), answer.seconds))
    return read(path)


def request(task: RankTask, program: Program, seed: int) -> dict[str, Any]:
    """What the program is told."""
    path = program.folder / "table.csv"
    task.recover.write(path)
    options = {"limit": LIMIT, "seed": seed, "corpus": task.recover.variant.corpus, "seconds": SECONDS, "effort": EFFORT}
    return {"task": "recommend", "table": str(path), **options, **task.recover.question}


def _digest(question: Mapping[str, Any], task: RankTask) -> str:
    """Of the question, the rows and the recipe."""
    rows = Path(question["table"]).read_bytes()
    told = {**question, "table": "", "recipe": RECIPE, "name": task.recover.name}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode() + rows).hexdigest()[:24]


def _made(task: RankTask, digest: str, found: Recommendation, seconds: float) -> CandidateSet:
    """With each candidate marked."""
    labels = tuple(_marked(formula, task, place) for place, formula in enumerate(found.formulas))
    variant = task.recover.variant
    return CandidateSet(task.recover.name, task.law, task.kind, task.half, variant.noise, variant.corpus, digest, found, labels, seconds)


def _marked(formula: RankedFormula, task: RankTask, place: int) -> str:
    """LAW, EQUAL or OTHER. Only those whose own values are near the law's are asked whether some coefficients make them the law."""
    clean = task.recover.tests["id"]
    if not error(formula, clean) < max(task.noise**2, _CLOSE):
        return OTHER
    on_data = _SAME if task.noise else _ROUNDING
    for label, rows, within in ((LAW, task.recover.off, _SAME), (EQUAL, clean, on_data)):
        if _is(formula, rows, within, search=place < _SEARCHED):
            return label
    return OTHER


def _is(formula: RankedFormula, rows: Rows, within: float, search: bool) -> bool:
    """Some coefficients make it these values, and every part of it has a use then."""
    values = law_values(formula, rows.columns, rows.target, search=search)
    samples = samples_of(formula, rows.columns, rows.target)
    if values is None or not _same(formula, values, samples, within):
        return False
    return not has_idle_term(formula.formula, values, samples) and not _has_idle_coefficient(formula, values, samples)


def _has_idle_coefficient(formula: RankedFormula, values: Mapping[str, float], samples: Samples) -> bool:
    """A coefficient that could be 0, or an exponent that could be 1: the candidate is more than the law."""
    root, free = formula.formula.root, [c.name for c in formula.coefficients if not c.known]
    exponents = {str(node.args[1].value) for node in tree.walk(root) if node.op == "pow" and node.args[1].op == "param"}
    if any(abs(values[name] - 1) < _NEUTRAL for name in exponents & set(free)):
        return True
    return any(_same(formula, {**values, name: 0.0}, samples, _SAME) for name in free)


def _same(formula: RankedFormula, values: Mapping[str, float], samples: Samples, within: float) -> bool:
    with np.errstate(all="ignore"):
        predicted: Array = np.asarray(formula.formula.evaluate(samples.columns, values))
        return bool(np.mean((predicted - samples.target) ** 2) < within * np.var(samples.target))


def _keep(path: Path, made: CandidateSet) -> None:
    fields = ("task", "law", "kind", "half", "noise", "corpus", "digest", "labels", "seconds")
    text = json.dumps({**{name: getattr(made, name) for name in fields}, "found": made.found.to_dict()}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_bytes(gzip.compress(text.encode(), mtime=0))
    draft.replace(path)


def stored() -> list[CandidateSet]:
    """All sets of this recipe that are kept. BenchError if there are none."""
    found = [read(path) for path in sorted(folder().glob("*.json.gz"))]
    if not found:
        raise BenchError("bench_no_sets", path=folder())
    return found


def read(path: Path) -> CandidateSet:
    """BenchError if the file is no set."""
    try:
        kept = json.loads(gzip.decompress(path.read_bytes()))
        found, labels = Recommendation.from_dict(kept.pop("found")), tuple(kept.pop("labels"))
        return CandidateSet(**kept, found=found, labels=labels)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BenchError("bench_set_broken", path=path, reason=error) from None
