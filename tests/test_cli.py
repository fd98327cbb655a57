"""The command line as scripts use it: JSON on standard output alone, exit codes, clear errors."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

PREMISE = str(Path(sys.executable).with_name("premise"))
LEAVE = "# Leave policy\n\nEmployees in Germany have 30 days of annual leave. Unused days expire on 31 March.\n"
SALARY = "# Salary bands\n\nThe band of a senior engineer starts at 75,500 EUR.\n"


def run(
    *arguments: str, data: Path, code: int = 0, seconds: float = 240, **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")}
    done = subprocess.run(
        [PREMISE, "--data", str(data), *arguments],
        capture_output=True,
        text=True,
        env=clean | environment,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == code, done.stderr
    return done


def run_json(*arguments: str, data: Path, seconds: float = 240) -> dict[str, Any]:
    done = run(*arguments, "--json", data=data, seconds=seconds)
    assert done.stdout.count("\n") == 1
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three files, one of them bad."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    for path, text in {"everyone/leave.md": LEAVE, "hr/salary.md": SALARY, "everyone/empty.pdf": ""}.items():
        (folder / "inbox" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "inbox" / path).write_text(text)
    result = run_json("ingest", data=folder)
    assert (result["indexed"], result["unchanged"], result["deleted"]) == (2, 0, 0)
    assert [(item["path"], item["code"]) for item in result["failed"]] == [("everyone/empty.pdf", "empty")]
    assert set(result) >= {"indexed", "unchanged", "deleted", "failed", "chunks", "seconds", "timings"}
    return folder


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'chromadb', 'streamlit', 'llama_index', 'sqlalchemy', 'unstructured', 'tantivy', 'numpy'}"
    check = f"import app.cli, sys; found = {heavy} & set(sys.modules); assert not found, found"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_search_gives_the_named_fields_and_only_what_the_groups_may_read(data: Path) -> None:
    result = run_json("search", "How many days of annual leave?", "--groups", "everyone", "-k", "5", data=data)
    assert [hit["path"] for hit in result["hits"]] == ["everyone/leave.md"]
    assert set(result["hits"][0]) >= {
        "rank",
        "score",
        "path",
        "revision",
        "pages",
        "section",
        "text",
        "start",
        "end",
        "legs",
    }
    assert "seconds" in result
    hidden = run_json("search", "salary of a senior engineer", "--groups", "everyone", data=data)
    assert "hr/salary.md" not in [hit["path"] for hit in hidden["hits"]]
    shown = run_json("search", "salary of a senior engineer", "--groups", "hr", data=data)
    assert [hit["path"] for hit in shown["hits"]] == ["hr/salary.md"]


def test_ask_answers_with_quotes_that_stand_in_the_document(data: Path) -> None:
    result = run_json("ask", "How many days of annual leave are there in Germany?", "--groups", "everyone", data=data)
    assert "30 days" in result["answer"]
    assert not result["refused"]
    assert result["mode"] == "extractive"
    assert set(result) >= {"answer", "refused", "mode", "confidence", "sentences", "citations", "timings"}
    for citation in result["citations"]:
        assert set(citation) >= {"n", "path", "revision", "pages", "quote", "start", "end"}
        assert citation["quote"] in LEAVE
    assert all(set(sentence) >= {"text", "citations", "supported"} for sentence in result["sentences"])


def test_without_a_terminal_an_answer_says_too_how_sure_it_is(data: Path) -> None:
    told = run("ask", "How many days of annual leave are there in Germany?", "--groups", "everyone", data=data).stdout
    assert re.search(r"\n\n\[1\] everyone/leave\.md[^\n]*\n", told)
    assert re.search(r"\n\n(High|Medium|Low) confidence \(\d+%\), quoted from the documents\. [A-Z]\w+ .*\.\n$", told)


def test_what_an_archive_holds_does_not_count_against_what_is_unchanged(data: Path) -> None:
    archive = data / "inbox" / "everyone" / "notes.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name in ("one", "two", "three"):
            made.writestr(f"{name}.txt", f"The note of room {name} says that the window sticks.")
    first = run_json("ingest", data=data)
    assert (first["indexed"] > 2, first["unchanged"]) == (True, 2)
    archive.unlink()
    run_json("ingest", data=data)


def test_a_second_pass_does_nothing_and_a_deletion_is_seen(data: Path) -> None:
    extra = data / "inbox" / "everyone" / "extra.txt"
    extra.write_text("The canteen opens at half past eleven.")
    assert run_json("ingest", data=data)["indexed"] == 1
    again = run_json("ingest", data=data)
    assert (again["indexed"], again["unchanged"]) == (0, 3)
    extra.unlink()
    assert run_json("ingest", data=data)["deleted"] == 1


def test_a_folder_of_its_own_with_readers(data: Path, tmp_path: Path) -> None:
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    (tmp_path / "docs" / "sub" / "parking.md").write_text("# Parking\n\nVisitors park on deck B.\n")
    result = run_json("ingest", str(tmp_path / "docs"), "--readers", "visitors", data=data)
    assert result["indexed"] == 1
    hits = run_json("search", "Where do visitors park?", "--groups", "visitors", data=data)["hits"]
    assert [hit["path"] for hit in hits] == ["sub/parking.md"]
    assert run_json("ingest", str(tmp_path / "docs"), "--remove", data=data)["deleted"] == 1
    assert "is not kept in step" in run("ingest", str(tmp_path / "docs"), "--remove", data=data, code=1).stderr
    assert run_json("search", "Where do visitors park?", "--groups", "visitors", data=data)["hits"] == []


def test_groups_that_nobody_has_are_named_with_those_that_there_are(data: Path, tmp_path: Path) -> None:
    told = "no document and no person has the group evryone. Known: everyone, hr"
    for command in (["search", "leave"], ["ask", "leave?"]):
        done = run(*command, "--groups", "evryone,hr", "--json", data=data)
        assert told in done.stderr and "folders of the inbox" in done.stderr
        json.loads(done.stdout)
        assert "no person" not in run(*command, "--groups", "everyone,hr", data=data).stderr
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps({"question": "How many days of leave?", "files": ["everyone/leave.md"]}) + "\n")
    refused = run("eval", str(questions), "--groups", "evryone", data=data, code=2).stderr
    assert "has the group evryone" in " ".join(refused.replace("│", "").split())
    assert told in run("eval", str(questions), "--groups", "evryone,everyone", data=data).stderr
    assert "has the group sales" in run("users", "add", "mia", "--groups", "hr,sales", data=data).stderr
    try:  # a person has it now
        assert "no person" not in run("search", "leave", "--groups", "sales", data=data).stderr
        assert "has the group slaes" in run("users", "change", "mia", "--groups", "hr,slaes", data=data).stderr
    finally:
        run("users", "remove", "mia", data=data)
    (tmp_path / "docs").mkdir()
    done = run("ingest", str(tmp_path / "docs"), "--readers", "visitor", data=data)
    assert "has the group visitor" in done.stderr
    run("ingest", str(tmp_path / "docs"), "--remove", data=data)


def test_who_reads_the_inbox_is_not_said_for_all_of_it_at_once(data: Path) -> None:
    for folder in ([], [str(data / "inbox")]):
        done = run("ingest", *folder, "--readers", "everyone", data=data, code=2)
        assert "access.toml" in done.stderr


def test_overlapping_folders_are_refused(data: Path) -> None:
    done = run("ingest", str(data / "inbox" / "hr"), "--readers", "hr", data=data, code=1)
    assert "overlaps" in done.stderr


def test_eval_gives_every_metric(data: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        json.dumps(
            {
                "question": "How many days of annual leave in Germany?",
                "files": ["leave.md"],
                "answers": ["30 days"],
                "evidence": [],
                "answerable": True,
            }
        )
        + "\n"
        + json.dumps(
            {
                "question": "Who won the chess championship of 1972?",
                "files": [],
                "answers": [],
                "evidence": [],
                "answerable": False,
            }
        )
        + "\n"
    )
    details = tmp_path / "details.jsonl"
    result = run_json("eval", str(questions), "--groups", "everyone", "--answers", "--details", str(details), data=data)
    assert result["questions"] == 2
    assert set(result["metrics"]) == {
        "file_hit_1",
        "file_hit_5",
        "mrr_10",
        "ndcg_10",
        "evidence_recall_1500",
        "page_hit_5",
        "answer_match",
        "citation_precision",
        "refused_answerable",
        "refused_unanswerable",
        "ms_p50",
        "ms_p95",
    }
    assert result["metrics"]["file_hit_1"] == 1.0
    assert result["metrics"]["answer_match"] == 1.0
    assert result["metrics"]["refused_unanswerable"] == 1.0
    assert result["metrics"]["page_hit_5"] is None
    lines = [json.loads(line) for line in details.read_text().splitlines()]
    assert [set(line) for line in lines] == [{"question", "hits", "answer"}] * 2


def test_eval_keeps_runs_compares_them_and_holds_them_against_thresholds(data: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "How many days of annual leave in Germany?", "files": ["leave.md"]}\n')
    asked = ["eval", "--groups", "everyone", str(questions)]  # options may come first
    result = run_json(*asked, "--legs", "--save", "one", data=data)
    assert set(result["legs"]) == {"meaning", "words"}
    assert result["legs"]["words"]["file_hit_1"] == 1.0
    assert result["intervals"]["file_hit_1"] == [1.0, 1.0]
    assert f"set: {tmp_path.name}" in result["slices"]
    questions.write_text(questions.read_text().replace("leave.md", "other.md"))
    failed = run(*asked, "--save", "two", "--fail-under", "file_hit_1=0.5", data=data, code=1)
    assert "file_hit_1 is 0, under 0.5" in failed.stderr
    assert "1 of the files that questions name (other.md)" in " ".join(failed.stderr.split())
    assert "file_hit_1" in failed.stdout  # the table is printed all the same
    compared = run_json("eval", "compare", "one", "two", data=data)
    assert [flip["now"] for flip in compared["flipped"]] == ["wrong"]
    assert "now wrong (1)" in run("eval", "compare", "one", str(data / "evals" / "two.json"), data=data).stdout
    assert "There is no run three" in run("eval", "compare", "one", "three", data=data, code=1).stderr
    assert "no metric" in run(*asked, "--fail-under", "speed=1", data=data, code=2).stderr
    assert "nothing to make" in run("feedback", "export", "--eval", str(tmp_path / "x.jsonl"), data=data, code=1).stderr


def test_status_and_reindex_agree(data: Path) -> None:
    status = run_json("status", data=data)
    assert status["indexes"]["consistent"]
    assert status["documents"]["indexed"] == 2
    assert status["documents"]["failed"] == 1
    rebuilt = run_json("reindex", data=data)
    assert rebuilt["consistent"]
    assert rebuilt["chunks"] == status["chunks"]


def test_accounts(data: Path) -> None:
    made = run_json("users", "add", "mia", "--groups", "hr,sales", data=data)
    assert made["groups"] == ["hr", "sales"]
    assert len(made["password"]) >= 10
    assert "already" in run("users", "add", "mia", data=data, code=1).stderr
    assert "lower-case" in run("users", "add", "Mia Wong", data=data, code=1).stderr
    changed = run_json("users", "change", "mia", "--groups", "", "--admin", data=data)
    assert (changed["groups"], changed["admin"]) == ([], True)
    assert [user["name"] for user in run_json("users", "list", data=data)["users"]] == ["mia"]
    run("users", "remove", "mia", data=data)
    assert run_json("users", "list", data=data)["users"] == []


@pytest.mark.parametrize("days", ["0", "-1", "nan", "inf", "1e9"])
def test_a_token_that_nobody_could_use_is_refused(data: Path, days: str) -> None:
    run_json("users", "add", "tom", data=data)
    try:
        assert "more than 0" in run("users", "token", "tom", f"--days={days}", data=data, code=2).stderr
        assert run_json("users", "token", "tom", "--revoke", data=data)["revoked"] == 0
        assert run_json("users", "token", "tom", "--days", "0.5", data=data)["token"]
    finally:
        run("users", "remove", "tom", data=data)


def test_no_token_for_who_may_not_sign_in_and_no_days_for_revoking(data: Path) -> None:
    run_json("users", "add", "tom", data=data)
    try:
        run("users", "change", "tom", "--disable", data=data)
        assert "--enable" in run("users", "token", "tom", data=data, code=1).stderr
        run("users", "change", "tom", "--enable", data=data)
        assert run_json("users", "token", "tom", data=data)["token"]
        assert "leave --days out" in run("users", "token", "tom", "--revoke", "--days", "3", data=data, code=2).stderr
        assert run_json("users", "token", "tom", "--revoke", data=data)["revoked"] == 1
    finally:
        run("users", "remove", "tom", data=data)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ask", "  ", "--groups", "everyone"], 1, "empty"),
        (["ask", "x" * 100_000, "--groups", "everyone"], 1, "100,000 characters"),
        (["search", "anything"], 2, "--groups"),
        (
            ["search", "x", "--groups", "a", "--after", "2025-06-01", "--before", "2025-01-01"],
            2,
            "earlier than --after",
        ),
        (["ingest", "/no/such/folder"], 1, "is no folder"),
        (["eval", "/no/such/file.jsonl", "--groups", "everyone"], 1, "cannot be read"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_use_is_said_plainly(data: Path, arguments: list[str], code: int, says: str) -> None:
    done = run(*arguments, data=data, code=code)
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_wrong_settings_stop_the_start_with_their_name(data: Path, tmp_path: Path) -> None:
    assert "PREMISE_PROT" in run("status", data=data, code=2, PREMISE_PROT="1").stderr
    assert "port" in run("status", data=data, code=2, PREMISE_PORT="90000").stderr
    assert "placeholder" in run("status", data=data, code=2, PREMISE_LLM_API_KEY="changeme").stderr
    assert "embedder" in run("status", data=data, code=1, PREMISE_EMBEDDER=str(tmp_path)).stderr
    (tmp_path / "premise.toml").write_text("prot = 1\n")
    assert "prot" in run("status", data=tmp_path, code=2).stderr


def test_a_data_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert "cannot be used" in run("status", data=file / "data", code=1).stderr


def test_a_damaged_catalog_says_so(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"this is no database, whatever its name says" * 100)
    done = run("status", data=tmp_path, code=1)
    assert "catalog" in done.stderr
    assert "Traceback" not in done.stderr


MOUNTS = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not MOUNTS, reason="this account may make no mount of its own")
@pytest.mark.parametrize(
    ("options", "before", "says"),
    [
        ("size=4m", "dd if=/dev/zero of={0}/fill bs=64k status=none || true", "the disk is full"),
        ("size=4m", "mount -o remount,ro {0}", "read-only"),
    ],
)
def test_a_full_or_read_only_disk_says_so(tmp_path: Path, options: str, before: str, says: str) -> None:
    script = (
        f"mount -t tmpfs -o {options} tmpfs {tmp_path} && mkdir -p {tmp_path}/data/inbox/everyone && "
        f"echo 'There are 30 days.' > {tmp_path}/data/inbox/everyone/a.txt && {before.format(tmp_path)}; "
        f"exec {PREMISE} --data {tmp_path}/data ingest"
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not MOUNTS, reason="this account may make no mount of its own")
def test_a_disk_that_fills_up_while_files_are_read_says_so(tmp_path: Path) -> None:
    script = (
        f"mount -t tmpfs -o size=3m tmpfs {tmp_path} && mkdir -p {tmp_path}/in/everyone && "
        f"for n in 1 2 3 4; do head -c 900000 /dev/urandom | base64 > {tmp_path}/in/everyone/$n.txt; done; "
        f"{PREMISE} --data {tmp_path}/data ingest {tmp_path}/in; echo status $?"
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=240
    )
    assert "status 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr or "full" in done.stderr
