"""The prompt: the rules, the conversation, the passages as data, the question; and what is left out of a long one.

What never changes comes first, so that the server can keep it (vLLM's prefix caching). Knows no server: counting tokens
is somebody else's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from app.answers.cite import visible
from app.answers.context import Passage
from app.answers.editions import older
from app.answers.phrases import phrases
from app.answers.prompt_files import Prompts
from app.records import Turn
from app.retrieval.newest import dated

HISTORY_TURNS = 6
HISTORY_SHARE = 4  # earlier turns take at most the fourth part of the room
BYTES = 16  # room for what a chat template puts around a message, beyond a token for every byte
SHORTEST_PASSAGE = 200  # characters; less of the best passage is not worth asking about
LONGEST_TITLE = 300  # characters of a title or section: some documents have a paragraph there
_TEXT_BEGINS = '">\n'  # behind the attributes of a passage, which hold neither

MARK = re.compile(r"\s*[\[【]\s*(\d{1,3}(?:\s*[,;，、–-]\s*\d{1,3})*)\s*\??\s*(?:†[^\]】\n]*)?[\]】]")
# strings with which a chat template or our own prompt separates its parts
_SEPARATORS = re.compile(
    r"<(?=\s*[|｜]|\s*/?\s*(?:passages?|question|conversation|s|bos|eos|think|system|user|assistant|start_of_turn|end_of_turn|"
    r"im_start|im_end|tool_call|tool_response)\b)|(?<=[|｜])>|<(?=<\s*/?\s*SYS)|\[(?=\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\b)",
    re.IGNORECASE,
)

Count = Callable[[Sequence[Turn]], int]


def build_prompt(
    question: str,
    *,
    history: Sequence[Turn],
    passages: Sequence[Passage],
    prompts: Prompts,
    room: int,
    count: Count,
) -> list[Turn]:
    """The messages, in at most `room` tokens as `count` says.

    Left out first are the oldest turns, then the weakest passages, then the end of the best one. Counting may be a
    request to a server: a prompt that fits whatever the tokenizer (no token is shorter than a byte) is not counted.
    """
    turns = _recent(history, room // HISTORY_SHARE, count)
    old = older(passages, question)
    shown = [_passage(passage, old.get(passage.revision, "")) for passage in passages]
    said = {"question": harmless(question), "silent": phrases(question).silent}
    steps = _steps(turns, shown)

    def messages(step: int) -> list[Turn]:
        first_turn, passages_shown = steps[step]
        filled = prompts.fill("question.md", passages="\n".join(passages_shown), **said)
        rules = Turn(role="system", content=prompts.fill("answer.md"))
        return [rules, *alternating(turns[first_turn:]), Turn(role="user", content=filled)]

    def fits(step: int) -> bool:
        made = messages(step)
        return sum(len(turn.content.encode()) + BYTES for turn in made) <= room or count(made) <= room

    if fits(0):
        return messages(0)
    step = bisect_left(range(1, len(steps)), True, key=fits) + 1
    return messages(min(step, len(steps) - 1))


def _steps(turns: Sequence[Turn], shown: Sequence[str]) -> list[tuple[int, list[str]]]:
    """What a prompt can hold, from all to the least: (the first turn that is told, the passages)."""
    steps: list[tuple[int, list[str]]] = [(first, list(shown)) for first in range(len(turns) + 1)]
    steps += [(len(turns), list(shown[:kept])) for kept in range(len(shown) - 1, 0, -1)]
    about, begins, text = (shown[0] if shown else "").partition(_TEXT_BEGINS)
    size = len(text) // 2
    while size >= SHORTEST_PASSAGE:
        steps.append((len(turns), [f"{about}{begins}{text[:size]}…\n</passage>"]))
        size //= 2
    return steps


def _recent(history: Sequence[Turn], room: int, count: Count) -> list[Turn]:
    """The latest turns, without their marks, in at most `room` tokens."""
    turns = [Turn(role=turn.role, content=harmless(MARK.sub("", turn.content))) for turn in history[-HISTORY_TURNS:]]
    while turns and sum(len(turn.content.encode()) for turn in turns) > room and count(turns) > room:
        turns.pop(0)
    return turns


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


def _passage(passage: Passage, edition: str) -> str:
    """`edition`: of a document whose newer one is there too."""
    about = {"number": str(passage.n), "document": passage.first.title, "section": passage.first.chunk.section}
    about |= {"older_edition": edition, "dated": dated(passage.first)}
    if passage.pages:
        about["pages"] = ", ".join(str(page) for page in passage.pages)
    clean = {name: harmless(" ".join(value.split()))[:LONGEST_TITLE].replace('"', "'") for name, value in about.items()}
    attributes = " ".join(f'{name}="{value}"' for name, value in clean.items() if value)
    # marks such as [12] in a document would be taken for ours
    text = MARK.sub(lambda found: f" ({found[1]})", harmless(passage.text))
    return f"<passage {attributes}>\n{text}\n</passage>"


def harmless(text: str) -> str:
    """Text that cannot pass for a part of the prompt: separators lose their bracket, what is invisible goes."""
    return _SEPARATORS.sub(lambda found: {"<": "‹", ">": "›", "[": "("}[found.group()], visible(text))
