"""What people do on the pages, in a real browser. The `page` fixture fails a test that leaves our own address."""

from __future__ import annotations

import io
import re
import shutil
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Page, WebSocketRoute, expect
from served import ARTIFACTS, PASSWORD, Site, sign_in
from sqlalchemy import delete, insert, select, update

from app.ui.chat import CHATS
from app.ui.narrow import MOST
from app.ui.wording import NEXT
from app.web.pages import HIGHLIGHT
from storage.accounts import Accounts
from storage.catalog import Catalog
from storage.conversations import Conversations
from storage.schema import documents

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
LEAVE = "How many days of annual leave does every employee have?"
PENSION = "How much does the company pay into the pension fund?"


def _ask(page: Page, question: str) -> None:
    box = page.get_by_placeholder("Ask about your documents")
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".growing, .working")).to_have_count(0)
    expect(page.locator("[class*=st-key-cites_]").last).to_be_visible()


def _cite(page: Page, name: str) -> None:
    page.locator("[class*=st-key-cite_] button", has_text=name).first.click()
    expect(page.locator(".sourcetitle")).to_contain_text(name)


def test_signing_in_wrong_then_right_and_out(page: Page, site: Site) -> None:
    page.goto(site.address + "/documents")
    page.fill("#name", "ada")
    page.fill("#password", "wrong")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator(".pagehead h1")).to_have_text("Documents")
    page.click(".account button")
    expect(page.locator("#password")).to_be_visible()
    page.goto(site.address)
    expect(page).to_have_url(site.address + "/signin")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_light_or_dark_as_the_system_is(page: Page, site: Site, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(site.address)
    paper, ink = _brightness(page, "main", "backgroundColor"), _brightness(page, "main", "color")
    assert (paper - ink > 120) == (scheme == "light") and abs(paper - ink) > 120
    sign_in(page, site, "ada")
    expect(page.locator(".welcome")).to_be_visible()
    for words in (".welcome h1", ".welcome p"):  # the colours of style.css on those of Streamlit
        paper, ink = _brightness(page, ".stApp", "backgroundColor"), _brightness(page, words, "color")
        assert (paper > ink) == (scheme == "light") and abs(paper - ink) > 90


def _brightness(page: Page, selector: str, colour: str) -> float:
    """0 is black, 255 is white."""
    computed = page.locator(selector).first.evaluate("(found, name) => getComputedStyle(found)[name]", colour)
    return sum(map(float, re.findall(r"[\d.]+", computed)[:3])) / 3


def test_the_first_page_says_what_can_be_asked(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    expect(page.locator(".welcome")).to_contain_text(
        re.compile("[45] documents can be searched for you")
    )  # another test forgets one
    expect(page).to_have_title("Premise")
    expect(page.locator("[class*=st-key-example_] button").first).to_be_visible()
    expect(page.get_by_text("Deploy")).to_have_count(0)
    page.screenshot(path=str(ARTIFACTS / "first-page.png"))
    page.locator("[class*=st-key-example_] button").first.click()
    expect(page.locator(".question")).to_be_visible()


def test_an_answer_its_passage_and_the_way_back(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    answer = page.locator(".answer").first
    expect(answer).to_contain_text("30 days of annual leave")
    expect(answer.locator("sup.cite").first).to_have_text("1")
    expect(page.get_by_role("alert").filter(has_text="30 days of annual leave")).to_have_count(1)  # said aloud, once
    expect(page.locator(".notice")).to_contain_text("language model cannot be used as it is set up")
    expect(page.locator(".chips")).to_contain_text("Quoted from the documents")
    places = [chip.partition(" · ")[2] for chip in page.locator("[class*=st-key-cite_] button").all_inner_texts()]
    assert len(set(places)) == len(places), "citations of one place share a button"
    _cite(page, "Leave policy")
    expect(page.locator(".passage mark")).to_contain_text("30 days of annual leave")
    expect(page.locator(".passage .around").first).to_contain_text("Annual leave")
    address = page.url
    assert "chat=" in address
    page.reload()
    expect(page.locator(".answer").first).to_contain_text("30 days of annual leave")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.locator("[class*=st-key-open_] button", has_text="How many days").first.click()
    expect(page.locator(".answer").first).to_contain_text("30 days of annual leave")
    expect(page).to_have_url(re.compile("chat="))


def test_a_citation_of_a_pdf_shows_its_page_with_the_marked_lines(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, PENSION)
    _cite(page, "Pension guide")
    expect(page.locator(".answer").first).not_to_contain_text("99 percent")  # white on white
    expect(page.locator(".about .noticed")).to_have_text("Noticed when it was read: hidden text on page 2.")
    picture = page.locator("img.page")
    expect(picture).to_be_visible()
    expect(page.locator(".pagenumber")).to_contain_text("Page 2 of 2")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    shown = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    near = [
        colour
        for _, colour in shown.getcolors(1 << 24) or []
        if isinstance(colour, tuple) and max(abs(a - b) for a, b in zip(colour, HIGHLIGHT, strict=True)) < 6
    ]
    assert near, "the highlight colour is on the page"
    page.screenshot(path=str(ARTIFACTS / "source-pdf.png"))
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(".pagenumber")).to_contain_text("Page 1 of 2 · cited: 2")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".sourcetitle")).to_have_count(0)


