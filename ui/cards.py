"""One candidate on the page: what it is called, how sure it is, its formula, coefficients and evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from corpus.render import to_latex
from recommender.ranking import level
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.report.symbols import symbol, symbol_latex
from ui.words import language, plain, say

_COLOURS = {"high": "green", "middle": "orange", "low": "gray"}


def cautions(result: Recommendation) -> None:
    """How the table may deceive, and what was mended or left out."""
    told, notes = view.cautions(result, language()), view.notes(result, language())
    if told:
        st.warning(_listed(told), icon=":material/warning:")
    if result.undecided is not None:
        st.info(plain(result.undecided.text(language())), icon=":material/balance:")
    if notes:
        with st.expander(say("ui_cards.notes", count=len(notes))):
            st.markdown("\n".join(f"- {plain(note)}" for note in notes))


def _listed(told: Sequence[str]) -> str:
    """Sentences as a list; one alone is no list."""
    return "\n".join(f"- {plain(one)}" for one in told) if len(told) > 1 else plain(told[0])


def summary(result: Recommendation) -> None:
    """All candidates, a line each."""
    heads = [say("ui_cards.place"), say("ui_cards.law"), say("report.confidence")]
    heads += [say(f"report.{key}") for key in ("held_out", "edge", "stability", "parameters")]
    rows = [[f"{f.rank}", _title(f), view.confidence_share(f), *map(plain, view.summary_row(f))] for f in result.formulas]
    with st.container(key="summary"):
        st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    st.caption(f"{say('report.held_out')}: {say('report.error_help')}")


def _title(formula: RankedFormula) -> str:
    """The law's name; of a mere form, the form."""
    return plain(view.law(formula, language())) if view.is_law(formula) else typeset(right_side(formula))


def name(formula: RankedFormula) -> str:
    """What a candidate is called where its formula stands below."""
    return plain(view.law(formula, language())) if view.is_law(formula) else say("report.unnamed")


def head(formula: RankedFormula) -> None:
    """Name, confidence and warnings first, then the formula."""
    st.subheader(f"{formula.rank} · {name(formula)}", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        colour = _COLOURS[level(formula.confidence)] if formula.confidence == formula.confidence else "gray"
        level_words, spellings = view.confidence_parts(formula, language())
        words = f"{say('report.confidence')}: {plain(level_words)}"
        st.badge(words, color=colour, help=say("report.confidence_help"))  # type: ignore[arg-type]
        if spellings:
            st.caption(plain(spellings))
    if warnings := view.warnings(formula, language()):
        st.warning(_listed(warnings), icon=":material/warning:")
    equation(formula)


def equation(formula: RankedFormula) -> None:
    """The formula typeset; long ones go on in the next line, which displayed mathematics would not."""
    st.markdown(typeset(latex(formula)))


def typeset(code: str) -> str:
    """LaTeX within a line, at the size of displayed mathematics."""
    return rf"$\displaystyle {code}$"


def latex(formula: RankedFormula) -> str:
    """`target = formula` with the look of the report."""
    return f"{symbol_latex(formula.target.symbol)} = {right_side(formula)}"


def right_side(formula: RankedFormula) -> str:
    """The formula alone; beside words a product needs its dot."""
    symbols = {v.inner: v.symbol for v in formula.variables} | {c.name: c.name for c in formula.coefficients}
    body = to_latex(formula.formula.root, {inner: symbol_latex(shown) for inner, shown in symbols.items()})
    if any(symbol(shown).is_word for shown in symbols.values()):
        body = body.replace(r" \, ", r" \cdot ")
    return body


def coefficients(formula: RankedFormula, *, small: bool = False) -> None:
    """Value ± error with its unit and what it may be; small: without interval and meaning."""
    keys = ("coefficient", "value", "unit") if small else ("coefficient", "value", "unit", "interval", "meaning")
    rows = [_cells(row)[: len(keys)] for row in view.coefficient_rows(formula, language())]
    if rows:
        st.table(pd.DataFrame(rows, columns=[say(f"report.{key}") for key in keys]), border="horizontal", hide_index=True)


def _cells(row: view.CoefficientRow) -> list[str]:
    meaning = " · ".join(filter(None, (row.meaning, *row.readings))) or "–"
    return [f"${symbol_latex(row.name)}$", *map(plain, (row.value, row.unit or "–", row.interval, meaning))]


def gauges(formula: RankedFormula, columns: int = 3) -> None:
    """Small labelled bars."""
    found = view.gauges(formula, language())
    for start in range(0, len(found), columns):
        for i, (place, gauge) in enumerate(zip(st.columns(columns, gap="medium"), found[start : start + columns], strict=False)):
            with place.container(key=f"gauge-{formula.rank}-{columns}-{start + i}"):
                st.progress(gauge.fill, f"{gauge.label} &ensp; **{plain(gauge.value)}**")
                st.caption(plain(gauge.words), help="\n\n".join(map(plain, gauge.help.split("\n\n"))))


def story(formula: RankedFormula) -> None:
    """Where it came from, why this place, how the fit went."""
    tongue = language()
    parts = {
        "place": [formula.reason.text(tongue)],
        "fit": [formula.status.text(tongue)],
        "origins": [*view.origins(formula, tongue), *view.lineage(formula, tongue)],
    }
    for name, told in parts.items():
        st.markdown(f"**{say(f'ui_cards.story_{name}')}**")
        st.markdown("\n".join(f"- {plain(words)}" for words in told))
