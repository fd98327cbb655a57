"""The hostile documents of PREMISE_EVAL_DIR, through the whole pipeline: as its manifest says, and found."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from test_cli import run_json

from app.commands.ask import remote_or_local
from storage.filters import Filters
from storage.records import MEMBER_SEPARATOR, State
from storage.settings import load_settings

HOSTILE = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval")) / "hostile"
NEED_LIBREOFFICE = (".doc", ".ppt", ".xls")


@pytest.mark.eval
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile documents are not here (PREMISE_EVAL_DIR)")
def test_every_hostile_file_ends_as_expected_and_what_can_be_read_is_found(tmp_path: Path) -> None:
    """By `premise ingest` with its own limits, and by what `premise search` does.

    What exceeds a limit would end as timed out, too large or out of memory.
    """
    with (HOSTILE / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if shutil.which("soffice") is None:
        rows = [row for row in rows if not row["file"].endswith(NEED_LIBREOFFICE)]
    data = tmp_path / "data"
    (data / "inbox" / "everyone").mkdir(parents=True)
    for row in rows:
        shutil.copy(HOSTILE / row["file"], data / "inbox" / "everyone")
    run_json("ingest", data=data, seconds=1000)
    status = run_json("status", data=data)
    assert status["indexes"]["consistent"]
    files = run_json("documents", "list", "--limit", "1000", data=data)["files"]
    documents = {item["path"]: item for item in files}
    wrong, lost = [], []
    with remote_or_local(load_settings(data)) as asking:
        for row in rows:
            path = f"everyone/{Path(row['file']).name}"
            found = documents[path]
            outcome = "parses" if found["state"] == State.INDEXED else found["code"]
            accepted = {row["expected"], *filter(None, row["also_ok"].split("|"))}
            if outcome not in accepted:
                wrong.append((path, outcome, accepted, found["reason"]))
            elif outcome == "parses" and row["contains"]:
                hits = asking.search(row["contains"], groups=["everyone"], k=10, history=[], filters=Filters())["hits"]
                paths = {at for hit in hits for at in (hit["path"], *hit["also"])}
                if not any(at == path or at.startswith(f"{path}{MEMBER_SEPARATOR}") for at in paths):
                    lost.append((path, row["contains"]))
    assert (wrong, lost) == ([], [])
