"""What unit names mean here where pint does not know them, or reads them in a way no engineer means.

Each value of `SPELLINGS` is a unit text that `units.parse_unit` reads in turn.
"""

from __future__ import annotations

# For pint. The Gaussian units get their SI counterparts, so that a magnetic field has one dimension.
DEFINITIONS = (
    "solar_luminosity = 3.828e26 * watt = Lsun",
    "solar_mass = 1.98841e30 * kilogram = Msun",
    "solar_radius = 6.957e8 * meter = Rsun",
    "jansky = 1e-26 * watt / meter ** 2 / hertz = Jy",
    "gauss_si = 1e-4 * tesla = Gs",
    "oersted_si = 79.57747154594767 * ampere / meter = Oe_si",
    "maxwell_si = 1e-8 * weber = Mx_si",
    "emu_moment = 1e-3 * ampere * meter ** 2 = emu",
    "metric_horsepower_ps = 735.49875 * watt = PS_metric",
)

_NO_UNIT = "1|-|--|—|―|ー||none|n/a|nil|dimensionless|unitless|a.u.|arb.|arb. u.|arb.u.|arb. units"
_NO_UNIT_JA = "なし|無次元|単位なし|無単位|任意|任意単位|比"
PURE_NUMBERS = frozenset(f"{_NO_UNIT}|{_NO_UNIT_JA}".split("|"))

_COUNTS = "count counts cfu CFU px pixel pixels mag bit bits pcs ea 個 個数 回 人 本 枚 件 台 匹 株 点 粒 サイクル cycle cycles"
_PERCENTS = "% percent wt% mol% vol% at% mass% %RH %rh RH% rh% 質量% 重量% 体積% モル% パーセント"

SPELLINGS = {
    **dict.fromkeys(_COUNTS.split(), "1"),
    **dict.fromkeys(_PERCENTS.split(), "1e-2"),
    "‰": "1e-3",
    "ppmv": "1e-6",
    "ppmw": "1e-6",
    "ppb": "1e-9",
    "ppbv": "1e-9",
    "pH": "1",
    # temperature and angle
    **dict.fromkeys(("°C", "oC", "degc", "DegC", "deg_C", "celsius", "Celsius", "摂氏"), "degC"),
    **dict.fromkeys(("°F", "oF", "degf", "fahrenheit", "華氏"), "degF"),
    "°": "degree",
    "度": "degree",
    # time
    **dict.fromkeys(("sec", "secs", "Sec", "SEC", "秒"), "second"),
    **dict.fromkeys(("mins", "Min", "MIN", "分", "分間"), "minute"),
    **dict.fromkeys(("hr", "hrs", "Hr", "時間", "時"), "hour"),
    **dict.fromkeys(("日", "日間"), "day"),
    **dict.fromkeys(("週", "週間"), "week"),
    **dict.fromkeys(("月", "か月", "ヶ月"), "month"),
    **dict.fromkeys(("年", "年間"), "year"),
    # rotation
    "rpm": "revolutions_per_minute",
    "RPM": "revolutions_per_minute",
    "r": "turn",
    "rev": "turn",
    "rps": "revolutions_per_second",
    # force, pressure, torque, viscosity
    "kgf": "kilogram_force",
    "kgfm": "kilogram_force*m",
    "Nm": "N*m",
    "kNm": "kN*m",
    "mNm": "mN*m",
    "uNm": "uN*m",
    "MNm": "MN*m",
    "Nmm": "N*mm",
    "Torr": "torr",
    "mTorr": "mtorr",
    "Gs": "gauss_si",
    "G": "gauss_si",
    "kG": "1e3*gauss_si",
    "mG": "1e-3*gauss_si",
    "gauss": "gauss_si",
    "Gauss": "gauss_si",
    "Oe": "oersted_si",
    "kOe": "1e3*oersted_si",
    "Mx": "maxwell_si",
    # mass, volume, flow, power
    "ton": "t",
    "tons": "t",
    "mil": "25.4*um",
    "mils": "25.4*um",
    "cc": "cm^3",
    "ccm": "cm^3/minute",
    "sccm": "cm^3/minute",
    "slm": "L/minute",
    "SLM": "L/minute",
    "NL": "L",
    "PS": "PS_metric",
    "var": "VA",
    # what a hasty shift key writes
    **dict.fromkeys(("Kg", "KG"), "kg"),
    "Mpa": "MPa",
    **dict.fromkeys(("KPa", "Kpa", "kpa", "KPA"), "kPa"),
    **dict.fromkeys(("KW", "Kw", "kw"), "kW"),
    "Kwh": "kWh",
    **dict.fromkeys(("hz", "HZ"), "Hz"),
    **dict.fromkeys(("KHz", "khz", "Khz"), "kHz"),
    **dict.fromkeys(("MHZ", "Mhz"), "MHz"),
    "Ghz": "GHz",
    "KN": "kN",
    "KJ": "kJ",
    "KV": "kV",
    "ev": "eV",
    "MM": "mm",
    "CM": "cm",
    "KM": "km",
    "μ": "um",
}

KATAKANA = {
    "メートル": "m",
    "グラム": "g",
    "リットル": "L",
    "トン": "t",
    "ワット": "W",
    "ボルト": "V",
    "アンペア": "A",
    "オーム": "ohm",
    "ヘルツ": "Hz",
    "パスカル": "Pa",
    "ジュール": "J",
    "ニュートン": "N",
    "ケルビン": "K",
    "モル": "mol",
    "カロリー": "cal",
    "ミクロン": "um",
    "ラジアン": "rad",
}
KATAKANA_PREFIXES = {
    "ナノ": "n",
    "マイクロ": "u",
    "ミリ": "m",
    "センチ": "c",
    "デシ": "d",
    "ヘクト": "h",
    "キロ": "k",
    "メガ": "M",
    "ギガ": "G",
}

# Names pint reads as a constant or as something no table holds.
NOT_UNITS = frozenset({"k", "bp", "pt", "dpt", "point", "pi", "dpi", "lambda"})

AMBIGUOUS = {
    "AU": "au (astronomical unit) or 1 (absorbance)",
    "R": "degR (Rankine) or J/(mol*K)",
    "ppt": "1e-12 (trillion) or 1e-3 (thousand)",
}
