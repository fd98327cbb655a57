"""Markdown, HTML, plain text, source and delimited files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from ingest.parse.charset import decode
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import SUPPORTED, parse
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed


def parsed(folder: Path, name: str, content: str | bytes) -> Parsed:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return parse(path, suffix=path.suffix, limits=ParseLimits())


def kinds(found: Parsed) -> list[tuple[Kind, int, str]]:
    return [(element.kind, element.level, element.text) for element in found.elements]


MARKDOWN = """---
title: Travel policy
tags: [a, b]
---
# Travel

Book **trains** first, see [the list](https://example.com/x).

## Limits

| City | Night |
| --- | --- |
| Bern | 180 |
| Ulm | |

- one
  - nested
- two

```sh
rm <your-file>
  indented
```

Ask <your-manager> about `<b>` first.
"""


def test_markdown(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.md", MARKDOWN)
    assert found.title == "Travel policy"
    assert kinds(found) == [
        (Kind.HEADING, 1, "Travel"),
        (Kind.TEXT, 0, "Book trains first, see the list."),
        (Kind.HEADING, 2, "Limits"),
        (Kind.TABLE, 0, "City: Bern | Night: 180\nCity: Ulm"),
        (Kind.LIST, 0, "- one\n  - nested\n- two"),
        (Kind.CODE, 0, "rm <your-file>\n  indented"),
        (Kind.TEXT, 0, "Ask <your-manager> about <b> first."),
    ]


def test_table_rows_are_exact_spans(tmp_path: Path) -> None:
    table = parsed(tmp_path, "a.md", MARKDOWN).elements[3]
    assert table.header == ("City", "Night")
    assert [table.text[row.start : row.end] for row in table.rows] == ["City: Bern | Night: 180", "City: Ulm"]
    assert table.rows[1].cells == ("Ulm", "")


def test_markdown_rules_are_not_front_matter(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.md", "---\nnot yaml at all\n---\n\nText.\n")
    assert "not yaml at all" in found.elements[0].text


def test_html(tmp_path: Path) -> None:
    page = """<html><head><title>Prices</title><style>p{}</style></head><body><nav>Home</nav>
    <h1>Price <em>list</em></h1><p>All <b>net</b>.<br>Ask us.</p><script>alert(1)</script>
    <p hidden>secret</p>
    <table><thead><tr><th>Item</th><th>Price</th></tr></thead>
    <tr><td rowspan=2>Bolt</td><td>1</td></tr><tr><td>2\nEUR</td></tr></table>
    <ol start=3><li>three</li><li>four<ul><li>deep</li></ul></li></ol><pre>a\n  b</pre>
    <dl><dt>VAT</dt><dd>19%</dd></dl></body></html>"""
    found = parsed(tmp_path, "a.html", page)
    assert found.title == "Prices"
    assert kinds(found) == [
        (Kind.HEADING, 1, "Price list"),
        (Kind.TEXT, 0, "All net.\nAsk us."),
        (Kind.TABLE, 0, "Item: Bolt | Price: 1\nItem: Bolt | Price: 2 EUR"),
        (Kind.LIST, 0, "3. three\n4. four\n  - deep"),
        (Kind.CODE, 0, "a\n  b"),
        (Kind.TEXT, 0, "VAT: 19%"),
    ]


def test_deep_html_does_not_overflow(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.html", "<div>" * 1000 + "deep" + "</div>" * 1000)
    assert found.elements[0].text == "deep"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Größe und Maße der Türen. " * 5
    found = parsed(tmp_path, "a.txt", text.encode(encoding))
    assert found.elements[0].text == text.strip()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Name;Ort;Betrag\nMüller;Köln;1.234,50 €\nGrößer;Öhringen;99,00 €\n"),
        ("cp1252", "Nom;Ville\nHélène;Besançon\nZoë;Orléans\n"),
        ("cp1252", "Navn;By\nSøren;Århus\nÆrø;Færøerne\n"),
        ("cp1250", "Jméno;Město\nŽofie Dvořáková;Plzeň\nŠtěpán Říha;Děčín\n"),
        ("cp1254", "İsim;Şehir\nAyşe Yıldız;İzmir\nÇağrı;Eskişehir\n"),
        ("mac_roman", "Name;Ort\nMüller;Köln\nGrößer;Öhringen\nJäger;Düren\n"),
        ("cp850", "Name;Ort\nMüller;Köln\nGrößer;Öhringen\nJäger;Düren\n"),
        ("cp1251", "Имя;Город\nИван Петров;Москва\nОльга;Казань\n"),
        ("gb18030", "姓名,部门,工资\n张伟,财务部,12000\n李娜,人事部,11000\n"),
    ],
)
@pytest.mark.parametrize("times", [1, 40])
def test_short_and_long_files_in_old_encodings(encoding: str, text: str, times: int) -> None:
    assert decode((text * times).encode(encoding)) == text * times


def test_what_a_site_repeats_on_each_page_is_left_out(tmp_path: Path) -> None:
    found = parsed(
        tmp_path,
        "a.html",
        """<html><head><title>Parental leave</title><meta name="author" content="Ida Lund"></head><body>
        <div id="cookie-banner"><p>We use cookies.</p></div><div class="breadcrumbs">Home &gt; HR</div>
        <header><p>ACME intranet</p></header><aside><h3>Related</h3><ul><li>Sick leave</li></ul></aside>
        <article><header><h1>Parental leave</h1></header><p>Parents get 16 weeks.</p><aside>Mind the notice.</aside>
        <details><summary>Adoption?</summary><p>The same 16 weeks.</p></details><footer>Owner: HR</footer></article>
        <footer>Imprint</footer></body></html>""",
    )
    texts = [element.text for element in found.elements]
    assert texts == [
        "Parental leave",
        "Parents get 16 weeks.",
        "Mind the notice.",
        "Adoption?",
        "The same 16 weeks.",
        "Owner: HR",
    ]
    assert (found.title, found.author) == ("Parental leave", "Ida Lund")


def test_a_page_is_its_main_part_unless_that_is_next_to_nothing(tmp_path: Path) -> None:
    page = "<body><div>Top <b>story</b></div><main><h1>Rules</h1><p>Wear a helmet on the site.</p></main></body>"
    assert [element.text for element in parsed(tmp_path, "a.html", page).elements] == [
        "Rules",
        "Wear a helmet on the site.",
    ]
    app = f"<body><main>Loading</main><div>{'<p>Wear a helmet.</p>' * 9}</div></body>"
    assert len(parsed(tmp_path, "b.html", app).elements) == 10


# Pages as the programs that make them write them, cut to a line each: what has to stay says "keep".
SITES = {
    "WordPress": """<body class="single-post"><div id="menu"><ul><li><a href="/">Home</a></li></ul></div>
        <article><h1>keep Remote work</h1><p>keep Three days a week.</p><div class="sharedaddy sd-sharing-enabled">
        <h3>Share this:</h3><ul><li><a href="x">Click to share</a></li></ul></div><div class="jp-relatedposts">
        <h3>Related
        </h3><p>Travel news</p></div></article><div id="respond" class="comment-respond"><h3>Leave a reply</h3>
        </div>""",
    "MediaWiki": """<div id="content" role="main"><h1>keep Boiler</h1><div id="siteSub" class="noprint">From Wiki</div>
        <a class="mw-jump-link" href="#p">Jump to navigation</a><p>keep Checked every quarter.</p><h2><span>keep
        Steps</span>
        <span class="mw-editsection">[<a href="e">edit</a>]</span></h2><ol><li>keep Close valve A</li></ol>
        <table class="navbox"><tr><td>Other machines</td></tr></table></div>""",
    "SharePoint": """<div id="suiteBarTop">Newsfeed Sites</div><div id="s4-workspace"><h1>keep Travel</h1>
        <p>keep Hotels up to 120 EUR.</p></div>""",
    "SharePoint 2013": """<div id="contentRow"><div id="sideNavBox">Share<ul><li>Related</li></ul></div><div
        id="contentBox"><h1>keep Leave</h1><p>keep Seven weeks ahead.</p></div></div>""",
    "Confluence": """<ol id="breadcrumbs"><li class="first"><a href="i">Home</a></li></ol><h1>keep VPN
        </h1><div class="page-metadata">keep Created by <span class="author">Noor</span></div><div
        class="expand-container"><div class="expand-control"><span>Click here to expand...</span></div><div
        class="expand-content"><p>keep MTU is 1380.</p></div></div>""",
    "Sphinx": """<div role="main"><h1>keep Options<a class="headerlink" href="#o">¶</a></h1><p>keep Set <code>keep
        </code>.</p>
        </div>""",
    "Docusaurus": """<main><article><h1>keep Backup</h1><p>keep Every night.</p><div role="tabpanel" hidden>keep winget
        </div><footer class="theme-doc-footer"><a href="e">Edit this page</a></footer></article><div
        class="tableOfContents_x"><ul class="table-of-contents"><li><a href="#r">Restore</a></li></ul></div></main>""",
    "a newspaper": """<div class="c-header"><ul class="c-nav"><li><a href="/p">Politics</a></li></ul></div><div
        class="c-breadcrumb"><a href="/">Start</a> › <a href="/r">Region</a></div><article><h1>keep Works to close
        </h1><p>keep
        In May, the board said.</p><aside class="c-related"><h3>Read too</h3><a href="s">Rail strike</a></aside><aside
        class="infobox"><h3>keep Numbers</h3><p>keep Sales of 40 million</p></aside></article><div
        class="c-teaser-list">
        <h2>More</h2><a href="x"><h3>Strike</h3><p>At the airport</p></a></div><div class="c-footer"><a
        href="i">Imprint</a>
        </div>""",
    "a page of links": """<h1>keep Useful</h1><div class="content"><ul><li><a href="a">keep Fire drill</a></li><li><a
        href="b">keep First aid</a></li></ul></div><div class="menu"><p>keep Soup and bread on Monday</p></div>""",
}


@pytest.mark.parametrize("site", SITES)
def test_pages_as_sites_make_them(tmp_path: Path, site: str) -> None:
    found = " ".join(element.text for element in parsed(tmp_path, "a.html", f"<html>{SITES[site]}</html>").elements)
    assert found.count("keep") == SITES[site].count("keep")
    for gone in (*_WORDS_OF_SITES, "¶", "edit"):
        assert gone not in found


_WORDS_OF_SITES = (
    *("Home", "Share", "Click", "Related", "Travel news", "Leave a reply", "From Wiki", "Jump", "Other machines"),
    *("Newsfeed", "Edit this", "Restore", "Politics", "Start", "Read too", "Rail strike", "Strike", "Imprint"),
)


def test_a_page_says_who_wrote_it_and_when_in_json_ld(tmp_path: Path) -> None:
    said = """{"@graph": [{"@type": "WebPage"}, {"@type": "NewsArticle", "datePublished": "2024-05-01T08:00:00+02:00",
        "dateModified": "2024-05-02", "author": [{"name": "Eva Muster"}]}]}"""
    found = parsed(tmp_path, "a.html", f'<script type="application/ld+json">{said}</script><h1>Works to close</h1>')
    assert found.author == "Eva Muster"
    assert [str(moment)[:16] for moment in (found.created, found.modified)] == ["2024-05-01 06:00", "2024-05-02 00:00"]
    assert parsed(tmp_path, "b.html", '<script type="application/ld+json">{[</script><p>Closed.</p>').author is None


def test_a_page_of_confluence_says_who_wrote_it_and_when(tmp_path: Path) -> None:
    page = '<h1>VPN</h1><div class="page-metadata">Created by <span class="author"> Noor Ali</span>{}</div><p>443</p>'
    found = parsed(tmp_path, "a.html", page.format(", last modified by <span>Mia</span> on Mar 04, 2025"))
    assert (found.author, str(found.modified)[:10], found.created) == ("Noor Ali", "2025-03-04", None)
    assert str(parsed(tmp_path, "b.html", page.format(" on Feb 1, 2025")).created)[:10] == "2025-02-01"
    assert parsed(tmp_path, "c.html", page.format(", zuletzt am 4. März 2025")).modified is None


def test_a_page_saved_as_one_file(tmp_path: Path) -> None:
    page = "<title>Parking</title><nav>Home</nav><h1>Parking</h1><p>Garage B costs 5 =E2=82=AC.</p>"
    saved = f"""From: <Saved by Blink>
Date: Tue, 5 Mar 2024 10:00:00 -0000
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="b"

--b
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

{page.replace('"', "=22")}
--b
Content-Type: text/css

p {{ color: red; }}
--b--
"""
    found = parsed(tmp_path, "a.mht", saved)
    assert [element.text for element in found.elements] == ["Parking", "Garage B costs 5 €."]
    assert (found.title, str(found.modified)[:10]) == ("Parking", "2024-03-05")
    with pytest.raises(ParseFailure, match="no HTML in it"):
        parsed(tmp_path, "b.mht", "MIME-Version: 1.0\n\nNothing.")


def test_a_book(tmp_path: Path) -> None:
    chapters = {
        "one": "<h1>Pumps</h1><p>Open valve A.</p>",
        "two": "<h1>Boilers</h1><table><tr><th>Part</th><th>Months</th></tr><tr><td>Filter</td><td>6</td></tr></table>",
    }
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters)
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        container = '<rootfile full-path="OEBPS/a.opf" media-type="application/oebps-package+xml"/>'
        names = 'version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"'
        book.writestr("META-INF/container.xml", f"<container {names}><rootfiles>{container}</rootfiles></container>")
        said = "<dc:title>Plant manual</dc:title><dc:creator>Ida Lund</dc:creator><dc:date>2023-05-06</dc:date>"
        book.writestr(
            "OEBPS/a.opf",
            f"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
            xmlns:dc="http://purl.org/dc/elements/1.1/">{said}</metadata><manifest>{items}</manifest>
            <spine><itemref idref="one"/><itemref idref="two"/></spine></package>""",
        )
        for name, text in chapters.items():
            page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{text}</body></html>'
            book.writestr(f"OEBPS/{name}.xhtml", page)
    found = parse(tmp_path / "a.epub", suffix=".epub", limits=ParseLimits())
    assert [element.text for element in found.elements] == [
        "Pumps",
        "Open valve A.",
        "Boilers",
        "Part: Filter | Months: 6",
    ]
    assert (found.title, found.author, str(found.created)[:10]) == ("Plant manual", "Ida Lund", "2023-05-06")
    with zipfile.ZipFile(tmp_path / "a.epub", "a") as book:
        book.writestr("META-INF/rights.xml", "<rights/>")
    with pytest.raises(ParseFailure) as caught:
        parse(tmp_path / "a.epub", suffix=".epub", limits=ParseLimits())
    assert caught.value.code is Code.ENCRYPTED


