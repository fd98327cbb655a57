"""`premise doctor`: whether this host has what Premise needs, each check with a sentence and what to do.

Changes nothing but a probe file. Knows the host and the settings; opens no index. What reads files is tried in a
process of its own (`ingest.trial`).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage import cutoff
from storage.backup import LAST_BACKUP
from storage.catalog.facts import PARSER_NETWORK
from storage.datafolder import DataFolder, Running
from storage.errors import PremiseError
from storage.outgoing import named_hosts
from storage.settings import CONFIG_FILE, Settings

LOW_DISK, FULL_DISK = 10e9, 1e9  # bytes
BACKUP_DAYS = 8
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before this release is wrong
SKEW_SECONDS = 120.0
TRIAL_SECONDS = 300.0  # to read two files; it takes some seconds
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check."""

    name: str
    state: State
    sentence: str
    advice: str = ""  # what to do; empty when all is well


Found = tuple[State, str, str]


def examine(settings: Settings) -> Iterator[Check]:
    """Every check, those that take seconds last; each is made when it is asked for."""
    checks: list[tuple[str, Callable[[Settings], Found]]] = [
        ("python", _python),
        ("settings", _settings),
        ("permissions", _permissions),
        ("disk", _disk),
        ("clock", _clock),
        ("port", _port),
        ("vector index", _vectors),
        ("embedding model", _embedder),
        ("language model", _language_model),
        ("second language model", _second_language_model),
        ("prompts", _prompts),
        ("synonyms", _synonyms),
        ("outgoing", _outgoing),
        ("backup", _backup),
        ("tesseract", lambda _: _program("tesseract", "scanned pages are not read", "tesseract-ocr")),
        ("sandbox", _sandbox),
        ("LibreOffice", _libreoffice),
    ]
    _trial.cache_clear()
    return (_run(name, check, settings) for name, check in checks)


def _run(name: str, check: Callable[[Settings], Found], settings: Settings) -> Check:
    try:
        state, sentence, advice = check(settings)
    except (PremiseError, OSError, subprocess.SubprocessError) as error:
        state, sentence, advice = State.FAIL, str(error), "Mend what it says, then run `premise doctor` again."
    return Check(name=name, state=state, sentence=sentence, advice=advice)


def _ok(sentence: str) -> Found:
    return State.OK, sentence, ""


def _python(_settings: Settings) -> Found:
    version = ".".join(map(str, sys.version_info[:3]))
    return _ok(f"Python {version}, {os.cpu_count()} processors.")


def _settings(settings: Settings) -> Found:
    settings.llm_key()
    shown = settings.host not in ("127.0.0.1", "::1", "localhost")
    if shown and not settings.secure_cookies:
        advice = "Put the TLS proxy in front (deploy/nginx), set secure_cookies, and host to 127.0.0.1."
        return State.WARN, f"The page listens on {settings.host} without TLS.", advice
    return _ok("Every setting is known and has a usable value.")


def _permissions(settings: Settings) -> Found:
    folder = DataFolder(settings.data)  # raises when it cannot be written
    loose = [item for item in _kept(folder) if item.exists() and item.stat().st_mode & OTHERS]
    key = settings.llm_api_key_file
    if key and key.exists() and key.stat().st_mode & OTHERS:  # one that is missing is among the settings' faults
        loose.append(key)
    if loose:
        names = ", ".join(str(item) for item in loose[:4])
        return State.FAIL, f"Other accounts of this host may read {names}.", f"chmod -R go= {settings.data}"
    foreign = [item for item in _kept(folder) if item.exists() and item.stat().st_uid != os.geteuid()]
    if foreign:
        advice = "Run as that account, or give it all to this one (chown -R)."
        return State.FAIL, f"{foreign[0]} belongs to another account.", advice
    return _ok(f"{settings.data} is for this account alone.")


def _kept(folder: DataFolder) -> Iterator[Path]:
    yield folder.root
    yield from (folder.catalog, folder.keywords, folder.vectors, folder.originals, folder.run, folder.logs)
    yield from folder.run.iterdir()
    yield folder.root / CONFIG_FILE


