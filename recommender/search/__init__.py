"""The search that a person can look in on and steer: islands, their workers, what they remember, and who may say what.

Nothing here knows of databases or of the command line: commands come through `Steering`, outcomes go through a `Journal`.
"""

from recommender.search.aside import Aside
from recommender.search.helm import Helm
from recommender.search.islands import Islands, Plan
from recommender.search.memory import Effect, Memory
from recommender.search.steering import VERBS, Command, Steered, Steering, Unsteered, Wishes
from recommender.search.tasks import World
from recommender.search.workers import Workers, workers_of

__all__ = [
    "VERBS",
    "Aside",
    "Command",
    "Effect",
    "Helm",
    "Islands",
    "Memory",
    "Plan",
    "Steered",
    "Steering",
    "Unsteered",
    "Wishes",
    "Workers",
    "World",
    "workers_of",
]
