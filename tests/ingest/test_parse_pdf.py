"""PDF: text, places, columns, tables, headings, running heads. Drawn with reportlab, so every place is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.limits import ParseLimits
from ingest.parse.pdf import pdf_moment
from ingest.parse.registry import parse
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed

WIDTH, HEIGHT = A4


def drawn(folder: Path, draw: Callable[[Canvas], None], **options: object) -> Parsed:
    path = folder / "a.pdf"
    canvas = Canvas(str(path), pagesize=A4, **options)
    canvas.setFont("Helvetica", 10)
    draw(canvas)
    canvas.save()
    return parse(path, suffix=".pdf", limits=ParseLimits())


def lines(canvas: Canvas, texts: list[str], *, left: float = 72, top: float = 100, pitch: float = 12) -> None:
    for number, text in enumerate(texts):
        canvas.drawString(left, HEIGHT - top - number * pitch, text)


def test_paragraphs_boxes_and_hyphens(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, ["The warranty covers every ma-", "chine for two years, and the", "first service is free."])
        lines(canvas, ["A second paragraph."], top=160)

    found = drawn(tmp_path, draw)
    texts = [element.text for element in found.elements]
    assert texts == [
        "The warranty covers every machine for two years, and the first service is free.",
        "A second paragraph.",
    ]
    first = found.elements[0]
    assert [first.text[line.start : line.end] for line in first.lines] == [
        "The warranty covers every ma",
        "chine for two years, and the",
        "first service is free.",
    ]
    left, top, right, bottom = first.lines[1].box
    assert left == pytest.approx(72 / WIDTH, abs=0.003)
    assert top < (100 + 12) / HEIGHT <= bottom + 0.003
    assert right > left and first.lines[1].page == 1


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_on_turned_pages(tmp_path: Path, turn: int) -> None:
    import pypdfium2

    canvas = Canvas(str(tmp_path / "b.pdf"), pagesize=A4)
    canvas.drawString(72, HEIGHT - 100, "Known")
    canvas.save()
    document = pypdfium2.PdfDocument(tmp_path / "b.pdf")
    document[0].set_rotation(turn)
    document.save(tmp_path / "c.pdf")
    document.close()
    found = parse(tmp_path / "c.pdf", suffix=".pdf", limits=ParseLimits())
    left, top, right, bottom = found.elements[0].lines[0].box
    x, y = 72 / WIDTH, 100 / HEIGHT
    corner = {0: (left, bottom), 90: (1 - bottom, left), 180: (1 - right, 1 - top), 270: (top, 1 - right)}
    if turn == 0:
        assert corner[0] == pytest.approx((x, y), abs=0.005)
    elif turn == 180:
        assert (1 - right > 0.5) == (x > 0.5) or right == pytest.approx(1 - x, abs=0.005)
        assert top == pytest.approx(1 - y, abs=0.005)
    elif turn == 90:
        assert left == pytest.approx(1 - y, abs=0.005) or right == pytest.approx(1 - y, abs=0.02)
        assert top == pytest.approx(x, abs=0.005)
    else:
        assert bottom == pytest.approx(1 - x, abs=0.005)


def test_headings_and_running_heads(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for page in range(1, 5):
            canvas.setFont("Helvetica", 8)
            canvas.drawString(72, HEIGHT - 30, "ACME internal")
            canvas.drawString(300, 30, f"Page {page} of 4")
            canvas.setFont("Helvetica-Bold", 16)
            canvas.drawString(72, HEIGHT - 120, f"{page} Chapter about pumps")
            canvas.setFont("Helvetica-Bold", 10)
            canvas.drawString(72, HEIGHT - 150, "Safety first")
            canvas.setFont("Helvetica", 10)
            lines(canvas, [f"Body of page {page} goes on", "for two lines here."], top=170)
            canvas.showPage()

    found = drawn(tmp_path, draw)
    assert found.pages == 4
    assert [(e.kind, e.level, e.page) for e in found.elements[1:4]] == [
        (Kind.HEADING, 1, 1),
        (Kind.HEADING, 2, 1),
        (Kind.TEXT, 0, 1),
    ]
    everything = "\n".join(element.text for element in found.elements)
    assert everything.count("ACME") == 1 and "Page 1" not in everything
    assert len(found.elements) == 13


@pytest.mark.parametrize("count", [2, 3])
def test_feet_of_few_pages_do_not_stand_in_the_text(tmp_path: Path, count: int) -> None:
    def draw(canvas: Canvas) -> None:
        for page in range(1, count + 1):
            canvas.setFont("Helvetica", 10)
            lines(canvas, [f"and pump {page} is checked every", "month by the shift, and then"], top=120)
            canvas.drawString(72, 40, f"ACME handbook, version 3 of May 2024 · {page}/{count}")
            canvas.showPage()

    texts = [element.text for element in drawn(tmp_path, draw).elements]
    assert len(texts) == 2
    assert "by the shift, and then and pump 2 is checked" in texts[0]  # goes on over the page's end
    assert texts[1] == f"ACME handbook, version 3 of May 2024 · 1/{count}"


@pytest.mark.parametrize("across", [False, True])
def test_two_columns(tmp_path: Path, across: bool) -> None:
    left = [f"left column line {n} with some more words" for n in range(8)]
    right = [f"right column line {n} with some other words" for n in range(8)]

    def draw(canvas: Canvas) -> None:
        if across:
            for n in range(8):
                lines(canvas, [left[n]], top=100 + 12 * n)
                lines(canvas, [right[n]], left=330, top=100 + 12 * n)
        else:
            lines(canvas, left)
            lines(canvas, right, left=330)

    text = " ".join(element.text for element in drawn(tmp_path, draw).elements)
    assert text == " ".join([*left, *right])


def test_table(tmp_path: Path) -> None:
    rows = [("Model", "Power", "Weight"), ("P100", "5 kW", "12 kg"), ("P200", "7 kW", "15 kg"), ("P300", "9 kW", "")]

    def draw(canvas: Canvas) -> None:
        lines(canvas, ["The pumps at a glance:"], top=80)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                canvas.drawString(72 + 120 * column, HEIGHT - 110 - 14 * number, cell)

    found = drawn(tmp_path, draw)
    table = found.elements[1]
    assert table.kind is Kind.TABLE and table.header == rows[0]
    assert table.text.split("\n") == [
        "Model: P100 | Power: 5 kW | Weight: 12 kg",
        "Model: P200 | Power: 7 kW | Weight: 15 kg",
        "Model: P300 | Power: 9 kW",
    ]
    assert [(line.start, line.end) for line in table.lines] == [(row.start, row.end) for row in table.rows]


def test_title_drawn_last_comes_first(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, ["The body of the page is", "written before its title."], top=200)
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, HEIGHT - 120, "Drawn last")

    assert drawn(tmp_path, draw).elements[0].text == "Drawn last"


def test_bullets(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(["first item", "second item", "third item"]):
            canvas.drawString(72, HEIGHT - 100 - 13 * number, "•")
            canvas.drawString(95, HEIGHT - 100 - 13 * number, text)

    found = drawn(tmp_path, draw)
    assert [(e.kind, e.text) for e in found.elements] == [
        (Kind.LIST, "- first item"),
        (Kind.LIST, "- second item"),
        (Kind.LIST, "- third item"),
    ]


def test_items_whose_marks_are_drawn_are_a_list(tmp_path: Path) -> None:
    items = [(90, "Switch the machine off"), (110, "Pull the plug"), (110, "Wait"), (90, "Put gloves on, and tell")]

    def draw(canvas: Canvas) -> None:
        lines(canvas, ["Before you start, whoever you are and however well you know the press, do this:"])
        for number, (left, text) in enumerate(items):
            lines(canvas, [text], left=left, top=124 + 12 * number)
            canvas.circle(left - 10, HEIGHT - 121 - 12 * number, 1.8, fill=number != 2)
        lines(canvas, ["whoever stands near"], left=90, top=124 + 12 * len(items))
        for number in range(8):  # a dotted border
            canvas.circle(70, HEIGHT - 196 - 3 * number, 0.9, fill=1)
        lines(canvas, ["Beside a border there is no item,", "whatever its dots."], left=80, top=200)

    assert [element.text for element in drawn(tmp_path, draw).elements] == [
        "Before you start, whoever you are and however well you know the press, do this:",
        "- Switch the machine off",
        "- Pull the plug",
        "- Wait",
        "- Put gloves on, and tell whoever stands near",
        "Beside a border there is no item, whatever its dots.",
    ]


def test_numbered_items_inside_others_are_items(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number, (left, text) in enumerate(
            ((72, "1. First"), (90, "1. Inner"), (90, "2. Other"), (72, "2. Second"))
        ):
            lines(canvas, [text], left=left, top=100 + 12 * number)
        lines(canvas, ["What follows is set in lines that are much longer than the items are."], top=170)

    texts = [element.text for element in drawn(tmp_path, draw).elements]
    assert texts[:4] == ["1. First", "1. Inner", "2. Other", "2. Second"]


def test_large_bullets_of_slides_are_no_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 20)
        canvas.drawString(72, HEIGHT - 100, "• Gloves")
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["Small words of the slide, many more", "than those of its only bullet."], top=200)

    assert drawn(tmp_path, draw).elements[0].kind is Kind.LIST


def test_metadata(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setTitle("Microsoft Word - draft.doc")
        canvas.setAuthor("Ada")
        lines(canvas, ["Some text."])

    found = drawn(tmp_path, draw)
    assert (found.title, found.author) == (None, "Ada")
    assert found.created is not None and found.created.tzinfo is not None
    assert str(pdf_moment("D:20240131120000+01'00'")) == "2024-01-31 11:00:00+00:00"
    assert pdf_moment("yesterday") is None


def test_bad_pdfs(tmp_path: Path) -> None:
    with pytest.raises(ParseFailure) as caught:
        drawn(tmp_path, lambda canvas: canvas.rect(10, 10, 50, 50))
    assert caught.value.code is Code.EMPTY and "No text was found on the file's 1 page" in caught.value.reason
    from reportlab.lib.pdfencrypt import StandardEncryption

    with pytest.raises(ParseFailure) as caught:
        drawn(tmp_path, lambda canvas: lines(canvas, ["x y z"]), encrypt=StandardEncryption("user", "owner"))
    assert caught.value.code is Code.ENCRYPTED
    opened = drawn(tmp_path, lambda canvas: lines(canvas, ["x y z"]), encrypt=StandardEncryption("", "owner"))
    assert opened.elements[0].text == "x y z"


def ruled(canvas: Canvas, rows: list[list[list[str]]], *, top: float, widths: tuple[float, ...]) -> None:
    """A table with lines around its cells; a cell is the list of its lines."""
    at = HEIGHT - top
    for number, row in enumerate(rows):
        canvas.setFont("Helvetica-Bold" if number == 0 else "Helvetica", 10)
        high = 6 + 12 * max(map(len, row))
        left = 72.0
        for cell, width in zip(row, widths, strict=True):
            canvas.rect(left, at - high, width, high)
            for line, text in enumerate(cell):
                canvas.drawString(left + 3, at - 12 - 12 * line, text)
            left += width
        at -= high
    canvas.setFont("Helvetica", 10)


def test_a_ruled_table_keeps_rows_whole_whatever_is_wrapped(tmp_path: Path) -> None:
    head = [["Plan"], ["What it covers"], ["Deductible"]]
    gold = [["Gold"], ["Everything, also dental", "care and glas-", "ses every year"], ["500 EUR"]]
    basic = [["Basic"], ["The doctor"], [""]]

    def draw(canvas: Canvas) -> None:
        lines(canvas, ["Plans at a glance, as they are from January on:"], top=80)
        ruled(canvas, [head, gold, basic], top=100, widths=(60, 150, 90))
        lines(canvas, ["After the table."], top=220)

    found = drawn(tmp_path, draw)
    table = next(element for element in found.elements if element.kind is Kind.TABLE)
    assert table.header == ("Plan", "What it covers", "Deductible")
    assert table.text.split("\n") == [
        "Plan: Gold | What it covers: Everything, also dental care and glasses every year | Deductible: 500 EUR",
        "Plan: Basic | What it covers: The doctor",
    ]
    assert [element.text for element in found.elements if element.kind is Kind.TEXT][-1] == "After the table."


def test_a_table_over_two_pages_is_one_with_its_header(tmp_path: Path) -> None:
    head = [["Site"], ["City"], ["Rooms"]]
    rows = [[[f"S{n}"], [f"City {n}"], [str(n)]] for n in range(6)]

    def draw(canvas: Canvas) -> None:
        ruled(canvas, [head, *rows[:3]], top=600, widths=(60, 150, 90))
        canvas.showPage()
        ruled(canvas, [head, *rows[3:]], top=100, widths=(60, 150, 90))

    (table,) = drawn(tmp_path, draw).elements
    assert [row.cells[0] for row in table.rows] == ["S0", "S1", "S2", "S3", "S4", "S5"]
    assert table.text.split("\n")[4] == "Site: S4 | City: City 4 | Rooms: 4"
    assert [line.page for line in table.lines] == [1, 1, 1, 2, 2, 2]


def test_a_paragraph_goes_on_over_the_page(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, ["The service contract is renewed every year unless one of"], top=600)
        canvas.showPage()
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["the parties gives notice in writing by the end of June."], top=100)
        lines(canvas, ["Another paragraph begins here."], top=140)

    first, second = drawn(tmp_path, draw).elements
    assert first.text.endswith("unless one of the parties gives notice in writing by the end of June.")
    assert [line.page for line in first.lines] == [1, 2] and second.text.startswith("Another")


@pytest.mark.slow
def test_two_thousand_pages_and_as_many_scans_end_in_a_clear_state(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for page in range(2000):
            canvas.drawString(72, 700, f"Page {page} of the register names the owner {page * 7}.")
            canvas.showPage()

    found = drawn(tmp_path, draw)
    assert found.pages == 2000 and "owner 13993." in found.elements[-1].text

    def scans(canvas: Canvas) -> None:
        for _ in range(2000):
            canvas.rect(60, 60, 400, 400)
            canvas.showPage()

    path = tmp_path / "scans.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    scans(canvas)
    canvas.save()
    with pytest.raises(ParseFailure, match="pages 1–2000") as caught:
        parse(path, suffix=".pdf", limits=ParseLimits(ocr_seconds=1e-6))
    assert caught.value.code is Code.TIMED_OUT


def _raised(canvas: Canvas, at: tuple[float, float], before: str, mark: str, after: str = "") -> None:
    """A line with a raised figure in it."""
    line = canvas.beginText(*at)
    line.setFont("Helvetica", 10)
    line.textOut(before)
    line.setFont("Helvetica", 6)
    line.setRise(4)
    line.textOut(mark)
    line.setRise(0)
    line.setFont("Helvetica", 10)
    line.textOut(after)
    canvas.drawText(line)


def test_footnotes_follow_what_refers_to_them(tmp_path: Path) -> None:
    """And a paragraph that goes on over the page is not broken by the notes at its foot."""

    def draw(canvas: Canvas) -> None:
        _raised(canvas, (72, HEIGHT - 100), "The fee is twelve euro", "1", " a month for every member of the club.")
        lines(canvas, ["A second paragraph says nothing of notes, of CO2 or of Q2 2024."], top=130)
        _raised(canvas, (72, HEIGHT - 160), "The board decides in spring.", "2", " Until then the fee of last year,")
        lines(canvas, ["which was a little lower, is paid by everybody who was"], top=172)
        canvas.setFont("Helvetica", 7)
        lines(
            canvas,
            ["1 Since January.", "2 Members are heard before, as the rules", "of 1998 ask for."],
            top=700,
            pitch=9,
        )
        canvas.showPage()
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["a member at the time.", "The end."], top=100, pitch=30)

    assert [(element.kind, element.text) for element in drawn(tmp_path, draw).elements] == [
        (Kind.TEXT, "The fee is twelve euro1 a month for every member of the club."),
        (Kind.NOTE, "1 Since January."),
        (Kind.TEXT, "A second paragraph says nothing of notes, of CO2 or of Q2 2024."),
        (
            Kind.TEXT,
            "The board decides in spring.2 Until then the fee of last year, "
            "which was a little lower, is paid by everybody who was a member at the time.",
        ),
        (Kind.NOTE, "2 Members are heard before, as the rules of 1998 ask for."),
        (Kind.TEXT, "The end."),
    ]


def test_small_print_that_nothing_refers_to_stays_where_it_is(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        lines(canvas, ["The fee is twelve euro a month for every member.", "It is due on the first day."], pitch=30)
        canvas.setFont("Helvetica", 7)
        lines(canvas, ["1 Main Street, Springfield"], top=700)

    texts = [element.text for element in drawn(tmp_path, draw).elements]
    assert texts[-1] == "1 Main Street, Springfield" and len(texts) == 3


def test_a_table_whose_rows_alone_are_parted_by_lines_keeps_what_is_wrapped(tmp_path: Path) -> None:
    """As most reports draw them: a line under each row, none between columns, and one at the head of the page."""
    rows = [
        [["Years of service"], ["Germany: company", "pension"], ["USA: match"], ["China: supplementary", "annuity"]],
        [["under 2"], ["15 % of your pay"], ["50 % of the first 4 % of pay"], ["2 % of pay"]],
        [["2 to 4"], ["25 % of your pay"], ["75 % of the first 4 % of pay"], ["3 % of pay"]],
        [["5 to 9"], ["40 % of your pay"], ["100 % of the first", "5 % of pay"], ["4 % of pay"]],
        [["10 and more"], ["50 % of your pay"], ["100 % of the first", "6 % of pay"], ["5 % of pay"]],
    ]

    def draw(canvas: Canvas) -> None:
        canvas.line(72, HEIGHT - 60, 520, HEIGHT - 60)
        lines(canvas, ["Table 5: What the company adds"], top=90)
        at = HEIGHT - 100.0
        canvas.line(72, at, 520, at)
        for number, row in enumerate(rows):
            canvas.setFont("Helvetica-Bold" if number == 0 else "Helvetica", 10)
            high = 8 + 12 * max(map(len, row))
            for left, cell in zip((75, 165, 270, 408), row, strict=True):
                for line, text in enumerate(cell):
                    canvas.drawString(left, at - high / 2 + 6 * len(cell) - 9 - 12 * line, text)
            at -= high
            canvas.line(72, at, 520, at)
        canvas.setFont("Helvetica", 10)
        lines(canvas, ["At every site the company adds to what you put aside."], top=300)

    found = drawn(tmp_path, draw)
    (table,) = [element for element in found.elements if element.kind is Kind.TABLE]
    assert table.header == (
        "Years of service",
        "Germany: company pension",
        "USA: match",
        "China: supplementary annuity",
    )
    assert [row.cells for row in table.rows] == [
        ("under 2", "15 % of your pay", "50 % of the first 4 % of pay", "2 % of pay"),
        ("2 to 4", "25 % of your pay", "75 % of the first 4 % of pay", "3 % of pay"),
        ("5 to 9", "40 % of your pay", "100 % of the first 5 % of pay", "4 % of pay"),
        ("10 and more", "50 % of your pay", "100 % of the first 6 % of pay", "5 % of pay"),
    ]


def test_lines_around_paragraphs_make_no_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(5):
            top = 100 + 60 * number
            canvas.line(72, HEIGHT - top, 520, HEIGHT - top)
            lines(canvas, [f"Rule {number} says what is to be done with", "the keys of the building."], top=top + 20)
            lines(canvas, ["(note)"], left=480, top=top + 20)

    assert not [element for element in drawn(tmp_path, draw).elements if element.kind is Kind.TABLE]


def test_rows_of_a_ruled_table_at_the_end_of_pages_are_no_feet(tmp_path: Path) -> None:
    """Nor are their numbers page numbers; of a row that the end of the page breaks, no line is drawn there."""

    def draw(canvas: Canvas) -> None:
        for page in range(4):
            head = [["Site"], ["Days"], ["Contact"]]
            rows = [[[f"Site {page}{row}"], [str(20 + row)], [f"Person {page}{row}"]] for row in range(9)]
            ruled(canvas, [head, *rows], top=HEIGHT - 38 - 18 * 10, widths=(80, 60, 120))
            for x, text in ((72, f"Site {page}9"), (152, "29"), (212, "Person of")):
                canvas.drawString(x + 3, 26, text)
            for x in (72, 152, 212, 332):
                canvas.line(x, 38, x, 20)
            canvas.showPage()

    (table,) = drawn(tmp_path, draw).elements
    assert table.text.split("\n") == [
        f"Site: Site {page}{row} | Days: {20 + row} | Contact: Person {f'{page}{row}' if row < 9 else 'of'}"
        for page in range(4)
        for row in range(10)
    ]


def test_a_name_over_two_columns_of_a_ruled_table_is_not_cut(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        top = HEIGHT - 100
        for x in (72, 172, 372, 472):
            canvas.line(x, top, x, top - 80)
        canvas.line(272, top - 20, 272, top - 80)
        for y in (top, top - 40, top - 60, top - 80):
            canvas.line(72, y, 472, y)
        canvas.line(172, top - 20, 372, top - 20)
        canvas.setFont("Helvetica", 10)
        for x, y, text in ((80, 24, "Zone"), (250, 14, "Weekday"), (200, 34, "Day"), (300, 34, "Night")):
            canvas.drawString(x, top - y, text)
        canvas.drawString(400, top - 24, "Weekend")
        for row, texts in enumerate((("A", "1.50", "2.00", "3.10"), ("B", "2.50", "3.00", "4.10"))):
            for x, text in zip((80, 200, 300, 400), texts, strict=True):
                canvas.drawString(x, top - 54 - 20 * row, text)
        canvas.showPage()

    assert [element.text for element in drawn(tmp_path, draw).elements] == [
        "Zone: A | Weekday Day: 1.50 | Weekday Night: 2.00 | Weekend: 3.10\n"
        "Zone: B | Weekday Day: 2.50 | Weekday Night: 3.00 | Weekend: 4.10"
    ]