def _disk(settings: Settings) -> Found:
    free = shutil.disk_usage(settings.data).free
    sentence = f"{free / 1e9:,.1f} GB are free under {settings.data}."
    if free < FULL_DISK:
        return State.FAIL, sentence, "Free some space: with a full disk nothing is indexed."
    return (State.WARN, sentence, "Make room before the next large load.") if free < LOW_DISK else _ok(sentence)


def _clock(settings: Settings) -> Found:
    probe = DataFolder(settings.data).run / f".clock-{os.getpid()}"
    probe.touch()
    skew = abs(probe.stat().st_mtime - time.time())
    probe.unlink()
    if datetime.now(UTC) < EARLIEST:
        return State.FAIL, f"The clock says {datetime.now(UTC):%Y-%m-%d}.", "Set the clock (timedatectl set-ntp true)."
    if skew > SKEW_SECONDS:
        advice = "Let both hosts take the time from the same server."
        return State.WARN, f"The disk under {settings.data} is {skew:.0f} s apart from this host's clock.", advice
    return _ok(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC.")


def _port(settings: Settings) -> Found:
    running = _running(settings)
    if running is not None:
        return _ok(f"Premise is running at {running.address}.")
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            advice = f"See who has it (ss -ltnp 'sport = :{settings.port}'), or set another port."
            return State.FAIL, f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}).", advice
    return _ok(f"Port {settings.port} on {settings.host} is free.")


