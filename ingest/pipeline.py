"""The life of a file: seen, compared, kept, parsed, chunked, embedded, stored, told to the indexes.

`reconcile` makes the catalog's list of files agree with a folder; it is quick. `work` takes the files that wait through
the rest, and stops between two files when asked to, so that deletions never wait for a bulk load. The catalog is the
queue: what a crash leaves half done is simply still waiting. One process at a time (storage.datafolder, ingest lock).
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as _wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from queue import SimpleQueue
from types import TracebackType

from ingest.access import AccessRules
from ingest.batches import BATCH, LARGE, Batches, Embedded
from ingest.chunk import chunk, name_of, title_of
from ingest.packed import Packed
from ingest.progress import Progress, Reported
from ingest.sandbox import Sandbox
from ingest.scan import Changes, Walked, compare, walk, why_unreadable
from storage.allocator import give_back
from storage.catalog import (
    EMBEDDER,
    Catalog,
    Known,
    PackedText,
    Seen,
    Source,
    Vector,
    Waiting,
    packed_text,
    revision_id,
)
from storage.catalog.facts import PARSER_NETWORK, RULE_PROBLEMS
from storage.embedder import Embedder
from storage.erasure import scrub, scrub_due
from storage.errors import PremiseError
from storage.failures import BY_PERSON, NOT_THE_FILES_FAULT, RETRIED, Code, ParseFailure
from storage.filestatus import inode, modified_ns, status_changed_ns
from storage.indexes import Indexes
from storage.injection import FLAG, instructions
from storage.originals import Originals
from storage.records import MEMBER_SEPARATOR, Chunk, Parsed, State, revision_text
from storage.settings import Settings

log = logging.getLogger("premise.ingest")

EMBED_AT = BATCH  # chunks collected across documents before they are embedded together
CHUNKS_AHEAD = 4 * BATCH  # wait for the embedder at most, and those of the files that are being parsed
FILES_AHEAD = 4  # of every parser
BYTES_AHEAD = 1_000_000  # more files than that, if so small together: they are parsed while others are embedded
LISTED = 200  # waiting files fetched at once
LIST_SECONDS = 2.0  # and again after this long: a small new file goes before the large ones that waited
MOST_INSIDE = 20_000  # files of one container and of all containers in it
TRIED_WITH = "passwords"  # the fact that tells whether passwords_file has changed
FOLDER_OF = "folder of source {source}"  # the fact by which a source's folder is known again: its device and inode
GUARD_MINIMUM = 10  # fewer vanished files than this are simply deleted


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """What a reconciling scan found and did."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    relabelled: int = 0
    deleted: int = 0
    unchanged: int = 0
    held: str | None = None  # why deletions wait for a person
    rule_problems: tuple[str, ...] = ()  # access.toml files that let nobody in because they cannot be read
    unreadable: tuple[str, ...] = ()  # folders and files that could not be looked at


def _top(path: str) -> str:
    """The first folder of a path; empty for a file that lies in none."""
    return path.partition("/")[0] if "/" in path else ""


def _read_again(before: Known, file: Seen) -> bool:
    """Whether a file that moved is to be read: its name stands in its passages, or it was not read before."""
    if before.code in BY_PERSON:
        return False
    return before.state is not State.INDEXED or PurePosixPath(before.path).stem != PurePosixPath(file.path).stem


