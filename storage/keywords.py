"""The keyword index: BM25 over titles, sections and bodies. The only owner of tantivy besides storage/words.py.

Derived from the catalog and rebuilt from it. One process writes (the holder of the ingest lock), any number read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import tantivy

from storage import recollection
from storage.catalog import IndexRow
from storage.errors import DataFolderError
from storage.words import ANALYZER, Run, build_analyzer, question_terms, segment

WRITER_BYTES = 64_000_000
LONG_WORD = 8  # letters of a stem, from which two slips of the keys are forgiven
COUNTS = 20_000  # terms whose counts are remembered
MOST_LABELS = 65_000  # tantivy's limit on buckets
FEW_LABELS = 16  # so many are jumped through by their own lists; of more, every chunk is gathered first
MANY = 50_000  # chunks that somebody may read: of more, those with nothing but common words are left out first
COMMON = 0.3  # of the most that all terms could bring together: what the most common may bring that are left out
BM25_CEILING = 2.2  # k1 + 1: what a term can bring, times its rarity
TIE = 0.3  # of what a term brings by the other fields than the best
NO_OTHERS: Mapping[Run, Collection[Run]] = {}
FIELDS = ("title", "name", "section", "body")


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much a term counts in each field. Applied at the question, so a change needs no new index."""

    title: float = 1.0
    name: float = 0.5  # words of the file's path
    section: float = 0.7
    body: float = 1.0


WEIGHTS = Weights()


@dataclass(frozen=True, kw_only=True)
class IndexHit:
    """What an index answers: a chunk's id and the index's own score, higher is better."""

    id: str
    score: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One committed moment of the index."""

    stamp: tuple[int, int]
    searcher: tantivy.Searcher
    documents: int  # what tantivy takes as their number: those taken out but not yet merged away count
    counts: dict[tuple[str, ...], dict[int, int]]  # (term, fields…): chunks that have it, by label
    readable: dict[frozenset[int], int]  # chunks in the labels that somebody may read


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A term of a question."""

    query: tantivy.Query
    most: float  # what it can bring to a chunk's score