def _vectors(settings: Settings) -> Found:
    running = _running(settings)
    if running is None:
        chroma = Path(sys.executable).with_name("chroma")
        if not chroma.exists():
            return State.FAIL, f"{chroma} is missing.", "Run deploy/install again."
        return _ok("Chroma is installed; its server starts with Premise.")
    import httpx

    place = f"{running.chroma_host}:{running.chroma_port}"
    try:
        httpx.get(f"http://{place}/api/v2/heartbeat", timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        return State.FAIL, f"Chroma does not answer at {place} ({error}).", "See logs/chroma.log; restart Premise."
    return _ok(f"Chroma answers at {running.chroma_host}:{running.chroma_port}.")


def _embedder(settings: Settings) -> Found:
    from storage.embedder import LocalEmbedder

    model = LocalEmbedder.from_settings(settings)
    if settings.embedder_url:
        numbers = model.encode_questions(["Does it answer?"]).shape[1]  # raises when it does not
        return _ok(f"{model.name} ({model.revision}) at {settings.embedder_url}, {numbers} numbers a vector.")
    if settings.embedder is None:
        advice = "For other languages name a multilingual model in embedder, then premise reindex --embed."
        return State.WARN, f"The bundled {model.name} knows English only.", advice
    return _ok(f"{model.name} ({model.revision}).")


def _language_model(settings: Settings) -> Found:
    if not settings.llm_url:
        return State.WARN, "No language model is set: answers are quotations.", "Set llm_url when there is a server."
    return _answers(settings, "Answers are quotations meanwhile.")


def _second_language_model(settings: Settings) -> Found:
    second = settings.of_second_llm
    if second is None:
        return _ok("None has a share of the conversations.")
    if not settings.llm_url:
        advice = "Set llm_url, or llm_second_share to 0."
        return State.FAIL, "llm_second_url is set without llm_url: nothing is asked of it.", advice
    return _answers(second, "The first model answers for it meanwhile.")


def _answers(settings: Settings, meanwhile: str) -> Found:
    from app.serving.llm import LanguageModel

    model = LanguageModel(settings)
    if not model.available():
        return State.FAIL, " ".join(model.problems()), f"Do what it says, then run `premise doctor` again. {meanwhile}"
    found = model.model()
    return _ok(f"{found.name} at {settings.llm_url}, context {found.context:,} tokens.")


def _prompts(settings: Settings) -> Found:
    from app.answers.prompt_files import load_prompts

    found = load_prompts(settings.data)
    return _ok(f"Version {found.version}, {', '.join(sorted(found.own)) or 'none'} of them your own.")


def _synonyms(settings: Settings) -> Found:
    from app.retrieval.synonyms import load_synonyms, synonyms_problem

    if told := synonyms_problem(settings.data):
        return State.WARN, told, "Mend the line, or remove the file to use the table of Premise."
    table = load_synonyms(settings.data)
    return _ok(f"{len(table.entries):,} words and phrases have others, by {'your own' if table.own else 'our'} table.")


def _outgoing(settings: Settings) -> Found:
    hosts = named_hosts(settings)
    wide = [host for host in hosts if host in ("0.0.0.0/0", "::/0")]
    if wide:
        return State.FAIL, f"allowed_outgoing names {wide[0]}: everything.", "Name the hosts that are needed."
    others = [url for url in (settings.llm_second_url, settings.reranker_url) if url]
    urls = [*settings.llm_urls, *settings.embedder_urls, *others]
    plain = [urlsplit(url).hostname for url in urls if url.startswith("http://")]
    far = [host for host in plain if host not in ("127.0.0.1", "localhost", "::1")]
    if far:
        advice = "Give that server TLS (deploy/nginx), or run it on this host."
        return State.WARN, f"Questions and passages go to {far[0]} in the clear.", advice
    return _ok(f"May connect to this host and to: {', '.join(hosts) or 'nothing else'}.")


_MEANS = {cutoff.NAMESPACE: "a namespace of its own", cutoff.FILTER: "no call that makes a socket"}


def _sandbox(settings: Settings) -> Found:
    """By a file that is read as the ingest service reads it, and by what that service found itself."""
    tried = _trial()
    if ".txt" in tried["failures"]:
        return State.FAIL, tried["failures"][".txt"], "Mend what it says: no file is read."
    advice = "Allow user namespaces (sysctl kernel.unprivileged_userns_clone=1) or seccomp, or use the systemd units."
    if not tried["cut_off_by"]:
        return State.FAIL, "The parser of hostile files has a network: this account cannot cut it off.", advice
    if _fact(settings, PARSER_NETWORK) == "open":
        advice = f"{advice} Then let the service read a file."
        return State.FAIL, "The ingest service's parser had a network when it last read a file.", advice
    holds = " and ".join(_MEANS[means] for means in tried["cut_off_by"])
    return _ok(f"Files are parsed without a network ({holds}), as a file that was read just now shows.")


def _libreoffice(_settings: Settings) -> Found:
    if shutil.which("soffice") is None:
        return _program("soffice", "the old .doc, .ppt and .xls are not read", "libreoffice")
    if reason := _trial()["failures"].get(".ods"):
        advice = "Debian, after a run as root: chmod -R a+rX /var/spool/libreoffice. Files that wait are tried again."
        return State.FAIL, f"Old Office files are not read. {reason}", advice
    return _ok("A sheet was converted just now.")


@cache
def _trial() -> dict[str, Any]:
    """What `ingest.trial` found, as the account that runs this. Raises: SubprocessError when it does not end well."""
    command = [sys.executable, "-P", "-m", "ingest.trial"]
    done = subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS, check=True, stdin=subprocess.DEVNULL)
    return dict(json.loads(done.stdout))


def _program(name: str, without: str, package: str) -> Found:
    found = shutil.which(name)
    if found is None:
        return State.WARN, f"{name} is not installed: {without}.", f"apt-get install {package}"
    return _ok(f"{found}.")


def _backup(settings: Settings) -> Found:
    advice = "premise backup DIR, on another disk; deploy/systemd has a timer."
    if not DataFolder(settings.data).catalog.exists():
        return _ok("There is nothing to back up yet.")
    said = _fact(settings, LAST_BACKUP)
    if said is None:
        return State.WARN, "There was never a backup.", advice
    age = datetime.now(UTC) - datetime.fromisoformat(said)
    if age > timedelta(days=BACKUP_DAYS):
        return State.WARN, f"The last backup is {age.days} days old.", advice
    return _ok(f"The last backup was made {said}.")


def _fact(settings: Settings, name: str) -> str | None:
    """What the catalog keeps under this name; None without a catalog."""
    from storage.catalog import Catalog
    from storage.database import Database

    folder = DataFolder(settings.data)
    if not folder.catalog.exists():
        return None
    database = Database.open(folder.catalog)
    try:
        return Catalog(database).fact(name)
    finally:
        database.close()


def _running(settings: Settings) -> Running | None:
    return DataFolder(settings.data).running()
