"""PDF to elements with pypdfium2. Not through unstructured, which brings gigabytes for this.

Reads each page's lines with their places, sizes and weights; `pdf_layout` makes columns, tables and paragraphs of
them and `pdf_document` headings, once the whole document is known. Pages that are pictures go through `pdf_scan`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import raw

from ingest.parse.limits import ParseLimits
from ingest.parse.members import Unpacking
from ingest.parse.pdf_bands import banded
from ingest.parse.pdf_bullets import may_list, with_bullets
from ingest.parse.pdf_document import document_elements
from ingest.parse.pdf_drawn import dots, grounds, shapes
from ingest.parse.pdf_frame import Corners, Frame
from ingest.parse.pdf_layout import page_blocks
from ingest.parse.pdf_marks import page_marks, with_values
from ingest.parse.pdf_piece import Piece
from ingest.parse.pdf_rules import Grid, edges, grids
from ingest.parse.pdf_scan import is_scan, with_scans
from ingest.parse.pdf_text import PageText, Unseen
from ingest.parse.properties import person
from ingest.parse.scans import page_list
from ingest.parse.text import prose, single_line
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

MARKS = 0.1  # of a page's lines that may lie beside it: the printer's
TINY = 1.5  # points; smaller letters are seen by nobody
_FILE_NAME_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)|\(?untitled|\(anonymous\)|powerpoint|slide \d|document\d*$)", re.IGNORECASE
)
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*([+\-Z])?(\d\d)?'?(\d\d)?")


def parse_pdf(path: Path, *, limits: ParseLimits, begins: Callable[[], None]) -> Parsed:
    """A PDF file; `begins` is called before scanned pages are read.

    Raises ParseFailure: ENCRYPTED, CORRUPT, NEEDS_TESSERACT for a scan that cannot be read here, or EMPTY.
    """
    document = _opened(path)
    try:
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()  # before the first page is loaded
        count = len(document)
        if count == 0:
            raise ParseFailure(Code.CORRUPT, "The PDF is damaged: it has no pages.")
        pages: list[list[Piece]] = []
        tables: list[list[Grid]] = []
        unreadable, scanned, hidden = [], [], []
        comments: list[Element] = []
        for number in range(1, count + 1):
            page = _read(document, number)
            if page is None:
                unreadable.append(number)
            elif page.scan:
                scanned.append(number)
            pages.append(page.pieces if page else [])
            tables.append(page.tables if page else [])
            comments += page.comments if page else []
            if page is not None and page.hidden:
                hidden.append(number)
        _refuse_broken(document, pages, unreadable)
        read, instead = _by_models(path, limits, begins) if scanned and limits.hi_res_models else ([], ())
        if read:
            told = (f"text read from pictures on {page_list(scanned)}",)
            return _parsed(document, _with_comments(read, comments), count, (), told)
        warnings, flags = with_scans(document, pages, scanned, limits, begins)
        if not any(pages) and not comments:
            shown = f"{count} pages" if count > 1 else "1 page"
            code = Code.TIMED_OUT if warnings else Code.EMPTY  # scans that were not read: it may hold text
            raise ParseFailure(code, " ".join((f"No text was found on the file's {shown}.", *warnings)))
        if hidden:
            flags = (*flags, f"hidden text on {page_list(hidden)}")
        if unreadable:
            warnings = (f"Damaged and left out: {page_list(unreadable)}.", *warnings)
        elements = _with_comments(document_elements(list(map(page_blocks, pages, tables))), comments)
        parsed = _parsed(document, elements, count, (*instead, *warnings), flags)
        return _with_attached(document, parsed, limits)
    finally:
        document.close()


def _by_models(path: Path, limits: ParseLimits, begins: Callable[[], None]) -> tuple[list[Element], tuple[str, ...]]:
    """What layout models read, and why tesseract has to in their place."""
    from ingest.parse.hi_res import NoModels, read_hi_res

    try:
        return read_hi_res(path, limits=limits, begins=begins), ()
    except NoModels as error:
        return [], (f"{error} Scanned pages were read by tesseract instead.",)


def _with_comments(elements: list[Element], comments: list[Element]) -> list[Element]:
    """Each comment at the end of its page."""
    if not comments:
        return elements
    whole = [(element.page or 0, 0, number, element) for number, element in enumerate(elements)]
    whole += [(comment.page or 0, 1, number, comment) for number, comment in enumerate(comments)]
    return [element for *_, element in sorted(whole, key=lambda item: item[:3])]


def _opened(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise ParseFailure(Code.ENCRYPTED, "The PDF asks for a password to be opened.") from error
        if getattr(error, "err_code", None) == raw.FPDF_ERR_SECURITY:
            raise ParseFailure(Code.ENCRYPTED, "The PDF is protected in a way that cannot be opened here.") from error
        raise ParseFailure(Code.CORRUPT, f"The PDF is damaged: {single_line(str(error))}") from error


def _with_attached(document: pdfium.PdfDocument, parsed: Parsed, limits: ParseLimits) -> Parsed:
    """The files that are attached to a PDF become documents of their own, as those of a mail."""
    count = document.count_attachments()
    if not count:
        return parsed
    unpacking = Unpacking(limits)
    for number in range(count):
        if unpacking.full:
            break
        try:
            held = document.get_attachment(number)
            name, data = held.get_name(), bytes(held.get_data())
        except pdfium.PdfiumError:
            unpacking.refuse(f"attachment {number + 1}", Code.CORRUPT, "It is damaged in its PDF.")
            continue
        unpacking.add(name or f"attachment {number + 1}", partial(_whole, data))
    return replace(parsed, members=tuple(unpacking.members), warnings=(*parsed.warnings, *unpacking.warnings))


def _whole(data: bytes) -> list[bytes]:
    return [data]


def _refuse_broken(document: pdfium.PdfDocument, pages: list[list[Piece]], unreadable: list[int]) -> None:
    count = len(pages)
    if any(pages):
        return
    repaired = not raw.FPDF_DocumentHasValidCrossReferenceTable(document.raw)
    bare = repaired and not any(_has_objects(document, number) for number in range(min(count, 50)))
    if len(unreadable) == count or bare:
        raise ParseFailure(Code.CORRUPT, "The PDF is damaged: none of its pages can be read.")


def _has_objects(document: pdfium.PdfDocument, number: int) -> bool:
    """True when anything is drawn on a page."""
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return False
    try:
        return bool(raw.FPDFPage_CountObjects(page.raw) > 0)
    finally:
        page.close()


@dataclass(frozen=True, kw_only=True)
class _Page:
    pieces: list[Piece]  # in the order of the file
    hidden: bool  # text was left out that nobody sees
    tables: list[Grid]
    scan: bool
    comments: list[Element]


def _read(document: pdfium.PdfDocument, number: int) -> _Page | None:
    """What is on a page (counting from 1); None when it cannot be read."""
    try:
        page = document[number - 1]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return None
    try:
        frame = Frame(page.get_bbox(), page.get_rotation())
        text = PageText(text_page.raw, frame, number)
        pieces, unseen = text.pieces()
        tables = _tables(page, frame, pieces) if _side_by_side(pieces) else []
        if tables:
            pieces, unseen = text.pieces(tables)
        seen = _seen(pieces, unseen, page, frame)
        scan = is_scan(page, seen if unseen.bare else pieces)
        hidden = len(seen) < len(pieces) or text.beside > MARKS * (len(pieces) + text.beside)
        marks = page_marks(document, page, frame, number)
        comments = [note for text in marks.comments for note in prose(text, kind=Kind.NOTE, page=number)]
        seen = with_bullets(seen, dots(page.raw, frame)) if may_list(seen) else seen
        seen = with_values(seen, marks.pieces) if marks.pieces else seen
        return _Page(pieces=seen, hidden=hidden, tables=tables, scan=scan, comments=comments)
    finally:
        text_page.close()
        page.close()


def _tables(page: pdfium.PdfPage, frame: Frame, pieces: list[Piece]) -> list[Grid]:
    rules = edges(shapes(page.raw, frame))
    ruled = grids(rules)
    return [*ruled, *banded(rules, pieces, ruled)]


def _seen(pieces: list[Piece], unseen: Unseen, page: pdfium.PdfPage, frame: Frame) -> list[Piece]:
    """The pieces that can be seen: not drawn as nothing nor nearly white on white, nor too small for any eye."""
    if not unseen.pale and not unseen.bare and all(piece.size >= TINY for piece in pieces):
        return pieces
    filled, pictures = grounds(page.raw, frame) if unseen.pale or unseen.bare else ([], [])
    return [
        piece
        for piece in pieces
        if piece.size >= TINY
        and (id(piece) not in unseen.pale or _lies_on(piece, [*filled, *pictures]))
        and (id(piece) not in unseen.bare or _lies_on(_middle(piece), pictures))  # a scan may be of many tiles
    ]


def _middle(piece: Piece) -> Piece:
    middle = (piece.left + piece.right) / 2
    return piece._replace(left=middle, right=middle)


def _lies_on(piece: Piece, boxes: Sequence[Corners]) -> bool:
    middle = (piece.top + piece.bottom) / 2
    return any(
        left <= piece.left + 1 and top <= middle <= bottom and piece.right - 1 <= right
        for left, top, right, bottom in boxes
    )


def _side_by_side(pieces: list[Piece]) -> bool:
    """True when text stands beside text more than once, as it does where there is a table."""
    beside = (
        after.left > before.right and abs(after.baseline - before.baseline) < 2 * before.size
        for before, after in pairwise(pieces)
    )
    return sum(beside) >= 2


def _parsed(
    document: pdfium.PdfDocument,
    elements: list[Element],
    count: int,
    warnings: tuple[str, ...],
    flags: tuple[str, ...],
) -> Parsed:
    fields = document.get_metadata_dict(skip_empty=True)
    title = single_line(fields.get("Title", ""))
    if _FILE_NAME_TITLE.match(title) or re.search(r"\.\w{2,4}$", title) or len(title) < 4:
        title = ""
    first = next((element.text for element in elements[:6] if element.level == 1), None)
    return Parsed(
        elements=tuple(elements),
        title=title or first,
        author=person(fields.get("Author")),
        created=pdf_moment(fields.get("CreationDate", "")),
        modified=pdf_moment(fields.get("ModDate", "")),
        pages=count,
        flags=flags,
        warnings=warnings,
    )


def pdf_moment(text: str) -> datetime | None:
    """A date as PDF writes it (D:20240131120000+01'00'), None when it is none."""
    match = _DATE.match(text)
    if not match:
        return None
    parts = zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    year, month, day, hour, minute, second = (int(part or default) for part, default in parts)
    sign, hours, minutes = match.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
