"""DOC, PPT, XLS, ODS and ODP to elements: LibreOffice, where it is installed, turns them into the newer format first.

Runs in the sandboxed child, so LibreOffice has the same limits and is killed with it. Each run has a profile of its
own: two runs that share one refuse each other.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import olefile  # type: ignore[import-untyped]

from ingest.parse.formats import OPEN
from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure
from storage.records import Parsed

NEWER = {".doc": ".docx", ".dot": ".docx", ".ppt": ".pptx", ".pps": ".pptx", ".xls": ".xlsx"}
NEWER |= {".ods": ".xlsx", ".odp": ".pptx"}
_ENCRYPTED_PPT = (0xF3D1C4DF).to_bytes(4, "little")
_FILEPASS = 0x2F


def parse_legacy(path: Path, *, suffix: str, seconds: float, then: Callable[[Path, str], Parsed]) -> Parsed:
    """An old Office file, or one of OpenDocument; `then` parses the converted one."""
    if suffix not in OPEN and is_encrypted(path):
        raise ParseFailure(Code.ENCRYPTED, "The file is protected with a password.")
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise ParseFailure(
            Code.NEEDS_LIBREOFFICE, f"The format {suffix} needs LibreOffice, which is not installed on the server."
        )
    with tempfile.TemporaryDirectory(prefix="premise-legacy-") as folder:
        return then(_convert(program, path, suffix, Path(folder), seconds), NEWER[suffix])


def _convert(program: str, path: Path, suffix: str, folder: Path, seconds: float) -> Path:
    source = folder / f"source{suffix}"
    shutil.copyfile(path, source)
    target = source.with_suffix(NEWER[suffix])
    done = _run(program, source, target.suffix, seconds)
    if target.is_file():
        return target
    said = single_line((done.stderr or done.stdout).decode(errors="replace"))[:300] or f"exit code {done.returncode}"
    if done.returncode not in (0, 1) and not _works(program, folder, target.suffix, seconds):
        raise ParseFailure(Code.PARSER_NOT_STARTED, f"LibreOffice does not start for this account: {said}")
    raise ParseFailure(Code.CORRUPT, f"LibreOffice cannot read the file: {said}")


def _run(program: str, source: Path, suffix: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Convert, beside the source. Raises: ParseFailure(TIMED_OUT)."""
    folder = source.parent
    command = [program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation=file://{folder}/profile"]
    command += ["--convert-to", suffix[1:], "--outdir", str(folder), str(source)]
    try:  # what it keeps for all accounts (/var/spool/libreoffice) has to stay readable for them when root runs it
        return subprocess.run(
            command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL, umask=0o022
        )
    except subprocess.TimeoutExpired as error:
        raise ParseFailure(Code.TIMED_OUT, f"LibreOffice did not convert the file within {seconds:.0f} s.") from error


def _works(program: str, folder: Path, suffix: str, seconds: float) -> bool:
    """Whether it converts a file with which nothing is wrong: if not, the other one was not to blame."""
    well = folder / ("well.csv" if suffix == ".xlsx" else "well.txt")
    well.write_text("well\n", encoding="ascii")
    target = well.with_suffix(suffix if suffix == ".xlsx" else ".docx")
    _run(program, well, target.suffix, seconds)
    return target.is_file()


def is_encrypted(path: Path) -> bool:
    """True for an OLE file whose text is encrypted, by the marks of Word, Excel, PowerPoint and encrypted OOXML."""
    with open_container(path) as container:
        if container.exists("EncryptedPackage") or container.exists("EncryptedSummary"):
            transform = "\x06DataSpaces/TransformInfo"  # where it is there, it must name the transform it describes
            if container.exists(transform) and not container.exists(f"{transform}/StrongEncryptionTransform"):
                return "DRMEncryptedTransform" in str(container.listdir())
            return True
        if container.exists("WordDocument"):
            head = container.openstream("WordDocument").read(12)
            return len(head) == 12 and bool(head[11] & 0x01)  # fEncrypted in the file information block
        if container.exists("Current User"):
            return bool(container.openstream("Current User").read(16)[12:16] == _ENCRYPTED_PPT)
        for name in ("Workbook", "Book"):
            if container.exists(name):
                return _has_filepass(container.openstream(name).read(4096))
    return False


def _has_filepass(records: bytes) -> bool:
    """Encrypted workbooks say so in one of their first records."""
    position = 0
    while position + 4 <= len(records):
        kind = int.from_bytes(records[position : position + 2], "little")
        if kind == _FILEPASS:
            return True
        position += 4 + int.from_bytes(records[position + 2 : position + 4], "little")
    return False


def suffix_by_streams(path: Path) -> str | None:
    """What an OLE file really is, whatever its name says."""
    streams = {"WordDocument": ".doc", "Workbook": ".xls", "Book": ".xls", "PowerPoint Document": ".ppt"}
    streams["__properties_version1.0"] = ".msg"
    with open_container(path) as container:
        return next((suffix for stream, suffix in streams.items() if container.exists(stream)), None)


@contextmanager
def open_container(path: Path) -> Iterator[Any]:
    """The OLE container, or ParseFailure(CORRUPT)."""
    try:
        container = olefile.OleFileIO(str(path))
    except (OSError, ValueError, IndexError) as error:  # olefile's own error is an OSError
        raise ParseFailure(Code.CORRUPT, f"The file is damaged: {single_line(str(error))}") from error
    try:
        yield container
    finally:
        container.close()
