"""A real local model behind our own server, over HTTP."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from corpus.errors import SettingsError
from recommender.llm.serve import HOST, serve
from tests.recommender.llm_prompts.models import smollm2


def test_a_real_model_answers_and_is_gone_afterwards() -> None:
    with serve(smollm2(), context=512) as server:
        assert server.url.startswith(f"http://{HOST}:")
        body = {"model": "any", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 5}
        request = urllib.request.Request(f"{server.url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["choices"][0]["message"]["content"]
        port = int(server.url.split(":")[2].split("/")[0])
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0


def test_what_is_no_model_is_refused_before_anything_starts(tmp_path: Path) -> None:
    text = tmp_path / "model.gguf"
    text.write_text("hello")
    for path, key in ((text, "model_not_gguf"), (tmp_path / "none.gguf", "model_unreadable")):
        with pytest.raises(SettingsError) as caught, serve(path):
            pass
        assert caught.value.key == key


def test_a_broken_model_ends_with_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(SettingsError) as caught, serve(broken):
        pass
    assert caught.value.key == "model_server_failed"


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(SettingsError) as caught, serve(smollm2(), port=taken.getsockname()[1]):
            pass
    assert caught.value.key == "port_taken"
