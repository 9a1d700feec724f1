"""Kinds of evidence, one file each."""

from recommender.assess._base import Assessment, Comparison, Evidence, Fitted, own_words
from recommender.assess.accuracy import Accuracy, Edge
from recommender.assess.agreement import Agreement
from recommender.assess.panel import Findings, Panel
from recommender.assess.parsimony import Parsimony
from recommender.assess.physics import Physics
from recommender.assess.registry import panel
from recommender.assess.stability import BootstrapSpread, Jitter, Multiplicity, SearchStability, Selection

ASSESSMENTS: tuple[Assessment, ...] = (
    Accuracy(),
    Edge(),
    BootstrapSpread(),
    Jitter(),
    Multiplicity(),
    SearchStability(),
    Parsimony(),
    Physics(),
    Agreement(),
)
COMPARISONS: tuple[Comparison, ...] = (Selection(),)


def everyone(registered: str = "") -> Panel:
    """Our own kinds of evidence and those that the setting `assessments` registers."""
    return panel((*ASSESSMENTS, *COMPARISONS), registered)


__all__ = [
    "ASSESSMENTS",
    "COMPARISONS",
    "Accuracy",
    "Agreement",
    "Assessment",
    "BootstrapSpread",
    "Comparison",
    "Edge",
    "Evidence",
    "Findings",
    "Fitted",
    "Jitter",
    "Multiplicity",
    "Panel",
    "Parsimony",
    "Physics",
    "SearchStability",
    "Selection",
    "everyone",
    "own_words",
]
