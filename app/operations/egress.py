"""What a command and everything it starts tries to reach on the network, seen by the kernel: `premise doctor --egress`.

strace records each connect and each datagram of every process, native code included, in a network namespace that has
nothing but loopback; so the attempt is seen and leads nowhere. Name look-ups count, also those to a resolver on this
host.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.operations.hostile import ELSEWHERE
from storage.errors import ServiceError

CALLS = "connect,sendto,sendmsg,sendmmsg"
LOOKUPS = frozenset({53, 853, 5353, 5355})  # DNS, over TLS, and the two multicast kinds
LINE = re.compile(r"^(?P<pid>\d+)<(?P<name>[^>]*)>\s+(?:\[[^]]*\] )?(?P<call>\w+)\(")
FOUR = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
SIX = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
RESOLVERS = re.compile(r'sun_path="[^"]*(?:io\.systemd\.Resolve|avahi-daemon)')
# Chromium by itself, on an empty page too, looks up names of its maker and sees whether the host has IPv6. These are
# its threads, and these calls of theirs are its own; what a page made it ask is in its own record of the network
BROWSER = ("chrom", "Chrome", "ThreadPool", "NetworkService", "Compositor", "VizCompositor", "CrUtility")
BROWSERS_OWN = frozenset({("connect", 53), ("connect", 443)})


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to reach something outside this host, or to look up a name."""

    process: str  # name of the program's thread
    address: str
    port: int
    call: str


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen of a command."""

    attempts: tuple[Attempt, ...]
    calls: int  # every recorded call, local ones included: none at all would mean that nothing was watched
    status: int
    output: str
    errors: str


def watch(command: Sequence[str], *, folder: Path, seconds: float | None = None) -> Watched:
    """Run a command without a network and record what it tries. Raises: ServiceError when that cannot be done here."""
    for program, package in (("strace", "strace"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            raise ServiceError(f"{program} is not installed: apt-get install {package}")
    record = folder / "network.strace"
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    trace = ["strace", "-f", "--seccomp-bpf", "-qq", "-Y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(record), "--"]
    done = subprocess.run([*alone, *trace, *command], capture_output=True, text=True, timeout=seconds, check=False)
    if not record.exists():
        raise ServiceError(f"The command could not be watched: {done.stderr.strip()[-500:]}")
    lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
    return Watched(
        attempts=tuple(found for line in lines if (found := attempt(line)) is not None),
        calls=sum(LINE.match(line) is not None for line in lines),
        status=done.returncode,
        output=done.stdout,
        errors=done.stderr,
    )


def attempt(line: str) -> Attempt | None:
    """What a line of strace says of other hosts; None when it stays on this one."""
    head = LINE.match(line)
    if head is None:
        return None
    if RESOLVERS.search(line):
        return Attempt(process=head["name"], address="a resolver's socket", port=0, call=head["call"])
    found = FOUR.search(line) or SIX.search(line)
    if found is None:
        return None
    port, address = int(found[1]), ipaddress.ip_address(found[2])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback and port not in LOOKUPS:
        return None
    return Attempt(process=head["name"], address=str(address), port=port, call=head["call"])


def own_of_browser(item: Attempt) -> bool:
    """Whether a browser does this by itself, whatever page it shows."""
    return item.process.startswith(BROWSER) and (item.call, item.port) in BROWSERS_OWN


def asked_elsewhere(run: Mapping[str, Any], record: Path, hosts: Sequence[str] = (ELSEWHERE,)) -> list[str]:
    """What the browser of a run asked of others than our pages: by its requests, and by its record of the network."""
    ours = (f"{run['address']}/", f"{run['address'].replace('http', 'ws', 1)}/", "data:", f"blob:{run['address']}")
    found = [url for url in run["browser_asked"] if not url.startswith((*ours, "about:"))]
    text = record.read_text(encoding="utf-8", errors="replace") if run["browser"] else ""
    return found + [host for host in hosts if host in text]


def watched_exercise(extra: Path | None = None) -> dict[str, Any]:
    """The whole product once through, watched. The object of `premise doctor --egress --json`. Raises: ServiceError."""
    with tempfile.TemporaryDirectory(prefix="premise-egress-") as scratch:
        command = [sys.executable, "-m", "app.operations.exercise", scratch, *([str(extra.resolve())] if extra else [])]
        seen = watch(command, folder=Path(scratch))
        if seen.status != 0:
            raise ServiceError(f"The run that was watched failed: {seen.errors.strip()[-1500:]}")
        run = json.loads(seen.output.splitlines()[-1])
        return {
            "attempts": [asdict(item) for item in seen.attempts if not own_of_browser(item)],
            "calls_seen": seen.calls,
            "browser": {
                "program": run["browser"],
                "requests": len(run["browser_asked"]),
                "elsewhere": asked_elsewhere(run, Path(scratch) / "netlog.json"),
                "by_itself": sum(own_of_browser(item) for item in seen.attempts),
            },
            "run": {name: run[name] for name in ("indexed", "failed", "answer")},
        }
