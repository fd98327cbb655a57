"""Encrypted files, opened with the passwords an administrator listed; and that these are told to nobody."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from place import Place
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.limits import ParseLimits
from ingest.passwords import Passwords
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.errors import SettingError
from storage.failures import Code, ParseFailure
from storage.records import revision_text

SECRET = "blue whale 42 äöü"
TEXT = "The merger closes on the fourth of May."
EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))


def write_pdf(path: Path, password: str) -> Path:
    canvas = Canvas(str(path), encrypt=StandardEncryption(password, strength=128))
    canvas.drawString(72, 700, TEXT)
    canvas.save()
    return path


def write_word(path: Path, password: str) -> Path:
    document = docx.Document()
    document.add_paragraph(TEXT)
    plain = io.BytesIO()
    document.save(plain)
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt(password, file)
    return path


def listed(folder: Path, *passwords: str) -> Path:
    file = folder / "passwords.txt"
    file.write_text("\n".join(passwords) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("write", [write_pdf, write_word])
def test_a_listed_password_opens_and_another_does_not(write: Callable[[Path, str], Path], tmp_path: Path) -> None:
    path = write(tmp_path / ("plan.pdf" if write is write_pdf else "plan.docx"), "whale42")
    with Sandbox(ParseLimits()) as sandbox:
        with pytest.raises(ParseFailure) as caught:
            sandbox.parse(path, path.suffix)
        assert caught.value.code is Code.ENCRYPTED
    with Sandbox(ParseLimits(), Passwords(listed(tmp_path, "wrong", "other"))) as sandbox:
        with pytest.raises(ParseFailure, match="None of the 2 in passwords_file") as caught:
            sandbox.parse(path, path.suffix)
        assert caught.value.code is Code.ENCRYPTED
        assert "wrong" not in caught.value.reason
        listed(tmp_path, "wrong", "whale42")  # the list is read again when it changes
        assert TEXT in revision_text(sandbox.parse(path, path.suffix).elements)


@pytest.mark.parametrize("known", [False, True], ids=["password unknown", "password listed"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("write", [write_pdf, write_word])
def test_a_damaged_encrypted_file_is_damaged_and_not_merely_encrypted(
    sandbox: Sandbox, write: Callable[[Path, str], Path], part: float, known: bool, tmp_path: Path
) -> None:
    path = write(tmp_path / ("plan.pdf" if write is write_pdf else "plan.docx"), "whale42")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    kept, sandbox.passwords = sandbox.passwords, Passwords(listed(tmp_path, "whale42") if known else None)
    try:
        with pytest.raises(ParseFailure) as caught:
            sandbox.parse(path, path.suffix)
    finally:
        sandbox.passwords = kept
    assert caught.value.code is Code.CORRUPT, caught.value.reason


def test_what_was_changed_inside_an_encrypted_file_is_damage(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its length is right and the password opens it; what comes out is no document."""
    path = write_word(tmp_path / "plan.docx", "whale42")
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 4000] = bytes(4000)
    path.write_bytes(damaged)
    with Sandbox(ParseLimits(), Passwords(listed(tmp_path, "whale42"))) as own, pytest.raises(ParseFailure) as caught:
        own.parse(path, ".docx")
    assert caught.value.code is Code.CORRUPT, caught.value.reason


def test_passwords_are_no_arguments_and_no_environment(tmp_path: Path) -> None:
    path = write_word(tmp_path / "plan.docx", SECRET)
    with Sandbox(ParseLimits(), Passwords(listed(tmp_path, SECRET))) as sandbox:
        assert TEXT in revision_text(sandbox.parse(path, ".docx").elements)
        for what in ("cmdline", "environ"):
            assert SECRET.encode() not in Path(f"/proc/{sandbox.pid}/{what}").read_bytes()


def test_another_list_tries_encrypted_files_again(
    place_at: Callable[..., Place], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="premise")
    file = listed(tmp_path, "wrong")
    place = place_at(tmp_path / "data", passwords_file=str(file))
    with Sandbox(ParseLimits(), Passwords(file)) as sandbox:
        pipeline = Pipeline(place.settings, place.store.indexes, place.store.originals, place.store.embedder, sandbox)
        place.pipeline = pipeline
        (place.inbox / "everyone").mkdir()
        write_word(place.inbox / "everyone" / "plan.docx", SECRET)
        place.ingest()
        assert place.states() == {"everyone/plan.docx": "encrypted"}
        place.ingest()
        listed(tmp_path, "wrong", SECRET)
        place.ingest()
        assert place.states() == {"everyone/plan.docx": "indexed"}
    assert place.found("When does the merger close?", "everyone") == ["everyone/plan.docx"]
    assert SECRET not in caplog.text


def test_a_list_that_cannot_be_read_stops_the_start_and_says_which(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="passwords_file"):
        Passwords(tmp_path / "none.txt")
    with pytest.raises(SettingError, match="more than 100"):
        Passwords(listed(tmp_path, *map(str, range(101))))


@pytest.mark.eval
@pytest.mark.parametrize(
    ("name", "password", "needs"),
    [
        ("pdfjs__issue3371.pdf", "ELXRTQWS", None),
        ("poi__Password_Protected-np-hello.ppt", "hello", "soffice"),
        ("poi__protect.xlsx", None, None),
    ],
)
def test_real_encrypted_files_open(name: str, password: str | None, needs: str | None, tmp_path: Path) -> None:
    path = EVAL / "hostile" / "files" / name
    if not path.is_file():
        pytest.skip("the question sets are not here")
    if needs and shutil.which(needs) is None:
        pytest.skip(f"{needs} is not installed")
    passwords = Passwords(listed(tmp_path, password)) if password else None
    with Sandbox(ParseLimits(), passwords) as sandbox:
        try:
            assert revision_text(sandbox.parse(path, path.suffix).elements)
        except ParseFailure as failure:
            assert failure.code is Code.EMPTY  # opened, and there is no text in it
