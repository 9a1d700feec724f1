"""Units as customers write them: each spelling means what an engineer means, anything else is refused with a cure."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dimension import Dimension
from corpus.errors import UnitError
from corpus.language import LANGUAGES
from corpus.units import MAX_UNIT_LENGTH, ONE, parse_unit, unit_for

# spellings | the same in plain SI text | factor
SPELLINGS = """
1 - -- none なし 無次元 [-] n/a dimensionless a.u. 任意 回 個 counts px | 1 | 1
% ％ percent wt% vol% 質量% %RH パーセント | 1 | 0.01
ppm ppmv | 1 | 1e-6
‰ | 1 | 1e-3
m ｍ メートル | m | 1
mm ㎜ ｍｍ ミリメートル MM | m | 1e-3
cm ㎝ | m | 1e-2
km ㎞ キロメートル KM | m | 1e3
um μm µm ㎛ micron μ ミクロン マイクロメートル | m | 1e-6
nm ㎚ ナノメートル | m | 1e-9
Å Å angstrom | m | 1e-10
in inch | m | 0.0254
mil | m | 25.4e-6
au | m | 149597870700
m2 m² m^2 m**2 ㎡ ｍ２ ｍ^２ | m**2 | 1
cm2 cm² ㎠ | m**2 | 1e-4
m3 m³ ㎥ | m**3 | 1
cm3 cm³ cm^3 cc ㏄ mL ml ㎖ ㎤ | m**3 | 1e-6
L l ℓ リットル ㍑ dm3 | m**3 | 1e-3
kg ㎏ ｋｇ キログラム Kg KG | kg | 1
g グラム | kg | 1e-3
mg ㎎ | kg | 1e-6
t ton トン tonne | kg | 1000
s sec 秒 second Sec | s | 1
min 分 minute | s | 60
h hr 時間 hour | s | 3600
day 日 | s | 86400
year 年 yr | s | 31557600
ms | s | 1e-3
us μs µs | s | 1e-6
K Ｋ ケルビン | K | 1
Hz s-1 s⁻¹ s^-1 1/s /s hz cps ヘルツ | 1/s | 1
1/min min-1 min⁻¹ /min 回/分 個/分 | 1/s | 1/60
kHz khz KHz | 1/s | 1e3
rpm r/min rev/min RPM | 1/s | 0.10471975511965977
rad ラジアン | 1 | 1
deg ° 度 degree | 1 | 0.017453292519943295
deg/s °/s | 1/s | 0.017453292519943295
m/s ｍ／ｓ m·s⁻¹ m*s-1 m/sec (m/s) [m/s] m・s⁻¹ | m/s | 1
km/h km／h | m/s | 1/3.6
m/s2 m/s² m/s^2 m/sec2 | m/s**2 | 1
m²/s m2/s m2·s-1 | m**2/s | 1
cSt | m**2/s | 1e-6
kg/m3 kg/m³ ｋｇ／ｍ３ kg·m-3 kg·m⁻³ kg/m**3 g/L mg/cm3 | kg/m**3 | 1
g/cm3 g/cm³ g/cc g·cm-3 t/m3 | kg/m**3 | 1000
mg/L mg/l μg/mL | kg/m**3 | 1e-3
mg/100mL | kg/m**3 | 1e-2
mol/L mol/l M mol·L-1 mol·dm-3 | mol/m**3 | 1000
mM mmol/L | mol/m**3 | 1
N ニュートン | kg*m/s**2 | 1
kgf | kg*m/s**2 | 9.80665
N·m Nm N-m N*m N⋅m N.m | kg*m**2/s**2 | 1
kNm | kg*m**2/s**2 | 1000
Pa パスカル N/m2 N/m² | kg/(m*s**2) | 1
kPa kpa KPa | kg/(m*s**2) | 1e3
MPa N/mm2 N/mm² Mpa メガパスカル | kg/(m*s**2) | 1e6
kgf/cm2 kgf/cm² ｋｇｆ／ｃｍ２ | kg/(m*s**2) | 98066.5
bar | kg/(m*s**2) | 1e5
Torr torr | kg/(m*s**2) | 133.32236842105263
mmHg | kg/(m*s**2) | 133.322387415
Pa·s Pas Pa*s | kg/(m*s) | 1
mPa·s mPas cP | kg/(m*s) | 1e-3
J W·s Ws ジュール | kg*m**2/s**2 | 1
kWh | kg*m**2/s**2 | 3.6e6
kJ/mol kJ·mol-1 | kg*m**2/(s**2*mol) | 1e3
kJ/kg kJ·kg-1 | m**2/s**2 | 1e3
kJ/(kg·K) kJ/kg/K kJ/kg·K kJ/kgK kJ/(kg·℃) J/(g*K) J/gK | m**2/(s**2*K) | 1e3
W ワット | kg*m**2/s**3 | 1
PS | kg*m**2/s**3 | 735.49875
W/m2 W/m² | kg/s**3 | 1
W/(m2·K) W/m2·K W/m²·K W/m²K W·m^-2·K^-1 W·m⁻²·K⁻¹ W/(m2·℃) | kg/(s**3*K) | 1
W/(m·K) W/m·K W/mK W/m/K W·m-1·K-1 W/(m*K) | kg*m/(s**3*K) | 1
m2·K/W | s**3*K/kg | 1
1/K K-1 K⁻¹ 1/℃ /K | 1/K | 1
ppm/K ppm/℃ 10^-6/K 10⁻⁶/K ×10⁻⁶/K 1e-6/K | 1/K | 1e-6
℃/min K/min | K/s | 1/60
A アンペア | A | 1
mA | A | 1e-3
nA | A | 1e-9
pA | A | 1e-12
mA/cm2 mA/cm² | A/m**2 | 10
nA | A | 1e-9
C As A·s | s*A | 1
mAh | s*A | 3.6
V ボルト | kg*m**2/(s**3*A) | 1
Ω Ω ohm オーム | kg*m**2/(s**3*A**2) | 1
kΩ kohm キロオーム | kg*m**2/(s**3*A**2) | 1e3
Ω·m ohm*m | kg*m**3/(s**3*A**2) | 1
Ω·cm | kg*m**3/(s**3*A**2) | 0.01
S/cm | s**3*A**2/(kg*m**3) | 100
T Wb/m2 Vs/m2 | kg/(s**2*A) | 1
G Gauss Gs | kg/(s**2*A) | 1e-4
Oe | A/m | 79.57747154594767
pm/V | s**3*A/(kg*m) | 1e-12
cm-1 cm⁻¹ 1/cm | 1/m | 100
MPa·m^0.5 MPa√m MPa·m^(1/2) MPa·√m MPa*sqrt(m) | kg/(m**(1/2)*s**2) | 1e6
V/√Hz V/sqrt(Hz) | kg*m**2/(s**(5/2)*A) | 1
Nm3/h Nm³/h m3/h | m**3/s | 1/3600
L/min L/分 リットル/分 | m**3/s | 1/60000
L/100km | m**2 | 1e-8
cfu/mL 個/cm3 | 1/m**3 | 1e6
mmol/g mol/kg | mol/kg | 1
lx | cd/m**2 | 1
"""
ROWS = [[part.strip() for part in line.split(" | ")] for line in SPELLINGS.strip().splitlines()]
CASES = [(spelling, si, factor) for spellings, si, factor in ROWS for spelling in spellings.split()]
SPACED = [
    ("kg m-3", "kg/m**3", 1.0),
    ("W m^-2 K^-1", "kg/(s**3*K)", 1.0),
    ("W/(m2 K)", "kg/(s**3*K)", 1.0),
    ("J kg-1 K-1", "m**2/(s**2*K)", 1.0),
    ("W/m K", "kg*m/(s**3*K)", 1.0),
    ("N m", "kg*m**2/s**2", 1.0),
    ("m s -1", "m/s", 1.0),
    ("10⁻⁶ K⁻¹", "1/K", 1e-6),
    ("×10^-6 /K", "1/K", 1e-6),
    ("2.5 mm", "m", 2.5e-3),
    ("kg * m / s**2", "kg*m/s**2", 1.0),
    ("arb. u.", "1", 1.0),
    ("", "1", 1.0),
    ("  m  ", "m", 1.0),
]


def number(text: str) -> float:
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


@pytest.mark.parametrize(("spelling", "si", "factor"), [(s, si, number(f)) for s, si, f in CASES] + SPACED)
def test_spelling(spelling: str, si: str, factor: float) -> None:
    unit = parse_unit(spelling)
    assert str(unit.dimension) == si
    assert unit.factor == pytest.approx(factor, rel=1e-9)
    assert unit.offset == 0


def test_there_are_enough_spellings() -> None:
    assert len({spelling for spelling, *_ in CASES}) >= 250


@pytest.mark.parametrize("spelling", ["℃", "°C", "degC", "deg C", "ºC", "˚C", "° C", "oC", "Celsius", "摂氏"])
def test_celsius_is_a_scale_with_an_offset(spelling: str) -> None:
    unit = parse_unit(spelling)
    assert (unit.factor, unit.offset) == (1.0, 273.15)
    assert unit.to_si(np.array([-273.15, 0.0, 25.0])) == pytest.approx([0.0, 273.15, 298.15])


def test_fahrenheit() -> None:
    for spelling in ("degF", "℉", "°F", "deg F"):
        assert parse_unit(spelling).to_si(212.0) == pytest.approx(373.15)
    assert parse_unit("degF").factor == 5 / 9


def test_in_a_compound_a_temperature_scale_is_a_difference() -> None:
    assert parse_unit("W/(m2·℃)").offset == 0
    assert parse_unit("℃/W").to_si(1.0) == 1.0


_NO_UNITS = """
foo baz xyz 円 USD $ € 馬 abc/def m/foo 7/0 0 0·m 1e999 m^ ^2 ** / // m/ m// m** m**n m^x m^(1/0) ( ) (m m) ((m) m(( m+s m-+s m,s
m;s m=s m<s {m} "m" 'm' m! m? m# m@s m&s m|s m\\s m~ k R AU ppt bp dB dBm Np s^1/2 m/2 10**10**10·m m**999999 m**-999999 m^99
10^99999 9**9**9**9 1e400·m __import__ __class__ m.__class__ os.system lambda eval(m) exec('m') m;import·os %(m)s {0.__class__}
ｅｖａｌ(m) \u200bm m\u200bs m\u202es m\x00s \ud800 😀 √ √√√ sqrt sqrt( sqrt() m√ %% %s %d m%n mmmmmmm kkg mmHgg degCC cm-cm- ==== _ __
m_ _m 1_000·m 0x10·m 1j ² ³√m ∞ π½ Ⅷm (m)(s)( [m 1/ 1// /// m·· m**(2 m**2) m**(2,3) m**{2} m**m
"""
REFUSED = [
    *_NO_UNITS.split(),
    "x" * 81,
    "m*" * 5000 + "m",
    "(" * 79 + "m",
    "m " * 39 + "q",
    "\n\n;",
    "a" * 41,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_unit_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_unit(text)
    assert str(caught.value).rstrip(".").rsplit(". ", 1)[-1].split()[0] in ("Write", "Shorten", "Convert")
    for language in LANGUAGES:
        assert caught.value.text(language).isprintable()
        assert len(caught.value.text(language)) < 400


def test_refusing_takes_less_than_fifty_milliseconds() -> None:
    def cpu(text: str) -> float:
        started = time.thread_time()
        with pytest.raises(UnitError):
            parse_unit(text)
        return time.thread_time() - started

    parse_unit("m")  # pint is loaded at first use
    slow = [text[:40] for text in REFUSED if min(cpu(text) for _ in range(3)) > 0.050]
    assert not slow


def test_ambiguous_units_name_the_choices() -> None:
    with pytest.raises(UnitError, match="astronomical"):
        parse_unit("AU")
    with pytest.raises(UnitError, match="logarithmic"):
        parse_unit("dB")


def test_every_choice_offered_is_a_unit() -> None:
    for choice in ("au", "1", "degR", "J/(mol*K)", "1e-12", "1e-3"):
        parse_unit(choice)


@given(st.text(max_size=MAX_UNIT_LENGTH))
def test_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.factor > 0
    assert np.isfinite(unit.to_si(1.0))


@given(st.sampled_from([spelling for spelling, *_ in CASES] + ["℃", "degF"]), st.floats(1e-100, 1e6))
def test_there_and_back(spelling: str, value: float) -> None:
    unit = parse_unit(spelling)
    assert float(unit.from_si(unit.to_si(value))) == pytest.approx(value, rel=1e-12, abs=1e-6 * (unit.offset != 0))
    values = np.array([[value, 1.0], [0.0, -2.0]])
    assert unit.to_si(values).shape == values.shape


def test_labels() -> None:
    assert parse_unit("℃").label == "℃"
    assert (parse_unit("1").label, parse_unit("").label, ONE.label) == ("", "", "")


def test_the_unit_to_show() -> None:
    mm, celsius = parse_unit("mm"), parse_unit("℃")
    assert unit_for(Dimension.of(m=1), (mm, celsius)) is mm
    assert unit_for(Dimension.of(K=1), (mm, celsius)).text == "K"
    assert unit_for(Dimension.of(m=1, s=-2)).text == "m/s**2"