def test_a_place_that_does_not_confirm_a_sentence_is_not_highlighted(page: Page, site: Site) -> None:
    loose = "Who is on call has a quarter of an hour to answer, and <b>the incident</b> is theirs."
    paid = "The company pays 6 percent into the pension fund."
    pages = "The on-call engineer answers pages within fifteen minutes and owns the incident."
    said = {
        paid: ("everyone/pension.pdf", paid, True),
        "The engineer on call owns the incident.": ("engineering/on-call.md", pages, True),
        "Into the fund, 6 percent are paid.": ("everyone/pension.pdf", paid, False),
        loose: ("engineering/on-call.md", pages, False),
    }
    chat = site.keep_written_answer("ada", said)
    sign_in(page, site, "ada", f"/?chat={chat}")
    marks = page.locator(".answer sup.cite")
    expect(marks).to_have_count(4)
    assert ["loose" in str(mark.get_attribute("class")) for mark in marks.all()] == [False, False, True, True]
    expect(marks).to_have_text(["1", "2", "3?", "4?"])
    expect(page.locator(".unconfirmed")).to_have_text(["Into the fund, 6 percent are paid.", loose])
    expect(page.get_by_text("Dotted sentences are not confirmed")).to_be_visible()
    expect(page.locator(".citehead")).to_have_text(["Sources", "Nearest places, not confirmed"])
    page.screenshot(path=str(ARTIFACTS / "in-other-words.png"))
    marks.nth(3).locator("a").click()
    expect(page.locator(".compare")).to_have_text(loose)
    expect(page.locator(".compare strong")).to_have_text(["quarter", "hour", "b", "b"])
    expect(page.locator(".passage .nearest")).to_have_text(pages)
    expect(page.locator(".passage mark")).to_have_count(0)
    page.screenshot(path=str(ARTIFACTS / "in-other-words-source.png"))
    marks.nth(1).locator("a").click()
    expect(page.locator(".passage mark")).to_have_text(pages)
    expect(page.locator(".compare")).to_have_count(0)
    for mark, marked in ((marks.nth(0), True), (marks.nth(2), False)):
        mark.locator("a").click()
        expect(page.locator(".sourcetitle sup")).to_have_text(mark.inner_text())
        expect(page.locator("img.page")).to_have_attribute(
            "alt", f"Page 2, {'the cited passage marked' if marked else 'a line beside the nearest passage'}"
        )
    Conversations(site.database).remove("ada", chat)


def test_a_citation_of_a_word_file_shows_its_passage(page: Page, site: Site) -> None:
    sign_in(page, site, "hugo")
    _ask(page, "Which form requests parental leave?")
    _cite(page, "Parental leave process")
    expect(page.locator(".passage mark")).to_contain_text("form PL-3")
    with page.expect_download() as download:
        page.locator(".st-key-source a.download").click()
    assert download.value.suggested_filename == "parental-leave.docx"


def test_an_answer_goes_with_the_right_to_read_what_it_quotes(page: Page, site: Site) -> None:
    accounts = Accounts(site.database)
    accounts.add("mover", PASSWORD, ["hr"])
    sign_in(page, site, "mover")
    _ask(page, "Which form requests parental leave?")
    _cite(page, "Parental leave process")
    expect(page.locator(".answer").first).to_contain_text("PL-3")
    accounts.change("mover", groups=[])
    page.get_by_role("button", name="Close").click()
    for _ in range(2):
        expect(page.locator(".withheld")).to_contain_text("documents that you may not read any more")
        expect(page.get_by_text("PL-3")).to_have_count(0)
        expect(page.get_by_text("Parental leave process")).to_have_count(0)
        expect(page.locator(".sourcetitle")).to_have_count(0)
        page.reload()


