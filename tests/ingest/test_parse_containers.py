"""Archives, mailboxes and attachments: each member a document of its own, that lives and is read as its container."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import pypdfium2
import pytest
from ingest_msg import message
from place import Place
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.failures import Code, ParseFailure
from storage.records import Parsed, revision_text


def read(path: Path, **limits: int) -> Parsed:
    return parse(path, suffix=path.suffix, limits=ParseLimits(**limits))


def archive(path: Path, members: dict[str, bytes | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in members.items():
            container.writestr(name, content)
    return path


def mail(subject: str, attachments: dict[str, bytes]) -> bytes:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "Mia <mia@example.com>", "Jonas <jonas@example.com>"
    made.set_content("The quotation for the turbines is attached.")
    for name, content in attachments.items():
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def test_members_are_documents_of_their_own(place: Place) -> None:
    inner = mail("Quotation", {"price.txt": b"A zephyr turbine costs 4711 euro."})
    file = archive(
        place.inbox / "hr" / "bundle.zip",
        {
            "notes/leave.md": "# Leave\n\nPaternity leave lasts thirty-three days.",
            "mails/quotation.eml": inner,
            "broken.pdf": b"%PDF-1.7 not really",
            "__MACOSX/._x": b"no",
        },
    )
    place.ingest()
    states = place.states()
    assert states == {
        "hr/bundle.zip": "indexed",
        "hr/bundle.zip!/notes/leave.md": "indexed",
        "hr/bundle.zip!/mails/quotation.eml": "indexed",
        "hr/bundle.zip!/mails/quotation.eml!/price.txt": "indexed",
        "hr/bundle.zip!/broken.pdf": "corrupt",
    }
    assert "hr/bundle.zip!/notes/leave.md" in place.found("paternity leave days", "hr")
    assert place.found("zephyr turbine euro", "hr")[:1] and place.found("zephyr turbine euro", "everyone") == []
    place.ingest()
    assert place.states() == states  # a second pass takes no member for a file that is gone

    moved = place.inbox / "everyone" / "bundle.zip"
    moved.parent.mkdir()
    file.rename(moved)
    place.ingest()
    assert "everyone/bundle.zip!/mails/quotation.eml!/price.txt" in place.states()
    assert "everyone/bundle.zip!/mails/quotation.eml!/price.txt" in place.found("zephyr turbine euro", "everyone")
    assert place.found("zephyr turbine euro", "hr") == []

    archive(moved, {"notes/leave.md": "# Leave\n\nPaternity leave lasts forty-four days.", "new.txt": "A new file."})
    place.ingest()
    assert place.states() == {
        "everyone/bundle.zip": "indexed",
        "everyone/bundle.zip!/notes/leave.md": "indexed",
        "everyone/bundle.zip!/new.txt": "indexed",
    }
    place.pipeline.tidy()
    labels = place.store.catalog.labels_of(["everyone"])
    for document in place.store.catalog.documents(labels=labels):
        assert document.revision
        content, _, _ = place.store.catalog.original_of(document.revision, labels=labels)
        assert place.store.originals.path(content).is_file()
    moved.unlink()
    place.ingest()
    assert place.states() == {} and place.found("forty-four days", "everyone") == []


def test_names_are_no_paths_and_no_two_are_one(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.zip", {"../../etc/passwd": "a b c", "/abs.txt": "d e", "x!/y\\z.txt": "f", "ABS.txt": "g"}
    )
    assert [member.name for member in read(path).members] == ["etc/passwd", "abs.txt", "x/y/z.txt", "ABS (2).txt"]
    assert "- etc/passwd" in revision_text(read(path).elements)


def test_limits_of_archives(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {f"{n}.txt": "some text" for n in range(6)})
    found = read(path, max_members=4)
    assert len(found.members) == 4 and "max_members" in found.warnings[0]
    bomb = archive(tmp_path / "bomb.zip", {"zeros.txt": b"0" * 20_000_000, "small.txt": "fine"})
    big, small = read(bomb).members
    assert (big.code, small.code) == (Code.TOO_LARGE, None) and "max_ratio" in (big.reason or "")
    whole = archive(tmp_path / "c.zip", {"a.txt": b"1" * 600, "b.txt": b"2" * 600})
    first, second = read(whole, max_unpacked_bytes=1000).members
    assert first.code is None and second.code == Code.TOO_LARGE
    with pytest.raises(ParseFailure) as caught:
        read(archive(tmp_path / "empty.zip", {}))
    assert caught.value.code in (Code.EMPTY, Code.CORRUPT)


def test_containers_in_containers_end_somewhere(place: Place, tmp_path: Path) -> None:
    path = archive(tmp_path / "0.zip", {"deepest.txt": "Here is the deepest text."})
    for depth in range(1, 6):
        path = archive(tmp_path / f"{depth}.zip", {f"{depth - 1}.zip": path.read_bytes()})
    place.write("everyone/deep.zip", path.read_bytes())
    place.ingest()
    states = place.states()
    assert states["everyone/deep.zip!/4.zip!/3.zip!/2.zip"] == "indexed"
    assert states["everyone/deep.zip!/4.zip!/3.zip!/2.zip!/1.zip"] == "unsupported"
    assert len(states) == 5


def test_a_mailbox_is_its_messages(place: Place) -> None:
    first = mail("Quotation", {"price.csv": b"Item,Price\nTurbine,4711\nWheel,12\n"})
    second = mail("Re: a/b", {}).replace(b"The quotation", b">From here on the quotation")
    place.write("everyone/all.mbox", b"From mia@example.com Mon\n" + first + b"\nFrom jonas@example.com Tue\n" + second)
    place.ingest()
    assert place.states() == {
        "everyone/all.mbox": "indexed",
        "everyone/all.mbox!/0001 Quotation.eml": "indexed",
        "everyone/all.mbox!/0001 Quotation.eml!/price.csv": "indexed",
        "everyone/all.mbox!/0002 Re- a-b.eml": "indexed",
    }


def test_an_outlook_message_with_attachments(tmp_path: Path, place: Place) -> None:
    path = tmp_path / "offer.msg"
    message(
        path,
        subject="Offer for pumps",
        body="Please find the offer attached.",
        sender="mia@example.com",
        to="jonas@example.com",
        attachments={"offer.txt": b"The pump of type HG-40 costs 900 euro.", "large.bin": bytes(5000)},
    )
    found = read(path)
    assert found.title == "Offer for pumps" and "Attachments: offer.txt, large.bin" in revision_text(found.elements)
    assert "jonas@example.com" in revision_text(found.elements)
    place.write("everyone/offer.msg", path.read_bytes())
    place.ingest()
    assert place.states()["everyone/offer.msg!/offer.txt"] == "indexed"
    assert place.states()["everyone/offer.msg!/large.bin"] == "unsupported"
    assert "everyone/offer.msg!/offer.txt" in place.found("HG-40 euro", "everyone")


def packed(subject: str, text: str, *attachments: bytes) -> bytes:
    """A message as Outlook packs it for servers that it takes for its own (winmail.dat)."""
    body = _attribute(1, 0x00069007, struct.pack("<II", 1250, 0)) + _attribute(1, 0x00018004, subject.encode("cp1250"))
    return b"\x78\x9f\x3e\x22\1\0" + body + _attribute(1, 0x0002800C, text.encode("cp1250")) + b"".join(attachments)


def _attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def _padded(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value + bytes(-len(value) % 4)


def _attached(title: str, long_name: str, content: bytes, *, message: bool = False) -> bytes:
    """A file, or a message, with its properties: one number that is skipped, one named text, its long name."""
    named = struct.pack("<HH16sI", 0x1F, 0x8001, bytes(16), 1) + _padded("x-y".encode("utf-16-le"))
    properties = [
        struct.pack("<HHI", 3, 0x3705, 5 if message else 1),
        named + struct.pack("<I", 1) + _padded("of no interest".encode("utf-16-le")),
        struct.pack("<HHI", 0x1F, 0x3707, 1) + _padded((long_name + "\0").encode("utf-16-le")),
    ]
    if message:
        properties.append(struct.pack("<HHI", 0x0D, 0x3701, 1) + _padded(bytes(16) + content))
    whole = struct.pack("<I", len(properties)) + b"".join(properties)
    data = b"" if message else _attribute(2, 0x0006800F, content)
    begin = _attribute(2, 0x00069002, bytes(14)) + _attribute(2, 0x00018010, title.encode() + b"\0")
    return begin + data + _attribute(2, 0x00069005, whole)


def test_what_outlook_packed_is_attached_to_the_mail(tmp_path: Path) -> None:
    inner = packed("Staré ceny", "The valve costs 70 euro.", _attached("OLD~1.TXT", "old prices.txt", b"1999"))
    dat = packed("Ceny", "hidden twice", _attached("PRIC~1.TXT", "prices 2026.txt", b"HG-40"))
    dat += _attached("", "Forwarded", inner, message=True)
    (tmp_path / "a.eml").write_bytes(mail("Prices", {"winmail.dat": dat}))
    found = read(tmp_path / "a.eml")
    assert [member.name for member in found.members] == ["prices 2026.txt", "old prices.txt"]
    text = revision_text(found.elements)
    assert "Staré ceny" in text and "The valve costs 70 euro." in text and "winmail" not in text
    assert "hidden twice" not in text  # the mail has its own text


def test_a_mail_that_outlook_packed_whole_is_read(tmp_path: Path) -> None:
    made = EmailMessage()
    made["Subject"] = "Prices"
    made.add_attachment(packed("Prices", "Valves cost 70 euro."), "application", "ms-tnef", filename="winmail.dat")
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    assert "Valves cost 70 euro." in revision_text(read(tmp_path / "a.eml").elements)


@pytest.mark.parametrize("name", ["winmail.dat", "WINMAIL 2.DAT", "winmail"])
def test_what_outlook_packed_is_read_without_its_mail_too(tmp_path: Path, name: str) -> None:
    dat = packed("Prices", "Valves cost 70 euro.", _attached("PRIC~1.TXT", "prices 2026.txt", b"HG-40"))
    (tmp_path / name).write_bytes(dat)
    found = read(tmp_path / name)
    assert (found.title, [member.name for member in found.members]) == ("Prices", ["prices 2026.txt"])
    assert "Valves cost 70 euro." in revision_text(found.elements)
    (tmp_path / name).write_bytes(dat[:-100])
    with pytest.raises(ParseFailure, match="cut off"):
        read(tmp_path / name)


def test_what_outlook_packed_and_is_damaged_is_named(tmp_path: Path) -> None:
    dat = packed("Prices", "Valves", _attached("A.TXT", "a.txt", b"x" * 500))[:-300]
    (tmp_path / "a.eml").write_bytes(mail("Prices", {"winmail.dat": dat}))
    (member,) = read(tmp_path / "a.eml").members
    assert (member.name, member.code) == ("winmail.dat", Code.CORRUPT) and "ordinary mail" in str(member.reason)


def test_files_attached_to_a_pdf_are_documents_of_their_own(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "bare.pdf"))
    canvas.drawString(72, 700, "The prices are attached.")
    canvas.save()
    document = pypdfium2.PdfDocument(tmp_path / "bare.pdf")
    document.new_attachment("prices.txt").set_data(b"HG-40 costs 12 euro.")
    document.save(tmp_path / "offer.pdf")
    document.close()
    found = read(tmp_path / "offer.pdf")
    assert [(member.name, member.code) for member in found.members] == [("prices.txt", None)]
    assert (found.title, found.author) == (None, None)  # reportlab's "untitled" and "anonymous"


def test_pictures_in_signatures_are_no_documents(tmp_path: Path) -> None:
    made = EmailMessage()
    made["Subject"] = "Hello"
    made.set_content("<p>Hi <img src='cid:logo'></p>", subtype="html")
    made.add_related(b"\x89PNG", "image", "png", cid="<logo>", filename="logo.png", disposition="inline")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="scan.png")
    (tmp_path / "a.eml").write_bytes(made.as_bytes())
    assert [member.name for member in read(tmp_path / "a.eml").members] == ["scan.png"]


def test_a_failed_container_has_no_members(place: Place) -> None:
    path = archive(place.inbox / "everyone" / "a.zip", {"a.txt": "An answer is in here."})
    place.ingest()
    assert len(place.states()) == 2
    path.write_bytes(b"PK\x03\x04 no longer an archive")
    place.ingest()
    assert place.states() == {"everyone/a.zip": "corrupt"} and place.found("answer", "everyone") == []


def test_a_container_that_is_ignored_while_it_is_read_brings_no_members(place: Place) -> None:
    class Slow(Sandbox):
        """An administrator is faster."""

        def parse(self, path: Path, suffix: str, *, take: Callable[[Path], str] | None = None) -> Parsed:
            parsed = super().parse(path, suffix, take=take)
            place.store.catalog.ignore([item.id for item in place.store.catalog.documents(labels=None)])
            return parsed

    archive(place.inbox / "everyone" / "a.zip", {"a.txt": "An answer is in here."})
    with Slow(ParseLimits()) as sandbox:
        store = place.store
        place.pipeline = Pipeline(place.settings, store.indexes, store.originals, store.embedder, sandbox)
        place.ingest()
    assert place.states() == {"everyone/a.zip": "asked"}


def tarball(path: Path, members: dict[str, bytes], mode: Literal["w", "w:gz", "w:bz2", "w:xz"] = "w:gz") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as container:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            container.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tbz2", "w:bz2"), ("a.tar.xz", "w:xz")],
)
def test_a_tar_archive_is_read_however_it_is_compressed(
    tmp_path: Path, name: str, mode: Literal["w", "w:gz", "w:bz2", "w:xz"]
) -> None:
    file = tarball(tmp_path / name, {"leave/a.md": b"# Leave", "../../etc/passwd": b"root", "x/._a": b"no"}, mode)
    assert [member.name for member in read(file).members] == ["leave/a.md", "etc/passwd"]


def test_links_and_devices_in_a_tar_archive_are_named_and_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    with tarfile.open(file, "w") as container:
        for name, kind in {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            container.addfile(entry)
    assert [(member.name, member.code) for member in read(file).members] == [
        (name, "unsupported") for name in ("link", "hard", "device")
    ]


def test_a_compressed_file_holds_one_that_is_called_as_it_without_the_last_suffix(place: Place) -> None:
    text = b"Type,Price\nzephyr turbine,4711\n"
    packed = {"prices.csv.gz": gzip.compress(text), "plain.bz2": bz2.compress(text), "plain.xz": lzma.compress(text)}
    folder = place.inbox / "everyone"
    folder.mkdir(parents=True)
    for name, content in packed.items():
        (folder / name).write_bytes(content)
    place.ingest()
    assert place.states() == {f"everyone/{name}": "indexed" for name in packed} | {
        "everyone/prices.csv.gz!/prices.csv": "indexed",
        "everyone/plain.bz2!/plain": "indexed",
        "everyone/plain.xz!/plain": "indexed",
    }


@pytest.mark.parametrize("name", ["x.gz", "x.tar", "x.xz", "x.tgz", "x.bz2"])
@pytest.mark.parametrize("content", [b"\x1f\x8bgarbage", b"garbage" * 200])
def test_what_is_no_archive_is_corrupt(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ParseFailure) as failure:
        read(tmp_path / name)
    assert failure.value.code is Code.CORRUPT


def test_of_an_archive_that_was_cut_off_the_whole_files_are_read(tmp_path: Path) -> None:
    lines = b"".join(b"%d lines\n" % number for number in range(30_000))
    file = tarball(tmp_path / "a.tgz", {"a.txt": lines, "b.txt": lines})
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 3 // 4])
    parsed = read(file)
    assert [(member.name, member.code) for member in parsed.members] == [("a.txt", None), ("b.txt", "corrupt")]
    assert "damaged" in parsed.warnings[0]


def test_a_tar_bomb_is_stopped(tmp_path: Path) -> None:
    file = tarball(tmp_path / "a.tgz", {"bomb.txt": b"a" * (40 << 20), "b.txt": b"b"})
    parsed = read(file)
    assert [(member.name, member.code) for member in parsed.members] == [("bomb.txt", "too_large"), ("b.txt", None)]
