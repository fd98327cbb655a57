"""The runbook is so: its commands exist, its scores are those of the units, the files that it names are there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import cli

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "deploy" / "README.md").read_text()
SECURITY = (ROOT / "deploy" / "SECURITY.md").read_text()


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_every_premise_command_of_the_runbook_exists() -> None:
    found = [said[1] for line in commands() if (said := re.search(r"(?:^|/bin/)premise (.*)", line))]
    assert len(found) > 6
    group = get_command(cli)
    for line in found:
        words = [word for word in shlex.split(line, comments=True) if word not in ("--data", "/var/lib/premise")]
        command: object = group
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if words and hasattr(command, "default"):  # `premise eval FILE`
            command = command.commands[command.default]
        assert not hasattr(command, "commands"), line
        known = {name for item in getattr(command, "params", []) for name in item.opts + item.secondary_opts}
        assert {word for word in words if word.startswith("-")} <= known, line


@pytest.mark.parametrize("text", [RUNBOOK, SECURITY], ids=["README", "SECURITY"])
def test_every_file_that_is_named_is_there(text: str) -> None:
    named = set(re.findall(r"\b((?:deploy|tests)/[\w./-]*\w/?)", text)) - {"deploy/nginx"}
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_scores_are_those_of_the_units() -> None:
    version = re.search(
        r"systemd (\d+)", subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=True).stdout
    )
    if version is None or version[1] != "252":
        pytest.skip("the scores were stated for systemd 252")
    (said,) = re.findall(r"10 worst\): (.*?)\.\s", RUNBOOK.replace("\n", " "))
    for name, score in re.findall(r"(\w+) ([\d.]+)", said):
        unit = ROOT / "deploy/systemd" / f"premise-{name}{'@' if name == 'model' else ''}.service"
        command = ["systemd-analyze", "security", "--offline=true", str(unit)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = re.search(r"exposure level for \S+: ([\d.]+)", shown)
        assert found
        assert (name, found[1]) == (name, score)
