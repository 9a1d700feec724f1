"""A dialogue about the formulas of a run: retrieve, fit, compare, probe, add or ban a term.

The tools are plain methods of a `Discussion`, listed once in `TOOLS`; without a model a person calls them as commands (`answer`), with
one a LangChain agent does (`agent`). They say what they find in words and change nothing but the discussion's own list of formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from corpus import tree
from corpus.errors import ProblemError, RecommenderError
from corpus.formula import Formula
from corpus.functions import CALLABLE_NAMES
from corpus.language import Language, text
from recommender.assess import Fitted, everyone
from recommender.candidates import deduplicate
from recommender.context import Context
from recommender.fitting import fit as fit_samples
from recommender.llm.evidence import Attempt, effect
from recommender.llm.prompt import template
from recommender.llm.residual import residual_facts
from recommender.probes import described, probe
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.ranking import Assessed, rank
from recommender.recommendation import RankedFormula, Recommendation
from recommender.show import coefficient_line
from recommender.summary import summarise

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from indexes import Retriever

MOST_FOUND = 5
BUDGET = 0.6  # of a fit, see `fit`
AGENT_STEPS = 24
MOST_TOLD = 8  # formulas a model is told of
REMEMBERED = 3  # turns of a dialogue with a model


@dataclass
class Discussion:
    """One dialogue: the problem, the formulas so far by their text, the last first; banned: functions and terms nobody wants.

    attempts: what was tried and what it did, for prompts and the record.
    """

    problem: Problem
    retriever: Retriever | None = None
    language: Language = "en"
    formulas: dict[str, RankedFormula] = field(default_factory=dict)
    banned: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    @classmethod
    def of(cls, problem: Problem, result: Recommendation, retriever: Retriever | None, language: Language = "en") -> Discussion:
        """About the formulas of a run."""
        return cls(problem, retriever, language, {formula.body: formula for formula in result.formulas})

    def list_formulas(self) -> str:
        """The formulas of this discussion with their held-out error: those of the run by rank, then what was added."""
        lines = [f"{i}. {shown}  ({_error(f):.3g})" for i, (shown, f) in enumerate(self.ordered(), 1)]
        return "\n".join([self._say("list"), *lines]) if lines else self._say("empty")

    def retrieve(self, words: str) -> str:
        """Laws in the library that match some words, with their symbols. words: what to look for."""
        if self.retriever is None:
            return self._say("no_index")
        from indexes import Query

        found = self.retriever.search(Query(words, self.language, limit=MOST_FOUND))
        lines = [f"{f.entry.name.of(self.language)}: {f.entry.target.symbol} = {f.entry.formula}" for f in found]
        return "\n".join(lines) or self._say("nothing_found")

    def fit(self, formula: str) -> str:
        """Fit a formula to all rows: its coefficients and held-out error.

        formula: infix, in the table's column names, or a number of the list.
        """
        fitted = self._fitted(self._meant(formula))
        lines = [fitted.text, self._say("error", error=f"{_error(fitted):.3g}")]
        return "\n".join([*lines, *(coefficient_line(c, self.language) for c in fitted.coefficients)])

    def compare(self, first: str, second: str) -> str:
        """Two formulas side by side: held-out errors, numbers of coefficients, which one has the edge. first, second: as for fit."""
        one, two = (self._fitted(self._meant(given)) for given in (first, second))
        lines = [f"{f.text}: {self._say('error', error=f'{_error(f):.3g}')}, {self._say('free', count=_free(f))}" for f in (one, two)]
        if one.key == two.key:
            return "\n".join([*lines, self._say("same")])
        better = min((one, two), key=lambda f: (_error(f), _free(f)))
        return "\n".join([*lines, self._say("better", formula=better.text)])

    def probe(self, formula: str = "") -> str:
        """Facts about the rows, or about what a formula leaves over. formula: as for fit; empty for the rows themselves."""
        if not formula:
            facts = tuple(described(probe(self.problem.samples), self.problem))
        else:
            fitted = self._fitted(self._meant(formula))
            facts = residual_facts(self.problem, fitted.formula, fitted.values)
        return "\n".join(fact.text(self.language) for fact in facts) or self._say("no_facts")

    def add_term(self, formula: str, term: str) -> str:
        """Add a term to a formula, fit both, and say what it changed. formula: as for fit; term: infix, its own coefficients included."""
        parent = self._fitted(self._meant(formula))
        whole, more = self.problem.parse(parent.text), self.problem.parse(term)
        more = more.rename({name: f"{name}_" for name in more.parameters if name in whole.parameters})
        return self._changed(parent, Formula(tree.add(whole.root, more.root)), self._say("added", term=term))

    def remove_term(self, formula: str, term: str) -> str:
        """Remove a term of a sum, or a factor, from a formula, fit both, and say what it changed.

        formula: as for fit; term: as it stands there.
        """
        parent = self._fitted(self._meant(formula))
        parsed = self.problem.parse(parent.text)
        rest = _without(parsed.root, self.problem.parse(term).root)
        if rest is None:
            raise ProblemError("discuss_no_term", term=term[:60], formula=parent.text)
        return self._changed(parent, Formula(rest), self._say("removed", term=term))

    def ban(self, term: str) -> str:
        """Ban a function or a term: formulas that hold it leave the list and are refused from now on. term: like `exp` or `x**3`."""
        if term not in CALLABLE_NAMES:
            self.problem.parse(term)
        self.banned.append(term)
        gone = [shown for shown in self.formulas if self._is_banned(shown)]
        for shown in gone:
            del self.formulas[shown]
        return self._say("banned", term=term, count=len(gone))

    def ordered(self) -> list[tuple[str, RankedFormula]]:
        """The formulas by their text: those of the run by rank, then what was added; so a number stays what it is."""
        return list(self.formulas.items())

    def situation(self) -> str:
        """What is talked about, for a model: the question, the columns, the formulas with their coefficients."""
        problem = self.problem
        columns = [f"{column.label}: {column.description}".rstrip(": ") for column in (problem.target, *problem.inputs)]
        lines = [
            self._say("situation", target=problem.target.name, columns="; ".join(columns)),
            *([problem.about] if problem.about else []),
        ]
        for i, (_, formula) in enumerate(self.ordered()[:MOST_TOLD], 1):
            found = "; ".join(coefficient_line(c, self.language) for c in formula.coefficients)
            lines.append(f"{i}. {formula.text}  ({self._say('error', error=f'{_error(formula):.3g}')}; {found})")
        return "\n".join(lines)

    def _meant(self, given: str) -> str:
        """A formula's text, or the one of that number in the list."""
        if given.strip().isdigit() and 1 <= int(given) <= len(self.formulas):
            return self.ordered()[int(given) - 1][0]
        return given

    def _fitted(self, formula: str) -> RankedFormula:
        """A formula of the list, or one fitted now with all its evidence. RecommenderError if it cannot be, or is banned."""
        if formula in self.formulas:
            return self.formulas[formula]
        if self._is_banned(formula):
            raise ProblemError("discuss_banned", formula=formula[:80], terms=", ".join(self.banned))
        found = fitted_as_typed(self.problem, formula)
        self.formulas[found.body] = found
        return found

    def _is_banned(self, formula: str) -> bool:
        nodes = set(tree.walk(self.problem.parse(formula).root))
        calls = {node.op for node in nodes}
        return any(term in calls or (term not in CALLABLE_NAMES and self.problem.parse(term).root in nodes) for term in self.banned)

    def _changed(self, parent: RankedFormula, child: Formula, change: str) -> str:
        """The child fitted, its effect remembered and told."""
        fitted = self._fitted(child.rename(dict(self.problem.names)).text)
        attempt = Attempt(fitted.body, change, _error(parent), _error(fitted), key=fitted.key)
        self.attempts.append(attempt)
        return "\n".join([fitted.text, f"{change}: {effect(attempt)}"])

    def _say(self, key: str, **values: object) -> str:
        return text(f"discuss.{key}", self.language, **values)


