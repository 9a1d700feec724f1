"""Somebody at the app without a browser: what the page's script sends and hears, so that many of them cost this machine next to nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

MOST = 120.0  # seconds until an answer is given up


@dataclass
class Heard:
    """What came in answer to one request: seconds until it was complete, texts, widgets by key, fragments that ask to be drawn again."""

    seconds: float = 0.0
    texts: list[str] = field(default_factory=list)
    widgets: dict[str, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)

    def take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "auto_rerun":
            self.again.append(message.auto_rerun.fragment_id)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            part = getattr(element, element.WhichOneof("type"))
            self.texts += [str(getattr(part, name)) for name in ("body", "label") if hasattr(part, name)]
            found = re.match(r"\$\$ID-[0-9a-f]+-(.+)", getattr(part, "id", ""))
            if found:
                self.widgets[found[1]] = part.id


class Session:
    """One open tab; open it with `visiting`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._page, self._query, self._widgets = "", "", dict[str, str]()

    def turn(self, page: str, query: str = "") -> Heard:
        """To a page by its name, with what stands behind the question mark in its address."""
        self._page, self._query = page, query
        return self._ask(BackMsg())

    def press(self, key: str) -> Heard:
        """A button of the page."""
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(id=self._widgets[key], trigger_value=True)
        return self._ask(message)

    def poll(self, fragment: str) -> Heard:
        """A part of the page that draws itself again and again."""
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = True
        return self._ask(message)

    def _ask(self, message: BackMsg) -> Heard:
        message.rerun_script.page_name, message.rerun_script.query_string = self._page, self._query
        heard, since = Heard(), time.perf_counter()
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(bytes(self._socket.recv(timeout=MOST)))  # type: ignore[arg-type]
            heard.take(answer)
            kind = answer.WhichOneof("type")
            if kind == "page_info_changed":
                self._query = answer.page_info_changed.query_string
            elif kind == "script_finished" and answer.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
            ):
                heard.seconds = time.perf_counter() - since
                self._widgets |= heard.widgets
                return heard


@contextmanager
def visiting(address: str) -> Iterator[Session]:
    """A tab at the app of an address, closed afterwards."""
    url = address.replace("http://", "ws://") + "/_stcore/stream"
    with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None, origin=Origin(address), open_timeout=MOST) as socket:
        yield Session(socket)
