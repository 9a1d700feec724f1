"""The library as pages show it: the index opened once, entries found and shown, one tried on the table at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from corpus.entry import ANY_UNIT, Entry, Parameter, Quantity
from corpus.errors import RecommenderError
from corpus.inbox import Acceptance
from corpus.language import domain_name
from corpus.render import to_latex
from corpus.units import parse_unit
from indexes import Query, Retrieved, Retriever, open_index
from recommender.context import Context
from recommender.llm.discuss import fitted_as_typed
from recommender.probes import probe
from recommender.problem import Problem
from recommender.proposers import RetrievedForms
from recommender.recommendation import RankedFormula
from recommender.report import view
from recommender.report.symbols import symbol_latex
from ui import cards
from ui.access import tenant
from ui.words import language, plain, say

MOST = 40  # of a search
BROWSED = 300
_TRIED = 3


@st.cache_resource(show_spinner=False)
def retriever() -> Retriever:
    """The index, which follows what the nightly job publishes."""
    return open_index()


@st.cache_resource(show_spinner=False, max_entries=2)
def _all(snapshot: str) -> Sequence[Entry]:
    """Every public entry of a snapshot, by id."""
    del snapshot
    return sorted(retriever().entries(""), key=lambda entry: entry.id)


def everything() -> Sequence[Entry]:
    """Every public entry."""
    return _all(retriever().snapshot.manifest.id)


def domains() -> list[str]:
    """Those that have entries."""
    return sorted({field(entry) for entry in everything()}, key=domain_words)


def field(entry: Entry) -> str:
    """The field an entry belongs to: the first part of its domain."""
    return entry.domain.partition("/")[0]


def domain_words(domain: str) -> str:
    """`heat_transfer` as words; a field of the customer's own has the name they gave it."""
    return domain_name(domain, language())


def search(words: str, domain: str | None, unit: str) -> list[Retrieved]:
    """The best first; without words, all of a domain or of a unit. UnitError if the unit is not known."""
    if words:
        found = retriever().search(Query(words, language(), tenant=tenant(), limit=3 * MOST))
    else:
        found = [Retrieved(entry, 0.0, ()) for entry in everything()]
    fitting = [one for one in found if domain in (None, field(one.entry)) and (not unit or _measures(one.entry, unit))]
    return fitting[: MOST if words else BROWSED]


def _measures(entry: Entry, unit: str) -> bool:
    """Whether the target, or another symbol, has the dimension of a unit."""
    wanted = parse_unit(unit).dimension
    return any(entry.dimension_of(part.symbol) == wanted for part in entry.parts)


def latex(entry: Entry) -> str:
    """`target = formula` in the symbols of its source."""
    names = {part.symbol: symbol_latex(part.symbol) for part in entry.parts}
    return f"{symbol_latex(entry.target.symbol)} = {to_latex(entry.formula_tree.root, names)}"


def show(found: Retrieved) -> None:
    """Everything about an entry."""
    entry, tongue = found.entry, language()
    st.subheader(plain(entry.name.of(tongue)), anchor=False)
    st.caption(f"{plain(domain_words(field(entry)))} · {plain(entry.id)}")
    st.markdown(rf"$\displaystyle {latex(entry)}$")
    st.text(entry.description.of(tongue))
    rows = [
        [f"${symbol_latex(part.symbol)}$", plain(part.meaning.of(tongue)), plain(_unit(part)), plain(_range(part))] for part in entry.parts
    ]
    heads = [say(f"ui_library.{key}") for key in ("symbol", "meaning", "unit", "range")]
    st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    facts = {"validity": entry.validity.of(tongue) if entry.validity else "", "source": entry.source, "licence": entry.licence}
    facts["accepted"] = _accepted(entry)
    st.markdown("\n".join(f"- {say(f'ui_library.{key}')}: {plain(words)}" for key, words in facts.items() if words))
    for relation in entry.relations:
        st.caption(f"{say(f'ui_library.{relation.kind}')}: {plain(relation.id)}")
    for reason in found.reasons:
        st.caption(plain(reason.text(tongue)))


def _accepted(entry: Entry) -> str:
    """Who took it in, if a person did."""
    told = Acceptance.of(entry)
    return f"{told.person}: {told.evidence}" if told is not None else ""


def _unit(part: Quantity | Parameter) -> str:
    return say("ui_library.any_unit") if part.unit == ANY_UNIT else view.unit_text(part.unit)


def _range(part: Quantity | Parameter) -> str:
    return "–" if part.range is None else " … ".join(view.number_text(end) for end in part.range)


# --- on the table at hand ---------------------------------------------------------------------------------------------


def tried(entry: Entry, problem: Problem) -> list[RankedFormula]:
    """The readings of an entry on a table, best first; empty if it does not fit its columns."""
    context = Context((Retrieved(entry, 1.0, ()),), (), probe(problem.samples))
    names = dict(problem.names)
    found = []
    for proposal in list(RetrievedForms().propose(problem, context, ()))[:_TRIED]:
        try:
            found.append(fitted_as_typed(problem, proposal.formula.bind(proposal.known).rename(names).text))
        except RecommenderError:
            continue  # this reading has no value on these rows; the others may
    return sorted(found, key=lambda f: error if math.isfinite(error := f.number("accuracy", "held_out_nmse")) else math.inf)


def show_tried(entry: Entry, problem: Problem) -> None:
    """The best reading as a card, or that there is none."""
    with st.spinner(say("ui_library.trying")):
        found = tried(entry, problem)
    if not found:
        st.warning(say("ui_library.does_not_fit", target=plain(problem.target.name)))
        return
    cards.head(found[0])
    cards.coefficients(found[0])
    cards.gauges(found[0])
