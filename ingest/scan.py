"""The reconciling scan: a folder's files against what the catalog knows. The truth; file events only hurry it.

Walks, compares, and says what changed; changes nothing itself. Symbolic links are not followed, so nothing outside the
folder is ever read. What is no document is seen too, with the rule that says so: every name has a place in the catalog.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from ingest.access import RULE_FILE, AccessRules
from storage.catalog import Known, Seen
from storage.failures import BY_PERSON, Rule
from storage.filestatus import inode, modified_ns, status_changed_ns
from storage.records import State

SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini"})
RULE_NAMES = frozenset({RULE_FILE, f"{RULE_FILE}.txt"})
EDITORS_PREFIXES = ("~$", ".~lock.", "~wrl")
EDITORS_SUFFIXES = (".tmp", ".temp", ".swp", ".swx", ".bak~", "~")
EMACS = re.compile(r"#.+#")  # text that was not saved yet
DOWNLOAD_SUFFIXES = (".part", ".partial", ".crdownload", ".download")


_NAMES = SYSTEM_NAMES | RULE_NAMES
_SUFFIXES = EDITORS_SUFFIXES + DOWNLOAD_SUFFIXES
_FIRST = frozenset({".", "#"} | {prefix[0] for prefix in EDITORS_PREFIXES})


def ignored(name: str) -> Rule | None:
    """The rule by which a file or folder of this name is no document; None for a document."""
    lower = name.lower()
    if lower[0] not in _FIRST and lower not in _NAMES and not lower.endswith(_SUFFIXES):
        return None  # as nearly all names of a large tree
    if lower in RULE_NAMES:
        return Rule.ACCESS_RULE
    if lower in SYSTEM_NAMES:
        return Rule.SYSTEM
    if lower.startswith(EDITORS_PREFIXES) or lower.endswith(EDITORS_SUFFIXES) or EMACS.fullmatch(lower):
        return Rule.EDITORS_FILE
    if lower.endswith(DOWNLOAD_SUFFIXES):
        return Rule.DOWNLOAD
    return Rule.HIDDEN if lower.startswith(".") else None


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a walk saw."""

    files: tuple[Seen, ...]
    unreadable: dict[str, str] = field(default_factory=dict)  # folder or file -> why it could not be looked at
    bare: bool = False  # there is nothing in the folder, not even a folder


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What has to happen so that the catalog says what the folder says."""

    new: tuple[Seen, ...]
    changed: tuple[tuple[Known, Seen], ...]  # content may differ
    moved: tuple[tuple[Known, Seen], ...]  # the same file under another path
    relabelled: tuple[tuple[Known, Seen], ...]  # other people may read it now
    ignored: tuple[tuple[Known, Seen], ...]  # no document any more, or by another rule
    noted: tuple[tuple[Known, Seen], ...]  # passed over at a person's wish, and of another size or time now
    untimed: tuple[tuple[Known, Seen], ...]  # unchanged, as far as an earlier version noted it
    gone: tuple[Known, ...]
    unchanged: int


def walk(
    root: Path, rules: AccessRules, label_for: Callable[[tuple[str, ...]], int | None], *, without: Path
) -> Walked:
    """Every name below `root`, but nothing of the folder `without` when that lies below it.

    Raises: OSError when the root itself cannot be listed.
    """
    files: list[Seen] = []
    unreadable: dict[str, str] = {}
    labels: dict[tuple[str, ...], int | None] = {}
    own = str(without.relative_to(root)) if without != root and without.is_relative_to(root) else None

    def label_of(folder: str) -> int | None:
        readers = rules.readers(f"{folder}/file" if folder else "file")
        if readers not in labels:
            labels[readers] = label_for(readers)
        return labels[readers]

    for folder, found in _walk(str(root), "", unreadable, own):
        # of a folder without documents nobody needs to know who may read it
        label = label_of(folder) if any(rule is None for _, _, rule in found) else None
        before = f"{folder}/" if folder else ""
        files += [
            Seen(
                path=before + name,
                label=label if rule is None else None,
                size=status.st_size,
                mtime_ns=modified_ns(status),
                inode=inode(status),
                ctime_ns=status_changed_ns(status),
                rule=rule,
            )
            for name, status, rule in found
        ]
    return Walked(files=tuple(files), unreadable=unreadable, bare=not files and not any(root.iterdir()))


_Entries = list[tuple[str, os.stat_result, Rule | None]]


def _walk(root: str, top: str, unreadable: dict[str, str], without: str | None) -> Iterator[tuple[str, _Entries]]:
    """Folder by folder: the names in it that are no folders to look into. Not recursive: folders may lie very deep."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(f"{root}/{folder}") as listing:
                entries = sorted(listing, key=attrgetter("name"))
        except OSError as error:
            if not folder:
                raise
            unreadable[folder] = error.strerror or str(error)
            continue
        found, below = _listed(f"{folder}/" if folder else "", entries, unreadable, without)
        yield folder, found
        waiting += reversed(below)


