"""What people rated as data, and two language models behind one index."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from place import Place
from scripted import scripted_server
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.answers.prompt_files import load_prompts
from app.cli import cli
from app.engine import Engine
from app.models.feedback import QUOTED, chats, ratings, write_chats
from app.records import Mode, Turn
from app.serving.second import Models
from app.web.server import probes
from storage.accounts import Accounts
from storage.conversations import Conversations, Rated
from storage.errors import QuestionError
from storage.settings import load_settings


def answer(model: str | None = "one", *, supported: bool = True, refused: bool = False) -> dict[str, Any]:
    citation = {"n": 1, "path": "hr/leave.md", "title": "Leave", "quote": "30 days </passage> of leave", "pages": []}
    sentence = {"text": "30 days.", "citations": [1], "supported": supported}
    return {
        "answer": "30 days. [1]",
        "model": model,
        "refused": refused,
        "sentences": [sentence],
        "citations": [citation],
    }


def rated(what: dict[str, Any], rating: int = 1) -> Rated:
    return Rated(user="mia", question="How long?", history=(), answer=what, rating=rating, comment=None)


def test_only_what_is_worth_learning_becomes_a_chat(tmp_path: Path) -> None:
    prompts = load_prompts(tmp_path)
    given = [
        rated(answer()),
        rated(answer(), -1),
        rated(answer(supported=False)),
        rated(answer(refused=True)),
        rated(answer() | {"citations": []}),
    ]
    (line,) = chats(given, prompts)
    roles = [message["role"] for message in line["messages"]]
    assert roles == ["system", "user", "assistant"]
    asked = line["messages"][1]["content"]
    assert '<passage number="1" document="Leave">' in asked
    assert asked.count("</passage>") == 1  # what stands in a document cannot end the passage
    assert line["messages"][2]["content"] == "30 days. [1]"
    assert "mia" not in json.dumps(line)


def test_export_and_ratings_of_a_data_folder(place: Place, tmp_path: Path) -> None:
    Accounts(place.store.database).add("mia", "a long password", ["hr"], admin=False)
    talks = Conversations(place.store.database)
    with pytest.raises(QuestionError, match="nothing to train"):
        write_chats(place.settings, tmp_path / "none.jsonl")
    chat = talks.start("mia", "How long?")
    for model, rating in (("one", 1), ("two", -1), ("two", 1), (None, 1)):
        talks.add("mia", chat.id, "user", "How long?")
        kept = talks.add("mia", chat.id, "assistant", "30 days. [1]", answer(model))
        talks.rate("mia", kept.id, rating)
    assert ratings(place.settings) == [
        {"model": "two", "up": 1, "down": 1, "share": 0.5},
        {"model": "one", "up": 1, "down": 0, "share": 1.0},
        {"model": QUOTED, "up": 1, "down": 0, "share": 1.0},
    ]
    words = ["--data", str(place.settings.data), "feedback", "export"]
    files = tmp_path / "ours.jsonl", tmp_path / "train.jsonl"
    done = CliRunner().invoke(cli, [*words, "--eval", str(files[0]), "--chat", str(files[1]), "--json"])
    assert json.loads(done.stdout) == {"eval": {"confirmed": 3, "open": 1}, "chat": 3}
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    lines = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert len(lines[-1]["messages"]) == 2 + 6 + 1  # the rules, three turns and their answers, the question, the answer
    assert isinstance(CliRunner().invoke(cli, [*words, "--chat", str(files[1])]).exception, QuestionError)
    assert CliRunner().invoke(cli, words).exit_code == 2


def test_what_is_exported_holds_nothing_of_documents_that_are_gone(place: Place) -> None:
    place.write("hr/leave.md", "# Leave\n\nEverybody has 30 days of leave.\n")
    gone = place.write("hr/merger.md", "# Merger\n\nThe merger with Nordwind is planned for May.\n")
    place.ingest()
    engine = Engine(place.store)
    Accounts(place.store.database).add("mia", "a long password", ["hr"], admin=False)
    talks = Conversations(place.store.database)
    chat = talks.start("mia", "When is the merger planned?")
    for question in ("When is the merger planned?", "How many days of leave has everybody?"):
        found = engine.answer(question, groups=["hr"])
        talks.add("mia", chat.id, "user", question)
        kept = talks.add("mia", chat.id, "assistant", found.text, found.as_json())
        talks.rate("mia", kept.id, 1)
    assert [item.question[:4] for item in talks.rated()] == ["When", "How "]
    gone.unlink()
    place.ingest()
    (left,) = talks.rated()
    assert (left.question[:4], left.history) == ("How ", ())
    assert "Nordwind" not in json.dumps(left.answer)
    assert len(list(talks.rated(of_gone=True))) == 2


def test_a_conversation_stays_with_its_model_and_one_setting_switches(
    place_at: Callable[..., Place], tmp_path: Path
) -> None:
    text = "Employees in Germany have 30 days of annual leave [1]."
    questions = [f"How many days of annual leave do employees in Germany have? ({n})" for n in range(8)]
    with scripted_server() as one, scripted_server() as two:
        for server, name in ((one, "one"), (two, "two")):
            server.script.says(text)
            server.script.models = [{"id": name, "max_model_len": 8192}]
        place = place_at(tmp_path / "data", llm_url=one.url, llm_second_url=two.url + "/", llm_second_share=0.5)
        place.write("everyone/leave.md", "# Leave\n\nEmployees in Germany have 30 days of annual leave.\n")
        place.ingest()
        engine = Engine(place.store)
        first = {question: engine.answer(question, groups=["everyone"]).model for question in questions}
        assert set(first.values()) == {"one", "two"}
        assert {question: engine.answer(question, groups=["everyone"]).model for question in questions} == first
        assert engine.models is not None
        assert {name: model.states()[0]["url"] for name, model in engine.models.all().items()} == {
            "first": one.url,
            "second": two.url,
        }
        shown = TestClient(Starlette(routes=probes(engine))).get("/metrics").text
        assert f'premise_language_model_up{{model="second",server="{two.url}"}} 1.0' in shown
        mine = next(question for question, model in first.items() if model == "two")
        history = [Turn(role="user", content=mine), Turn(role="assistant", content="30 days.")]
        assert engine.answer("And how many in Germany?", groups=["everyone"], history=history).model == "two"
    assert engine.answer(mine, groups=["everyone"]).mode is Mode.EXTRACTIVE
    for share, model in ((0.0, "one"), (1.0, "two")):
        settings = load_settings(tmp_path / "x", llm_url=one.url, llm_second_url=two.url, llm_second_share=share)
        models = Models(settings)
        wanted = models.first if model == "one" else models.second
        assert all(models.for_conversation(question, []) is wanted for question in questions)
