"""Sentences of an answer in the language of the passages, in the model's words: to check them by.

What supports a sentence is told by words, and two languages share none. So what an answer says in another language
than its passages is translated, by the model that wrote it, without the passages before it; the translation is then
held against them as any sentence is. It counts only where all that can be compared between two languages is as it was:
numbers, units, days, names, limits and denials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.answers.amounts import measures, numbers, other_units, weekdays, words_of
from app.answers.context import Passage
from app.answers.opposed import opposed, other_duty
from app.answers.phrases import language_of
from app.answers.prompt import harmless
from app.answers.prompt_files import Prompts
from app.answers.signs import denies
from app.answers.support import names_of
from app.asker import Asker
from app.records import Turn
from app.retrieval.asked import term_set
from app.serving.briefly import briefly
from app.serving.llm import LanguageModel
from storage.injection import aimed_at_model

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
TOKENS = 1200


def other_language(text: str, passages: Sequence[Passage]) -> str | None:
    """The passages' language, where it is not the text's."""
    theirs = language_of("\n".join(passage.text for passage in passages))
    return theirs if passages and theirs != language_of(text) else None


def translated(
    model: LanguageModel, sentences: Sequence[str], language: str, *, prompts: Prompts, seconds: float, asker: Asker
) -> Mapping[str, str]:
    """Each sentence's translation, without those that are not to be had or are none. Raises: Stopped."""
    asked = [text for text in dict.fromkeys(sentences) if len(text) <= LONGEST and aimed_at_model(text) is None][:MOST]
    if not asked or not seconds or language not in NAMES:
        return {}
    schema = {
        "type": "object",
        "properties": {
            "sentences": {
                "type": "array",
                "items": {"type": "string", "maxLength": LONGER * LONGEST},
                "minItems": len(asked),
                "maxItems": len(asked),
            }
        },
        "required": ["sentences"],
        "additionalProperties": False,
    }
    listed = "\n".join(f"{number}. {harmless(' '.join(text.split()))}" for number, text in enumerate(asked, 1))
    messages = [
        Turn(role="system", content=prompts.fill("translate.md", language=NAMES[language])),
        Turn(role="user", content=listed),
    ]
    found = briefly(model, messages, schema, tokens=TOKENS, seconds=seconds, asker=asker)
    told = found.get("sentences") if isinstance(found, dict) else None
    if not isinstance(told, list) or len(told) != len(asked):
        return {}
    return {
        text: said.strip()
        for text, said in zip(asked, told, strict=True)
        if isinstance(said, str) and faithful(text, said, into=language)
    }


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
    if denies(sentence) != denies(translation):
        return False
    said, told = measures(sentence), measures(translation)
    if any(other_units(units, told.get(number, frozenset())) for number, units in said.items()):
        return False
    if opposed(sentence, translation) or opposed(translation, sentence) or other_duty(sentence, translation):
        return False
    # days and units are compared above, each language having its own word for them
    known = words_of(frozenset().union(*said.values(), *told.values()))
    known |= frozenset().union(*(term_set(day) for day in weekdays(translation) | weekdays(sentence)))
    return names_of(translation, into) - known <= term_set(sentence) and (
        names_of(sentence, language_of(sentence)) - known <= term_set(translation)
    )


def _as_long(sentence: str, translation: str, into: str) -> bool:
    if len(translation) > LONGER * len(sentence) + MARGIN:
        return False
    if UNSPACED & {into, language_of(sentence)}:
        return True  # not counted in words
    return len(translation.split()) >= SHORTEST * len(sentence.split())
