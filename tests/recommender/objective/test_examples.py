"""The physics of the worked examples, and that they run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.integrate import trapezoid

EXAMPLES = Path(__file__).parents[3] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


qpm = load("qpm_rectangular")
taper = load("antenna_taper")


def test_a_uniform_grating_has_its_textbook_peak() -> None:
    """(2/pi)^2 L^2 at first order."""
    mismatch = qpm.mismatches(0.02, 40)
    peak = qpm.spectrum(qpm.walls(0 * qpm.U), mismatch).max() * qpm.IDEAL
    assert peak == pytest.approx((2 / np.pi * qpm.LENGTH) ** 2, rel=2e-3)


def test_the_spectrum_is_the_integral_over_the_domains() -> None:
    wall = qpm.walls(0.5 * qpm.U + 0.1 * qpm.U**3)
    mismatch = qpm.mismatches(1.0, 1)
    z = np.linspace(0, qpm.LENGTH, 2_000_001)
    sign = 1.0 - 2.0 * ((np.searchsorted(wall, z, side="right") - 1) % 2)
    for i in (3, 100, 200):
        amplitude = trapezoid(sign * np.exp(-1j * mismatch[i] * z), z)
        assert qpm.spectrum(wall, mismatch)[i] == pytest.approx(abs(amplitude) ** 2 / qpm.IDEAL, rel=1e-2)


def test_no_design_beats_the_area_of_the_ideal() -> None:
    """Parseval: all that a chirp of full duty cycle has in its first order is the area of the ideal rectangle."""
    mismatch = qpm.mismatches(6.0, 4)
    s = qpm.spectrum(qpm.walls(0.5 * qpm.U), mismatch)
    assert trapezoid(s, (mismatch - qpm.K0) / qpm.BAND) == pytest.approx(1.0, abs=0.02)


def test_a_linear_chirp_ripples_and_steep_ends_ripple_less() -> None:
    linear = qpm.quality(0.5 * qpm.U)
    steep = qpm.quality(0.5649 * qpm.U + 0.0307 * np.sinh(4.65 * qpm.U * np.abs(qpm.U) ** 45.2))
    assert linear.ripple > 0.5
    assert steep.ripple < 0.05
    assert steep.product > max(0.95, linear.product)


def test_side_lobes_of_an_even_excitation() -> None:
    even = np.ones((1, taper.ELEMENTS))
    assert taper.side_lobes(even)[0] == pytest.approx(-13.2, abs=0.2)
    assert taper.losses(even)[0] == pytest.approx(0, abs=1e-12)


def test_the_taper_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["antenna_taper.py", "--budget", "1500"])
    found = taper.main()
    assert found.best.loss < 0.16
    assert "taper efficiency" in capsys.readouterr().out


def test_the_poling_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["qpm_rectangular.py", "--budget", "1500", "--out", str(tmp_path)])
    found = qpm.main()
    assert found.best.loss < 1
    assert "ripple" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {f"qpm_rectangular.{kind}" for kind in ("json", "png", "txt")}
