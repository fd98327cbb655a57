"""A text file that an administrator may write in place of the one that comes with Premise: prompts, synonyms."""

from __future__ import annotations

from pathlib import Path

from storage.errors import SettingError


def read_own(file: Path, *, called: str, longest: int) -> str:
    """Its text, in UTF-8, of at most so many characters. `called`: what it is, to begin a sentence with.

    Raises: SettingError, naming the file and what is wrong with it.
    """
    try:
        with file.open(encoding="utf-8-sig") as opened:
            text = opened.read(longest + 1)
    except UnicodeDecodeError as error:
        raise SettingError(f"{called} {file} cannot be read: it is not in UTF-8. Save it as that.") from error
    except OSError as error:
        raise SettingError(f"{called} {file} cannot be read: {error.strerror}.") from error
    if len(text) > longest:
        raise SettingError(f"{called} {file} is too long; {longest:,} characters are the most.")
    return text
