"""The bench of the ranking: tasks dealt by law, candidates marked by computing, figures that say what they claim."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import BenchError
from recommender.evaluate._base import Answer, Options, Row
from recommender.evaluate.gate import at_stage, composite
from recommender.evaluate.rank import Ask, Calibration, Order, Repeat, Sets, place_of_law
from recommender.evaluate.rank_laws import NOISES, RankTask, rank_tasks
from recommender.evaluate.rank_learn import learned, right, score_weights
from recommender.evaluate.rank_replay import by_error, by_fronts, forms, numbers
from recommender.evaluate.rank_sets import EQUAL, LAW, OTHER, CandidateSet, candidate_set, folder, read, stored
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.evaluate.reliability import calibration_error, draw
from recommender.evaluate.scoring import Rows
from recommender.evaluate.worker import answer
from recommender.ranking import Fixed, load
from recommender.ranking.evidence_score import TRAITS
from recommender.ranking.order import order

TYPED = ["a*exp(-t/b)", "a*exp(-t/b) + c*t**2 + d*sin(3*t)", "a/(1 + b*t**2)", "a + b*t + c*t**2 + d*t**3 + e*t**4"]


class InProcess:
    """The program under test in this process, told to be quick; counts how often it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0

    def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
        self.asked += 1
        reply = answer({**request, "seconds": 0, "corpus": False, "typed": TYPED})
        return Answer(reply.get("value", {}), reply.get("failure", ""), reply["seconds"], reply["cpu"])


def decay_task(noise: float, half: str = "test") -> RankTask:
    rng = np.random.default_rng(4)
    x, off = rng.uniform(0.2, 6, 40), rng.uniform(0.2, 6, 200)
    train, far = (Rows({"t": t}, 3 * np.exp(-t / 1.7)) for t in (x, off))
    question = {"target": "v", "inputs": ["t"], "units": {}, "descriptions": {}, "about": ""}
    recover = RecoverTask(f"decay {half}", question, train, {"id": train, "off": far}, far, 0.0, Variant(noise=noise, corpus=False))
    return RankTask(recover.with_noise(0), "3*exp(-t/1.7)", "curves", half)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[float, CandidateSet]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_HOME", str(tmp_path_factory.mktemp("sets")))
        program = InProcess(tmp_path_factory.mktemp("program"))
        found = {noise: candidate_set(decay_task(noise), program, 0) for noise in (0.0, 0.02)}
        again = candidate_set(decay_task(0.02), program, 0)
        assert program.asked == 2  # the second time it is read
        assert again.found == found[0.02].found
        assert len(stored()) == 2
    return found


def test_the_law_is_marked_and_what_only_comes_close_is_not(sets: dict[float, CandidateSet]) -> None:
    for one in sets.values():
        marked = {f.formula.text for f, label in zip(one.found.formulas, one.labels, strict=True) if label == LAW}
        assert marked
        assert all("exp" in text and "sin" not in text for text in marked)
    assert OTHER in sets[0.02].labels


def test_the_ranking_puts_the_law_first_where_training_error_does_not(sets: dict[float, CandidateSet]) -> None:
    one = sets[0.02]
    assert place_of_law(one, order(numbers(one), forms(one), load()).places) == 1
    assert place_of_law(one, by_error(one)) != 1
    assert sorted(by_fronts(one)) == list(range(len(one.labels)))


def test_learned_weights_order_what_they_learned_from(sets: dict[float, CandidateSet]) -> None:
    found = list(sets.values())
    weights = score_weights(found)
    assert np.all(weights >= 0)
    assert len(weights) == len(TRAITS)
    for one in found:
        assert one.labels[order(numbers(one), forms(one), load()).places[0]] == one.labels[int(right(one)[0])] == LAW


def test_weights_are_learned_from_the_learning_half_alone(sets: dict[float, CandidateSet]) -> None:
    from dataclasses import replace

    one = sets[0.02]
    half = replace(one, half="learn")
    alone, mixed = learned([half]), learned([half, replace(one, labels=one.labels[::-1])])
    assert alone.score == mixed.score
    assert alone.provenance["sets"] == 1


def test_a_broken_set_says_which_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.json.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(BenchError, match=r"broken\.json\.gz"):
        read(path)


