"""The life of a question: retrieve, build the context, write or quote an answer, check it, cite it.

Read top-down. The steps are in modules of their own; this one knows their order and what happens when the language
model is down, slow or breaks off: the answer is then quoted from the documents, and says so.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING

from app.answers.akin import in_other_words
from app.answers.aside import aside, but_asides
from app.answers.cite import Citations
from app.answers.confidence import (
    NO_REASON_TO_DOUBT,
    NO_REASON_TO_REFUSE,
    NOT_CLOSE,
    SAID,
    UNCLEAR,
    confidence,
    evidence_of,
    reason,
    taken_for,
)
from app.answers.conflict import Side, conflict, disagreement
from app.answers.context import Passage, build_context
from app.answers.editions import aged
from app.answers.extract import Candidate, candidates, knows, select
from app.answers.parts import parts
from app.answers.phrases import phrases
from app.answers.quote import Piece, quoted
from app.answers.rewrite import standalone
from app.answers.write import CHECKS, write
from app.asker import Asker
from app.records import Answer, AnswerEvent, Delta, Finished, Hit, Level, Mode, Retrieved, Turn, level
from app.retrieval.asked import Asked, Weigh, rarity, understand
from app.retrieval.retrieve import Found
from app.retrieval.search import WORDS_ONLY
from app.serving.briefly import Briefly
from app.serving.llm import LanguageModel
from storage.embedder import Embedder
from storage.errors import (
    BrokenOff,
    ModelBusy,
    ModelRefuses,
    ModelSlow,
    NoAnswer,
    NotPermitted,
    PromptTooLong,
    ServiceError,
    Unchecked,
)
from storage.filters import Filters
from storage.indexes import NO_FILTERS
from storage.words import unspaced_share

if TYPE_CHECKING:
    from app.engine import Engine
    from storage.catalog import Catalog

logger = logging.getLogger(__name__)

TRIES = 3  # at an answer, while documents that it is made from are deleted or replaced
HITS = 12  # passages asked of retrieval; the context takes what its budget allows
MOST_IN_CONFLICT = 0.7  # confidence where documents disagree: never high
NAMED_SECTION = 0.8  # confidence where a question names a section, and it is there
NAMED = "The document has a section of this name."
ONE_WORD, MOST_OF_ONE_WORD = "One word does not say what is asked; this is what stands about it.", 0.7
DISAGREE = "Documents disagree about this."
OF_PART = 3  # passages of each question in a question that join those of the whole, behind its first ones
ANSWERED = 0.35  # of the likeliest answer's probability that the answer to another part needs to be shown
NEAREST = 3  # passages cited by an answer that the documents do not say
WITHHELD = "What the language model wrote was not found in the documents, so it is not shown."
SILENT = "The language model found no answer in these passages."
UNSUPPORTED = "Some sentences were not found in the documents."
UNCONFIRMED = "Some of it is not confirmed word for word."
UNSURE = 0.75  # what an unconfirmed sentence counts for confidence: an answer of such alone is never highly sure
CUT = "The answer became too long and ends early."
TRANSLATED = (
    "The sources are in another language; the answer was checked by the language model's own translation of it."
)
NOTICE = "The language model does not answer at the moment; this answer is quoted from the documents."
BUSY = "The language model is busy at the moment; this answer is quoted from the documents."
SLOW = "The language model is too slow at the moment; this answer is quoted from the documents."
BROKEN = "The language model broke off its answer; this one is quoted from the documents."
EMPTY = "The language model came to no answer; this one is quoted from the documents."
LONG = "This is too long for the language model; the answer is quoted from the documents. A new chat is shorter."
REFUSES = (
    "The language model cannot be used as it is set up; this answer is quoted from the documents. "
    "Administrators see why."
)
FOREIGN = (
    "The documents are in another language. What the language model wrote could not be checked against them, so it is "
    "not shown."
)
# what a person is told of it; whatever else fails is not there at the moment
NOTICES: dict[type[ServiceError], str] = {
    ModelBusy: BUSY,
    ModelSlow: SLOW,
    BrokenOff: BROKEN,
    NoAnswer: EMPTY,
    PromptTooLong: LONG,
    ModelRefuses: REFUSES,
    Unchecked: FOREIGN,
}

NO_VECTORS = "Search by meaning does not answer at the moment; passages were found by their words alone."


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """What the passages are worth to the question."""

    ranked: tuple[Candidate, ...]  # sentences of the passages, the likeliest answer first
    parts: tuple[tuple[Candidate, ...], ...]  # the same for each question in a question; nothing where it is one
    sure: float  # that the passages answer at all, 0 to 1
    reason: str  # why, in words
    taken: str  # what was taken for words of the question that the passage does not say, in words; or nothing
    sides: tuple[Side, ...]  # documents that answer with different values

    @property
    def told(self) -> str:
        """The reason and what was taken for what."""
        return f"{self.reason} {self.taken}".rstrip()


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A question with everything that was found for it."""

    asked: Asked
    history: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    weigh: Weigh
    # Judged once, when first asked for: it embeds every sentence of the passages, and the language model's first words
    # need not wait for that.
    judge: Callable[[], _Judged]
    refuse_below: float
    citations: Citations
    asker: Asker


