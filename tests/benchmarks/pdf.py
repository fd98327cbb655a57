"""How quickly PDFs are taken apart: `python tests/benchmarks/pdf.py [FILE ...]`.

Times, in one process and in turns, bare pypdfium2 over a PDF of 150 pages (its text; its text with the boxes of its
lines) and Premise's own reading of the same file to elements with places, headings and tables. Without a FILE the
handbook of PREMISE_EVAL_DIR (default ../shared/eval) is printed to PDF by Chromium, cut to 150 pages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pypdfium2
from markdown_it import MarkdownIt

from ingest.parse.child import collect_seldom
from ingest.parse.limits import ParseLimits
from ingest.parse.pdf import parse_pdf

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))
PAGES = 150
TURNS = 9


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("files", nargs="*", type=Path)
    files = arguments.parse_args().files
    collect_seldom()  # as the parsing process does
    with tempfile.TemporaryDirectory(prefix="premise-benchmark-") as folder:
        for file in files or [handbook_pdf(Path(folder))]:
            print(f"\n{file.name}, {len(pypdfium2.PdfDocument(file))} pages, median of {TURNS} turns")
            measure(file)


def measure(file: Path) -> None:
    """Each way in turn, so that what else the machine does falls on all of them."""
    ways: dict[str, Callable[[Path], object]] = {
        "pypdfium2, text": bare_text,
        "pypdfium2, text and boxes": bare_boxes,
        "Premise": lambda path: parse_pdf(path, limits=ParseLimits(), begins=lambda: None),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            began = time.process_time()
            way(file)
            times[name].append(time.process_time() - began)
    least = median(times["pypdfium2, text"])
    print(f"{'':28}{'seconds':>9}{'ratio':>8}")
    for name, found in times.items():
        print(f"{name:28}{median(found):9.3f}{median(found) / least:8.2f}")


def bare_text(file: Path) -> int:
    """The text of every page."""
    document = pypdfium2.PdfDocument(file)
    return sum(len(page.get_textpage().get_text_bounded()) for page in document)


def bare_boxes(file: Path) -> int:
    """The text of every page, and of each of its lines the box."""
    document, boxes = pypdfium2.PdfDocument(file), 0
    for page in document:
        text_page = page.get_textpage()
        text_page.get_text_bounded()
        for number in range(text_page.count_rects()):
            text_page.get_rect(number)
            boxes += 1
    return boxes


def handbook_pdf(folder: Path) -> Path:
    """150 pages of the handbook, as Chromium prints them."""
    browser = shutil.which("chromium")
    if not (EVAL / "handbook").is_dir() or browser is None:
        sys.exit(f"This needs Chromium and the handbook in {EVAL} (PREMISE_EVAL_DIR), or a FILE.")
    render = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render
    texts = [render(file.read_text(encoding="utf-8")) for file in sorted((EVAL / "handbook").rglob("*.md"))[::2]]
    page = folder / "handbook.html"
    page.write_text(f"<meta charset=utf-8>{'<hr>'.join(texts)[:1_500_000]}", encoding="utf-8")
    printed = folder / "printed.pdf"
    quiet = "--headless --no-sandbox --disable-gpu --disable-background-networking --no-pdf-header-footer".split()
    command = [browser, *quiet, f"--print-to-pdf={printed}", str(page)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    whole, cut = pypdfium2.PdfDocument(printed), pypdfium2.PdfDocument.new()
    cut.import_pages(whole, range(min(PAGES, len(whole))))
    cut.save(folder / "handbook.pdf")
    return folder / "handbook.pdf"


if __name__ == "__main__":
    main()
