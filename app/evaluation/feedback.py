"""What people asked and rated, as a question set for `premise eval`. The operator's: it holds other people's words."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.evaluation.questions import lines_of
from storage.accounts import Accounts
from storage.audit import Audit, Event
from storage.conversations import Conversations
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import QuestionError
from storage.settings import Settings


def write_set(settings: Settings, file: Path) -> dict[str, int]:
    """Write every rated answer as a line, readable by this account alone. Names nobody.

    Returns how many lines a thumb up confirms (`confirmed`) and how many a person has to complete (`open`).
    Raises: QuestionError when there is nothing to write or the file cannot be made.
    """
    database = Database.open(DataFolder(settings.data).catalog)
    try:
        groups = {user.name: tuple(sorted(user.all_groups)) for user in Accounts(database).all()}
        lines = list(lines_of(Conversations(database).rated(), groups))
        if not lines:
            raise QuestionError("No answer has been rated yet: there is nothing to make a set of.")
        write_lines(file, lines)
        Audit(database).record("operator", Event.SET_MADE, str(file))
    finally:
        database.close()
    confirmed = sum(line["rating"] > 0 for line in lines)
    return {"confirmed": confirmed, "open": len(lines) - confirmed}


def write_lines(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    """A new JSONL file that this account alone can read. Raises: QuestionError when it is there, or cannot be made."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
            made.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    except FileExistsError as error:
        raise QuestionError(f"{file} is there already; name another, so that no work on it is lost.") from error
    except OSError as error:
        raise QuestionError(f"{file} cannot be written: {error.strerror}.") from error