def _flags(parsed: Parsed) -> tuple[str, ...]:
    """What parsing flagged, and whether the text speaks to a language model."""
    aimed = next(instructions(revision_text(parsed.elements)), None) is not None
    return (*parsed.flags, FLAG) if aimed else parsed.flags


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

    # --- folder against catalog --------------------------------------------------------------------------------

    def reconcile(self, source: Source, *, tell: bool = True) -> Reconciled:
        """Make the catalog's files those of the folder. Deleted and re-permissioned files are gone from answers now.

        May run while `work` does, in another thread; then with `tell` False, since only one of them tells the indexes.
        """
        root = Path(source.root)
        self._roots[source.id] = root
        if source.confirmed:
            self.catalog.confirmation_used(source.id)
        try:
            rules = AccessRules(root, source.readers)
            walked = walk(root, rules, self.catalog.label_for, without=self.settings.data)
            unmounted = self._unmounted(source, root, bare=walked.bare)
        except OSError as error:
            held = f"The folder {root} cannot be read ({error.strerror}). Nothing was deleted."
            self.catalog.scanned(source.id, held=held)
            return Reconciled(held=held)
        known = self.catalog.known(source.id)
        changes = compare(walked.files, known, walked.unreadable)
        waits, kept = self._guard(source, changes, known, unmounted=unmounted)
        gone = [file.id for file in changes.gone if file.id not in kept]
        self.catalog.delete_documents(gone)
        self._apply(source, changes)
        self.catalog.follow_containers()
        self._unreadable(walked, known, rules)
        problems = tuple(f"{file}: {why}" for file, why in sorted(rules.problems.items()))
        self._note_problems(source, problems)
        if tell:
            self.indexes.catch_up()
        self.catalog.scanned(source.id, held=waits)
        return Reconciled(
            new=len(changes.new),
            changed=len(changes.changed),
            moved=len(changes.moved),
            relabelled=len(changes.relabelled),
            deleted=len(gone),
            unchanged=changes.unchanged,
            held=waits,
            rule_problems=problems,
            unreadable=tuple(f"{place}: {why}" for place, why in walked.unreadable.items()),
        )

    def _note_problems(self, source: Source, problems: tuple[str, ...]) -> None:
        """Say to the administrator which access rules let nobody in."""
        key, lines = RULE_PROBLEMS.format(source=source.id), "\n".join(" ".join(line.split()) for line in problems)
        if lines != (self.catalog.fact(key) or ""):
            self.catalog.set_fact(key, lines)

    def _unmounted(self, source: Source, root: Path, *, bare: bool) -> bool:
        """Whether a bare folder is another one than that which held the files: the place where a share is mounted."""
        status, key = root.stat(), FOLDER_OF.format(source=source.id)
        this, before = f"{status.st_dev}:{status.st_ino}", self.catalog.fact(key)
        if not bare and this != before:
            self.catalog.set_fact(key, this)
        return bare and this != before

    def _guard(
        self, source: Source, changes: Changes, known: dict[str, Known], *, unmounted: bool
    ) -> tuple[str | None, frozenset[str]]:
        """Why deletions have to wait for a person, and of which files.

        A share that is not mounted looks like an empty folder. That goes for the whole, and for each folder in it, on
        which a share of its own may be mounted.
        """
        if source.confirmed:
            return None, frozenset()
        gone = Counter(_top(file.path) for file in changes.gone if file.state is not State.IGNORED)
        have = Counter(_top(file.path) for file in known.values() if file.state is not State.IGNORED)
        unmounted = unmounted and gone.total() > 0 and self.settings.guard_fraction < 1
        if unmounted or self._too_many(gone.total(), have.total()):
            counts, held = f"{gone.total()} of {have.total()} files of {source.root} are", set(gone)
        else:
            held = {folder for folder, count in gone.items() if folder and self._too_many(count, have[folder])}
            parts = [f"{gone[folder]} of {have[folder]} files of {source.root}/{folder}" for folder in sorted(held)]
            counts = f"{' and '.join(parts[:5])} are"
        if not held:
            return None, frozenset()
        return (
            f"{counts} gone at once. They still answer questions until you confirm that they were deleted "
            f"(Administration page, or `premise ingest {source.root} --confirm-deletions`). "
            "If the folder is a share, check that it is mounted."
        ), frozenset(file.id for file in changes.gone if _top(file.path) in held)

    def _too_many(self, gone: int, known: int) -> bool:
        return gone >= GUARD_MINIMUM and gone > known * self.settings.guard_fraction

    def _apply(self, source: Source, changes: Changes) -> None:
        self.catalog.add_files(source.id, changes.new)
        self.catalog.touch_files(changes.changed, waiting=True)
        self.catalog.pass_over(changes.ignored)
        self.catalog.touch_files(changes.noted, waiting=False)
        self.catalog.note_times(changes.untimed)
        again = {before.id for before, file in changes.moved if _read_again(before, file)}
        self.catalog.touch_files([pair for pair in changes.moved if pair[0].id not in again], waiting=False)
        self.catalog.touch_files([pair for pair in changes.moved if pair[0].id in again], waiting=True, code="renamed")
        by_label: dict[int | None, list[str]] = {}
        for before, file in changes.relabelled:
            by_label.setdefault(file.label, []).append(before.id)
        for label, ids in by_label.items():
            self.catalog.relabel(ids, label)

    def _unreadable(self, walked: Walked, known: dict[str, Known], rules: AccessRules) -> None:
        """Files that cannot be looked at any more: said to the administrator, still answering those who may read."""
        for path, file in known.items() if walked.unreadable else ():
            why = why_unreadable(path, walked.unreadable)
            if why is None or file.state is State.IGNORED:
                continue
            label = self.catalog.label_for(rules.readers(path))
            if label != file.label:
                self.catalog.relabel([file.id], label)
            if file.code != Code.UNREADABLE:
                retry_at = datetime.now(UTC) + timedelta(seconds=self.settings.scan_seconds)
                self.catalog.fail(file.id, Code.UNREADABLE, f"The file cannot be looked at ({why}).", retry_at)

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
        with _Upcoming(self, ids, pause) as upcoming, ThreadPoolExecutor(1, thread_name_prefix="store") as writer:
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
        """Chunk and embed every current revision anew from what was parsed, for another model or chunk size.

        Returns how many documents. Resumes after a crash: what has been done is not embedded again.
        """
        done = 0
        self.catalog.set_fact(EMBEDDER, f"{self.embedder.name} {self.embedder.revision} (unfinished)")
        for item in self.catalog.current_revisions():
            pieces = self._chunks(item.parsed, item.title, item.id, item.path)
            keys, vectors = self.embed(pieces)
            self.catalog.index_revision(
                item.document_id,
                content=item.content,
                suffix=item.suffix,
                title=item.title,
                parsed=item.parsed,
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


class _Upcoming:
    """Waiting files, parsed ahead of the embedder: a few at once, so that memory stays bounded; small ones first."""

    def __init__(self, pipeline: Pipeline, sources: Sequence[int], pause: Callable[[], bool]) -> None:
        self._pipeline = pipeline
        self._sources = sources
        self._pause = pause
        self._pool = ThreadPoolExecutor(pipeline.parsers, thread_name_prefix="parse")
        self._futures: dict[Future[_Prepared | ParseFailure | None], Waiting] = {}
        self._taken: set[str] = set()  # ids of files on their way
        self._listed: list[Waiting] = []
        self._listed_at = 0.0

    def __enter__(self) -> _Upcoming:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __bool__(self) -> bool:
        return bool(self._futures)

    def fill(self, *, room: bool, most: int | None = None) -> bool:
        """Hand files to the parsers, when there is room for what they yield; of `most` bytes. Whether any is parsed."""
        while room and self._may_take_more() and not self._pause():
            known = self._next(most)
            if known is None:
                break
            self._taken.add(known.id)
            self._futures[self._pool.submit(self._pipeline._prepare, known)] = known
        return bool(self._futures)

    def _may_take_more(self) -> bool:
        if len(self._futures) < FILES_AHEAD * self._pipeline.parsers:
            return True
        return len(self._futures) < BATCH and sum(known.size for known in self._futures.values()) < BYTES_AHEAD

    def finished(self, *, wait: bool) -> list[tuple[Waiting, _Prepared | ParseFailure | None]]:
        """What parsing has ended; with `wait`, at least one file's, when any is being parsed."""
        done, _ = _wait(self._futures, timeout=None if wait else 0, return_when=FIRST_COMPLETED)
        return [(self._futures.pop(future), future.result()) for future in done]

    def forget(self, known: Waiting) -> None:
        """A file has come to its end; should it change again, it is another file."""
        self._taken.discard(known.id)

    def _next(self, most: int | None) -> Waiting | None:
        """The smallest file that waits, if it has no more than `most` bytes."""
        if not self._listed or time.monotonic() > self._listed_at + LIST_SECONDS:
            taken = set(self._taken)  # before the catalog is asked: who comes to an end meanwhile is not taken twice
            waiting = self._pipeline.catalog.waiting(self._sources, LISTED + len(taken))
            self._listed = [known for known in reversed(waiting) if known.id not in taken]
            self._listed_at = time.monotonic()
        if not self._listed or (most is not None and self._listed[-1].size > most):
            return None
        return self._listed.pop()
