"""A document as a PDF, set by Typst: no TeX, no browser, no network."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from recommender.report.document import Document
from recommender.report.pandoc import convert
from recommender.report.plots import image

JAPANESE = ("Noto Sans CJK JP", "Noto Sans JP", "BIZ UDPGothic", "Hiragino Sans", "Yu Gothic", "Meiryo", "IPAexGothic")
_LATIN = ("Noto Sans", "Segoe UI", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")
_IN_PACKAGES = (("matplotlib", "mpl-data/fonts/ttf"), ("matplotlib_fontja", "fonts"))


def pdf(report: Document) -> bytes:
    """The document as a PDF. SettingsError names what to install: the extra `report`, or a Japanese font where one is needed."""
    typst = _typst()
    source = convert(report, "typst", ["--template", str(resources.files("recommender.report").joinpath("report.typ"))])
    fonts = "|".join(_fonts(report, source.decode()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "figures").mkdir()
        for figure in report.figures:
            (folder / "figures" / f"{figure.name}.pdf").write_bytes(image(figure.drawing, "pdf"))
        (folder / "report.typ").write_bytes(source)
        # Nothing outside the folder is read, nothing comes from the network.
        options = {"root": name, "package_path": name, "package_cache_path": name, "font_paths": font_paths()}
        try:
            made: bytes = typst.compile(str(folder / "report.typ"), sys_inputs={"fonts": fonts}, **options)
        except typst.TypstError as error:
            raise SettingsError("report_typst", reason=str(error)[:200]) from None
    return made


def _typst() -> Any:
    try:
        import typst
    except ModuleNotFoundError:
        raise SettingsError("report_extra", package="typst") from None
    return typst


def font_paths() -> list[str]:
    """Folders of fonts that come with packages: Latin letters always, Japanese ones with the extra `report`."""
    found = ((find_spec(package), inside) for package, inside in _IN_PACKAGES)
    return [str(Path(spec.origin).parent / inside) for spec, inside in found if spec is not None and spec.origin]


def _fonts(report: Document, source: str) -> list[str]:
    """Families in order of preference: the language's own first. SettingsError if there is Japanese text and no font for it."""
    there = _families()
    japanese, latin = ([name for name in names if name in there] for names in (JAPANESE, _LATIN))
    if not japanese and re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", source):
        raise SettingsError("report_font")
    return [*japanese[:1], *latin[:1]] if report.language == "ja" else [*latin[:1], *japanese[:1]]


@cache
def _families() -> frozenset[str]:
    return frozenset(_typst().Fonts(font_paths=font_paths()).families())
