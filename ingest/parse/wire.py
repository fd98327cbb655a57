"""What passes between Premise and the parsing process: JSON, each message led by its length.

JSON and not pickle, in both directions: the child reads hostile files, so nothing it says may run here, and every value
it sends is checked. Raises WireError for anything malformed.
"""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from typing import IO, Any

from storage.elements import element_to_plain, elements_from_plain
from storage.records import Parsed

LENGTH = struct.Struct(">I")
MOST_FLAGS, LONGEST_FLAG = 50, 200


class WireError(ValueError):
    """The other process said something that is not a message."""


def write_message(stream: IO[bytes], message: dict[str, Any]) -> None:
    """Write one message and flush."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    stream.write(LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one message; None at the end of the stream. Blocks."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return decode(body) if len(body) == length else None


def decode(body: bytes) -> dict[str, Any]:
    """The message in these bytes."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from error
    if not isinstance(message, dict):
        raise WireError("a message is not an object")
    return message


def parsed_to_plain(parsed: Parsed) -> dict[str, Any]:
    """A parsed file as JSON values."""
    return {
        "elements": [element_to_plain(element) for element in parsed.elements],
        "title": parsed.title,
        "author": parsed.author,
        "created": parsed.created.isoformat() if parsed.created else None,
        "modified": parsed.modified.isoformat() if parsed.modified else None,
        "pages": parsed.pages,
        "flags": list(parsed.flags),
        "warnings": list(parsed.warnings),
    }


def parsed_from_plain(plain: object) -> Parsed:
    """A parsed file from JSON values, each checked."""
    if not isinstance(plain, dict):
        raise WireError("a parsed file is not an object")
    pages, warnings, flags = plain.get("pages"), plain.get("warnings", []), plain.get("flags", [])
    if pages is not None and (not isinstance(pages, int) or isinstance(pages, bool)):
        raise WireError("pages is not a whole number")
    if not isinstance(warnings, list) or not isinstance(flags, list):
        raise WireError("warnings or flags is not a list")
    try:
        return Parsed(
            elements=elements_from_plain(plain.get("elements")),
            title=_text(plain.get("title")),
            author=_text(plain.get("author")),
            created=_moment(plain.get("created")),
            modified=_moment(plain.get("modified")),
            pages=pages,
            flags=tuple(str(flag)[:LONGEST_FLAG] for flag in flags[:MOST_FLAGS]),
            warnings=tuple(str(warning) for warning in warnings),
        )
    except WireError:
        raise
    except ValueError as error:
        raise WireError(str(error)) from error


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise WireError("a text was expected")
    return value


def _moment(value: object) -> datetime | None:
    text = _text(value)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise WireError("a date without a time zone")
    return moment.astimezone(UTC)
