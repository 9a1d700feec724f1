"""Which benches there are: name -> suites, each imported only when it runs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from corpus.errors import BenchError
from recommender.evaluate._base import Suite

_HERE = "recommender.evaluate"
BENCHES: dict[str, dict[str, str]] = {
    "recover": {
        "composite": f"{_HERE}.recover:composite",
        "sums": f"{_HERE}.recover:sums",
        "feynman": f"{_HERE}.recover:feynman",
        "feynman_known": f"{_HERE}.recover:feynman_known",
        "feynman_other": f"{_HERE}.recover:feynman_other",
        "srsd": f"{_HERE}.recover:srsd",
        "strogatz": f"{_HERE}.recover:strogatz",
        "shg": f"{_HERE}.recover:shg",
        "trajectories": f"{_HERE}.recover:trajectories",
        "oscillator": f"{_HERE}.recover:oscillator",
        "measured": f"{_HERE}.tables:measured",
        "proposals": f"{_HERE}.recover_proposals:proposals",
    },
    "tables": {"tables": f"{_HERE}.tables:Tables"},
    "rank": {
        "rank_sets": f"{_HERE}.rank:Sets",
        "rank_order": f"{_HERE}.rank:Order",
        "rank_calibration": f"{_HERE}.rank:Calibration",
        "rank_repeat": f"{_HERE}.rank:Repeat",
        "rank_pace": f"{_HERE}.rank:Pace",
    },
    "gate": {"gate": f"{_HERE}.gate:Gate"},
    "guards": {"traps_first": f"{_HERE}.traps:first", "traps_second": f"{_HERE}.traps:second"},
    "dimensions": {"dimensions": f"{_HERE}.dimensions:Dimensions"},
    "retrieve": {
        "golden": f"{_HERE}.retrieve_golden:GoldenQuestions",
        "hidden": f"{_HERE}.retrieve_hidden:Hidden",
        "scale": f"{_HERE}.retrieve_scale:scale",
    },
    "meaning": {
        "meaning": f"{_HERE}.meaning:meaning",
        "meaning_other": f"{_HERE}.meaning:other",
        "meaning_found": f"{_HERE}.meaning:found",
    },
    "llm": {"ledger": f"{_HERE}.llm:Ledger"},
    "search": {"search_pace": f"{_HERE}.search_pace:Pace", "search_recovery": f"{_HERE}.search_pace:Recovery"},
    "stages": {"stages": f"{_HERE}.stages:Stages"},
    "startup": {"startup": f"{_HERE}.startup:Startup"},
    "fit": {
        "family": f"{_HERE}.fit_family:family",
        "nist": f"{_HERE}.fit_nist:nist",
        "torture": f"{_HERE}.fit_torture:torture",
        "unseen": f"{_HERE}.fit_unseen:unseen",
        "stress": f"{_HERE}.fit_laws:stress",
        "llmsr": f"{_HERE}.fit_laws:llmsr",
        "fm": f"{_HERE}.fit_modulation:fm",
        "race": f"{_HERE}.fit_race:RaceSuite",
        "coverage": f"{_HERE}.fit_coverage:coverage",
    },
}


def suites(bench: str, chosen: Sequence[str] = ()) -> list[Suite[Any]]:
    """The suites of a bench, or the chosen ones of them. BenchError if there is no such bench or suite."""
    if bench not in BENCHES:
        raise BenchError("bench_unknown", name=bench, known=", ".join(BENCHES))
    known = BENCHES[bench]
    for name in chosen:
        if name not in known:
            raise BenchError("bench_suite_unknown", name=name, bench=bench, known=", ".join(known))
    return [_load(known[name]) for name in (chosen or known)]


def _load(where: str) -> Suite[Any]:
    module, _, name = where.partition(":")
    suite: Suite[Any] = getattr(importlib.import_module(module), name)()
    return suite
