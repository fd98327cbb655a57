"""The embedder in int8: made here from the model's own files, near to its vectors, and refused where it cannot be."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_embedder import make

import storage.embedder
import storage.quantised
from storage.catalog import Vector
from storage.embedder import LocalEmbedder
from storage.errors import ModelError
from storage.settings import Settings, load_settings

TEXTS = ["The notice period is three months.", "Short.", "中文 and more", "many words " * 300]


def file_of(model: LocalEmbedder) -> Path:
    return model._made / f"{model.name}-{model.revision}-{storage.quantised.RECIPE}.onnx"


def opened(data: Path, dtype: str) -> LocalEmbedder:
    return LocalEmbedder.from_settings(load_settings(data, embedder_dtype=dtype))


@pytest.fixture(scope="module")
def int8(tmp_path_factory: pytest.TempPathFactory) -> LocalEmbedder:
    """Made beside files of earlier recipes, and of another model."""
    model = opened(tmp_path_factory.mktemp("data"), "int8")
    model._made.mkdir()
    for name in (f"{model.name}-{model.revision}", f"{model.name}-{model.revision}-1", "other-1234-1"):
        (model._made / f"{name}.onnx").touch()
    return model


def test_vectors_are_near_and_the_file_is_kept(int8: LocalEmbedder, tmp_path: Path) -> None:
    whole = opened(tmp_path, "float32")
    for way in ("encode_documents", "encode_questions"):
        near = (getattr(int8, way)(TEXTS) * getattr(whole, way)(TEXTS)).sum(axis=1)
        assert near.min() > 0.99 and near.max() < 0.9999  # the last: it is not the same computation
    kept = file_of(int8)
    assert set(int8._made.glob("*.onnx")) == {kept, int8._made / "other-1234-1.onnx"}
    assert kept.stat().st_mode & 0o077 == 0
    before = kept.stat().st_mtime_ns
    again = opened(int8._made.parent, "int8")
    assert np.allclose(again.encode_documents(TEXTS[:2]), int8.encode_documents(TEXTS[:2]), atol=1e-5)
    assert kept.stat().st_mtime_ns == before


def test_what_would_lose_most_stays_or_is_evened_out(int8: LocalEmbedder) -> None:
    int8.encode_documents(TEXTS[:1])
    graph = onnx.load(str(file_of(int8))).graph
    kinds = Counter(node.op_type for node in graph.node)
    assert kinds["MatMulInteger"] == 6 * 5 + 2  # of each layer query, key, value, output, widening; two that narrow
    assert kinds["MatMul"] == 6 * 2 + 4  # the two products of attention, and where single numbers stand out after GELU
    assert sum(weight.name.endswith("_by") for weight in graph.initializer) == 6 * 2  # what comes out of norms


def test_of_those_that_start_at_once_one_makes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = make(tmp_path / "tiny")
    made = []
    monkeypatch.setattr(
        storage.quantised, "_make", lambda *given, make=storage.quantised._make: made.append(make(*given))
    )

    def start(_: int) -> Vector:
        settings = load_settings(tmp_path / "data", embedder=directory, embedder_dtype="int8")
        return LocalEmbedder.from_settings(settings).encode_documents(TEXTS)

    with ThreadPoolExecutor(3) as threads:
        one, *others = threads.map(start, range(3))
    assert len(made) == 1 and all(np.allclose(one, other, atol=1e-5) for other in others)


def test_int8_that_changes_the_vectors_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.quantised, "NEAR", 1.5)  # nothing can be as near
    settings = load_settings(tmp_path / "data", embedder=make(tmp_path / "tiny"), embedder_dtype="int8")
    with pytest.raises(ModelError, match=r"changes what this model says too much \(\d\.\d{3}\).*auto"):
        LocalEmbedder.from_settings(settings).encode_documents(TEXTS)
    assert not [*(tmp_path / "data" / "models").glob("*.onnx")]


def test_it_counts_as_another_model(int8: LocalEmbedder, tmp_path: Path) -> None:
    """Vectors of both do not get mixed: `premise reindex --embed` goes from one to the other."""
    whole = opened(tmp_path, "float32")
    assert int8.model == f"{whole.model}-int8"
    settings = load_settings(tmp_path, embedder_dtype="float32")
    assert LocalEmbedder.from_place(int8.at(), settings).model == int8.model
    assert LocalEmbedder.from_place(whole.at(), load_settings(tmp_path, embedder_dtype="int8")).model == whole.model


def test_without_the_package_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.embedder, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"package onnx.*\[int8\].*auto"):
        LocalEmbedder.from_settings(Settings(embedder_dtype="int8"))


def test_it_is_for_processors() -> None:
    with pytest.raises(ModelError, match="embedder_device is cuda"):
        LocalEmbedder.from_settings(Settings(embedder_dtype="int8", embedder_device="cuda"))


def test_a_broken_file_says_what_to_do(tmp_path: Path, int8: LocalEmbedder) -> None:
    other = opened(tmp_path, "int8")
    (tmp_path / "models").mkdir()
    file_of(other).write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"cannot be read.*Remove it"):
        other.encode_documents(["a"])
