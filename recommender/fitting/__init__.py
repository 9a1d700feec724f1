"""Coefficients of a given form: global least squares without starts, with uncertainty and words for what is not determined."""

from recommender.fitting.fit import fit
from recommender.fitting.race import FitTask, RaceProgress, fit_many
from recommender.fitting.result import Fit, Optimum, Prior

__all__ = ["Fit", "FitTask", "Optimum", "Prior", "RaceProgress", "fit", "fit_many"]
