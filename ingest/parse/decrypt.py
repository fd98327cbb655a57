"""Encrypted Office and PDF files to readable copies, with the passwords the administrator listed. Runs in the child."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msoffcrypto  # type: ignore[import-untyped]
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

EXCEL_DEFAULT = "VelvetSweatshop"  # [MS-OFFCRYPTO]: with it a workbook opens without asking


@contextmanager
def decrypted(path: Path, suffix: str, passwords: Sequence[str]) -> Iterator[Path | None]:
    """A copy of the file that asks for no password, for as long as the context lasts. None: no password opens it."""
    with tempfile.TemporaryDirectory(prefix="premise-decrypt-") as folder:
        target = Path(folder) / f"opened{suffix}"
        with path.open("rb") as file:
            is_pdf = b"%PDF-" in file.read(1024)
        opened = _pdf(path, passwords, target) if is_pdf else _office(path, passwords, target)
        yield target if opened else None


def _pdf(path: Path, passwords: Sequence[str], target: Path) -> bool:
    for password in passwords:
        try:
            document = pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError:
            continue
        try:
            document.save(target, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        finally:
            document.close()
        return True
    return False


def _office(path: Path, passwords: Sequence[str], target: Path) -> bool:
    for password in (EXCEL_DEFAULT, *passwords):
        try:
            with path.open("rb") as file, target.open("wb") as opened:
                office = msoffcrypto.OfficeFile(file)
                if office.format == "ooxml":
                    office.load_key(password=password, verify_password=True)
                else:
                    office.load_key(password=password)
                office.decrypt(opened)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001, S112  a wrong password shows itself in many ways, so does a damaged file
            continue
        return True
    return False
