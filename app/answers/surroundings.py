"""What stands around a place and takes back, or restricts, what it says: a highlight is then withheld, and what is
quoted from there is shown behind it.

"What you should never do:" above a list, "Only for managers:", "This was revoked in 2021." behind the sentence, a
heading "Old rules". Told by the words of the line that leads to the place, of the heading above it, and of the
sentences beside it. Knows no model.
"""

from __future__ import annotations

import re

from storage.sentences import begins_item, sentence_spans

# a line that ends as no sentence does
_HEADING = re.compile(r"#{1,6}\s.*|(?![-*•|]\s|\d+[.)])\S+(?:[ \t]+\S+){0,7}(?<![.!?,;|。！？，；])")
# what takes back what is said: denied, wrong, no longer so, or forbidden
_TAKES_BACK = (
    r"not?|never|nor|none|nobody|cannot|\w+n['’]ts?|donts?|avoid\w*|myths?|false\w*|untrue|wrong\w*|incorrect\w*|invalid|"
    r"mistak\w+|misconceptions?|misunderst\w+|rumou?rs?|alleged\w*|supposed\w*|hypothe\w+|formerly|former|previous\w*|"
    r"obsolete|outdated|deprecated|old|expired|revoked|withdrawn|abolished|repealed|superseded|replaced|cancel+ed|"
    r"discontinued|drafts?|fict\w+|propos(?:ed|als?|ing)|planned|prohibited|forbidden|reject\w+|declined|denied|excluded|"
    r"exceptions?|bad|worst|refrain|anti-?patterns?|red flags?|phish\w+|out of scope|used to|no longer|nicht|nie|"
    r"kein\w*|falsch\w*|irrt[uü]m\w*|fr[uü]her\w*|bisher\w*|veraltet\w*|aufgehoben|entwurf|geplant\w*|abgelehnt\w*|verboten\w*|"
    r"ausnahmen?|angeblich\w*|jamais|pas|faux|fausse|ancien\w*|abrog\w+|interdit\w*|refusé\w*|nunca|falso|antiguo\w*|derogad\w*|"
    r"prohibid\w*"
)
# and what may do so: only told of, or of what may come
_MAY = (
    r"instead|errors?|imagin\w+|suppos\w+|claim(?:s|ed)?|believe[sd]?|thinks?|thought|hopes?|argue[sd]?|says?|said|wrote|"
    r"stat(?:es|ed)|suggest\w*|promise[sd]?|legacy|removed|deleted|retired|archived?|history|until|samples?|examples?|"
    r"placeholders?|quiz|plans|roadmap|upcoming|coming|vision|goals?|targets?|ideas?|wish(?:es)?|requests?|suggestions?|"
    r"todo|to-do|tbd|wish ?list|pending|open (?:points?|questions?|issues?)|under discussion|considered|alternatives?|"
    r"options?|assum\w+|scenarios?|possible|maybe|perhaps|risks?|threats?|missing|fears?|weakness\w*|symptoms?|"
    r"complaints?|compet\w+|refus\w+|stop|attack\w*|m[öo]gliche\w*|risiken|ziele?|antr[aä]g\w*|offene|beispiel\w*|"
    r"possibles?|objectifs?"
)
_SIGNS = r"不(?!同|断|仅)|没有|切勿|禁止|错误|误区|已废止|作废|草案|过去|[❌✗✘✖🚫⛔👎]"
_BACK = re.compile(rf"\b(?:{_TAKES_BACK})\b|{_SIGNS}", re.IGNORECASE)
DOUBTED = re.compile(rf"\b(?:{_TAKES_BACK}|{_MAY})\b|{_SIGNS}", re.IGNORECASE)
# what restricts all that a line leads to
_ONLY_FOR = re.compile(
    r"\b(?:only|if|when|unless|except\w*|without|before|after|until|some|few|nur|wenn|falls|sofern|außer|ohne|vor|nach|"
    r"seulement|si|sauf|avant|après|solo|sólo|salvo|antes)\b|仅|只有|如果|除非"
    r"|^\W*(?:for|für|bei|pour|para)\b(?! (?:example|instance|ex\w*|beispiel))|^对",
    re.IGNORECASE,
)
_CONDITION = re.compile(  # a heading that says when it holds
    r"\W*(?:(?:if|unless|in case|falls|wenn|sofern|si|s['’]ils?|en cas)\b|如果)", re.IGNORECASE
)
# and what only a sentence can say of the one before it
_REVOKED = re.compile(
    r"\b(?:no longer|(?:not|\w+n['’]t) (?:true|so|right|correct|valid|the case|allowed|apply|yet|any ?more|in force)|"
    r"myths?|false|untrue|wrong|incorrect|invalid|mistake\w*|misconceptions?|rumou?rs?|obsolete|outdated|deprecated|"
    r"expired|revoked|withdrawn|abolished|repealed|superseded|cancel+ed|discontinued|dropped|used to|nicht mehr|falsch|"
    r"veraltet|aufgehoben|abgeschafft|gilt nicht|faux|abrog\w+|ne \w+ plus|derogad\w*)\b|已废止|作废|取消|不再|错误"
    r"|^\W*(?:except\w*|unless|ausnahme\w*|sauf|excep\w+)\b|^例外",
    re.IGNORECASE,
)
_LIMITED = re.compile(  # or what it says of how far that one goes
    r"\b(?:only|until|till|except\w*|exclud\w*|not|\w+n['’]t|unless|requir\w*|needs?|must|appl(?:y|ies)|approv\w*|instead|"
    r"end(?:s|ed)|nur|bis|nicht|außer|seulement|jusqu\w*|sauf|sólo|hasta|salvo)\b|仅|只",
    re.IGNORECASE,
)
_AGAINST = re.compile(  # it begins as what is set against the one before it does
    r"\W*(?:(?:however|but|yet|no|except|unless|exceptions?|instead|only|nor|jedoch|aber|allerdings|nein|ausnahmen?|mais|"
    r"sauf|pero|salvo)\b|(?:from|since|as of|ab|seit|depuis|desde)\b.*\d)|但|然而|例外",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(  # the sentence before it has it supposed, or told of
    r"\b(?:following (?:\w+ )?(?:no|not|is|are|was|were)|imagine|suppose|assum\w+|say that|for example|"
    r"angenommen|folgend\w*|beispiel\w*|imagin\w+|supposons|suivant\w*|suponga\w*|siguiente\w*)\b|以下|假设|例如",
    re.IGNORECASE,
)
_CROSSED = re.compile(r"\[ \]|[☐❌✗✘✖🚫⛔👎]|~~")  # in a line that does not hold, or not yet
_SHORTENED = re.compile(  # "Approx. 200 people": what is cut off before a place
    r"(?:^|[.!?]\s+|\n\s*)\W*(?!(?:yes|no|ja|nein|oui|non|sí|sì|sim)\b)[^\W\d]{1,8}\.\s+$", re.IGNORECASE
)
# a line that leads to statements and tells nothing of whom or when they hold
_NEUTRAL = re.compile(
    r"\W*(?:(?:the |these |our |die |diese )?(?:following )?(?:rules?|steps?|notes?|facts?|answers?|tips?|regeln|"
    r"schritte|hinweise?|règles|étapes|reglas|pasos)(?: (?:are|apply|gelten))?(?: as follows| the following)?)\s*[:：]",
    re.IGNORECASE,
)
_GOES_BACK = re.compile(
    r"\W*(?:(?:this|that|these|those|it|they|such|all of (?:this|these)|however|but|no,|yet|still|except|unless|only|"
    r"nor|exceptions?|ausnahmen?|dies\w*|das|es|jedoch|aber|allerdings|cela|ceci|cette?|mais|esto|eso|pero)\b|这|那|但|然而)",
    re.IGNORECASE,
)


def taken_back(text: str, start: int, end: int, sentence: str, heading: str = "") -> bool:
    """Whether what stands around a place of a text, from `start` to `end`, takes back or restricts what it says, by
    words that the sentence itself does not say; or may do so: what stands below a line that leads to it holds as that
    line says. `heading`: above the place.

    >>> text = "Common mistakes:\n\n- The gate is left open.\n- Keys are lent."
    >>> taken_back(text, 19, 42, "The gate is left open.")
    True
    """
    lead, said = _lead(text, start), sentence.casefold()
    line = text[text.rfind("\n", 0, start) + 1 : end]
    if _CROSSED.search(line) or _SHORTENED.search(text[:start]) or _SUPPOSED.search(_before(text, start)):
        return True
    if lead.endswith((":", "：")) and not _NEUTRAL.fullmatch(lead) and lead.rstrip(":： ").casefold() not in said:
        return True
    behind = next((text[first:last] for first, last in sentence_spans(text) if first >= end), "")
    words = _words_against(heading, DOUBTED) + _words_against(lead, DOUBTED)
    if _AGAINST.match(behind) or re.fullmatch(r"\w+(?: \w+)?[.!]", behind):  # "Rejected."
        return True
    words += [*_REVOKED.findall(behind), *_LIMITED.findall(behind)] if _GOES_BACK.match(behind) else []
    return any(word.casefold() not in said for word in words)


def _before(text: str, start: int) -> str:
    """The sentence before a place; none where it does not stand in the same paragraph."""
    before = [(first, end) for first, end in sentence_spans(text) if end <= start]
    return text[slice(*before[-1])] if before and "\n\n" not in text[before[-1][1] : start] else ""


def takes_back(sentence: str) -> bool:
    """Whether a sentence takes back what the one before it says: "This was revoked in 2021."."""
    return _GOES_BACK.match(sentence) is not None and _REVOKED.search(sentence) is not None


def restriction(text: str, start: int, heading: str = "") -> str:
    """The line above a place of a text that takes back or restricts what it says: "What you should never do", "If I
    move abroad, what becomes of my options?"; or "".

    `heading`: above the place. A line that asks something without a condition does neither.
    """
    for line in (_lead(text, start), heading):
        if _CONDITION.match(line) or (_words_against(line, _BACK) and not asks(line)):
            return line
    return ""


def asks(line: str) -> bool:
    """Whether a line is a question."""
    return line.rstrip("*_ ").endswith(("?", "？"))


def _words_against(line: str, pattern: re.Pattern[str]) -> list[str]:
    """The words of a line above something that take it back, by a pattern, or restrict it where it leads to it."""
    leads = line.endswith((":", "："))
    return [*pattern.findall(line), *(_ONLY_FOR.findall(line) if leads else [])]


def _lead(text: str, start: int) -> str:
    """The line that leads to a place: one above it, or above its list, that is a heading or ends in a colon; or ""."""
    lead = ""
    for first, end in sentence_spans(text):
        if first >= start:
            break
        line = text[first:end]
        if line.endswith((":", "：")) or (_HEADING.fullmatch(line) and " | " not in line):
            lead = line
        elif not begins_item(line):
            lead = ""
    return lead
