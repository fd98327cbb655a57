"""`premise prompts`: the prompts in force, and every version that answers were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.answers.prompt_files import load_prompts
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import SettingError
from storage.prompt_versions import PromptVersions


def listing(data: Path, version: str | None) -> dict[str, Any]:
    """The object of `premise prompts --json`. Raises: SettingError for a wrong prompt or an unknown version."""
    prompts = load_prompts(data)
    database = Database.open(DataFolder(data).catalog)
    try:
        kept = PromptVersions(database).all()
    finally:
        database.close()
    texts, own = prompts.texts, sorted(prompts.own)
    if version is not None and version != prompts.version:
        found = next((item for item in kept if item.version == version), None)
        if found is None:
            raise SettingError(f"There is no version {version} of the prompts. `premise prompts` lists them.")
        texts, own = found.texts, []
    return {
        "version": version or prompts.version,
        "own": own,
        "texts": texts,
        "versions": [{"version": item.version, "first_used": item.first_used.isoformat()} for item in kept],
    }
