"""The families a search begins with: the user's, the elementary forms, and shapes of the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from corpus.entry import Entry
from corpus.formula import Formula, fresh_names
from corpus.formula import parse as parse_formula
from corpus.language import Sentence
from recommender.objective.family import Family, Idea, read
from recommender.proposers.elementary import forms


def seeds(ideas: Iterable[str | Idea], variables: Sequence[str], shapes: Iterable[Entry]) -> list[Family]:
    """One of each family, the user's own spelling first."""
    found: dict[str, Family] = {}
    for family in (*(read(idea, variables) for idea in ideas), *_elementary(variables), *_shaped(shapes, variables)):
        found.setdefault(family.key, family)
    return list(found.values())


def _elementary(variables: Sequence[str]) -> Iterator[Family]:
    inner = [f"x{i}" for i in range(len(variables))]
    for text in forms(inner):
        yield _family(parse_formula(text, inner), inner, variables, "elementary", Sentence.of("objective.elementary"))


def _shaped(shapes: Iterable[Entry], variables: Sequence[str]) -> Iterator[Family]:
    """Each shape of the corpus in each choice of as many variables."""
    for entry in shapes:
        formula = entry.formula_tree
        why = Sentence.of("objective.shape", name_en=entry.name.en, name_ja=entry.name.ja)
        for chosen in permutations(variables, len(formula.variables)):
            yield _family(formula, formula.variables, chosen, entry.id, why)


def _family(formula: Formula, inner: Sequence[str], variables: Sequence[str], proposer: str, why: Sentence) -> Family:
    """The formula in the user's variables, its coefficients renamed where a variable is called so."""
    taken = {*variables, *inner}
    spare = fresh_names("c", taken | set(formula.parameters))
    clear = formula.rename({name: next(spare) for name in formula.parameters if name in taken})
    return Family(clear.rename(dict(zip(inner, variables, strict=True))), {}, {}, proposer, why)
