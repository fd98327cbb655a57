"""The sample documents of a first run: every answer is in its file, and the builder reproduces the binary ones."""

import csv
import email
import email.policy
import html
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from docx import Document
from pptx import Presentation

SAMPLES = Path(__file__).resolve().parent.parent / "deploy" / "samples"
INBOX = SAMPLES / "inbox"
GROUPS = {"everyone", "hr", "finance", "engineering", "sales"}
QUESTIONS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
FILES = sorted(path for path in INBOX.rglob("*") if path.is_file())
BUILT = sorted(path for path in FILES if path.suffix in {".pdf", ".docx", ".xlsx", ".pptx", ".odt"})


def _name(path: Path) -> str:
    return path.relative_to(INBOX).as_posix()


def _untagged(markup: str) -> str:
    markup = re.sub(r"(?s)<style.*?</style>", " ", markup)
    return html.unescape(re.sub(r"<[^>]*>", " ", markup.replace("<b>", "").replace("</b>", "")))


def _docx(path: Path) -> list[str]:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return ["\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])]


def _xlsx(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    values = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    shown = [f"{cell.value:,}" for cell in values if isinstance(cell.value, int)]
    return ["\n".join([*(str(cell.value) for cell in values), *shown])]


def _pptx(path: Path) -> list[str]:
    pages = []
    for slide in Presentation(str(path)).slides:
        parts = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        for shape in slide.shapes:
            if shape.has_table:
                parts += [cell.text for row in shape.table.rows for cell in row.cells]
        pages.append("\n".join([*parts, slide.notes_slide.notes_text_frame.text]))
    return pages


def _pdf(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        pages = []
        for page in document:
            text = page.get_textpage()
            pages.append(text.get_text_bounded())
            text.close()
            page.close()
        return pages
    finally:
        document.close()


def _eml(path: Path) -> list[str]:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return [_untagged("\n".join([str(message["subject"]), *bodies]))]


def _odt(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return [_untagged(archive.read("content.xml").decode("utf-8"))]


def _rtf(path: Path) -> list[str]:
    text = re.sub(r"\\'([0-9a-f]{2})", lambda found: bytes.fromhex(found[1]).decode("cp1252"), path.read_text("ascii"))
    return [re.sub(r"\\[a-z]+-?\d* ?|[{}]", " ", text)]


READERS: dict[str, Callable[[Path], list[str]]] = {
    ".docx": _docx, ".xlsx": _xlsx, ".pptx": _pptx, ".pdf": _pdf, ".eml": _eml, ".odt": _odt, ".rtf": _rtf,
    ".html": lambda path: [_untagged(path.read_text("utf-8"))],
}  # fmt: skip


@cache
def pages(path: Path) -> tuple[str, ...]:
    """The text of each page, or all of it where a file has no pages, with every white space one blank."""
    read = READERS.get(path.suffix, lambda plain: [plain.read_text("utf-8")])
    return tuple(" ".join(page.split()) for page in read(path))


def test_the_set_is_complete_and_small() -> None:
    assert {path.relative_to(INBOX).parts[0] for path in FILES} == GROUPS
    assert len(FILES) >= 20
    assert sum(path.stat().st_size for path in FILES) < 600_000
    assert {path.suffix for path in FILES} == set(READERS) | {".md", ".txt", ".csv", ".json", ".yaml"}


def test_the_questions_are_a_mixed_set() -> None:
    assert len(QUESTIONS) == 60
    assert len({json.dumps(question) for question in QUESTIONS}) == 60
    assert sum(not question["answerable"] for question in QUESTIONS) == 10
    assert sum("history" in question for question in QUESTIONS) == 6
    used = {name for question in QUESTIONS for name in question["files"]}
    assert {Path(name).suffix for name in used} >= set(READERS) | {".csv", ".json", ".md", ".txt"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"])
def test_every_answer_is_in_the_file_it_names(question: dict[str, Any]) -> None:
    assert question["answerable"] == bool(question["files"]) == bool(question["answers"])
    assert set(question["groups"]) <= GROUPS
    assert question["evidence"] == []
    assert [turn["role"] for turn in question.get("history", [])] in ([], ["user", "assistant"])
    for name in question["files"]:
        assert name.split("/")[0] in question["groups"]
        assert any(answer in page for answer in question["answers"] for page in pages(INBOX / name))
    for answer in question["answers"]:
        assert any(answer in page for name in question["files"] for page in pages(INBOX / name)), answer
    for number in question.get("evidence_pages", []):
        page = pages(INBOX / question["files"][0])[number - 1]
        assert any(answer in page for answer in question["answers"])


def test_the_newer_travel_policy_differs_from_the_older_one() -> None:
    (old,) = pages(INBOX / "everyone/policies/travel-policy-2024.txt")
    (new,) = pages(INBOX / "everyone/policies/travel-expense-policy-2026.html")
    assert "Germany EUR 28 EUR 14" in old
    assert "Germany EUR 32 EUR 16" in new
    assert "replaces the Travel Policy FIN-TR-2024" in new


def test_the_budget_adds_up() -> None:
    with (INBOX / "finance/budget-2026.csv").open(encoding="utf-8", newline="") as file:
        *lines, total = csv.DictReader(file)
    for column in (name for name in total if name.endswith("_keur")):
        assert sum(int(line[column]) for line in lines) == int(total[column]), column
    for line in [*lines, total]:
        assert sum(int(line[f"q{n}_budget_keur"]) for n in (1, 2, 3, 4)) == int(line["year_budget_keur"])


def test_building_again_gives_the_same_files(tmp_path: Path) -> None:
    command = [sys.executable, "-B", str(SAMPLES / "build.py"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    made = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert [path.relative_to(tmp_path).as_posix() for path in made] == [_name(path) for path in BUILT]
    for committed, fresh in zip(BUILT, made, strict=True):
        assert pages(committed) == pages(fresh), _name(committed)
        if committed.suffix != ".pdf":  # byte for byte once unpacked; how well zlib packs may differ
            with zipfile.ZipFile(committed) as one, zipfile.ZipFile(fresh) as other:
                contents = [{name: archive.read(name) for name in archive.namelist()} for archive in (one, other)]
            assert contents[0] == contents[1], _name(committed)


def test_the_samples_are_filled_in_whole_and_for_this_account_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/.inbox.new").mkdir()  # of a run that was stopped there
    (tmp_path / "data/.inbox.new/half.md").write_text("half")
    environment = os.environ | {"PREMISE_DATA": str(tmp_path / "data")}
    subprocess.run([sys.executable, str(SAMPLES.parent / "first_run.py")], env=environment, check=True)
    found = list((tmp_path / "data").rglob("*"))
    assert {
        path.relative_to(tmp_path / "data/inbox") for path in found if path.is_file() and "inbox" in path.parts
    } == {path.relative_to(INBOX) for path in FILES}
    assert [path for path in found if path.stat().st_mode & 0o077] == []
