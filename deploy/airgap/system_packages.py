"""Debian's and Ubuntu's packages for the bundle: fetched with all they need, as for a host that has nothing.

Knows apt-get and dpkg-deb, and fits hosts of the release that it runs on. Which packages are wanted says packages.txt.
"""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

# as for a host that has nothing: else what happens to be installed here would be missing there
APT = ["apt-get", "-qq", "-y", "--no-install-recommends"]
APT += ["-o", "Dir::State::status=/dev/null", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]


def release() -> str:
    """Which hosts the packages fit, such as `debian 12 x86_64`; deploy/airgap/install compares its own."""
    said = platform.freedesktop_os_release()
    return f"{said['ID']} {said.get('VERSION_ID', '')} {platform.machine()}"


def fetch(folder: Path, wanted: list[str]) -> list[Path]:
    """The packages and all they need. What is there is not fetched again, what is needless goes. Raises SystemExit."""
    listed = subprocess.run(
        [*APT, "-o", "Dir::Cache::archives=/nowhere", "--print-uris", "install", *wanted],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    needed = {line.split()[1] for line in listed.stdout.splitlines() if line.startswith("'")}
    if listed.returncode != 0 or not needed:
        sys.exit("Not all system packages are known here: apt-get update first, or pack with --no-system-packages.")
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.deb"):
        if file.name not in needed:
            file.unlink()
    cache = f"Dir::Cache::archives={folder}"
    if subprocess.run([*APT, "-o", cache, "--download-only", "install", *wanted], check=False).returncode != 0:
        sys.exit("The system packages could not be fetched: try again, or pack with --no-system-packages.")
    (folder / "partial").rmdir()
    (folder / "lock").unlink(missing_ok=True)
    return sorted(folder.glob("*.deb"))


def index(folder: Path, files: list[Path]) -> None:
    """`Packages`, by which apt on the other side finds and compares them."""
    entries = []
    for file in files:
        said = subprocess.run(["dpkg-deb", "--field", str(file)], capture_output=True, text=True, check=True).stdout
        place = f"Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest(file)}\n"
        entries.append(said.rstrip("\n") + "\n" + place)
    (folder / "Packages").write_text("\n".join(entries), encoding="utf-8")


def components(folder: Path, licences: Path) -> list[dict[str, Any]]:
    """What they say of themselves, for the bill of materials; their licence texts are copied out."""
    made, lent = [], {}
    distribution = platform.freedesktop_os_release()["ID"]
    texts = licences / distribution
    for entry in (folder / "Packages").read_text(encoding="utf-8").split("\n\n"):
        said = dict(re.findall(r"^(\w+): (.*)$", entry, re.MULTILINE))
        target = texts / said["Package"]
        if owner := copyright_text(folder / said["Filename"], said["Package"], target):
            lent[target] = texts / owner
        purl = f"pkg:deb/{distribution}/{said['Package']}@{said['Version']}?arch={said['Architecture']}"
        made.append({
            "type": "library",
            "bom-ref": purl,
            "purl": purl,
            "group": distribution,
            "name": said["Package"],
            "version": said["Version"],
            "hashes": [{"alg": "SHA-256", "content": said["SHA256"]}],
        })  # fmt: skip
    for target, source in lent.items():  # the folder of another package's documents
        if not target.exists() and (source / "copyright").exists():
            target.mkdir(parents=True)
            (target / "copyright").write_bytes((source / "copyright").read_bytes())
    for item in made:
        file = texts / item["name"] / "copyright"
        if names := short_names(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else []:
            item["licenses"] = [{"license": {"name": text}} for text in names]
    return made


def copyright_text(package: Path, name: str, target: Path) -> str:
    """Copies it out. Returns the package that has it instead, empty when it was found."""
    reading = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
    owner = ""
    with reading, tarfile.open(fileobj=reading.stdout, mode="r|") as archive:
        for item in archive:
            inside = PurePosixPath(item.name)
            if inside == PurePosixPath(f"usr/share/doc/{name}/copyright") and item.isfile():
                target.mkdir(parents=True, exist_ok=True)
                (target / "copyright").write_bytes(archive.extractfile(item).read())  # type: ignore[union-attr]
                owner = ""
            elif inside in (PurePosixPath(f"usr/share/doc/{name}"), PurePosixPath(f"usr/share/doc/{name}/copyright")):
                parts = [part for part in PurePosixPath(item.linkname).parts if part not in ("..", "copyright")]
                owner = parts[-1] if item.issym() else owner
    return owner


def short_names(text: str) -> list[str]:
    """The licences that a machine-readable copyright file names."""
    if not text.startswith("Format:"):
        return []
    return sorted({line.strip() for line in re.findall(r"^License: *(\S.*)$", text, re.MULTILINE)})


def digest(file: Path) -> str:
    """SHA-256."""
    with file.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()
