"""Relations that no closed form solves: the tree `root(u, low, high, residual)`, the value of u in [low, high] at which residual = 0.

The unknown is bound: no column, no coefficient. Inside the node the residual is kept as a template, a tree of the unknown and of slots, and
the node's arguments are the two ends and what stands in each slot: the largest parts of the residual that do not hold the unknown. So
whoever walks a tree sees a function of ordinary arguments, and only those who must know what is inside ask for `residual`.
The constructor finds the slots anew each time, so equal relations are one node, whatever was put into them and in what order.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count

from corpus import tree
from corpus.errors import FormulaLimitError, FormulaSyntaxError
from corpus.tree import Node, Relation

UNKNOWN = tree.param("?")  # no symbol can be called so
BRANCHES = 9


def root(residual: Node, low: Node, high: Node, branch: int = 1, unknown: str = "u") -> Node:
    """The branch-th value of UNKNOWN from `low` on (from `high` down if negative) at which `residual` changes its sign.

    unknown: what a reader sees it called.

    FormulaLimitError if the residual does not hold the unknown, FormulaSyntaxError if another root in it does.
    """
    if not holds(residual):
        raise FormulaLimitError("root_without_unknown")
    slots: dict[Node, Node] = {}
    template = _lifted(residual, slots)
    args = (low, high, *slots)
    return tree.implicit(args, Relation(template, branch, _apart(unknown, args)))


def relation(node: Node) -> Relation:
    """What a root solves. TypeError for any other node."""
    if not isinstance(node.value, Relation):
        raise TypeError(f"not a root: {node.op}")
    return node.value


def residual(node: Node, unknown: Node = UNKNOWN, args: tuple[Node, ...] = ()) -> Node:
    """The residual of a root as an ordinary tree, `unknown` in the place of the unknown, other arguments in the slots if given."""
    filled = {slot(i): arg for i, arg in enumerate((args or node.args)[2:])}
    return tree.substitute(relation(node).residual, filled if unknown is UNKNOWN else {**filled, UNKNOWN: unknown})


def refilled(node: Node, args: tuple[Node, ...]) -> Node:
    """The same root with other ends and parts."""
    own = relation(node)
    return root(residual(node, args=args), args[0], args[1], own.branch, own.unknown)


def _own_name(leaf: Node) -> str:
    return str(leaf.value)


def unknown_name(node: Node, name: Callable[[Node], str] = _own_name, spelled: Callable[[str], str] = str) -> str:
    """What the unknown of a root is called where nothing else in it is. name: how other symbols are written; spelled: how this one is."""
    return _apart(relation(node).unknown, node.args, name, spelled)


def _apart(wanted: str, args: tuple[Node, ...], name: Callable[[Node], str] = _own_name, spelled: Callable[[str], str] = str) -> str:
    taken = {name(leaf) for arg in args for leaf in tree.walk(arg) if leaf.op in ("var", "param")}
    return next(own for own in chain((wanted, "u"), (f"u{i}" for i in count(1))) if spelled(own) not in taken)


def is_numerical(node: Node) -> bool:
    """Whether a root is in it, so that its values are found by iteration."""
    return any(part.op == "root" for part in tree.walk(node))


def opened(node: Node) -> Node:
    """The tree with each root replaced by its residual, the unknown a coefficient: what has to be written down to say it."""
    if not is_numerical(node):
        return node
    return tree.transform(node, lambda part: residual(part) if part.op == "root" else part)


def sides(node: Node) -> tuple[Node, Node]:
    """(left, right) of the relation: what holds UNKNOWN right, everything else left (zero if there is nothing), and few minus signs."""
    terms = tree.terms(residual(node))
    left = tree.add(*(term for term in terms if not holds(term)))
    right = tree.add(*(term for term in terms if holds(term)))
    first, second = (_negated(left), right), (left, _negated(right))
    return first if _minus_signs(first) <= _minus_signs(second) else second


def _negated(node: Node) -> Node:
    return tree.add(*(tree.mul(tree.const(-1), term) for term in tree.terms(node)))


def _minus_signs(parts: tuple[Node, Node]) -> int:
    signed = (tree.factors(term)[0] for part in parts for term in tree.terms(part))
    return sum(first.op == "const" and first.number < 0 for first in signed)


def holds(node: Node) -> bool:
    """Whether the unknown stands in it."""
    return str(UNKNOWN.value) in node.parameters


def slot(index: int) -> Node:
    """The leaf of a template that stands for argument 2 + index."""
    return tree.param(f"?{index}")


def _lifted(node: Node, slots: dict[Node, Node]) -> Node:
    """The tree with a slot for each part that is free of the unknown; numbers stay."""
    if node is UNKNOWN or not node.has_symbols:
        return node
    if not holds(node):
        return _slotted(node, slots)
    if node.op == "root":
        raise FormulaSyntaxError("root_nested")
    if node.op not in ("add", "mul"):
        return tree.rebuild(node, tuple(_lifted(arg, slots) for arg in node.args))
    join = tree.add if node.op == "add" else tree.mul
    free = [arg for arg in node.args if arg.has_symbols and not holds(arg)]
    parts = [join(*free) if arg is free[0] else arg for arg in node.args if arg not in free[1:]] if free else node.args
    return join(*(_lifted(part, slots) for part in parts))


def _slotted(node: Node, slots: dict[Node, Node]) -> Node:
    """A number in front stays outside."""
    if node.op == "mul" and node.args[0].op == "const":
        return tree.mul(node.args[0], _slotted(tree.mul(*node.args[1:]), slots))
    return slots.setdefault(node, slot(len(slots)))
