"""The ingest service: keeps every registered folder in step, for as long as it runs.

File events make it quick, the reconciling scan makes it right (network shares send no events). Knows the pipeline;
knows nothing of questions.
"""

from __future__ import annotations

import logging
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfiles import watch

from ingest.pipeline import Pipeline
from ingest.scan import ignored
from storage.catalog import Source
from storage.datafolder import DataFolder
from storage.erasure import letting_go
from storage.errors import DataFolderBusy, DataFolderError, PremiseError
from storage.failures import Rule

log = logging.getLogger("premise.ingest")

DEBOUNCE_MS = 300  # events are collected for this long
TICK_SECONDS = 1.0  # how often due retries and requests from the page are looked for
TIDY_SECONDS = 3600.0
QUIET_SECONDS = 1.0  # between two scans, at least; and at least as long as a scan takes
TROUBLE_SECONDS = 5.0  # wait after a full disk or a vector index that does not answer


_Places = list[tuple[str, tuple[int, int] | None]]  # folders, each with its device and inode where it is there


class Service:
    """Reconciles on file events and every `scan_seconds`; works between."""

    def __init__(self, pipeline: Pipeline, folder: DataFolder, stop: threading.Event) -> None:
        self._pipeline = pipeline
        self._folder = folder
        self._stop = stop
        self._changed = threading.Event()  # something happened in a source
        self._next_scan = 0.0
        self._next_tidy = 0.0
        self._not_before = 0.0
        self._next_look = 0.0
        self._erasing = False
        self._told: dict[int, tuple[str, ...]] = {}  # by source: what the log last said was wrong

    def run(self) -> None:
        """Until `stop` is set."""
        with letting_go(self._pipeline.catalog):
            while not self._stop.is_set():
                sources = self._sources([])
                places = _places(sources)
                with self._watching(places):
                    while not self._stop.is_set() and _places(self._sources(sources)) == places:
                        self._turn(sources)
                        self._changed.wait(TICK_SECONDS)
                self._changed.set()  # a folder came, went, or is another now, such as a share that was mounted

    def _sources(self, before: list[Source]) -> list[Source]:
        """The registered folders; those known before while the catalog cannot be read."""
        try:
            return self._pipeline.catalog.sources()
        except DataFolderError as error:
            log.error("%s Trying again in %.0f s.", error, TROUBLE_SECONDS)
            self._stop.wait(TROUBLE_SECONDS)
            return before

    def _turn(self, sources: list[Source]) -> None:
        try:
            with self._folder.ingesting():
                if self._due():
                    self._scan(tell=True)
                with self._scanning_meanwhile():
                    state = self._pipeline.work(sources, pause=self._pause)
                if state.done:
                    log.info("indexed %d, failed %d of %d files", state.indexed, state.failed, state.total)
                self._pipeline.indexes.catch_up()  # what was deleted meanwhile, or an earlier fault left to tell
                if self._pipeline.scrub_due():
                    log.info("removing what was forgotten from the disk")
                    self._pipeline.scrub()
                if time.monotonic() >= self._next_tidy:
                    self._pipeline.tidy()  # no file is being read now
                    self._next_tidy = time.monotonic() + TIDY_SECONDS
        except DataFolderBusy:
            return  # a `premise ingest` or `premise reindex` is at work
        except PremiseError as error:
            log.error("%s Trying again in %.0f s.", error, TROUBLE_SECONDS)
            self._stop.wait(TROUBLE_SECONDS)
        except Exception:
            log.exception("Ingestion failed. Trying again in %.0f s.", TROUBLE_SECONDS)
            self._stop.wait(TROUBLE_SECONDS)
        finally:
            self._pipeline.indexes.keywords.close()  # with the ingest lock, the keyword index's own

    def _pause(self) -> bool:
        """Whether a bulk load has to let something else come first: the end, or erasing what was forgotten."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + TICK_SECONDS
            self._erasing = self._pipeline.scrub_due()
        return self._erasing or self._stop.is_set()

    @contextmanager
    def _scanning_meanwhile(self) -> Iterator[None]:
        """Scan in a thread as long as the work lasts: a deletion does not wait for a bulk load."""
        done = threading.Event()

        def scan() -> None:
            while not done.wait(0.2):
                try:
                    if self._due():
                        self._scan(tell=False)
                except PremiseError as error:
                    log.error("%s", error)
                    done.wait(TROUBLE_SECONDS)
                except Exception:
                    log.exception("Comparing the folders failed. Trying again in %.0f s.", TROUBLE_SECONDS)
                    done.wait(TROUBLE_SECONDS)

        thread = threading.Thread(target=scan, name="scan")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _due(self) -> bool:
        if time.monotonic() < self._not_before:
            return False
        asked = any(source.confirmed for source in self._pipeline.catalog.sources())
        return asked or self._changed.is_set() or time.monotonic() >= self._next_scan

    def _scan(self, *, tell: bool) -> None:
        self._changed.clear()
        started = time.monotonic()
        for source in self._pipeline.catalog.sources():
            found = self._pipeline.reconcile(source, tell=tell)
            if found.deleted:
                self._next_tidy = 0.0  # what was deleted leaves the disk with this turn
            if found.new or found.changed or found.moved or found.relabelled or found.deleted:
                log.info(
                    "%s: %d new, %d changed, %d moved, %d with other readers, %d deleted",
                    source.root,
                    found.new,
                    found.changed,
                    found.moved,
                    found.relabelled,
                    found.deleted,
                )
            problems = (*found.rule_problems, *found.unreadable, *filter(None, [found.held]))
            for problem in problems if problems != self._told.get(source.id) else ():  # not with every pass
                log.warning("%s", problem)
            self._told[source.id] = problems
        ended = time.monotonic()
        self._next_scan = ended + self._pipeline.settings.scan_seconds
        self._not_before = ended + max(QUIET_SECONDS, ended - started)  # a file that never rests must not take it all

    @contextmanager
    def _watching(self, places: _Places) -> Iterator[None]:
        """Set `_changed` on file events below those of these folders that are there."""
        stop = threading.Event()
        there = [root for root, which in places if which is not None]
        thread = threading.Thread(target=self._listen, args=(there, stop), name="watch", daemon=True)
        if there:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if there:
                thread.join(timeout=5)

    def _listen(self, roots: list[str], stop: threading.Event) -> None:
        try:
            for changes in watch(
                *roots,
                stop_event=stop,
                debounce=DEBOUNCE_MS,
                rust_timeout=1000,
                yield_on_timeout=False,
                watch_filter=lambda _change, path: ignored(Path(path).name) in (None, Rule.ACCESS_RULE),
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                log.debug("%d file events", len(changes))
                self._changed.set()
        except (OSError, RuntimeError) as error:  # such as too few inotify watches: the scan goes on without events
            log.warning(
                "File events are not available (%s); folders are compared every %.0f s instead.",
                error,
                self._pipeline.settings.scan_seconds,
            )


def _places(sources: list[Source]) -> _Places:
    """Where the registered folders are now: when one comes, goes or is another, others have to be watched."""
    return [(source.root, _which(source.root)) for source in sources]


def _which(root: str) -> tuple[int, int] | None:
    try:
        status = Path(root).stat()
    except OSError:  # not there, or a share that does not answer
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