class KeywordIndex:
    """A folder that tantivy keeps. Opening makes it when it is not there."""

    def __init__(self, folder: Path, *, many: int = MANY) -> None:
        self.folder = folder
        self._many = many
        self._schema = _schema()
        self._writer: tantivy.IndexWriter | None = None
        self._index = self._open()
        self._seen: _Reading | None = None
        recollection.keep(self.let_go)

    def _open(self) -> tantivy.Index:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            index = tantivy.Index(self._schema, path=str(self.folder), reuse=True)
        except (OSError, ValueError) as error:
            raise DataFolderError(
                f"The keyword index {self.folder} cannot be opened: {error}. "
                "Delete that folder and run `premise reindex`."
            ) from error
        index.register_tokenizer(ANALYZER, build_analyzer())
        return index

    # --- writing -----------------------------------------------------------------------------------------------

    def put(self, rows: Sequence[IndexRow]) -> None:
        """Add chunks of revisions that the index has not, or that were dropped. Visible after commit."""
        with self._writing() as writer:
            for row in rows:
                document = tantivy.Document()
                document.add_text("id", row.chunk.id)
                document.add_text("revision", row.chunk.revision_id)
                document.add_unsigned("label", row.label)
                document.add_text("title", segment(row.title))
                document.add_text("name", segment(row.path.replace("_", " ")))
                document.add_text("section", segment(row.chunk.section))
                document.add_text("body", segment(row.chunk.body))
                writer.add_document(document)

    def drop(self, revision_id: str) -> None:
        """Take a revision out. Visible after commit."""
        with self._writing() as writer:
            writer.delete_documents_by_term("revision", revision_id)

    def clear(self) -> None:
        """Take everything out. Visible after commit, together with what is put meanwhile."""
        with self._writing() as writer:
            writer.delete_all_documents()

    def commit(self) -> None:
        """Make the changes visible, on the disk and to every reader, in one step; give the write lock back.

        The lock is tantivy's and one process's alone: held longer, no other command could write.
        """
        if self._writer is None:
            return
        with self._writing() as writer:
            writer.commit()
        self.close()

    def remove_unused(self) -> None:
        """Remove files of the index that hold only what was taken out."""
        with self._writing() as writer:
            writer.garbage_collect_files()
        self.close()

    def close(self) -> None:
        """Give the write lock back; what was not committed is as if it had never been put."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(ValueError):  # it writes that nevertheless, which fails on a full disk and is no loss
                writer.wait_merging_threads()

    def let_go(self) -> None:
        """Hold no moment of the index: the files of one hold what was taken out since."""
        with suppress(ValueError):  # searches say what is the matter with it
            self._index.reload()
        self._seen = None

    @contextmanager
    def _writing(self) -> Iterator[tantivy.IndexWriter]:
        """The writer. Raises: DataFolderError when the disk is full or another process writes."""
        try:
            if self._writer is None:
                self._writer = self._index.writer(WRITER_BYTES, num_threads=1)
            yield self._writer
        except ValueError as error:
            self._writer = None
            raise DataFolderError(f"The keyword index {self.folder} cannot be written: {error}.") from error

    # --- reading -----------------------------------------------------------------------------------------------

    def search(
        self,
        question: str | Mapping[str, float],
        *,
        labels: frozenset[int],
        k: int,
        weights: Weights = WEIGHTS,
        within: Collection[str] | None = None,
        instead: Mapping[Run, Collection[Run]] = NO_OTHERS,
        share: float = 1.0,
    ) -> list[IndexHit]:
        """The k best chunks that `labels` may read. Empty when no term of the question is known or no label given.

        `question` is text, or index terms with how much each counts. How rare a term is, is counted in what `labels`
        may read, so that not even their order tells of what the person may not. `within`: these revisions only.
        `instead`: by a run of the question's terms those that may stand for it, each for `share` of it at most.
        """
        found = question if isinstance(question, Mapping) else dict.fromkeys(question_terms(question), 1.0)
        if not found or not labels:
            return []
        reading = self._reading()
        left, asked = dict(found), []
        for run, others in instead.items():
            own = {term: left.pop(term) for term in run if term in left}
            if own and (one := self._either(reading, own, others, share, labels, weights)):
                asked.append(one)
        asked += [one for term, weight in left.items() if (one := self._term(reading, term, weight, labels, weights))]
        if not asked:
            return []
        if within is None and self._size(reading, labels) > self._many:
            hits = self._by_telling(reading, asked, k, labels=labels)
            if hits is not None:
                return hits
        return self._best(reading, _any_of([one.query for one in asked]), k, labels=labels, within=within)

    def _by_telling(
        self, reading: _Reading, asked: Sequence[_Asked], k: int, *, labels: frozenset[int]
    ) -> list[IndexHit] | None:
        """The same from chunks with one of the rarer terms, the most common ones only added: of a million chunks most
        have one of those. None: what has none but common terms could be among the best.
        """
        by_most = sorted(asked, key=lambda one: one.most)
        left, total, place = 0.0, sum(one.most for one in asked), 0
        while left + by_most[place].most < COMMON * total:
            left += by_most[place].most
            place += 1
        if not place:
            return None
        telling, common = by_most[place:], by_most[:place]
        also = [(tantivy.Occur.Should, one.query) for one in common]
        hits = self._best(reading, _any_of([one.query for one in telling]), k, labels=labels, also=also)
        return hits if len(hits) == k and hits[-1].score > left else None

    def saying(
        self,
        runs: Sequence[Sequence[str]],
        *,
        labels: frozenset[int],
        k: int,
        within: Collection[str] | None = None,
    ) -> list[IndexHit]:
        """Chunks that `labels` may read whose body or title has one of these runs of terms as it is."""
        if not runs or not labels:
            return []
        wanted = [
            (tantivy.Occur.Should, tantivy.Query.phrase_query(self._schema, field, list(run)))
            if len(run) > 1
            else (tantivy.Occur.Should, tantivy.Query.term_query(self._schema, field, run[0]))
            for run in runs
            for field in ("body", "title", "section")
        ]
        return self._best(self._reading(), tantivy.Query.boolean_query(wanted), k, labels=labels, within=within)

    def resembling(self, term: str, *, labels: frozenset[int], k: int) -> list[IndexHit]:
        """Chunks that `labels` may read with a word that is one slip of the keys from `term`; two in a long one."""
        if not labels:
            return []
        distance = 2 if len(term) >= LONG_WORD else 1
        alike = [
            (tantivy.Occur.Should, tantivy.Query.fuzzy_term_query(self._schema, field, term, distance))
            for field in FIELDS
        ]
        return self._best(self._reading(), tantivy.Query.boolean_query(alike), k, labels=labels)

    def _best(
        self,
        reading: _Reading,
        wanted: tantivy.Query,
        k: int,
        *,
        labels: frozenset[int],
        within: Collection[str] | None = None,
        also: Sequence[tuple[tantivy.Occur, tantivy.Query]] = (),
    ) -> list[IndexHit]:
        """The k best that are `wanted`; what is `also` asked for adds to the score."""
        parts = [(tantivy.Occur.Must, wanted), *self._readable(reading, labels), *also]
        if within is not None:
            parts.append((tantivy.Occur.Must, self._of(within)))
        hits = reading.searcher.search(tantivy.Query.boolean_query(parts), limit=k, count=False).hits
        return [IndexHit(id=reading.searcher.doc(address)["id"][0], score=score) for score, address in hits]

    def rarity(self, terms: Iterable[str], *, labels: frozenset[int]) -> dict[str, float]:
        """How much each term tells: its inverse document frequency, as BM25 has it, in any field.

        Counted in what `labels` may read, because the scores made of it are shown: counted in everything they would
        tell whether a word stands in documents that the person may not read.
        """
        reading = self._reading()
        return {term: self._idf(reading, term, FIELDS, labels) for term in terms}

    def ids(self) -> Iterator[tuple[int, str]]:
        """Every chunk that the index holds: its label and its id."""
        reading = self._reading()
        for label, count in self._counts(reading, "", ()).items():
            query = tantivy.Query.const_score_query(tantivy.Query.term_query(self._schema, "label", label), 0.0)
            for _, address in reading.searcher.search(query, limit=max(1, count), count=False).hits:
                yield label, reading.searcher.doc(address)["id"][0]

    def _idf(self, reading: _Reading, term: str, fields: Sequence[str], labels: frozenset[int]) -> float:
        return _idf(_within(self._counts(reading, term, fields), labels), self._size(reading, labels))

    def _size(self, reading: _Reading, labels: frozenset[int]) -> int:
        """How many chunks these labels may read."""
        size = reading.readable.get(labels)
        if size is None:
            size = reading.readable[labels] = _within(self._counts(reading, "", ()), labels)
        return size

    def _counts(self, reading: _Reading, term: str, fields: Sequence[str]) -> dict[int, int]:
        """In how many chunks of each label a term stands in one of the fields; no field: how many chunks there are."""
        having = [field for field in fields if reading.searcher.doc_freq(field, term)]
        if fields and not having:
            return {}
        key = (term, *having)
        if key not in reading.counts:
            query = tantivy.Query.all_query()
            if having:
                query = tantivy.Query.boolean_query(
                    [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, field, term)) for field in having]
                )
            by_label = {"labels": {"terms": {"field": "label", "size": MOST_LABELS}}}
            buckets = reading.searcher.aggregate(query, by_label)["labels"]["buckets"]
            if len(reading.counts) > COUNTS:
                reading.counts.clear()
            reading.counts[key] = {int(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        return reading.counts[key]

    def _readable(self, reading: _Reading, labels: frozenset[int]) -> list[tuple[tantivy.Occur, tantivy.Query]]:
        """What of this moment of the index `labels` may read: only theirs, or none of the others, whichever is fewer.

        tantivy gathers every chunk of the labels that it is given before it looks at a word: five milliseconds for
        200,000. Both say the same, since each chunk has one label and the moment that is searched does not change.
        """
        held = self._counts(reading, "", ())
        others = held.keys() - labels
        if len(held) < MOST_LABELS and 2 * _within(held, labels) > sum(held.values()):
            return [(tantivy.Occur.MustNot, self._labelled(others))] if others else []
        return [(tantivy.Occur.Must, tantivy.Query.const_score_query(self._labelled(labels), 0.0))]

    def _labelled(self, labels: Collection[int]) -> tantivy.Query:
        if len(labels) <= FEW_LABELS:
            return _any_of([tantivy.Query.term_query(self._schema, "label", label) for label in sorted(labels)])
        return tantivy.Query.term_set_query(self._schema, "label", sorted(labels))

    def _of(self, revisions: Collection[str]) -> tantivy.Query:
        within = tantivy.Query.term_set_query(self._schema, "revision", sorted(revisions))
        return tantivy.Query.const_score_query(within, 0.0)

    def _term(
        self, reading: _Reading, term: str, counting: float, labels: frozenset[int], weights: Weights
    ) -> _Asked | None:
        """One term in all fields, `counting` so much; None where no chunk has it.

        tantivy weighs a term by how rare it is in the whole index. Divided out here, and put in as `labels` see it.
        """
        fields, most = [], []
        for field in FIELDS:
            everywhere = reading.searcher.doc_freq(field, term)
            if not everywhere or (weight := getattr(weights, field)) <= 0:
                continue
            rarity = self._idf(reading, term, (field,), labels)
            most.append(weight * rarity)
            query = tantivy.Query.term_query(self._schema, field, term)
            fields.append(tantivy.Query.boost_query(query, weight * rarity / _idf(everywhere, reading.documents)))
        if not fields:
            return None
        query = tantivy.Query.boost_query(tantivy.Query.disjunction_max_query(fields, tie_breaker=TIE), counting)
        ceiling = BM25_CEILING * counting * ((1 - TIE) * max(most) + TIE * sum(most))
        return _Asked(query=query, most=ceiling)

    def _either(
        self,
        reading: _Reading,
        own: Mapping[str, float],
        others: Collection[Run],
        share: float,
        labels: frozenset[int],
        weights: Weights,
    ) -> _Asked | None:
        """The question's terms, or a run that stands for them: what brings the most."""
        terms = [one for term, weight in own.items() if (one := self._term(reading, term, weight, labels, weights))]
        found = [one for run in others if (one := self._run(reading, run, own, share, labels, weights))]
        if terms:
            found.append(_Asked(query=_any_of([one.query for one in terms]), most=sum(one.most for one in terms)))
        if not found:
            return None
        query = tantivy.Query.disjunction_max_query([one.query for one in found])
        return _Asked(query=query, most=max(one.most for one in found))

    def _run(
        self,
        reading: _Reading,
        run: Run,
        own: Mapping[str, float],
        share: float,
        labels: frozenset[int],
        weights: Weights,
    ) -> _Asked | None:
        """A run of terms for those of the question, in all fields: as rare as its rarest, and never rarer than they."""
        fields, most = [], []
        for field in FIELDS:
            everywhere = [reading.searcher.doc_freq(field, term) for term in run]
            if not all(everywhere) or (weight := getattr(weights, field)) <= 0:
                continue
            rarity = max(own.values()) * max(self._idf(reading, term, (field,), labels) for term in run)
            theirs = sum(counting * self._idf(reading, term, (field,), labels) for term, counting in own.items())
            most.append(share * weight * min(rarity, theirs))
            if len(run) > 1:
                query = tantivy.Query.phrase_query(self._schema, field, list(run))
            else:
                query = tantivy.Query.term_query(self._schema, field, run[0])
            scored = sum(_idf(count, reading.documents) for count in everywhere)  # by tantivy
            fields.append(tantivy.Query.boost_query(query, most[-1] / scored))
        if not fields:
            return None
        query = tantivy.Query.disjunction_max_query(fields, tie_breaker=TIE)
        return _Asked(query=query, most=BM25_CEILING * ((1 - TIE) * max(most) + TIE * sum(most)))

    def _reading(self) -> _Reading:
        stamp, seen = self._stamp(), self._seen
        if seen is None or stamp != seen.stamp:  # another process committed
            self._index.reload()
            meta = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))
            documents = sum(int(segment["max_doc"]) for segment in meta["segments"])
            seen = self._seen = _Reading(
                stamp=stamp, searcher=self._index.searcher(), documents=documents, counts={}, readable={}
            )
        return seen

    def _stamp(self) -> tuple[int, int]:
        meta = (self.folder / "meta.json").stat()
        return meta.st_mtime_ns, meta.st_ino


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _within(counts: Mapping[int, int], labels: frozenset[int]) -> int:
    if len(counts) < len(labels):
        return sum(count for label, count in counts.items() if label in labels)
    return sum(counts[label] for label in labels if label in counts)


def _idf(frequency: int, size: int) -> float:
    """Inverse document frequency as tantivy and BM25 have it."""
    return math.log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("revision", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("label", stored=False, indexed=True, fast=True)
    for field in FIELDS:
        builder.add_text_field(field, stored=False, tokenizer_name=ANALYZER, index_option="position")
    return builder.build()
