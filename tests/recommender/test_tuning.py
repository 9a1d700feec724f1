"""Groups of rows: what is searched, what the coefficients follow, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from corpus.dimension import Dimension
from corpus.errors import ProblemError, RecommenderError
from corpus.formula import parse
from corpus.functions import Array
from corpus.language import LANGUAGES
from recommender.cli import app
from recommender.coefficients import Coefficient
from recommender.interpretation import Interpretation
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report.html import html_report
from recommender.show import interpretation_words
from recommender.table import Table
from recommender.tuning import Quantity, relations
from recommender.tuning.symmetries import matched, symmetries

RNG = np.random.default_rng(5)


def stacked(groups: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Rows of all groups below one another."""
    return pd.concat([pd.DataFrame(group) for group in groups], ignore_index=True)


def answer(frame: pd.DataFrame, typed: str, group: str, **options: object) -> tuple[Problem, Recommendation]:
    problem = Problem.of(Table.from_frame(frame), typed=[typed], group=group, **options)  # type: ignore[arg-type]
    return problem, recommend(problem, proposers=[Typed()], waves=[], effort=0.3)


def named(formula: RankedFormula, name: str) -> Coefficient:
    return next(coefficient for coefficient in formula.coefficients if coefficient.name == name)


def first(result: Recommendation, name: str) -> Interpretation:
    return named(result.formulas[0], name).interpretations[0]


def noisy(values: Array, share: float = 0.01) -> Array:
    return values + share * np.max(np.abs(values)) * RNG.standard_normal(len(values))


def crystals(lengths: Mapping[str, float], skew: str = "") -> pd.DataFrame:
    """Phase-matching curves of crystals [mm]; the one named `skew` obeys another law."""
    dk = np.linspace(-1800, 1800, 41)
    rows = []
    for i, (device, length) in enumerate(lengths.items()):
        curve = np.exp(-np.abs(dk) / 900) if device == skew else np.sinc(dk * length * 5e-4 / np.pi) ** 2
        rows.append(
            {"device": device, "L [mm]": length, "width [um]": 5 + (7 * i) % 4, "dk [1/m]": dk, "P [mW]": noisy((1 + i % 2) * curve)}
        )
    return stacked(rows)


LENGTHS = {"A": 6.0, "B": 8.0, "C": 10.0, "D": 13.0, "E": 16.0}


@pytest.fixture(scope="module")
def tuned() -> tuple[Problem, Recommendation]:
    return answer(crystals(LENGTHS), "A*sinc(p*dk)**2", "device")


# --- what is searched -------------------------------------------------------------------------------------------------


def test_columns_of_a_group_are_no_inputs_and_the_answer_says_so(tuned: tuple[Problem, Recommendation]) -> None:
    problem, result = tuned
    assert [column.name for column in problem.inputs] == ["dk"]
    assert len(problem.samples) == 41
    note = next(note for note in result.notes if note.key == "note.grouped")
    assert "L, width" in note.text()
    assert "4 groups (164 rows)" in note.text().replace("other ", "")
    assert not any(note.key == "note.text_column" for note in result.notes)


def test_the_largest_group_is_searched_on_and_small_ones_are_named() -> None:
    frame = crystals(LENGTHS)
    kept = frame[(frame["device"] != "B") | (np.arange(len(frame)) % 41 < 3)]
    kept = kept[(kept["device"] == "D") | (np.arange(len(kept)) % 2 == 0)]
    problem = Problem.of(Table.from_frame(kept), group="device")
    assert problem.grouping is not None
    assert problem.grouping.labels[problem.grouping.reference] == "D"
    assert any(note.key == "note.groups_small" and "B" in note.text() for note in problem.notes)


def test_a_number_can_name_groups() -> None:
    frame = crystals(LENGTHS).drop(columns="device")
    problem = Problem.of(Table.from_frame(frame), "P", group="L [mm]")
    assert problem.grouping is not None
    assert problem.grouping.labels == ("6", "8", "10", "13", "16")
    assert {quantity.column.name for quantity in problem.grouping.quantities} == {"L", "width"}


