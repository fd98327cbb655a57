"""`premise documents …` and `premise forget`, as an administrator runs them."""

from __future__ import annotations

import shutil
from pathlib import Path

from test_cli import LEAVE, SALARY, run, run_json


def listed(data: Path, *arguments: str) -> dict[str, str]:
    files = run_json("documents", "list", *arguments, data=data)["files"]
    return {item["path"]: item["code"] or item["state"] for item in files}


def test_files_are_listed_ignored_retried_and_forgotten(tmp_path: Path) -> None:
    data = tmp_path / "data"
    texts = {"everyone/leave.md": LEAVE, "hr/salary.md": SALARY, "hr/~$salary.docx": "x", "everyone/empty.pdf": ""}
    for path, text in texts.items():
        (data / "inbox" / path).parent.mkdir(parents=True, exist_ok=True)
        (data / "inbox" / path).write_text(text)
    run_json("ingest", data=data)
    assert listed(data) == {
        "everyone/empty.pdf": "empty",
        "everyone/leave.md": "indexed",
        "hr/salary.md": "indexed",
        "hr/~$salary.docx": "editors_file",
    }
    assert listed(data, "--state", "failed,ignored", "--containing", "SALARY") == {"hr/~$salary.docx": "editors_file"}
    assert list(listed(data, "--limit", "2", "--page", "2")) == ["hr/salary.md", "hr/~$salary.docx"]
    said = run("documents", "list", "--limit", "3", data=data).stdout
    assert "hr/salary.md" in said and "empty: The file has no content (0 bytes). There is no text to search." in said
    assert run_json("documents", "retry", "--all", data=data) == {"retried": 1}
    assert run_json("documents", "ignore", "everyone", data=data) == {"ignored": 2}  # a folder is all below it
    assert run_json("documents", "unignore", "everyone/leave.md", data=data) == {"unignored": 1}
    assert listed(data)["everyone/leave.md"] == "waiting"
    absolute = str(data / "inbox" / "hr" / "salary.md")
    assert run_json("forget", absolute, data=data) == {"forgotten": ["hr/salary.md"], "answers": 0}
    assert listed(data)["hr/salary.md"] == "forgotten"
    left = [file for file in data.rglob("*") if file.is_file() and "inbox" not in file.parts]
    assert [file for file in left if b"75,500" in file.read_bytes()] == []
    result = run_json("ingest", data=data)
    assert (result["indexed"], result["failed"]) == (1, [])
    hits = run_json("search", "senior engineer annual leave", "--groups", "hr,everyone", data=data)["hits"]
    assert [hit["path"] for hit in hits] == ["everyone/leave.md"]
    shutil.rmtree(data / "vectors")  # as a lost disk would
    status = run_json("status", data=data)
    assert not status["indexes"]["consistent"]
    lost = {"index": "vectors", "missing": 1, "extra": 0, "documents": ["everyone/leave.md"]}
    assert status["indexes"]["differences"] == [lost]
    said = run("status", data=data).stdout
    assert "run `premise reindex`" in said and "chunks in vectors: 1 missing (everyone/leave.md)" in said
    assert run_json("reindex", data=data)["consistent"]
    assert status["sandbox"]["network"] in ("open", "closed")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert "no document at nothing.md" in run("forget", "nothing.md", data=data, code=1).stderr
    assert "the states are" in run("documents", "list", "--state", "odd", data=data, code=2).stderr
    assert "--all" in run("documents", "retry", data=data, code=2).stderr


def test_names_and_texts_of_documents_give_the_terminal_no_orders(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "inbox" / "hr").mkdir(parents=True)
    order = "\x1b]0;owned\x07\x9b2J"
    (data / "inbox" / "hr" / f"bad{order}\nfailed: all.pdf").write_bytes(b"no PDF")
    (data / "inbox" / "hr" / f"good{order}.md").write_text(f"# Salary{order}\n\nThe band starts at 75,500 EUR.\n")
    shown = [
        run("ingest", data=data),
        run("documents", "list", data=data),
        run("search", "Where does the salary band start?", "--groups", "hr", data=data),
    ]
    for done in shown:
        assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout + done.stderr)
    assert "bad]0;owned2J failed: all.pdf" in shown[0].stdout  # one line
    assert "75,500" in shown[2].stdout
