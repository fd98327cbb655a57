"""Licence texts recognised by their words: which licence, unaltered or not, and where it differs. Judges nothing.

A text counts as unaltered when its words are those of the SPDX list's text, but for what the text itself leaves open:
names, years, title, the numbering of clauses, the spelling of quotes.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
SHINGLE = 4  # words
ALIKE = 0.6  # of a licence's shingles have to be in a text for the two to be compared
LONGEST = 200_000  # characters of a file that are looked at
LEFT_OPEN = 12  # words that a blank of the licence may be filled in with
MORE = 25  # words around a licence text that are a heading or a name, as long as none of them is of TERMS
QUOTED = 400  # characters of a difference that are shown
BLANK = re.compile(r"<[^>\n]{1,60}>|\[(?:yyyy|year|name of copyright owner|fullname|owner|copyright holders?)\]", re.I)
BULLET = re.compile(r"^[ \t>#]*(?:[*+-]|\(?[0-9]{1,2}(?:\.[0-9]{1,2})*[.)]|\(?[a-z][.)])[ \t]+", re.M | re.I)
COPYRIGHT = re.compile(r"^\W*(?:copyright\b(?=.*(?:\(c\)|©|[0-9]{4}|<|\[|\{))|\(c\)\s|©).*$", re.M | re.I)
HEADING = re.compile(
    r"^\W*(?:the )?(?:mit|isc|apache|bsd[ 0-9-]*|zlib)[a-z0-9 ,\"'“”./()-]{0,40}licen[sc]e\W*(?:\([^)]*\))?\W*$",
    re.M | re.I,
)
# what makes words around a licence, or in its blanks, terms of their own, however few they are
TERMS = re.compile(
    r"\b(?:non|not|no|never|only|must|shall|may|cannot|except|unless|without|provided|commercial\w*|noncommercial\w*"
    r"|prohibit\w*|forbid\w*|restrict\w*|research|academic|evaluation|require[sd]?|permitted|allowed|excluded"
    r"|limited to|subject to|fees?|royalt\w*|employees|revenue|military|terminates?|consent|prior|additional)\b",
    re.I,
)
WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
SAME = {"licence": "license", "https": "http", "noncommercial": "non-commercial"}


@dataclass(frozen=True, kw_only=True)
class Licence:
    """One entry of licences.toml."""

    id: str  # SPDX's where it has one
    name: str
    kind: str  # see licences.toml
    open: bool
    hub: tuple[str, ...]  # how model cards name it
    obliges: tuple[str, ...]
    users: int | None  # monthly users up to which it allows use
    attribution: str | None  # words that have to be shown
    field: str | None  # limits on what it may be used for
    refuse: bool  # not without a person's decision
    titles: tuple[str, ...]  # of those recognised by their sentences
    phrases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A place where a text departs from the licence."""

    licence_says: str  # empty: the text adds something
    text_says: str  # empty: the text leaves something out


@dataclass(frozen=True, kw_only=True)
class Match:
    """A licence that was found in a text."""

    licence: Licence
    file: str
    differences: tuple[Difference, ...] = field(default=())

    @property
    def modified(self) -> bool:
        """Whether the text departs from the licence."""
        return bool(self.differences)


@cache
def licences() -> dict[str, Licence]:
    """Every licence we know, by id."""
    entries = tomllib.loads((HERE / "licences.toml").read_text(encoding="utf-8"))["licence"]
    made = {}
    for entry in entries:
        titles = [entry["title"], *entry.get("titles", [])] if "title" in entry else []
        made[entry["id"]] = Licence(
            id=entry["id"],
            name=entry["name"],
            kind=entry["kind"],
            open=entry["open"],
            hub=tuple(entry["hub"]),
            obliges=tuple(entry["obliges"]),
            users=entry.get("users"),
            attribution=entry.get("attribution"),
            field=entry.get("field"),
            refuse=entry.get("refuse", False),
            titles=tuple(titles),
            phrases=tuple(entry.get("phrases", [])),
        )
    return made


def by_hub_name(name: str) -> Licence | None:
    """The licence that a model card means by this name."""
    wanted = name.strip().lower()
    return next((licence for licence in licences().values() if wanted in (licence.id.lower(), *licence.hub)), None)


