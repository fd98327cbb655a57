"""Settings: where they come from, and what stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import SettingError
from storage.settings import Settings, load_settings


def test_the_environment_beats_the_file_and_the_command_line_beats_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "premise.toml").write_text("port = 9001\nscan_seconds = 7\n")
    assert load_settings(tmp_path).port == 9001
    monkeypatch.setenv("PREMISE_PORT", "9002")
    assert load_settings(tmp_path).port == 9002
    assert load_settings(tmp_path, port=9003).port == 9003
    assert load_settings(tmp_path).scan_seconds == 7


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("prot = 1", "prot"),
        ("port = 0", "port"),
        ("port = [", "cannot be read"),
        ('llm_url = "ftp://x"', "llm_url"),
        ('llm_api_key = "changeme"', "llm_api_key"),
        ('embedder_dtype = "int3"', "embedder_dtype"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, names: str) -> None:
    (tmp_path / "premise.toml").write_text(line + "\n")
    with pytest.raises(SettingError, match=names):
        load_settings(tmp_path)


def test_a_key_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-real-one\n")
    settings = load_settings(tmp_path, llm_api_key_file=file)
    assert settings.llm_key() == "sk-real-one"
    assert "sk-direct" not in repr(load_settings(tmp_path, llm_api_key="sk-direct"))
    file.write_text("changeme")
    with pytest.raises(SettingError, match="no real key"):
        settings.llm_key()
    with pytest.raises(SettingError, match="cannot read"):
        load_settings(tmp_path, llm_api_key_file=tmp_path / "none").llm_key()


def test_a_wrong_secret_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "premise.toml").write_text('llm_api_key = ["sk-very-secret"]\n')
    with pytest.raises(SettingError) as caught:
        load_settings(tmp_path)
    assert "sk-very-secret" not in str(caught.value)


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, info in Settings.model_fields.items() if not info.description] == []
