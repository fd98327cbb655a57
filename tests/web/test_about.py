"""The About page in a real browser: every model with what its licence obliges to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from served import ARTIFACTS, Site, sign_in

pytestmark = pytest.mark.browser


def test_the_about_page_lists_the_models(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    page.goto(site.address + "/about")
    expect(page.locator(".pagehead h1")).to_have_text("About", timeout=30_000)
    table = page.locator("table.about").first
    expect(table).to_contain_text("Apache-2.0")
    expect(table).to_contain_text("Open source")
    expect(table).to_contain_text("NOTICE")
    expect(page.get_by_text("Embedder: all-MiniLM-L6-v2")).to_be_visible()
    expect(table.get_by_text("Directory", exact=True)).to_have_count(0)  # of no use to people who ask
    page.screenshot(path=str(ARTIFACTS / "about.png"))
