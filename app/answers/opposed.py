"""Whether a sentence says the contrary of the span it is closest to, in that span's own words.

"After 10:00" for "before 10:00", "fell" for "rose", a number with another's year, two names in each other's place,
"must" for "may", "all" for those of one place. Deterministic, by tables of words; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from app.answers.amounts import in_digits
from app.answers.crossed import IDLE_TERMS
from app.answers.scope import ALL
from app.answers.signs import DENIAL, denies
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms

NEARLY_ALL = 0.85  # of a claim's telling terms
EXCHANGED = 4  # of them at most, in each of two things that changed places
BETWEEN = 2  # of them at least, between two things that are no names

# what is said before a number, or after it: that is the least, or the most
_FILL = r"(?:[^\W\d]+ |[€$£¥] ?){0,2}"
_MOST = (
    "at most|maximum|up to|(?:no|not) (?:more|longer|later|higher) than|(?:less|fewer|lower|shorter|earlier) than|"
    "under|below|before|until|till|within|(?:not|never) exceed|höchstens|maximal|bis|unter|weniger als|vor|innerhalb|"
    "binnen|moins de|au plus|avant"
)
_LEAST = (
    "at least|minimum|(?:no|not) (?:less|fewer|earlier|lower) than|(?:more|longer|later|higher|greater) than|over|"
    "above|after|beyond|exceed\\w*|from|starting|mindestens|über|mehr als|nach|ab|plus de|au moins|après|à partir de"
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
        ("next", "previous"),
        ("minimum", "maximum"),
        ("include", "exclude"),
        ("gross brutto", "net netto"),
        ("internal", "external"),
        ("accept approve", "reject refuse decline"),
        ("mandatory compulsory obligatory", "optional voluntary"),
        ("open", "close"),
        ("begin start", "end finish finished"),
        ("real", "fictional fictitious imaginary"),
        ("morning", "evening afternoon"),
        ("winter", "summer"),
        ("north", "south"),
        ("east", "west"),
        ("buyer", "seller"),
        ("full", "part"),
        ("domestic", "foreign"),
        ("above over", "below under"),
        ("早上 上午", "下午 晚上"),
        ("增加 上升 提高", "减少 下降 降低"),
        ("开放 开门", "关闭 关门"),
        ("以前 之前", "以后 之后"),
        ("免费", "收费"),
    )
)
_UN = re.compile(r"\bun([^\W\d_]{4,})", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:]|,? (?:and|but|while|whereas|und|aber|während|et|mais) |[；，]")
_BESIDE = re.compile(
    r"(?P<number>\d[\d.:]*)(?: ?[^\W\d]+| ?%)?,? (?:in|of|for|im|für|en|au|aux) (?:the )?"
    r"(?P<beside>(?:19|20)\d\d|[A-ZÄÖÜ][\w-]+)"
)
_NAME = re.compile(r"[A-ZÄÖÜÉ][\w’'-]*[^\W\d_](?: [A-ZÄÖÜÉ][\w’'-]+)*")
_PLACED = re.compile(r"\b(?:in|at|on|for|of|from|near|since|during|per|under)(?: the)? $", re.IGNORECASE)
_PASSIVE = re.compile(r"\bby\b|[’']s\b|\b(?:von|durch|par|wird|werden|wurde|wurden)\b")
_DUTY = re.compile(
    r"\b(?:must|shall|require[sd]?|mandatory|compulsory|obliged|ha(?:ve|s) to|needs?|only|müssen|muss)\b|必须|须", re.I
)
_CHOICE = re.compile(
    r"\b(?:may|might|can|could)\b(?! no\b)|\b(?:optional(?:ly)?|voluntary|(?:are|feel) free to|"
    r"if you(?: would|['’]d)? (?:like|want|wish)|"
    r"können|kann|darf|dürfen)\b|可以",
    re.I,
)
_FORBIDDEN = re.compile(
    r"\b(?:breach|violation|offence|illegal|prohibited|forbidden|banned|unlawful|verstoß|verboten|untersagt|unzulässig)\b"
    r"|禁止|不得|不准",
    re.I,
)
_ALLOWED = re.compile(
    r"\b(?:may|can|allowed|permitted|fine|free to|kann|können|darf|dürfen|erlaubt|zulässig|gestattet)\b|可以|允许", re.I
)
_EVEN_IF = re.compile(r"\beven (?:if|when|though)\b|\bauch wenn\b|即使", re.I)
_IF = re.compile(r"\b(?:if|when|provided|wenn|falls|sofern)\b|如果|只要", re.I)
_BOUND = re.compile(
    r"\b(by|from|to|until|since|before|after|bis|ab|seit|vor|nach|von) (?:EUR |USD |GBP |[€$£] ?)?(\d[\d.:]*)", re.I
)
_OF_SPAN = re.compile(
    r"\b(?:(?P<within>in|during|within|während|innerhalb)|(?P<after>after|nach)|(?P<before>before|vor)) "
    r"(?:the|den|der|dem|de[sn]) (?P<end>first|last|ersten|letzten) (?P<number>\d+)",
    re.I,
)
_ONE = re.compile(
    r"\b(?:one|1|a single|ein(?:e[nmrs]?)?|une?) (?:(?:full|working|calendar) )?(?P<word>[^\W\d_]{3,})"
    r"|(?<![每同另任某])一个?(?P<sign>工作日|小时|星期|[月年周天次人])"
)
_OF_ONE = re.compile(
    r"\b(?:a|an|one|1|each|every|per|ein(?:e[nmrs]?)?|une?) (?:(?:full|working|calendar) )?([^\W\d_]{3,})"
    r"|(?:一个?|每个?)(工作日|小时|星期|[月年周天次人])",
    re.I,
)
_OF_MANY = re.compile(
    r"(?<![\d.])(?!1(?!\d))\d[\d.]* (?:(?:full|working|calendar) )?([^\W\d_]{3,})"
    r"|(?!1[^\d])\d+个?(工作日|小时|星期|[月年周天次人])"
)
_LETTER = re.compile(r"(?<=[a-zäöüß]) ([A-HJ-Z])(?![\w.’'&/])")
_OFTEN = {
    period: re.compile(rf"\b(?:{words})\b|{sign}", re.I)
    for period, words, sign in (
        (
            "day",
            "daily|(?:every|each|per) (?:working )?day|täglich|(?:jeden|pro|je) tag|quotidien\\w*|(?:chaque|par) jour",
            "每天|每日",
        ),
        (
            "week",
            "weekly|(?:every|each|per) week|wöchentlich|(?:jede|pro|je) woche|hebdomadaire|(?:chaque|par) semaine",
            "每周|每星期",
        ),
        (
            "month",
            "monthly|(?:every|each|per) month|monatlich|(?:jeden|pro|je) monat|mensuel\\w*|(?:chaque|par) mois",
            "每月|每个月",
        ),
        (
            "quarter",
            "quarterly|(?:every|each|per) quarter|vierteljährlich|(?:jedes|pro|je) quartal|trimestriel\\w*",
            "每季",
        ),
        (
            "year",
            "annual(?:ly)?|yearly|(?:every|each|per) year|jährlich|(?:jedes|pro|je) jahr|annuel\\w*|chaque année",
            "每年",
        ),
    )
}
_TIME = {
    unit: re.compile(rf"\b(?:{words})\b", re.I)
    for unit, words in (
        ("hour", "hours?|hourly|hrs?|stunden?|stündlich"),
        ("day", r"days?|daily|diem|tage?n?|täglich"),
        ("week", r"weeks?|\w*weekly|fortnight\w*|wochen?|wöchentlich"),
        ("month", r"months?|\w*monthly|monate?n?|monatlich"),
        ("quarter", r"quarters?|quarterly|quartale?n?|vierteljährlich"),
        ("year", r"years?|yearly|annual(?:ly)?|annum|anniversar\w+|jahre?n?s?|jährlich"),
    )
}
_COUNTED_FROM = re.compile(
    r"(?P<number>\d[\d.]*)\)? (?:(?:full|working|calendar|business) )?(?P<unit>[^\W\d_]+) "
    r"(?:from|after|before|since|prior to|following|of|ab|nach|vor|seit) (?P<start>"
    r"(?:(?!(?:to|unless|for|if|when|and|or|but|zu|und|oder)\b)[\w’'-]+(?: |(?=\W|$))){1,8})",
    re.I,
)
_POINT = frozenset(terms("date day time point moment tag datum zeit zeitpunkt"))
_RATE = re.compile(r"\d(?: [\w-]+)? (?:per|each|every|an?|pro|je) (?P<unit>[^\W\d_]+)", re.I)
_NOT_TO = re.compile(
    r"(?:^|[.:;(] )\W*(?:please |but )?(?:never|do not|don['’]t|avoid|refrain)\b(?! (?:forget|hesitate|worry))"
    r"|\b(?:please |to |should |must )avoid\b",
    re.I,
)
_BY = re.compile(r"\w(?:ed|en|wn|ld|nt|de|pt|ut) by (?:the |an? |our |your |their )((?:[\w’'-]+ ?){1,3})")
_CLAUSE_STARTS = re.compile(r"[.,;:(\n]")
_NEEDED = re.compile(
    r"\s*(?:required|necessary|needed|mandatory|need|have to|obliged|erforderlich|nötig|notwendig)\b", re.I
)
_THEN = re.compile(r"\b(?:then|afterwards|subsequently|dann|danach|anschließend|puis|ensuite)\b|然后", re.I)
_FIGURE = re.compile(r"\d[\d.]*")
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
        other_limit(said, near)
        or other_limit(said, told)
        or _contrary(claim, span)
        or _negated(claim, near)
        or _beside_other(said, told)
        or (bool(_DUTY.search(said)) and not _DUTY.search(near) and _leaves_choice(near, said))
        or (bool(_FORBIDDEN.search(near)) and bool(_ALLOWED.search(said)) and not _keeps_forbidden(said))
        or (bool(_EVEN_IF.search(near)) and bool(_IF.search(said)) and not _EVEN_IF.search(said) and not denies(said))
        or _other_bound(said, told)
        or _other_side(said, told)
        or _one_of_many(said, near)
        or _other_letter(claim, span)
        or (bool(ALL.search(said)) and not ALL.search(told) and _of_one(said, told))
        or _other_order(said, near)
        or other_period(said, near)
        or _other_start(said, near)
        or _other_time(said, near, told)
        or _needless(said, told)
        or _told_not_to(said, near)
        or _by_another(said, near)
        or _exchanged(said, near)
    )


def _other_start(claim: str, near: str) -> bool:
    """Whether a time is counted from something else: "10 days after the order" for "10 days after the delivery"."""
    told = [_counted(found) for found in _COUNTED_FROM.finditer(near)]
    for found in _COUNTED_FROM.finditer(claim):
        number, unit, said = _counted(found)
        starts = [start for *same, start in told if same == [number, unit]]
        if unit and said and starts and all(start and said.isdisjoint(start) for start in starts):
            return True
    return False


def _counted(found: re.Match[str]) -> tuple[str, str | None, frozenset[str]]:
    return found["number"], _unit(found), frozenset(question_terms(found["start"])) - _POINT - IDLE_TERMS


def _other_time(claim: str, near: str, span: str) -> bool:
    """Whether the claim speaks of a year where the sentence speaks of a month, or gives a rate for a day and no day is
    spoken of."""
    said, told = ({unit for unit, word in _TIME.items() if word.search(text)} for text in (claim, near))
    new = {unit for unit in said if not _TIME[unit].search(span)}
    return bool(new and told - said) or any(_unit(found) in new for found in _RATE.finditer(claim))


def _unit(found: re.Match[str]) -> str | None:
    return next((unit for unit, word in _TIME.items() if word.fullmatch(found["unit"])), None)


def _told_not_to(claim: str, near: str) -> bool:
    """Whether the claim tells to do, or says that one does, what the sentence tells not to do."""
    return bool(_NOT_TO.search(near)) and not denies(claim) and not _NOT_TO.search(claim)


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
        if both_named or (len(between) >= BETWEEN and not _IF.search(claim)):
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


def _needless(claim: str, span: str) -> bool:
    """Whether the claim says that something must be of which the span says that it need not."""
    if not _DUTY.search(claim) or denies(claim):
        return False
    wanted = frozenset(question_terms(claim))
    for found in DENIAL.finditer(span):
        before = question_terms(_CLAUSE_STARTS.split(span[: found.start()])[-1])
        if before and before[-1] in wanted and _NEEDED.match(span, found.end()):
            return True
    return False


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


def other_duty(claim: str, span: str) -> bool:
    """Whether one says that something must be, the other only that it may."""
    return any(
        _DUTY.search(one) and not _DUTY.search(other) and _CHOICE.search(other)
        for one, other in ((claim, span), (span, claim))
    )


def _leaves_choice(near: str, claim: str) -> bool:
    """Whether the sentence lets people choose to do what the claim speaks of."""
    wanted = frozenset(terms(claim))
    for found in _CHOICE.finditer(near):
        following = question_terms(near[found.end() : found.end() + 60])[:2]
        if not following or wanted.issuperset(following):
            return True
    return False


def _keeps_forbidden(claim: str) -> bool:
    return bool(_FORBIDDEN.search(claim)) or denies(claim)


def _other_bound(claim: str, span: str) -> bool:
    """Whether "by 2023" stands where the span has "by 2028", and 2023 somewhere else."""
    told = [(found[1].casefold(), found[2].rstrip(".:")) for found in _BOUND.finditer(span)]
    figures = frozenset(_FIGURE.findall(claim))
    for found in _BOUND.finditer(claim):
        word, number = found[1].casefold(), found[2].rstrip(".:")
        own = [other for same, other in told if same == word]
        elsewhere = number in _FIGURE.findall(span) and figures.intersection(own)
        if own and number not in own and (elsewhere or any(other == number for _, other in told)):
            return True
    return False


def _other_side(claim: str, span: str) -> bool:
    """Whether "in the first 6 months" stands for "after the first 6 months"."""
    told = {(found["end"].casefold(), found["number"]): _side(found) for found in _OF_SPAN.finditer(span)}
    return any(
        told.get((found["end"].casefold(), found["number"]), _side(found)) != _side(found)
        for found in _OF_SPAN.finditer(claim)
    )


def _side(found: re.Match[str]) -> str:
    return next(side for side in ("within", "after", "before") if found[side])


def _one_of_many(claim: str, span: str) -> bool:
    """Whether the claim says one of what the span says two or more of, and never one."""
    asked = {word for found in _ONE.finditer(claim) for word in terms(found["word"] or found["sign"])}
    if not asked:
        return False
    many = {word for found in _OF_MANY.finditer(span) for word in terms(found[1] or found[2])}
    single = {word for found in _OF_ONE.finditer(span) for word in terms(found[1] or found[2])}
    return bool(asked & many - single)


def other_period(claim: str, near: str) -> bool:
    """Whether both say how often, and never as often: monthly and on an annual basis."""
    said, told = ({period for period, word in _OFTEN.items() if word.search(text)} for text in (claim, near))
    return bool(said and told) and said.isdisjoint(told)


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
    """Whether what holds the claim's numbers, or is nearest to it, is said of something that it does not name."""
    wanted = frozenset(_FIGURE.findall(claim))
    sentences = [span[start:end] for start, end in sentence_spans(span)]
    holding = [text for text in sentences if wanted and wanted <= frozenset(_FIGURE.findall(text))]
    return bool(labels((holding or [nearest(claim, span)])[0]) - frozenset(terms(claim)))


def other_limit(claim: str, span: str) -> bool:
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


def _negated(claim: str, near: str) -> bool:
    """Whether one has a word where the other has its negation: "married" and "unmarried"."""
    said, told = (frozenset(terms(text)) for text in (claim, near))
    return any(
        base in other - own and negated not in other
        for text, own, other in ((claim, said, told), (near, told, said))
        for found in _UN.finditer(text)
        for negated, base in [(*terms(found[0])[:1], *terms(found[1])[:1])]
    )


def _beside_other(claim: str, span: str) -> bool:
    """Whether a number stands with a year or place that stands with another number in the span."""
    told = [(found["number"], found["beside"]) for found in _BESIDE.finditer(span)]
    for found in _BESIDE.finditer(claim):
        number, beside = found["number"], found["beside"]
        own = {other for same, other in told if same == number}
        if own and beside not in own and any(other == beside for _, other in told):
            return True
    return False


def _names(text: str) -> frozenset[str]:
    """The terms of the names in a text that say neither where nor when; not those of words such as "The"."""
    names = (found for found in _NAME.finditer(text) if not _PLACED.search(text[: found.start()]))
    return frozenset(term for name in names if name[0].casefold() not in STOP_WORDS for term in terms(name[0]))
