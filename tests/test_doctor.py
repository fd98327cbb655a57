"""`premise doctor`: each check says what is wrong and what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.operations.doctor import State, examine
from storage.backup import LAST_BACKUP
from storage.catalog import Catalog
from storage.catalog.facts import PARSER_NETWORK
from storage.database import Database
from storage.datafolder import DataFolder
from storage.settings import load_settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    usual = os.umask(0o077)
    Database.open(DataFolder(tmp_path / "data").catalog).close()
    os.umask(usual)
    return tmp_path / "data"


def found(data: Path, name: str, **settings: Any) -> tuple[State, str]:
    check = next(item for item in examine(load_settings(data, **settings)) if item.name == name)
    assert check.advice or check.state is State.OK
    return check.state, check.sentence


def test_a_healthy_host_has_no_failure_and_says_so_in_json(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "--data", str(data), "doctor", "--json"],
        capture_output=True, text=True, check=False, env=os.environ | {"PREMISE_PORT": "18699"},
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert result["ok"]
    assert {check["state"] for check in result["checks"]} <= {"ok", "warn"}
    said = {check["name"]: check["sentence"] for check in result["checks"]}
    assert {"disk", "permissions", "backup", "outgoing"} <= said.keys()
    means = "a namespace of its own and no call that makes a socket"
    assert said["sandbox"] == f"Files are parsed without a network ({means}), as a file that was read just now shows."
    assert said["LibreOffice"] == (
        "A sheet was converted just now."
        if shutil.which("soffice")
        else "soffice is not installed: the old .doc, .ppt and .xls are not read."
    )


def test_each_fault_is_found(data: Path) -> None:
    assert found(data, "permissions")[0] is State.OK
    (data / "catalog.sqlite").chmod(0o644)
    state, sentence = found(data, "permissions")
    assert state is State.FAIL
    assert "catalog.sqlite" in sentence
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        state, sentence = found(data, "port", port=taken.getsockname()[1])
    assert state is State.FAIL
    state, sentence = found(data, "language model", llm_url="http://127.0.0.1:9/v1")
    assert state is State.FAIL
    assert "127.0.0.1:9" in sentence
    assert found(data, "settings", llm_api_key_file=data / "no.key")[0] is State.FAIL
    assert found(data, "settings", host="::")[0] is State.WARN
    assert found(data, "outgoing", allowed_outgoing=["0.0.0.0/0"])[0] is State.FAIL
    assert found(data, "outgoing", llm_url="http://gpu.intra/v1")[0] is State.WARN
    assert found(data, "embedding model", embedder=data)[0] is State.FAIL
    second = {"llm_second_url": "http://127.0.0.1:9/v1", "llm_second_share": 0.5}
    assert found(data, "second language model")[0] is State.OK
    assert found(data, "second language model", **second | {"llm_second_share": 0})[0] is State.OK
    state, sentence = found(data, "second language model", **second, llm_url="http://127.0.0.1:8/v1")
    assert (state, "127.0.0.1:9" in sentence) == (State.FAIL, True)
    assert "without llm_url" in found(data, "second language model", **second)[1]
    assert found(data, "outgoing", llm_second_url="http://gpu.intra/v1")[0] is State.WARN
    assert found(data, "prompts")[0] is State.OK
    (data / "prompts").mkdir()
    (data / "prompts" / "question.md").write_text("{question}")
    state, sentence = found(data, "prompts")
    assert (state, "question.md lacks {passages}" in sentence) == (State.FAIL, True)


def judged_without_namespaces(data: Path, start: str) -> tuple[int, dict[str, str]]:
    """Exit status and what the doctor says of the sandbox where the kernel lets no process leave the network."""
    shell = f'echo 0 >/proc/sys/user/max_net_namespaces && exec {start} "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", shell, "-", sys.executable, "-m", "app.cli",
         "--data", data, "doctor", "--json"],
        capture_output=True, text=True, check=False, env=os.environ | {"PREMISE_PORT": "18698"},
    )  # fmt: skip
    (check,) = (item for item in json.loads(done.stdout)["checks"] if item["name"] == "sandbox")
    return done.returncode, check


def test_a_parser_with_a_network_is_a_failure(data: Path) -> None:
    """Where neither way is open, and where the ingest service said so of its own. The filter alone will do."""
    status, check = judged_without_namespaces(data, "")
    assert (status, check["state"]) == (0, "ok")
    assert "(no call that makes a socket)" in check["sentence"]
    status, check = judged_without_namespaces(data, "linux32")  # a machine whose calls the filter does not know
    assert (status, check["state"]) == (1, "fail")
    assert "has a network" in check["sentence"]
    database = Database.open(data / "catalog.sqlite")
    Catalog(database).set_fact(PARSER_NETWORK, "open")
    database.close()
    state, sentence = found(data, "sandbox")
    assert (state, "when it last read a file" in sentence) == (State.FAIL, True)


def test_the_last_backup_counts(data: Path) -> None:
    assert found(data, "backup")[0] is State.WARN
    database = Database.open(data / "catalog.sqlite")
    for days, state in ((1, State.OK), (9, State.WARN)):
        Catalog(database).set_fact(LAST_BACKUP, (datetime.now(UTC) - timedelta(days=days)).isoformat())
        assert found(data, "backup")[0] is state
    database.close()
