"""How far an embedding model knows the words of a question. Knows the model's tokenizer and the languages it declares.

A model that never saw a language still gives vectors, and they are mostly noise. A language detector needs more text
than a question has (the one we tried called "How do I reset the password?" Italian). The tokenizer tells: a model's
vocabulary holds whole the words it was trained on and spells out those it was not. Words a token, median: English
questions 1.0 (5% of them under 0.7), French 0.67, Spanish 0.62, German, Dutch and Swedish 0.5, Polish, Finnish and
Turkish 0.38, Russian, Japanese, Korean and Chinese 0.25 and less. Jargon is spelled out too, and rightly left to words.
"""

from __future__ import annotations

import re

from storage.embedder import Embedder

EVERY_LANGUAGE = "*"
UNKNOWN = 0.3  # words a token, and less: the model does not know the language
KNOWN = 0.7  # and more: it does
LEAST = 0.1  # names and numbers mean a little in any language: enough to decide between equals, no more
_WORD = re.compile(r"[^\W\d_]+")


def trust(question: str, embedder: Embedder) -> float:
    """LEAST: the embedder's vectors say next to nothing of this question; 1: they say what they can."""
    words = _WORD.findall(question)
    if EVERY_LANGUAGE in embedder.languages or not words:
        return 1.0
    whole = len(words) / max(1, embedder.count_tokens([" ".join(words)])[0])
    return min(1.0, max(LEAST, (whole - UNKNOWN) / (KNOWN - UNKNOWN)))
