"""Premise as its units start it, behind a real nginx with a certificate made here; and vLLM's routes behind another."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from scripted import Script, scripted_server
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from storage.accounts import Accounts
from storage.database import Database
from storage.datafolder import DataFolder

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
PATIENCE = 280.0
SAYS = "There are 30 days of annual leave."
KEY = "key-of-the-language-model-8d1f"
NAME = "premise.example.com"
pytestmark = pytest.mark.timeout(900)  # the fixture starts the whole product
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def exec_start(unit: str, root: Path = ROOT) -> list[str]:
    """The command of a unit, for this checkout and this Python."""
    text = (ROOT / "deploy" / "systemd" / unit).read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    command = shlex.split(line.replace("/opt/premise/.venv/bin", str(Path(sys.executable).parent)))
    return [part.replace("/opt/premise", str(root)) for part in command]


def certificate(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [*"openssl req -x509 -newkey rsa:2048 -nodes -days 2".split(), "-subj", f"/CN={NAME}", "-addext",
         f"subjectAltName=DNS:{NAME},IP:127.0.0.1", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip


def nginx(folder: Path, conf: str, stack: ExitStack) -> None:
    """Start nginx with this configuration in its http block; stopped at the end."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    temp = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/logs/error.log; events {{}}\n"
        f"http {{ access_log off; {temp} {conf} }}\n"
    )
    subprocess.run(["nginx", "-t", "-c", str(main), "-p", str(folder)], check=True, capture_output=True)
    process = stack.enter_context(subprocess.Popen(["nginx", "-c", str(main), "-p", str(folder)]))
    stack.callback(process.terminate)


def until_answers(address: str, verify: bool | ssl.SSLContext = True) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx.get(address, trust_env=False, verify=verify).status_code < 500:
                return
        except httpx.TransportError:
            assert time.monotonic() < until, address
            time.sleep(0.1)


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where everything listens."""

    data: Path
    tls: int
    plain: int
    trust: ssl.SSLContext
    model: Script

    @contextmanager
    def client(self, *, signed_in: bool = True) -> Iterator[httpx.Client]:
        address = f"https://127.0.0.1:{self.tls}"
        headers = {"Origin": address}
        with httpx.Client(base_url=address, verify=self.trust, headers=headers, trust_env=False, timeout=60) as client:
            if signed_in:
                assert client.post("/signin", data={"name": "ada", "password": PASSWORD}).status_code == 303
            yield client


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The units' commands in the units' order, a language model's server, and nginx in front."""
    folder = tmp_path_factory.mktemp("server")
    data, port, tls, plain = folder / "data", free_port(), free_port(), free_port()
    (data / "inbox" / "everyone").mkdir(parents=True)
    (data / "inbox" / "everyone" / "leave.md").write_text("# Leave\n\nThere are 30 days of annual leave.\n")
    database = Database.open(DataFolder(data).catalog)
    Accounts(database).add("ada", PASSWORD, [])
    database.close()
    stack = ExitStack()
    llm = stack.enter_context(scripted_server())
    llm.script.says(f"{SAYS} [1]")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")} | {
        "PREMISE_DATA": str(data), "PREMISE_PORT": str(port), "PREMISE_SECURE_COOKIES": "true",
        "PREMISE_LLM_URL": llm.url, "PREMISE_LLM_API_KEY_FILE": str(folder / "llm.key"),
        "PREMISE_ALLOWED_HOSTS": json.dumps([NAME, "127.0.0.1"]),
    }  # fmt: skip
    (folder / "llm.key").write_text(KEY)
    with stack:
        heard = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        heard.bind(str(folder / "notify"))
        heard.settimeout(PATIENCE)
        for unit in ("vectors", "web", "ingest"):
            notify = {"NOTIFY_SOCKET": str(folder / "notify")} if unit == "vectors" else {}
            log = stack.enter_context((folder / f"{unit}.log").open("wb"))
            process = stack.enter_context(
                subprocess.Popen(
                    exec_start(f"premise-{unit}.service"), env=environment | notify, stderr=log, stdout=log
                )
            )
            stack.callback(process.terminate)
            if unit == "vectors":
                assert heard.recv(100) == b"READY=1"
            if unit == "web":
                until_answers(f"http://127.0.0.1:{port}/readyz")
        certificate(folder / "tls", "premise")
        text = (ROOT / "deploy" / "nginx" / "premise.conf").read_text()
        for old, new in (("127.0.0.1:8600", f"127.0.0.1:{port}"), ("/etc/premise/tls", f"{folder}/tls")):
            assert old in text
            text = text.replace(old, new)
        text = text.replace("listen 80;", f"listen {plain};").replace("listen 443 ssl", f"listen {tls} ssl")
        text = re.sub(r"listen \[::\]:.*;", "", text)
        nginx(folder / "nginx", text, stack)
        trust = ssl.create_default_context(cafile=str(folder / "tls" / "premise.crt"))
        until_answers(f"https://127.0.0.1:{tls}/healthz", trust)
        yield Host(data=data, tls=tls, plain=plain, trust=trust, model=llm.script)


