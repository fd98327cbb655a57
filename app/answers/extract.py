"""Answers without a language model: the sentences of the passages that answer, best first, quoted whole.

Every sentence or table row of the context is a candidate. What it says of the question is measured in a few numbers
(`Features`), and a logistic regression over them, fitted on questions whose answers are known, ranks the candidates.
Knows the embedder and how rare terms are; knows no language model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

import numpy as np

from app.answers.context import Passage
from app.answers.kinds import names_kind, values
from app.answers.phrases import language_of, names_section
from app.answers.quotable import (
    ITEM,
    OF_THESE,
    Found,
    furniture,
    goes_back,
    header,
    refers,
    repeats,
    section,
    sentences_of,
)
from app.answers.ranges import amount_terms, amounts, cases
from app.answers.surroundings import takes_back
from app.answers.variants import of_others
from app.answers.weak import weakness
from app.retrieval.asked import Asked, Expected, term_set
from app.retrieval.expand import begins, codes, label_of
from app.retrieval.steadfast import unit
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.words import question_terms, terms, unspaced_share

MOST_EMBEDDED = 40  # candidates that are embedded
MOST_WORDS = 115  # of an answer, unless its one sentence is longer
NEAR_SHARE, FAR_SHARE = 0.12, 0.35  # of the best candidate's probability that another one needs, by where it stands
UNSPACED = 0.2  # text with this share of unspaced script is counted in characters
CHARACTERS_PER_WORD = 2  # of Chinese: 120 to 240 characters say what 60 to 120 words say
SAME_THING = 2  # terms that the sentences of two editions share which say something of the same thing
MOST_MORE = 6  # sentences besides those that are chosen first: a dozen short lines are no support
MOST_ROWS = 4  # of tables, unless they are what is asked for
NAMING_WORDS = 20  # of a sentence that names what the likeliest one speaks of
LIST_WORDS = 90  # of a list that is quoted as a whole
NEARLY = 1.25  # of the room that there is, in which a whole list is quoted: who reads all but its last item is misled
BARE_WORDS = 2  # of an item that says nothing without what announces it: "- Cuba"
SINGLED_OUT = 0.25  # of what an item and its headings say of the question: so much more than others it says itself
LIST_ITEMS, LIST_SHARE = 3, 0.5  # so many items that are nearly as likely as the best: the list is what is asked for

_MARK = re.compile(r"^[-*•‣▪◦·–—]\s+")
_GOES_ON = re.compile(r"[-*•‣▪◦·–—]\s+(?:[a-zß-ÿ]{2}|[a-zß-ÿ]\s)")
_THESE = re.compile(rf"(?:these|the following|diese|folgende)\b|.*{OF_THESE.pattern}", re.IGNORECASE | re.DOTALL)
NAMED, IN_ORDER = 0.99, 0.001  # of a section that the question names: what it says, in its order
ASKS_ANOTHER = 0.7  # likeness of a question that is a heading, up to which it asks another thing
SAME_QUESTION = 0.9  # of what is missing to certainty is given to what stands below a heading that asks the very same
OF_ANOTHER = 0.2  # is left to what stands in a section or document beside the one that the question names
CASE, OTHER_CASE = 0.05, 0.1  # is given to a row of the case that is asked about, and left to one of another case
LATER = 0.2  # less of it for what tells nothing yet, where one asks how
CODED = 2.0  # as `label`, of a row that is about the code which is asked for, or about one that begins with it


class Features(NamedTuple):
    """What is known of a candidate, each about 0 to 1."""

    similarity: float  # cosine of question and sentence; 0 when the embedder does not know the language
    passage: float  # the passage's score, relative to the best one's
    first: float  # 1 / rank of the passage
    terms: float  # telling weight of the question in the sentence
    around: float  # the same in the sentence, its two neighbours, the section and the title
    section: float  # the same in the sentence, title and headings above it, whose words it need not repeat
    opens: float  # 1 for the first sentence or table below a heading: what holds is said before its exceptions
    label: float  # the same in the first cell of a table's row, which says what the row is about; or CODED
    fits: float  # names the kind of thing that is asked for
    short: float  # 1 for the shortest sentences, falling to 0 at 12 words: fragments and captions


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A sentence or table row of a passage."""

    passage: Passage
    index: int  # among the sentences of its passage, in the document's order
    start: int  # in the revision's text
    end: int
    text: str
    features: Features
    score: float  # probability that it answers
    named: bool = False  # it stands in the section that the question names
    leads: bool = False  # it only announces what follows: "The steps are:"
    listed: bool = False  # it belongs to a list, or to the paragraph that a sentence announces
    headed: int | None = None  # the index of the first item of its list, where a heading alone announces that
    outdated: str = ""  # year or version of its document, where a newer edition is among the passages
    elsewhere: bool = False  # it stands in a section or document beside the one that the question names
    unasked: bool = False  # it is of another edition than that of the year which the question names
    edition: str = ""  # year or version of its document, where an older edition is among the passages and no newer one
    replaces: frozenset[str] = frozenset()  # the revisions that are these older editions
    case: bool | None = None  # it is for the amount that the question names ("1–3 years"), or for another
    again: bool = False  # it speaks of what the sentence before it names: "Change yours at once", "It takes a week"

    tells: bool = True  # a word of the question stands in it; in a row, not only in the names of the columns

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return " | " in self.text

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return ITEM.match(self.text) is not None

    @property
    def goes_on(self) -> bool:
        """Whether it is an item that ends the sentence that announces it: "- a paid second job or"."""
        return _GOES_ON.match(self.text) is not None

    @property
    def is_bare(self) -> bool:
        """Whether it is an item that but names something."""
        return self.is_item and self.words <= 1 + BARE_WORDS and not any(sign.isdigit() for sign in self.text)

    @property
    def words(self) -> float:
        """Its length in words; two Chinese characters count as one."""
        return length(self.text)


