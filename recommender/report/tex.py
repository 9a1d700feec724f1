"""A formula in TeX, with the look of the symbols that the report's MathML has; in pieces, so that a long sum may wrap."""

from __future__ import annotations

from collections.abc import Mapping

from corpus import tree
from corpus.render import to_latex
from corpus.tree import Node
from recommender.report.mathml import is_negative, ordered
from recommender.report.symbols import symbol, symbol_latex

_RAISED = {"⁻": "$-$", "⁺": "+", "ᐟ": "/", **{up: str(digit) for digit, up in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}}
_SUPERSCRIPTS = "".join(rf"\catcode`{up}=\active\protected\def{up}{{\textsuperscript{{{plain}}}}}" for up, plain in _RAISED.items())
# For LuaLaTeX: the class sets Japanese with the fonts that come with it, and Latin text as usual; those fonts have few raised letters.
PREAMBLE = (
    "--variable=documentclass:ltjsarticle",
    "--variable=papersize:a4",
    "--variable=geometry:margin=20mm",
    f"--variable=header-includes:{_SUPERSCRIPTS}",
)


def equation_tex(target: str, root: Node) -> list[str]:
    """`target = formula` in pieces: one for each term of a sum."""
    names = {str(leaf.value): symbol_tex(str(leaf.value)) for leaf in tree.walk(root) if leaf.op in ("var", "param")}
    worded = any(symbol(name).is_word for name in names)
    head = f"{symbol_tex(target)} = "
    if root.op != "add":
        return [head + _written(root, names, worded)]
    first, *rest = ordered(root.args)
    return [head + _written(first, names, worded), *(_signed(term, names, worded) for term in rest)]


def _signed(term: Node, names: Mapping[str, str], worded: bool) -> str:
    if is_negative(term):
        return "- " + _written(tree.mul(tree.const(-1), term), names, worded)
    return "+ " + _written(term, names, worded)


def symbol_tex(name: str) -> str:
    """A symbol; words as text, which Word and Typst set as words and not letter by letter."""
    return symbol_latex(name).replace(r"\mathrm{", r"\text{")


def _written(node: Node, names: Mapping[str, str], worded: bool) -> str:
    """Beside words a product needs its dot."""
    latex = to_latex(node, names).replace(r"\left|", r"\left\lvert ").replace(r"\right|", r"\right\rvert ")  # a bar ends a cell in Markdown
    return latex.replace(r" \, ", r" \cdot ") if worded else latex
