"""No secret among the files, and the offline audit of the locked packages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
# what the scan takes for a secret and is none: file, and why
KNOWN = {
    "tests/": "passwords of accounts that live as long as a test",
    "deploy/constraints": "hashes and versions",
    "deploy/kubernetes/base/": "names of secrets that the cluster holds",
}
PLUGINS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "KeywordDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SlackDetector", "StripeDetector", "TwilioKeyDetector",
)  # fmt: skip


def scan(folder: Path, files: list[str]) -> list[str]:
    """Findings of detect-secrets, as file:line kind. Asks nobody whether a finding is live."""
    code = (
        "import sys\nfrom detect_secrets import SecretsCollection\n"
        "from detect_secrets.settings import transient_settings\n"
        f"with transient_settings({{'plugins_used': [{{'name': n}} for n in {PLUGINS!r}]}}):\n"
        "    found = SecretsCollection()\n"
        "    for name in sys.stdin.read().splitlines(): found.scan_file(name)\n"
        "for name, item in found: print(f'{name}:{item.line_number} {item.type}')\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, input="\n".join(files), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_no_secret_is_among_the_files() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = scan(ROOT, tracked.splitlines())
    assert [line for line in found if not line.startswith(tuple(KNOWN))] == []


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    key = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n"
    (tmp_path / "a.pem").write_text(key)
    (tmp_path / "b.py").write_text('password = "' + "hunter2-but-longer" + '"\n')
    kinds = {line.split(" ", 1)[1] for line in scan(tmp_path, ["a.pem", "b.py"])}
    assert kinds == {"Private Key", "Secret Keyword"}


PYTHONS = {"Debian 12": "3.11.2", "Ubuntu 24.04": "3.12.3", "Debian 13": "3.13.5"}


def test_every_locked_package_runs_on_the_pythons_that_the_readme_names() -> None:
    """Debian 12's is an old 3.11: a package that wants 3.11.5 cannot be installed on a bare host."""
    locked = re.findall(r"^([\w.-]+)==", (ROOT / "deploy/constraints.txt").read_text(), re.MULTILINE)
    assert len(locked) > 100
    refused = []
    for name in locked:
        try:
            wanted = SpecifierSet(metadata(name)["Requires-Python"] or "")
        except PackageNotFoundError:
            continue  # of another platform
        refused += [f"{name} wants {wanted}: {system}" for system, found in PYTHONS.items() if found not in wanted]
    assert refused == []


def test_the_locked_packages_have_no_known_vulnerability_but_what_is_accepted_with_a_reason() -> None:
    """The audit itself, from what the repository holds: no network, no date."""
    done = subprocess.run([sys.executable, str(ROOT / "deploy/audit")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    known = tomllib.loads((ROOT / "deploy/accepted.toml").read_text())["accepted"]
    assert all(len(item["why"]) > 30 for item in known)
    # an acceptance that nothing needs any more would hide what comes back
    assert sorted(re.findall(r"^accepted: \S+ \S+: (\S+)", done.stdout, re.MULTILINE)) == sorted(i["id"] for i in known)


def test_what_is_accepted_for_one_version_is_a_finding_for_another(tmp_path: Path) -> None:
    for version, status in (("1.5.9", 0), ("1.5.8", 1), ("1.5.10", 0)):
        (tmp_path / "lock.txt").write_text(f"chromadb=={version}\n")
        command = [sys.executable, str(ROOT / "deploy/audit"), str(ROOT / "deploy/advisories.json")]
        done = subprocess.run([*command, str(tmp_path / "lock.txt")], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout


def test_a_package_in_both_lock_files_is_looked_at_in_both_versions(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("chromadb==1.5.8\n")
    (tmp_path / "two.txt").write_text("chromadb==1.5.10\n")
    command = [sys.executable, str(ROOT / "deploy/audit"), str(ROOT / "deploy/advisories.json")]
    done = subprocess.run([*command, tmp_path / "one.txt", tmp_path / "two.txt"], capture_output=True, check=False)
    assert done.returncode == 1


ENTRIES = [
    ({"versions": ["1.0"]}, True),
    ({"versions": ["0.9"]}, False),
    ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}, True),
    ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}]}, False),
    ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0.5"}, {"last_affected": "1.0"}]}]}, True),
    ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0.1"}]}]}, False),
]


