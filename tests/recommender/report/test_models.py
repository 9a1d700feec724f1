"""What language models did and cost, as a section."""

from __future__ import annotations

from recommender.report import models_section
from recommender.report.document import Grid, Paragraph
from recommender.store import CallRow


def call(member: str, cost: float | None, failed: bool = False) -> CallRow:
    return CallRow(
        round=1,
        number=1,
        turn=1,
        member=member,
        role="proposer",
        model="m/large",
        purpose="propose",
        request_hash="0",
        prompt="p",
        reply="r",
        resolved_model="m/large-2026",
        tokens_in=1000,
        tokens_out=None,
        cost=cost,
        seconds=1.0,
        attempts=1,
        failure={"key": "llm.empty"} if failed else None,
        json_valid=not failed,
        repairs=(),
        offered=() if failed else (("a*x", "k"),),
        rejected=(),
    )


def test_calls_are_summed_by_member() -> None:
    (section,) = models_section([call("b", None), call("a", 0.25), call("a", 0.5, failed=True)])
    grid, total = section.blocks
    assert isinstance(grid, Grid)
    assert isinstance(total, Paragraph)
    assert grid.rows == (
        ("a", "m/large-2026", "2", "1", "1", "2,000", "0", "0.7500"),
        ("b", "m/large-2026", "1", "0", "1", "1,000", "0", "–"),
    )
    assert total.text == "≥ 0.7500"


def test_without_calls_there_is_no_section() -> None:
    assert models_section([]) == ()