def test_meanings_keep_their_code_tables_and_lists(tmp_path: Path) -> None:
    page = """<dl><dt>connect(host)</dt><dd><p>Opens a line.</p><dl><dt>host:</dt><dd>Its name.</dd></dl>
        <pre>connect("a")
close()</pre><table><tr><th>Code</th><th>Meaning</th></tr><tr><td>7</td><td>refused</td></tr></table></dd>
        <dt>close</dt><dd>Ends it.</dd></dl>"""
    assert [element.text for element in parsed(tmp_path, "a.html", page).elements] == [
        "connect(host): Opens a line.",
        "host: Its name.",
        'connect("a")\nclose()',
        "Code: 7 | Meaning: refused",
        "close: Ends it.",
    ]


def test_a_table_of_one_things_properties(tmp_path: Path) -> None:
    page = """<table><tr><th colspan="2">Boiler B7</th></tr><tr><th>Maker</th><td>Acme</td></tr>
        <tr><th>Fuel</th><td>gas</td></tr></table>"""
    found = parsed(tmp_path, "a.html", page).elements
    assert [element.text for element in found] == ["Boiler B7", "Maker | Acme\nFuel | gas"]


def test_a_table_with_names_stays_one_although_a_cell_holds_another(tmp_path: Path) -> None:
    found = parsed(
        tmp_path,
        "a.html",
        "<table><tr><th>Weeks</th><th>Pay</th></tr><tr><td>1-8</td><td>full<table><tr><td>in</td><td>cash</td></tr>"
        "</table></td></tr></table>",
    )
    assert [element.text for element in found.elements] == ["Weeks: 1-8 | Pay: full", "in | cash"]


