"""Answers written by the language model: its turn in the queue, the stream as it is shown, and what becomes of it.

The prompt is app/answers/prompt.py's, the servers are app/serving/llm.py's, the check is app/answers/checked.py's.
Knows no retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import monotonic, perf_counter

from app.answers.checked import Checked, check, core_holds, says_nothing
from app.answers.cite import Citations, visible
from app.answers.context import Passage
from app.answers.prompt import build_prompt
from app.answers.prompt_files import Prompts
from app.answers.reread import doubted
from app.answers.thoughts import without_thoughts
from app.answers.translate import elsewhere, translated
from app.asker import Asker
from app.records import AnswerEvent, Delta, Sentence, Turn, Waiting
from app.retrieval.asked import Asked, Weigh
from app.retrieval.turns import Turns
from app.serving.briefly import Briefly
from app.serving.llm import LanguageModel, Speaker
from app.serving.waiting import Ticket
from storage.embedder import Embedder
from storage.errors import ModelBusy, NoAnswer, PromptTooLong, Stopped, Unchecked
from storage.settings import Settings

CHECKS = Turns(1)  # of written answers, at once: more of them only hold up the words of others on their way
LOOK_SECONDS = 0.25  # between two looks at the queue while it is not our turn
SHORTER = 0.6  # of what we counted, when the server says that a prompt is too long
TRIES = 3
LOOK_CHARACTERS = 200  # between two looks for a loop
LOOP_CHARACTERS = 1200  # at the end of an answer, in which it is looked for
REPEATS = 4  # of the same words in a row: a loop
SHORTEST_LOOP = 20  # characters
NOTHING = "The language model wrote no answer."
THOUGHTS_ALONE = (
    "The language model used up its tokens before it came to an answer. Raise llm_answer_tokens, or serve it so that "
    "it does not think aloud."
)
UNCHECKED = (
    "An answer in another language than its sources could not be checked: no faithful translation of it came in "
    "translate_seconds. A larger model translates better, a faster one sooner."
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A written answer after checking."""

    text: str  # with the marks of the citations that hold
    sentences: tuple[Sentence, ...]
    citations: Citations  # those of its marks
    silent: bool  # the model says that the documents do not say
    cut: bool  # it is not whole: the model came to the longest answer, or was caught in a loop
    by_translation: bool  # sentences were checked by what they say in the language of the passages
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
    """Stream an answer, then check it.

    Raises: ServiceError when the model does not answer, breaks off, or what it says can be held against no passage;
    Stopped.
    """
    with model.queue.ticket(asker.person) as ticket:
        yield from _wait(ticket, asker, settings.llm_wait_seconds)
        told = yield from _told(
            model,
            asked.question,
            history=history,
            passages=passages,
            prompts=prompts,
            asker=asker,
            settings=settings,
        )

        def checking(
            *, translations: Mapping[str, str] | None = None, doubted: frozenset[str] = frozenset()
        ) -> Checked:
            with CHECKS:
                return check(
                    told.text,
                    passages,
                    citations,
                    question=asked.question,
                    weigh=weigh,
                    embedder=embedder,
                    cut=told.cut,
                    translations=translations,
                    doubted=doubted,
                )

        foreign = elsewhere(f"{asked.question}\n{told.text}", passages)
        again = None
        if foreign or settings.reread_seconds:  # still our turn: the model is asked once more
            again = _asked_again(
                checking,
                told,
                partial(Briefly, model=model, asker=asker),
                foreign=foreign,
                prompts=prompts,
                settings=settings,
            )
    checked, unknown = again or (checking(), False)
    holds, silent = core_holds(asked, checked.sentences), says_nothing(checked, asked.question)
    if unknown and not holds and not silent:
        raise Unchecked(UNCHECKED)
    return Written(
        text=checked.text,
        sentences=checked.sentences,
        citations=checked.citations,
        holds=holds,
        silent=silent,
        cut=told.cut,
        by_translation=checked.by_translation,
        timings=told.timings,
        model=told.model,
    )


