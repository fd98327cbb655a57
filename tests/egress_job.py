"""What tests/test_egress.py watches: the product once through, with a browser in it. Runs without a network.

    python tests/egress_job.py SCRATCH FILES

Chromium opens a hostile document's passage and an answer as a bent model would write it, then asks a question.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "web")]

from playwright.sync_api import expect, sync_playwright
from scripted import Script
from served import CHROMIUM, Site

from app.operations.exercise import QUESTION, only_loopback, run
from storage.database import Database
from storage.datafolder import DataFolder

scratch, files = Path(sys.argv[1]), Path(sys.argv[2])
asked: list[str] = []


def visit(address: str, name: str, password: str) -> None:
    """Sign in, look at the nasty answer, ask."""
    database = Database.open(DataFolder(scratch / "data").catalog)
    site = Site(data=scratch / "data", port=int(address.rsplit(":", 1)[1]), database=database, model=Script())
    chat = site.keep_nasty_answer(name)
    database.close()
    expect.set_options(timeout=120_000)
    flags = [*CHROMIUM.split(), f"--log-net-log={scratch / 'netlog.json'}"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=flags, timeout=120_000)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("request", lambda sent: asked.append(sent.url))
        page.on("websocket", lambda made: asked.append(made.url))
        page.goto(address)
        page.fill("#name", name)
        page.fill("#password", password)
        page.click("button[type=submit]")
        expect(page.locator(".welcome")).to_be_visible()
        page.goto(f"{address}/?chat={chat}")
        expect(page.locator(".answer").first).to_contain_text("4711")
        page.get_by_role("button", name="New chat").click()
        expect(page.locator(".welcome")).to_be_visible()
        box = page.get_by_placeholder("Ask about your documents")
        box.fill(QUESTION)
        box.press("Enter")
        expect(page.locator(".answer").first).to_contain_text("30 days")
        browser.close()


only_loopback()
print(json.dumps(run(scratch, files, visit) | {"browser_asked": asked}))
