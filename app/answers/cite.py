"""Citations: places in exact revisions, numbered in the order in which an answer uses them. Knows no question.

A quote is always the revision's own text. What lies in one chunk is read from it; what runs across two, or has pages or
a section that its chunk cannot tell, is read from the revision.
"""

from __future__ import annotations

import re

from app.answers.context import Passage
from app.answers.table import Table, table_at
from app.records import Citation
from storage.catalog import Catalog
from storage.records import ELEMENT_SEPARATOR, Revision
from storage.sections import section_at

# control characters, zero width characters, direction marks: they can hide or turn round what a person reads
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_MARKS = re.compile(r"\s*\[\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*\??\]")
_CALLOUT = re.compile(r"^(?:> ?)?\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)  # of Markdown
_BULLET = re.compile(r"^(?:[-*•‣▪–]|#+)\s+")  # of a list or a comment in the document; ours are set by the answer
_ANSWER = re.compile(r"^(?:A|Answer|Antwort|Réponse|Respuesta|答) ?[:：]\s*(?=\S)")  # of a FAQ
_OF_MAIL = re.compile(r"^[ \t]*(?:>(?!=)[ \t]?)+", re.MULTILINE)  # stands before the lines of a mail that is answered
_DATA = re.compile(r"^[\s{\[]*\"[^\"\n]{1,60}\"\s*:\s*(?=[\"\d{\[tfn-])")  # begins as JSON does
_DATA_NAME = re.compile(r"\"([^\"\n]{1,60})\"\s*:\s*")


def visible(text: str) -> str:
    """Text without characters that cannot be seen."""
    return _INVISIBLE.sub("", text)


def readable(quote: str, *, cell: bool = False) -> str:
    """A quote as it is shown in an answer: on one line, rows of tables without bars, no marks that look like ours, and
    without the signs of quoted mails, of data and of a FAQ ("A: "). In a `cell` of a table "> 90" is no mail's line."""
    said = visible(quote) if cell else _OF_MAIL.sub("", visible(quote))
    text = _CALLOUT.sub("", " ".join(_plain(said).split()))
    return _ANSWER.sub("", _BULLET.sub("", _MARKS.sub("", text))).replace(" | ", "; ")


def _plain(text: str) -> str:
    """JSON as names and values: "site lead: Jo Berg; seats: 24"."""
    if not _DATA.match(text):
        return text
    parted = re.sub(r",(?=\s*(?:[\"{\[]|$))", ";", text)
    named = _DATA_NAME.sub(lambda found: f"{found[1].replace('_', ' ')}: ", parted)
    return re.sub(r"[\[\]{}\"]", "", named).strip("; \n")


class Citations:
    """Collects the citations of one answer. Equal places get one number."""

    def __init__(self, catalog: Catalog, labels: frozenset[int]) -> None:
        self._catalog = catalog
        self._labels = labels
        self._revisions: dict[str, Revision] = {}
        self._made: dict[tuple[str, int, int, bool], Citation] = {}
        self._tables: dict[tuple[str, int], Table | None] = {}

    def add(self, passage: Passage, start: int, end: int, *, near: bool = False) -> int:
        """Cite a span of the passage's revision. Returns its number. Raises: NotPermitted when it has just gone.

        `near`: it only comes near what is said, and is for the reader to compare.
        """
        key = (passage.revision, start, end, near)
        if key not in self._made:
            self._made[key] = self._citation(len(self._made) + 1, passage, start, end)
        return self._made[key].n

    def table(self, passage: Passage, place: int) -> Table | None:
        """The table of the passage's revision that stands at a place of its text. Raises: NotPermitted, as `add`."""
        key = (passage.revision, place)
        if key not in self._tables:
            self._tables[key] = table_at(self._revision(passage.revision), place)
        return self._tables[key]

    def text_after(self, passage: Passage, place: int) -> str:
        """What follows a place of the passage's revision. Raises: NotPermitted, as `add`."""
        return self._revision(passage.revision).text[place:]

    def all(self) -> tuple[Citation, ...]:
        """Every place, by number."""
        return tuple(self._made.values())

    def cited(self) -> tuple[Citation, ...]:
        """Those that say what is said."""
        return tuple(made for (*_, near), made in self._made.items() if not near)

    def near(self) -> tuple[Citation, ...]:
        """Those that only come near."""
        return tuple(made for (*_, near), made in self._made.items() if near)

    def fresh(self) -> Citations:
        """An empty collection for the same person."""
        return Citations(self._catalog, self._labels)

    def _citation(self, n: int, passage: Passage, start: int, end: int) -> Citation:
        whole = passage.chunk_at(start, end)
        chunk = (whole or passage.chunk_from(start)).chunk
        if whole is not None and len(chunk.pages) < 2:
            quote, pages = chunk.body[start - chunk.start : end - chunk.start], chunk.pages
        else:
            revision = self._revision(passage.revision)
            quote, pages = revision.text[start:end], pages_of(revision, start, end)
        section = chunk.section
        if ELEMENT_SEPARATOR in chunk.body[: max(0, start - chunk.start)]:  # another section may have begun since
            section = section_at(self._revision(passage.revision), start)
        return Citation(
            n=n,
            document_id=passage.first.document_id,
            path=passage.first.path,
            title=passage.first.title,
            revision=passage.revision,
            pages=pages,
            section=section,
            quote=quote,
            start=start,
            end=end,
        )

    def _revision(self, name: str) -> Revision:
        if name not in self._revisions:
            self._revisions[name] = self._catalog.revision(name, labels=self._labels)
        return self._revisions[name]


def pages_of(revision: Revision, start: int, end: int) -> tuple[int, ...]:
    """The pages on which a span of the revision's text stands; empty where the format has none."""
    pages: set[int] = set()
    offset = 0
    for element in revision.elements:
        if offset >= end:
            break
        first, last = start - offset, end - offset
        if first < len(element.text):
            lines = [line.page for line in element.lines if line.start < last and line.end > first]
            if lines:
                pages.update(lines)
            elif element.page is not None:
                pages.add(element.page)
        offset += len(element.text) + len(ELEMENT_SEPARATOR)
    return tuple(sorted(pages))
