"""Chosen sentences as an answer: a paragraph, lists and small tables, each with its citation. Adds nothing.

The likeliest answer stands first; what supports it follows, said to be no more than that, as a list. Rows of a table
become a small table with the columns that the document names, in the document's order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from app.answers.cite import Citations, readable
from app.answers.extract import Candidate
from app.answers.phrases import Phrases, phrases
from app.answers.quotable import ITEM
from app.answers.surroundings import asks, restriction
from app.answers.table import Table, TableRow
from app.records import Sentence
from app.retrieval.expand import begins, codes
from app.retrieval.forms import other_forms
from app.table_lines import between_bars
from storage.injection import aimed_at_model
from storage.words import question_terms, terms

MOST_COLUMNS = 7  # of a row that is shown in a table; of a wider one those that the question names, or the first ones
LABELS = 2  # so many first columns say what a row is about
ANSWERS_TOO = 0.75  # of the likeliest sentence's probability: what has less only supports
SINGLED_OUT = 0.1  # of the question's weight that a row says less than the best one of its table: another is meant
LONGEST_CELL = 160  # characters; longer ones are shown in a line, where the question names them
FAMILY_ROWS = 12  # of things whose code begins with the one that is asked for: all of them are shown, and no other
COMPARED_ROWS = 14  # of a table of whose columns a question compares some
WHOLE_ROWS, WHOLE_WORDS = 8, 150  # of a table that the question says as much of as of those that are chosen

_STEP = re.compile(r"^\(?\d{1,2}[.)]\s+(?=\D)")  # the number of a step, which says nothing where it stands alone


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an answer: its text, with marks and what stands before it, and the sentences in it."""

    text: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """How an answer is shown: what it needs at every step."""

    citations: Citations
    asked: frozenset[str]  # the question's terms
    codes: Sequence[Sequence[str]]  # its identifiers, as index terms
    more: str  # says that a list or table is longer than what is quoted of it

    def table(self, item: Candidate) -> Table | None:
        """The table whose row it is; None where it is better read as a line."""
        table, row = self._row(item)
        if table is None or row is None:
            return None
        too_long = [at for at, cell in enumerate(row.cells) if len(cell) > LONGEST_CELL]
        fits = sum(map(bool, row.cells)) - len(too_long) > 1 and not any(self._names(table, row, at) for at in too_long)
        return table if fits else None

    def line(self, item: Candidate) -> str:
        """Its text; of a row what it is about and the cells that the question names, as far as it names some."""
        table, row = self._row(item)
        if table is None or row is None:
            return item.text
        filled = [at for at, cell in enumerate(row.cells) if cell]
        named = [at for at in filled[1:] if self._names(table, row, at)]
        shown = [at for at in filled if at in named or at == filled[0] or not named]
        return " | ".join(f"{table.columns[at]}: {row.cells[at]}".removeprefix(": ") for at in shown)

    def _row(self, item: Candidate) -> tuple[Table | None, TableRow | None]:
        table = self.citations.table(item.passage, item.start) if item.is_row else None
        row = table.row_at(item.start) if table is not None else None
        return (table, row) if row is not None and row.end == item.end else (None, None)

    def _names(self, table: Table, row: TableRow, at: int) -> bool:
        """Whether the question names a column, or what stands there."""
        return not self.asked.isdisjoint(terms(f"{table.columns[at].replace('_', ' ')} {row.cells[at]}"))

    def place(self, item: Candidate) -> tuple[str, int]:
        """Where it stands; of a row, where its table stands."""
        table = self.table(item)
        return item.passage.revision, table.start if table is not None else item.start