def _listed(
    before: str, entries: list[os.DirEntry[str]], unreadable: dict[str, str], without: str | None
) -> tuple[_Entries, list[str]]:
    """The names of one folder that are no folders to look into, and the paths of those that are."""
    found: _Entries = []
    below: list[str] = []
    for entry in entries:
        name = _storable(entry.name)
        if before + name == without:
            continue
        try:
            rule = ignored(name)
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # gone between listing and looking
        except OSError as error:  # a folder without search permission, a share that answers for some files only
            unreadable[before + name] = error.strerror or str(error)
            continue
        if name is not entry.name and any(other.name == name for other in entries):
            unreadable[f"{before}{name} (no Unicode)"] = (
                "Another file has the name that it would be listed by; rename it"
            )
            continue
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            if kind == stat.S_IFDIR and rule is None:
                if name.endswith("!") and any(other.name == name[:-1] for other in entries):
                    unreadable[before + name] = (
                        f"Its files could not be told from what {name[:-1]} holds; rename the folder"
                    )
                else:
                    below.append(before + name)
                continue
            if kind != stat.S_IFDIR:
                rule = rule or (Rule.LINK if kind == stat.S_IFLNK else Rule.SPECIAL)
        found.append((name, status, rule))
    return found, below


def _storable(name: str) -> str:
    """A name that is no Unicode cannot be stored; its bytes are written out."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode()
    return name


def compare(seen: tuple[Seen, ...], known: Mapping[str, Known], unreadable: Mapping[str, str]) -> Changes:
    """What changed. What could not be looked at, and what is below it, is neither gone nor changed: nobody knows.

    What a person had ignored or forgotten stays so whatever happens to the file, also while it is away.
    """
    new: list[Seen] = []
    changed: list[tuple[Known, Seen]] = []
    relabelled: list[tuple[Known, Seen]] = []
    newly_ignored: list[tuple[Known, Seen]] = []
    noted: list[tuple[Known, Seen]] = []
    untimed: list[tuple[Known, Seen]] = []
    unchanged = 0
    inodes = _Inodes(known)
    for file in seen:
        before = known.get(file.path)
        if before is None:
            new.append(file)
        elif before.code in BY_PERSON:
            if (before.inode, before.size, before.mtime_ns) != (file.inode, file.size, file.mtime_ns):
                noted.append((before, file))  # so that it is known again under another name
            unchanged += 1
        elif before.state is State.IGNORED and before.code == file.rule:
            unchanged += 1
        elif file.rule is not None:
            newly_ignored.append((before, file))
        elif (
            before.state is State.IGNORED
            or (before.size, before.mtime_ns) != (file.size, file.mtime_ns)
            or (before.inode != file.inode and _replaced(before, file, inodes))
            or (before.ctime_ns is not None and before.ctime_ns != file.ctime_ns)
        ):
            changed.append((before, file))
        elif before.label != file.label:
            relabelled.append((before, file))
        else:
            unchanged += 1
            if before.ctime_ns is None:
                untimed.append((before, file))
    paths = {file.path for file in seen}
    missing = [before for path, before in known.items() if path not in paths and _place(path, unreadable) is None]
    moved = _moves(missing, new)
    carried = _carried(missing, new, moved)  # over to another disk, as it seems; whether it is the same shows when read
    changed += carried
    moved_from = {before.id for before, _ in (*moved, *carried)}
    moved_to = {file.path for _, file in (*moved, *carried)}
    return Changes(
        new=tuple(file for file in new if file.path not in moved_to),
        changed=tuple(changed),
        moved=tuple(moved),
        relabelled=tuple(relabelled),
        ignored=tuple(newly_ignored),
        noted=tuple(noted),
        untimed=tuple(untimed),
        gone=tuple(item for item in missing if item.id not in moved_from and item.code not in BY_PERSON),
        unchanged=unchanged,
    )


def why_unreadable(path: str, unreadable: Mapping[str, str]) -> str | None:
    """Why the file at `path`, or a folder above it, could not be looked at; None when it could."""
    place = _place(path, unreadable)
    return None if place is None else unreadable[place]


def _place(path: str, unreadable: Mapping[str, str]) -> str | None:
    if not unreadable:
        return None
    return next((place for place in unreadable if path == place or path.startswith(f"{place}/")), None)


class _Inodes:
    """Which inodes the catalog knows; made when first asked for."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._known = known
        self._all: frozenset[int] | None = None

    def __contains__(self, inode: int) -> bool:
        if self._all is None:
            self._all = frozenset(file.inode for file in self._known.values())
        return inode in self._all


