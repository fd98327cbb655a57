"""What administrators are told of a language model's server that cannot be used: what is wrong, and what to do."""

from __future__ import annotations

import errno
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted import Server, scripted_server

from app.operations import condition
from app.operations.doctor import State, _language_model, _second_language_model
from app.serving.second import Models
from app.ui.language_models import told_of
from storage import unreachable
from storage.errors import SettingError
from storage.outgoing import OutgoingRefused
from storage.settings import Settings, load_settings


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted_server() as made:
        made.script.says("well")
        yield made


def said_of(url: str, **settings: Any) -> str:
    """The only problem that status tells of this server."""
    return problem_of(url, Settings(llm_url=url, **settings))


def said_of_second(url: str, **settings: Any) -> str:
    """The same for the server of the second language model."""
    second = Settings(llm_url="http://other/v1", llm_second_url=url, llm_second_share=0.5, **settings).of_second_llm
    assert second is not None
    return problem_of(url, second)


def problem_of(url: str, settings: Settings) -> str:
    found = condition._language_model(settings)
    assert found is not None and not found["answers"]
    (problem,) = found["problems"]
    assert problem.startswith(f"The language model server at {url} ")
    return str(problem)


def no_server() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_one_that_is_down_or_has_another_port() -> None:
    port = no_server()
    told = said_of(f"http://localhost:{port}/v1")
    assert told.endswith(f"does not answer. Nothing listens at port {port} of localhost. Start it, or correct llm_url.")


def test_one_at_an_address_without_the_version(server: Server) -> None:
    bare = server.url.removesuffix("/v1")
    for wrong in (bare, f"{server.url}/chat/completions", f"{bare}/api"):
        told = said_of(wrong)
        assert f"no list of models at {wrong}/models (status 404)" in told
        right = server.url if wrong != f"{bare}/api" else f"{wrong}/v1"
        assert told.endswith(f"Should llm_url be {right}?")


def test_another_program_at_the_port() -> None:
    with scripted_server() as other:
        other.script.lists = False
        assert said_of(other.url).endswith("No server of OpenAI's protocol is there: correct host and port in llm_url.")


def test_a_model_that_it_does_not_serve_is_named_with_those_that_it_does(server: Server) -> None:
    server.script.models = [{"id": "qwen3-4b"}, {"id": "travel\x1b[31m", "parent": "qwen3-4b"}]
    for status in (404, 400):
        server.script.status, server.script.says_no = status, "The model `qwen` does not exist."
        told = said_of(server.url, llm_model="qwen")
        assert " It serves qwen3-4b, travel[31m and not qwen: correct llm_model, or leave it empty." in told
        assert told.endswith(" It says: The model `qwen` does not exist.")
        assert "premise status" not in told  # that is who says it
    server.script.status = 200
    assert condition._language_model(Settings(llm_url=server.url, llm_model="qwen3"))["answers"]  # type: ignore[index]


def test_a_key_that_is_missing_wrong_or_cannot_be_read(server: Server, tmp_path: Path) -> None:
    server.script.status = 401
    assert said_of(server.url).endswith(
        "wants a key (status 401). Put it into a file, and name that in llm_api_key_file."
    )
    key = tmp_path / "llm.key"
    key.write_text("of another server")
    told = said_of(server.url, llm_api_key_file=key)
    assert f"refused the key in {key} (status 401). Put the server's own key there" in told
    assert "another server" not in told
    assert "refused the key (status 401)" in said_of(server.url, llm_api_key="another")
    key.unlink()
    assert f"llm_api_key_file: cannot read {key} (No such file or directory)." in said_of(
        server.url, llm_api_key_file=key
    )
    key.write_text("\n")
    assert f"{key} holds no real key." in said_of(server.url, llm_api_key_file=key)


