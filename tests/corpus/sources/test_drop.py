"""The drop folder gives complete entries, drafts with what they lack, and reasons; from every kind of file, in both languages."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from corpus.entry import Entry, violations
from corpus.errors import EntryError
from corpus.language import LANGUAGES
from corpus.sources import Collected, DropFolder, FolderSource
from corpus.sources._entry import Origin, lenient
from corpus.sources.documents import _blocks, _page_count
from corpus.sources.documents.worker import Worker
from recommender.testing import check_source
from tests.attacks.hostile_corpus import entry
from tests.corpus.sources.documents import Word, brackets, fraction, function, integral, pdf, power, root, run, sub

HEADER = "formula,name_en,name_ja,description_en,description_ja,domain,source,target,variables,parameters\n"
ROW = (
    "F = k*x,Spring,ばね,Force of a spring.,ばねの力。,mechanics,textbook,"
    "F: force / 力 [N],x: extension / 伸び [mm],k: stiffness / ばね定数 [N/mm]\n"
)


def collected(folder: Path, **files: str | bytes) -> list[Collected]:
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(DropFolder(folder, seconds=60).collect())


def only(items: list[Collected]) -> Collected:
    assert len(items) == 1, [(item.where, str(item.reason)) for item in items]
    return items[0]


def draft(item: Collected) -> Entry:
    assert item.entry is not None, item.reason
    return item.entry


def parts(item: Collected) -> dict[str, tuple[str, str]]:
    """Symbol -> meaning (in whatever language there is one) and unit."""
    return {part.symbol: (part.meaning.en or part.meaning.ja, part.unit) for part in draft(item).parts}


def missing(item: Collected) -> set[str]:
    return {sentence.key.removeprefix("missing.") for sentence in item.missing}


# --- lists of entries -----------------------------------------------------------------------------------------------


def test_a_whole_entry_is_complete_and_belongs_to_the_folders_tenant(tmp_path: Path) -> None:
    item = only(collected(tmp_path, a__yaml=yaml.safe_dump([entry(tenant="others", provenance="seed")], allow_unicode=True)))
    assert item.state == "complete"
    assert (draft(item).tenant, draft(item).provenance) == ("local", "drop:a.yaml")
    assert list(violations(draft(item))) == []


def test_a_whole_row_is_complete(tmp_path: Path) -> None:
    item = only(collected(tmp_path, a__csv=HEADER + ROW))
    assert (item.state, item.where) == ("complete", "a.csv:2")
    assert parts(item) == {"F": ("force", "N"), "x": ("extension", "mm"), "k": ("stiffness", "N/mm")}
    assert draft(item).evaluate({"x": 2, "k": 3}) == pytest.approx(6)


def test_excel_in_japan_writes_shift_jis_and_japanese_headers(tmp_path: Path) -> None:
    text = "式,名称,出典,分野,目的変数,変数\nV = R*I,オームの法則,教科書,回路,V: 電圧 [V],R: 抵抗 [Ω]; I: 電流\n"
    item = only(collected(tmp_path, a__csv=text.encode("cp932")))
    assert parts(item) == {"V": ("電圧", "V"), "R": ("抵抗", "Ω"), "I": ("電流", "A")}
    assert missing(item) >= {"name_en", "meaning_en", "unit_inferred", "description_ja"}
    assert any("I" in (said := sentence.text("ja")) and " A " in said for sentence in item.missing), "the inferred unit is named"


def test_a_bare_formula_is_a_draft_that_says_what_it_lacks(tmp_path: Path) -> None:
    item = only(collected(tmp_path, a__json='[{"formula": "P = I^2 R"}]'))
    assert item.state == "review"
    assert draft(item).target.symbol == "P"
    assert missing(item) == {"name_en", "name_ja", "description_en", "description_ja", "source", "domain", "meaning", "unit"}


def test_json_lines(tmp_path: Path) -> None:
    items = collected(tmp_path, a__jsonl='{"formula": "y = a*x"}\nnot json\n\n{"formula": "z = b*x"}\n')
    assert [(item.where, item.state) for item in items] == [("a.jsonl:1", "review"), ("a.jsonl:2", "rejected"), ("a.jsonl:4", "review")]


def test_an_entry_with_everything_that_breaks_a_rule_is_rejected_with_its_text(tmp_path: Path) -> None:
    wrong = entry(target={**entry()["target"], "unit": "W"})
    item = only(collected(tmp_path, a__yaml=yaml.safe_dump([wrong], allow_unicode=True)))
    assert "dimensions disagree" in str(item.reason)
    assert "id: drop.spring" in item.raw


def test_a_bad_item_stops_no_other_and_is_found_again(tmp_path: Path) -> None:
    rows = HEADER + ROW + "F = k*,,,,,,,,,\n" + ROW.replace("Spring", "Other")
    first = collected(tmp_path, a__csv=rows, b__yaml="- 1\n- &a x\n", c__zip="x", d__csv=HEADER)
    assert [(item.where, item.state) for item in first] == [
        ("a.csv:2", "complete"),
        ("a.csv:3", "rejected"),
        ("a.csv:4", "complete"),
        ("b.yaml:1", "rejected"),
        ("b.yaml:2", "rejected"),
        ("c.zip", "rejected"),
        ("d.csv", "rejected"),
    ]
    assert list(DropFolder(tmp_path, seconds=60).collect()) == first
    assert len({draft(item).id for item in first if item.entry}) == 2


def test_the_promises_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + ROW + "F = k*,,,,,,,,,\n", encoding="utf-8")
    check_source(DropFolder(tmp_path))
    with pytest.raises(EntryError, match="no folder"):
        list(DropFolder(tmp_path / "nowhere").collect())


def test_since_leaves_out_what_has_not_changed(tmp_path: Path) -> None:
    for name, when in (("old.csv", 1000), ("new.csv", 3000)):
        (tmp_path / name).write_text(HEADER + ROW, encoding="utf-8")
        os.utime(tmp_path / name, (when, when))
    assert [item.where for item in DropFolder(tmp_path).collect(since=2000)] == ["new.csv:2"]
    assert [item.where for item in FolderSource(tmp_path).collect(since=2000)] == []


# --- documents ------------------------------------------------------------------------------------------------------

ARRHENIUS = {
    "k": ("rate constant", "1/s"),
    "A": ("frequency factor", "1/s"),
    "E_a": ("activation energy", "J/mol"),
    "T": ("temperature", "K"),
}
MARKDOWN = r"""
# Arrhenius law

