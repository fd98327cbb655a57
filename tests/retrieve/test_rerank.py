"""Reranking: a tiny cross-encoder made on the spot, and a small server that speaks /v1/rerank."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from place import Place

from app.retrieval.rerank import LocalReranker, ServedReranker, TooSlow, open_reranker
from app.retrieval.retrieve import Retriever
from storage.errors import ModelError, ServiceError, SettingError
from storage.settings import Settings, load_settings

PASSAGES = ["the pump is hot", "the soup is cold", "call the workshop"]
QWEN = ["<|im_start|>", "<|im_end|>", "yes", "no", "pump", "hot", "soup", "<Query>", "<Document>", "Judge"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer that scores pairs: its weights are noise, its files are like a real one's."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(1)  # two of its scores were equal now and then
    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "pump", "hot", "soup"]
    tokenizer = Tokenizer(WordPiece({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    BertTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def generative(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As Qwen3-Reranker: a causal model that says yes or no, with a chat template that knows no documents."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    folder = tmp_path_factory.mktemp("generative")
    words = ["<pad>", "<unk>", *QWEN]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", padding_side="left"
    )
    made.chat_template = "{% for message in messages %}{{ message.role }} {{ message.content }}{% endfor %}"
    made.save_pretrained(folder)
    config = Qwen3Config(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        tie_word_embeddings=True,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_local_cross_encoder_scores_every_passage(encoder: Path) -> None:
    reranker = LocalReranker(Settings(reranker=encoder, embedder_dtype="float32"))
    scores = reranker.scores("why is the pump hot", PASSAGES * 4)
    assert len(scores) == 12
    assert all(0 <= score <= 1 for score in scores)
    assert scores[:3] == pytest.approx(scores[3:6], abs=1e-5)  # batches do not matter
    assert len(set(scores[:3])) == 3


@pytest.mark.slow
def test_a_generative_reranker_gets_its_own_prompt(generative: Path) -> None:
    reranker = LocalReranker(Settings(reranker=generative, embedder_dtype="float32", rerank_seconds=60))
    scores = reranker.scores("pump hot", ["pump", "soup"])
    assert len(scores) == 2
    transformer = reranker._model[0]
    messages = [{"role": "query", "content": "pump hot"}, {"role": "document", "content": "soup"}]
    prompt = transformer.tokenizer.apply_chat_template(messages, tokenize=False)
    assert prompt.startswith("<|im_start|>system\nJudge whether the Document meets")
    assert "<Query>: pump hot\n<Document>: soup<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>" in prompt


@pytest.mark.slow
def test_a_slow_model_is_not_waited_for(encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reranker = LocalReranker(Settings(reranker=encoder, embedder_dtype="float32", rerank_seconds=0.2))
    assert reranker._model is not None  # loading does not count
    calls = []

    def slow(pairs: list[tuple[str, str]], **_: Any) -> list[float]:
        calls.append(len(pairs))
        time.sleep(0.3)
        return [0.5] * len(pairs)

    monkeypatch.setattr(reranker._model, "predict", slow)
    with pytest.raises(TooSlow):
        reranker.scores("anything", PASSAGES * 20)
    time.sleep(0.5)
    assert len(calls) < 4  # the rest of its work was given up


def test_a_directory_without_a_model_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        open_reranker(Settings(reranker=tmp_path))
    with pytest.raises(SettingError, match="not both"):
        load_settings(tmp_path, reranker=tmp_path, reranker_url="http://127.0.0.1:1/v1")
    assert open_reranker(Settings()) is None


# --- a server ------------------------------------------------------------------------------------------------------


@dataclass
class Served:
    """What the small server does, and what it was asked."""

    url: str = ""
    scores: Any = None  # of a body to its results
    wait: float = 0.0
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({"data": [{"id": "bge-reranker-v2-m3"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.asked.append({"path": self.path} | body)
            served.keys.append(self.headers["Authorization"])
            time.sleep(served.wait)
            results = [{"index": n, "relevance_score": score} for n, score in enumerate(served.scores(body))]
            self._reply({"results": sorted(results, key=lambda item: -item["relevance_score"])})

        def _reply(self, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            try:
                self.send_response(served.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/v1"
    served.scores = lambda body: [float("workshop" in text) for text in body["documents"]]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_scores_in_whatever_order_it_answers(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret-key\n")
    with serving() as served:
        reranker = ServedReranker(Settings(reranker_url=served.url, reranker_api_key_file=key))
        assert reranker.scores("whom to call", PASSAGES) == [0.0, 0.0, 1.0]
        assert served.asked[0] == {
            "path": "/v1/rerank",
            "model": "bge-reranker-v2-m3",
            "query": "whom to call",
            "documents": PASSAGES,
        }
        assert served.keys == ["Bearer secret-key"]
        served.scores = lambda body: [-5.0, 0.0, 5.0]  # logits
        assert reranker.scores("whom to call", PASSAGES) == pytest.approx([0.0067, 0.5, 0.9933], abs=1e-3)


def test_qwen3_without_a_template_on_its_server_is_dressed_here() -> None:
    with serving() as served:
        reranker = ServedReranker(Settings(reranker_url=served.url, reranker_template="qwen3"))
        reranker.scores("whom to call", PASSAGES)
        assert served.asked[0]["query"].endswith("<Query>: whom to call\n")
        assert served.asked[0]["documents"][0].startswith("<Document>: the pump is hot<|im_end|>")


def test_a_server_that_fails_is_left_alone_for_a_while() -> None:
    with serving() as served:
        for wrong in (lambda body: [1.0], lambda body: [float("nan")] * 3):
            served.scores = wrong
            with pytest.raises(ServiceError, match="does not answer"):
                ServedReranker(Settings(reranker_url=served.url)).scores("x", PASSAGES)
        served.status = 500
        reranker = ServedReranker(Settings(reranker_url=served.url, reranker_model="m"))
        for _ in range(3):
            with pytest.raises(ServiceError):
                reranker.scores("x", PASSAGES)
        assert len(served.asked) == 3  # once for each of the wrong ones, once for the last three
        served.status, served.wait = 200, 1.0
        with pytest.raises(TooSlow):
            ServedReranker(Settings(reranker_url=served.url, rerank_seconds=0.2)).scores("x", PASSAGES)


def test_search_follows_the_reranker_and_says_when_it_cannot(place: Place) -> None:
    place.write("everyone/hot.md", "# Pump\n\nThe pump is too hot. Wait an hour before the pump is opened.")
    place.write("everyone/press.md", "# Pressure\n\nThe pump has no pressure: call the workshop.")
    place.write("hr/salary.md", "# Pump money\n\nThe workshop is paid extra for every pump.")
    place.ingest()
    labels = place.store.catalog.labels_of(["everyone"])
    with serving() as served:
        settings = Settings(reranker_url=served.url, rerank_seconds=0.5)
        retriever = Retriever(place.store.indexes, place.store.embedder, ServedReranker(settings))
        found = retriever.search_noted("The pump is too hot", labels=labels, k=5)
        assert [hit.found.path for hit in found.hits] == ["everyone/press.md", "everyone/hot.md"]
        assert not found.notes
        assert found.hits[0].legs["rerank"] == 1.0
        assert "rerank" in found.timings
        assert not any("paid extra" in text for asked in served.asked for text in asked["documents"])
        served.wait = 1.0
        found = retriever.search_noted("The pump is too hot", labels=labels, k=5)
        assert [hit.found.path for hit in found.hits] == ["everyone/hot.md", "everyone/press.md"]
        assert "took too long" in found.notes[0]


def test_models_are_loaded_before_the_first_question_and_a_server_may_be_down_then(place: Place) -> None:
    with serving() as served:
        for status, asked in ((503, 0), (200, 1)):
            served.status = status
            reranker = ServedReranker(Settings(reranker_url=served.url))
            Retriever(place.store.indexes, place.store.embedder, reranker).prepare()
            assert len(served.asked) == asked
