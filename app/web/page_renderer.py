"""Draws one page of a PDF or a picture, as a program of its own: a hostile file can only harm this process.
It has no network (storage/cutoff.py).

Started by app/web/pages.py with the file, the page (from 1) and the width in pixels; writes a PNG to standard output.
The only owner of pypdfium2 in `app`. Exit codes: 0 drawn, 3 there is no such page, 4 the page cannot be drawn.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
MAX_PIXELS = 6_000_000  # of a picture: very long pages become narrower
MAX_OPENED_PIXELS = 100_000_000  # of a picture as it is
NO_SUCH_PAGE, NOT_DRAWN = 3, 4


def draw(path: str, page: int, width: int) -> bytes:
    """The page as PNG. Raises: IndexError when there is no such page."""
    with open(path, "rb") as file:  # noqa: PTH123 - this program imports as little as it can
        data = file.read()
    picture = _sheet(data, page, width) if b"%PDF-" in data[:1024] else _frame(data, page, width)
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return written.getvalue()


def _frame(data: bytes, page: int, width: int) -> Image:
    """A frame of a picture, on white."""
    import PIL.Image
    import PIL.ImageOps

    PIL.Image.MAX_IMAGE_PIXELS = MAX_OPENED_PIXELS
    with PIL.Image.open(io.BytesIO(data)) as picture:
        if not 1 <= page <= getattr(picture, "n_frames", 1):
            raise IndexError(page)
        picture.seek(page - 1)
        seen = PIL.ImageOps.exif_transpose(picture)
        seen = seen.point(lambda value: value / 256).convert("L") if seen.mode.startswith("I") else seen
        seen = seen.convert("RGBA")
    high = max(1, round(seen.height * width / seen.width))
    scale = min(1.0, (MAX_PIXELS / (width * high)) ** 0.5)
    seen = seen.resize((max(1, round(width * scale)), max(1, round(high * scale))))
    ground = PIL.Image.new("RGBA", seen.size, (255, 255, 255, 255))
    return PIL.Image.alpha_composite(ground, seen).convert("RGB")


def _sheet(data: bytes, page: int, width: int) -> Image:
    """A page of a PDF."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    if not 1 <= page <= len(document):
        raise IndexError(page)
    sheet = document[page - 1]
    wide, high = max(sheet.get_width(), 1.0), max(sheet.get_height(), 1.0)
    scale = min(width / wide, (MAX_PIXELS / (wide * high)) ** 0.5)
    drawn: Image = sheet.render(scale=scale).to_pil().convert("RGB")
    return drawn


def main(arguments: list[str]) -> int:
    """Limit this process, then draw."""
    from storage.cutoff import cut_off

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # writes no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cut_off()
    path, page, width = arguments
    try:
        picture = draw(path, int(page), int(width))
    except IndexError:
        return NO_SUCH_PAGE
    except Exception as error:  # noqa: BLE001 - whatever a broken file causes, the page cannot be drawn
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return NOT_DRAWN
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, __file__.removesuffix("app/web/page_renderer.py"))  # started as a file, by an isolated Python
    sys.exit(main(sys.argv[1:]))
