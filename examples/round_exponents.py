"""An assessment of your own: powers in laws of physics are round numbers (2, 1/2, -1), so a fitted one should come out round.

One file and one line. This is the file; the line stands in `settings.toml` in the home folder ($FORMULA_HOME, else
~/.local/share/formula-recommender), `assessments = "/path/to/round_exponents.py:RoundExponents"`, or in the environment:

    FORMULA_ASSESSMENTS="examples/round_exponents.py:RoundExponents" \\
        formula recommend examples/kepler.csv --target period --try "period = k*semi_major_axis**n"

The score then stands among the others, in the report and in the record of the run. `check_assessment` of `recommender.testing` tests the
promises that every assessment keeps: a score in [0, 1], the same for the same fit, no exception however hard the fit.
"""

from __future__ import annotations

import math

from corpus import tree
from recommender.assess import Evidence, Fitted, own_words

WITHIN = 3.0  # standard errors


class RoundExponents:
    """score: the share of fitted powers that are a multiple of 1/2 within three standard errors; 1 where none was fitted."""

    kind = "round_exponents"

    def assess(self, fitted: Fitted) -> Evidence:
        """Numbers: exponents, round."""
        names = sorted(_exponents(fitted))
        round_ones = [name for name in names if _is_round(fitted.fit.parameters[name], fitted.fit.standard_errors[name])]
        score = len(round_ones) / len(names) if names else 1.0
        words = own_words(
            en=f"{len(round_ones)} of {len(names)} fitted powers are multiples of 1/2.",
            ja=f"当てはめた {len(names)} 個のべき指数のうち {len(round_ones)} 個が 1/2 の倍数です。",
        )
        return Evidence(self.kind, score, words, {"exponents": float(len(names)), "round": float(len(round_ones))})


def _exponents(fitted: Fitted) -> set[str]:
    """Names of the free coefficients that stand as powers."""
    powers = (node.args[1] for node in tree.walk(fitted.fit.formula.root) if node.op == "pow")
    return {name for power in powers for name in power.parameters if name in fitted.free}


def _is_round(value: float, error: float) -> bool:
    """An error so large that any number would pass proves nothing."""
    return math.isfinite(value) and error < 0.05 and abs(value - round(2 * value) / 2) <= max(WITHIN * error, 1e-9)
