"""The bandit: learns who is worth asking, and never gives anyone up."""

from __future__ import annotations

from collections import Counter

import numpy as np

from recommender.llm.bandit import FLOOR, Bandit, Record

GOOD, DEAR, POOR = ("good", "proposer"), ("dear", "proposer"), ("poor", "editor")
RATES = {GOOD: (0.5, 5.0), DEAR: (0.6, 60.0), POOR: (0.02, 5.0)}


def played(bandit: Bandit, turns: int, seed: int = 1) -> Counter[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    asked: Counter[tuple[str, str]] = Counter()
    for _ in range(turns):
        arm = bandit.choose()
        assert arm is not None
        asked[arm] += 1
        share, seconds = RATES[arm]
        bandit.learn(arm, bool(rng.random() < share), seconds)
    return asked


def test_useful_and_cheap_is_asked_most_but_nobody_is_given_up() -> None:
    asked = played(Bandit((GOOD, DEAR, POOR)), 400)
    assert asked[GOOD] > 0.7 * 400
    assert all(asked[arm] > 0.5 * FLOOR * 400 / 3 for arm in (DEAR, POOR))


def test_money_counts_like_time() -> None:
    bandit = Bandit((GOOD, DEAR))
    for _ in range(30):
        bandit.learn(GOOD, True, 5.0, 0.0)
        bandit.learn(DEAR, True, 5.0, 0.5)
    assert Counter(bandit.choose() for _ in range(100))[GOOD] > 80


def test_the_same_seed_makes_the_same_choices_and_another_one_others() -> None:
    runs = [[Bandit((GOOD, DEAR, POOR), seed).choose() for _ in range(1)] for seed in range(12)]
    assert len({run[0] for run in runs}) > 1
    assert played(Bandit((GOOD, DEAR, POOR), 3), 50) == played(Bandit((GOOD, DEAR, POOR), 3), 50)


def test_a_run_begins_with_what_earlier_ones_saw_and_can_unlearn_it() -> None:
    first = Bandit((GOOD, POOR), 0)
    played(first, 200)
    second = Bandit((GOOD, POOR), 1, first.seen)
    assert Counter(second.choose() for _ in range(100))[GOOD] > 75
    for _ in range(60):
        second.learn(GOOD, False, 5.0)
        second.learn(POOR, True, 5.0)
    assert Counter(second.choose() for _ in range(100))[POOR] > 75


def test_a_busy_arm_is_not_asked_and_an_empty_ensemble_asks_nobody() -> None:
    bandit = Bandit((GOOD, POOR))
    assert {bandit.choose(busy={GOOD}) for _ in range(20)} == {POOR}
    assert bandit.choose(busy={GOOD, POOR}) is None
    assert Bandit(()).choose() is None


def test_an_arm_never_met_takes_lightly_after_its_kin() -> None:
    past = {("a", "proposer"): Record(50, 45, 50), ("b", "editor"): Record(50, 1, 50)}
    rates = Bandit((("a", "physicist"), ("b", "physicist")), past=past).rates()
    assert rates["a", "physicist"][0] > rates["b", "physicist"][0]
