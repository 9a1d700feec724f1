"""Coefficients of a given form: global least squares without starts, with uncertainty and words for what is not determined."""

from recommender.fitting.curve import curve_error
from recommender.fitting.fit import fit
from recommender.fitting.grouped import GroupedFit, fit_groups
from recommender.fitting.profile import profile_interval
from recommender.fitting.race import FitTask, RaceProgress, fit_many
from recommender.fitting.recognise import Exact, Variant, recognise
from recommender.fitting.result import Fit, Optimum, Prior
from recommender.fitting.varpro import is_rounding

__all__ = [
    "Exact",
    "Fit",
    "FitTask",
    "GroupedFit",
    "Optimum",
    "Prior",
    "RaceProgress",
    "Variant",
    "curve_error",
    "fit",
    "fit_groups",
    "fit_many",
    "is_rounding",
    "profile_interval",
    "recognise",
]