def fitted_as_typed(problem: Problem, formula: str) -> RankedFormula:
    """One formula with its coefficients and evidence, as it was written. RecommenderError if it cannot be read or fitted."""
    (candidate,) = deduplicate(Typed().propose(replace(problem, typed=(formula,)), Context(), ()))
    lead = candidate.lead
    fit = fit_samples(candidate.formula, problem.samples, known=lead.known, budget=BUDGET, seed=problem.seed)
    if not math.isfinite(fit.rss):
        raise ProblemError("discuss_no_fit", formula=formula[:80])
    fitted = Fitted(candidate, fit, problem)
    evidence = everyone().judge([fitted]).evidence
    return summarise(problem, rank([Assessed(fitted, evidence[0])], 1), (), {}, ()).formulas[0]


def _error(formula: RankedFormula) -> float:
    return formula.number("accuracy", "held_out_nmse")


def _free(formula: RankedFormula) -> int:
    return sum(not coefficient.known for coefficient in formula.coefficients)


def _without(root: tree.Node, part: tree.Node) -> tree.Node | None:
    """The tree less a term or factor, wherever it first stands; None if it stands nowhere."""
    for node in tree.walk(root):
        if node.op in ("add", "mul") and part in node.args:
            join = tree.add if node.op == "add" else tree.mul
            rest = join(*(arg for arg in node.args if arg is not part))
            return tree.transform(root, partial(_instead, node, rest))
    return None


