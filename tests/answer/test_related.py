"""Questions to begin and to go on with: about sections that are there, may be read, and are found."""

from __future__ import annotations

import pytest
from place import Place

from app.answers.related import _tells, openers, related, still_offered
from app.engine import Engine
from app.records import Level, level

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
    helmets = "\n".join(f"Helmet {n} of table 9 has colour {n}, as colours of helmets go." for n in range(20))
    place.write(
        "hr/bicycles.md",
        f"{POLICY}{forms}\n\n## Other helmets\n\n{helmets}\n\n## Table 9: Colours of helmets\n\n{helmets}",
    )
    place.ingest()
    engine = Engine(place.store)
    answer = engine.answer(QUESTION, groups=["hr"]).as_json()
    offers = related(engine, QUESTION, answer, groups=["hr"])
    offered = still_offered(engine, offers, groups=["hr"])
    assert len(offered) == len(offers)
    cited = {item["section"] for item in answer["citations"]}
    assert offered
    assert not any("table" in question.casefold() or "other" in question for question in offered)
    for question in offered:
        assert question.startswith("What does Bicycle leasing say about ")
        assert engine.search(question, groups=["hr"], k=3)[0].found.path == "hr/bicycles.md"
        assert not any(question.endswith(f"{section}?") for section in cited)
    for asked in ("What does Bicycle leasing say about insurance?", "What should I know about Insurance?"):
        insurance = engine.answer(asked, groups=["hr"])
        assert insurance.text.startswith(
            "Theft and damage are insured by the company; the excess is 50 euro. [1] "
            "A theft is reported to the police within a day. [1]"
        )
        assert level(insurance.confidence) is Level.HIGH
    assert related(engine, QUESTION, answer, groups=["everyone"]) == [], "nothing of what one may not read"
    assert related(engine, QUESTION, {"citations": []}, groups=["hr"]) == []
    asked = [f"{offered[0].rstrip('?').upper()} ?"]
    again = [offer.question for offer in related(engine, QUESTION, answer, groups=["hr"], before=asked)]
    assert again == offered[1:]
    assert still_offered(engine, offers, groups=["everyone"]) == [], "nor of what one may not read any more"
    place.write("hr/bicycles.md", POLICY.replace("Repairs", "Mending"))
    place.ingest()
    assert still_offered(engine, offers, groups=["hr"]) == [], "nor of what it says no longer"


def test_questions_to_begin_with_are_about_different_documents_that_one_may_read(place: Place) -> None:
    place.write("hr/bicycles.md", POLICY)
    place.write("hr/canteen.md", "# Canteen\n\n## Opening hours\n\nLunch is served from 11:30 to 14:00 on workdays.\n")
    place.write("finance/bonus.md", "# Bonus\n\n## Executive bonus\n\nThe bonus pool is three percent of EBIT.\n")
    place.write("hr/plain.txt", "A note without any heading.")
    place.ingest()
    engine = Engine(place.store)
    offered = [offer.question for offer in openers(engine, groups=["hr"])]
    assert any("Bicycle leasing" in question for question in offered)
    assert "What should I know about opening hours?" in offered
    assert not any("onus" in question for question in offered), "nothing of what one may not read"
    assert openers(engine, groups=["nobody"]) == []


def test_questions_are_put_as_people_would(place: Place) -> None:
    text = "The bank pays the wages on the last day of the month, and a slip goes to everybody's letter box."
    place.write("hr/DN-7.md", f"# DN-7: wages, and how they come to everybody in the house\n\n## Decision\n\n{text}\n")
    place.write("hr/keys.md", "# Keys\n\n## How do I get a key?\n\nThe porter hands out keys from eight o'clock.\n")
    place.write("hr/site.md", "# The site\n\n## Overview\n\nThree halls and a yard make up the site in Lyon.\n")
    lost = "## Lost property:\n\nWho has lost something asks the porter; lost things are kept for a year.\n"
    place.write("hr/lost.md", f"# House rules\n\n{lost}")
    place.ingest()
    engine = Engine(place.store)
    offered = [offer.question for offer in openers(engine, groups=["hr"])]
    assert sorted(offered) == [
        "How do I get a key?",
        "What does “DN-7: wages, and how they come to everybody in the house” say about decision?",
        "What should I know about lost property?",
    ]


def test_a_heading_that_tells_what_to_do_is_asked_how(place: Place) -> None:
    place.write("hr/badge.md", "# Badges\n\n## Order a Badge\n\nAsk the porter, who orders it at the gate.\n")
    place.write("hr/move.md", "# The move\n\n## Before the move\n\nPack the shelves into the boxes in the hall.\n")
    place.ingest()
    engine = Engine(place.store)
    offered = [offer.question for offer in openers(engine, groups=["hr"])]
    assert sorted(offered) == ["How do I order a Badge?", "What should I know about “Before the move”?"]
    assert engine.answer("How do I order a Badge?", groups=["hr"]).text.startswith("Ask the porter")


@pytest.mark.parametrize(
    ("heading", "asked"),
    [
        ("Opening hours", "opening hours"),
        ("Help from Lyon", "help from Lyon"),  # a name, as the document writes it
        ("Roles & Duties of Guests", "“Roles & Duties of Guests”"),
        ("Week 2 Goals", "“Week 2 Goals”"),
        ("We lock every gate", "“We lock every gate”"),
        ("Clear snow and leaves off all paths", "“Clear snow and leaves off all paths”"),
        ("Towards a quieter yard", "“Towards a quieter yard”"),
    ],
)
def test_a_heading_that_is_no_part_of_a_sentence_is_quoted(place: Place, heading: str, asked: str) -> None:
    place.write("hr/yard.md", f"# The yard\n\n## {heading}\n\nThe porter, who comes from Lyon, sees to it at eight.\n")
    place.ingest()
    offered = [offer.question for offer in openers(Engine(place.store), groups=["hr"])]
    assert offered == [f"What should I know about {asked}?"]


@pytest.mark.parametrize(
    ("heading", "tells"),
    [("Gates and fences", True), ("https://wiki.example/rules", False), ("Related Topics", False), ("See also", False)],
)
def test_nobody_is_asked_about_addresses_and_lists_of_links(heading: str, tells: bool) -> None:
    assert _tells(heading) is tells
