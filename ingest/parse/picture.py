"""Pictures of text (PNG, JPEG, TIFF and the like) to elements: every frame is a page, read by `recognise`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_document import document_elements
from ingest.parse.pdf_layout import page_blocks
from ingest.parse.recognise import DPI, MOST_PIXELS, Recogniser, Scan
from ingest.parse.scans import unread_warning
from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure
from storage.records import Parsed

PAGE_INCHES = 11.0  # the longer side, where a picture does not say its resolution
LARGEST = 400_000_000  # pixels that are opened at all
_DATE_TAKEN, _ARTIST, _DESCRIPTION = 306, 315, 270  # of TIFF and Exif


def parse_picture(path: Path, *, limits: ParseLimits, begins: Callable[[], None]) -> Parsed:
    """A picture of one or more pages. Raises ParseFailure: NEEDS_TESSERACT, CORRUPT, TOO_LARGE, or EMPTY."""
    recogniser = Recogniser(limits, begins)
    Image.MAX_IMAGE_PIXELS = LARGEST
    try:
        with warnings.catch_warnings(), Image.open(path) as picture:
            warnings.simplefilter("ignore")
            readings = list(recogniser.read(_frames(picture, recogniser)))
            count = getattr(picture, "n_frames", 1)
            tags = picture.getexif()
    except Image.DecompressionBombError as error:
        raise ParseFailure(Code.TOO_LARGE, f"The picture has more than {LARGEST:,} pixels.") from error
    except (UnidentifiedImageError, OSError, EOFError) as error:
        raise ParseFailure(Code.CORRUPT, "The picture is damaged, or of a kind that cannot be opened.") from error
    elements = document_elements([page_blocks(reading.pieces or []) for reading in readings])
    unread = [reading.page for reading in readings if reading.pieces is None]
    unread += range(len(readings) + 1, count + 1)
    if not elements:
        if unread:
            raise ParseFailure(Code.TIMED_OUT, unread_warning(unread))
        raise ParseFailure(Code.EMPTY, "The picture shows no text that can be read.")
    return Parsed(
        elements=tuple(elements),
        title=single_line(str(tags.get(_DESCRIPTION, "")))[:200] or None,
        author=single_line(str(tags.get(_ARTIST, ""))) or None,
        created=_taken(str(tags.get(_DATE_TAKEN, ""))),
        pages=count,
        flags=("text read from pictures",),
        warnings=(unread_warning(unread),) if unread else (),
    )


def _frames(picture: Image.Image, recogniser: Recogniser) -> Iterator[tuple[Scan, Image.Image]]:
    for number, frame in enumerate(ImageSequence.Iterator(picture), 1):
        if recogniser.out_of_time:
            return
        seen = on_white(ImageOps.exif_transpose(frame))
        scale = DPI * PAGE_INCHES / max(seen.size)
        if scale < 1.3:  # large enough as it is
            scale = min(1.0, (MOST_PIXELS / (seen.width * seen.height)) ** 0.5)
        scale = min(scale, 3.0)
        grown = seen.resize((max(1, round(seen.width * scale)), max(1, round(seen.height * scale))))
        yield Scan(page=number, width=float(seen.width), height=float(seen.height)), grown


def on_white(picture: Image.Image) -> Image.Image:
    """Grey, what is transparent as white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layered).convert("L")
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture.convert("L")


def _taken(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