@pytest.mark.parametrize(("affected", "hit"), ENTRIES)
def test_the_audit_knows_lists_and_ranges(tmp_path: Path, affected: dict[str, object], hit: bool) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("# comment\nSome_Package==1.0\nother==2.0\n")
    entry = {
        "id": "TEST-1", "modified": "2026-11-01T00:00:00Z", "summary": "Bad.",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "some-package"}, **affected}],
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("TEST-1.json", json.dumps(entry))
    command = [sys.executable, str(ROOT / "deploy/audit"), str(tmp_path / "all.zip"), str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == int(hit)
    assert ("some-package 1.0: TEST-1 Bad." in done.stdout) == hit
    assert "newest entry of the database 2026-11-01" in done.stderr


YAML = """\
id: PYSEC-2026-1
modified: 2026-11-02T10:11:12.5Z
aliases: [CVE-2026-0001]
details: Bad.
affected:
- package: {ecosystem: PyPI, name: some-package}
  ranges:
  - {type: ECOSYSTEM, events: [{introduced: "0"}, {fixed: "1.1"}]}
  versions: ["0.9"]
"""


@pytest.mark.parametrize("name", ["all/PYSEC-2026-1.json", "vulns/some-package/PYSEC-2026-1.yaml"])
def test_a_folder_of_advisories_will_do(tmp_path: Path, name: str) -> None:
    """The export unpacked, and pypa/advisory-database as it is checked out, with what else lies there."""
    file = tmp_path / "database" / name
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(yaml.safe_load(YAML), default=str) if file.suffix == ".json" else YAML)
    (tmp_path / "database/package.json").write_text('{"name": "no advisory"}')
    (tmp_path / "lock.txt").write_text("some-package==1.0\n")
    command = [sys.executable, str(ROOT / "deploy/audit"), str(tmp_path / "database"), str(tmp_path / "lock.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "some-package 1.0: PYSEC-2026-1\n")
    assert "newest entry of the database 2026-11-02" in done.stderr
    file.unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_how_current_the_database_is_is_said_and_asked_for(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("other==2.0\n")
    for age, words, status, old in ((3, ("--days", "7"), 0, False), (9, ("--days", "7"), 2, True), (99, (), 0, True)):
        modified = (datetime.now(UTC) - timedelta(days=age)).isoformat()
        kept = {"sources": [], "entries": [{"id": "A", "modified": modified, "affected": []}]}
        (tmp_path / "kept.json").write_text(json.dumps(kept))
        command = [sys.executable, str(ROOT / "deploy/audit"), *words, tmp_path / "kept.json", tmp_path / "lock.txt"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, f"The database is {age} days old" in done.stderr) == (status, old)


def test_the_export_is_fetched_carried_and_found_damaged(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    entry = {
        "id": "TEST-2",
        "modified": "2026-11-20T00:00:00Z",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["2.0"]}],
    }
    with zipfile.ZipFile(there / "export", "w") as archive:
        archive.writestr("TEST-2.json", json.dumps(entry))
    (there / "page").write_text("<html>sign in first</html>")
    (tmp_path / "lock.txt").write_text("other==2.0\n")
    handler = partial(SimpleHTTPRequestHandler, directory=str(there))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"

    def audit(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "deploy/audit"), *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        assert audit("--fetch", here / "all.zip", f"{address}/page").returncode == 2
        assert audit("--fetch", here / "all.zip", f"{address}/nothing").returncode == 2
        assert list(here.iterdir()) == []
        done = audit("--fetch", here / "all.zip", f"{address}/export")
        assert (done.returncode, "1 entries" in done.stderr) == (0, True)
    finally:
        server.shutdown()
        server.server_close()
    subprocess.run(["sha256sum", "--check", "--quiet", "all.zip.sha256"], cwd=here, check=True)
    found = audit(here / "all.zip", tmp_path / "lock.txt")
    assert (found.returncode, "other 2.0: TEST-2" in found.stdout) == (1, True)
    with (here / "all.zip").open("ab") as file:
        file.write(b"x")
    damaged = audit(here / "all.zip", tmp_path / "lock.txt")
    assert (damaged.returncode, "differs from its checksum" in damaged.stderr) == (2, True)
    assert "deploy/audit --fetch" in audit(here / "none.zip").stderr


@pytest.mark.parametrize("form", ["all.zip", "advisory-database"])
def test_one_command_takes_over_what_is_about_the_locked_packages(tmp_path: Path, form: str) -> None:
    """From OSV's export and from a checkout of pypa/advisory-database, on a copy of deploy/."""
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    for name in ("audit", "accepted.toml", "constraints.txt", "constraints-vllm-cpu.txt"):
        shutil.copy(ROOT / "deploy" / name, deploy)
    ours = {"ecosystem": "PyPI", "name": "ChromaDB"}
    about = {"package": ours, "versions": ["9"], "database_specific": {"long": "x"}}
    other = {"package": {"ecosystem": "PyPI", "name": "not-ours"}, "versions": ["1"]}
    day = datetime.now(UTC).date().isoformat()
    found = [
        {"id": "B", "modified": day, "summary": "s", "details": "long", "affected": [about, other]},
        {"id": "A", "modified": "2026-11-01", "affected": [other]},
        {"id": "C", "modified": "2026-11-01", "withdrawn": "2026-11-02", "affected": [about]},
        {"id": "V", "modified": "2026-11-01", "affected": [{"package": {"ecosystem": "PyPI", "name": "vllm"}}]},
    ]
    # one that the new source calls otherwise, one that it takes back, one that it does not know
    before = [{"id": name, "aliases": [f"alias-{name}"], "affected": [{"package": ours}]} for name in ("Z", "C", "D")]
    found[0]["aliases"] = ["alias-Z"]
    list_of = deploy / "advisories.json"
    list_of.write_text(json.dumps({"sources": ["earlier"], "entries": before}))
    if form == "all.zip":
        with zipfile.ZipFile(tmp_path / form, "w") as archive:
            for entry in found:
                archive.writestr(f"{entry['id']}.json", json.dumps(entry))
    else:
        (tmp_path / form).mkdir()
        for entry in found:
            (tmp_path / form / f"{entry['id']}.yaml").write_text(yaml.safe_dump(entry))
    command = [sys.executable, str(deploy / "audit"), "--keep", str(tmp_path / form)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept = json.loads(list_of.read_text())
    affected = [{"package": ours, "versions": ["9"]}]
    new = {"id": "B", "aliases": ["alias-Z"], "modified": day, "summary": "s", "affected": affected}
    assert [entry["id"] for entry in kept["entries"]] == ["B", "D", "V"]
    assert kept["entries"][0] == new
    assert kept["sources"] == ["earlier", f"{form}, taken over on {day}, newest entry {day}"]
    assert "CC BY 4.0" in kept["licence"]
    assert f"2 entries from {form}, 1 that only the list before had" in done.stderr
    assert "of 2 the database holds advisories" in done.stderr  # chromadb, and vllm-cpu, which is built of vllm
    assert "days old" not in done.stderr
    unknown = [sys.executable, str(deploy / "audit"), "--unknown"]
    names = subprocess.run(unknown, capture_output=True, text=True, check=True).stdout.split()
    assert {"chromadb", "vllm-cpu"}.isdisjoint(names)
    assert len(names) == int(re.search(r"of the other (\d+) nothing", done.stderr)[1])  # type: ignore[index]


def test_the_hosts_own_python_will_do(tmp_path: Path) -> None:
    """A bare host's has no packages: the environment's is taken, or told to be made."""
    bare = [sys.executable, "-I", "-S"]
    done = subprocess.run([*bare, str(ROOT / "deploy/audit")], capture_output=True, text=True, check=False)
    assert (done.returncode, "locked packages" in done.stderr) == (0, True), done.stderr
    (tmp_path / "deploy").mkdir()
    alone = [*bare, str(shutil.copy(ROOT / "deploy/audit", tmp_path / "deploy"))]
    told = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert (told.returncode, "run deploy/install first" in told.stderr) == (2, True)
    nowhere = subprocess.run(
        [*alone, "--fetch", "all.zip", "http://127.0.0.1:9/"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (nowhere.returncode, "cannot be fetched" in nowhere.stderr) == (2, True)


def test_a_build_under_another_name_is_found_by_the_name_of_its_source(tmp_path: Path) -> None:
    package = {"ecosystem": "PyPI", "name": "vllm"}
    entry = {"id": "V", "affected": [{"package": package, "versions": ["0.32.0"]}]}
    (tmp_path / "kept.json").write_text(json.dumps({"sources": [], "entries": [entry]}))
    command = [sys.executable, str(ROOT / "deploy/audit"), str(tmp_path / "kept.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "vllm-cpu 0.32.0: V\n")


def test_every_package_is_locked_to_one_version() -> None:
    lines = (ROOT / "deploy/constraints.txt").read_text().splitlines()
    loose = [line for line in lines if line and not line.startswith("#") and "==" not in line]
    assert loose == []