def test_a_mark_in_the_answer_opens_its_source(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    expect(page.locator(".chips .why")).not_to_be_empty()
    page.locator(".answer sup.cite a").first.click()
    expect(page.locator(".sourcetitle")).to_contain_text("Leave policy")
    expect(page.locator(".passage mark")).to_contain_text("30 days of annual leave")
    assert "cite=" not in page.url


def test_a_mark_leaves_what_is_typed_and_is_a_link_all_the_same(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, "How many days of annual leave does every employee have? When is a doctor's certificate needed?")
    chip = page.locator("[class*=st-key-cite_] button").first.inner_text()
    numbers = chip.partition(" · ")[0].split(", ")
    marks = page.locator(".answer sup.cite a")
    assert len(numbers) == 1 or marks.count() > 1
    box = page.get_by_placeholder("Ask about your documents")
    box.fill("And in Porto?")
    for number in range(marks.count()):
        text = marks.nth(number).inner_text()
        marks.nth(number).click()
        expect(page.locator(".sourcetitle sup")).to_have_text(text)
        expect(box).to_have_value("And in Porto?")
    expect(page.locator("[class*=st-key-mark_] button:visible")).to_have_count(0)
    page.goto(site.address + str(marks.first.get_attribute("href")))  # as a window of its own opens it
    expect(page.locator(".sourcetitle sup")).to_have_text(marks.first.inner_text())


def test_a_mark_keeps_what_the_questions_are_narrowed_to(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    panel = page.locator(".st-key-narrow button").first
    panel.click()
    kinds = page.locator(".st-key-narrow_types input")
    kinds.fill("text")
    kinds.press("Enter")
    kinds.press("Escape")
    expect(panel).to_contain_text("Search is narrowed")
    page.keyboard.press("Escape")
    _ask(page, LEAVE)
    page.locator(".answer sup.cite a").first.click()
    expect(page.locator(".sourcetitle")).to_contain_text("Leave policy")
    expect(panel).to_contain_text("Search is narrowed")


def test_among_many_documents_one_says_first_what_to_look_for(page: Page, site: Site) -> None:
    with site.database.write() as connection:
        (one,) = connection.execute(select(documents).where(documents.c.path == "everyone/leave-policy.md")).all()
        many = [one._asdict() | {"id": f"many{n}", "path": f"everyone/many/{n}.md"} for n in range(MOST)]
        connection.execute(insert(documents), many)
    try:
        sign_in(page, site, "ada")
        page.locator(".st-key-narrow button").first.click()
        page.locator(".st-key-narrow_find input").fill("many/299")
        page.locator(".st-key-narrow_find input").press("Enter")
        page.locator(".st-key-narrow_documents input").click()
        expect(page.locator("[role=option]")).to_have_text(["everyone/many/299.md"])
        page.goto(f"{site.address}/documents")
        expect(page.locator("table.documents tbody tr")).to_have_count(50)
        expect(page.locator(".st-key-documents_pages")).to_contain_text("1 to 50 of 30")
    finally:
        with site.database.write() as connection:
            connection.execute(delete(documents).where(documents.c.id.like("many%")))


def test_an_answer_of_an_earlier_version_says_so(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    expect(page.locator(".earlier")).to_have_count(0)
    with site.database.write() as connection:  # as when a newer version has been indexed
        current = connection.execute(
            select(documents.c.revision_id).where(documents.c.path == "everyone/leave-policy.md")
        ).scalar_one()
        change = update(documents).where(documents.c.path == "everyone/leave-policy.md")
        connection.execute(change.values(revision_id="newer"))
    try:
        page.reload()
        expect(page.locator(".earlier")).to_contain_text("earlier version")
    finally:
        with site.database.write() as connection:
            connection.execute(change.values(revision_id=current))


def test_a_completed_follow_up_shows_what_was_searched_for(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("ada", "Leave")
    conversations.add("ada", chat.id, "user", "And part-time?")
    searched = "How much leave do part-time employees <b>have</b>?"
    conversations.add("ada", chat.id, "assistant", "Their share.", {"answer": "Their share.", "searched": searched})
    sign_in(page, site, "ada")
    page.goto(f"{site.address}/?chat={chat.id}")
    expect(page.locator(".searched summary")).to_be_visible()
    expect(page.locator(".searched p")).to_be_hidden()
    page.click(".searched summary")
    expect(page.locator(".searched p")).to_be_visible()
    expect(page.locator(".searched p")).to_have_text(searched)  # as it is: no markup


def test_questions_are_narrowed_in_the_panel(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    panel = page.locator(".st-key-narrow button").first
    expect(panel).to_contain_text("All documents")
    _ask(page, LEAVE)
    expect(page.locator("[class*=st-key-cite_] button", has_text="Leave policy").first).to_be_visible()
    panel.click()
    kinds = page.locator(".st-key-narrow_types input")
    kinds.fill("pdf")
    kinds.press("Enter")
    kinds.press("Escape")
    expect(panel).to_contain_text("Search is narrowed")
    page.keyboard.press("Escape")
    _ask(page, LEAVE)
    expect(page.locator(".stChatMessage").last).not_to_contain_text("Leave policy")
    page.get_by_role("link", name="Documents").click()
    expect(page.locator(".pagehead h1")).to_have_text("Documents")
    page.get_by_role("link", name="Ask").click()
    expect(panel).to_contain_text("Search is narrowed")
    expect(page.locator(".answer").first).to_contain_text("30 days of annual leave")  # the conversation that was open
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".welcome")).to_be_visible()
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("link", name="Ask").click()
    expect(page.locator(".welcome")).to_be_visible()


def test_a_refusal_is_clear(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, "Who won the football world cup in 1998?")
    expect(page.locator(".answer.refused")).to_be_visible()
    expect(page.locator(".citehead")).to_have_text("Nearest passages")


def test_sources_of_the_same_title_are_told_apart(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("ada", "Leave")
    asked = conversations.add("ada", chat.id, "user", "How many days?")
    kept = [site.revision(f"everyone/{name}") for name in ("leave-policy.md", "zephyr.txt", "pension.pdf")]
    called = [("Leave", "lyon/leave.md"), ("Leave", "porto/leave.md"), ("Travel", "everyone/travel.md")]
    cited = [
        {"n": n, "title": title, "path": path, "revision": revision}
        for n, ((title, path), revision) in enumerate(zip(called, kept, strict=True), 1)
    ]
    answer = {"answer": "27 or 24 days [1] [2] [3].", "citations": cited, "refused": True}
    conversations.add("ada", chat.id, "assistant", "27 or 24 days.", answer, to=asked.id)
    sign_in(page, site, "ada", f"/?chat={chat.id}")
    chips = page.locator("[class*=st-key-cite_] button")
    expect(chips).to_have_text(["1 · Leave (lyon)", "2 · Leave (porto)", "3 · Travel"])


def test_on_a_narrow_screen_the_list_gives_way_and_sources_are_named_whole(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("ada", "Narrow")
    asked = conversations.add("ada", chat.id, "user", "How many days?")
    cited = {
        "n": 1,
        "title": "A policy with a name that is longer than the screen is wide",
        "path": "everyone/leave.md",
        "revision": site.revision("everyone/leave-policy.md"),
        "section": "The section at its end",
    }
    answer = {"answer": "30 days [1].", "citations": [cited], "refused": True}
    conversations.add("ada", chat.id, "assistant", "30 days.", answer, to=asked.id)
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(page, site, "ada")
    expect(page.locator(".welcome")).to_be_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.locator(f".st-key-open_{chat.id} button").click()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()  # it has closed
    source = page.locator("[class*=st-key-cite_] button")
    expect(source).to_contain_text("The section at its end")
    place = source.bounding_box()
    assert place is not None and place["width"] < 390 and place["height"] > 45, "two lines, and none of them cut"


def test_an_answer_is_shown_from_its_question_on_until_somebody_moves_the_page(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 380})
    sign_in(page, site, "ada")
    for question in (LEAVE, PENSION):
        _ask(page, question)
        expect(page.locator("[class*=st-key-cites_]").last).not_to_be_in_viewport()
        page.wait_for_timeout(1000)  # in which Streamlit by itself goes to the end
        expect(page.locator(".question").last).to_be_in_viewport(ratio=1)
    page.mouse.move(195, 250)
    page.mouse.wheel(0, 9000)
    expect(page.locator(".question").last).not_to_be_in_viewport()
    page.evaluate("document.body.append(document.createElement('p'))")
    page.wait_for_timeout(500)
    expect(page.locator(".question").last).not_to_be_in_viewport()


def test_thumbs_are_kept(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    chat = page.url.split("chat=")[1]
    page.locator("[data-testid=stFeedback] button").nth(1).click()
    page.get_by_label("What was wrong?").fill("Too short")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    message = Conversations(site.database).messages("ada", chat)[-1]
    assert (message.rating, message.comment) == (-1, "Too short")
    page.locator("[data-testid=stFeedback] button").nth(0).click()
    expect(page.get_by_label("What was wrong?")).to_have_count(0)
    assert Conversations(site.database).messages("ada", chat)[-1].rating == 1


def test_conversations_can_be_renamed_and_deleted(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("hugo", "An old question")
    conversations.add("hugo", chat.id, "user", "An old question")
    sign_in(page, site, "hugo", f"/?chat={chat.id}")
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    page.locator(f".st-key-row_now_{chat.id}").get_by_role("button", name="Change this conversation").click()
    page.get_by_label("Name").fill("A better name")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(f".st-key-open_{chat.id}")).to_contain_text("A better name")
    expect(page.get_by_label("Name")).to_be_hidden()  # the menu is closed
    page.locator(f".st-key-row_now_{chat.id}").get_by_role("button", name="Change this conversation").click()
    expect(page.get_by_label("Name")).to_have_value("A better name")
    expect(page.get_by_role("button", name="Delete for good")).to_be_hidden()
    page.get_by_text("Delete conversation").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".welcome")).to_be_visible()
    assert chat.id not in [item.id for item in conversations.all("hugo")]


def test_older_conversations_are_a_click_away(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    started = [conversations.start("root", f"Question {number}") for number in range(CHATS + 2)]
    try:
        sign_in(page, site, "root")
        rows = page.locator("[class*=st-key-open_] button")
        expect(rows).to_have_count(CHATS)
        page.get_by_role("button", name="Show older").click()
        expect(page.locator(f".st-key-open_{started[0].id}")).to_be_visible()
        expect(page.get_by_role("button", name="Show older")).to_have_count(0)
    finally:
        for one in started:
            conversations.remove("root", one.id)


def test_nobody_sees_the_conversations_of_others(page: Page, site: Site) -> None:
    chat = Conversations(site.database).start("ada", "A private question of ada")
    sign_in(page, site, "hugo", f"/?chat={chat.id}")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.get_by_text("A private question of ada")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("chat="))


def test_questions_that_cannot_be_asked_get_a_clear_reply(page: Page, site: Site) -> None:
    sign_in(page, site, "hugo")
    box = page.get_by_placeholder("Ask about your documents")
    box.fill("x" * 100_000)
    box.press("Enter")
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("The question has 100,000 characters")
    assert "chat=" not in page.url
    box.fill("  ")
    box.press("Enter")
    expect(page.locator("[data-testid=stAlert]", has_text="The question is empty")).to_be_visible()  # the other goes
    expect(page.locator(".question")).to_have_count(0)
    _ask(page, LEAVE)  # and it goes on


def test_the_documents_page_shows_what_one_may_read(page: Page, site: Site) -> None:
    sign_in(page, site, "ada", "/documents")
    table = page.locator("table.documents")
    expect(table).to_contain_text("engineering/on-call.md")
    expect(table).to_contain_text("everyone/pension.pdf")
    expect(table).not_to_contain_text("parental")
    expect(table).not_to_contain_text("stray")
    expect(page.locator(".pagehead")).to_contain_text("The last one was indexed on")
    picture = table.get_by_role("link", name="PDF").locator("img")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    page.get_by_placeholder("Search titles and paths").fill("pension")
    page.keyboard.press("Enter")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table.locator(".noticed")).to_have_text("Noticed when it was read: hidden text on page 2.")
    with page.expect_download() as download:
        table.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "pension.pdf"


def test_the_administration_is_closed_to_others(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.goto(site.address + "/administration")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.locator(".numbers")).to_have_count(0)


def test_the_administrator_sees_files_and_people(page: Page, site: Site) -> None:
    sign_in(page, site, "root", "/administration")
    expect(page.locator(".numbers")).to_contain_text("Read by nobody")
    expect(page.locator(".reasons")).to_contain_text("everyone/broken.pdf")
    expect(page.locator(".reasons")).to_contain_text("Open the file in its own program")
    expect(page.locator(".servers")).to_contain_text("tiny, context of 8,192 tokens")
    page.screenshot(path=str(ARTIFACTS / "administration.png"))
    page.get_by_role("tab", name="People").click()
    page.get_by_label("User name").fill("greta")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("greta can sign in with the password")).to_be_visible()
    expect(page.get_by_role("tabpanel").get_by_test_id("stDataFrame")).to_contain_text("administrator")
    page.get_by_role("tab", name="Audit trail").click()
    expect(page.get_by_text(re.compile(r"^\d+ events$"))).to_be_visible()
    page.get_by_role("tab", name="Files").click()
    page.get_by_role("button", name=re.compile(r"Retry all failed \(1\)")).click()
    expect(page.get_by_role("button", name=re.compile(r"Retry all failed \(0\)"))).to_be_disabled()
    catalog = Catalog(site.database)
    [broken] = catalog.ids_at("everyone/broken.pdf")
    catalog.fail(broken, "corrupt", "It is damaged.", None)
    page.reload()
    _tick_the_only(page, "broken.pdf")
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("It is damaged.")
    page.get_by_role("button", name="Retry selected (1)", exact=True).click()
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("waiting")
    expect(page.get_by_role("button", name="Retry selected (0)", exact=True)).to_be_disabled()


def test_the_administrator_is_told_of_a_prompt_that_would_stop_the_next_start(page: Page, site: Site) -> None:
    file = site.data / "prompts" / "answer.md"
    file.parent.mkdir()
    file.write_text(" ")
    try:
        sign_in(page, site, "root", "/administration")
        expect(page.get_by_text("answer.md is empty")).to_contain_text("Answers go on with the prompts of the last")
        file.write_text("Answer like a pirate.")
        page.reload()
        expect(page.get_by_text("are others than those in use")).to_be_visible()
    finally:
        shutil.rmtree(file.parent)


def test_the_administrator_is_told_of_a_wrong_line_among_the_synonyms(page: Page, site: Site) -> None:
    file = site.data / "synonyms.txt"
    file.write_text("locker, box\nchest\n")
    try:
        sign_in(page, site, "root", "/administration")
        expect(page.get_by_text("line 2: it has one word only")).to_contain_text("the table from before is used")
    finally:
        file.unlink()


def test_on_a_narrow_screen_the_administrator_sees_state_and_groups(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    accounts = Accounts(site.database)
    accounts.add("lea", PASSWORD, ["engineering", "finance", "hr"])
    accounts.change("lea", disabled=True)
    sign_in(page, site, "root", "/administration")
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("indexed")  # it holds the columns in sight
    page.get_by_role("tab", name="People").click()
    people = page.get_by_role("tabpanel").get_by_test_id("stDataFrame")
    expect(people).to_contain_text("may not sign in")
    expect(people).to_contain_text("engineering, finance, hr")
    page.screenshot(path=str(ARTIFACTS / "people-narrow.png"))


def _tick_the_only(page: Page, name: str) -> None:
    """Select the one file whose path contains this."""
    page.get_by_label("Path or title contains").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 file", exact=True)).to_be_visible()
    place = page.get_by_test_id("stDataFrame").first.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 15, place["y"] + 52)  # the box before the first row, which stays ticked


def test_the_administrator_ignores_a_selected_file_and_reads_it_again(page: Page, site: Site) -> None:
    sign_in(page, site, "root", "/administration")
    _tick_the_only(page, "menu.md")
    for button, state in (("Ignore (1)", "ignored"), ("Unignore (1)", "waiting")):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_test_id("stDataFrame").first).to_contain_text(state)