The rate of a reaction grows with temperature:
$$
k = A \exp\left(-\frac{E_a}{R T}\right)
$$
where $k$ is the rate constant [1/s], $A$ the frequency factor, $E_a$ the activation energy [J/mol],
R the gas constant and $T$ the temperature (K).

## 変換効率
\[ \eta = \eta_{nor} P L^2 \mathrm{sinc}^2\left(\frac{\Delta k L}{2}\right) \]

| 記号 | 意味 | 単位 |
|---|---|---|
| $\eta$ | 変換効率 | - |
| $P$ | 基本波パワー | W |
| $L$ | 素子長 | mm |
| $\Delta k$ | 位相不整合量 | 1/mm |

## Values
Here $n = 3$ and x = 5; see also $\alpha$ and `y = 2`.

## Not for us
$$ Q = \int_0^t I dt $$
"""


def test_markdown(tmp_path: Path) -> None:
    arrhenius, efficiency, integral_ = collected(tmp_path, notes__md=MARKDOWN)
    assert (arrhenius.where, arrhenius.state) == ("notes.md, line 5 (1)", "review")
    assert parts(arrhenius) == ARRHENIUS
    assert draft(arrhenius).constants == {"R": "gas_constant"}
    assert draft(arrhenius).name.en == "Arrhenius law"
    assert [parameter.symbol for parameter in draft(arrhenius).parameters] == ["A"]
    assert {"from_document", "unit_inferred", "name_ja"} <= missing(arrhenius)
    assert draft(efficiency).name.ja == "変換効率"
    assert parts(efficiency)["eta_nor"] == ("", "s**3/(kg*m**4)"), "1/(W m²), which nobody stated"
    assert parts(efficiency)["Delta_k"] == ("位相不整合量", "1/mm")
    assert "int" in str(integral_.reason)
    assert integral_.raw == r"Q = \int_0^t I dt"


def test_latex(tmp_path: Path) -> None:
    text = r"""
\documentclass{article} \newcommand{\x}{y = a}
\begin{document} % y = commented out * x
\section{Pendulum}
The period is
\begin{equation} \label{eq:period}
  T = 2\pi\sqrt{\frac{L}{g}}
\end{equation}
where \textbf{T} is the period (s), \(L\) the length (m) and $g$ the acceleration of gravity in $\mathrm{m/s^2}$.
\section{Motion}
\begin{align}
  v &= v_0 + a t \\
  s &= v_0 t + \frac{1}{2} a t^2
\end{align}
\begin{tabular}{lll}
 Symbol & Meaning & Unit \\ \hline
 $v_0$ & initial speed & m/s \\
 $a$ & acceleration & m/s$^2$ \\
 $t$ & time & s
