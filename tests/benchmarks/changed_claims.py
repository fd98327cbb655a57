"""Sentences of documents as claims, and the same with one fact changed: tables of expressions. Knows no checker.

`CHANGES`: by kind, what makes a sentence untrue. `FAITHFUL`: what a truthful writer does to it. Each takes a sentence
with what stands around it and gives what becomes of it, or nothing where it has no such fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from storage.sentences import sentence_spans

AROUND = 450  # characters of the text on each side of a sentence that its passage has, to whole sentences
WORDS = (6, 40)  # of a sentence, at least and at most
SIGNS = (12, 120)  # the same in characters where words are not apart

_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_MARKUP = re.compile(r"<[^>\n]*>|\*\*|__|`")
_BULLET = re.compile(r"^(?:\s*(?:[-*+>]|\d+[.)])\s+)+")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_WHOLE = re.compile(r"[A-Z\u4e00-\u9fff][^|\n]*[.。]$")


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence of a document with its surroundings."""

    text: str
    next: str  # the sentence after it in the same paragraph, or nothing
    passage: str  # as a chunk has it: the sentence and its neighbours
    file: str


Change = Callable[[Said], str | None]


def read(root: Path, half: str) -> Iterator[Said]:
    """The sentences of the documents below a folder whose names fall into a half: "dev" or "held"."""
    for file in sorted(root.rglob("*.md")):
        name = str(file.relative_to(root))
        if ("dev", "held")[sha256(name.encode()).digest()[0] % 2] == half:
            yield from _sentences(file.read_text(encoding="utf-8"), name)


def _sentences(text: str, file: str) -> Iterator[Said]:
    plain = _MARKUP.sub("", _LINK.sub(r"\1", text))
    lines = [_BULLET.sub("- ", line) for line in plain.splitlines() if not line.lstrip().startswith(("#", "---", "|"))]
    plain = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    spans = sentence_spans(plain)
    for at, (start, end) in enumerate(spans):
        said = plain[start:end].removeprefix("- ").strip()
        least, most = SIGNS if _CJK.search(said) else WORDS
        length = len(said) if _CJK.search(said) else len(said.split())
        if not (least <= length <= most and _WHOLE.fullmatch(said)):
            continue
        first = min(other for other, _ in spans if other >= start - AROUND)
        last = max(other for _, other in spans if other <= end + AROUND)
        after = spans[at + 1] if at + 1 < len(spans) else (end, end)
        following = "" if "\n" in plain[end : after[0]] else plain[after[0] : after[1]]
        yield Said(text=said, next=following, passage=plain[first:last].strip(), file=file)


def _instead(*lines: str, before: str = r"(?<![\w-])", after: str = r"(?![\w-])", never: str = "") -> Change:
    """A change that puts the next word of a line for one of it, or the second where ">" stands between two; "_" stands
    for a space.

    `before`, `after`: expressions for what stands beside the word. `never`: in no sentence that is changed.
    """
    instead: dict[str, str] = {}
    for line in lines:
        one_way = ">" in line
        words = [word.replace("_", " ") for word in re.split("[ >]", line)]
        instead |= {word.casefold(): put for word, put in pairwise(words if one_way else [*words, words[0]])}
    every = "|".join(map(re.escape, sorted(instead, key=len, reverse=True)))
    pattern = re.compile(rf"{before}(?P<word>{every}){after}", re.IGNORECASE)

    def change(said: Said) -> str | None:
        found = pattern.search(said.text)
        if found is None or (never and re.search(never, said.text, re.IGNORECASE)):
            return None
        put = instead[found["word"].casefold()]
        put = put[0].upper() + put[1:] if found["word"][0].isupper() else put
        return said.text[: found.start("word")] + put + said.text[found.end("word") :]

    return change


def _signs(*lines: str, before: str = "", after: str = "", never: str = "") -> Change:
    """The same where words are not apart."""
    return _instead(*lines, before=before, after=after, never=never)


def _rewritten(pattern: str, put: str | Callable[[re.Match[str]], str], *, never: str = "") -> Change:
    """A change that rewrites the first place of an expression."""
    compiled = re.compile(pattern)

    def change(said: Said) -> str | None:
        if never and re.search(never, said.text, re.IGNORECASE):
            return None
        changed = compiled.sub(put, said.text, count=1)
        return changed if changed != said.text else None

    return change


_NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_IN_DIGITS = dict(zip(_NUMBER_WORDS.split(), map(str, range(2, 13)), strict=True))
_IN_DIGITS |= dict(zip(_TENS.split(), map(str, range(20, 100, 10)), strict=True))
_IN_WORDS = {digits: word for word, digits in _IN_DIGITS.items()}
_MONTHS = "January February March April May June July August September October November December"
_MONTH = "(?P<month>" + _MONTHS.replace(" ", "|") + ")"
_COUNT = rf"(?:(?<![\d.,])\d[\d.,]*|\b(?:{'|'.join(_IN_DIGITS)}))[ -]"
_DENIAL = (
    r"\b(?:not|no|never|without|neither|nor|none|nothing|nobody|only|unless|hardly|cannot)\b|n['’]t\b|[不没无非未]"
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w’-]+(?: [A-Z][\w’-]+)*")
_NOUN = re.compile(
    r"\b(?:the|an?|our|your|their|its|his|her|this) (?P<noun>[a-z]{4,})"
    r"(?= (?:is|are|was|were|has|have|had|of|in|to|for|and|or|on|at|by|with|from|that|which|will|can|must|may)\b|[,.;])"
)
_SUBJECT = re.compile(
    r"(?P<subject>(?:The|An?|Our|Your|All|Each|Every|[A-Z][a-z]+s?)(?: [\w’'-]+){0,5}?) "
    r"(?P<rest>(?:(?P<one>is|was|has)|(?P<many>are|were|have)|(?P<any>had|can|must|may|should|will|would|could))\b.*)",
    re.DOTALL,
)
_PRONOUN = re.compile(
    r"(?:It|He|She|They|We|You|This|These|That|Those|There|Such|His|Her|Its|Their|Who|What|If|When|While|As|In|On|At|"
    r"For|To|By|After|Before|Since|With|From|Both|Another|Other|Others|Some|Most|Many|One|However|Be|No|Any|Not|Note|"
    r"Sometimes)\b"
)
_GOES_BACK = re.compile(r"(?P<pronoun>It|He|She|They) (?P<rest>.*)", re.DOTALL)
_OPENS = re.compile(r"(?:The|An?|This|These|It|In|We|You|They|If|When|Each|There|Some|Most|For|To|As|On|At)\b")


def _other_year(said: Said) -> str | None:
    return _rewritten(r"(?<![\d.,$€£-])(?:1[5-9]|20)\d\d(?![\d.,]\d)", lambda year: str(int(year[0]) - 3))(said)


def _other_digit(found: re.Match[str]) -> str:
    return f"{int(found[0]) % 9 + 1}"


def _other_name(said: Said) -> str | None:
    """One name replaced by another that the passage has in another sentence."""
    known = said.text.casefold()
    own, others = _NAME.findall(said.text), _NAME.findall(said.passage)
    new = [name for name in others if not any(word.casefold() in known for word in re.findall(r"\w+", name))]
    return said.text.replace(own[0], new[0], 1) if own and new else None


def _other_noun(said: Said) -> str | None:
    """One noun replaced by another of the passage, singular by singular."""
    for noun in _NOUN.finditer(said.text):
        for other in _NOUN.finditer(said.passage):
            old, put = noun["noun"], other["noun"]
            if old.endswith("s") == put.endswith("s") and put[:4] not in said.text.casefold():
                return said.text[: noun.start("noun")] + put + said.text[noun.end("noun") :]
    return None


def _merged(said: Said) -> str | None:
    """Of two sentences, what the first is about with what the second says."""
    one, other = _SUBJECT.match(said.text), _SUBJECT.match(said.next)
    if one is None or other is None or _PRONOUN.match(said.text) or _PRONOUN.match(said.next):
        return None
    if not any(one[number] and other[number] for number in ("one", "many", "any")):
        return None
    mine, theirs = (
        {word.casefold()[:5] for word in re.findall(r"\w{3,}", text)} - {"the"} for text in (one[1], said.next)
    )
    return None if mine & theirs or not mine else f"{one['subject']} {other['rest']}"


def _by_name(said: Said) -> str | None:
    """A sentence that begins with a pronoun, with what the one before it is about instead: nearly always true."""
    one, other = _SUBJECT.match(said.text), _GOES_BACK.match(said.next)
    if one is None or other is None or _PRONOUN.match(said.text):
        return None
    plural = other["pronoun"] == "They"
    return f"{one['subject']} {other['rest']}" if plural == bool(one["many"]) and (one["one"] or one["many"]) else None


def _small(text: str) -> str | None:
    return text[0].lower() + text[1:] if _OPENS.match(text) else None


def _according(said: Said) -> str | None:
    rest = _small(said.text)
    return rest and f"According to the documents, {rest}"


def _joined(said: Said) -> str | None:
    rest = _small(said.next) if said.next and len(said.next.split()) <= WORDS[1] else None
    return rest and f"{said.text.rstrip('.')}, and {rest}"


def _in_words(found: re.Match[str]) -> str:
    return _IN_WORDS.get(found[0], found[0])


_DAY = r"(?P<day>[12]?\d|3[01])"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)"


def _iso(found: re.Match[str]) -> str:
    return f"{found['year']}-{_MONTHS.split().index(found['month']) + 1:02}-{int(found['day']):02}"


