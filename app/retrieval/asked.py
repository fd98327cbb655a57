"""What a question asks for: its telling terms with their weights, and the kind of answer it expects.

Knows how rare a term is in the collection; knows no passage and no model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property

from app.answers.phrases import function_words
from app.records import Turn
from app.retrieval.followup import asking
from app.retrieval.forms import other_forms
from app.retrieval.synonyms import NONE, SHARE, Instead, Synonyms, joined, run_in, run_of
from storage.keywords import KeywordIndex
from storage.recollection import remembered
from storage.words import Run, question_terms, terms

# terms of asking, not of what is asked: "how many days do I get", "must somebody tell"
ASKING = frozenset(
    terms(
        "many much often get got know tell give gave happen must might shall "
        "somebody someone anybody anyone everybody everyone something anything"
    )
)
_MEASURE = re.compile(r"\bhow (?!many|much)(\w+)", re.IGNORECASE)  # "How soon is it closed?" asks for a time
_MAY = re.compile(r"^[Mm]ay\b|\bmay\b")  # a month has a capital letter
# "List the sites" is no question about lists
_ORDERS = re.compile(
    r"^(?:please |can you |could you |bitte )?(list|name|enumerate|mention|describe|explain|summari[sz]e|nenne|liste|"
    r"erkläre?|beschreibe?)(?=n?\b)",
    re.IGNORECASE,
)
# Chinese is cut into pairs of characters: what holds one of these is half of a question word ("午几", "几点")
_ASKING_CHARACTER = re.compile("[几谁什么吗呢哪怎]")
FEW_TERMS = 3  # a follow-up question with fewer telling terms borrows those of the turns before


class Expected(StrEnum):
    """The kind of thing an answer has to name."""

    WHO = "who"
    WHEN = "when"
    NUMBER = "number"
    OFTEN = "often"
    WHERE = "where"
    WHY = "why"
    HOW = "how"  # to do something
    WHETHER = "whether"
    ANY = "any"


_UP_TO_3 = (
    r"(?:(?!(?:of|for|in|on|to)\b)\w+ ){0,3}"  # words: "what is the emergency number", not "the cause of the cost"
)
# the one whose word stands first in the question wins
_ASKS = (
    (
        Expected.OFTEN,
        r"\bhow (?:often|frequently|regularly)\b|\bwie (?:oft|häufig|regelmäßig)\b",
        r"\bcombien de fois\b|\bcu[aá]ntas veces\b|\b(?:à|con) (?:quelle|qu[eé]) (?:fréquence|frecuencia)\b",
        r"多久.{0,6}一次|多长时间.{0,6}一次|几次",
    ),
    (
        Expected.NUMBER,
        r"\bhow (?:many|much|long|old|far|tall|high|large|big|fast|deep|wide|thick|heavy|hot|warm|cold)\b",
        rf"\b(?:what|which)(?:['’]s)? {_UP_TO_3}(?:percent|percentage|number|amount|population|price|cost|fee|rate|age|"
        r"temperature|distance|length|size|height|score|share|limit|salary)\b",
        rf"\bwhat(?:['’]s| is| are| was| were) {_UP_TO_3}(?:allowance|budget|deductible|discount|maximum|minimum|top|"
        r"bottom|extension|phone|longest|shortest|highest|lowest|rate|total|duration|notice period)\b",
        r"\bhow (?:soon|quickly)\b|\b(?:with)?in (?:what|which) time\b",
        r"\bwhat (?:do|does|did|can|could|may|will|would) (?:[\w-]+ ){1,5}(?:cost|spend|pay|earn)\b",
        r"\bwie ?(?:viele?[nrs]?|lange|hoch|groß|alt|weit)\b|\bcombien\b|\bcu[aá]nt[oa]s?\b",
        r"多少|几(?![乎何点时])|多[大长高远久重深宽]|百分之",
    ),
    (
        Expected.WHEN,
        r"\b(?:(?:by|since|until|till|from) when|when(?= (?:is|are|was|were|am|do|does|did|will|would|can|could|must|"
        r"shall|should|may|might|has|have|had)\b)|when$)",
        r"\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|time|era|deadline)s?\b",
        r"\bwann\b|\bquand\b|\bcu[aá]ndo\b|什么时[候间]|何时|几[点时]|哪[一]?[年月日天]|什么时代|时间",
    ),
    (
        Expected.WHO,
        r"\bwho(?:m|se)?\b|\bwe[rm]n?\b|\bqui\b|\bqui[eé]n(?:es)?\b|谁|哪[位个]人",
        r"\b(?:what|which) (?:person|people|man|woman|company|organi[sz]ation|team|king|queen|president|author)\b",
    ),
    (
        Expected.WHERE,
        r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:city|country|state|place|location|region|county|town|island)\b",
        r"\bwo(?:hin|her)?\b|\boù\b|\bd[oó]nde\b|哪里|哪儿|何处|什么地方|在哪|哪个?[国省市县区地]",
    ),
    (
        Expected.WHY,
        r"\bwhy\b|\b(?:what|which) (?:\w+ )?(?:reason|cause|purpose)s?\b|\bwhat caused\b",
        r"\bwarum\b|\bweshalb\b|\bpourquoi\b|\bpor qu[eé]\b|为什么|为何|原因",
    ),
    (
        Expected.HOW,
        r"\bhow (?:do|can|could|should|must|to|will|would) ?(?:i|we|you|one)?\b",
        r"\b(?:what|which) (?:steps?|procedures?)\b|\bwhat (?:do|must|should|shall) (?:i|we) (?:have to )?do\b",
        r"\bwie (?:kann|können|muss|müssen|soll\w*|mach\w*|bekomm\w*|beantrag\w*|meld\w*|erreich\w*|komm\w*|geh\w*)\b",
        r"怎么|怎样|如何",
    ),
    (
        Expected.WHETHER,
        r"^(?:(?:and|but|so|also) )?(?:is|are|was|were|am|do|does|did|can|could|may|might|must|should|shall|will|would|"
        r"has|have|had)\b(?! you (?:please )?(?:tell|say|explain|name|list|give|show)\b)",
        r"^(?:(?:und|aber) )?(?:ist|sind|war|waren|darf|dürfen|kann|können|muss|müssen|soll|sollen|wird|werden|hat|"
        r"haben|gibt|gilt|gelten|bekomm\w*|brauch\w*)\b",
        r"吗[？?]?$|是否|能不能|可不可以|需不需要|有没有",
    ),
)
_ASKS_COMPILED = tuple((kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, *patterns in _ASKS)

Weigh = Callable[[str], float]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, understood as far as extraction needs it."""

    question: str
    weights: dict[str, float]  # by telling term: how much it tells (inverse document frequency, borrowed ones less)
    expected: Expected
    echoes: tuple[tuple[str, float], ...] = ()  # earlier turns of the person and how much their meaning counts
    borrowed: bool = False  # says too little by itself: terms and meaning of the turns before belong to it
    instead: tuple[Instead, ...] = ()  # words of it, and what documents may say for them
    # by a term that no passage has: the terms there that may stand for it, and for what part of it, 0 to 1
    akin: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def covered(self, found: frozenset[str]) -> float:
        """The part of the telling weight that `found` holds, 0 to 1; a word also in its other forms, and in part in
        words akin to it."""
        total, telling = self._telling
        if not total:
            return 0.0
        exact = sum([weight for weight, forms in telling if not forms.isdisjoint(found)])
        return (exact + self._in_other_words(found)) / total

    def terms_in(self, text: str) -> frozenset[str]:
        """The index terms of a text, and of the phrases that may stand for words of the question those that it says."""
        found = term_set(text)
        phrases = [run for run in self._phrases if found.issuperset(run)]
        if not phrases:
            return found
        every = run_of(text)
        return found.union(joined(run) for run in phrases if run_in(run, every))

    def with_own(self, found: frozenset[str]) -> frozenset[str]:
        """What `terms_in` found, with the terms of the question for which others stand there."""
        return found.union(term for term, others in self.others.items() if not found.isdisjoint(others))

    @property
    def in_its_own_words(self) -> Asked:
        """The question as if nothing could be said in other words."""
        return replace(self, instead=(), akin={})

    @cached_property
    def others(self) -> dict[str, frozenset[str]]:
        """By a term of the question what may be said for it, terms and phrases as `terms_in` gives them."""
        return {
            term: frozenset(map(joined, one.others))
            for one in reversed(self.instead)
            for term in one.telling
            if term in self.weights
        }

    @cached_property
    def of_others(self) -> frozenset[str]:
        """The terms of all that may be said for words of the question."""
        return frozenset(term for one in self.instead for run in one.others for term in run)

    @cached_property
    def _phrases(self) -> tuple[Run, ...]:
        return tuple(run for one in self.instead for run in one.others if len(run) > 1)

    def _in_other_words(self, found: frozenset[str]) -> float:
        said = {term: SHARE for term, others in self.others.items() if not found.isdisjoint(others)}
        for term, akin in self.akin.items():
            said.setdefault(term, max((share for other, share in akin.items() if other in found), default=0.0))
        return sum(
            self.weights[term] * share
            for term, share in said.items()
            if share and found.isdisjoint([term, *other_forms(term)])
        )

    @cached_property
    def _telling(self) -> tuple[float, tuple[tuple[float, frozenset[str]], ...]]:
        """All weights together, and each with the forms of its term."""
        forms = tuple((weight, frozenset([term, *other_forms(term)])) for term, weight in self.weights.items())
        return sum(self.weights.values()), forms


