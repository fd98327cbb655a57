"""What is said to us and asked of no document: greetings, thanks, "What can you do?", questions about the conversation
itself ("What did I ask first?") and questions without a subject.

Such words are close to something in any collection, and nothing there answers them. Knows a few set forms in each
language; knows no document and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.answers.cite import readable
from app.answers.phrases import function_words, in_language, phrases
from app.records import Turn
from app.retrieval.asked import ASKING
from storage.words import question_terms, terms, unspaced_share

UNSPACED = 0.2  # of a question's letters: its subject is not told from the words of asking
FEWEST_WORDS = 2  # of a question that may be said to have no subject: "Policy" is one
LONGEST = 200  # characters of an earlier question that are told again

_NAMES = re.compile(r"\s\W*\w*[A-ZÀ-Þ\d]")  # "Who works in IT?" has a subject, though "it" tells nothing


class _Form(StrEnum):
    """What is said so."""

    ABOUT_US = "about us"
    GREETING = "greeting"
    THANKS = "thanks"
    ASKED = "asked"  # asks what the person asked before
    TOLD = "told"  # asks what was answered, or spoken of


@dataclass(frozen=True, kw_only=True)
class _Forms:
    """Whole messages in one language, as patterns of small letters without signs at their end."""

    greeting: str
    thanks: str
    about_us: str
    asked: str  # what the person asked before
    told: str  # what was answered, or spoken of


_FORMS = {
    "en": _Forms(
        greeting=r"hi|hello|hey|good (?:morning|afternoon|evening|day)|how are you(?: today)?",
        thanks=r"(?:many )?thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|cheers|ok(?:ay)?|great|perfect|"
        r"(?:good)?bye",
        about_us=r"help|help me|can you help(?: me)?|i (?:need help|have a question)|(?:who|what) are you|"
        r"what (?:can|do) you (?:do|know|help(?: me)? with|answer)|what can i ask(?: you)?|"
        r"how do you work",
        asked=r"(?:(?:(?:can|could) you |please |do you (?:still )?)*(?:tell me|remind me|know|remember) )?(?:what|"
        r"which questions?) (?:(?:did|have) i (?:just |first |last |already )?(?:ask(?:ed)?|say|said)|i (?:just |"
        r"first |last |already )?(?:asked|said)|(?:was|were) my (?:very )?(?:first |last |previous |earlier |other "
        r")?questions?|was the (?:first|last) (?:thing|question) (?:that )?i asked)(?: you)?(?: (?:first|last|before|"
        r"earlier|previously|just now|so far|again|at (?:first|the (?:start|beginning))|in the beginning|in this "
        r"(?:chat|conversation)))*",
        told=r"what did you (?:just |first |last )?(?:say|answer|reply|write|tell me)(?: (?:just now|before|earlier|"
        r"first|last|again))*|what (?:was|were) your (?:first |last |previous |earlier )?answers?(?: again)?|"
        r"(?:(?:can|could|would) you )?(?:please )?(?:repeat|say) (?:that|this|it|what you (?:just )?said|your "
        r"(?:last |previous )?answer)(?: again)?(?:,? please)?|what (?:did|have|were) we (?:just )?(?:talk(?:ed|"
        r"ing)? about|sp(?:eak|oke|oken|eaking) about|discuss(?:ed|ing)?)(?: (?:just now|before|earlier|so far))?|"
        r"(?:(?:can|could|would) you )?(?:please )?summari[sz]e (?:this|our|the) (?:chat|conversation|discussion)(?: "
        r"so far)?",
    ),
    "de": _Forms(
        greeting=r"hallo|moin|servus|grüß gott|grüezi|guten (?:morgen|tag|abend)|wie geht(?:['’]s| es dir| es ihnen)",
        thanks=r"(?:vielen |herzlichen )?dank|danke(?: schön| sehr| dir| ihnen)?|super|prima|tschüss|auf wiedersehen",
        about_us=r"hilfe|hilf mir|kannst du mir helfen|können sie mir helfen|wer bist du|wer sind sie|was bist du|"
        r"was (?:kannst|weißt) du|was (?:können|wissen) sie|was kann ich (?:dich |sie )?fragen",
        asked=r"(?:was|welche fragen?) (?:habe ich (?:dich |sie )?(?:gerade |eben |zuerst |zuletzt |vorhin |am "
        r"anfang |als erstes |bisher |schon )*(?:gefragt|gesagt|gestellt)|war(?:en)? meine (?:(?:erste|letzte|vorige|"
        r"vorherige|bisherige)n? )?fragen?)",
        told=r"was (?:hast du|haben sie) (?:mir )?(?:gerade |eben |zuerst |zuletzt |vorhin )*(?:gesagt|geantwortet|"
        r"geschrieben)|was war (?:deine|ihre) (?:erste |letzte |vorige )?antwort|(?:bitte )?(?:wiederhole?|"
        r"wiederholen sie) (?:das|es|(?:die|deine|ihre) antwort)(?: bitte)?|worüber haben wir (?:gerade |eben |"
        r"bisher )*(?:gesprochen|geredet)|(?:bitte )?(?:fasse?|fassen sie) (?:das|unser|dieses) gespräch zusammen",
    ),
    "fr": _Forms(
        greeting=r"bonjour|bonsoir|salut|ça va|comment (?:allez-vous|vas-tu)",
        thanks=r"merci(?: beaucoup| bien)?|au revoir",
        about_us=r"aide|aidez-moi|aide-moi|qui (?:êtes-vous|es-tu)|que (?:pouvez-vous|peux-tu|savez-vous) faire",
        asked=r"(?:qu['’]est-ce que j['’]ai|qu['’]ai-je) (?:demandé|dit)(?: (?:en premier|d['’]abord|au début|"
        r"avant))?|quelles? (?:était|étaient) (?:ma|mes) (?:première |dernière )?questions?(?: précédentes?)?",
        told=r"qu['’]est-ce que (?:tu viens|vous venez) de dire|que (?:viens-tu|venez-vous) de dire|qu['’](?:as-tu|"
        r"avez-vous) (?:dit|répondu)|(?:peux-tu |pouvez-vous )?répéte[rz](?: cela| ça| (?:ta|votre) réponse)?|de "
        r"quoi avons-nous parlé",
    ),
    "es": _Forms(
        greeting=r"hola|buen[oa]s (?:días|tardes|noches)|(?:qué|cómo) (?:tal|está|estás)",
        thanks=r"(?:muchas )?gracias|adiós",
        about_us=r"ayuda|ayúdame|quién (?:eres|es usted)|qué (?:puedes|puede|sabes) hacer",
        asked=r"qué (?:te |le )?(?:he preguntado|pregunté|he dicho|dije)(?: (?:primero|antes|al principio))?|cuál "
        r"(?:fue|era) mi (?:primera |última )?pregunta(?: anterior)?",
        told=r"qué (?:(?:me )?(?:has dicho|dijiste|respondiste)|acabas de decir|acaba de decir)|(?:puedes repetir|"
        r"puede repetir|repite|repita)(?:lo| eso| la respuesta)?|de qué hemos hablado",
    ),
    "it": _Forms(
        greeting=r"ciao|buongiorno|buonasera|come (?:stai|va)",
        thanks=r"grazie(?: mille)?|arrivederci",
        about_us=r"aiuto|aiutami|chi sei|(?:che )?cosa (?:puoi|sai) fare",
        asked=r"(?:che )?cosa (?:ti |le )?ho (?:chiesto|detto)(?: (?:prima|all['’]inizio))?|qual era la mia (?:prima "
        r"|ultima )?domanda(?: precedente)?",
        told=r"(?:che )?cosa (?:mi )?(?:hai|ha) (?:appena )?(?:detto|risposto)|(?:puoi ripetere|può ripetere|ripeti|"
        r"ripeta)(?: la risposta)?|di (?:che )?cosa abbiamo parlato",
    ),
    "pt": _Forms(
        greeting=r"olá|oi|bom dia|boa (?:tarde|noite)|tudo bem",
        thanks=r"(?:muito )?obrigad[oa]|tchau",
        about_us=r"ajuda|quem é você|(?:o )?que você (?:pode|sabe) fazer",
        asked=r"(?:o )?que (?:é que )?(?:eu )?(?:te |lhe )?(?:perguntei|disse)(?: (?:primeiro|antes|no início))?|"
        r"qual (?:foi|era) a minha (?:primeira |última )?pergunta(?: anterior)?",
        told=r"(?:o )?que (?:é que )?(?:você |me )*(?:acabou de dizer|respondeu)|(?:pode repetir|repita|repete)(?: "
        r"isso| a resposta)?|de que falamos",
    ),
    "nl": _Forms(
        greeting=r"hoi|goede(?:morgen|middag|navond|ndag)|hoe gaat het",
        thanks=r"(?:heel erg )?(?:bedankt|dank je(?: wel)?|dank u(?: wel)?)|tot ziens",
        about_us=r"help mij|wie ben je|wie bent u|wat (?:kan|kun|weet) je|wat kunt u",
        asked=r"wat heb ik (?:je |u )?(?:net |eerst |zojuist |als eerste )*(?:gevraagd|gezegd)|wat was mijn "
        r"(?:eerste |laatste |vorige )?vraag",
        told=r"wat (?:heb je|hebt u|heeft u) (?:me )?(?:net |zojuist |eerst )*(?:gezegd|geantwoord)|herhaal (?:dat|"
        r"het|je antwoord)|waar hebben we het over gehad",
    ),
    "zh": _Forms(
        greeting=r"你好|您好|早上好|下午好|晚上好|大家好",
        thanks=r"(?:非常)?(?:谢谢|感谢)(?:你|您)?|多谢|再见|好的",
        about_us=r"帮助|帮帮我|你是谁|您是谁|你(?:能|会|可以)做什么|您(?:能|会|可以)做什么|我(?:能|可以)问(?:你)?什么",
        asked=r"我(?:刚才|刚刚|之前|最开始|一开始|最先|首先|上次)?(?:第一个|上一个|最后一个)?(?:问|"
        r"说)[了过的]*(?:问题)?是?什么(?:问题)?|我的?(?:第一个|上一个|最后一个)问题是什么",
        told=r"[你您](?:刚才|刚刚|之前)?(?:说|回答)[了过的]*是?什么|请?(?:重复|再说)一[遍次下]|我们(?:刚才|"
        r"刚刚)?(?:谈|聊|讨论)[了过]*什么|请?总结一?下?(?:我们的|这次|这个)?(?:对话|谈话|聊天)",
    ),
    "ja": _Forms(
        greeting=r"こんにちは|おはよう(?:ございます)?|こんばんは",
        thanks=r"ありがとう(?:ございます|ございました)?|さようなら",
        about_us=r"ヘルプ|あなたは誰ですか|何ができますか",
        asked=r"(?:私は|さっき|先ほど|最初に)*(?:何を|なんと)(?:質問し|聞き|尋ね|言い)ましたか|(?:私の)?(?:最初|前|"
        r"最後)の質問は何(?:でしたか|ですか)",
        told=r"(?:今|さっき|先ほど)?(?:何と|なんと|何を)(?:言い|答え)ましたか|もう一度(?:言って|答えて)ください|"
        r"繰り返してください",
    ),
    "ko": _Forms(
        greeting=r"안녕(?:하세요)?",
        thanks=r"감사합니다|고마워요?|고맙습니다",
        about_us=r"도움말|도와주세요|누구세요|무엇을 할 수 있나요",
        asked=r"(?:제가|내가) (?:방금 |처음에 |먼저 )*(?:무엇을|뭘|뭐라고) (?:질문했|물어봤)(?:나요|습니까)|(?:제|"
        r"내) (?:첫|첫 번째|마지막|이전) 질문(?:은|이) (?:무엇|뭐)(?:이었나요|였나요|입니까|인가요)",
        told=r"(?:방금 )?(?:뭐라고|무엇을|뭘) (?:말했|답했|대답했)(?:나요|습니까)|다시 (?:말해|말씀해) (?:주세요|"
        r"주십시오)",
    ),
}
# "Hello there!", "Hi, can you help me?", "Danke, tschüss"
_TO_WHOM = r"(?:[ ,]*(?:there|all|everyone|team|premise|zusammen|à tous|a todos|a tutti))?"
_PATTERNS = tuple(
    (language, _Form(form), re.compile(pattern))
    for language, forms in _FORMS.items()
    for form, pattern in (
        ("about us", rf"(?:(?:{forms.greeting}|{forms.thanks}){_TO_WHOM}[ ,.!，！。]*)*(?:{forms.about_us})"),
        ("greeting", rf"(?:{forms.greeting}){_TO_WHOM}(?:[ ,.!，！。]+(?:{forms.greeting}))?"),
        ("thanks", rf"(?:(?:{forms.thanks}){_TO_WHOM}[ ,.!，！。]*)+"),
        ("asked", forms.asked),
        ("told", forms.told),
    )
)


def aside(question: str, history: Sequence[Turn]) -> str | None:
    """What to say to it, in its language; None where it asks something of the documents.

    >>> aside("Thanks!", ())
    'You are welcome.'
    """
    language, form = _form(question)
    if form is None:
        return phrases(question).vague if not history and _has_no_subject(question) else None
    found = in_language(language)
    if form in (_Form.GREETING, _Form.ABOUT_US):
        return found.introduction
    if form is _Form.THANKS:
        return found.welcome
    if not history:
        return found.vague
    earlier = [_short(turn.content) for turn in but_asides(history) if turn.role == "user"]
    if form is _Form.TOLD or not earlier:
        return found.conversation
    return "\n".join([f"{found.asked}\n", *(f"{n}. {text}" for n, text in enumerate(earlier, 1))])


def but_asides(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """The conversation without what is asked of no document, and what was said to it: no follow-up refers to that."""
    left: list[Turn] = []
    skipping = False
    for turn in history:
        if turn.role == "user":
            skipping = _form(turn.content)[1] is not None
        if not skipping:
            left.append(turn)
    return tuple(left)


def _form(said: str) -> tuple[str, _Form | None]:
    """In which language something of the kind is said, and what it is."""
    bare = " ".join(said.casefold().split()).strip(" .,!?…。！？¿¡:)")
    return next(((language, form) for language, form, pattern in _PATTERNS if pattern.fullmatch(bare)), ("", None))


def _short(question: str) -> str:
    text = readable(question)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


def _has_no_subject(question: str) -> bool:
    """Whether it holds nothing but words of asking: "How much?", "When is it?"."""
    if unspaced_share(question) > UNSPACED or len(question.split()) < FEWEST_WORDS or _NAMES.search(question):
        return False
    empty = ASKING | {term for word in function_words(question) for term in terms(word)}
    return not any(term not in empty for term in question_terms(question))
