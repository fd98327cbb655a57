"""Licence texts recognised by their words: which licence, unaltered or not, and where it differs. Judges nothing.

A text counts as unaltered when its words are those of a text in licences/, but for what the text itself leaves open:
names, years, title, the numbering of clauses, quotes, markup and where lines end. A file there is named after its
licence; of one with several editions, ID@EDITION.txt.
"""

from __future__ import annotations

import html
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path

HERE = Path(__file__).parent
SHINGLE = 4  # words
ALIKE = 0.6  # of a licence's shingles have to be in a text for the two to be compared
HALF = 0.4  # of them, where the text has little else: a licence that lost a part
LONGEST = 200_000  # characters of a file that are looked at
FEW_WORDS, OFTEN = 12, 2  # a run of fewer words is looked at as often
MOST_COMPARED = 2_000_000  # pairs of the same word; two times the longest licence has a quarter of that
LEFT_OPEN = 16  # words that a blank of the licence may be filled in with
MORE = 40  # words around a licence text that may be a heading
FEW = 3  # words of a notice of copyright that are no names
SHORT = 700  # words; licences below are the ones that name their authors within a sentence
MAKERS = tuple("llama gemma qwen deepseek mistral nvidia falcon exaone stability kimi hyperclova openrail".split())
QUOTED = 400  # characters of a difference that are shown
LOUD = 3  # words in capitals alone, beside those of headings, that are still names
# what is not in the texts we have, since it grows: the models that Gemma's terms are for, by name
APPENDED = {
    "GEMMA": re.compile(
        r"\W*(?:Appendix|APPENDIX)\b\W*"
        r"(?:\w*Gemma\w*(?: (?:Scope|v?[0-9][\w.]{0,7}|[A-Z]{2,3}|[A-Z][0-9]\w?))*[ \t,;.]*(?:\n\W*|$)){1,60}"
    )
}
MARKUP = re.compile(
    r"<!--.*?-->|<(style|script)\b.*?</\1\s*>"
    r"|</?(?:a|abbr|article|b|blockquote|body|br|center|code|dd|div|dl|dt|em|font|footer|h[1-6]|head|header|hr|html|i|img"
    r"|li|link|main|meta|ol|p|pre|section|small|span|strong|sub|sup|table|tbody|td|th|thead|title|tr|tt|u|ul)"
    r"(?:\s[^<>]*)?/?>|<!doctype[^<>]*>",
    re.I | re.S,
)
LINK = re.compile(r"\]\((?:[^()\s]|-\s+)*\)")  # the address of a Markdown link, whose text stays
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
BLANK = re.compile(
    r"<(?!https?:|mailto:)[^<>]{1,60}>|\[(?:yyyy|year|name of copyright owner|fullname|owner|copyright holders?)\]",
    re.I,
)
MARKER = re.compile(
    r"^[ \t>#*|/]*((?:[*+-]|\(?(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-z]|[ivx]{1,5})(?:[.)]|\\\.))(?=[ \t*]))"
    r"|(?<![\w)])(\((?:[a-z]|[ivx]{1,5}|[0-9]{1,2})\))",
    re.M | re.I,
)
COPYRIGHT = re.compile(
    r"^\W*(?:(?:portions )?copyright\b(?=[^\n]*(?:\(c\)|©|[0-9]{4}|<|\[|\{))|(?:\(c\)|©)\s*[0-9]{4})"
    r"(?:(?!all rights reserved|permission |redistribution |licensed |this |the above|everyone )"
    r"(?:[^\n]|,[ \t]*\n[ \t]*(?=\S))){1,200}"
    r"(?:all rights reserved\W*)?",
    re.M | re.I,
)
# what makes words around a licence, or in its blanks, terms of their own, however few they are
TERMS = re.compile(
    r"\b(?:non|not|no|never|only|must|shall|may|cannot|except|unless|without|provided|commercial\w*|noncommercial\w*"
    r"|prohibit\w*|forbid\w*|restrict\w*|research|academic|evaluation|require[sd]?|permitted|allowed|excluded"
    r"|limited to|subject to|fees?|royalt\w*|employees|revenue|military|terminates?|consent|prior|additional"
    r"|pay|pays|paid|payments?|agrees?|agreed|users?|customers?|you|your|licens(?:or|ee)s?)\b",
    re.I,
)
# words in lower case that a heading or a notice of origin has; any other makes it a sentence that says something
HEADING = frozenset(
    "a agreement all an and are at authors based built by c community contributors copyright date dated derived files"
    " following from github http https in io is its licence license licensed licenses many model models modified of on"
    " or original other portions project public released repository rights reserved see software team terms text the"
    " this to under unmodified v version was weights which with work com ai co et al".split()
)
# such words in a name
NAME = re.compile(r"(?<!for )(?<!in )\b(?:Research|Academic|Military|May)\b(?! (?i:use|only|purposes?))")
DATE = re.compile(r"\bMay [0-9]{1,2},? [0-9]{4}\b")  # a month, and no permission
ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
AUTHORS = re.compile(
    r"^\W*(?:portions )?(?:copyright|©)[^\n]{0,120}$", re.M | re.I
)  # a line that names them, with no year
# how the part begins that tells others how to use a licence
APPENDIX = (
    "end of terms and conditions",
    "appendix how to apply",
    "how to apply",
    "how to use this",
    "licensed under the apache",
)
# whom a short licence names, where another name may stand instead; one of the first set is among the words
AUTHOR = frozenset("author authors contributors holder holders isc organization owner owners regents".split())
PARTIES = AUTHOR | frozenset("a and any by copyright group its name names nor of or provider the these".split())
WORD = re.compile(
    rf"(?P<blank>{BLANK.pattern})|[^\W_]+(?:(?:[-‐‑](?:[ \t\r]*\n[ \t>#*/]*)?|['’])[^\W_]+)*",
    re.I,
)
SAME = {"https": "http", "acknowledgement": "acknowledgment", "seperate": "separate"}
Shingles = frozenset[tuple[str, ...]]


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
    appended: str = ""  # names that the licence leaves to an appendix, which grows

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
        )
    return made


