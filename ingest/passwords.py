"""The list of passwords for encrypted files: one a line, read again when the file changes. Never logged or shown."""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path

from storage.errors import SettingError

log = logging.getLogger("premise.ingest")

MOST = 100  # each costs up to a third of a second a file


class Passwords:
    """The passwords of one file; none without a file."""

    def __init__(self, file: Path | None) -> None:
        """Raises: SettingError when there is a file that cannot be read, or that has too many lines."""
        self._file = file
        self._stamp = ""
        self._known: tuple[str, ...] = ()
        if file is not None:
            try:
                self._known, self._stamp = _read(file), _stamp(file)
            except (OSError, UnicodeDecodeError) as error:
                raise SettingError(f"passwords_file: {file} cannot be read as UTF-8 text.") from error
            if len(self._known) > MOST:
                raise SettingError(f"passwords_file: {file} has more than {MOST} lines.")

    def known(self) -> tuple[str, ...]:
        """The passwords as the file has them now; when it cannot be read any more, as it had them."""
        if self._file is not None and self.stamp() != self._stamp:
            try:
                self._known, self._stamp = _read(self._file)[:MOST], _stamp(self._file)
            except (OSError, UnicodeDecodeError):
                log.warning("passwords_file %s cannot be read any more.", self._file)
        return self._known

    def stamp(self) -> str:
        """Another text when the file has changed; empty without one. Tells nothing of what is in it."""
        try:
            return "" if self._file is None else _stamp(self._file)
        except OSError:
            return self._stamp


def _read(file: Path) -> tuple[str, ...]:
    return tuple(line for line in file.read_text(encoding="utf-8-sig").splitlines() if line)


def _stamp(file: Path) -> str:
    status = file.stat()
    return sha256(f"{file}\n{status.st_mtime_ns}\n{status.st_size}\n{status.st_ino}".encode()).hexdigest()[:16]
