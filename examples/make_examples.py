"""Makes every table of this folder: `python examples/make_examples.py [FOLDER]`.

The numbers are this project's own: a known law, round constants, and noise of the size an instrument of that kind has.
Each table draws from its own generator, so a new table changes no old one. Kepler's table holds published orbital elements.
Written twice, the files are the same byte for byte (with the package versions of constraints.txt).
"""

from __future__ import annotations

import csv
import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cell = str | float
SEED = 20250401
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
CORE = b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" />'


@dataclass(frozen=True)
class Sheet:
    """A table as it is written: its headers and its rows, numbers already rounded as the instrument shows them."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def generator(table: int) -> Generator:
    """The random numbers of one table."""
    return default_rng([SEED, table])


def noisy(rng: Generator, values: Array, relative: float, floor: float = 0.0) -> Array:
    """Values with independent Gaussian errors: a share of the reading and a constant floor, added in quadrature."""
    return values + rng.normal(size=values.shape) * np.hypot(relative * values, floor)


def decimals(values: Array, digits: int) -> list[float]:
    """Rounded to a fixed number of decimals, with no negative zero."""
    return [round(float(value), digits) + 0.0 for value in values]


def significant(values: Array, digits: int) -> list[float]:
    """Rounded to significant digits, as an autoranging meter shows them."""
    return [float(f"{value:.{digits}g}") for value in values]


def sheet(header: Iterable[str], *columns: Sequence[Cell]) -> Sheet:
    """Columns of equal length as a table."""
    return Sheet(tuple(header), tuple(zip(*columns, strict=True)))


def grid(first: Sequence[float], second: Sequence[float]) -> tuple[Array, Array]:
    """Every combination of two settings, the second varying fastest."""
    one, two = np.meshgrid(np.asarray(first, float), np.asarray(second, float), indexing="ij")
    return one.ravel(), two.ravel()


def shg_tuning_curve() -> Sheet:
    """eta = eta0 sinc^2(dk L / 2): eta0 = 38 %, L = 12.5 mm; 1 % of the reading and a detector floor of 0.02 %."""
    mismatch = np.linspace(-2.5, 2.5, 81)
    efficiency = 38.0 * np.sinc(mismatch * 12.5 / 2 / np.pi) ** 2
    shown = decimals(noisy(generator(1), efficiency, 0.01, 0.02), 3)
    return sheet(("phase mismatch [1/mm]", "efficiency [%]"), decimals(mismatch, 4), shown)


def shg_length_power() -> Sheet:
    """eta = tanh^2(sqrt(k P) L), k = 1.2e-3 /(W mm^2): L^2 P while little is converted, then the pump runs out; 2 %."""
    length, power = grid((5, 10, 15, 20, 30, 40), (10, 20, 50, 100, 150, 200, 300, 400, 500))
    efficiency = 100 * np.tanh(np.sqrt(1.2e-3 * power / 1000) * length) ** 2
    shown = significant(noisy(generator(2), efficiency, 0.02), 4)
    return sheet(("素子長 [mm]", "励起パワー [mW]", "変換効率 [%]"), decimals(length, 1), decimals(power, 0), shown)


def cooling_coffee() -> Sheet:
    """T = 22.5 + 65.9 exp(-t / 31 min): a cup in a room of 22.5 degC; thermocouple noise 0.3 degC."""
    time = np.arange(0.0, 121.0, 2.0)
    temperature = 22.5 + 65.9 * np.exp(-time / 31.0)
    return sheet(("time [min]", "temperature [degC]"), decimals(time, 0), decimals(noisy(generator(3), temperature, 0.0, 0.3), 1))


def cooling_ja() -> Sheet:
    """T = 24 + 156 exp(-t / 12.4 min): a die-cast part in moving air; noise 0.8 degC."""
    time = np.arange(0.0, 60.5, 1.5)
    temperature = 24.0 + 156.0 * np.exp(-time / 12.4)
    return sheet(("経過時間（分）", "温度（℃）"), decimals(time, 1), decimals(noisy(generator(4), temperature, 0.0, 0.8), 1))


def kepler() -> Sheet:
    """Published mean semi-major axes and sidereal periods of planets and two dwarf planets; nothing is generated."""
    bodies: tuple[tuple[Cell, ...], ...] = (
        ("Mercury", 0.38710, 87.969),
        ("Venus", 0.72334, 224.701),
        ("Earth", 1.00000, 365.256),
        ("Mars", 1.52371, 686.980),
        ("Ceres", 2.7675, 1681.6),
        ("Jupiter", 5.2029, 4332.59),
        ("Saturn", 9.5367, 10759.2),
        ("Uranus", 19.1892, 30688.5),
        ("Neptune", 30.0699, 60182.0),
        ("Pluto", 39.482, 90560.0),
    )
    return Sheet(("body", "semi-major axis [au]", "period [day]"), bodies)


def diode_iv() -> Sheet:
    """I = Is (exp(V / (n Vt)) - 1): Is = 2.5 nA, n Vt = 45.2 mV (n = 1.75 at 300 K); seven decades of current; 2 %."""
    voltage = np.arange(0.05, 0.7501, 0.02)
    current = 2.5e-6 * np.expm1(voltage / 0.0452)
    return sheet(("voltage [V]", "current [mA]"), decimals(voltage, 3), significant(noisy(generator(6), current, 0.02), 4))


def adsorption_langmuir() -> Sheet:
    """q = qmax K p / (1 + K p): qmax = 4.85 mmol/g, K = 0.031 /kPa; 1 %."""
    pressure = np.concatenate((np.array([0.5, 1, 2, 3, 5, 7]), np.arange(10.0, 40, 5), np.arange(40.0, 101, 10), np.arange(120.0, 301, 20)))
    uptake = 4.85 * 0.031 * pressure / (1 + 0.031 * pressure)
    return sheet(("pressure [kPa]", "uptake [mmol/g]"), decimals(pressure, 1), decimals(noisy(generator(7), uptake, 0.01), 4))


def growth_ecoli() -> Sheet:
    """OD = K / (1 + (K / N0 - 1) exp(-r t)): K = 1.62, N0 = 0.012, r = 1.38 /h; 2 % of the reading and 0.002."""
    time = np.arange(37) / 3
    density = 1.62 / (1 + (1.62 / 0.012 - 1) * np.exp(-1.38 * time))
    return sheet(("time [h]", "OD600"), decimals(time, 3), decimals(noisy(generator(8), density, 0.02, 0.002), 3))


def damped_oscillator() -> Sheet:
    """x = A exp(-t / tau) cos(2 pi f t + phi): A = 12.4 mm, tau = 1.85 s, f = 2.35 Hz, phi = 0.4; noise 0.06 mm."""
    time = np.arange(0.0, 5.0, 0.025)
    displacement = 12.4 * np.exp(-time / 1.85) * np.cos(2 * np.pi * 2.35 * time + 0.4)
    return sheet(("time [s]", "displacement [mm]"), decimals(time, 3), decimals(noisy(generator(9), displacement, 0.0, 0.06), 3))


def pump_curve() -> Sheet:
    """H = a n^2 - b Q^2 (a centrifugal pump under the affinity laws): a = 1.55e-5 m/rpm^2, b = 0.021 m h^2/m^6; 0.8 %."""
    speed, share = grid((1160, 1450, 1750), np.linspace(0, 1, 10).tolist())
    flow = np.round(share * speed / 1450 * 28, 1)
    head = 1.55e-5 * speed**2 - 0.021 * flow**2
    columns = (decimals(speed, 0), decimals(flow, 1), decimals(noisy(generator(10), head, 0.008), 2))
    return sheet(("speed [rpm]", "flow [m3/h]", "head [m]"), *columns)


def thermistor() -> Sheet:
    """R = R25 exp(B (1 / T - 1 / 298.15 K)): R25 = 10 kohm, B = 3950 K, T in kelvin; 0.5 %."""
    temperature = np.arange(-20.0, 101.0, 5.0)
    resistance = 10.0 * np.exp(3950.0 * (1 / (temperature + 273.15) - 1 / 298.15))
    shown = significant(noisy(generator(11), resistance, 0.005), 5)
    return sheet(("temperature [degC]", "resistance [kohm]"), decimals(temperature, 1), shown)


def csv_bytes(table: Sheet, encoding: str = "utf-8", newline: str = "\n") -> bytes:
    """A comma-separated file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(table.header)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode(encoding)


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else str(int(cell)) if cell.is_integer() else str(cell)