def by_hub_name(name: str) -> Licence | None:
    """The licence that a model card means by this name."""
    wanted = name.strip().lower()
    return next((licence for licence in licences().values() if wanted in (licence.id.lower(), *licence.hub)), None)


class _Text:
    """A text as words, with the place of each; `all` has what numbers clauses and names authors too."""

    def __init__(self, text: str) -> None:
        text = unicodedata.normalize("NFKC", UNSEEN.sub("", text))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "&" in text:
            text = html.unescape(text)
        self.original = text = LINK.sub("] ", MARKUP.sub(" ", text))
        marks = bytearray(len(text))
        for found in MARKER.finditer(text):
            start, end = found.span(1 if found[1] else 2)
            marks[start:end] = b"\1" * (end - start)
        for found in COPYRIGHT.finditer(text):
            if _names(found[0]):
                marks[found.start() : found.end()] = b"\1" * len(found[0])
        self.all: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.at: list[int] = []  # of each word, its place in `all`
        for found in WORD.finditer(text):
            if not marks[found.start()]:
                self.at.append(len(self.all))
            self.all.append("xxxblank" if found["blank"] else _same(found[0]))
            self.spans.append(found.span())
        self.words = [self.all[at] for at in self.at]

    def shingles(self) -> Shingles:
        return frozenset(zip(*(self.words[at:] for at in range(SHINGLE)), strict=False))

    def between(self, start: int, end: int) -> tuple[list[str], list[str]]:
        """The words from start to end, without and with what numbers clauses and names authors there."""
        first = self.at[start - 1] + 1 if start else 0
        last = self.at[end] if end < len(self.at) else len(self.all)
        return self.words[start:end], self.all[first:last]

    def around(self, start: int, end: int) -> tuple[list[str], list[str]]:
        """The same, with the word before and the word after."""
        return self.between(max(start - 1, 0), min(end + 1, len(self.at)))

    def quote(self, start: int, end: int) -> str:
        """The words from start to end as they were written."""
        if start >= end:
            return ""
        text = " ".join(self.written(start, end).split())
        return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"

    def written(self, start: int, end: int) -> str:
        """The original from one word to another."""
        return self.original[self.spans[self.at[start]][0] : self.spans[self.at[end - 1]][1]]


