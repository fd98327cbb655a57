"""What an answer is made from: neighbours, and the text of the section above, within the budget."""

from __future__ import annotations

import pytest
from place import Place

from app.answers.context import build_context
from app.engine import Engine
from storage.sections import names_in

FILLER = " ".join(f"Step {n} of the request is signed by office number {n} of the works council." for n in range(60))
POLICY = """# Bicycle leasing

This guide applies from 1 March 2026.

## {conditions}

Only staff with a permanent contract may lease anything that is described below.

### Before

{filler}

### Cargo bicycles

{filler}

A cargo bicycle costs the lessee 79 euro a month.
"""


@pytest.mark.parametrize("conditions", ["Conditions", "Benefits > Conditions"])
def test_the_text_of_the_parent_section_joins_the_context(place: Place, conditions: str) -> None:
    place.write("everyone/bicycles.md", POLICY.format(conditions=conditions, filler=FILLER))
    place.ingest()
    engine = Engine(place.store)
    labels = engine.catalog.labels_of(["everyone"])
    hits = engine.search("What does a cargo bicycle cost the lessee a month?", groups=["everyone"], k=1)
    assert names_in(hits[0].found.chunk.section) == [conditions, "Cargo bicycles"]
    passages = build_context(hits, engine.catalog, labels=labels, budget=1500)
    assert "79 euro" in passages[0].text, "the hit itself comes first"
    assert any("permanent contract" in passage.text for passage in passages)
    small = build_context(hits, engine.catalog, labels=labels, budget=hits[0].found.chunk.tokens + 10)
    assert "permanent contract" not in "".join(passage.text for passage in small), "never over the budget"
    unread = build_context(hits, engine.catalog, labels=frozenset(), budget=1500)
    assert {heading for passage in passages for heading in passage.headings} >= {"Cargo bicycles", "Before"}
    assert not any(passage.headings for passage in unread)
    assert [passage.text for passage in unread] == [hits[0].found.chunk.body], "nothing that one may not read"


def test_items_of_a_list_stay_lines_where_their_chunks_meet(place: Place) -> None:
    items = [f"- Office number {n} of the works council signs step {n} of a bicycle request." for n in range(60)]
    place.write("everyone/signing.txt", "Who signs a request:\n" + "\n".join(items) + "\n")
    place.ingest()
    engine = Engine(place.store)
    hits = engine.search("Who signs step 20 of the request?", groups=["everyone"], k=12)
    passages = build_context(hits, engine.catalog, labels=engine.catalog.labels_of(["everyone"]), budget=6000)
    joined = [passage for passage in passages if len(passage.chunks) > 1]
    assert joined
    for passage in joined:
        assert [line for line in passage.text.split("\n") if line.startswith("- ")] == [
            item for item in items if item in passage.text
        ]
