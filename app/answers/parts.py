"""A question that asks two or three things, as the questions it is made of. Knows no document.

"How many days of leave are there and who approves them?" The later ones may refer to what the first one names.
"""

from __future__ import annotations

import re

from storage.words import question_terms, unspaced_share

MOST = 3
UNSPACED = 0.3  # of a question's letters
LEAST_WORDS = 3  # of a part: "when and where does it open" asks one thing

_OPENS = (
    r"(?:who|whom|whose|when|where|why|how|what|which|is|are|was|were|do|does|did|can|could|may|must|should|will|wer|wen|"
    r"wem|wann|wo|warum|wie|wieviel|was|welche[rnms]?|ist|sind|muss|müssen|darf|dürfen|kann|können|gibt|qui|quand|où|"
    r"comment|combien|quel(?:le)?s?|quién|cuándo|dónde|cómo|cuánt[oa]s?)\b"
)
_ASKS = re.compile(
    rf"^(?:(?:and|und|et|y|also|in|at|on|by|for|from|to|until|since|with|bis|ab|seit|von|für) )*{_OPENS}", re.I
)
_BETWEEN = re.compile(rf"(?<=[?？])\s+|[,;]?\s+(?:and|und|et|y)\s+(?={_OPENS})", re.I)
_CHINESE_ASKS = re.compile("[谁哪几]|什么|多少|多久|多长|如何|怎么|怎样|为何|是否|吗|何时")
_CHINESE_BETWEEN = re.compile(r"(?<![下时后中])[，,；;？?]\s*(?=\S)")


def parts(question: str) -> tuple[str, ...]:
    """The questions in a question; nothing where it is one.

    >>> parts("How many days of leave are there and who approves them?")
    ('How many days of leave are there', 'who approves them?')
    """
    unspaced = unspaced_share(question) > UNSPACED
    pieces = [piece.strip() for piece in (_CHINESE_BETWEEN if unspaced else _BETWEEN).split(question.strip())]
    asking = all(_CHINESE_ASKS.search(piece) if unspaced else _is_question(piece) for piece in pieces)
    whole = asking and 1 < len(pieces) <= MOST and question_terms(pieces[0])
    return tuple(pieces) if whole else ()


def _is_question(piece: str) -> bool:
    return _ASKS.match(piece) is not None and len(piece.split()) >= LEAST_WORDS
