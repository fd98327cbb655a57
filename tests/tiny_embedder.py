"""A second embedding model, made on the spot: one layer, 32 numbers a vector unless told, random weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel

from storage.embedder import LocalEmbedder
from storage.settings import Settings


def make(folder: Path, *, tokens: int = 256, numbers: int = 32) -> Path:
    """Write the model directory. Its tokenizer is the bundled model's."""
    bundled = LocalEmbedder.from_settings(Settings()).directory
    bare = folder.with_name(f"{folder.name}-bare")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=numbers,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=tokens,
    )
    BertModel(config).save_pretrained(bare)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (bundled / name).is_file():
            shutil.copyfile(bundled / name, bare / name)
    module = Transformer(str(bare), max_seq_length=tokens)
    SentenceTransformer(modules=[module, Pooling(numbers)]).save(str(folder))
    return folder
