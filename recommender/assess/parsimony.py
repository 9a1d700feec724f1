"""How short the explanation is: bits for the form, its numbers and what it leaves unexplained."""

from __future__ import annotations

import math
from fractions import Fraction

from corpus import tree
from corpus.implicit import opened
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted

_BITS_PER_NODE = 2.0
_FLOOR = 1e-24
LAW_BITS = 14.0
FREE_BITS = 1.5
_SMALL = 12
_DOUBLE_BITS = 52.0


def structure_bits(root: tree.Node) -> float:
    """Two bits a node, and what each written number takes: numerator and denominator of a small fraction, else its digits.

    A relation without a closed form counts as it is written; between which values its solution is looked for says nothing of it.
    """
    root = opened(root)
    numbers = sum(_number_bits(node) for node in tree.walk(root) if node.op == "const")
    return _BITS_PER_NODE * tree.size(root) + numbers


def _number_bits(node: tree.Node) -> float:
    if node.number in (-1, 1, 2, 3, 4, 0.5, 0.25):
        return 0.0
    fraction = Fraction(node.number).limit_denominator(_SMALL)
    if abs(fraction.numerator) <= _SMALL and math.isclose(fraction, node.number, rel_tol=1e-12):
        return math.log2(1 + abs(fraction.numerator)) + math.log2(fraction.denominator)
    return min(24.0, 3.3 * len(repr(node.number).strip("0.-")))


def form_bits(fitted: Fitted) -> float:
    """Bits to name the form: a known law is an entry of a dictionary, anything else is spelled out."""
    spelled = structure_bits(fitted.fit.formula.root)
    return min(spelled, LAW_BITS) if fitted.candidate.is_law else spelled


def model_bits(fitted: Fitted) -> float:
    """Form, and k (FREE_BITS + log2(n)/2) for k fitted numbers: each at the precision that n rows can give."""
    return form_bits(fitted) + len(fitted.free) * _nominal_bits(fitted)


def _nominal_bits(fitted: Fitted) -> float:
    return FREE_BITS + 0.5 * math.log2(len(fitted.problem.samples))


def residual_bits(fitted: Fitted) -> float:
    """(n/2) log2 of the share of the target that is left over; 0 where nothing is explained."""
    share = max(fitted.train_share, _FLOOR)
    return 0.5 * len(fitted.problem.samples) * math.log2(share) if math.isfinite(share) else math.inf


def saved_bits(fitted: Fitted) -> float:
    """By how much the form shortens the description of the target: 2**-saved is a bound on the chance that it does so on shuffled rows."""
    return -(model_bits(fitted) + residual_bits(fitted))


def parameter_bits(fitted: Fitted) -> float:
    """Sign and digits of the fitted numbers, each written to its standard error: 1 + log2(|p|/s) (Rissanen 1983; Hansen & Yu 2001).

    A number whose error is not known is written to the precision that the rows can give.
    """
    return math.fsum(_written(fitted.fit.parameters[name], fitted.fit.standard_errors[name], fitted) for name in fitted.free)


def _written(value: float, error: float, fitted: Fitted) -> float:
    if not math.isfinite(error) or not math.isfinite(value):
        return _nominal_bits(fitted)
    ratio = abs(value) / error if error else math.inf
    return 1 + min(_DOUBLE_BITS, math.log2(max(ratio, 1.0)))


def information(fitted: Fitted) -> tuple[float, float]:
    """(AICc, BIC): -2 ln L + 2k + 2k(k + 1)/(n - k - 1) and -2 ln L + k ln n (Burnham & Anderson 2002, ch. 2).

    Errors are normal, of the stated uncertainties, else of one unknown variance, which counts as a coefficient; constants that all
    formulas of a problem share are left out. Infinite where there are too few rows.
    """
    problem, n = fitted.problem, len(fitted.problem.samples)
    stated = problem.samples.sigma is not None and problem.relative_share is None
    k = len(fitted.free) + (not stated)
    if not math.isfinite(fitted.fit.rss):
        return math.inf, math.inf
    loss = fitted.fit.rss if stated else n * math.log(max(fitted.train_share, _FLOOR) * problem.signal)
    correction = 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else math.inf
    return loss + 2 * k + correction, loss + k * math.log(n)


def operators(root: tree.Node) -> int:
    """Signs and functions a reader has to follow: n - 1 for a sum or product of n parts, 1 for a power or function."""
    return sum(max(len(node.args) - 1, 1) for node in tree.walk(root) if node.args)


def nesting(root: tree.Node) -> int:
    """How deep functions and powers stand inside one another."""
    below = max((nesting(arg) for arg in root.args), default=0)
    return below + (root.op not in ("add", "mul") and bool(root.args))


class Parsimony:
    """Description length (Rissanen 1978) in bits: the form, its numbers, and what it leaves unexplained.

    score = 1/(1 + bits of form and numbers / 60): what a reader feels as simple, whatever the residual.
    """

    kind = "parsimony"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: model_bits (numbers at the precision of n rows), parameter_bits (at their standard errors), residual_bits,
        description_length (form + parameter_bits + residual_bits), aicc, bic, parameters, nodes, operators, nesting, and complexity:
        operators and numbers, and two for each level of nesting beyond the first."""
        root, k = opened(fitted.fit.formula.root), len(fitted.free)
        model, written, left = model_bits(fitted), parameter_bits(fitted), residual_bits(fitted)
        aicc, bic = information(fitted)
        signs, depth = operators(root), nesting(root)
        constants = sum(node.op == "const" and abs(node.number) != 1 for node in tree.walk(root))
        numbers = {
            "model_bits": model,
            "parameter_bits": written,
            "residual_bits": left,
            "description_length": form_bits(fitted) + written + left,
            "aicc": aicc,
            "bic": bic,
            "parameters": float(k),
            "nodes": float(tree.size(root)),
            "operators": float(signs),
            "nesting": float(depth),
            "complexity": float(signs + k + constants + 2 * max(depth - 1, 0)),
        }
        words = Sentence.of("evidence.parsimony", parameters=k, operators=signs, bits=f"{model:.0f}")
        return Evidence(self.kind, 1 / (1 + model / 60), words, numbers)
