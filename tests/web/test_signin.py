"""Signing in: who gets in, how often one may try, and where one lands."""

from __future__ import annotations

import re

import httpx
import pytest
from served import PASSWORD, Site

from app.web.signin import FREE_TRIES, FREE_TRIES_SHARED, LONGEST_WAIT, LONGEST_WAIT_SHARED, Tries, local_path
from storage.audit import Audit, Event


def test_wrong_and_right_passwords(site: Site) -> None:
    client = site.client()
    wrong = client.post("/signin", data={"name": "hugo", "password": "wrong"})
    assert wrong.status_code == 401 and "not right" in wrong.text and "premise_session" not in client.cookies
    assert re.search(r'id="password"[^>]* autofocus>', wrong.text) and wrong.text.count("autofocus") == 1
    unknown = client.post("/signin", data={"name": "<b>nobody", "password": "wrong"})
    assert unknown.status_code == 401 and "<b>nobody" not in unknown.text and "&lt;b&gt;nobody" in unknown.text
    right = client.post("/signin", data={"name": " Hugo ", "password": PASSWORD, "next": "/documents"})
    assert right.status_code == 303 and right.headers["location"] == "/documents"
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie and "secure" not in cookie
    events = [(entry.actor, entry.event) for entry in Audit(site.database).newest(5)]
    assert ("hugo", Event.SIGNED_IN) in events and ("hugo", Event.SIGN_IN_REFUSED) in events


def test_signing_out_ends_the_session(site: Site) -> None:
    client = site.client("ada")
    token = client.cookies["premise_session"]
    assert client.get("/api/v1/documents").status_code == 200
    assert client.post("/signout").headers["location"] == "/signin"
    again = httpx.get(site.address + "/api/v1/documents", cookies={"premise_session": token}, trust_env=False)
    assert again.status_code == 401


def test_many_wrong_tries_have_to_wait(site: Site) -> None:
    client = site.client()
    answers = [
        client.post("/signin", data={"name": "victim", "password": f"guess {number}"})
        for number in range(FREE_TRIES + 1)
    ]
    assert [answer.status_code for answer in answers] == [401] * FREE_TRIES + [429]
    assert "Too many wrong tries" in answers[-1].text and int(answers[-1].headers["retry-after"]) >= 1


def test_waits_grow_and_end_and_one_right_try_starts_anew() -> None:
    now = [1000.0]
    tries = Tries(clock=lambda: now[0])
    waits = []
    for _ in range(FREE_TRIES + 12):
        wait = tries.take("ada", "10.0.0.1")
        waits.append(wait)
        now[0] += wait
        if wait:
            assert tries.take("ada", "10.0.0.1") == 0
    assert waits[:FREE_TRIES] == [0] * FREE_TRIES
    assert waits[FREE_TRIES : FREE_TRIES + 3] == [1, 2, 4] and max(waits) == LONGEST_WAIT
    now[0] += LONGEST_WAIT
    assert tries.take("ada", "10.0.0.1") == 0
    tries.right("ada", "10.0.0.1")
    assert tries.take("ada", "10.0.0.1") == 0 and tries.take("ada", "10.0.0.2") == 0


def test_wrong_tries_of_others_keep_nobody_out_for_long() -> None:
    for others in (lambda number: (f"name{number}", "10.0.0.1"), lambda number: ("ada", f"10.0.1.{number}")):
        now = [1000.0]
        tries = Tries(clock=lambda now=now: now[0])
        for number in range(3 * FREE_TRIES_SHARED):
            wait = tries.take(*others(number))
            assert wait <= LONGEST_WAIT_SHARED
            if wait:
                now[0] += wait
                assert tries.take(*others(number)) == 0
        assert 0 < tries.take("ada", "10.0.0.1") <= LONGEST_WAIT_SHARED
        now[0] += LONGEST_WAIT_SHARED
        assert tries.take("ada", "10.0.0.1") == 0


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/signin?next=/",
        "/a\r\nSet-Cookie: x=1",
        "/ü",
        "/api/v1/documents",
        "/" + "a" * 3000,
    ],
)
def test_no_way_leads_elsewhere(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_the_page_asked_for_is_where_one_lands(site: Site) -> None:
    assert local_path("/?chat=abc") == "/?chat=abc"
    client = site.client()
    asked = client.get("/documents?x=1", headers={"accept": "text/html"})
    assert asked.status_code == 303 and asked.headers["location"] == "/signin?next=%2Fdocuments%3Fx%3D1"
    form = client.get('/signin?next="><script>')
    assert "<script>" not in form.text and form.headers["cache-control"] == "no-store"


def test_a_form_on_another_site_signs_nobody_in(site: Site) -> None:
    client = site.client()
    for origin in ("http://evil.example", "null", ""):
        answer = client.post("/signin", data={"name": "ada", "password": PASSWORD}, headers={"Origin": origin})
        assert answer.status_code == 403, origin
