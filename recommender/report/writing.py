"""One door to every kind of report: the ending of the file's name says which."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from corpus import atomic
from corpus.errors import SettingsError
from corpus.language import Language
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.report.document import Document, Section
from recommender.report.excel import workbook
from recommender.report.html import html_page
from recommender.report.pandoc import Target, convert, picture_kind
from recommender.report.pdf import pdf
from recommender.report.plots import image
from recommender.report.sections import compose
from recommender.report.tex import PREAMBLE
from recommender.report.word import docx
from recommender.table import Table

Files: TypeAlias = dict[str, bytes]  # path beside the report -> content; the report itself is the first


def write_report(
    result: Recommendation, question: Problem | Table, path: str | Path, language: Language = "en", further: Sequence[Section] = ()
) -> Path:
    """Write a report as the ending of `path` says: .html, .docx, .pdf, .tex, .md, or .xlsx for the numbers.

    question: the problem, or the table it was asked of. further: sections beside those of the recommendation. Pictures of .tex and .md
    lie in a folder beside the file. A file is there as a whole or not at all.
    SettingsError: an ending nobody knows, a package or a font that is missing, a path that cannot be written.
    """
    path = Path(path)
    try:
        for name, content in reversed(report_files(result, question, path, language, further).items()):
            atomic.write(path.parent / name, content)
    except OSError as error:
        raise SettingsError("file_not_written", path=path, reason=error.strerror or str(error)) from None
    return path


def report_download(
    result: Recommendation, question: Problem | Table, name: str, language: Language = "en", further: Sequence[Section] = ()
) -> tuple[str, bytes]:
    """The same as one file to hand over: its name and content, a .zip where there are pictures beside the report."""
    files = report_files(result, question, Path(name), language, further)
    if len(files) == 1:
        return next(iter(files.items()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, content in files.items():
            archive.writestr(zipfile.ZipInfo(inside), content, zipfile.ZIP_DEFLATED)
    return f"{Path(name).stem}.zip", out.getvalue()


def report_files(
    result: Recommendation, question: Problem | Table, path: Path, language: Language = "en", further: Sequence[Section] = ()
) -> Files:
    """Every file of a report, by its path beside the report. SettingsError as `write_report`."""
    check_report(path)
    problem = question if isinstance(question, Problem) else _asked(result, question)
    if path.suffix.lower() == ".xlsx":
        return {path.name: workbook(problem, result, language)}
    return _WRITERS[path.suffix.lower()](compose(problem, result, language, further), path)


def check_report(path: Path) -> None:
    """SettingsError if no kind of report has this ending, or a package it takes is missing: better known before a long run than after."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SettingsError("report_suffix", suffix=path.suffix or path.name, known=", ".join(SUFFIXES))
    needed = [package for package, kinds in _NEEDED.items() if suffix in kinds and find_spec(package) is None]
    if needed:
        raise SettingsError("report_extra", package=needed[0])


def _asked(result: Recommendation, table: Table) -> Problem:
    """The question as far as the answer tells it."""
    return Problem.of(table, result.target.name, [v.name for v in result.inputs], about=result.about, seed=result.seed)


def _with_pictures(target: Target, options: Sequence[str] = ()) -> Callable[[Document, Path], Files]:
    """A format whose pictures lie in a folder beside it."""

    def write(report: Document, path: Path) -> Files:
        folder, kind = re.sub(r"[^\w-]", "_", path.stem) + "_figures", picture_kind(target)  # plain within LaTeX and Markdown
        pictures = {f"{folder}/{figure.name}.{kind}": image(figure.drawing, kind) for figure in report.figures}
        return {path.name: convert(report, target, options, folder), **pictures}

    return write


_WRITERS: Mapping[str, Callable[[Document, Path], Files]] = {
    ".html": lambda report, path: {path.name: html_page(report).encode(errors="replace")},
    ".docx": lambda report, path: {path.name: docx(report)},
    ".pdf": lambda report, path: {path.name: pdf(report)},
    ".tex": _with_pictures("latex", PREAMBLE),
    ".md": _with_pictures("gfm+tex_math_dollars-tex_math_gfm"),
}
_NEEDED = {"pypandoc": (".docx", ".pdf", ".tex", ".md"), "docx": (".docx",), "typst": (".pdf",)}
SUFFIXES = (*_WRITERS, ".xlsx")
