"""The retriever inside LlamaIndex's own query engine and evaluator, with a model that only repeats its prompt."""

from __future__ import annotations

import asyncio

from llama_index.core.evaluation import RetrieverEvaluator
from llama_index.core.llms.mock import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from place import Place

from app.engine import Engine
from app.retrieval.llamaindex import PremiseRetriever


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


def test_llamaindex_evaluates_our_search(place: Place) -> None:
    place.write("everyone/leave.md", "# Leave\n\nEmployees in Germany have 30 days of annual leave.\n")
    place.write("everyone/soup.md", "# Canteen\n\nThe canteen serves soup on Wednesdays.\n")
    place.ingest()
    retriever = PremiseRetriever(Engine(place.store), groups=["everyone"], k=2)
    questions = {"1": "How many days of annual leave?", "2": "When is there soup?"}
    nodes = {name: retriever.retrieve(text)[0].node for name, text in questions.items()}
    evaluator = RetrieverEvaluator.from_metric_names(["hit_rate", "mrr"], retriever=retriever)
    results = [asyncio.run(evaluator.aevaluate(text, [nodes[name].node_id])) for name, text in questions.items()]
    assert [result.metric_vals_dict for result in results] == [{"hit_rate": 1.0, "mrr": 1.0}] * 2
    assert {nodes["1"].metadata["path"], nodes["2"].metadata["path"]} == {"everyone/leave.md", "everyone/soup.md"}
    wrong = asyncio.run(evaluator.aevaluate("When is there soup?", [nodes["1"].node_id]))
    assert wrong.metric_vals_dict["mrr"] == 0.5  # it is found, behind the right one
