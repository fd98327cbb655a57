"""Chosen sentences as an answer: a paragraph, lists and small tables, each with its citation. Adds nothing.

The likeliest answer stands first; what supports it follows, said to be no more than that, as a list. Rows of one table
become one small table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.answers.cite import Citations, readable
from app.answers.extract import Candidate
from app.records import Sentence

MOST_COLUMNS = 7  # of a row that is shown in a table
ANSWERS_TOO = 0.75  # of the likeliest sentence's probability: what has less only supports
LONGEST_CELL = 160  # characters; longer ones are read more easily in a line


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an answer: its text, with marks and what stands before it, and the sentences in it."""

    text: str
    sentences: tuple[Sentence, ...]


def quoted(chosen: Sequence[Candidate], citations: Citations, *, also: str) -> Iterator[Piece]:
    """The pieces of an answer, in order; together their texts are the answer. `also` introduces what only supports."""
    answering = _answering(chosen)
    supporting = [item for item in chosen if item not in answering]
    yield from _shown(_groups(answering), citations, "", paragraph=True)
    yield from _shown(_groups(supporting), citations, f"\n\n{also}\n\n", paragraph=False)


def _answering(chosen: Sequence[Candidate]) -> list[Candidate]:
    """The first of the sentences, those that are nearly as likely, and what belongs to its list or table."""
    best = max((item.score for item in chosen), default=0.0)
    found: list[Candidate] = []
    for item in chosen:
        follows = bool(found) and found[-1].passage is item.passage and found[-1].index + 1 == item.index
        of_table = bool(_columns(item)) and any(_columns(other) and _same_table(other, item) for other in found)
        if not found or item.score >= ANSWERS_TOO * best or (follows and item.is_item) or of_table:
            found.append(item)
    return found


def _shown(groups: Sequence[list[Candidate]], citations: Citations, before: str, *, paragraph: bool) -> Iterator[Piece]:
    """Texts, then tables, unless a table comes first; the first text as a paragraph, the others as a list."""
    if not groups:
        return
    tables = [group for group in groups[1:] if _columns(group[0])]
    texts = [group for group in groups[1:] if not _columns(group[0])]
    after = before
    for group in (groups[0], *texts, *tables):
        first = group is groups[0]
        if _columns(group[0]):
            # a table right after a list would be part of it
            yield _table(group, citations, after if first else "\n\n")
            after = "\n\n"
        else:
            yield from _run(group, citations, after, bullet=not (first and paragraph))
            after = "\n\n" if first and paragraph else "\n"


def _groups(chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """Sentences that follow each other in their passage, and rows of one table, stay together."""
    groups: list[list[Candidate]] = []
    for item in chosen:
        columns = _columns(item)
        table = next((group for group in groups if columns and _same_table(group[0], item)), None)
        last = groups[-1][-1] if groups else None
        follows = last is not None and last.passage is item.passage and last.index + 1 == item.index
        if table is not None:
            table.append(item)
        elif follows and not item.is_row:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _same_table(one: Candidate, other: Candidate) -> bool:
    return one.passage.revision == other.passage.revision and set(_columns(other)) <= set(_columns(one))


def _run(group: Sequence[Candidate], citations: Citations, after: str, *, bullet: bool) -> Iterator[Piece]:
    n = citations.add(group[0].passage, group[0].start, group[-1].end)
    for place, item in enumerate(group):
        sentence = Sentence(text=readable(item.text), citations=(n,), supported=True)
        listed = item.is_item if place else bullet
        goes_on = "\n" if listed else "\n\n" if place and group[place - 1].is_item else " "
        before = (goes_on if place else after) + ("- " if listed else "")
        yield Piece(text=f"{before}{sentence.text} [{n}]", sentences=(sentence,))


# --- tables --------------------------------------------------------------------------------------------------------


def _columns(item: Candidate) -> tuple[str, ...]:
    """The names of a row's columns; empty where it is better read as a line."""
    if not item.is_row:
        return ()
    cells = cells_of(item.text)
    named = all(name for name, _ in cells[1:])  # what a row is about often stands under no name
    fits = 1 < len(cells) <= MOST_COLUMNS and named and all(len(value) <= LONGEST_CELL for _, value in cells)
    return tuple(name for name, _ in cells) if fits else ()


def cells_of(row: str) -> list[tuple[str, str]]:
    """Column and value of each cell; "" for a column without a name."""
    parts = [part.partition(": ") for part in " ".join(row.split()).split(" | ")]
    return [(readable(name), readable(value)) if colon else ("", readable(name)) for name, colon, value in parts]


def _table(group: Sequence[Candidate], citations: Citations, after: str) -> Piece:
    columns = list(dict.fromkeys(name for item in group for name in _columns(item)))
    lines = [_line(columns), _line(["---"] * len(columns))]
    sentences = []
    for item in group:
        n = citations.add(item.passage, item.start, item.end)
        cells = dict(cells_of(item.text))
        values = [cells.get(name, "") for name in columns]
        lines.append(_line([*values[:-1], f"{values[-1]} [{n}]".strip()]))
        sentences.append(Sentence(text=readable(item.text), citations=(n,), supported=True))
    return Piece(text=after + "\n".join(lines), sentences=tuple(sentences))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"
