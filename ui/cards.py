"""The answer on the page: summary, downloads, one card for each candidate."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from corpus.render import to_latex
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.report.html import html_report
from recommender.report.symbols import symbol_latex
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
    notes = view.notes(result, language())
    if notes:
        st.info("\n".join(f"- {plain(note)}" for note in notes))


def _summary(result: Recommendation) -> None:
    chart = trade_off_chart(result, language())
    left, right = st.columns([3, 2], gap="medium") if chart is not None else (st.container(), None)
    heads = [say("place"), say("law"), *(say(f"report.{key}") for key in ("held_out", "edge", "stability", "parameters"))]
    rows = [[f"{f.rank}", plain(view.law(f, language())), *map(plain, view.summary_row(f))] for f in result.formulas]
    left.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    left.caption(f"{say('report.held_out')}: {say('report.error_help')}")
    if right is not None and chart is not None:
        right.caption(say("report.trade_off"), help=say("report.trade_off_help"))
        right.altair_chart(chart)


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
        for warning in view.warnings(formula, language()):
            st.warning(plain(warning))
        _coefficients(formula)
        _gauges(formula)
        for column, chart in zip(st.columns(2, gap="medium"), candidate_charts(problem, formula, language()), strict=True):
            column.altair_chart(chart)
        _details(formula)


def latex(formula: RankedFormula) -> str:
    """`target = formula` with the look of the report."""
    names = {v.inner: symbol_latex(v.symbol) for v in formula.variables} | {c.name: symbol_latex(c.name) for c in formula.coefficients}
    return f"{symbol_latex(formula.target.symbol)} = {to_latex(formula.formula.root, names)}"


def _coefficients(formula: RankedFormula) -> None:
    rows = [
        [f"${symbol_latex(row.name)}$", *map(plain, (row.value, row.unit or "–", row.interval, row.meaning or "–"))]
        for row in view.coefficient_rows(formula, language())
    ]
    if rows:
        heads = [say(f"report.{key}") for key in ("coefficient", "value", "unit", "interval", "meaning")]
        st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)


def _gauges(formula: RankedFormula) -> None:
    columns = st.columns(3, gap="medium")
    for i, gauge in enumerate(view.gauges(formula, language())):
        with columns[i % 3]:
            st.markdown(f"{gauge.label} &ensp; **{plain(gauge.value)}**", help=gauge.help)
            st.progress(gauge.fill)
            st.caption(plain(gauge.words))


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
