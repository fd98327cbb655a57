"""The lines of a page as labels and amounts, however the amounts are written ("$", "12,345", ")") and however close.

Knows pieces of lines only; `pdf_statement` makes tables of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.parse.pdf_piece import Piece

_NUMBER = r"(?:\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?|\d(?:[\d.,'’]*\d)?)"  # "1 234 567" is one
_AMOUNT = re.compile(
    rf"(?:[$€£¥]\s?)?(?:\(\s?)?(?:[$€£¥]\s?)?[-+−–]?{_NUMBER}\s?%?\s?\)?\s?%?"
    r"|(?:[$€£¥]\s?)?[—–-]{1,3}(?:\s?%)?(?=\s|$)|[nN]/?[aAmM]\b"
)
_CURRENCY = re.compile(r"^\(?\s?[$€£¥]$")
_PARTS = re.compile(rf"{_AMOUNT.pattern}|\(?[$€£¥]")
_CLOSING = re.compile(r"^[)%]+$")
_LEADERS = re.compile(r"(?:\s?[.…·]){3,}\s*")
_TAIL = re.compile(rf"(?:\s+(?>{_PARTS.pattern}))++$")  # never tried anew in another way: that could take for ever
_ENDS = frozenset("0123456789)%$€£¥-–—aAmM")  # of what could be one of them
_LONGEST_TAIL, _LONGEST_LINE = 120, 400  # characters


@dataclass(frozen=True, kw_only=True)
class Line:
    """What stands on one level: a label on the left, amounts, or text that is neither."""

    pieces: tuple[Piece, ...]
    label: Piece | None
    amounts: tuple[Piece, ...]
    plain: bool  # nothing but label and amounts

    @property
    def top(self) -> float:
        return min(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> float:
        return max(piece.bottom for piece in self.pieces)

    @property
    def size(self) -> float:
        return max(piece.size for piece in self.pieces)


def begins_with_amount(text: str) -> bool:
    """Whether a text could be one of a table's amounts, or several."""
    return bool(_AMOUNT.match(text))


def levels(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """What stands on one level, from left to right; level by level, whatever the order of the file."""
    level: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.baseline):
        if level and piece.baseline - level[0].baseline > 0.35 * max(piece.size, level[0].size):
            yield sorted(level, key=lambda piece: piece.left)
            level = []
        level.append(piece)
    if level:
        yield sorted(level, key=lambda piece: piece.left)


def line_of(pieces: Sequence[Piece]) -> Line:
    """One level as label and amounts."""
    parts = _whole_amounts([part for piece in pieces for part in taken_apart(piece)])
    first = next((at for at, part in enumerate(parts) if is_amount(part.text)), len(parts))
    labels, amounts = parts[:first], parts[first:]
    plain = len(labels) <= 1 and all(is_amount(part.text) for part in amounts)
    label = labels[0] if labels else None
    return Line(pieces=tuple(pieces), label=label, amounts=tuple(amounts) if plain else (), plain=plain)


def is_amount(text: str) -> bool:
    """True for one amount and nothing else."""
    return bool(_AMOUNT.fullmatch(text.rstrip("$€£¥").rstrip()))


def taken_apart(piece: Piece) -> list[Piece]:
    """A label and amounts that stand so close that they were read as one; dots that lead to an amount go."""
    text = piece.text
    if len(text) > _LONGEST_LINE:
        return [piece]
    leaders = _LEADERS.search(text)
    if leaders:
        label, rest = text[: leaders.start()].rstrip(), text[leaders.end() :]
        at = [(0, len(label))] if label else []
        found = _run(rest) if rest else []
        if found is not None:
            return [_part(piece, *span) for span in (*at, *((leaders.end() + a, leaders.end() + b) for a, b in found))]
        return [piece]
    spans = _run(text)
    if spans is not None:
        return [_part(piece, *span) for span in spans] if len(spans) > 1 else [piece]
    tail = _TAIL.search(text, max(0, len(text) - _LONGEST_TAIL)) if text[-1:] in _ENDS else None
    spans = _run(tail.group().strip()) if tail else None
    if tail is None or spans is None or len(spans) == 1:
        return [piece]
    offset = len(text) - len(tail.group().strip())
    return [_part(piece, 0, tail.start()), *(_part(piece, offset + a, offset + b) for a, b in spans)]


def _run(text: str) -> list[tuple[int, int]] | None:
    """The amounts that a text consists of; None when it is anything else."""
    spans, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _PARTS.match(text, at)
        if match is None:
            return None
        spans.append(match.span())
        at = match.end()
    return spans or None


def _part(piece: Piece, start: int, end: int) -> Piece:
    """A part of a piece, its place estimated from the usual widths of characters."""
    widths = [0.28 if character in " .,()'’:;|ilI-" else 0.5 for character in piece.text]
    scale = (piece.right - piece.left) / sum(widths)
    left, right = piece.left + scale * sum(widths[:start]), piece.left + scale * sum(widths[:end])
    return piece._replace(text=piece.text[start:end].strip(), left=left, right=right, lines=())


def _whole_amounts(parts: Sequence[Piece]) -> list[Piece]:
    """Signs that were set apart, joined with their number."""
    whole: list[Piece] = []
    signs = [at for at, part in enumerate(parts) if _CURRENCY.match(part.text)]
    amounts = [at for at, part in enumerate(parts) if is_amount(part.text)]
    follows = bool(signs and amounts and signs[0] > amounts[0])  # the sign follows its number
    for part in parts:
        before = whole[-1] if whole else None
        sign = before is not None and not follows and _CURRENCY.match(before.text) and is_amount(part.text)
        closing = _CLOSING.match(part.text) or (follows and _CURRENCY.match(part.text))
        if before is not None and (sign or (closing and is_amount(before.text))):
            whole[-1] = joined((before, part), " " if follows else "")
        else:
            whole.append(part)
    return whole


def joined(parts: Sequence[Piece], between: str) -> Piece:
    """One piece of several, over all of their place."""
    return parts[0]._replace(
        text=between.join(part.text for part in parts),
        left=min(part.left for part in parts),
        right=max(part.right for part in parts),
        top=min(part.top for part in parts),
        bottom=max(part.bottom for part in parts),
        bold=all(part.bold for part in parts),
        lines=(),
    )