# Logistic regression on the sentences of half of squad's and of zh's answerable questions, rounded; section, opens and
# label were set by hand, reading that half and the sample company's answers. README has what came of it.
WEIGHTS = Features(
    similarity=5.5,
    passage=1.6,
    first=1.0,
    terms=1.8,
    around=2.6,
    section=1.2,
    opens=0.8,
    label=0.9,
    fits=2.0,
    short=-0.3,
)
BIAS = -10.0
# without an embedder that knows the language
WEIGHTS_TERMS = Features(
    similarity=0.0,
    passage=4.5,
    first=3.0,
    terms=6.4,
    around=1.4,
    section=0.0,
    opens=0.0,
    label=0.0,
    fits=1.2,
    short=0.0,
)
BIAS_TERMS = -12.4


def length(text: str) -> float:
    """Length in words; of text without spaces, half the number of characters."""
    if unspaced_share(text) > UNSPACED:
        return len("".join(text.split())) / CHARACTERS_PER_WORD
    return len(text.split())


def knows(embedder: Embedder, question: str) -> bool:
    """Whether the embedder was trained on the question's language, as far as its words tell."""
    return "*" in embedder.languages or language_of(question) in embedder.languages


def candidates(asked: Asked, passages: Sequence[Passage], embedder: Embedder) -> list[Candidate]:
    """Every sentence and table row of the passages that may be quoted as an answer, best first."""
    found = [item for passage in passages for item in sentences_of(passage)]
    sets = [asked.terms_in(item.text) for item in found]
    carried = furniture(found, asked)
    places = [
        at
        for at in range(len(found))
        if found[at].quotable and at not in carried and not repeats(asked, found[at].text)
    ]
    if not places:
        return []
    beside = _beside(found, places) if amounts(asked.question) else []
    case = _cases(asked, found, beside)
    held = amount_terms(asked.question)
    sets = [said | held if case.get(at) else said for at, said in enumerate(sets)]
    own = [asked.covered(item) for item in sets]
    around = [_around(asked, found, sets, at) for at in range(len(found))]
    embedded = knows(embedder, asked.question)
    cosines = dict.fromkeys(places, 0.0)
    if embedded:
        promising = sorted(places, key=lambda at: (-(own[at] + around[at]), at))[:MOST_EMBEDDED]
        cosines |= _cosines(asked, {at: found[at] for at in promising}, places, embedder)
    best = max(passage.score for passage in passages) or 1.0
    left = weakness(asked.question)
    others = of_others(asked, found)
    same = _same_question(asked, found, embedder if embedded else None)
    identifiers, most = codes(asked.question), max(own[at] for at in places)
    result = []
    for at in places:
        item = found[at]
        follows = at > 0 and not item.opens and item.passage is found[at - 1].passage
        again = follows and refers(item.text, sets[at - 1])
        said = sets[at] | sets[at - 1] if again else sets[at]
        features = Features(
            similarity=cosines[at],
            passage=item.passage.score / best,
            first=1 / item.passage.n,
            terms=asked.covered(said),
            around=around[at],
            section=asked.covered(said | asked.terms_in(f"{header(item)} {item.above} {item.under}")),
            opens=float(item.opens),
            label=_label(asked, item.text, identifiers if own[at] == most else ()),
            fits=names_kind(asked, item.text, under=item.under or section(item)),
            short=max(0.0, 1 - length(item.text) / 12),
        )
        score = probability(features, embedded=embedded) * left(item.text) * (OF_ANOTHER if at in others else 1.0)
        named = names_section(asked.question, item.passage.first.title, item.under or section(item))
        score += (1 - score) * same.get(item.under, 0.0)
        result.append(
            Candidate(
                passage=item.passage,
                index=item.index,
                start=item.start,
                end=item.end,
                text=item.text,
                features=features,
                score=NAMED - IN_ORDER * item.index if named else score,
                named=named,
                leads=item.leads,
                listed=item.listed,
                headed=item.headed,
                elsewhere=at in others,
                case=case.get(at),
                again=again or (follows and (goes_back(item.text) or takes_back(item.text))),
                tells=bool(asked.covered(asked.terms_in(values(item.text)) if " | " in item.text else sets[at])),
            )
        )
    result = _telling_first(result) if asked.expected is Expected.HOW else result
    nth = {at: n for n, at in enumerate(places)}
    result = _of_the_case(result, [[nth[at] for at in group] for group in beside])
    return sorted(result, key=lambda item: (-item.score, item.passage.n, item.index))


