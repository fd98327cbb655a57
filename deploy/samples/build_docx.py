"""The Word documents: remote work policy, product manual, parental-leave process, audit memo."""

from datetime import datetime
from pathlib import Path

import blocks
from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

NAVY = RGBColor(0x14, 0x2F, 0x4C)


def _field(paragraph, instruction):
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, instruction), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _shade(cell, color):
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), color)
    cell._tc.get_or_add_tcPr().append(shade)


def _restart(document, paragraph):
    """Let the numbered list that begins with this paragraph count from 1."""
    numbering = document.part.numbering_part.element
    style_num = paragraph.style.element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(style_num).abstractNumId.val
    num = numbering.add_num(abstract)
    num.add_lvlOverride(ilvl=0).add_startOverride(1)
    return num.numId


def _table(document, rows):
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    longest = [min(max(len(row[j]) for row in rows) + 8, 60) for j in range(len(rows[0]))]
    widths = [int(Cm(17) * share / sum(longest)) for share in longest]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for i, row in enumerate(rows):
        whole = OxmlElement("w:cantSplit")  # no page break inside a row
        table.rows[i]._tr.get_or_add_trPr().append(whole)
        for j, value in enumerate(row):
            cell = table.cell(i, j)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(1)
            paragraph.paragraph_format.keep_with_next = len(rows) < 10 and i < len(rows) - 1
            cell.width = widths[j]
            run = paragraph.add_run(value)
            run.font.size = Pt(9.5)
            run.bold = i == 0
            if i == 0:
                _shade(cell, "DCE6F1")
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def write(path: Path, source: str) -> None:
    info, content_blocks = blocks.read(source)
    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.subject = info["title"], info["author"], info["document"]
    properties.last_modified_by, properties.comments, properties.revision = info["author"], "", 1
    properties.created = properties.modified = datetime.fromisoformat(info["date"])
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = NAVY
        document.styles[name].font.name = "Calibri"

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.header.paragraphs[0].text = f"Halden Instruments | {info['document']}"
    foot = section.footer.paragraphs[0]
    foot.text = f"{info['class']} | Page "
    _field(foot, "PAGE")

    document.add_heading(info["title"], 0)
    for kind, content in content_blocks:
        if kind in ("h1", "h2"):
            document.add_heading(content, int(kind[1]))
        elif kind == "p":
            document.add_paragraph(content)
        elif kind == "table":
            _table(document, content["rows"])
        else:
            number = None
            for item in content:
                paragraph = document.add_paragraph(item, style="List Bullet" if kind == "bullets" else "List Number")
                if kind == "steps":
                    number = number or _restart(document, paragraph)
                    properties_ = paragraph._p.get_or_add_pPr().get_or_add_numPr()
                    properties_.get_or_add_ilvl().val = 0
                    properties_.get_or_add_numId().val = number
    document.save(path)


def remote_work(path: Path) -> None:
    write(path, "remote-work.md")


def manual(path: Path) -> None:
    write(path, "manual-HF-210.md")


def parental_leave(path: Path) -> None:
    write(path, "parental-leave.md")


def audit_memo(path: Path) -> None:
    write(path, "audit-memo.md")