def _instead(old: tree.Node, new: tree.Node, node: tree.Node) -> tree.Node:
    return new if node is old else node


@dataclass(frozen=True)
class Tool:
    """A command of a discussion: its method, and the names of its arguments in order."""

    run: Callable[..., str]
    arguments: tuple[str, ...] = ()
    optional: bool = False

    @property
    def words(self) -> str:
        """What it does, for a model."""
        return (self.run.__doc__ or "").strip()


TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        "list": Tool(Discussion.list_formulas),
        "retrieve": Tool(Discussion.retrieve, ("words",)),
        "fit": Tool(Discussion.fit, ("formula",)),
        "compare": Tool(Discussion.compare, ("first", "second")),
        "probe": Tool(Discussion.probe, ("formula",), optional=True),
        "add": Tool(Discussion.add_term, ("formula", "term")),
        "remove": Tool(Discussion.remove_term, ("formula", "term")),
        "ban": Tool(Discussion.ban, ("term",)),
    }
)


def answer(discussion: Discussion, line: str) -> str:
    """One line of a person: `fit a*exp(-t/b)`, `compare 1; 2`. Arguments are parted by semicolons; what goes wrong is said."""
    name, _, rest = line.strip().partition(" ")
    if name.lower() not in TOOLS:
        return usage(discussion.language)
    given = [part.strip() for part in rest.split(";")] if rest.strip() else []
    return _called(discussion, name, given)


def _called(discussion: Discussion, name: str, given: list[str]) -> str:
    """What a tool of that name says to some arguments, or how many it takes."""
    tool = TOOLS[name.lower()]
    if len(given) != len(tool.arguments) and not (tool.optional and not given):
        return text("discuss.arguments", discussion.language, command=name, arguments="; ".join(tool.arguments) or "-")
    return safely(discussion, tool, given)


def safely(discussion: Discussion, tool: Tool, given: list[str]) -> str:
    """What a tool says, or the sentence of its error."""
    try:
        return tool.run(discussion, *given)
    except RecommenderError as error:
        return error.text(discussion.language)


def usage(language: Language) -> str:
    """The commands, one a line."""
    lines = [f"{name} {'; '.join(tool.arguments)}".rstrip() + f": {text(f'discuss.help_{name}', language)}" for name, tool in TOOLS.items()]
    return "\n".join([text("discuss.help", language), *lines])


@dataclass(frozen=True)
class Said:
    """What an agent answered, "" if nothing, and the tools it used for that, as `fit a*x`."""

    words: str
    used: tuple[str, ...] = ()


def agent(discussion: Discussion, model: BaseChatModel) -> Callable[[str], Said]:
    """A LangChain agent with the same tools: a function from what a person says to what it answers.

    The last turns are remembered. Each question goes with the formulas as they stand, since small models do not ask for them.
    """
    from langchain.agents import create_agent

    words = template("discuss", discussion.language).words
    graph = create_agent(model, [_langchain_tool(discussion, name, tool) for name, tool in TOOLS.items()], system_prompt=words)
    said: list[dict[str, str]] = []

    def talk(line: str) -> Said:
        asked = {"role": "user", "content": f"{discussion.situation()}\n\n{line}"}
        state = graph.invoke({"messages": [*said, asked]}, {"recursion_limit": AGENT_STEPS})
        new = state["messages"][len(said) :]
        found = str(new[-1].text).strip()
        said[:] = [*said, {"role": "user", "content": line}, {"role": "assistant", "content": found or "-"}][-2 * REMEMBERED :]
        return Said(found, tuple(_call_told(call) for message in new for call in getattr(message, "tool_calls", ())))

    return talk


def _call_told(call: Mapping[str, Any]) -> str:
    return f"{call['name']} {'; '.join(map(str, call['args'].values()))}".strip()


def _langchain_tool(discussion: Discussion, name: str, tool: Tool) -> Any:
    from langchain_core.tools import StructuredTool

    def run(**given: str) -> str:
        return _called(discussion, name, [str(given[argument]) for argument in tool.arguments if given.get(argument)])

    kinds = {argument: {"type": "string"} for argument in tool.arguments}
    schema = {"type": "object", "title": name, "properties": kinds, "required": [] if tool.optional else list(tool.arguments)}
    return StructuredTool(name=name, description=tool.words, args_schema=schema, func=run)
