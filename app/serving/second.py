"""Two language models behind one index: which of them a conversation is answered by. Knows no prompt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from hashlib import sha256

from app.records import Turn
from app.serving.llm import LanguageModel
from app.serving.misses import Misses
from storage.settings import Settings

logger = logging.getLogger("premise.llm")


class Models:
    """The language model of the settings and, where one is named, a second that gets a share of the conversations."""

    def __init__(self, settings: Settings) -> None:
        self.first = LanguageModel(settings)
        self.misses = Misses()
        self.share = settings.llm_second_share  # of the conversations, that the second answers
        second = settings.of_second_llm
        self.second = LanguageModel(second) if second is not None else None

    def all(self) -> dict[str, LanguageModel]:
        """Both, or the one, by what they are called in status and numbers: first, second."""
        return {"first": self.first} | ({"second": self.second} if self.second is not None else {})

    def problems(self) -> list[str]:
        """What was wrong with a server when it was last asked, and is not known to be mended. Asks nobody."""
        return [problem for model in self.all().values() for problem in model.problems()]

    def look(self) -> None:
        """Ask every server for a token, in a thread: administrators see what is wrong before a question finds it."""
        threading.Thread(target=self._look, name="language-model", daemon=True).start()

    def _look(self) -> None:
        for model in self.all().values():
            if not model.available():
                logger.warning("Answers are quoted for now: %s", " ".join(model.problems()))

    def for_conversation(self, question: str, history: Sequence[Turn]) -> LanguageModel:
        """The same for every question of a conversation; the other one while all servers of the chosen one rest."""
        if self.second is None:
            return self.first
        chosen, other = self.first, self.second
        if _place(question, history) < self.share:
            chosen, other = other, chosen
        return other if chosen.resting() and not other.resting() else chosen


def _place(question: str, history: Sequence[Turn]) -> float:
    """A number from 0 to below 1 that hangs on how the conversation began."""
    begun = next((turn.content for turn in history if turn.role == "user"), question)
    return int.from_bytes(sha256(begun.strip().encode()).digest()[:4], "big") / 2**32
