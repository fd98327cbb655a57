"""Whether a sentence says the contrary of the span it is closest to, in that span's own words.

"After 10:00" for "before 10:00", "fell" for "rose", a number with another's year, two names in each other's place,
"must" for "may", "all" for those of one place. Deterministic, by tables of words; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.answers.amounts import in_digits
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms

ALIKE = 0.7  # part of the sentence's telling weight in the span, from which on other words for a limit are a contrary

# what is said before a number, or after it: that is the least, or the most
_FILL = r"(?:[^\W\d]+ |[€$£¥] ?){0,2}"
_MOST = (
    "at most|maximum|up to|(?:no|not) (?:more|longer|later|higher) than|(?:less|fewer|lower|shorter|earlier) than|"
    "under|below|before|until|till|within|(?:not|never) exceed|höchstens|maximal|bis|unter|weniger als|vor|innerhalb|"
    "binnen|moins de|au plus|avant"
)
_LEAST = (
    "at least|minimum|(?:no|not) (?:less|fewer|earlier|lower) than|(?:more|longer|later|higher|greater) than|over|"
    "above|after|beyond|exceed\\w*|mindestens|über|mehr als|nach|plus de|au moins|après"
)
_LIMITS = re.compile(
    rf"(?:(?P<most>\b(?:{_MOST})\b ?{_FILL}|不超过|不得超过|最多|至多|少于|低于)"
    rf"|(?P<least>\b(?:{_LEAST})\b ?{_FILL}|超过|至少|不少于|不低于|高于))(?P<number>\d[\d.:]*)",
    re.IGNORECASE,
)
_LIMITS_AFTER = re.compile(
    r"(?P<number>\d[\d.:]*) ?[^\W\d]{0,12} ?"
    r"(?:(?P<least>or (?:more|longer|later|above|over)|and (?:more|above|over)|以上|之后)"
    r"|(?P<most>or (?:less|fewer|below|under|earlier)|and (?:less|below|under)|以下|以内|之前))",
    re.IGNORECASE,
)
_CONTRARIES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(terms(one)), frozenset(terms(other)))
    for one, other in (
        (
            "grow grew grown rise rose risen increase climb higher raise steigen stieg gestiegen",
            "fall fell fallen drop decrease decline shrink shrank lower reduce sinken sank gesunken",
        ),
        ("before earlier vor", "after later nach"),
        ("first", "last"),
        ("minimum", "maximum"),
        ("include", "exclude"),
        ("gross brutto", "net netto"),
        ("internal", "external"),
        ("accept approve", "reject refuse decline"),
        ("mandatory compulsory obligatory", "optional voluntary"),
        ("paid", "unpaid"),
        ("always everybody everyone", "never nobody"),
        ("open", "close"),
        ("begin start", "end"),
        ("morning", "evening afternoon"),
        ("winter", "summer"),
        ("north", "south"),
        ("east", "west"),
        ("daily", "weekly monthly yearly annual"),
        ("buyer", "seller"),
        ("full-time", "part-time"),
        ("domestic", "foreign"),
        ("above over", "below under"),
    )
)
_CLAUSE = re.compile(r"[;:]|,? (?:and|but|while|whereas|und|aber|während|et|mais) |[；，]")
_BESIDE = re.compile(
    r"(?P<number>\d[\d.:]*)(?: ?[^\W\d]+| ?%)?,? (?:in|of|for|im|für|en|au|aux) (?:the )?"
    r"(?P<beside>(?:19|20)\d\d|[A-ZÄÖÜ][\w-]+)"
)
_NAME = re.compile(r"[A-ZÄÖÜÉ][\w’'-]*[^\W\d_](?: [A-ZÄÖÜÉ][\w’'-]+)*")
_PLACED = re.compile(r"\b(?:in|at|on|for|of|from|near|since|during|per|under)(?: the)? $", re.IGNORECASE)
_PASSIVE = re.compile(r"\bby\b|[’']s\b|\b(?:von|durch|par|wird|werden|wurde|wurden)\b")
_DUTY = re.compile(
    r"\b(?:must|shall|required|mandatory|compulsory|obliged|ha(?:ve|s) to|needs? to|müssen|muss)\b|必须", re.I
)
_CHOICE = re.compile(r"\b(?:may|might|can|could|optional|voluntary|are free to|können|kann|darf|dürfen)\b|可以", re.I)
_ALL = re.compile(
    r"\b(?:all|every|everyone|everybody|always|any|each|alle[nrs]?|jede[nrms]?|immer|tous|toutes|toujours)\b|所有|全部|每",
    re.I,
)
_NO_EXCEPTION = re.compile(
    r"\b(?:not even|never|always|without exception|under no circumstances|niemals|nie|immer)\b", re.I
)
_EXCEPTION = re.compile(r"\b(?:except|unless|apart from|außer|es sei denn|sauf)\b|除", re.I)
_FIGURE = re.compile(r"\d[\d.]*")
_LABEL = re.compile(r"(?:^|[\n|] ?|[-*] )\**([A-ZÄÖÜ][\w-]+)[^|:\n]{0,40}(?:\|(?![\s|:-]*$)|:)", re.MULTILINE)


def opposed(claim: str, span: str, covered: float) -> bool:
    """Whether the span says the contrary of the claim. `covered`: the part of the claim's telling weight in it.

    >>> opposed("Deliveries arrive after 10:00.", "Deliveries arrive before 10:00.", 1.0)
    True
    """
    said, told = in_digits(claim), in_digits(span)
    near = nearest(said, told)
    return (
        (covered >= ALIKE and _other_limit(said, told))
        or _contrary(said, told)
        or _beside_other(said, told)
        or _changed_places(claim, nearest(claim, span))
        or (bool(_DUTY.search(said)) and bool(_CHOICE.search(near)) and not _DUTY.search(told))
        or (bool(_NO_EXCEPTION.search(said)) and bool(_EXCEPTION.search(near)) and not _EXCEPTION.search(said))
        or (bool(_ALL.search(said)) and not _ALL.search(told) and _of_one(said, told))
    )


def nearest(claim: str, span: str) -> str:
    """The sentence of the span that has most of the claim's words."""
    wanted = frozenset(terms(claim))
    sentences = [span[start:end] for start, end in sentence_spans(span)] or [span]
    return max(sentences, key=lambda sentence: len(wanted & frozenset(terms(sentence))))


