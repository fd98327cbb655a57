"""Tesseract, the program that reads pictures of text: started once a picture, with limits. Its only owner.

Runs in the sandboxed child, so the child's limits on memory and files hold for it too. Which pictures are read, and
how they are turned, is `recognise`'s to say.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from PIL import Image

from storage.failures import Code, ParseFailure

LONGEST = 90.0  # seconds one picture may take
ORIENTATION = "osd"  # the data by which the program tells how a page is turned and in which script
_SCRIPTS = {  # data that reads another script than the Latin one, as the program names scripts
    "chi_sim": "Han",
    "chi_tra": "Han",
    "jpn": "Japanese",
    "kor": "Korean",
    "rus": "Cyrillic",
    "ukr": "Cyrillic",
    "bul": "Cyrillic",
    "ell": "Greek",
    "ara": "Arabic",
    "fas": "Arabic",
    "heb": "Hebrew",
    "hin": "Devanagari",
    "tha": "Thai",
}


class Slow(Exception):
    """A picture took longer than it may."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word as it was read. Places in pixels of the picture from its top left corner."""

    text: str
    sure: float  # 0 to 100
    line: tuple[int, int, int]  # block, paragraph and line, as the program numbers them
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """How a picture has to be turned to be read."""

    turn: int  # degrees clockwise: 0, 90, 180 or 270
    sure: float
    script: str


@cache
def installed() -> frozenset[str]:
    """The languages this host has data for. Raises: ParseFailure(NEEDS_TESSERACT) without the program."""
    program = shutil.which("tesseract")
    if program is None:
        raise ParseFailure(Code.NEEDS_TESSERACT, "It is a scan or a picture, and tesseract is not installed.")
    said = subprocess.run([program, "--list-langs"], capture_output=True, check=False, timeout=30, text=True)
    return frozenset(re.findall(r"^([A-Za-z_]+(?:/\w+)?)$", said.stdout, re.MULTILINE))


def script_of(language: str) -> str:
    """The script that this language's data reads."""
    return _SCRIPTS.get(language, "Latin")


def words(picture: Image.Image, *, languages: tuple[str, ...], dpi: int, seconds: float) -> list[Word]:
    """The words of a grey picture, in reading order. Raises: Slow; ParseFailure when the program fails."""
    table = _run(picture, "-l", "+".join(languages), "--psm", "3", "--dpi", str(dpi), "tsv", seconds=seconds)
    found = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row["level"] != "5" or not text:
            continue
        left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
        found.append(
            Word(
                text=text,
                sure=float(row["conf"]),
                line=(int(row["block_num"]), int(row["par_num"]), int(row["line_num"])),
                left=left,
                top=top,
                right=left + width,
                bottom=top + height,
            )
        )
    return found


def orientation(picture: Image.Image, *, seconds: float) -> Orientation | None:
    """How a picture is turned; None where that cannot be told (too few characters, or no data for it)."""
    if ORIENTATION not in installed():
        return None
    try:
        said = _run(picture, "-l", ORIENTATION, "--psm", "0", "--dpi", "150", seconds=seconds)
    except ParseFailure:
        return None  # "too few characters" is an error to the program
    fields = dict(re.findall(r"^([A-Z][a-z ]+): (.+)$", said, re.MULTILINE))
    if "Rotate" not in fields:
        return None
    return Orientation(
        turn=int(fields["Rotate"]) % 360,
        sure=float(fields.get("Orientation confidence", "0")),
        script=fields.get("Script", "Latin").strip(),
    )


def _run(picture: Image.Image, *arguments: str, seconds: float) -> str:
    if seconds <= 0:
        raise Slow
    written = io.BytesIO()
    picture.save(written, "PPM")
    command = [shutil.which("tesseract") or "tesseract", "stdin", "stdout", *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TESSDATA_PREFIX") if name in os.environ}
    try:
        done = subprocess.run(
            command,
            input=written.getvalue(),
            capture_output=True,
            check=False,
            timeout=min(seconds, LONGEST),
            env={**kept, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},  # one thread each: pages are read side by side
        )
    except subprocess.TimeoutExpired as error:
        raise Slow from error
    if done.returncode != 0:
        reason = " ".join(done.stderr.decode(errors="replace").split())[-200:]
        raise ParseFailure(Code.PARSER_CRASHED, f"tesseract failed: {reason or f'exit code {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace")
