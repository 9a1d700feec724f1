"""The forms every engineer tries first, for any number of inputs: plane, product of powers, their exponential kin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.formula import parse
from corpus.language import Sentence
from recommender.context import Context
from recommender.problem import Problem
from recommender.proposers._base import Proposal


class Elementary:
    """Proposes generic forms in all inputs at once; they know nothing of physics and are the yardstick for what does."""

    name = "elementary"

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        """At most a dozen forms."""
        del context, history
        names = [f"x{i}" for i in range(len(problem.inputs))]
        for text in forms(names):
            yield Proposal(parse(text, names), self.name, Sentence.of("why.elementary"))


def forms(names: Sequence[str]) -> Iterable[str]:
    """Texts of the forms in the given names; every other name is a coefficient."""
    linear = " + ".join(f"b{i}*{name}" for i, name in enumerate(names))
    powers = "*".join(f"{name}**n{i}" for i, name in enumerate(names))
    yield f"a + {linear}"
    yield f"a*{powers}"
    if len(names) > 1:
        yield linear
        yield f"a*{powers} + c"
        yield f"a*exp({linear})"
        yield f"a*{names[0]}**n0*exp({' + '.join(f'b{i}*{n}' for i, n in enumerate(names) if i)})"
        yield f"1/(a + {linear})"
    if len(names) in (2, 3):
        cross = " + ".join(f"c{i}{j}*{names[i]}*{names[j]}" for i in range(len(names)) for j in range(i + 1, len(names)))
        squares = " + ".join(f"d{i}*{name}**2" for i, name in enumerate(names))
        yield f"a + {linear} + {cross}"
        yield f"a + {linear} + {cross} + {squares}"
