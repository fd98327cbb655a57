"""Encrypted Office and PDF files to readable copies, with the passwords the administrator listed. Runs in the child."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msoffcrypto  # type: ignore[import-untyped]
import olefile  # type: ignore[import-untyped]
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from msoffcrypto.exceptions import (  # type: ignore[import-untyped]
    DecryptionError,
    FileFormatError,
    InvalidKeyError,
)

from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure

EXCEL_DEFAULT = "VelvetSweatshop"  # [MS-OFFCRYPTO]: with it a workbook opens without asking


@contextmanager
def decrypted(path: Path, suffix: str, passwords: Sequence[str]) -> Iterator[Path | None]:
    """A copy of the file that asks for no password, for as long as the context lasts. None: no password opens it.

    Raises: ParseFailure(CORRUPT) for a file that no password would open, because it is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="premise-decrypt-") as folder:
        target = Path(folder) / f"opened{suffix}"
        with path.open("rb") as file:
            head = file.read(1024)
        if b"%PDF-" in head:
            opened = _pdf(path, passwords, target)
        elif head.startswith(olefile.MAGIC):
            opened = _office(path, passwords, target)
        else:
            opened = False  # such as an encrypted ODT: nothing here knows that
        yield target if opened else None


def _pdf(path: Path, passwords: Sequence[str], target: Path) -> bool:
    for password in passwords:
        try:
            document = pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                continue
            if error.err_code == pdfium_c.FPDF_ERR_SECURITY:
                return False
            raise _damaged(error) from error
        try:
            document.save(target, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        except pdfium.PdfiumError as error:
            raise _damaged(error) from error
        finally:
            document.close()
        return True
    return False


def _office(path: Path, passwords: Sequence[str], target: Path) -> bool:
    _refuse_truncated(path)
    for password in (EXCEL_DEFAULT, *passwords):
        try:
            with path.open("rb") as file, target.open("wb") as opened:
                office = msoffcrypto.OfficeFile(file)
                if office.format == "ooxml":
                    office.load_key(password=password, verify_password=True)
                else:
                    office.load_key(password=password)
                _decrypt(office, opened)
        except InvalidKeyError:
            continue
        except (DecryptionError, FileFormatError):
            return False  # encrypted in a way that the library does not know
        except (MemoryError, ParseFailure):
            raise
        except Exception as error:  # whatever the library stumbles over in a file that is not as it should be
            raise _damaged(error) from error
        return True
    return False


def _decrypt(office: Any, opened: IO[bytes]) -> None:
    """Once the password is known to be right, what cannot be decrypted is damaged. Raises: ParseFailure(CORRUPT)."""
    try:
        office.decrypt(opened)
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error


def _refuse_truncated(path: Path) -> None:
    """Raises: ParseFailure(CORRUPT) when the container says of a stream that it is longer than what there is of it."""
    try:
        with olefile.OleFileIO(str(path)) as container:
            for name in container.listdir():
                there, said = len(container.openstream(name).read()), container.get_size(name)
                if there < said:
                    raise _damaged(f"of {name[-1]}, {said:,} bytes long, only {there:,} are there")
    except (OSError, ValueError, IndexError) as error:  # olefile's own error is an OSError
        raise _damaged(error) from error


def _damaged(why: object) -> ParseFailure:
    what = single_line(f"{type(why).__name__}: {why}" if isinstance(why, Exception) else str(why))[:200]
    return ParseFailure(Code.CORRUPT, f"The file is protected with a password and damaged ({what}).")
