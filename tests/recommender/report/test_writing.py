"""Every kind of report opens again, says everything, and carries nothing out that a table says."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from markdown_it import MarkdownIt
from pypdf import PdfReader
from typer.testing import CliRunner

from corpus.errors import ProblemError, SettingsError
from recommender.cli import app
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.repeat import question_told
from recommender.report import SUFFIXES, Section, report_download, write_report
from recommender.report import pdf as pdf_writer
from recommender.report.document import Code, Document, Paragraph
from recommender.report.pandoc import convert
from recommender.report.plots import image
from recommender.report.sections import compose
from recommender.report.writing import report_files
from recommender.store import RunStart, Store
from tests.recommender.report.conftest import ATTACKS, HOSTILE

Answer = tuple[Problem, Recommendation]
PLAIN = [words for words in ATTACKS if words.isprintable()]


@pytest.fixture(scope="module")
def japanese(several: Answer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of each kind that pandoc makes, in Japanese."""
    folder = tmp_path_factory.mktemp("reports")
    problem, result = several
    return {kind: write_report(result, problem, folder / f"報告 1{kind}", "ja") for kind in (".docx", ".pdf", ".tex", ".md")}


@pytest.fixture(scope="module")
def attacked(hostile: Answer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same of a table whose every text is an attack."""
    folder = tmp_path_factory.mktemp("attacked")
    problem, result = hostile
    return {kind: write_report(result, problem, folder / f"report{kind}") for kind in (".docx", ".pdf", ".tex", ".md")}


def words_of_docx(path: Path) -> str:
    """All text of a Word file, with that of its tables; equations left out."""
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in docx.Document(str(path)).element.body.iter(qn("w:p")))


def words_of_pdf(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def without_spaces(words: str) -> str:
    return re.sub(r"\s", "", words)


# --- Word -------------------------------------------------------------------------------------------------------------


def test_word_has_native_equations_pictures_and_every_candidate(several: Answer, japanese: dict[str, Path]) -> None:
    book = docx.Document(str(japanese[".docx"]))
    equations = list(book.element.body.iter(qn("m:oMath")))
    assert len(equations) >= 2 * len(several[1].formulas) + 3
    assert "流量" in "".join(t.text or "" for e in equations for t in e.iter(qn("m:t")))
    assert len(book.inline_shapes) == 3 * len(several[1].formulas) + 2
    words = words_of_docx(japanese[".docx"])
    assert all(f"候補{formula.rank}：" in words for formula in several[1].formulas)
    assert all(formula.numpy_source().splitlines()[0] in words for formula in several[1].formulas)
    assert "再現方法" in words


def test_word_speaks_of_nothing_outside_itself(attacked: dict[str, Path]) -> None:
    with zipfile.ZipFile(attacked[".docx"]) as archive:
        linked = [name for name in archive.namelist() if name.endswith(".rels") and b'TargetMode="External"' in archive.read(name)]
    assert linked == []
    words = words_of_docx(attacked[".docx"])
    assert HOSTILE in words
    assert all(attack in words for attack in PLAIN)


def test_word_names_a_japanese_font(japanese: dict[str, Path]) -> None:
    with zipfile.ZipFile(japanese[".docx"]) as archive:
        styles = archive.read("word/styles.xml").decode()
    assert 'w:eastAsia="Yu Gothic"' in styles
    assert "eastAsiaTheme" not in styles


# --- PDF --------------------------------------------------------------------------------------------------------------


def test_pdf_is_in_japanese_with_its_fonts_inside(several: Answer, japanese: dict[str, Path]) -> None:
    pages = PdfReader(japanese[".pdf"]).pages
    assert 3 <= len(pages) <= 12
    words = without_spaces(words_of_pdf(japanese[".pdf"]))
    for said in ("候補の一覧", "係数", "再現方法", "流量", "データの範囲外", "安定性", f"ハッシュ値{several[1].table_hash}"):
        assert said in words
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts if "/DescendantFonts" in font]
    assert inner
    assert all({"/FontFile2", "/FontFile3"} & set(descriptor.get_object()) for descriptor in inner)


def test_pdf_shows_attacks_as_words(attacked: dict[str, Path]) -> None:
    reader = PdfReader(attacked[".pdf"])
    words = without_spaces(words_of_pdf(attacked[".pdf"]))
    assert "root:" not in words
    assert all(without_spaces(attack) in words for attack in PLAIN)
    links = [note.get_object() for page in reader.pages for note in page.get("/Annots") or ()]
    assert not [link for link in links if "/URI" in link.get("/A", {})]


def test_pdf_says_which_font_to_install(several: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_writer, "JAPANESE", ("No Such Font",))
    with pytest.raises(SettingsError) as raised:
        report_files(several[1], several[0], Path("x.pdf"), "ja")
    assert raised.value.key == "report_font"
    assert "fonts-noto-cjk" in str(raised.value)


def test_a_japanese_font_comes_with_the_packages() -> None:
    fonts = [path for folder in pdf_writer.font_paths() for path in Path(folder).glob("*.ttf")]
    assert {"DejaVuSans.ttf", "ipaexg.ttf"} <= {path.name for path in fonts}


# --- LaTeX and Markdown -----------------------------------------------------------------------------------------------


def test_latex_is_a_whole_document_with_its_pictures(several: Answer, japanese: dict[str, Path]) -> None:
    source = japanese[".tex"].read_text(encoding="utf-8")
    assert "ltjsarticle" in source
    assert source.rstrip().endswith(r"\end{document}")
    pictures = re.findall(r"\\includegraphics\[[^]]*\]\{([^}]*)\}", source)
    assert len(pictures) == 3 * len(several[1].formulas) + 2
    assert all((japanese[".tex"].parent / name).read_bytes().startswith(b"%PDF") for name in pictures)
    assert r"\text{流量}" in source


def test_latex_has_no_command_of_a_table(attacked: dict[str, Path]) -> None:
    source = attacked[".tex"].read_text(encoding="utf-8")
    assert r"\input{" not in source
    assert r"\textbackslash input" in source
    assert r"\$x\$" in source


def test_markdown_shows_mathematics_and_its_own_pictures_alone(several: Answer, japanese: dict[str, Path]) -> None:
    source = japanese[".md"].read_text(encoding="utf-8")
    assert source.startswith("# 圧力")
    assert source.count("$$") == 2 * len(several[1].formulas)
    pictures = re.findall(r"!\[[^]]*\]\(([^)]*)\)", source)
    assert len(pictures) == 3 * len(several[1].formulas) + 2
    assert all((japanese[".md"].parent / name).read_bytes().startswith(b"\x89PNG") for name in pictures)


def test_markdown_of_an_attacked_table_is_inert(attacked: dict[str, Path]) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(attacked[".md"].read_text(encoding="utf-8"))
    assert "<script" not in html
    assert "<iframe" not in html
    assert not [
        address for address in re.findall(r'<(?:img|a)[^>]*(?:src|href)="?([^" >]*)', html) if not address.startswith("report_figures/")
    ]
    assert "![x](http://e/x.png)" in html


# --- one door ---------------------------------------------------------------------------------------------------------


def test_what_others_add_is_in_every_kind(several: Answer, tmp_path: Path) -> None:
    problem, result = several
    own = Section("Family tree", (Paragraph("grown from a power law"),))
    short = Recommendation.from_dict({**result.to_dict(), "formulas": []})
    readers = {".docx": words_of_docx, ".pdf": words_of_pdf, ".html": Path.read_text, ".tex": Path.read_text, ".md": Path.read_text}
    for kind, read in readers.items():
        words = read(write_report(short, problem, tmp_path / f"x{kind}", further=[own]))
        assert "Family tree" in words
        assert "grown from a power law" in words


def test_a_table_will_do_for_a_question(several: Answer) -> None:
    problem, result = several
    assert report_files(result, problem.table, Path("x.html")) != {}


def test_unknown_ending_names_the_known_ones(several: Answer, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        write_report(several[1], several[0], tmp_path / "x.doc")
    assert all(suffix in str(raised.value) for suffix in SUFFIXES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("package", "kind"), [("pypandoc", ".md"), ("typst", ".pdf"), ("docx", ".docx")])
def test_a_missing_package_is_named_with_its_cure(several: Answer, monkeypatch: pytest.MonkeyPatch, package: str, kind: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SettingsError) as raised:
        report_files(several[1], several[0], Path(f"x{kind}"))
    assert 'pip install "formula-recommender[report]"' in str(raised.value)


def test_a_report_that_cannot_be_written_leaves_nothing(several: Answer, tmp_path: Path) -> None:
    (tmp_path / "x.html").mkdir()
    with pytest.raises(SettingsError) as raised:
        write_report(several[1], several[0], tmp_path / "x.html")
    assert raised.value.key == "file_not_written"
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]


def test_download_is_one_file(several: Answer) -> None:
    problem, result = several
    name, content = report_download(result, problem, "../evil #1.md", "ja")
    assert name == "evil #1.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert names[0] == "evil #1.md"
        assert "evil__1_figures/fit1.png" in names
        assert "evil__1_figures/fit1.png" in archive.read(names[0]).decode()
    assert report_download(result, problem, "x.html")[0] == "x.html"


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_same_drawing_same_bytes(several: Answer, kind: str) -> None:
    drawing = compose(*several).figures[0].drawing
    assert image(drawing, kind) == image(drawing, kind)


@pytest.fixture
def recorded(several: Answer) -> str:
    """The id of a run that the store keeps."""
    problem, result = several
    told = RunStart(
        problem.table.name,
        problem.table.content_hash,
        problem.target.name,
        tuple(column.name for column in problem.inputs),
        settings=question_told(problem),
    )
    with Store.open() as store:
        run_id = store.start_run(told)
        store.finish_run(run_id, "done", result.to_dict())
    return run_id


def test_command_writes_a_report_of_a_recorded_run(several: Answer, recorded: str, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    frame = pd.DataFrame({column.label: column.shown for column in several[0].table.columns})
    frame.to_csv(table, index=False)
    told = CliRunner().invoke(app, ["report", recorded[:8], str(table), str(tmp_path / "b.html"), "--lang", "ja"])
    assert told.exit_code == 0, told.exception
    assert several[1].table_hash in (tmp_path / "b.html").read_text()
    frame.iloc[:30].to_csv(table, index=False)
    other = CliRunner().invoke(app, ["report", recorded[:8], str(table), str(tmp_path / "c.html")])
    assert isinstance(other.exception, ProblemError)
    assert not (tmp_path / "c.html").exists()


def test_source_text_cannot_end_its_own_environment() -> None:
    attack = "\\end{verbatim}\\input{/etc/passwd}\n\\end{Highlighting}\\input{/etc/passwd}\n```\n<script>"
    report = Document("t", "en", (Section("s", (Code(attack), Code(attack, "bash"))),))
    source = convert(report, "latex").decode()
    assert r"\input{" not in source
    html = MarkdownIt("commonmark", {"html": True}).render(convert(report, "gfm+tex_math_dollars-tex_math_gfm").decode())
    assert "<script" not in html
