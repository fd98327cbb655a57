"""What an answer is made from: the best hits, their neighbours and what opens the section above, within a token budget.

A passage is a stretch of one revision. Every chunk is loaded by the catalog for the person's labels, so nothing gets in
that they may not read. Knows no question and no language model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.records import Hit
from storage.catalog import Catalog
from storage.records import StoredChunk
from storage.sections import innermost, names_in
from storage.sentences import begins_item, sentence_spans

# So many hits come first, then neighbours of the best ones, as long as there is room. Part of the evidence found in
# 1,500 tokens of 10 hits, chunks of 200 tokens (squad, zh, mtrag): hits alone .983, not measured, .597; neighbours of
# every hit at once .961 .986 .709; five hits, then neighbours up to two chunks away .983 .993 .693.
HITS_FIRST = 5
REACH = (1, -1, 2, -2)  # what is asked about is more often said below than above
ROW_CHARACTERS = 300  # in which a row of a table shows its bars
PARENTS = 2  # so many best hits bring the opening of the section above theirs: what holds there often holds here
TOUCHING = 8  # characters of white space that chunks which follow each other can have between them


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A stretch of a revision that is given to an answer: one chunk or several that follow each other."""

    n: int  # from 1, best first
    score: float  # of its best hit, 0 to 1
    chunks: tuple[StoredChunk, ...]  # in the document's order
    text: str  # as long as the revision's text from start to end; equal but for white space between chunks
    headings: frozenset[str] = frozenset()  # of its document, each on one line, as far as they are known
    cut_before: bool = False  # its first sentence began in a chunk that is not here
    cut_after: bool = False  # its last sentence goes on in a chunk that is not here

    @property
    def first(self) -> StoredChunk:
        """The chunk it begins with."""
        return self.chunks[0]

    @property
    def start(self) -> int:
        """In the revision's text."""
        return self.chunks[0].chunk.start

    @property
    def end(self) -> int:
        """In the revision's text."""
        return self.chunks[-1].chunk.end

    @property
    def revision(self) -> str:
        """The revision's id."""
        return self.first.chunk.revision_id

    @property
    def pages(self) -> tuple[int, ...]:
        """Every page it touches."""
        return tuple(sorted({page for item in self.chunks for page in item.chunk.pages}))

    def chunk_at(self, start: int, end: int) -> StoredChunk | None:
        """The one chunk that holds the whole span of the revision's text, if there is one."""
        for item in self.chunks:
            if item.chunk.start <= start and end <= item.chunk.end:
                return item
        return None

    def heading_over(self, place: int) -> str:
        """The heading nearest above a place of the revision's text; none is known in it: the section of its chunk."""
        names = {name.casefold() for name in self.headings}
        for start, end in reversed(sentence_spans(self.text)):
            line = " ".join(self.text[start:end].split())
            if self.start + start < place and line.lstrip("# ").casefold() in names:
                return line
        return innermost(self.chunk_from(place).chunk.section)

    def chunk_from(self, start: int) -> StoredChunk:
        """The chunk in which a span begins."""
        return next((item for item in self.chunks if start < item.chunk.end), self.chunks[-1])


def build_context(hits: Sequence[Hit], catalog: Catalog, *, labels: frozenset[int], budget: int) -> tuple[Passage, ...]:
    """The passages for an answer, best first, of at most `budget` tokens (headers counted); at least the best hit.

    The best hits first, then neighbours and the text of the parent section, hit by hit; a weak hit may find no room.
    """
    beside = {hit.found.chunk.id: [_next_to(hit.found, step) for step in REACH] for hit in hits}
    for hit in hits[:PARENTS]:
        if _outermost(hit.found):
            beside[hit.found.chunk.id].append(f"{hit.found.chunk.revision_id}:0")
    there = catalog.chunks_by_id([name for names in beside.values() for name in names], labels=labels)
    around = {
        hit.found.chunk.id: [there[name] for name in beside[hit.found.chunk.id] if name in there]
        + (_above(hit.found, catalog, labels) if place < PARENTS else [])
        for place, hit in enumerate(hits)
    }
    chosen: dict[str, StoredChunk] = {}
    scores: dict[str, float] = {}
    room = budget
    for item, score in _in_order(hits, around):
        chunk = item.chunk
        if chunk.id in chosen:
            continue
        if chunk.tokens > room and chosen:
            continue
        chosen[chunk.id], scores[chunk.id] = item, score
        room -= chunk.tokens
    known = {item.chunk.id: item for items in around.values() for item in items} | {
        hit.found.chunk.id: hit.found for hit in hits
    }
    headings = catalog.headings({item.chunk.revision_id for item in chosen.values()}, labels=labels)
    return tuple(
        replace(passage, headings=headings.get(passage.revision, frozenset()))
        for passage in _joined(list(chosen.values()), scores, known)
    )


