"""The closed list of reasons why a file is not indexed, each with advice an administrator can act on."""

from __future__ import annotations

from enum import StrEnum

from storage.errors import PremiseError


class Code(StrEnum):
    """Failure codes, as they appear in JSON."""

    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    UNREADABLE = "unreadable"
    NEEDS_LIBREOFFICE = "needs_libreoffice"
    NEEDS_TESSERACT = "needs_tesseract"
    PARSER_CRASHED = "parser_crashed"
    CHANGING = "changing"
    DISK_FULL = "disk_full"
    INDEX_DOWN = "index_down"


ADVICE: dict[Code, str] = {
    Code.ENCRYPTED: "Save a copy without the password and put it in the same folder.",
    Code.CORRUPT: "Open the file in its own program and save it again, or replace it with a whole copy.",
    Code.EMPTY: "There is no text to search. If people can read some in it, add a version with text.",
    Code.UNSUPPORTED: "Convert the file to PDF, DOCX, XLSX, PPTX, HTML, Markdown or plain text.",
    Code.TOO_LARGE: "Split the file, or raise the limit named in the reason.",
    Code.TIMED_OUT: "Open the file and save it again, split it, or raise parse_seconds (of scans: ocr_seconds).",
    Code.OUT_OF_MEMORY: "Split the file, or raise parse_memory_mb.",
    Code.UNREADABLE: "Let the account that runs Premise read the file.",
    Code.NEEDS_LIBREOFFICE: "Install LibreOffice on the server, or save the file in the newer format.",
    Code.NEEDS_TESSERACT: "Install tesseract with the data of your languages on the server, then retry.",
    Code.PARSER_CRASHED: "Open the file and save it again. If that does not help, report it with the file's type.",
    Code.CHANGING: "The file is still being written. It is tried again by itself.",
    Code.DISK_FULL: "Free space on the disk of the data folder, then retry.",
    Code.INDEX_DOWN: "The vector index did not answer. It is tried again by itself.",
}

RETRIED = frozenset(
    {Code.TIMED_OUT, Code.UNREADABLE, Code.PARSER_CRASHED, Code.CHANGING, Code.DISK_FULL, Code.INDEX_DOWN}
)


def advice(code: str | None) -> str:
    """What an administrator can do about a file that failed with this code."""
    return ADVICE[Code(code)] if code in set(Code) else ""


class ParseFailure(PremiseError):
    """A file could not be read. `code` says why in one word, the message in a sentence."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