def xlsx_bytes(table: Sheet) -> bytes:
    """An Excel workbook without the time of writing, which would make every copy differ."""
    os.environ["OPENPYXL_LXML"] = "False"  # with lxml installed the same sheet is spelled otherwise
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    for row in (table.header, *table.rows):
        page.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return _without_times(written)


def _without_times(written: io.BytesIO) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            # Times of creation stand only here, and the reader does without them.
            content = CORE if name == "docProps/core.xml" else source.read(name)
            target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return out.getvalue()


def parquet_bytes(table: Sheet) -> bytes:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    columns = zip(*table.rows, strict=True)
    pq.write_table(pa.table({name: list(column) for name, column in zip(table.header, columns, strict=True)}), out)
    return out.getvalue()


FILES: dict[str, tuple[Callable[[], Sheet], Callable[[Sheet], bytes]]] = {
    "shg_tuning_curve.csv": (shg_tuning_curve, csv_bytes),
    "shg_length_power_ja.csv": (shg_length_power, csv_bytes),
    "cooling_coffee.csv": (cooling_coffee, csv_bytes),
    "cooling_ja.csv": (cooling_ja, partial(csv_bytes, encoding="shift_jis", newline="\r\n")),
    "kepler.csv": (kepler, csv_bytes),
    "diode_iv.csv": (diode_iv, csv_bytes),
    "adsorption_langmuir.csv": (adsorption_langmuir, csv_bytes),
    "growth_ecoli.csv": (growth_ecoli, csv_bytes),
    "damped_oscillator.csv": (damped_oscillator, csv_bytes),
    "pump_curve.xlsx": (pump_curve, xlsx_bytes),
    "thermistor.parquet": (thermistor, parquet_bytes),
}


def main(folder: Path) -> None:
    """Write every table into the folder."""
    for name, (make, encode) in FILES.items():
        (folder / name).write_bytes(encode(make()))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
