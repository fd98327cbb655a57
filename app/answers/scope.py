"""Whether a sentence says of more things, or of fewer, what a passage says of these: all for some, only for also.

Who says "always" where it is "usually", "any bill" where it is "any bill over EUR 90", or "only the porter" where the
porter is but one, adds what nobody wrote. Deterministic, by tables of words; knows no passage and no model.
"""

from __future__ import annotations

import re

from app.answers.amounts import in_digits
from app.answers.signs import denies
from app.answers.times import WORDS
from storage.words import STOP_WORDS, terms

ALL = re.compile(
    r"\b(?:all|every|everyone|everybody|always|any|each|alle[nrs]?|jede[nrms]?|immer|tous|toutes|toujours)\b|所有|全部|每",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"\b(?:never|not even|without exception|under no circumstances|nie|niemals)\b|从不", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:most|mostly|mainly|many|usually|typically|generally|normally|often|frequently|primarily|in general|"
    r"as a rule|meist\w*|viele|oft|häufig|in der regel|la plupart|souvent)\b|大多|通常|一般",
    re.IGNORECASE,
)
_BUT = re.compile(r"\b(?:except|unless|apart from|außer|es sei denn|sauf)\b|除", re.IGNORECASE)
_SOME = re.compile(
    r"\b(?:some|several|certain|few|sometimes|occasionally|rarely|einige[nr]?|manche[nrs]?|wenige[nr]?|manchmal|selten|"
    r"quelques|certaine?s|parfois|rarement)\b|有些|一些|部分|有时",
    re.IGNORECASE,
)
_PERIODS = re.compile(
    r"\b(?:every|each|all|per|jede[nsr]?|chaque) (?:\w+ )?"
    rf"(?:times?|{'|'.join(map('|'.join, WORDS.values()))})\b|每[年月周天日]",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"(?<!\bnot )(?<!-)\b(?:only|solely|exclusively|nur|ausschließlich|seulement|uniquement|solamente)\b|[只仅]",
    re.IGNORECASE,
)
_NO_OTHER = re.compile(
    r"\b(?:only|solely|exclusively|unless|except\w*|other than|limited|restricted|reserved|just|sole|at most|up to"
    r"|no more|nur|ausschließlich|außer|lediglich|höchstens|seulement|uniquement|sauf)\b|[只仅限除]",
    re.IGNORECASE,
)
_OF = r"(?:of )?(?:(?:the|our|your|their|these|those|such|der|die|das|les) )?"
_ALL_OF = re.compile(rf"\b(?:all|every|any|each|alle[nrs]?|jede[nrms]?|tous|toutes) {_OF}", re.IGNORECASE)
_EVERYBODY = re.compile(r"\b(?:everyone|everybody)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")
_NARROWS = re.compile(
    r",? (?:who|that|which|whose|with|without|over|under|above|below|more|less|older|longer|from|based|hired|after|"
    r"before|die|der|das|mit|ohne|über|unter|ab|qui|avec|sans)\b"
)
# "for full-time " before staff: words that say of which kind, and one before them that they do not begin with
_KIND = re.compile(
    r"(?:\b(?:for|of|by|with|in|the|an?|all|any|every|each|only|für|von|mit|der|die|das|alle|pour|de|des|les) |^|[,:] )"
    r"((?:[^\W_]+[ -]){1,3})$",
    re.IGNORECASE,
)
_SINGLED_OUT = re.compile(
    r"\bthe (?:very )?(first|last|only|largest|biggest|smallest|highest|lowest|best|worst|oldest|newest)\b"
    r"(?! (?:and|or|step|time|day|week|month|year|of)\b)",
    re.IGNORECASE,
)
FOLLOWING = 3  # words after "all", the thing among them
NARROWING = 3  # telling words that say which of the things


def singled_out(claim: str, span: str) -> bool:
    """Whether the claim calls something the first, the only or the largest, and the span says so of nothing."""
    known = frozenset(terms(in_digits(span)))
    return any(known.isdisjoint(terms(found[1])) for found in _SINGLED_OUT.finditer(claim))


def widened(claim: str, near: str, span: str) -> bool:
    """Whether the claim holds for more, or for nobody else, than `near` says, the sentence of a span closest to it.

    >>> widened("All rooms have a phone.", "Some rooms have a phone.", "Some rooms have a phone.")
    True
    """
    said, told = (_PERIODS.sub(" ", in_digits(text)) for text in (claim, near))
    if _ONLY.search(said) and not _NO_OTHER.search(span) and not denies(near):
        return True
    return 0 < _rank(told) < _rank(said) or _drops_a_limit(said, told, span) or _drops_only(said, told, span)


def _rank(text: str) -> int:
    """How many a text speaks of: 3 all, 2 most, 1 some; 0 where it does not say. An exception leaves most."""
    if _BUT.search(text):
        return 2
    if ALL.search(text) or _ALWAYS.search(text):
        return 3
    return 2 if _MOST.search(text) else 1 if _SOME.search(text) else 0


def _drops_a_limit(said: str, told: str, span: str) -> bool:
    """Whether all of a thing are spoken of where `told` says which of them: "any bill" for "any bill over 90"."""
    known = frozenset(terms(said))
    asked = (said, told) if _EVERYBODY.search(said) else (said,)
    named = [text[found.end() :] for text in asked for found in _ALL_OF.finditer(text)]
    for following in named:
        things = _WORD.findall(following)[:FOLLOWING]
        limits = next((each for text in (told, span) for thing in things if (each := _limits(thing, text))), [])
        if limits and all(limit and known.isdisjoint(limit) for limit in limits):
            return True
    return False


def _drops_only(said: str, told: str, span: str) -> bool:
    """Whether "only" is left out and something added: "cooks and waiters may enter" for "only cooks may enter".

    That cooks may enter is as true without it.
    """
    if _NO_OTHER.search(said) or denies(said) or frozenset(_telling(said)) <= frozenset(terms(span)):
        return False
    known = frozenset(terms(said))
    return any(
        not told[: found.start()].strip() or not known.isdisjoint(_telling(told[found.end() :])[:FOLLOWING])
        for found in _ONLY.finditer(told)
    )


def _limits(thing: str, told: str) -> list[frozenset[str]]:
    """For each time that a thing is named, the terms that say which of its kind are meant."""
    name, found = terms(thing), []
    for word in _WORD.finditer(told):
        if terms(word[0]) != name or thing.casefold() in STOP_WORDS:
            continue
        kind, which = _KIND.search(told[: word.start()]), _NARROWS.match(told, word.end())
        following = _telling(told[which.end() :])[:NARROWING] if which else []
        found.append(frozenset([*(_telling(kind[1]) if kind else ()), *following]))
    return found


def _telling(text: str) -> list[str]:
    return [term for word in _WORD.findall(text) if word.casefold() not in STOP_WORDS for term in terms(word)]