def _in_order(hits: Sequence[Hit], around: dict[str, list[StoredChunk]]) -> Iterator[tuple[StoredChunk, float]]:
    """Chunks as they are to be taken, each with the score of the hit that brings it."""
    for hit in hits[:HITS_FIRST]:
        yield hit.found, hit.score
    for hit in hits:
        yield hit.found, hit.score
        for item in around[hit.found.chunk.id]:
            yield item, hit.score


def _outermost(found: StoredChunk) -> bool:
    """Whether its section is an outermost one: what is above it is where the document begins."""
    return len(names_in(found.chunk.section)) == 1


def _above(found: StoredChunk, catalog: Catalog, labels: frozenset[int]) -> list[StoredChunk]:
    """Where the parent section begins."""
    path = names_in(found.chunk.section)
    if len(path) < 2:
        return []
    opening = catalog.section_opening(found.chunk.revision_id, path[-2], found.chunk.position, labels=labels)
    return [] if opening is None else [opening]


def _joined(chosen: list[StoredChunk], scores: dict[str, float], known: dict[str, StoredChunk]) -> tuple[Passage, ...]:
    groups: list[list[StoredChunk]] = []
    for item in sorted(chosen, key=lambda item: (item.chunk.revision_id, item.chunk.position)):
        last = groups[-1][-1].chunk if groups else None
        if (
            last is not None
            and last.revision_id == item.chunk.revision_id
            and last.position + 1 == item.chunk.position
            and 0 <= item.chunk.start - last.end <= TOUCHING
        ):
            groups[-1].append(item)
        else:
            groups.append([item])
    best = {id(group): max(scores[item.chunk.id] for item in group) for group in groups}
    taken = {item.chunk.id: order for order, item in enumerate(chosen)}
    groups.sort(key=lambda group: min(taken[item.chunk.id] for item in group))
    return tuple(
        Passage(
            n=n,
            score=best[id(group)],
            chunks=tuple(group),
            text=_text(group),
            cut_before=_touches(known, group[0], -1),
            cut_after=_touches(known, group[-1], 1),
        )
        for n, group in enumerate(groups, start=1)
    )


def _text(group: Sequence[StoredChunk]) -> str:
    pieces = [group[0].chunk.body]
    for before, item in pairwise(group):
        gap = item.chunk.start - before.chunk.end
        # two elements stand two line ends apart (storage.records.ELEMENT_SEPARATOR), two rows, items or lines one,
        # sentences a space: what ends without a full stop is a line
        ends = before.chunk.body.rstrip("\"'”’»)」）】").endswith((".", "!", "?", "…", "。", "！", "？"))
        rows = " | " in before.chunk.body[-ROW_CHARACTERS:] and " | " in item.chunk.body[:ROW_CHARACTERS]
        lines = rows or begins_item(item.chunk.body)
        pieces.append((" " if gap == 1 and ends and not lines else "\n" * gap) + item.chunk.body)
    return "".join(pieces)


def _next_to(item: StoredChunk, step: int) -> str:
    """The id of the chunk so many after this one, or before it, whether there is one or not."""
    return f"{item.chunk.revision_id}:{item.chunk.position + step}"


def _touches(known: dict[str, StoredChunk], item: StoredChunk, step: int) -> bool:
    """Whether the chunk next to this one follows without a gap: then a sentence was cut between them."""
    other = known.get(_next_to(item, step))
    if other is None:
        return False
    return other.chunk.end == item.chunk.start if step < 0 else other.chunk.start == item.chunk.end
