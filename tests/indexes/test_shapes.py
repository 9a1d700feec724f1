from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from corpus.entry import Entry
from corpus.units import parse_unit
from indexes import ColumnHint, Query, Retriever, shape_of
from indexes.sampling import POINTS, entry_shape

X = np.linspace(1, 9, 60)


def hint(name: str, unit: str | None) -> ColumnHint:
    return ColumnHint(name, None if unit is None else parse_unit(unit).dimension)


def found(retriever: Retriever, target: ColumnHint, values: np.ndarray, *inputs: tuple[ColumnHint, np.ndarray]) -> list[str]:
    shape = shape_of([column for _, column in inputs], values)
    query = Query(target=target, inputs=tuple(column for column, _ in inputs), shape=shape)
    return [item.entry.id for item in retriever.with_weights({"shape": 1.0}).search(query)]


@pytest.fixture(scope="module")
def laws(build: Callable[[Sequence[Entry]], Retriever], make_entry: Callable[..., Entry]) -> Retriever:
    """Laws of the same units that only their shapes tell apart."""

    def law(name: str, formula: str, variables: Sequence[str], parameters: Mapping[str, tuple[float, float]]) -> Entry:
        ranges = {"x": (0.5, 10.0), "z": (1.0, 5.0)}
        given = make_entry(f"test.{name}", (name, "試験"), (name, "試験"), formula, ("y", "response", "応答", "1"), [("x", "x", "値", "m")])
        told = {
            "variables": [{"symbol": s, "quantity": {"en": s, "ja": s}, "unit": "m", "range": ranges[s]} for s in variables],
            "parameters": [{"symbol": s, "meaning": {"en": s, "ja": s}, "unit": "any", "range": r} for s, r in parameters.items()],
        }
        return Entry.model_validate(given.model_dump() | told)

    one = ["x"]
    return build(
        [
            law("growing", "a*x**2", one, {"a": (1, 3)}),
            law("falling", "a/x", one, {"a": (1, 3)}),
            law("levelling", "a*x/(b + x)", one, {"a": (1, 3), "b": (0.3, 2)}),
            law("waving", "a*sin(b*x)", one, {"a": (1, 3), "b": (1.5, 4)}),
            law("peaking", "a*exp(-((x - b)/c)**2)", one, {"a": (1, 3), "b": (4, 6), "c": (0.5, 2)}),
            law("quotient", "a*x/z", ["x", "z"], {"a": (1, 3)}),
            law("cube", "a*x**3*z", ["x", "z"], {"a": (1, 3)}),
        ]
    )


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (7e-9 * X**2, "growing"),
        (4e6 / X, "falling"),
        (3 * X / (1 + X), "levelling"),
        (np.sin(2.3 * X), "waving"),
        (np.exp(-((X - 5) ** 2)), "peaking"),
    ],
)
@pytest.mark.parametrize("unit", ["m", None])
def test_a_curve_is_found_by_its_shape_whatever_its_scale(laws: Retriever, values: np.ndarray, first: str, unit: str | None) -> None:
    target = hint("y", "1" if unit else None)
    assert found(laws, target, values, (hint("t", unit), X * 1e-3))[0] == f"test.{first}"


@pytest.mark.parametrize(("power", "first"), [(1, "quotient"), (3, "cube")])
def test_columns_are_dealt_by_their_slopes(laws: Retriever, power: int, first: str) -> None:
    """Both inputs are lengths, in either order; only the slopes tell which is which."""
    rng = np.random.default_rng(0)
    u, v = rng.uniform(1, 5, (2, 150))
    other = -1 if power == 1 else 1
    for columns in ((("u", u), ("v", v)), (("v", v), ("u", u))):
        inputs = [(hint(name, "m"), column) for name, column in columns]
        assert found(laws, hint("y", "1"), u**power * v**other, *inputs)[0] == f"test.{first}"


def test_a_law_is_found_solved_for_another_of_its_quantities(retriever: Retriever) -> None:
    """R = V/I: proportional to one column, inverse in the other."""
    rng = np.random.default_rng(1)
    volts, amps = rng.uniform(1, 5, (2, 80))
    assert found(retriever, hint("r", "ohm"), volts / amps, (hint("u", "V"), volts), (hint("i", "A"), amps))[0] == "circuits.ohm"


def test_noise_does_not_hide_the_shape(laws: Retriever) -> None:
    noisy = 3 * X**2 * (1 + 0.02 * np.random.default_rng(3).standard_normal(len(X)))
    assert found(laws, hint("y", "1"), noisy, (hint("t", "m"), X))[0] == "test.growing"


def test_the_reason_says_in_words_what_agrees(laws: Retriever) -> None:
    shape = shape_of([X], 5 * X**2)
    query = Query(target=hint("y", "1"), inputs=(hint("length", "m"),), shape=shape)
    reason = next(r for r in laws.search(query)[0].reasons if r.channel == "shape")
    assert "length to the power 2" in reason.text("en")
    assert "length の 2 乗に比例" in reason.text("ja")


def test_without_rows_the_channel_is_silent(laws: Retriever) -> None:
    assert shape_of([X], np.ones_like(X)) is None
    assert shape_of([], X) is None
    alone = laws.with_weights({"shape": 1.0})
    assert alone.search(Query(target=hint("y", "1"), inputs=(hint("x", "m"),))) == []


def test_units_that_no_entry_has_find_nothing(retriever: Retriever) -> None:
    odd = hint("y", "cd*kg")
    assert set(found(retriever, odd, X**2, (hint("x", "m"), X))) <= {"shapes.line"}


def test_the_shape_of_an_entry_is_its_exponents(corpus: list[Entry]) -> None:
    pendulum = next(entry for entry in corpus if entry.id == "mechanics.pendulum")
    shape = entry_shape(pendulum, ["P", "L", "g"])
    np.testing.assert_allclose(shape.slopes_traits[0, :POINTS], 0.5, atol=1e-6)
    np.testing.assert_allclose(shape.slopes_traits[1, :POINTS], -0.5, atol=1e-6)
    assert np.isnan(shape.slopes_traits[2:]).all()
    assert shape.positive == 1.0


def test_a_formula_without_values_has_no_shape(make_entry: Callable[..., Entry]) -> None:
    nowhere = make_entry("test.nowhere", ("n", "無"), ("n", "無"), "log(-x**2)", ("y", "y", "値", "1"), [("x", "x", "値", "1")])
    shape = entry_shape(nowhere, ["y", "x"])
    assert np.isnan(shape.slopes_traits[:, :POINTS]).all()
    assert np.isnan(shape.curves).all()