def _telling_first(found: Sequence[Candidate]) -> list[Candidate]:
    """Of a section that the question names, what stands before its first sentence that tells what to do comes later."""
    first = {item.passage.n: item.index for item in reversed(found) if item.named and item.features.fits == 1}
    return [
        replace(item, score=item.score - LATER) if item.named and item.index < first.get(item.passage.n, 0) else item
        for item in found
    ]


def _cases(asked: Asked, found: Sequence[Found], groups: Sequence[Sequence[int]]) -> dict[int, bool]:
    """Of what states ranges, by its place whether these hold the question's amounts."""
    told: dict[int, bool] = {}
    for group in groups:
        texts = [found[at].text for at in group]
        right = cases(asked.question, frozenset(asked.weights), texts)
        told |= {at: value for at, value in zip(group, right, strict=True) if value is not None}
    return told


def _beside(found: Sequence[Found], places: Sequence[int]) -> list[list[int]]:
    """The places of the rows and of the sentences of each section."""
    groups: dict[tuple[str, str, bool], list[int]] = {}
    for at in places:
        item = found[at]
        groups.setdefault((item.passage.revision, item.under or section(item), " | " in item.text), []).append(at)
    return list(groups.values())


def _of_the_case(result: Sequence[Candidate], groups: Sequence[Sequence[int]]) -> list[Candidate]:
    """What holds the question's amounts is as likely as the likeliest beside it, and what holds others hardly."""
    told = list(result)
    for group in groups:
        most = max(result[at].score for at in group)
        for at in group:
            item = result[at]
            if item.case is not None:
                score = most + (1 - most) * CASE if item.case else item.score * OTHER_CASE
                told[at] = replace(item, score=score)
    return told


def _label(asked: Asked, text: str, identifiers: Sequence[Sequence[str]]) -> float:
    """`identifiers`: the question's, where no sentence says more of it than this one; else another thing is meant."""
    if " | " not in text:
        return 0.0
    label = label_of(text)
    coded = any(begins(terms(label), code) for code in identifiers)
    return CODED if coded else asked.covered(asked.terms_in(label))


def probability(features: Features, *, embedded: bool) -> float:
    """How likely a candidate with these features answers."""
    weights, bias = (WEIGHTS, BIAS) if embedded else (WEIGHTS_TERMS, BIAS_TERMS)
    total = bias + sum(weight * value for weight, value in zip(weights, features, strict=True))
    return 1 / (1 + math.exp(-total))


def _around(asked: Asked, found: Sequence[Found], sets: Sequence[frozenset[str]], at: int) -> float:
    together = sets[at] | asked.terms_in(f"{header(found[at])} {found[at].above} {found[at].under}")
    for other in (at - 1, at + 1):
        beside = 0 <= other < len(found) and found[other].passage is found[at].passage
        if beside and not (" | " in found[at].text and " | " in found[other].text):  # two rows are of two things
            together |= sets[other]
    return asked.covered(together)


