"""A recommendation as something to hand on: HTML, Word, PDF, LaTeX, Markdown, and an Excel workbook of the numbers.

    write_report(result, problem, "report.docx", "ja")

`compose` says what stands in it, as sections of blocks without markup; each writer knows the blocks and nothing else.
"""

from recommender.report.document import Block, Document, Section
from recommender.report.models import models_section
from recommender.report.sections import compose
from recommender.report.writing import SUFFIXES, check_report, report_download, write_report

__all__ = ["SUFFIXES", "Block", "Document", "Section", "check_report", "compose", "models_section", "report_download", "write_report"]
