"""The prompts as files: those that come with Premise, or an administrator's own in `prompts/` of the data folder.

Checked when they are read, which is at the start; together they have a version, the hash of their text, which goes with
every answer. Knows which files there are and what must stand in each; knows nothing of how a prompt is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Formatter

from app.own_file import read_own
from storage.errors import SettingError

SHIPPED = Path(__file__).parents[1] / "prompts"
FOLDER = "prompts"  # in the data folder
PLACEHOLDERS: dict[str, frozenset[str]] = {  # file: what must stand in it, and nothing else in braces may
    "answer.md": frozenset(),
    "question.md": frozenset({"passages", "question", "silent"}),
    "rewrite.md": frozenset(),
    "translate.md": frozenset({"language"}),
    "reread.md": frozenset(),
}
LONGEST = 20_000  # characters


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The text of every prompt file."""

    texts: dict[str, str]  # by file name
    own: frozenset[str]  # the files that are the administrator's
    version: str  # 12 hexadecimal digits; the same texts have the same version anywhere

    def fill(self, name: str, **values: str) -> str:
        """The text of a file with its placeholders filled in."""
        text = self.texts[name]
        return text.format(**values) if PLACEHOLDERS[name] else text


def load_prompts(data: Path) -> Prompts:
    """The prompts in force for a data folder. Raises: SettingError, naming the file and what is wrong with it."""
    folder = data / FOLDER
    there = _names(folder)
    for name in sorted(there):
        if name.endswith(".md") and name not in PLACEHOLDERS:
            raise SettingError(
                f"{folder / name} is no prompt of Premise; there are {', '.join(PLACEHOLDERS)}. Remove it."
            )
    own = there & PLACEHOLDERS.keys()
    texts = {
        name: _checked((folder if name in own else SHIPPED) / name, wanted) for name, wanted in PLACEHOLDERS.items()
    }
    whole = "".join(f"{name}\0{texts[name]}\0" for name in sorted(texts))
    return Prompts(texts=texts, own=frozenset(own), version=sha256(whole.encode()).hexdigest()[:12])


def changed_since(prompts: Prompts, data: Path) -> str:
    """What the next start will make of the files, where these prompts are in use; nothing where they are the same."""
    try:
        now = load_prompts(data)
    except SettingError as error:
        return f"{error} Answers go on with the prompts of the last start; the next start would stop."
    told = f"The prompts in {data / FOLDER} are others than those in use. The next start uses them."
    return told if now.version != prompts.version else ""


def copy_prompts(data: Path) -> list[Path]:
    """Put the shipped files into the data folder, for changing; files that are there stay. Returns the new ones."""
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in PLACEHOLDERS:
        file = folder / name
        if not file.exists():
            file.write_text((SHIPPED / name).read_text(encoding="utf-8"), encoding="utf-8")
            made.append(file)
    return made


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(file.name for file in folder.iterdir())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise SettingError(f"The folder of prompts {folder} cannot be read: {error}") from error


def _checked(file: Path, wanted: frozenset[str]) -> str:
    text = read_own(file, called="The prompt", longest=LONGEST)
    if not text.strip():
        raise SettingError(f"The prompt {file} is empty. Write it, or remove the file to use the one of Premise.")
    if not wanted:
        return text
    try:
        found = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        told = _wrong(wanted - found, found - wanted)
        if not told:
            text.format(**dict.fromkeys(wanted, ""))
    except (ValueError, LookupError, TypeError) as error:
        told = f"cannot be filled in ({error})"
    if told:
        raise SettingError(
            f"The prompt {file} {told}. It needs {_braced(wanted)}; any other brace is written twice: {{{{ and }}}}."
        )
    return text


def _wrong(missing: frozenset[str], other: set[str]) -> str:
    if missing:
        return f"lacks {_braced(missing)}"
    return f"has {_braced(other)}, which means nothing" if other else ""


def _braced(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
