"""Whether a written answer holds: every sentence, row and item of it held against the passages, and cited anew.

Knows how an answer is taken apart and put together again; what supports a sentence is app/answers/support.py's.
Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from app.answers.amounts import numbers
from app.answers.cite import Citations
from app.answers.context import Passage
from app.answers.editions import older
from app.answers.kinds import names_kind
from app.answers.phrases import function_words, language_of, phrases
from app.answers.prompt import MARK as _MARK
from app.answers.signs import denies
from app.answers.silence import not_said
from app.answers.support import Support, Window, Windows, find_support, names_of, windows_of
from app.records import Sentence
from app.retrieval.asked import Asked, Weigh, term_set
from app.table_lines import between_bars, cells_of
from storage.embedder import Embedder
from storage.injection import instructions
from storage.sentences import sentence_spans
from storage.words import question_terms, unspaced_share

CORE = 0.75  # of the most that a sentence speaks of the question: the first with so much is taken to answer it

# What models repeat until their tokens are used up (stops, ends of lines, brackets) is read once, not anew from each
# place on: hence what must not stand before, and what is not given back (`++`).
_MARKS_AFTER = re.compile(rf"((?<![.!?。！？])[.!?。！？]+[\"'”’»」]*)((?:{_MARK.pattern})+)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_YES_WORDS = r"(?:yes|ja|oui|sí|sì|sim|是的?|可以|はい|네)"
_YES = re.compile(rf"^{_YES_WORDS}(?:[\s,.:;!–—-]+|[，。：；！]|$)", re.IGNORECASE)
_ASIDE = re.compile(r"\b(?:without|except\w*|excluding|ohne|außer|sans|sauf|sin)\b.*", re.IGNORECASE)
_YES_OR_NO = re.compile(
    rf"^(?:{_YES_WORDS}|no|nein|non|não|nee|不是?|不可以|不行|没有|いいえ|아니요)(?:[,.:;!–—-]+\s*|[，。：；！]|$)",
    re.IGNORECASE,
)
_BESIDES = re.compile(r"[;；]|,? ?\b(?:but|however|although|aber|jedoch|mais|pero|maar)\b,?|，?但是?", re.IGNORECASE)
# how models write marks besides [1]
_OTHER_MARKS = re.compile(
    r"\\?\[\s*(?:\^|(?:passages?|sources?|documents?|docs?|refs?)[ .:#]*)?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*\\?\]"
    r"|\((?:see )?(?:passages?|sources?) (\d{1,3})\)",
    re.IGNORECASE,
)
_LINES = r"(?<!\s)(?=[^\S\n]*+\n)\s++"
_OF_SOURCES = r"(?:sources?|references?|citations?|quellen|belege)"
_SOURCES = re.compile(  # a list of sources that a model adds: ours stands below the answer
    rf"{_LINES}(?:#+ *|\*\*)?{_OF_SOURCES}\b[: *]*\n(?:\s*+(?:[-*] *|\d+[.)] *)?{_MARK.pattern}[^\n]*(?:\n|$))+\s*$"
    rf"|{_LINES}{_OF_SOURCES}\s*:(?:{_MARK.pattern}[ ,;]*)+\.?\s*$",
    re.IGNORECASE,
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\[\]\n]*+\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]++)\]\((?:https?:|mailto:|/|#)[^)\n]*\)")
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|su[bp]|br|p|div|span|[uo]l|li|h[1-6]|img|script|code|pre|passages?|answer)\b[^<>\n]*>",
    re.IGNORECASE,
)
_BY_NUMBER = re.compile(
    r"(?P<begins>^|[.!?]\s+)(?:according to|as stated in|laut|gemäß|selon) (?:the )?"
    r"(?:passage|source|document|quelle)s? (?P<n>\d{1,3}),? (?P<first>\w)",
    re.IGNORECASE | re.MULTILINE,
)
_TITLED = re.compile(r"\A\s*\**(?:answer|antwort|réponse|respuesta)\s*:\**\s+", re.IGNORECASE)
_NEW_LINE = re.compile(r"[ \t]*\n\s*(?=\S)(?![a-zà-ÿ])")
_BEHIND_MARK = re.compile(r"(?<=\][.!?])[ \t]+(?=[a-zà-ÿ])")
_QUOTE_SIGN = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)[\w#+.-]*")
_CODE_AT_ONCE = re.compile(r"```([^`\n]+)```")  # on one line: no fence
_SAID_IN_FENCE = re.compile(r"^([ \t]{0,3}(?:```|~~~))[ \t]*(?=\S+[ \t]+\S)", re.MULTILINE)  # it would not be shown
_RULE_CELL = r"[ \t]*:?-{2,}:?[ \t]*"
_RULE_NEXT = re.compile(rf"[ \t]*\n(?=[^\n|]*\|)[ \t]*\|?{_RULE_CELL}(?:\|{_RULE_CELL})*\|?[ \t]*(?:\n|$)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s+(?P<marked>[^\n]+)|\*\*(?P<bold>[^*\n]+)\*\*:?)")
_FILLER = re.compile(
    r"(?:(?:I )?hope (?:this|that) helps|(?:please )?(?:let me know|feel free to ask)\b.*|that(?: is|['’]s) (?:all|it)"
    r"|is there anything else\b.*|if you have (?:any|more|other|further)\b.{0,40} questions?\b.*)[.!?]?",
    re.IGNORECASE,
)
# what makes a sentence of a few words: such a one is no heading, and no name of a column
_SAYS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|gets?|may|must|can|cannot|can['’]t|should|shall|will|ist|sind|war|waren|hat|haben|"
    r"wird|werden|darf|dürfen|kann|können|muss|müssen|est|sont|ont|peut|doit|es|son|tiene|puede|debe)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:who|what|when|where|which|why|how|wer|was|wann|wo|welche\w*|warum|wie|qui|que|quand|où|comment)\b",
    re.IGNORECASE,
)
HEADING_WORDS = 8
TELLING = 3  # function words that tell which language a passage is in
OBEYED = 2  # telling terms of a sentence that says what an order does
REPEATED_WORDS = 3  # a sentence of more that was there already is left out


def check(
    text: str,
    passages: Sequence[Passage],
    citations: Citations,
    *,
    question: str,
    weigh: Weigh,
    embedder: Embedder,
    cut: bool = False,
    translations: Mapping[str, str] | None = None,
    doubted: frozenset[str] = frozenset(),
) -> Checked:
    """The answer with the marks that hold in place of those the model set, and its sentences.

    `cut`: the model was not at its end; the half sentence that it ended with is left out. Left out are also sentences
    that were there already, or that say what an order to the model says and nothing else in the passages; polite
    phrases, and a list of sources: the marks say the same. `translations`: what some of its claims say in the language
    of the passages, to check those by: as they are, only their numbers and names can be compared. `doubted`: claims
    that are not found, whatever their words say.
    """
    text, citations = _MARKS_AFTER.sub(_mark_before_stop, _tidy(text)), citations.fresh()
    spans = list(_spans(text))
    if cut and len(spans) > 1 and not re.search(r"[.!?。！？|][\s\d\[\],]*\Z", text):
        text, spans = text[: spans[-1][0]], spans[:-1]
    made = _Checked(
        passages=passages,
        citations=citations,
        question=question,
        weigh=weigh,
        embedder=embedder,
        language=language_of(f"{question}\n{text}"),
        windows={passage.n: _vouching(passage.text) for passage in passages},
        known=frozenset().union(term_set(question), *(term_set(passage.text) for passage in passages)),
        figures=numbers("\n".join([question, *(passage.text for passage in passages)])),
        translations=translations or {},
        doubted=doubted,
        old=older(passages, question),
        orders=tuple(
            frozenset(question_terms(passage.text[order.start : order.end]))
            for passage in passages
            for order in instructions(passage.text)
        ),
    )
    end = 0
    for start, stop in spans:
        made.out.append(text[end:start])
        end = stop
        made.take(text[start:stop], header=_RULE_NEXT.match(text, stop) is not None)
    made.end()
    return Checked(
        text="".join(made.out).strip(),
        sentences=made.with_lead_ins(),
        citations=citations,
        places=made.places,
        foreign=made.foreign,
        by_translation=made.by_translation,
    )


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An answer that was checked."""

    text: str  # with the marks of the citations that hold
    sentences: tuple[Sentence, ...]
    citations: Citations  # those of its marks
    places: Mapping[str, str]  # claims that are found, each with the text of the spans that support it
    foreign: Mapping[str, str]  # claims whose passages are in another language, and in which; translated ones not
    by_translation: bool  # a claim is supported by what its translation says


