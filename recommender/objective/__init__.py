"""An objective without data: formulas whose curves make a calculated loss small.

from recommender.objective import ComputedObjective, optimise

objective = ComputedObjective(lambda curves: ripple(curves), {"u": np.linspace(-1, 1, 401)})
print(optimise(objective, ["a*u", "a*u + b*u**3"]).report())
"""

from recommender.objective.computed import ComputedObjective, each
from recommender.objective.family import Idea
from recommender.objective.rank import Weights
from recommender.objective.result import Design, Designs
from recommender.objective.run import optimise

__all__ = ["ComputedObjective", "Design", "Designs", "Idea", "Weights", "each", "optimise"]
