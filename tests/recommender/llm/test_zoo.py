"""Every reply of the zoo ends as a formula or with a reason; none raises, none is run."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.language import LANGUAGES
from recommender.llm import Member, read_reply, to_proposals
from recommender.problem import Problem
from recommender.table import Table
from tests.recommender.llm.zoo import REPLIES, Expected

n = np.arange(1.0, 25)
PROBLEM = Problem.of(
    Table.of({"time": n, "L": np.sqrt(n) + n % 3, "T": 300 + n % 7, "Flow rate [L/min]": 1 + n % 5, "efficiency": n**2 + 1}), "efficiency"
)
MEMBER = Member("m", "openai/m")


def test_the_zoo_is_large() -> None:
    assert len(REPLIES) >= 150
    assert len({name for name, _, _ in REPLIES}) == len(REPLIES)


@pytest.mark.parametrize(("reply", "expected"), [(reply, expected) for _, reply, expected in REPLIES], ids=[name for name, _, _ in REPLIES])
def test_a_reply_of_the_zoo(reply: str, expected: Expected) -> None:
    read = read_reply(reply, PROBLEM)
    keys = [reason.key for _, reason in read.rejected]
    assert all(reason.text(language).strip() for _, reason in read.rejected for language in LANGUAGES)
    assert len(to_proposals(read, MEMBER, PROBLEM)) == len(read.offered)
    if isinstance(expected, str):
        assert read.offered == ()
        assert keys
        assert expected in ("*", keys[0]) or (expected.endswith("*") and keys[0].startswith(expected[:-1]))
    else:
        assert [PROBLEM.parse(one.text) for one in read.offered] == [PROBLEM.parse(text) for text in expected], (read, keys)
