"""What the README says is so: the map, the settings, the commands."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from app.cli import cli
from storage.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_table_with_its_default_and_description() -> None:
    for name, info in Settings.model_fields.items():
        row = next((line for line in README.splitlines() if line.startswith(f"| `{name}` |")), None)
        assert row is not None, f"README's configuration table lacks {name}"
        assert info.description
        assert info.description in row, f"{name}: the README does not say: {info.description}"
        default = "" if info.default is None else f"`{info.default}`".replace("'", '"')
        assert row.split("|")[2].strip() == default, f"{name}: its default is {default or 'none'}"


def test_the_table_names_no_setting_that_is_none() -> None:
    table = README.split("## Configuration")[1].split("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named == set(Settings.model_fields)


def test_the_map_names_every_file_and_no_other() -> None:
    mapped = README.split("## The map")[1].split("\n## ")[0]
    named = set(re.findall(r"^\s*- `([\w./-]+)`", mapped, re.MULTILINE))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    code = {name for name in tracked if name.startswith(("app/", "ingest/", "storage/")) and name.endswith(".py")}
    code -= {name for name in code if name.endswith("__init__.py") or "/versions/" in name}
    assert code - named == set(), "not in the README's map"
    missing = {name for name in named if not (ROOT / name).exists()}
    assert missing == set(), "in the README's map but not there"


@pytest.mark.parametrize("page", ["README.md", "deploy/README.md"])
def test_the_commands_of_the_documentation_exist(page: str) -> None:
    """Every `premise …` in a code block or between backquotes names a command and options that there are."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`(premise [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [re.sub(r"^(sudo )?(\.venv/bin/)?", "", line.strip()) for block in blocks for line in block.splitlines()]
    used = [line for line in (*lines, *spans) if line.startswith("premise ")]
    assert used, f"{page} shows no command"
    group = get_command(cli)
    for line in used:
        words = shlex.split(line, comments=True)[1:]
        command: object = group
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if words == ["…"]:
            continue  # the group itself is meant
        if words and hasattr(command, "default"):  # `premise eval FILE`
            command = command.commands[command.default]
        assert not hasattr(command, "commands") or not words, f"{line}: no such command"
        options = {
            name for parameter in getattr(command, "params", []) for name in parameter.opts + parameter.secondary_opts
        }
        for word in words:
            if word.startswith("-"):
                assert word in options, f"{line}: no option {word}"


@pytest.mark.parametrize("page", ["README.md", "deploy/README.md"])
def test_the_benchmarks_of_the_documentation_exist(page: str) -> None:
    """Every command beside a figure names a benchmark and options that there are."""
    used = re.findall(r"(tests/benchmarks/\w+\.py)([^`),;]*)", " ".join((ROOT / page).read_text("utf-8").split()))
    assert used, f"{page} names no benchmark"
    for file, words in used:
        text = (ROOT / file).read_text(encoding="utf-8")
        for option in re.findall(r"--[\w-]+", words):
            assert f'"{option}"' in text, f"{file} has no option {option}"


@pytest.mark.parametrize("file", sorted((ROOT / "tests" / "benchmarks").glob("*.py")), ids=lambda file: file.name)
def test_a_benchmark_runs_by_its_command_alone(file: Path) -> None:
    """What it takes from the tests' folders is found, as pytest finds it, though nobody set PYTHONPATH."""
    text = file.read_text(encoding="utf-8")
    ours = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {path.name for path in (ROOT / "tests").iterdir()}
    beside = {path.stem for path in file.parent.glob("*.py")}
    for name in re.findall(r"^ *(?:from|import) (\w+)", text, re.MULTILINE):
        if name in ours - beside - {"app", "ingest", "storage"}:
            assert "sys.path" in text.partition(f"from {name}")[0], f"{file.name} cannot import {name} by itself"


SCRIPTS = (
    "deploy/run deploy/test deploy/install deploy/vllm deploy/systemd/install deploy/systemd/uninstall "
    "deploy/systemd/wait-for deploy/airgap/install .ci/run"
)


@pytest.mark.parametrize("script", SCRIPTS.split())
def test_the_shell_scripts_are_whole(script: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / script)], check=True)
