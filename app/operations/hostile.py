"""Files of every kind that is read, each pointing to another host in every way that its format knows.

For `premise doctor --egress`: a library that follows such a pointer is seen trying. Every file says the same sentence.
"""

from __future__ import annotations

import io
import json
import mailbox
import shutil
import subprocess
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import docx
import pptx
from docx.opc.constants import RELATIONSHIP_TYPE as WORD
from PIL import Image, ImageDraw, ImageFont
from pptx.opc.constants import RELATIONSHIP_TYPE as SLIDES

ELSEWHERE = "elsewhere.example"  # a name that no resolver knows (RFC 2606)
TEXT = "There are 30 days of annual leave at the company."
CONVERTED = ((".docx", "doc"), (".xlsx", "xls"), (".pptx", "ppt"), (".xlsx", "ods"), (".pptx", "odp"))  # by LibreOffice
_URL = f"http://{ELSEWHERE}"


def write_files(folder: Path) -> None:
    """All of them; the old Office formats, .ods and .odp where LibreOffice is installed."""
    _texts(folder)
    (folder / "mail.eml").write_bytes(bytes(_mail()))
    box = mailbox.mbox(folder / "box.mbox")
    box.add(_mail())
    box.close()
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.write(folder / "page.html", "inside/page.html")
    with tarfile.open(folder / "archive.tgz", "w:gz") as packed:
        packed.add(folder / "page.html", "inside/page.html")
    _word(folder / "letter.docx")
    _slides(folder / "slides.pptx")
    _sheet(folder / "sheet.xlsx")
    _open_document(folder / "text.odt")
    _book(folder / "book.epub")
    _pdf(folder / "paper.pdf")
    _scan(folder / "scan.png")
    soffice = shutil.which("soffice")
    if soffice is not None:
        profile = f"-env:UserInstallation={(folder.parent / 'office').as_uri()}"
        for suffix, kind in CONVERTED:
            for file in sorted(folder.glob(f"*{suffix}")):
                command = [soffice, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(file)]
                subprocess.run(command, capture_output=True, check=True, timeout=180, umask=0o022)
        shutil.rmtree(folder.parent / "office", ignore_errors=True)


def _texts(folder: Path) -> None:
    url = _URL
    (folder / "leave.md").write_text(f"# Leave\n\n{TEXT}\n\n![x]({url}/a.png) [y]({url}) <img src='{url}/b.png'>\n")
    (folder / "note.txt").write_text(f"{TEXT} {url}/note\n")
    (folder / "job.py").write_text(f'"""{TEXT}"""\nimport urllib.request\nurllib.request.urlopen("{url}")\n')
    (folder / "page.html").write_text(
        f"<!DOCTYPE html SYSTEM '{url}/x.dtd'><html><head><base href='{url}/'><link rel=stylesheet href='{url}/a.css'>"
        f"<meta http-equiv=refresh content='0;url={url}'><script src='{url}/a.js'></script></head>"
        f"<body background='{url}/b.png'><p>{TEXT}<img src='{url}/a.png'><iframe src='{url}'></iframe></body></html>"
    )
    entity = f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e SYSTEM '{url}/e'>]><a xmlns='{url}'>{TEXT} &e;</a>"
    (folder / "entity.xml").write_text(entity)
    (folder / "notes.rtf").write_text(r"{\rtf1 " + TEXT + r' {\field{\*\fldinst INCLUDEPICTURE "' + url + r'/a.png"}}}')
    (folder / "table.csv").write_text(f'Days,Where\n30,"=WEBSERVICE(""{url}"")"\n')
    (folder / "data.json").write_text(json.dumps({"$schema": f"{url}/schema", "days": 30, "text": TEXT}))
    (folder / "rows.jsonl").write_text(json.dumps({"$ref": f"{url}/row", "days": 30, "text": TEXT}) + "\n")
    calendar = f"BEGIN:VEVENT\nSUMMARY:Leave\nDESCRIPTION:{TEXT}\nDTSTART:20260302T090000Z\nURL:{url}/event\n"
    calendar += f"ATTACH:{url}/a.pdf\nORGANIZER:mailto:a@{ELSEWHERE}\nEND:VEVENT\n"
    (folder / "meeting.vtt").write_text(f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v {url}/v>{TEXT} {url}/cue</v>\n")
    shown = {"data": {"text/html": f"<img src='{url}/o.png'><table><tr><td>{url}</td></tr></table>"}}
    cells = [
        {"cell_type": "markdown", "source": f"{TEXT} ![x]({url}/n.png)"},
        {"cell_type": "code", "source": f"!curl {url}", "outputs": [shown]},
    ]
    (folder / "notebook.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    (folder / "event.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{calendar}END:VCALENDAR\n")
    saved = EmailMessage()
    saved["Subject"], saved["Snapshot-Content-Location"] = "Leave", f"{url}/page"
    saved.set_content((folder / "page.html").read_text(), subtype="html")
    saved.make_related()
    (folder / "saved.mht").write_bytes(bytes(saved))


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Leave", f"a@{ELSEWHERE}", f"b@{ELSEWHERE}"
    mail.set_content(TEXT)
    mail.add_alternative(f"<p>{TEXT}<img src='{_URL}/track.gif'></p>", subtype="html")
    mail.add_attachment(f"<p>{TEXT}<img src='{_URL}/attached.gif'></p>", subtype="html", filename="attached.html")
    return mail


def _word(file: Path) -> None:
    document = docx.Document()
    document.add_heading("Leave", 1)
    document.add_paragraph(TEXT)
    template = WORD.HYPERLINK.replace("hyperlink", "attachedTemplate")
    for kind in (WORD.HYPERLINK, WORD.IMAGE, template):
        document.part.relate_to(f"{_URL}/{kind.rpartition('/')[2]}", kind, is_external=True)
    document.save(str(file))


def _slides(file: Path) -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = TEXT
    for kind in (SLIDES.HYPERLINK, SLIDES.IMAGE, SLIDES.VIDEO):
        slide.part.relate_to(f"{_URL}/{kind.rpartition('/')[2]}", kind, is_external=True)
    presentation.save(str(file))


def _sheet(file: Path) -> None:
    """By hand: a workbook of one row, with a formula and a link that lead elsewhere."""
    package, office = "http://schemas.openxmlformats.org/package/2006", "http://schemas.openxmlformats.org"
    related = f"{office}/officeDocument/2006/relationships"
    main = f'xmlns="{office}/spreadsheetml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def relation(what: str, target: str, more: str = "") -> str:
        one = f'<Relationship Id="r1" Type="{related}/{what}" Target="{target}" {more}/>'
        return f'<Relationships xmlns="{package}/relationships">{one}</Relationships>'

    types = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/b.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/>'
    )
    cells = f'<c r="A1" t="inlineStr"><is><t>{TEXT}</t></is></c><c r="B1"><f>WEBSERVICE("{_URL}")</f><v>0</v></c>'
    sheets = '<sheets><sheet name="Leave" sheetId="1" r:id="r1"/></sheets>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{types}</Types>',
        "_rels/.rels": relation("officeDocument", "xl/b.xml"),
        "xl/b.xml": f'<workbook {main} xmlns:r="{related}">{sheets}</workbook>',
        "xl/_rels/b.xml.rels": relation("worksheet", "s.xml"),
        "xl/s.xml": f'<worksheet {main}><sheetData><row r="1">{cells}</row></sheetData></worksheet>',
        "xl/_rels/s.xml.rels": relation("hyperlink", f"{_URL}/sheet", 'TargetMode="External"'),
    }
    _zip(file, parts)