def answer_events(
    engine: Engine,
    question: str,
    *,
    labels: frozenset[int],
    history: Sequence[Turn] = (),
    asker: Asker | None = None,
    filters: Filters = NO_FILTERS,
) -> Iterator[AnswerEvent]:
    """Retrieved, Waiting where the model is busy, Delta events, then Finished, whose answer replaces their text.

    Raises: Stopped, when the asker was stopped.
    """
    started = perf_counter()
    if told := aside(question, history):
        yield Retrieved(hits=())
        yield Delta(text=told)
        yield Finished(answer=_uncited(told))
        return
    asker, history = asker or Asker(), but_asides(history)
    for left in reversed(range(TRIES)):
        answer = None
        with suppress(NotPermitted):  # a document of the passages has gone
            answer = yield from _found(engine, question, labels, history, asker, filters, started)
        if answer is not None and not _outdated(engine.catalog, answer, labels=labels, strictly=left > 0):
            yield Finished(answer=answer)
            return
        yield Delta(text="", anew=True)
        there = engine.catalog.readable(_told_by(history), labels=labels)
        history = [turn for turn in history if there.issuperset(turn.revisions)]
    yield Finished(answer=_uncited(phrases(question).nothing))


def _outdated(catalog: Catalog, answer: Answer, *, labels: frozenset[int], strictly: bool) -> bool:
    """Whether a document whose text an answer may hold was deleted, closed to the person, or, `strictly`, replaced by a
    newer revision, while the answer was made."""
    revisions = {*answer.drawn, *(place.revision for place in answer.places)}
    if not revisions:
        return False
    cited = {place.revision for place in answer.places}
    return not revisions <= catalog.readable(revisions, labels=labels) or (strictly and bool(catalog.superseded(cited)))