def test_the_administrator_erases_a_selected_file(page: Page, site: Site) -> None:
    sign_in(page, site, "root", "/administration")
    _tick_the_only(page, "outdated.md")
    page.get_by_role("button", name="Erase (1)").click()
    page.get_by_role("button", name="Erase with every trace").click()
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("forgotten")
    expect(page.get_by_text("for good")).to_be_hidden()  # the menu is closed


def test_a_server_that_is_gone_is_said_in_our_words_and_the_page_goes_on_with_it(page: Page, site: Site) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**", pass_on)
    sign_in(page, site, "ada")
    expect(page.locator(".welcome")).to_be_visible()
    page.route("**/_stcore/**", lambda route: route.abort())
    sockets[-1].close()
    told = page.get_by_role("dialog").locator("h2 + div > div")
    expect(told).to_have_css("font-size", "0px")
    after = told.evaluate("element => getComputedStyle(element, '::after').content")
    assert "Premise does not answer at the moment" in after
    page.unroute("**/_stcore/**")
    expect(page.get_by_role("dialog")).to_have_count(0)
    _ask(page, LEAVE)


def test_an_error_of_ours_is_told_in_our_words(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("ada", "Broken")
    asked = conversations.add("ada", chat.id, "user", "How many days?")
    damaged = {"answer": "30 days [1].", "citations": [{"n": 1, "revision": site.revision("everyone/zephyr.txt")}]}
    conversations.add("ada", chat.id, "assistant", "30 days.", damaged, to=asked.id)
    sign_in(page, site, "ada", f"/?chat={chat.id}")
    told = page.locator(".stException").get_by_role("alert")
    expect(told).to_be_visible()
    after = told.evaluate("element => getComputedStyle(element, '::after').content")
    assert "Something went wrong inside Premise" in after
    assert told.evaluate(
        "element => [...element.querySelectorAll('*')].every(e => getComputedStyle(e).fontSize == '0px')"
    )
    conversations.remove("ada", chat.id)


def test_a_disabled_person_is_out_at_the_next_click(page: Page, site: Site) -> None:
    accounts = Accounts(site.database)
    accounts.add("leaver", PASSWORD, [])
    sign_in(page, site, "leaver")
    expect(page.locator(".welcome")).to_be_visible()
    chat = Conversations(site.database).start("leaver", "A question before the end")
    page.goto(f"{site.address}/?chat={chat.id}")
    expect(page.locator(f".st-key-row_now_{chat.id}")).to_be_visible()
    accounts.change("leaver", disabled=True)
    page.get_by_role("button", name="Change this conversation").click()
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_role("link", name="Sign in again").click()
    expect(page.locator("#password")).to_be_visible()
    accounts.change("leaver", disabled=False)
    page.fill("#name", "leaver")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page).to_have_url(re.compile(f"chat={chat.id}"))  # and is back where it ended