@dataclass(kw_only=True)
class _Checked:
    """An answer as far as it is checked."""

    passages: Sequence[Passage]
    citations: Citations
    question: str
    weigh: Weigh
    embedder: Embedder
    language: str
    known: frozenset[str]  # terms of question and passages
    figures: frozenset[str]  # numbers that stand there
    windows: Windows
    translations: Mapping[str, str]
    doubted: frozenset[str]
    old: Mapping[str, str]  # revisions of older editions, each with its year or version
    orders: tuple[frozenset[str], ...]  # telling terms of what is aimed at the model in the passages
    edition: str = ""  # the older one that alone supports the sentence we are at
    told: str = ""  # the one that was introduced last
    places: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    by_translation: bool = False
    out: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    columns: tuple[str, ...] = ()  # of the table that we are in
    fenced: bool = False
    of_code: list[Sentence] = field(default_factory=list)  # the lines of the code that we are in
    seen: set[str] = field(default_factory=set)

    def take(self, raw: str, *, header: bool) -> None:
        """The next sentence, row or line. `header`: a rule follows, as under the header of a table."""
        bare = _MARK.sub("", raw).strip()
        if self._obeys(bare):
            return  # what a document would have the model say is not even shown as wrong
        if _FENCE.match(raw):
            self._fence(bare)
        elif not re.search(r"\w", bare) or (not self.fenced and self._is_heading(bare)):
            self.out.append(bare)
        elif self.fenced:
            for line in filter(re.compile(r"\w").search, bare.splitlines()):
                self.of_code.append(self._add(line.strip(), raw))
            self.out.append(bare)
        elif bare.startswith("|") or ((header or self.columns) and "|" in bare):
            self._row(bare, raw, header)
        else:
            self._sentence(bare, raw)

    def end(self) -> None:
        """A fence that is still open is closed, so that the marks of its code stand below it."""
        if self.fenced:
            self.out.append("\n")
            self._fence("```")

    def _sentence(self, bare: str, raw: str) -> None:
        self.columns = ()
        bare = " ".join(bare.split())  # on one line it is found again in the answer, to be marked there
        claim = _BULLET.sub("", bare).replace("**", "").strip()
        same = claim.casefold()
        # "If you have questions, call Ann [1]" may be the answer
        polite = _FILLER.fullmatch(claim) and not _marked(raw)
        if polite or (len(claim.split()) > REPEATED_WORDS and same in self.seen):
            return
        self.seen.add(same)
        if _leads(claim):
            self.sentences.append(Sentence(text=claim, citations=(), supported=False))
            self.out.append(bare)
            return
        sentence = self._add(claim, raw)
        self.out.append(self._introduced(bare) + _marks(sentence))

    def _introduced(self, bare: str) -> str:
        """A sentence that only an older edition says is said to be from there, unless it says so itself."""
        known, self.told = self.told, self.edition
        if self.edition in ("", known) or self.edition in bare:
            return bare
        bullet = _BULLET.match(bare)
        at = bullet.end() if bullet else 0
        return f"{bare[:at]}{phrases(self.question).older.format(when=self.edition)} {bare[at:]}"

    def _row(self, bare: str, raw: str, header: bool) -> None:
        """A row of a table: its marks stand in its last cell."""
        cells = cells_of(bare)
        if header:
            self.columns = cells
            if all(_is_short(cell) and numbers(cell) <= self.figures for cell in cells):
                self.out.append(bare)
                return
        told = "; ".join(cell.replace("**", "") for cell in cells if cell)
        # a column that nothing is known of may say of the row's numbers what no passage does
        line = between_bars(cells)
        sentence = self._add(line, raw, claim=told, foreign=not self._columns_known())
        self.out.append(f"| {line}{_marks(sentence)} |")

    def _columns_known(self) -> bool:
        return all(term_set(column) & self.known for column in self.columns if re.search(r"[^\W\d_]", column))

    def _fence(self, bare: str) -> None:
        sign = _FENCE.match(bare)
        self.out.append(sign[0] if sign else bare)
        if self.fenced and self.of_code:
            self.out.append(f"\n{_marks(*self.of_code)}\n")
        self.fenced, self.of_code = not self.fenced, []

    def _is_heading(self, bare: str) -> bool:
        found = _HEADING.fullmatch(bare)
        told = (found["marked"] or found["bold"]).rstrip(" \t#") if found else ""
        return bool(told) and _is_short(told) and not re.search(r"[\d.!?]", told) and term_set(told) <= self.known

    def _add(self, text: str, raw: str, *, claim: str | None = None, foreign: bool = False) -> Sentence:
        sentence = (
            Sentence(text=text, citations=(), supported=False) if foreign else self._held(text, raw, claim or text)
        )
        self.sentences.append(sentence)
        return sentence

    def _held(self, text: str, raw: str, claim: str) -> Sentence:
        cited = _marked(raw)
        self.edition = ""
        if _says_yes_to_no(self.question, claim):
            return Sentence(text=text, citations=(), supported=False)
        said = _YES_OR_NO.sub("", claim)
        if not said:  # "Yes." says what was asked; "No." stands with what follows it
            said = self.question if _YES.match(claim) else ""
        if not_said(said) and not self._said_here(said, cited):
            said = " ".join(part for part in _BESIDES.split(said) if re.search(r"\w", part) and not not_said(part))
            if not said:  # that something is not said has no place to cite
                return Sentence(text=text, citations=(), supported=not cited and self._names_nothing_new(claim))
        found = self._found(said, cited) if said not in self.doubted else ()
        if found and said != self.question:
            self.places.setdefault(said, "\n".join(item.text for item in found))
        editions = {self.old.get(item.passage.revision, "") for item in found}
        self.edition = editions.pop() if len(editions) == 1 else ""
        confirmed: dict[int, None] = {}
        near: dict[int, None] = {}
        for item in found:
            loose = not item.close or _answers_otherwise(claim, item)
            n = self.citations.add(item.passage, item.start, item.end, near=loose)
            (near if loose else confirmed)[n] = None
        return Sentence(text=text, citations=tuple(confirmed), supported=bool(confirmed), near=tuple(near))

    def _found(self, said: str, cited: frozenset[int]) -> tuple[Support, ...]:
        if translation := self.translations.get(said):
            found = self._support(translation, cited, language_of(translation))
            self.by_translation = self.by_translation or bool(found)
            return found
        found = self._support(said, cited, self.language)
        theirs = self._language_of([item.passage for item in found] or [p for p in self.passages if p.n in cited])
        if said and theirs != self.language:
            self.foreign.setdefault(said, theirs)
        return found

    def _said_here(self, said: str, cited: frozenset[int]) -> bool:
        """Whether passages in the answer's language say it: "they do not include lunch" may be a rule of theirs."""
        found = self._support(said, cited, self.language)
        return bool(found) and self._language_of([item.passage for item in found]) == self.language

    def _names_nothing_new(self, claim: str) -> bool:
        """Whether what tells that something is not said gives no number but the question's, and no unknown name."""
        return numbers(claim) <= numbers(self.question) and names_of(claim, self.language) <= self.known

    def with_lead_ins(self) -> tuple[Sentence, ...]:
        """The sentences. A line such as "The steps are:" or "Yes." says nothing by itself: it stands with what follows
        it, unless it names what nobody knows, or that denies what it affirms."""
        made: list[Sentence] = []
        for sentence in reversed(self.sentences):
            leads = _leads(sentence.text) and names_of(sentence.text, self.language) <= self.known
            stands = (leads or _is_bare(sentence.text)) and bool(made) and made[-1].found
            if stands and not _affirms_a_denial(self.question, sentence, made[-1]):
                said = made[-1]
                made.append(replace(sentence, supported=leads or said.supported, near=() if leads else said.near))
            else:
                made.append(sentence)
        return tuple(reversed(made))

    def _language_of(self, passages: Sequence[Passage]) -> str:
        """That of these passages; where they tell too little, that of all."""
        text = "\n".join(passage.text for passage in passages)
        words = function_words(text)
        told = unspaced_share(text) or sum(word in words for word in text.casefold().split()) >= TELLING
        return language_of(text if told else "\n".join(passage.text for passage in self.passages))

    def _obeys(self, claim: str) -> bool:
        """Whether it says what an order in a passage says, and nothing else there."""
        own = frozenset(question_terms(claim))
        if len(own) < OBEYED or not any(own <= order for order in self.orders):
            return False
        texts = (passage.text[item.start : item.end] for passage in self.passages for item in self.windows[passage.n])
        return not any(own <= frozenset(question_terms(text)) for text in texts)

    def _support(self, said: str, cited: frozenset[int], language: str) -> tuple[Support, ...]:
        return find_support(
            said,
            self.passages,
            cited=cited,
            weigh=self.weigh,
            embedder=self.embedder,
            language=language,
            windows=self.windows,
        )