\end{tabular}
\end{document}
"""
    period, speed, way = collected(tmp_path, a__tex=text)
    assert parts(period) == {"T": ("period", "s"), "L": ("length", "m"), "g": ("acceleration of gravity", "m/s^2")}
    assert draft(period).evaluate({"L": 1, "g": 9.81}) == pytest.approx(2.00607, rel=1e-4)
    assert parts(speed) == {"v": ("", "m/s"), "v0": ("initial speed", "m/s"), "a": ("acceleration", "m/s^2"), "t": ("time", "s")}
    assert draft(way).evaluate({"v0": 1, "a": 2, "t": 3}) == pytest.approx(12)
    assert parts(way)["s"] == ("", "m")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_plain_text(tmp_path: Path, encoding: str) -> None:
    text = "フックの法則\n\nF = k x\nここで、F は力 [N]、k はばね定数 [N/m]、x は伸び [m] である。\n"
    item = only(collected(tmp_path, a__txt=text.encode(encoding)))
    assert parts(item) == {"F": ("力", "N"), "k": ("ばね定数", "N/m"), "x": ("伸び", "m")}
    assert draft(item).name.ja == "フックの法則"


def test_word_with_equations(tmp_path: Path) -> None:
    word = Word().heading("Arrhenius law")
    word.text(run("k=A") + function("exp", brackets(run("-") + fraction(sub(run("E"), run("a")), run("RT")))))
    word.text("where ", run("k"), " is the rate constant [1/s], ", run("A"), " the frequency factor [1/s],")
    word.text(sub(run("E"), run("a")), ": activation energy [J/mol]").text("R: gas constant").text("T: temperature [K]")
    word.heading("振り子").text("周期は ", run("T=2π") + root(fraction(run("L"), run("g"))), " である。")
    word.table(("記号", "意味", "単位"), ("T", "周期", "s"), ("L", "糸の長さ", "m"), ("g", "重力加速度", "m/s²"))
    word.heading("Others").text("Energy: ", run("E=") + fraction(run("1"), run("2")) + run("m") + power(run("v"), run("2")))
    word.text(run("y=") + root(run("x"), run("3")) + sub(run("R"), run("th", upright=True))).text("P = I^2 R").text(
        run("Q=") + integral(run("I"))
    )
    arrhenius, pendulum, energy, cubic, power_, charge = collected(tmp_path, a__docx=word.content)
    assert parts(arrhenius) == ARRHENIUS
    assert draft(arrhenius).constants == {"R": "gas_constant"}
    assert parts(pendulum) == {"T": ("周期", "s"), "L": ("糸の長さ", "m"), "g": ("重力加速度", "m/s²")}
    assert draft(pendulum).name.ja == "振り子"
    assert draft(energy).evaluate({"m": 3, "v": 2}) == pytest.approx(6)
    assert draft(cubic).evaluate({"x": 8, "R_th": 2}) == pytest.approx(4)
    assert draft(power_).evaluate({"I": 2, "R": 3}) == pytest.approx(12)
    assert charge.state == "rejected"


def test_pdf_in_both_languages(tmp_path: Path) -> None:
    english = "Ohm's law\n\nV = R*I\nwhere V is the voltage (V), R is the resistance (ohm) and I the current (A)."
    japanese = "フックの法則\n\nF = k*x\nここで、F は力 [N]、k はばね定数 [N/m]、x は伸び [m] である。"
    ohm, hooke = collected(tmp_path, a__pdf=pdf(english, japanese))
    assert parts(ohm) == {"V": ("voltage", "V"), "R": ("resistance", "ohm"), "I": ("current", "A")}
    assert draft(ohm).name.en == "Ohm's law"
    assert (hooke.where, draft(hooke).name.ja) == ("a.pdf, page 2, line 1 (2)", "フックの法則")
    assert parts(hooke) == {"F": ("力", "N"), "k": ("ばね定数", "N/m"), "x": ("伸び", "m")}


def test_pdf_of_a_plotting_program(tmp_path: Path) -> None:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure

    figure = Figure()
    for line, text in enumerate(
        ("Decay", "N = N0*exp(-t/tau)", "where N0 is the initial number, tau the lifetime (s) and t the time (s).")
    ):
        figure.text(0.1, 0.9 - 0.1 * line, text)
    buffer = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(buffer)
    item = only(collected(tmp_path, a__pdf=buffer.getvalue()))
    assert parts(item)["tau"] == ("lifetime", "s")
    assert draft(item).evaluate({"N0": 5, "t": 0, "tau": 1}) == pytest.approx(5)


JAPANESE_NOTES = """1. 熱伝達

対流による熱流束 q は次式で表される。
q = h (Ts − T∞)   (1)
ここで、h：熱伝達率 [W/(m²·K)]、Ts：壁面温度 [K]、T∞：流体温度 [K]

式(3)より、η = 1 − T2/T1 となる。
"""
ENGLISH_NOTES = r"""## Stokes' law

**Stokes' law**: $F_d = 6 \pi \mu R v$