def _found(
    engine: Engine,
    question: str,
    labels: frozenset[int],
    history: Sequence[Turn],
    asker: Asker,
    filters: Filters,
    started: float,
) -> Generator[AnswerEvent, None, Answer]:
    """The answer from what is found now. Raises: NotPermitted, when some of that goes meanwhile; Stopped."""
    began = perf_counter()
    complete = _completed(engine, question, history, asker)
    rewritten = perf_counter()
    earlier = () if complete else history
    found = engine.retriever.search_noted(complete or question, labels=labels, k=HITS, history=earlier, filters=filters)
    asking = parts(complete or question)
    others = [
        engine.retriever.search(
            part, labels=labels, k=OF_PART, history=_before(asking, at, found.spoken), filters=filters
        )
        for at, part in enumerate(asking)
    ]
    hits = _together(found.hits, others)
    retrieved = perf_counter()
    yield Retrieved(hits=hits, question=complete)
    if hits:
        spoken = history if complete else found.spoken
        case = _understood(engine, question, hits, asking, labels=labels, history=history, spoken=spoken, asker=asker)
        answer = _noted(found, (yield from _answered(engine, case)))
    else:
        answer = _uncited(phrases(question).nothing)
        yield Delta(text=answer.text)
    now = perf_counter()
    timings = {"retrieve": retrieved - rewritten, "answer": now - retrieved, "total": now - started}
    timings |= {name: value for name, value in found.timings.items() if name == "rerank"}
    if complete:
        timings["rewrite"] = rewritten - began
    if "first_token" in answer.timings:
        timings["first_token"] = answer.timings["first_token"] - started
    repeated = _told_by(history) if complete else ()  # the question may repeat what an earlier answer says
    drawn = tuple(dict.fromkeys([*answer.drawn, *repeated]))
    fuller = complete if _words_of(complete or "") != _words_of(question) else None
    return replace(answer, timings=timings, searched=fuller, drawn=drawn)


def _words_of(question: str) -> list[str]:
    return re.findall(r"\w+", question.casefold())


def _told_by(history: Sequence[Turn]) -> tuple[str, ...]:
    """The revisions whose text the conversation may hold."""
    return tuple(revision for turn in history for revision in turn.revisions)


def _before(asking: Sequence[str], at: int, history: Sequence[Turn]) -> tuple[Turn, ...]:
    """The conversation before a question in a question, which may refer to the ones before it."""
    return (*history, *(Turn(role="user", content=part) for part in asking[:at]))


def _together(hits: Sequence[Hit], others: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """The first half of the hits, those of the parts that are not among them, the rest; as many as they were."""
    if not others:
        return tuple(hits)
    half = len(hits) // 2
    order = [*hits[:half], *(hit for found in others for hit in found), *hits[half:]]
    known = {hit.found.chunk.id: hit for hit in (*order, *hits)}  # each as the whole question judges it, if it does
    merged = list({hit.found.chunk.id: known[hit.found.chunk.id] for hit in order}.values())[: len(hits)]
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(merged, 1))


def _completed(engine: Engine, question: str, history: Sequence[Turn], asker: Asker) -> str | None:
    """A follow-up as a question by itself, where a language model says it in time."""
    seconds = engine.settings.rewrite_seconds
    if engine.language_model is None or not history or not seconds:
        return None
    briefly = Briefly(model=engine.language_model, seconds=seconds, asker=asker)
    return standalone(briefly, question, history, prompts=engine.prompts)


def _noted(found: Found, answer: Answer) -> Answer:
    words_only = any(WORDS_ONLY in hit.legs for hit in found.hits)
    notes = [answer.notice, *found.notes, NO_VECTORS if words_only else None]
    return replace(answer, notice=" ".join(filter(None, notes)) or None)


def _understood(
    engine: Engine,
    question: str,
    hits: Sequence[Hit],
    asking: Sequence[str],
    *,
    labels: frozenset[int],
    history: Sequence[Turn],
    spoken: Sequence[Turn],
    asker: Asker,
) -> _Case:
    passages = build_context(hits, engine.catalog, labels=labels, budget=engine.settings.context_tokens)
    weigh = rarity(engine.indexes.keywords, labels)
    synonyms = engine.synonyms()
    asked = understand(question, spoken, weigh=weigh, synonyms=synonyms)
    each = [
        understand(part, _before(asking, at, spoken), weigh=weigh, synonyms=synonyms) for at, part in enumerate(asking)
    ]
    return _Case(
        asked=asked,
        history=tuple(history),
        passages=passages,
        weigh=weigh,
        judge=cache(lambda: _judged(engine.embedder, asked, each, hits, passages)),
        refuse_below=engine.settings.refuse_below,
        citations=Citations(engine.catalog, labels),
        asker=asker,
    )


