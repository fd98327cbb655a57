"""A folder against the catalog: what is new, changed, moved or gone, and what waits for a person. Reads no file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from ingest.access import AccessRules
from ingest.scan import Changes, Walked, compare, walk, why_unreadable
from storage.catalog import Catalog, Known, Seen, Source
from storage.catalog.facts import RULE_PROBLEMS
from storage.failures import BY_PERSON, Code
from storage.records import State
from storage.settings import Settings

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


class Reconciler:
    """Makes the catalog's files those of registered folders."""

    def __init__(self, settings: Settings, catalog: Catalog) -> None:
        self._settings = settings
        self._catalog = catalog

    def reconcile(self, source: Source, *, tell: Callable[[], object]) -> Reconciled:
        """Make the catalog's files those of the folder. `tell`: how the indexes hear of it."""
        root = Path(source.root)
        if source.confirmed:
            self._catalog.confirmation_used(source.id)
        try:
            rules = AccessRules(root, source.readers)
            walked = walk(root, rules, self._catalog.label_for, without=self._settings.data)
            unmounted = self._unmounted(source, root, bare=walked.bare)
        except OSError as error:
            held = f"The folder {root} cannot be read ({error.strerror}). Nothing was deleted."
            self._catalog.scanned(source.id, held=held)
            return Reconciled(held=held)
        known = self._catalog.known(source.id)
        changes = compare(walked.files, known, walked.unreadable)
        waits, kept = self._guard(source, changes, known, unmounted=unmounted)
        gone = [file.id for file in changes.gone if file.id not in kept]
        self._catalog.delete_documents(gone)
        self._apply(source, changes)
        self._catalog.follow_containers()
        self._unreadable(walked, known, rules)
        problems = tuple(f"{file}: {why}" for file, why in sorted(rules.problems.items()))
        self._note_problems(source, problems)
        tell()
        self._catalog.scanned(source.id, held=waits)
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
        if lines != (self._catalog.fact(key) or ""):
            self._catalog.set_fact(key, lines)

    def _unmounted(self, source: Source, root: Path, *, bare: bool) -> bool:
        """Whether a bare folder is another one than that which held the files: the place where a share is mounted."""
        status, key = root.stat(), FOLDER_OF.format(source=source.id)
        this, before = f"{status.st_dev}:{status.st_ino}", self._catalog.fact(key)
        if not bare and this != before:
            self._catalog.set_fact(key, this)
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
        unmounted = unmounted and gone.total() > 0 and self._settings.guard_fraction < 1
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
        return gone >= GUARD_MINIMUM and gone > known * self._settings.guard_fraction

    def _apply(self, source: Source, changes: Changes) -> None:
        self._catalog.add_files(source.id, changes.new)
        self._catalog.touch_files(changes.changed, waiting=True)
        self._catalog.pass_over(changes.ignored)
        self._catalog.touch_files(changes.noted, waiting=False)
        self._catalog.note_times(changes.untimed)
        again = {before.id for before, file in changes.moved if _read_again(before, file)}
        self._catalog.touch_files([pair for pair in changes.moved if pair[0].id not in again], waiting=False)
        self._catalog.touch_files([pair for pair in changes.moved if pair[0].id in again], waiting=True, code="renamed")
        by_label: dict[int | None, list[str]] = {}
        for before, file in changes.relabelled:
            by_label.setdefault(file.label, []).append(before.id)
        for label, ids in by_label.items():
            self._catalog.relabel(ids, label)

    def _unreadable(self, walked: Walked, known: dict[str, Known], rules: AccessRules) -> None:
        """Files that cannot be looked at any more: said to the administrator, still answering those who may read."""
        for path, file in known.items() if walked.unreadable else ():
            why = why_unreadable(path, walked.unreadable)
            if why is None or file.state is State.IGNORED:
                continue
            label = self._catalog.label_for(rules.readers(path))
            if label != file.label:
                self._catalog.relabel([file.id], label)
            if file.code != Code.UNREADABLE:
                retry_at = datetime.now(UTC) + timedelta(seconds=self._settings.scan_seconds)
                self._catalog.fail(file.id, Code.UNREADABLE, f"The file cannot be looked at ({why}).", retry_at)
