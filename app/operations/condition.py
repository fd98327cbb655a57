"""`premise status`: what is there, whether the indexes agree with the catalog, which models, how much disk."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.answers.prompt_files import load_prompts
from app.models.register import look
from app.retrieval.synonyms import synonyms_problem
from storage.catalog import EMBEDDER
from storage.catalog.facts import PARSER_NETWORK, PREVIOUS
from storage.consistency import Difference
from storage.datafolder import DataFolder
from storage.errors import PremiseError, SettingError
from storage.records import State
from storage.settings import Settings
from storage.store import Store, open_store


def condition(settings: Settings) -> dict[str, Any]:
    """The object of `premise status --json`."""
    running = DataFolder(settings.data).running()
    with open_store(settings, check_embedder=False) as store:
        counts = store.catalog.counts()
        check = store.indexes.check()
        return {
            "service": {"running": running is not None, "address": running.address if running else None},
            "documents": {str(state): counts[state] for state in State},
            "unreadable_by_anyone": counts["unlabelled"],
            "rule_problems": store.catalog.rule_problems(),
            "chunks": counts["chunks"],
            "revisions": counts["revisions"],
            "ingesting": store.catalog.ingesting(),
            "indexes": {
                "consistent": check.ok,
                "chunks": check.chunks,
                "keywords": check.keywords,
                "vectors": check.vectors,
                "waiting": check.waiting,
                "differences": [asdict(difference) for difference in check.differences],
            },
            "sandbox": {"network": store.catalog.fact(PARSER_NETWORK)},
            "models": _models(settings, store),
            "prompts": _prompts(settings),
            "synonyms": {"problem": synonyms_problem(settings.data) or None},
            "sources": [
                {
                    "folder": source.root,
                    "readers": list(source.readers) if source.readers is not None else None,
                    "scanned": source.scanned.isoformat() if source.scanned else None,
                    "held": source.held,
                }
                for source in store.catalog.sources()
            ],
            "disk": _disk(settings.data),
        }


def _models(settings: Settings, store: Store) -> dict[str, Any]:
    embedder = store.embedder
    problem = None
    try:
        store.catalog.check_embedder(embedder.name, embedder.revision)
    except PremiseError as error:
        problem = str(error)
    return {
        "embedder": {
            "name": embedder.name,
            "revision": embedder.revision,
            "tokens": embedder.max_tokens,
            "languages": list(embedder.languages),
            "index_made_by": store.catalog.fact(EMBEDDER),
            "unconfirmed": store.catalog.fact(PREVIOUS) is not None,
            "problem": problem,
        },
        "language_model": _language_model(settings),
        "second_language_model": _language_model(settings.of_second_llm),
        "in_use": [checked.as_json() for checked in look(settings)],
    }


def _prompts(settings: Settings) -> dict[str, Any]:
    try:
        found = load_prompts(settings.data)
    except SettingError as error:
        return {"version": None, "own": [], "problem": str(error)}
    return {"version": found.version, "own": sorted(found.own), "problem": None}


def _language_model(settings: Settings | None) -> dict[str, Any] | None:
    if settings is None or not settings.llm_url:
        return None
    from app.serving.llm import LanguageModel

    model = LanguageModel(settings)
    answers = model.available()
    states = model.states()
    return {
        "url": settings.llm_url,
        "name": settings.llm_model or next((state["model"] for state in states if state["model"]), None),
        "context": min((state["context"] for state in states if state["context"]), default=None),
        "answers": answers,
        "down": [state["url"] for state in states if not state["up"]],
        "problems": model.problems(),
    }


def _said_of(model: dict[str, Any], meanwhile: str) -> str:
    """A language model in words."""
    context = f", context {model['context']:,} tokens" if model["context"] else ""
    said = f"written by {model['name'] or 'the model'} at {model['url']}{context}"
    if not model["answers"]:
        return f"NOT {said} now; {meanwhile}"
    return f"{said} ({', '.join(model['down'])} down)" if model["down"] else said


def _disk(folder: Path) -> dict[str, int]:
    used = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # files come and go while we look
            used += file.lstat().st_size
    return {"used_bytes": used, "free_bytes": shutil.disk_usage(folder).free}


def _agreement(indexes: dict[str, Any]) -> str:
    if indexes["differences"]:
        return "NOT consistent; run `premise reindex`"
    if indexes["waiting"]:
        return f"consistent but for {indexes['waiting']:,} changes that the ingest service has still to tell them"
    return "consistent"


def in_words(result: dict[str, Any]) -> str:
    """The same for people."""
    documents = ", ".join(f"{count} {state}" for state, count in result["documents"].items() if count) or "none yet"
    indexes = result["indexes"]
    embedder = result["models"]["embedder"]
    first, second = result["models"]["language_model"], result["models"]["second_language_model"]
    answers = "extractive"
    if first:
        answers = _said_of(first, "extractive meanwhile")
        answers += f"; a share {_said_of(second, 'the first meanwhile')}" if second else ""
    disk = result["disk"]
    lines = [
        f"service    {result['service']['address'] or 'not running'}",
        f"documents  {documents}",
        f"chunks     {result['chunks']} ({indexes['keywords']} in the keyword index, {indexes['vectors']} in the "
        f"vector index): {_agreement(indexes)}",
        f"embedder   {embedder['name']} ({embedder['revision']})",
        f"answers    {answers}",
        f"disk       {disk['used_bytes'] / 1e6:,.0f} MB used, {disk['free_bytes'] / 1e9:,.0f} GB free",
    ]
    lines += [f"attention  {problem}" for model in (first, second) if model for problem in model["problems"]]
    lines += [f"attention  {Difference(**difference)}" for difference in indexes["differences"]]
    if problem := result["prompts"]["problem"]:
        lines.append(f"attention  {problem} The next start would stop.")
    if told := result["synonyms"]["problem"]:
        lines.append(f"attention  {told}")
    for item in result["models"]["in_use"]:
        if item["directory"]:
            state = "" if item["verdict"] != "refused" else " (refused, waived)" if item["waived"] else " (REFUSED)"
            lines.append(
                f"model      {item['role']} {item['name']}: {item['licence']}, {item['openness']['level']}{state}"
            )
    lines += [f"attention  {problem}" for problem in result["rule_problems"]]
    if nobody := result["unreadable_by_anyone"]:
        lines.append(
            f"attention  {nobody:,} {'file is' if nobody == 1 else 'files are'} read by nobody: put what is in no "
            "group's folder into one, or mend the access.toml above it"
        )
    if (work := result["ingesting"]) is not None:
        left = f", about {work['seconds_left']:,} s left" if work["seconds_left"] else ""
        done = f"{work['done']:,} of {work['files']:,} files, {work['chunks_per_second']:g} chunks/s"
        chunks = work.get("chunks_waiting")
        waiting = f", {chunks:,} chunks of files that were read wait" if chunks else ""
        lines.append(f"ingesting  {done}{waiting}{left}")
    if result["sandbox"]["network"] == "open":
        lines.append("attention  the parsing process has a network: premise doctor says what to do")
    lines += [f"attention  {embedder['problem']}"] if embedder["problem"] else []
    if embedder["unconfirmed"]:
        lines.append("attention  The embedding model was changed: premise reindex --confirm, or --revert.")
    lines += [f"attention  {source['held']}" for source in result["sources"] if source["held"]]
    return "\n".join(lines)
