"""Pictures of pages, and passages in their surroundings."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from app.web.pages import HIGHLIGHT, OUTLINE, PageError, PagePictures, boxes_by_page, passage
from storage.errors import NotPermitted
from storage.records import Element, Kind, Line, Revision, Row, revision_text

ROOT = Path(__file__).parents[2]


def _revision(*elements: Element) -> Revision:
    return Revision(
        id="r",
        document_id="d",
        sha256="0" * 64,
        path="a/b.pdf",
        title="B",
        pages=2,
        text=revision_text(elements),
        elements=elements,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        current=True,
    )


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=(200, 300))
    canvas.drawString(20, 250, "Hello")
    canvas.showPage()
    canvas.save()
    return path


def _colours(picture: bytes) -> set[tuple[int, ...]]:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return {colour for _, colour in image.getcolors(1 << 24) or [] if isinstance(colour, tuple)}


def test_a_page_is_drawn_with_its_boxes_marked(pdf: Path) -> None:
    pictures = PagePictures()
    assert HIGHLIGHT not in _colours(pictures.picture(pdf, 1, []))
    marked = pictures.picture(pdf, 1, [(0.1, 0.5, 0.9, 0.6)], 400)
    image = Image.open(io.BytesIO(marked)).convert("RGB")
    assert image.size == (400, 600)
    assert image.getpixel((200, 330)) == HIGHLIGHT and image.getpixel((200, 500)) == (255, 255, 255)


def test_a_line_stands_beside_what_is_not_marked(pdf: Path) -> None:
    lines = [(0.2, 0.5, 0.9, 0.55), (0.1, 0.55, 0.6, 0.6)]
    image = Image.open(io.BytesIO(PagePictures().picture(pdf, 1, lines, 400, beside=True))).convert("RGB")
    coloured = [(x, y) for x in range(400) for y in range(600) if image.getpixel((x, y)) == OUTLINE]
    assert {y for _, y in coloured} == set(range(299, 362))  # as high as both lines
    assert min(x for x, _ in coloured) > 0 and max(x for x, _ in coloured) < 0.1 * 400  # left of either
    assert image.getpixel((200, 330)) == (255, 255, 255)
    edge = PagePictures().picture(pdf, 1, [(0.0, 0.5, 0.9, 0.6)], 400, beside=True)
    assert OUTLINE in _colours(edge)  # where the print begins at the paper's edge


def test_on_dark_ground_a_marked_place_is_framed(tmp_path: Path) -> None:
    path = tmp_path / "dark.png"
    Image.new("RGB", (400, 400), (20, 40, 80)).save(path)
    box = (0.25, 0.25, 0.75, 0.5)
    assert OUTLINE in _colours(PagePictures().picture(path, 1, [box], 400))
    Image.new("RGB", (400, 400), (250, 250, 250)).save(path)
    assert OUTLINE not in _colours(PagePictures().picture(path, 1, [box], 400))


def test_what_cannot_be_drawn_is_an_error_that_says_what_to_do(pdf: Path, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        PagePictures().picture(pdf, 2, [])
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(PageError, match="Download the document"):
        PagePictures().picture(broken, 1, [])


def test_who_draws_has_no_secrets_and_no_network(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREMISE_LLM_KEY", "secret")
    given: dict[str, object] = {}

    def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[bytes]:
        given.update(more["env"])
        return subprocess.CompletedProcess(command, 0, b"png", b"")

    monkeypatch.setattr("app.web.pages.subprocess.run", run)
    assert PagePictures().picture(pdf, 1, []) == b"png"
    assert set(given) == {"PATH", "LANG"}


def test_the_renderer_has_no_network(pdf: Path, tmp_path: Path) -> None:
    """Seen by the kernel: it forbids itself sockets before the file is opened."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    program = str(ROOT / "app/web/page_renderer.py")
    record = tmp_path / "calls"
    command: list[str | Path] = ["strace", "-f", "-o", record, "-e", "trace=prctl,openat,unshare", sys.executable]
    subprocess.run([*command, "-I", program, pdf, "1", "200"], capture_output=True, check=True)
    calls = record.read_text().splitlines()
    forbids, opens = (
        next(n for n, call in enumerate(calls) if said in call) for said in ("SECCOMP_MODE_FILTER", f'"{pdf}"')
    )
    assert calls[forbids].endswith("= 0") and forbids < opens
    assert any("CLONE_NEWNET" in call for call in calls[:opens])


def test_an_endless_page_stays_within_the_limit_of_pixels(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), pagesize=(100, 14_000))
    canvas.drawString(10, 10, "end")
    canvas.showPage()
    canvas.save()
    image = Image.open(io.BytesIO(PagePictures().picture(path, 1, [], 2000)))
    assert image.width * image.height <= 6_100_000


def test_a_span_covers_parts_of_lines() -> None:
    lines = (
        Line(start=0, end=10, page=1, box=(0.1, 0.1, 0.6, 0.2)),
        Line(start=11, end=21, page=2, box=(0.1, 0.3, 0.6, 0.4)),
    )
    revision = _revision(
        Element(kind=Kind.HEADING, text="Head", level=1),
        Element(kind=Kind.TEXT, text="0123456789 0123456789", lines=lines),
    )
    found = boxes_by_page(revision, 6 + 5, 6 + 16)
    assert found[1][0] == pytest.approx((0.35, 0.1, 0.6, 0.2))
    assert found[2][0] == pytest.approx((0.1, 0.3, 0.35, 0.4))
    assert boxes_by_page(revision, 0, 4) == {}


def test_a_passage_has_its_surroundings_and_its_section() -> None:
    revision = _revision(
        Element(kind=Kind.HEADING, text="Guide", level=1),
        Element(kind=Kind.HEADING, text="Leave", level=2),
        Element(kind=Kind.TEXT, text="Before. Thirty days. After.", page=2),
        Element(kind=Kind.TEXT, text="x" * 3000),
    )
    start = revision.text.index("Thirty")
    found = passage(revision, start, start + 12)
    assert found.passage == "Thirty days." and found.section == "Guide > Leave" and found.pages == (2,)
    assert found.before == "Guide\n\nLeave\n\nBefore. " and found.after.startswith(" After.\n\nxxx")
    assert len(found.after) <= 2400
    for span in ((5, 5), (-1, 3), (0, 10_000)):
        with pytest.raises(NotPermitted):
            passage(revision, *span)


def test_a_cited_row_is_shown_with_the_rows_around_it() -> None:
    cells = [(f"Site {number}", f"{number} days") for number in range(20)]
    text, rows = "", []
    for number, pair in enumerate(cells):
        line = f"Site: {pair[0]} | Leave: {pair[1]}"
        start = len(text) + bool(text)
        text = f"{text}\n{line}" if text else line
        rows.append(Row(start=start, end=start + len(line), cells=pair, address=f"A{number + 2}:B{number + 2}"))
    revision = _revision(Element(kind=Kind.TABLE, text=text, sheet="Leave", header=("Site", "Leave"), rows=tuple(rows)))
    table = passage(revision, rows[10].start, rows[10].end).table
    assert table is not None
    assert table.rows[table.cited.index(True)] == ("Site 10", "10 days") and sum(table.cited) == 1
    assert (table.before, len(table.rows), table.after, table.where) == (6, 9, 5, "Leave!A12:B12")
