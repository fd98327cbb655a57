"""Every citation's quote stands, word for word, in the cited revision and on the cited page: on every set, sampled."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2
import pytest

from app.answers.cite import pages_of
from app.engine import Engine
from app.evaluation.match import normalised
from app.evaluation.questions import Question, read_questions
from app.records import Citation
from app.web.pages import boxes_by_page
from ingest.sandbox import Sandbox
from storage.records import Box
from tests.answer.conftest import unsure_engine

PROJECT = Path(__file__).resolve().parents[2]
SETS = Path(os.environ.get("PREMISE_EVAL_DIR") or PROJECT.parent / "shared" / "eval")
SAMPLES = PROJECT / "deploy" / "samples"
GROUPS = ["everyone", "hr", "finance", "engineering", "sales"]
# so many of a set's files, and so many questions about them
TAKEN = {"squad": (2, 8), "zh": (4, 8), "mtrag": (4, 8), "sample": (12, 14)}
MOST_BYTES = 60_000  # of a file, or one alone takes the whole time
pytestmark = [
    pytest.mark.eval,
    pytest.mark.slow,
    pytest.mark.skipif(not SETS.is_dir(), reason=f"the question sets are not at {SETS} (PREMISE_EVAL_DIR)"),
]


def _taken(name: str) -> tuple[list[Path], list[Question]]:
    """Files of a set, spread over it, and questions that they answer."""
    files, asked = TAKEN[name]
    folder = SETS / name if name != "sample" else SAMPLES
    root = folder if name != "sample" else SAMPLES / "inbox"
    questions = [item for item in read_questions(folder / "questions.jsonl") if item.files]
    named = [root / item.files[0] for item in questions]
    known = [file for file in dict.fromkeys(named) if file.is_file() and file.stat().st_size < MOST_BYTES]
    chosen = known[:: max(1, len(known) // files)][:files]
    about = [item for item, file in zip(questions, named, strict=True) if file in chosen]
    return chosen, about[:: max(1, len(about) // asked)][:asked]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[tuple[Engine, list[Question]]]:
    """An engine over files of every set, and questions about them."""
    questions: list[Question] = []
    content: dict[str, bytes] = {}
    for name in TAKEN:
        files, about = _taken(name)
        questions += about
        content |= {f"everyone/{name}/{file.name}": file.read_bytes() for file in files}
    with unsure_engine(tmp_path_factory.mktemp("verbatim"), sandbox, content) as engine:
        yield engine, questions


def _page_texts(file: Path, pages: Sequence[int]) -> str:
    document = pypdfium2.PdfDocument(file)
    try:
        texts = []
        for number in pages:
            page = document[number - 1]
            text = page.get_textpage()
            texts.append(text.get_text_bounded())
            text.close()
            page.close()
        return "\n".join(texts)
    finally:
        document.close()


def _part_on_page(citation: Citation, file: Path) -> float:
    """The part of the quote's words that another reader of the file finds on its pages; it breaks lines its own way."""
    text = _page_texts(file, citation.pages) if file.suffix == ".pdf" else file.read_text(encoding="utf-8")
    return _shared(citation.quote, text)


def _marked_text(boxes: dict[int, list[Box]], file: Path) -> str:
    """What another reader finds under the boxes."""
    document = pypdfium2.PdfDocument(file)
    try:
        found = []
        for number, marked in boxes.items():
            page = document[number - 1]
            width, height = page.get_size()
            text = page.get_textpage()
            for left, top, right, bottom in marked:
                found.append(
                    text.get_text_bounded(left * width, (1 - bottom) * height, right * width, (1 - top) * height)
                )
            text.close()
            page.close()
        return " ".join(found)
    finally:
        document.close()


def _shared(one: str, other: str) -> float:
    """The part of one text's words that stand in another."""
    there = set(normalised(other).split())
    words = normalised(one).split()
    return sum(word in there for word in words) / max(1, len(words))


@pytest.mark.timeout(600)
def test_every_quote_is_verbatim_in_its_revision_and_on_its_page(asked: tuple[Engine, list[Question]]) -> None:
    engine, questions = asked
    labels = engine.catalog.all_labels()
    inbox = engine.settings.inbox_folder
    sets: dict[str, int] = {}
    paged = 0
    for question in questions:
        for citation in engine.answer(question.text, groups=GROUPS, history=question.history).citations:
            revision = engine.catalog.revision(citation.revision, labels=labels)
            assert citation.quote
            assert citation.quote == revision.text[citation.start : citation.end]
            assert citation.pages == pages_of(revision, citation.start, citation.end)
            name = citation.path.split("/")[1]
            sets[name] = sets.get(name, 0) + 1
            file = inbox / citation.path
            if file.suffix in (".pdf", ".md", ".txt"):
                assert (file.suffix == ".pdf") == bool(citation.pages)
                assert _part_on_page(citation, file) >= 0.8, (citation.path, citation.pages, citation.quote)
            if file.suffix == ".pdf":
                marked = _marked_text(boxes_by_page(revision, citation.start, citation.end), file)
                if " | " not in citation.quote:  # a row's columns are named at the head of its table
                    assert _shared(citation.quote, marked) >= 0.8, (citation.quote, marked)
                assert _shared(marked, citation.quote) >= 0.8, (citation.quote, marked)  # and nothing else is marked
                paged += 1
    assert sets.keys() == TAKEN.keys()
    assert paged
