"""Whether both indexes hold exactly the catalog's chunks, each under its label: compared id by id, named where not.

Equal counts say little: an index can have lost one chunk and kept another that is gone. Knows no query of either index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMED = 5  # documents that a difference names
BYTES = "S48"  # an id is 32 hexadecimal digits, a colon and a number

Ids = Mapping[int, NDArray[Any]]  # label -> ids of chunks, as bytes of BYTES
Place = tuple[int, bytes]  # a label and an id


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How one index differs from the catalog."""

    index: str  # keywords | vectors | matrix
    missing: int  # chunks that the catalog has under a label, and the index has not
    extra: int  # chunks that the index has under a label, and the catalog has not, or that it has twice
    documents: tuple[str, ...]  # some of those concerned: by path, or by revision where the catalog knows none

    def __str__(self) -> str:
        counts = [f"{count:,} {what}" for count, what in ((self.missing, "missing"), (self.extra, "extra")) if count]
        return f"chunks in {self.index}: {' and '.join(counts)} ({', '.join(self.documents)})"


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """How the indexes compare with the catalog."""

    chunks: int  # readable by somebody, in the catalog
    keywords: int
    vectors: int
    waiting: int  # changes the indexes have still to be told; what these are about is not compared
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether the indexes say what the catalog says."""
        return not self.waiting and not self.differences


def ids_of(pairs: Iterable[tuple[int, str]]) -> dict[int, NDArray[Any]]:
    """Labels and ids of chunks, as they are compared."""
    by_label: dict[int, list[bytes]] = defaultdict(list)
    for label, name in pairs:
        by_label[label].append(name.encode("ascii", "replace"))
    return {label: np.array(names, dtype=BYTES) for label, names in by_label.items()}


def size(ids: Ids) -> int:
    """How many chunks."""
    return sum(len(names) for names in ids.values())


def lacking(wanted: Ids, found: Ids) -> set[Place]:
    """What is wanted and was not found."""
    return {
        (label, bytes(name))
        for label, names in wanted.items()
        for name in np.setdiff1d(names, found.get(label, np.empty(0, dtype=BYTES)))
    }


def surplus(wanted: Ids, found: Ids) -> set[Place]:
    """What was found and is not wanted, or was found twice."""
    twice = set()
    for label, names in found.items():
        values, counts = np.unique(names, return_counts=True)
        twice |= {(label, bytes(name)) for name in values[counts > 1]}
    return lacking(found, wanted) | twice


def differences(
    wanted: Ids,
    found: Mapping[str, Ids],
    *,
    besides: frozenset[str],
    paths: Callable[[Sequence[str]], Mapping[str, str]],
    again: Callable[[], tuple[Ids, Mapping[str, Ids]]] | None = None,
) -> tuple[Difference, ...]:
    """How each index in `found` differs from what is wanted, but for the revisions in `besides`.

    `paths` gives the path of each revision that the catalog knows. `again` reads everything anew where there is a
    difference: only what differs both times counts, since files may be indexed between one reading and the next.
    """
    odd = {index: (lacking(wanted, ids), surplus(wanted, ids)) for index, ids in found.items()}
    if again is not None and any(missing or extra for missing, extra in odd.values()):
        wanted, found = again()
        odd = {
            index: (missing & lacking(wanted, found[index]), extra & surplus(wanted, found[index]))
            for index, (missing, extra) in odd.items()
        }
    result = []
    for index, sets in odd.items():
        missing, extra = ({place for place in places if _revision(place) not in besides} for places in sets)
        if not missing and not extra:
            continue
        concerned = list(dict.fromkeys(_revision(place) for place in sorted(missing | extra)))
        known = paths(concerned[: 10 * NAMED])
        names = sorted({known.get(revision, f"revision {revision}") for revision in concerned[: 10 * NAMED]})[:NAMED]
        result.append(Difference(index=index, missing=len(missing), extra=len(extra), documents=tuple(names)))
    return tuple(result)


def _revision(place: Place) -> str:
    return place[1].decode("ascii").rpartition(":")[0]
