"""The keyword index gives each person what their labels may read, and nothing else, however it leaves out the rest."""

from __future__ import annotations

import resource
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from storage.catalog import IndexRow
from storage.keywords import KeywordIndex
from storage.records import Chunk

SIZES = {1: 6, 2: 1, 3: 2, 4: 3}  # chunks of each label: a person of label 1 and 2 may read more than half


def rows(label: int, count: int) -> list[IndexRow]:
    revision = f"{label:032x}"
    return [
        IndexRow(
            chunk=Chunk(
                id=f"{revision}:{position}",
                revision_id=revision,
                position=position,
                start=0,
                end=1,
                header="",
                body=f"The quokka of label {label} eats leaves number {position}",
                section="",
                pages=(),
                tokens=9,
            ),
            label=label,
            title="Animals",
            path=f"animals/{label}.md",
            vector=np.zeros(4, dtype=np.float32),
        )
        for position in range(count)
    ]


@pytest.fixture
def index(tmp_path: Path) -> KeywordIndex:
    made = KeywordIndex(tmp_path / "keywords")
    for label, count in SIZES.items():
        made.put(rows(label, count))
    made.commit()
    return made


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_set_of_labels_finds_its_own_chunks_and_no_others(index: KeywordIndex, count: int) -> None:
    for some in combinations(SIZES, count):
        labels = frozenset(some)
        wanted = {row.chunk.id for label in labels for row in rows(label, SIZES[label])}
        beside = labels | {77}  # a label that no chunk has is nothing
        for asked in (labels, beside):
            assert {hit.id for hit in index.search("quokka leaves", labels=asked, k=50)} == wanted
            assert {hit.id for hit in index.saying([["quokka"]], labels=asked, k=50)} == wanted
            assert {hit.id for hit in index.resembling("quoka", labels=asked, k=50)} == wanted
    assert index.search("quokka", labels=frozenset({77}), k=50) == []


def test_a_label_that_is_new_is_nobodys_until_it_is_named(index: KeywordIndex) -> None:
    before = frozenset(SIZES)
    assert len(index.search("quokka", labels=before, k=50)) == sum(SIZES.values())
    index.put(rows(5, 2))
    index.commit()
    assert len(index.search("quokka", labels=before, k=50)) == sum(SIZES.values())
    assert len(index.search("quokka", labels=before | {5}, k=50)) == sum(SIZES.values()) + 2


def test_of_many_chunks_the_same_are_found_as_of_few(tmp_path: Path) -> None:
    """Leaving out what has only common words, and going through few labels by their own lists, changes no answer."""
    index = KeywordIndex(tmp_path / "keywords")
    made, words = np.random.default_rng(3), [f"w{chr(97 + number)}" for number in range(26)]
    common = 1 / np.arange(1, 27)
    for label in range(20):
        bodies = [" ".join(made.choice(words, 12, p=common / common.sum())) for _ in range(40)]
        index.put(
            [
                replace(row, chunk=replace(row.chunk, body=body, section=body[:5]), title=body[-5:])
                for row, body in zip(rows(label, 40), bodies, strict=True)
            ]
        )
    index.commit()
    other = KeywordIndex(tmp_path / "keywords", many=0)
    for number in range(60):
        asked = {str(word): 1.0 for word in made.choice(words, 2 + number % 5, replace=False)}
        for labels in ({3}, set(range(4)), set(range(17)), set(range(20))):
            one, two = (found.search(asked, labels=frozenset(labels), k=10) for found in (index, other))
            assert [hit.score for hit in two] == pytest.approx([hit.score for hit in one], rel=1e-5)
            assert {hit.id for hit in two if hit.score > 1.0001 * one[-1].score} <= {hit.id for hit in one}


def test_how_rare_a_term_is_is_counted_in_what_may_be_read(index: KeywordIndex) -> None:
    few = index.rarity(["label", "xyzzy"], labels=frozenset({2}))
    assert few["xyzzy"] > few["label"]
    index.put(rows(6, 40))
    index.commit()
    assert index.rarity(["label", "xyzzy"], labels=frozenset({2})) == few


def test_what_cannot_be_written_any_more_ends_nobody(index: KeywordIndex) -> None:
    """A pass that failed for a full disk gives the write lock back; tantivy writes what was put at that moment."""
    index.put(rows(5, 40))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # as a full disk: no file takes more
    try:
        index.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert index.search("quokka", labels=frozenset({5}), k=9) == []
    index.put(rows(5, 4))
    index.commit()
    assert len(index.search("quokka", labels=frozenset({5}), k=9)) == 4
