"""What a chunk says, made when it is written: its index terms as numbers, and the abbreviations it defines.

A question judges a hundred chunks, and cutting their text into terms took most of its time. Pure functions and arrays;
knows no table and no question.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.abbreviations import definitions
from storage.recollection import remembered
from storage.words import CUT, Run, terms

_NUMBER = np.dtype("<u4")
MARK = np.array([int(CUT)], dtype=_NUMBER).tobytes()  # what `terms` begin with: how the text was cut
HEAD = 2  # numbers before the terms: MARK, and how many of the terms are the header's
LOW = np.uint32(0xFFFF)  # half of a number: few enough for a table
APART = 1000  # places between one text and the next: no terms of two texts stand near each other

Places = NDArray[np.int64]
NO_OTHERS: Mapping[str, Collection[Run]] = {}


class Said(NamedTuple):
    """Of one chunk, as it is kept. A tuple, since a question reads a hundred of them."""

    terms: bytes  # numbers of 32 bits, little endian: HEAD, then one for each term of the header, then of the body
    defines: str  # JSON object of abbreviations; empty: none

    @property
    def is_current(self) -> bool:
        """Whether the text was cut as this version cuts it."""
        return self.terms.startswith(MARK)

    def definitions(self) -> dict[str, str]:
        """The abbreviations, by their short form."""
        found: dict[str, str] = json.loads(self.defines) if self.defines else {}
        return found


def said_of(header: str, body: str) -> Said:
    """What a chunk of this header and body says."""
    first, second = terms_of(header), terms_of(body)
    numbers = [int(CUT), len(first), *map(_number, first), *map(_number, second)]
    found = definitions(body)
    return Said(
        terms=np.array(numbers, dtype=_NUMBER).tobytes(),
        defines=json.dumps(found, ensure_ascii=False) if found else "",
    )


def terms_of(text: str) -> list[str]:
    """The index terms of a text in which underscores part words, as in names of files."""
    return terms(text.replace("_", " "))


def _number(term: str) -> int:
    """Of four thousand million: a question has a term that shares it with another of a candidate 1 time in 10,000."""
    return zlib.crc32(term.encode())


@remembered(20_000)
def _numbers(path: str) -> bytes:
    return np.array([_number(term) for term in terms_of(path)], dtype=_NUMBER).tobytes()


class Wording:
    """Runs of index terms, looked for in chunks as they are: one term after the other."""

    def __init__(self, runs: Sequence[Sequence[str]]) -> None:
        self._runs = [np.array([_number(term) for term in run], dtype=_NUMBER).tobytes() for run in runs]

    def part_said(self, said: bytes, path: str) -> float:
        """The part of the runs that stands in the body, or in header and path, 0 to 1. `said`: a chunk's `terms`."""
        if not self._runs:
            return 0.0
        size = _NUMBER.itemsize
        body = size * (HEAD + int.from_bytes(said[size : 2 * size], "little"))
        texts = (said[body:], said[HEAD * size : body] + _numbers(path))
        return sum(any(_stands(run, text) for text in texts) for run in self._runs) / len(self._runs)


def _stands(run: bytes, text: bytes) -> bool:
    """Whether the numbers of a run stand in a text's, and not across them."""
    at = text.find(run) if run else -1
    while at >= 0 and at % _NUMBER.itemsize:
        at = text.find(run, at + 1)
    return at >= 0


class Occurrences:
    """Where some terms stand in many chunks and their documents' paths."""

    def __init__(
        self,
        wanted: Sequence[str],
        said: Sequence[bytes],
        paths: Sequence[str],
        *,
        instead: Mapping[str, Collection[Run]] = NO_OTHERS,
        share: float = 1.0,
    ) -> None:
        """`said`: the `terms` of what each chunk says. `instead`: what counts as a wanted term, for `share` of it."""
        self.chunks = len(said)
        texts = [part for one, path in zip(said, paths, strict=True) for part in (one, _numbers(path))]
        numbers = np.frombuffer(b"".join(texts), dtype=_NUMBER)
        ends = np.cumsum([len(text) for text in texts]) // _NUMBER.itemsize
        path_starts, ends = ends[0::2], ends[1::2]
        starts = np.concatenate([[0], ends[:-1]])
        body_starts = starts + HEAD + (numbers[starts + 1] if self.chunks else 0)
        borders = np.sort(np.concatenate([starts + HEAD, body_starts, path_starts, ends]))
        places, self.terms, own = _with_others(numbers, wanted, instead, borders)
        self.rows = np.searchsorted(ends, places, side="right")
        real = places >= starts[self.rows] + HEAD
        self.in_body = (places >= body_starts[self.rows]) & (places < path_starts[self.rows])
        self.places = places + self.rows * APART
        self.held = np.zeros((self.chunks, len(wanted)))  # by chunk and term: how far it stands anywhere in it
        for counted, one in ((share, real & ~own), (1.0, real & own)):
            self.held[self.rows[one], self.terms[one]] = counted

    def in_bodies(self, term: int) -> tuple[Places, Places]:
        """Where a term, by its place among the wanted, stands in bodies: the chunks, and places in order."""
        chosen = self.in_body & (self.terms == term)
        return self.rows[chosen], self.places[chosen]


def _with_others(
    numbers: NDArray[np.uint32], wanted: Sequence[str], instead: Mapping[str, Collection[Run]], borders: Places
) -> tuple[Places, Places, NDArray[np.bool_]]:
    """As `_matches`, with the first places of the runs that stand for wanted terms, and whether each is the term's own.

    `borders`: the places at which another text begins, in order; no run reaches over one.
    """
    every = list(dict.fromkeys([*wanted, *chain.from_iterable(chain.from_iterable(instead.values()))]))
    places, terms = _matches(numbers, every)
    if not instead:
        return places, terms, np.ones(len(places), dtype=bool)
    number = {term: at for at, term in enumerate(every)}
    own = terms < len(wanted)
    found, of = [places[own]], [terms[own]]
    for term, runs in instead.items():
        for run in runs:
            first = places[terms == number[run[0]]]
            for after, other in enumerate(run[1:], 1):
                first = first[np.isin(first + after, places[terms == number[other]], assume_unique=True)]
            last = first + len(run) - 1
            first = first[np.searchsorted(borders, first, side="right") == np.searchsorted(borders, last, side="right")]
            found.append(first)
            of.append(np.full(len(first), number[term]))
    places, terms = np.concatenate(found), np.concatenate(of)
    order = np.argsort(places, kind="stable")
    return places[order], terms[order], (np.arange(len(places)) < own.sum())[order]


def _matches(numbers: NDArray[np.uint32], wanted: Sequence[str]) -> tuple[Places, Places]:
    """The places of the numbers that are of wanted terms, and of which of them."""
    own = np.array([_number(term) for term in wanted], dtype=_NUMBER)
    if not len(own):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    low = np.zeros(int(LOW) + 1, dtype=bool)
    low[own & LOW] = True
    places = np.flatnonzero(low[numbers & LOW])
    order = np.argsort(own)
    at = np.minimum(np.searchsorted(own[order], numbers[places]), len(own) - 1)
    same = own[order][at] == numbers[places]
    return places[same], order[at[same]]
