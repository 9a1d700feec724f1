"""What symbols mean is found in words and tables of both languages, with the unit; prose that says nothing gives nothing."""

from __future__ import annotations

import pytest

from corpus.sources.documents.blocks import Block
from corpus.sources.documents.constants import constant_named
from corpus.sources.documents.plain import formula_line
from corpus.sources.documents.symbols import Meaning, definitions, unit_of

WANTED = {"R", "T", "E_a", "L", "d_eff", "lambda", "k", "V", "I", "x", "rho", "v"}
WORDS: list[tuple[str, dict[str, tuple[str, str | None]]]] = [
    (
        "where $R$ is the gas constant [J/(mol K)], T the absolute temperature (K) and $E_a$ the activation energy in kJ/mol.",
        {"R": ("gas constant", "J/(mol K)"), "T": ("absolute temperature", "K"), "E_a": ("activation energy", "kJ/mol")},
    ),
    (
        "where $k$ is the rate constant in $\\mathrm{s^{-1}}$, and $T$ is the temperature in K",
        {"k": ("rate constant", "s^-1"), "T": ("temperature", "K")},
    ),
    (
        "Here V denotes the voltage, I is the current and R stands for the resistance.",
        {"V": ("voltage", None), "I": ("current", None), "R": ("resistance", None)},
    ),
    ("where ρ is density (kg/m³), v velocity (m/s)", {"rho": ("density", "kg/m³"), "v": ("velocity", "m/s")}),
    ("- `L`: element length (mm)", {"L": ("element length", "mm")}),
    ("L = element length [mm]", {"L": ("element length", "mm")}),
    ("R [ohm]: resistance of the wire", {"R": ("resistance of the wire", "ohm")}),
    ("V = R*I, where V is the voltage, R the resistance", {"V": ("voltage", None), "R": ("resistance", None)}),
    (
        "ここで、L は素子長 (mm)、d_eff：有効非線形定数 [pm/V]、λ は波長（nm）である。",
        {"L": ("素子長", "mm"), "d_eff": ("有効非線形定数", "pm/V"), "lambda": ("波長", "nm")},
    ),
    ("ただし、Rを抵抗、Iを電流とする。", {"R": ("抵抗", None), "I": ("電流", None)}),
    ("電圧 V [V]、電流 I [A]", {"V": ("電圧", "V"), "I": ("電流", "A")}),
    ("ここで，$d_{\\mathrm{eff}}$ は有効非線形光学定数 [pm/V] とする。", {"d_eff": ("有効非線形光学定数", "pm/V")}),
    ("It was a fine day; I went home by tram number k5.", {}),
    ("The value of $x$ was not recorded.", {}),
]


@pytest.mark.parametrize(("text", "expected"), WORDS, ids=[text[:30] for text, _ in WORDS])
def test_words(text: str, expected: dict[str, tuple[str, str | None]]) -> None:
    found = definitions(Block("line 1", "text", text), WANTED)
    assert {symbol: (meaning.en or meaning.ja, meaning.unit) for symbol, meaning in found.items()} == expected


def test_both_languages_in_one_line() -> None:
    found = definitions(Block("line 1", "text", "- **R** — resistance / 抵抗 [Ω]"), WANTED)
    assert found == {"R": Meaning("resistance", "抵抗", "Ω")}


@pytest.mark.parametrize("head", [("Symbol", "Meaning", "Unit"), ("記号", "意味", "単位")])
def test_tables(head: tuple[str, str, str]) -> None:
    rows = (head, ("$E_a$", "activation energy", "kJ/mol"), ("λ", "波長", "[nm]"), ("zz", "something else", "m"), ("R", "", ""))
    found = definitions(Block("line 1", "table", rows=rows), WANTED)
    assert found == {"E_a": Meaning(en="activation energy", unit="kJ/mol"), "lambda": Meaning(ja="波長", unit="nm")}


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        (r"J\,mol$^{-1}$\,K$^{-1}$", "J mol^-1 K^-1"),
        (r"\mathrm{W/(m^2\,K)}", "W/(m^2 K)"),
        ("-", "1"),
        ("無次元", "1"),
        (r"\si{\kilo\gram\per\metre\cubed}", None),
        ("the box", None),
        ("3", None),
    ],
)
def test_units(written: str, unit: str | None) -> None:
    assert unit_of(written) == unit


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("gas constant", "gas_constant"),
        ("the universal gas constant", "gas_constant"),
        ("specific gas constant", None),
        ("Boltzmann constant", "boltzmann"),
        ("Stefan-Boltzmann constant", "stefan_boltzmann"),
        ("reduced Planck constant", "hbar"),
        ("speed of light in vacuum", "speed_of_light"),
        ("speed of light in the medium", None),
        ("spring constant", None),
    ],
)
def test_constants_of_nature(words: str, name: str | None) -> None:
    assert constant_named({"en": words, "ja": ""}) == name


def test_constants_of_nature_in_japanese() -> None:
    found = [constant_named({"en": "", "ja": words}) for words in ("気体定数", "真空の誘電率", "ばね定数")]
    assert found == ["gas_constant", "vacuum_permittivity", None]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("y = a*x + b", ("", "y", "a*x + b")),
        ("Ohm's law: V = R I", ("Ohm's law", "V", "R I")),
        ("速さ: v = v₀ + a t", ("速さ", "v", "v₀ + a t")),
        ("(1) F = m a", ("", "F", "m a")),
        ("P = I^2 R  (3)", ("", "P", "I^2 R")),
        ("where x = the length of the rod", None),
        ("L = element length [mm]", None),
        ("n = 5", None),
        ("a = b", None),
        ("The cost = price * number", None),
    ],
)
def test_formulas_in_plain_text(line: str, found: tuple[str, str, str] | None) -> None:
    assert formula_line(line) == found
