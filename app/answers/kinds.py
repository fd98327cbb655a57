"""How well a sentence names the kind of thing that is asked for: so many of them, a time, a sum, a person.

Words only; in languages whose question words are not known here, what app/answers/signs.py tells holds.
"""

from __future__ import annotations

import re

from app.answers.measures import NUMBER, OTHER_NUMBER, measure_of
from app.answers.signs import CLOCK, fits
from app.retrieval.asked import Asked, Expected
from storage.words import terms

BARE_NUMBER = 0.8  # a number by itself in a cell: what it counts stands above the table, if anywhere
ANY_KIND, MEMBER = 0.5, 0.8  # where several things are asked for: no sign of them, a row that may be one of them
ROLE = 0.8  # "your manager" where a person is asked for
# a name, and what somebody does, in a sentence that does not say who holds the office asked for
NOT_THEIRS, NO_HOLDER = 0.5, 0.1
SPAN, VAGUE = 0.4, 0.2  # "within two weeks", and "promptly", where a time is asked for
AS_NEEDED = 0.8  # "on request" where one asks how often
DEFINES = 2.0  # says what that is which the question asks for
OTHER_NAME = 0.5  # one word with a capital letter, or an abbreviation, where a person is asked for

_ANY_NUMBER = re.compile(NUMBER, re.IGNORECASE)
_COUNTED = re.compile(
    r"\bhow many (?:(?:of|the|different|other|more|total|individual|new|full|paid)\s)*([^\W\d_][\w’'-]*)|"
    r"\bwie viele?n? ([^\W\d_]+)",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"(?={NUMBER}\W+((?:\w+\W*){{1,4}}))", re.IGNORECASE)
_CLOCK = re.compile(CLOCK, re.IGNORECASE)
_PERSON = re.compile(
    r"\b(?:Mr|Ms|Mrs|Dr|Prof|Sir|King|Queen|Herr|Frau)\.? [A-ZÀ-Þ]|"
    r"(?<![.!?] )\b[A-ZÀ-Þ][\w’'-]+ (?:(?:of|the|de|von|van|der|[A-Z]\.) )?[A-ZÀ-Þ][\w’'-]*[a-zß-ÿ]"
)
# who is named by what they do: "your manager", "any sales employee"
_ROLE = re.compile(
    r"\b(?:managers?|heads?|directors?|officers?|supervisors?|leads?|leaders?|teams?|departments?|council|committee|"
    r"board|employees?|teammates?|staff|personnel|members?|users?|owners?|administrators?|apprentices?|"
    r"interns?|visitors?|suppliers?|vendors?|customers?|contractors?|colleagues?|anyone|anybody|everyone|everybody|nobody|"
    r"whoever|CEO|CFO|COO|"
    r"Führungskr\w+|Abteilungsleit\w+|Geschäftsführ\w+|Betriebsrat|Vorgesetzt\w+|Mitarbeite\w+|Beschäftigt\w+)\b",
    re.IGNORECASE,
)
# who is let, or is affected, holds no office
_OFFICE = re.compile(
    r"^(?:who(?:['’]s| is| are| was| were)|wer (?:ist|sind|war)|qui (?:est|sont)|quién(?:es)? (?:es|son)) "
    r"(?:(?:the|our|an?|der|die|das|unsere?|l[ea]s?|el|los|las?|un[ae]?) |l['’])?"
    r"(?!(?:not |also )?(?:allowed|permitted|entitled|eligible|required|obliged|able|invited|covered|affected|exempt|"
    r"to)\b)"
    r"(?P<office>[^?,]+)\??$",
    re.IGNORECASE,
)
# "Whom do I tell?", "Who should I contact?": a sentence that tells somebody to says so
_TELLS = (
    r"tell|inform|notify|ask|contact|call|phone|report|reach(?: out)?|speak|talk|write|e-?mail|message|consult|alert|"
    r"turn to|get in touch"
)
_ADDRESSED = re.compile(
    rf"^(?:and )?(?:to )?who(?:m)? (?:(?:do|should|must|can|could|shall|may) (?:i|we|you|one|they|employees|teammates)|"
    rf"(?:is|are) to be|(?:do|should|must) \w+) (?:have to |need to )?(?:{_TELLS})\b|"
    r"^(?:wen|wem|an wen) (?:\w+ ){1,4}(?:informier|melde|frage|sprech|wende|benachrichtig|anruf|sag)",
    re.IGNORECASE,
)
_ADDRESSES = re.compile(
    rf"\b(?:{_TELLS}|let (?:\w+ ){{1,3}}know|informs|informed|tells|told|report(?:s|ed)|contact(?:s|ed)|"
    r"notif(?:ies|ied))\b|"
    r"\b(?:informier|meld|frag|sprech|wend|benachrichtig|sag|ruf)\w*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S@\S+\.\w|(?:^|\s)#[a-z][\w-]+|\b(?:ext\.?|extension|durchwahl) ?\d", re.IGNORECASE)
