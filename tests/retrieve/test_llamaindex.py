"""The retriever inside LlamaIndex's own query engine, with a model that only repeats its prompt."""

from __future__ import annotations

from llama_index.core.llms.mock import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from place import Place

from app.engine import Engine
from app.llamaindex import PremiseRetriever


def test_our_search_serves_llamaindex_query_engine_for_a_persons_groups(place: Place) -> None:
    place.write("everyone/leave.md", "# Leave\n\nEmployees in Germany have 30 days of annual leave.\n")
    place.write("hr/salary.md", "# Salary\n\nThe annual leave of directors is 35 days.\n")
    place.ingest()
    retriever = PremiseRetriever(Engine(place.store), groups=["everyone"], k=5)
    nodes = retriever.retrieve("How many days of annual leave?")
    assert [node.metadata["path"] for node in nodes] == ["everyone/leave.md"]
    assert nodes[0].text == "Leave\n\nEmployees in Germany have 30 days of annual leave."
    answer = RetrieverQueryEngine.from_args(retriever, llm=MockLLM()).query("How many days of annual leave?")
    assert "30 days" in str(answer)  # the passage reached the prompt
    assert "directors" not in str(answer)