def test_untrusted_text_becomes_neither_picture_nor_link(page: Page, site: Site) -> None:
    """Of a language model, in a kept answer with all its parts; the `page` fixture sees every request."""
    chat = site.keep_nasty_answer("ada")
    sign_in(page, site, "ada", f"/?chat={chat}")
    expect(page.locator(".answer")).to_contain_text("![](http://evil.example/x.png) <img src=")
    _harmless(page)
    page.locator("[class*=st-key-cite_] button").click()
    expect(page.locator(".passage mark")).to_contain_text("The Zephyr budget is 4711 euro.")
    expect(page.locator(".passage .around").last).to_contain_text("<script>alert(2)</script>")
    _harmless(page)
    page.screenshot(path=str(ARTIFACTS / "untrusted.png"))


def test_untrusted_text_of_documents_is_quoted_as_it_is(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, "What is the Zephyr budget in euro?")
    expect(page.locator(".answer").first).to_contain_text("4711")
    _harmless(page)
    page.goto(site.address + "/documents")
    expect(page.locator("table.documents")).to_contain_text("zephyr")
    _harmless(page)


def _harmless(page: Page) -> None:
    """No picture, link, formula, symbol or script that the text asked for."""
    page.wait_for_timeout(500)
    links = page.locator("a[href]").evaluate_all("found => found.map(item => item.href)")
    assert [link for link in links if "evil" in link or "javascript" in link] == []
    pictures = page.locator("img").evaluate_all("found => found.map(item => item.src)")
    assert [picture for picture in pictures if "evil" in picture] == []
    assert page.locator(".katex, .answer [style*=color], iframe").count() == 0
    assert page.get_by_text("😄").count() == 0


