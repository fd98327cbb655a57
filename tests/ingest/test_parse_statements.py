"""Tables of numbers in PDFs that have no rules, as annual reports print them: drawn with reportlab, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

from ingest.chunk import chunk
from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_amounts import taken_apart
from ingest.parse.pdf_piece import Piece
from ingest.parse.registry import parse
from storage.records import Element, Kind, Parsed

WIDTH, HEIGHT = LETTER
BOLD = "Times-Bold"
INCOME: tuple[tuple[str | tuple[str, str], int, tuple[str, ...]], ...] = (
    ("Revenues:", 0, ()),
    ("Product sales", 1, ("$ 12,345", "$ 11,002", "$ 9,876")),
    ("Services and other", 1, ("2,345", "2,100", "1,987")),
    ("Total revenues", 2, ("14,690", "13,102", "11,863")),
    ("Costs and expenses:", 0, ()),
    ("Cost of product sales", 1, ("(8,100)", "(7,300)", "(6,700)")),
    (("Gain on sale of businesses and related long-lived", "assets, net of transaction costs"), 1, ("12", "—", "(3)")),
    ("Income before income taxes", 0, ("5,577", "4,900", "4,500")),
    ("Net income", 0, ("$ 3,210", "$ 2,900", "$ 2,500")),
    ("Earnings per share:", 0, ()),
    ("Basic", 1, ("$ 3.21", "$ 2.90", "$ 2.50")),
    ("Diluted", 1, ("$ 3.18", "$ 2.88", "$ 2.47")),
)
ROWS = [
    "Revenues: Product sales | 2023: $12,345 | 2022: $11,002 | 2021: $9,876",
    "Revenues: Services and other | 2023: 2,345 | 2022: 2,100 | 2021: 1,987",
    "Total revenues | 2023: 14,690 | 2022: 13,102 | 2021: 11,863",
    "Costs and expenses: Cost of product sales | 2023: (8,100) | 2022: (7,300) | 2021: (6,700)",
    "Costs and expenses: Gain on sale of businesses and related long-lived assets, net of transaction costs"
    " | 2023: 12 | 2022: — | 2021: (3)",
    "Income before income taxes | 2023: 5,577 | 2022: 4,900 | 2021: 4,500",
    "Net income | 2023: $3,210 | 2022: $2,900 | 2021: $2,500",
    "Earnings per share: Basic | 2023: $3.21 | 2022: $2.90 | 2021: $2.50",
    "Earnings per share: Diluted | 2023: $3.18 | 2022: $2.88 | 2021: $2.47",
]
TITLE = "CONSOLIDATED STATEMENTS OF OPERATIONS (In millions, except per share amounts) Years Ended December 31,"


def income(folder: Path, *, column: float, first: float, size: float, signs: bool, leaders: bool) -> Parsed:
    """A statement as printed: signs apart from their numbers, brackets hanging over the column's edge."""
    path = folder / "report.pdf"
    canvas = Canvas(str(path), pagesize=LETTER)
    y = HEIGHT - 72
    canvas.setFont(BOLD, size + 1)
    canvas.drawCentredString(WIDTH / 2, y, "CONSOLIDATED STATEMENTS OF OPERATIONS")
    canvas.setFont("Times-Roman", size)
    canvas.drawCentredString(WIDTH / 2, y - 14, "(In millions, except per share amounts)")
    canvas.setFont(BOLD, size)
    canvas.drawCentredString(first + 1.5 * column, y - 34, "Years Ended December 31,")
    for number, year in enumerate(("2023", "2022", "2021"), 1):
        canvas.drawRightString(first + column * number - 8, y - 46, year)
    y -= 60
    canvas.setFont("Times-Roman", size)
    for label, indent, amounts in INCOME:
        parts = [label] if isinstance(label, str) else list(label)
        for number, part in enumerate(parts):
            text = part
            while leaders and number + 1 == len(parts) and amounts and canvas.stringWidth(text) < first - 90:
                text += "."
            canvas.drawString(72 + 10 * indent + 8 * number, y - 11 * number, text)
        y -= 11 * (len(parts) - 1)
        for number, amount in enumerate(amounts):
            sign, _, figure = amount.rpartition(" ")
            right = first + column * (number + 1) - 8
            hang = canvas.stringWidth(")", "Times-Roman", size) if figure.endswith(")") else 0
            canvas.drawRightString(right + hang, y, figure)
            if sign and signs:
                canvas.drawString(first + column * number + 6, y, sign)
        y -= size + 4
    canvas.drawString(72, y - 10, "See the notes, which are part of these statements.")
    canvas.save()
    return parse(path, suffix=".pdf", limits=ParseLimits())


