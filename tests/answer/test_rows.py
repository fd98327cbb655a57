"""Tables and changes of language in answers, over the real parser and indexes."""

from __future__ import annotations

from place import Place

from app.engine import Engine
from app.records import Turn

CODES = "\n".join(
    f"| E{n:02} | Fault number {n} of the pump | Call the service and name fault {n}. Then wait. |" for n in range(40)
)
MANUAL = f"# Manual\n\n| Code | Meaning | Remedy |\n| --- | --- | --- |\n{CODES}\n"


def test_a_row_is_quoted_whole_and_alone_also_where_two_chunks_meet(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.ingest()
    engine = Engine(place.store)
    for n in range(0, 40, 5):
        answer = engine.answer(f"What does code E{n:02} mean?", groups=["everyone"])
        assert all("\n" not in citation.quote for citation in answer.citations)
        assert all(citation.quote.startswith("Code: E") for citation in answer.citations if "|" in citation.quote)


def test_a_question_in_another_script_is_not_drowned_by_the_one_before(place: Place) -> None:
    place.write("everyone/manual.md", MANUAL)
    place.write("everyone/canteen.md", "# 食堂\n\n食堂在二楼。午餐时间为11:20至13:00，早餐从7:30开始供应。\n")
    place.ingest()
    history = [Turn(role="user", content="What does error E07 of the pump mean?"), Turn(role="assistant", content="…")]
    hits = Engine(place.store).search("食堂几点开始午餐？", groups=["everyone"], history=history)
    assert hits[0].found.path == "everyone/canteen.md"
