"""Which sentence of an answer decides whether it holds, what language a passage is in, on which pages a span is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from passages import passage_of
from place import Place

from app.answers.checked import check, core_holds
from app.answers.cite import Citations, pages_of
from app.records import Sentence
from app.retrieval.asked import understand
from storage.embedder import Embedder
from storage.records import ELEMENT_SEPARATOR, Element, Kind, Line, Revision

QUESTION = "Tell about the green lamp, its brass base, its glass shade and its cotton cord."
WHOLE = "The green lamp has a brass base, a glass shade and a cotton cord."


@pytest.mark.parametrize(
    ("first", "decides"),
    [
        ("The green lamp has a brass base and a glass shade.", True),
        ("The green lamp has a brass base and a shade.", True),  # five of the eight words
        ("The green lamp has a brass base.", False),
        ("There is a lamp.", False),
    ],
)
@pytest.mark.parametrize("supported", [True, False])
def test_the_first_sentence_that_speaks_of_nearly_as_much_as_any_decides(
    first: str, decides: bool, supported: bool
) -> None:
    asked = understand(QUESTION, (), weigh=lambda term: 1.0)
    sentences = [
        Sentence(text=first, citations=(), supported=supported),
        Sentence(text=WHOLE, citations=(), supported=not supported),
    ]
    assert core_holds(asked, sentences) is (supported if decides else not supported)


@pytest.mark.parametrize(
    ("cited", "language"),
    [
        ("Depot 14 ist hinter der Kantine und offen.", "de"),
        ("Depot 14 ist hinter der Kantine.", None),  # two words of German tell nothing: the other passages are English
    ],
)
def test_a_passage_has_a_language_of_its_own_where_enough_of_its_words_tell_it(
    place: Place, embedder: Embedder, cited: str, language: str | None
) -> None:
    other = "The depot is behind the hall, and the key of it is with the porter who is at the gate in the morning."
    claim = "Depot 14 is at the canteen, and it is open."
    checked = check(
        f"{claim} [2]",
        [passage_of(other), passage_of(cited, 2)],
        Citations(place.store.catalog, frozenset()),
        question="Where is depot 14, and is it open?",
        weigh=lambda term: 1.0,
        embedder=embedder,
    )
    assert dict(checked.foreign) == ({claim: language} if language else {})


@pytest.mark.parametrize(
    ("said", "told", "close"),
    [
        ("Yes, overtime is paid in May.", "Is it paid? No. Overtime is paid in May.", False),
        ("Yes, overtime is paid in May.", "Is it paid? No, overtime is paid in May.", False),
        ("No, overtime is paid in May.", "Is it paid? Yes. Overtime is paid in May.", False),
        ("Yes, overtime is paid in May.", "Is it paid? Yes. Overtime is paid in May.", True),
        ("Yes, overtime is paid in May.", "Overtime is paid in May.", True),
    ],
)
def test_a_yes_is_not_highlighted_where_the_passage_says_no(
    place: Place, embedder: Embedder, said: str, told: str, close: bool
) -> None:
    checked = check(
        said,
        [passage_of(told)],
        Citations(place.store.catalog, frozenset()),
        question="Is overtime paid in May?",
        weigh=lambda term: 1.0,
        embedder=embedder,
    )
    assert bool(checked.citations.cited()) is close
    assert [item.supported for item in checked.sentences] == [close]


BOX = (0.0, 0.0, 1.0, 1.0)


def _revision(*elements: Element) -> Revision:
    return Revision(
        id="r",
        document_id="d",
        sha256="",
        path="a.pdf",
        title="",
        pages=9,
        text=ELEMENT_SEPARATOR.join(element.text for element in elements),
        elements=elements,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        current=True,
    )


def test_a_span_is_on_the_pages_of_its_lines_and_else_on_those_of_its_elements() -> None:
    lines = (Line(start=0, end=5, page=2, box=BOX), Line(start=6, end=11, page=3, box=BOX))
    revision = _revision(
        Element(kind=Kind.TEXT, text="Title", page=1),
        Element(kind=Kind.TEXT, text="Lamps gleam", page=2, lines=lines),
        Element(kind=Kind.TEXT, text="Notes", page=4),
        Element(kind=Kind.TEXT, text="without a page"),
    )
    at = {word: revision.text.index(word) for word in ("Title", "Lamps", "gleam", "Notes", "without")}

    def on(first: str, last: str) -> tuple[int, ...]:
        return pages_of(revision, at[first], at[last] + len(last))

    assert [on(word, word) for word in at] == [(1,), (2,), (3,), (4,), ()]
    assert on("Lamps", "gleam") == (2, 3)
    assert on("Title", "without") == (1, 2, 3, 4)
    assert pages_of(revision, at["Lamps"], at["Lamps"] + 1) == (2,)
    assert pages_of(revision, at["Lamps"], at["gleam"]) == (2,)
    assert pages_of(revision, at["gleam"] - 1, at["gleam"] + 1) == (3,)  # the space before it is on no line
    assert pages_of(revision, at["gleam"] + 4, at["Notes"] + 1) == (3, 4)
    assert pages_of(revision, at["Notes"] - 1, at["Notes"]) == ()  # between two elements
    assert pages_of(revision, at["Notes"] + len("Notes"), at["Notes"] + len("Notes") + 1) == ()