def drawn(folder: Path, rows: Sequence[Sequence[tuple[float, str]] | float]) -> list[Element]:
    """Lines of texts, each at its right edge, or at its left one where that is the margin; numbers are white space."""
    canvas = Canvas(str(folder / "a.pdf"), pagesize=LETTER)
    y = HEIGHT - 72
    for row in rows:
        if isinstance(row, int | float):
            y -= row
            continue
        for x, text in row:
            canvas.setFont(BOLD if text.startswith("*") else "Times-Roman", 9)
            draw = canvas.drawString if x < 150 else canvas.drawRightString
            draw(x, y, text.removeprefix("*"))
        y -= 13
    canvas.save()
    return list(parse(folder / "a.pdf", suffix=".pdf", limits=ParseLimits()).elements)


@pytest.mark.parametrize(
    ("column", "first", "size", "signs", "leaders"),
    [
        (80, 330, 9, True, False),
        (80, 330, 9, True, True),
        (52, 390, 9, True, False),
        (42, 300, 9, True, False),
        (70, 350, 11, True, False),
        (40, 300, 9, False, False),
        (30, 300, 9, False, False),  # numbers half a letter apart
    ],
)
def test_an_income_statement_is_read_row_by_row(
    tmp_path: Path, column: float, first: float, size: float, signs: bool, leaders: bool
) -> None:
    found = income(tmp_path, column=column, first=first, size=size, signs=signs, leaders=leaders)
    heading, table, after = found.elements
    assert (heading.kind, heading.text) == (Kind.HEADING, TITLE)
    assert (table.kind, table.header) == (Kind.TABLE, ("", "2023", "2022", "2021"))
    wanted = ROWS if signs else [row.replace("$", "") for row in ROWS]
    assert table.text.replace("$ ", "$").split("\n") == wanted
    assert after.text == "See the notes, which are part of these statements."