@pytest.mark.parametrize(
    ("group", "key"), [("nobody", "group_missing"), ("P", "group_is_target"), ("site", "one_group"), ("dk", "groups_too_small")]
)
def test_groups_that_are_none(group: str, key: str) -> None:
    frame = crystals({"A": 6.0, "B": 9.0}).assign(site="Kyoto")[["site", "device", "dk [1/m]", "L [mm]", "P [mW]"]]
    frame["dk [1/m]"] += np.arange(len(frame))
    with pytest.raises(ProblemError) as caught:
        Problem.of(Table.from_frame(frame), "P", group=group)
    assert caught.value.key == key
    assert all(caught.value.text(language) for language in LANGUAGES)


# --- what coefficients follow -----------------------------------------------------------------------------------------


def test_the_element_length_is_recognised(tuned: tuple[Problem, Recommendation]) -> None:
    _, result = tuned
    found = first(result, "p")
    assert (found.kind, found.quantities, found.strength) == ("tuning", ("L",), "strong")
    assert found.numbers["factor"] == pytest.approx(0.5, rel=0.02)
    assert found.relation.startswith("p = (0.5")
    assert found.relation.endswith("·L")


def test_descriptions_stand_in_the_sentence_in_both_languages() -> None:
    frame = crystals(LENGTHS)
    table = Table.from_frame(frame).with_descriptions({"L": "素子の長さ"})
    problem = Problem.of(table, group="device", typed=["A*sinc(dk*p/2)**2"])
    result = recommend(problem, proposers=[Typed()], waves=[], effort=0.3)
    found = first(result, "p")
    assert "おそらく素子の長さ：p = (1.0" in found.words.text("ja")
    assert "probably 素子の長さ: p = (1.0" in found.words.text("en")
    assert interpretation_words(named(result.formulas[0], "p"), "ja")[0] == found.words.text("ja")


def test_amplitudes_without_a_cause_are_said_to_vary(tuned: tuple[Problem, Recommendation]) -> None:
    _, result = tuned
    assert first(result, "A").kind == "varies"


def test_an_activation_energy_and_what_does_not_change() -> None:
    t = np.linspace(0, 50, 30)
    groups = [
        {"T [degC]": T, "t [min]": t, "c [mol/L]": noisy(0.8 * np.exp(-t * 0.06 * np.exp(-52e3 / 8.314 * (1 / (T + 273.15) - 1 / 313))))}
        for T in (20.0, 30.0, 40.0, 50.0, 60.0)
    ]
    _, result = answer(stacked(groups), "c0*exp(-k*t)", "T")
    rate = first(result, "k")
    assert rate.quantities == ("T",)
    assert "kJ/mol" in rate.relation
    assert rate.numbers["slope"] * 8.314 == pytest.approx(52e3, rel=0.03)
    assert first(result, "c0").kind == "same"


def test_two_quantities_together() -> None:
    t = np.linspace(0, 4, 40)
    rigs = [(8, 0.3), (15, 0.9), (22, 0.4), (30, 1.1), (41, 0.6), (55, 0.8)]
    groups = [
        {"rig": i, "k [N/m]": k, "m [kg]": m, "t [s]": t, "x [mm]": noisy(9 * np.cos(np.sqrt(k / m) * t + 0.5))}
        for i, (k, m) in enumerate(rigs)
    ]
    _, result = answer(stacked(groups), "A*cos(w*t + f)", "rig")
    found = first(result, "w")
    assert found.quantities == ("k", "m")
    assert (found.numbers["exponent_0"], found.numbers["exponent_1"]) == (0.5, -0.5)


def test_terms_that_may_trade_places_are_followed_as_one() -> None:
    t = np.linspace(0, 30, 60)
    groups = [
        {"cell": f"c{i}", "R [ohm]": R, "t [s]": t, "V [V]": noisy(2 * np.exp(-t / (0.2 * R)) + np.exp(-t / 14), 0.002)}
        for i, R in enumerate((4.0, 7.0, 11.0, 16.0, 21.0))
    ]
    _, result = answer(stacked(groups), "a*exp(-t/b) + c*exp(-t/d)", "cell")
    readings = {name: first(result, name) for name in "bd"}
    following = [one for one in readings.values() if one.kind == "tuning"]
    assert [one.quantities for one in following] == [("R",)]
    assert [one.kind for one in readings.values() if one not in following] == ["same"]