def labels(text: str) -> frozenset[str]:
    """The names, as terms, before a colon or in the first cell of a row: what the rest is said of."""
    return frozenset(term for name in _LABEL.findall(text) for term in terms(name))


def _of_one(claim: str, span: str) -> bool:
    """Whether what holds the claim's numbers, or is nearest to it, is said of something that it does not name."""
    wanted = frozenset(_FIGURE.findall(claim))
    sentences = [span[start:end] for start, end in sentence_spans(span)]
    holding = [text for text in sentences if wanted and wanted <= frozenset(_FIGURE.findall(text))]
    return bool(labels((holding or [nearest(claim, span)])[0]) - frozenset(terms(claim)))


def _other_limit(claim: str, span: str) -> bool:
    """Whether a number is the least here and the most there."""
    told = list(_limits(span))
    for number, least in _limits(claim):
        directions = {other for same, other in told if same == number}
        if directions and least not in directions:
            return True
    return False


def _limits(text: str) -> Iterator[tuple[str, bool]]:
    for pattern in (_LIMITS, _LIMITS_AFTER):
        for found in pattern.finditer(text):
            yield found["number"].rstrip(".:"), found["least"] is not None


def _contrary(claim: str, span: str) -> bool:
    """Whether a clause has one of two contrary words, and the clause of the span that is closest to it the other."""
    clauses = [frozenset(terms(part)) for part in _clauses(span)]
    for part in _clauses(claim):
        words = frozenset(terms(part))
        for one, other in _CONTRARIES:
            for mine, theirs in ((one, other), (other, one)):
                if not words & mine or words & theirs:
                    continue
                rest = words - mine
                near = max(clauses, key=lambda clause: (len(rest & clause), -len(clause)))
                if near & theirs and not near & mine and rest & near:
                    return True
    return False


def _clauses(text: str) -> list[str]:
    sentences = [text[start:end] for start, end in sentence_spans(text)] or [text]
    return [part for sentence in sentences for part in _CLAUSE.split(sentence) if part.strip()] or [text]


def _beside_other(claim: str, span: str) -> bool:
    """Whether a number stands with a year or place that stands with another number in the span."""
    told = [(found["number"], found["beside"]) for found in _BESIDE.finditer(span)]
    for found in _BESIDE.finditer(claim):
        number, beside = found["number"], found["beside"]
        own = {other for same, other in told if same == number}
        if own and beside not in own and any(other == beside for _, other in told):
            return True
    return False


def _changed_places(claim: str, sentence: str) -> bool:
    """Whether two names have changed places and everything else is as it was: "Bob paid Ann" for "Ann paid Bob"."""
    names = [name for name in _names(sentence) if name in claim]
    order = sorted(names, key=claim.find)
    if len(order) != 2 or order == names or bool(_PASSIVE.search(claim)) != bool(_PASSIVE.search(sentence)):
        return False
    if any(_PLACED.search(text[: text.find(name)]) for text in (claim, sentence) for name in order):
        return False
    between = [text[min(ends) : max(starts)] for text in (claim, sentence) for starts, ends in [_places(text, order)]]
    if not all(frozenset(terms(part)) - STOP_WORDS for part in between):  # "Ann and Bob"
        return False
    return frozenset(question_terms(claim)) <= frozenset(terms(sentence))


def _names(sentence: str) -> list[str]:
    """The names of a sentence in their order, without words such as "The" that begin it."""
    return [name for name in dict.fromkeys(_NAME.findall(sentence)) if name.casefold() not in STOP_WORDS]


def _places(text: str, names: Sequence[str]) -> tuple[list[int], list[int]]:
    starts = [text.find(name) for name in names]
    return starts, [start + len(name) for start, name in zip(starts, names, strict=True)]
