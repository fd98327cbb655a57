"""A disk that is full, and one that may only be read: said clearly, nothing lost, and the next pass finishes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PREMISE = str(Path(sys.executable).with_name("premise"))
# In mount and user namespaces of its own: a small disk, filled, freed and made read-only around three passes.
SCRIPT = r"""
set -eu
disk=$1 premise=$2
mount -t tmpfs -o size=24m none "$disk"
mkdir -p "$disk/data/inbox/everyone"
n=0
while [ $n -lt 30 ]; do
  printf '# Note %s\n\nThe marker is zq%szq.\n' $n $n > "$disk/data/inbox/everyone/n$n.md"
  n=$((n+1))
done
"$premise" --data "$disk/data" status --json > /dev/null
free=$(($(stat -f -c %a "$disk") * $(stat -f -c %S "$disk") / 1024))
dd if=/dev/zero of="$disk/filler" bs=1024 count=$((free - $3)) 2> /dev/null
echo "full $("$premise" --data "$disk/data" ingest --json 2>&1 | tail -1)"
rm "$disk/filler"
echo "freed $("$premise" --data "$disk/data" ingest --json 2> /dev/null)"
echo "status $("$premise" --data "$disk/data" status --json 2> /dev/null)"
mount -o remount,ro "$disk"
echo "readonly $("$premise" --data "$disk/data" ingest --json 2>&1 | tail -1)"
"""


def _namespaces() -> list[str]:
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    if subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a small disk")
    return command


@pytest.mark.parametrize("left_kb", [300, 2000])
def test_a_full_and_a_read_only_disk_are_said_and_lose_nothing(tmp_path: Path, left_kb: int) -> None:
    done = subprocess.run(
        [*_namespaces(), "sh", "-c", SCRIPT, "sh", str(tmp_path), PREMISE, str(left_kb)],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "cannot be written" in said["full"] or "Cannot write" in said["full"] or "disk is full" in said["full"]
    freed = json.loads(said["freed"])
    assert (freed["failed"], freed["indexed"] + freed["unchanged"]) == ([], 30)
    assert json.loads(said["status"])["indexes"]["consistent"]
    assert "read-only" in said["readonly"]