def _judged(
    embedder: Embedder, asked: Asked, each: Sequence[Asked], hits: Sequence[Hit], passages: Sequence[Passage]
) -> _Judged:
    embedded = knows(embedder, asked.question)
    if embedded:
        asked, *each = (in_other_words(one, passages, embedder) for one in (asked, *each))
    ranked = aged(candidates(asked, passages, embedder), passages, asked.question)
    of_parts = tuple(
        tuple(aged(candidates(part, passages, embedder), passages, asked.question)) for part in each if ranked
    )
    evidence = evidence_of(asked, hits, passages, ranked)
    sides = conflict(asked, ranked)
    sure = confidence(evidence, embedded=embedded)
    if ranked and ranked[0].named:
        return _Judged(ranked=tuple(ranked), parts=(), sure=max(sure, NAMED_SECTION), reason=NAMED, taken="", sides=())
    why = reason(asked, evidence, passages, ranked, embedded=embedded)
    if len(asked.question.split()) == 1 and not unspaced_share(asked.question) and sure >= SAID:
        sure, why = min(sure, MOST_OF_ONE_WORD), ONE_WORD
    if level(sure) is Level.LOW and why in NO_REASON_TO_DOUBT:
        why = UNCLEAR
    return _Judged(
        ranked=tuple(ranked),
        parts=of_parts,
        sure=min(sure, MOST_IN_CONFLICT) if sides else sure,
        reason=DISAGREE if sides else why,
        taken=taken_for(asked, ranked),
        sides=sides,
    )


def _answered(engine: Engine, case: _Case) -> Generator[AnswerEvent, None, Answer]:
    """Written when there is a language model that answers, else quoted."""
    if engine.models is None:
        return (yield from _quoted(case))
    try:
        model = engine.models.for_conversation(case.asked.question, case.history)
        answer = yield from _written(model, engine, case)
        engine.models.misses.written()
        return answer
    except ServiceError as error:
        logger.warning("An answer is quoted instead of written: %s", error)
        engine.models.misses.add(str(error))
        notice = next((told for kind, told in NOTICES.items() if isinstance(error, kind)), NOTICE)
        fresh = replace(case, citations=case.citations.fresh())
        yield Delta(text="", anew=True)  # what there was of a written one
        return replace((yield from _quoted(fresh)), notice=notice)


def _written(model: LanguageModel, engine: Engine, case: _Case) -> Generator[AnswerEvent, None, Answer]:
    result = yield from write(
        model,
        case.asked.in_its_own_words,
        history=case.history,
        passages=case.passages,
        citations=case.citations,
        weigh=case.weigh,
        embedder=engine.embedder,
        prompts=engine.prompts,
        asker=case.asker,
        settings=engine.settings,
    )
    version, case = engine.prompts.version, replace(case, citations=result.citations)
    if result.silent or not result.holds:
        with CHECKS:
            refused = _refused(replace(case, citations=case.citations.fresh()))
        why = SILENT if result.silent else WITHHELD
        refused = replace(refused, mode=Mode.WRITTEN, reason=why, timings=result.timings)
        return replace(refused, model=result.model, prompts=version)
    with CHECKS:
        judged = case.judge()
    held = all(sentence.found for sentence in result.sentences)
    unsure = any(sentence.near and not sentence.supported for sentence in result.sentences)
    counts = [1.0 if item.supported else UNSURE if item.near else 0.0 for item in result.sentences]
    share = sum(counts) / len(counts)
    differing = _differing(case, judged)
    if differing:
        yield Delta(text="\n\n" + "".join(piece.text for piece in differing))
    sure = share * (2 * judged.sure + 1) / 3
    return Answer(
        text="\n\n".join(filter(None, [result.text, "".join(piece.text for piece in differing)])),
        refused=False,
        mode=Mode.WRITTEN,
        confidence=min(sure, MOST_IN_CONFLICT) if judged.sides else sure,
        reason=UNSUPPORTED if not held else UNCONFIRMED if unsure else judged.told,
        sentences=(*result.sentences, *(sentence for piece in differing for sentence in piece.sentences)),
        citations=case.citations.cited(),
        near=case.citations.near(),
        timings=result.timings,
        notice=" ".join(told for told, so in ((CUT, result.cut), (TRANSLATED, result.by_translation)) if so) or None,
        model=result.model,
        prompts=version,
        drawn=() if held else (*(passage.revision for passage in case.passages), *_told_by(case.history)),
    )


