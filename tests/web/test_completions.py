"""OpenAI's protocol as others speak it to us: with their own client, by a person's token."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import httpx
import openai
import pytest
from served import PASSWORD, Site

from app.records import Answer, Citation, Mode, level
from app.web.completions import _inert, _told
from storage.accounts import Accounts
from storage.tokens import Tokens

LEAVE = "How many days of annual leave does every employee have?"
PARENTAL = "Which form requests parental leave?"


@pytest.fixture
def clients(site: Site) -> Iterator[dict[str, openai.OpenAI]]:
    """OpenAI's client for a person each, and for the operator."""
    keys = {name: Tokens(site.database).make(name) for name in ("ada", "hugo", "root")} | {"operator": site.token}
    made = {
        name: openai.OpenAI(
            base_url=f"{site.address}/v1", api_key=key, max_retries=0, http_client=httpx.Client(trust_env=False)
        )
        for name, key in keys.items()
    }
    yield made
    for client in made.values():
        client.close()


def test_the_one_model_is_listed(clients: dict[str, openai.OpenAI]) -> None:
    assert [model.id for model in clients["ada"].models.list()] == ["premise"]


def test_a_whole_answer_with_its_sources(clients: dict[str, openai.OpenAI]) -> None:
    answer = clients["ada"].chat.completions.create(
        model="premise",
        temperature=0.2,
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": [{"type": "text", "text": LEAVE}]},
        ],
    )
    text = answer.choices[0].message.content or ""
    assert answer.choices[0].finish_reason == "stop"
    assert "30 days of annual leave" in text and "[1]" in text
    assert "Sources:\n[1] Leave policy (everyone/leave-policy.md)" in text
    assert text.startswith("(The language model cannot be used as it is set up")
    whole = answer.model_extra["premise"] if answer.model_extra else {}
    assert whole["citations"][0]["path"] == "everyone/leave-policy.md"
    assert whole["reason"]
    assert f"\n\nConfidence: {level(whole['confidence']).value}. {whole['reason']}\n\nSources:" in text


def test_a_streamed_answer_is_the_checked_one(clients: dict[str, openai.OpenAI], site: Site) -> None:
    site.model.status = 200
    site.model.says("Every employee has 30 days of annual leave [1]. The tower has a lift for bicycles [1].")
    with clients["ada"].chat.completions.create(
        model="premise", messages=[{"role": "user", "content": LEAVE}], stream=True
    ) as chunks:
        came = list(chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in came)
    assert came[-1].choices[0].finish_reason == "stop"
    assert came[0].choices[0].delta.role == "assistant"
    assert "30 days of annual leave. [1]" in text
    assert "Not found in the documents: “The tower has a lift for bicycles.”" in text
    whole = came[-1].model_extra["premise"] if came[-1].model_extra else {}
    assert whole["mode"] == "written" and whole["prompts"]


def test_what_a_person_may_read_is_all_that_answers(clients: dict[str, openai.OpenAI]) -> None:
    def told(name: str, **more: object) -> str:
        answer = clients[name].chat.completions.create(
            model="premise", messages=[{"role": "user", "content": PARENTAL}], extra_body=more or None
        )
        return answer.choices[0].message.content or ""

    assert "PL-3" in told("hugo") and "PL-3" not in told("ada")
    assert "PL-3" in told("operator", groups=["hr"]) and "PL-3" not in told("operator", groups=["everyone"])
    with pytest.raises(openai.BadRequestError, match="name the groups"):
        told("operator")
    with pytest.raises(openai.PermissionDeniedError, match="only the operator names groups"):
        told("ada", groups=["hr"])


def test_wrong_requests_are_told_what_is_wrong(clients: dict[str, openai.OpenAI], site: Site) -> None:
    ada = clients["ada"].chat.completions
    with pytest.raises(openai.NotFoundError, match="no model gpt"):
        ada.create(model="gpt", messages=[{"role": "user", "content": LEAVE}])
    with pytest.raises(openai.BadRequestError, match="the last one must be the user's"):
        ada.create(model="premise", messages=[{"role": "assistant", "content": "Hello."}])
    with pytest.raises(openai.BadRequestError, match="only text"):
        picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
        ada.create(model="premise", messages=[{"role": "user", "content": [picture]}])  # type: ignore[list-item,misc]
    with pytest.raises(openai.BadRequestError, match="question is empty"):
        ada.create(model="premise", messages=[{"role": "user", "content": " "}], stream=True)
    wrong = site.client().post("/v1/chat/completions", json={}, headers={"Authorization": "Bearer premise-x"})
    assert wrong.status_code == 401 and wrong.json()["error"]["code"] == "token"
    assert site.client("ada").get("/v1/nothing").status_code == 404


