"""The reconciling scan: a folder's files against what the catalog knows. The truth; file events only hurry it.

Walks, compares, and says what changed; changes nothing itself. Symbolic links are not followed, so nothing outside the
folder is ever read; what is not a regular file is not a document.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.access import RULE_FILE, AccessRules
from storage.catalog import Known, Seen
from storage.records import State

IGNORED_NAMES = frozenset({RULE_FILE, f"{RULE_FILE}.txt", "thumbs.db", "desktop.ini", ".ds_store"})
IGNORED_PREFIXES = (".", "~$", ".~lock.", "~wrl")
IGNORED_SUFFIXES = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".swp", ".swx", ".bak~", "~")


def ignored(name: str) -> bool:
    """Whether a file or folder name belongs to an editor, a system or a download under way, never to a document."""
    lower = name.lower()
    return lower in IGNORED_NAMES or lower.startswith(IGNORED_PREFIXES) or lower.endswith(IGNORED_SUFFIXES)


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a walk saw."""

    files: tuple[Seen, ...]
    unreadable: dict[str, str] = field(default_factory=dict)  # folder or file -> why it could not be looked at


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What has to happen so that the catalog says what the folder says."""

    new: tuple[Seen, ...]
    changed: tuple[tuple[Known, Seen], ...]  # content may differ
    moved: tuple[tuple[Known, Seen], ...]  # the same file under another path
    relabelled: tuple[tuple[Known, Seen], ...]  # other people may read it now
    gone: tuple[Known, ...]
    unchanged: int


def walk(
    root: Path, rules: AccessRules, label_for: Callable[[tuple[str, ...]], int | None], *, without: Path
) -> Walked:
    """Every document below `root`, but nothing of the folder `without` when that lies below it.

    Raises: OSError when the root itself cannot be listed.
    """
    files: list[Seen] = []
    unreadable: dict[str, str] = {}
    labels: dict[tuple[str, ...], int | None] = {}
    own = str(without.relative_to(root)) if without != root and without.is_relative_to(root) else None
    for path, status in _walk(root, "", unreadable):
        if own is not None and path.startswith(f"{own}/"):
            continue
        readers = rules.readers(path)
        if readers not in labels:
            labels[readers] = label_for(readers)
        files.append(
            Seen(
                path=path, label=labels[readers], size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino
            )
        )
    return Walked(files=tuple(files), unreadable=unreadable)


def _walk(root: Path, folder: str, unreadable: dict[str, str]) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)  # a name that is no Unicode too
    except OSError as error:
        if not folder:
            raise
        unreadable[folder] = error.strerror or str(error)
        return
    for entry in entries:
        if ignored(entry.name):
            continue
        name = entry.name.encode("utf-8", "backslashreplace").decode()  # a name that is no Unicode cannot be stored
        path = f"{folder}/{name}" if folder else name
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(root, path, unreadable)
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield path, status
        except FileNotFoundError:
            continue  # gone between listing and looking
        except OSError as error:  # a folder without search permission, a share that answers for some files only
            unreadable[path] = error.strerror or str(error)


def compare(seen: tuple[Seen, ...], known: Mapping[str, Known], unreadable: Mapping[str, str]) -> Changes:
    """What changed. What could not be looked at, and what is below it, is neither gone nor changed: nobody knows."""
    new: list[Seen] = []
    changed: list[tuple[Known, Seen]] = []
    relabelled: list[tuple[Known, Seen]] = []
    unchanged = 0
    for file in seen:
        before = known.get(file.path)
        if before is None:
            new.append(file)
        elif (before.size, before.mtime_ns) != (file.size, file.mtime_ns) or _replaced(before, file):
            changed.append((before, file))
        elif before.label != file.label:
            relabelled.append((before, file))
        else:
            unchanged += 1
    paths = {file.path for file in seen}
    gone = [
        before
        for path, before in known.items()
        if path not in paths and not any(path == place or path.startswith(f"{place}/") for place in unreadable)
    ]
    moved = _moves(gone, new)
    moved_from = {before.id for before, _ in moved}
    moved_to = {file.path for _, file in moved}
    return Changes(
        new=tuple(file for file in new if file.path not in moved_to),
        changed=tuple(changed),
        moved=tuple(moved),
        relabelled=tuple(relabelled),
        gone=tuple(before for before in gone if before.id not in moved_from),
        unchanged=unchanged,
    )


def _replaced(before: Known, file: Seen) -> bool:
    """Whether another file of equal size and time has taken the place of one that was not read yet."""
    return before.state is not State.INDEXED and before.inode != file.inode


def _moves(gone: list[Known], new: list[Seen]) -> list[tuple[Known, Seen]]:
    """Pairs of a vanished and a new file that are one file: same inode, size and time, and no other candidate."""
    by_mark: dict[tuple[int, int, int], list[Known]] = defaultdict(list)
    for before in gone:
        if before.state is State.INDEXED:
            by_mark[before.inode, before.size, before.mtime_ns].append(before)
    arrivals: dict[tuple[int, int, int], list[Seen]] = defaultdict(list)
    for file in new:
        arrivals[file.inode, file.size, file.mtime_ns].append(file)
    return [
        (by_mark[mark][0], files[0]) for mark, files in arrivals.items() if len(files) == 1 and len(by_mark[mark]) == 1
    ]
