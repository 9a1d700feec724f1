"""`FormulaRetriever`: the index as a LangChain retriever, for chains and agents that expect one.

FormulaRetriever(retriever=open_index(), limit=5).invoke("how fast does my coffee cool")
"""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from corpus.language import Language
from indexes.query import ColumnHint, Query, Retrieved
from indexes.retriever import Retriever


class FormulaRetriever(BaseRetriever):
    """Documents hold name, formula and description in `language`; metadata hold id, formula, score and the reasons."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    language: Language = "en"
    target: ColumnHint | None = None
    inputs: tuple[ColumnHint, ...] = ()
    tenant: str = "public"
    exclude_tables: frozenset[str] = frozenset()
    limit: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        asked = Query(query, self.language, self.target, self.inputs, self.tenant, self.exclude_tables, self.limit)
        return [_document(found, self.language) for found in self.retriever.search(asked)]


def _document(found: Retrieved, language: Language) -> Document:
    entry = found.entry
    told = f"{entry.name.of(language)}: {entry.target.symbol} = {entry.formula}\n{entry.description.of(language)}"
    return Document(id=entry.id, page_content=told, metadata=_metadata(found, language))


def _metadata(found: Retrieved, language: Language) -> dict[str, Any]:
    reasons = [reason.text(language) for reason in found.reasons]
    return {"id": found.entry.id, "formula": found.entry.formula, "source": found.entry.source, "score": found.score, "reasons": reasons}
