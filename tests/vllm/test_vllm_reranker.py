"""A tiny cross-encoder served by a real vLLM server at /v1/rerank: the order that sentence-transformers gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real import VLLM, Vllm

from app.retrieval.rerank import LocalReranker, ServedReranker
from storage.errors import ServiceError
from storage.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not VLLM.exists(), reason="vLLM is not installed: sh deploy/vllm install cpu"),
]
QUESTION = "why is the pump hot"
PASSAGES = ["the pump is hot", "soup", "zebra crossing at noon", "call the workshop", "hot hot hot pump", "a"]


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """`sh deploy/vllm DIRECTORY --runner=pooling`, with the kind of model that bge-reranker-v2-m3 is."""
    folder = tmp_path_factory.mktemp("vllm")
    server = Vllm(folder, context=64, model=cross_encoder(folder / "reranker"), options=["--runner=pooling"])
    try:
        server.start()
        yield server
    finally:
        server.kill()


def cross_encoder(folder: Path) -> Path:
    """An XLM-RoBERTa of one layer that scores pairs; its weights are noise, large enough to tell passages apart."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForSequenceClassification

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = ["▁", *"abcdefghijklmnopqrstuvwxyz", "▁pump", "▁hot", "▁soup", "▁the"]
    tokenizer = Tokenizer(Unigram([*((piece, 0.0) for piece in special), *((piece, -2.0) for piece in pieces)], 3))
    tokenizer.pre_tokenizer = Metaspace()
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)
    torch.manual_seed(3)
    config = XLMRobertaConfig(
        vocab_size=len(special) + len(pieces),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,  # of 32 numbers: the CPU attention knows no smaller heads
        intermediate_size=128,
        max_position_embeddings=66,
        type_vocab_size=1,
        num_labels=1,
        initializer_range=0.2,
    )
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


def settings_of(vllm: Vllm, **others: object) -> Settings:
    named = {"reranker_url": vllm.url, "reranker_api_key_file": vllm.key_file, "rerank_seconds": 60}
    return Settings(**named | others)  # type: ignore[arg-type]


def test_its_order_is_that_of_sentence_transformers(vllm: Vllm) -> None:
    own = LocalReranker(Settings(reranker=vllm.model, embedder_dtype="float32", rerank_seconds=60))
    expected = own.scores(QUESTION, PASSAGES)
    served = ServedReranker(settings_of(vllm)).scores(QUESTION, PASSAGES)
    assert max(expected) - min(expected) > 0.1
    assert served == pytest.approx(expected, abs=0.02)  # bfloat16 there

    def order(scores: list[float]) -> list[int]:
        return sorted(range(len(scores)), key=lambda at: -scores[at])

    assert order(served) == order(expected)
    assert vllm.number("vllm:prompt_tokens_total") > 0


def test_another_name_and_another_key_leave_the_order_as_it_was(vllm: Vllm, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("wrong")
    for wrong in ({"reranker_model": "another"}, {"reranker_api_key_file": tmp_path / "key"}):
        with pytest.raises(ServiceError, match="does not answer"):
            ServedReranker(settings_of(vllm, **wrong)).scores(QUESTION, PASSAGES)
