"""Words that mean nearly the same in a company's documents, as a file: vacation, annual leave, PTO.

The table that comes with Premise, or an administrator's own in the data folder, in the format of Solr and Lucene. Read
anew when it changes; a file with a mistake changes nothing. Knows which words of a question have others and which
these are; knows no index, no passage and no model.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.own_file import read_own
from storage.errors import SettingError
from storage.words import STOP_WORDS, Run, question_terms, terms

log = logging.getLogger("premise.search")

SHIPPED = Path(__file__).parents[1] / "synonyms.txt"
FILE = "synonyms.txt"  # in the data folder
SHARE = 0.9  # of what a word of the question counts that another for it does: the own comes first
LONGEST = 1_000_000  # characters of a table
MOST_WORDS = 8  # of an entry

_COMMA = re.compile("[,，]")
_SIGNS = re.compile(r"^\W+|\W+$")


def joined(run: Sequence[str]) -> str:
    """A run of index terms as if it were one: no text has such a term, so that it says that they stand together."""
    return " ".join(run)


def run_of(text: str) -> str:
    """The index terms of a text, to look for runs in them."""
    return f" {joined(terms(text))} "


def run_in(run: Run, every: str) -> bool:
    """Whether a text, as `run_of` has it, says a run.

    >>> run_in(("annual", "leav"), run_of("Annual leave is paid.")), run_in(("annual", "leav"), run_of("An annual fee"))
    (True, False)
    """
    return f" {joined(run)} " in every


def as_said(run: Run, text: str) -> str:
    """The words of a text that are a run of index terms, as they are written; nothing where no spaces part them.

    >>> as_said(("resign",), "Resignations, in writing")
    'Resignations'
    """
    words = text.split()
    parts = (words[start : start + size] for size in range(1, len(run) + 1) for start in range(len(words)))
    return next((_SIGNS.sub("", " ".join(part)) for part in parts if tuple(terms(" ".join(part))) == run), "")


@dataclass(frozen=True)
class Instead:
    """Words of a question, and what documents may say for them."""

    said: str  # as the table writes them
    run: Run
    others: dict[Run, str]  # each as the table writes it

    @property
    def telling(self) -> tuple[str, ...]:
        """Its terms that tell passages apart."""
        return tuple(question_terms(self.said))


@dataclass(frozen=True, kw_only=True)
class Synonyms:
    """A table of them."""

    entries: Mapping[Run, Instead] = field(default_factory=dict)
    own: bool = False  # an administrator's
    _longest: int = 0  # terms of an entry

    @classmethod
    def of(cls, pairs: Mapping[str, Sequence[str]], *, own: bool = False) -> Synonyms:
        """By what is asked the words that may stand for it, each as it is written."""
        entries: dict[Run, Instead] = {}
        for said, others in pairs.items():
            run = tuple(terms(said))
            found = {tuple(terms(other)): other for other in others}
            before = entries.get(run)
            entries[run] = replace(before, others=before.others | found) if before else Instead(said, run, found)
        return cls(entries=entries, own=own, _longest=max(map(len, entries), default=0))

    def instead(self, text: str) -> tuple[Instead, ...]:
        """What of a text has other words, from its beginning on, the longest first; no word twice."""
        every, found, at = terms(text), {}, 0
        while at < len(every):
            runs = (tuple(every[at : at + size]) for size in range(min(self._longest, len(every) - at), 0, -1))
            entry = next((self.entries[run] for run in runs if run in self.entries), None)
            if entry is not None:
                found[entry.run] = entry
            at += len(entry.run) if entry is not None else 1
        return tuple(found.values())


NONE = Synonyms()


def load_synonyms(data: Path) -> Synonyms:
    """The table in force for a data folder. Raises: SettingError, naming the file, the line and what is wrong."""
    return _read(table_file(data))


def table_file(data: Path) -> Path:
    """The administrator's own, where there is one, else that of Premise."""
    own = data / FILE
    return own if own.exists() or own.is_symlink() else SHIPPED


def synonyms_problem(data: Path) -> str:
    """What is wrong with the table of a data folder and what is used meanwhile; nothing where all is well."""
    try:
        load_synonyms(data)
    except SettingError as error:
        return f"{error} Until that is mended the table from before is used, from a start on the one of Premise."
    return ""


def copy_synonyms(data: Path) -> Path | None:
    """Put the table of Premise into the data folder, for changing; one that is there stays. Returns the new file."""
    file = data / FILE
    if table_file(data) == file:
        return None
    data.mkdir(parents=True, exist_ok=True)
    file.write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    return file


class FollowedSynonyms:
    """The table of a data folder at this moment; a wrong file changes nothing, and is told of in the log."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._seen = self._stamp()
        self._table = _read(SHIPPED)
        self._renew("the one of Premise")

    def __call__(self) -> Synonyms:
        """In force now."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._renew("the one from before")
        return self._table

    def _renew(self, meanwhile: str) -> None:
        try:
            self._table = load_synonyms(self._data)
        except SettingError as error:
            log.warning("%s Until that is mended, %s is used.", error, meanwhile)

    def _stamp(self) -> tuple[int, int]:
        try:
            status = (self._data / FILE).stat()
        except OSError:
            return 0, 0
        return status.st_mtime_ns, status.st_size


def _read(file: Path) -> Synonyms:
    text = read_own(file, called="The synonyms' file", longest=LONGEST)
    pairs: dict[str, list[str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            for said, other in _pairs(line.strip()):
                pairs.setdefault(said, []).append(other)
        except ValueError as error:
            raise SettingError(f"The synonyms in {file}, line {number}: {error}") from error
    return Synonyms.of(pairs, own=file != SHIPPED)


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """What is asked, and what may stand for it, of a line. Raises: ValueError, in words."""
    if not line or line.startswith("#"):
        return
    sides = [_entries(side) for side in line.split("=>")]
    if len(sides) > 2:
        raise ValueError('it has "=>" twice. Write "asked => in the documents", once in a line.')
    asked, found = sides[0], sides[-1]
    if len(sides) == 1 and len(asked) < 2:
        raise ValueError("it has one word only. Write those that mean the same side by side, with commas between them.")
    every = [(said, other) for own, said in asked.items() for run, other in found.items() if run != own]
    if not every:
        raise ValueError("both sides are the same word to the search. Write another, or remove the line.")
    yield from every


def _entries(side: str) -> dict[Run, str]:
    """The words and phrases between the commas, by their index terms; of several that are one to the search, one."""
    found: dict[Run, str] = {}
    for part in _COMMA.split(side):
        entry = " ".join(part.split())
        run = tuple(terms(entry))
        if not entry:
            raise ValueError('a word is missing beside a comma or "=>".')
        if not run or STOP_WORDS.issuperset(entry.lower().split()):
            raise ValueError(f'"{entry}" says nothing by itself: the search passes over it.')
        if len(run) > MOST_WORDS * 2 or len(entry.split()) > MOST_WORDS:
            raise ValueError(f'"{entry[:60]}" is too long; {MOST_WORDS} words are the most.')
        found.setdefault(run, entry)
    return found
