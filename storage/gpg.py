"""Files that only the holder of a GPG key can read, written and opened by the gpg program. Knows no backup.

No passphrase is ever an argument: the key's holder gives it to gpg's agent, or in a file that gpg reads itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from storage.errors import BackupError

PREFIX = "gpg:"
BLOCK = 1 << 20  # bytes read at once
FINGERPRINT = re.compile(r"(?:0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
# what is encrypted is mostly compressed already, and the operator who names a key has judged it
ENCRYPT = ("--trust-model", "always", "-z", "0", "--encrypt")


class Recipients:
    """The public keys of those who may read."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names`: each `gpg:` and a fingerprint in this account's keyring, or a file with the public key.

        Raises: BackupError when gpg is not installed or a key is none.
        """
        self._arguments: list[str] = []
        for name in names:
            said = name.removeprefix(PREFIX)
            if match := FINGERPRINT.fullmatch(said.replace(" ", "")):
                self._arguments += ["--recipient", match[1].upper()]
            else:
                self._arguments += ["--recipient-file", str(Path(said).expanduser())]
            self._refuse_unknown(said, match[1] if match else None)

    def encrypt(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Copy, encrypting; `target` is a file of the file system. Raises: BackupError."""
        target.flush()
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as errors:
            try:
                command = [*_program(), *self._arguments, *ENCRYPT]
                gpg = subprocess.Popen(command, stdin=reading, stdout=target.fileno(), stderr=errors)
            finally:
                os.close(reading)
            with gpg, suppress(BrokenPipeError), os.fdopen(writing, "wb") as feeding:  # when it broke, it says why
                shutil.copyfileobj(source, feeding, BLOCK)
            errors.seek(0)
            if gpg.returncode != 0:
                raise BackupError(f"gpg did not encrypt: {_last(errors.read())}.")
        target.seek(0, os.SEEK_END)

    def _refuse_unknown(self, said: str, fingerprint: str | None) -> None:
        how = ["--list-keys", fingerprint] if fingerprint else ["--show-keys", str(Path(said).expanduser())]
        done = subprocess.run([*_program(), "--with-colons", *how], capture_output=True, check=False)
        capable = any(
            line.startswith(b"pub:") and b"E" in line.split(b":")[11] for line in done.stdout.splitlines()
        )  # the 12th field says what a key is for; E: somebody can encrypt for it
        if done.returncode != 0 or not capable:
            raise BackupError(
                f"{PREFIX}{said} is no public key that gpg can encrypt for ({_last(done.stderr) or 'none found'}). "
                f"Name a fingerprint of 40 characters in the keyring, or a file that gpg --export wrote."
            )


class Key:
    """A private key: the one in a file, or whichever of this account's keyring fits."""

    def __init__(self, file: Path | None, passphrase: Path | None) -> None:
        """`file`: as `gpg --export-secret-keys` writes it; `passphrase`: file whose first line opens it."""
        self._file = file
        self._passphrase = passphrase
        self._home: list[str] = []
        _program()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """With the key of the file in a keyring of its own, which is gone afterwards. Raises: BackupError."""
        if self._file is None:
            yield
            return
        with tempfile.TemporaryDirectory(prefix="premise-gpg-") as home:
            self._home = ["--homedir", home]
            try:
                self._run("--import", str(self._file))
                yield
            finally:
                subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, check=False)

    def decrypt(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """Copy, decrypting; both are files of the file system. Raises: BackupError."""
        target.flush()
        command = [*_program(), *self._home, *self._unlocking(), "--decrypt"]
        done = subprocess.run(
            command, stdin=source.fileno(), stdout=target.fileno(), stderr=subprocess.PIPE, check=False
        )
        if done.returncode != 0:
            raise BackupError(f"{name} cannot be decrypted with this key ({_last(done.stderr)}).")

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [*_program(), *self._home, *self._unlocking(), *arguments], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise BackupError(f"{self._file} holds no private key of GPG ({_last(done.stderr)}).")

    def _unlocking(self) -> list[str]:
        if self._passphrase is None:
            return []
        return ["--pinentry-mode", "loopback", "--passphrase-file", str(self._passphrase)]


def _program() -> list[str]:
    """The program, never asking anything itself. Raises: BackupError where gpg is not installed."""
    found = shutil.which("gpg")
    if found is None:
        raise BackupError(
            "gpg is not installed, and a key of GPG needs it: apt-get install gnupg. Or use a key of age."
        )
    return [found, "--batch", "--quiet", "--yes"]


def _last(said: bytes) -> str:
    """The last line of what gpg said that is not empty."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
