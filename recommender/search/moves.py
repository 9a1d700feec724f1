"""What an island may do with its parents: small edits, terms of another parent, coefficients that become functions, a short evolution.

Every move gives forms with starting values; those it gives depend on the parents, the rows and the generator alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus import tree
from corpus.formula import fresh_names
from corpus.language import Sentence
from corpus.render import to_text
from corpus.tree import Node
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish
from recommender.proposers.evolved.edits import PER_NODE, neighbours
from recommender.proposers.evolved.nesting import nests
from recommender.proposers.evolved.operon import Evolution

_TRIED = 16  # forms a step polishes
_KEPT = 4
_MOST_NODES = 50
_EVOLUTION = 0.25  # nominal seconds
_WRAPS = ("sqrt", "exp", "log", "tanh", "sin")
_SLOPE = 0.1  # of a coefficient over the spread of a column, where a dependence on that column begins


@dataclass(frozen=True)
class Setting:
    """What a move works with: the parent, another one, the rows, a generator."""

    parent: Form
    mate: Form
    data: Data
    rng: np.random.Generator


Move = Callable[[Setting], Iterator[Form]]


def edit(setting: Setting) -> Iterator[Form]:
    """Neighbours of the parent: a term or factor less, another function, a term more that the residuals ask for."""
    yield from neighbours(setting.parent, setting.data)


def cross(setting: Setting) -> Iterator[Form]:
    """A part of the other parent in the place of a part of this one, or beside it."""
    mate = _apart(setting.mate, setting.parent)
    for mine, theirs in itertools.product(_parts(setting.parent.root), _parts(mate.root)):
        starts, known = {**setting.parent.starts, **mate.starts}, {**setting.parent.known, **mate.known}
        swapped = tree.replace(setting.parent.root, mine, theirs)
        yield _form(swapped, starts, known)
        if mine is setting.parent.root:
            yield _form(tree.add(mine, theirs), starts, known)
            yield _form(tree.mul(mine, theirs), starts, known)


def widen(setting: Setting) -> Iterator[Form]:
    """A coefficient becomes a function of a column: linear, a power, an exponential. How a formula of few variables takes in one more."""
    form = setting.parent
    size = _fresh(form)
    for name, (column, values) in itertools.product(form.starts, setting.data.columns.items()):
        spread, middle = float(np.std(values)) or 1.0, float(np.mean(values))
        slope, x, p = tree.param(size), tree.var(column), tree.param(name)
        start = form.starts[name]
        shapes = [(tree.mul(p, tree.call("exp", tree.mul(slope, x))), start, _SLOPE / spread)]
        if middle:
            shapes.append((tree.add(p, tree.mul(slope, x)), start, _SLOPE * start / middle))
        if (values > 0).all():
            shapes.append((tree.mul(p, tree.power(x, slope)), start / float(np.exp(np.mean(np.log(values)))), 1.0))
        for shape, first, second in shapes:
            root = tree.substitute(form.root, {p: shape})
            yield _form(root, {**form.starts, name: first, size: second}, form.known)


def wrap(setting: Setting) -> Iterator[Form]:
    """A part of the parent inside a function, or under 1 + it, with a new factor before."""
    form = setting.parent
    size = _fresh(form)
    scale, starts = tree.param(size), {**form.starts, size: 1.0}
    for part in _parts(form.root):
        for name in _WRAPS:
            yield _form(tree.replace(form.root, part, tree.mul(scale, tree.call(name, part))), starts, form.known)
        under = tree.power(tree.add(tree.const(1), part), tree.const(-1))
        yield _form(tree.replace(form.root, part, tree.mul(scale, under)), starts, form.known)


def evolve(setting: Setting) -> Iterator[Form]:
    """A short genetic search of a population that starts with both parents."""
    seed = int(setting.rng.integers(2**31))
    yield from Evolution(setting.data, seed).run(_EVOLUTION, [setting.parent, setting.mate])


MOVES: Mapping[str, Move] = {"edit": edit, "cross": cross, "widen": widen, "wrap": wrap, "evolve": evolve}


def children(name: str, setting: Setting, fits: Callable[[Form], bool]) -> list[Scored]:
    """The best few a move gives; fits: whether a form may be proposed at all. Of many, `_TRIED` are drawn and refined."""
    possible = list(
        {form.root.order: form for form in MOVES[name](setting) if _sensible(form) and form.root is not setting.parent.root}.values()
    )
    drawn = setting.rng.permutation(len(possible))[:_TRIED] if len(possible) > _TRIED else range(len(possible))
    refined = [polish(possible[i], setting.data) for i in drawn if fits(possible[i])]
    alive = [scored for scored in refined if np.isfinite(scored.length)]
    return sorted(alive, key=lambda scored: scored.length)[:_KEPT]


def change_told(parent: Node, child: Node) -> Sentence:
    """What a form has gained and lost against the one it was made from: terms of the outermost sum, else the whole."""
    mine, theirs = tree.terms(parent), tree.terms(child)
    gained, lost = [t for t in theirs if t not in mine], [t for t in mine if t not in theirs]
    if gained and lost:
        return Sentence.of("edit.changed", before=_told(lost), after=_told(gained))
    return Sentence.of("edit.added" if gained else "edit.removed", terms=_told(gained or lost or [child]))


def _told(terms: Sequence[Node]) -> str:
    return " + ".join(to_text(term) for term in terms)


def _sensible(form: Form) -> bool:
    """Small enough, with coefficients, no term twice, and no function of the data inside another one."""
    if not form.root.variables or not form.starts or tree.size(form.root) > _MOST_NODES:
        return False
    return not any(len(set(node.args)) < len(node.args) for node in tree.walk(form.root) if node.op == "add") and not nests(form.root)


def _parts(root: Node) -> list[Node]:
    """Parts that move over the data, the whole first."""
    return [node for node in dict.fromkeys(tree.walk(root)) if node.variables]


def _form(root: Node, starts: Mapping[str, float], known: Mapping[str, float]) -> Form:
    return Form.of(root, starts, PER_NODE * tree.size(root), known)


def _apart(mate: Form, parent: Form) -> Form:
    """The mate with coefficients that the parent does not use."""
    taken = {*parent.starts, *parent.known, *mate.starts, *mate.known}
    fresh = fresh_names("m", taken)
    return mate.renamed({name: next(fresh) for name in (*mate.starts, *mate.known) if name in parent.starts or name in parent.known})


def _fresh(form: Form) -> str:
    return next(fresh_names("k", {*form.starts, *form.known}))