def _same(word: str) -> str:
    word = re.sub(r"[-‐‑]\s*[>#*/\s]*", "", word.lower()).replace("’", "'").removesuffix("'s")
    word = word.replace("licenc", "licens")
    return SAME.get(word, word)


@cache
def _templates() -> tuple[tuple[str, _Text, Shingles], ...]:
    """The licence of each text we have, its words and its shingles."""
    made = []
    for file in sorted((HERE / "licences").glob("*.txt")):
        text = _Text(file.read_text(encoding="utf-8"))
        made.append((file.stem.partition("@")[0], text, text.shingles()))
    return tuple(made)


def recognise(text: str, file: str, *, quoted: bool = False) -> list[Match]:
    """The licences whose words a text holds, the longest first; none where it holds no licence.

    `quoted`: the text is another one, of which the licence is a part; what stands around it is then no term of it.
    """
    given = _Text(text[:LONGEST])
    there = given.shingles()
    taken = [False] * len(given.words)
    found = _found(given, there, file, taken, ALIKE)
    if not found and not quoted:
        found = _found(given, there, file, taken, HALF)
    return found if quoted and len(given.words) > 3 * sum(taken) else _with_additions(found, given, taken)


def _found(given: _Text, there: Shingles, file: str, taken: list[bool], alike: float) -> list[Match]:
    scored = []
    for place, (_, template, shingles) in enumerate(_templates()):
        shared = len(shingles & there)
        if shared >= alike * len(shingles) and (alike == ALIKE or shared >= ALIKE * len(there)):
            scored.append((-shared, len(template.words), place))
    found: list[Match] = []
    for _, _, place in sorted(scored):
        licence_id, template, shingles = _templates()[place]
        while (match := _compare(given, template, shingles, licence_id, file, taken, alike)) is not None:
            found.append(match)  # again: some files hold a licence once for each author
    return found


def _compare(
    given: _Text, wanted: _Text, shingles: Shingles, licence_id: str, file: str, taken: list[bool], alike: float
) -> Match | None:
    free = _alike(given, shingles, taken)
    if len(free) < alike * len(wanted.words):
        return None
    # where a run of words ends that the licence has, too, a word ends it that no licence has
    words = ["" if at < 0 else given.words[at] for at in free]
    if _costs(wanted.words, words) > MOST_COMPARED:
        says = "It repeats words of the licence too often to be compared with it."
        for at in free:
            taken[at] = taken[at] or at >= 0
        repeated = Difference(licence_says="", text_says=says)
        return Match(licence=licences()[licence_id], file=file, differences=(repeated,))
    matcher = SequenceMatcher(None, wanted.words, words, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= SHINGLE]
    if sum(block.size for block in blocks) < alike * len(wanted.words):
        return None  # its words are those of a licence found before
    first, last = free[blocks[0].b], free[blocks[-1].b + blocks[-1].size - 1]
    differences = []
    for before, after in pairwise([None, *blocks, None]):
        if after is None and (rest := _ends_so(wanted, blocks[-1].a + blocks[-1].size, given, last + 1)):
            last += rest  # fewer words than are looked for at once
            continue
        gone = (before.a + before.size if before else 0, after.a if after else len(wanted.words))
        new = (0, 0)  # what stands around the text is looked at afterwards
        if before is not None and after is not None:
            new = (free[before.b + before.size - 1] + 1, free[after.b])
        elif after is not None and _begins_alike(wanted, gone[1], given, free[after.b]):
            new = (free[after.b] - gone[1], free[after.b])
        if not _left_open(licence_id, wanted, gone, given, new, first=before is None):
            differences.append(Difference(licence_says=wanted.quote(*gone), text_says=given.quote(*new)))
    for at in range(first, last + 1):
        taken[at] = True
    return Match(licence=licences()[licence_id], file=file, differences=tuple(differences))


