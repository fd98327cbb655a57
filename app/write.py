"""Answers written by the language model: the prompt, the stream as it is shown, and the check of every sentence after.

Knows what a prompt holds and how an answer is taken apart; knows neither the protocol (app/llm.py) nor retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

from app.asked import Weigh
from app.cite import Citations, visible
from app.context import Passage
from app.llm import LanguageModel
from app.phrases import phrases
from app.records import AnswerEvent, Delta, Sentence, Turn
from app.support import find_support
from storage.embedder import Embedder
from storage.sentences import sentence_spans

MORE_TOKENS = 1.3  # another model's tokenizer may count so many times more than the embedder's
HISTORY_TOKENS = 800  # earlier turns that go into the prompt, the latest first
HISTORY_TURNS = 6

_MARK = re.compile(r"\s*[\[【]\s*(\d{1,3}(?:\s*[,;，、–-]\s*\d{1,3})*)\s*(?:†[^\]】\n]*)?[\]】]")
_MARKS_AFTER = re.compile(rf"([.!?。！？]+[\"'”’»」]*)((?:{_MARK.pattern})+)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
# strings with which a chat template or our own prompt separates its parts
_SEPARATORS = re.compile(
    r"<(?=\s*[|｜]|\s*/?\s*(?:passages?|question|s|bos|eos|think|system|user|assistant|start_of_turn|end_of_turn|"
    r"im_start|im_end|tool_call|tool_response)\b)|(?<=[|｜])>|<(?=<\s*/?\s*SYS)|\[(?=\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\b)",
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
    timings: dict[str, float]  # first_token: a moment of time.perf_counter


def write(
    model: LanguageModel,
    question: str,
    *,
    history: Sequence[Turn],
    passages: Sequence[Passage],
    citations: Citations,
    embedder: Embedder,
    weigh: Weigh,
    answer_tokens: int,
) -> Generator[AnswerEvent, None, Written]:
    """Stream an answer, then check it. Raises: ServiceError when the model does not answer or breaks off."""
    context = model.model().context
    answer_tokens = min(answer_tokens, context // 3)
    messages = prompt(
        question,
        history=history,
        passages=passages,
        embedder=embedder,
        room=context - answer_tokens,
    )
    pieces: list[str] = []
    timings: dict[str, float] = {}
    for piece in without_thoughts(model.stream(messages, answer_tokens=answer_tokens)):
        timings.setdefault("first_token", perf_counter())
        shown = visible(piece)
        pieces.append(shown)
        yield Delta(text=shown)
    text, sentences = check("".join(pieces).strip(), passages, citations, weigh=weigh)
    return Written(text=text, sentences=sentences, silent=says_nothing("".join(pieces), question), timings=timings)


# --- the prompt ----------------------------------------------------------------------------------------------------


@cache
def _text(name: str) -> str:
    return (Path(__file__).parent / "prompts" / name).read_text(encoding="utf-8")


def prompt(
    question: str, *, history: Sequence[Turn], passages: Sequence[Passage], embedder: Embedder, room: int
) -> list[Turn]:
    """The messages. What never changes comes first, so that the server can keep it; what does not fit is left out."""
    rules = Turn(role="system", content=_text("answer.md"))
    frame = _text("question.md")
    asked = {"question": harmless(question), "silent": phrases(question).silent}

    def tokens(text: str) -> int:
        return int(embedder.count_tokens([text])[0] * MORE_TOKENS) + 8

    room -= tokens(rules.content) + tokens(frame) + tokens(question)
    shown: list[str] = []
    for passage in passages:
        text = _passage(passage)
        room -= tokens(text)
        if room < 0 and shown:
            break
        shown.append(text if room >= 0 else text[: len(text) // 2])
    turns: list[Turn] = []
    room = min(room, HISTORY_TOKENS)
    for turn in reversed(history[-HISTORY_TURNS:]):
        room -= tokens(turn.content)
        if room < 0:
            break
        turns.insert(0, Turn(role=turn.role, content=harmless(_MARK.sub("", turn.content))))
    return [rules, *alternating(turns), Turn(role="user", content=frame.format(passages="\n".join(shown), **asked))]


def alternating(turns: Sequence[Turn]) -> list[Turn]:
    """Question and answer by turns, ending with an answer: many chat templates accept nothing else.

    A question that was never answered, or whose answer is withheld, gives way to the next.
    """
    kept: list[Turn] = []
    for turn in turns:
        if kept and kept[-1].role == turn.role:
            kept.pop()
        if kept or turn.role == "user":
            kept.append(turn)
    if kept and kept[-1].role == "user":
        kept.pop()
    return kept


def _passage(passage: Passage) -> str:
    about = {"number": str(passage.n), "document": passage.first.title, "section": passage.first.chunk.section}
    if passage.pages:
        about["pages"] = ", ".join(str(page) for page in passage.pages)
    clean = {name: harmless(" ".join(value.split())).replace('"', "'") for name, value in about.items()}
    attributes = " ".join(f'{name}="{value}"' for name, value in clean.items() if value)
    # marks such as [12] in a document would be taken for ours
    text = _MARK.sub(lambda found: f" ({found[1]})", harmless(passage.text))
    return f"<passage {attributes}>\n{text}\n</passage>"


def harmless(text: str) -> str:
    """Text that cannot pass for a part of the prompt: separators lose their bracket, what is invisible goes."""
    return _SEPARATORS.sub(lambda found: {"<": "‹", ">": "›", "[": "("}[found.group()], visible(text))


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
    text: str, passages: Sequence[Passage], citations: Citations, *, weigh: Weigh
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
        sentence = _checked(claim, _marked(raw), passages, citations, weigh)
        sentences.append(sentence)
        out.append(bare + "".join(f" [{n}]" for n in sentence.citations))
    return "".join(out).strip(), tuple(_with_lead_ins(sentences))


def _checked(
    claim: str, cited: frozenset[int], passages: Sequence[Passage], citations: Citations, weigh: Weigh
) -> Sentence:
    if _SILENT.search(claim) and not cited:
        return Sentence(text=claim, citations=(), supported=True)  # that something is not said has no place to cite
    found = find_support(claim, passages, cited=cited, weigh=weigh)
    marks = tuple(dict.fromkeys(citations.add(support.passage, support.start, support.end) for support in found))
    return Sentence(text=claim, citations=marks, supported=bool(found))


def _with_lead_ins(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """A line such as "The steps are:" says nothing by itself: it stands with what follows it."""
    for at, sentence in enumerate(sentences):
        leads = sentence.text.endswith((":", "：")) and not re.search(r"\d", sentence.text)
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
