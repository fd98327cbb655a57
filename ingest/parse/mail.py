"""Mail to elements: EML through Python's email package, MSG through oxmsg, the reader that unstructured uses.

Not through `partition_email`/`partition_msg`: these leave out who wrote to whom and when, take the body for HTML
first, and mix attachments into the text. Attachments become documents of their own; forwarded messages are read in
place.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import mimetypes
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from oxmsg import Message
from oxmsg.attachment import Attachment

from ingest.parse.appointments import invitation
from ingest.parse.charset import decode, unmarked_utf16
from ingest.parse.html import parse_html, plain_or_html
from ingest.parse.limits import ParseLimits
from ingest.parse.members import Unpacking
from ingest.parse.struck import STRUCK
from ingest.parse.text import heading, prose, single_line
from ingest.parse.tnef import SIGNATURE, Packed, unpack
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

DEEPEST = 5  # forwarded messages within messages
_SHORT_NAME, _CONTENT_ID = 0x3704, 0x3712  # PidTagAttachFilename, PidTagAttachContentId
_HTML = 0x1013  # PidTagHtml
_SHOWN = ("From", "To", "Cc", "Date")
MOST_SIGNED = 10  # lines of a signature
# Behind "-- " (RFC 3676), or "--" near the end of the text; up to an empty line or what the mail answers.
_SIGNATURE = re.compile(
    r"^--(?: |(?=\s*(?:\n.*){1,10}\Z))[^\S\n]*\n"
    r"(?P<signed>(?:(?!>|On .*:$|Am .*:$|-{3}|From: |Von: ).*\S.*(?:\n|\Z))+)",
    re.MULTILINE,
)


def parse_eml(data: bytes, *, limits: ParseLimits) -> Parsed:
    """A message as it travels (RFC 5322)."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.startswith(b"\xef\xbb\xbf") or unmarked_utf16(data):
        data = decode(data).encode()
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not isinstance(message, EmailMessage) or _is_sealed(message):
        raise ParseFailure(Code.ENCRYPTED, "The message is encrypted (S/MIME or PGP).")
    unpacking = Unpacking(limits)
    body = list(_body(message, unpacking, 0))
    if not any(part.get_content_maintype() == "text" for part in message.walk()):
        body += _packed_text(message, unpacking)
    subject = _header(message, "Subject")
    if not body and not subject and not unpacking.members:
        raise ParseFailure(Code.EMPTY, "The message has neither a subject nor a text.")
    return Parsed(
        elements=(*heading(subject, 1), *_head(message), *_attached(unpacking), *body),
        title=subject or None,
        author=_header(message, "From") or None,
        created=_date(message),
        members=tuple(unpacking.members),
        flags=tuple(unpacking.flags),
        warnings=tuple(unpacking.warnings),
    )


def _is_sealed(message: EmailMessage) -> bool:
    kind = message.get_content_type()
    opaque = kind in ("application/pkcs7-mime", "application/x-pkcs7-mime")
    signed_only = "signed-data" in str(message.get("Content-Type", ""))
    return kind == "multipart/encrypted" or (opaque and not signed_only)


def _header(message: EmailMessage, name: str) -> str:
    """A header decoded; a malformed one as it stands."""
    try:
        return single_line(str(message.get(name, "")))
    except (ValueError, IndexError, AttributeError, LookupError):  # the standard parser trips over malformed headers
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return single_line(str(raw))


def _head(message: EmailMessage) -> list[Element]:
    lines = ((name, _header(message, name)) for name in _SHOWN)
    return prose("\n".join(f"{name}: {value}" for name, value in lines if value))


