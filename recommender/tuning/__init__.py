"""Tuning tests: the same form fitted to each group of rows, and what its coefficients follow from group to group."""

from recommender.tuning.fits import GroupFit, group_fits
from recommender.tuning.relations import Law, Quantity, Relation, relations

__all__ = ["GroupFit", "Law", "Quantity", "Relation", "group_fits", "relations"]
