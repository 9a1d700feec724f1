"""Tables of known curves."""

import numpy as np

from corpus.formula import parse
from recommender.samples import Samples


def table(text, columns, values, noise=0.0, seed=0):
    """(formula, samples) of a known curve with noise in units of its spread."""
    formula = parse(text, list(columns))
    clean = formula.evaluate(columns, values)
    rng = np.random.default_rng(seed)
    return formula, Samples(columns, clean + noise * np.std(clean) * rng.standard_normal(len(clean)))


def decay(noise=0.02, seed=0):
    """A decay to a constant, 60 rows: a = 2, b = 1.3, c = 0.4."""
    return table("a*exp(-b*x) + c", {"x": np.linspace(0, 4, 60)}, {"a": 2.0, "b": 1.3, "c": 0.4}, noise, seed)


def keys(fit):
    """Keys of the warnings, without their section."""
    return [warning.key.removeprefix("fit.") for warning in fit.warnings]
