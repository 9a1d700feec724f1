"""What a coefficient is: words, unit and usual range, carried from the formula's source through every rewriting."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from corpus import tree
from corpus.canonical import occurrences
from corpus.constants import known_constant
from corpus.dimension import Dimension
from corpus.entry import Entry, Words
from corpus.formula import Formula
from corpus.language import text
from corpus.render import to_text
from corpus.tree import Node
from corpus.units import parse_unit
from recommender.fitting import Prior
from recommender.fitting.compile import compile_tree


@dataclass(frozen=True)
class Meaning:
    """Words for one coefficient; unit and range as its source states them (None where there is none)."""

    words: Words
    unit: str | None = None
    range: tuple[float, float] | None = None
    sign: str = "any"


_UNKNOWN = Meaning(Words(en="", ja=""))


def entry_meanings(entry: Entry) -> dict[str, Meaning]:
    """Meanings of every symbol of an entry that may end up as a coefficient."""
    found = {part.symbol: Meaning(part.meaning, part.unit, part.range, part.sign) for part in entry.parts[1:]}
    return found | {name: constant_meaning(full) for name, full in entry.constants.items()}


def constant_meaning(name: str) -> Meaning:
    """What a constant of nature is, by its name in `corpus.constants`."""
    words = Words(en=text(f"constant.{name}", "en"), ja=text(f"constant.{name}", "ja"))
    return Meaning(words, known_constant(name)[1])


def usual_values(meanings: Mapping[str, Meaning], names: Sequence[str]) -> dict[str, Prior]:
    """Log-normal priors (SI) from the usual ranges, one standard deviation wide on each side; only for positive ranges with a unit."""
    priors = {}
    for name in names:
        ends = si_range(meanings.get(name, _UNKNOWN))
        if ends is not None:
            low, high = (math.log(end) for end in ends)
            priors[name] = Prior((low + high) / 2, max((high - low) / 2, 0.5), "lognormal")
    return priors


def si_range(meaning: Meaning) -> tuple[float, float] | None:
    """The usual range in SI, None unless it is positive and has a unit."""
    if meaning.range is None or meaning.unit in (None, "any") or meaning.range[0] <= 0:
        return None
    unit = parse_unit(str(meaning.unit))
    low, high = (float(unit.to_si(bound)) for bound in meaning.range)
    return low, high


def merge_unidentifiable(
    formula: Formula, meanings: Mapping[str, Meaning], known: Mapping[str, float]
) -> tuple[Formula, dict[str, Meaning]]:
    """Join coefficients that the data can only see together (eta*P -> one), and say what the joint one is.

    A coefficient written once, beside others written once in the same product or sum, is not identifiable on its own;
    known constants are left alone.
    """
    merger = _Merger(formula.root, meanings, known)
    return Formula(merger.monomials(tree.transform(formula.root, merger.merge))), merger.meanings


class _Merger:
    """Joins variable-free groups whose coefficients occur nowhere else."""

    def __init__(self, root: Node, meanings: Mapping[str, Meaning], known: Mapping[str, float]) -> None:
        self.counts = occurrences(root)
        self.known = known
        self.meanings = dict(meanings)
        self.sources: dict[Node, Node] = {}
        self.taken = set(root.parameters | root.variables)

    def _own(self, nodes: Sequence[Node]) -> set[str]:
        """Unknown coefficients of a group, if it holds every occurrence of them; else nothing."""
        inside: Counter[str] = Counter()
        for node in nodes:
            inside.update(occurrences(node))
        names = set(inside) - self.known.keys()
        return names if all(inside[name] == self.counts[name] for name in names) else set()

    def merge(self, node: Node) -> Node:
        if node.op in ("mul", "add"):
            group = [arg for arg in node.args if arg.parameters - self.known.keys() and not arg.variables]
            group = group if self._own(group) else [arg for arg in group if self._own([arg])]
            if len(self._own(group)) > 1:
                rest = [arg for arg in node.args if arg not in group]
                return tree.rebuild(node, (self._joint(tree.rebuild(node, tuple(group)) if len(group) > 1 else group[0]), *rest))
            return node
        lone = not node.variables and node.op != "param" and len(self._own([node])) > 1
        return self._joint(node) if lone else node

    def monomials(self, root: Node) -> Node:
        """Join coefficients that occur in several places but always as the same product (n*T of a diode)."""
        for found in compile_tree(root, self.known).merges:
            whole = tree.mul(*(tree.power(tree.param(name), tree.const(power)) for name, power in found.parts.items()))
            ones = {tree.param(name): tree.const(1) for name in found.parts}
            root = tree.substitute(root, {**ones, tree.param(found.kept): self._named(whole)})
        return root

    def _joint(self, part: Node) -> Node:
        """One new coefficient for a group, its meaning spelled out; 1/(n*T) becomes 1/c with c = n*T."""
        factors = part.args if part.op == "mul" else (part,)
        if all(tree.split_power(factor)[1] < 0 for factor in factors):
            return tree.power(self._joint(tree.power(part, tree.const(-1))), tree.const(-1))
        return self._named(part)

    def _named(self, part: Node) -> Node:
        """A new coefficient that stands for a group."""
        whole = tree.substitute(part, {leaf: source for leaf, source in self.sources.items() if str(leaf.value) in part.parameters})
        name = next(f"c{i}" for i in range(1, 1000) if f"c{i}" not in self.taken)
        self.taken.add(name)
        self.counts[name] = 1
        self.sources[tree.param(name)] = whole
        self.meanings[name] = self._describe(whole)
        return tree.param(name)

    def _describe(self, whole: Node) -> Meaning:
        spelled = to_text(whole)
        parts = [self.meanings[name].words for name in sorted(whole.parameters) if name in self.meanings]
        if not parts:
            return Meaning(Words(en=spelled, ja=spelled))
        words = Words(en=f"{spelled}: {', '.join(w.en for w in parts)}", ja=f"{spelled}：{'、'.join(w.ja for w in parts)}")
        unit, usual = self._usual(whole)
        return Meaning(words, unit, usual, self._sign(whole))

    def _usual(self, whole: Node) -> tuple[str | None, tuple[float, float] | None]:
        """SI unit and usual range of a product of powers of positive coefficients; nothing if one of them has none."""
        dimension, low, high = Dimension(), 1.0, 1.0
        for factor in whole.args if whole.op == "mul" else (whole,):
            base, power = tree.split_power(factor)
            if base.op == "const":
                continue
            ends = si_range(self.meanings.get(str(base.value), _UNKNOWN))
            if ends is None or base.op != "param":
                return None, None
            a, b = sorted(end ** float(power) for end in ends)
            low, high = low * a, high * b
            dimension = dimension * parse_unit(str(self.meanings[str(base.value)].unit)).dimension ** Fraction(power)
        return str(dimension), (low, high)

    def _sign(self, whole: Node) -> str:
        """Positive if it is a product of powers of positive coefficients."""
        factors = [tree.split_power(factor)[0] for factor in (whole.args if whole.op == "mul" else (whole,))]
        positive = all(f.is_number or (f.op == "param" and self.meanings.get(str(f.value), _UNKNOWN).sign == "positive") for f in factors)
        return "positive" if positive else "any"