CHANGES: Mapping[str, tuple[Change, ...]] = {
    "digits": (_rewritten(r"(?<![\w.,/-])(?!(?:1[5-9]|20)\d\d\b)[1-9](?=[\d.,]*(?:[ %.;)-]|[^\W\d]))", _other_digit),),
    "number in words": (_instead(_NUMBER_WORDS, _TENS, "hundred thousand million billion"), _signs("两>三", "三>四")),
    "ordinal": (
        _instead(
            "first third second fourth fifth",
            "sixth seventh eighth ninth tenth",
            "1st 3rd 2nd 4th 5th",
            never=r"\bfirst,|\bat first\b|\bfirst of all\b|\ba (?:second|third)\b",
        ),
        _signs("第一 第二 第三 第四"),
    ),
    "month": (
        _instead(_MONTHS.replace(" May", "")),
        _rewritten(r"(?<!\d)\d{1,2}(?=月)", lambda found: str(int(found[0]) % 12 + 1)),
    ),
    "weekday": (_instead("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"), _signs("星期一 星期三 星期五")),
    "year": (_other_year,),
    "unit": (
        _instead(
            "days weeks months years",
            "day week month year",
            "hours minutes seconds",
            "hour minute second",
            "GB MB TB",
            "km>miles",
            "kilometres>miles",
            "kilometers>miles",
            "metres>feet",
            "meters>feet",
            "feet>metres",
            "kg>tons",
            "characters letters words",
            before=_COUNT,
        ),
        _signs("天>周", "年>天", "个月>天", "公里>米", "米>公里", "小时>天", "分钟>小时", before=r"(?<!\d)\d{1,3}"),
    ),
    "counted thing": (
        _instead(
            "people companies",
            "students teachers schools",
            "members employees teams customers",
            "users servers",
            "goals games seasons",
            "countries cities",
            "books films",
            "types levels steps",
            before=_COUNT,
        ),
        _signs("人>次", "场>球", "名>次", before=r"\d"),
    ),
    "frequency": (
        _instead(
            "daily weekly monthly quarterly yearly",
            "annually>monthly",
            "annual>monthly",
            "every_day every_week every_month every_year",
            "per_hour per_day per_week per_month per_year",
        ),
        _instead(
            "once twice",
            "an_hour>a_day",
            "a_day>a_week",
            "a_week>a_month",
            "a_month>a_year",
            "a_year>a_month",
            before=rf"(?:{_COUNT}|\d )?(?<!at )\b",
            after=r"(?: an?\b| per\b| every\b|[.,])",
        ),
        _signs("每天 每周 每月 每年"),
    ),
    "share": (
        _instead(
            "half>quarter",
            "one-third two-thirds",
            "two_thirds>one_third",
            "one_third>two_thirds",
            "double triple",
            "doubled tripled",
            "doubles triples",
            "doubling halving",
        ),
        _rewritten(r"(?<=\d) ?(?:%|percent\b|per cent\b)(?! ?(?:~|–|-|to\b))", ""),
    ),
    "currency": (
        _instead("$ £ €", before="", after=r"(?= ?\d)"),
        _instead("dollars euros pounds", "USD EUR GBP"),
        _signs("美元>欧元", "元>美元", before=r"[\d万亿]"),
    ),
    "negation added": (
        _rewritten(r"\b(is|are|was|were|can|could|will|would|must|may|should)\b(?=[ ][a-z])", r"\1 not", never=_DENIAL),
        _rewritten(r"\b(has|have|had) (?=been\b|\w+ed\b)", r"\1 not ", never=_DENIAL),
        _rewritten(r"\b(We|You|They|we|you|they) (?=(?!had|did|went)[a-z]{3,}(?<!ed)\b)", r"\1 do not ", never=_DENIAL),
        _signs("可以>不可以", "是>不是", "能>不能", never=_DENIAL),
    ),
    "negation removed": (
        _rewritten(
            r"\b(is|are|was|were|can|could|will|would|must|may|should|do|does|did|has|have|had)(?: ?not|n['’]t)\b",
            r"\1",
            never=r"\bbut\b|\bnot (?:only|just|necessarily|more|less|yet)\b|\bor not\b|\bif\b|\bwon['’]t",
        ),
        _instead("never>always", "without>with", never=r"\bnot\b|n['’]t"),
        _signs("没有>有", "不是>是", "不能>能", "不可>可"),
    ),
    "all, only, always": (
        _instead(
            "only>also",
            "some>all",
            "most>all",
            "many>all",
            "several>all",
            "usually>always",
            "often>always",
            "sometimes>always",
            "generally>always",
            "typically>always",
            "always>never",
            "never>always",
            "every>no",
            after=r"(?= (?!of\b|other|recent|notabl|likel)[a-z])",
            never=r"not only",
        ),
        _signs("部分>全部", "多数>全部"),
    ),
    "at least, at most": (
        _instead(
            "at_least at_most",
            "more_than less_than",
            "fewer_than>more_than",
            "greater_than>less_than",
            "up_to>at_least",
            "over>under",
            "under>over",
            "within>after",
            after=r"(?= (?:[$€£]?\d|an? |one|two|three|four|five|half))",
        ),
        _instead("maximum minimum"),
        _signs("超过>不到", "至少>最多", "最多>至少"),
    ),
    "before, after": (
        _instead("before after", "prior_to>after", "until>after", "earlier later"),
        _signs("以前 以后", "之前 之后"),
    ),
    "more, fewer": (
        _instead(
            "more less",
            "fewer>more",
            "higher lower",
            "larger smaller",
            "greater>smaller",
            after=r"(?= [a-z])",
            never=r"\b(?:no|any|not|the|or) more\b|more (?:than|about|info)",
        ),
        _signs("最多 最少", "最大 最小", "最高 最低"),
    ),
    "may, must, should": (
        _instead(
            "may>must",
            "can>must",
            "could>must",
            "must>may",
            "should>must",
            after=r"(?= (?!not|also)[a-z])",
            never=_DENIAL,
        ),
        _signs("可以>必须", "必须>可以", "可能>必须"),
    ),
    "another name": (_other_name,),
    "another noun": (_other_noun,),
    "two merged": (_merged,),
    "antonym": (
        _instead(
            *"increase decrease|increased decreased|increases decreases|rose fell|rise fall|high low|large small"
            "|early late|new old|open closed|public private|internal external|north south|northern southern|east west"
            "|eastern western|success failure|began ended|begins ends|include exclude|included excluded"
            "|enable disable|enabled disabled|accept reject|accepted rejected|allowed forbidden|allow forbid"
            "|easy difficult|strong weak|long short|older younger|rich poor|buy sell|bought sold|win lose|won lost"
            "|import export|same different|possible impossible|male female|men women|above below|inside outside"
            "|left right|summer winter|good bad|positive negative|majority minority|major minor|add remove"
            "|added removed|create delete|created deleted|send receive|sent received|local remote".split("|")
        ),
        _signs("增加 减少", "上升 下降", "北部 南部", "东部 西部", "开始 结束"),
    ),
}

