"""Known constants by name: CODATA values in SI (Mohr et al., CODATA recommended values, through scipy.constants)."""

from __future__ import annotations

from functools import cache

CODATA = {
    "speed_of_light": "speed of light in vacuum",
    "planck": "Planck constant",
    "hbar": "reduced Planck constant",
    "boltzmann": "Boltzmann constant",
    "avogadro": "Avogadro constant",
    "gas_constant": "molar gas constant",
    "elementary_charge": "elementary charge",
    "vacuum_permittivity": "vacuum electric permittivity",
    "vacuum_permeability": "vacuum mag. permeability",
    "gravitational_constant": "Newtonian constant of gravitation",
    "stefan_boltzmann": "Stefan-Boltzmann constant",
    "electron_mass": "electron mass",
    "proton_mass": "proton mass",
    "neutron_mass": "neutron mass",
    "faraday": "Faraday constant",
    "standard_gravity": "standard acceleration of gravity",
    "rydberg": "Rydberg constant",
    "bohr_radius": "Bohr radius",
    "fine_structure": "fine-structure constant",
    "bohr_magneton": "Bohr magneton",
    "nuclear_magneton": "nuclear magneton",
    "atomic_mass": "atomic mass constant",
    "wien_displacement": "Wien wavelength displacement law constant",
    "flux_quantum": "mag. flux quantum",
    "vacuum_impedance": "characteristic impedance of vacuum",
    "standard_atmosphere": "standard atmosphere",
    "electron_volt": "electron volt",
}


@cache
def known_constant(name: str) -> tuple[float, str]:
    """(value in SI, pint-style unit) of a constant of `CODATA`. KeyError for any other name."""
    from scipy import constants

    value, unit, _ = constants.physical_constants[CODATA[name]]
    return float(value), unit.replace("^", "**").replace(" ", "*") or "1"
