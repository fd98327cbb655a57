"""What is said to us and asked of no document: greetings, thanks, "What can you do?", and questions without a subject.

Such words are close to something in any collection, and nothing there answers them. Knows a few set forms in each
language; knows no document and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.answers.phrases import function_words, in_language, phrases
from app.records import Turn
from app.retrieval.asked import ASKING
from storage.words import question_terms, terms, unspaced_share

UNSPACED = 0.2  # of a question's letters: its subject is not told from the words of asking
FEWEST_WORDS = 2  # of a question that may be said to have no subject: "Policy" is one

_NAMES = re.compile(r"\s\W*\w*[A-ZÀ-Þ\d]")  # "Who works in IT?" has a subject, though "it" tells nothing


@dataclass(frozen=True, kw_only=True)
class _Forms:
    """Whole messages in one language, as patterns of small letters without signs at their end."""

    greeting: str
    thanks: str
    about_us: str


_FORMS = {
    "en": _Forms(
        greeting=r"hi|hello|hey|good (?:morning|afternoon|evening|day)|how are you(?: today)?",
        thanks=r"(?:many )?thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|cheers|ok(?:ay)?|great|perfect|"
        r"(?:good)?bye",
        about_us=r"help|help me|can you help(?: me)?|i (?:need help|have a question)|(?:who|what) are you|"
        r"what (?:can|do) you (?:do|know|help(?: me)? with|answer)|what can i ask(?: you)?|"
        r"how do you work",
    ),
    "de": _Forms(
        greeting=r"hallo|moin|servus|grüß gott|grüezi|guten (?:morgen|tag|abend)|wie geht(?:['’]s| es dir| es ihnen)",
        thanks=r"(?:vielen |herzlichen )?dank|danke(?: schön| sehr| dir| ihnen)?|super|prima|tschüss|auf wiedersehen",
        about_us=r"hilfe|hilf mir|kannst du mir helfen|können sie mir helfen|wer bist du|wer sind sie|was bist du|"
        r"was (?:kannst|weißt) du|was (?:können|wissen) sie|was kann ich (?:dich |sie )?fragen",
    ),
    "fr": _Forms(
        greeting=r"bonjour|bonsoir|salut|ça va|comment (?:allez-vous|vas-tu)",
        thanks=r"merci(?: beaucoup| bien)?|au revoir",
        about_us=r"aide|aidez-moi|aide-moi|qui (?:êtes-vous|es-tu)|que (?:pouvez-vous|peux-tu|savez-vous) faire",
    ),
    "es": _Forms(
        greeting=r"hola|buen[oa]s (?:días|tardes|noches)|(?:qué|cómo) (?:tal|está|estás)",
        thanks=r"(?:muchas )?gracias|adiós",
        about_us=r"ayuda|ayúdame|quién (?:eres|es usted)|qué (?:puedes|puede|sabes) hacer",
    ),
    "it": _Forms(
        greeting=r"ciao|buongiorno|buonasera|come (?:stai|va)",
        thanks=r"grazie(?: mille)?|arrivederci",
        about_us=r"aiuto|aiutami|chi sei|(?:che )?cosa (?:puoi|sai) fare",
    ),
    "pt": _Forms(
        greeting=r"olá|oi|bom dia|boa (?:tarde|noite)|tudo bem",
        thanks=r"(?:muito )?obrigad[oa]|tchau",
        about_us=r"ajuda|quem é você|(?:o )?que você (?:pode|sabe) fazer",
    ),
    "nl": _Forms(
        greeting=r"hoi|goede(?:morgen|middag|navond|ndag)|hoe gaat het",
        thanks=r"(?:heel erg )?(?:bedankt|dank je(?: wel)?|dank u(?: wel)?)|tot ziens",
        about_us=r"help mij|wie ben je|wie bent u|wat (?:kan|kun|weet) je|wat kunt u",
    ),
    "zh": _Forms(
        greeting=r"你好|您好|早上好|下午好|晚上好|大家好",
        thanks=r"(?:非常)?(?:谢谢|感谢)(?:你|您)?|多谢|再见|好的",
        about_us=r"帮助|帮帮我|你是谁|您是谁|你(?:能|会|可以)做什么|您(?:能|会|可以)做什么|我(?:能|可以)问(?:你)?什么",
    ),
    "ja": _Forms(
        greeting=r"こんにちは|おはよう(?:ございます)?|こんばんは",
        thanks=r"ありがとう(?:ございます|ございました)?|さようなら",
        about_us=r"ヘルプ|あなたは誰ですか|何ができますか",
    ),
    "ko": _Forms(
        greeting=r"안녕(?:하세요)?",
        thanks=r"감사합니다|고마워요?|고맙습니다",
        about_us=r"도움말|도와주세요|누구세요|무엇을 할 수 있나요",
    ),
}
# "Hello there!", "Hi, can you help me?", "Danke, tschüss"
_TO_WHOM = r"(?:[ ,]*(?:there|all|everyone|team|premise|zusammen|à tous|a todos|a tutti))?"
_KINDS = tuple(
    (
        language,
        re.compile(rf"(?:(?:{forms.greeting}|{forms.thanks}){_TO_WHOM}[ ,.!，！。]*)*(?:{forms.about_us})"),
        re.compile(rf"(?:{forms.greeting}){_TO_WHOM}(?:[ ,.!，！。]+(?:{forms.greeting}))?"),
        re.compile(rf"(?:(?:{forms.thanks}){_TO_WHOM}[ ,.!，！。]*)+"),
    )
    for language, forms in _FORMS.items()
)


def aside(question: str, history: Sequence[Turn]) -> str | None:
    """What to say to it, in its language; None where it asks something of the documents.

    >>> aside("Thanks!", ())
    'You are welcome.'
    """
    said = " ".join(question.casefold().split()).strip(" .,!?…。！？¿¡:)")
    for language, about_us, greeting, thanks in _KINDS:
        found = in_language(language)
        if about_us.fullmatch(said) or greeting.fullmatch(said):
            return found.introduction
        if thanks.fullmatch(said):
            return found.welcome
    return phrases(question).vague if not history and _has_no_subject(question) else None


def but_asides(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """The conversation without greetings and thanks: a follow-up refers to what was asked before them."""
    return tuple(turn for turn in history if turn.role != "user" or aside(turn.content, history) is None)


def _has_no_subject(question: str) -> bool:
    """Whether it holds nothing but words of asking: "How much?", "When is it?"."""
    if unspaced_share(question) > UNSPACED or len(question.split()) < FEWEST_WORDS or _NAMES.search(question):
        return False
    empty = ASKING | {term for word in function_words(question) for term in terms(word)}
    return not any(term not in empty for term in question_terms(question))
