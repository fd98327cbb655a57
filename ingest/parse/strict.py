"""Office files in the strict variant of the format ("Strict Open XML"), which the libraries do not read: its names are
replaced by the usual ones in a copy. The two differ, for text and values, in nothing else but dates of sheets.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_STRICT = b"http://purl.oclc.org/ooxml/"
_MAIN_PARTS = ("xl/workbook.xml", "word/document.xml", "ppt/presentation.xml")
_NAMES = {
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    b"http://purl.oclc.org/ooxml/presentationml/main": b"http://schemas.openxmlformats.org/presentationml/2006/main",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}
_PREFIX = 4096  # bytes in which the main part names its namespaces


@contextmanager
def usual_form(path: Path) -> Iterator[Path]:
    """The file itself, or for a strict one a copy in the usual form that lasts as long as the context."""
    if not is_strict(path):
        yield path
        return
    with TemporaryDirectory(prefix="premise-strict-") as folder:
        copy = Path(folder) / path.name
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                data = old.read(entry)
                if entry.filename.endswith((".xml", ".rels")):
                    for strict, usual in _NAMES.items():
                        data = data.replace(strict, usual)
                new.writestr(entry.filename, data)
        yield copy


def is_strict(path: Path) -> bool:
    """True when the main part's namespace is the strict one."""
    with zipfile.ZipFile(path) as container:
        names = container.namelist()
        for part in _MAIN_PARTS:
            if part in names:
                with container.open(part) as file:
                    return _STRICT in file.read(_PREFIX)
    return False
