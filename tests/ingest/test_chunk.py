"""Chunks: exact spans, within the embedder's limit, nothing broken that reads as one."""

from __future__ import annotations

from ingest.chunk import chunk, embedding_text, name_of, title_of
from storage.embedder import Embedder
from storage.records import Element, Kind, Line, Parsed, Row, revision_text
from storage.sentences import sentence_spans

SIZE = 120


def parsed(*elements: Element) -> Parsed:
    return Parsed(elements=elements)


def paragraph(text: str) -> Element:
    return Element(kind=Kind.TEXT, text=text)


def table(header: tuple[str, ...], *cells: tuple[str, ...]) -> Element:
    lines = [" | ".join(f"{name}: {value}" for name, value in zip(header, row, strict=True)) for row in cells]
    rows, at = [], 0
    for number, (line, row) in enumerate(zip(lines, cells, strict=True), 2):
        rows.append(Row(start=at, end=at + len(line), cells=row, address=f"A{number}:{chr(64 + len(row))}{number}"))
        at += len(line) + 1
    return Element(kind=Kind.TABLE, text="\n".join(lines), header=header, rows=tuple(rows), sheet="Prices")


LONG = " ".join(f"Sentence number {number} says that item {number} weighs {number} kg." for number in range(80))


def test_bodies_are_spans_of_the_text_and_together_are_all_of_it(embedder: Embedder) -> None:
    document = parsed(Element(kind=Kind.HEADING, text="Weights", level=1), paragraph(LONG), paragraph("The end."))
    text = revision_text(document.elements)
    pieces = chunk(document, title="Scale", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    assert len(pieces) > 5
    assert all(piece.body == text[piece.start : piece.end] for piece in pieces)
    assert "".join("".join(piece.body.split()) for piece in pieces) == "".join(text.split())
    assert [piece.id for piece in pieces] == [f"r:{number}" for number in range(len(pieces))]


def test_no_chunk_is_over_the_limit_and_no_sentence_is_broken(embedder: Embedder) -> None:
    document = parsed(paragraph(LONG), paragraph("短い。" * 200), paragraph("x" * 4000), paragraph("ein Wort " * 900))
    pieces = chunk(document, title="Anything", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    counts = embedder.count_tokens([embedding_text(piece) for piece in pieces])
    assert max(counts) <= SIZE
    whole = {LONG[start:end] for start, end in sentence_spans(LONG)}
    of_long = [piece for piece in pieces if "Sentence number" in piece.body]
    for piece in of_long[:-1]:
        assert {piece.body[start:end] for start, end in sentence_spans(piece.body)} <= whole


def test_a_heading_stays_with_what_follows_and_gives_the_section(embedder: Embedder) -> None:
    document = parsed(
        Element(kind=Kind.HEADING, text="Handbook", level=1),
        paragraph(LONG[:900]),
        Element(kind=Kind.HEADING, text="Leave", level=2),
        Element(kind=Kind.HEADING, text="Carry-over", level=3),
        paragraph(LONG[:300]),
        Element(kind=Kind.HEADING, text="Pay", level=2),
        paragraph(LONG[:600]),
    )
    pieces = chunk(document, title="Handbook", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    carry = next(piece for piece in pieces if "Carry-over" in piece.body)
    assert carry.section == "Leave > Carry-over"
    assert carry.header == "Handbook > Leave > Carry-over"
    assert not any(piece.body.endswith(("Leave", "Carry-over", "Pay")) for piece in pieces)


def test_a_table_is_cut_between_rows_and_each_row_names_its_columns(embedder: Embedder) -> None:
    rows = [(f"HF-{number}", f"Flow meter {number}", f"{number * 10} EUR") for number in range(40)]
    pieces = chunk(
        parsed(table(("Code", "Description", "Price"), *rows)),
        title="Price list",
        revision="r",
        size=SIZE,
        count_tokens=embedder.count_tokens,
    )
    lines = [line for piece in pieces for line in piece.body.split("\n")]
    assert len(lines) == 40
    assert all(line.startswith("Code: HF-") and line.endswith(" EUR") for line in lines)
    assert pieces[0].cells is not None
    assert pieces[0].cells.startswith("Prices!A2:C")
    assert pieces[0].section == "Prices"


def test_pages_come_from_the_lines_that_are_in_the_chunk(embedder: Embedder) -> None:
    text = LONG[:1200]
    border = text.index("Sentence number 10")
    lines = (
        Line(start=0, end=border, page=3, box=(0, 0, 1, 0.5)),
        Line(start=border, end=len(text), page=4, box=(0, 0, 1, 1)),
    )
    document = parsed(Element(kind=Kind.TEXT, text=text, page=3, lines=lines))
    pieces = chunk(document, title="Book", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    assert pieces[0].pages == (3,)
    assert pieces[-1].pages == (4,)


def test_a_very_long_title_leaves_room_for_text(embedder: Embedder) -> None:
    pieces = chunk(
        parsed(paragraph(LONG)), title="word " * 500, revision="r", size=SIZE, count_tokens=embedder.count_tokens
    )
    assert max(embedder.count_tokens([embedding_text(piece) for piece in pieces])) <= SIZE


def test_the_title_is_the_documents_own_or_the_file_name_in_words() -> None:
    assert title_of(Parsed(elements=(), title="Travel policy"), "a/b.docx") == "Travel policy"
    assert title_of(Parsed(elements=()), "hr/salary_bands_2026.xlsx") == "salary bands 2026"


def test_what_a_pdfs_name_says_is_in_its_headers() -> None:
    elements = (Element(kind=Kind.TEXT, text="Revenue was 5 million.", page=1),)
    paged, plain = Parsed(elements=elements, title="Report", pages=1), Parsed(elements=elements, title="Report")
    assert name_of(paged, "everyone/Acme_report-FY2023.pdf", "Report") == "Acme FY2023"
    assert name_of(plain, "everyone/Acme_report-FY2023.md", "Report") == ""
    pieces = chunk(
        paged,
        title="Report",
        name="Acme FY2023",
        revision="r",
        size=50,
        count_tokens=lambda texts: [len(text.split()) for text in texts],
    )
    assert pieces[0].header == "Report (Acme FY2023)"


def on_page(page: int, text: str, *, kind: Kind = Kind.TEXT, middle: float | None = None) -> Element:
    """`middle`: where the line's middle stands, as a fraction of the page's width."""
    rows, at = [], 0
    for line in text.split("\n") if kind is Kind.TABLE else ():
        rows.append(Row(start=at, end=at + len(line), cells=tuple(line.split(" | "))))
        at += len(line) + 1
    box = (0.1, 0.1, 0.9, 0.2) if middle is None else (middle - 0.1, 0.1, middle + 0.1, 0.2)
    lines = (Line(start=0, end=len(text), page=page, box=box),)
    return Element(kind=kind, text=text, page=page, lines=lines, rows=tuple(rows), level=2 * (kind is Kind.HEADING))


def test_every_piece_of_a_table_says_what_it_is_called(embedder: Embedder) -> None:
    rows = "\n".join(f"Line {number} of what was paid | {number},250 | {number},300" for number in range(12))
    document = parsed(
        on_page(1, "Item 8", kind=Kind.HEADING),
        on_page(1, "The notes are a part of these statements."),
        on_page(2, "Acme and Subsidiaries Consolidated Statements of Cash Flows"),
        on_page(2, "(in millions)"),
        on_page(2, rows, kind=Kind.TABLE),
        on_page(2, "Adjustments to reconcile net income to cash"),
        on_page(2, rows, kind=Kind.TABLE),
        on_page(3, rows, kind=Kind.TABLE),
        on_page(3, "Consolidated Balance Sheets", middle=0.5),
        on_page(3, rows, kind=Kind.TABLE),
        on_page(3, "The amounts are rounded, and comparative ones were not restated."),
    )
    pieces = chunk(document, title="Report", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    cash = "Item 8 > Acme and Subsidiaries Consolidated Statements of Cash Flows (in millions)"
    balance = "Item 8 > Consolidated Balance Sheets"
    said = list(dict.fromkeys(piece.section for piece in pieces))
    assert said == ["Item 8", cash, balance]
    assert all(piece.header.endswith(piece.section) for piece in pieces)
    begins = [piece.body.partition("\n")[0] for piece in pieces]
    assert "Acme and Subsidiaries Consolidated Statements of Cash Flows" in begins
    assert "Consolidated Balance Sheets" in begins
    assert {page for piece in pieces if piece.section == cash for page in piece.pages} == {2, 3}


def test_a_paragraph_above_a_table_is_not_its_title(embedder: Embedder) -> None:
    document = parsed(
        on_page(1, "Payments were made in the spring of the year, as was agreed with the customers."),
        on_page(1, "Spring | 3\nAutumn | 4", kind=Kind.TABLE),
    )
    pieces = chunk(document, title="Report", revision="r", size=SIZE, count_tokens=embedder.count_tokens)
    assert [piece.section for piece in pieces] == [""]


def test_what_a_long_row_goes_on_with_says_which_row_it_is(embedder: Embedder) -> None:
    note = "asked for a longer term " * 60
    document = parsed(table(("Customer", "Note"), ("Alpina Tools", note.strip()), ("Hansa Foods", "pays at once")))
    found = chunk(document, title="Customers", revision="r", size=100, count_tokens=embedder.count_tokens)
    assert found[0].body.startswith("Customer: Alpina Tools | Note: asked") and found[0].header == "Customers > Prices"
    assert len(found) > 3
    assert {piece.header for piece in found[1:-1]} == {"Customers > Prices > Customer: Alpina Tools"}
    assert found[-1].body == "Customer: Hansa Foods | Note: pays at once" and found[-1].header == "Customers > Prices"
