"""Kinds of evidence, one file each."""

from recommender.assess._base import Assessment, Evidence, Fitted
from recommender.assess.accuracy import Accuracy, Edge
from recommender.assess.agreement import Agreement
from recommender.assess.parsimony import Parsimony
from recommender.assess.physics import Physics
from recommender.assess.stability import Stability

ASSESSMENTS: tuple[Assessment, ...] = (Accuracy(), Edge(), Stability(), Parsimony(), Physics(), Agreement())

__all__ = ["ASSESSMENTS", "Accuracy", "Agreement", "Assessment", "Edge", "Evidence", "Fitted", "Parsimony", "Physics", "Stability"]