FAITHFUL: Mapping[str, tuple[Change, ...]] = {
    "word for word": (lambda said: said.text,),
    "According to …": (_according,),
    "joined by and": (_joined,),
    "named, not It": (_by_name,),
    "digits in words": (_rewritten(r"(?<![\w.,$€£/-])(?:[2-9]|1[0-2]|[2-9]0)(?= [a-z])", _in_words),),
    "words in digits": (
        _rewritten(rf"(?<![\w-])(?:{'|'.join(_IN_DIGITS)})(?= [a-z])", lambda found: _IN_DIGITS[found[0]]),
    ),
    "date in another form": (
        _rewritten(rf"{_MONTH} {_DAY}, {_YEAR}", r"\g<day> \g<month> \g<year>"),
        _rewritten(rf"\b{_DAY} {_MONTH} {_YEAR}", _iso),
    ),
    "percent": (_rewritten(r"(?<=\d) ?%", " percent"), _rewritten(r"(?<=\d) per ?cent\b", "%")),
    "contraction": (
        _rewritten(r"\b(is|are|was|were|do|does|did|has|have|had|would|should|could) not\b", r"\1n't"),
        _rewritten(r"\b(is|are|was|were|do|does|did|has|have|had|would|should|could)n['’]t\b", r"\1 not"),
        _rewritten(r"\bcannot\b", "can't"),
        _rewritten(r"\b(it|that|there)['’]s(?= (?:an?|the|not|very|important|possible)\b)", r"\1 is"),
        _rewritten(r"\b(we|they|you)['’]re\b", r"\1 are"),
    ),
    "without an aside": (
        _rewritten(r" \([^()]*\)(?=[ ,.])", ""),
        _rewritten(r", (?:which|who|because|although|whereas|so|such as|including|e\.g\.) [^,.;]*(?=\.$)", ""),
    ),
    "synonym": (
        _instead(
            *"begins>starts|begin>start|began>started|assist>help|help>assist|ensure>make_sure|buy>purchase|bought>purchased"
            "|shows>displays|built>constructed|constructed>built|receive>get|obtain>get|requires>needs|require>need"
            "|utilize>use|called>named|choose>select|select>choose|occurred>happened|located>situated|provides>offers"
            "|provide>offer|offers>provides|established>founded|founded>established|large>big|approximately>about"
            "|also>additionally|however>but|many>numerous|numerous>many|often>frequently|frequently>often"
            "|important>significant".split("|")
        ),
    ),
}