def understand(question: str, history: Sequence[Turn], *, weigh: Weigh, synonyms: Synonyms = NONE) -> Asked:
    """Find out what is asked. `weigh`: how much a term tells (`rarity`)."""
    asked = asking(question, history, synonyms)
    own = question_terms(question)
    borrowing = len(own) < FEW_TERMS
    weights = {term: share * weigh(term) for term, share in asked.terms.items() if borrowing or term in own}
    asking_words = [
        *function_words(question),
        *_MEASURE.findall(question),
        *_MAY.findall(question),
        *_ORDERS.findall(question),
    ]
    empty = ASKING | {term for word in asking_words for term in terms(word)}
    telling = [term for term in weights if term not in empty and not _ASKING_CHARACTER.search(term)]
    return Asked(
        question=question,
        weights={term: weights[term] for term in telling} or weights,
        expected=expected(question),
        echoes=asked.echoes,
        borrowed=borrowing and bool(asked.echoes),
        instead=asked.instead,
    )


def rarity(keywords: KeywordIndex, labels: frozenset[int]) -> Weigh:
    """How much a term tells in what these labels may read: its inverse document frequency."""

    @cache
    def weigh(term: str) -> float:
        return math.log1p(math.exp(keywords.rarity([term], labels=labels)[term]))  # never 0: every term tells a little

    return weigh


def expected(question: str) -> Expected:
    """The kind of answer a question expects, by its question words."""
    found = [(place.start(), kind) for kind, pattern in _ASKS_COMPILED if (place := pattern.search(question))]
    return min(found, key=lambda item: item[0])[1] if found else Expected.ANY


@remembered(20_000)  # sentences and headings are looked at again and again
def term_set(text: str) -> frozenset[str]:
    """The index terms of a text."""
    return frozenset(terms(text))
