"""Constants of nature as documents call them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES = {  # the first that matches; those that contain another's words come first
    "stefan_boltzmann": r"stefan.boltzmann|シュテファン|ステファン",
    "boltzmann": r"boltzmann|ボルツマン",
    "gas_constant": r"^(?:the )?(?:universal |molar |ideal )*gas constant|^(?:一般|普遍|モル)?気体定数",
    "hbar": r"reduced planck|dirac constant|換算プランク|ディラック定数",
    "planck": r"planck|プランク",
    "speed_of_light": r"(?:speed|velocity) of light|真空中の光速|光速",
    "elementary_charge": r"elementary charge|electron charge|charge of (?:an|the) electron|電気素量|素電荷",
    "avogadro": r"avogadro|アボガドロ",
    "faraday": r"faraday(?:'s)? constant|ファラデー定数",
    "vacuum_permittivity": r"permittivity of (?:free space|(?:the )?vacuum)|vacuum permittivity|真空の?誘電率",
    "vacuum_permeability": r"permeability of (?:free space|(?:the )?vacuum)|vacuum permeability|真空の?透磁率",
    "gravitational_constant": r"gravitational constant|constant of gravitation|万有引力定数",
    "electron_mass": r"(?:rest )?mass of (?:an|the) electron|electron (?:rest )?mass|電子の?(?:静止)?質量",
    "standard_gravity": r"standard (?:gravity|acceleration of gravity)|標準重力",
}
_NOT = re.compile(
    r"specific|individual|effective|relative|light in (?!(?:a |the )?(?:vacuum|free space))|medium|dependent|distribution|factor"
    r"|個別|比気体|固有|有効|媒質|分布"
)


def constant_named(words: Mapping[str, str]) -> str | None:
    """The name in `corpus.constants.CODATA` of the constant that these words say, None if they say none."""
    text = words.get("en", "").lower() or words.get("ja", "")
    if _NOT.search(text):
        return None
    return next((name for name, pattern in _NAMES.items() if re.search(pattern, text)), None)
