"""What a container holds, taken out of it: names made safe, contents written within limits. Knows no container format.

The n-th member is the file `members/n` of the child's own folder, whatever its name: names are data and never paths.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from ingest.parse.limits import MEGABYTE, MEMBERS, ParseLimits
from ingest.parse.text import normal, single_line
from storage.failures import Code, ParseFailure
from storage.records import MEMBER_SEPARATOR, Member

_LONGEST_NAME = 300  # characters
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.(?!\.?/)|~\$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


class Unpacking:
    """Collects the members of one container."""

    def __init__(self, limits: ParseLimits) -> None:
        self.limits = limits
        self.members: list[Member] = []
        self.warnings: list[str] = []
        self.flags: list[str] = []  # of the container's own text
        self._written = 0
        self._names: set[str] = set()
        self._folder = Path(tempfile.gettempdir()) / MEMBERS
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    @property
    def full(self) -> bool:
        """True when no more may be taken out; says so once."""
        if len(self.members) < self.limits.max_members:
            return False
        said = f"Only the first {self.limits.max_members:,} members are read (limit max_members)."
        if said not in self.warnings:
            self.warnings.append(said)
        return True

    def add(self, name: str, pieces: Callable[[], Iterable[bytes]], *, packed: int | None = None) -> None:
        """Take one out. What cannot be, or is over a limit, is named with why."""
        name = self._name(name)
        number = len(self.members)
        try:
            self._write(self._folder / str(number), pieces, packed)
        except ParseFailure as failure:
            (self._folder / str(number)).unlink(missing_ok=True)
            self.members.append(Member(name=name, content=None, code=failure.code.value, reason=failure.reason))
            return
        self.members.append(Member(name=name, content=None))

    def refuse(self, name: str, code: Code, reason: str) -> None:
        """Name a member that cannot be taken out."""
        self.members.append(Member(name=self._name(name), content=None, code=code.value, reason=reason))

    def _write(self, file: Path, pieces: Callable[[], Iterable[bytes]], packed: int | None) -> None:
        size = 0
        with file.open("wb") as writing:
            for piece in pieces():
                size += len(piece)
                self._written += len(piece)
                if packed is not None and size > 10 * MEGABYTE and size > self.limits.max_ratio * max(packed, 1):
                    raise ParseFailure(
                        Code.TOO_LARGE, f"Unpacked it is more than {self.limits.max_ratio} times larger (max_ratio)."
                    )
                if size > self.limits.max_bytes:
                    raise ParseFailure(
                        Code.TOO_LARGE, f"It has more than {self.limits.max_bytes // MEGABYTE} MB (max_file_mb)."
                    )
                if self._written > self.limits.max_unpacked_bytes:
                    raise ParseFailure(
                        Code.TOO_LARGE,
                        f"Its container has more than {self.limits.max_unpacked_bytes // MEGABYTE:,} MB unpacked.",
                    )
                writing.write(piece)

    def _name(self, name: str) -> str:
        """A name that is safe to show and to tell apart: no way out, no separator of ours, none twice."""
        parts = normal(name).replace("\\", "/").replace(MEMBER_SEPARATOR, "/").split("/")
        kept = [single_line(part) for part in parts if part.strip() not in ("", ".", "..")]
        clean = "/".join(kept)[-_LONGEST_NAME:].lstrip("/") or "without a name"
        path, again = PurePosixPath(clean), 1
        while clean.lower() in self._names:
            again += 1
            clean = str(path.with_name(f"{path.stem} ({again}){path.suffix}"))
        self._names.add(clean.lower())
        return clean


def is_system(name: str) -> bool:
    """True for what a system or an editor put into a container beside the documents."""
    return bool(_SYSTEM.search(name.replace("\\", "/")))
