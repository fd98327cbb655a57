"""What files show besides their text: form fields, notes and overlaid text of PDFs, charts of slides."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from storage.records import Kind


def test_what_is_filled_into_a_form_stands_behind_its_label(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 705, "Full name")
    canvas.acroForm.textfield(name="name", value="Frida Kahlo", x=160, y=700, width=200, height=18)
    canvas.drawString(72, 655, "I agree")
    canvas.acroForm.checkbox(name="agree", checked=True, x=160, y=650, size=16)
    canvas.drawString(72, 605, "I object")
    canvas.acroForm.checkbox(name="object", checked=False, x=160, y=600, size=16)
    canvas.save()
    found = parse(path, suffix=".pdf", limits=ParseLimits())
    text = " ".join(element.text for element in found.elements)
    assert text == "Full name Frida Kahlo I agree [x] I object"
    name = next(line for element in found.elements for line in element.lines if "Frida" in element.text)
    assert name.page == 1


def test_comments_of_a_pdf_end_their_page(tmp_path: Path) -> None:
    path = tmp_path / "noted.pdf"
    canvas = Canvas(str(path))
    for page in ("one", "two"):
        canvas.drawString(72, 700, f"Text of page {page}.")
        canvas.textAnnotation(f"Remark on page {page}", (72, 500, 100, 530))
        canvas.showPage()
    canvas.save()
    found = parse(path, suffix=".pdf", limits=ParseLimits())
    assert [(element.kind, element.page, element.text) for element in found.elements] == [
        (Kind.TEXT, 1, "Text of page one."),
        (Kind.NOTE, 1, "Comment: Remark on page one"),
        (Kind.TEXT, 2, "Text of page two."),
        (Kind.NOTE, 2, "Comment: Remark on page two"),
    ]


def test_a_hidden_comment_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "hidden.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "Seen.")
    canvas.textAnnotation("Not for you", (72, 500, 100, 530))
    canvas.save()
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    mark = pypdfium2.raw.FPDFPage_GetAnnot(page.raw, 0)
    pypdfium2.raw.FPDFAnnot_SetFlags(mark, 2)
    pypdfium2.raw.FPDFPage_CloseAnnot(mark)
    document.save(tmp_path / "b.pdf")
    document.close()
    found = parse(tmp_path / "b.pdf", suffix=".pdf", limits=ParseLimits())
    assert [element.text for element in found.elements] == ["Seen."]


def test_the_numbers_of_a_chart_are_a_table(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Sales"
    data = CategoryChartData()
    data.categories = ["East", "West"]
    data.add_series("2023", (19.2, 21.4))
    data.add_series("2024", (20.1, None))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Units sold"
    slide.notes_slide.notes_text_frame.text = "Speak slowly."
    deck.save(tmp_path / "deck.pptx")
    found = parse(tmp_path / "deck.pptx", suffix=".pptx", limits=ParseLimits())
    assert [element.text for element in found.elements] == [
        "Sales",
        "Units sold",
        "East | 2023: 19.2 | 2024: 20.1\nWest | 2023: 21.4",
        "Speak slowly.",
    ]
    assert found.elements[2].kind is Kind.TABLE and found.elements[2].page == 1