def quoted(
    asked: Sequence[Sequence[Candidate]], citations: Citations, *, question: str, others: frozenset[str] = frozenset()
) -> Iterator[Piece]:
    """The pieces of an answer, in order; together their texts are the answer.

    `asked`: what is chosen for each thing that is asked, the likeliest first. The question's words, and the
    terms of `others` for them, tell what columns of a wide table are meant.
    """
    phrase = phrases(question)
    shown = _Shown(citations=citations, asked=_telling(question) | others, codes=codes(question), more=phrase.more)
    said: dict[tuple[str, int], Candidate] = {}  # by the place of the sentence, or of its table
    answers: list[tuple[str, str, list[Candidate]]] = []  # the edition, if it is an older one; what introduces it
    for every in asked:
        when = every[0].outdated if all(item.outdated for item in every) else ""
        chosen = [item for item in every if item.outdated == when]
        if shown.place(chosen[0]) in said:  # the same answers both
            continue
        # of a newer edition, which speaks of it in words further from the question's
        current = not when and every[0].outdated and chosen[0].edition
        before = phrase.current.format(when=current) if current else phrase.older.format(when=when) if when else ""
        answers.append((when, before, [item for item in _answering(chosen, shown) if shown.place(item) not in said]))
        said |= {shown.place(item): item for item in answers[-1][2]}
    rest = [item for item in chain(*asked) if shown.place(item) not in said]
    rest = list({(item.passage.revision, item.start): item for item in rest}.values())
    last = ""
    for n, (before, items, answering) in enumerate(_in_order(answers, _by_edition(rest), phrase)):
        told = f"{before}\n\n" if before and before != last else ""
        cut = _cut(items, shown) if answering else None
        apart = "\n\n" if n else ""
        yield from _pieces(_groups(items, shown), shown, apart + told, paragraph=answering, whole=answering, cut=cut)
        last = before


def _in_order(
    answers: Sequence[tuple[str, str, list[Candidate]]], supporting: dict[str, list[Candidate]], phrase: Phrases
) -> list[tuple[str, list[Candidate], bool]]:
    """The parts of an answer, each with what introduces it and whether it answers: what holds now comes first, and all
    that an older edition says stands together."""
    parts: list[tuple[str, list[Candidate], bool]] = []
    for edition in sorted({when: None for when, _, _ in answers}, key=bool):
        parts += [(before, items, True) for when, before, items in answers if when == edition]
        if edition and edition in supporting:
            parts.append((parts[-1][0], supporting.pop(edition), False))
    parts += [
        (phrase.older.format(when=edition) if edition else phrase.also, items, False)
        for edition, items in supporting.items()
    ]
    return parts


def _telling(question: str) -> frozenset[str]:
    """The terms of a question that tell rows apart, in every form of their words."""
    own = question_terms(question)
    return frozenset(own).union(*map(other_forms, own))