def test_every_chunk_of_a_statement_names_it_and_its_unit(tmp_path: Path) -> None:
    found = income(tmp_path, column=80, first=330, size=9, signs=True, leaders=False)
    pieces = chunk(
        found, title="Report", revision="r", size=90, count_tokens=lambda texts: [len(text) // 4 for text in texts]
    )
    rows = [piece for piece in pieces if "2023:" in piece.body]
    assert len(rows) > 2
    assert all("STATEMENTS OF OPERATIONS (In millions" in piece.header for piece in rows)


def test_boxes_of_rows_cover_all_lines_of_a_label(tmp_path: Path) -> None:
    found = income(tmp_path, column=80, first=330, size=9, signs=True, leaders=False)
    table = found.elements[1]
    heights = [line.box[3] - line.box[1] for line in table.lines]
    assert len(table.lines) == len(ROWS)
    assert heights[4] > 1.7 * heights[3]
    assert all(line.box[0] < 0.2 and line.box[2] > 0.85 for line in table.lines)


def test_a_balance_sheet_with_sections_that_are_indented(tmp_path: Path) -> None:
    rows: list[Sequence[tuple[float, str]] | float] = [
        [(72, "*Consolidated balance sheets")],
        [(72, "(Dollars in millions)")],
        [(72, "December 31,"), (430, "2023"), (520, "2022")],
        [(72, "Assets")],
        [(82, "Current assets")],
        [(92, "Cash and cash equivalents"), (430, "$ 1,234"), (520, "$ 1,100")],
        [(92, "Accounts receivable, less allowances of $12 and $10"), (430, "2,345"), (520, "2,200")],
        [(102, "Total current assets"), (430, "3,579"), (520, "3,300")],
        [(82, "Property, plant and equipment, net"), (430, "8,000"), (520, "7,500")],
        [(72, "Total assets"), (430, "$ 11,579"), (520, "$ 10,800")],
        8,
        [(72, "Liabilities")],
        [(82, "Accounts payable"), (430, "1,001"), (520, "990")],
    ]
    heading, table = drawn(tmp_path, rows)
    assert heading.text == "Consolidated balance sheets (Dollars in millions) December 31,"
    assert table.text.split("\n") == [
        "Assets: Current assets: Cash and cash equivalents | 2023: $ 1,234 | 2022: $ 1,100",
        "Assets: Current assets: Accounts receivable, less allowances of $12 and $10 | 2023: 2,345 | 2022: 2,200",
        "Total current assets | 2023: 3,579 | 2022: 3,300",
        "Assets: Property, plant and equipment, net | 2023: 8,000 | 2022: 7,500",
        "Total assets | 2023: $ 11,579 | 2022: $ 10,800",
        "Liabilities: Accounts payable | 2023: 1,001 | 2022: 990",
    ]


def test_years_as_labels_and_names_of_columns_in_two_lines(tmp_path: Path) -> None:
    _, table = drawn(
        tmp_path,
        [
            [(72, "Future minimum payments (in thousands) are:")],
            [(400, "Operating"), (500, "Finance")],
            [(400, "Leases"), (500, "Leases")],
            [(72, "2024"), (400, "$ 120"), (500, "$ 30")],
            [(72, "2025"), (400, "110"), (500, "28")],
            [(72, "Thereafter"), (400, "300"), (500, "90")],
        ],
    )
    assert table.text.split("\n") == [
        "2024 | Operating Leases: $ 120 | Finance Leases: $ 30",
        "2025 | Operating Leases: 110 | Finance Leases: 28",
        "Thereafter | Operating Leases: 300 | Finance Leases: 90",
    ]


def test_what_stands_over_two_columns_is_said_of_both(tmp_path: Path) -> None:
    places = (330, 390, 460, 520)
    table = drawn(
        tmp_path,
        [
            [(72, "*Segment results")],
            [(390, "Three months to June,"), (520, "Six months to June,")],
            list(zip(places, ("2023", "2022", "2023", "2022"), strict=True)),
            [(72, "Net sales")],
            [(82, "Europe"), *zip(places, ("100", "90", "200", "180"), strict=True)],
            [(82, "Americas"), *zip(places, ("80", "85", "170", "160"), strict=True)],
            [(72, "Margin"), *zip(places, ("12.5%", "11.9 %", "13.0%", "12.1 %"), strict=True)],
        ],
    )[-1]
    assert table.header[1:] == (
        "Three months to June, 2023",
        "Three months to June, 2022",
        "Six months to June, 2023",
        "Six months to June, 2022",
    )
    assert [row.cells[0] for row in table.rows] == ["Net sales: Europe", "Net sales: Americas", "Margin"]


def test_european_amounts_with_the_sign_behind(tmp_path: Path) -> None:
    table = drawn(
        tmp_path,
        [
            [(72, "*Gewinn- und Verlustrechnung")],
            [(72, "in TEUR"), (360, "Anhang"), (440, "2023"), (520, "2022")],
            [(72, "Umsatzerlöse"), (360, "5"), (440, "1.234.567 €"), (520, "1 111 222 €")],
            [(72, "Materialaufwand"), (360, "6"), (440, "−800.100 €"), (520, "−700 000 €")],
            [(72, "Ergebnis"), (440, "434.467 €"), (520, "411 222 €")],
        ],
    )[-1]
    assert table.text.split("\n")[0] == "Umsatzerlöse | Anhang: 5 | 2023: 1.234.567 € | 2022: 1 111 222 €"
    assert table.rows[2].cells == ("Ergebnis", "", "434.467 €", "411 222 €")


def test_prose_with_numbers_is_no_table(tmp_path: Path) -> None:
    found = drawn(
        tmp_path,
        [
            [(72, "The plan covers 12 months and 3 renewals. Payment is due in 30 days from 1 May 2024,")],
            [(72, "and in 2023 sales were 12,345 and in 2022 11,002; the year before that 9,876, or 12%")],
            [(72, "more than in 2021. Growth was 12% in 2023, 11% in 2022 and nothing in the year 2021.")],
        ],
    )
    assert [element.kind for element in found] == [Kind.TEXT]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["x" + " 1 111" * 4000 + "x", "$ ( " * 4000, ". " * 9000, "1 " * 9000])
def test_lines_made_to_take_for_ever_do_not(text: str) -> None:
    piece = Piece(
        text=text,
        page=1,
        left=0,
        top=0,
        right=500,
        bottom=10,
        baseline=9,
        size=9,
        bold=False,
        turned=False,
        width=600,
        height=800,
    )
    assert "".join(part.text for part in taken_apart(piece)).strip()
