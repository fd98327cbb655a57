"""The slide deck: strategy 2026 and 2027."""

from datetime import datetime
from pathlib import Path

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Inches, Pt

NAVY, TEAL, GREY = RGBColor(0x14, 0x2F, 0x4C), RGBColor(0x1B, 0x8A, 0x8F), RGBColor(0x55, 0x5F, 0x6B)
PALE = RGBColor(0xE9, 0xF1, 0xF4)

# title, body (bullets, or rows of a table with its head first), notes
SLIDES = [
    (
        "Where we stand at the end of 2025",
        [
            "Revenue EUR 78.4 million, 6.2 percent more than in 2024",
            "Operating result (EBIT) EUR 9.1 million, a margin of 11.6 percent",
            "Order backlog on 31 December: EUR 21.3 million, about 14 weeks of production",
            "420 employees: Göttingen 236, Durham 98, Suzhou 86",
            "On-time delivery 91 percent; our promise to customers is 95 percent",
            "Customer complaints down from 3.4 to 2.6 per thousand instruments",
        ],
        "The result is preliminary; the auditors sign in March. The missed delivery promise cost us two framework "
        "contracts in Scandinavia worth about EUR 900,000 a year. This is why delivery is priority number one.",
    ),
    (
        "Five priorities for 2026 and 2027",
        [
            "Deliver on time: 95 percent by the end of 2026, owner Henrik Baumgart",
            "Grow with services: HaldenLink Cloud on 7,500 gateways by the end of 2027, owner Mirko Tadic",
            "Second line in Suzhou: in operation from 1 July 2026, owner Cai Wenjing",
            "One flow platform: HF-220 replaces HF-150 and HF-210, owner Dr. Leena Raskin",
            "A place where people stay: attrition below 7 percent, owner Amara Lindqvist",
        ],
        "Each priority has one owner. The owners report in the operations meeting on the second Monday of each month. "
        "What is not on this list may be done, but it does not get new positions.",
    ),
    (
        "Revenue plan by region",
        [
            ["EUR million", "2025 actual", "2026 plan", "2027 target", "Growth 2025 to 2027"],
            ["Europe, Middle East, Africa", "43.5", "46.2", "49.6", "14 %"],
            ["Americas", "20.9", "22.6", "25.2", "21 %"],
            ["Asia-Pacific", "14.0", "15.2", "16.7", "19 %"],
            ["Total", "78.4", "84.0", "91.5", "17 %"],
        ],
        "The plan is calculated at 1.10 US dollars and 7.80 yuan to the euro. Ten cents more on the dollar cost "
        "us about EUR 1.9 million of revenue in the Americas.",
    ),
    (
        "Revenue plan by product line",
        [
            ["EUR million", "2025 actual", "2026 plan", "Gross margin 2026"],
            ["Flow (HF)", "29.3", "31.1", "44 %"],
            ["Pressure (HP)", "21.8", "22.7", "39 %"],
            ["Temperature (HT)", "12.1", "12.4", "31 %"],
            ["Vibration (HV)", "8.9", "9.8", "47 %"],
            ["Gateways and cloud (HG)", "6.3", "8.0", "58 %"],
            ["Total", "78.4", "84.0", "42 %"],
        ],
        "Cloud subscriptions are EUR 2.2 million of the 8.0 million. Temperature stays a price battle; we keep "
        "it because customers order it together with the rest.",
    ),
    (
        "Product roadmap",
        [
            ["Product", "What", "Market launch"],
            ["HG-60", "gateway for 500 sensors, Ethernet", "1 September 2026"],
            ["HV-530 rev. B", "battery for 8 instead of 5 years", "November 2026"],
            ["HP-340", "hygienic pressure transmitter for food", "March 2027"],
            ["HF-220", "new flow platform DN15 to DN150", "September 2027"],
            ["HF-150", "last order date for the turbine meters", "31 December 2027"],
        ],
        "Research and development gets 11.5 percent of revenue, EUR 9.66 million in 2026. The HF-220 is the biggest "
        "project: EUR 4.1 million over two years and 19 people at its peak.",
    ),
    (
        "Operations: shorter lead times",
        [
            "Second production line in Suzhou: investment EUR 3.6 million, 22 new jobs by the end of 2027",
            "Lead time for HF-210 from six to four weeks by mid-2027",
            "Second source for every part with only one supplier and more than EUR 100,000 a year: 17 parts today, "
            "at most 5 by the end of 2027",
            "Safety stock of six weeks for ceramics and microcontrollers",
            "Energy per instrument 20 percent lower by 2028, compared with 2023; today we stand at 9 percent",
        ],
        "The list of the 17 parts is with Birgit Ahlers. Piezo discs are number one on it.",
    ),
    (
        "People",
        [
            "18 additional positions in 2026: 7 in Suzhou, 6 in cloud and firmware, 5 in sales and service",
            "Attrition 8.3 percent in 2025; target below 7 percent in 2027",
            "Apprentices in Göttingen: from 14 to 18 per year of training",
            "Every manager completes the two-day course Leading at Halden by 30 June 2027",
            "Employee survey every October; participation in 2025 was 81 percent",
        ],
        "Exit interviews name two reasons before pay: no visible career path for experts, and on-call duty. The "
        "expert path starts on 1 April 2026 with the new bands; the on-call rules were revised as well.",
    ),
    (
        "Risks and what we do about them",
        [
            ["Risk", "Likelihood", "Effect on EBIT", "Measure"],
            ["Failure of a single-source supplier", "high", "EUR 1.2 million", "second sources, safety stock"],
            ["Cyber attack stops production", "medium", "EUR 2.5 million", "offline backups, exercise twice a year"],
            ["HF-220 half a year late", "medium", "EUR 0.9 million", "gate reviews, HF-210 kept until 2028"],
            ["US tariffs on sensors", "medium", "EUR 0.7 million", "final assembly in Durham"],
            ["Energy price doubles", "low", "EUR 0.4 million", "fixed-price contract until the end of 2027"],
        ],
        "The supervisory board has asked for this table every half year. The amounts are gross, before insurance.",
    ),
    (
        "How we measure it, and next dates",
        [
            ["Key figure", "2025", "Target 2026", "Target 2027"],
            ["On-time delivery", "91 %", "95 %", "96 %"],
            ["EBIT margin", "11.6 %", "11.9 %", "12.5 %"],
            ["Gateways in HaldenLink Cloud", "4,350", "5,800", "7,500"],
            ["Attrition", "8.3 %", "7.5 %", "below 7 %"],
            ["Complaints per thousand instruments", "2.6", "2.2", "1.8"],
        ],
        "Next dates: half-year review on 16 July 2026 in the room Gauss and by video; budget round for 2027 from "
        "21 September; next strategy day on 14 January 2027. Questions to strategy@halden.example.",
    ),
]


