"""The answer on the page: summary, downloads, one card for each candidate."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from corpus.render import to_latex
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.report.html import html_report
from recommender.report.symbols import symbol, symbol_latex
from ui.charts import candidate_charts, trade_off_chart
from ui.jobs import Job
from ui.words import language, plain, say


def show_result(job: Job) -> None:
    """Everything about a finished run."""
    result = job.result
    assert result is not None
    st.header(say("results", target=plain(result.target.name)))
    if job.stopped:
        st.info(say("stopped"))
    if not result.formulas:
        st.warning(say("none_found"))
    _notes(result)
    if result.formulas:
        st.caption(say("found", count=len(result.formulas), candidates=result.counts["candidates"]))
        _summary(result)
    _downloads(job.problem, result)
    for formula in result.formulas:
        _card(job.problem, formula)


def _notes(result: Recommendation) -> None:
    cautions, notes = view.cautions(result, language()), view.notes(result, language())
    if cautions:
        st.warning("\n".join(f"- {plain(caution)}" for caution in cautions))
    if notes:
        st.info("\n".join(f"- {plain(note)}" for note in notes))


def _summary(result: Recommendation) -> None:
    heads = [say("place"), say("law"), *(say(f"report.{key}") for key in ("held_out", "edge", "stability", "parameters"))]
    rows = [[f"{f.rank}", _title(f), *map(plain, view.summary_row(f))] for f in result.formulas]
    st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    st.caption(f"{say('report.held_out')}: {say('report.error_help')}")
    chart = trade_off_chart(result, language())
    if chart is not None:
        with st.expander(say("report.trade_off")):
            left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
            left.altair_chart(chart)
            right.caption(say("report.trade_off_help"))


def _downloads(problem: Problem, result: Recommendation) -> None:
    tongue, name = language(), result.table
    with st.container(horizontal=True):
        st.download_button(
            say("download_report"), lambda: html_report(problem, result, tongue), f"{name}.html", "text/html", type="primary", key="report"
        )
        st.download_button(say("download_json"), result.to_json, f"{name}.json", "application/json", key="json")


def _card(problem: Problem, formula: RankedFormula) -> None:
    with st.container(border=True):
        st.subheader(f"{formula.rank} · {plain(view.law(formula, language()))}")
        st.latex(latex(formula))
        st.markdown(f"**{say('report.confidence')}** {plain(view.confidence(formula, language()))}", help=say("report.confidence_help"))
        for warning in view.warnings(formula, language()):
            st.warning(plain(warning))
        _coefficients(formula)
        _gauges(formula)
        for column, chart in zip(st.columns(2, gap="medium"), candidate_charts(problem, formula, language()), strict=True):
            column.altair_chart(chart)
        _details(formula)


def _title(formula: RankedFormula) -> str:
    """The law's name; of a mere form, the form."""
    return plain(view.law(formula, language())) if view.is_law(formula) else f"${latex(formula)}$"


def latex(formula: RankedFormula) -> str:
    """`target = formula` with the look of the report; beside words a product needs its dot."""
    symbols = {v.inner: v.symbol for v in formula.variables} | {c.name: c.name for c in formula.coefficients}
    body = to_latex(formula.formula.root, {inner: symbol_latex(shown) for inner, shown in symbols.items()})
    if any(symbol(shown).is_word for shown in symbols.values()):
        body = body.replace(r" \, ", r" \cdot ")
    return f"{symbol_latex(formula.target.symbol)} = {body}"


def _coefficients(formula: RankedFormula) -> None:
    rows = [
        [f"${symbol_latex(row.name)}$", *map(plain, (row.value, row.unit or "–", row.interval, _what_it_is(row)))]
        for row in view.coefficient_rows(formula, language())
    ]
    if rows:
        heads = [say(f"report.{key}") for key in ("coefficient", "value", "unit", "interval", "meaning")]
        st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)


def _what_it_is(row: view.CoefficientRow) -> str:
    return " · ".join(filter(None, (row.meaning, *row.readings))) or "–"


def _gauges(formula: RankedFormula) -> None:
    """Three in a row."""
    gauges = view.gauges(formula, language())
    for start in range(0, len(gauges), 3):
        for column, gauge in zip(st.columns(3, gap="medium"), gauges[start : start + 3], strict=False):
            column.progress(gauge.fill, f"{gauge.label} &ensp; **{plain(gauge.value)}**")
            column.caption(plain(gauge.words), help=gauge.help)


def _details(formula: RankedFormula) -> None:
    with st.expander(say("details")):
        for why in dict.fromkeys(origin.why.text(language()) for origin in formula.origins):
            st.text(why)
        st.text(formula.reason.text(language()))
        st.text(formula.status.text(language()))
    with st.expander(say("source_title")):
        source = formula.numpy_source()
        st.code(source, language="python")
        st.download_button(say("download_source"), source, f"formula_{formula.rank}.py", "text/x-python", key=f"source-{formula.rank}")
