"""Answers written by the language model: its turn in the queue, the stream as it is shown, the check of every sentence.

Knows how an answer is taken apart; the prompt is app/answers/prompt.py's, the servers are app/serving/llm.py's.
Knows no retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic, perf_counter

from app.answers.cite import Citations, visible
from app.answers.context import Passage
from app.answers.kinds import names_kind
from app.answers.phrases import phrases
from app.answers.prompt import MARK as _MARK
from app.answers.prompt import build_prompt
from app.answers.prompt_files import Prompts
from app.answers.support import denies, find_support
from app.asker import Asker
from app.records import AnswerEvent, Delta, Sentence, Turn, Waiting
from app.retrieval.asked import Asked, Weigh, term_set
from app.serving.llm import LanguageModel
from app.serving.waiting import Ticket
from storage.embedder import Embedder
from storage.errors import ModelBusy, PromptTooLong, Stopped
from storage.sentences import sentence_spans
from storage.settings import Settings

LOOK_SECONDS = 0.25  # between two looks at the queue while it is not our turn
SHORTER = 0.6  # of what we counted, when the server says that a prompt is too long
TRIES = 3
CORE = 0.75  # of the most that a sentence speaks of the question: the first with so much is taken to answer it

_MARKS_AFTER = re.compile(rf"([.!?。！？]+[\"'”’»」]*)((?:{_MARK.pattern})+)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_YES_WORDS = r"(?:yes|ja|oui|sí|sì|sim|是的?|可以|はい|네)"
_YES = re.compile(rf"^{_YES_WORDS}(?:[\s,.:;!–—-]+|[，。：；！]|$)", re.IGNORECASE)
_YES_OR_NO = re.compile(
    rf"^(?:{_YES_WORDS}|no|nein|non|não|nee|不是?|不可以|不行|没有|いいえ|아니요)(?:[,.:;!–—-]+\s*|[，。：；！]|$)",
    re.IGNORECASE,
)
_SILENT = re.compile(
    r"\b(?:passages?|documents?|context|sources?|texts?)\b.{0,60}\b(?:do|does|did) ?(?:not|n['’]t) (?:\w+ ){0,2}"
    r"(?:say|state|mention|contain|provide|specify|answer|include|give|cover|address|indicate)"
    r"|\bno (?:information|mention|answer)\b"
    r"|\b(?:not|n['’]t) (?:mentioned|stated|specified|provided|answered|covered|found)\b"
    r"|\b(?:I|we) (?:do not|don['’]t|cannot|can['’]t) (?:know|answer|find)"
    r"|(?:dokumente|passagen|texte|stellen)\b.{0,60}\b(?:nicht|nichts|keine)\b"
    r"|(?:documents|passages)\b.{0,60}\bne\b.{0,30}\bpas\b|(?:documentos|pasajes)\b.{0,20}\bno\b"
    r"|(?:文档|文件|段落|资料|资料中).{0,20}(?:没有|未|无)|記載(?:が|は)?ありません|않습니다",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A written answer after checking."""

    text: str  # with the marks of the citations that hold
    sentences: tuple[Sentence, ...]
    silent: bool  # the model says that the documents do not say
    holds: bool  # what it says to the question is supported, whatever becomes of the rest
    timings: dict[str, float]  # first_token: a moment of time.perf_counter
    model: str  # its name on the server


