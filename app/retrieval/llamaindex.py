"""Premise's search as a LlamaIndex retriever, so that its query engines, evaluators and agents plug in.

Bound to a person's groups when it is made: nothing of LlamaIndex can ask for more. Adds nothing to the engine.
"""

from __future__ import annotations

from collections.abc import Iterable

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from app.engine import Engine


class PremiseRetriever(BaseRetriever):
    """The k best passages that a person of these groups may read, as nodes with path and span in the metadata."""

    def __init__(self, engine: Engine, *, groups: Iterable[str], k: int = 10) -> None:
        super().__init__()
        self._engine = engine
        self._groups = tuple(groups)
        self._k = k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._engine.search(query_bundle.query_str, groups=self._groups, k=self._k)
        return [
            NodeWithScore(
                node=TextNode(
                    id_=hit.found.chunk.id,
                    text=hit.found.chunk.body,
                    metadata={
                        "path": hit.found.path,
                        "title": hit.found.title,
                        "section": hit.found.chunk.section,
                        "pages": list(hit.found.chunk.pages),
                        "revision": hit.found.chunk.revision_id,
                        "start": hit.found.chunk.start,
                        "end": hit.found.chunk.end,
                    },
                ),
                score=hit.score,
            )
            for hit in hits
        ]
