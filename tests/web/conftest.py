"""A real server over a real data folder, people of different groups, and a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from served import ARTIFACTS, CHROMIUM, REFUSING, Site, running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server with documents and people."""
    with running(tmp_path_factory.mktemp("web")) as made:
        yield made


@pytest.fixture(autouse=True)
def _clients_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "site" in request.fixturenames:
        made: Site = request.getfixturevalue("site")
        made.model.status, made.model.pause, made.model.wait, made.model.as_json = REFUSING, 0.0, 0.0, None
        while made.clients:
            made.clients.pop().close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Ends with its module: while it runs, no other event loop can in this thread."""
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM.split())
        yield launched
        launched.close()


@pytest.fixture
def page(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A new browser window; whatever it asks of another host fails the test. Leaves a picture of its end."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda sent: asked.append(sent.url))
    opened.on("websocket", lambda made: asked.append(made.url))
    opened.set_default_timeout(30_000)
    yield opened
    ARTIFACTS.mkdir(exist_ok=True)
    opened.screenshot(path=str(ARTIFACTS / f"{request.node.name}.png"))
    context.close()
    ours = (site.address + "/", site.address.replace("http", "ws") + "/", "data:", "blob:" + site.address)
    assert [url for url in asked if not url.startswith(ours)] == []
