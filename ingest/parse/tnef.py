"""What Outlook packs into an attachment named winmail.dat (TNEF, [MS-OXTNEF]), taken out of it. Knows no mail."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SIGNATURE = b"\x78\x9f\x3e\x22"
DEEPEST = 5  # messages within messages
_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_SUBJECT, _BODY, _PROPERTIES, _CODEPAGE = 0x8004, 0x800C, 0x9003, 0x9007
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _CONTENT = 0x3707, 0x3704, 0x3001, 0x3701
_TEXT, _RTF, _HTML, _TOPIC = 0x1000, 0x1009, 0x1013, 0x0037
_STRING, _UNICODE, _BINARY, _OBJECT, _SEVERAL = 0x1E, 0x1F, 0x102, 0x0D, 0x1000
_SIZES = {0x00: 0, 0x01: 0, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}  # of values; others have four bytes

Properties = dict[int, bytes | str]


@dataclass(kw_only=True)
class Packed:
    """A message as Outlook packed it."""

    subject: str = ""
    text: str = ""
    html: bytes = b""
    rtf: bool = False  # it has a text in Outlook's own compressed RTF
    files: list[tuple[str, bytes | None]] = field(default_factory=list)  # None: an object of a program, no file
    messages: list[Packed] = field(default_factory=list)  # attached to it


def unpack(data: bytes, depth: int = 0) -> Packed:
    """Take it apart. Raises: ValueError, where it is cut off or no such container."""
    if not data.startswith(SIGNATURE):
        raise ValueError("it is no container of Outlook")
    packed = Packed()
    codepage = "cp1252"
    name, content = "", None
    inside: Properties = {}
    begun = False
    for kind, value in _attributes(data):
        if kind == _CODEPAGE and len(value) >= 4:
            codepage = _known(struct.unpack_from("<I", value)[0])
        elif kind == _SUBJECT:
            packed.subject = _plain(value, codepage)
        elif kind == _BODY:
            packed.text = _plain(value, codepage)
        elif kind == _PROPERTIES:
            _take_message(packed, _properties(value, codepage))
        elif kind == _ATTACHMENT:
            if begun:
                _take_file(packed, name, content, inside, depth)
            begun, name, content, inside = True, "", None, {}
        elif kind == _TITLE:
            name = _plain(value, codepage)
        elif kind == _DATA:
            content = value
        elif kind == _ATTACHMENT_PROPERTIES:
            inside = _properties(value, codepage)
    if begun:
        _take_file(packed, name, content, inside, depth)
    return packed


def _take_message(packed: Packed, known: Properties) -> None:
    text, html = known.get(_TEXT), known.get(_HTML)
    packed.text = text if isinstance(text, str) and text else packed.text
    packed.html = html if isinstance(html, bytes) else html.encode() if html else b""
    packed.rtf = bool(known.get(_RTF))
    packed.subject = packed.subject or str(known.get(_TOPIC, ""))


def _take_file(packed: Packed, title: str, content: bytes | None, known: Properties, depth: int) -> None:
    name = next((str(known[key]) for key in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME) if known.get(key)), title)
    held = known.get(_CONTENT)
    if content is None and isinstance(held, bytes):
        inner = held[16:]  # behind the mark of what kind of object it is
        if inner.startswith(SIGNATURE):
            if depth < DEEPEST:
                packed.messages.append(unpack(inner, depth + 1))
            return
        content = None if known.get(-_CONTENT) else held
    packed.files.append((name or "attachment", content))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each attribute's kind and value. What is behind the last whole one is not looked at."""
    at = 6
    while at + 9 <= len(data) and data[at] in (1, 2):
        kind, length = struct.unpack_from("<HxxI", data, at + 1)
        if at + 9 + length > len(data):
            raise ValueError("it is cut off")
        yield kind, data[at + 9 : at + 9 + length]
        at += 9 + length + 2  # a sum of its bytes, which not every program writes right


class _Reader:
    """Little-endian values, one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self) -> int:
        return int.from_bytes(self.bytes(4), "little")

    def bytes(self, count: int, *, padded: bool = False) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError("it is cut off")
        value = self.data[self.at : self.at + count]
        self.at += (count + 3) // 4 * 4 if padded else count
        return value


def _properties(data: bytes, codepage: str) -> Properties:
    """Texts and bytes by the property's number, the last of several. Under the negative number: b"1" for an object."""
    reader, found = _Reader(data), Properties()
    for _ in range(reader.number()):
        head = reader.number()
        kind, number = head & 0xFFFF, head >> 16
        if number & 0x8000:  # named
            reader.bytes(16)
            if reader.number():
                reader.bytes(reader.number(), padded=True)
            else:
                reader.number()
        single = kind & ~_SEVERAL
        if single not in (_STRING, _UNICODE, _BINARY, _OBJECT):
            size = _SIZES.get(single, 4)
            reader.bytes(size * (reader.number() if kind & _SEVERAL else 1))
            continue
        for _ in range(reader.number()):
            value = reader.bytes(reader.number(), padded=True)
            if single == _OBJECT:
                found[-number] = b"1"
            if single == _UNICODE:
                found[number] = value.decode("utf-16-le", "replace").rstrip("\0")
            else:
                found[number] = _plain(value, codepage) if single == _STRING else value
    return found


def _plain(value: bytes, codepage: str) -> str:
    return value.decode(codepage, "replace").split("\0")[0]


def _known(codepage: int) -> str:
    try:
        return codecs.lookup("utf-8" if codepage == 65001 else f"cp{codepage}").name
    except LookupError:
        return "cp1252"
