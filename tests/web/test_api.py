"""The REST API: answers, access, errors."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Generator
from types import SimpleNamespace

import anyio
import httpx
import pytest
from PIL import Image
from served import NASTY, Site
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from app.asker import Asker
from app.records import AnswerEvent, Delta
from app.web import api, replies
from app.web.following import Following
from app.web.gate import Caller
from app.web.pages import HIGHLIGHT, OUTLINE
from storage.errors import NotPermitted, Stopped

LEAVE = "How many days of annual leave does every employee have?"
PARENTAL = "How is parental leave requested?"


def _operator(site: Site) -> httpx.Client:
    client = site.client()
    client.headers["Authorization"] = f"Bearer {site.token}"
    return client


def test_ask_gives_the_whole_answer(site: Site) -> None:
    answer = site.client("ada").post("/api/v1/ask", json={"question": LEAVE, "stream": False}).json()
    assert "30 days" in answer["answer"] and not answer["refused"]
    assert answer["citations"][0]["path"] == "everyone/leave-policy.md"
    assert "cannot be used as it is set up" in answer["notice"]


def test_ask_streams_events(site: Site) -> None:
    with site.client("ada").stream("POST", "/api/v1/ask", json={"question": LEAVE}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(answer.iter_text()).strip().split("\n\n")
    events = [
        (block.split("\n")[0].removeprefix("event: "), json.loads(block.split("data: ", 1)[1])) for block in blocks
    ]
    names = [name for name, _ in events]
    assert names[0] == "retrieved" and "delta" in names and names[-1] == "finished"
    assert events[-1][1]["citations"] and events[0][1]["hits"][0]["path"].startswith("everyone/")


def test_a_caller_who_goes_away_stops_the_answer_while_nothing_comes() -> None:
    asker, ended = Asker("ada"), threading.Event()

    def events() -> Generator[AnswerEvent, None, None]:
        woken = threading.Event()
        try:
            with asker.calling(woken.set):
                yield Delta(text="word ")
                assert woken.wait(60)
        finally:
            ended.set()

    async def leave() -> None:
        answer = Following(events(), asker)
        streamed = replies.streamed(answer.get() or (), answer)
        assert "event: delta" in await anext(streamed)
        with anyio.move_on_after(0.2):
            await anext(streamed)
        await streamed.aclose()

    anyio.run(leave)
    assert asker.stopped and ended.wait(10)


def test_a_caller_who_goes_away_stops_an_answer_that_is_not_streamed() -> None:
    asker = Asker("ada")

    def events() -> Generator[AnswerEvent, None, None]:
        woken = threading.Event()
        with asker.calling(woken.set):
            assert woken.wait(60)
        raise Stopped("The answer was stopped.")
        yield

    async def receive() -> Message:
        await anyio.sleep(0.1)
        return {"type": "http.disconnect"}

    async def leave() -> None:
        answer = Following(events(), asker)
        with pytest.raises(Stopped):
            await replies.while_there(receive, answer, lambda: replies.whole(answer), anyio.CapacityLimiter(1))

    anyio.run(leave)


def test_search_finds_only_what_one_may_read(site: Site) -> None:
    def paths(client: httpx.Client, **more: object) -> set[str]:
        found = client.post("/api/v1/search", json={"question": PARENTAL, "k": 50, **more}).json()
        return {hit["path"] for hit in found["hits"]}

    assert "hr/parental-leave.docx" in paths(site.client("hugo"))
    assert all(path.startswith(("everyone/", "engineering/")) for path in paths(site.client("ada")))
    assert paths(_operator(site), groups=["hr"]) == {"hr/parental-leave.docx"}
    assert all(path.startswith("everyone/") for path in paths(_operator(site), groups=["everyone"]))


def test_exact_scores_are_the_operators(site: Site) -> None:
    mine = site.client("ada").post("/api/v1/search", json={"question": LEAVE}).json()["hits"]
    exact = _operator(site).post("/api/v1/search", json={"question": LEAVE, "groups": ["everyone"]}).json()["hits"]
    assert all(hit["legs"] for hit in exact)
    assert mine and all(hit["legs"] == {} and hit["score"] == round(hit["score"], 2) for hit in mine)
    with site.client("ada").stream("POST", "/api/v1/ask", json={"question": LEAVE}) as answer:
        first = "".join(answer.iter_text()).split("\n\n")[0]
    assert all(hit["legs"] == {} for hit in json.loads(first.split("data: ", 1)[1])["hits"])


def test_documents_are_those_one_may_read(site: Site) -> None:
    def paths(client: httpx.Client, query: str = "") -> set[str]:
        found = {item["path"] for item in client.get("/api/v1/documents" + query).json()["documents"]}
        return found - {"everyone/draft.md"}  # another test forgets it

    common = {"everyone/leave-policy.md", "everyone/pension.pdf", "everyone/zephyr.txt"}
    assert paths(site.client("ada")) == common | {"engineering/on-call.md"}
    assert paths(site.client("hugo")) == common | {"hr/parental-leave.docx"}
    assert paths(_operator(site), "?groups=hr") == {"hr/parental-leave.docx"}
    listed = site.client("ada").get("/api/v1/documents").json()["documents"]
    assert {item["path"]: item["flags"] for item in listed if item["flags"]} == {
        "everyone/pension.pdf": ["hidden text on page 2"]
    }


def test_what_is_forbidden_looks_like_what_is_missing(site: Site) -> None:
    client, secret = site.client("ada"), site.revision("hr/parental-leave.docx")
    stray = site.revision("stray.md")
    for rest in ("pages/1.png?start=0&end=5", "passage?start=0&end=5", "original"):
        answers = [client.get(f"/api/v1/revisions/{name}/{rest}") for name in (secret, stray, "0" * 32)]
        assert [answer.status_code for answer in answers] == [404] * 3, rest
        assert len({answer.content for answer in answers}) == 1
        if "pages" not in rest:
            assert site.client("hugo").get(f"/api/v1/revisions/{secret}/{rest}").status_code == 200


def test_a_page_picture_has_its_passage_marked(site: Site) -> None:
    client, name = site.client("ada"), site.revision("everyone/pension.pdf")
    hits = client.post("/api/v1/search", json={"question": "What does the company pay into the pension fund?"}).json()
    hit = next(hit for hit in hits["hits"] if hit["revision"] == name)
    page = f"/api/v1/revisions/{name}/pages/2.png"
    marked = client.get(f"{page}?start={hit['start']}&end={hit['end']}&width=800")
    assert marked.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(marked.content)).convert("RGB")
    assert image.width == 800 and HIGHLIGHT in {colour for _, colour in image.getcolors(1 << 24) or []}
    lined = client.get(f"{page}?start={hit['start']}&end={hit['end']}&beside=true")
    colours = {colour for _, colour in Image.open(io.BytesIO(lined.content)).convert("RGB").getcolors(1 << 24) or []}
    assert OUTLINE in colours and HIGHLIGHT not in colours
    bare = Image.open(io.BytesIO(client.get(page).content)).convert("RGB")
    assert HIGHLIGHT not in {colour for _, colour in bare.getcolors(1 << 24) or []}
    assert client.get(f"/api/v1/revisions/{name}/pages/3.png").status_code == 404
    other = site.revision("everyone/leave-policy.md")
    assert client.get(f"/api/v1/revisions/{other}/pages/1.png").status_code == 404


def test_nothing_waits_behind_pictures() -> None:
    go_on, drawing = threading.Event(), []

    def original_of(_name: str, *, labels: frozenset[int]) -> tuple[str, str, str]:
        drawing.append(labels)
        assert go_on.wait(60)
        raise NotPermitted("There is no such page.")

    catalog = SimpleNamespace(original_of=original_of, labels_of=frozenset, documents_page=lambda which, **_: [])
    served = Starlette(routes=api.routes(SimpleNamespace(catalog=catalog)))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["premise.caller"] = Caller(name="ada", groups=frozenset(), admin=False)
        await served(scope, receive, send)

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://x") as client,
            anyio.create_task_group() as go,
        ):
            for _ in range(100):
                go.start_soon(client.get, "/api/v1/revisions/x/pages/1.png")
            try:
                with anyio.fail_after(30):
                    while len(drawing) < api.PICTURES_AT_ONCE:
                        await anyio.sleep(0.01)
                    assert (await client.get("/api/v1/documents")).json() == {"documents": [], "next": None}
                assert len(drawing) == api.PICTURES_AT_ONCE
            finally:
                go_on.set()

    anyio.run(ask)


def test_a_passage_in_its_surroundings(site: Site) -> None:
    name = site.revision("everyone/leave-policy.md")
    found = site.client("ada").get(f"/api/v1/revisions/{name}/passage?start=0&end=12").json()
    assert found["passage"] == "Leave policy" and "30 days" in found["after"] and found["current"]


def test_a_download_is_never_shown_as_a_page(site: Site) -> None:
    client = site.client("ada")
    answer = client.get(f"/api/v1/revisions/{site.revision('everyone/zephyr.txt')}/original")
    assert answer.text == NASTY
    assert answer.headers["content-disposition"].startswith('attachment; filename="zephyr.txt"')
    assert answer.headers["content-type"] == "application/octet-stream"


def test_feedback_is_for_ones_own_answers(site: Site) -> None:
    site.keep_nasty_answer("ada")
    with site.database.read() as connection:
        message = connection.exec_driver_sql("SELECT id FROM messages WHERE role = 'assistant' LIMIT 1").scalar_one()
    body = {"message": message, "rating": 1, "comment": "good"}
    assert site.client("ada").post("/api/v1/feedback", json=body).json() == {"rated": True}
    assert site.client("hugo").post("/api/v1/feedback", json=body).status_code == 404
    assert _operator(site).post("/api/v1/feedback", json=body).status_code == 403
    assert site.client("ada").post("/api/v1/feedback", json=body | {"rating": 5}).status_code == 400


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"question": " "}, "empty"),
        ({"question": "x" * 100_000}, "100,000 characters"),
        ({}, "question"),
        ({"question": "x", "k": 3}, "k"),
        ({"question": "x", "history": [{"role": "system", "content": "x"}]}, "role"),
        ({"question": 5}, "question"),
        ({"question": "x" * 200_001}, "question"),
        ({"question": "x", "history": [{"role": "user", "content": "x" * 4001}]}, "history.0.content: 4,001"),
        ({"question": "x", "history": [{"role": "assistant", "content": "x" * 20_001}]}, "history.0.content: 20,001"),
        ("{", "JSON"),
        ("[]", "body"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(site: Site, body: object, says: str) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    answer = site.client("ada").post("/api/v1/ask", content=content)
    assert answer.status_code == 400 and says in answer.json()["error"]["message"]


def test_a_question_in_an_unknown_language_gets_a_clear_reply(site: Site) -> None:
    question = "Qo'noS tlhIngan Hol Dajatlh'a' ᚠᚢᚦᚨᚱᚲ?"
    answer = site.client("ada").post("/api/v1/ask", json={"question": question, "stream": False})
    assert answer.status_code == 200 and answer.json()["answer"].strip()


def test_groups_are_the_operators_to_name(site: Site) -> None:
    assert site.client("ada").post("/api/v1/search", json={"question": LEAVE, "groups": ["hr"]}).status_code == 403
    answer = _operator(site).post("/api/v1/search", json={"question": LEAVE})
    assert answer.status_code == 400 and "groups" in answer.json()["error"]["message"]


def test_administration_is_for_administrators(site: Site) -> None:
    wanted = (("GET", "files", None), ("POST", "retry", {"ids": []}), ("POST", "confirm-deletions", {"source": 1}))
    for method, name, body in wanted:
        answer = site.client("ada").request(method, f"/api/v1/admin/{name}", json=body)
        assert answer.status_code == 403 and answer.json()["error"]["code"] == "forbidden"
    admin = site.client("root")
    files = {item["path"]: item for item in admin.get("/api/v1/admin/files").json()["files"]}
    assert files["everyone/broken.pdf"]["state"] == "failed" and files["everyone/broken.pdf"]["reason"]
    assert files["stray.md"]["groups"] == []
    assert admin.post("/api/v1/admin/retry", json={"ids": ["nothing"]}).json() == {"retried": 0}
    assert admin.post("/api/v1/admin/confirm-deletions", json={"source": 999}).status_code == 404


def test_lists_come_in_parts(site: Site) -> None:
    client = site.client("ada")
    whole = [item["path"] for item in client.get("/api/v1/documents").json()["documents"]]
    parts: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        reply = client.get("/api/v1/documents", params=query).json()
        parts += [item["path"] for item in reply["documents"]]
        if reply["next"] is None:
            break
        query["cursor"] = reply["next"]
    assert len(whole) > 2 and parts == whole
    found = client.get("/api/v1/documents", params={"containing": "LEAVE"}).json()["documents"]
    assert {item["path"] for item in found} == {"everyone/leave-policy.md"}  # not hr/parental-leave.docx
    for wrong in ({"limit": "0"}, {"cursor": "!"}, {"cursor": "bm8="}, {"state": "failed"}, {"other": "x"}):
        assert client.get("/api/v1/documents", params=wrong).status_code == 400
    failed = site.client("root").get("/api/v1/admin/files", params={"state": "failed"}).json()
    assert [item["path"] for item in failed["files"]] == ["everyone/broken.pdf"]
    assert failed["files"][0]["advice"]


def test_an_administrator_ignores_and_forgets(site: Site) -> None:
    admin = site.client("root")
    for name in ("ignore", "unignore", "forget"):
        answer = site.client("ada").post(f"/api/v1/admin/{name}", json={"ids": ["x"]})
        assert answer.status_code == 403
        assert admin.post(f"/api/v1/admin/{name}", json={"ids": []}).status_code == 400

    def draft() -> dict[str, str]:
        files = admin.get("/api/v1/admin/files", params={"containing": "draft"}).json()["files"]
        return next(item for item in files if item["path"] == "everyone/draft.md")

    ids = {"ids": [draft()["id"]]}
    question = {"question": "kohlrabi soup", "k": 10}
    assert admin.post("/api/v1/admin/ignore", json=ids).json() == {"ignored": 1}
    hits = site.client("ada").post("/api/v1/search", json=question).json()["hits"]
    assert "everyone/draft.md" not in [hit["path"] for hit in hits]
    assert (draft()["state"], draft()["code"]) == ("ignored", "asked")
    assert admin.post("/api/v1/admin/unignore", json=ids).json() == {"unignored": 1}
    assert draft()["state"] == "waiting"
    assert admin.post("/api/v1/admin/forget", json=ids).json() == {"forgotten": ["everyone/draft.md"], "answers": 0}
    assert draft()["code"] == "forgotten"


def test_unknown_addresses_answer_in_json(site: Site) -> None:
    answer = site.client("ada").get("/api/v1/ask")
    assert answer.status_code in (404, 405) and "error" in answer.json()
    for path in ("/api/v1/nothing", "/api/v2/ask", "/api/v1/revisions/x/pages/y.png"):
        assert site.client("ada").get(path).json()["error"]["code"] == "not_found"
