"""`premise synonyms`: the table in force, and which words of a question it gives others for."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.invocation import Json, print_json, say, settings_here


def synonyms(
    question: Annotated[str | None, typer.Argument(help="Show what this question is looked for with besides.")] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Put the table into the data folder, for changing.")] = False,
    as_json: Json = False,
) -> None:
    """Words that find each other (vacation, annual leave, PTO): the table in force, or a question's part of it."""
    from app.retrieval.synonyms import copy_synonyms, load_synonyms, table_file

    folder = settings_here().data
    if copy and (file := copy_synonyms(folder)):
        say(f"{file} can be changed now; it counts from the next question on.")
    table = load_synonyms(folder)
    found = table.instead(question) if question is not None else tuple(table.entries.values())
    words = {one.said: list(one.others.values()) for one in found}
    if as_json:
        print_json({"file": str(table_file(folder)), "own": table.own, "words": words})
        return
    print(f"{table_file(folder)}{' (own)' if table.own else ''}")
    for said, others in words.items():
        print(f"  {said}: {', '.join(others)}")
    if not words:
        print("  no word of this question has others" if question is not None else "  no words")
