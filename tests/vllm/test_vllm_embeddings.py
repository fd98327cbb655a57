"""The bundled embedding model, computed by a real vLLM server: the same vectors, and documents found by them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place
from real import KEY, VLLM, Vllm

from app.engine import Engine
from app.operations.egress import attempt
from ingest.pipeline import Pipeline
from storage.embedder import LocalEmbedder
from storage.errors import ServiceError
from storage.following import FollowingEmbedder
from storage.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed: sh deploy/vllm install cpu"),
]
TEXTS = ["The notice period is three months.", "Short.", "中文 and more", "many words " * 300]
NAME = "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """`sh deploy/vllm DIRECTORY --runner=pooling`, as the unit premise-model@embedding starts it."""
    folder = tmp_path_factory.mktemp("vllm")
    model = folder / NAME
    shutil.copytree(LocalEmbedder.from_settings(Settings()).directory, model)
    watched = folder / "network.strace" if shutil.which("strace") else None
    server = Vllm(folder, context=256, model=model, options=["--runner=pooling"], watched=watched)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def settings_of(vllm: Vllm) -> dict[str, object]:
    return {"embedder": vllm.model, "embedder_url": vllm.url, "embedder_api_key_file": vllm.key_file}


def test_its_vectors_are_those_of_sentence_transformers(vllm: Vllm) -> None:
    ours = LocalEmbedder.from_settings(Settings(embedder_dtype="float32"))
    theirs = LocalEmbedder.from_settings(Settings(**settings_of(vllm)))
    for way in ("encode_documents", "encode_questions"):
        near = (getattr(ours, way)(TEXTS) * getattr(theirs, way)(TEXTS)).sum(axis=1)
        assert near.min() > 0.999, near
    assert theirs.dimension == ours.dimension == 384


def test_documents_are_read_and_questions_answered_by_it(
    vllm: Vllm, place_at: Callable[..., Place], tmp_path: Path
) -> None:
    place = place_at(tmp_path / "data", **settings_of(vllm))
    embedder = FollowingEmbedder(place.store.catalog, place.settings)
    place.store = replace(place.store, embedder=embedder)
    indexes, originals, sandbox = place.store.indexes, place.store.originals, place.pipeline.sandbox
    place.pipeline = Pipeline(place.settings, indexes, originals, embedder, sandbox)
    place.write("everyone/leave.md", "# Leave\n\nEmployees in Germany have 30 days of annual leave.\n")
    place.write("everyone/canteen.md", "# Canteen\n\nThe canteen opens at half past eleven.\n")
    place.ingest()
    answer = Engine(place.store).answer("How many days of annual leave are there?", groups=["everyone"])
    assert "30 days" in answer.text
    assert answer.citations[0].path == "everyone/leave.md"
    assert vllm.number("vllm:prompt_tokens_total") > 0


def test_another_name_and_another_key_are_refused_in_words(vllm: Vllm, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "x")
    for wrong in ({"embedder_model": "another"}, {"embedder_api_key_file": tmp_path / "key"}):
        with pytest.raises(ServiceError, match=f"{vllm.url} refuses"):
            LocalEmbedder.from_settings(Settings(**settings_of(vllm) | wrong)).encode_questions(["a"])


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_it_turned_to_nobody_outside_the_host(vllm: Vllm) -> None:
    """Left alone, vLLM asks for its own address by turning to 8.8.8.8; here since it was started."""
    lines = (vllm.folder / "network.strace").read_text().splitlines()
    assert any("connect(" in line for line in lines)  # local ones of its processes: it was watched
    assert [found for line in lines if (found := attempt(line))] == []
