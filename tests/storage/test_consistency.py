"""The indexes compared with the catalog id by id: what counts alone would not show is found, named and made whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from place import Place

from storage.catalog import IndexRow
from storage.consistency import differences, ids_of

LEAVE = "# Leave policy\n\nEmployees have 30 days of annual leave. Up to five days can be carried over to March.\n"
PRICES = "# Price list\n\nThe flow meter HF-210 costs 1,250 EUR. The display module costs 180 EUR.\n"
STRANGER = "0" * 32

Damage = Callable[[Place, IndexRow], None]


def _generation(place: Place) -> str:
    return place.store.catalog.fact("generation") or ""


def _drop_a_vector(place: Place, row: IndexRow) -> None:
    place.store.indexes.vectors._call(_generation(place), row.label, "delete", ids=[row.chunk.id])


def _add_a_vector(place: Place, row: IndexRow) -> None:
    _put_vector(place, row.label, f"{STRANGER}:0", row)


def _put_vector(place: Place, label: int, name: str, row: IndexRow) -> None:
    vectors = place.store.indexes.vectors
    vectors._call(_generation(place), label, "upsert", make=True, ids=[name], embeddings=row.vector[None, :])


def _exchange_a_vector(place: Place, row: IndexRow) -> None:
    _drop_a_vector(place, row)
    _add_a_vector(place, row)


def _vector_of_other_readers(place: Place, row: IndexRow) -> None:
    _drop_a_vector(place, row)
    _put_vector(place, row.label + 1, row.chunk.id, row)


def _drop_from_the_matrix(place: Place, row: IndexRow) -> None:
    matrix = place.store.indexes.vectors._matrix
    matrix.drop(_generation(place), row.label, [row.chunk.id])
    matrix.commit(_generation(place))


def _exchange_in_the_matrix(place: Place, row: IndexRow) -> None:
    matrix = place.store.indexes.vectors._matrix
    matrix.drop(_generation(place), row.label, [row.chunk.id])
    matrix.put(_generation(place), row.label, [f"{STRANGER}:0"], row.vector[None, :])
    matrix.commit(_generation(place))


def _drop_from_the_keywords(place: Place, row: IndexRow) -> None:
    place.store.indexes.keywords.drop(row.chunk.revision_id)
    place.store.indexes.keywords.commit()


def _exchange_in_the_keywords(place: Place, row: IndexRow) -> None:
    keywords = place.store.indexes.keywords
    keywords.drop(row.chunk.revision_id)
    stranger = replace(row.chunk, id=f"{STRANGER}:0", revision_id=STRANGER)
    keywords.put([replace(row, chunk=stranger)])
    keywords.commit()


def _keywords_of_other_readers(place: Place, row: IndexRow) -> None:
    place.store.indexes.keywords.drop(row.chunk.revision_id)
    place.store.indexes.keywords.put([replace(row, label=row.label + 1)])
    place.store.indexes.keywords.commit()


def _twice_in_the_keywords(place: Place, row: IndexRow) -> None:
    place.store.indexes.keywords.put([row])
    place.store.indexes.keywords.commit()


@pytest.mark.parametrize(
    ("damage", "index", "missing", "extra"),
    [
        (_drop_a_vector, "vectors", 1, 0),
        (_add_a_vector, "vectors", 0, 1),
        (_exchange_a_vector, "vectors", 1, 1),
        (_vector_of_other_readers, "vectors", 1, 1),
        (_drop_from_the_matrix, "matrix", 1, 0),
        (_exchange_in_the_matrix, "matrix", 1, 1),
        (_drop_from_the_keywords, "keywords", 1, 0),
        (_exchange_in_the_keywords, "keywords", 1, 1),
        (_keywords_of_other_readers, "keywords", 1, 1),
        (_twice_in_the_keywords, "keywords", 0, 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_found_named_and_made_whole(
    place: Place, damage: Damage, index: str, missing: int, extra: int
) -> None:
    place.write("everyone/leave.md", LEAVE)
    place.write("sales/prices.md", PRICES)
    place.ingest()
    indexes = place.store.indexes
    assert indexes.check().ok
    rows = [row for batch in indexes.catalog.index_rows() for row in batch]
    damage(place, next(row for row in rows if row.path == "sales/prices.md"))
    found = indexes.check()
    assert not found.ok
    [difference] = found.differences
    assert (difference.index, difference.missing, difference.extra) == (index, missing, extra)
    path = ["sales/prices.md"] if missing or damage is _twice_in_the_keywords else []
    stranger = [f"revision {STRANGER}"] if damage.__name__.startswith(("_add", "_exchange")) else []
    assert difference.documents == (*stranger, *path)
    indexes.rebuild()
    assert indexes.check().ok
    assert "sales/prices.md" in place.found("What does the flow meter HF-210 cost?", "sales")


def test_a_lost_vector_index_is_made_whole(place: Place) -> None:
    place.write("everyone/leave.md", LEAVE)
    place.ingest()
    place.store.indexes.vectors.remove_generations(keep=[])
    found = place.store.indexes.check()
    assert [(item.index, item.missing) for item in found.differences] == [("vectors", 1), ("matrix", 1)]
    place.store.indexes.rebuild()
    assert place.store.indexes.check().ok


def test_what_the_indexes_are_still_to_be_told_is_no_difference(place: Place) -> None:
    file = place.write("everyone/leave.md", LEAVE)
    place.write("sales/prices.md", PRICES)
    place.ingest()
    file.unlink()
    place.pipeline.reconcile(place.source(), tell=False)
    found = place.store.indexes.check()
    assert (found.waiting, found.differences, found.ok) == (1, (), False)
    place.store.indexes.catch_up()
    assert place.store.indexes.check().ok


def _paths(revisions: Sequence[str]) -> dict[str, str]:
    return {}


def test_only_what_differs_in_both_readings_counts() -> None:
    """Files that are indexed between reading the catalog and reading an index are no difference."""
    first, later = ids_of([(1, "a:0"), (1, "b:0")]), ids_of([(1, "a:0"), (1, "b:0"), (1, "c:0")])
    behind = ids_of([(1, "a:0")])
    none = frozenset[str]()
    [difference] = differences(
        first, {"keywords": later}, besides=none, paths=_paths, again=lambda: (first, {"keywords": later})
    )
    assert (difference.missing, difference.extra) == (0, 1)
    caught_up = differences(
        first, {"keywords": later}, besides=none, paths=_paths, again=lambda: (later, {"keywords": later})
    )
    assert caught_up == ()
    [other] = differences(later, {"keywords": behind}, besides=frozenset({"b"}), paths=_paths)
    assert (other.missing, other.documents) == (1, ("revision c",))


def test_many_labels_and_pages_of_ids_are_compared(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.vectors.LISTED", 2)
    for number in range(7):
        place.write(f"group{number % 2}/{number}.md", f"# Note {number}\n\nIt says {number}.\n")
    place.ingest()
    found = place.store.indexes.check()
    assert found.ok and (found.chunks, found.keywords, found.vectors) == (7, 7, 7)
    generation = _generation(place)
    assert {label: sorted(ids) for label, ids in place.store.indexes.vectors.matrix_ids(generation).items()} == {
        label: sorted(np.sort(ids)) for label, ids in ids_of(place.store.catalog.indexed_ids()).items()
    }
