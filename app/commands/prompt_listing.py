"""`premise prompts`: the prompts in force, and every version that answers were made with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.invocation import Json, print_json, say, settings_here


def prompts(
    copy: Annotated[bool, typer.Option("--copy", help="Put the files into the data folder, for changing.")] = False,
    version: Annotated[str | None, typer.Option(help="Print the prompts of this version, as answers name it.")] = None,
    as_json: Json = False,
) -> None:
    """What the language model is told: the files in force, and every version that was."""
    from app.answers.prompt_files import copy_prompts

    folder = settings_here().data
    if copy:
        for file in copy_prompts(folder):
            say(f"{file} can be changed now; the next start uses it.")
    found = listing(folder, version)
    if as_json:
        print_json(found)
        return
    for name, text in found["texts"].items():
        print(f"--- {name}{' (own)' if name in found['own'] else ''} ---\n{text.rstrip()}\n")
    print(f"version {found['version']}")
    for item in found["versions"]:
        print(f"  {item['version']} first used {item['first_used']}")


def listing(data: Path, version: str | None) -> dict[str, Any]:
    """The object of `premise prompts --json`. Raises: SettingError for a wrong prompt or an unknown version."""
    from app.answers.prompt_files import load_prompts
    from storage.database import Database
    from storage.datafolder import DataFolder
    from storage.errors import SettingError
    from storage.prompt_versions import PromptVersions

    database = Database.open(DataFolder(data).catalog)
    try:
        kept = PromptVersions(database).all()
    finally:
        database.close()
    # of an earlier version, whatever became of the files
    found = next((item for item in kept if item.version == version), None)
    texts, own = (found.texts, []) if found else ({}, [])
    if not found:
        prompts = load_prompts(data)
        texts, own = prompts.texts, sorted(prompts.own)
        if version not in (None, prompts.version):
            raise SettingError(f"There is no version {version} of the prompts. `premise prompts` lists them.")
        version = prompts.version
    return {
        "version": version,
        "own": own,
        "texts": texts,
        "versions": [{"version": item.version, "first_used": item.first_used.isoformat()} for item in kept],
    }
