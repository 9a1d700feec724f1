"""One recorded run in full, and two side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.store import Event, RunRecord, RunStart
from ui import cards, downloads
from ui.access import tenant
from ui.launch import jobs, store
from ui.launch import problem as problem_of
from ui.words import cell, language, plain, say, zone

_LONG = 300


def result_of(record: RunRecord) -> Recommendation | None:
    """Its formulas; None while there are none."""
    return Recommendation.from_dict(record.result) if record.result else None


def show(record: RunRecord) -> None:
    """Downloads, ranking, what was asked, and the log."""
    result = result_of(record)
    if result is not None and result.formulas:
        _downloads(record, result)
        cards.summary(result)
    with st.expander(say("ui_runs.asked")):
        _facts(record)
    with st.expander(say("ui_runs.log")):
        _log(record.id)
    with st.expander(say("ui_runs.models")):
        _calls(record.id)


def _downloads(record: RunRecord, result: Recommendation) -> None:
    """A run whose table was not kept (one of the command line, say) has no report."""
    try:
        problem = problem_of(jobs().look(record.id, tenant=tenant()))
    except RecommenderError as error:
        st.caption(plain(error.text(language())))
    else:
        downloads.draw(problem, result)


def _facts(record: RunRecord) -> None:
    start = record.start
    told = _asked(start) | {"id": record.id}
    told |= {"settings": _short(start.settings), "versions": _short(start.versions)}
    st.markdown("\n".join(f"- {say(f'ui_runs.{key}')}: {plain(value)}" for key, value in told.items() if value and value != "{}"))


def _asked(start: RunStart) -> dict[str, str]:
    told = {"table": start.table_name, "hash": start.table_hash, "target": start.target, "inputs": ", ".join(start.inputs)}
    return told | {"about": start.about, "seed": str(start.seed)}


def _log(run_id: str) -> None:
    """Everything that happened, oldest first."""
    rows = [_event(event) for event in store().events(run_id, tenant())]
    if not rows:
        st.caption(say("ui_runs.log_empty"))
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=min(400, 38 + 35 * len(rows)))


def _event(event: Event) -> dict[str, str]:
    told = {
        "time": f"{event.time.astimezone(zone()):%H:%M:%S}",
        "who": event.author,
        "what": event.kind,
        "details": _details(event.payload),
    }
    return {say(f"ui_runs.{key}"): cell(value) for key, value in told.items()}


def _details(payload: Mapping[str, object]) -> str:
    """A payload in a line; sentences in it are put into the reader's language."""
    parts = []
    for name, value in payload.items():
        if isinstance(value, Mapping) and {"key", "en"} <= set(value):
            value = Sentence.from_dict(value).text(language())
        parts.append(f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}")
    return "; ".join(parts)[:_LONG]


def _calls(run_id: str) -> None:
    calls = store().calls(run_id, tenant()).get(run_id, [])
    if not calls:
        st.caption(say("ui_runs.no_models"))
        return
    rows = [
        {
            "member": call.member,
            "model": call.resolved_model or call.model,
            "role": call.role,
            "tokens": f"{call.tokens_in or 0:,} + {call.tokens_out or 0:,}",
            "cost": "–" if call.cost is None else f"{call.cost:.4f}",
            "seconds": f"{call.seconds:.1f}",
            "offered": str(len(call.offered)),
        }
        for call in calls
    ]
    st.table(pd.DataFrame([{say(f"ui_runs.{k}"): plain(v) for k, v in row.items()} for row in rows]), border="horizontal", hide_index=True)


def _short(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)[: 2 * _LONG]


# --- two runs ---------------------------------------------------------------------------------------------------------


def compare(one: RunRecord, two: RunRecord) -> None:
    """What was asked differently, and what came out: the same families with their ranks, and those of one run only."""
    st.subheader(say("ui_runs.compare"), anchor=False)
    st.caption(f"A: {plain(_name(one))} &ensp; B: {plain(_name(two))}")
    asked = _asked_differently(one, two)
    if asked:
        heads = ["", "A", "B"]
        st.table(pd.DataFrame(asked, columns=heads), border="horizontal", hide_index=True)
    else:
        st.caption(say("ui_runs.same_question"))
    results = result_of(one), result_of(two)
    if results[0] is None or results[1] is None:
        st.info(say("ui_runs.no_result"))
        return
    rows = _families(results[0], results[1])
    heads = [say("ui_cards.law"), say("ui_runs.rank_a"), say("ui_runs.rank_b"), say("ui_runs.error_a"), say("ui_runs.error_b")]
    st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)


def _name(record: RunRecord) -> str:
    return f"{record.start.table_name} → {record.start.target}, {record.started.astimezone(zone()):%Y-%m-%d %H:%M}"


def _asked_differently(one: RunRecord, two: RunRecord) -> list[tuple[str, str, str]]:
    def told(record: RunRecord) -> dict[str, str]:
        start = record.start
        rest = {name: str(start.settings.get(name, "")) for name in ("limit", "seconds", "effort", "typed", "require", "group")}
        return _asked(start) | rest

    left, right = told(one), told(two)
    return [(say(f"ui_runs.{key}"), plain(left[key]), plain(right[key])) for key in left if left[key] != right[key]]


def _families(one: Recommendation, two: Recommendation) -> list[tuple[str, str, str, str, str]]:
    left, right = {f.key: f for f in one.formulas}, {f.key: f for f in two.formulas}
    rows = []
    for key in dict.fromkeys([*left, *right]):
        shown = left.get(key) or right[key]
        rows.append((f"${cards.latex(shown)}$", _rank(left.get(key)), _rank(right.get(key)), _error(left.get(key)), _error(right.get(key))))
    return rows


def _rank(formula: RankedFormula | None) -> str:
    return "–" if formula is None else str(formula.rank)


def _error(formula: RankedFormula | None) -> str:
    return "–" if formula is None else plain(view.summary_row(formula)[0])
