"""Rewriting functions that are others in disguise: one name for each, the same values everywhere the original has one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from corpus import tree
from corpus.tree import Node


def plain(node: Node) -> Node:
    """Rewrite functions that are others in disguise, and sin(u)/u as sinc(u)."""
    if node.op == "log10":
        return tree.mul(tree.const(float(1 / np.log(10))), tree.call("log", *node.args))
    if node.op == "log2":
        return tree.mul(tree.const(float(1 / np.log(2))), tree.call("log", *node.args))
    if node.op == "log1p":
        return tree.call("log", tree.add(tree.const(1), *node.args))
    if node.op == "expm1":
        return tree.add(tree.call("exp", *node.args), tree.const(-1))
    if node.op == "pi":
        return tree.const(float(np.pi))
    if node.op == "pow":
        return _plain_power(node)
    return sinc_product(exp_product(node)) if node.op == "mul" else node


def _plain_power(node: Node) -> Node:
    """number**u and exp(u)**v as exponentials."""
    base, exponent = node.args
    if base.op == "exp":
        return tree.call("exp", tree.mul(exponent, base.args[0]))
    if base.is_number and base.number > 0 and exponent.op != "const":
        return tree.call("exp", tree.mul(tree.const(float(np.log(base.number))), exponent))
    return node


def exp_product(node: Node) -> Node:
    """exp(u)*exp(v) -> exp(u + v)."""
    factors = [(tree.split_power(factor), factor) for factor in node.args]
    exponents = [tree.mul(tree.const(power), base.args[0]) for (base, power), _ in factors if base.op == "exp"]
    if len(exponents) < 2:
        return node
    return tree.mul(*(factor for (base, _), factor in factors if base.op != "exp"), tree.call("exp", tree.add(*exponents)))


def sinc_product(node: Node) -> Node:
    """sin(u)**n / u**n -> sinc(u)**n inside one product; removes the 0/0 at u = 0."""
    for factor in node.args:
        base, exponent = tree.split_power(factor)
        if base.op == "sin" and exponent > 0 and float(exponent).is_integer():
            rewritten = _sinc_factor(node, base, exponent)
            if rewritten is not None:
                return sinc_product(rewritten) if rewritten.op == "mul" else rewritten
    return node


def _sinc_factor(node: Node, sine: Node, exponent: Fraction | float) -> Node | None:
    """Divide out u**-n where the product has every data-dependent factor of it."""
    argument = sine.args[0]
    parts = argument.args if argument.op == "mul" else (argument,)
    powers = {base.order: power for base, power in map(tree.split_power, node.args)}
    for part in parts:
        base, inner = tree.split_power(part)
        if part.variables and powers.get(base.order, Fraction(0)) > -inner * exponent:
            return None
    if not argument.variables:
        return None
    ratio = tree.power(argument, tree.const(exponent))
    sinc = tree.power(tree.call("sinc", argument), tree.const(exponent))
    rest = tree.mul(*(factor for factor in node.args if tree.split_power(factor)[0] is not sine))
    return tree.mul(rest, ratio, sinc)