def write(
    model: LanguageModel,
    asked: Asked,
    *,
    history: Sequence[Turn],
    passages: Sequence[Passage],
    citations: Citations,
    weigh: Weigh,
    embedder: Embedder,
    prompts: Prompts,
    asker: Asker,
    settings: Settings,
) -> Generator[AnswerEvent, None, Written]:
    """Stream an answer, then check it. Raises: ServiceError when the model does not answer or breaks off; Stopped."""
    pieces: list[str] = []
    timings: dict[str, float] = {}
    with model.queue.ticket(asker.person) as ticket:
        yield from _wait(ticket, asker, settings.llm_wait_seconds)
        served = model.model()
        answer_tokens = min(settings.llm_answer_tokens, served.context // 3)
        room = served.context - answer_tokens
        for left in reversed(range(TRIES)):
            messages = build_prompt(
                asked.question, history=history, passages=passages, prompts=prompts, room=room, count=model.count
            )
            try:
                for piece in without_thoughts(model.stream(messages, answer_tokens=answer_tokens, asker=asker)):
                    timings.setdefault("first_token", perf_counter())
                    shown = visible(piece)
                    pieces.append(shown)
                    yield Delta(text=shown)
                break
            except PromptTooLong:
                if not left or pieces:
                    raise
                room = int(min(room, model.count(messages)) * SHORTER)
    text, sentences = check(
        "".join(pieces).strip(), passages, citations, question=asked.question, weigh=weigh, embedder=embedder
    )
    return Written(
        text=text,
        sentences=sentences,
        holds=core_holds(asked, sentences),
        silent=says_nothing("".join(pieces), asked.question),
        timings=timings,
        model=served.name,
    )


def _wait(ticket: Ticket, asker: Asker, seconds: float) -> Generator[AnswerEvent, None, None]:
    """Wait for our turn, saying how many are ahead whenever that changes. Raises: ModelBusy, Stopped."""
    until = monotonic() + seconds
    told: int | None = None
    while not ticket.wait(min(LOOK_SECONDS, max(0.0, until - monotonic()))):
        if asker.stopped:
            raise Stopped("The answer was stopped.")
        if monotonic() >= until:
            raise ModelBusy("The language model is busy; it did not become this question's turn in time.")
        ahead = ticket.ahead()
        if ahead != told:
            told = ahead
            yield Waiting(ahead=ahead)


# --- the stream ----------------------------------------------------------------------------------------------------


def without_thoughts(pieces: Iterator[str]) -> Iterator[str]:
    """The stream without what stands between <think> and </think>, however it is cut into pieces."""
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while True:
            tag = "</think>" if thinking else "<think>"
            before, found, after = held.partition(tag)
            if not found:
                break
            if not thinking and before:
                yield before
            held, thinking = after, not thinking
        keep = _begun(held, tag)
        if not thinking and len(held) > keep:
            yield held[: len(held) - keep]
        held = held[len(held) - keep :]
    if held and not thinking:
        yield held


def _begun(text: str, tag: str) -> int:
    """How many characters at the end of a text may be the beginning of a tag."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)


# --- the check -----------------------------------------------------------------------------------------------------


def check(
    text: str,
    passages: Sequence[Passage],
    citations: Citations,
    *,
    question: str,
    weigh: Weigh,
    embedder: Embedder,
) -> tuple[str, tuple[Sentence, ...]]:
    """The answer with the marks that hold in place of those the model set, and its sentences."""
    text = _MARKS_AFTER.sub(lambda found: f"{found[2]}{found[1]}", text)
    out: list[str] = []
    sentences: list[Sentence] = []
    end = 0
    for start, stop in sentence_spans(text):
        out.append(text[end:start])
        end = stop
        raw = text[start:stop]
        bare = " ".join(_MARK.sub("", raw).split(" ")).strip()
        claim = _BULLET.sub("", bare).replace("**", "").strip()
        if not re.search(r"\w", claim):
            continue
        sentence = _checked(claim, _marked(raw), passages, citations, weigh, embedder)
        if _says_yes_to_no(question, claim):
            sentence = replace(sentence, citations=(), supported=False)
        sentences.append(sentence)
        out.append(bare + "".join(f" [{n}]" for n in sentence.citations))
    return "".join(out).strip(), tuple(_with_lead_ins(sentences))


def _checked(
    claim: str,
    cited: frozenset[int],
    passages: Sequence[Passage],
    citations: Citations,
    weigh: Weigh,
    embedder: Embedder,
) -> Sentence:
    if _SILENT.search(claim) and not cited:
        return Sentence(text=claim, citations=(), supported=True)  # that something is not said has no place to cite
    found = find_support(_YES_OR_NO.sub("", claim) or claim, passages, cited=cited, weigh=weigh, embedder=embedder)
    marks = tuple(dict.fromkeys(citations.add(support.passage, support.start, support.end) for support in found))
    return Sentence(text=claim, citations=marks, supported=bool(found))


def _says_yes_to_no(question: str, claim: str) -> bool:
    """Whether a "Yes" is followed by a denial, though the question denies nothing: one of the two is wrong."""
    return _YES.match(claim) is not None and denies(_YES.sub("", claim)) and not denies(question)


def core_holds(asked: Asked, sentences: Sequence[Sentence]) -> bool:
    """Whether the sentence that answers is supported: of those that say something, the first that speaks as much of
    what is asked, and names the kind of thing that is asked for, as any does, or nearly so."""
    saying = [item for item in sentences if not _leads(item.text) and not _SILENT.search(item.text)]
    saying = [item for item in saying if _YES_OR_NO.sub("", item.text)] or saying
    speak = [asked.covered(term_set(item.text)) + names_kind(asked, item.text) for item in saying]
    return next((item.supported for item, much in zip(saying, speak, strict=True) if much >= CORE * max(speak)), False)


def _leads(text: str) -> bool:
    return text.endswith((":", "：")) and not re.search(r"\d", text)


def _with_lead_ins(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """A line such as "The steps are:" or "Yes." says nothing by itself: it stands with what follows it."""
    for at, sentence in enumerate(sentences):
        leads = _leads(sentence.text) or not _YES_OR_NO.sub("", sentence.text)
        if leads and not sentence.supported and at + 1 < len(sentences) and sentences[at + 1].supported:
            yield Sentence(text=sentence.text, citations=(), supported=True)
        else:
            yield sentence


def _marked(raw: str) -> frozenset[int]:
    """The passages that a sentence's marks name."""
    named: set[int] = set()
    for found in _MARK.finditer(raw):
        for part in re.split(r"[,;，、]", found[1]):
            first, _, last = (piece.strip() for piece in re.sub("–", "-", part).partition("-"))
            named.update(range(int(first), min(int(last or first), int(first) + 20) + 1))
    return frozenset(named)


def says_nothing(text: str, question: str) -> bool:
    """Whether every sentence of an answer only says that the documents do not say."""
    plain = _MARK.sub("", text).strip()
    silent = phrases(question).silent
    if not plain or (silent.rstrip(".。") in plain and len(plain) < 2 * len(silent)):
        return True
    return all(_SILENT.search(plain[start:end]) for start, end in sentence_spans(plain))