def _cosines(asked: Asked, found: dict[int, Found], places: Sequence[int], embedder: Embedder) -> dict[int, float]:
    """Cosines of the most promising candidates; the others get the lowest of them.

    Each is embedded under its section's name, without which "For Hall 3 it is the lawn" means little.
    """
    vectors = embedder.encode_documents([f"{item.under or section(item)}: {item.text}" for item in found.values()])
    known = (vectors @ _meanings(asked, embedder)).max(axis=1).tolist()
    return dict.fromkeys(places, min(known)) | dict(zip(found, known, strict=True))


def _same_question(asked: Asked, found: Sequence[Found], embedder: Embedder | None) -> dict[str, float]:
    """Headings that ask what is asked, with how surely the sentences below them answer it, 0 to 1.

    By their words alone where the embedder does not know the language.
    """
    headings = sorted({item.under for item in found if item.under.endswith(("?", "？"))})
    if not headings:
        return {}
    own = term_set(asked.question)
    alike = [2 * len(own & (other := term_set(heading))) / (len(own) + len(other)) for heading in headings]
    if embedder is not None:
        cosines = embedder.encode_documents(headings) @ embedder.encode_questions([asked.question])[0]
        alike = [max(pair) for pair in zip(alike, cosines.tolist(), strict=True)]
    sure = [min(1.0, (value - ASKS_ANOTHER) / (1 - ASKS_ANOTHER)) for value in alike]
    return {heading: SAME_QUESTION * value for heading, value in zip(headings, sure, strict=True) if value > 0}


def _meanings(asked: Asked, embedder: Embedder) -> Vector:
    """The question's meanings as columns: with its echoes, and where it says too little also with the turn before."""
    earlier = [text for text, _ in asked.echoes]
    texts = [asked.question, *earlier, *([f"{earlier[0]} {asked.question}"] if asked.borrowed else [])]
    vectors = embedder.encode_questions(texts)
    shares = np.array([1.0, *(weight for _, weight in asked.echoes)], dtype=np.float32)
    return np.column_stack([unit(vectors[: len(shares)].T @ shares), *vectors[len(shares) :]])


def select(ranked: Sequence[Candidate], *, share: float = 1.0) -> list[Candidate]:
    """The candidates to answer with, in the order in which they are shown: the likeliest first.

    `share`: of an answer's room, where it answers more than one question.
    The others come along while there is room and they are not much less likely; from another document only when they
    are nearly as likely. What was said already is left out, and so is what says nothing without what announces it, or
    what it announces.
    """
    headed = ranked[0].headed is not None and not ranked[0].leads
    chosen = _below_heading(ranked) if headed else _with_list(ranked)
    begun = chosen[0].headed if len(chosen) > 1 else None  # a list that is shown as far as there is room
    said = {_plain(item) for item in chosen}
    words = sum(item.words for item in chosen)
    most = len(chosen) + round(MOST_MORE * share)
    for item in ranked:
        if len(chosen) >= most:
            break
        if item.leads or _plain(item) in said or _hangs(item, chosen):
            continue
        if begun is not None and item.headed == begun and item.passage is chosen[0].passage:
            continue
        after = next((at for at, other in enumerate(chosen) if item.again and _follows(other, item)), None)
        before = [] if after is not None else [one for one in _named_before(item, ranked) if _plain(one) not in said]
        near = item.passage.revision == chosen[0].passage.revision or _replaces(item, chosen[0])
        least = (NEAR_SHARE if near else FAR_SHARE) * ranked[0].score
        if item.score < least or words + item.words > MOST_WORDS * share:
            continue
        if item.is_row and sum(other.is_row for other in chosen) == MOST_ROWS:
            continue
        of_table = chosen[0].is_row and chosen[0].passage is item.passage
        if item.is_row and not item.tells and not of_table:  # of another thing than is asked for
            continue
        if words + item.words + sum(one.words for one in before) > MOST_WORDS * share:
            before = []
        place = len(chosen) if after is None else after + 1
        chosen[place:place] = [*before, item]
        said |= {_plain(one) for one in (*before, item)}
        words += sum(one.words for one in (*before, item))
    return _with_what_takes_back(chosen, ranked)


def _with_what_takes_back(chosen: Sequence[Candidate], ranked: Sequence[Candidate]) -> list[Candidate]:
    """The same, and behind each the sentence that takes it back, if there is one: "This was revoked in 2021."."""
    against = [item for item in ranked if takes_back(item.text)]
    shown: list[Candidate] = []
    for item in chosen:
        one: Candidate | None = item
        if item in against and any(_follows(before, item) for before in chosen):
            continue  # it comes behind that one
        while one is not None and one not in shown:
            shown.append(one)
            one = next((behind for behind in against if _follows(one, behind)), None)
    return shown


