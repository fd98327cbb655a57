"""Questions to go on with: about sections that are there, may be read, and are found."""

from __future__ import annotations

from place import Place

from app.answers.related import related
from app.engine import Engine

POLICY = """# Bicycle leasing

## 1. Contract

The lease of a bicycle lasts 36 months. It ends when the employment ends, and the bicycle is then given back.

## 2. Insurance

Theft and damage are insured by the company; the excess is 50 euro. A theft is reported to the police within a day.

## 3. Repairs

Repairs are done by any dealer and paid by the insurer up to 300 euro a year; an inspection a year is compulsory.
"""
QUESTION = "How long does the lease of a bicycle last?"


def test_other_sections_of_the_cited_document_are_offered(place: Place) -> None:
    forms = "\n".join(f"Rule {n}: the form BL-{n} is kept in drawer {n}." for n in range(60))
    place.write("hr/bicycles.md", POLICY + forms)
    place.ingest()
    engine = Engine(place.store)
    answer = engine.answer(QUESTION, groups=["hr"]).as_json()
    offered = related(engine, QUESTION, answer, groups=["hr"])
    cited = {item["section"] for item in answer["citations"]}
    assert offered
    for question in offered:
        assert question.startswith("What does “Bicycle leasing” say about “")
        assert engine.search(question, groups=["hr"], k=3)[0].found.path == "hr/bicycles.md"
        assert not any(question.endswith(f"“{section}”?") for section in cited)
    assert related(engine, QUESTION, answer, groups=["everyone"]) == [], "nothing of what one may not read"
    assert related(engine, QUESTION, {"citations": []}, groups=["hr"]) == []
