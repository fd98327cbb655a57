"""Pages that are scans, in words for people. Knows nothing of how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


def unread_warning(pages: Sequence[int]) -> str:
    """What is said of pages whose pictures were not read."""
    return (
        f"Not read, as time ran out (ocr_seconds) or recognition failed: {page_list(pages)}. "
        "Raise ocr_seconds and retry, or split the file."
    )


def page_list(pages: Sequence[int]) -> str:
    """ "page 3", "pages 3-5 and 9" """
    runs = []
    for _, group in groupby(enumerate(sorted(pages)), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in group]
        runs.append(str(members[0]) if len(members) == 1 else f"{members[0]}–{members[-1]}")
    shown = runs if len(runs) <= 12 else [*runs[:11], f"{len(runs) - 11} more"]
    said = " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    return f"page {said}" if len(pages) == 1 else f"pages {said}"
