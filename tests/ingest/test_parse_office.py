"""DOCX, PPTX, XLSX, mail and the converted formats, from files built on the spot."""

from __future__ import annotations

import os
import shutil
import zipfile
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.parse import legacy
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.parse.table import table
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed

LIMITS = ParseLimits()


def read(path: Path) -> Parsed:
    return parse(path, suffix=path.suffix, limits=LIMITS)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Annual report"
    document.core_properties.author = "Ada"
    document.core_properties.created = datetime(2024, 5, 1, 12, tzinfo=UTC)
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL RUNNING HEAD"
    document.add_heading("Results", 1)
    document.add_paragraph("Sales rose by a tenth.")
    document.add_heading("Regions", 2)
    document.add_paragraph("North", style="List Bullet")
    document.add_paragraph("South", style="List Bullet")
    table = document.add_table(rows=3, cols=2)
    cells = [("Region", "Sales"), ("North", "10"), ("South\nEast", "")]
    for row, texts in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    inserted = document.add_paragraph("Kept ")
    inserted._p.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="1" w:author="x"><w:r><w:t>inserted</w:t></w:r></w:ins>'))
    inserted._p.append(
        parse_xml(f'<w:del {nsdecls("w")} w:id="2" w:author="x"><w:r><w:delText>gone</w:delText></w:r></w:del>')
    )
    path = tmp_path / "report.docx"
    document.save(str(path))
    return path


def test_docx(report: Path) -> None:
    found = read(report)
    assert (found.title, found.author, found.created) == ("Annual report", "Ada", datetime(2024, 5, 1, 12, tzinfo=UTC))
    assert [(e.kind, e.level, e.text) for e in found.elements] == [
        (Kind.HEADING, 1, "Results"),
        (Kind.TEXT, 0, "Sales rose by a tenth."),
        (Kind.HEADING, 2, "Regions"),
        (Kind.LIST, 0, "- North\n- South"),
        (Kind.TABLE, 0, "Region: North | Sales: 10\nRegion: South East"),
        (Kind.TEXT, 0, "Kept inserted"),
        (Kind.NOTE, 0, "CONFIDENTIAL RUNNING HEAD"),
    ]


NOTES = """<w:{kind}s {space}><w:{kind} w:type="separator" w:id="0"><w:p/></w:{kind}>
<w:{kind} w:id="2"><w:p><w:r><w:t>{first}</w:t></w:r></w:p></w:{kind}>
<w:{kind} w:id="3"><w:p><w:r><w:t>{second}</w:t></w:r></w:p></w:{kind}></w:{kind}s>"""


