"""Who may read a file: by the folder it lies in, or as an `access.toml` above it says.

    readers = ["hr", "works-council"]     # these groups read what is in this folder and below
    readers = ["everyone"]                # everybody
    readers = []                          # nobody

The nearest `access.toml` decides; without one the first folder below the source is the group. What no rule covers,
nobody reads. A rule that cannot be read lets nobody in. Knows no database.
"""

from __future__ import annotations

import os
import tomllib
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

RULE_FILE = "access.toml"
LIKE_A_RULE = frozenset({RULE_FILE, f"{RULE_FILE}.txt"})


class AccessRules:
    """The rules of one source, read afresh for each pass."""

    def __init__(self, root: Path, readers: Sequence[str] | None) -> None:
        self._root = root
        self._readers = tuple(readers) if readers is not None else None
        self._by_folder: dict[PurePosixPath, tuple[str, ...] | None] = {}
        self.problems: dict[str, str] = {}  # rule file (relative) -> why it lets nobody in

    def readers(self, path: str) -> tuple[str, ...]:
        """The groups that may read the file at `path` (relative to the source), sorted; empty for nobody."""
        folder = PurePosixPath(path).parent
        rule = self._rule(folder)
        if rule is not None:
            return rule
        if self._readers is not None:
            return self._readers
        return (unicodedata.normalize("NFC", folder.parts[0]),) if folder.parts else ()

    def _rule(self, folder: PurePosixPath) -> tuple[str, ...] | None:
        """What the nearest access.toml at or above the folder says; None when there is none."""
        asked: list[PurePosixPath] = []
        rule = None
        for place in (folder, *folder.parents):
            if place in self._by_folder:
                rule = self._by_folder[place]
                break
            asked.append(place)
            rule = self._read(place)
            if rule is not None:
                break
        self._by_folder |= dict.fromkeys(asked, rule)
        return rule

    def _read(self, folder: PurePosixPath) -> tuple[str, ...] | None:
        misnamed = self._misnamed(folder)
        if misnamed is not None:
            return self._nobody(folder, f"there is a file {misnamed}; a rule must be a regular file named access.toml")
        file = self._root / folder / RULE_FILE
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            return self._nobody(folder, f"it cannot be read ({error})")
        names = values.get("readers")
        if (
            set(values) != {"readers"}
            or not isinstance(names, list)
            or not all(isinstance(name, str) for name in names)
        ):
            return self._nobody(folder, 'it must hold one line such as readers = ["hr", "finance"]')
        return tuple(sorted({name.strip() for name in names} - {""}))

    def _misnamed(self, folder: PurePosixPath) -> str | None:
        """A file that somebody meant as a rule: another case, an ending that Windows hides, a link."""
        try:
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    if entry.name.casefold() not in LIKE_A_RULE:
                        continue
                    if entry.name != RULE_FILE or not entry.is_file(follow_symlinks=False):
                        return entry.name
        except OSError:
            return None  # what cannot be listed yields no files either
        return None

    def _nobody(self, folder: PurePosixPath, why: str) -> tuple[str, ...]:
        self.problems[str(folder / RULE_FILE)] = f"Nobody may read what it covers: {why}."
        return ()
