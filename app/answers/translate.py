"""Sentences of an answer in the language of the passages, in the model's words: to check them by.

What supports a sentence is told by words, and two languages share none. So what an answer says in another language
than its passages is translated, by the model that wrote it, without the passages before it; the translation is then
held against them as any sentence is. It counts only where all that can be compared between two languages is as it was:
numbers, units, days, names, limits and denials.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.answers.amounts import measures, numbers, other_units, weekdays, words_of
from app.answers.context import Passage
from app.answers.duty import other_duty
from app.answers.limits import other_period
from app.answers.opposed import opposed
from app.answers.phrases import language_of
from app.answers.prompt import MARK, harmless
from app.answers.prompt_files import Prompts
from app.answers.signs import denies
from app.answers.support import names_of
from app.records import Turn
from app.retrieval.asked import term_set
from app.serving.briefly import Briefly
from storage.injection import aimed_at_model
from storage.words import terms

NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
}
MOST = 30  # sentences
LONGEST = 600  # characters of one; a longer one is none
LONGER = 4  # times its length, that no translation has: Chinese is short
MARGIN = 40  # characters more, for short ones
SHORTEST = 0.5  # of a sentence's words, in its translation: less leaves something out
UNSPACED = frozenset({"zh", "ja", "ko"})
MOST_TOKENS = 2 * 700  # of all translations: twice the longest answer, as it is set at first
_LATIN = re.compile(r"[A-Za-zÀ-ɏ][\w’'-]+", re.ASCII)
_LIST = re.compile(r"\[\s*(?=\")")
_NEXT = re.compile(r"\s*,\s*(?=\")")


def elsewhere(text: str, passages: Sequence[Passage]) -> bool:
    """Whether a passage is in another language than the text."""
    own = language_of(text)
    return any(language_of(passage.text) != own for passage in passages)


def translated(briefly: Briefly, sentences: Mapping[str, str], *, context: int, prompts: Prompts) -> Mapping[str, str]:
    """Each sentence's translation, without those that are not to be had in the model's time, or are none.

    `sentences`: each with the language of its passages; where these are several, only the most frequent is asked for.
    `context`: tokens of prompt and translations together. Raises: Stopped.
    """
    known = {text: language for text, language in sentences.items() if language in NAMES and len(text) <= LONGEST}
    if not known or not briefly.seconds:
        return {}
    ((language, _),) = Counter(known.values()).most_common(1)
    asked = [text for text, theirs in known.items() if theirs == language and aimed_at_model(text) is None][:MOST]
    if not asked:
        return {}
    messages = _messages(asked, language, prompts)
    while (counted := briefly.count(messages)) > context // 2 and len(asked) > 1:
        del asked[-1]  # what answers comes first
        messages = _messages(asked, language, prompts)
    tokens = min(MOST_TOKENS, context - counted)
    if tokens <= 0:
        return {}
    said = briefly.ask(messages, _schema(len(asked)), tokens=tokens)
    told, whole = _listed(said)
    if whole and len(told) != len(asked):
        return {}  # which is whose?
    found = {}
    for number, (text, translation) in enumerate(zip(asked, told, strict=False), 1):
        bare = MARK.sub("", translation).strip().removeprefix(f"{number}. ")
        if faithful(text, bare, into=language):
            found[text] = bare
    return found


def _messages(asked: Sequence[str], language: str, prompts: Prompts) -> list[Turn]:
    listed = "\n".join(f"{number}. {harmless(' '.join(text.split()))}" for number, text in enumerate(asked, 1))
    return [
        Turn(role="system", content=prompts.fill("translate.md", language=NAMES[language])),
        Turn(role="user", content=listed),
    ]


def _schema(number: int) -> dict[str, Any]:
    strings = {"type": "array", "items": {"type": "string", "maxLength": LONGER * LONGEST}}
    return {
        "type": "object",
        "properties": {"sentences": strings | {"minItems": number, "maxItems": number}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def _listed(said: str) -> tuple[list[str], bool]:
    """The strings of the list in what the model says, and whether its end was reached: whatever came whole counts, also
    where the rest took too long, and whatever stands around the list."""
    begins = _LIST.search(said)
    found: list[str] = []
    at = begins.end() if begins else len(said)
    while at < len(said):
        try:
            text, at = json.JSONDecoder().raw_decode(said, at)
        except ValueError:
            return found, False
        found.append(str(text))
        if (more := _NEXT.match(said, at)) is None:
            return found, said[at:].lstrip().startswith("]")
        at = more.end()
    return found, False


def faithful(sentence: str, translation: str, *, into: str) -> bool:
    """Whether all that can be compared between two languages is the same.

    >>> faithful("Mitarbeiter haben 28 Tage Urlaub.", "Employees have 28 days of leave.", into="en")
    True
    >>> faithful("Mitarbeiter haben 28 Tage Urlaub.", "Employees have 28 weeks of leave.", into="en")
    False
    """
    if language_of(translation) != into or not _as_long(sentence, translation, into):
        return False
    if numbers(sentence) != numbers(translation) or len(weekdays(sentence)) != len(weekdays(translation)):
        return False
    if denies(sentence) != denies(translation) or other_period(sentence, translation):
        return False
    said, told = measures(sentence), measures(translation)
    if any(other_units(units, told.get(number, frozenset())) for number, units in said.items()):
        return False
    if opposed(sentence, translation) or opposed(translation, sentence) or other_duty(sentence, translation):
        return False
    # days and units are compared above, each language having its own word for them
    known = words_of(frozenset().union(*said.values(), *told.values()))
    known |= frozenset().union(*(term_set(day) for day in weekdays(translation) | weekdays(sentence)))
    return _same_names(sentence, translation, into, known)


def _same_names(sentence: str, translation: str, into: str, known: frozenset[str]) -> bool:
    """Whether each has the other's names, but for `known` terms."""
    own = language_of(sentence)
    if (own in UNSPACED) != (into in UNSPACED):  # names are written in its own signs there, or stay Latin
        unspaced, other = (sentence, translation) if own in UNSPACED else (translation, sentence)
        latin = frozenset(term for word in _LATIN.findall(unspaced) for term in terms(word))
        return latin - known <= term_set(other)
    return names_of(translation, into) - known <= term_set(sentence) and (
        names_of(sentence, own) - known <= term_set(translation)
    )


def _as_long(sentence: str, translation: str, into: str) -> bool:
    if len(translation) > LONGER * len(sentence) + MARGIN:
        return False
    if UNSPACED & {into, language_of(sentence)}:
        return True  # not counted in words
    return len(translation.split()) >= SHORTEST * len(sentence.split())
