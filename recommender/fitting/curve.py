"""The fitted curve's own uncertainty, and a picture of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from corpus.evaluate import Program
from corpus.functions import Array
from corpus.language import Language, text
from recommender.fitting.result import Fit, quantile
from recommender.samples import Samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 400
_JAPANESE_FONTS = ("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "IPAGothic", "Yu Gothic", "Meiryo", "Hiragino Sans", "MS Gothic")


def curve_error(fit: Fit, columns: Mapping[str, Array]) -> Array:
    """Standard error of the fitted curve on rows, shape (n,), by the delta method; nan if a parameter is not determined."""
    names = [name for name, error in fit.standard_errors.items() if error != 0]
    length = max((len(values) for values in columns.values()), default=1)
    bound = Program([fit.formula.root]).bind({name: np.asarray(v, float) for name, v in columns.items()}, length)
    point = {name: np.full((1, 1), value) for name, value in fit.parameters.items()}
    _, tangents = bound.derivatives(point, names)[0]
    jacobian = np.zeros((length, len(names)))
    for i, name in enumerate(names):
        jacobian[:, i] = tangents.get(name, 0.0)
    index = [fit.formula.parameters.index(name) for name in names]
    covariance = fit.covariance[np.ix_(index, index)]
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", jacobian, covariance, jacobian)))


def plot_fit(fit: Fit, samples: Samples, language: Language = "en") -> Figure:
    """Data, fitted curve with its 95 % band, and residuals below; with several columns, measured against fitted values."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    language, font = _readable(language)
    figure = Figure(figsize=(7, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    varying = [name for name in fit.formula.variables if np.ptp(samples.columns[name]) > 0]
    if len(varying) == 1:
        across = samples.columns[varying[0]]
        _curve(upper, fit, samples, varying[0], language)
        lower.set_xlabel(varying[0])
    else:
        across = fit.predict(samples.columns)
        _diagonal(upper, across, samples)
        lower.set_xlabel(text("fit.plot_fitted", language))
    upper.set_title(fit.formula.text, fontsize="small", wrap=True)
    lower.errorbar(across, samples.target - fit.predict(samples.columns), samples.sigma, fmt=".", markersize=3, color="tab:blue")
    lower.axhline(0, color="tab:gray", linewidth=0.8)
    lower.set_ylabel(text("fit.plot_residual", language))
    for part in figure.findobj(Text):
        part.set_fontfamily([font, "DejaVu Sans"])
    return figure


def _readable(language: Language) -> tuple[Language, str]:
    """The language whose letters can be drawn here, and a font that has them."""
    from matplotlib import font_manager

    if language == "en":
        return "en", "DejaVu Sans"
    present = {entry.name for entry in font_manager.fontManager.ttflist}
    font = next((name for name in _JAPANESE_FONTS if name in present), None)
    return ("ja", font) if font else ("en", "DejaVu Sans")


def _curve(axes: Axes, fit: Fit, samples: Samples, name: str, language: Language) -> None:
    values = samples.columns[name]
    axes.errorbar(values, samples.target, samples.sigma, fmt=".", markersize=4, color="tab:blue", label=text("fit.plot_data", language))
    columns = {column: np.full(_POINTS, np.median(v)) for column, v in samples.columns.items()}
    columns[name] = _spaced(values)
    line = fit.predict(columns)
    half = quantile(fit.dof, known_sigma=fit.reduced_chi2 is not None) * curve_error(fit, columns)
    axes.plot(columns[name], line, color="tab:red", label=text("fit.plot_curve", language))
    if np.isfinite(half).any():
        label = text("fit.plot_band", language)
        axes.fill_between(columns[name], line - half, line + half, color="tab:red", alpha=0.2, linewidth=0, label=label)
    if _is_logarithmic(values):
        axes.set_xscale("log")
    axes.legend(fontsize="small")


def _diagonal(axes: Axes, fitted: Array, samples: Samples) -> None:
    axes.errorbar(fitted, samples.target, samples.sigma, fmt=".", markersize=3, color="tab:blue")
    ends = [float(np.min(samples.target)), float(np.max(samples.target))]
    axes.plot(ends, ends, color="tab:gray", linewidth=0.8)


def _is_logarithmic(values: Array) -> bool:
    """Whether positive values spread evenly over decades rather than over their range."""
    low, middle, high = (float(v) for v in np.quantile(values, (0, 0.5, 1)))
    return low > 0 and high > 100 * low and middle < 0.2 * high


def _spaced(values: Array) -> Array:
    low, high = float(values.min()), float(values.max())
    return np.geomspace(low, high, _POINTS) if _is_logarithmic(values) else np.linspace(low, high, _POINTS)
