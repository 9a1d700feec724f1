"""What can be done with one candidate: look at its plots, move its coefficients, predict a row, take its source, decide on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from corpus.errors import RecommenderError
from corpus.language import text
from corpus.units import parse_unit
from recommender.acceptance import Decision, take, turn_down
from recommender.coefficients import Coefficient
from recommender.past import decisions
from recommender.prediction import Predictor
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.report.symbols import symbol_latex
from recommender.show import value_with_error
from ui import cards, plots
from ui.access import person, tenant
from ui.charts import what_if_chart
from ui.launch import store
from ui.words import language, plain, say
from ui.work import work

_TABS = ("plots", "what_if", "predict", "story", "source", "decide")


def draw(problem: Problem, result: Recommendation, formula: RankedFormula) -> None:
    """The whole card."""
    with st.container(border=True, key=f"card-{formula.rank}"):
        cards.head(formula)
        cards.coefficients(formula)
        cards.gauges(formula)
        _more(problem, result, formula)


@st.fragment
def _more(problem: Problem, result: Recommendation, formula: RankedFormula) -> None:
    """What stands below; only the open part is worked out, and only this is drawn again when something in it is moved."""
    labels = [say(f"ui_cards.tab_{name}") for name in _TABS]
    tabs = st.tabs(labels, key=f"part-{language()}", on_change="rerun")
    for name, tab in zip(_TABS, tabs, strict=True):
        if tab.open or name == "decide":  # what is being written there must not be lost
            with tab:
                _part(name, problem, result, formula)


def _part(name: str, problem: Problem, result: Recommendation, formula: RankedFormula) -> None:
    if name in ("plots", "predict"):
        predictor = plots.predictor(plots.key_of(work().run, formula), problem, result, formula)
        {"plots": _plots, "predict": _predict}[name](problem, formula, predictor)
    elif name == "what_if":
        _what_if(problem, formula)
    elif name == "decide":
        _decide(result, formula)
    else:
        {"story": cards.story, "source": _source}[name](formula)


def side_by_side(problem: Problem, formulas: Sequence[RankedFormula]) -> None:
    """A few for comparison: every part of one stands beside the same part of the others."""
    parts: tuple[Callable[[RankedFormula], None], ...] = (
        cards.head,
        lambda formula: cards.coefficients(formula, small=True),
        lambda formula: cards.gauges(formula, columns=1),
        lambda formula: _small_plots(problem, formula),
    )
    for row, part in enumerate(parts):
        for formula, place in zip(formulas, st.columns(len(formulas), gap="small", border=True), strict=True):
            with place.container(key=f"small-{row}-{formula.rank}"):
                part(formula)


def _small_plots(problem: Problem, formula: RankedFormula) -> None:
    for drawing, words in zip(_drawings(problem, formula), _plot_words(formula), strict=True):
        st.vega_lite_chart(drawing, alt=words)


def _drawings(problem: Problem, formula: RankedFormula) -> tuple[plots.Drawing, plots.Drawing]:
    return plots.fit_and_rest(plots.key_of(work().run, formula), language(), problem, formula)


def _plot_words(formula: RankedFormula) -> tuple[str, str]:
    return say("ui_cards.fit_alt", rank=formula.rank), say("ui_cards.residual_alt", rank=formula.rank)


def _plots(problem: Problem, formula: RankedFormula, predictor: Predictor) -> None:
    titles = (say("report.fit"), say("report.residuals"))
    drawings = _drawings(problem, formula)
    for place, title, drawing, words in zip(st.columns(2, gap="medium"), titles, drawings, _plot_words(formula), strict=True):
        place.markdown(f"**{title}**")
        place.vega_lite_chart(drawing, alt=words)
    st.markdown(f"**{say('ui_cards.band')}**", help=say("ui_cards.band_help"))
    names = [column.name for column in problem.inputs]
    along = names[0]
    if len(names) > 1:
        along = st.selectbox(say("ui_cards.along"), names, key=f"along-{formula.rank}", width=260) or along
    drawing = plots.band(plots.key_of(work().run, formula), along, problem, predictor)
    st.vega_lite_chart(drawing, alt=say("ui_cards.band_alt", rank=formula.rank))


# --- what if ----------------------------------------------------------------------------------------------------------


def _what_if(problem: Problem, formula: RankedFormula) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        free = [c for c in formula.coefficients if not c.known and math.isfinite(c.value)]
        moved = {c.name: _slider(formula, c) for c in free}
        st.button(say("ui_cards.back"), on_click=_back, args=(formula,), key=f"back-{formula.rank}")
    changed = replace(formula, coefficients=tuple(replace(c, si=_in_si(c, moved.get(c.name, c.value))) for c in formula.coefficients))
    right.altair_chart(what_if_chart(problem, formula, changed, language()), alt=say("ui_cards.what_if_alt"))
    errors = (_share(problem, formula), _share(problem, changed))
    right.caption(say("ui_cards.what_if_error", before=errors[0], after=errors[1]))


def _slider(formula: RankedFormula, c: Coefficient) -> float:
    half = max(abs(c.value) / 2, 3 * (c.high - c.low) if math.isfinite(c.high - c.low) else 0.0) or 1.0
    unit = f" [{plain(view.unit_text(c.unit))}]" if c.unit not in ("", "?") else ""
    meaning = f" · {plain(c.meaning.of(language()))}" if c.meaning is not None else ""
    key = f"slide-{work().run}-{formula.rank}-{c.name}"
    low, high = c.value - half, c.value + half
    return float(
        st.slider(
            f"${symbol_latex(c.name)}${unit}{meaning}", low, high, c.value, step=half / 100, format="%.4g", key=key, persist_state="session"
        )
    )


def _back(formula: RankedFormula) -> None:
    """To the fitted values."""
    for c in formula.coefficients:
        st.session_state.pop(f"slide-{work().run}-{formula.rank}-{c.name}", None)


def _in_si(c: Coefficient, value: float) -> float:
    if value == c.value:
        return c.si
    if c.unit not in ("", "?"):
        return float(parse_unit(c.unit).to_si(np.array(value)))
    return c.si * value / c.value if c.value else value


def _share(problem: Problem, formula: RankedFormula) -> str:
    """Root mean square error on the rows, as a share of the target's spread."""
    given = {column.name: column.shown[problem.rows] for column in problem.inputs}
    measured = problem.target.shown[problem.rows]
    with np.errstate(all="ignore"):
        rest = measured - formula.predict(given)
    share = 100 * float(np.sqrt(np.mean(rest**2)) / np.std(measured))
    return f"{share:.3g} %" if math.isfinite(share) else "–"


