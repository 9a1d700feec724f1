"""Functions of one dimensionless argument that laws of physics are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property

from corpus import tree
from corpus.formula import Formula
from corpus.functions import Array
from corpus.tree import Node

Build = Callable[[Node], Node]
_ONE = tree.const(1)


@cache
def number(text: str) -> Node:
    """A factor written as a fraction, with `*pi` or `/pi` behind it."""
    head, above, _ = text.partition("*pi")
    head, below, _ = head.partition("/pi")
    return tree.mul(tree.const(Fraction(head)), tree.power(tree.pi(), tree.const(1 if above else -1 if below else 0)))


@cache
def factor_of(text: str) -> float:
    """The value of such a factor."""
    return float(Formula(number(text)).evaluate({})[0])


@dataclass(frozen=True)
class Shape:
    """A function f(theta*u). build: its tree from the argument's; cost: nats; thetas: factors it usually comes with, and their cost.

    largest: arguments beyond it give no usable values.
    """

    name: str
    build: Build
    cost: float
    thetas: tuple[str, ...] = ("1",)
    largest: float = math.inf

    def values(self, argument: Array) -> Array:
        """f of an array of any shape; nan or inf outside the domain."""
        return self._formula.evaluate({"u": argument.reshape(-1)}).reshape(argument.shape)

    @cached_property
    def _formula(self) -> Formula:
        return Formula(self.build(tree.var("u")))


def _called(name: str) -> Build:
    return lambda u: tree.call(name, u)


def _root_of(sign: int, exponent: Fraction) -> Build:
    return lambda u: tree.power(tree.add(_ONE, tree.mul(tree.const(sign), tree.power(u, tree.const(2)))), tree.const(exponent))


def _squared(name: str) -> Build:
    return lambda u: tree.power(tree.call(name, u), tree.const(2))


def _exponential(sign: int) -> Build:
    return lambda u: tree.call("exp", tree.mul(tree.const(sign), u))


def _inverse_of(build: Build) -> Build:
    return lambda u: tree.power(build(u), tree.const(-1))


def one_plus(u: Node) -> Node:
    """1 + u"""
    return tree.add(_ONE, u)


def _exponential_minus_one(u: Node) -> Node:
    return tree.add(tree.call("exp", u), tree.const(-1))


def _exponential_plus_one(u: Node) -> Node:
    return tree.add(tree.call("exp", u), _ONE)


def _log_one_plus(u: Node) -> Node:
    return tree.call("log", one_plus(u))


def _bell(u: Node) -> Node:
    return tree.call("exp", tree.mul(tree.const(Fraction(-1, 2)), tree.power(u, tree.const(2))))


_TURNS = ("1", "1/2", "2", "2*pi", "1/2/pi", "1*pi")
_QUANTA = ("1", "1/2/pi", "2*pi", "1/2", "2")
_SHARES = tuple(f"{sign}{size}" for size in ("1", "2", "1/2", "1/3", "2/3", "3", "1/4", "4") for sign in ("", "-"))

ONE_PLUS = Shape("1 + u", one_plus, 1.0, _SHARES)
FACTORS = (  # for products, where any power of them may stand
    Shape("sin", _called("sin"), 1.0, _TURNS, 200),
    Shape("cos", _called("cos"), 1.0, _TURNS, 200),
    ONE_PLUS,
    Shape("exp - 1", _exponential_minus_one, 1.5, ("1", "-1", "1/2/pi", "-1/2/pi", "2*pi", "-2*pi"), 300),
    Shape("exp + 1", _exponential_plus_one, 1.5, ("1", "-1", "1/2/pi", "2*pi"), 300),
    Shape("log", _called("log"), 1.5, ("1", "2", "1/2")),
    Shape("log(1 + u)", _log_one_plus, 2.0, ("1", "-1", "1/2/pi", "2*pi")),
    Shape("tanh", _called("tanh"), 1.5, ("1", "1/2", "2"), 30),
    Shape("cosh", _called("cosh"), 1.5, ("1", "1/2", "2"), 300),
    Shape("sinh", _called("sinh"), 1.5, ("1", "1/2", "2"), 300),
    Shape("asin", _called("asin"), 2.0),
    Shape("acos", _called("acos"), 2.0),
    Shape("atan", _called("atan"), 2.0),
)
_HALF = Fraction(1, 2)
TERMS = (  # for sums, where a function stands as it is
    Shape("sin", _called("sin"), 1.0, _TURNS, 200),
    Shape("cos", _called("cos"), 1.0, _TURNS, 200),
    Shape("sin^2", _squared("sin"), 2.0, _TURNS, 200),
    Shape("cos^2", _squared("cos"), 2.0, _TURNS, 200),
    Shape("exp", _exponential(1), 1.0, _QUANTA, 300),
    Shape("exp(-u)", _exponential(-1), 1.0, _QUANTA, 300),
    Shape("log", _called("log"), 1.5),
    Shape("tanh", _called("tanh"), 1.5, _QUANTA, 30),
    Shape("1/(exp - 1)", _inverse_of(_exponential_minus_one), 2.0, _QUANTA, 300),
    Shape("1/sqrt(1 - u^2)", _root_of(-1, -_HALF), 2.0),
    Shape("sqrt(1 - u^2)", _root_of(-1, _HALF), 2.0),
    Shape("sqrt(1 + u^2)", _root_of(1, _HALF), 2.0),
    Shape("1/(1 + u)", _inverse_of(one_plus), 1.5, ("1", "-1")),
    Shape("log(1 + u)", _log_one_plus, 2.0),
    Shape("bell", _bell, 2.0, ("1",), 30),
    Shape("asin", _called("asin"), 2.0),
    Shape("atan", _called("atan"), 2.0),
)
TURNS = (Shape("sin", _called("sin"), 1.0, ("1",), 200), Shape("cos", _called("cos"), 1.0, ("1",), 200))  # of an angle