where:
- $F_d$ is the frictional force (N)
- $\mu$ is the dynamic viscosity (Pa·s)
- $R$ is the radius of the sphere, in m
- $v$ is the flow velocity relative to the object (m/s)

## Escape velocity
$${\displaystyle v_{\text{e}}={\sqrt {\frac {2GM}{r}}}}$$
where $G$ is the universal gravitational constant, $M$ the mass of the body (kg), and $r$ the distance (m).

## Diode
\[ I = I_S \left( e^{\frac{V}{n V_T}} - 1 \right) , \]
with $I_S$ the saturation current (\si{\ampere}), $V$ the voltage (V), $n$ the ideality factor and $V_T = kT/q$ the thermal voltage (V).

## Power
$$\begin{aligned} P &= V I \\ &= I^2 R \end{aligned}$$
The law V = n*R*T/p, where n is the amount of substance (mol) and R is the molar gas constant, holds.
"""


def test_notes_as_people_write_them(tmp_path: Path) -> None:
    flux, efficiency = collected(tmp_path, a__txt=JAPANESE_NOTES)
    assert parts(flux) == {
        "q": ("熱流束", "kg/s**3"),
        "h": ("熱伝達率", "W/(m²·K)"),
        "Ts": ("壁面温度", "K"),
        "T_inf": ("流体温度", "K"),
    }
    assert draft(efficiency).evaluate({"T1": 600, "T2": 300}) == pytest.approx(0.5)
    (tmp_path / "a.txt").unlink()
    stokes, escape, diode, thermal, power_, joule, gas = collected(tmp_path, b__md=ENGLISH_NOTES)
    assert parts(stokes)["v"] == ("flow velocity relative to the object", "m/s")
    assert parts(stokes)["R"] == ("radius of the sphere", "m")
    assert draft(stokes).name.en == "Stokes' law"
    assert draft(escape).constants == {"G": "gravitational_constant"}
    assert parts(escape)["v_e"] == ("", "m/s"), "from the dimensions of the law"
    assert parts(diode) == {
        "I": ("", "A"),
        "I_S": ("saturation current", "ampere"),
        "V": ("voltage", "V"),
        "V_T": ("thermal voltage", "V"),
        "n": ("ideality factor", "1"),
    }
    assert [draft(item).target.symbol for item in (thermal, power_, joule, gas)] == ["V_T", "P", "P", "V"]
    assert parts(gas)["n"] == ("amount of substance", "mol")
    assert draft(gas).constants == {"R": "gas_constant"}


def test_a_document_without_formulas_says_so(tmp_path: Path) -> None:
    assert "No formula was found" in str(only(collected(tmp_path, a__md="# Minutes\n\nWe met at x = 5.\n")).reason)


@pytest.mark.parametrize(("name", "library", "read"), [("a.pdf", "pypdf", _page_count), ("a.docx", "docx", _blocks)])
def test_a_missing_library_is_a_reason_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / name).write_bytes(pdf("y = a*x"))
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(EntryError, match=re.escape("pip install 'formula-recommender[documents]'")):
        read(tmp_path / name)


def test_a_threaded_program_reads_documents_too(tmp_path: Path) -> None:
    """The worker is then started afresh and not forked."""
    done = threading.Event()
    waiting = threading.Thread(target=done.wait)
    waiting.start()
    try:
        assert only(collected(tmp_path, a__pdf=pdf("y = a*x"))).state == "review"
    finally:
        done.set()
        waiting.join()


def _endless() -> None:
    while True:
        pass


def _greedy() -> int:
    return len(bytearray(3_000_000_000))


def test_a_reader_that_hangs_or_takes_all_memory_is_stopped_and_the_next_file_is_read() -> None:
    with Worker(0.3) as worker:
        with pytest.raises(EntryError, match=r"longer than 0\.3 s"):
            worker.run(_endless)
        worker.seconds = 60
        with pytest.raises(EntryError, match="MemoryError"):
            worker.run(_greedy)
        assert worker.run(len, "four") == 4


# --- any mapping ----------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["x", "k", "N", "k*x", "pi", "inf"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["symbol", "unit", "en", "ja", "quantity", "k"]), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(entry())), JSON, st.sampled_from(["", *sorted(entry())]))
def test_whatever_stands_in_a_field_gives_an_entry_or_a_reason(field: str, value: object, without: str) -> None:
    mapping = {key: item for key, item in {**entry(), field: value}.items() if key != without}
    item = lenient(mapping, "here", "raw", Origin("a", "drop:a", "local"))
    assert (item.entry is None) == (item.reason is not None)
    for sentence in (*item.missing, *([item.reason] if item.reason else [])):
        assert all(sentence.text(language).replace("\u3000", " ").isprintable() for language in LANGUAGES)
