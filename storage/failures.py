"""The closed lists of why a file is not indexed: failure codes and ignore rules, each with what one can do about it."""

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
    PARSER_NOT_STARTED = "parser_not_started"
    CHANGING = "changing"
    DISK_FULL = "disk_full"
    INDEX_DOWN = "index_down"


ADVICE: dict[Code, str] = {
    Code.ENCRYPTED: "Save a copy without the password, or add the password to the file that passwords_file names.",
    Code.CORRUPT: "Open the file in its own program and save it again, or replace it with a whole copy.",
    Code.EMPTY: "There is no text to search. If people can read some in it, add a version with text.",
    Code.UNSUPPORTED: "Save what it says as PDF, DOCX, XLSX, PPTX, HTML, Markdown or text, or have the file ignored.",
    Code.TOO_LARGE: "Split the file, or raise the limit named in the reason.",
    Code.TIMED_OUT: "Open the file and save it again, split it, or raise parse_seconds (of scans: ocr_seconds).",
    Code.OUT_OF_MEMORY: "Split the file, or raise parse_memory_mb.",
    Code.UNREADABLE: "Let the account that runs Premise read the file.",
    Code.NEEDS_LIBREOFFICE: "Install LibreOffice on the server, or save the file in the newer format.",
    Code.NEEDS_TESSERACT: "Install tesseract and its languages (Debian: tesseract-ocr tesseract-ocr-deu), then retry.",
    Code.PARSER_CRASHED: "Open the file and save it again. If that does not help, report it with the file's type.",
    Code.PARSER_NOT_STARTED: "It is tried again by itself. If that goes on: what does `premise doctor` say?",
    Code.CHANGING: "The file is still being written. It is tried again by itself.",
    Code.DISK_FULL: "Free space on the disk of the data folder, then retry.",
    Code.INDEX_DOWN: "The vector index did not answer. It is tried again by itself.",
}

# retried for as long as it takes: a share that is away while its files wait comes back with nothing changed
NOT_THE_FILES_FAULT = frozenset({Code.UNREADABLE, Code.PARSER_NOT_STARTED, Code.CHANGING})
RETRIED = NOT_THE_FILES_FAULT | {
    Code.TIMED_OUT,
    Code.PARSER_CRASHED,
    Code.DISK_FULL,
    Code.INDEX_DOWN,
}


class Rule(StrEnum):
    """Why a file is passed over, as it appears in JSON."""

    EDITORS_FILE = "editors_file"
    DOWNLOAD = "download"
    HIDDEN = "hidden"
    SYSTEM = "system"
    ACCESS_RULE = "access_rule"
    LINK = "link"
    SPECIAL = "special"
    ASKED = "asked"
    FORGOTTEN = "forgotten"


RULES: dict[Rule, str] = {
    Rule.EDITORS_FILE: "A temporary or lock file of a program. The document itself has another name.",
    Rule.DOWNLOAD: "A download under way. It is read under its own name when it has ended.",
    Rule.HIDDEN: "Its name begins with a dot. Rename it if it is a document; of a folder, nothing in it is read.",
    Rule.SYSTEM: "A file of the operating system.",
    Rule.ACCESS_RULE: "It says who may read the folder, and is no document.",
    Rule.LINK: "A symbolic link. Put the file itself here, or register its folder with `premise ingest`.",
    Rule.SPECIAL: "No regular file but a pipe, socket or device.",
    Rule.ASKED: "An administrator had it ignored. Unignore it to have it read again.",
    Rule.FORGOTTEN: "An administrator had it erased with every trace. It is not read again while it is listed here.",
}
BY_PERSON = frozenset({Rule.ASKED, Rule.FORGOTTEN})  # in force until a person says otherwise


def advice(code: str | None) -> str:
    """What an administrator can do about a file with this failure code, or what its ignore rule means."""
    if code in set(Code):
        return ADVICE[Code(code)]
    return RULES[Rule(code)] if code in set(Rule) else ""


class ParseFailure(PremiseError):
    """A file could not be read. `code` says why in one word, the message in a sentence.

    `passing`: another try may do better, although this code mostly stays.
    """

    def __init__(self, code: Code, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.passing = passing
