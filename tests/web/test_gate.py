"""What every request passes: sessions, hosts, origins, sizes, headers; and the probes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from served import Site
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from app.web import gate


def test_without_a_session_nothing_is_served(site: Site) -> None:
    client = site.client()
    for path in ("/", "/documents", "/administration"):
        assert client.get(path, headers={"accept": "text/html"}).headers["location"].startswith("/signin")
    for path in ("/static/js/index.js", "/media/x", "/_stcore/host-config", "/api/v1/documents", "/nothing"):
        assert client.get(path).status_code == 401, path
    assert client.post("/api/v1/ask", json={"question": "x"}).json()["error"]["code"] == "sign_in"


def test_the_parts_of_streamlit_that_are_not_used_are_closed(site: Site) -> None:
    client = site.client("ada")
    for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/upload_file/a/b", "/component/x"):
        assert client.get(path).status_code == 404, path


def test_an_address_without_a_page_leads_to_the_first(site: Site) -> None:
    html = {"accept": "text/html"}
    ada, root = site.client("ada"), site.client("root")
    for path in ("/nothing", "/documents/more", "/ask", "/administration", "/administration/"):
        assert ada.get(path, headers=html).headers.get("location") == "/", path
    for path in ("/", "/documents", "/about", "/?chat=1"):
        assert ada.get(path, headers=html).status_code == 200, path
    assert root.get("/administration", headers=html).status_code == 200
    pages = (Path(gate.__file__).parents[1] / "ui" / "main.py").read_text(encoding="utf-8")
    addresses = set(re.findall(r'url_path="(\w+)"', pages))
    assert {f"/{address}" for address in addresses - {"ask"}} == gate.PAGES - {"/"}, "every page can be reached"


def test_headers_are_on_every_answer(site: Site) -> None:
    client = site.client("ada")
    for path in ("/", "/signin", "/healthz", "/api/v1/documents", "/api/v1/nothing", "/_stcore/metrics"):
        headers = client.get(path, headers={"accept": "text/html"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
        assert "script-src 'self' 'sha256-" in policy and "ws:" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin" and "server" not in headers, path


def test_other_host_names_are_refused(site: Site) -> None:
    client = site.client()
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example"):
        assert client.get("/signin", headers={"Host": host}).status_code == 400, host
    assert client.get("/signin", headers={"Host": f"localhost:{site.port}"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200


def test_writing_needs_our_own_origin(site: Site) -> None:
    client = site.client("ada")
    for origin in ("http://evil.example", "null", site.address + ".evil.example", "http://localhost"):
        answer = client.post("/api/v1/search", json={"question": "leave"}, headers={"Origin": origin})
        assert answer.status_code == 403 and answer.json()["error"]["code"] == "origin", origin
    del client.headers["Origin"]
    assert client.post("/signout").status_code == 403


def test_a_link_from_another_site_comes_again_from_ours(site: Site) -> None:
    answer = site.client().get("/", headers={"accept": "text/html", "sec-fetch-site": "cross-site"})
    assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text and len(answer.text) < 200


def _websocket(site: Site, token: str | None, origin: str, path: str = "/_stcore/stream") -> None:
    headers = {"Cookie": f"premise_session={token}"} if token else {}
    address = site.address.replace("http", "ws") + path
    with connect(
        address,
        origin=Origin(origin),
        additional_headers=headers,
        proxy=None,
        subprotocols=[Subprotocol("streamlit")],
        open_timeout=10,
    ):
        pass


def test_the_websocket_needs_a_session_and_our_origin(site: Site) -> None:
    token = site.client("ada").cookies["premise_session"]
    _websocket(site, token, site.address)
    for wrong_token, origin, path in (
        (None, site.address, "/_stcore/stream"),
        ("forged", site.address, "/_stcore/stream"),
        (token, "http://evil.example", "/_stcore/stream"),
        (token, site.address, "/other"),
    ):
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            _websocket(site, wrong_token, origin, path)


def test_large_bodies_are_refused(site: Site) -> None:
    client = site.client("ada")
    assert client.post("/api/v1/ask", content=b"x" * 1_100_000).status_code == 413
    answer = client.post("/api/v1/ask", content=(b"x" * 100_000 for _ in range(12)))  # no Content-Length
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "too_large"


def test_probes_and_metrics(site: Site) -> None:
    client = site.client()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
    assert 'premise_documents{state="indexed"}' in client.get("/metrics").text
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 401
    named = {"X-Forwarded-For": "10.0.0.1", "Authorization": f"Bearer {site.token}"}
    assert client.get("/metrics", headers=named).status_code == 200
    elsewhere = {"Host": "evil.example"}  # a page of another site, in a browser of this host
    assert client.get("/metrics", headers=elsewhere).status_code == 400
    assert client.get("/metrics", headers=elsewhere | named).status_code == 200


def test_a_wrong_token_is_refused_even_with_a_session(site: Site) -> None:
    client = site.client("ada")
    for value in ("Bearer wrong", "Bearer", "Basic eDp4", f"Bearer {site.token}x"):
        assert client.get("/api/v1/documents", headers={"Authorization": value}).status_code == 401, value
    assert (
        httpx.get(
            site.address + "/documents", headers={"Authorization": f"Bearer {site.token}"}, trust_env=False
        ).status_code
        == 401
    )  # the token is for the API only


def test_a_second_web_server_on_the_same_data_folder_is_refused(site: Site) -> None:
    """Turns at the language model and the pace of each person are counted in one process."""
    second = subprocess.run(
        [sys.executable, "-m", "app.cli", "--data", str(site.data), "serve-web"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=site.data.parent,
    )
    assert second.returncode == 1
    assert "in use by another Premise process" in " ".join((second.stdout + second.stderr).split())