@needs_nginx
@pytest.mark.slow
def test_a_person_signs_in_and_asks_through_tls(host: Host) -> None:
    with host.client() as client:
        until = time.monotonic() + PATIENCE
        while '"indexed"' not in (text := client.get("/api/v1/documents").text):
            assert time.monotonic() < until, text
            time.sleep(0.5)
        ask = {"question": "How much annual leave?", "stream": False}
        while "30 days" not in (text := client.post("/api/v1/ask", json=ask).text):  # the indexes are told after
            assert time.monotonic() < until, text
            time.sleep(3)  # a person may ask 30 questions a minute
        with client.stream("POST", "/api/v1/ask", json={"question": "How much annual leave?"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            events = [line for line in answer.iter_lines() if line.startswith("event:")]
        assert len(events) > 1
        page = client.get("/")
        assert page.status_code == 200
        assert "max-age" in page.headers["strict-transport-security"]
        assert "default-src 'self'" in page.headers["content-security-policy"]
    with host.client(signed_in=False) as client:
        cookie = client.post("/signin", data={"name": "ada", "password": PASSWORD}).headers["set-cookie"]
        assert "Secure" in cookie
        assert "HttpOnly" in cookie


class Held(Sequence[str]):
    """Pieces of an answer, of which all after the first sentence wait until somebody has seen that one."""

    def __init__(self) -> None:
        self.seen = threading.Event()

    def __len__(self) -> int:
        return 2

    def __getitem__(self, at: Any) -> Any:
        if at == 0:
            return f"{SAYS} [1] "
        if at == 1:
            assert self.seen.wait(PATIENCE)
            return f"Again: {SAYS[0].lower()}{SAYS[1:]} [1]"
        raise IndexError


@needs_nginx
@pytest.mark.slow
def test_an_answer_comes_through_the_proxy_while_it_is_being_made(host: Host) -> None:
    held = Held()
    host.model.pieces = held
    try:
        ask = {"question": "How many days of annual leave are there?"}
        with host.client() as client, client.stream("POST", "/api/v1/ask", json=ask) as answer:
            lines = answer.iter_lines()
            said = ""
            while "30 days" not in said:  # the language model has not even written the rest
                if next(lines) == "event: delta":
                    said += json.loads(next(lines).removeprefix("data: "))["text"]
            held.seen.set()
            assert any("Again" in line for line in lines)
    finally:
        held.seen.set()
        host.model.says(f"{SAYS} [1]")


def _kind(message: str | bytes) -> str | None:
    """What a message of Streamlit's is about."""
    assert isinstance(message, bytes)
    return ForwardMsg.FromString(message).WhichOneof("type")


@needs_nginx
@pytest.mark.slow
def test_the_websocket_passes_for_people_who_are_signed_in(host: Host) -> None:
    with host.client() as client:
        cookie = f"premise_session={client.cookies['premise_session']}"

    async def connect(cookies: str, origin: str) -> str:
        address = f"wss://127.0.0.1:{host.tls}/_stcore/stream"
        headers = {"Cookie": cookies, "Origin": origin}
        async with websockets.connect(
            address, ssl=host.trust, additional_headers=headers, subprotocols=["streamlit"], proxy=None
        ) as socket:  # a message goes up, and what it asks for comes down
            asks = BackMsg()
            asks.rerun_script.query_string = ""
            await socket.send(asks.SerializeToString())
            async with asyncio.timeout(PATIENCE):
                while (kind := _kind(await socket.recv())) != "new_session":
                    assert kind
            return str(kind)

    own = f"https://127.0.0.1:{host.tls}"
    assert asyncio.run(connect(cookie, own)) == "new_session"
    for cookies, origin in (("", own), (cookie, "https://elsewhere.example")):
        with pytest.raises(websockets.InvalidStatus):
            asyncio.run(connect(cookies, origin))


@needs_nginx
@pytest.mark.slow
def test_the_proxy_speaks_http2_and_keeps_out_what_does_not_belong(host: Host) -> None:
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{host.tls}", "-alpn", "h2,http/1.1"],
        input="", capture_output=True, text=True, errors="replace", check=False,
    ).stdout  # fmt: skip
    assert "ALPN protocol: h2" in shown
    old = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{host.tls}", "-tls1_1"],
        input="", capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert old.returncode != 0
    answer = httpx.get(f"http://127.0.0.1:{host.plain}/x", trust_env=False, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "https://127.0.0.1/x")
    with host.client() as client:
        assert client.get("/metrics").status_code == 404
        assert client.post("/api/v1/ask", content=b"x" * 1_100_000).status_code == 413
        assert client.get("/healthz", headers={"Host": "elsewhere.example"}).status_code == 200
        assert client.get("/documents", headers={"Host": "elsewhere.example"}).status_code == 400


@needs_nginx
@pytest.mark.slow
def test_no_secret_is_in_a_log_an_argument_or_an_error_page(host: Host) -> None:
    token = DataFolder(host.data).operator_token()
    pages = []
    with host.client() as client:
        secrets = [PASSWORD, KEY, token, client.cookies["premise_session"]]
        pages.append(client.post("/api/v1/ask", json={"question": "How much annual leave?"}).text)
        pages.append(client.post("/api/v1/ask", content=b"{").text)
        pages.append(client.get("/api/v1/nothing").text)
        pages.append(client.get("/api/v1/search", headers={"Authorization": f"Bearer {PASSWORD}"}).text)
        pages.append(client.post("/signin", data={"name": "ada", "password": PASSWORD + "x"}).text)
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # ended meanwhile
            pages.append(file.read_bytes().decode(errors="replace"))
    folder = host.data.parent
    logs = [*folder.glob("*.log"), *(host.data / "logs").iterdir(), *(folder / "nginx" / "logs").iterdir()]
    assert len(logs) >= 4
    pages += [file.read_text(errors="replace") for file in logs]
    assert [secret for secret in secrets for page in pages if secret in page] == []


@needs_nginx
@pytest.mark.slow
def test_everything_in_the_data_folder_is_for_its_account_alone(host: Host) -> None:
    written = [file for file in host.data.rglob("*") if "inbox" not in file.parts]
    assert len(written) > 10
    assert [str(file) for file in written if file.exists() and file.stat().st_mode & 0o077] == []


@needs_nginx
@pytest.mark.slow
def test_signing_in_is_limited_by_the_proxy_too(host: Host) -> None:
    with host.client(signed_in=False) as client:
        codes = [client.get("/signin").status_code for _ in range(60)]
    assert codes[0] == 200
    assert 429 in codes


class Scripted(BaseHTTPRequestHandler):
    """Speaks as vLLM does: sends the first piece of an answer, and the rest when the client has seen it."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []  # noqa: RUF012  (the class is the script)
    seen = threading.Event()

    def do_GET(self) -> None:
        self._answer(b'{"data": [{"id": "tiny"}]}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            self._answer(b"{}")
            return
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._piece(b"data: first\n\n")
        assert self.seen.wait(PATIENCE)
        self._piece(b"data: [DONE]\n\n")
        self._piece(b"")

    def _piece(self, text: bytes) -> None:
        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        self.wfile.flush()

    def _answer(self, body: bytes) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


class Replica(Scripted):
    """A second server of the same model."""

    asked: list[str] = []  # noqa: RUF012


@needs_nginx
def test_of_the_model_servers_only_what_premise_uses_is_reached(tmp_path: Path) -> None:
    with ExitStack() as stack:
        ports = []
        for kind in (Scripted, Replica):
            server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            ports.append(server.server_address[1])
        port, tls, dead = ports[0], free_port(), free_port()
        certificate(tmp_path / "tls", "models")
        text = (ROOT / "deploy" / "nginx" / "models.conf").read_text().replace("/etc/premise/tls", f"{tmp_path}/tls")
        # three replicas, of which one is down
        three = "; ".join(f"server 127.0.0.1:{number}" for number in (dead, *ports))
        text = text.replace("server 127.0.0.1:8000", three)
        text = text.replace("127.0.0.1:8001", f"127.0.0.1:{port}").replace("127.0.0.1:8002", f"127.0.0.1:{port}")
        nginx(tmp_path / "nginx", text.replace("listen 8443", f"listen {tls}"), stack)
        trust = ssl.create_default_context(cafile=str(tmp_path / "tls" / "models.crt"))
        until_answers(f"https://127.0.0.1:{tls}/nothing", trust)
        with httpx.Client(base_url=f"https://127.0.0.1:{tls}", verify=trust, trust_env=False, timeout=60) as client:
            for _ in range(6):
                assert client.get("/v1/models").json()["data"][0]["id"] == "tiny"
            assert min(len(Scripted.asked), len(Replica.asked)) > 1  # each that is up gets its share
            with client.stream("POST", "/v1/chat/completions", json={}) as answer:
                lines = answer.iter_lines()
                assert next(lines) == "data: first"  # nothing was held back: the rest is not even written yet
                Scripted.seen.set()
                assert "data: [DONE]" in list(lines)
            for path in ("/v1/embeddings", "/v1/rerank", "/tokenize"):
                assert client.post(path, json={}).status_code == 200
            Scripted.asked.clear()
            Replica.asked.clear()
            for path in (
                "/invocations",
                "/v1/load_lora_adapter",
                "/v1/completions",
                "/metrics",
                "/docs",
                "/v1/models/",
            ):
                assert client.post(path, json={}).status_code in (403, 404), path
            assert client.get("/v1/chat/completions").status_code == 403
            assert client.post("/v1/chat/completions/../../invocations", json={}).status_code == 404
            stranger = httpx.HTTPTransport(verify=trust, local_address="127.0.0.2")
            with httpx.Client(base_url=client.base_url, transport=stranger) as other:
                assert other.get("/v1/models").status_code == 403  # not among the addresses that may come
            assert Scripted.asked == Replica.asked == []