def _replaced(before: Known, file: Seen, inodes: _Inodes) -> bool:
    """Whether another file of equal size and time has taken the place of one.

    It has where it was elsewhere before, and where the one was not read yet.

    Another inode alone says nothing: on some network shares every file has another one after each mount.
    """
    return before.state is not State.INDEXED or file.inode in inodes


def _moves(gone: list[Known], new: list[Seen]) -> list[tuple[Known, Seen]]:
    """Pairs of a vanished and a new file that are one file: same inode, size and time, and no other candidate.

    One that was not read yet, or failed, moves too; a file that a person had forgotten keeps that under its new name.
    """
    by_mark: dict[tuple[int, int, int], list[Known]] = defaultdict(list)
    for before in gone:
        if before.state is not State.IGNORED or before.code in BY_PERSON:
            by_mark[before.inode, before.size, before.mtime_ns].append(before)
    arrivals: dict[tuple[int, int, int], list[Seen]] = defaultdict(list)
    for file in new:
        if file.rule is None:
            arrivals[file.inode, file.size, file.mtime_ns].append(file)
    return [
        (by_mark[mark][0], files[0]) for mark, files in arrivals.items() if len(files) == 1 and len(by_mark[mark]) == 1
    ]


def _carried(gone: list[Known], new: list[Seen], moved: list[tuple[Known, Seen]]) -> list[tuple[Known, Seen]]:
    """Pairs of a vanished and a new file of equal name, size and time, and no other candidate.

    Such as after a copy that keeps times, onto another disk, and a deletion.
    """
    from_, to = {before.id for before, _ in moved}, {file.path for _, file in moved}
    by_mark: dict[tuple[str, int, int], list[Known]] = defaultdict(list)
    for before in gone:
        if before.state is State.INDEXED and before.id not in from_:
            by_mark[_name(before.path), before.size, before.mtime_ns].append(before)
    arrivals: dict[tuple[str, int, int], list[Seen]] = defaultdict(list)
    for file in new if by_mark else ():
        if file.rule is None and file.path not in to:
            arrivals[_name(file.path), file.size, file.mtime_ns].append(file)
    return [
        (by_mark[mark][0], files[0])
        for mark, files in arrivals.items()
        if len(files) == 1 and len(by_mark.get(mark, ())) == 1
    ]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