def test_notes_of_word_follow_what_refers_to_them(tmp_path: Path) -> None:
    def refer(paragraph: Any, kind: str, number: int) -> None:
        run = f'<w:r {nsdecls("w")}><w:{kind}Reference w:id="{number}"/></w:r>'
        paragraph._p.append(parse_xml(run))

    document = docx.Document()
    refer(document.add_heading("Fees", 1), "endnote", 3)
    first = document.add_paragraph("The fee is 12 euro")
    refer(first, "footnote", 3)
    first.add_run(" a month.")
    document.add_paragraph("It is due in advance.")
    refer(document.add_paragraph("By transfer", style="List Bullet"), "footnote", 2)
    document.add_paragraph("By card", style="List Bullet")
    gone = document.add_paragraph("End.")
    struck = f'<w:del {nsdecls("w")} w:id="9" w:author="a"><w:r><w:endnoteReference w:id="2"/></w:r></w:del>'
    gone._p.append(parse_xml(struck))
    document.save(str(tmp_path / "plain.docx"))
    with zipfile.ZipFile(tmp_path / "plain.docx") as old, zipfile.ZipFile(tmp_path / "a.docx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        footnotes = NOTES.format(kind="footnote", space=nsdecls("w"), first="Two days before.", second="For members.")
        endnotes = NOTES.format(kind="endnote", space=nsdecls("w"), first="Struck.", second="Since 2024.")
        new.writestr("word/footnotes.xml", footnotes)
        new.writestr("word/endnotes.xml", endnotes)
    assert [(e.kind, e.text) for e in read(tmp_path / "a.docx").elements] == [
        (Kind.HEADING, "Fees"),
        (Kind.NOTE, "[i] Since 2024."),
        (Kind.TEXT, "The fee is 12 euro[1] a month."),
        (Kind.NOTE, "[1] For members."),
        (Kind.TEXT, "It is due in advance."),
        (Kind.LIST, "- By transfer[2]\n- By card"),
        (Kind.NOTE, "[2] Two days before."),
        (Kind.TEXT, "End."),
    ]


def test_a_table_in_a_cell_is_a_table_of_its_own(tmp_path: Path) -> None:
    made = docx.Document()
    outer = made.add_table(3, 2)
    for at, text in enumerate(["Machine", "Spare parts", "Pump HG-40", "", "Valve V2", "none"]):
        outer.cell(at // 2, at % 2).text = text
    inner = outer.cell(1, 1).add_table(3, 2)
    for at, text in enumerate(["Part", "Price", "Seal", "12 EUR", "Rotor", "80 EUR"]):
        inner.cell(at // 2, at % 2).text = text
    deeper = inner.cell(2, 0).add_table(2, 2)
    for at, text in enumerate(["Bore", "Steel", "40 mm", "A2"]):
        deeper.cell(at // 2, at % 2).text = text
    made.add_paragraph("The end.")
    made.save(str(tmp_path / "nested.docx"))
    assert [element.text for element in read(tmp_path / "nested.docx").elements] == [
        "Machine: Pump HG-40\nMachine: Valve V2 | Spare parts: none",
        "Pump HG-40",
        "Part: Seal | Price: 12 EUR\nPart: Rotor | Price: 80 EUR",
        "Bore: 40 mm | Steel: A2",
        "The end.",
    ]


def test_prose_is_no_heading(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Short Line")
    document.save(str(tmp_path / "a.docx"))
    assert [element.kind for element in read(tmp_path / "a.docx").elements] == [Kind.TEXT]


def test_bold_lines_are_headings_where_there_are_no_styles(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph().add_run("Opening hours").bold = True
    document.add_paragraph("Nine to five.")
    document.save(str(tmp_path / "a.docx"))
    assert [element.kind for element in read(tmp_path / "a.docx").elements] == [Kind.HEADING, Kind.TEXT]


def test_truncated_docx(report: Path) -> None:
    report.write_bytes(report.read_bytes()[:-300])
    with pytest.raises(ParseFailure) as caught:
        read(report)
    assert caught.value.code is Code.CORRUPT


def test_docx_with_a_wrong_suffix(report: Path) -> None:
    wrong = report.rename(report.with_suffix(".xlsx"))
    assert read(wrong).title == "Annual report"


def test_pptx(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = "Roadmap"
    first.placeholders[1].text = "Two years"
    second = deck.slides.add_slide(deck.slide_layouts[1])
    second.shapes.title.text = "Now"
    second.placeholders[1].text_frame.text = "Ship it"
    second.placeholders[1].text_frame.add_paragraph().text = "Sell it"
    second.notes_slide.notes_text_frame.text = "Smile here."
    third = deck.slides.add_slide(deck.slide_layouts[5])
    table = third.shapes.add_table(2, 2, 0, 0, 4000000, 1000000).table
    for i, text in enumerate(["Quarter", "Goal", "Q1", "Launch"]):
        table.cell(i // 2, i % 2).text = text
    deck.save(str(tmp_path / "deck.pptx"))
    found = read(tmp_path / "deck.pptx")
    assert found.pages == 3
    assert [(e.kind, e.level, e.page, e.text) for e in found.elements] == [
        (Kind.HEADING, 1, 1, "Roadmap"),
        (Kind.TEXT, 0, 1, "Two years"),
        (Kind.HEADING, 2, 2, "Now"),
        (Kind.LIST, 0, 2, "- Ship it\n- Sell it"),
        (Kind.NOTE, 0, 2, "Smile here."),
        (Kind.TABLE, 0, 3, "Quarter: Q1 | Goal: Launch"),
    ]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    sheet["B2"] = "Price list 2024"
    rows = [
        ["Item", "Price", "Share", "Since", "Sum"],
        ["Bolt", 0.1 + 0.2, 0.25, date(2024, 3, 1), "=C4*2"],
        ["Nut", 1234.5, 0.5, datetime(2024, 3, 2, 8, 30), None],
    ]
    for r, row in enumerate(rows, 3):
        for c, value in enumerate(row, 2):
            sheet.cell(r, c, value)
    for r in (4, 5):
        sheet.cell(r, 3).number_format = '#,##0.00 "€"'
        sheet.cell(r, 4).number_format = "0%"
    sheet["B8"], sheet["C8"] = "Colour", "Stock"
    sheet["B9"], sheet["C9"] = "Red", 7
    hidden = book.create_sheet("Old")
    hidden.append(["a lone note"])
    hidden.sheet_state = "hidden"
    path = tmp_path / "prices.xlsx"
    book.save(path)
    return path


def test_xlsx(workbook: Path) -> None:
    found = read(workbook)
    assert [(e.kind, e.sheet, e.text) for e in found.elements] == [
        (Kind.HEADING, "Prices", "Prices"),
        (Kind.HEADING, "Prices", "Price list 2024"),
        (
            Kind.TABLE,
            "Prices",
            "Item: Bolt | Price: 0.3 € | Share: 25% | Since: 2024-03-01\n"
            "Item: Nut | Price: 1234.5 € | Share: 50% | Since: 2024-03-02 08:30:00",
        ),
        (Kind.TABLE, "Prices", "Colour: Red | Stock: 7"),
    ]
    assert [row.address for row in found.elements[2].rows] == ["B4:F4", "B5:F5"]
    assert found.elements[2].header == ("Item", "Price", "Share", "Since", "Sum")
    assert any("1 formulas" in warning for warning in found.warnings)
    assert found.flags == ("the hidden sheet Old was left out",)


def test_xlsx_limits(workbook: Path, tmp_path: Path) -> None:
    with pytest.raises(ParseFailure) as caught:
        parse(workbook, suffix=".xlsx", limits=ParseLimits(max_cells=5))
    assert caught.value.code is Code.TOO_LARGE
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A1048576"] = "first", "last"
    book.save(tmp_path / "long.xlsx")
    assert [element.text for element in read(tmp_path / "long.xlsx").elements] == ["first", "last"]


def test_eml(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Größe der Lieferung"
    message["From"] = "Ada <ada@example.com>"
    message["To"] = "Bob <bob@example.com>"
    message["Date"] = "Fri, 16 Dec 2022 17:04:16 -0500"
    message.set_content("Dear Bob,\n\nit arrives on Monday.\n")
    message.add_alternative("<p>Dear Bob,</p><p>it arrives on Monday.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="note.pdf")
    path = tmp_path / "mail.eml"
    path.write_bytes(message.as_bytes())
    found = read(path)
    assert found.title == "Größe der Lieferung"
    assert found.created == datetime(2022, 12, 16, 22, 4, 16, tzinfo=UTC)
    texts = [element.text for element in found.elements]
    assert texts[0] == "Größe der Lieferung"
    assert texts[1].startswith("From: Ada <ada@example.com>\nTo: Bob <bob@example.com>\nDate: ")
    assert texts[2:] == ["Attachments: note.pdf", "Dear Bob,", "it arrives on Monday."]
    assert [member.name for member in found.members] == ["note.pdf"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("It stands.\n-- \nMia Berg\nTel. 4711\n\nOn Monday Tom wrote:\n> Is it?\n",
         ["It stands.", "Signature: Mia Berg, Tel. 4711", "On Monday Tom wrote:\n> Is it?"]),
        ("It stands.\n--\nMia Berg\nSales\n", ["It stands.", "Signature: Mia Berg, Sales"]),
        ("One\n--\nTwo\n" + "more\n" * 12, ["One\n--\nTwo\n" + "\n".join(["more"] * 12)]),
    ],
    ids=["with its mark", "without the space", "a line that parts"],
)  # fmt: skip
def test_who_signs_a_mail_is_told_as_that(tmp_path: Path, body: str, told: list[str]) -> None:
    file = tmp_path / "mail.eml"
    file.write_text(f"From: mia@example.org\nSubject: Offer\nContent-Type: text/plain\n\n{body}")
    parsed = parse(file, suffix=".eml", limits=ParseLimits())
    assert [element.text for element in parsed.elements[2:]] == told
    assert all((element.kind is Kind.NOTE) == element.text.startswith("Signature: ") for element in parsed.elements)


def test_eml_of_html_only(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "News"
    message.set_content("<h2>Top</h2><table><tr><td>Layout <b>only</b></td></tr></table>", subtype="html")
    (tmp_path / "mail.eml").write_bytes(message.as_bytes())
    assert [element.text for element in read(tmp_path / "mail.eml").elements] == ["News", "Top", "Layout only"]


def test_rtf(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_text(r"{\rtf1\ansi Plain \b bold\b0  text.\par Second.\par}", encoding="ascii")
    assert [element.text for element in read(path).elements] == ["Plain bold text.", "Second."]


def test_old_word_needs_libreoffice(report: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = Path(__file__).parents[2].parent / "shared/eval/hostile/files/poi__SimpleMacro.doc"
    if not source.is_file():
        pytest.skip("../shared/eval is absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParseFailure) as caught:
        read(source)
    assert caught.value.code is Code.NEEDS_LIBREOFFICE


@pytest.mark.parametrize(
    ("crashes_on", "code"), [("*", Code.PARSER_NOT_STARTED), ("source.ods", Code.CORRUPT)], ids=["always", "this file"]
)
def test_libreoffice_that_does_not_start_is_no_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashes_on: str, code: Code
) -> None:
    """It aborts where its folder for all accounts is not readable, as after a run by root under umask 077."""
    program = tmp_path / "soffice"
    program.write_text(
        "#!/bin/sh\nfor last; do :; done\n"
        f'case "${{last##*/}}" in {crashes_on}) echo Unspecified Application Error >&2; exit 134 ;; esac\n'
        'touch "${last%.*}.xlsx"\n'
    )
    program.chmod(0o755)
    (tmp_path / "a.ods").write_bytes(b"PK")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ParseFailure) as caught:
        legacy.parse_legacy(tmp_path / "a.ods", suffix=".ods", seconds=60, then=lambda *_: pytest.fail("none made"))
    assert (caught.value.code, "Unspecified" in caught.value.reason) == (code, True)


def test_what_libreoffice_keeps_for_all_accounts_stays_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "soffice"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\numask >{tmp_path}/umask; touch "${{last%.*}}.xlsx"\n')
    program.chmod(0o755)
    (tmp_path / "a.ods").write_bytes(b"PK")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = Parsed(elements=())
    usual = os.umask(0o077)
    try:
        assert legacy.parse_legacy(tmp_path / "a.ods", suffix=".ods", seconds=60, then=lambda *_: found) is found
    finally:
        os.umask(usual)
    assert (tmp_path / "umask").read_text() == "0022\n"


@pytest.mark.slow
def test_odt_and_old_word(report: Path, tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    import subprocess

    for suffix in ("odt", "doc"):
        command = [soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
        subprocess.run(
            [*command, "--convert-to", suffix, "--outdir", tmp_path, report], check=True, capture_output=True
        )
        found = read(tmp_path / f"report.{suffix}")
        kept = [(e.kind, e.level, e.text) for e in found.elements]
        assert (Kind.HEADING, 2, "Regions") in kept, suffix
        assert any(e.kind is Kind.TABLE and "Region: North | Sales: 10" in e.text for e in found.elements), suffix


@pytest.mark.slow
def test_sheets_of_opendocument(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed")
    import subprocess

    (tmp_path / "a.csv").write_text("Site,Limit\nGraz,80\n")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice, "--headless", profile, "--convert-to", "ods", "--outdir", tmp_path, tmp_path / "a.csv"]
    subprocess.run(command, check=True, capture_output=True)
    assert "Site: Graz | Limit: 80" in [element.text for element in read(tmp_path / "a.ods").elements]


@pytest.mark.parametrize("second", [("Area", "Day", "Night"), ("", "Day", "Night")])
def test_names_of_columns_under_those_of_their_group(second: tuple[str, ...]) -> None:
    (found,) = table([("Area", "Limit", ""), second, ("Hall A", "80 dB", "60 dB"), ("Hall B", "85 dB", "65 dB")])
    assert found.header == ("Area", "Limit Day", "Limit Night")
    assert found.text.startswith("Area: Hall A | Limit Day: 80 dB | Limit Night: 60 dB")


def test_a_first_row_of_words_is_no_second_row_of_names() -> None:
    rows = [("Site", "Head", "Staff"), ("Graz", "Ida Lund", ""), ("Bremen", "Ole Brandt", "12")]
    assert table(rows)[0].header == ("Site", "Head", "Staff")


def test_a_list_of_rtf_before_a_table_stays_at_its_place(tmp_path: Path) -> None:
    listed = r"{\*\listtable{\list{\listlevel\levelnfc0{\leveltext \'02\'00.;}{\levelnumbers\'01;}}\listid1}}"
    override = r"{\*\listoverridetable{\listoverride\listid1\listoverridecount0\ls1}}"
    item = r"\pard\plain {\listtext\pard\plain 1.\tab}\ilvl0\ls1 {Wear a helmet}\par"
    row = r"\trowd\cellx2000\cellx4000\pard\intbl %s\cell %s\cell\row"
    rows = row % ("Area", "Limit") + row % ("Hall A", "80")
    body = rf"\pard\plain Rules of the plant\par {item} {rows}\pard\plain End\par"
    (tmp_path / "a.rtf").write_text(rf"{{\rtf1\ansi {listed}{override}{body}}}")
    texts = [element.text for element in read(tmp_path / "a.rtf").elements]
    assert texts == ["Rules of the plant", "1. Wear a helmet", "Area: Hall A | Limit: 80", "End"]


def test_the_date_of_a_programs_template_is_not_the_documents(tmp_path: Path) -> None:
    document, slides = docx.Document(), pptx.Presentation()
    document.add_paragraph("Open valve A.")
    slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = "Valves"
    document.save(str(tmp_path / "a.docx"))
    slides.save(str(tmp_path / "a.pptx"))
    for name in ("a.docx", "a.pptx"):
        found = parse(tmp_path / name, suffix=Path(name).suffix, limits=ParseLimits())
        assert (found.created, found.modified) == (None, None)
    saved = '<meta name="author" content="python-docx"><meta name="created" content="2013-12-23T23:15:00">'
    (tmp_path / "a.html").write_text(f"{saved}<p>As LibreOffice saves it.")
    assert (read(tmp_path / "a.html").author, read(tmp_path / "a.html").created) == (None, None)


def test_the_title_of_a_text_of_opendocument(tmp_path: Path) -> None:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "text", "style")
    )
    style = '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    body = '<text:p text:style-name="P1">Pump <text:span>manual</text:span></text:p><text:p>Wear gloves.</text:p>'
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("styles.xml", f"<office:document-styles {names}/>")
        file.writestr(
            "content.xml",
            f"<office:document-content {names}><office:automatic-styles>{style}</office:automatic-styles><office:body>"
            f"<office:text>{body}</office:text></office:body></office:document-content>",
        )
    found = read(tmp_path / "a.odt")
    assert [(element.kind, element.text) for element in found.elements] == [
        (Kind.HEADING, "Pump manual"),
        (Kind.TEXT, "Wear gloves."),
    ]
    assert found.title == "Pump manual"


def test_tables_beside_each_other_forms_and_comments_of_a_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Stock"
    for row in (("Item", "Qty", None, None, "Country", "Tax"), ("Pump", 3, None, None, "DE", 19), ("Hose", 9)):
        sheet.append(row)
    sheet["B2"].comment = openpyxl.comments.Comment("Ask Anna before you order.", "Bob")
    form = book.create_sheet("Form")
    for row in (("Name:", "Max Power"), ("Department:", "IT"), ("Budget:", 1000)):
        form.append(row)
    spaced = book.create_sheet("Spaced")
    for row in (("Item", "Qty", None, "Price", "Total"), ("Pump", 3, None, 5, 15)):
        spaced.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [element.text for element in read(tmp_path / "a.xlsx").elements] == [
        "Stock",
        "Item: Pump | Qty: 3\nItem: Hose | Qty: 9",
        "Country: DE | Tax: 19",
        "Comment by Bob on B2: Ask Anna before you order.",
        "Form",
        "Name: | Max Power\nDepartment: | IT\nBudget: | 1000",
        "Spaced",
        "Item: Pump | Qty: 3 | Price: 5 | Total: 15",
    ]
    sheet.row_dimensions[2].hidden = True
    book.save(tmp_path / "b.xlsx")
    assert not any("Anna" in element.text for element in read(tmp_path / "b.xlsx").elements)


APPOINTMENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20240312T140000
DTEND;TZID="Europe/Berlin":20240312T150000
SUMMARY:Shutdown
LOCATION:Room 4\\, second floor
DESCRIPTION:Who switches off\\nwhich line. Bring the pl
 an.
ORGANIZER;CN="Berg, Anna":mailto:anna@acme.example
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_appointments_in_mails_and_by_themselves(tmp_path: Path) -> None:
    said = [
        "When: 2024-03-12 14:00 (Europe/Berlin) to 2024-03-12 15:00 (Europe/Berlin)\nWhere: Room 4, second floor\n"
        "Organizer: Berg, Anna <anna@acme.example>",
        "Who switches off\nwhich line. Bring the plan.",
    ]
    (tmp_path / "a.ics").write_text(APPOINTMENT)
    assert [element.text for element in read(tmp_path / "a.ics").elements] == ["Shutdown", *said]
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Invitation", "anna@acme.example"
    mail.set_content("Please come.")
    mail.add_alternative(APPOINTMENT, subtype="calendar")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    assert [element.text for element in read(tmp_path / "a.eml").elements][2:] == ["Please come.", *said]


def test_groups_and_titles_in_cells_made_one_of_word_and_powerpoint(tmp_path: Path) -> None:
    document = docx.Document()
    grid = document.add_table(rows=3, cols=4)
    grid.cell(0, 0).merge(grid.cell(1, 0)).text = "Country"
    grid.cell(0, 1).merge(grid.cell(0, 2)).text = "Per diem"
    grid.cell(0, 3).merge(grid.cell(1, 3)).text = "Hotel"
    for column, text in ((1, "Full day"), (2, "Half day")):
        grid.cell(1, column).text = text
    for column, text in enumerate(("Norway", "75 EUR", "50 EUR", "200 EUR")):
        grid.cell(2, column).text = text
    document.save(str(tmp_path / "travel.docx"))
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    cells = slide.shapes.add_table(3, 3, 0, 0, 5_000_000, 2_000_000).table
    cells.cell(0, 0).merge(cells.cell(0, 2))
    for row, texts in enumerate((("Headcount",), ("Site", "2024", "2025"), ("Bremen", "40", "44"))):
        for column, text in enumerate(texts):
            cells.cell(row, column).text = text
    show.save(str(tmp_path / "sites.pptx"))
    assert [e.text for e in read(tmp_path / "travel.docx").elements] == [
        "Country: Norway | Per diem Full day: 75 EUR | Per diem Half day: 50 EUR | Hotel: 200 EUR"
    ]
    assert [(e.kind, e.text) for e in read(tmp_path / "sites.pptx").elements] == [
        (Kind.TEXT, "Headcount"),
        (Kind.TABLE, "Site: Bremen | 2024: 40 | 2025: 44"),
    ]


def test_labels_of_a_sheet_stand_under_those_they_are_indented_under(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    rows = [("Labels", "Sum"), ("Germany", 300), ("Berlin", 100), ("Mitte", 60), ("Graz", 50), ("Total", 350)]
    for row in rows:
        sheet.append(row)
    for number, indent in ((3, 1), (4, 2), (6, 1)):
        sheet.cell(number, 1).alignment = openpyxl.styles.Alignment(indent=indent)
    book.save(tmp_path / "pivot.xlsx")
    assert read(tmp_path / "pivot.xlsx").elements[-1].text.split("\n") == [
        "Labels: Germany | Sum: 300",
        "Labels: Germany: Berlin | Sum: 100",
        "Labels: Germany: Berlin: Mitte | Sum: 60",
        "Labels: Graz | Sum: 50",
        "Labels: Total | Sum: 350",
    ]


def test_hours_beyond_a_day_and_zeros_in_front_are_said_as_the_sheet_shows_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Name", "Worked", "Postal code"])
    sheet.append(["Mia", timedelta(hours=26, minutes=5), 1067])
    sheet["B2"].number_format, sheet["C2"].number_format = "[h]:mm", "00000"
    book.save(tmp_path / "hours.xlsx")
    assert read(tmp_path / "hours.xlsx").elements[-1].text == "Name: Mia | Worked: 26:05 | Postal code: 01067"


def test_a_table_of_a_mail_keeps_its_columns(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Prices"
    message.set_content("New prices:\n\nPump\n\nPrice\n\nHG-40\n\n80 EUR\n\nHG-50\n\n95 EUR\n")
    rows = (("Pump", "Price"), ("HG-40", "80 EUR"), ("HG-50", "95 EUR"))
    cells = "".join(f"<tr><td>{pump}</td><td>{price}</td></tr>" for pump, price in rows)
    message.add_alternative(f"<p>New prices:</p><table>{cells}</table>", subtype="html")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    assert [element.text for element in read(tmp_path / "a.eml").elements] == [
        "Prices",
        "New prices:",
        "Pump: HG-40 | Price: 80 EUR\nPump: HG-50 | Price: 95 EUR",
    ]
