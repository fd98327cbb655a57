"""A conversation as a file: what stands in it, who gets it, and that it loads nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from served import NASTY, Site, sign_in

from app.ui import kept, wording
from app.web import saved
from app.web.safe import TITLES, UNCONFIRMED
from storage.audit import Audit, Event
from storage.conversations import Chat, Conversations, Message

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CHAT = Chat(id="c", title='Leave <b>&</b> "travel": 年假/2026', changed=AT)
TABLE = (
    "Both are as here [1]:\n\n| Site | Leave |\n| --- | --- |\n| Lyon | 27 days [2] |\n\n"
    "- one\n- two\n\n```\npremise up\n```"
)


def _message(role: str, content: str, **answer: Any) -> Message:
    whole = {"answer": content} | answer if role == "assistant" else None
    return Message(id=content[:9], role=role, content=content, answer=whole, rating=None, comment=None, created=AT)


def _cited(n: int, **more: Any) -> dict[str, Any]:
    return {"n": n, "revision": "r", "title": "Leave policy", "path": "hr/leave.md", "quote": f"Quote {n}."} | more


def _page(*messages: Message, withheld: frozenset[str] = frozenset(), earlier: frozenset[str] = frozenset()) -> str:
    return saved.page(CHAT, messages, person="mia", withheld=withheld, earlier=earlier)


def test_questions_answers_sources_and_quotes_stand_in_it() -> None:
    answer = _message(
        "assistant",
        TABLE,
        mode="written",
        confidence=0.75,
        reason="It is said twice.",
        notice="Cut.",
        citations=[_cited(1, pages=[3]), _cited(2)],
        sentences=[{"text": "Both are as here", "supported": False}],
    )
    text = _page(_message("user", "How <i>many</i>?"), answer, _message("user", "年假有多少天？"))
    assert 'class="cite loose"' not in text and wording.NOT_CONFIRMED not in text
    assert "<h2>How &lt;i&gt;many&lt;/i&gt;?</h2>" in text and "<h2>年假有多少天？</h2>" in text
    assert "<th>Site</th>" in text and '<td>27 days <sup class="cite">2</sup></td>' in text
    assert "<li>one</li>" in text and "<pre>premise up</pre>" in text
    assert 'class="unsupported"' in text and "Do not rely on them" in text
    sure = "Medium confidence: check the sources · It is said twice."
    assert f"1 Mar 2026, 12:30 UTC · Written by the language model · {sure}" in text
    assert '<sup>1</sup> Leave policy — p. 3<br><span class="quiet">hr/leave.md</span><blockquote>Quote 1.' in text
    assert '<p class="notice">Cut.</p>' in text
    assert text.count("There is no answer to this question yet.") == 1
    assert "earlier version" not in text
    assert "earlier version" in _page(answer, earlier=frozenset({"r"}))


def test_sentences_that_are_not_confirmed_are_told() -> None:
    said = [
        {"text": "One is here", "supported": True, "citations": [1]},
        {"text": "Two is there", "supported": False, "citations": [], "near": [2]},
    ]
    places: dict[str, Any] = {"citations": [_cited(1)], "near": [_cited(2)]}
    text = _page(_message("assistant", "One is here [1]. Two is there [2?].", sentences=said, **places))
    assert 'One is here <sup class="cite">1</sup>' in text and wording.NOT_CONFIRMED in text
    near = text.index(">Nearest places, not confirmed<")
    assert text.index(">Sources<") < text.index("Quote 1.") < near < text.index("Quote 2.")
    assert (
        f'<span class="unconfirmed" title="{TITLES[UNCONFIRMED]}">Two is there</span> <sup class="cite loose"' in text
    )


def test_what_is_withheld_on_the_page_is_withheld_in_the_file() -> None:
    answer = _message("assistant", "Thirty days.", citations=[_cited(1)])
    text = _page(_message("user", "How many?"), answer, withheld=frozenset({answer.id}))
    assert kept.WITHHELD in text and "Thirty days" not in text and "Quote 1" not in text


def test_untrusted_text_is_text_in_it() -> None:
    cited = _cited(1, title=NASTY, path=NASTY, quote=NASTY, section=NASTY)
    text = _page(_message("user", NASTY), _message("assistant", NASTY, notice=NASTY, citations=[cited]))
    assert re.findall(r"<(?:script|img|a|iframe|link)\b", text) == []
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('Leave <b>&</b> "travel": 年假/2026', "Leave b b travel 年假 2026.html"),
        ("../../etc/passwd", "etc passwd.html"),
        ("???", "Conversation.html"),
    ],
)
def test_the_file_has_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert saved.file_name(Chat(id="c", title=title, changed=AT)) == name


def test_only_whose_conversation_it_is_gets_it(site: Site) -> None:
    chat = Conversations(site.database).start("ada", "A private question of ada")
    address = f"/api/v1/conversations/{chat.id}"
    found = site.client("ada").get(address)
    assert found.status_code == 200 and "A private question of ada" in found.text
    assert found.headers["content-disposition"].startswith("attachment;")
    assert Audit(site.database).newest(1)[0].event is Event.SAVED
    assert site.client("hugo").get(address).status_code == 404
    assert site.client("root").get(address).status_code == 404  # an administrator is a person like any other
    assert site.client().get(address).status_code == 401
    operator = site.client()
    operator.headers["Authorization"] = f"Bearer {site.token}"
    assert operator.get(address).status_code == 403


@pytest.mark.browser
def test_a_conversation_is_saved_from_its_menu_and_opens_anywhere(page: Page, site: Site, tmp_path: Path) -> None:
    conversations = Conversations(site.database)
    chat = conversations.start("ada", "Wie viele Urlaubstage?")
    for turn in range(10):
        asked = conversations.add("ada", chat.id, "user", f"Question {turn}: 年假有多少天？")
        cited = _cited(1, revision=site.revision("everyone/leave-policy.md"))
        conversations.add(
            "ada", chat.id, "assistant", TABLE, {"answer": TABLE, "citations": [cited, cited | {"n": 2}]}, to=asked.id
        )
    sign_in(page, site, "ada", f"/?chat={chat.id}")
    page.locator(f".st-key-row_now_{chat.id}").get_by_role("button", name="Change this conversation").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    assert download.value.suggested_filename == "Wie viele Urlaubstage.html"
    file = tmp_path / "saved.html"
    download.value.save_as(file)
    opened = page.context.new_page()
    opened.set_viewport_size({"width": 390, "height": 800})
    opened.goto(file.as_uri())
    expect(opened.locator("h2")).to_have_count(10)
    expect(opened.locator("h2").last).to_have_text("Question 9: 年假有多少天？")
    expect(opened.locator("table")).to_have_count(10)
    expect(opened.locator(".sources li")).to_have_count(20)
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert opened.locator("h2").first.evaluate("found => getComputedStyle(found).borderRadius") == "8px"