def _by_edition(items: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """By what they are outdated since, those that are not first."""
    found: dict[str, list[Candidate]] = {}
    for item in sorted(items, key=lambda item: bool(item.outdated)):
        found.setdefault(item.outdated, []).append(item)
    return found


def _answering(chosen: Sequence[Candidate], shown: _Shown) -> list[Candidate]:
    """The first of the sentences, those that are nearly as likely, and what belongs to its list."""
    best = max((item.score for item in chosen), default=0.0)
    found: list[Candidate] = []
    of_tables: dict[tuple[str, int], float] = {}
    for item in chosen:
        terms = item.features.terms
        if shown.table(item) and terms < of_tables.setdefault(shown.place(item), terms) - SINGLED_OUT:
            continue
        follows = bool(found) and found[-1].passage is item.passage and found[-1].index + 1 == item.index
        announced = item.listed and (
            not item.is_item
            or any(other.leads or (item.headed is not None and other.headed == item.headed) for other in found)
        )
        if not found or item.score >= ANSWERS_TOO * best or (follows and (announced or item.again or item.leads)):
            found.append(item)
    return found


def _cut(answering: Sequence[Candidate], shown: _Shown) -> Candidate | None:
    """The last item of a list that is announced, where its document lists more than is quoted."""
    lead = next((item for item in answering if item.leads or item.index == item.headed), None)
    if lead is None:
        return None
    items = [item for item in answering if item.passage is lead.passage and item.listed and item.index > lead.index]
    last = max(items, key=lambda item: item.index, default=lead)
    if not last.is_item or last is lead:
        return None
    _, _, below = shown.citations.text_after(lead.passage, last.end).partition("\n")
    left_out = last.index - lead.index > len(items)
    return last if left_out or ITEM.match(below.lstrip()) else None


def _pieces(
    groups: Sequence[list[Candidate]],
    shown: _Shown,
    before: str,
    *,
    paragraph: bool,
    whole: bool,
    cut: Candidate | None,
) -> Iterator[Piece]:
    """Texts, then tables, unless a table comes first; the first text as a paragraph, unless it is a list, the others as
    one.

    `whole`: of a small table every row is shown of which the question says as much as of those that are chosen.
    `cut`: the item behind which it is said that the document's list goes on.
    """
    if not groups:
        return
    tables = [group for group in groups[1:] if shown.table(group[0])]
    texts = [group for group in groups[1:] if not shown.table(group[0])]
    after = before
    for group in (groups[0], *texts, *tables):
        first, under = group is groups[0], _restriction(group[0], shown, quoted={item.text for item in chain(*groups)})
        if table := shown.table(group[0]):
            # a table right after a list would be part of it
            apart = after if first else "\n\n"
            yield _table(group, table, shown, f"{apart}{under}\n\n" if under else apart, whole=whole)
            after = "\n\n"
        else:
            is_list = len(group) > 1 and all(item.is_item for item in group[:2])
            if under and first and is_list:
                after, under = f"{after}{under}\n\n", ""
            bullet = is_list or not (first and paragraph)
            yield from _run(group, shown, after, bullet=bullet, cut=cut, under=under)
            after = "\n\n" if first and paragraph else "\n"


def _groups(chosen: Sequence[Candidate], shown: _Shown) -> list[list[Candidate]]:
    """Sentences that follow each other in their passage, and rows of one table, stay together."""
    groups: list[list[Candidate]] = []
    for item in chosen:
        place = shown.place(item)
        rows = next((group for group in groups if shown.table(item) and shown.place(group[0]) == place), None)
        last = groups[-1][-1] if groups else None
        follows = last is not None and last.passage is item.passage and last.index + 1 == item.index
        if rows is not None:
            rows.append(item)
        elif last is not None and follows and not item.is_row and not shown.table(last):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


# a sentence that says yes or no to the question above it: "If you work in the US, yes."
_SAYS_NO_MORE = re.compile(
    r"(?:.{1,80}, ?)?(?:yes|no|ja|nein|oui|non|sí|sim|não)[.!]?|(?:是的?|不是?|可以|不可以)。?", re.IGNORECASE
)


def _restriction(item: Candidate, shown: _Shown, quoted: Collection[str]) -> str:
    """What stands above it and takes it back or restricts it, as it is put before it: "What you should never do:". None
    where that is `quoted` too, or is the question that was asked."""
    above = item.passage.heading_over(item.start)
    line = restriction(item.passage.text, item.start - item.passage.start, above)
    if not line and asks(above) and _SAYS_NO_MORE.fullmatch(item.text):
        line = above
    if not line or line in quoted or item.leads or (asks(line) and _telling(line) <= shown.asked):
        return ""
    if aimed_at_model(line):
        return ""  # it is no word on what stands below it, and shown nowhere
    told = readable(line).strip("*_:： ")
    return told if asks(told) else f"{told}:"


def _run(
    group: Sequence[Candidate], shown: _Shown, after: str, *, bullet: bool, cut: Candidate | None, under: str
) -> Iterator[Piece]:
    """`under`: the restricting line that each sentence of the group is put behind, or ""."""
    n = shown.citations.add(group[0].passage, group[0].start, group[-1].end)
    in_list = False  # one that the document has
    for place, item in enumerate(group):
        text = readable(shown.line(item))
        sentence = Sentence(text=text if len(group) > 1 else _STEP.sub("", text), citations=(n,), supported=True)
        listed = item.is_item if place else bullet
        in_list |= item.is_item
        ends_list = in_list and not listed and item.start - group[place - 1].end > 1  # else it goes on in its item
        goes_on = "\n" if listed else "\n\n" if ends_list else " "
        before = (goes_on if place else after) + ("- " if listed else "")
        told = f"{under} " if under and (listed or not place) else ""
        yield Piece(text=f"{before}{told}{sentence.text} [{n}]", sentences=(sentence,))
    if group[-1] is cut:
        yield Piece(text=f"\n- … {shown.more} [{n}]", sentences=())


# --- tables --------------------------------------------------------------------------------------------------------


def cells_of(row: str) -> list[tuple[str, str]]:
    """Column and value of each cell, as far as the row's text tells; "" for a column without a name."""
    parts = [part.partition(": ") for part in " ".join(row.split()).split(" | ")]
    return [
        (readable(name), readable(value, cell=True)) if colon else ("", readable(name)) for name, colon, value in parts
    ]


def _table(group: Sequence[Candidate], table: Table, shown: _Shown, after: str, *, whole: bool) -> Piece:
    passage = group[0].passage
    chosen = {item.start for item in group}
    # a row that is shown beside those has not been looked at
    fit = tuple(row for row in table.rows if row.start in chosen or not any(map(aimed_at_model, row.cells)))
    table = replace(table, rows=fit)
    said = {row.start: _said(row, shown.asked) for row in table.rows}
    compared = _compared(table, shown.asked)
    alike = [row for row in table.rows if any(said[row.start] >= said[start] for start in chosen)]
    every = (
        (whole or bool(compared))
        and not any(item.case for item in group)
        and len(alike) <= (COMPARED_ROWS if compared else WHOLE_ROWS)
    )
    seen = compared or range(len(table.columns))
    every = every and sum(len(row.cells[at].split()) for row in alike for at in seen) <= WHOLE_WORDS
    rows = alike if every else [row for row in table.rows if row.start in chosen]
    family = [row for row in table.rows if any(begins(terms(row.cells[0]), code) for code in shown.codes)]
    if len(family) <= FAMILY_ROWS and any(row.start == group[0].start for row in family):
        rows = family
    cut = whole and rows is not family and len(alike) > len(rows) and not any(item.case for item in group)
    columns = compared if every and compared else _columns(table, rows, shown.asked)
    lines = [_line([readable(table.columns[at]) for at in columns]), _line(["---"] * len(columns))]
    sentences = []
    for row in rows:
        n = shown.citations.add(passage, row.start, row.end)
        values = [readable(row.cells[at], cell=True) for at in columns]
        lines.append(_line([*values[:-1], f"{values[-1]} [{n}]".strip()]))
        told = [f"{table.columns[at]}: {row.cells[at]}".removeprefix(": ") for at in columns if row.cells[at]]
        sentences.append(Sentence(text=readable(" | ".join(told)), citations=(n,), supported=True))
    if cut:  # rows of which the question says as much are left out
        lines.append(f"\n… {shown.more} [{n}]")
    return Piece(text=after + "\n".join(lines), sentences=tuple(sentences))


def _said(row: TableRow, asked: frozenset[str]) -> frozenset[tuple[str, bool]]:
    """Which of the question's terms stand in a row, and which in its first cell, which says what it is about."""
    anywhere, label = asked.intersection(terms(" ".join(row.cells))), asked.intersection(terms(row.cells[0]))
    return frozenset((term, False) for term in anywhere) | frozenset((term, True) for term in label)


def _compared(table: Table, asked: frozenset[str]) -> list[int]:
    """The first column and those that a question compares, two at least: "Which is cheaper, Choice or Premier?"."""
    names = [frozenset(terms(name.replace("_", " "))) for name in table.columns]
    often = Counter(chain.from_iterable(names))
    named = [at for at, name in enumerate(names) if at and any(often[term] == 1 for term in name & asked)]
    return [0, *named] if len(named) > 1 else []


def _columns(table: Table, rows: Sequence[TableRow], asked: frozenset[str]) -> list[int]:
    """The columns to show: those with a short value; of too many the first ones and those that the question names."""
    longest = [max(len(row.cells[at]) for row in rows) for at in range(len(table.columns))]
    filled = [at for at, length in enumerate(longest) if 0 < length <= LONGEST_CELL]
    if len(filled) <= MOST_COLUMNS:
        return filled
    said = {
        at: asked.intersection(terms(" ".join([table.columns[at].replace("_", " "), *(row.cells[at] for row in rows)])))
        for at in filled
    }
    often = Counter(chain.from_iterable(said.values()))  # what few columns say tells them apart
    rest = sorted(filled[LABELS:], key=lambda at: (-sum(1 / often[term] for term in said[at]), at))
    named = [at for at in rest if said[at]] or rest
    return sorted([*filled[:LABELS], *named][:MOST_COLUMNS])


def _line(cells: Sequence[str]) -> str:
    return f"| {between_bars(cells)} |"