def _differing(case: _Case, judged: _Judged) -> list[Piece]:
    """Where a written answer tells one side of what documents say differently: both sides, as documents word them."""
    told = [
        citation
        for citation in case.citations.all()
        for side in judged.sides
        if citation.revision == side.candidate.passage.revision
        and citation.start < side.candidate.end
        and side.candidate.start < citation.end
    ]
    return list(disagreement(case.asked.question, judged.sides, case.citations)) if told else []


def _quoted(case: _Case) -> Generator[AnswerEvent, None, Answer]:
    judged = case.judge()
    if judged.sure < case.refuse_below or not judged.ranked:
        answer = _refused(case)
        yield Delta(text=answer.text)
        return answer
    pieces = []
    chosen = _chosen(judged)
    if judged.sides:
        chosen = [found for found in chosen if judged.parts and not _among(found[0], judged.sides)]
    for piece in disagreement(case.asked.question, judged.sides, case.citations) if judged.sides else ():
        pieces.append(piece)
        yield Delta(text=piece.text)
    if chosen:
        if pieces:
            pieces.append(Piece(text="\n\n", sentences=()))
            yield Delta(text=pieces[-1].text)
        for piece in quoted(chosen, case.citations, question=case.asked.question, others=case.asked.of_others):
            pieces.append(piece)
            yield Delta(text=piece.text)
    return Answer(
        text="".join(piece.text for piece in pieces),
        refused=False,
        mode=Mode.EXTRACTIVE,
        confidence=judged.sure,
        reason=judged.told,
        sentences=tuple(sentence for piece in pieces for sentence in piece.sentences),
        citations=case.citations.all(),
        timings={},
    )


def _among(item: Candidate, sides: Sequence[Side]) -> bool:
    """Whether it is what one of the documents says that differ."""
    return any((side.candidate.passage, side.candidate.start) == (item.passage, item.start) for side in sides)


def _chosen(judged: _Judged) -> list[list[Candidate]]:
    """What to quote for each thing that is asked."""
    if not judged.parts:
        return [select(judged.ranked)]
    best = max(ranked[0].score for ranked in judged.parts)
    answered = [ranked for ranked in judged.parts if ranked[0].score >= ANSWERED * best]
    return [select(ranked, share=1 / len(answered)) for ranked in answered]


def _refused(case: _Case) -> Answer:
    """The documents do not say; the passages that come nearest are cited all the same."""
    said, judged = phrases(case.asked.question), case.judge()
    numbers = []
    for passage in case.passages[:NEAREST]:
        best = next((item for item in judged.ranked if item.passage is passage), None)
        if best is not None:
            numbers.append(case.citations.add(passage, best.start, best.end))
    marks = " ".join(f"[{n}]" for n in numbers)
    return Answer(
        text=f"{said.silent} {said.nearest} {marks}" if marks else said.silent,
        refused=True,
        mode=Mode.EXTRACTIVE,
        confidence=min(judged.sure, case.refuse_below),
        reason=NOT_CLOSE if judged.reason in NO_REASON_TO_REFUSE else judged.reason,
        sentences=(),
        citations=case.citations.all(),
        timings={},
    )


def _uncited(text: str) -> Answer:
    """What is said where no document answers."""
    return Answer(
        text=text,
        refused=True,
        mode=Mode.EXTRACTIVE,
        confidence=0.0,
        sentences=(),
        citations=(),
        timings={},
    )