def _replaces(new: Candidate, old: Candidate) -> bool:
    """Whether a newer edition says of the same thing what holds now, in whatever words."""
    shared = frozenset(question_terms(new.text)).intersection(question_terms(old.text))
    return old.passage.revision in new.replaces and len(shared) >= SAME_THING


def _follows(one: Candidate, other: Candidate) -> bool:
    return one.passage is other.passage and one.index + 1 == other.index


def _hangs(item: Candidate, chosen: Sequence[Candidate]) -> bool:
    """Whether it says nothing without what announces it, and that is not there."""
    if not (item.goes_on or item.is_bare):
        return False
    beside = [other for other in chosen if other.passage is item.passage]
    if item.headed is not None and any(other.headed == item.headed for other in beside):
        return False
    return item.goes_on or not any(other.leads and other.index < item.index for other in beside)


def _plain(item: Candidate) -> str:
    """What it says, whether it is an item of a list or not."""
    return " ".join(_MARK.sub("", item.text).casefold().split())


def _with_list(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate; where it announces a list, with the list; where it is an item, with what announces it.

    What announces another thing than is asked for is left out: the item says more of the question.
    """
    best = ranked[0]
    siblings = {item.index: item for item in ranked if item.passage is best.passage}
    if not best.leads and not best.listed:
        lead = siblings.get(best.index + 1)
        if lead is not None and _points_on(best, lead):
            shown = _begins(_announced(lead, siblings), MOST_WORDS - best.words - lead.words)
            return [best, lead, *shown] if shown else [best]
        return [*_named_before(best, ranked), best]
    first = best.index
    while not best.leads and first - 1 in siblings and siblings[first].listed:
        first -= 1
    lead = siblings[first]
    items = _announced(lead, siblings)
    if lead is best:
        shown = _begins(items, MOST_WORDS - lead.words)
        return [lead, *shown] if shown else [next((item for item in ranked if not item.leads), best)]
    whole = sum(item.words for item in (lead, *items)) <= LIST_WORDS
    if whole and sum(item.score >= best.score * LIST_SHARE for item in items) >= LIST_ITEMS:
        return [*_named_before(lead, ranked), lead, *items]
    needed = best.goes_on or best.is_bare or lead.features.terms >= best.features.terms
    if lead.leads and needed and (best.is_item or best.index == lead.index + 1):
        return [*_named_before(lead, ranked), lead, best]
    return [*_named_before(best, ranked), best]


def _below_heading(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate; where it says hardly more of what is asked than the other items of its list do, which leaves
    the heading, the list, as far as there is room."""
    best = ranked[0]
    items = sorted(
        (item for item in ranked if item.passage is best.passage and item.headed == best.headed),
        key=lambda item: item.index,
    )
    more = best.features.terms - median(item.features.terms for item in items)
    if more <= SINGLED_OUT * best.features.section and best in (shown := _begins(items, LIST_WORDS)):
        return shown
    return [*_named_before(best, ranked), best]


def _points_on(best: Candidate, lead: Candidate) -> bool:
    """Whether a sentence speaks of what the next one of its paragraph announces: "These are at hand. They are: …"."""
    start = best.passage.start
    same = "\n" not in best.passage.text[best.end - start : lead.start - start]
    return lead.leads and same and _THESE.match(best.text) is not None


def _announced(lead: Candidate, siblings: Mapping[int, Candidate]) -> list[Candidate]:
    """The items, or the paragraph, that a sentence announces. `siblings`: the candidates of its passage by index."""
    items: list[Candidate] = []
    while lead.leads and (item := siblings.get(lead.index + 1 + len(items))) and item.listed:
        items.append(item)
    return items


def _named_before(best: Candidate, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The sentence before one that speaks of what that one names, if it is short: "Passwords do not expire."."""
    return [
        item for item in ranked if best.again and _follows(item, best) and item.words - item.is_item <= NAMING_WORDS
    ]


def _begins(items: Sequence[Candidate], room: float) -> list[Candidate]:
    """The first items of a list for which there is room, and no announcement at their end; all, where few are left."""
    if sum(item.words for item in items) <= NEARLY * room:
        room = math.inf
    shown: list[Candidate] = []
    for item in items:
        room -= item.words
        if room < 0:
            break
        shown.append(item)
    while shown and shown[-1].leads:
        shown.pop()
    return shown