def _asked_again(
    checking: Callable[..., Checked],
    told: _Told,
    briefly: Callable[..., Briefly],
    *,
    foreign: bool,
    prompts: Prompts,
    settings: Settings,
) -> tuple[Checked, bool]:
    """The answer checked by what the model says of it when it is asked once more, and whether sentences in another
    language than their passages stay without a translation. Checked anew only for what was not known before."""
    checked, unknown = checking(), False
    translations: Mapping[str, str] = {}
    if foreign:
        wanted, seconds = checked.foreign, settings.translate_seconds
        translations = translated(briefly(seconds=seconds), wanted, context=told.context, prompts=prompts)
        unknown = wanted.keys() > translations.keys()
        checked = checking(translations=translations) if translations else checked
    if settings.reread_seconds:
        places, seconds = checked.places, settings.reread_seconds
        denied = doubted(briefly(seconds=seconds), places, context=told.context, prompts=prompts)
        checked = checking(translations=translations, doubted=denied) if denied else checked
    return checked, unknown


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


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the model said."""

    text: str
    cut: bool  # it is not whole
    timings: dict[str, float]
    model: str  # its name on the server
    context: int  # the server's, in tokens


def _told(
    model: LanguageModel,
    question: str,
    *,
    history: Sequence[Turn],
    passages: Sequence[Passage],
    prompts: Prompts,
    asker: Asker,
    settings: Settings,
) -> Generator[AnswerEvent, None, _Told]:
    """Stream what the model says; with less of what it is told where the server refuses that as too long."""
    told = ""
    timings: dict[str, float] = {}
    count = partial(model.count, asker=asker)
    most: int | None = None  # tokens of a prompt, by what the server refused
    for left in reversed(range(TRIES)):
        served = model.model(asker)  # asked anew after a refusal: it may be another by now
        answer_tokens = min(settings.llm_answer_tokens, served.context // 3)
        room = min(served.context - answer_tokens, most or served.context)
        messages = build_prompt(question, history=history, passages=passages, prompts=prompts, room=room, count=count)
        spoken = _Spoken()
        stream = model.stream(messages, answer_tokens=answer_tokens, asker=asker, spoken_by=spoken.by)
        try:
            with closing(stream):
                for delta in _aloud(model, spoken, stream):
                    told = delta.text if delta.anew else told + delta.text
                    if delta.anew:
                        timings.clear()
                    else:
                        timings.setdefault("first_token", perf_counter())
                    yield delta
            break
        except PromptTooLong:
            if not left or told:
                raise
            most = int(min(room, count(messages)) * SHORTER)
    told = told.strip()
    if not re.search(r"\w", told):
        raise NoAnswer(THOUGHTS_ALONE if spoken.cut else NOTHING)
    return _Told(
        text=told,
        cut=spoken.cut,
        timings=timings,
        model=spoken.speaker.model if spoken.speaker else served.name,
        context=served.context,
    )


def _aloud(model: LanguageModel, spoken: _Spoken, stream: Generator[str, None, bool]) -> Iterator[Delta]:
    """What is to be shown. Who begins answers inside a thought is remembered as such: of their next answer nothing is
    shown before the thought ends."""
    pieces = spoken.pieces(stream)
    first = next(pieces, None)  # with it is known who answers
    if first is None or spoken.speaker is None:
        return
    begun = spoken.speaker in model.begin_in_thought
    said = without_thoughts(chain((first,), pieces), begun=begun)
    while True:
        try:
            piece = next(said)
        except StopIteration as end:
            begins = bool(end.value) or (begun and spoken.cut)
            (model.begin_in_thought.add if begins else model.begin_in_thought.discard)(spoken.speaker)
            if begun and not end.value and spoken.cut:
                yield Delta(text="", anew=True)  # its tokens were used up before the thought was at its end
            return
        yield Delta(text=visible(piece or ""), anew=piece is None)


class _Spoken:
    """Who says what, and whether they were at their end. A model that is caught in a loop is stopped: by itself it ends
    only when its tokens are used up."""

    def __init__(self) -> None:
        self.cut = False
        self.speaker: Speaker | None = None  # known with the first piece

    def by(self, speaker: Speaker) -> None:
        self.speaker = speaker

    def pieces(self, stream: Generator[str, None, bool]) -> Iterator[str]:
        said, unseen = "", 0
        while True:
            try:
                piece = next(stream)
            except StopIteration as end:
                self.cut = bool(end.value)
                return
            yield piece
            said, unseen = (said + piece)[-LOOP_CHARACTERS:], unseen + len(piece)
            if unseen >= LOOK_CHARACTERS:
                unseen = 0
                if _loops(said):
                    self.cut = True
                    return


def _loops(text: str) -> bool:
    """Whether a text ends with the same words again and again."""
    sizes = range(SHORTEST_LOOP, len(text) // REPEATS + 1)
    ends = (text[-size:] for size in sizes)
    return any(text.endswith(end * REPEATS) and any(map(str.isalnum, end)) for end in ends)