def _alike(given: _Text, shingles: Shingles, taken: list[bool]) -> list[int]:
    """The places of the words that may be a licence's: those of shingles that it has. -1 between runs of them."""
    there = bytearray(len(given.words))
    for at, shingle in enumerate(zip(*(given.words[at:] for at in range(SHINGLE)), strict=False)):
        if shingle in shingles and not any(taken[at : at + SHINGLE]):
            there[at : at + SHINGLE] = b"\1" * SHINGLE
    places: list[int] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for used, run in groupby(range(len(there)), key=there.__getitem__):
        if not used:
            continue
        here = list(run)
        words = tuple(given.words[here[0] : here[-1] + 1][:FEW_WORDS])
        seen[words] += len(here) < FEW_WORDS
        if len(here) >= FEW_WORDS or seen[words] <= OFTEN:  # a few words over and over are no licence
            places.extend([-1, *here] if places else here)
    return places


def _costs(wanted: list[str], given: list[str]) -> int:
    """How often a word of the one is the same as a word of the other: so many steps comparing them takes at least."""
    counts = Counter(given)
    return sum(number * counts[word] for word, number in Counter(wanted).items())


def _begins_alike(wanted: _Text, done: int, given: _Text, at: int) -> bool:
    """Whether a text begins as the licence does, but for a word of the few before the first ones that are the same."""
    return 0 < done <= at and any(map(str.__eq__, wanted.words[:done], given.words[at - done : at]))


def _ends_so(wanted: _Text, done: int, given: _Text, at: int) -> int:
    """How many words of a text are the last ones of the licence, however they are numbered; 0 where they differ."""
    old = wanted.between(done, len(wanted.words))
    for count in range(max(len(old[0]) - 1, 1), min(len(old[1]) + 2, len(given.words) - at + 1)):
        new = given.between(at, at + count)
        if old[0] in new or new[0] in old:
            return count
    return 0


def _left_open(
    licence_id: str, wanted: _Text, gone: tuple[int, int], given: _Text, place: tuple[int, int], *, first: bool
) -> bool:
    """Whether a difference is one that the licence itself leaves open."""
    old, numbered = wanted.between(*gone)
    new, counted = given.between(*place) if place[1] else ([], [])
    if _same_words(old, numbered, new, counted) or not (old or new):
        return True
    # of "section 3" and "3. Terms" after it, which number is the one too many cannot be told
    if place[1] and _same_words(*wanted.around(*gone), *given.around(*place)):
        return True
    if first:  # the title is left out
        return not new and _heading(wanted.written(*gone), title=True)
    rest = " ".join(old)
    if not new:
        return rest.startswith(APPENDIX)
    if not old and _names_it(licence_id, given.written(*place)):
        return True
    return not set(TERMS.findall(" ".join(new))) - set(TERMS.findall(rest)) and _filled_in(wanted, old, new)


def _filled_in(wanted: _Text, old: list[str], new: list[str]) -> bool:
    """Whether words stand in a blank of the licence, or name other authors in a short one."""
    named = len(wanted.words) < SHORT and set(old) <= PARTIES and not AUTHOR.isdisjoint(old)
    blank = any("blank" in word for word in old)
    return (named or blank) and len(new) <= LEFT_OPEN and len(old) <= LEFT_OPEN


def _names_it(licence_id: str, text: str) -> bool:
    """Whether words within a licence are a line that names its authors, or its own short name beside the long one."""
    if AUTHORS.fullmatch(text) and _heading(text):
        return True
    return not WORD.search(_own(licence_id).sub(" ", text))


def _same_words(old: list[str], numbered: list[str], new: list[str], counted: list[str]) -> bool:
    """Whether words are the same, whatever numbers their clauses and wherever a hyphen or a dash joins two of them."""
    return any("".join(one) == "".join(other) for one in (old, numbered) for other in (new, counted))


