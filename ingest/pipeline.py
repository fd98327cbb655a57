"""The life of a file: seen, compared, kept, parsed, chunked, embedded, stored, told to the indexes.

`reconcile` makes the catalog's list of files agree with a folder (ingest.reconcile); it is quick. `work` takes the
files that wait through the rest, and stops between two files when asked to, so that deletions never wait for a bulk
load. The catalog is the queue: what a crash leaves half done is simply still waiting. One process at a time
(storage.datafolder, ingest lock).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from typing import TypeAlias

from ingest.batches import BATCH, LARGE, Batches, Embedded
from ingest.chunk import chunk, name_of, title_of
from ingest.packed import Packed
from ingest.parse.said_date import with_said_date
from ingest.progress import Progress, Reported
from ingest.reconcile import Reconciled, Reconciler
from ingest.sandbox import Sandbox
from ingest.upcoming import BYTES_AHEAD, Upcoming
from storage.allocator import give_back
from storage.catalog import EMBEDDER, Catalog, PackedText, Source, Vector, Waiting, packed_text, revision_id
from storage.catalog.facts import PARSER_NETWORK
from storage.embedder import Embedder
from storage.erasure import scrub, scrub_due
from storage.errors import PremiseError
from storage.failures import NOT_THE_FILES_FAULT, RETRIED, Code, ParseFailure
from storage.filestatus import inode, modified_ns, status_changed_ns
from storage.indexes import Indexes
from storage.injection import FLAG, PERHAPS, flag
from storage.originals import Originals
from storage.records import MEMBER_SEPARATOR, Chunk, Parsed, State, revision_text
from storage.settings import Settings

log = logging.getLogger("premise.ingest")

EMBED_AT = BATCH  # chunks collected across documents before they are embedded together
CHUNKS_AHEAD = 4 * BATCH  # wait for the embedder at most, and those of the files that are being parsed
MOST_INSIDE = 20_000  # files of one container and of all containers in it
TRIED_WITH = "passwords"  # the fact that tells whether passwords_file has changed


def _flags(parsed: Parsed) -> tuple[str, ...]:
    """What parsing flagged, and whether the text speaks to a language model."""
    aimed = flag(revision_text(parsed.elements))
    flags = tuple(told for told in parsed.flags if told not in (FLAG, PERHAPS))
    return (*flags, aimed) if aimed else flags


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A file that was parsed and chunked."""

    known: Waiting
    content: str  # SHA-256
    title: str
    parsed: Parsed  # without its elements
    packed: PackedText  # those
    pieces: Sequence[Chunk]
    seconds: float


_Upcoming: TypeAlias = Upcoming[_Prepared | ParseFailure | None]


