"""Whether a sentence says the contrary of the span it is closest to, in that span's own words.

"Fell" for "rose", "unpaid" for "paid", two names in each other's place, "all" for those of one place; and what
app/answers/limits.py and app/answers/duty.py tell. Deterministic, by tables of words; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, permutations

from app.answers.amounts import in_digits, numbers
from app.answers.contraries import CONTRARIES
from app.answers.duty import IF, ruled_otherwise
from app.answers.limits import limited_otherwise
from app.answers.scope import ALL
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms

NEARLY_ALL = 0.85  # of a claim's telling terms
EXCHANGED = 4  # of them at most, in each of two things that changed places
BETWEEN = 2  # of them at least, between two things that are no names
_CONTRARIES = [
    (frozenset(terms(" ".join(one))), frozenset(terms(" ".join(other))))
    for row in CONTRARIES
    for one, other in permutations(row, 2)
]
_UN = re.compile(r"\bun([^\W\d_]{4,})", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:]|,? (?:and|but|while|whereas|und|aber|während|et|mais) |[；，]")
_NAME = re.compile(r"[A-ZÄÖÜÉ][\w’'-]*[^\W\d_](?: [A-ZÄÖÜÉ][\w’'-]+)*")
_PLACED = re.compile(r"\b(?:in|at|on|for|of|from|near|since|during|per|under)(?: the)? $", re.IGNORECASE)
_PASSIVE = re.compile(r"\bby\b|[’']s\b|\b(?:von|durch|par|wird|werden|wurde|wurden)\b")
_LETTER = re.compile(r"(?<=[a-zäöüß]) ([A-HJ-Z])(?![\w.’'&/])")
_BY = re.compile(r"\w(?:ed|en|wn|ld|nt|de|pt|ut) by (?:the |an? |our |your |their )((?:[\w’'-]+ ?){1,3})")
_THEN = re.compile(r"\b(?:then|afterwards|subsequently|dann|danach|anschließend|puis|ensuite)\b|然后", re.I)
_LABEL = re.compile(r"(?:^|\n|[-*] ?)\**([A-ZÄÖÜ][\w-]+)[^|:\n]{0,40}:", re.MULTILINE)
_CAPITAL = re.compile(r"\**[A-ZÄÖÜ][\w-]+")


def opposed(claim: str, span: str) -> bool:
    """Whether the span says the contrary of the claim.

    >>> opposed("Deliveries arrive after 10:00.", "Deliveries arrive before 10:00.")
    True
    """
    said, told = in_digits(claim), in_digits(span)
    near = nearest(said, told)
    return (
        limited_otherwise(said, near, told)
        or ruled_otherwise(said, near, told)
        or _contrary(claim, span)
        or _negated(claim, near)
        or _other_letter(claim, span)
        or _of_one(said, told)
        or _other_order(said, near)
        or _by_another(said, near)
        or _exchanged(said, near)
    )


def _by_another(claim: str, near: str) -> bool:
    """Whether something is done by somebody else: "signed by the cook" for "signed by the porter"."""
    told = [frozenset(question_terms(name)) for name in _BY.findall(near)]
    for name in _BY.findall(claim):
        said = frozenset(question_terms(name))
        if said and told and all(other and said.isdisjoint(other) for other in told):
            return True
    return False


def _exchanged(claim: str, near: str) -> bool:
    """Whether two things have changed places around what is done: "the cook writes to the porter" for the reverse.

    Only where nearly all of the claim is in the sentence: an aside may be put elsewhere, and so may a condition, unless
    it is names that changed places around something else: "Bob paid Ann" for "Ann paid Bob".
    """
    if bool(_PASSIVE.search(claim)) != bool(_PASSIVE.search(near)):
        return False
    said, told = question_terms(claim), question_terms(near)
    shared = [term for term in said if term in told]
    if len(shared) < NEARLY_ALL * len(said):
        return False
    order = sorted(shared, key=told.index)
    runs = _runs([order.index(term) for term in shared])
    names = _names(claim) & _names(near)
    named = [term in names for term in order]
    for at in range(len(runs) - 2):
        one, between, other = runs[at : at + 3]
        mended = [*runs[:at], other, between, one, *runs[at + 3 :]]
        if [*chain.from_iterable(mended)] != [*range(len(order))] or max(len(one), len(other)) > EXCHANGED:
            continue
        if all(named[place] for place in between):  # "Ann, Bob and Cleo"
            continue
        both_named = all(any(named[place] for place in run) for run in (one, other))
        if both_named or (len(between) >= BETWEEN and not IF.search(claim)):
            return True
    return False


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Numbers cut where one does not follow the one before: 4 5 1 2 3 as 4 5 and 1 2 3."""
    runs: list[list[int]] = []
    for at in places:
        if runs and at == runs[-1][-1] + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def nearest(claim: str, span: str) -> str:
    """The sentence of the span that has most of the claim's words."""
    wanted = frozenset(terms(claim))
    sentences = [span[start:end] for start, end in sentence_spans(span)] or [span]
    return max(sentences, key=lambda sentence: len(wanted & frozenset(terms(sentence))))


