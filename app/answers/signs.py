"""Signs in a sentence that it names a kind of thing at all: a number, a time, a name, a reason, what rules or tells.

Words only. Whether it is the right one of its kind tells app/answers/kinds.py.
"""

from __future__ import annotations

import re

from app.retrieval.asked import Asked, Expected

NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|"
    "half|third|quarter|twice|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|hundert|tausend|deux|trois|"
    "quatre|cinq|dix|cent|mille|dos|tres|cuatro|cinco|diez|cien|mil"
)
_NUMBER = re.compile(
    rf"\d[\d.,]*|\b(?:{NUMBER_WORDS})\b|[一二三四五六七八九十百千万亿两]+(?=[\u4e00-\u9fff])", re.IGNORECASE
)
# how often something is: "annually", "every two years", "twice a year"
_PERIOD = r"(?:minute|hour|(?:mon|tues|wednes|thurs|fri|satur|sun)?day|night|week|month|quarter|semester|year|decade)s?"
_FREQUENCY = re.compile(
    r"\b(?:(?:semi-?|bi-?)?(?:annual(?:ly)?|yearly|monthly|weekly)|quarterly|fortnightly|daily|nightly|hourly|once|"
    r"twice|\w+ times|always|never|regularly|continuously|constantly)\b|\ban? (?:hour|day|week|month|year)\b|"
    rf"\b(?:every|each|per)\W+(?:(?:other|single|\d+|{NUMBER_WORDS})\W+)*{_PERIOD}\b|"
    r"\b(?:halb|viertel)?(?:jährlich|monatlich|wöchentlich|täglich|stündlich)\b|\b(?:ein|zwei|drei|vier|fünf|mehr)mal\b|"
    r"\b(?:alle \w+|jede[nrs]?|pro|je) (?:stunde|tag|woche|monat|quartal|jahr)\w*|"
    r"\b(?:par|chaque|tous les|toutes les|al|cada|por) (?:\w+ )?(?:jours?|semaines?|mois|ans?|années?|d[ií]as?|"
    r"semanas?|mes|meses|años?)\b|每.{0,3}[年月周日天季时次]|[一两二三四五六七八九十\d]次",
    re.IGNORECASE,
)
# the number of a table or paragraph, or of an item in a list
_NUMBERING = re.compile(
    r"(?:\b(?:table|figure|fig|section|chapter|page|annex|appendix|abschnitt|tabelle|abbildung|seite|"
    r"kapitel)\.? ?|§ ?|№ ?)\d+(?:\.\d+)*|^\W*\(?\d{1,3}[.)](?=\s)|[图表第]\d+",
    re.IGNORECASE,
)
CLOCK = (
    r"\b\d{1,2}(?:[:.]\d\d)?(?: ?[–-] ?\d{1,2}(?:[:.]\d\d)?)? ?[ap]\.?m\b|\b\d{1,2}:\d\d\b|\b\d{1,2}(?:[.:]\d\d)? Uhr\b"
)
_DATE = re.compile(
    rf"{CLOCK}|"
    r"\bwithin \S+ (?:\S+ )?(?:minutes?|hours?|days?|weeks?|months?|years?)\b|"
    r"\b1\d{3}s?\b|\b20\d\ds?\b|\bcentur(?:y|ies)\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|(?<!\d)\d{1,2}:\d\d(?!\d)|"
    r"\b(?:noon|midday|midnight|o['’]clock|mittags|mitternachts?|midi|minuit|mediodía|medianoche)\b|"
    r"\bà \d{1,2} ?h(?:eures?)?\b|\ba las? \d{1,2}\b|"
    r"\b(?:at|until|(?:from|between) \d{1,2}(?:[.:]\d\d)? (?:to|and|until|till)) \d{1,2}(?:[.:]\d\d)?"
    r"(?=[.,;)]|$| (?:and|or|on|in the|every|each|sharp)\b)|"
    r"\b(?:january|february|(?-i:March|May|MARCH|MAY)|april|june|july|august|september|october|november|december)\b|"
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekday|weekend)s?\b|"
    r"\b(?:(?:mon|diens|donners|frei|sams|sonn|werk)tage?[sn]?|mittwochs?|sonnabends?|wochenenden?)\b|"
    r"\b(?:(?:lun|mar|mercre|jeu|vendre)di|samedi|dimanche)s?\b|\b(?:lunes|martes|miércoles|jueves|viernes|"
    r"sábados?|domingos?)\b|"
    r"\b(?:januar|februar|märz|mai|juni|juli|oktober|dezember|jahrhundert)\b|"
    r"\b(?:janvier|février|avril|juin|juillet|août|septembre|octobre|novembre|décembre)\b|"
    r"\b(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\b|"
    r"\d+ ?(?:年|月|日|世纪|年代|时|点)|[一二三四五六七八九十〇]+(?:年|月|日|世纪)|[朝代]",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<![.!?] )(?<!^)(?<![\"“])\b(?!(?:USD|EUR|GBP|CHF|CNY|JPY)\b)[A-ZÄÖÜÉ][\w’'-]+"
    r"(?: (?:of |the |de |von )?[A-ZÄÖÜÉ][\w’'-]+)*"
)
_PLACE = re.compile(r"[省市县区州国镇乡村岛洲]|位于|在")
# where something is or is kept, without a name
_SPOT = re.compile(
    r"\b(?:in|at|on|behind|beside|next to|near|opposite|under|outside|by) (?:(?:the|an?|our|each|every) )?(?:[\w-]+ )?"
    r"(?:rooms?|floors?|rows?|halls?|buildings?|gates?|entrances?|doors?|lobby|reception|offices?|canteen|shel(?:f|ves)|"
    r"cabinets?|cupboards?|streets?|garages?|basement|corridors?|kitchens?|warehouses?|yard|car park|lots?|intranet|"
    r"portal|drive|folders?|server|menu|app)\b|"
    r"\b(?:im|in der|am|an der|auf dem|hinter|neben) (?:\w+ )?(?:raum|stock|halle|gebäude|tor|eingang|empfang|büro|"
    r"kantine|schrank|regal|keller|flur|küche|lager|hof|parkplatz|intranet|portal|laufwerk|ordner)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|due to|since|therefore|in order to|so that|as a result|caused?|reasons?|owing to|thus|hence)\b|"
    r"\b(?:weil|da|wegen|daher|parce que|porque)\b|因|由于|所以|为了",
    re.IGNORECASE,
)
DENIAL = re.compile(
    r"\b(?:(?:not|no)(?! (?:more|less|later|fewer|longer|earlier|higher|lower) than)|never|none|nor|"
    r"neither|without|cannot|nobody|nothing|nowhere|\w+n['’]t|except|excluding|excluded|prohibited|forbidden|nicht|nichts|"
    r"niemand\w*|kein\w*|nie|niemals|ohne|weder|verboten|untersagt|ne|n['’]|pas|jamais|aucune?|sans|nunca|ningun[oa]?|sin|non|mai|senza)\b"
    r"|[不没無无非未勿禁]",
    re.IGNORECASE,
)
# what permits, demands, forbids or denies
_RULING = re.compile(
    r"\b(?:may|must|can(?:not)?|could|should|shall|allowed|permitted|possible|required?|needs?|needed|have to|has to|"
    r"only|not|never|no|none|unless|except|always|prohibited|forbidden|entitled|optional|mandatory|compulsory|included|"
    r"excluded|covered|refunded|reimbursed|eligible|voluntary|blocked|refused|free of charge|fine|approved|"
    r"certified|suitable|intended|supported|insured|tax(?:ed|able|-free))\b|n['’]t\b|"
    r"\b(?:darf|dürfen|kann|können|muss|müssen|nicht|kein\w*|nur|erlaubt|verboten|möglich|zulässig|erforderlich)\b|"
    r"可以|不|必须|应当|禁止|须|无需",
    re.IGNORECASE,
)
# what tells somebody to do something, also after a condition or a colon: "If you smell gas, leave the room"
_TELLING = re.compile(
    r"^\W*(?:step )?\d{1,2}[.):]\s|\bplease\b|\b(?:you|we|employees|teammates|everybody|everyone) (?:\w+ )?(?:can|"
    r"must|should|shall|need to|have to)\b|\b(?:must|should|shall|need to|have to) (?:\w+ )?be \w+ed\b|"
    r"(?:^\W*(?:(?:if|when|to|for|in case|before|after|unless|from)\b[^,;:]*,\s+(?:then |please )?)?|: )(?:"
    r"enter|open|write|apply|request|fill|send|call|ask|submit|use|tell|hand|book|report|install|choose|log|sign|"
    r"press|go|take|leave|photograph|register|contact|put|check|connect|select|click|create|record|visit|navigate|order|"
    r"e-?mail|inform|notify|reach out|follow|complete|turn|bring)\b(?! (?:may|can|must|will|is|are|was|were|of)\b)|"
    r"\b(?:sie|bitte|müssen|beantragen|melden|tragen|buchen|wenden)\b|应当|应该|须|请|填写|申请|提交|登记",
    re.IGNORECASE,
)

# kinds that hardly a sentence cannot answer: some say so
SAYING = {Expected.HOW: _TELLING, Expected.WHETHER: _RULING}


def denies(text: str) -> bool:
    """Whether a text says no of something."""
    return bool(DENIAL.search(text))


def fits(asked: Asked, sentence: str) -> float:
    """Whether a sentence names what is asked for beyond what the question itself names: 1, 0, or 0.5 for any kind."""
    pattern = {
        Expected.NUMBER: _NUMBER,
        Expected.OFTEN: _FREQUENCY,
        Expected.WHEN: _DATE,
        Expected.WHO: _NAME,
        Expected.WHERE: _NAME,
        Expected.WHY: _REASON,
    }.get(asked.expected)
    if asked.expected in SAYING:
        return 1.0 if SAYING[asked.expected].search(sentence) else 0.5
    if pattern is None:
        return 0.5
    known = asked.question.casefold()
    sentence = _NUMBERING.sub("", sentence)
    if any(found.group().casefold() not in known for found in pattern.finditer(sentence)):
        return 1.0
    if asked.expected is Expected.WHERE and (_PLACE.search(sentence) or _SPOT.search(sentence)):
        return 1.0
    # names have no capital letters in Chinese: nothing can be told
    return 0.5 if asked.expected is Expected.WHO and re.search("[\u4e00-\u9fff]", sentence) else 0.0
