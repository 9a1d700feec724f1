"""A tiny corpus of its own, so that these tests do not move when the seed corpus grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from corpus.entry import Entry
from indexes import Retriever, Snapshot, embedder, publish
from indexes.snapshot import snapshot_folder

Part = tuple[str, str, str, str]  # symbol, English, Japanese, unit


def quantity(part: Part, key: str = "quantity") -> dict[str, Any]:
    symbol, en, ja, unit = part
    return {"symbol": symbol, key: {"en": en, "ja": ja}, "unit": unit}


def entry(
    identifier: str,
    name: tuple[str, str],
    told: tuple[str, str],
    formula: str,
    target: Part,
    variables: Sequence[Part],
    parameters: Sequence[Part] = (),
    keywords: tuple[Sequence[str], Sequence[str]] = ((), ()),
    **more: Any,
) -> Entry:
    fields = {
        "id": identifier,
        "name": {"en": name[0], "ja": name[1]},
        "description": {"en": told[0], "ja": told[1]},
        "keywords": {"en": keywords[0], "ja": keywords[1]},
        "domain": identifier.split(".")[0],
        "formula": formula,
        "target": quantity(target),
        "variables": [quantity(part) for part in variables],
        "parameters": [quantity(part, "meaning") for part in parameters],
        "source": "own",
    }
    return Entry.model_validate(fields | more)


def small_corpus() -> list[Entry]:
    return [
        entry(
            "heat.cooling",
            ("Law of cooling", "冷却の法則"),
            ("Temperature of a body approaches that of its surroundings.", "物体の温度が周囲の温度に近づく。"),
            "Ta + (T0 - Ta)*exp(-t/tau)",
            ("T", "temperature", "温度", "K"),
            [("t", "time", "時間", "s")],
            [
                ("Ta", "ambient temperature", "周囲温度", "K"),
                ("T0", "first temperature", "初期温度", "K"),
                ("tau", "time constant", "時定数", "s"),
            ],
            (["cooling", "ambient"], ["冷却", "放冷", "熱"]),
        ),
        entry(
            "mechanics.spring",
            ("Spring law", "ばねの法則"),
            ("Force grows with extension.", "力は伸びに比例する。"),
            "k*x",
            ("F", "force", "力", "N"),
            [("x", "extension", "伸び", "mm")],
            [("k", "spring constant", "ばね定数", "N/m")],
            (["spring", "elastic"], ["ばね", "弾性"]),
            aliases=["Hooke"],
        ),
        entry(
            "mechanics.pendulum",
            ("Pendulum period", "振り子の周期"),
            ("Period of small swings.", "小さな振れの周期。"),
            "2*pi*sqrt(L/g)",
            ("P", "period", "周期", "s"),
            [("L", "length", "長さ", "m")],
            [("g", "gravity", "重力加速度", "m/s**2")],
            (["pendulum"], ["振り子"]),
        ),
        entry(
            "circuits.ohm",
            ("Ohm's law", "オームの法則"),
            ("Voltage across a resistor.", "抵抗にかかる電圧。"),
            "R*I",
            ("V", "voltage", "電圧", "V"),
            [("R", "resistance", "抵抗", "ohm"), ("I", "current", "電流", "mA")],
            (),
            (["resistor"], ["抵抗器"]),
        ),
        entry(
            "optics.tuning",
            ("Second-harmonic tuning curve", "第二高調波の位相整合曲線"),
            ("Conversion efficiency against phase mismatch.", "位相不整合に対する変換効率。"),
            "eta0*sinc(dk*L/2)**2",
            ("eta", "conversion efficiency", "変換効率", "1"),
            [("dk", "phase mismatch", "位相不整合", "1/m")],
            [("eta0", "peak efficiency", "最大効率", "1"), ("L", "crystal length", "結晶長", "mm")],
            (["SHG"], ["第二高調波"]),
        ),
        entry(
            "shapes.line",
            ("Straight line", "直線"),
            ("Linear relation.", "一次の関係。"),
            "a + b*x",
            ("y", "response", "応答", "any"),
            [("x", "input", "入力", "any")],
            [("a", "intercept", "切片", "any"), ("b", "slope", "傾き", "any")],
        ),
    ]


@pytest.fixture(scope="session")
def corpus() -> list[Entry]:
    return small_corpus()


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., Entry]:
    return entry


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[Entry]], Retriever]:
    """A retriever over the given entries, with the default embedder."""

    def built(entries: Sequence[Entry]) -> Retriever:
        folder: Path = tmp_path_factory.mktemp("index")
        manifest = publish(entries, folder, embedder("use-multilingual"))
        return Retriever(Snapshot.open(snapshot_folder(folder, manifest.id)))

    return built


@pytest.fixture(scope="session")
def retriever(build: Callable[[Sequence[Entry]], Retriever], corpus: list[Entry]) -> Retriever:
    return build(corpus)
