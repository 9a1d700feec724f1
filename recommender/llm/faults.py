"""Why a call failed, found out where LiteLLM does not tell, in words that say what to do next.

LiteLLM reports refused connections, missing keys, unknown hosts and unreadable bodies alike as internal server errors. An answer of the
server carries its headers; without them the name and the port are asked for here.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from corpus.language import Sentence
from recommender.llm._base import Member
from recommender.llm.library import library

PROBE_SECONDS = 2.0
_SECRET = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp)[-_][\w\-*.]{4,}|\bAIza[\w\-]{8,}|\bBearer\s+\S{4,}")
_WRAPPED = re.compile(r"^(?:litellm\.)?(?:\w+: )*(?:\w*Exception - )?")
_KEYED = re.compile(r"(?i)(api[-_ ]?key|token|authorization|secret)(\W{1,4})[^\s,;\"']{6,}")
_LONGEST = 240


@dataclass(frozen=True)
class Fault:
    """A failed attempt: what to tell, whether another attempt may help, and how long the server asks to wait (s, None: it does not say)."""

    sentence: Sentence
    again: bool = False
    wait: float | None = None


def scrubbed(text: str, secrets: Iterable[str] = ()) -> str:
    """The text on one line without keys, short enough to be shown."""
    for secret in secrets:
        text = text.replace(secret, "***") if len(secret) > 3 else text
    text = _KEYED.sub(r"\1\2***", _SECRET.sub("***", _WRAPPED.sub("", " ".join(text.split()))))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def key_of(member: Member) -> str | None:
    """The member's key from the environment, None where LiteLLM finds the provider's own; a server of one's own gets none but a named one.

    A key of a provider in the environment is never sent to another server.
    """
    if member.api_key_env:
        return os.environ.get(member.api_key_env, "")
    return "none" if member.api_base else None


def missing_key(member: Member) -> Sentence | None:
    """What to say before a call that cannot succeed."""
    if member.api_key_env:
        return None if os.environ.get(member.api_key_env) else _no_key(member, member.api_key_env)
    if member.api_base:
        return None
    found: Mapping[str, Any] = library().validate_environment(member.model)
    names = [name for name in found.get("missing_keys") or () if name.endswith(("KEY", "TOKEN"))]
    return _no_key(member, names[0]) if names and not found.get("keys_in_environment") else None


def _no_key(member: Member, variable: str) -> Sentence:
    return Sentence.of("llm.no_key", member=member.name, variable=variable)


async def told(error: BaseException, member: Member) -> Fault:
    """The fault behind an error of a call."""
    status, headers = getattr(error, "status_code", None), getattr(error, "litellm_response_headers", None)
    secrets = [value for name, value in os.environ.items() if name.endswith(("KEY", "TOKEN", "SECRET"))]
    reason = scrubbed(str(error) or type(error).__name__, secrets)
    if isinstance(error, TimeoutError) or type(error).__name__ in ("Timeout", "APITimeoutError"):
        return Fault(Sentence.of("llm.timeout", member=member.name, seconds=f"{member.timeout:g}"))
    if headers is None and not 400 <= (status or 0) < 500:
        return await _unanswered(member, reason)
    return _answered(int(status or 0), headers or {}, member, reason)


def _answered(status: int, headers: Mapping[str, str], member: Member, reason: str) -> Fault:
    words = {"member": member.name, "model": member.model, "reason": reason, "status": status}
    if status == 429:
        return Fault(Sentence.of("llm.rate_limited", **words), True, _retry_after(headers))
    if status in (401, 403):
        return Fault(Sentence.of("llm.bad_key", **words))
    if status == 404:
        return Fault(Sentence.of("llm.unknown_model", **words))
    if status in (408, 409, 425) or status >= 500:
        return Fault(Sentence.of("llm.server_error", **words), True, _retry_after(headers))
    return Fault(Sentence.of("llm.refused_request", **words))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float({name.lower(): value for name, value in headers.items()}.get("retry-after", "")))
    except ValueError:
        return None


async def _unanswered(member: Member, reason: str) -> Fault:
    """No answer of a server: is there its name, does anybody listen there, or was the answer unreadable?"""
    place = _place(member)
    if place is not None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(*place)
            writer.close()
        except socket.gaierror:
            return Fault(Sentence.of("llm.no_host", member=member.name, host=place[0]))
        except (OSError, TimeoutError):
            return Fault(Sentence.of("llm.refused", member=member.name, where=f"{place[0]}:{place[1]}"))
    if "onnect" in reason:
        return Fault(Sentence.of("llm.no_connection", member=member.name, reason=reason), True)
    return Fault(Sentence.of("llm.broken_reply", member=member.name, reason=reason), True)


def _place(member: Member) -> tuple[str, int] | None:
    """(host, port) the member is reached at, None where LiteLLM alone knows."""
    if not member.api_base:
        return None
    parts = urlsplit(member.api_base)
    return (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