# --- a new row --------------------------------------------------------------------------------------------------------


def _predict(problem: Problem, formula: RankedFormula, predictor: Predictor) -> None:
    names = [column.name for column in problem.inputs]
    row: dict[str, float] = {}
    for i, (place, column) in enumerate(zip(st.columns(max(3, len(names)), gap="small"), problem.inputs, strict=False)):
        middle = float(f"{np.median(column.shown[problem.rows]):.4g}")
        key = f"row-{work().run}-{formula.rank}-{i}"
        row[column.name] = float(place.number_input(plain(column.label), value=middle, format="%.6g", key=key, persist_state="session"))
    found = predictor.at({name: np.array([value]) for name, value in row.items()})
    goal, unit = problem.target.name, view.unit_text(formula.target.unit or "")
    told = value_with_error(float(found.value[0]), float(found.reading_high[0] - found.reading_low[0]) / 4)
    st.metric(plain(goal), f"{view.raised(told)} {unit}".strip(), help=say("ui_cards.predict_help"))
    curve = view.interval_text(float(found.low[0]), float(found.high[0]))
    reading = view.interval_text(float(found.reading_low[0]), float(found.reading_high[0]))
    st.caption(say("ui_cards.predict_curve", interval=f"{curve} {unit}".strip()))
    st.caption(say("ui_cards.predict_reading", interval=f"{reading} {unit}".strip()))
    beyond = [c.label for c in problem.inputs if not _within(c.shown[problem.rows], row[c.name])]
    if beyond:
        st.warning(say("ui_cards.beyond", names=plain(", ".join(beyond))))


def _within(values: np.typing.NDArray[np.float64], value: float) -> bool:
    return float(values.min()) <= value <= float(values.max())


def _source(formula: RankedFormula) -> None:
    source = formula.numpy_source()
    st.caption(say("ui_cards.source_words"))
    st.code(source, language="python", wrap_lines=True)
    name = f"formula_{formula.rank}.py"
    st.download_button(say("ui_cards.download_source"), source, name, "text/x-python", key=f"source-{formula.rank}", on_click="ignore")


# --- the decision -----------------------------------------------------------------------------------------------------


def _decide(result: Recommendation, formula: RankedFormula) -> None:
    before = decisions(store(), work().run, tenant()).get(formula.key)
    if before is not None:
        st.info(say(f"ui_cards.{before['kind']}", person=plain(str(before["person"])), reason=plain(str(before["reason"]))))
    usual = text("accept.name", language(), target=formula.target.name)
    with st.form(f"decide-{formula.rank}", border=False):
        left, right = st.columns(2, gap="medium")
        decision = Decision(
            person=(left.text_input(say("ui_cards.person"), person(), max_chars=80, disabled=bool(person())) or person()).strip(),
            reason=st.text_area(say("ui_cards.reason"), max_chars=500, height=80, placeholder=say("ui_cards.reason_hint")),
            tenant=tenant(),
            **{f"name_{language()}": right.text_input(say("ui_cards.name"), max_chars=80, placeholder=usual)},
        )
        with st.container(horizontal=True):
            accepted = st.form_submit_button(
                say("ui_cards.accept"), type="primary", icon=":material/check:", help=say("ui_cards.accept_help")
            )
            rejected = st.form_submit_button(say("ui_cards.reject"), icon=":material/close:")
    if accepted or rejected:
        _record(result, formula, decision, accepted)


def _record(result: Recommendation, formula: RankedFormula, decision: Decision, accepted: bool) -> None:
    """Into the inbox or only into the run's record; what is missing is said."""
    missing = [say(f"ui_cards.{name}") for name in ("person", "reason") if not getattr(decision, name).strip()]
    if missing:
        st.error(say("ui_cards.decide_needs", what="・".join(missing) if language() == "ja" else " and ".join(missing)))
        return
    try:
        (take if accepted else turn_down)(store(), work().run, result, formula.rank, decision)
    except RecommenderError as error:
        st.error(plain(error.text(language())))
    else:
        st.success(say("ui_cards.accept_done" if accepted else "ui_cards.reject_done"))
