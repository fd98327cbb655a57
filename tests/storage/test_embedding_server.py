"""An embedding model computed by a server: the same vectors, the same limits, and what is said when it does not fit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from place import Place
from tiny_embedder import make

from app.answers.answer import NO_VECTORS
from app.engine import Engine
from app.models.register import in_use, look
from app.operations.doctor import State, examine
from app.retrieval import steadfast
from app.retrieval.steadfast import PAUSE, SteadfastEmbedder
from ingest.pipeline import Pipeline
from storage import recollection
from storage.catalog import EMBEDDER
from storage.embedder import LocalEmbedder
from storage.errors import EmbedderMismatch, ModelError, ServiceError, SettingError
from storage.following import FollowingEmbedder
from storage.settings import Settings, load_settings

KEY = "the-key-of-the-embedding-server"
TEXTS = ["The notice period is three months.", "Short.", "中文 and more", "many words " * 300]


@contextmanager
def serving(model: LocalEmbedder, asked: list[dict[str, Any]], status: int = 200) -> Iterator[str]:
    """`/v1/embeddings` as vLLM has it: the model computes, the last first, and what is too long is refused."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({"path": self.path, "key": self.headers["Authorization"]} | body)
            answer, code = b"overloaded", status
            if status == 200 and body["model"] != model.name:
                answer, code = b"The model does not exist.", 404
            elif status == 200 and max(model.count_tokens(body["input"])) > model.max_tokens:
                answer, code = b"This model's maximum context length is less.", 400
            elif status == 200:
                made = enumerate(model.encode_documents(body["input"]).tolist())
                data = [{"index": index, "embedding": [5 * x for x in vector]} for index, vector in made]
                answer = json.dumps({"data": data[::-1]}).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model directory with prompts of its own, as Qwen3-Embedding has."""
    folder = make(tmp_path_factory.mktemp("model") / "tiny")
    file = folder / "config_sentence_transformers.json"
    said = json.loads(file.read_text()) | {"prompts": {"query": "Find this: ", "document": ""}}
    file.write_text(json.dumps(said))
    return folder


def local(tiny: Path) -> LocalEmbedder:
    return LocalEmbedder.from_settings(Settings(embedder=tiny, embedder_dtype="float32"))


def served(tiny: Path, url: str, **more: Any) -> LocalEmbedder:
    return LocalEmbedder.from_settings(Settings(embedder=tiny, embedder_url=url, **more))


def test_the_vectors_are_those_of_the_model_with_its_prompts_and_limit(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    asked: list[dict[str, Any]] = []
    with serving(local(tiny), asked) as url:
        model = served(tiny, url, embedder_api_key_file=tmp_path / "key")
        for way in ("encode_documents", "encode_questions"):
            near = (getattr(model, way)(TEXTS) * getattr(local(tiny), way)(TEXTS)).sum(axis=1)
            assert near.min() > 0.9999
        assert np.allclose(np.linalg.norm(model.encode_documents(TEXTS), axis=1), 1)
        assert model.encode_documents([]).shape == (0, 32)
        assert (model.dimension, model.max_tokens) == (32, local(tiny).max_tokens)
        asked.clear()
        assert model.encode_documents([f"text {number}" for number in range(150)]).shape == (150, 32)
    assert [len(item["input"]) for item in asked] == [64, 64, 22]
    assert {(item["path"], item["key"]) for item in asked} == {("/v1/embeddings", f"Bearer {KEY}")}


def test_another_server_takes_over_and_stays(tiny: Path) -> None:
    asked: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    with serving(local(tiny), refused, status=503) as busy, serving(local(tiny), asked) as url:
        model = served(tiny, f"http://127.0.0.1:9/v1,{busy},{url}")
        for _ in range(3):
            model.encode_questions(["a"])
    assert (len(refused), len(asked)) == (1, 3)


def test_what_does_not_fit_is_refused_in_words(tiny: Path, tmp_path: Path) -> None:
    other = LocalEmbedder.from_settings(Settings())
    with serving(other, []) as url:
        with pytest.raises(EmbedderMismatch, match=r"384 numbers.* have 32"):
            served(tiny, url, embedder_model=other.name).encode_documents(["a"])
        with pytest.raises(ServiceError, match=r"refuses tiny .*does not exist"):
            served(tiny, url).encode_documents(["a"])
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:9/v1 does not answer"):
        served(tiny, "http://127.0.0.1:9/v1").encode_documents(["a"])
    for wrong in ({"embedder_url": "http://x/v1"}, {"embedder_url": "x", "embedder": tiny}):
        with pytest.raises(SettingError, match="embedder"):
            load_settings(tmp_path, **wrong)
    with pytest.raises(SettingError, match="embedder_dtype"):
        load_settings(tmp_path, embedder=tiny, embedder_url="http://x/v1", embedder_dtype="int8")


def test_it_counts_as_another_model_and_its_address_may_change(tiny: Path) -> None:
    model = served(tiny, "http://127.0.0.1:9/v1")
    assert model.model == f"{local(tiny).model}-served"
    moved = Settings(embedder=tiny, embedder_url="http://127.0.0.1:10/v1")
    assert LocalEmbedder.from_place(model.at(), moved).model == model.model == LocalEmbedder.from_settings(moved).model
    with pytest.raises(ModelError, match="embedder_url"):
        LocalEmbedder.from_place(model.at(), Settings())
    assert LocalEmbedder.from_place(local(tiny).at(), moved).model == local(tiny).model


def test_files_wait_for_the_server_and_are_found_when_it_is_there(
    tiny: Path, place_at: Callable[..., Place], tmp_path: Path
) -> None:
    """Nothing is lost and nothing is failed while it is down; only the tokenizer of the model lies here."""
    bare = tmp_path / "tiny"
    bare.mkdir()
    for file in tiny.glob("*.json"):
        (bare / file.name).write_bytes(file.read_bytes())

    def opened(url: str) -> Place:
        place = place_at(tmp_path / "data", embedder=bare, embedder_url=url)
        embedder = FollowingEmbedder(place.store.catalog, place.settings)
        place.store = replace(place.store, embedder=embedder)
        place.pipeline = Pipeline(
            place.settings, place.store.indexes, place.store.originals, embedder, place.pipeline.sandbox
        )
        return place

    place = opened("http://127.0.0.1:9/v1")
    place.write("everyone/leave.md", "# Leave\n\nThere are 30 days of annual leave.\n")
    with pytest.raises(ServiceError):
        place.ingest()
    assert "failed" not in place.states().values()
    with serving(local(tiny), []) as url:
        place = opened(url)
        place.ingest()
        assert place.states() == {"everyone/leave.md": "indexed"}
        assert place.found("annual leave", "everyone") == ["everyone/leave.md"]
        assert str(place.store.catalog.fact(EMBEDDER)).endswith("-served")
        place.write("everyone/post.md", "# Post\n\nThe post comes at nine.\n")
        place.ingest()
        answer = Engine(place.store).answer("How many days of annual leave are there?", groups=["everyone"])
        assert ("30 days" in answer.text, answer.notice) == (True, None)
    place = opened(url)  # the server is down again: questions go on by their words
    engine = Engine(place.store)
    for question in ("How many days of annual leave are there?", "When does the post come?"):
        answer = engine.answer(question, groups=["everyone"])
        assert ("30 days" in answer.text, "at nine" in answer.text) == ("leave" in question, "post" in question)
        assert answer.notice == NO_VECTORS
    assert not engine.search("annual leave", groups=["nobody"])


def test_a_server_that_is_down_is_asked_again_after_a_pause(tiny: Path) -> None:
    now = [0.0]
    asked: list[dict[str, Any]] = []
    with serving(local(tiny), asked, status=503) as url:
        model = SteadfastEmbedder(served(tiny, url), clock=lambda: now[0])
        for moment in (0.0, PAUSE - 1, PAUSE + 1):
            now[0] = moment
            assert not model.encode_questions(["a", "b"]).any()
            assert model.encode_documents(["a", "b"]).shape == (2, 32)
    assert len(asked) == 2


@pytest.mark.parametrize("way", ["encode_documents", "encode_questions"])
def test_what_was_embedded_before_is_not_computed_again(tiny: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    with serving(local(tiny), asked) as url:
        model = SteadfastEmbedder(served(tiny, url))
        encode = getattr(model, way)
        first = encode(["one", "two", "one"])
        again = encode(["three", "two", "one"])
        assert sum(len(body["input"]) for body in asked) == 3
        assert (first[0] == first[2]).all() and (again[1:] == first[1::-1]).all()
        assert np.allclose(again, getattr(local(tiny), way)(["three", "two", "one"]), atol=1e-3)
        other = model.encode_questions if way == "encode_documents" else model.encode_documents
        other(["three"])  # as the other kind it is another vector
        assert sum(len(body["input"]) for body in asked) == 4
        recollection.let_go()
        encode(["three", "two"])
        assert sum(len(body["input"]) for body in asked) == 6
        monkeypatch.setattr(steadfast, "REMEMBERED", 1)
        encode(["three"])
        encode(["one"])
    assert sum(len(body["input"]) for body in asked) == 7


def test_the_doctor_and_the_list_of_models_know_of_it(tiny: Path, tmp_path: Path) -> None:
    def checks(url: str) -> dict[str, tuple[State, str]]:
        settings = load_settings(tmp_path / "data", embedder=tiny, embedder_url=url)
        return {check.name: (check.state, check.sentence) for check in examine(settings)}

    with serving(local(tiny), []) as url:
        state, sentence = checks(url)["embedding model"]
    assert (state, "32 numbers a vector" in sentence) == (State.OK, True)
    found = checks("http://gpu.intra:8001/v1")
    assert found["embedding model"][0] is State.FAIL
    assert "in the clear" in found["outgoing"][1]
    settings = load_settings(tmp_path / "data", embedder=tiny, embedder_url="http://127.0.0.1:9/v1")
    assert in_use(settings)[0].origin == "the server at http://127.0.0.1:9/v1"
    assert look(settings)[0].report is not None  # its weights are here, and are checked
