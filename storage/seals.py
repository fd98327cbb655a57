"""How a file of a backup is written and opened again: as it is, or encrypted for keys of age, ssh or GPG.

The only owner of pyrage; GPG is the program's (storage/gpg.py). Knows no backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b, sha256
from pathlib import Path
from typing import IO, Any, Protocol

import pyrage

from storage import gpg
from storage.errors import BackupError

BLOCK = 1 << 20  # bytes read at once
SUFFIXES = (".age", ".gpg")


class Seal(Protocol):
    """How a file is written: as it is, or encrypted."""

    suffix: str

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Copy, sealing."""

    def name(self, content: str) -> str:
        """What the object of this SHA-256 is called."""


class Plain:
    """Files as they are."""

    suffix = ""

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """See Seal."""
        while block := source.read(BLOCK):
            target.write(block)

    def name(self, content: str) -> str:
        """See Seal."""
        return content


class _Hidden:
    """Names that tell nothing of the content."""

    def __init__(self, names: list[str], secret: bytes) -> None:
        # the keys are part of it: for other keys everything is written anew, not linked
        self._secret = sha256(secret + "\n".join(names).encode()).digest()

    def name(self, content: str) -> str:
        """See Seal."""
        return blake2b(content.encode(), key=self._secret, digest_size=32).hexdigest()


class Age(_Hidden):
    """Files for the holders of keys of age or ssh."""

    suffix = ".age"

    def __init__(self, names: list[str], secret: bytes) -> None:
        super().__init__(names, secret)
        self._recipients = [_recipient(text) for text in names]

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """See Seal."""
        pyrage.encrypt_io(source, target, self._recipients)


class Gpg(_Hidden):
    """Files for the holders of GPG keys."""

    suffix = ".gpg"

    def __init__(self, names: list[str], secret: bytes) -> None:
        super().__init__(names, secret)
        self._recipients = gpg.Recipients(names)

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """See Seal."""
        self._recipients.encrypt(source, target)


def seal(recipients: Iterable[str], secret: bytes) -> Seal:
    """How files are written for these public keys: `age1…`, `ssh-…`, or `gpg:` with a fingerprint or a file.

    `secret` hides what the objects are. None named: as they are. Raises: BackupError.
    """
    names = sorted(text.strip() for text in recipients)
    if not names:
        return Plain()
    of_gpg = [text.startswith(gpg.PREFIX) for text in names]
    if all(of_gpg):
        return Gpg(names, secret)
    if any(of_gpg):
        raise BackupError("Keys of GPG and of age cannot both be named: a backup is encrypted by one of them.")
    return Age(names, secret)


class Opener(Protocol):
    """Opens what a seal wrote."""

    def open(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """Copy, opening; `name` is for the error. Raises: BackupError."""


class _Plain:
    def open(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """See Opener."""
        Plain().write(source, target)


class _Gpg:
    def __init__(self, key: gpg.Key) -> None:
        self._key = key

    def open(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """See Opener."""
        self._key.decrypt(source, target, name)


@contextmanager
def opened(suffix: str, place: Path, identity: Path | None, passphrase: Path | None) -> Iterator[Opener]:
    """What opens the files of this suffix: "", ".age" or ".gpg". Raises: BackupError.

    `identity`: file with the private key; of GPG, None is this account's keyring. `passphrase`: file that opens it.
    """
    if suffix == Gpg.suffix:
        key = gpg.Key(identity, passphrase)
        with key.ready():
            yield _Gpg(key)
    elif suffix == Age.suffix:
        if identity is None:
            raise BackupError(f"{place} is encrypted. Name the private key: --identity FILE")
        yield Identity(identity)
    else:
        yield _Plain()


class Identity:
    """A private key: opens what was encrypted for it."""

    def __init__(self, file: Path) -> None:
        """Raises: BackupError when the file holds no private key of age or ssh."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"The key {file} cannot be read: {error}.") from error
        lines = [line.strip() for line in text.splitlines()]
        try:
            keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
            self._identities: list[Any] = [pyrage.x25519.Identity.from_str(key) for key in keys]
            if not keys:
                self._identities = [pyrage.ssh.Identity.from_buffer(text.encode())]
        except pyrage.IdentityError as error:
            raise BackupError(f"{file} holds no private key of age or ssh ({error}).") from error

    def open(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """Copy, decrypting. Raises: BackupError."""
        try:
            pyrage.decrypt_io(source, target, self._identities)
        except (pyrage.DecryptError, OSError) as error:
            raise BackupError(f"{name} cannot be decrypted with this key ({error}).") from error


def _recipient(text: str) -> Any:
    try:
        return (pyrage.ssh if text.startswith("ssh-") else pyrage.x25519).Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise BackupError(f"{text!r} is no public key of age (age1…) or ssh ({error}).") from error