def test_footnotes_of_pages_and_markdown_stand_at_their_place(tmp_path: Path) -> None:
    page = (
        '<p>Leave is 30 days.<sup><a href="#fn1">1</a></sup></p><p>Sick notes on day 4.</p>'
        '<ol><li id="fn1">After probation. <a href="#r1">↩</a></li></ol>'
    )
    source = "Leave is 30 days.[^1]\n\nSick notes on day 4.\n\n[^1]: Probation.\n"
    assert [element.text for element in parsed(tmp_path, "a.html", page).elements] == [
        "Leave is 30 days.[1]",
        "[1] After probation.",
        "Sick notes on day 4.",
    ]
    assert [element.text for element in parsed(tmp_path, "a.md", source).elements] == [
        "Leave is 30 days.[1]",
        "[1] Probation.",
        "Sick notes on day 4.",
    ]


def test_paragraphs_and_invisible_characters(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.txt", "one\r\ntwo\r\n\r\n  Cafe\u0301\u200b\u202e  x\x07\n")
    assert [element.text for element in found.elements] == ["one\ntwo", "Café x"]


def test_source_keeps_its_lines(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.py", "import os\n\n\ndef f():\n    x = 1\n\n    return x\n")
    assert kinds(found) == [(Kind.CODE, 0, "import os"), (Kind.CODE, 0, "def f():\n    x = 1\n\n    return x")]


def test_rst_headings(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.rst", "Guide\n=====\n\nHello.\n\nSetup\n-----\nRun it.\n")
    assert [(e.kind, e.level) for e in found.elements] == [
        (Kind.HEADING, 1),
        (Kind.TEXT, 0),
        (Kind.HEADING, 2),
        (Kind.TEXT, 0),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimited(tmp_path: Path, delimiter: str) -> None:
    rows = [["Name", "City", "Age"], ["Ada", '"Lon, don; x"', "36"], ["Bob", "", "41"]]
    found = parsed(tmp_path, "a.csv", "\n".join(delimiter.join(row) for row in rows))
    (table,) = found.elements
    assert table.header == ("Name", "City", "Age")
    assert table.text == "Name: Ada | City: Lon, don; x | Age: 36\nName: Bob | Age: 41"


def failure(folder: Path, name: str, content: bytes, limits: ParseLimits | None = None) -> ParseFailure:
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(ParseFailure) as caught:
        parse(path, suffix=path.suffix, limits=limits or ParseLimits())
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", Code.EMPTY),
        ("a.txt", b" \n\n ", Code.EMPTY),
        ("a.md", b"---\ntitle: x\n---\n", Code.EMPTY),
        ("a.html", b"<html></html>", Code.EMPTY),
        ("a.png", b"\x89PNG\r\n\x1a\n", Code.CORRUPT),
        ("a.pdf", b"\x89PNG\r\n\x1a\nxxxx", Code.CORRUPT),
        ("a.txt", b"abc\0def" * 20, Code.UNSUPPORTED),
        ("a.zip", b"PK\x03\x04", Code.CORRUPT),
        ("a.jsonl", b"{}", Code.EMPTY),
        ("a.exe", b"MZ", Code.UNSUPPORTED),
        ("noname", b"\x7fELF\0\0", Code.UNSUPPORTED),
        ("a.docx", b"not a zip", Code.CORRUPT),
        ("a.xlsx", b"PK\x03\x04 cut", Code.CORRUPT),
        ("a.pdf", b"%PDF-1.7 cut", Code.CORRUPT),
        ("a.pdf", b"no pdf", Code.CORRUPT),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut", Code.CORRUPT),
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut", Code.CORRUPT),
    ],
)
def test_bad_files_say_why(tmp_path: Path, name: str, content: bytes, code: Code) -> None:
    caught = failure(tmp_path, name, content)
    assert caught.code is code
    assert len(caught.reason) > 10 and str(tmp_path) not in caught.reason


def test_limits(tmp_path: Path) -> None:
    assert failure(tmp_path, "a.txt", b"x" * 100, ParseLimits(max_bytes=99)).code is Code.TOO_LARGE
    assert failure(tmp_path, "b.txt", b"x" * 100, ParseLimits(max_output_chars=99)).code is Code.TOO_LARGE
    assert failure(tmp_path, "c.csv", b"a,b\n" * 100, ParseLimits(max_cells=99)).code is Code.TOO_LARGE


def test_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ParseFailure) as caught:
        parse(tmp_path / "gone.txt", suffix=".txt", limits=ParseLimits())
    assert caught.value.code is Code.UNREADABLE


def test_text_without_a_suffix(tmp_path: Path) -> None:
    assert parsed(tmp_path, "README", "Read me.\n").elements == (Element(kind=Kind.TEXT, text="Read me."),)


def test_html_called_xls(tmp_path: Path) -> None:
    found = parsed(tmp_path, "export.xls", "<html><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>")
    assert found.elements[0].text == "A: 1 | B: 2"


def test_supported_suffixes() -> None:
    assert {".pdf", ".docx", ".xls", ".eml", ".md", ".json", ".py", ".rtf", ".odt"} <= SUPPORTED
    assert {".zip", ".png", ".mbox", ".jsonl"} <= SUPPORTED and ".heic" not in SUPPORTED
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUPPORTED)


