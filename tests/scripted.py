"""A language model's server that says what a test wants: the same protocol, so nothing of ours is patched."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server does next, and what it was asked."""

    pieces: Sequence[str] = ()
    as_json: str | None = None  # said in place of the pieces where JSON of a schema is asked for
    answers: Callable[[str], str] | None = None  # what it makes of a prompt, in place of the pieces
    wait: float = 0.0  # seconds before the first piece
    pause: float = 0.0  # seconds before every piece
    dies_after: int | None = None  # pieces, then the connection is closed
    finish: str | None = "stop"  # why the answer ends; some servers do not say
    error: str | None = None  # said in the stream before it dies, as vLLM does when its engine fails
    status: int = 200
    says_no: str = ""  # what it says where the status is another than 200
    refuses: int = 0  # so many requests, with status 400
    well: bool = False  # whatever else is set here: whoever asks for one token, to see whether it answers, gets one
    thoughts: Sequence[str] = ()  # said before the pieces, apart from them, as vLLM's parsers do
    context: int | None = 8192
    models: list[dict[str, Any]] | None = None  # what /v1/models lists; None: one model, tiny
    lists: bool = True  # whether there is such a route
    characters_a_token: int | None = None  # what /tokenize counts; None: there is no such route
    longest: int | None = None  # characters of a prompt; a longer one is refused as vLLM does
    requests: list[dict[str, Any]] = field(default_factory=list)
    models_asked: int = 0
    models_wait: float = 0.0  # seconds before they are listed
    counted: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)  # the client closed the stream early

    def says(self, text: str) -> None:
        """The answer, in pieces of a few characters."""
        self.pieces = [text[at : at + 7] for at in range(0, len(text), 7)]

    def said(self, request: dict[str, Any]) -> Sequence[str]:
        """What is said to a request."""
        if self.as_json and "response_format" in request:
            return [self.as_json]
        return [self.answers(_prompt(request))] if self.answers else self.pieces

    @property
    def prompt(self) -> str:
        return _prompt(self.requests[-1])


def _prompt(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


@dataclass(frozen=True)
class Server:
    url: str
    script: Script


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of those who connect at once: of 5, the usual, the last of 16 may be turned away


@contextmanager
def scripted_server(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on the loopback that speaks just enough of OpenAI's protocol; killed with the connections it has."""
    script = Script()
    http = _Server(("127.0.0.1", port), _handler(script))
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Server(url=f"http{'s' if tls else ''}://127.0.0.1:{http.server_address[1]}/v1", script=script)
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

        def do_GET(self) -> None:
            script.models_asked += 1
            time.sleep(script.models_wait)
            if self.path != "/v1/models" or not script.lists:
                self._json(404, {"detail": "Not Found"})
                return
            entry = {"id": "tiny", "object": "model"} | ({"max_model_len": script.context} if script.context else {})
            self._json(200, {"object": "list", "data": script.models or [entry]})

        def _json(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.close_connection = True
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            characters = sum(len(message["content"]) for message in request["messages"])
            if not self.path.endswith("/chat/completions"):
                script.counted += 1
                known = self.path == "/tokenize" and script.characters_a_token
                self._json(200, {"count": characters // known}) if known else self._json(404, {"detail": "Not Found"})
                return
            looked = script.well and request.get("max_tokens") == 1
            if not looked:
                script.requests.append(request)
            if script.longest is not None and characters > script.longest:
                self._json(400, {"error": {"message": "maximum context length is less", "code": 400}})
                return
            if not looked and (script.status != 200 or script.refuses):
                status = 400 if script.refuses else script.status
                script.refuses = max(0, script.refuses - 1)
                self._json(status, {"error": {"message": script.says_no}} if script.says_no else {})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                self._stream(["Hello"] if looked else script.said(request))
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                script.hung_up.set()

        def _stream(self, pieces: Sequence[str]) -> None:
            self._event({"role": "assistant", "content": ""}, None)
            time.sleep(script.wait)
            for thought in script.thoughts:
                time.sleep(script.pause)
                self._event({"reasoning_content": thought}, None)
            for number, piece in enumerate(pieces):
                if number == script.dies_after:
                    if script.error is not None:
                        self._send({"error": {"message": script.error, "type": "InternalServerError", "code": 500}})
                    return
                time.sleep(script.pause)
                self._event({"content": piece}, None)
            self._event({}, script.finish)
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, delta: dict[str, Any], finished: str | None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finished}
            self._send(
                {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "tiny", "choices": [choice]}
            )

        def _send(self, value: dict[str, Any]) -> None:
            self.wfile.write(f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()

    return Handler