def labels(text: str) -> frozenset[str]:
    """The names, as terms, before a colon or in the first cell of a row: what the rest is said of."""
    lines = text.splitlines()
    rows = [line.strip(" |").partition(" | ")[0].rpartition(": ")[2] for line in lines if " | " in line]
    others = "\n".join(line for line in lines if " | " not in line)
    names = [found[0] for row in rows if (found := _CAPITAL.match(row))] + _LABEL.findall(others)
    return frozenset(term for name in names for term in terms(name))


def _other_order(claim: str, near: str) -> bool:
    """Whether what comes first and what comes then have changed places."""
    sides = [[frozenset(question_terms(part)) for part in _THEN.split(text, maxsplit=1)] for text in (claim, near)]
    if any(len(each) != 2 for each in sides):
        return False
    (first, then), (told_first, told_then) = sides
    return bool(first & (told_then - told_first) and then & (told_first - told_then))


def _other_letter(claim: str, span: str) -> bool:
    """Whether the claim names another by its letter: "plan B" for "plan A"."""
    said, told = frozenset(_LETTER.findall(claim)), frozenset(_LETTER.findall(span))
    return bool(said and told) and not said <= told


def _of_one(claim: str, span: str) -> bool:
    """Whether the claim says of all what the sentence with its numbers, or nearest to it, says of something else."""
    if not ALL.search(claim) or ALL.search(span):
        return False
    wanted = numbers(claim)
    sentences = [span[start:end] for start, end in sentence_spans(span)]
    holding = [text for text in sentences if wanted and wanted <= numbers(text)]
    return bool(labels((holding or [nearest(claim, span)])[0]) - frozenset(terms(claim)))


def _contrary(claim: str, span: str) -> bool:
    """Whether a clause has one of two contrary words, and the clause of the span that is closest to it the other."""
    clauses = [frozenset(terms(part)) for part in _clauses(span)]
    for part in _clauses(claim):
        words = frozenset(terms(part))
        for mine, theirs in _CONTRARIES:
            if words.isdisjoint(mine) or not words.isdisjoint(theirs):
                continue
            rest = words - mine
            near = max(clauses, key=lambda clause: (len(rest & clause), -len(clause)))
            if near & theirs and not near & mine and rest & near:
                return True
    return False


def _clauses(text: str) -> list[str]:
    sentences = [text[start:end] for start, end in sentence_spans(text)] or [text]
    return [part for sentence in sentences for part in _CLAUSE.split(sentence) if part.strip()] or [text]


def _negated(claim: str, near: str) -> bool:
    """Whether one has a word where the other has its negation: "married" and "unmarried"."""
    said, told = (frozenset(terms(text)) for text in (claim, near))
    return any(
        base in other - own and negated not in other
        for text, own, other in ((claim, said, told), (near, told, said))
        for found in _UN.finditer(text)
        for negated, base in [(*terms(found[0])[:1], *terms(found[1])[:1])]
    )


def _names(text: str) -> frozenset[str]:
    """The terms of the names in a text that say neither where nor when; not those of words such as "The"."""
    names = (found for found in _NAME.finditer(text) if not _PLACED.search(text[: found.start()]))
    return frozenset(term for name in names if name[0].casefold() not in STOP_WORDS for term in terms(name[0]))
