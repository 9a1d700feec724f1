"""What a formula is linear in, and the exact rewritings that make it linear in more.

affine       root = basis_0 + sum_j c_j basis_j for a set of parameters c: the linear set of variable projection
ratio        g + A (h0 + sum B_i h_i)  ->  g + A h0 + sum C_i h_i            with C_i = A B_i
phase        A r sin(U + c phi)        ->  A1 r sin U + A2 r cos U           with A = |(A1, A2)|, c phi = angle
blocks       groups of nonlinear parameters that share no basis function (for exchange) or no factor (for redraws)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from corpus import tree
from corpus.tree import Node

Affine = dict[str | None, Node]
_MAX_CONFLICTS = 14
QUADRATURE = "__q"


def affine(node: Node, names: frozenset[str]) -> Affine | None:
    """{None: offset, name: its coefficient} if `node` is jointly affine in `names`, else None."""
    memo: dict[int, Affine | None] = {}
    return _affine(node, names, memo)


def _affine(node: Node, names: frozenset[str], memo: dict[int, Affine | None]) -> Affine | None:
    if node.order not in memo:
        memo[node.order] = _affine_of(node, names, memo)
    return memo[node.order]


def _affine_of(node: Node, names: frozenset[str], memo: dict[int, Affine | None]) -> Affine | None:
    if not node.parameters & names:
        return {None: node}
    if node.op == "param":
        return {str(node.value): tree.const(1)}
    if node.op == "add":
        return _affine_sum([_affine(arg, names, memo) for arg in node.args])
    dependent = [arg for arg in node.args if arg.parameters & names]
    if node.op != "mul" or len(dependent) > 1:
        return None
    inner = _affine(dependent[0], names, memo)
    rest = tree.mul(*(arg for arg in node.args if arg is not dependent[0]))
    return None if inner is None else {name: tree.mul(rest, part) for name, part in inner.items()}


def _affine_sum(parts: Sequence[Affine | None]) -> Affine | None:
    total: Affine = {}
    for part in parts:
        if part is None:
            return None
        for name, node in part.items():
            total[name] = tree.add(total[name], node) if name in total else node
    return total


@dataclass(frozen=True)
class Separated:
    """root = offset + sum_j linear_j * basis_j, the basis depending on the nonlinear parameters only."""

    root: Node
    linear: tuple[str, ...]
    nonlinear: tuple[str, ...]
    basis: tuple[Node, ...]
    offset: Node | None

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.linear, *self.nonlinear)


def separate(root: Node, names: Sequence[str], keep_nonlinear: frozenset[str] = frozenset()) -> Separated:
    """Split the parameters `names` into the largest jointly linear set and the rest.

    keep_nonlinear: parameters that must not be projected out (their bounds bind).
    """
    present = [name for name in names if name in root.parameters]
    linear, parts = _largest_affine(root, [name for name in present if name not in keep_nonlinear])
    offset = parts.get(None)
    if offset is not None and offset.op == "const" and offset.number == 0:
        offset = None
    nonlinear = tuple(name for name in present if name not in linear)
    return Separated(root, linear, nonlinear, tuple(parts[name] for name in linear), offset)


def _largest_affine(root: Node, names: Sequence[str]) -> tuple[tuple[str, ...], Affine]:
    """The largest set of names the root is jointly affine in; pairwise conflicts first, the whole set checked last."""
    candidates = [name for name in names if affine(root, frozenset([name])) is not None]
    chosen = list(_independent(candidates, lambda a, b: affine(root, frozenset([a, b])) is None))
    while chosen:
        parts = affine(root, frozenset(chosen))
        if parts is not None:
            kept = tuple(name for name in chosen if name in parts)
            return kept, parts
        chosen.pop()
    return (), {None: root}


def _independent(names: Sequence[str], conflict: Callable[[str, str], bool]) -> Iterable[str]:
    """A largest subset without a conflicting pair, in the order given."""
    clashes = {name: {other for other in names if other != name and conflict(*sorted((name, other)))} for name in names}
    contested = [name for name in names if clashes[name]][:_MAX_CONFLICTS]
    best = max(_subsets(contested, clashes), key=len)
    return [name for name in names if not clashes[name] or name in best]


def _subsets(names: Sequence[str], clashes: Mapping[str, set[str]]) -> list[frozenset[str]]:
    """Every conflict-free subset."""
    found = [frozenset[str]()]
    for name in names:
        found += [subset | {name} for subset in found if not subset & clashes[name]]
    return found


# --- rewritings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ratio:
    """C = amplitude * name stands in the rewritten formula where `name` stood."""

    amplitude: str
    name: str

    def restore(self, values: dict[str, float]) -> None:
        amplitude = values[self.amplitude]
        values[self.name] = values[self.name] / amplitude if amplitude != 0 else 0.0


@dataclass(frozen=True)
class Phase:
    """amplitude*sin(U + factor*phase) (or cos), written with the in-phase and the quadrature amplitude."""

    amplitude: str
    phase: str
    factor: float
    function: str

    @property
    def quadrature(self) -> str:
        return self.amplitude + QUADRATURE

    def restore(self, values: dict[str, float]) -> None:
        inphase, quadrature = values[self.amplitude], values.pop(self.quadrature)
        if self.function == "cos":
            quadrature = -quadrature
        values[self.amplitude] = math.hypot(inphase, quadrature)
        values[self.phase] = math.atan2(quadrature, inphase) / self.factor


@dataclass(frozen=True)
class Rewriting:
    """An equivalent formula with fewer nonlinear parameters, and the way back."""

    root: Node
    names: tuple[str, ...]
    steps: tuple[Ratio | Phase, ...] = ()

    @property
    def phased(self) -> bool:
        return any(isinstance(step, Phase) for step in self.steps)

    def restore(self, values: Mapping[str, float]) -> dict[str, float]:
        """Parameters of the rewritten formula -> parameters of the original one."""
        out = dict(values)
        for step in reversed(self.steps):
            step.restore(out)
        return out


def rewrite(root: Node, names: Sequence[str], fixed: frozenset[str] = frozenset()) -> Rewriting:
    """Apply the ratio and phase rewritings wherever they enlarge the linear set.

    fixed: parameters whose meaning must be kept (they have a bound or a prior).
    """
    plain = Rewriting(root, tuple(names))
    free = [name for name in names if name not in fixed]
    changed, ratios = _ratios(root, names, free)
    changed, phases = _phases(changed, free)
    lost = {step.phase for step in phases}
    new = (*(name for name in names if name not in lost), *(step.quadrature for step in phases))
    if not (ratios or phases) or len(separate(changed, new).nonlinear) >= len(separate(root, names).nonlinear):
        return plain
    return Rewriting(changed, new, (*ratios, *phases))


def _ratios(root: Node, names: Sequence[str], free: Sequence[str]) -> tuple[Node, list[Ratio]]:
    steps: list[Ratio] = []
    for amplitude in free:
        changed = _ratio(root, amplitude, free)
        if changed is not None and len(separate(changed[0], names).linear) > len(separate(root, names).linear):
            root = changed[0]
            steps += changed[1]
    return root, steps


def _ratio(root: Node, amplitude: str, free: Sequence[str]) -> tuple[Node, list[Ratio]] | None:
    outer = affine(root, frozenset([amplitude]))
    if outer is None or amplitude not in outer:
        return None
    rest, inside = outer.get(None, tree.const(0)), outer[amplitude]
    names = [
        n
        for n in free
        if n != amplitude and n in inside.parameters and n not in rest.parameters and affine(inside, frozenset([n])) is not None
    ]
    while names and affine(inside, frozenset(names)) is None:
        names.pop()
    parts = affine(inside, frozenset(names)) or {}
    lead = parts.get(None)
    names = [name for name in names if name in parts]
    if not names or lead is None or (lead.op == "const" and lead.number == 0):
        return None
    terms = [tree.mul(tree.param(name), parts[name]) for name in names]
    return tree.add(rest, tree.mul(tree.param(amplitude), lead), *terms), [Ratio(amplitude, name) for name in names]


def _phases(root: Node, free: Sequence[str]) -> tuple[Node, list[Phase]]:
    steps: list[Phase] = []
    used: set[str] = set()
    for amplitude in free:
        outer = affine(root, frozenset([amplitude])) if amplitude not in used and amplitude in root.parameters else None
        if outer is None or amplitude not in outer:
            continue
        found = _phase(outer[amplitude], outer.get(None, tree.const(0)), amplitude, free)
        if found is not None:
            root, step = found
            steps.append(step)
            used |= {step.amplitude, step.phase}
    return root, steps


def _phase(inside: Node, rest: Node, amplitude: str, free: Sequence[str]) -> tuple[Node, Phase] | None:
    factors = inside.args if inside.op == "mul" else (inside,)
    found = None
    for wave in factors:
        if wave.op not in ("sin", "cos") or wave.args[0].op != "add":
            continue
        others = tree.mul(*(factor for factor in factors if factor is not wave))
        for term in wave.args[0].args:
            carrier = tree.add(*(other for other in wave.args[0].args if other is not term))
            name, factor = scaled_parameter(term)
            elsewhere = carrier.parameters | others.parameters | rest.parameters
            if name in free and name not in elsewhere and carrier.variables:
                found = Phase(amplitude, name, factor, wave.op), wave, carrier, others
    if found is None:
        return None
    step, wave, carrier, others = found
    other = "cos" if wave.op == "sin" else "sin"
    inphase = tree.mul(tree.param(amplitude), others, tree.call(wave.op, carrier))
    quadrature = tree.mul(tree.param(step.quadrature), others, tree.call(other, carrier))
    return tree.add(rest, inphase, quadrature), step


def scaled_parameter(term: Node) -> tuple[str, float]:
    """(name, number) of a term number*name; ("", 1) for any other term."""
    factors = term.args if term.op == "mul" else (term,)
    names = [str(factor.value) for factor in factors if factor.op == "param"]
    numbers = [factor.number for factor in factors if factor.op == "const"]
    if len(names) != 1 or len(names) + len(numbers) != len(factors):
        return "", 1.0
    return names[0], math.prod(numbers)


# --- blocks ------------------------------------------------------------------------------------------------------------


def additive_blocks(form: Separated) -> list[list[str]] | None:
    """Groups of nonlinear parameters that share a basis function; None if the offset depends on parameters."""
    if form.offset is not None and form.offset.parameters:
        return None
    return _groups(form.nonlinear, [basis.parameters for basis in form.basis])


def factor_blocks(form: Separated) -> list[list[str]]:
    """Groups of nonlinear parameters that live in the same factor of the same term."""
    names = frozenset(form.nonlinear)
    joined: list[frozenset[str]] = []
    for root in form.basis or (form.root,):
        _join_factors(root, names, joined)
    return _groups(form.nonlinear, joined)


def _join_factors(node: Node, names: frozenset[str], joined: list[frozenset[str]]) -> None:
    own = node.parameters & names
    if not own:
        return
    if node.op == "mul" or (node.op == "add" and len(own) > 4):
        for arg in node.args:
            _join_factors(arg, names, joined)
    elif node.op == "pow" and node.args[1].op == "const":
        _join_factors(node.args[0], names, joined)
    else:
        joined.append(own)


def _groups(names: Sequence[str], joined: Iterable[frozenset[str]]) -> list[list[str]]:
    """Connected components, in the order of `names`."""
    labels = {name: i for i, name in enumerate(names)}

    def join(labels: dict[str, int], together: frozenset[str]) -> dict[str, int]:
        old = {labels[name] for name in together if name in labels}
        return {name: min(old) if label in old else label for name, label in labels.items()}

    final = reduce(join, joined, labels)
    return [[name for name in names if final[name] == label] for label in sorted(set(final.values()))]
