"""Untrusted text never becomes markup."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser

import pytest

from app.web.safe import TITLES, UNCONFIRMED, UNSUPPORTED, answer_html, label, plain, text_html

OURS = {
    "p": set(),
    "br": set(),
    "strong": set(),
    "code": set(),
    "pre": {"class"},
    "ul": {"dir"},
    "ol": {"dir", "start"},
    "li": {"class"},
    "table": set(),
    "thead": set(),
    "tbody": set(),
    "tr": set(),
    "th": set(),
    "td": set(),
    "sup": {"class", "title"},
    "a": {"href", "target", "aria-label"},
    "span": {"class", "title"},
}
PIECES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![a](http://e.example/x.png)",
    "[a](javascript:x)",
    "[1]",
    "[99]",
    "[2?]",
    "[99?]",
    "**bold**",
    "**",
    "`code`",
    "```",
    "~~~",
    "| a | b |",
    "| --- | --- |",
    "- item",
    "1. item",
    "# head",
    "\n",
    "\n\n",
    "&lt;",
    "&#106;",
    '"',
    "'",
    "<",
    ">",
    "$$\\href{x}{y}$$",
    ":red[x]",
    ":smile:",
    "\ue000",
    "\ue001",
    "\x00",
    "\u202e",
    "\u2028",
    "</span>",
    "<b",
    "<!--",
    "]]>",
    "text",
    "词语",
    "\ud800",
    "<a href='http://e.example'>",
]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def _parsed(made: str) -> _Tags:
    parser = _Tags()
    parser.feed(made)
    parser.close()
    return parser


@pytest.mark.parametrize("seed", range(300))
def test_only_our_own_tags_come_out_whatever_goes_in(seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311
    text = "".join(chosen.choice(PIECES) for _ in range(chosen.randint(1, 25)))
    marked = [chosen.choice(PIECES) for _ in range(2)]
    sentences = [(text, chosen.choice(["", UNSUPPORTED, UNCONFIRMED])) for text in marked]
    for link in (None, "/?cite="):
        made = answer_html(text, sentences=sentences, known=frozenset({1, 2}), link=link)
        for tag, attributes in _parsed(made).found:
            assert tag in OURS and set(attributes) <= OURS[tag], (text, tag, attributes)
            assert attributes.get("class") in (None, "cite", "cite loose", "unsupported", "unconfirmed", "step")


def test_text_shows_as_itself() -> None:
    nasty = "<img src=x> &amp; [a](b) **x** $1 :smile:"
    assert _parsed(text_html(nasty)).text == nasty
    assert _parsed(text_html("a\nb")).found == [("br", {})]


def test_the_markdown_that_answers_may_have() -> None:
    made = answer_html(
        "Two days [1]. Not [7].\n\n- **one** [2]\n- two\n\n| a | b |\n| --- | --- |\n| 1 | <x> |",
        known=frozenset({1, 2}),
    )
    assert '<p>Two days <sup class="cite">1</sup>. Not [7].</p>' in made
    assert '<ul dir="auto"><li><strong>one</strong> <sup class="cite">2</sup></li><li>two</li></ul>' in made
    assert "<td>&lt;x&gt;</td>" in made


def test_a_bar_behind_a_backslash_stays_in_its_cell() -> None:
    table = "a | b\n--- | ---\n| `x \\| y` | 9 |\n| 1 | one \\| two \\||"
    assert "<tr><td><code>x | y</code></td><td>9</td></tr><tr><td>1</td><td>one | two |</td></tr>" in answer_html(table)
    assert answer_html(table, sentences=[("`x \\| y` | 9", UNSUPPORTED)]).count('<td><span class="unsupported"') == 2


def test_numbered_lists_keep_their_numbers() -> None:
    assert answer_html("3. c\n4. d") == '<ol dir="auto" start="3"><li>c</li><li>d</li></ol>'
    assert answer_html("- c\n- 4. d") == '<ul dir="auto"><li>c</li><li class="step">4. d</li></ul>'


def test_marks_of_places_that_do_not_confirm_are_told_from_the_others() -> None:
    plain = answer_html("So [1], and so [2?]. Not [3?].", known=frozenset({1, 2}))
    assert plain.endswith("Not [3?].</p>")
    assert '<sup class="cite">1</sup>' in plain
    assert f'<sup class="cite loose" title="{TITLES[UNCONFIRMED]}">2?</sup>' in plain
    linked = answer_html("So [1], and so [2?].", link="/?cite=a.")
    assert '<sup class="cite"><a href="/?cite=a.1" target="_self" aria-label="Source 1">1</a></sup>' in linked
    assert 'href="/?cite=a.2" target="_self" aria-label="Source 2, not confirmed">2?</a></sup>' in linked


def test_unsupported_sentences_are_marked() -> None:
    made = answer_html("It rains. The sun shines [1].", sentences=[("It rains.", UNSUPPORTED)])
    assert '<span class="unsupported" title="This sentence was not found in the documents.">It rains.</span>' in made


def test_sentences_that_are_not_confirmed_are_marked_otherwise() -> None:
    text = "- It rains. It snows [1].\n- **It is** cold [2].\n\n| a | b |\n| --- | --- |\n| x | 9 [2] |\n\n"
    text += "```\nrun it\n```"
    near = [("It is cold", UNCONFIRMED), ("x | 9", UNCONFIRMED), ("run it", UNCONFIRMED)]
    made = answer_html(text, sentences=[("It rains.", UNSUPPORTED), ("It snows", ""), *near])
    title = f'title="{TITLES[UNCONFIRMED]}"'
    assert f'<li><span class="unconfirmed" {title}><strong>It is</strong> cold</span> <sup' in made
    assert made.count(f'<td><span class="unconfirmed" {title}>') == 2
    assert '<pre class="unconfirmed">run it</pre>' in made
    assert made.count('<span class="unsupported"') == 1 and "It snows <sup" in made


def test_the_sentence_is_marked_that_is_not_supported_not_one_that_has_its_words() -> None:
    free = ("It is free.", UNSUPPORTED)
    made = answer_html("For guests It is free. It is free.", sentences=[("For guests It is free.", ""), free])
    assert made.startswith("<p>For guests It is free. <span")
    twice = answer_html("It is free. Ask Ann. It is free.", sentences=[free, ("Ask Ann.", ""), free])
    assert twice.count('<span class="unsupported"') == 2
    ahead = answer_html("No. Ask Ann. Yes.", sentences=[("Yes.", ""), ("Ask Ann.", UNSUPPORTED)])
    assert ahead.count('<span class="unsupported"') == 1  # whatever stands before it is found too late


def test_what_is_unsupported_is_marked_in_bold_in_rows_and_in_code() -> None:
    made = answer_html(
        "1. **Mars:** 77 days [1]\n\n| a | b |\n| --- | --- |\n| x | 9 [1] |\n\n```\nrun it\n```",
        sentences=[("Mars: 77 days", UNSUPPORTED), ("x | 9", UNSUPPORTED), ("run it", UNSUPPORTED)],
    )
    assert '.">' + "<strong>Mars:</strong> 77 days</span>" in made
    assert made.count('<td><span class="unsupported"') == 2
    assert '<pre class="unsupported">run it</pre>' in made
    assert "\ue000" not in made


@pytest.mark.parametrize("nasty", ["![](x)", "[a](b)", "<b>", "$x$", ":red[x]", "**x**", "`x`", "a_b_c", "~~x~~"])
def test_labels_escape_everything_that_markdown_knows(nasty: str) -> None:
    assert not re.search(r"(?<!\\)[*_`\[\]()<>$~!]", label(nasty))


def test_labels_are_one_short_line_and_hide_nothing() -> None:
    assert label("a\n\nb   c") == "a b c"
    assert len(label("x" * 500, 50)) == 50
    assert plain("a\u202eb\x00c\u200bd") == "abcd"


def test_addresses_and_names_of_symbols_in_labels_are_broken() -> None:
    for text in ("www.evil.example", "https://evil.example", ":smile:", ":material/home:", "a@evil.example"):
        assert text not in label(text).replace("\\", "")


def test_the_only_links_are_citations_to_an_address_of_ours() -> None:
    text = '[1] [9] <sup class="cite">1</sup> [a](http://e.example) <a href="http://e.example">x</a>'
    made = answer_html(text, known=frozenset({1}), link="/?chat=a&cite=b.")
    assert made.count("<a ") == 1
    link = '<a href="/?chat=a&amp;cite=b.1" target="_self" aria-label="Source 1">1</a>'
    assert f'<sup class="cite">{link}</sup>' in made
    assert answer_html(text, known=frozenset({1})).count("<a ") == 0
