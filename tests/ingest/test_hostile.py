"""The hostile documents of PREMISE_EVAL_DIR, through the whole pipeline: as its manifest says, and found."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from place import Place

from app.retrieval.retrieve import Retriever
from storage.records import MEMBER_SEPARATOR, State

HOSTILE = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval")) / "hostile"
NEED_LIBREOFFICE = (".doc", ".ppt", ".xls")


@pytest.mark.eval
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile documents are not here (PREMISE_EVAL_DIR)")
def test_every_hostile_file_ends_as_expected_and_what_can_be_read_is_found(place: Place) -> None:
    with (HOSTILE / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if shutil.which("soffice") is None:
        rows = [row for row in rows if not row["file"].endswith(NEED_LIBREOFFICE)]
    (place.inbox / "everyone").mkdir()
    for row in rows:
        shutil.copy(HOSTILE / row["file"], place.inbox / "everyone")
    place.ingest()
    documents = {item.path: item for item in place.store.catalog.documents(labels=None)}
    wrong, lost = [], []
    retriever = Retriever(place.store.indexes, place.store.embedder)
    labels = place.store.catalog.labels_of(["everyone"])
    for row in rows:
        name = Path(row["file"]).name
        path = f"everyone/{name}"
        found = documents[path]
        outcome = "parses" if found.state is State.INDEXED else found.code
        accepted = {row["expected"], *filter(None, row["also_ok"].split("|"))}
        if outcome not in accepted:
            wrong.append((name, outcome, accepted, found.reason))
        elif outcome == "parses" and row["contains"]:
            hits = retriever.search(row["contains"], labels=labels, k=10)
            paths = {found_at for hit in hits for found_at in (hit.found.path, *hit.also)}
            if not any(at == path or at.startswith(f"{path}{MEMBER_SEPARATOR}") for at in paths):
                lost.append((name, row["contains"]))
    assert (wrong, lost) == ([], [])
    assert place.store.indexes.check().ok