def _text(shape, text, size, color, *, bold=False):
    frame = shape.text_frame
    frame.word_wrap = True
    frame.text = text
    for run in frame.paragraphs[0].runs:
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, color


def _bar(slide, top, height, color):
    bar = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, Inches(top), Inches(13.333), Inches(height))
    bar.fill.solid()
    bar.fill.fore_color.rgb = color
    bar.line.fill.background()
    return bar


def _place(shape, left, top, width, height):
    shape.left, shape.top, shape.width, shape.height = (Inches(value) for value in (left, top, width, height))


def _table(slide, rows):
    width = 12.1
    place = (Inches(0.6), Inches(1.7), Inches(width), Inches(0.6 * len(rows)))
    table = slide.shapes.add_table(len(rows), len(rows[0]), *place).table
    longest = [max(9, *(len(row[i]) for row in rows)) + 5 for i in range(len(rows[0]))]
    for column, share in zip(table.columns, longest, strict=True):
        column.width = int(Inches(width) * share / sum(longest))
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            cell = table.cell(i, j)
            cell.text = value
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.fill.solid()
            cell.fill.fore_color.rgb = NAVY if i == 0 else (PALE if i % 2 else RGBColor(0xFF, 0xFF, 0xFF))
            run = cell.text_frame.paragraphs[0].runs[0]
            run.font.size = Pt(16)
            run.font.bold = i == 0 or row[0] == "Total"
            run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF) if i == 0 else NAVY


def strategy(path: Path) -> None:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    properties = deck.core_properties
    properties.title = "Strategy 2026 and 2027"
    properties.author = "Ingrid Vossberg"
    properties.last_modified_by = "Ingrid Vossberg"
    properties.created = properties.modified = datetime(2026, 1, 15, 9)
    properties.revision = 1

    slide = deck.slides.add_slide(deck.slide_layouts[5])
    _bar(slide, 0, 7.5, NAVY)
    _bar(slide, 4.25, 0.06, TEAL)
    slide.shapes._spTree.append(slide.shapes.title._element)  # the title in front of the background
    _place(slide.shapes.title, 0.9, 2.4, 11.5, 1.6)
    _text(slide.shapes.title, "Strategy 2026 and 2027", 48, RGBColor(0xFF, 0xFF, 0xFF), bold=True)
    box = slide.shapes.add_textbox(Inches(0.9), Inches(4.5), Inches(11.5), Inches(1.2))
    _text(box, "Halden Instruments, strategy day on 15 January 2026. Ingrid Vossberg, CEO", 22, PALE)
    slide.notes_slide.notes_text_frame.text = (
        "Welcome to everybody in Göttingen, Durham and Suzhou. The recording stays in the intranet until 31 March 2026."
    )

    for number, (title, body, notes) in enumerate(SLIDES, 2):
        tabular = isinstance(body[0], list)
        slide = deck.slides.add_slide(deck.slide_layouts[5 if tabular else 1])
        _bar(slide, 1.3, 0.05, TEAL)
        _place(slide.shapes.title, 0.6, 0.35, 12.1, 0.9)
        _text(slide.shapes.title, title, 34, NAVY, bold=True)
        if tabular:
            _table(slide, body)
        else:
            frame = slide.placeholders[1]
            _place(frame, 0.6, 1.65, 12.1, 4.9)
            for i, bullet in enumerate(body):
                paragraph = frame.text_frame.paragraphs[0] if i == 0 else frame.text_frame.add_paragraph()
                paragraph.text = bullet
                paragraph.space_after = Pt(10)
                paragraph.runs[0].font.size = Pt(22)
                paragraph.runs[0].font.color.rgb = NAVY
        foot = slide.shapes.add_textbox(Inches(0.6), Inches(6.95), Inches(12.1), Inches(0.4))
        _text(foot, f"Halden Instruments | Strategy 2026 and 2027 | Internal | {number}", 11, GREY)
        slide.notes_slide.notes_text_frame.text = notes
    for slide in deck.slides:  # the template's titles are centred
        slide.shapes.title.text_frame.paragraphs[0].alignment = 1
    deck.save(path)