def test_stopping_an_answer_ends_it_at_the_model(page: Page, site: Site) -> None:
    site.model.status, site.model.pause = 200, 0.05
    site.model.says(
        " ".join(f"Rule {number}: every employee has 30 days of annual leave [1]." for number in range(200))
    )
    site.model.hung_up.clear()
    sign_in(page, site, "ada")
    box = page.get_by_placeholder("Ask about your documents")
    box.fill(LEAVE)
    box.press("Enter")
    expect(page.locator(".growing")).to_contain_text("30 days")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("You stopped this answer.")).to_be_visible()
    assert site.model.hung_up.wait(30)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    site.model.pause = 0.0
    site.model.says("Every employee has 30 days of annual leave [1].")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".chips")).to_contain_text("Written by the language model")
    made = page.locator(".chip", has_text="Written by").get_attribute("title")
    assert made is not None and "Model tiny, prompts " in made


def _let_an_answer_grow(page: Page, site: Site) -> None:
    """After an answer with a source, a second one that takes its time."""
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    site.model.status, site.model.pause, site.model.as_json = 200, 0.1, "{}"
    site.model.says(" ".join(["The company pays 6 percent into the pension fund [1]."] * 20))
    box = page.get_by_placeholder("Ask about your documents")
    box.fill(PENSION)
    box.press("Enter")
    expect(page.locator(".growing")).to_contain_text("6 percent")


