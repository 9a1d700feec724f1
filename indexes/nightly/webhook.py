"""One message to a webhook when a run fails. It says where to look and nothing of what was read: no values, paths or addresses."""

from __future__ import annotations

import http.client
import ipaddress
import json
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from corpus.errors import IndexingError, RecommenderError, SettingsError
from corpus.language import text
from indexes.nightly.record import Record

_TIMEOUT = 10.0


def checked(url: str) -> SplitResult:
    """The parts of an address a message may go to. SettingsError unless it is https, or http on this machine."""
    try:
        parts = urlsplit(url)
        allowed = (
            parts.hostname and parts.username is None and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname)))
        )
        _ = parts.port
    except ValueError:
        allowed = False
    if not allowed:
        raise SettingsError("webhook_address")
    return parts


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def message(error: Exception, record: Record | None) -> Mapping[str, str]:
    """What is sent: the run, its stage, the kind of error, and the same in words (`text`, which chat services show).

    record: of the failed run, None if it could not be written.
    """
    kind = error.key if isinstance(error, RecommenderError) else type(error).__name__
    stage = record.stage if record and record.stage else "start"
    told = {"event": "ingest_failed", "run": record.run if record else "", "stage": stage, "kind": kind}
    return {**told, "text": text("ingest.webhook", "en", stage=stage, kind=kind)}


def send(url: str, told: Mapping[str, str]) -> None:
    """Post the message as JSON. No redirect is followed. IndexingError if it did not get there."""
    parts = checked(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        connection.request("POST", target, json.dumps(told).encode(), {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise IndexingError("webhook_failed", host=parts.hostname, reason=type(error).__name__) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise IndexingError("webhook_failed", host=parts.hostname, reason=f"HTTP {status}")
