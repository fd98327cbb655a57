"""Scans and pictures through the real tesseract: pages turned, crooked, in other scripts, and hosts without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.web.pages import PagePictures, boxes_by_page, is_drawn
from ingest.parse import tesseract
from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_document import as_seen
from ingest.parse.pdf_piece import Piece
from ingest.parse.recognise import crookedness
from ingest.parse.registry import parse
from ingest.parse.scans import page_list
from ingest.sandbox import Sandbox
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed, Revision, revision_text

LINES = (
    "The pump of type HG-40 is serviced every six months by the",
    "supplier. Replace the filter when the pressure falls below",
    "three bar, and write the date into the service log.",
)
QUICK = ParseLimits(ocr_languages=("eng",))


def drawn(lines: tuple[str, ...] = LINES, *, heading: str = "Service of the pump") -> Image.Image:
    """A page of A4 at 110 dots an inch with a heading and lines."""
    page = Image.new("L", (910, 1286), 255)
    pen = ImageDraw.Draw(page)
    pen.text((90, 120), heading, fill=0, font=ImageFont.load_default(34))
    for number, line in enumerate(lines):
        pen.text((90, 200 + 30 * number), line, fill=0, font=ImageFont.load_default(20))
    return page


def read(path: Path, limits: ParseLimits = QUICK) -> Parsed:
    return parse(path, suffix=path.suffix, limits=limits)


def test_only_the_scanned_page_of_a_pdf_is_read_and_its_boxes_are_where_it_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "mixed.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    canvas.drawString(72, 700, "This page has text of its own, which is taken as it stands in the file.")
    canvas.showPage()
    canvas.drawImage(ImageReader(drawn().rotate(180)), 0, 0, *A4)
    canvas.save()
    found = read(path)
    assert found.flags == ("text read from pictures on page 2",) and found.warnings == ()
    assert found.elements[0].page == 1 and "text of its own" in found.elements[0].text
    heading, body = (element for element in found.elements if element.page == 2)
    assert (heading.kind, heading.text) == (Kind.HEADING, "Service of the pump")
    assert body.text == " ".join(LINES)
    left, top, right, bottom = body.lines[0].box  # upside down: the first line stands low and ends at the right edge
    assert right == pytest.approx(1 - 90 / 910, abs=0.01) and left > 0.2
    assert top == pytest.approx(1 - 222 / 1286, abs=0.015) and bottom - top < 0.04


def test_pictures_of_several_pages_and_their_pages_shown(tmp_path: Path) -> None:
    path = tmp_path / "letter.tiff"
    second = drawn(("The second sheet names the price of the spare parts.",), heading="Prices")
    drawn().save(path, save_all=True, append_images=[second], dpi=(110, 110))
    found = read(path)
    assert found.pages == 2 and {element.page for element in found.elements} == {1, 2}
    text = revision_text(found.elements)
    assert "price of the spare parts" in text and " ".join(LINES) in text
    start = text.index("price of the spare")
    revision = Revision.__new__(Revision)
    object.__setattr__(revision, "elements", found.elements)
    boxes = boxes_by_page(revision, start, start + 10)[2]
    assert is_drawn(".tiff") and not is_drawn(".docx")
    picture = PagePictures().picture(path, 2, boxes, 900)
    assert picture.startswith(b"\x89PNG") and picture != PagePictures().picture(path, 1, boxes, 900)


def test_a_crooked_page_is_straightened(tmp_path: Path) -> None:
    path = tmp_path / "crooked.png"
    drawn().rotate(6, fillcolor=255, resample=Image.Resampling.BICUBIC).save(path)
    assert crookedness(Image.open(path)) == pytest.approx(6, abs=0.6)
    assert crookedness(drawn()) == 0
    found = read(path)
    assert " ".join(LINES) in revision_text(found.elements)
    first = found.elements[-1].lines[0].box
    assert first[0] < 0.15 and 0.13 < first[1] < first[3] < 0.30 and first[3] - first[1] > 0.05


def test_another_script_is_told_from_the_page(tmp_path: Path) -> None:
    fonts = sorted(Path("/usr/share/fonts").rglob("NotoSansCJK-Regular.ttc"))
    if not fonts:
        pytest.skip("no font for Chinese is installed")
    page = Image.new("L", (910, 700), 255)
    pen = ImageDraw.Draw(page)
    text = "员工每年享有二十天带薪年假应当提前两周向主管申请并得到批准"
    for number in range(4):
        pen.text((60, 60 + 60 * number), text, fill=0, font=ImageFont.truetype(str(fonts[0]), 28))
    page.save(tmp_path / "leave.png")
    found = revision_text(read(tmp_path / "leave.png", ParseLimits(ocr_languages=("eng", "chi_sim"))).elements)
    assert "应当提前两周向主管申请并得到批准" in found


@pytest.fixture
def without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    tesseract.installed.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    tesseract.installed.cache_clear()


def test_a_host_without_tesseract_says_so(tmp_path: Path, without_tesseract: None) -> None:
    picture = tmp_path / "scan.png"
    drawn().save(picture)
    scan, mixed = tmp_path / "scan.pdf", tmp_path / "mixed.pdf"
    drawn().save(scan)
    canvas = Canvas(str(mixed), pagesize=A4)
    canvas.drawString(72, 700, "This page has text of its own, which is taken as it stands in the file.")
    canvas.showPage()
    canvas.drawImage(ImageReader(drawn()), 0, 0, *A4)
    canvas.save()
    for path in (picture, scan):
        with pytest.raises(ParseFailure) as caught:
            read(path)
        assert caught.value.code is Code.NEEDS_TESSERACT
    found = read(mixed)
    assert "text of its own" in revision_text(found.elements)
    assert "Scanned and not read: page 2." in found.warnings[0] and "tesseract" in found.warnings[0]


def test_languages_without_data_are_named(tmp_path: Path) -> None:
    drawn().save(tmp_path / "scan.png")
    with pytest.raises(ParseFailure, match=r"ocr_languages \(tlh\)") as caught:
        read(tmp_path / "scan.png", ParseLimits(ocr_languages=("tlh",)))
    assert caught.value.code is Code.NEEDS_TESSERACT


def test_pages_beyond_the_time_are_named(tmp_path: Path) -> None:
    drawn().save(tmp_path / "scan.pdf", save_all=True, append_images=[drawn()] * 3)
    with pytest.raises(ParseFailure, match="pages 1–4") as caught:
        read(tmp_path / "scan.pdf", ParseLimits(ocr_seconds=1e-6))
    assert caught.value.code is Code.TIMED_OUT


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\x89PNG\r\n\x1a\nbroken", Code.CORRUPT), (b"no picture at all", Code.CORRUPT)],
)
def test_broken_pictures(tmp_path: Path, content: bytes, code: Code) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ParseFailure) as caught:
        read(tmp_path / "a.png")
    assert caught.value.code is code


def test_a_picture_without_text_is_empty(tmp_path: Path) -> None:
    Image.radial_gradient("L").resize((600, 600)).save(tmp_path / "photo.png")
    with pytest.raises(ParseFailure) as caught:
        read(tmp_path / "photo.png")
    assert caught.value.code is Code.EMPTY


def test_scans_have_time_of_their_own_in_the_sandbox(tmp_path: Path) -> None:
    drawn().save(tmp_path / "scan.tif", save_all=True, append_images=[drawn()])
    with Sandbox(ParseLimits(seconds=60, ocr_languages=("eng",))) as warm:
        assert warm.parse(tmp_path / "scan.tif", ".tif").pages == 2
        object.__setattr__(warm.limits, "seconds", 0.4)  # too little for two pages, enough to begin
        assert warm.parse(tmp_path / "scan.tif", ".tif").pages == 2


@pytest.mark.parametrize(("turn", "corner"), [(0, (0.1, 0.2)), (90, (0.2, 0.9)), (180, (0.9, 0.8)), (270, (0.8, 0.1))])
def test_boxes_of_turned_pages(turn: int, corner: tuple[float, float]) -> None:
    piece = _piece(turn=turn)
    left, top, right, bottom = as_seen((0.1, 0.2, 0.3, 0.22), piece)
    assert left - 0.021 <= corner[0] <= right + 0.021 and top - 0.021 <= corner[1] <= bottom + 0.021


def _piece(**values: float) -> Piece:
    make: Callable[..., Piece] = Piece
    places = dict.fromkeys(("left", "top", "right", "bottom", "baseline", "size"), 10.0)
    return make(text="a", page=1, bold=False, turned=False, width=100, height=100, **places, **values)


def test_lists_of_pages() -> None:
    assert page_list([3]) == "page 3"
    assert page_list([5, 3, 4, 9]) == "pages 3–5 and 9"
    assert page_list([1, 3, 5]) == "pages 1, 3 and 5"
    assert "more" in page_list(list(range(1, 100, 2)))
