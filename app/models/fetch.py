"""Fetching a model from the hub, on a machine that has a network, into a directory to be carried across the gap.

The only owner of huggingface_hub. Reaches the hub's host and those it sends the files from, as far as
`allowed_outgoing` names them; takes safetensors only. What was fetched before is not fetched again, weights go on in
the middle of a file; checksums are kept in SHA256SUMS.
"""

from __future__ import annotations

import glob
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.models import checksums
from app.models.listing import listing
from storage.errors import ModelError, ServiceError, SettingError
from storage.outgoing import OutgoingRefused, named_hosts
from storage.settings import Settings

CONNECT_SECONDS = 5
LEFT_OUT = (  # pickles, code, pictures, and weights in a second format
    "*.bin *.pt *.pth *.ckpt *.pkl *.pickle *.h5 *.msgpack *.onnx *.gguf *.ot *.tflite *.mlmodel *.py *.ipynb *.sh "
    "*.png *.jpg *.gif *.mp4 original/* metal/* onnx/* openvino/* consolidated* .gitattributes"
).split()
LARGE = ["*.safetensors"]
PARTS = ".cache/huggingface/download"  # beside what the library keeps there
SUMS = "SHA256SUMS"


def fetch(
    settings: Settings,
    repository: str,
    directory: Path,
    *,
    revision: str = "main",
    token: str | None = None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Fetch a repository of the hub into a directory, and write SHA256SUMS.

    Returns `{repository, revision, files, bytes}`. Raises: SettingError when the host is not allowed, ServiceError when
    there is no network or the hub refuses, ModelError when what came differs from the hub's checksums.
    """
    hub = _library()
    endpoint = hub.constants.ENDPOINT
    _reachable(settings, endpoint)
    try:
        found = hub.HfApi(endpoint=endpoint, token=token or False).model_info(repository, revision=revision)
        commit = found.sha
        say(f"Fetching {repository} at {commit} into {directory}…")
        names = [file.rfilename for file in found.siblings or []]
        for name in hub.utils.filter_repo_objects(names, allow_patterns=LARGE, ignore_patterns=LEFT_OUT):
            url = hub.hf_hub_url(repository, name, revision=commit, endpoint=endpoint)
            _fetch_large(hub, url, directory / name, directory / PARTS, token=token or False)
        hub.snapshot_download(
            repository,
            revision=commit,
            local_dir=directory,
            ignore_patterns=LEFT_OUT,
            token=token or False,
            endpoint=endpoint,
            etag_timeout=30,
        )
    except hub.errors.RepositoryNotFoundError as error:
        raise ServiceError(f"The hub has no {repository}, or wants a token for it: --token-file.") from error
    except hub.errors.RevisionNotFoundError as error:
        raise ServiceError(f"{repository} has no revision {revision}.") from error
    except hub.errors.HFValidationError as error:
        raise SettingError(f"{repository!r} is no name of a repository: publisher/model.") from error
    except Exception as error:
        raise ServiceError(_in_words(error, repository, endpoint)) from error
    return _keep(directory, repository, str(commit))


def _fetch_large(hub: Any, url: str, file: Path, parts: Path, *, token: str | bool) -> None:
    """One file of weights, from where it broke off: the library's own download begins a file anew in every run.

    Whether it is the right file the library finds out afterwards, by its hash.
    """
    if file.exists():
        return
    held = hub.get_hf_file_metadata(url, token=token)
    parts.mkdir(parents=True, exist_ok=True)
    name = file.name
    part = parts / f"{name}.{str(held.etag)[:16]}.part"
    for stale in parts.glob(f"{glob.escape(name)}.*.part"):
        if stale != part or stale.stat().st_size > held.size:
            stale.unlink()  # of another revision
    with part.open("ab") as target:
        headers = hub.utils.build_hf_headers(token=token)
        done = target.tell()
        hub.file_download.http_get(url, target, resume_size=done, headers=headers, expected_size=held.size)
    file.parent.mkdir(parents=True, exist_ok=True)
    part.rename(file)


def _library() -> Any:
    """huggingface_hub, allowed to reach the hub in this process: Premise switches that off everywhere else."""
    os.environ["HF_HUB_OFFLINE"] = "0"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_XET"] = "1"  # it connects from native code, to hosts of its own
    import huggingface_hub
    import huggingface_hub.constants
    import huggingface_hub.errors
    import huggingface_hub.file_download

    return huggingface_hub


def _reachable(settings: Settings, endpoint: str) -> None:
    """Say at once that it cannot work. Raises: SettingError, ServiceError."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    local = host in ("localhost", "127.0.0.1", "::1")
    if not local and host not in named_hosts(settings):
        raise SettingError(
            f"Premise may not connect to {host}: allowed_outgoing does not name it. Name it there for as long as you "
            "fetch, or fetch on another machine and carry the directory across."
        )
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return  # the proxy may reach what this host does not
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise ServiceError(
            f"This machine does not reach {host} ({error}). Fetch on one that does, and carry the directory across; "
            "`premise models check` compares its checksums here."
        ) from error


def _in_words(error: Exception, repository: str, endpoint: str) -> str:
    refused = _refused(error)
    if refused:
        return f"{refused} The hub sends large files from there: name it in allowed_outgoing too."
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"The hub at {endpoint} answered with status {status} for {repository}."
    return f"Fetching {repository} broke off: {error}. The same command goes on where it stopped."


def _refused(error: BaseException | None) -> str:
    """What the guard said, if it was the guard."""
    while error is not None:
        if isinstance(error, OutgoingRefused):
            return str(error)
        error = error.__cause__ or error.__context__
    return ""


def _keep(directory: Path, repository: str, commit: str) -> dict[str, Any]:
    """Compare with the hub's checksums, then write SHA256SUMS. Raises: ModelError."""
    (directory / SUMS).unlink(missing_ok=True)
    found = listing(directory)
    verified = checksums.verify(found, quick=False)
    if verified.findings:
        first = verified.findings[0]
        raise ModelError(f"{first.says} Delete {first.file} and fetch again.")
    lines = [f"{checksums.sha256(file.path)}  {name}\n" for name, file in sorted(found.files.items())]
    (directory / SUMS).write_text("".join(lines), encoding="utf-8")
    total = sum(file.size for file in found.files.values())
    return {"repository": repository, "revision": commit, "files": len(found.files), "bytes": total}
