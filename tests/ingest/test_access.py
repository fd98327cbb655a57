"""Who may read a file, by folder and by rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.access import AccessRules


@pytest.mark.parametrize(
    ("path", "readers"),
    [("everyone/a.md", ("everyone",)), ("hr/deep/er/a.md", ("hr",)), ("a.md", ())],
)
def test_the_first_folder_is_the_group(tmp_path: Path, path: str, readers: Sequence[str]) -> None:
    assert AccessRules(tmp_path, None).readers(path) == readers


def test_the_nearest_rule_decides(tmp_path: Path) -> None:
    (tmp_path / "hr" / "open" / "closed").mkdir(parents=True)
    (tmp_path / "hr" / "open" / "access.toml").write_text('readers = ["everyone", "hr"]')
    (tmp_path / "hr" / "open" / "closed" / "access.toml").write_text("readers = []")
    rules = AccessRules(tmp_path, None)
    assert rules.readers("hr/a.md") == ("hr",)
    assert rules.readers("hr/open/a.md") == ("everyone", "hr")
    assert rules.readers("hr/open/x/a.md") == ("everyone", "hr")
    assert rules.readers("hr/open/closed/a.md") == ()


def test_readers_of_the_whole_folder_yield_to_a_rule(tmp_path: Path) -> None:
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "access.toml").write_text('readers = ["board"]')
    rules = AccessRules(tmp_path, ["everyone"])
    assert rules.readers("board/a.md") == ("board",)
    assert rules.readers("hr/a.md") == ("everyone",)


@pytest.mark.parametrize("text", ["readers = hr", "reader = ['hr']", "readers = 'hr'", "readers = [1]", "\x00", ""])
def test_a_rule_that_cannot_be_read_lets_nobody_in_and_is_listed(tmp_path: Path, text: str) -> None:
    (tmp_path / "hr").mkdir()
    (tmp_path / "hr" / "access.toml").write_text(text)
    rules = AccessRules(tmp_path, None)
    assert rules.readers("hr/a.md") == ()
    assert list(rules.problems) == ["hr/access.toml"]


@pytest.mark.parametrize("name", ["Access.toml", "ACCESS.TOML", "access.toml.txt"])
def test_a_file_that_was_meant_as_a_rule_lets_nobody_in(tmp_path: Path, name: str) -> None:
    (tmp_path / "everyone").mkdir()
    (tmp_path / "everyone" / name).write_text('readers = ["board"]')
    rules = AccessRules(tmp_path, None)
    assert rules.readers("everyone/a.md") == ()
    assert name in rules.problems["everyone/access.toml"]


def test_a_rule_that_is_a_link_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "everyone").mkdir()
    (tmp_path / "everyone" / "access.toml").symlink_to(tmp_path / "an unmounted share")
    assert AccessRules(tmp_path, None).readers("everyone/a.md") == ()