def test_tls_where_there_is_none_and_the_other_way_round(server: Server, tmp_path: Path) -> None:
    told = said_of(server.url.replace("http:", "https:"))
    assert "speaks no TLS at port" in told and told.endswith("Write http:// in llm_url, or correct the port.")
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=models -addext subjectAltName=IP:127.0.0.1"
    files = [tmp_path / "key", tmp_path / "certificate"]
    subprocess.run([*made.split(), "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files[1], files[0])
    with scripted_server(tls=tls) as secure:
        told = said_of(secure.url)
        assert "Its certificate is not trusted (self-signed certificate)." in told
        assert "update-ca-certificates" in told
    with socket.socket() as other:  # something that is no web server at all
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        other.settimeout(10)

        def hang_up() -> None:
            accepted, _peer = other.accept()
            accepted.recv(65536)
            accepted.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            accepted.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        assert "speaks no HTTP, or hangs up. Correct the port. If it speaks TLS, write https:// in llm_url." in said_of(
            url
        )


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "No host of the name gpu.intra is known here. Correct llm_url",
        ),
        (ConnectionRefusedError(), "or only for its own host (vLLM: --host 0.0.0.0). Start it, or correct llm_url."),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "No way leads from here to gpu.intra."),
        (OutgoingRefused("Premise may not connect to gpu.intra."), "Premise may not connect to gpu.intra."),
        (ConnectionResetError(), "It broke off the connection (ConnectError)."),
    ],
)
def test_what_happens_with_other_hosts_only(raised: OSError, told: str) -> None:
    def connect() -> None:
        try:
            raise raised
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    with pytest.raises(httpx.ConnectError) as failed:
        connect()
    assert told in unreachable.in_words(failed.value, "http://gpu.intra:8000/v1", "llm_url")
    slow = unreachable.in_words(httpx.ConnectTimeout(""), "https://gpu.intra/v1", "llm_url")
    assert slow.startswith("gpu.intra takes no connection at port 443: it is off, ")


def test_of_the_second_its_own_settings_are_named(server: Server) -> None:
    assert said_of_second(f"http://127.0.0.1:{no_server()}/v1").endswith("correct llm_second_url.")
    server.script.status = 404
    assert "correct llm_second_model" in said_of_second(server.url, llm_second_model="other")
    wrong = {"llm_second_url": f"http://127.0.0.1:{no_server()}/v1", "llm_second_share": 0.5}
    state, sentence, advice = _second_language_model(Settings(llm_url=server.url, **wrong))
    assert state is State.FAIL and "llm_second_url" in sentence and "first model" in advice
    state, sentence, _ = _language_model(Settings(llm_url=server.url, llm_model="other"))
    assert state is State.FAIL and "correct llm_model" in sentence


def test_what_is_wrong_is_known_before_anybody_asks(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.script.status = 401
    models = Models(Settings(llm_url=server.url))
    assert models.problems() == []
    models.look()
    until = time.monotonic() + 30
    while "Answers are quoted for now" not in caplog.text:
        assert time.monotonic() < until
        time.sleep(0.05)
    (problem,) = models.problems()
    assert "llm_api_key_file" in problem and problem in caplog.text


def test_administration_tells_each_problem_once(server: Server) -> None:
    server.script.status = 401
    models = Models(Settings(llm_url=server.url))
    assert told_of(models) == []
    assert not models.first.available()
    (problem,) = told_of(models)
    assert "llm_api_key_file" in problem
    models.misses.add(f"It failed a moment ago and is left alone. {problem}")
    first, second = told_of(models)
    assert first == problem
    assert "model: 1 answer, the latest at" in second and problem not in second
    server.script.status = 200
    assert models.first.available()
    models.misses.written()
    (told,) = told_of(models)
    assert told.endswith(f"{problem} Answers are written again since then.")


@pytest.mark.parametrize(
    "wrong",
    ["http://gpu:80x/v1", "http://gpu:99999/v1", "http://:8000/v1", "http://gpu node:8000/v1", "http://[::1/v1"],
)
def test_an_address_that_is_none_stops_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingError, match=r"llm_url: must be as http://host:8000/v1"):
        load_settings(tmp_path, llm_url=wrong)