def test_a_csv_that_tells_excel_its_delimiter(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.csv", "sep=;\r\nName;Betrag\r\nAlt, Neu;1,5\r\n").elements
    assert [element.text for element in found] == ["Name: Alt, Neu | Betrag: 1,5"]


def test_a_transcript_says_who_spoke_when(tmp_path: Path) -> None:
    teams = """WEBVTT

NOTE made by a program

abc/1-0
00:00:01.000 --> 00:00:04.000
<v Mia Berg>We ship the &amp; turbine</v>

abc/2-0
00:00:04.500 --> 00:00:06.000 align:start
<v Mia Berg>on <i>3 May</i>.</v>

01:02:04.500 --> 01:02:06.000
<v Jonas>No, in June.</v>
"""
    found = parsed(tmp_path, "meeting.vtt", teams)
    assert [element.text for element in found.elements] == [
        "Mia Berg (00:00:01): We ship the & turbine on 3 May.",
        "Jonas (01:02:04): No, in June.",
    ]
    zoom = "1\r\n00:00:01,000 --> 00:00:04,000\r\nMia Berg: We ship\r\n\r\n"
    zoom += "2\r\n00:00:05,000 --> 00:00:06,000\r\nat 9:30.\r\n"
    assert [element.text for element in parsed(tmp_path, "meeting.srt", zoom).elements] == [
        "Mia Berg (00:00:01): We ship at 9:30."
    ]


def test_a_long_speech_has_a_time_now_and_then_and_captions_that_roll_up_are_said_once(tmp_path: Path) -> None:
    cues = [f"00:{minute:02}:00.000 --> 00:{minute:02}:59.000\n{'word ' * 60}{minute}\n" for minute in range(6)]
    found = parsed(tmp_path, "a.vtt", "WEBVTT\n\n" + "\n".join(cue for cue in cues for _ in range(2)))
    assert [element.text[:10] for element in found.elements] == ["(00:00:00)", "(00:02:00)", "(00:04:00)"]
    assert found.elements[0].text.count("word 0") == 1


def test_a_notebook_holds_text_code_and_what_was_printed(tmp_path: Path) -> None:
    table = "<table><tr><th>Plant</th><th>MW</th></tr><tr><td>Rotkirch</td><td>12</td></tr></table>"
    cells = [
        {
            "cell_type": "markdown",
            "source": ["# Yield\n", "\n", "The *mean* is right.<span style='display:none'>not seen by anybody</span>"],
        },
        {
            "cell_type": "code",
            "source": "print(mean(yields))",
            "outputs": [
                {"output_type": "stream", "text": ["4711\n"]},
                {"output_type": "execute_result", "data": {"text/html": table, "text/plain": "no"}},
                {"output_type": "display_data", "data": {"image/png": "aGVsbG8="}},
            ],
        },
    ]
    found = parsed(tmp_path, "a.ipynb", json.dumps({"cells": cells, "nbformat": 4}))
    assert kinds(found) == [
        (Kind.HEADING, 1, "Yield"),
        (Kind.TEXT, 0, "The mean is right."),
        (Kind.CODE, 0, "print(mean(yields))"),
        (Kind.CODE, 0, "4711"),
        (Kind.TABLE, 0, "Plant: Rotkirch | MW: 12"),
    ]
    assert found.title == "Yield" and found.flags == ("hidden text was left out",)
    old = {
        "worksheets": [
            {"cells": [{"cell_type": "heading", "level": 2, "source": "Old"}, {"cell_type": "code", "input": "1"}]}
        ]
    }
    assert kinds(parsed(tmp_path, "b.ipynb", json.dumps(old))) == [(Kind.HEADING, 2, "Old"), (Kind.CODE, 0, "1")]


@pytest.mark.parametrize("content", ["[]", "{", '{"cells": [{"cell_type": "code", "outputs": [{"data": null}]}]}'])
def test_what_is_no_notebook_is_corrupt(tmp_path: Path, content: str) -> None:
    assert failure(tmp_path, "a.ipynb", content.encode(), ParseLimits()).code is Code.CORRUPT
