"""Both indexes, kept in step with the catalog: telling them what changed, rebuilding them, checking them.

The one place that knows which generation of the vector index is in use.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import groupby

import numpy as np

from storage.catalog import Catalog, IndexRow, Note, Vector
from storage.catalog.facts import CUT_AS, GENERATION, SAID_AS
from storage.consistency import Consistency, Ids, differences, ids_of, size
from storage.filters import Filters
from storage.keywords import NO_OTHERS, WEIGHTS, IndexHit, KeywordIndex, Weights
from storage.vectors import VectorIndex
from storage.words import CUT, Run

NO_FILTERS = Filters()
COMPARED_ONE_BY_ONE = 20_000  # chunks that a filter leaves; each costs 1.5 kB to read, all of them some 100 ms
MORE = 40  # times as many are asked for where a filter leaves more


class Indexes:
    """The keyword index and the vector index of one catalog."""

    def __init__(self, catalog: Catalog, keywords: KeywordIndex, vectors: VectorIndex) -> None:
        self.catalog = catalog
        self.keywords = keywords
        self.vectors = vectors

    # --- searching ---------------------------------------------------------------------------------------------

    def search_vectors(
        self, vector: Vector, *, labels: frozenset[int], k: int, filters: Filters = NO_FILTERS
    ) -> list[IndexHit]:
        """The k nearest chunks for `labels`, by cosine. May name chunks that have gone: check with the catalog."""
        generation = self.catalog.fact(GENERATION)
        if generation is None:
            return []
        if not filters:
            return self.vectors.search(generation, vector, labels=labels, k=k)
        within = self.catalog.matching(filters, labels=labels)
        if within.chunks > COMPARED_ONE_BY_ONE:  # a filter that leaves this much is met by many of the nearest
            found = self.vectors.search(generation, vector, labels=labels, k=k * MORE)
            return [hit for hit in found if hit.id.rpartition(":")[0] in within.revisions][:k]
        ids, vectors = self.catalog.vectors_within(filters, labels=labels)
        if not ids:
            return []
        cosines = vectors @ vector
        return [IndexHit(id=ids[row], score=float(cosines[row])) for row in np.argsort(-cosines, kind="stable")[:k]]

    def search_keywords(
        self,
        question: str | Mapping[str, float],
        *,
        labels: frozenset[int],
        k: int,
        weights: Weights = WEIGHTS,
        filters: Filters = NO_FILTERS,
        instead: Mapping[Run, Collection[Run]] = NO_OTHERS,
        share: float = 1.0,
    ) -> list[IndexHit]:
        """The k best chunks for `labels`, by BM25. May name chunks that have gone: check with the catalog."""
        within = self.catalog.matching(filters, labels=labels).revisions if filters else None
        return self.keywords.search(
            question,
            labels=labels,
            k=k,
            weights=weights,
            within=within,
            instead=instead,
            share=share,
        )

    def search_wording(
        self, runs: Sequence[Sequence[str]], *, labels: frozenset[int], k: int, filters: Filters = NO_FILTERS
    ) -> list[IndexHit]:
        """Chunks for `labels` that say one of these runs of index terms as it is. May name chunks that have gone."""
        within = self.catalog.matching(filters, labels=labels).revisions if filters else None
        return self.keywords.saying(runs, labels=labels, k=k, within=within)

    # --- keeping in step ---------------------------------------------------------------------------------------

    def catch_up(self) -> int:
        """Tell the indexes everything they have not been told. Returns how many changes.

        Doing it twice does no harm: a crash between telling and noting that it was told costs nothing but the work.
        Raises: IndexUnavailable; the catalog then still knows what they have to be told.
        """
        generation = self._generation()
        total = 0
        try:
            if not self.vectors.has_matrix(generation):
                self._fill_matrix(generation)
            if self.catalog.fact(CUT_AS) != CUT:
                self._cut_anew()
            while notes := self.catalog.notes():
                for action, group in groupby(notes, key=lambda note: note.action):
                    if action == "drop":
                        self._drop(generation, list(group))
                    else:
                        self._put(generation, list(group))
                self.keywords.commit()
                self.vectors.commit(generation)
                self.catalog.told(notes[-1].id)
                total += len(notes)
        finally:
            self.vectors.release()
        if self.catalog.fact(SAID_AS) != CUT:  # last, since searches do without
            self.catalog.say_anew()
            self.catalog.set_fact(SAID_AS, CUT)
        return total

    def _fill_matrix(self, generation: str) -> None:
        """The matrix of a generation that was made by version 0.1.0, or whose files were lost."""
        for rows in self.catalog.index_rows():
            self._put_vectors(rows, partial(self.vectors.put_matrix, generation))
        self.vectors.commit(generation)

    def _cut_anew(self) -> None:
        """The keyword index of a version that cut text into other words. Searches use the old one until it is whole."""
        self.keywords.clear()
        for rows in self.catalog.index_rows():
            self.keywords.put(rows)
        self.keywords.commit()
        self.catalog.set_fact(CUT_AS, CUT)

    def _drop(self, generation: str, notes: Sequence[Note]) -> None:
        for note in notes:
            self.keywords.drop(note.revision_id)
            ids = [f"{note.revision_id}:{position}" for position in range(note.chunks)]
            self.vectors.drop(generation, note.label, ids)

    def _put(self, generation: str, notes: Sequence[Note]) -> None:
        revisions = list(dict.fromkeys(note.revision_id for note in notes))
        for revision in revisions:
            self.keywords.drop(revision)  # put twice is put once
        for rows in self.catalog.index_rows(revisions):  # gone meanwhile: no rows, and a drop note follows
            self.keywords.put(rows)
            self._put_vectors(rows, partial(self.vectors.put, generation))

    def _put_vectors(self, rows: Sequence[IndexRow], put: Callable[[int, Sequence[str], Vector], None]) -> None:
        by_label: dict[int, list[IndexRow]] = defaultdict(list)
        for row in rows:
            by_label[row.label].append(row)
        for label, group in by_label.items():
            ids = [row.chunk.id for row in group]
            put(label, ids, np.stack([row.vector for row in group]))

    def rebuild(self, progress: Callable[[int], None] = lambda done: None) -> int:
        """Make both indexes anew from the catalog: no parsing, no embedding. Returns how many chunks.

        Searches go on with the old indexes until the new ones are whole. The caller holds the ingest lock.
        """
        generation = f"g{uuid.uuid4().hex[:12]}"
        last = self.catalog.last_note()
        self.keywords.clear()
        done = 0
        for rows in self.catalog.index_rows():
            self.keywords.put(rows)
            self._put_vectors(rows, partial(self.vectors.put, generation))
            done += len(rows)
            progress(done)
        self.keywords.commit()
        self.vectors.commit(generation)
        self.catalog.set_fact(GENERATION, generation)
        self.catalog.set_fact(CUT_AS, CUT)
        self.catalog.told(last)  # only now: after a crash the old indexes are told again, which does no harm
        self.vectors.remove_generations(keep=[generation])
        return done

    def build_beside(self, model: str) -> str:
        """Another vector index of the vectors by `model`, beside the one in use. Returns its generation.

        The caller holds the ingest lock and has told the indexes everything, then makes the switch and tidies.
        """
        generation = f"g{uuid.uuid4().hex[:12]}"
        try:
            for rows in self.catalog.index_rows(model=model):
                self._put_vectors(rows, partial(self.vectors.put, generation))
            self.vectors.commit(generation)
        finally:
            self.vectors.release()
        return generation

    def tidy(self) -> None:
        """Delete every vector index but the one in use."""
        self.vectors.remove_generations(keep=[self._generation()])

    def check(self) -> Consistency:
        """Compare both indexes, and the matrix, with the catalog: every chunk by its id, under its label."""
        waiting = self.catalog.counts()["notes"]
        told_of = self.catalog.noted_revisions()
        wanted, found = self._ids()
        return Consistency(
            chunks=size(wanted),
            keywords=size(found["keywords"]),
            vectors=size(found["vectors"]),
            waiting=waiting,
            differences=differences(
                wanted, found, besides=told_of, paths=self.catalog.paths_of_revisions, again=self._ids
            ),
        )

    def _ids(self) -> tuple[Ids, dict[str, Ids]]:
        """Which chunks the catalog has by label, and which each index has."""
        wanted = ids_of(self.catalog.indexed_ids())
        generation = self.catalog.fact(GENERATION)
        return wanted, {
            "keywords": ids_of(self.keywords.ids()),
            "vectors": ids_of(self.vectors.ids(generation) if generation else ()),
            "matrix": self.vectors.matrix_ids(generation) if generation else {},
        }

    def _generation(self) -> str:
        generation = self.catalog.fact(GENERATION)
        if generation is None:
            generation = f"g{uuid.uuid4().hex[:12]}"
            self.catalog.set_fact(GENERATION, generation)
        return generation
