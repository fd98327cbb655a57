"""Settings of the search that count from the next question on: no restart, no new index."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from place import Place

from app.retrieval.fuse import Evidence, fused
from app.retrieval.retrieve import Retriever
from app.retrieval.weighing import Followed, Weighing
from storage.keywords import WEIGHTS, Weights
from storage.settings import load_settings


def _write(folder: Path, text: str) -> None:
    file = folder / "premise.toml"
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(1, file.stat().st_mtime_ns + len(text)))


def test_a_changed_file_counts_at_once_and_a_wrong_one_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    followed = Followed(load_settings(tmp_path))
    assert followed() == Weighing()
    _write(tmp_path, "meaning_weight = 0.8\nsearch_candidates = 20\nheader_weight = 0")
    assert followed() == Weighing(candidates=20, meaning=0.8, keywords=Weights(title=0, name=0, section=0))
    _write(tmp_path, "meaning_weight = 7")
    assert followed().meaning == 0.8
    assert "meaning_weight" in caplog.text
    (tmp_path / "premise.toml").unlink()
    assert followed() == Weighing()


def test_the_share_of_meaning_runs_from_none_to_all() -> None:
    little, much, nothing = np.array([0.1]), np.array([0.9]), np.array([0.0])
    near = Evidence(meaning=much, keyword=little, phrase=None, coverage=nothing)
    said = Evidence(meaning=little, keyword=much, phrase=None, coverage=nothing)
    assert fused(near, trust=1.0, share=1.0) > fused(said, trust=1.0, share=1.0)
    assert fused(near, trust=1.0, share=0.0) < fused(said, trust=1.0, share=0.0)
    assert fused(near, trust=1.0, share=0.0) == fused(replace(near, meaning=nothing), trust=1.0, share=0.0)


def test_headers_count_as_keywords_as_much_as_is_set(place: Place) -> None:
    place.write("everyone/zeppelin.md", "# Zeppelin\n\nIt rises with hydrogen and costs a fortune.")
    place.write("everyone/other.md", "# Other\n\nNobody asks about the zeppelin here.")
    place.ingest()
    labels = place.store.catalog.labels_of(["everyone"])

    def found(share: float) -> dict[str, float]:
        weights = Weights(title=share * WEIGHTS.title, name=share * WEIGHTS.name, section=share * WEIGHTS.section)
        retriever = Retriever(place.store.indexes, place.store.embedder, weighing=lambda: Weighing(keywords=weights))
        hits = retriever.search("zeppelin", labels=labels, k=5)
        return {Path(hit.found.path).name: hit.legs["keyword"] for hit in hits}

    assert found(1.0)["zeppelin.md"] > 0
    assert found(0.0)["zeppelin.md"] < found(1.0)["zeppelin.md"]
    assert found(0.0)["other.md"] == pytest.approx(found(1.0)["other.md"])
