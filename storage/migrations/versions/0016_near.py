"""Stored answers tell the places that only come near apart from their citations: `near`, and "[2?]" in the text."""

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

AT_ONCE = 500
_MARK = re.compile(r"\[(\d{1,3})\]")


def upgrade() -> None:
    connection = op.get_bind()
    messages = sa.table("messages", sa.column("id"), sa.column("content"), sa.column("answer"))
    told = sa.select(messages.c.id).where(messages.c.answer.like('%"close": %'))
    ids = list(connection.execute(told).scalars())
    for start in range(0, len(ids), AT_ONCE):
        some = messages.c.id.in_(ids[start : start + AT_ONCE])
        for row in connection.execute(sa.select(messages).where(some)).all():
            content, answer = parted(row.content, json.loads(row.answer))
            values = {"content": content, "answer": json.dumps(answer, ensure_ascii=False)}
            connection.execute(sa.update(messages).where(messages.c.id == row.id).values(values))


def parted(content: str, answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A stored answer as it is stored now: until then all places were citations, those that come near not `close`."""
    places = answer.get("citations") or []
    near = {place["n"] for place in places if not place.get("close", True)}

    def questioned(text: str) -> str:
        return _MARK.sub(lambda mark: f"[{mark[1]}?]" if int(mark[1]) in near else mark[0], text)

    bare = [{name: value for name, value in place.items() if name != "close"} for place in places]
    answer["citations"] = [place for place in bare if place["n"] not in near]
    answer["near"] = [place for place in bare if place["n"] in near]
    for sentence in answer.get("sentences") or []:
        cited = sentence.get("citations") or []
        sentence["near"] = [n for n in cited if n in near]
        sentence["citations"] = [n for n in cited if n not in near]
        sentence["supported"] = bool(sentence.get("supported")) and (bool(sentence["citations"]) or not cited)
    answer["answer"] = questioned(str(answer.get("answer") or ""))
    return questioned(content), answer