def test_a_token_ends_with_revoking_its_time_its_account(site: Site) -> None:
    accounts, tokens = Accounts(site.database), Tokens(site.database)
    accounts.add("tom", PASSWORD, ["hr"], admin=True)

    def status(token: str, path: str = "/v1/models") -> int:
        return site.client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code

    one, two = tokens.make("tom"), tokens.make("tom")
    assert (status(one), status(two)) == (200, 200)
    assert status(one, "/api/v1/documents") == 200
    assert status(one, "/api/v1/admin/files") == 403  # a token administers nothing, whoever it stands for
    assert status(one, "/documents") == 401  # and opens no page
    assert tokens.revoke("tom") == 2
    assert (status(one), status(two)) == (401, 401)
    assert status(tokens.make("tom", days=-1)) == 401
    three = tokens.make("tom")
    accounts.change("tom", disabled=True)
    assert status(three) == 401
    accounts.change("tom", disabled=False)
    assert status(three) == 401  # it does not come back with the account
    with site.database.read() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM tokens").all())
    assert three not in kept
    accounts.remove("tom")


def test_the_command_line_makes_and_revokes_tokens(site: Site) -> None:
    def run(*arguments: str) -> dict[str, object]:
        command = [sys.executable, "-m", "app.cli", "--data", str(site.data), "users", "token", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    Accounts(site.database).add("uma", PASSWORD, [])
    token = str(run("uma", "--days", "2")["token"])
    user = Tokens(site.database).person(token)
    assert user is not None and user.name == "uma"
    assert run("uma", "--revoke") == {"name": "uma", "revoked": 1}
    assert Tokens(site.database).person(token) is None
    Accounts(site.database).remove("uma")


def test_busy_is_told_and_leaving_ends_the_answer(site: Site) -> None:
    site.model.status, site.model.pause = 200, 0.05
    site.model.says(
        " ".join(f"Rule {number}: every employee has 30 days of annual leave [1]." for number in range(100))
    )
    site.model.hung_up.clear()
    token = Tokens(site.database).make("ada")
    other = site.client("hugo")
    with site.client("ada").stream("POST", "/api/v1/ask", json={"question": LEAVE}) as first:
        lines = first.iter_lines()  # kept: without it the connection is closed
        assert "event: delta" in lines
        waiting: list[str] = []
        with other.stream("POST", "/api/v1/ask", json={"question": LEAVE}) as second:
            for line in second.iter_lines():
                waiting.append(line)
                if line.startswith('data: {"ahead"'):
                    break
        assert waiting[-2:] == ["event: waiting", 'data: {"ahead": 0}']
        headers = {"Authorization": f"Bearer {token}"}
        body = {"model": "premise", "stream": True, "messages": [{"role": "user", "content": LEAVE}]}
        with site.client().stream("POST", "/v1/chat/completions", json=body, headers=headers) as third:
            assert any(line == ": busy, 0 ahead" for line in third.iter_lines())
        numbers = site.client().get("/metrics").text
        assert 'premise_language_model_questions{model="first",state="running"} 1.0' in numbers
    assert site.model.hung_up.wait(30)  # whoever left: the request at the model ended


def test_too_many_questions_are_refused_with_when_to_ask_again(site: Site) -> None:
    Accounts(site.database).add("eve", PASSWORD, [])
    client = site.client("eve")
    answers = [client.post("/api/v1/search", json={"question": "leave", "k": 1}) for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert answers[-1].json()["error"]["code"] == "too_many"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert site.client("ada").post("/api/v1/search", json={"question": "leave"}).status_code == 200


def test_places_that_do_not_confirm_a_sentence_are_told_to_other_programs() -> None:
    cited = Citation(
        n=1,
        document_id="d",
        path="a.md",
        title="A",
        revision="r",
        pages=(),
        section="",
        quote="Tea is free.",
        start=0,
        end=12,
    )
    answer = Answer(
        text="Tea is free [1]. One pays nothing for tea [2?].",
        refused=False,
        mode=Mode.WRITTEN,
        confidence=0.7,
        sentences=(),
        citations=(cited,),
        near=(replace(cited, n=2),),
        timings={},
    )
    assert _told(answer).endswith("\n\nSources:\n[1] A (a.md)\n\nNearest places, not confirmed:\n[2?] A (a.md)")
    assert "\n\nTea is free [1]. One pays nothing for tea [2?].\n\n" in f"\n\n{_told(answer)}"
    assert "not confirmed" not in _told(replace(answer, near=()))


def test_text_for_other_programs_draws_and_links_nothing() -> None:
    text = _inert("![x](http://evil/x.png) [click](http://evil) <img src=y> ![a][b]\n[b]: http://evil")
    assert not any(sign in text for sign in ("](", "![", "][", "]:", "<"))