def test_a_coefficient_that_a_group_does_not_determine_is_left_out_and_named() -> None:
    x = np.linspace(0, 2, 30)
    groups = [
        {
            "run": f"r{i}",
            "d [mm]": d,
            "x [V]": x,
            "y [V]": 3 * np.tanh(x * d / 4) + 0.02 * np.random.default_rng([2, i]).standard_normal(30),
        }
        for i, d in enumerate((2.0, 3.0, 5.0, 8.0, 900.0))
    ]
    _, result = answer(stacked(groups), "a*tanh(b*x)", "run")
    found = first(result, "b")
    assert found.quantities == ("d",)
    assert "r4" in found.words.text()


def test_a_group_in_which_the_form_fails_is_named() -> None:
    _, result = answer(crystals(LENGTHS, skew="B"), "A*sinc(p*dk)**2", "device")
    best = result.formulas[0]
    assert best.number("groups", "held") == 4
    assert any(warning.key == "warning.group_misfit" and "B" in warning.text() for warning in best.warnings)


def test_a_device_of_unknown_length_and_rows_of_no_device() -> None:
    frame = crystals(LENGTHS)
    frame.loc[frame["device"] == "D", "L [mm]"] = np.nan
    frame.loc[:4, "device"] = None
    problem, result = answer(frame, "A*sinc(p*dk)**2", "device")
    assert [column.name for column in problem.inputs] == ["dk"]
    assert any(note.key == "note.rows_nameless" and "5" in note.text() for note in result.notes)
    found = first(result, "p")
    assert (found.quantities, found.numbers["groups"]) == (("L",), 4)


# --- how much it is worth ---------------------------------------------------------------------------------------------


def metres(name: str, values: Sequence[float] | Array) -> Quantity:
    return Quantity(name, np.asarray(values, float), Dimension.of(m=1))


def test_unrelated_numbers_are_hardly_ever_taken_for_evidence() -> None:
    rng = np.random.default_rng(0)
    chances = []
    for _ in range(100):
        values = np.exp(rng.normal(0, 0.5, 5))
        quantities = [metres(f"q{i}", np.exp(rng.normal(0, 0.5, 5))) for i in range(2)]
        found = relations(values, 0.02 * values, Dimension.of(m=1), quantities)[0]
        chances.append(found.chance if found.quantities else 1.0)
    assert np.mean(np.array(chances) < 1e-3) <= 0.01
    assert np.mean(np.array(chances) < 0.05) <= 0.12


def test_quantities_that_go_together_are_no_strong_evidence_for_either() -> None:
    lengths = np.array([5.0, 8.0, 10.0, 12.5, 20.0])
    values = 0.5 * lengths * (1 + 0.01 * np.array([1, -1, 0.5, -0.5, 1]))
    found = relations(values, 0.01 * values, None, [metres("L", lengths), metres("W", 3 * lengths)])
    assert found[0].quantities + found[0].rivals == (0, 1)


def test_two_groups_are_weak_evidence() -> None:
    found = relations(np.array([1.0, 2.3]), np.array([0.01, 0.02]), None, [metres("L", [5, 10])])
    assert all(relation.chance > 1e-3 for relation in found if relation.quantities)


def test_the_same_value_in_every_group() -> None:
    values = 4.2 + 0.02 * np.array([1, -1, 0.3, 0.8, -0.9])
    [found] = relations(values, np.full(5, 0.02), None, [metres("L", [1, 2, 3, 4, 5])])
    assert found.law == "same"
    assert found.factor == pytest.approx(4.2, abs=0.02)


