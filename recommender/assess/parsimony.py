"""How short the explanation is: bits for the form, its numbers and what it leaves unexplained."""

from __future__ import annotations

import math
from fractions import Fraction

from corpus import tree
from corpus.language import Sentence
from recommender.assess._base import Evidence, Fitted

_BITS_PER_NODE = 2.0
_FLOOR = 1e-24
LAW_BITS = 14.0
FREE_BITS = 1.5
_SMALL = 12


def structure_bits(root: tree.Node) -> float:
    """Two bits a node, and what each written number takes: numerator and denominator of a small fraction, else its digits."""
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


class Parsimony:
    """Description length (Rissanen 1978): form + k (FREE_BITS + log2(n)/2) for k fitted numbers + (n/2) log2 NMSE.

    score = 1/(1 + bits of form and numbers / 60): what a reader feels as simple, whatever the residual.
    """

    kind = "parsimony"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: model_bits, residual_bits, description_length, parameters, nodes."""
        samples = fitted.problem.samples
        n, k = len(samples), len(fitted.free)
        train = max(fitted.train_share, _FLOOR)
        model = form_bits(fitted) + k * (FREE_BITS + 0.5 * math.log2(n))
        residual = 0.5 * n * math.log2(train) if math.isfinite(train) else math.inf
        numbers = {
            "model_bits": model,
            "residual_bits": residual,
            "description_length": model + residual,
            "parameters": float(k),
            "nodes": float(tree.size(fitted.fit.formula.root)),
        }
        words = Sentence.of("evidence.parsimony", parameters=k, bits=f"{model:.0f}")
        warnings = (Sentence.of("warning.too_many_parameters", parameters=k, rows=n),) if 3 * k > n else ()
        return Evidence(self.kind, 1 / (1 + model / 60), words, numbers, warnings)
