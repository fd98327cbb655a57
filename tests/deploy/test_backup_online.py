"""Backup and restore as an administrator does them: while people ask, and after everything is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_up import PATIENCE, PREMISE, eventually, search, up

from storage.datafolder import DataFolder

pytestmark = pytest.mark.slow
QUESTIONS = ("How many days of annual leave are there?", "When does the canteen open?", "Where do visitors park?")
DOCUMENTS = {
    "everyone/leave.md": "# Leave\n\nThere are 30 days of annual leave.\n",
    "everyone/canteen.md": "# Canteen\n\nThe canteen opens at 11:30.\n",
    "everyone/parking.md": "# Parking\n\nVisitors park on deck B.\n",
}


def premise(data: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [PREMISE, "--data", str(data), *arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def answers(address: str, token: str) -> list[Any]:
    """What the running service answers; not its times, nor the confidence, which moves with files that arrive."""
    found = []
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE, trust_env=False) as client:
        for question in QUESTIONS:
            body = {"question": question, "groups": ["everyone"], "stream": False}
            answer = client.post(f"{address}/api/v1/ask", json=body).json()
            found.append({key: answer[key] for key in ("answer", "citations", "sentences")})
    return found


def test_backed_up_under_load_destroyed_and_restored_it_answers_the_same(tmp_path: Path) -> None:
    data, backups = tmp_path / "data", tmp_path / "backups"
    for name, text in DOCUMENTS.items():
        (data / "inbox" / name).parent.mkdir(parents=True, exist_ok=True)
        (data / "inbox" / name).write_text(text)
    stop = threading.Event()
    problems: list[str] = []

    def ask(address: str, token: str) -> None:
        while not stop.is_set():
            try:
                answers(address, token)
            except (httpx.HTTPError, KeyError) as error:
                problems.append(repr(error))

    def files_arrive() -> None:
        number = 0
        while not stop.wait(0.2):
            number += 1
            file = data / "inbox" / "hr" / f"note-{number % 7}.md"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"# Note {number}\n\nRemark {number} of the personnel office.\n")

    with up(data) as (_, address):
        token = DataFolder(data).operator_token()
        assert eventually(lambda: len({*search(data, " ".join(QUESTIONS))}) == 3)
        before = answers(address, token)
        load = [threading.Thread(target=ask, args=(address, token)), threading.Thread(target=files_arrive)]
        for thread in load:
            thread.start()
        try:
            first = premise(data, "backup", str(backups))
            second = premise(data, "backup", str(backups), "--keep", "2")
        finally:
            stop.set()
            for thread in load:
                thread.join()
        assert problems == []
        assert first["absent"] == second["absent"] == []
        assert premise(data, "backup", "--check", str(backups))["documents"] >= 3
    shutil.rmtree(data)
    assert premise(data, "restore", str(backups))["documents"] >= 3
    with up(data) as (_, address):
        token = DataFolder(data).operator_token()
        assert eventually(lambda: len({*search(data, " ".join(QUESTIONS))}) == 3)
        assert answers(address, token) == before
        done = subprocess.run(
            [PREMISE, "--data", str(data), "restore", str(backups)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert "not empty" in done.stderr