def _vouching(text: str) -> tuple[Window, ...]:
    """The windows of a passage that can support anything: what is aimed at the model is nothing that a document says,
    and a model that obeys says it again."""
    orders = tuple(instructions(text))
    return tuple(
        window
        for window in windows_of(text)
        if not any(order.start < window.end and window.start < order.end for order in orders)
    )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of an answer. Models wrap no lines: what begins a line goes on with nothing, unless it is small."""
    for first, end in sentence_spans(text):
        gaps = [gap.span() for gap in _NEW_LINE.finditer(text, first, end)]
        # and where a mark stands at a full stop the sentence ends, whatever follows it
        gaps += (gap.span() for gap in _BEHIND_MARK.finditer(text, first, end))
        gaps.sort()
        yield from zip([first, *(stop for _, stop in gaps)], [*(start for start, _ in gaps), end], strict=True)


def _mark_before_stop(found: re.Match[str]) -> str:
    """The marks inside the sentence that they stand behind, and a space before one that follows them at once."""
    apart = " " if found.string[found.end() : found.end() + 1].isalnum() else ""
    return f"{found[2]}{found[1]}{apart}"


def _tidy(text: str) -> str:
    """The text with every mark as [1], without pictures, links, HTML, signs of quotation and a list of sources."""
    text = _SAID_IN_FENCE.sub(r"\1\n", _CODE_AT_ONCE.sub(r"`\1`", _TITLED.sub("", text)))
    parts = _CODE.split(text)  # code stands at odd places, and stays as it is
    text = "".join(part if at % 2 else _without_markup(part) for at, part in enumerate(parts))
    text = _BY_NUMBER.sub(lambda found: f"{found['begins']}[{found['n']}] {found['first'].upper()}", text)
    text = _OTHER_MARKS.sub(lambda found: f"[{found[1] or found[2]}]", text)
    return _SOURCES.sub("", _QUOTE_SIGN.sub("", text)).strip()


def _without_markup(text: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub("", _SCRIPT.sub("", text)))
    return _TAG.sub(lambda tag: " " if tag[0][:3].casefold() == "<br" else "", text)


def _marks(*sentences: Sentence) -> str:
    """The marks of the places that say what sentences say, and of those that only come near."""
    cited = dict.fromkeys(n for sentence in sentences for n in sentence.citations)
    near = dict.fromkeys(n for sentence in sentences for n in sentence.near)
    return "".join([*(f" [{n}]" for n in cited), *(f" [{n}?]" for n in near)])


def _says_yes_to_no(question: str, claim: str) -> bool:
    """Whether a "Yes" is followed by a denial, though the question denies nothing: one of the two is wrong."""
    said = _ASIDE.sub("", _YES.sub("", claim))
    return _YES.match(claim) is not None and denies(said) and not denies(question)


def _answers_otherwise(claim: str, item: Support) -> bool:
    """Whether a claim says yes where its place, or the sentence before that, says no, or the other way round."""
    before = item.passage.text[: item.start - item.passage.start]
    last = before[slice(*(sentence_spans(before) or [(0, 0)])[-1])]
    said, told = _YES_OR_NO.match(claim), _YES_OR_NO.match(item.text) or _YES_OR_NO.match(last)
    return said is not None and told is not None and bool(_YES.match(said[0])) != bool(_YES.match(told[0]))


def _is_bare(text: str) -> bool:
    """Whether it is a yes or a no and nothing else."""
    return not _YES_OR_NO.sub("", text)


def _affirms_a_denial(question: str, sentence: Sentence, follows: Sentence) -> bool:
    """Whether a bare yes is followed by a denial: one of the two is wrong."""
    return _is_bare(sentence.text) and _says_yes_to_no(question, f"{sentence.text} {follows.text}")


def _is_short(text: str) -> bool:
    """Whether it can be a heading or the name of a column: a few words that say nothing of anything."""
    return len(text.split()) <= HEADING_WORDS and (_ASKS.match(text) is not None or not _SAYS.search(text))


def core_holds(asked: Asked, sentences: Sequence[Sentence]) -> bool:
    """Whether the sentence that answers is found: of those that say something, the first that speaks as much of
    what is asked, and names the kind of thing that is asked for, as any does, or nearly so."""
    if any(_affirms_a_denial(asked.question, *two) for two in pairwise(sentences) if not two[0].found):
        return False
    saying = [item for item in sentences if not _leads(item.text) and not _is_silent(item)]
    saying = [item for item in saying if not _is_bare(item.text)] or saying
    speak = [asked.covered(term_set(item.text)) + names_kind(asked, item.text) for item in saying]
    return next((item.found for item, much in zip(saying, speak, strict=True) if much >= CORE * max(speak)), False)


def _leads(text: str) -> bool:
    return text.endswith((":", "：")) and not re.search(r"\d", text)


def _is_silent(item: Sentence) -> bool:
    """Whether it only says that the documents do not say: what a passage is cited for is said."""
    return not item.citations and not item.near and not_said(item.text)


def _marked(raw: str) -> frozenset[int]:
    """The passages that a sentence's marks name."""
    named: set[int] = set()
    for found in _MARK.finditer(raw):
        for part in re.split(r"[,;，、]", found[1]):
            first, _, last = (piece.strip() for piece in re.sub("–", "-", part).partition("-"))
            named.update(range(int(first), min(int(last or first), int(first) + 20) + 1))
    return frozenset(named)


def says_nothing(checked: Checked, question: str) -> bool:
    """Whether every sentence of an answer only says that the documents do not say."""
    if any(item.citations or item.near for item in checked.sentences):
        return False
    plain, silent = checked.text, phrases(question).silent
    if not plain or (silent.rstrip(".。") in plain and len(plain) < 2 * len(silent)):
        return True
    return bool(checked.sentences) and all(map(_is_silent, checked.sentences))