def _open_document(file: Path) -> None:
    """By hand: one paragraph, with a picture that lies elsewhere."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    names = " ".join(f'xmlns:{name}="{office}:{name}:1.0"' for name in ("office", "text", "manifest"))
    drawn = f'xmlns:draw="{office}:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    picture = f'<draw:frame draw:name="a"><draw:image xlink:href="{_URL}/a.png" xlink:type="simple"/></draw:frame>'
    kind = "application/vnd.oasis.opendocument.text"
    parts = {
        "mimetype": kind,
        "content.xml": f'<office:document-content {names} {drawn} office:version="1.3"><office:body><office:text>'
        f"<text:p>{TEXT}{picture}</text:p></office:text></office:body></office:document-content>",
        "styles.xml": f'<office:document-styles {names} office:version="1.3"><office:styles/><office:automatic-styles/>'
        "<office:master-styles/></office:document-styles>",
        "META-INF/manifest.xml": f'<manifest:manifest {names}><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" '
        'manifest:media-type="text/xml"/></manifest:manifest>',
    }
    _zip(file, parts)


def _book(file: Path) -> None:
    """One chapter, with a picture and a style sheet that lie elsewhere."""
    package = '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest><item id="c" '
    package += (
        'href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>'
    )
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><link rel="stylesheet" href="{_URL}/a.css"/></head>'
    root = '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        f"<rootfiles>{root}</rootfiles></container>",
        "book.opf": package,
        "c.xhtml": f'{page}<body><p>{TEXT}<img src="{_URL}/a.png" alt=""/></p></body></html>',
    }
    _zip(file, parts)


def _zip(file: Path, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def _pdf(file: Path) -> None:
    """By hand: a page that opens an address by itself, with a link and a stream that lies elsewhere."""
    shown = f"BT /F1 14 Tf 40 700 Td ({TEXT}) Tj ET".encode()
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /URI /URI ({_URL}/open) >> >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [6 0 R] "
        b"/Resources << /Font << /F1 5 0 R >> /XObject << /X 7 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A << /S /URI /URI ({_URL}/link) >> >>".encode(),
        f"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /F << /FS /URL /F ({_URL}/x) >> /Length 0 >>\n"
        "stream\n\nendstream".encode(),
    ]
    made, places = io.BytesIO(b"%PDF-1.7\n"), []
    made.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        places.append(made.tell())
        made.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = made.tell()
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    made.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows))
    made.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    file.write_bytes(made.getvalue())


def _scan(file: Path) -> None:
    picture = Image.new("RGB", (1400, 300), "white")
    ImageDraw.Draw(picture).text((60, 100), TEXT, fill="black", font=ImageFont.load_default(48))
    picture.save(file)
