"""The prompt within its room, and the prompt files."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from passages import passage_of
from place import Place

from app.answers.context import Passage
from app.answers.prompt import build_prompt
from app.answers.prompt_files import Prompts, changed_since, copy_prompts, load_prompts
from app.commands.prompt_listing import listing
from app.engine import Engine
from app.records import Turn
from app.serving.tokens import estimate
from storage.errors import SettingError

HISTORY = [
    Turn(role=role, content=f"{name} " * 40) for name in ("oldest", "newer", "newest") for role in ("user", "assistant")
]


def passages(words: int = 60) -> list[Passage]:
    return [passage_of(f"passage{n} " * words, n, title=f"Title {n}") for n in range(1, 5)]


def words(messages: Sequence[Turn]) -> int:
    return sum(len(turn.content.split()) for turn in messages)


class Counted:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, messages: Sequence[Turn]) -> int:
        self.asked += 1
        return words(messages)


def test_what_fits_is_whole_and_not_even_counted(tmp_path: Path) -> None:
    count = Counted()
    made = build_prompt(
        "How?", history=HISTORY, passages=passages(), prompts=load_prompts(tmp_path), room=100_000, count=count
    )
    assert [turn.role for turn in made] == ["system", *["user", "assistant"] * 3, "user"]
    assert made[-1].content.count("<passage ") == 4
    assert count.asked == 0


@pytest.mark.parametrize(("question", "marked"), [("How many days?", True), ("How many days by that of 2023?", False)])
def test_a_passage_of_an_older_edition_is_marked(question: str, marked: bool, tmp_path: Path) -> None:
    given = []
    for passage, year in zip(passages(), ("2023", "2026"), strict=False):
        first = replace(passage.first, title=f"Travel policy {year}")
        chunk = replace(first.chunk, id=f"{year}:1", revision_id=year)
        given.append(replace(passage, chunks=(replace(first, chunk=chunk, document_id=year),)))
    made = build_prompt(
        question, history=[], passages=given, prompts=load_prompts(tmp_path), room=100_000, count=Counted()
    )
    said = 'document="Travel policy 2023" older_edition="2023"'
    assert (said in made[-1].content) is marked
    assert made[-1].content.count("older_edition") == marked


def test_history_goes_first_then_the_weakest_passages_then_the_end_of_the_best(tmp_path: Path) -> None:
    prompts = load_prompts(tmp_path)
    least = words(build_prompt("How?", history=[], passages=[], prompts=prompts, room=10_000, count=words))
    seen: list[tuple[int, int]] = []
    for room in range(least + 700, least + 30, -10):
        count = Counted()
        made = build_prompt("How?", history=HISTORY, passages=passages(), prompts=prompts, room=room, count=count)
        assert words(made) <= room, room
        assert count.asked < 12
        shown = made[-1].content
        assert all(f"passage{n}" in shown for n in range(1, shown.count("<passage ") + 1))
        assert shown.count("<passage ") == shown.count("</passage>")
        if len(made) > 2:
            assert "newest" in made[-2].content
        seen.append((len(made), shown.count("<passage ")))
    assert seen == sorted(seen, reverse=True)  # turns go before passages do
    assert {turns for turns, _ in seen} >= {2, 4, 6}
    assert {number for _, number in seen} == {1, 2, 3, 4}


def test_a_title_as_long_as_a_text_leaves_room_for_it_and_is_never_cut_open(tmp_path: Path) -> None:
    given = [
        replace(passage, chunks=(replace(passage.first, title='say "no" ' * 400),)) for passage in passages(words=300)
    ]
    prompts = load_prompts(tmp_path)
    least = words(build_prompt("How?", history=[], passages=[], prompts=prompts, room=10_000, count=words))
    for room in range(least + 150, least + 900, 50):
        made = build_prompt("How?", history=[], passages=given, prompts=prompts, room=room, count=words)
        assert words(made) <= room
        assert re.search(r"<passage number=\"1\" document=\"[^\"]{300}\">\npassage1 passage1 ", made[-1].content)


def test_history_takes_a_part_of_the_room_at_most(tmp_path: Path) -> None:
    talk = [Turn(role=role, content="word " * 300) for _ in range(3) for role in ("user", "assistant")]
    made = build_prompt("How?", history=talk, passages=[], prompts=load_prompts(tmp_path), room=2600, count=words)
    assert [turn.role for turn in made] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [  # counted by hand: a token a word, two for long ones; one for a digit, a sign, a Chinese character
        ("Every employee has 28 days of paid leave a year.", 12),
        ("Überstunden werden durch Freizeit ausgeglichen.", 12),
        ("员工每天工作八小时。", 10),
        ("EUR 1,234,567.89\n\n| a | b |\n", 20),
    ],
)
def test_the_estimate_rather_says_too_many(text: str, tokens: int) -> None:
    assert tokens <= estimate(text) <= 2.5 * tokens


# --- files ---------------------------------------------------------------------------------------------------------


def test_the_shipped_prompts_are_used_until_there_are_own_ones(tmp_path: Path) -> None:
    shipped = load_prompts(tmp_path)
    assert shipped.own == frozenset()
    assert {file.name for file in copy_prompts(tmp_path)} == {
        "answer.md",
        "question.md",
        "reread.md",
        "rewrite.md",
        "translate.md",
    }
    same = load_prompts(tmp_path)
    assert same.version == shipped.version  # the same text is the same version, wherever it lies
    assert same.own == {"answer.md", "question.md", "reread.md", "rewrite.md", "translate.md"}
    (tmp_path / "prompts" / "answer.md").write_text("Answer like a pirate.\n")
    changed = load_prompts(tmp_path)
    assert changed.version != shipped.version
    assert changed.fill("answer.md") == "Answer like a pirate.\n"
    assert copy_prompts(tmp_path) == []  # what is there stays


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("question.md", "{passages} {question}", r"question\.md lacks \{silent\}"),
        ("question.md", "{passages} {question} {silent} {name}", r"question\.md has \{name\}, which means nothing"),
        ("question.md", "{passages} {question} {silent} {", r"question\.md cannot be filled in"),
        ("question.md", "{passages[x]} {question} {silent}", r"question\.md"),
        ("question.md", "{passages!z} {question} {silent}", r"question\.md"),
        ("answer.md", " \n", r"answer\.md is empty"),
        ("answer.md", "x" * 20_001, r"answer\.md is too long; 20,000 characters are the most"),
        ("answer.md", b"\xff\xfeA\0", r"answer\.md cannot be read: it is not in UTF-8"),
        ("rewrite.md", None, r"rewrite\.md cannot be read: Is a directory"),
        ("anwser.md", "Hello", r"anwser\.md is no prompt of Premise"),
    ],
)
def test_a_wrong_prompt_stops_the_start_with_its_name(
    tmp_path: Path, name: str, text: str | bytes | None, says: str
) -> None:
    in_use = load_prompts(tmp_path)
    file = tmp_path / "prompts" / name
    file.parent.mkdir()
    if text is None:
        file.mkdir()
    else:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SettingError, match=says):
        load_prompts(tmp_path)
    told = changed_since(in_use, tmp_path)  # where answers go on meanwhile
    assert re.search(says, told)
    assert "Answers go on" in told


def test_a_folder_of_prompts_that_is_none_and_a_link_to_nowhere_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "prompts").write_text("Answer like a pirate.\n")
    with pytest.raises(SettingError, match=r"prompts cannot be read: .*Not a directory"):
        load_prompts(tmp_path)
    (tmp_path / "prompts").unlink()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingError, match=r"answer\.md cannot be read: No such file"):
        load_prompts(tmp_path)


def test_what_an_editor_puts_before_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_bytes(b"\xef\xbb\xbfAnswer like a pirate.\n")
    assert load_prompts(tmp_path).texts["answer.md"] == "Answer like a pirate.\n"


def test_files_that_changed_since_the_start_are_told_and_what_is_in_use_stays(tmp_path: Path) -> None:
    in_use = load_prompts(tmp_path)
    copy_prompts(tmp_path)
    assert changed_since(in_use, tmp_path) == ""  # the same words
    (tmp_path / "prompts" / "answer.md").write_text("Answer like a pirate.\n")
    assert changed_since(in_use, tmp_path).endswith("The next start uses them.")
    own = load_prompts(tmp_path)
    (tmp_path / "prompts" / "answer.md").unlink()
    assert changed_since(own, tmp_path).endswith("The next start uses them.")


def test_rules_may_hold_braces(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_text('Never write {"json": true}.')
    prompts = load_prompts(tmp_path)
    assert isinstance(prompts, Prompts)
    assert prompts.fill("answer.md") == 'Never write {"json": true}.'


def test_every_version_that_was_in_force_can_be_read_again(place_at: Callable[..., Place], tmp_path: Path) -> None:
    data = tmp_path / "data"
    place = place_at(data, llm_url="http://127.0.0.1:9/v1")
    first = Engine(place.store).prompts
    copy_prompts(data)
    (data / "prompts" / "answer.md").write_text("Answer like a pirate.\n")
    second = Engine(place.store).prompts
    assert second.version != first.version
    Engine(place.store)
    now = listing(data, None)
    assert (now["version"], now["own"]) == (
        second.version,
        ["answer.md", "question.md", "reread.md", "rewrite.md", "translate.md"],
    )
    assert [item["version"] for item in now["versions"]] == [second.version, first.version]
    assert listing(data, first.version)["texts"] == first.texts
    with pytest.raises(SettingError, match="no version 123"):
        listing(data, "123")
    (data / "prompts" / "question.md").write_text("{question}")
    assert listing(data, second.version)["texts"] == second.texts  # whatever became of the files
    with pytest.raises(SettingError, match=r"question\.md lacks"):
        listing(data, None)


def test_a_wrong_prompt_stops_the_command_line_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "question.md").write_text("{question}")
    for command in (["prompts"], ["ask", "How?", "--groups", "everyone"], ["serve-web"]):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "--data", str(tmp_path), *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 2, command
        assert "question.md lacks {passages}, {silent}" in done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "--data", str(tmp_path), "status"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert re.search(r"attention  The prompt .*question\.md lacks .*The next start would stop\.", done.stdout)