def test_a_source_opens_beside_an_answer_that_grows(page: Page, site: Site) -> None:
    _let_an_answer_grow(page, site)
    asked = len(site.model.requests)
    page.locator(".answer sup.cite a").first.click()
    expect(page.locator(".passage mark")).to_contain_text("30 days of annual leave")
    expect(page.locator(".growing")).to_have_count(1)  # nothing of the page without the source is left
    grown = page.locator(".growing").inner_text()
    assert "6 percent" in grown
    expect(page.locator(".growing")).not_to_have_text(grown)  # it goes on
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".passage")).to_have_count(0)
    expect(page.locator(".growing")).to_contain_text("6 percent")
    page.locator("[class*=st-key-cite_] button", has_text="Leave policy").first.click()
    expect(page.locator(".passage")).to_be_visible()
    page.reload()
    expect(page.locator(".growing")).to_contain_text("6 percent")
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("table.documents")).to_be_visible()
    page.get_by_role("link", name="Ask").click()
    expect(page.locator(".growing")).to_have_count(0)
    expect(page.locator(".answer")).to_have_count(2)
    expect(page.locator(".chips").last).to_contain_text("Written by the language model")
    assert len(site.model.requests) == asked, "it was one answer all the time"


def test_stop_stops_an_answer_beside_which_a_source_was_opened(page: Page, site: Site) -> None:
    _let_an_answer_grow(page, site)
    site.model.hung_up.clear()
    page.locator(".answer sup.cite a").first.click()
    expect(page.locator(".passage")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("You stopped this answer.")).to_be_visible()
    assert site.model.hung_up.wait(30)
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    expect(page.locator(".growing")).to_have_count(0)


