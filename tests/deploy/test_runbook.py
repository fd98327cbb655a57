"""The runbook is so: its commands exist and run, its scores are those of the units, the files it names are there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from test_server import certificate, free_port
from test_up import PREMISE
from tiny_embedder import make
from typer.main import get_command

from app.cli import cli

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "deploy" / "README.md").read_text()
SECURITY = (ROOT / "deploy" / "SECURITY.md").read_text()


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_every_premise_command_of_the_runbook_exists() -> None:
    found = [said[1] for line in commands() if (said := re.search(r"^(?:sudo )?premise (.*)", line))]
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


NEEDS_SYSTEMD = ("systemctl", "journalctl")  # as the first process, which no machine of our tests has


def here(line: str, root: Path) -> str:
    """A command of the page, in a root of its own and without the parts that need systemd."""
    parts = [part.strip() for part in line.split("#", maxsplit=1)[0].split(" && ")]
    parts = [part for part in parts if not part.removeprefix("sudo ").startswith(NEEDS_SYSTEMD)]
    text = " && ".join(parts).replace("sudo ", "")
    text = text.replace("deploy/systemd/install", "PREMISE_SKIP_VENV=1 deploy/systemd/install")
    text = re.sub(r"^premise ", f"{PREMISE} --data /var/lib/premise ", text)
    text = re.sub(r"(?<![\w.])(/var/(?:lib|backups)/premise|/etc/nginx/)", rf"{root}\1", text)
    text = text.replace("questions.jsonl", str(root / "questions.jsonl"))
    return text.replace("nginx -t", f"nginx -t -q -c {root}/etc/nginx/nginx.conf")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_commands_of_the_runbook_run_one_after_the_other(tmp_path: Path) -> None:
    root, data = tmp_path, tmp_path / "var/lib/premise"
    model = make(tmp_path / "new-embedder")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")} | {
        "DESTDIR": str(root),
        "PREMISE_PORT": str(free_port()),
        "PREMISE_MODEL_WAIVERS": f'["{model.name}"]',
    }
    (root / "etc/nginx/conf.d").mkdir(parents=True)
    (root / "etc/nginx/nginx.conf").write_text(
        f"pid {root}/nginx.pid; events {{}} http {{ access_log off; include {root}/etc/nginx/conf.d/*.conf; }}\n"
    )
    certificate(root / "tls", "premise")
    (root / "questions.jsonl").write_text(
        '{"id": "1", "question": "How much leave?", "files": ["everyone/leave.md"]}\n'
    )

    def change_names_and_certificate() -> None:
        conf = root / "etc/nginx/conf.d/premise.conf"
        conf.write_text(conf.read_text().replace("/etc/premise/tls", f"{root}/tls"))

    def files_arrive() -> None:
        (data / "inbox/everyone").mkdir(parents=True)
        (data / "inbox/everyone/leave.md").write_text("# Leave\n\nThere are 30 days of annual leave.\n")
        run(f"{PREMISE} --data {data} ingest")

    def set_the_embedder() -> None:
        (data / "premise.toml").write_text(f'embedder = "{model}"\n')

    before: dict[str, Callable[[], None]] = {
        "nginx -t": change_names_and_certificate,
        "--answers": files_arrive,
        "reindex --embed": set_the_embedder,
        "restore": lambda: shutil.rmtree(data),
    }

    def run(command: str) -> str:
        shell = ["sh", "-c", command]
        done = subprocess.run(shell, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    said: dict[str, str] = {}
    for line in commands():
        command = here(line, root)
        for part, prepare in before.items():
            if part in command and part not in said:
                prepare()
                said[part] = ""
        if command:
            said[line] = run(command)
    assert len(said) > 18
    answers = {line: text for line, text in said.items() if line.startswith(("premise ask", "premise search"))}
    assert len(answers) == 2
    assert all("everyone/leave.md" in text for text in answers.values())
    assert all(f"`{name}`" in RUNBOOK for name in NEEDS_SYSTEMD)


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
