"""Whether a sentence is one of a passage with a fact in it replaced: another number, unit, day, degree, thing or name.

Both are laid side by side, word by word. What stands between the same words in both is compared: two numbers, two
things behind one number, two words of which the table knows that each excludes the other, and a thing that the passage
speaks of elsewhere. Deterministic; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from app.answers.amounts import in_digits
from app.answers.contraries import EXCLUDING
from app.answers.phrases import idle_words, language_of
from app.retrieval.asked import term_set
from storage.recollection import remembered
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms, unspaced_share

LONGEST = 3  # words of what may have been replaced
NEGATED = 4  # letters of a word that a syllable may negate
SAME_END = 4  # words at the ends of both, for their beginnings to be compared
NAMED_IN_FULL = 3  # telling words: what has so many is not another name for what was said before
BESIDE = 2  # words on each side of what was replaced
MOST_OF_IT = 0.6  # of the shorter one's words stand in both, in order: then the rest is what was changed


def _places() -> dict[str, dict[int, int]]:
    """The rows that a word is in, by its term, each with its place there."""
    found: dict[str, dict[int, int]] = {}
    for row, places in enumerate(EXCLUDING):
        for place, words in enumerate(places):
            for word in words:
                found.setdefault(_form(word), {})[row] = place
    return found


def _form(word: str) -> str:
    return next(iter(terms(word)), word)


_PLACES = _places()
_BEFORE_THING = (
    "the|an?|this|that|these|those|by|of|your|their|our|its|his|her|in|to|for|with|der|die|das|den|dem|des|eine?|"
    "eine[nmr]|vom|von|zum|zur|le|la|les|une?|du|par"
)
_BEFORE = re.compile(_BEFORE_THING)
_GOES_BACK = re.compile(
    r"(?:The|This|That|These|Those|D(?:er|ie|as)|Dies\w*|L[ea]s?|L['’]|Cet\w*|Ce|Ces|El|Los?|Las|Il|Os?|As)\b"
)
_WORD = re.compile(
    r"\d+(?:[.,:/]\d+)*|[%$€£¥]|[美欧日]元|人民币|英镑|公里|小时|分钟|星期|[\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+(?:[’'][^\W\d_]+)?"
)
_SPELT = (
    (re.compile(r"\bonce(?= (?:an?|per|every|each|in)\b)", re.IGNORECASE), "1 times"),
    (re.compile(r"\b(?:first|one)\b", re.IGNORECASE), "1"),
    (re.compile(r"\bpercent\b", re.IGNORECASE), "%"),
    (re.compile(r"(?<=\d)(?:st|nd|rd|th)\b"), ""),
    (re.compile(r"\bcan['’]t\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon['’]t\b", re.IGNORECASE), "will not"),
    (re.compile(r"(?<=\w)n['’]t\b|(?<=can)not\b", re.IGNORECASE), " not"),
    (re.compile(r"(?<=\w)['’]re\b", re.IGNORECASE), " are"),
)
_ASIDE = re.compile(r"^\W*\d{1,3}[.)](?=\s)|\bhttps?://\S+")  # the number of an item in a list; an address
_NAME = re.compile(r"(?<=[\w,;:’')] )[A-ZÄÖÜÉ][\w’'-]+")
_BEHIND = re.compile(r"%|million|billion|thousand|hundr|万|亿")
_TO = frozenset(["to", "and", "or", "bis", "und"])
_DENIALS = frozenset(["not", "no", "never", "nicht", "kein", "nie", "pas", "不", "没", "无", "非", "未"])
_NEGATING = ("un", "in", "im", "ir", "dis", "non")
_IDLE = STOP_WORDS | frozenset(
    term for language in ("de", "fr", "es", "it", "pt", "nl") for word in idle_words(language) for term in terms(word)
)


def altered(claim: str, near: str, text: str) -> bool:
    """Whether the claim is the sentence `near` of a text with something in it replaced by what excludes it.

    >>> altered("It is open for five days.", "It is open for five weeks.", "")
    True
    >>> altered("The works council pays us.", "The press office pays us.", "Ask the works council.")
    True
    """
    said, told = written(claim), written(near)
    forms, known = [_form(word) for word in said], [_form(word) for word in told]
    codes = SequenceMatcher(None, forms, known, autojunk=False).get_opcodes()
    alike = sum(end - start for kind, start, end, _, _ in codes if kind == "equal")
    if alike < MOST_OF_IT * min(len(said), len(told)):
        return False
    alone = sum(kind != "equal" for kind, *_ in codes) == 1
    for kind, start, end, first, last in codes:
        put, old = said[start:end], told[first:last]
        if kind == "replace" and max(len(put), len(old)) <= LONGEST and not _short(put, old):
            number = start > 0 and first > 0 and known[first - 1][0].isdigit() and known[first - 1] != "1"
            if _excludes(put, old, behind_number=number) or _another_name(put, old, claim, near, text, alone=alone):
                return True
            if _another_thing(said, told, (start, end, first, last), text, alone=alone):
                return True
        elif kind in {"insert", "delete"} and len(put or old) == 1 and (put or old)[0] in _DENIALS:
            if said[end : end + 1] != ("only",) and told[last : last + 1] != ("only",):
                return True
        elif kind == "insert" and first and known[first - 1][0].isdigit() and _BEHIND.fullmatch(known[first]):
            other = start + (said[start : start + 1] != () and said[start] in _TO)  # "20 to 30%" for "20% to 30%"
            if forms[other + 1 : other + 2] != [known[first]]:
                return True
    return _another_subject(said, told, _tail(forms, known), near, text)


def in_order(claim: str, near: str) -> int:
    """How many words of the claim stand in the same order in a sentence."""
    return len(in_same_order(forms(claim), forms(near)))


def in_same_order(said: Sequence[str], told: Sequence[str]) -> dict[int, int]:
    """The places of those words that stand in the same order among the others, each with its place there."""
    blocks = SequenceMatcher(None, said, told, autojunk=False).get_matching_blocks()
    return {block.a + at: block.b + at for block in blocks for at in range(block.size)}


def forms(text: str, *, telling: bool = False) -> list[str]:
    """The words of a text in order, each as the index has it; those that tell alone, unless there are no others."""
    words = written(text)
    chosen = [word for word in words if word not in STOP_WORDS] if telling else []
    return [_form(word) for word in chosen or words]


def _excludes(put: Sequence[str], old: Sequence[str], *, behind_number: bool) -> bool:
    """Whether one cannot be where the other is."""
    if not _DENIALS.isdisjoint((*put, *old)):  # "not always" for "sometimes"
        return False
    figures, others = ({word for word in words if word[0].isdigit()} for words in (put, old))
    if figures and others:
        return figures != others
    if any(_apart(one, other) for one in (*put, "".join(put)) for other in (*old, "".join(old))):
        return True
    return behind_number and _latin(put[0]) and _latin(old[0]) and not _same(put[0], old[0])


def _apart(one: str, other: str) -> bool:
    """Whether the table has both in a row, and not as the same; or one is the other with a syllable that negates."""
    places, others = (_PLACES.get(_form(word), {}) for word in (one, other))
    rows = places.keys() & others.keys()
    if rows:
        return all(places[row] != others[row] for row in rows)
    if min(len(one), len(other)) < NEGATED:
        return False
    return any(long == f"{sign}{short}" for sign in _NEGATING for long, short in ((one, other), (other, one)))


def _same(one: str, other: str) -> bool:
    places, others = (_PLACES.get(_form(word), {}) for word in (one, other))
    return _form(one) == _form(other) or any(places[row] == others[row] for row in places.keys() & others.keys())


def _latin(word: str) -> bool:
    return word.isalpha() and word.isascii() and word not in _IDLE


def _another_thing(
    said: Sequence[str], told: Sequence[str], where: tuple[int, int, int, int], text: str, *, alone: bool
) -> bool:
    """Whether a thing that the text speaks of elsewhere stands where the sentence has another.

    `alone`: all else is the same; otherwise a thing of both may have been put elsewhere.
    """
    start, end, other_start, other_end = where
    first = next((at for at in range(start, end) if not _BEFORE.fullmatch(said[at])), end)
    if first == end or not first or not _BEFORE.fullmatch(said[first - 1]):
        return False
    put, old = " ".join(said[first:end]), " ".join(told[other_start:other_end])
    if _IDLE.issuperset(told[other_start:other_end]) or _IDLE.issuperset(said[first:end]):  # a pronoun
        return False
    if not alone and not _moved_in(put, old, " ".join(said), " ".join(told)) and not _between(said, told, where):
        return False
    return re.search(rf"\b(?:{_BEFORE_THING}) {re.escape(put)}\b", " ".join(text.split()), re.IGNORECASE) is not None


def _between(said: Sequence[str], told: Sequence[str], where: tuple[int, int, int, int]) -> bool:
    """Whether it stands between the same words, and the sentence has nothing of it anywhere."""
    start, end, first, last = where
    before, after = said[max(0, start - BESIDE) : start], said[end : end + BESIDE]
    same = before == told[max(0, first - BESIDE) : first] and after == told[last : last + BESIDE]
    new = term_set(" ".join(told)).isdisjoint(question_terms(" ".join(said[start:end])))
    return same and new and len(before) == len(after) == BESIDE


def _another_name(put: Sequence[str], old: Sequence[str], claim: str, near: str, text: str, *, alone: bool) -> bool:
    """Whether a name that the text has stands in the place of another. In German every noun looks like one."""
    mine, theirs = ([word for word in words if word in _names(said)] for words, said in ((put, claim), (old, near)))
    if not mine or not theirs or not set(mine).isdisjoint(theirs) or language_of(near) == "de":
        return False
    if not alone and not _moved_in(" ".join(mine), " ".join(theirs), claim, near):
        return False
    return term_set(" ".join(mine)) <= term_set(text)


def _tail(forms: Sequence[str], known: Sequence[str]) -> int:
    """How many words both have at their ends."""
    pairs = zip(reversed(forms), reversed(known), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _another_subject(said: Sequence[str], told: Sequence[str], tail: int, near: str, text: str) -> bool:
    """Whether one goes on as the other after what it is about, and that is what another sentence of the text begins
    with. "The company" may be what the claim calls by its name: what has an article and no name is not compared."""
    size = len(said) - tail
    mine, begins = said[:size], told[: len(told) - tail]
    if tail < SAME_END or tail < MOST_OF_IT * min(len(said), len(told)) or _BEFORE.fullmatch(said[size]):
        return False
    put, old = (frozenset(question_terms(" ".join(words))) for words in (mine, begins))
    if _IDLE.issuperset(mine) or _IDLE.issuperset(begins) or put & old or unspaced_share(near):
        return False
    if len(old) < NAMED_IN_FULL and _GOES_BACK.match(near.lstrip(" -*•")) and not _names(near) & {*begins}:
        return False
    others = (text[start:end] for start, end in sentence_spans(text) if text[start:end] != near)
    return any(put <= term_set(" ".join(written(other)[: size + 2])) for other in others)


def _short(put: Sequence[str], old: Sequence[str]) -> bool:
    """Whether one has the other's first letters: "EU" and "European Union"."""
    letters = (("".join(word[0] for word in one), other) for one, other in ((old, put), (put, old)))
    return any(len(initials) > 1 and initials in words for initials, words in letters)


def _moved_in(put: str, old: str, claim: str, near: str) -> bool:
    """Whether the one thing is in the claim alone and the other in the sentence alone."""
    mine, theirs = (frozenset(question_terms(said)) for said in (claim, near))
    return theirs.isdisjoint(question_terms(put)) and mine.isdisjoint(question_terms(old))


@remembered(4096)
def _names(text: str) -> frozenset[str]:
    return frozenset(name.casefold() for name in _NAME.findall(text))


@remembered(4096)
def written(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, its numbers in digits; each Chinese sign is one."""
    told = in_digits(_ASIDE.sub(" ", text)).replace("-", " ")
    for pattern, spelt in _SPELT:
        told = pattern.sub(spelt, told)
    return tuple(word.casefold() for word in _WORD.findall(in_digits(told)))
