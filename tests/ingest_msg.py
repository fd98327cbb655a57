"""Writes a true Outlook message: a compound file ([MS-CFB]) with the streams of [MS-OXMSG]. Small messages only."""

from __future__ import annotations

import struct
from pathlib import Path

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
Tree = dict[str, "bytes | Tree"]


def message(
    path: Path, *, subject: str, body: str, sender: str, to: str, attachments: dict[str, bytes], html: str = ""
) -> None:
    """A message with its recipient and attachments; its text in HTML too, if there is one."""
    tree: Tree = {
        **_texts({0x001A: "IPM.Note", 0x0037: subject, 0x1000: body, 0x0C1A: sender, 0x0C1F: sender, 0x0042: sender}),
        "__properties_version1.0": bytes(8) + struct.pack("<IIII", 1, len(attachments), 1, len(attachments)) + bytes(8),
        "__nameid_version1.0": {
            "__substg1.0_00020102": b"",
            "__substg1.0_00030102": b"",
            "__substg1.0_00040102": b"",
        },
        "__recip_version1.0_#00000000": {
            **_texts({0x3001: to, 0x39FE: to, 0x3003: to}),
            "__properties_version1.0": bytes(8) + _entries({0x3001, 0x39FE, 0x3003}),
        },
    }
    for number, (name, data) in enumerate(attachments.items()):
        properties = (
            bytes(8) + struct.pack("<HHIQ", 3, 0x3705, 6, 1) + struct.pack("<HHIQ", 0x0102, 0x3701, 6, len(data))
        )
        tree[f"__attach_version1.0_#{number:08X}"] = {
            **_texts({0x3707: name}),
            "__substg1.0_37010102": data,
            "__properties_version1.0": properties + _entries({0x3707}),
        }
    top = tree["__properties_version1.0"]
    assert isinstance(top, bytes)
    tree["__properties_version1.0"] = top = top + _entries({0x001A, 0x0037, 0x1000, 0x0C1A, 0x0C1F, 0x0042})
    if html:
        tree["__substg1.0_10130102"] = html.encode("ascii")
        tree["__properties_version1.0"] = top + struct.pack("<HHIQ", 0x0102, 0x1013, 6, len(html))
    path.write_bytes(compound(tree))


def _texts(values: dict[int, str]) -> Tree:
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in values.items()}


def _entries(numbers: set[int]) -> bytes:
    return b"".join(struct.pack("<HHIQ", 0x001F, number, 6, 0) for number in sorted(numbers))


def compound(tree: Tree) -> bytes:
    """A compound file of version 3 with these storages and streams."""
    entries: list[dict[str, int | str]] = [{"name": "Root Entry", "kind": 5, "child": NONE, "right": NONE}]
    contents: dict[int, bytes] = {}

    def add(level: Tree, parent: int) -> None:
        before = NONE
        for name in sorted(level, key=lambda name: (len(name), name.upper()), reverse=True):
            content = level[name]
            number = len(entries)
            kind = 2 if isinstance(content, bytes) else 1
            entries.append({"name": name, "kind": kind, "child": NONE, "right": before})
            before = number
            if isinstance(content, bytes):
                contents[number] = content
            else:
                add(content, number)
        entries[parent]["child"] = before

    add(tree, 0)
    fat: list[int] = []
    sectors = bytearray()

    def store(data: bytes) -> int:
        count = -(-len(data) // SECTOR)
        if not count:
            return END
        first = len(fat)
        fat.extend([*range(first + 1, first + count), END])
        sectors.extend(data.ljust(count * SECTOR, b"\0"))
        return first

    mini, mini_fat = bytearray(), list[int]()
    for number, data in contents.items():
        entries[number]["size"] = len(data)
        if len(data) >= CUTOFF:
            entries[number]["start"] = store(data)
        elif data:
            count, first = -(-len(data) // MINI), len(mini_fat)
            mini_fat.extend([*range(first + 1, first + count), END])
            mini.extend(data.ljust(count * MINI, b"\0"))
            entries[number]["start"] = first
        else:
            entries[number]["start"] = END
    entries[0] |= {"start": store(bytes(mini)), "size": len(mini)}
    mini_start = store(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(SECTOR, b"\xff"))
    directory = b"".join(_directory(entry) for entry in entries)
    directory_start = store(directory + b"".join([_directory(None)] * (-len(entries) % 4)))
    fat_sectors = 1
    while len(fat) + fat_sectors > fat_sectors * SECTOR // 4:
        fat_sectors += 1
    fat_start = len(fat)
    fat.extend([FAT] * fat_sectors)
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * SECTOR, b"\xff")
    mini_sectors = -(-len(mini_fat) * 4 // SECTOR)
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        bytes(16),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        bytes(6),
        0,
        fat_sectors,
        directory_start,
        0,
        CUTOFF,
        mini_start,
        mini_sectors,
        END,
        0,
        FREE,
    )[:-4]
    places = [*range(fat_start, fat_start + fat_sectors)]
    return head + struct.pack("<109I", *places, *[FREE] * (109 - len(places))) + bytes(sectors) + table


def _directory(entry: dict[str, int | str] | None) -> bytes:
    if entry is None:
        return bytes(68) + struct.pack("<III", NONE, NONE, NONE) + bytes(48)
    name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
    kind, right, child = int(entry["kind"]), int(entry["right"]), int(entry["child"])
    places = struct.pack("<III", NONE, right, child)
    end = struct.pack("<IQ", int(entry.get("start", 0)), int(entry.get("size", 0)))
    return name.ljust(64, b"\0") + struct.pack("<HBB", len(name), kind, 1) + places + bytes(36) + end
