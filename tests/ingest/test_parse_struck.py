"""Text that is struck through is left out, and the document is flagged."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from ingest_msg import message
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from place import Place
from test_parse_containers import packed

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.parse.struck import STRUCK
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed, revision_text

FLAGS = (STRUCK,)


def read(path: Path) -> Parsed:
    return parse(path, suffix=path.suffix, limits=ParseLimits())


def said(tmp_path: Path, name: str, source: str) -> str:
    """What is read of a source, without the marks of lines; it must be flagged."""
    (tmp_path / name).write_text(source, encoding="utf-8")
    found = read(tmp_path / name)
    assert found.flags == FLAGS
    return revision_text(found.elements)


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("The fee is 30 euros. ~~The old fee is 20 euros.~~ Ask Ann.", "The fee is 30 euros. Ask Ann."),
        ("The fee is ~~20~~ 30 euros.", "The fee is 30 euros."),
        ("The fee is 30 euros ~~and not 20~~.", "The fee is 30 euros."),
        ("The fee is 30 euros, ~~not 20~~.", "The fee is 30 euros."),
        ("The fee is 30 euros. ~~Not 20~~.", "The fee is 30 euros."),
        ("- Mugs, pens, ~~caps~~, ~~maps~~\n- Bags", "- Mugs, pens\n- Bags"),
        ("The fee is 30 (~~20~~) euros.", "The fee is 30 euros."),
        ("~~It is 20~~. The fee is 30.", "The fee is 30."),
        ("~~Old~~ **The fee** ~~was~~ is 30.", "The fee is 30."),
        ("# Fees\n\n~~The fee is 20.~~", "Fees"),
        ("- ~~Parking is free.~~\n- Parking costs 5.", "- Parking costs 5."),
        ("- [x] ~~Call Ann~~\n- [ ] Call Bob", "- [ ] Call Bob"),
        ("1. Open\n2. ~~Wait~~\n3. Close", "1. Open\n3. Close"),
        ("1. Open\n2. ~~Wait~~\n   - a while\n3. Close", "1. Open\n  - a while\n3. Close"),
        ("1. Open\n2. ~~Wait~~\n3. Run\n\n   ```\n   go\n   ```", "1.\n\nOpen\n\n3.\n\nRun\n\ngo"),
        ("| Item | Fee |\n|--|--|\n| Hall | ~~20~~ 30 |\n| ~~Yard~~ | ~~5~~ |", "Item: Hall | Fee: 30"),
        ("Use `~~x~~`, ~~not y~~.\n\n```\n~~z~~\n```", "Use ~~x~~.\n\n~~z~~"),
        ("The fee is <del>20</del> 30.", "The fee is 30."),
    ],
)
def test_markdown(tmp_path: Path, written: str, left: str) -> None:
    assert said(tmp_path, "a.md", written) == left


def test_a_tilde_alone_strikes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("About ~20 to ~30 euros, in `~~old~~` and \\~~new\\~~.")
    found = read(tmp_path / "a.md")
    assert found.elements[0].text == "About ~20 to ~30 euros, in ~~old~~ and ~~new~~." and found.flags == ()


OLD = "The old fee is 20."


@pytest.mark.parametrize(
    "struck",
    [
        f"<s>{OLD}</s>",
        f"<strike>{OLD}</strike>",
        f"<del>{OLD}</del>",
        f"<del cite='mailto:ann' datetime='2026-01-01'>{OLD}</del>",
        f"<del style='text-decoration:none'>{OLD}</del>",
        f"<span style='font-weight:400;text-decoration:line-through;vertical-align:baseline'>{OLD}</span>",
        f"<span style='TEXT-DECORATION: underline line-through'>{OLD}</span>",
        f"<b style='text-decoration-line: line-through; text-decoration-style: double'>{OLD}</b>",
        f"<span style='text-decoration:none;text-decoration:line-through'><i>{OLD}</i></span>",
        f"<span class='c1 c7'>{OLD}</span>",
        f"<u>Pay</u><s> on Monday. {OLD}</s>",
        f"<p style='text-decoration: line-through'>{OLD}</p>",
        f"<p><s>{OLD} <br>Ask Cid.</s></p>",
        f"<s><p>{OLD}</p><p>Ask Cid.</p></s>",
        f"<del><ul><li>{OLD}</li></ul></del>",
        f"<h2><s>{OLD}</s></h2>",
        f"<table><tr><th>Fee<th>Note</tr><tr style='text-decoration:line-through'><td>{OLD}<td>no</tr></table>",
    ],
)
def test_html(tmp_path: Path, struck: str) -> None:
    sheet = "<style>.c1{text-decoration:none} /* .c2{text-decoration:none} */ .c7{text-decoration:line-through}</style>"
    page = f"<head>{sheet}</head><body><p>The fee is 30.</p>{struck}<p>Ask Ann. <ins>Pay at the desk.</ins></p>"
    text = said(tmp_path, "a.html", page)
    assert "old" not in text and "Cid" not in text and "no" not in text.split()
    assert text.startswith("The fee is 30.") and text.endswith("Ask Ann. Pay at the desk.")


@pytest.mark.parametrize(
    "kept",
    [
        "<s style='text-decoration:none'>The fee is 20.</s>",
        "<span style='text-decoration:underline'>The fee is 20.</span>",
        "<span style='text-decoration:line-through;text-decoration:none'>The fee is 20.</span>",
        "<span style='text-decoration-skip-ink:none'>The fee is 20.</span>",
        "<span class='c7 c8'>The fee is 20.</span>",
        "<span class='c9'>The fee is 20.</span>",
        "<ins>The fee is 20.</ins>",
        "<samp>The fee is 20.</samp>",
    ],
)
def test_what_no_line_goes_through_stays(tmp_path: Path, kept: str) -> None:
    sheet = ".c7{text-decoration:line-through} .c8{text-decoration:none} .c9:hover{text-decoration:line-through}"
    (tmp_path / "a.html").write_text(f"<head><style>{sheet}</style></head><body><p>{kept}</p>")
    found = read(tmp_path / "a.html")
    assert revision_text(found.elements) == "The fee is 20." and found.flags == ()


def test_prices_and_cells_of_a_page(tmp_path: Path) -> None:
    price = "<p>Coat <del>€40</del> <ins>€30</ins>, hat <del>€20</del><ins>€10</ins>, from<s> old </s>stock</p>"
    rows = "<tr><td>Hall<td style='text-decoration:line-through'>20<td>large<tr><td>Yard<td><s>5</s> 6<td>small"
    text = said(tmp_path, "a.html", f"{price}<table><tr><th>Place<th>Fee<th>Note</tr>{rows}</table>")
    assert text.split("\n\n") == [
        "Coat €30, hat €10, from stock",
        "Place: Hall | Note: large\nPlace: Yard | Fee: 6 | Note: small",
    ]


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.docx", "a.xlsx", "a.pptx"])
def test_a_document_of_which_nothing_is_left_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.docx":
        document = docx.Document()
        document.add_paragraph().add_run(OLD).font.strike = True
        document.save(str(path))
    elif name == "a.xlsx":
        _workbook(path, _whole)
    elif name == "a.pptx":
        _deck(path, OLD, strike="sngStrike")
    else:
        path.write_text(f"~~{OLD}~~" if name == "a.md" else f"<s>{OLD}</s>")
    with pytest.raises(ParseFailure, match=r"no text left in it: text .*struck through.* was left out") as caught:
        read(path)
    assert caught.value.code is Code.EMPTY


def test_an_old_fee_is_not_found(place: Place) -> None:
    place.write("everyone/fees.md", "# Fees\n\nThe locker costs 30 euros. ~~The zeppelin costs 20 euros.~~")
    place.write("everyone/done.md", "- ~~Sell the zeppelin~~")
    place.ingest()
    assert place.states() == {"everyone/fees.md": "indexed", "everyone/done.md": "empty"}
    hits = place.store.indexes.search_keywords("zeppelin", labels=place.store.catalog.labels_of(["everyone"]), k=20)
    assert list(hits) == [] and place.found("What does the locker cost?", "everyone") == ["everyone/fees.md"]
    flags = {document.path: document.flags for document in place.store.catalog.documents(labels=None)}
    assert flags["everyone/fees.md"] == FLAGS


def _mail(tmp_path: Path, plain: str, page: str, inline: bool) -> Parsed:
    made = EmailMessage()
    made["Subject"] = "Fees"
    made.set_content(plain)
    made.add_alternative(page, subtype="html")
    if inline:  # as Apple Mail writes it: the HTML with its pictures
        made.get_payload()[1].add_related(b"GIF89a", "image", "gif", cid="<logo>")  # type: ignore[union-attr,index]
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    return read(tmp_path / "a.eml")


@pytest.mark.parametrize("inline", [False, True])
def test_the_plain_text_of_a_mail_does_not_say_it_either(tmp_path: Path, inline: bool) -> None:
    found = _mail(tmp_path, f"The fee is 30. {OLD}", f"<p>The fee is 30. <s>{OLD}</s></p>", inline)
    assert [element.text for element in found.elements] == ["Fees", "The fee is 30."] and found.flags == FLAGS
    found = _mail(tmp_path, "The fee is 30. (plain)", "<p>The fee is 30. <b>Now.</b></p>", inline)
    assert [element.text for element in found.elements] == ["Fees", "The fee is 30. (plain)"] and found.flags == ()


def test_the_plain_text_of_a_message_of_outlook_does_not_say_it_either(tmp_path: Path) -> None:
    people = {"sender": "mia@example.com", "to": "jonas@example.com", "subject": "Fees"}
    plain, page = f"The fee is 30. {OLD}", f"<p>The fee is 30. <s>{OLD}</s></p>"
    message(tmp_path / "a.msg", **people, body=plain, html=page, attachments={})
    found = read(tmp_path / "a.msg")
    assert found.elements[-1].text == "The fee is 30." and found.flags == FLAGS
    message(tmp_path / "a.msg", **people, body="The fee is 30. (plain)", html="<p>The fee is 30.</p>", attachments={})
    found = read(tmp_path / "a.msg")
    assert found.elements[-1].text == "The fee is 30. (plain)" and found.flags == ()


def test_what_outlook_packed_does_not_say_it_either(tmp_path: Path) -> None:
    page = f"<p>The fee is 30. <s>{OLD}</s></p>".encode()
    held = struct.pack("<IHHII", 1, 0x0102, 0x1013, 1, len(page)) + page + bytes(-len(page) % 4)
    whole = struct.pack("<BII", 1, 0x00069003, len(held)) + held + struct.pack("<H", sum(held) & 0xFFFF)
    (tmp_path / "winmail.dat").write_bytes(packed("Fees", f"The fee is 30. {OLD}", whole))
    found = read(tmp_path / "winmail.dat")
    assert found.elements[-1].text == "The fee is 30." and found.flags == FLAGS


def test_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": "The fee is ~~20~~ 30."},
        {"cell_type": "code", "source": "x = '~~y~~'"},
    ]
    assert said(tmp_path, "a.ipynb", json.dumps({"cells": cells, "nbformat": 4})) == "The fee is 30.\n\nx = '~~y~~'"


def test_rtf(tmp_path: Path) -> None:
    body = r"The fee is {\strike 20} 30. {\striked1 Ask Bob.} {\strike\b Or Cid.} \strike Or Dan.\strike0  Ask Ann.\par"
    assert said(tmp_path, "a.rtf", rf"{{\rtf1\ansi {body}}}") == "The fee is 30. Ask Ann."


def test_text_and_paragraphs_of_opendocument(tmp_path: Path) -> None:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "text", "style")
    )

    def style(name: str, family: str, line: str | None, parent: str = "") -> str:
        said = f'<style:text-properties style:text-line-through-style="{line}"/>' if line else ""
        made_of = f' style:parent-style-name="{parent}"' if parent else ""
        return f'<style:style style:name="{name}" style:family="{family}"{made_of}>{said}</style:style>'

    own = style("T1", "text", "solid") + style("T2", "text", "none") + style("P1", "paragraph", None, "Gone")
    body = (
        '<text:p>The fee is <text:span text:style-name="T1">20</text:span> 30.</text:p>'
        f'<text:p text:style-name="P1">{OLD}</text:p>'
        '<text:p text:style-name="Gone">Ask <text:span>Bob</text:span>'
        '<text:span text:style-name="T2">Ask Ann.</text:span> Or Cid.</text:p>'
        "<text:p>Pay at the desk.</text:p>"
    )
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        gone = f"<office:styles>{style('Gone', 'paragraph', 'solid')}</office:styles>"
        file.writestr("styles.xml", f"<office:document-styles {names}>{gone}</office:document-styles>")
        file.writestr(
            "content.xml",
            f"<office:document-content {names}><office:automatic-styles>{own}</office:automatic-styles><office:body>"
            f"<office:text>{body}</office:text></office:body></office:document-content>",
        )
    found = read(tmp_path / "a.odt")
    assert [element.text for element in found.elements] == ["The fee is 30.", "Ask Ann.", "Pay at the desk."]
    assert found.flags == FLAGS


def _struck_run(paragraph: Any, text: str) -> None:
    paragraph.add_run(text).font.strike = True


def _letter(path: Path) -> Path:
    """A document with struck-through runs, styles and cells."""
    document = docx.Document()
    paragraph = document.add_paragraph("The fee is ")
    _struck_run(paragraph, "20")
    paragraph.add_run(" 30 euros, ")
    paragraph.add_run("or 25").font.double_strike = True
    paragraph.add_run(".")
    paragraph.add_run(" From")
    _struck_run(paragraph, " old ")
    paragraph.add_run("May.").font.strike = False
    _struck_run(document.add_heading("", 1), "Old rules")
    gone = document.styles.add_style("Gone", WD_STYLE_TYPE.PARAGRAPH)
    gone.font.strike = True
    based = document.styles.add_style("Long gone", WD_STYLE_TYPE.PARAGRAPH)
    based.base_style = gone
    words = document.styles.add_style("Gone words", WD_STYLE_TYPE.CHARACTER)
    words.font.strike = True
    document.add_paragraph(OLD, style=gone)
    paragraph = document.add_paragraph("Ask Bob. ", style=based)
    paragraph.add_run("Ask Ann.").font.strike = False
    document.add_paragraph("Pay ").add_run("by cheque", style=words)
    for line, struck in (("Open", False), ("Wait", True), ("Close", False)):
        document.add_paragraph(style="List Number").add_run(line).font.strike = struck
    table = document.add_table(3, 2)
    for cell, text in zip(table._cells, ("Place", "Fee", "Hall", "7", "Yard", "8"), strict=True):
        cell.paragraphs[0].add_run(text).font.strike = text in ("7", "Yard", "8")
    document.save(str(path))
    return path


LETTER = ["The fee is 30 euros. From May.", "Ask Ann.", "Pay", "1. Open\n3. Close", "Place: Hall"]


def test_word(tmp_path: Path) -> None:
    found = read(_letter(tmp_path / "a.docx"))
    assert [element.text for element in found.elements] == LETTER and found.flags == FLAGS


def test_a_style_of_words_undoes_that_of_their_paragraph(tmp_path: Path) -> None:
    """As Word draws it (ECMA-376, 17.7.3: toggle properties)."""
    document = docx.Document()
    for name, kind in (("Gone", WD_STYLE_TYPE.PARAGRAPH), ("Words", WD_STYLE_TYPE.CHARACTER)):
        document.styles.add_style(name, kind).font.strike = True
    document.add_paragraph(f"{OLD} ", style="Gone").add_run("Ask Ann.", style="Words")
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert [element.text for element in found.elements] == ["Ask Ann."] and found.flags == FLAGS


def test_comments_headers_boxes_and_notes_of_word(tmp_path: Path) -> None:
    document = docx.Document()
    run = document.add_paragraph("The fee is 30.").runs[0]
    comment = document.add_comment(run, text="Still right? ", author="Mia")
    _struck_run(comment.paragraphs[0], "It was 20.")
    header = document.sections[0].header.paragraphs[0]
    header.add_run("Kept above. ")
    _struck_run(header, "Old above.")
    _struck_run(document.sections[0].footer.paragraphs[0], "Old below.")
    anchor = document.add_paragraph().add_run()
    anchor.font.strike = True  # the run that holds the box, whose own text has no line
    box = OxmlElement("w:txbxContent")
    line = OxmlElement("w:p")
    for text, struck in (("Kept in a box. ", False), ("Old in a box.", True)):
        held = OxmlElement("w:r")
        if struck:
            properties = OxmlElement("w:rPr")
            properties.append(OxmlElement("w:strike"))
            held.append(properties)
        words = OxmlElement("w:t")
        words.text = text
        held.append(words)
        line.append(held)
    box.append(line)
    anchor._r.append(box)
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert [(element.kind, element.text) for element in found.elements] == [
        (Kind.TEXT, "The fee is 30."),
        (Kind.TEXT, "Kept in a box."),
        (Kind.NOTE, "Comment by Mia: Still right?"),
        (Kind.NOTE, "Kept above."),
    ]
    assert found.flags == FLAGS


def test_footnotes_of_word(tmp_path: Path) -> None:
    document = docx.Document()
    reference = OxmlElement("w:footnoteReference")
    reference.set(qn("w:id"), "2")
    document.add_paragraph("The fee is 30").add_run()._r.append(reference)
    document.save(str(tmp_path / "plain.docx"))
    run = "<w:r>{}<w:t xml:space='preserve'>{}</w:t></w:r>"
    note = run.format("", "Until May. ") + run.format("<w:rPr><w:dstrike/></w:rPr>", "It was 20.")
    names = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    with zipfile.ZipFile(tmp_path / "plain.docx") as source, zipfile.ZipFile(tmp_path / "a.docx", "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
        whole = f"<w:footnotes {names}><w:footnote w:id='2'><w:p>{note}</w:p></w:footnote></w:footnotes>"
        target.writestr("word/footnotes.xml", whole)
    found = read(tmp_path / "a.docx")
    assert [element.text for element in found.elements] == ["The fee is 30[1]", "[1] Until May."]
    assert found.flags == FLAGS


def _workbook(path: Path, change: Callable[[Worksheet], None]) -> Path:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (("Item", "Fee", "Note"), ("Hall", 20), ("Yard", 5), ("Roof", 6)):
        sheet.append(row)
    change(sheet)
    book.save(path)
    return path


def _some(sheet: Worksheet) -> None:
    for name in ("B2", "A3", "B3"):
        sheet[name].font = Font(strike=True)
    sheet["A4"] = CellRichText("Roof ", TextBlock(InlineFont(strike=True), "by day"), ", by night")
    sheet["C4"] = CellRichText(TextBlock(InlineFont(strike=True), "not by hand"))
    sheet["C2"] = CellRichText("Ask ", TextBlock(InlineFont(b=True), "Ann"))


def _whole(sheet: Worksheet) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            cell.font = Font(strike=True)


SOME = "Item: Hall | Note: Ask Ann\nItem: Roof, by night | Fee: 6"
SHEET_FLAGS = ("text that was struck through on the sheet Sheet was left out",)


def test_cells_of_a_sheet(tmp_path: Path) -> None:
    found = read(_workbook(tmp_path / "a.xlsx", _some))
    assert found.elements[-1].text == SOME and found.flags == SHEET_FLAGS


def test_texts_that_cells_share(tmp_path: Path) -> None:
    """As Excel writes them; openpyxl writes them into the cells themselves."""
    _workbook(tmp_path / "a.xlsx", lambda sheet: None)
    runs = "<r><t>Hall </t></r><r><rPr><strike/></rPr><t>by day</t></r><r><rPr><strike val='0'/></rPr><t>1</t></r>"
    texts = f"<sst xmlns='{SHEET_MAIN_NS}'><si><t>Strike</t></si><si>{runs}</si></sst>"
    changes = {
        '<c r="A2" t="inlineStr"><is><t>Hall</t></is></c>': '<c r="A2" t="s"><v>1</v></c>',
        "</Types>": f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>',
    }
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            part = source.read(name).decode()
            for old, new in changes.items():
                part = part.replace(old, new)
            target.writestr(name, part)
        target.writestr("xl/sharedStrings.xml", texts)
    found = read(tmp_path / "b.xlsx")
    assert "Item: Hall 1 | Fee: 20" in found.elements[-1].text and found.flags == SHEET_FLAGS


def test_a_table_goes_on_below_rows_that_are_struck_through(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        for row in (("Wall", "free"), ("Shed", "closed"), ("Deck", "open")):
            sheet.append(row)
        for cell in (cell for row in sheet["A3:B4"] for cell in row):
            cell.font = Font(strike=True)

    found = read(_workbook(tmp_path / "a.xlsx", change))
    assert [element.text for element in found.elements] == [
        "Item: Hall | Fee: 20\nItem: Wall | Fee: free\nItem: Shed | Fee: closed\nItem: Deck | Fee: open"
    ]
    assert found.flags == SHEET_FLAGS


def test_a_sheet_without_lines_has_no_flag(tmp_path: Path) -> None:
    def change(sheet: Worksheet) -> None:
        sheet["A4"] = CellRichText("Strike ", TextBlock(InlineFont(strike=False, b=True), "price"))
        sheet["A2"].font = Font(strike=False, b=True)

    found = read(_workbook(tmp_path / "a.xlsx", change))
    assert "Item: Hall | Fee: 20" in found.elements[-1].text and "Strike price" in found.elements[-1].text
    assert found.flags == ()


def _deck(path: Path, text: str, *, strike: str, title: str = "", note: str = "") -> Path:
    """Two slides: a struck-through text on the second."""
    deck = pptx.Presentation()
    for _ in range(2):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = title
    box = slide.shapes.add_textbox(100_000, 3_000_000, 4_000_000, 500_000)
    line = box.text_frame.paragraphs[0]
    for piece, struck in ((title, False), (text, True), (". Ask Ann." if title else "", False)):
        run = line.add_run()
        run.text = piece
        if struck:
            run._r.get_or_add_rPr().set("strike", strike)
    if note:
        run = slide.notes_slide.notes_text_frame.paragraphs[0].add_run()
        run.text = note
        run._r.get_or_add_rPr().set("strike", strike)
    deck.save(str(path))
    return path


@pytest.mark.parametrize("strike", ["sngStrike", "dblStrike"])
def test_slides(tmp_path: Path, strike: str) -> None:
    found = read(_deck(tmp_path / "a.pptx", ", not 20", strike=strike, title="The fee is 30", note="It was 20."))
    assert [element.text for element in found.elements] == ["The fee is 30", "The fee is 30", "The fee is 30. Ask Ann."]
    assert found.flags == ("text that was struck through on slide 2 was left out",)


def test_slides_whose_letters_have_no_line(tmp_path: Path) -> None:
    found = read(_deck(tmp_path / "a.pptx", ", not 20", strike="noStrike", title="The fee is 30"))
    assert found.elements[-1].text == "The fee is 30, not 20. Ask Ann." and found.flags == ()


@pytest.mark.slow
def test_other_formats_through_libreoffice(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    _letter(tmp_path / "a.docx")
    _workbook(tmp_path / "a.xlsx", _some)
    _deck(tmp_path / "a.pptx", ", not 20", strike="sngStrike", title="The fee is 30")
    for source, suffix in (("docx", "doc"), ("docx", "odt"), ("xlsx", "ods"), ("xlsx", "xls"), ("pptx", "odp")):
        command = [soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", suffix]
        subprocess.run([*command, "--outdir", tmp_path, tmp_path / f"a.{source}"], check=True, capture_output=True)
        found = read(tmp_path / f"a.{suffix}")
        text = revision_text(found.elements)
        last = {"docx": LETTER[0], "xlsx": SOME, "pptx": "The fee is 30. Ask Ann."}[source]
        assert last in text and "20" not in text and "Bob" not in text and "Yard" not in text, suffix
        assert any("struck through" in flag for flag in found.flags), suffix
