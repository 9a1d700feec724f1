"""No table: a calculation judges the formulas. The worked examples, each run in a process of its own, watched until it ends."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from recommender.objective import Designs
from recommender.report.view import number_text
from ui.data import EXAMPLES
from ui.words import language, plain, say

POLL_SECONDS = 2.0
BUDGETS: Mapping[str, int] = {"qpm_rectangular": 30_000}  # curves scored: about a minute
_MOST = 2  # at once, for all sessions together


@dataclass(frozen=True)
class Going:
    """An example under way: its process, the folder it writes into, when it began."""

    name: str
    process: subprocess.Popen[bytes]
    folder: Path
    begun: float


@st.cache_resource(show_spinner=False)
def _going() -> list[Going]:
    """Those of all sessions that have not ended."""
    return []


def draw() -> None:
    """The examples; the one of this session with its outcome."""
    st.caption(say("ui_data.computed_words"))
    names = [name for name in BUDGETS if (EXAMPLES / f"{name}.py").is_file()]
    for name in names:
        st.markdown(f"**{say(f'ui_data.computed_{name}')}**")
        st.button(say("ui_data.computed_run"), on_click=_start, args=(name,), key=f"computed-{name}", icon=":material/play_arrow:")
    mine: Going | None = st.session_state.get("computed")
    if mine is not None:
        _watch()


def _start(name: str) -> None:
    """Begin; whoever comes when all places are taken is told to come again."""
    running = _going()
    running[:] = [one for one in running if one.process.poll() is None]
    if len(running) >= _MOST:
        st.toast(say("ui_data.computed_full"))
        return
    folder = Path(tempfile.mkdtemp(prefix="formula-computed-"))
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), "--budget", str(BUDGETS[name]), "--out", str(folder)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603  # a script of ours
    st.session_state.computed = Going(name, process, folder, time.monotonic())
    running.append(st.session_state.computed)


@st.fragment(run_every=POLL_SECONDS)
def _watch() -> None:
    mine: Going = st.session_state.computed
    code = mine.process.poll()
    if code is None:
        st.progress(0.0, say("ui_data.computed_going", seconds=int(time.monotonic() - mine.begun)))
        if st.button(say("ui_run.stop"), key="computed-stop", icon=":material/stop:"):
            mine.process.terminate()
    elif code == 0:
        _show(mine)
    else:
        st.info(say("ui_data.computed_stopped"))


def _show(mine: Going) -> None:
    """The families, best first, and the figure."""
    found = Designs.from_json((mine.folder / f"{mine.name}.json").read_text(encoding="utf-8"))
    rows = [
        [f"{d.rank}", f"${d.latex}$", number_text(d.loss), f"{100 * d.robustness:.0f} %", f"{100 * d.simplicity:.0f} %"]
        for d in found.designs
    ]
    heads = [say("ui_cards.place"), say("ui_refine.formula"), *(say(f"ui_data.computed_{key}") for key in ("loss", "robust", "simple"))]
    st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    with st.expander(say("ui_cards.tab_story")):
        st.text(found.report(language()))
    picture = mine.folder / f"{mine.name}.png"
    if picture.is_file():
        st.image(str(picture), caption=plain(say(f"ui_data.computed_{mine.name}")))
