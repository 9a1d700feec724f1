from __future__ import annotations

import numpy as np
import pytest

from corpus.errors import BenchError
from corpus.formula import parse
from recommender.evaluate import peers
from recommender.evaluate._base import Options
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite
from recommender.evaluate.run import run_suite
from recommender.samples import Samples

X = np.linspace(0.1, 3, 50)
DECAY = parse("p0*exp(-p1*x)+p2", ["x"])
ROWS = Samples({"x": X}, 3 * np.exp(-0.7 * X) + 0.2)


@pytest.mark.parametrize("name", ["scipy", "scipy-starts", "lmfit", "pyoperon"])
def test_each_program_finds_an_easy_decay(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(peers.PEERS[name].module)
    monkeypatch.setattr(peers, "STARTS", 5)
    assert peers.PEERS[name].fit(DECAY, ROWS) == pytest.approx([3, 0.7, 0.2], rel=1e-3)


def test_a_program_that_takes_too_long_gives_its_best_so_far() -> None:
    target = peers.Target(DECAY, ROWS, limit=-1.0)
    with pytest.raises(peers._TimeUpError):
        target.residual([1.0, 1.0, 1.0])
    assert target.best.tolist() == [1, 1, 1]


def test_what_operon_cannot_say_is_said() -> None:
    pytest.importorskip("pyoperon")
    with pytest.raises(BenchError, match="sinc"):
        peers.PEERS["pyoperon"].fit(parse("p0*sinc(x)", ["x"]), ROWS)


def test_unknown_names_and_missing_programs_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchError, match="scipy"):
        peers.installed(["matlab"])
    monkeypatch.setitem(peers.PEERS, "gone", peers.Peer("no_such_module_at_all", peers.scipy_ones))
    assert peers.installed(["scipy", "gone"]) == (["scipy"], ["gone"])


def test_side_by_side_rows_do_not_touch_our_bar() -> None:
    x = np.linspace(0, 1, 80)
    truth = {"p0": 2.0, "p1": 40.0, "p2": 0.4}
    clean = parse("p0*sinc(p1*(x-p2))**2", ["x"]).evaluate({"x": x}, truth)
    problem = FitProblem("fringe", "g", "p0*sinc(p1*(x-p2))**2", {"x": x}, clean, tuple(truth), truth)
    suite = FitSuite("family", lambda options: [problem], Bar(share=1.0))
    rows = run_suite(suite, suite.cases(Options(against=("scipy",))), 1)
    assert {row.values["method"]: row.passed for row in rows} == {"ours": True, "scipy": False}
    assert suite.verdict(rows).holds
    assert [row.case for row in suite.shown(rows)] == ["ours", "scipy"]
