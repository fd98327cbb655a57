"""The benefits guide as a PDF with real text and tables."""

from pathlib import Path

import blocks
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

NAVY, TEAL, PALE, GREY = HexColor("#142f4c"), HexColor("#1b8a8f"), HexColor("#eef4f6"), HexColor("#5f6b76")
INK = HexColor("#1d2733")
WIDTH, HEIGHT = A4
LEFT = RIGHT = 22 * mm

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=15.6, spaceAfter=7, textColor=INK)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=12, bulletIndent=2, spaceAfter=3)
H1 = ParagraphStyle("h1", fontName="Helvetica-Bold", fontSize=18, leading=22, textColor=NAVY, spaceAfter=8)
H2 = ParagraphStyle("h2", parent=H1, fontSize=12, leading=15, textColor=TEAL, spaceBefore=8, spaceAfter=4)
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=9.6, leading=12, textColor=INK)
CELL_HEAD = ParagraphStyle("cellhead", parent=CELL, fontName="Helvetica-Bold", textColor=white, alignment=TA_LEFT)
CELL_FIRST = ParagraphStyle("cellfirst", parent=CELL, fontName="Helvetica-Bold")
CAPTION = ParagraphStyle(
    "caption", parent=CELL, fontName="Helvetica-Oblique", textColor=GREY, spaceBefore=4, spaceAfter=3
)
NOTE = ParagraphStyle(
    "note", parent=BODY, backColor=PALE, borderPadding=7, leftIndent=7, rightIndent=7, spaceBefore=9, spaceAfter=12
)


class NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it writes the footers."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.kept = []

    def showPage(self):
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self):
        for state in self.kept:
            self.__dict__.update(state)
            if self._pageNumber > 1:
                self.setFont("Helvetica", 8)
                self.setFillColor(GREY)
                self.drawRightString(WIDTH - RIGHT, 12 * mm, f"Page {self._pageNumber} of {len(self.kept)}")
            super().showPage()
        super().save()


def _cover(canvas, _document):
    canvas.setFillColor(NAVY)
    canvas.rect(0, HEIGHT * 0.42, WIDTH, HEIGHT * 0.58, stroke=0, fill=1)
    canvas.setFillColor(TEAL)
    canvas.rect(0, HEIGHT * 0.42 - 5 * mm, WIDTH, 5 * mm, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont("Helvetica", 14)
    canvas.drawString(LEFT, HEIGHT - 40 * mm, "Halden Instruments")
    canvas.setFont("Helvetica-Bold", 38)
    canvas.drawString(LEFT, HEIGHT - 105 * mm, "Benefits Guide 2026")
    canvas.setFont("Helvetica", 15)
    canvas.drawString(LEFT, HEIGHT - 117 * mm, "Health, pension, leave and family at our three sites")


def _page(canvas, _document):
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(GREY)
    canvas.drawString(LEFT, HEIGHT - 13 * mm, "Halden Instruments | Benefits Guide 2026")
    canvas.drawRightString(WIDTH - RIGHT, HEIGHT - 13 * mm, "Internal")
    canvas.setStrokeColor(TEAL)
    canvas.setLineWidth(0.8)
    canvas.line(LEFT, HEIGHT - 15 * mm, WIDTH - RIGHT, HEIGHT - 15 * mm)
    canvas.drawString(LEFT, 12 * mm, "Valid from 1 January to 31 December 2026")


def _table(caption, widths, rows):
    cells = []
    for i, row in enumerate(rows):
        styles = [CELL_HEAD] * len(row) if i == 0 else [CELL_FIRST] + [CELL] * (len(row) - 1)
        cells.append([Paragraph(value, style) for value, style in zip(row, styles, strict=True)])
    usable = WIDTH - LEFT - RIGHT
    table = Table(cells, colWidths=[usable * share / sum(widths) for share in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), NAVY),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, PALE]),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#c9d4da")),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 4.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4.5),
            ]
        )
    )
    return KeepTogether([Paragraph(caption, CAPTION), table, Spacer(1, 8)])


def _story(content_blocks):
    yield Spacer(1, 163 * mm)
    yield NextPageTemplate("page")
    for kind, content in content_blocks:
        if kind == "h1":
            yield PageBreak()
            yield Paragraph(content, H1)
        elif kind == "table":
            yield _table(content["caption"], content["widths"], content["rows"])
        elif kind == "bullets":
            for item in content:
                yield Paragraph(item, BULLET, bulletText="•")
            yield Spacer(1, 4)
        else:
            yield Paragraph(content, {"p": BODY, "h2": H2, "note": NOTE}[kind])


def benefits_guide(path: Path) -> None:
    info, content_blocks = blocks.read("benefits-guide.md")
    document = BaseDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=LEFT,
        rightMargin=RIGHT,
        topMargin=22 * mm,
        bottomMargin=22 * mm,
        title=info["title"],
        author=info["author"],
        subject=info["subject"],
        creator="Halden Instruments",
        invariant=1,
    )
    frame = Frame(LEFT, 22 * mm, WIDTH - LEFT - RIGHT, HEIGHT - 44 * mm, 0, 0, 0, 0)
    document.addPageTemplates(
        [
            PageTemplate("cover", [frame], onPage=_cover),
            PageTemplate("page", [frame], onPage=_page),
        ]
    )
    document.build(list(_story(content_blocks)), canvasmaker=NumberedCanvas)
