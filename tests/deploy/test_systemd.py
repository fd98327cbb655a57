"""The systemd units and their install script, as far as a machine without systemd as its first process allows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from place import Place
from test_server import exec_start

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
# exposure by `systemd-analyze security`, 0 to 10, lower is better; deploy/README.md states what is reached
LIMITS = {"vectors": 1.5, "web": 2.2, "ingest": 2.2, "backup": 1.6, "backup-check": 1.6, "model@": 2.0}

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def install(destination: Path, script: str = "install") -> str:
    environment = os.environ | {"DESTDIR": str(destination), "PREMISE_SKIP_VENV": "1"}
    command = ["sh", str(UNITS / script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.stat().st_mode, file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_second_install_changes_nothing_and_uninstall_keeps_what_is_the_companys(tmp_path: Path) -> None:
    assert "put in place" in install(tmp_path)
    (tmp_path / "var/lib/premise/catalog.sqlite").write_text("kept")
    env = tmp_path / "etc/premise/premise.env"
    env.write_text(env.read_text() + "PREMISE_PORT=8601\n")
    before = tree(tmp_path)
    assert "program unchanged, units unchanged" in install(tmp_path)
    assert tree(tmp_path) == before
    (tmp_path / "opt/premise/app/cli.py").write_text("changed")
    assert "program changed, units unchanged" in install(tmp_path)  # an update: the services are restarted for it
    assert (tmp_path / "opt/premise/app/cli.py").read_bytes() == before["opt/premise/app/cli.py"][2]
    assert (tmp_path / "etc/premise/credentials/llm.key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "etc/premise/credentials").stat().st_mode & 0o077 == 0
    assert (tmp_path / "var/lib/premise").stat().st_mode & 0o077 == 0
    assert env.stat().st_mode & 0o007 == 0
    wants = tmp_path / "etc/systemd/system/premise.target.wants"
    wants.mkdir()
    (wants / "premise-model@language.service").symlink_to("/etc/systemd/system/premise-model@.service")
    assert "systemctl enable --now premise-model@language.service" in install(tmp_path, "uninstall")
    assert not (tmp_path / "opt/premise").exists()
    assert not (tmp_path / "usr/local/bin/premise").exists()
    assert [item for item in (tmp_path / "etc/systemd/system").rglob("*") if item != wants] == []
    assert (tmp_path / "var/lib/premise/catalog.sqlite").read_text() == "kept"
    install(tmp_path)
    assert "PREMISE_PORT=8601" in env.read_text()
    assert (tmp_path / "etc/premise/credentials/llm.key").read_bytes() == before["etc/premise/credentials/llm.key"][2]


def test_the_command_line_has_the_settings_and_keys_of_the_units(tmp_path: Path) -> None:
    """/usr/local/bin/premise, with a program that tells its environment instead of Premise's."""
    install(tmp_path)
    account = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    command = tmp_path / "usr/local/bin/premise"
    text = command.read_text().replace("account=premise", f"account={account}")
    for there in ("/etc/premise", "/run/credentials", "/opt/premise"):
        text = text.replace(there, f"{tmp_path}{there}")
    command.write_text(text)
    program = tmp_path / "opt/premise/.venv/bin/premise"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nenv; printf "[%s]" "$@"\n')
    program.chmod(0o755)
    hosts = '["your.name","localhost"]'
    (tmp_path / "etc/premise/premise.env").write_text(
        f"# a comment\nPREMISE_ALLOWED_HOSTS={hosts}\nPREMISE_LLM_URL='http://127.0.0.1:8000/v1'\nPREMISE_PORT=\"8601\""
    )

    def told() -> list[str]:
        return subprocess.run([command, "ask", "two words"], capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )

    wanted = {f"PREMISE_ALLOWED_HOSTS={hosts}", "PREMISE_LLM_URL=http://127.0.0.1:8000/v1", "PREMISE_PORT=8601"}
    assert wanted | {"PREMISE_DATA=/var/lib/premise", "[ask][two words]"} <= set(told())
    assert "KEY_FILE" not in "".join(told())
    key = tmp_path / "run/credentials/premise-web.service/llm.key"
    key.parent.mkdir(parents=True)
    key.write_text("k")
    assert {f"PREMISE_{kind}_API_KEY_FILE={key}" for kind in ("EMBEDDER", "RERANKER")} <= set(told())


@pytest.mark.slow
def test_the_timers_units_back_up_and_find_a_damaged_backup(place: Place, tmp_path: Path) -> None:
    """What premise-backup.timer and premise-backup-check.timer start, run as it stands in the units."""
    place.write("everyone/leave.md", "# Leave\n\nThere are 30 days of annual leave.\n")
    place.ingest()
    backups = tmp_path / "backups"
    backups.mkdir()

    def run(unit: str) -> subprocess.CompletedProcess[str]:
        command = [part.replace("/var/backups/premise", str(backups)) for part in exec_start(unit)]
        environment = os.environ | {"PREMISE_DATA": str(place.settings.data)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done := run("premise-backup.service")).returncode == 0, done.stderr
    assert (done := run("premise-backup-check.service")).returncode == 0, done.stderr
    assert "Restored on trial and agrees" in done.stdout
    (snapshot,) = backups.iterdir()  # nothing is left of the trial
    next(file for file in (snapshot / "objects").rglob("*") if file.is_file()).write_bytes(b"x")
    assert (done := run("premise-backup-check.service")).returncode == 1  # systemd calls the unit failed
    assert "The backup is damaged" in done.stderr


@needs_systemd
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        if unit.suffix in (".service", ".timer", ".target"):
            (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/premise", str(ROOT)))
    units = [str(file) for file in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_the_units_are_hardened(name: str, limit: float) -> None:
    unit = UNITS / f"premise-{name}.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True, check=False
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= limit


def test_every_unit_is_its_own_account_without_the_internet() -> None:
    for unit in UNITS.glob("*.service"):
        text = unit.read_text()
        for line in ("User=premise", "UMask=0077", "IPAddressDeny=any", "NoNewPrivileges=yes", "ProtectSystem=strict"):
            assert f"\n{line}\n" in text, f"{unit.name}: {line}"
        assert re.findall(r"^IPAddressAllow=(.*)", text, re.MULTILINE) == ["127.0.0.1 ::1"]  # no local resolver
    for name in ("web", "ingest", "model@"):
        assert "\nLoadCredential=llm.key:" in (UNITS / f"premise-{name}.service").read_text()
    assert "wait-for http://${PREMISE_HOST}:${PREMISE_PORT}/readyz" in (UNITS / "premise-web.service").read_text()
    assert not re.search(r"(?i)(key|token|password)=\S*[0-9a-z]{16}", "".join(u.read_text() for u in UNITS.iterdir()))
