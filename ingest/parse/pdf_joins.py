"""What goes on over the end of a page or column: paragraphs and tables that the layout broke. Knows blocks only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ingest.parse.pdf_piece import Block, Piece

_ENDED = re.compile(r"[.!?:;。！？：；…][\"'”’)\]»]*$")
_LISTED = re.compile(r"^\s*([•▪◦‣●○■□\-–—*]|\(?(\d{1,3}|[a-zA-Z])[.)]\s)")


def joined_blocks(blocks: Iterable[Block]) -> list[Block]:
    """The blocks of a document, with what was broken put together again."""
    joined: list[Block] = []
    for block in blocks:
        before = joined[-1] if joined else None
        if before is not None and _breaks(before, block):
            if before.rows and block.rows and _same_columns(before, block):
                joined[-1] = _one_table(before, block)
                continue
            if not before.rows and not block.rows and _runs_on(before, block):
                joined[-1] = Block(lines=[*before.lines, *block.lines])
                continue
        joined.append(block)
    return joined


def _breaks(before: Block, after: Block) -> bool:
    """True where a page ends between the two, or a column."""
    last, first = before.lines[-1], after.lines[0]
    return first.page == last.page + 1 or (first.page == last.page and first.bottom < before.top)


def _runs_on(before: Block, after: Block) -> bool:
    last, first = before.lines[-1], after.lines[0]
    if last.bold != first.bold or last.turned or first.turned or abs(last.size - first.size) > 0.06 * last.size:
        return False
    if _ENDED.search(last.text) or _LISTED.match(first.text):
        return False
    opening = first.text.lstrip("\"'“„(«")[:1]
    return opening.islower() or last.text.endswith(("-", ",")) or "\u3400" <= opening <= "\u9fff"


def _same_columns(before: Block, after: Block) -> bool:
    one, other = before.rows[-1], after.rows[0]
    wide = before.right - before.left
    return len(one) == len(other) and abs(before.left - after.left) < 0.15 * wide


def _one_table(before: Block, after: Block) -> Block:
    rows = after.rows
    if [_text(cell) for cell in rows[0]] == [_text(cell) for cell in before.rows[0]]:
        rows = rows[1:]  # the header said again
    whole = list(before.rows)
    if rows and rows[0][0] is None and len(whole) > 1:  # a row broken by the end of the page
        whole[-1] = [_cell(one, other) for one, other in zip(whole[-1], rows[0], strict=True)]
        rows = rows[1:]
    whole += rows
    return replace(before, lines=[cell for row in whole for cell in row if cell], rows=whole)


def _cell(one: Piece | None, other: Piece | None) -> Piece | None:
    if one is None or other is None:
        return one or other
    return one._replace(text=f"{one.text} {other.text}", lines=(*one.parts, *other.parts))


def _text(cell: Piece | None) -> str:
    return cell.text if cell else ""