def test_who_waits_sees_how_many_are_ahead_and_closing_the_page_leaves_the_queue(page: Page, site: Site) -> None:
    site.model.status, site.model.pause = 200, 0.05
    site.model.says(
        " ".join(f"Rule {number}: every employee has 30 days of annual leave [1]." for number in range(200))
    )
    question = {"question": LEAVE}
    with site.client("hugo").stream("POST", "/api/v1/ask", json=question) as first:
        coming = first.iter_lines()  # kept: without it the connection is closed
        assert "event: delta" in coming
        with site.client("hugo").stream("POST", "/api/v1/ask", json=question) as second:
            waits = second.iter_lines()
            assert "event: waiting" in waits
            sign_in(page, site, "ada")
            box = page.get_by_placeholder("Ask about your documents")
            box.fill(LEAVE)
            box.press("Enter")
            expect(page.locator(".working")).to_contain_text("busy; yours is the next")  # hugo has one under way
            waiting = 'premise_language_model_questions{model="first",state="waiting"}'
            assert f"{waiting} 2.0" in site.client().get("/metrics").text
            page.goto("about:blank")
            for _ in range(200):  # it may be loaded anew, for some seconds
                if f"{waiting} 1.0" in site.client().get("/metrics").text:
                    break
                page.wait_for_timeout(100)
            else:
                raise AssertionError("the question of whoever left still waits")


def test_two_windows_that_ask_in_one_conversation_are_answered_one_after_the_other(page: Page, site: Site) -> None:
    conversations = Conversations(site.database)
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    chat = page.url.partition("chat=")[2]
    other = page.context.new_page()
    other.set_default_timeout(30_000)
    other.goto(page.url)
    expect(other.locator(".answer")).to_have_count(1)
    site.model.status, site.model.pause, site.model.as_json = 200, 0.5, "{}"
    site.model.says("The company pays 6 percent into the pension fund [1].")
    for window, question in ((page, PENSION), (other, "Who pays into the pension fund?")):
        box = window.get_by_placeholder("Ask about your documents")
        box.fill(question)
        box.press("Enter")
        expect(window.locator(".question").last).to_have_text(question)
    expect(other.locator(".working").last).to_have_text(NEXT)
    expect(other.locator(".growing").first).to_contain_text("6 percent")  # the other's, in its place
    third = page.context.new_page()
    third.goto(page.url)
    for window in (page, other, third):
        expect(window.locator(".growing, .working")).to_have_count(0)
    for window in (other, third):
        expect(window.locator(".answer")).to_have_count(3)
    page.reload()
    expect(page.locator(".answer")).to_have_count(3)
    kept = conversations.messages("ada", chat)
    assert [message.role for message in kept] == ["user", "assistant"] * 3
    assert [message.content for message in kept[::2]] == [LEAVE, PENSION, "Who pays into the pension fund?"]
    told = [message["content"] for message in site.model.requests[-1]["messages"] if message["role"] == "assistant"]
    assert "6 percent" in told[-1], "the second knows what the first was answered"


def test_a_conversation_that_another_window_deleted_leads_to_a_new_one(page: Page, site: Site) -> None:
    sign_in(page, site, "ada")
    _ask(page, LEAVE)
    chat = page.url.partition("chat=")[2]
    site.model.status, site.model.pause, site.model.as_json = 200, 0.5, "{}"
    site.model.says("The company pays 6 percent into the pension fund [1].")
    box = page.get_by_placeholder("Ask about your documents")
    box.fill(PENSION)
    box.press("Enter")
    expect(page.locator(".growing")).to_be_visible()
    Conversations(site.database).remove("ada", chat)
    expect(page.locator(".welcome")).to_be_visible()
    assert "chat=" not in page.url