class _Text:
    """A text as words, with the place of each."""

    def __init__(self, text: str) -> None:
        self.original = text
        blanked = text.lower()
        for pattern in (COPYRIGHT, HEADING, BULLET):
            blanked = pattern.sub(lambda found: found[0] if TERMS.search(found[0]) else " " * len(found[0]), blanked)
        blanked = BLANK.sub(lambda found: "x" * 3 + "blank" + " " * max(len(found[0]) - 8, 0), blanked)[: len(text) * 2]
        self.spans = [(found.start(), found.end()) for found in WORD.finditer(blanked)]
        self.words = [_same(blanked[start:end]) for start, end in self.spans]

    def shingles(self) -> frozenset[tuple[str, ...]]:
        return frozenset(zip(*(self.words[at:] for at in range(SHINGLE)), strict=False))

    def quote(self, start: int, end: int) -> str:
        """The words from start to end as they were written."""
        if start >= end:
            return ""
        text = " ".join(self.original[self.spans[start][0] : self.spans[end - 1][1]].split())
        return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def _same(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")
    return SAME.get(word, word)


@cache
def _template(licence_id: str) -> tuple[_Text, frozenset[tuple[str, ...]]] | None:
    file = HERE / "licences" / f"{licence_id}.txt"
    if not file.is_file():
        return None
    text = _Text(file.read_text(encoding="utf-8"))
    return text, text.shingles()


def recognise(text: str, file: str, *, quoted: bool = False) -> list[Match]:
    """The licences whose words a text holds, the longest first; none where it holds no licence.

    `quoted`: the text is another one, of which the licence is a part; what stands around it is then no term of it.
    """
    given = _Text(text[:LONGEST])
    by_phrases = _community(given, file)
    if by_phrases is not None:
        return [by_phrases]
    there = given.shingles()
    scored = []
    for licence_id in licences():
        if (template := _template(licence_id)) is None:
            continue
        shared = len(template[1] & there)
        if shared >= ALIKE * len(template[1]):
            scored.append((shared, licence_id))
    found: list[Match] = []
    taken = [False] * len(given.words)
    for _, licence_id in sorted(scored, reverse=True):
        if (match := _compare(given, licence_id, file, taken)) is not None:
            found.append(match)
    return found if quoted and len(given.words) > 3 * sum(taken) else _with_additions(found, given, taken)


def _compare(given: _Text, licence_id: str, file: str, taken: list[bool]) -> Match | None:
    if (template := _template(licence_id)) is None:
        return None
    wanted = template[0]
    free = [at for at, used in enumerate(taken) if not used]
    words = [given.words[at] for at in free]
    matcher = SequenceMatcher(None, wanted.words, words, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= SHINGLE]
    if sum(block.size for block in blocks) < ALIKE * len(wanted.words):
        return None  # its words are those of a licence found before
    first, last = free[blocks[0].b], free[blocks[-1].b + blocks[-1].size - 1]
    differences = []
    for before, after in pairwise([None, *blocks, None]):
        gone = (before.a + before.size if before else 0, after.a if after else len(wanted.words))
        new = (0, 0)  # what stands around the text is looked at afterwards
        if before is not None and after is not None:
            new = (free[before.b + before.size - 1] + 1, free[after.b])
        if not _left_open(wanted, gone, given.words[new[0] : new[1]], first=before is None, last=after is None):
            differences.append(Difference(licence_says=wanted.quote(*gone), text_says=given.quote(*new)))
    for at in range(first, last + 1):
        taken[at] = True
    return Match(licence=licences()[licence_id], file=file, differences=tuple(differences))


def _left_open(wanted: _Text, gone: tuple[int, int], new: list[str], *, first: bool, last: bool) -> bool:
    """Whether a difference is one that the licence itself leaves open."""
    old = wanted.words[gone[0] : gone[1]]
    if old == new or not (old or new):
        return True
    rest = " ".join(old)
    if first and not new:  # the title is left out
        return len(old) <= LEFT_OPEN or "blank" in rest[:200]
    if last and not new:  # the appendix on how to use the licence is
        return any(words in rest for words in ("how to apply", "licensed under the apache", "how to use this"))
    if set(TERMS.findall(" ".join(new))) - set(TERMS.findall(rest)):
        return False
    blanks = any("blank" in word for word in old) or old[:2] in (["copyright", "holder"], ["the", "copyright"])
    return blanks and len(new) <= LEFT_OPEN and len(old) <= LEFT_OPEN


def _with_additions(found: list[Match], given: _Text, taken: list[bool]) -> list[Match]:
    """What stands around the licences found counts as added to the last, where it is more than a heading."""
    if not found:
        return []
    additions = []
    start = None
    for at, used in enumerate([*taken, True]):
        if not used and start is None:
            start = at
        elif used and start is not None:
            if at - start > MORE or TERMS.search(" ".join(given.words[start:at])):
                additions.append(Difference(licence_says="", text_says=given.quote(start, at)))
            start = None
    if not additions:
        return found
    last = found[-1]
    changed = Match(licence=last.licence, file=last.file, differences=(*last.differences, *additions))
    return [*found[:-1], changed]


def _community(given: _Text, file: str) -> Match | None:
    """A licence of a model maker: its title stands near the top, and its sentences are there."""
    top = f" {' '.join(given.words[:400])} "
    whole = f" {' '.join(given.words)} "
    best: Match | None = None
    for licence in licences().values():
        if not any(f" {_plain(title)} " in top for title in licence.titles):
            continue
        absent = [phrase for phrase in licence.phrases if f" {_plain(phrase)} " not in whole]
        if len(absent) == len(licence.phrases) or len(given.words) < 300:
            continue  # a text about the licence, not the licence
        differences = tuple(Difference(licence_says=phrase, text_says="") for phrase in absent)
        if best is None or len(differences) < len(best.differences):
            best = Match(licence=licence, file=file, differences=differences)
    return best


@cache
def _plain(phrase: str) -> str:
    return " ".join(_Text(phrase).words)
