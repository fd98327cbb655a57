"""Servers that answer otherwise than OpenAI's protocol says: the person gets an answer, and the log says why."""

from __future__ import annotations

import gzip
import json
import logging
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.answers.answer import BROKEN, BUSY, CUT, EMPTY, NOTICE, REFUSES, SLOW
from app.engine import Engine
from app.records import Mode, Turn
from app.serving import llm_server
from app.serving.llm import LanguageModel
from storage.errors import ServiceError, SettingError
from storage.settings import Settings, load_settings
from storage.store import Store

KEY = "sesame-4711"
QUESTION = "How many days of paid leave does every employee have?"
SAYS = "Every employee has 28 days of paid leave a year [1]."
Said = bytes | float  # what is sent, or seconds to wait before the next
Replies = Callable[[str], Iterable[Said]]


@contextmanager
def odd_server(replies: Replies) -> Iterator[str]:
    """A server that sends these bytes for a path, and hangs up then. Gives its address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().split()[1].decode()
            size = 0
            while line := self.rfile.readline().strip():
                size = int(line.split()[1]) if line.lower().startswith(b"content-length") else size
            self.rfile.read(size)
            try:
                for said in replies(path):
                    time.sleep(said) if isinstance(said, float) else self.wfile.write(said)
            except (BrokenPipeError, ConnectionResetError):
                """Nobody listens any more."""

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()


def http(body: bytes, *, kind: str = "text/event-stream", status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Connection: close\r\n\r\n".encode() + body


def event(text: str | None = None, finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text} | delta, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def listing(*names: str, **more: Any) -> bytes:
    return http(json.dumps({"data": [{"id": name} | more for name in names]}).encode(), kind="application/json")


def replying(*said: Said, models: bytes | None = None) -> Replies:
    """Says this to a question, and lists one model."""
    listed = listing("tiny") if models is None else models
    nothing = http(b"", status="404 Not Found")
    return lambda path: said if path.endswith("/completions") else [listed if path.endswith("/models") else nothing]


@pytest.fixture
def engine_at(corpus: Store) -> Callable[..., Engine]:
    def made(url: str, **settings: Any) -> Engine:
        changed = {"llm_url": url, "llm_api_key": Settings(llm_api_key=KEY).llm_api_key} | settings
        llm_server.prepare()  # takes longer than some of the limits here
        return Engine(replace(corpus, settings=corpus.settings.model_copy(update=changed)))

    return made


START = http(event("", role="assistant"))
LOGIN = b"<!DOCTYPE html><html><title>Sign in</title>" + b"<p>Welcome to the proxy.</p>" * 100
DONE = b"data: [DONE]\n\n"
CALL = {"tool_calls": [{"index": 0, "function": {"name": "search", "arguments": "{}"}}]}


@pytest.mark.parametrize(
    ("replies", "notice", "why"),
    [
        (replying(START, b'data: {"choices":[{"delta":{"content":"Every \xff\xfe"}}]}\n\n', DONE), BROKEN, "no event"),
        (replying(START, b'data: {"choices":[{"delta":\n\n', DONE), BROKEN, "no event"),
        (replying(START, b"data: " + b"[" * 100_000 + b"\n\n", DONE), BROKEN, "no event"),
        (replying(START, b"data: " + b"x" * 3_000_000, DONE), BROKEN, "no event"),
        (replying(START, event("Every"), b'data: {"error":{"message":"28 days"}}\n\n'), BROKEN, "an error"),
        (replying(START, event("Every employee has")), BROKEN, "without an end"),
        (replying(START, event("Every employee has"), event(finish="content_filter"), DONE), BROKEN, "content_filter"),
        (replying(START, event("Every employee has"), event(finish="abort"), DONE), BROKEN, "abort"),
        (replying(START, event(finish="tool_calls", **CALL), DONE), EMPTY, "wrote no answer"),
        (replying(START, b'data: {"choices":[]}\n\n' * 3, DONE), EMPTY, "wrote no answer"),
        (replying(http(b"", status="204 No Content")), REFUSES, "protocol"),
        (replying(http(LOGIN, kind="text/html; charset=utf-8")), REFUSES, "text/html that is not OpenAI's protocol"),
        (replying(http(LOGIN, kind="x" * 999)), REFUSES, "something that is not OpenAI's protocol"),
        (replying(http(b'{"error":{"message":"28 days"}}', kind="application/json")), REFUSES, "application/json"),
        (replying(http(gzip.compress(DONE)[:-9], more="Content-Encoding: gzip\r\n")), EMPTY, "wrote no answer"),
        (replying(http(b"no gzip", more="Content-Encoding: gzip\r\n")), NOTICE, "does not answer"),
        (replying(b"\x00\x01\x02 no HTTP\r\n\r\n"), NOTICE, "does not answer"),
        (replying(b"HTTP/1.1 200 OK\r\n", *[b"X-Slow: 1\r\n", 0.1] * 100), SLOW, "llm_first_token_seconds"),
        (replying(http(b""), 9.0), SLOW, "llm_first_token_seconds"),
        (replying(START, *[b": alive\n\n", 0.1] * 100), SLOW, "llm_first_token_seconds"),
        (replying(START, *[event("So "), 0.1] * 100), SLOW, "llm_total_seconds"),
        (replying(http(b"", status="429 Too Many Requests")), BUSY, "429"),
        (replying(models=http(LOGIN, kind="text/html")), REFUSES, "text/html that is not OpenAI's protocol"),
        (replying(models=listing()), REFUSES, "lists no model"),
        (replying(models=http(b'{"object":"list"}', kind="application/json")), REFUSES, "lists no model"),
        (replying(models=http(b"[" * 100_000, kind="application/json")), REFUSES, "protocol"),
        (lambda path: [b"HTTP/1.1 200 OK\r\n", *[b"X-Slow: 1\r\n", 0.1] * 100], SLOW, "llm_first_token_seconds"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 50 else "",
)
def test_what_no_answer_can_be_made_of_is_told_and_quoted_instead(
    engine_at: Callable[..., Engine],
    caplog: pytest.LogCaptureFixture,
    replies: Replies,
    notice: str,
    why: str,
) -> None:
    with odd_server(replies) as url, caplog.at_level(logging.INFO):
        engine = engine_at(url, llm_first_token_seconds=1.5, llm_total_seconds=2.0)
        began = time.monotonic()
        answer = engine.answer(QUESTION, groups=["everyone"])
        assert time.monotonic() - began < 8
        assert (answer.mode, answer.notice) == (Mode.EXTRACTIVE, notice)
        assert "28 days" in answer.text
        logged = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
        assert why in logged
        assert KEY not in logged and "28 days" not in logged and "Every employee" not in logged
        assert engine.models is not None
        missed = engine.models.misses.of_late()
        assert missed is not None and why in missed.why
        assert engine.models.first.queue.load() == (0, 0)  # the next one's turn
        assert [state["busy"] for state in engine.models.first.states()] == [0]


@pytest.mark.parametrize(
    ("replies", "notice"),
    [
        (replying(START, event(SAYS), event(finish="stop")), None),  # no [DONE]
        (replying(START, event(SAYS), DONE), None),  # no reason
        (replying(START, event(SAYS, finish="stop"), 9.0), None),  # it does not hang up
        (replying(START, event(SAYS), DONE, 9.0), None),
        (replying(START, event(SAYS), event(finish="stop"), b'data: {"error":"too late"}\n\n'), None),
        (replying(START, event(SAYS), event(finish="length"), DONE), CUT),
        (replying(http(gzip.compress(event(SAYS) + DONE), more="Content-Encoding: gzip\r\n")), None),
        (replying(START, *[event(SAYS)[at : at + 1] for at in range(len(event(SAYS)))], DONE), None),
        (replying(START, event(SAYS), DONE, models=listing("one", "two", max_model_len=-1)), None),
        (replying(START, event(SAYS), DONE, models=listing("one", max_model_len="many")), None),
        (replying(START, event(SAYS), DONE, models=listing("one", max_model_len=float("inf"))), None),
    ],
)
def test_what_is_an_answer_all_the_same_is_one(
    engine_at: Callable[..., Engine], replies: Replies, notice: str | None
) -> None:
    with odd_server(replies) as url:
        began = time.monotonic()
        answer = engine_at(url, llm_first_token_seconds=5.0).answer(QUESTION, groups=["everyone"])
        assert time.monotonic() - began < 5
        assert (answer.mode, answer.notice) == (Mode.WRITTEN, notice)
        assert answer.text == "Every employee has 28 days of paid leave a year. [1]"


def test_characters_that_a_server_cuts_in_two_are_put_together_and_halves_are_none() -> None:
    halves = [b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % half for half in (rb"a\ud83d", rb"\ude00b\ud83d")]
    with odd_server(replying(START, *halves, event("中"), DONE)) as url:
        said = "".join(LanguageModel(Settings(llm_url=url)).stream([Turn(role="user", content="?")], answer_tokens=9))
    assert said == "a😀b\ufffd中"
    said.encode()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("where", ["/models", "/completions", "/tokenize"])
def test_nobody_is_sent_on_to_another_host(engine_at: Callable[..., Engine], status: int, where: str) -> None:
    asked: list[str] = []

    def elsewhere(path: str) -> Iterable[Said]:
        asked.append(path)
        return [listing("tiny")]

    with odd_server(elsewhere) as other:
        moved = http(b"", status=f"{status} Moved", more=f"Location: {other}/models?token={KEY}\r\n")
        well = replying(START, event(SAYS), DONE)
        with odd_server(lambda path: [moved] if path.endswith(where) else well(path)) as url:
            answer = engine_at(url, llm_context=400).answer(QUESTION, groups=["everyone"])
    assert asked == []
    assert answer.mode is (Mode.WRITTEN if where == "/tokenize" else Mode.EXTRACTIVE)
    assert answer.notice == (None if where == "/tokenize" else REFUSES)


def test_a_server_that_was_started_anew_with_less_context_is_asked_for_it(engine_at: Callable[..., Engine]) -> None:
    context, longest = [8192], [10**6]
    refused = http(
        b'{"error":{"message":"maximum context length is 900 tokens"}}', kind="application/json", status="400 No"
    )

    class Server:
        asked = 0

        def __call__(self, path: str) -> Iterable[Said]:
            if path.endswith("/models"):
                return [listing("tiny", max_model_len=context[0])]
            if path.endswith("/tokenize"):
                return [http(b"", status="404 Not Found")]
            self.asked += 1
            return [START, event(SAYS), DONE] if self.asked != longest[0] else [refused]

    server = Server()
    with odd_server(server) as url:
        engine = engine_at(url)
        assert engine.answer(QUESTION, groups=["everyone"]).mode is Mode.WRITTEN
        assert engine.models is not None and engine.models.first.model().context == 8192
        context[0], longest[0] = 900, 2
        answer = engine.answer(QUESTION, groups=["everyone"])
        assert (answer.mode, server.asked) == (Mode.WRITTEN, 3)
        assert engine.models.first.model().context == 900


def test_an_address_with_a_password_in_it_is_refused(tmp_path: Any) -> None:
    for name in ("llm_url", "llm_second_url", "reranker_url"):
        with pytest.raises(SettingError, match=rf"{name}: an address is shown and logged") as refused:
            load_settings(tmp_path, **{name: f"http://premise:{KEY}@127.0.0.1:8000/v1"})
        assert KEY not in str(refused.value)


def test_a_trial_of_an_odd_server_says_what_is_wrong() -> None:
    with odd_server(replying(http(LOGIN, kind="text/html"))) as url:
        model = LanguageModel(Settings(llm_url=url))
        assert not model.available()
        assert "text/html that is not OpenAI's protocol" in model.states()[0]["problem"]
        with pytest.raises(ServiceError, match="left alone"):
            model.model()