def _date(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(_header(message, "Date"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _body(part: EmailMessage, unpacking: Unpacking, depth: int) -> Iterator[Element]:
    """The text of a part and of what it holds."""
    kind = part.get_content_type()
    name = part.get_filename()
    if kind == "message/rfc822" and depth < DEEPEST:
        for inner in part.iter_parts() if part.is_multipart() else ():
            if isinstance(inner, EmailMessage):
                yield from heading(_header(inner, "Subject"), min(depth + 2, 6))
                yield from _head(inner)
                yield from _body(inner, unpacking, depth + 1)
    elif part.get_content_disposition() == "attachment" or (name and not kind.startswith(("multipart/", "text/"))):
        packed = _packed_in(part)
        if packed is not None:
            yield from _unpacked(part, packed, unpacking)
        elif not _is_decoration(part):
            _attach(part, unpacking)
    elif kind == "multipart/alternative":
        yield from _alternative(part, unpacking, depth)
    elif part.is_multipart():
        for inner in part.iter_parts():
            if isinstance(inner, EmailMessage):
                yield from _body(inner, unpacking, depth)
    elif kind == "text/calendar":
        yield from invitation(text_of(part))
    elif kind.startswith("text/"):
        source = text_of(part)
        yield from _told(parse_html(source), unpacking) if kind == "text/html" else _written(source, unpacking)


def _told(page: Parsed, unpacking: Unpacking) -> tuple[Element, ...]:
    """What a page says; its flags become the mail's."""
    unpacking.flags += [flag for flag in page.flags if flag not in unpacking.flags]
    return page.elements


def _text_or_page(text: str, source: str, unpacking: Unpacking) -> list[Element]:
    """What Outlook keeps twice: the plain text, unless there is none or it repeats what the HTML strikes through."""
    page = None
    with contextlib.suppress(ParseFailure):  # nothing can be made of it
        page = parse_html(source) if source.strip() else None
    if page is not None and (not text.strip() or STRUCK in page.flags):
        return list(_told(page, unpacking))
    return list(_written(text, unpacking))


def _written(text: str, unpacking: Unpacking) -> Iterator[Element]:
    """A text as it was written; who signs it is no part of what it says, and is told as that."""
    at = 0
    text = text.replace("\r\n", "\n")
    for match in _SIGNATURE.finditer(text):
        lines = [single_line(line) for line in match["signed"].split("\n") if line.strip()]
        if len(lines) <= MOST_SIGNED:
            yield from _told(plain_or_html(text[at : match.start()]), unpacking)
            yield from prose(f"Signature: {', '.join(lines)}", kind=Kind.NOTE)
            at = match.end()
    yield from _told(plain_or_html(text[at:]), unpacking)


def _is_decoration(part: EmailMessage) -> bool:
    """True for pictures shown inside the text: logos and signatures."""
    inline = part.get_content_disposition() != "attachment" and part.get("Content-ID") is not None
    return inline and part.get_content_maintype() == "image"


def _packed_in(part: EmailMessage) -> bytes | None:
    """The bytes of an attachment that Outlook packed others into ("winmail.dat")."""
    data = part.get_payload(decode=True) if not part.is_multipart() else None
    return data if isinstance(data, bytes) and data.startswith(SIGNATURE) else None


def _unpacked(part: EmailMessage, data: bytes, unpacking: Unpacking) -> Iterator[Element]:
    """What is in it becomes attachments of the mail; messages in it are read in place."""
    try:
        packed = unpack(data)
    except ValueError as error:
        reason = f"It was packed by Outlook and cannot be taken apart: {error}. Ask for the files in an ordinary mail."
        unpacking.refuse(part.get_filename() or "winmail.dat", Code.CORRUPT, reason)
        return
    yield from _packed_files(packed, unpacking, 2)


def parse_packed(path: Path, *, limits: ParseLimits) -> Parsed:
    """A winmail.dat that was saved out of its mail: what it holds, and its text where it has one."""
    try:
        packed = unpack(path.read_bytes())
    except ValueError as error:
        raise ParseFailure(
            Code.CORRUPT, f"The file was packed by Outlook and cannot be taken apart: {error}."
        ) from error
    unpacking = Unpacking(limits)
    body = [*_packed_body(packed, unpacking), *_packed_files(packed, unpacking, 2)]
    subject = single_line(packed.subject)
    if not body and not subject and not unpacking.members:
        raise ParseFailure(Code.EMPTY, "The file holds neither a text nor files.")
    return Parsed(
        elements=(*heading(subject, 1), *_attached(unpacking), *body),
        title=subject or None,
        members=tuple(unpacking.members),
        flags=tuple(unpacking.flags),
        warnings=tuple(unpacking.warnings),
    )


def _packed_files(packed: Packed, unpacking: Unpacking, level: int) -> Iterator[Element]:
    for name, content in packed.files:
        _take_out(name, content, unpacking)
    for inner in packed.messages:
        yield from heading(single_line(inner.subject), min(level, 6))
        yield from _packed_body(inner, unpacking)
        yield from _packed_files(inner, unpacking, level + 1)


def _packed_text(message: EmailMessage, unpacking: Unpacking) -> Iterator[Element]:
    """The text of a mail that Outlook packed with its attachments, and that has none beside."""
    for part in message.walk():
        data = _packed_in(part) if isinstance(part, EmailMessage) else None
        if data is not None:
            with contextlib.suppress(ValueError):  # said where its files are taken out
                yield from _packed_body(unpack(data), unpacking)


def _packed_body(packed: Packed, unpacking: Unpacking) -> list[Element]:
    if packed.text.strip() or packed.html.strip():
        return _text_or_page(packed.text, decode(packed.html), unpacking)
    if packed.rtf:
        unpacking.warnings.append("A text that Outlook packed as RTF was left out. Save the mail as .msg.")
    return []


def _attach(part: EmailMessage, unpacking: Unpacking) -> None:
    name = part.get_filename() or f"attachment{mimetypes.guess_extension(part.get_content_type()) or ''}"
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        held = part.get_payload()
        message = held[0] if isinstance(held, list) and held and isinstance(held[0], EmailMessage) else part
        data, name = message.as_bytes(), name if name.endswith(".eml") else f"{name}.eml"
    if not unpacking.full:
        unpacking.add(name, lambda: [data])


def _attached(unpacking: Unpacking) -> list[Element]:
    names = ", ".join(member.name for member in unpacking.members)
    return prose(f"Attachments: {names}" if names else "")


def _alternative(part: EmailMessage, unpacking: Unpacking, depth: int) -> Iterator[Element]:
    """The plain text, unless it is only a stub that stands for the HTML, or that has a table or strikes something
    through: plain text has its cells without their columns, and what is struck through as if it held. Then what an
    invitation says besides.
    """
    versions = {inner.get_content_type(): inner for inner in part.iter_parts() if isinstance(inner, EmailMessage)}
    found: dict[str, list[Element]] = {}
    strikes: str | None = None  # the version that does
    for kind, inner in versions.items():
        before, unpacking.flags = unpacking.flags, []
        found[kind] = list(_body(inner, unpacking, depth))
        strikes = kind if STRUCK in unpacking.flags else strikes
        unpacking.flags = list(dict.fromkeys((*before, *unpacking.flags)))
    invited = found.pop("text/calendar", [])
    sizes = {kind: sum(len(element.text) for element in body) for kind, body in found.items()}
    fullest = max(sizes, key=lambda kind: sizes[kind], default=None)
    told = any(element.header and len(element.rows) > 1 for element in found.get("text/html", ()))
    plain = not told and fullest and sizes.get("text/plain", 0) * 4 > sizes[fullest]
    best = strikes or ("text/html" if told else "text/plain" if plain else fullest)
    shown = found[best] if best else []
    yield from shown
    known = {element.text for element in shown}
    yield from (element for element in invited if element.text not in known)


def text_of(part: EmailMessage) -> str:
    """The text of a part, in whatever encoding it is."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return str(data or "")
    charset = part.get_content_charset()
    try:
        return data.decode(charset) if charset else decode(data)
    except (LookupError, UnicodeDecodeError):
        return decode(data)  # the declared encoding is unknown or not true


def parse_msg(path: Path, *, limits: ParseLimits) -> Parsed:
    """An Outlook message."""
    message = Message.load(str(path))
    if "encrypted" in message.message_headers.get("Content-Type", ""):
        raise ParseFailure(Code.ENCRYPTED, "The message is encrypted.")
    unpacking = Unpacking(limits)
    body = _text_or_page(message.body or "", _html_of(message), unpacking)
    subject = single_line(message.subject or "")
    for part in message.attachments:
        _detach(part, unpacking)
    if not body and not subject and not unpacking.members:
        raise ParseFailure(Code.EMPTY, "The message has neither a subject nor a text.")
    people = (f"{person.name} <{person.email_address}>" for person in message.recipients)
    sent = message.sent_date
    lines = {"From": message.sender, "To": ", ".join(people), "Date": sent.isoformat(sep=" ") if sent else None}
    head = prose("\n".join(f"{name}: {single_line(value)}" for name, value in lines.items() if value))
    return Parsed(
        elements=(*heading(subject, 1), *head, *_attached(unpacking), *body),
        title=subject or None,
        author=single_line(message.sender or "") or None,
        created=(sent.astimezone(UTC) if sent.tzinfo else sent.replace(tzinfo=UTC)) if sent else None,
        members=tuple(unpacking.members),
        flags=tuple(unpacking.flags),
        warnings=tuple(unpacking.warnings),
    )


def _html_of(message: Message) -> str:
    """The text of a message in HTML; "" where it has none."""
    try:
        return message.html_body or ""
    except (LookupError, ValueError):  # the declared encoding is unknown or not true
        return decode(message.properties.binary_prop_value(_HTML) or b"")


def _detach(part: Attachment, unpacking: Unpacking) -> None:
    name = part.file_name or part.properties.str_prop_value(_SHORT_NAME) or "attachment"
    shown_inside = part.properties.str_prop_value(_CONTENT_ID) is not None
    if not (shown_inside and (part.mime_type or "").startswith("image/")):
        _take_out(name, part.file_bytes, unpacking)


def _take_out(name: str, data: bytes | None, unpacking: Unpacking) -> None:
    if unpacking.full:
        return
    if data is None:
        unpacking.refuse(name, Code.UNSUPPORTED, "It is an Outlook item or a link inside the message, not a file.")
    else:
        unpacking.add(name, lambda: [data])