@pytest.mark.parametrize(
    ("law", "curve"),
    [
        ("affine", lambda q: 3 + 2 * q),
        ("hyperbolic", lambda q: 7 / (1 + q / 2)),
        ("logarithmic", lambda q: 4 + 3 * np.log(q)),
        ("exponential", lambda q: 2 * np.exp(-0.7 * q)),
        ("power", lambda q: 0.4 * q**-1.5),
    ],
)
def test_laws_are_told_apart(law: str, curve: object) -> None:
    q = np.array([0.5, 1, 1.7, 2.6, 4, 6.5])
    values = curve(q) * (1 + 0.002 * np.array([1, -1, 1, 0, -1, 1]))  # type: ignore[operator]
    found = relations(values, 0.002 * np.abs(values), None, [metres("q", q)])[0]
    assert found.law == law
    assert found.chance < 1e-3


# --- carried along ----------------------------------------------------------------------------------------------------


def test_json_and_back_and_records_of_before(tuned: tuple[Problem, Recommendation]) -> None:
    _, result = tuned
    again = Recommendation.from_json(result.to_json())
    assert again == result
    assert first(again, "p") == first(result, "p")
    old = result.to_dict()
    for formula in old["formulas"]:
        for coefficient in formula["coefficients"]:
            del coefficient["interpretations"]
    assert named(Recommendation.from_dict(old).formulas[0], "p").interpretations == ()


def test_the_report_shows_it(tuned: tuple[Problem, Recommendation]) -> None:
    problem, result = tuned
    page = html_report(problem, result, "en")
    assert first(result, "p").words.text() in page
    assert "--group device" in page


def test_a_column_called_like_the_coefficient_is_told_apart() -> None:
    _, result = answer(crystals(LENGTHS), "A*sinc(L*dk/2)**2", "device")
    found = first(result, "L")
    assert found.quantities == ("L",)
    assert found.relation.endswith("·[L]")


def test_a_loose_coefficient_is_not_called_a_constant() -> None:
    values = np.array([1.0, 1.4, 0.7, 1.2, 0.9])
    assert relations(values, np.full(5, 0.4), None, [metres("L", [3, 1, 5, 4, 2])]) == []


# --- equivalent coefficients ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reference", "fitted", "expected"),
    [
        ("a*sinc(k*x)**2", (2.0, 3.0), (2.1, -5.0), (2.1, 5.0)),
        ("a*cos(k*x + f)", (2.0, 3.0, 0.8), (-2.0, -5.0, -0.85 + 7 * np.pi), (2.0, 5.0, 0.85)),
        ("a*exp(-b*x) + c*exp(-d*x)", (2.0, 1.0, 5.0, 9.0), (5.1, 9.5, 2.2, 1.1), (2.2, 1.1, 5.1, 9.5)),
        ("a/(1 + (x/w)**2)", (1.0, 2.0), (1.0, -2.5), (1.0, 2.5)),
        ("a*x + b", (1.0, 2.0), (-1.0, 2.5), (-1.0, 2.5)),
    ],
)
def test_signs_turns_and_places_are_chosen_alike(
    text: str, reference: Sequence[float], fitted: Sequence[float], expected: Sequence[float]
) -> None:
    formula = parse(text, ["x"])
    names = formula.parameters
    x = np.linspace(0.1, 2, 30)
    changes = symmetries(formula, names, dict(zip(names, reference, strict=True)), {"x": x})
    values, _ = matched(np.array([reference, fitted]), np.array([reference, np.abs(fitted)]), changes, 0)
    np.testing.assert_allclose(values, [reference, expected])
    np.testing.assert_array_equal(values[0], reference)
    curves = [formula.evaluate({"x": x}, dict(zip(names, row, strict=True))) for row in (fitted, values[1])]
    np.testing.assert_allclose(*curves, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "key"),
    [(["--group", "nobody"], "group_missing"), (["--known", "gap=3 parsnips"], "known_unit"), (["--known", "gap"], "pair_expected")],
)
def test_the_command_line_takes_groups_and_known_quantities(tmp_path: Path, options: list[str], key: str) -> None:
    path = tmp_path / "crystals.csv"
    crystals(LENGTHS).to_csv(path, index=False)
    told = CliRunner().invoke(app, ["recommend", str(path), *options])
    assert isinstance(told.exception, RecommenderError)
    assert told.exception.key == key
