"""How many tokens a prompt has, where no server counts them: by a tokenizer from a directory, or by a careful estimate.

Knows no server. The estimate rather says too many than too few: too many is a passage less, too few is a prompt that
the server refuses, and that is then shortened and sent again (app/answers/write.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app.records import Turn

if TYPE_CHECKING:
    import tokenizers

MESSAGE_TOKENS = 8  # what a chat template puts around a message
# Of the byte-pair tokenizers of today's models at their worst: a token has three letters of a plain word, or one digit,
# sign or line end; a letter outside ASCII is two tokens.
_WORD_CHARACTER = re.compile(r"[A-Za-z ]")
_WORD_CHARACTERS_A_TOKEN = 3
_FOREIGN_TOKENS = 2


class Tokenizer:
    """Counts. Safe to use from many threads."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self.exact = directory is not None

    def count(self, messages: Sequence[Turn]) -> int:
        """Tokens of a conversation, with what a chat template adds."""
        return sum(self._tokens(turn.content) + MESSAGE_TOKENS for turn in messages)

    def _tokens(self, text: str) -> int:
        if self._tokenizer is not None:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)
        return estimate(text)

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer | None:
        if self._directory is None:
            return None
        from tokenizers import Tokenizer as Loaded

        return Loaded.from_file(str(self._directory / "tokenizer.json"))


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    words = len(_WORD_CHARACTER.findall(text))
    foreign = sum(ord(character) > 127 for character in text)
    return -(-words // _WORD_CHARACTERS_A_TOKEN) + (len(text) - words - foreign) + foreign * _FOREIGN_TOKENS
