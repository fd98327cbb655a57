"""Originals by content hash: each distinct content once, as `originals/ab/abcd…`. Knows nothing of documents."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from storage.errors import DataFolderError
from storage.filestatus import inode as inode_of

BLOCK = 1 << 20  # bytes read at once


class Originals:
    """A folder of files named by the SHA-256 of their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, content: str) -> Path:
        """Where the original of this SHA-256 is, or would be."""
        return self.folder / content[:2] / content

    def keep(self, source: Path, *, inode: int) -> str:
        """Copy a file in and return its SHA-256. What is hashed is what is kept, even if the file changes meanwhile.

        `inode` is the file that was seen at this path: a link or another file that took its place since is not read.
        Raises: OSError when the source cannot be read; DataFolderError when the disk is full or read-only.
        """
        digest = sha256()
        with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as reading:
            status = os.fstat(reading.fileno())
            if inode_of(status) != inode or not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(errno.ENOENT, "another file has taken its place", str(source))
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-", delete=False) as writing:
                    copy = Path(writing.name)
            except OSError as error:
                raise DataFolderError(f"Cannot write to {self.folder}: {error.strerror}.") from error
            try:
                self._copy(reading, copy, digest)
                content = digest.hexdigest()
                target = self.path(content)
                if not target.exists():
                    target.parent.mkdir(exist_ok=True, mode=0o700)
                    copy.replace(target)
                return content
            finally:
                copy.unlink(missing_ok=True)

    def _copy(self, reading: object, copy: Path, digest: object) -> None:
        try:
            with copy.open("wb") as writing:
                while block := reading.read(BLOCK):  # type: ignore[attr-defined]
                    digest.update(block)  # type: ignore[attr-defined]
                    writing.write(block)
                writing.flush()
                os.fsync(writing.fileno())
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise DataFolderError(f"Cannot write to {self.folder}: {error.strerror}.") from error
            raise

    def remove_except(self, needed: frozenset[str]) -> int:
        """Remove originals that nothing needs, and what an interrupted copy left. Returns how many."""
        removed = 0
        for file in self._files():
            if file.name not in needed:
                file.unlink(missing_ok=True)
                removed += 1
        return removed

    def _files(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (file for file in self.folder.rglob("*") if file.is_file())