_OF = re.compile(r"\b(?:of|at|for|in|von|bei|für|de|du|des|del)\b", re.IGNORECASE)
_APART = 4  # words that may stand between a name and the office: "Jo Berg, who has been our new CEO"
_ASKS_AHEAD = re.compile(  # how long before something: "How many days ahead must I book?"
    r"\bhow (?:many (?:\w+ )?(?:minutes|hours|days|weeks|months|years)|long|far|soon|early)\b[^?]*?"
    r"\b(?:before(?:hand)?|ahead|in advance|prior)\b|"
    r"\bwie (?:viele (?:\w+ )?(?:minuten|stunden|tage|wochen|monate)|lange|weit|früh)\b[^?]*?"
    r"\b(?:vor(?:her|ab)?|im voraus)\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    r"\b(?:before(?:hand)?|ahead|advance|prior|earlier|notice|no later than|at the latest|until|vor(?:her|ab)?|voraus|"
    r"spätestens|frist)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    rf"{NUMBER}[- ](?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?|minuten?|stunden?|tagen?|wochen?|monaten?|"
    r"jahren?|jours?|semaines?|mois|ans|d[ií]as?|semanas?|mes(?:es)?|años?)\b",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\b(?:immediately|promptly|at once|as soon as|sofort|unverzüglich|sobald)\b", re.IGNORECASE)
# how often, in other words: "Passwords do not expire", "on request"
_AS_NEEDED = re.compile(
    r"\b(?:as|when(?:ever)?|if|where) (?:needed|necessary|required|requested)\b|\b(?:on|upon) (?:request|demand)\b|"
    r"\b(?:only|at once|immediately) (?:when|if|after)\b|\b(?:do(?:es)? not|never) (?:expire|lapse|end|run out)\b|"
    r"\b(?:bei Bedarf|auf Anfrage|auf Wunsch|laufen nicht ab|läuft nicht ab)\b",
    re.IGNORECASE,
)
_CAUSES = re.compile(r"\b(?:causes?|reasons?|why|rationale|ursachen?|gründe|warum)\b|原因", re.IGNORECASE)
# "Which levels are there?", "List the desks", "What are the closing days?"
_SEVERAL = re.compile(
    r"^(?:please )?(?:list|name|enumerate)\b|^(?:what|which) (?:kinds|types|sorts|levels|categories)\b|"
    r"\b(?:what|which) (?:[\w-]+ ){1,5}(?:are|were) (?:there|available|offered)\b|"
    r"^(?:what|which) are (?:the|our|all) (?:[\w-]+ )*?\w+s\b|^welche (?:[\w-]+ ){1,4}gibt es\b|^was sind die\b|有哪些",
    re.IGNORECASE,
)
_ENUMERATES = re.compile(r"(?:[^\s,;|]+(?: [^\s,;|]+){0,5}, )+[^,;.|]*\b(?:and|or|und|oder|sowie) \w|、")
_GROUP = re.compile(  # asks for whom a rule is, not for a person
    r"^who(?:['’]s| is| are) (?:not |also )?(?:eligible|entitled|covered|affected|exempt|allowed|permitted|required|"
    r"obliged)\b",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:each|every|any|all|only|no) (?:\w+ )?[a-z]{3,}", re.IGNORECASE)
_DOES = re.compile(r"^who (?:also )?([a-z]{3,}(?:s|ed|t))\b", re.IGNORECASE)  # "Who approves leave?"
_PERIODS = (  # "per month", "monthly"
    ("hour", r"an hour|per hour|each hour|hourly|(?:pro|je|in der) stunde"),
    ("night", r"a night|per night|each night|nightly|(?:pro|je) nacht"),
    ("day", r"a day|per day|each day|daily|(?:pro|je|am) tag|täglich"),
    ("week", r"a week|per week|each week|weekly|(?:pro|je|in der) woche|wöchentlich"),
    ("month", r"a month|per month|each month|monthly|(?:pro|je|im) monat|monatlich"),
    ("year", r"a year|per year|each year|yearly|annual(?:ly)?|(?:pro|je|im) jahr|jährlich"),
)
_RATE = re.compile("|".join(rf"(?P<{name}>\b(?:{said})\b)" for name, said in _PERIODS), re.IGNORECASE)
_WHAT_IS = re.compile(
    r"^(?:what|who)(?:['’]s| is| are| was| were) (?:an? |the )?((?:[\w’'-]+ ?){1,4})\?*$|"
    r"^was (?:ist|sind) (?:ein(?:e|en)? |der |die |das )?((?:[\w-]+ ?){1,3})\?*$",
    re.IGNORECASE,
)
_BARE = re.compile(r"[|:] \d[\d.,]*(?= \||$)(?<=[^.,])")
_NUMBER_CELL = re.compile(r"(?:^|\| )([^|:]{1,60}): ?\d[\d.,]*(?= \||$)")
_COLUMN = re.compile(r"(?:^|(?<= \| ))[^|:]{1,60}: ")  # its name is not what a row names


_OTHERS = {  # what may stand for the kind, the likeliest first
    Expected.WHEN: ((_SPAN, SPAN), (_AT_ONCE, VAGUE)),
    Expected.OFTEN: ((_AS_NEEDED, AS_NEEDED), (_ANY_NUMBER, OTHER_NUMBER)),
}


def names_kind(asked: Asked, sentence: str, *, under: str = "") -> float:
    """1: it names what is asked for, 0: nothing of the kind; between them where it may be of another kind.

    `under`: the heading above it. What stands under "Causes" says why without saying "because".
    """
    if asked.expected is Expected.WHY and _CAUSES.search(under):
        return 1.0
    if asked.expected is Expected.WHO:
        return _names_somebody(asked, sentence)
    found = fits(asked, sentence if asked.expected is not Expected.NUMBER else _CLOCK.sub("", values(sentence)))
    if asked.expected is Expected.ANY and _defines(asked.question, sentence):
        return DEFINES
    if asked.expected is Expected.ANY and _SEVERAL.search(asked.question):
        return _lists(sentence)
    if found == 1 and asked.expected is Expected.NUMBER:
        return _number(asked, sentence)
    return found or next((worth for sign, worth in _OTHERS.get(asked.expected, ()) if sign.search(sentence)), 0.0)


def _lists(sentence: str) -> float:
    """How well a sentence says several things of a kind: it names or announces them, or is one of them."""
    if _ENUMERATES.search(sentence) or sentence.endswith((":", "：")):
        return 1.0
    return MEMBER if " | " in sentence else ANY_KIND


def _defines(question: str, sentence: str) -> bool:
    """Whether a sentence begins by saying what that is which the question asks for: "A buddy is an experienced …"."""
    asked = _WHAT_IS.match(question.strip())
    if asked is None:
        return False
    subject = re.escape((asked[1] or asked[2]).strip())
    says = r"(?:is|are|was|were) (?:an?|the|one|our|any)|means?|stands? for|refers? to|(?:ist|sind) (?:ein|die|der|das)"
    begins = rf"\W*(?:(?:an?|the|ein|eine|der|die|das) )?\W*{subject}\b[^.:;]{{0,40}}?\b(?:{says})"
    word = "|".join(re.escape(word) for word in (asked[1] or asked[2]).split() if len(word) > 2) or subject
    again = rf"\W*(?:this|diese[rs]?) (?:{word})\b[^.:;]{{0,20}}?\b(?:states|means|says|describes|{says})"
    return re.match(f"{begins}|{again}", sentence, re.IGNORECASE) is not None


def _names_somebody(asked: Asked, sentence: str) -> float:
    """As `names_kind`, where a person is asked for: a name of two words and what somebody does are surely of one."""
    known = asked.question.casefold()
    row = " | " in sentence
    said = values(sentence)
    named = [found for found in _PERSON.finditer(said) if found[0].casefold() not in known]
    role = any(found[0].casefold() not in known for found in _ROLE.finditer(said))
    sure = 1.0 if named else ROLE if role else min(OTHER_NAME, fits(asked, said))
    if role and not named and (does := _DOES.match(asked.question)) and not set(terms(does[1])) & set(terms(said)):
        sure = OTHER_NAME
    if _ADDRESSED.match(asked.question):
        sure = max(sure, ROLE) if _ADDRESS.search(said) else sure
        return sure if _ADDRESSES.search(said) else min(sure, OTHER_NAME)
    if _GROUP.match(asked.question):
        return 1.0 if role or _EVERY.search(said) else min(sure, OTHER_NAME)
    office = _OFFICE.match(asked.question.strip())
    holds = row or not office or any(_holds(office["office"], said, name) for name in named)
    return sure if holds else min(sure, NOT_THEIRS if named else NO_HOLDER)


def _holds(office: str, sentence: str, name: re.Match[str]) -> bool:
    """Whether an office stands beside a name: "Jo Berg, CEO", "the site lead is Jo Berg"; of one that says much without
    it, what it is of may be left out."""
    whole, short = set(terms(office)), set(terms(_OF.split(office)[0]))
    before, after = (re.findall(r"[\w&-]+", text) for text in (sentence[: name.start()], sentence[name.end() :]))
    reach = _APART + len(whole)
    beside = [set(terms(" ".join(words))) for words in (before[-reach:], after[:reach])]
    return any(whole <= words or (len(short) > 1 and short <= words) for words in beside)


def _number(asked: Asked, sentence: str) -> float:
    """How well a number is of the things that are counted, or of the measure, that the question wants."""
    question = asked.question
    measure, counted = measure_of(question), _COUNTED.search(question)
    wanted, rates = _rates(question), _rates(sentence)
    ahead = _ASKS_AHEAD.search(question) is None or _AHEAD.search(sentence) is not None
    if not ahead or (wanted and rates and not wanted & rates):
        right = False
    elif counted:
        right = _counts(_things(asked, counted[1] or counted[2]), sentence)
    else:
        right = measure is None or measure.gives.search(sentence) is not None
    if right:
        return 1.0
    if _BARE.search(sentence) and (measure is None or measure.bare):
        return BARE_NUMBER
    return measure.otherwise if measure is not None else OTHER_NUMBER


def _things(asked: Asked, counted: str) -> frozenset[str]:
    """The term of what the question counts, and those that may stand for it."""
    thing = terms(counted)[-1:]
    return frozenset(thing).union(run[-1] for one in asked.instead if thing == [one.run[-1]] for run in one.others)


def _counts(things: frozenset[str], sentence: str) -> bool:
    """Whether a sentence has a number before a thing, or a row has one in the column of that name: "Seats: 12"."""
    said = any(not things.isdisjoint(terms(place[1])) for place in _COUNT.finditer(values(sentence)))
    return said or any(not things.isdisjoint(terms(cell[1])) for cell in _NUMBER_CELL.finditer(sentence))


def values(sentence: str) -> str:
    """A row without the names of its columns, which may have numbers too: "10 to 49 pieces: 931"."""
    return _COLUMN.sub(". ", sentence) if " | " in sentence else sentence


def _rates(text: str) -> frozenset[str]:
    """What amounts are said to be for, as far as they are: "per month" and "monthly" are the same."""
    return frozenset(found.lastgroup for found in _RATE.finditer(text) if found.lastgroup)
