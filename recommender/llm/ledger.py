"""Every call of a run on record, and what the record says of members and roles.

Requests are known by a hash of everything that decides their answer (model, messages, schema, temperature, length), never by a key.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from corpus.language import Sentence
from recommender.llm._base import Member, Reply, Request
from recommender.llm.ensemble import Answer
from recommender.store import CallRow, CandidateRow, Store

HEARD = "llm.heard"


def request_hash(request: Request) -> str:
    """SHA-256 of what decides the answer."""
    member = request.member
    told = {
        "model": member.model,
        "api_base": member.api_base,
        "temperature": member.temperature,
        "max_tokens": member.max_tokens,
        "schema": request.schema,
        "messages": prompt_text(request),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def prompt_text(request: Request) -> str:
    """The messages as they are kept."""
    return json.dumps([asdict(message) for message in request.messages], ensure_ascii=False)


class Ledger:
    """Writes the calls of one run."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id

    def write(self, answer: Answer) -> None:
        """A call as it comes back. StoreError if it cannot be kept."""
        self._store.add_call(self._run_id, call_row(answer))

    def heard(self, point: int, answers: Sequence[Answer]) -> None:
        """Which answers the run took in at its `point`-th look: what a replay is held to."""
        if answers:
            self._store.append_event(self._run_id, HEARD, {"point": point, "places": [answer.place for answer in answers]})


def call_row(answer: Answer) -> CallRow:
    """An answer as it is kept."""
    reply, member = answer.reply, answer.reply.request.member
    return CallRow(
        *answer.place,
        member=member.name,
        role=member.role,
        model=member.model,
        purpose=reply.request.purpose,
        request_hash=request_hash(reply.request),
        prompt=prompt_text(reply.request),
        reply=reply.text,
        resolved_model=reply.resolved_model,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        cost=reply.cost,
        seconds=reply.seconds,
        attempts=reply.attempts,
        failure=None if reply.failure is None else reply.failure.to_dict(),
        json_valid=_is_json(reply.text),
        repairs=answer.read.repairs,
        offered=tuple((proposal.formula.text, "" if proposal.echo else proposal.key) for proposal in answer.proposals),
        rejected=tuple((text, reason.to_dict()) for text, reason in answer.read.rejected),
    )


def reply_of(call: CallRow, request: Request) -> Reply:
    """The reply as it was."""
    failure = None if call.failure is None else Sentence.from_dict(call.failure)
    usage = (call.resolved_model, call.tokens_in, call.tokens_out, call.cost, call.seconds, call.attempts)
    return Reply(request, call.reply, *usage, failure)


def was_useful(call: CallRow, ranked: Collection[str]) -> bool:
    """Whether a form that had not been told before reached the ranking; ranked: canonical keys."""
    return any(key in ranked for _, key in call.offered)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True)
class MemberStats:
    """What the record says of a member in a role.

    calls: made (those refused by a cap are none); failed of them; json_valid, of the replies; parsed: formulas read, of all offered;
    useful: replies of which something reached a ranking; p50, p95: latency of replies, s; cost_per_100: US dollars for 100 requests,
    None when the cost of any is unknown. Shares are nan where there is nothing to share.
    """

    member: str
    role: str
    calls: int
    failed: int
    json_valid: float
    parsed: float
    useful: float
    p50: float
    p95: float
    cost_per_100: float | None


def stats(calls: Mapping[str, Sequence[CallRow]], ranked: Mapping[str, Iterable[CandidateRow]]) -> list[MemberStats]:
    """Per member and role over runs; calls and ranked candidates by run."""
    groups: dict[tuple[str, str], list[tuple[CallRow, bool]]] = {}
    for run_id, rows in calls.items():
        keys = {candidate.key for candidate in ranked.get(run_id, ())}
        for row in rows:
            if row.attempts:
                groups.setdefault((row.member, row.role), []).append((row, was_useful(row, keys)))
    return [_stats(member, role, group) for (member, role), group in sorted(groups.items())]


def _stats(member: str, role: str, group: Sequence[tuple[CallRow, bool]]) -> MemberStats:
    replied = [(row, useful) for row, useful in group if row.failure is None]
    read, refused = sum(len(row.offered) for row, _ in replied), sum(len(row.rejected) for row, _ in replied)
    seconds = [row.seconds for row, _ in replied] or [math.nan]
    costs = [row.cost for row, _ in replied]
    known = [cost for cost in costs if cost is not None]
    return MemberStats(
        member,
        role,
        len(group),
        len(group) - len(replied),
        _share(sum(row.json_valid for row, _ in replied), len(replied)),
        _share(read, read + refused),
        _share(sum(useful for _, useful in replied), len(replied)),
        float(np.percentile(seconds, 50)),
        float(np.percentile(seconds, 95)),
        100 * sum(known) / len(known) if known and len(known) == len(costs) else None,
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def members_told(members: Sequence[Member]) -> list[dict[str, object]]:
    """Members as a run's settings keep them."""
    return [asdict(member) for member in members]