class Pipeline:
    """Takes files of registered sources into the catalog and the indexes."""

    def __init__(
        self,
        settings: Settings,
        indexes: Indexes,
        originals: Originals,
        embedder: Embedder,
        sandbox: Sandbox,
        *more: Sandbox,
    ) -> None:
        """`more`: further parsing processes; as many files are parsed at once."""
        self.settings = settings
        self.catalog: Catalog = indexes.catalog
        self.indexes = indexes
        self.originals = originals
        self.embedder = embedder
        self.sandbox = sandbox
        self._sandboxes: SimpleQueue[Sandbox] = SimpleQueue()
        for one in (sandbox, *more):
            self._sandboxes.put(one)
        self.parsers = 1 + len(more)
        self._roots: dict[int, Path] = {}

    def reconcile(self, source: Source, *, tell: bool = True) -> Reconciled:
        """Make the catalog's files those of the folder. Deleted and re-permissioned files are gone from answers now.

        May run while `work` does, in another thread; then with `tell` False, since only one of them tells the indexes.
        """
        self._roots[source.id] = Path(source.root)
        reconciler = Reconciler(self.settings, self.catalog)
        return reconciler.reconcile(source, tell=self.indexes.catch_up if tell else lambda: None)

    # --- waiting files -----------------------------------------------------------------------------------------

    def work(
        self,
        sources: Sequence[Source],
        *,
        pause: Callable[[], bool] = lambda: False,
        progress: Callable[[Progress], None] = lambda progress: None,
    ) -> Progress:
        """Take every waiting file of these sources to indexed or failed, or until `pause` says so.

        Raises: DataFolderError when the disk is full or read-only, IndexUnavailable; what was not done still waits.
        """
        ids = [source.id for source in sources]
        self._roots |= {source.id: Path(source.root) for source in sources}
        self._retry_encrypted()
        state = Progress(total=self.catalog.unfinished(ids))
        if self.catalog.fact(EMBEDDER) is None:
            self.catalog.set_fact(EMBEDDER, f"{self.embedder.name} {self.embedder.revision}")
        batches: Batches[_Prepared] = Batches(self.embedder, self.catalog)
        reported = Reported(self.catalog, state, progress)
        with self._upcoming(ids, pause) as upcoming, ThreadPoolExecutor(1, thread_name_prefix="store") as writer:
            storing: Future[None] | None = None
            while not pause():
                # while a large file is embedded, small ones are read and go first; no second large one, for the memory
                room, most = batches.chunks_of_small < CHUNKS_AHEAD, BYTES_AHEAD if batches.large else None
                if not (upcoming.fill(room=room, most=most) or batches):
                    if storing is None:
                        break
                    storing.result()  # what changed while it was on its way waits anew once it is stored
                    storing = None
                    continue
                for known, outcome in upcoming.finished(wait=batches.chunks < EMBED_AT):
                    if isinstance(outcome, _Prepared):
                        batches.add(outcome, outcome.pieces, document=outcome.known.id)
                        continue
                    if outcome is not None:
                        self._fail(known, outcome)
                        state.failed += 1
                    upcoming.forget(known)
                    reported.finished(known.path)
                if batches.chunks < EMBED_AT and upcoming:
                    continue
                started, before = time.monotonic(), batches.chunks
                reported.begins()
                large = batches.large
                whole = batches.step()
                if large:
                    give_back()  # or what is free between batches of many lengths grows with every one
                state.timings["embed"] += time.monotonic() - started
                reported.embedded(before - batches.chunks, waiting=batches.chunks, files=len(batches))
                if storing is not None:
                    storing.result()  # one batch is stored while the next is embedded
                storing = writer.submit(self._store, whole, reported, upcoming)
            if storing is not None:
                storing.result()
        reported.ended()
        if state.done and not pause():
            self.catalog.drop_early()
        self._note_network()
        return state

    def _upcoming(self, sources: Sequence[int], pause: Callable[[], bool]) -> _Upcoming:
        waiting = partial(self.catalog.waiting, sources)
        return Upcoming(waiting, self._prepare, parsers=self.parsers, pause=pause)

    def _retry_encrypted(self) -> None:
        """Another list of passwords may open what the last one did not."""
        stamp = self.sandbox.passwords.stamp()
        if stamp != (self.catalog.fact(TRIED_WITH) or ""):
            self.catalog.retry(None, code=Code.ENCRYPTED)
            self.catalog.set_fact(TRIED_WITH, stamp)

    def _note_network(self) -> None:
        """Whether the parsing child is cut off from the network, for the administrator."""
        if self.sandbox.cut_off_by is None:
            return
        network = "closed" if self.sandbox.cut_off_by else "open"
        if network != self.catalog.fact(PARSER_NETWORK):
            self.catalog.set_fact(PARSER_NETWORK, network)
            if network == "open":
                log.warning(
                    "The parsing process has a network: this system lets it neither leave nor forbid itself sockets."
                )

    def _prepare(self, known: Waiting) -> _Prepared | ParseFailure | None:
        """Keep, parse and chunk a file. None: its content is indexed already."""
        started = time.monotonic()
        try:
            # First of all: when a scan sees another file from now on, it waits anew, and what follows comes to nothing.
            self.catalog.set_state(known.id, State.PARSING, known.code)
            content = self._keep(known)
            if content == known.sha256 and known.code != "renamed":
                self.catalog.set_state(known.id, State.INDEXED, if_state=State.PARSING)
                return None
            suffix = PurePosixPath(known.path).suffix.lower()
            deep = known.path.count(MEMBER_SEPARATOR) >= self.sandbox.limits.max_depth
            parsed = self._parse(self.originals.path(content), suffix, None if deep else self._take)
            if parsed.members:
                self._refuse_flood(known.path, len(parsed.members))
            modified = parsed.modified or datetime.fromtimestamp(known.mtime_ns / 1e9, UTC)
            members = tuple(replace(item, name=item.name or PurePosixPath(known.path).stem) for item in parsed.members)
            parsed = replace(parsed, modified=modified, flags=_flags(parsed), members=members)
            title = title_of(parsed, known.path)
            pieces = Packed(self._chunks(parsed, title, revision_id(known.id, content), known.path))
            packed = packed_text(parsed.elements)
            parsed = replace(parsed, elements=())
            if len(pieces) > LARGE:
                give_back()  # it waits for long
            self.catalog.set_state(known.id, State.EMBEDDING, known.code, if_state=State.PARSING)
        except ParseFailure as failure:
            return failure
        except PremiseError:
            raise  # such as a full disk: not this file's fault
        except Exception as error:
            log.exception("%s", known.path)
            return ParseFailure(Code.PARSER_CRASHED, f"Reading the file failed ({type(error).__name__}: {error}).")
        return _Prepared(
            known=known,
            content=content,
            title=title,
            parsed=parsed,
            packed=packed,
            pieces=pieces,
            seconds=time.monotonic() - started,
        )

    def _parse(self, path: Path, suffix: str, take: Callable[[Path], str] | None) -> Parsed:
        sandbox = self._sandboxes.get()  # there are as many as threads that parse
        try:
            return sandbox.parse(path, suffix, take=take)
        finally:
            self._sandboxes.put(sandbox)

    def _chunks(self, parsed: Parsed, title: str, revision: str, path: str) -> list[Chunk]:
        return chunk(
            parsed,
            title=title,
            name=name_of(parsed, path, title),
            revision=revision,
            size=min(self.settings.chunk_tokens, self.embedder.max_tokens),
            count_tokens=self.embedder.count_tokens,
        )

    def _keep(self, known: Waiting) -> str:
        """Copy the original in, when it is whole. Returns its SHA-256. Raises: ParseFailure."""
        held = self.catalog.member_content(known.id)
        if held is not None:
            return held  # out of a container, and kept when that was read
        path = self._roots[known.source_id] / known.path
        try:
            status = self._settled(path)
            if status.st_size == 0:
                raise ParseFailure(Code.EMPTY, "The file has no content (0 bytes).")
            if status.st_size > self.settings.max_file_mb * 1e6:
                raise ParseFailure(
                    Code.TOO_LARGE,
                    f"The file has {status.st_size / 1e6:,.0f} MB; max_file_mb allows {self.settings.max_file_mb:g}.",
                )
            content = self.originals.keep(path, inode=known.inode)
            after = path.lstat()
        except FileNotFoundError as error:
            if "\\udc" in known.path:  # as the scan writes out bytes that are no Unicode
                raise ParseFailure(
                    Code.UNREADABLE, "The file's name, or its folder's, is not valid Unicode. Rename it."
                ) from error
            raise ParseFailure(Code.CHANGING, "The file went away while it was read.") from error
        except OSError as error:
            raise ParseFailure(Code.UNREADABLE, f"The file cannot be read: {error.strerror}.") from error
        if (after.st_size, after.st_mtime_ns, after.st_ctime_ns) != (
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        ):
            raise ParseFailure(Code.CHANGING, "The file changed while it was read.")
        self.catalog.note_status(known.id, after.st_size, modified_ns(after), inode(after), status_changed_ns(after))
        return content

    def _refuse_flood(self, path: str, more: int) -> None:
        """Containers within containers may unfold without end."""
        outermost = path.split(MEMBER_SEPARATOR, maxsplit=1)[0]
        if MEMBER_SEPARATOR in path and self.catalog.inside(outermost) + more > MOST_INSIDE:
            raise ParseFailure(Code.TOO_LARGE, f"{outermost} holds more than {MOST_INSIDE:,} files.")

    def _take(self, file: Path) -> str:
        """Keep what a container held. Returns its SHA-256."""
        return self.originals.keep(file, inode=inode(file.lstat()))

    def _settled(self, path: Path) -> os.stat_result:
        """The file's status once it has not changed for `settle_seconds`. Raises: ParseFailure, OSError."""
        status = path.lstat()
        age = time.time() - status.st_mtime
        if 0 <= age < self.settings.settle_seconds:
            time.sleep(self.settings.settle_seconds - age)
            again = path.lstat()
            if (again.st_size, again.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
                raise ParseFailure(Code.CHANGING, "The file is still being written.")
        return status

    def _fail(self, known: Waiting, failure: ParseFailure) -> None:
        retry_at = None
        again = known.attempts + 1 < self.settings.max_attempts or failure.code in NOT_THE_FILES_FAULT
        if (failure.passing or failure.code in RETRIED) and again:
            wait = 5 if failure.passing or failure.code is Code.CHANGING else 30
            retry_at = datetime.now(UTC) + timedelta(seconds=wait * 2 ** min(known.attempts, 5))
        self.catalog.fail(known.id, failure.code, failure.reason, retry_at, if_state=State.PARSING)

    # --- storing -----------------------------------------------------------------------------------------------

    def _store(self, whole: Sequence[Embedded[_Prepared]], reported: Reported, upcoming: _Upcoming) -> None:
        if not whole:
            return
        state, started = reported.state, time.monotonic()
        for embedded in whole:
            item = embedded.item
            self.catalog.index_revision(
                item.known.id,
                content=item.content,
                suffix=PurePosixPath(item.known.path).suffix.lower(),
                title=item.title,
                parsed=item.parsed,
                pieces=item.pieces,
                embedded=embedded.keys,
                vectors=embedded.vectors,
                if_state=State.EMBEDDING,
                members=item.parsed.members,
                packed=item.packed,
            )
            upcoming.forget(item.known)
            state.indexed += 1
            state.chunks += len(item.pieces)
            state.timings["parse"] += item.seconds
            reported.finished(item.known.path)
        self.indexes.catch_up()
        state.timings["store"] += time.monotonic() - started

    def embed(self, pieces: Sequence[Chunk]) -> tuple[list[str], Vector]:
        """What each chunk's vector is made of, and the vectors: equal text is embedded once."""
        batches: Batches[None] = Batches(self.embedder, self.catalog)
        batches.add(None, pieces)
        while not (whole := batches.step()):
            pass
        return whole[0].keys, whole[0].vectors

    # --- housekeeping ------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Purge revisions past their time and originals that nothing needs. Call when no file is being read."""
        before = datetime.now(UTC) - timedelta(days=self.settings.keep_revisions_days)
        self.catalog.purge_superseded(before)
        self.originals.remove_except(self.catalog.originals())

    def scrub(self) -> None:
        """Remove from the disk what was forgotten. Call when no file is being read."""
        scrub(self.indexes, self.originals)

    def scrub_due(self) -> bool:
        """Whether something was forgotten whose bytes are still on the disk."""
        return scrub_due(self.catalog)

    def reembed(self, progress: Callable[[int], None] = lambda done: None) -> int:
        """Chunk and embed every current revision anew from what was parsed, for another model or chunk size. What is
        told from its text alone, its day and its flags, is told anew too.

        Returns how many documents. Resumes after a crash: what has been done is not embedded again.
        """
        done = 0
        self.catalog.set_fact(EMBEDDER, f"{self.embedder.name} {self.embedder.revision} (unfinished)")
        for item in self.catalog.current_revisions():
            parsed = with_said_date(item.parsed, item.suffix)
            parsed = replace(parsed, flags=_flags(parsed))
            pieces = self._chunks(parsed, item.title, item.id, item.path)
            keys, vectors = self.embed(pieces)
            self.catalog.index_revision(
                item.document_id,
                content=item.content,
                suffix=item.suffix,
                title=item.title,
                parsed=parsed,
                pieces=pieces,
                embedded=keys,
                vectors=vectors,
            )
            done += 1
            progress(done)
        self.indexes.rebuild()
        self.catalog.set_fact(EMBEDDER, f"{self.embedder.name} {self.embedder.revision}")  # last: now it is true
        self.catalog.confirm_model()
        return done
