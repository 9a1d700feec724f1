from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from corpus.errors import TableError, UnitError
from corpus.formula import parse
from recommender.table import Column, Table, split_header, symbols_for


def table(**columns: object) -> Table:
    return Table.from_frame(pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("T [degC]", ("T", "degC")),
        ("T(℃)", ("T", "℃")),
        ("長さ［mm］", ("長さ", "mm")),
        ("圧力（kPa）", ("圧力", "kPa")),
        ("p / kPa", ("p", "kPa")),
        ("a/b", ("a/b", None)),
        ("k [W/(m*K)]", ("k", "W/(m*K)")),
        ("[mm]", ("[mm]", None)),
        ("x", ("x", None)),
    ],
)
def test_split_header(header: str, expected: tuple[str, str | None]) -> None:
    assert split_header(header) == expected


def test_values_are_si_inside_and_the_customers_outside() -> None:
    column = table(**{"T [degC]": [0.0, 100.0]}).find("T")
    np.testing.assert_allclose(column.values, [273.15, 373.15])
    np.testing.assert_allclose(column.shown, [0, 100])
    assert column.label == "T [degC]"


def test_other_units_read_the_same_numbers_anew() -> None:
    changed = table(**{"L [m]": [1.0, 2.0], "y": [3.0, 4.0]}).with_units({"L": "mm", "y": "V"})
    np.testing.assert_allclose(changed.find("L").values, [1e-3, 2e-3])
    np.testing.assert_allclose(changed.find("L").shown, [1, 2])
    assert changed.find("y").unit is not None


def test_uncertainties_follow_the_unit() -> None:
    plain = Table((Column("y", np.array([1.0, 2.0]), sigma=np.array([0.1, 0.2])),))
    np.testing.assert_allclose(plain.with_units({"y": "mm"}).find("y").sigma, [1e-4, 2e-4])
    np.testing.assert_allclose(plain.with_units({"y": "mm"}).with_units({"y": "m"}).find("y").sigma, [0.1, 0.2])


def test_unknown_unit_is_refused() -> None:
    with pytest.raises(UnitError):
        table(x=[1.0]).with_units({"x": "blorp"})


@pytest.mark.parametrize("name", ["Cell Voltage", "cell voltage", "CELL_VOLTAGE", "cellvoltage", "Cell Voltage [V]", "Ｃell Voltage"])
def test_find_forgives_spelling(name: str) -> None:
    assert table(**{"Cell Voltage [mV]": [1.0, 2.0]}).find(name).name == "Cell Voltage"


def test_find_prefers_the_exact_name() -> None:
    assert [table(t=[1.0], T=[2.0]).find(name).values[0] for name in ("t", "T")] == [1, 2]


@pytest.mark.parametrize(
    ("name", "key"),
    [("presure", "column_near"), ("zzz", "column_missing"), ("who", "column_text"), ("void", "column_empty"), ("z", "column_complex")],
)
def test_absent_columns_say_why(name: str, key: str) -> None:
    columns = {"pressure": [1.0, 2], "who": ["a", "b"], "void": [None, None], "z [ohm]": [1j, 2j]}
    with pytest.raises(TableError) as caught:
        table(**columns).find(name)
    assert caught.value.key == key


def test_many_columns_are_not_all_listed() -> None:
    wide = Table.from_frame(pd.DataFrame(np.zeros((2, 200)), columns=[f"c{i}" for i in range(200)]))
    with pytest.raises(TableError) as caught:
        wide.find("temperature")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "values",
    [
        pd.array([1, None, 3], "Int64"),
        pd.array([1.0, None, 3], "Float64"),
        pd.array(["1", None, "3"], "string"),
        pd.Categorical([1, None, 3]),
        pd.Categorical(["1", None, "3"]),
        pd.arrays.SparseArray([1.0, np.nan, 3.0]),
        np.array([1, np.nan, 3], np.float16),
        [Decimal("1"), None, Decimal("3")],
        [1, "", "3"],
        ["1", pd.NA, 3.0],
        pd.to_timedelta([1, None, 3], "s"),
        pd.to_datetime(["2024-01-01 00:00:01", None, "2024-01-01 00:00:03"]),
        pd.to_datetime(["2024-01-01 00:00:01", None, "2024-01-01 00:00:03"], utc=True),
        pd.array([1, None, 3], "int64[pyarrow]"),
        ["1", "欠測", "３"],
    ],
    ids=str,
)  # fmt: skip
def test_any_type_of_cells(values: object) -> None:
    column = Table.from_frame(pd.DataFrame({"x": values})).columns[0]
    np.testing.assert_allclose(column.values - np.nanmin(column.values), [0, np.nan, 2])


@pytest.mark.parametrize(
    "values",
    [[[1], [2]], [{}, {}], [b"1", b"2"], pd.interval_range(0, 2), [object(), 1j]],
    ids=["lists", "dicts", "bytes", "intervals", "objects"],
)
def test_cells_that_are_no_numbers(values: object) -> None:
    made = Table.from_frame(pd.DataFrame({"x": values, "y": [1.0, 2.0]}))
    assert made.names == ("y",)
    assert made.left_out.keys() == {"x"}


def test_headers_of_any_type() -> None:
    frame = pd.DataFrame(np.arange(10.0).reshape(2, 5), columns=[0, None, np.nan, ("a", "b"), pd.Timestamp("2024-01-01")])
    assert len(set(Table.from_frame(frame).names)) == 5
    levels = pd.DataFrame(np.ones((2, 2)), columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert Table.from_frame(levels).names == ("a x", "a y")


def test_empty_frames() -> None:
    for frame in (pd.DataFrame(), pd.DataFrame({"x": []}), pd.DataFrame(index=[1, 2])):
        with pytest.raises(TableError):
            Table.from_frame(frame)


def test_content_hash_sees_names_units_and_values() -> None:
    first = table(x=[1.0, 2.0])
    others = [table(y=[1.0, 2.0]), table(x=[1.0, 3.0]), table(**{"x [m]": [1.0, 2.0]})]
    assert first.content_hash == table(x=[1.0, 2.0]).content_hash
    assert first.content_hash not in {other.content_hash for other in others}


def test_descriptions() -> None:
    assert table(x=[1.0]).with_descriptions({"X": "length of the rod"}).find("x").description == "length of the rod"


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "T",
        "長さ",
        "sin",
        "pi",
        "lambda",
        "2nd",
        "a b",
        "μ",
        "__import__('os')",
        "🌡️",
        "",
        "_",
        "q" * 10_000,
        "x²",
        "½",
        "ﬁeld",
        "1",
        "log10",
        "é",
        "Å",
        "ー",
        "한글",
        "ا",
    ],
)
def test_symbols_stand_in_formulas(name: str) -> None:
    symbol = symbols_for([name])[name]
    assert len(symbol) <= 40
    formula = parse(f"2*{symbol} + 1", [symbol])
    assert formula.variables == (symbol,)
    assert parse(formula.text, [symbol]) == formula


def test_symbols_are_distinct() -> None:
    names = ["a b", "a_b", "a-b", "a b ", "sin", "sin_", "a_b_2", *("q" * 100 + str(i) for i in range(5))]
    assert len(set(symbols_for(names).values())) == len(names)


def test_a_header_with_its_unit_finds_the_column_of_that_case() -> None:
    table = Table.of({"t [min]": [0.0, 1.0], "T [degC]": [20.0, 21.0]})
    assert table.find("T [degC]").name == "T"
    assert table.find("t [min]").name == "t"