def _with_additions(found: list[Match], given: _Text, taken: list[bool]) -> list[Match]:
    """What stands around the licences found counts as added to the last, where it is more than a heading."""
    if not found:
        return []
    ids = frozenset(match.licence.id for match in found)
    added, appended = [], ""
    for run in _runs(given, taken, ids):
        if any(one in ids and names.fullmatch(given.written(*run)) for one, names in APPENDED.items()):
            appended = given.quote(*run)
        else:
            added.append(Difference(licence_says="", text_says=given.quote(*run)))
    return [*found[:-1], replace(found[-1], differences=(*found[-1].differences, *added), appended=appended)]


def _runs(given: _Text, taken: list[bool], ids: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Words in a row that belong to no licence and are no heading of these."""
    start = None
    for at, used in enumerate([*taken, True]):
        if not used and start is None:
            start = at
        elif used and start is not None:
            written = given.written(start, at)
            for one in ids:
                written = _own(one).sub(" ", written)
            if not _heading(written) or _others(ids).search(written):
                yield start, at
            start = None


def _heading(text: str, *, title: bool = False) -> bool:
    """Whether words beside a licence only name it, the work, its authors or where it comes from.

    `title`: they are the licence's own first words, in which no terms are but those of its name.
    """
    text = COPYRIGHT.sub(lambda found: " " if _names(found[0]) else found[0], text)
    if TERMS.search(DATE.sub(" ", text)) and not title:
        return False
    text = AUTHORS.sub(lambda found: " " if _names(found[0]) else found[0], ADDRESS.sub(" ", text))
    said = _strange(text)
    if len(text.split()) > MORE or len(said) > LEFT_OPEN or any(map(_common, said)):
        return False
    return title or sum(word.isupper() and len(word) > 1 for word in said) <= LOUD


@cache
def _own(licence_id: str) -> re.Pattern[str]:
    """What a licence is called, by itself and by others."""
    licence = licences()[licence_id]
    titles = [text.original.strip().split("\n", 1)[0] for one, text, _ in _templates() if one == licence_id]
    return _called(licence.id, licence.name, *licence.hub, *titles)


@cache
def _others(ids: frozenset[str]) -> re.Pattern[str]:
    """What licences other than these are called; the mere name of a model or of its maker is none."""
    names, makers = ["cc-by"], set(MAKERS)
    for licence in licences().values():
        maker = next((name for name in MAKERS if licence.id.lower().startswith(name)), None)
        if licence.id in ids:
            makers.discard(maker or "")
            continue
        names.append(licence.name.rstrip("0123456789. "))
        if maker is None:
            names += [name for name in (licence.id, *licence.hub) if re.search(r"[-0-9]", name)]
    loose = rf"\b(?:{'|'.join(sorted(makers))})\b[^\n.]{{0,40}}?\b(?:licen[sc]es?|terms)\b"
    short = "|" + r"\blicen[sc]ed under\b[^\n.]{0,40}\bMIT\b" if "MIT" not in ids else ""
    return re.compile(f"{_called(*names).pattern}|{loose}{short}", re.I)


def _called(*names: str) -> re.Pattern[str]:
    """Any of the names, the longest first, however it is spaced, with or without the number of a version."""
    spaced = [
        r"[-_\s]+".join(map(re.escape, re.split(r"[-_\s]+", name))) for name in sorted(names, key=len, reverse=True)
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?:[-\s]v?[0-9][0-9.]*)?(?!\w)", re.I)


def _names(line: str) -> bool:
    """Whether a line that begins as a notice of copyright says no more than whose."""
    return not TERMS.search(NAME.sub("Name", line)) and sum(map(_common, _strange(ADDRESS.sub(" ", line)))) <= FEW


def _strange(text: str) -> list[str]:
    """The words that are not such as headings have."""
    return [found[0] for found in WORD.finditer(text) if found[0].lower() not in HEADING]


def _common(word: str) -> bool:
    """No name: it begins with a small letter, or is of a script that has none."""
    return word[0].isalpha() and not word[0].isupper()
