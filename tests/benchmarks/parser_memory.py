"""The parser's memory against its limit: `python tests/benchmarks/parser_memory.py [--limit MB] [--large-only]`.

Parses each hostile document of PREMISE_EVAL_DIR, where it is there, and large files made on the spot, each in a child
of its own with the product's limits. Prints what became of it, the most memory resident in the child and what it had
started, the most address space of one process (what the limit is on), and that as a part of the limit.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.limits import ParseLimits
from ingest.sandbox import Sandbox
from storage.failures import ParseFailure

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))
MEBIBYTE = 1024  # kibibytes, as /proc counts
SHOWN = 8  # of the hostile documents, those that took most


@dataclass(frozen=True, kw_only=True)
class Row:
    """One file."""

    name: str
    megabytes: float
    outcome: str
    seconds: float
    resident: float  # MiB
    space: float  # MiB


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--limit", type=int, default=ParseLimits().memory_mb, help="parse_memory_mb")
    parser.add_argument("--large-only", action="store_true")
    chosen = parser.parse_args()
    limits = ParseLimits(memory_mb=chosen.limit)
    hostile = [] if chosen.large_only or not EVAL.is_dir() else [_measured(path, limits) for path in _hostile()]
    with tempfile.TemporaryDirectory() as folder:
        large = []
        for name, make in LARGE.items():
            make(Path(folder) / name)
            large.append(_measured(Path(folder) / name, limits))
            (Path(folder) / name).unlink()
    print(f"{'file':40}{'MB':>7}{'outcome':>16}{'s':>7}{'resident':>10}{'space':>8}   of {limits.memory_mb:,} MB")
    for row in [*large, *sorted(hostile, key=lambda row: -row.space)[:SHOWN]]:
        print(
            f"{row.name[:39]:40}{row.megabytes:7.1f}{row.outcome:>16}{row.seconds:7.1f}{row.resident:10,.0f}"
            f"{row.space:8,.0f}{row.space / limits.memory_mb:8.0%}"
        )
    if hostile:
        most = max(hostile, key=lambda row: row.space)
        print(
            f"\n{len(hostile)} hostile documents: at most {most.space:,.0f} MiB of address space, "
            f"{max(row.resident for row in hostile):,.0f} MiB resident, {max(row.seconds for row in hostile):.1f} s"
        )


def _hostile() -> Iterator[Path]:
    with (EVAL / "hostile" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        yield from (EVAL / "hostile" / row["file"] for row in csv.DictReader(file))


def _measured(path: Path, limits: ParseLimits) -> Row:
    with Sandbox(limits) as sandbox:
        watch = _Watch(sandbox)
        started = time.monotonic()
        try:
            sandbox.parse(path, path.suffix, take=lambda file: file.name)
            outcome = "parses"
        except ParseFailure as failure:
            outcome = failure.code.value
        seconds = time.monotonic() - started
        watch.end()
    size = path.stat().st_size / 1e6
    return Row(
        name=path.name,
        megabytes=size,
        outcome=outcome,
        seconds=seconds,
        resident=watch.resident,
        space=watch.space,
    )


class _Watch:
    """Looks at a sandbox's processes every few milliseconds; the kernel itself remembers each one's highest."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.resident = 0.0  # of all at one moment, or the highest of one
        self.space = 0.0
        self._sandbox = sandbox
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self._once()

    def _once(self) -> None:
        processes = _with_all_below(self._sandbox.pid) if self._sandbox.pid else []
        figures = [_figures(process) for process in processes if b"ingest.parse.child" in _program(processes[0])]
        if figures:
            together = sum(figure["VmRSS"] for figure in figures)
            self.resident = max(self.resident, together, *(figure["VmHWM"] for figure in figures))
            self.space = max(self.space, *(figure["VmPeak"] for figure in figures))

    def end(self) -> None:
        self._once()
        self._ended.set()
        self._thread.join()


def _program(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def _figures(process: int) -> dict[str, float]:
    figures = {"VmRSS": 0.0, "VmHWM": 0.0, "VmPeak": 0.0}
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in figures:
                figures[name] = int(value.split()[0]) / MEBIBYTE
    return figures


def _with_all_below(process: int) -> list[int]:
    found = [process]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, task.read_text().split())
    return found


# --- large files ---------------------------------------------------------------------------------------------------


def _words(count: int) -> str:
    chance = random.Random(7)  # noqa: S311  the same text in every run
    return " ".join(f"word{chance.randrange(20_000)}" for _ in range(count))


def _text(path: Path) -> None:
    paragraph = _words(90)
    path.write_text("\n\n".join(f"{number} {paragraph}" for number in range(40_000)))


def _csv(path: Path) -> None:
    with path.open("w") as file:
        for number in range(300_000):
            file.write(f"{number},customer {number % 977},{number * 31},2026-01-{number % 28 + 1:02},open\n")


def _json(path: Path) -> None:
    rows = ",\n".join(
        f'{{"id": {number}, "name": "customer {number}", "total": {number * 31}}}' for number in range(200_000)
    )
    path.write_text(f"[{rows}]")


def _html(path: Path) -> None:
    paragraph = _words(60)
    path.write_text(
        "<html><body>" + "".join(f"<p>{number} {paragraph}</p>" for number in range(30_000)) + "</body></html>"
    )


def _xlsx(path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(80_000):
        sheet.append([number, f"customer {number % 977}", number * 31, "open", number / 7, "EUR"])
    book.save(path)


def _docx(path: Path) -> None:
    document, paragraph = docx.Document(), _words(40)
    for number in range(12_000):
        document.add_paragraph(f"{number} {paragraph}")
    document.save(str(path))


def _pdf(path: Path) -> None:
    canvas, line = Canvas(str(path)), _words(12)[:90]
    for page in range(1500):
        for row in range(50):
            canvas.drawString(50, 780 - row * 15, f"{page}.{row} {line}")
        canvas.showPage()
    canvas.save()


def _zip(path: Path) -> None:
    """Ninety million bytes, packed a hundred times smaller: within the ratio that is allowed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for number in range(9):
            container.writestr(f"part {number}.txt", f"{_words(900)}\n\n".encode() * 1500)


def _bomb(path: Path) -> None:
    """Two thousand million zeros where a document's text should be."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("[Content_Types].xml", "<Types/>")
        with container.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(2000):
                part.write(bytes(1 << 20))


def _picture(path: Path) -> None:
    """A black PNG of 12,000 x 12,000 dots: some kilobytes, unpacked 144 million bytes."""
    from PIL import Image

    held = io.BytesIO()
    Image.new("L", (12_000, 12_000)).save(held, "PNG")
    path.write_bytes(held.getvalue())


LARGE: dict[str, Callable[[Path], None]] = {
    "large.txt": _text,
    "large.csv": _csv,
    "large.json": _json,
    "large.html": _html,
    "large.xlsx": _xlsx,
    "large.docx": _docx,
    "large.pdf": _pdf,
    "large.zip": _zip,
    "bomb.docx": _bomb,
    "picture.png": _picture,
}


if __name__ == "__main__":
    main()