def test_without_sets_the_error_says_how_to_make_them(home: Path) -> None:
    with pytest.raises(BenchError, match="formula bench rank"):
        stored()
    assert not folder().exists()


def test_a_program_that_fails_leaves_no_set(home: Path, tmp_path: Path) -> None:
    class Broken(InProcess):
        def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
            return Answer(failure="crash: exit status 9")

    with pytest.raises(BenchError, match="exit status 9"):
        Sets().run(Ask(decay_task(0.0), 0), Broken(tmp_path))
    assert not folder().exists()


@pytest.mark.slow
def test_tasks_are_dealt_by_law_and_follow_the_seed() -> None:
    one, again, other = list(rank_tasks(0)), list(rank_tasks(0)), list(rank_tasks(1))
    assert len(one) >= 120
    learn, test = ({task.recover.name for task in one if task.half == half} for half in ("learn", "test"))
    assert not learn & test
    assert {task.kind for task in one} == {"curves", "entries", "sums"}
    assert {task.noise for task in one} == set(NOISES)
    assert all(np.array_equal(a.recover.train.target, b.recover.train.target) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].recover.train.target, next(islice(other, 1)).recover.train.target)
    assert all(np.all(np.isfinite(task.recover.train.target)) for task in one)


# --- figures --------------------------------------------------------------------------------------------------------


def placed(noise: float, ours: list[int | None], there: bool = True) -> list[Row]:
    return [
        Row(f"{noise} {i}", True, {"noise": noise, "there": there, "rank": rank, "error": 9, "fronts": 2}) for i, rank in enumerate(ours)
    ]


@pytest.mark.parametrize(
    ("last", "holds"),
    [([1] * 11 + [2] * 6 + [None] * 3, True), ([1] * 10 + [2] * 7 + [None] * 3, False), ([1] * 16 + [None] * 4, False)],
)
def test_the_bars_of_the_order(last: list[int | None], holds: bool) -> None:
    rows = placed(0.0, [1] * 19 + [2]) + placed(0.01, [1] * 14 + [3] * 6) + placed(0.05, last)
    verdict = Order().verdict(rows + placed(0.05, [None] * 30, there=False))
    assert verdict.holds is holds
    assert verdict.numbers["5 % tasks"] == 20
    assert verdict.numbers["0 % error first"] == 0


def test_true_probabilities_have_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    said = rng.random(4000)
    true = [(float(p), bool(rng.random() < p)) for p in said]
    assert calibration_error(true) < 0.04
    assert calibration_error([(0.99, hit) for _, hit in true]) == pytest.approx(0.49, abs=0.05)
    assert np.isnan(calibration_error([]))


def test_the_reliability_diagram_is_written(home: Path) -> None:
    path = draw([(0.1, False), (0.9, True), (1.0, True)], [(0.9, True)])
    assert path.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_overconfidence_misses_its_bar(home: Path) -> None:
    rows = [Row(f"{i}", True, {"rank": 1, "confidence": 0.9, "right": i % 2 == 0}) for i in range(20)]
    assert not Calibration().verdict(rows).holds
    assert Calibration().verdict([Row(row.case, True, {**row.values, "right": True}) for row in rows]).holds


def test_another_family_with_another_seed_is_counted() -> None:
    rows = [Row(f"{i}", i > 0, {"there": True}) for i in range(20)]
    assert Repeat().verdict(rows).holds
    assert not Repeat().verdict([*rows, Row("x", False, {"there": False})]).holds


def test_a_stage_counts_only_what_was_found_by_then(sets: dict[float, CandidateSet]) -> None:
    found = list(sets.values())
    assert 0 < composite(found, Fixed(1.0)) <= 1
    assert at_stage(found, -1.0, 1.0) == 0.0


def test_quick_takes_a_few_of_the_testing_half(monkeypatch: pytest.MonkeyPatch) -> None:
    from recommender.evaluate import rank

    tasks = [decay_task(0.0, half) for half in ("learn", "test")] * 8
    monkeypatch.setattr(rank, "rank_tasks", lambda seed: tasks)
    assert {ask.task.half for ask in Order().cases(Options(quick=True))} == {"test"}
    assert len(Order().cases(Options(quick=True))) == rank.QUICK
    assert EQUAL != LAW
